"""Draw steps and samples against the batch size: the law, measured steps, and whole runs."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from whichmin.core.quadratic.critical_batch import optimal_run, trade_off
from whichmin.core.quadratic.recursion import Quadratic, make_quadratic
from whichmin.core.validation import check_integer, check_positive, check_seed
from whichmin.errors import InputError
from whichmin.plots import style
from whichmin.symbolic import closed_form

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_critical_batch"]

# Batch sizes in units of the noise scale.
_SHARES = tuple(2.0**k for k in range(-6, 7))
_DIMENSION = 10
# With constant noise the smallest batch takes 64/target steps.
_LEAST = 1e-4
_PURPOSE = 11  # separates this generator from those of data, starts and runs


def plot_critical_batch(
    *, target: float = 0.001, replicas: int = 4000, seed: int = 0, ax: Any = None
) -> NDArray[np.object_]:
    r"""Draw steps and samples to a target against the batch size, and where their trade-off holds.

    Left: steps S and samples E in units of their least numbers (``critical.steps``,
    ``critical.samples``),

    .. math:: \frac{S}{S_{\min}} = 1 + \frac{B_{\text{noise}}}{B}, \qquad
              \frac{E}{E_{\min}} = 1 + \frac{B}{B_{\text{noise}}}

    (McCandlish et al. 2018); marks are from the measured decrease of single steps of the best size
    on a quadratic in ten dimensions. Right: samples of whole runs in one dimension with the best
    step sizes, with noise in proportion to the loss and with constant noise.

    Args:
        target: Loss at the end of the runs on the right, in units of that at the start, from 1e-4
            to below 1.
        replicas: Steps per mark on the left.
        seed: Seed of the quadratic and the noise.
        ax: Array of two Matplotlib axes; by default a new figure.

    Returns:
        The axes, shape ``(2,)``.

    Raises:
        InputError: An argument is not allowed.
        MissingDependency: Matplotlib is not installed.
    """
    style.check_axes(ax, 2)
    end = check_positive(target, "target", 1)
    if end < _LEAST:
        raise InputError("target", target, f"must be {_LEAST:g} or more: runs of small batches")
    count = check_integer(replicas, "replicas", 1)
    valid = check_seed(seed)
    title = "Samples rise with the batch size: at the noise scale they have doubled"
    with style.drawing(ax, (9.6, 4.3), 2, title) as axes:
        _law(axes[0])
        _measured(axes[0], count, valid)
        single = _whole_runs(axes[1], end)
        style.footnote(
            axes,
            ax,
            f"left, lines: closed forms; marks: {count} single steps each, {_DIMENSION} "
            f"dimensions, H and Σ not commuting, seed {seed}; right: steps × B until the loss is "
            f"{end:g} of its start, in units of small batches; lines: closed forms; marks: runs"
            + single,
        )
    return axes


def _law(ax: Axes) -> None:
    share = np.geomspace(_SHARES[0], _SHARES[-1], 200)
    steps = closed_form("critical.steps")(B=share, B_noise=1.0, S_min=1.0)
    samples = closed_form("critical.samples")(B=share, B_noise=1.0, E_min=1.0)
    ax.plot(share, steps, "-", color=style.GD, lw=1.4, label="steps")
    ax.plot(share, samples, "--", color=style.SGD, lw=1.4, label="samples")
    ax.axvline(1, 0, 0.44, color=style.QUIET, lw=0.8, zorder=0)
    ax.set_xscale("log", base=2)
    ax.set_yscale("log")
    ax.set_yticks([1, 2, 5, 10, 20, 50], ["1", "2", "5", "10", "20", "50"])
    ax.minorticks_off()
    ax.set_xlabel("batch size / noise scale")
    ax.set_ylabel("in units of the least number")
    style.tell(ax, "steps, 1 + B_noise/B", (share[20], float(steps[20])), (8, 4), color=style.GD)
    style.tell(
        ax, "samples, 1 + B/B_noise", (share[165], float(samples[165])), (-8, 4), color=style.SGD
    )
    style.tell(
        ax, "at the noise scale\nboth are twice the least", (1, 8), (0, 0), color=style.QUIET
    )


def _model(seed: int) -> tuple[Quadratic, NDArray[np.float64]]:
    rng = np.random.default_rng((seed, _PURPOSE))
    mixed = rng.standard_normal((2, _DIMENSION, _DIMENSION))
    curvature, noise = (m @ m.T for m in mixed)
    return make_quadratic(
        (curvature + curvature.T) / 2 + np.eye(_DIMENSION), (noise + noise.T) / 2
    ), rng.standard_normal(_DIMENSION)


def _measured(ax: Axes, count: int, seed: int) -> None:
    model, x = _model(seed)
    gradient = model.curvature @ x
    values = {
        "U": float(gradient @ gradient),
        "Q": float(gradient @ model.curvature @ gradient),
        "W": float(np.sum(model.curvature * model.noise)),
    }
    scale = closed_form("critical.noise_scale")(Q=values["Q"], W=values["W"])
    largest = closed_form("critical.largest_progress")(Q=values["Q"], U=values["U"])
    before = float(x @ model.curvature @ x) / 2
    steps = []
    for place, share in enumerate(_SHARES):
        size = share * scale
        best = closed_form("critical.best_step")(B=size, **values)
        ends = model.simulate(
            x, float(best), size, 1, replicas=count, seed=(seed * 1000 + place) % 2**64
        )
        after = np.einsum("ri,ij,rj->r", ends, model.curvature, ends) / 2
        # A mean decrease that is not positive gives no number of steps.
        decrease = before - float(after.mean())
        steps.append(largest / decrease if decrease > 0 else np.nan)
    found = np.array(steps)
    ax.plot(_SHARES, found, "o", color=style.GD, ms=4.5, label="steps, measured")
    ax.plot(_SHARES, found * _SHARES, "s", color=style.SGD, ms=4.5, label="samples, measured")


def _whole_runs(ax: Axes, target: float) -> str:
    """Draw the samples of whole runs.

    Returns:
        What the footnote says of runs of one step.
    """
    grid = np.geomspace(_SHARES[0], _SHARES[-1], 200)
    least = -np.log(target)
    law = np.array([trade_off(float(share), 1.0).samples for share in grid])
    ax.plot(grid, law, "--", color=style.SGD, lw=1.4, label="constant noise scale and decrease")
    ax.plot(
        grid, grid / np.log1p(grid), "-", color=style.OTHER, lw=1.4,
        label="noise in proportion to the loss",
    )  # fmt: skip
    ax.axhline(1, color="black", lw=1.2, label="constant noise")
    series = {True: ("s", style.OTHER, least), False: ("o", "black", 1 / target - 1)}
    first, top = math.inf, 50.0
    for constant, (mark, colour, whole) in series.items():
        steps = np.array([
            optimal_run(1.0, target * (1 + 1e-9), share, constant_scale=constant).steps
            for share in _SHARES
        ])  # fmt: skip
        first = min([first, *np.array(_SHARES)[steps == 1]])
        label = "the same, runs" if constant else "runs, whole numbers of steps"
        heights = steps * np.array(_SHARES) / whole
        top = max(top, float(heights.max()))
        ax.plot(_SHARES, heights, mark, color=colour, mfc="white", ms=4.5, label=label)
    ax.set_xscale("log", base=2)
    ax.set_yscale("log")
    ticks = [x for x in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10**4) if x <= top]
    ax.set_yticks(ticks, [str(x) for x in ticks])
    ax.minorticks_off()
    ax.set_xlabel("batch size / noise scale at the start")
    ax.set_ylabel("samples to the target, least number = 1")
    handles = [line for line in ax.lines if line.get_label() != "the same, runs"]
    ax.legend(handles=handles, frameon=False, fontsize=8)
    if first > _SHARES[-1]:
        return ""
    return (
        f"; from batch size / noise scale = {first:g} on a single step reaches the target: no run "
        "is shorter, so its samples are the batch, far above the lines, which divide steps at will"
    )
