"""Draw the winner's lead over all other points: constant under GD, growing at random under SGD."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from whichmin.core.training.result import TrainResult
from whichmin.core.training.settings import TrainingSettings
from whichmin.core.training.trainer import prepare
from whichmin.core.validation import check_integer
from whichmin.errors import InputError
from whichmin.plots import runs, style
from whichmin.words import Activation, parse

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["lead", "plot_walks"]


def plot_walks(
    data: Any = None,
    *,
    w0: Any = None,
    activation: Any = Activation.RELU,
    batch_size: int = 1,
    step_size: float = 0.1,
    replicas: int = 30,
    max_steps: int | None = None,
    seed: int = 0,
    ax: Any = None,
) -> Axes:
    r"""Draw the lead of the winning point w over all others, over the steps.

    .. math:: R = \log \frac{|c_w|}{\sum_{l \ne w} |c_l|}

    One thin line per SGD run, all from one start, where w is the point that wins the run; their
    median as long as half of them run; and GD's lead, where w is the point of largest correlation.
    With ReLU the sum is over the points that start with a positive correlation.

    Args:
        data: Orthonormal rows, shape ``(m, n)``; by default a random frame, m = 8, n = 32.
        w0: Start, shape ``(n,)``; by default a uniform direction of norm 1/2.
        activation: ``linear`` or ``relu``.
        batch_size: Points per batch of SGD, below m.
        step_size: Step size.
        replicas: Number of SGD runs.
        max_steps: Step limit; by default what the theory's rates ask for.
        seed: Seed of data, start and batches.
        ax: Matplotlib axes; by default a new figure.

    Returns:
        The axes.

    Raises:
        InputError: An argument is not allowed, or fewer than two points take part.
        MissingDependency: Matplotlib is not installed.
    """
    style.check_axes(ax)
    valid = runs.check_data(data, seed)
    act = parse(Activation, activation, "activation")
    start = runs.active_start(w0, valid, seed, act)
    size = runs.check_batch(batch_size, valid)
    if size == valid.m:
        raise InputError("batch_size", batch_size, f"must be below m = {valid.m}: that is GD")
    count = check_integer(replicas, "replicas", 1)
    settings: dict[str, Any] = {
        "activation": act, "step_size": step_size, "max_steps": max_steps, "seed": seed,
    }  # fmt: skip
    # A run is tested for convergence 500 times at most: often enough to look at it, too.
    every = prepare(valid, start, TrainingSettings(batch_size=size, **settings)).recipe.check_every
    sgd = runs.mini_batches(valid, start, count, batch_size=size, record_at=every, **settings)
    gd = runs.gradient_descent(valid, start, record_at=every, **settings)
    title = "The winner's lead stays constant under GD and grows without bound under SGD"
    with style.drawing(ax, (7, 4.3), title=title) as (panel,):
        middle = _walks(panel, sgd)
        level = _constant(panel, gd, int(sgd.steps.max()))
        _labels(panel, sgd, middle, level)
        panel.set_xlabel("step")
        panel.set_ylabel("lead of the winner,  R = log(|c winner| / Σ |c others|)")
        style.footnote(
            np.array([panel], dtype=object),
            ax,
            runs.settings_text(valid, act, batch_size=size, step_size=step_size, seed=seed)
            + f"; {count} runs from one start"
            + runs.unfinished(gd, sgd),
        )
    drawn: Axes = panel
    return drawn


def lead(result: TrainResult) -> NDArray[np.float64]:
    r"""Compute the lead of the winning point w over the other points l along recorded runs.

    .. math:: R = \log \frac{|c_w|}{\sum_{l \ne w} |c_l|}

    With ReLU only the points that start with a positive correlation count, also as w: they alone
    can win.

    Args:
        result: Outcome with a trajectory.

    Returns:
        The leads, shape ``(T, R)``; infinite where the correlations with the others are 0.

    Raises:
        InputError: No trajectory was recorded.
    """
    if result.trajectory is None:
        raise InputError("result", "without a trajectory", "must be recorded (record_at)")
    points = result.data.points.double().cpu().numpy()
    sizes, ends = np.abs(result.trajectory.correlations), result.correlations.abs().cpu().numpy()
    if result.recipe.activation is Activation.RELU:
        taking_part = result.start.double().cpu().numpy() @ points.T > 0
        sizes, ends = sizes * taking_part, ends * taking_part
    winner = ends.argmax(1)[None, :, None]
    first = np.take_along_axis(sizes, winner, axis=2)[..., 0]
    others = sizes.copy()
    np.put_along_axis(others, np.broadcast_to(winner, (*sizes.shape[:2], 1)), 0.0, axis=2)
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(first) - np.log(others.sum(2)))


def _walks(ax: Axes, sgd: TrainResult) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Draw the runs and their median.

    Returns:
        Steps and median, as long as half of the runs go on.
    """
    assert sgd.trajectory is not None, "it was recorded"
    steps, leads, ends = sgd.trajectory.steps, lead(sgd), sgd.steps.numpy()
    for r, end in enumerate(ends):
        going = steps <= end
        ax.plot(steps[going], leads[going, r], "-", color=style.SGD, lw=0.6, alpha=0.55,
                label=f"SGD run {r}")  # fmt: skip
    half = steps <= np.median(ends)
    median = np.median(leads[half], axis=1)
    ax.plot(steps[half], median, "--", color=style.INK, lw=2.2, label="median of SGD runs")
    return steps[half], median


def _constant(ax: Axes, gd: TrainResult, last: int) -> float:
    """Draw GD's lead, solid as long as it was run.

    Returns:
        Its last value.
    """
    assert gd.trajectory is not None, "it was recorded"
    values = lead(gd)[:, 0]
    ax.plot([0, last], [values[-1]] * 2, ":", color=style.GD, lw=1.6)
    ax.plot(gd.trajectory.steps, values, "-", color=style.GD, lw=3, label="GD", zorder=5)
    return float(values[-1])


def _labels(
    ax: Axes, sgd: TrainResult, median: tuple[NDArray[np.int64], NDArray[np.float64]], level: float
) -> None:
    from matplotlib.ticker import FuncFormatter

    last, goal = int(sgd.steps.max()), -math.log(sgd.recipe.tolerance) / 2
    ax.axhline(goal, color=style.QUIET, lw=0.7, ls=(0, (1, 2)), zorder=0)
    high = max(goal, ax.get_ylim()[1])
    low = min(level - 0.1 * (high - level), ax.get_ylim()[0])
    ax.set_ylim(low, high + 0.06 * (high - low))
    ax.set_xlim(0, max(last, 1) * 1.01)
    ax.xaxis.set_major_formatter(FuncFormatter(lambda step, _: f"{step:,.0f}"))
    size = math.sqrt(sgd.recipe.tolerance)
    style.tell(
        ax, f"all others below {size:.0e}: run over", (0, goal), (3, 3), color=style.QUIET,
        fontsize=8,
    )  # fmt: skip
    style.tell(ax, "GD: constant", (last, level), (-1, -4), color=style.GD, weight="bold")
    style.tell(
        ax, f"SGD: {len(sgd.steps)} runs", (last, (goal + 3 * level) / 4), (-1, 0),
        color=style.SGD, weight="bold",
    )  # fmt: skip
    steps, values = median
    style.tell(ax, "median", (steps[-1], values[-1]), (5, -4), weight="bold")
