"""Draw what a step costs against m and b, for reduced and compiled: an SVG.

Usage: ``python benchmarks/cost_plot.py cost.svg``. All points come from one run, on one core.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from statistics import median
from typing import Any

from whichmin.bench.contenders import BASELINE, CONTENDERS
from whichmin.bench.lanes import Lane, interleaved
from whichmin.bench.measure import deviation
from whichmin.bench.workload import Workload
from whichmin.plots.style import GD, INK, QUIET, SGD, check_output, drawing, footnote, save, tell

DATA_POINTS = (8, 32, 128, 512, 2048)
FIXED = 256
BATCH_SIZES = (1, 16, 32, 64, 96, 128, 160, 192, 224, 240, 255, 256)
ROUNDS, SECONDS = 5, 0.05
CORRELATIONS = 1 << 17  # of all replicas together: long vectors, and a quick set-up
# Told apart by colour, line and marker.
LOOKS: dict[str, dict[str, Any]] = {
    "reduced": {"color": SGD, "linestyle": "--", "marker": "s"},
    "compiled": {"color": GD, "linestyle": "-", "marker": "o"},
}


def costs(name: str, workloads: list[Workload]) -> list[float]:
    """Nanoseconds per replica-step, medians of rounds in turns, of weights that are right."""
    contender = CONTENDERS[name]
    lanes = []
    for workload in workloads:
        assert deviation(contender, workload) <= workload.bound, f"{name} is wrong"
        replicas = None if contender.alone else CORRELATIONS // workload.m
        lanes.append(Lane(contender, workload, 1, replicas))
        lanes[-1].last(SECONDS)
    return [1e9 * median(times) for times in interleaved(lanes, ROUNDS)]


def measured() -> tuple[dict[str, list[float]], dict[str, list[float]], float]:
    """Costs against m, costs against b, by contender, and that of the published loop."""
    by_m = [Workload(m, max(32, m)) for m in DATA_POINTS]
    by_b = [Workload(FIXED, FIXED, b) for b in BATCH_SIZES]
    names = [name for name in LOOKS if name in CONTENDERS]
    (loop,) = costs(BASELINE, [Workload()])
    return {n: costs(n, by_m) for n in names}, {n: costs(n, by_b) for n in names}, loop


def draw(
    by_m: dict[str, list[float]], by_b: dict[str, list[float]], loop: float, ax: Any = None
) -> Any:
    """Draw costs.

    Args:
        by_m: Nanoseconds at ``DATA_POINTS`` and b = 1, by contender.
        by_b: Nanoseconds at ``BATCH_SIZES`` and m = ``FIXED``, by contender.
        loop: Nanoseconds of the published loop.
        ax: Two axes, or None for a new figure.

    Returns:
        The axes.
    """
    with drawing(ax, (8.0, 3.8), 2, "What one SGD step of one replica costs", sharey=True) as axes:
        for panel, sizes, values in (
            (axes[0], DATA_POINTS, by_m),
            (axes[1], BATCH_SIZES, by_b),
        ):
            for name, own in values.items():
                panel.plot(sizes, own, markersize=4, linewidth=1.4, **LOOKS[name])
                if panel is axes[0]:
                    tell(panel, name, (sizes[0], own[0]), (0, 9), ha="left", **colour(name))
            panel.set_yscale("log")
            panel.axhline(loop, color=INK, linewidth=0.8, linestyle=":")
            panel.set_ylim(0.3, 3 * loop)
        axes[0].set_xscale("log", base=2)
        axes[0].set_xticks(DATA_POINTS, [str(m) for m in DATA_POINTS])
        axes[0].minorticks_off()
        axes[1].set_xticks(range(0, FIXED + 1, 64))
        tell(axes[0], "published loop", (DATA_POINTS[0], loop), (0, 4), ha="left", color=INK)
        axes[0].set_title("one point per batch")
        axes[1].set_title(f"{FIXED} data points")
        axes[0].set_xlabel("data points m")
        axes[1].set_xlabel("points per batch b")
        axes[0].set_yticks([10.0**k for k in range(6)], list(ticks()))
        axes[0].set_ylabel("time per step")
        for panel in axes:
            panel.grid(axis="y", color="#e6e6e6", linewidth=0.6)
            panel.set_axisbelow(True)
        footnote(
            axes,
            ax,
            f"One core, float64, ReLU; medians of {ROUNDS} rounds in turns; all weights agree "
            "with the dense engine's. Published loop: m 8, b 1.",
        )
    return axes


def colour(name: str) -> dict[str, Any]:
    return {"color": LOOKS.get(name, {"color": QUIET})["color"]}


def ticks() -> Iterator[str]:
    yield from ("1 ns", "10 ns", "100 ns", "1 μs", "10 μs", "100 μs")


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit("usage: python benchmarks/cost_plot.py FILE.svg")
    check_output(sys.argv[1])
    absent = [name for name in LOOKS if name not in CONTENDERS]
    if absent:
        print(f"not drawn, as there is no such engine: {', '.join(absent)}", file=sys.stderr)
    by_m, by_b, loop = measured()
    save(draw(by_m, by_b, loop), sys.argv[1], f"{by_m} {by_b} {loop}")


if __name__ == "__main__":
    main()
