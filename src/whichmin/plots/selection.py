"""Draw which of two points wins against the angle of the start."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from whichmin.core.data import make_data
from whichmin.core.training.summary import wilson
from whichmin.core.training.trainer import train
from whichmin.core.validation import check_integer
from whichmin.errors import InputError
from whichmin.plots import style
from whichmin.plots.runs import settings_text, unfinished
from whichmin.symbolic import closed_form
from whichmin.words import Activation, Sampling, Status, parse

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from whichmin.core.training.result import TrainResult

__all__ = ["ANGLES", "plot_selection"]

ANGLES = tuple(range(5, 90, 5))
# The chance that a winner is overtaken from this squared ratio of correlations on is 2/pi times its
# root: 1 in 1,600, below the error bars of 10^5 replicas.
_TOLERANCE = 1e-6


def plot_selection(
    *,
    angles: Sequence[float] = ANGLES,
    norm: float = 0.5,
    activation: Any = Activation.RELU,
    step_size: float = 0.1,
    replicas: int = 400,
    seed: int = 0,
    ax: Any = None,
) -> Axes:
    r"""Draw how often SGD ends at the first of two points, against the angle of the start to it.

    Two orthonormal points in the plane and batches of one. With independent batches the frequency
    follows (``selection.two_point_probability``), for the angle :math:`\theta`,

    .. math:: P = 1 - \frac{2\theta}{\pi} ;

    with reshuffled epochs the more correlated point wins.

    Args:
        angles: Angles in degrees, strictly between 0 and 90.
        norm: Norm of the start, below 1.
        activation: ``linear`` or ``relu``: between the two points they do the same.
        step_size: Step size; the law holds to first order in it.
        replicas: Runs per angle and way of drawing batches.
        seed: Seed.
        ax: Matplotlib axes; by default a new figure.

    Returns:
        The axes.

    Raises:
        InputError: An argument is not allowed.
        MissingDependency: Matplotlib is not installed.
    """
    style.check_axes(ax)
    act = parse(Activation, activation, "activation")
    theta = _angles(angles)
    count = check_integer(replicas, "replicas", 1)
    radians = np.radians(theta)
    if not 0 < norm < 1:
        raise InputError("norm", norm, "must be above 0 and below 1")
    starts = norm * np.stack([np.cos(radians), np.sin(radians)], axis=1)
    data = make_data(np.eye(2))
    found = {
        sampling: train(
            data,
            np.repeat(starts, count, axis=0),
            sampling=sampling,
            activation=act,
            step_size=step_size,
            tolerance=_TOLERANCE,
            seed=seed,
        )
        for sampling in (Sampling.WITHOUT_REPLACEMENT, Sampling.RESHUFFLED)
    }
    title = "Independent batches choose by angle, reshuffled epochs the closer point"
    with style.drawing(ax, (7, 4.3), title=title) as (panel,):
        _law(panel)
        _frequencies(panel, theta, count, found[Sampling.WITHOUT_REPLACEMENT], reshuffled=False)
        _frequencies(panel, theta, count, found[Sampling.RESHUFFLED], reshuffled=True)
        panel.set_xlim(0, 90)
        panel.set_xticks(range(0, 91, 15), [f"{t}°" for t in range(0, 91, 15)])
        panel.set_ylim(-0.03, 1.03)
        panel.set_xlabel("θ, angle of the start to data point 0 (data point 1 is at 90°)")
        panel.set_ylabel("share of runs that end at data point 0")
        style.footnote(
            np.array([panel], dtype=object),
            ax,
            settings_text(data, act, batch_size=1, step_size=step_size, seed=seed)
            + f"; {count} runs per mark, bars: 95 % (Wilson)"
            + unfinished(*found.values(), what="not counted"),
        )
    drawn: Axes = panel
    return drawn


def _angles(angles: Any) -> NDArray[np.float64]:
    try:
        theta = np.asarray(angles, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError("angles", angles, "must be numbers") from error
    if theta.ndim != 1 or not len(theta) or not ((theta > 0) & (theta < 90)).all():
        raise InputError("angles", angles, "must be degrees strictly between 0 and 90")
    return theta


def _law(ax: Axes) -> None:
    grid = np.linspace(0, 90, 181)
    chance = closed_form("selection.two_point_probability")(theta=np.radians(grid))
    ax.plot(grid, chance, "-", color="black", lw=1.2, label="law")
    ax.plot([0, 45, 45, 90], [1, 1, 0, 0], "--", color=style.OTHER, lw=1.2, label="closer point")
    style.tell(ax, "independent batches\nfollow P = 1 − 2θ/π", (25, 4 / 9), (0, 0), color=style.SGD)
    style.tell(
        ax, "reshuffled epochs:\nalways the closer point", (46.5, 0.85), (4, 0), color=style.OTHER
    )


def _frequencies(
    ax: Axes, theta: NDArray[np.float64], count: int, result: TrainResult, *, reshuffled: bool
) -> None:
    ended = np.array([s is Status.CONVERGED for s in result.status]).reshape(-1, count)
    first = (result.winner.numpy().reshape(-1, count) == 0) & ended
    runs, wins = ended.sum(1), first.sum(1)
    seen = runs > 0
    share = wins[seen] / runs[seen]
    low, high = wilson(wins[seen], runs[seen])
    colour, marker = (style.OTHER, "s") if reshuffled else (style.SGD, "o")
    name = "reshuffled epochs" if reshuffled else "independent batches"
    ax.vlines(theta[seen], low, high, colors=colour, lw=1.2, label=f"{name}, 95 %")
    ax.plot(
        theta[seen], share, marker, color=colour, mfc="white" if reshuffled else colour, ms=5.5,
        label=name,
    )  # fmt: skip
