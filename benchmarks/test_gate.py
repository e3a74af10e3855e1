"""The regression gate: ratios of one run, never absolute times.

``gate.json`` lists what must hold and why. ``slow`` over ``fast`` is the ratio of their times per
replica-step; sides run in turns, and the median of the ratios counts, since other programs on the
machine disturb single rounds. A side has ``contender``, ``cores`` (1; ``all``) and sizes (m 8,
n 32, batch_size 1).
"""

from __future__ import annotations

import functools
import json
import os
from pathlib import Path

import numpy as np
import pytest

from whichmin.bench.contenders import CONTENDERS
from whichmin.bench.cores import available, can_pin
from whichmin.bench.lanes import Lane, ratios
from whichmin.bench.measure import deviation
from whichmin.bench.workload import Workload
from whichmin.errors import MissingDependency

GATE = json.loads((Path(__file__).parent / "gate.json").read_text(encoding="utf-8"))
ENTRIES = {entry["name"]: entry for entry in GATE["entries"]}


@functools.cache
def workload(sizes):
    return Workload(**dict(sizes))


@functools.cache
def lane(side):
    """A lane, once its weights have been compared."""
    settings = dict(side)
    contender = CONTENDERS[settings.pop("contender")]
    cores = settings.pop("cores", 1)
    problem = workload(frozenset(settings.items()))
    assert deviation(contender, problem) <= problem.bound, f"{contender.name} is wrong"
    return Lane(contender, problem, available() if cores == "all" else cores)


def obstacle(side):
    """Why a side cannot be measured here."""
    name, cores = side["contender"], side.get("cores", 1)
    if name not in CONTENDERS:
        return f"there is no contender {name} yet"
    if cores != "all" and cores > available():
        return f"needs {cores} cores"
    if CONTENDERS[name].needs and cores == 1 and available() > 1 and not can_pin():
        return f"this system cannot hold {name} to one core"
    return None


@pytest.mark.parametrize("name", ENTRIES)
def test_ratio(benchmark, name):
    entry = ENTRIES[name]
    for side in (entry["slow"], entry["fast"]):
        if reason := obstacle(side):
            pytest.skip(reason)
    try:
        slow, fast = (lane(frozenset(entry[side].items())) for side in ("slow", "fast"))
    except MissingDependency as absent:
        pytest.skip(str(absent))
    measured = ratios(slow, fast)
    benchmark.pedantic(fast.seconds, rounds=3)
    middle = float(np.median(measured))
    benchmark.extra_info.update(
        ratio_min=min(measured),
        ratio_median=middle,
        ratio_max=max(measured),
        at_least=entry["at_least"],
    )
    print(
        f"\n{name}: {min(measured):.3g} / {middle:.3g} / {max(measured):.3g} (min/median/max), "
        f"at least {entry['at_least']:g} wanted"
    )
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    assert middle >= entry["at_least"], f"{entry['reason']} (load {load:.1f}, {available()} cores)"
