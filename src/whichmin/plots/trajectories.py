"""Draw the paths of GD and SGD over the loss in two dimensions."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from whichmin.core.training.result import TrainResult
from whichmin.core.validation import check_integer
from whichmin.errors import InputError
from whichmin.plots import runs, style
from whichmin.prediction.prediction import predict
from whichmin.symbolic import closed_form
from whichmin.words import Activation, Status, parse

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_trajectories"]

# Nearer to data point 1, and clear of the labels.
_START = (0.16, 0.22)
_GRID = 121
_ROOM = 0.3


def plot_trajectories(
    data: Any = None,
    *,
    w0: Any = None,
    activation: Any = Activation.RELU,
    step_size: float = 0.2,
    replicas: int = 5,
    max_steps: int | None = None,
    seed: int = 0,
    ax: Any = None,
) -> Axes:
    """Draw runs of GD and of SGD with batches of one over the contours of the loss.

    Two orthonormal points in the plane. The thick arc is the set of global minima: the unit
    circle, for ReLU its part between the two data points.

    Args:
        data: Orthonormal rows, shape ``(2, 2)``; by default the standard basis.
        w0: Start, shape ``(2,)``.
        activation: ``linear`` or ``relu``.
        step_size: Step size.
        replicas: Number of SGD runs.
        max_steps: Step limit; by default what the theory's rates ask for.
        seed: Seed of the batches.
        ax: Matplotlib axes; by default a new figure.

    Returns:
        The axes.

    Raises:
        InputError: An argument is not allowed.
        MissingDependency: Matplotlib is not installed.
    """
    style.check_axes(ax)
    valid = runs.check_data(np.eye(2) if data is None else data, seed)
    if (valid.m, valid.n) != (2, 2):
        raise InputError("data", f"array of shape {(valid.m, valid.n)}", "must have shape (2, 2)")
    act = parse(Activation, activation, "activation")
    frame = valid.points.double().cpu().numpy()
    start = runs.check_start(_START @ frame if w0 is None else w0, valid, seed)
    count = check_integer(replicas, "replicas", 1)
    settings: dict[str, Any] = {"activation": act, "step_size": step_size, "seed": seed}
    told = predict(start, valid, None, **settings)
    settings |= {"max_steps": max_steps, "record_at": 1}
    gd = runs.gradient_descent(valid, start, **settings)
    sgd = runs.mini_batches(valid, start, count, batch_size=1, **settings)
    with style.drawing(ax, (6.4, 5.9), title=_title(gd, sgd)) as (panel,):
        _view(panel, act, frame @ start)
        _loss(panel, act)
        _minima(panel, act, frame @ start)
        _paths(panel, gd, sgd)
        _start_and_gd(
            panel, frame @ start, gd, None if told.limits is None else told.limits @ frame.T
        )
        _data_points(panel, act, sgd, below=float((frame @ start)[1]) > 0)
        style.footnote(
            np.array([panel], dtype=object),
            ax,
            runs.settings_text(valid, act, batch_size=1, step_size=step_size, seed=seed)
            + "; darker: higher loss; diamond: predicted"
            + runs.unfinished(gd, sgd),
        )
    drawn: Axes = panel
    return drawn


def _title(gd: TrainResult, sgd: TrainResult) -> str:
    ended = gd.converged and sgd.converged
    if ended and int(gd.active.sum()) == 2 and bool((sgd.active.sum(1) == 1).all()):
        return "GD stops at a mixture, SGD goes on to one data point"
    return "Runs of GD and SGD over the loss"


def _view(ax: Axes, act: Activation, start: NDArray[np.float64]) -> None:
    least = 0.0 if act is Activation.RELU else -1.0
    low = min(least, *start) - _ROOM
    high = max(1.0, *start) + _ROOM
    ax.set_xlim(low, high)
    ax.set_ylim(low, high)
    ax.set_aspect("equal")
    ax.set_xlabel("c₀, correlation of the weights with data point 0")
    ax.set_ylabel("c₁, correlation of the weights with data point 1")


def _loss(ax: Axes, act: Activation) -> None:
    grid = np.linspace(*ax.get_xlim(), _GRID)
    c = np.stack(np.meshgrid(grid, grid), axis=-1)
    code = np.maximum(c, 0) if act is Activation.RELU else c
    loss = closed_form("landscape.loss")(C=(code**2).sum(-1), N=(c**2).sum(-1), m=2)
    least = closed_form("landscape.minimum")(m=2)
    # Equal distances in the root of the gap: across the valley it is about the distance.
    levels = least + (0.5 - least) * np.array([0, 0.04, 0.16, 0.36, 0.64, 0.98, 1.6, 3.2, 6.4])
    greys = ["#ffffff", "#f6f6f6", "#ededed", "#e4e4e4", "#dbdbdb", "#d2d2d2", "#c9c9c9", "#c0c0c0"]
    # Rounding may leave the loss a little below its minimum.
    levels[0] -= 1e-9
    filled = ax.contourf(grid, grid, loss, levels, colors=greys, extend="max", zorder=0)
    filled.set_label("loss")
    ax.contour(grid, grid, loss, levels[1:], colors="white", linewidths=0.6, zorder=0)


def _minima(ax: Axes, act: Activation, start: NDArray[np.float64]) -> None:
    relu = act is Activation.RELU
    turn = np.linspace(0, math.pi / 2 if relu else 2 * math.pi, 200)
    ax.plot(
        np.cos(turn), np.sin(turn), "-", color="black", lw=6, alpha=0.25,
        solid_capstyle="butt", label="global minima", zorder=1,
    )  # fmt: skip
    if relu:
        spot, by = np.array([math.cos(0.3), math.sin(0.3)]), (9, 3)
    else:
        spot = -start / np.linalg.norm(start)
        by = (-int(9 * np.sign(spot[0])), -int(9 * np.sign(spot[1])))
    style.tell(ax, "global\nminima", tuple(spot), by, color=style.QUIET)


def _paths(ax: Axes, gd: TrainResult, sgd: TrainResult) -> None:
    assert gd.trajectory is not None
    assert sgd.trajectory is not None
    for r in range(len(sgd.steps)):
        path = sgd.trajectory.correlations[:, r]
        ax.plot(*path.T, "-", color=style.SGD, lw=0.8, alpha=0.8, label=f"SGD run {r}", zorder=3)
        ax.plot(*path[-1], "s", color=style.SGD, ms=7, zorder=5, label=f"end of SGD run {r}")
    path = gd.trajectory.correlations[:, 0]
    ax.plot(*path.T, "-", color=style.GD, lw=2.8, label="GD", zorder=4)
    ax.plot(*path[-1], "o", color=style.GD, ms=8, zorder=6, label="end of GD")


def _start_and_gd(
    ax: Axes, start: NDArray[np.float64], gd: TrainResult, limits: NDArray[np.float64] | None
) -> None:
    ax.plot(*start, "o", mfc="white", mec="black", ms=6.5, zorder=6, label="start")
    style.tell(ax, "start", tuple(start), (-7 if start[0] >= 0 else 7, -7 if start[1] >= 0 else 7))
    if limits is not None:
        ax.plot(
            *limits[0], "D", mfc="none", mec="black", ms=11, mew=1, zorder=6,
            label="predicted end of GD",
        )  # fmt: skip
    end = gd.correlations[0].numpy()
    ended = gd.status[0] is Status.CONVERGED
    text = "GD stops at the\nstart's projection" if ended else f"GD: {gd.status[0]}"
    low, high = ax.get_xlim()
    # The corners of the square are empty; a line leads from the nearest one to the end.
    relu = gd.recipe.activation is Activation.RELU
    right, up = (relu or end[0] >= 0), (relu or end[1] >= 0)
    inside = bool((np.abs(end) < max(-low, high)).all())
    ax.annotate(
        text,
        tuple(end) if inside else (0.5, 0.5),
        (0.985 if right else 0.015, 0.985 if up else 0.015),
        textcoords="axes fraction",
        ha="right" if right else "left",
        va="top" if up else "bottom",
        color=style.GD,
        weight="bold",
        zorder=10,
        arrowprops={"arrowstyle": "-", "color": style.GD, "lw": 0.8, "shrinkB": 7, "alpha": inside},
    )


def _data_points(ax: Axes, act: Activation, sgd: TrainResult, *, below: bool) -> None:
    ends = Counter(
        (int(i), bool(cosine < 0))
        for i, cosine, status in zip(sgd.winner, sgd.cosine, sgd.status, strict=True)
        if status is Status.CONVERGED
    )
    relu = act is Activation.RELU
    for i, negative in sorted({(0, False), (1, False), *ends}):
        point = np.eye(2)[i] * (-1 if negative else 1)
        ax.plot(*point, "s", mfc="none", mec="black", ms=10, mew=1, zorder=7, label="data point")
        name = f"{'minus ' * negative}data point {i}"
        count = ends[i, negative]
        text = f"{name}:\n{count} of {len(sgd.steps)} SGD runs end here" if count else name
        how: dict[str, Any] = {"color": style.SGD if count else style.INK, "weight": "bold"}
        if i == 1:  # outside, where the circle turns away
            by, how["ha"] = (
                (-6 if relu else 0, -10 if negative else 10),
                "left" if relu else "center",
            )
        elif relu:  # below the end of the arc
            by, how["ha"] = (10, -10), "right"
        else:  # inside, on the side where no run begins
            by = (12 if negative else -12, -6 if below else 6)
        style.tell(ax, text, tuple(point), by, **how)
