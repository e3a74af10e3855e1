"""Tables whose rows compare: time per replica-step, one group per workload, the fastest first.

Rounds differ in replicas and steps, so the fastest engine, with the most to do in a round, stood
last. ``per_step`` gives pytest-benchmark the time per replica-step in place of a round's; whatever
is not such a time stands in a group of its own. A table of contenders comes after the run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from statistics import median
from typing import Any

import pytest

from whichmin.bench.lanes import Lane

PER_STEP = "nanoseconds_per_replica_step"


@pytest.fixture(autouse=True)
def _own_group(request):
    """Unlike tests share no table; ``per_step`` chooses the workload's."""
    if "benchmark" in request.fixturenames:
        request.getfixturevalue("benchmark").group = request.node.originalname


@pytest.fixture
def per_step(benchmark) -> Callable[..., float]:
    """Time a lane; its rows compare with those of other lanes on the same workload."""

    def measure(lane: Lane, rounds: int, **info: Any) -> float:
        times: list[float] = []  # seconds per replica-step
        benchmark.group = lane.workload.described
        benchmark.pedantic(lambda: times.append(lane.seconds()), rounds=rounds)
        if benchmark.stats is not None:  # None with --benchmark-disable
            benchmark.stats.stats.data[:] = times[-rounds:]
        benchmark.extra_info.update({
            "workload": lane.workload.described,
            "contender": lane.contender.name,
            "cores": lane.cores,
            "replicas": lane.replicas,
            PER_STEP: median(times) * 1e9,
            **info,
        })
        return median(times)

    return measure


def comparison(infos: Iterable[Mapping[str, Any]]) -> list[str]:
    """Lay out times per replica-step, one group per workload, the fastest first.

    Args:
        infos: What benchmarks noted of themselves; those without such a time are left out.

    Returns:
        The lines.
    """
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for info in infos:
        if PER_STEP in info:
            groups.setdefault(info["workload"], []).append(info)
    lines = []
    for workload, infos_of_it in groups.items():
        rows = sorted(infos_of_it, key=lambda info: info[PER_STEP])
        least = rows[0][PER_STEP]
        head = f"{'contender':<14} {'cores':>5} {'replicas':>8} {'ns per step':>12} {'times':>9}"
        lines += ["", workload, f"  {head}"]
        lines += [
            f"  {info['contender']:<14} {info['cores']:>5} {info['replicas']:>8} "
            f"{info[PER_STEP]:>12.4g} {info[PER_STEP] / least:>9.4g}"
            for info in rows
        ]
    return lines


def pytest_terminal_summary(terminalreporter, config):
    session = getattr(config, "_benchmarksession", None)
    lines = comparison(bench.extra_info for bench in getattr(session, "benchmarks", []))
    if lines:
        terminalreporter.section("time per replica-step, by workload, fastest first")
        for line in lines:
            terminalreporter.write_line(line)
