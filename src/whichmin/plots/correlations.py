"""Draw the correlations with the data points over training: GD keeps a mixture, SGD one point."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from whichmin.core.training.result import TrainResult
from whichmin.plots import runs, style
from whichmin.prediction.prediction import predict
from whichmin.words import Activation, Status, parse

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_correlations"]

# Labels are this fraction of the panel's height apart, or they would overlap.
_ROOM = 0.052
# More lines than this are not told apart by labels.
_LABELLED = 9
# Limits beyond which only diamonds that do not overlap are drawn, this fraction of the panel's
# height apart: a diamond measures 8 points, the panel at least 200.
_CROWD = 20
_APART = 0.045
# Lines that end closer to 0 than this, less than a line's width, share one label.
_FADED = 1e-3


def plot_correlations(
    data: Any = None,
    *,
    w0: Any = None,
    activation: Any = Activation.RELU,
    batch_size: int = 1,
    step_size: float = 0.1,
    max_steps: int | None = None,
    seed: int = 0,
    ax: Any = None,
) -> NDArray[np.object_]:
    """Draw the correlations ``c_i = <w, a_i>`` over the steps of GD and of SGD from one start.

    Open diamonds at the right edge of GD's panel are the predicted limits.

    Args:
        data: Rows, shape ``(m, n)``; by default a random frame, m = 8, n = 32. They need not be
            orthonormal if they are validated as they are.
        w0: Start, shape ``(n,)``; by default a uniform direction of norm 1/2.
        activation: ``linear`` or ``relu``.
        batch_size: Points per batch of SGD.
        step_size: Step size.
        max_steps: Step limit; by default what the theory's rates ask for.
        seed: Seed of data, start and batches.
        ax: Array of two Matplotlib axes; by default a new figure.

    Returns:
        The axes, shape ``(2,)``: GD, SGD.

    Raises:
        InputError: An argument is not allowed.
        MissingDependency: Matplotlib is not installed.
    """
    style.check_axes(ax, 2)
    valid = runs.check_data(data, seed, correlated=True)
    act = parse(Activation, activation, "activation")
    start = runs.check_start(w0, valid, seed)
    size = runs.check_batch(batch_size, valid)
    settings: dict[str, Any] = {"activation": act, "step_size": step_size, "seed": seed}
    told = predict(start, valid, None, **settings, simulate=False)
    settings |= {"max_steps": max_steps, "record_at": runs.log_steps(40)}
    gd = runs.gradient_descent(valid, start, **settings)
    sgd = runs.mini_batches(valid, start, 1, batch_size=size, **settings)
    winner = int(sgd.winner[0])
    with style.drawing(ax, (8.6, 4.2), 2, _title(gd, sgd), sharey=True) as axes:
        for panel, result in zip(axes, (gd, sgd), strict=True):
            _lines(panel, result, winner)
            _dress(panel, result)
        if told.limits is not None:
            limits = valid.points.double().cpu().numpy() @ told.limits[0]
            drawn = _diamonds(axes[0], gd, limits, winner)
        low, high = axes[0].get_ylim()
        far = (
            1.5 * float(valid.gram.diagonal().sqrt().max()) * max(1.0, float(np.linalg.norm(start)))
        )
        axes[0].set_ylim(max(low, -far), min(high, far))  # a diverging run may leave
        axes[0].set_ylabel("correlation c = ⟨w, a⟩ with each data point a")
        for panel, result in zip(axes, (gd, sgd), strict=True):
            _names(panel, result, winner)
        marks = ""
        if told.limits is not None:
            marks = "; open diamonds: predicted limits"
            marks += f", {drawn} that do not overlap" if drawn < valid.m else ""
        told_settings = runs.settings_text(valid, act, step_size=step_size, seed=seed)
        style.footnote(axes, ax, told_settings + marks)
    return axes


def _title(gd: TrainResult, sgd: TrainResult) -> str:
    if gd.status[0] is not Status.CONVERGED or sgd.status[0] is not Status.CONVERGED:
        return "Correlations of the weights with the data points"
    if sgd.recipe.full_batch:
        return "Batches of all data points are gradient descent"
    mixed, alone, winner = int(gd.active.sum()), int(sgd.active.sum()), int(sgd.winner[0])
    if mixed > alone == 1:
        return f"GD keeps a mixture of {mixed} data points, SGD keeps data point {winner} alone"
    if mixed == alone == 1:
        return f"GD and SGD both keep data point {winner}"
    return f"GD keeps a mixture of {mixed} data points, SGD one of {alone}"


def _dress(ax: Axes, result: TrainResult) -> None:
    from matplotlib.ticker import FuncFormatter

    recipe, steps = result.recipe, int(result.steps[0])
    ax.axhline(0, color=style.QUIET, lw=0.6, zorder=0)
    ax.set_xscale("symlog", linthresh=1, linscale=0.5)
    ax.set_xlim(0, max(steps, 1))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda step, _: style.steps_text(step)))
    ax.set_xlabel("step (log scale)")
    name = "GD" if recipe.full_batch else f"SGD, batch size {recipe.batch_size}"
    ax.set_title(f"{name}: {result.status[0]} after {steps:,} steps", fontsize=9)


def _lines(ax: Axes, result: TrainResult, winner: int) -> None:
    assert result.trajectory is not None, "it was recorded"
    steps, paths = result.trajectory.steps, result.trajectory.correlations[:, 0]
    for i in range(paths.shape[1]):
        bold = i == winner
        ax.plot(
            steps, paths[:, i], "-", color=style.SGD if bold else style.PALE,
            lw=2.4 if bold else 1.1, zorder=4 if bold else 2, label=f"data point {i}",
            marker="o" if len(steps) == 1 else "",
        )  # fmt: skip


def _diamonds(ax: Axes, result: TrainResult, limits: NDArray[np.float64], winner: int) -> int:
    """Mark the predicted limits; of a crowd the winner's and those that leave each other room.

    Returns:
        How many are marked.
    """
    shown = list(limits)
    if len(limits) > _CROWD:
        low, high = ax.get_ylim()
        shown = [limits[winner]]
        for limit in sorted(limits, reverse=True):
            if min(abs(limit - other) for other in shown) >= _APART * (high - low):
                shown.append(limit)
    ax.plot(
        np.full(len(shown), max(int(result.steps[0]), 1)), shown, "D", mfc="none", mec="black",
        ms=5.5, mew=0.9, clip_on=False, zorder=6, label="predicted limit",
    )  # fmt: skip
    return len(shown)


def _names(ax: Axes, result: TrainResult, winner: int) -> None:
    """Name the lines at their ends; those near 0 together, and only the winner of a crowd."""
    ends = result.correlations[0].double().cpu().numpy()
    low, high = ax.get_ylim()
    faded = np.abs(ends) < _FADED
    faded[winner] = False
    alone = [winner] if (~faded).sum() > _LABELLED else list(np.flatnonzero(~faded))
    labels = [(ends[i], f"point {i}", i == winner) for i in alone]
    if faded.any():
        count = int(faded.sum())
        labels.append((0.0, f"{count} point{'s' * (count > 1)} at 0", False))
    labels = [label for label in labels if low <= label[0] <= high]
    places = style.spread(np.array([end for end, _, _ in labels]), _ROOM * (high - low))
    for (_, text, bold), place in zip(labels, places, strict=True):
        style.tell(
            ax, text, (ax.get_xlim()[1], place), (9, 0), weight="bold" if bold else "normal",
            color=style.SGD if bold else style.QUIET,
        )  # fmt: skip
