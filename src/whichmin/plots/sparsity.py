"""Draw the largest cosine at the end against the batch size: below the full batch it is 1."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from whichmin.core.data import Data
from whichmin.core.frames import random_start
from whichmin.core.training.result import TrainResult
from whichmin.core.training.trainer import train
from whichmin.core.validation import check_integer, check_positive
from whichmin.errors import InputError
from whichmin.plots import runs, style
from whichmin.words import Activation, Status, parse

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["default_batch_sizes", "plot_sparsity", "predicted_cosine"]

# More batch sizes than this crowd the axis.
_SHOWN = 12
# Half the width of the full batch's column; that of the others is 1/2.
_WIDE = 1.5


def plot_sparsity(
    data: Any = None,
    *,
    batch_sizes: Sequence[int] | None = None,
    activation: Any = Activation.RELU,
    alpha: float = 0.2,
    replicas: int = 40,
    seed: int = 0,
    ax: Any = None,
) -> Axes:
    r"""Draw the largest cosine between weights and a data point at the end, per batch size.

    One dot per start. Lines are the prediction: 1 for a batch size below m, and for the full batch
    (Ghosh et al. 2025, Theorems 1 and 2), with the correlations c of the start (ReLU: their
    positive part),

    .. math:: \frac{\max_i |c_i|}{|c|} .

    Args:
        data: Orthonormal rows, shape ``(m, n)``; by default a random frame, m = 8, n = 32.
        batch_sizes: Batch sizes; by default 1 to m, or about a dozen of them.
        activation: ``linear`` or ``relu``.
        alpha: Step size divided by batch size, the same for all; theory covers up to 1/5.
        replicas: Number of starts, uniform directions of norm 1/2.
        seed: Seed of data, starts and batches.
        ax: Matplotlib axes; by default a new figure.

    Returns:
        The axes.

    Raises:
        InputError: An argument is not allowed.
        MissingDependency: Matplotlib is not installed.
    """
    style.check_axes(ax)
    valid = runs.check_data(data, seed)
    act = parse(Activation, activation, "activation")
    ratio = check_positive(alpha, "alpha")
    starts = random_start(valid.n, check_integer(replicas, "replicas", 1), seed=seed)
    sizes = _sizes(batch_sizes, valid)
    found = [
        train(valid, starts, activation=act, batch_size=size, step_size=ratio * size, seed=seed)
        for size in sizes
    ]
    with style.drawing(ax, (7, 4.3), title=_title(sizes, valid.m)) as (panel,):
        for place, (size, result) in enumerate(zip(sizes, found, strict=True)):
            _column(panel, place, size, result)
        _dress(panel, sizes, found)
        style.footnote(
            np.array([panel], dtype=object),
            ax,
            runs.settings_text(valid, act, step_size=f"{ratio:g} × batch size", seed=seed)
            + f"; {len(starts)} starts; lines: predicted"
            + runs.unfinished(*found, what="not drawn"),
        )
    drawn: Axes = panel
    return drawn


def default_batch_sizes(m: int) -> tuple[int, ...]:
    """Choose batch sizes from 1 to m: all, or about a dozen that include m - 1 and m."""
    if m <= _SHOWN:
        return tuple(range(1, m + 1))
    grid = np.rint(np.geomspace(1, m - 1, _SHOWN - 2)).astype(int)
    return tuple(int(b) for b in np.unique([*grid, m]))


def predicted_cosine(correlations: Any, activation: Any) -> NDArray[np.float64]:
    r"""Compute the largest cosine between a data point and the limit of gradient descent.

    .. math:: \frac{\max_i |\varphi(c_i)|}{|\varphi(c)|}

    Args:
        correlations: Of the starts, shape ``(R, m)``.
        activation: ``linear`` or ``relu``.

    Returns:
        The cosines, shape ``(R,)``; NaN for ReLU without a positive correlation.
    """
    c = np.asarray(correlations, dtype=np.float64)
    code = np.maximum(c, 0) if parse(Activation, activation, "activation") is Activation.RELU else c
    with np.errstate(invalid="ignore"):
        return np.asarray(np.abs(code).max(1) / np.linalg.norm(code, axis=1))


def _sizes(batch_sizes: Any, data: Data) -> tuple[int, ...]:
    if batch_sizes is None:
        return default_batch_sizes(data.m)
    if not isinstance(batch_sizes, (list, tuple)) or not batch_sizes:
        raise InputError("batch_sizes", batch_sizes, "must be a list of batch sizes")
    sizes = tuple(runs.check_batch(b, data, "batch_sizes") for b in batch_sizes)
    if len(set(sizes)) < len(sizes):
        raise InputError("batch_sizes", batch_sizes, "must differ from each other")
    return tuple(sorted(sizes))


def _title(sizes: tuple[int, ...], m: int) -> str:
    if sizes[-1] < m or m == 1:
        return "Every run ends at a single data point"
    if len(sizes) == 1:
        return "The full batch ends in mixtures"
    return "Every batch below the full one ends at a single data point"


def _column(ax: Axes, place: int, size: int, result: TrainResult) -> None:
    ended = np.array([s is Status.CONVERGED for s in result.status])
    full = result.recipe.full_batch
    told = np.ones(len(ended))
    if full:
        points = result.data.points.double().cpu().numpy()
        told = predicted_cosine(result.start.numpy() @ points.T, result.recipe.activation)
    # Starts side by side in order of their prediction: dots do not cover each other, and for the
    # full batch the column shows the distribution; it is wider for that.
    order = np.argsort(told[ended], kind="stable")
    middle, width = _place(place, full)
    x = middle + width * np.linspace(-1, 1, len(order) + 2)[1:-1]
    seen = np.abs(result.cosine.numpy())[ended][order]
    colour, marker = (style.GD, "o") if full else (style.SGD, "s")
    if full:
        ax.plot(x, told[ended][order], "-", color="black", lw=1, label="predicted, full batch")
    else:
        edges = [middle - 1.25 * width, middle + 1.25 * width]
        ax.plot(edges, [1, 1], "-", color="black", lw=1, label=f"predicted, batch size {size}")
    ax.plot(x, seen, marker, color=colour, ms=4 if full else 3, mew=0, label=f"batch size {size}")


def _place(place: int, full: bool) -> tuple[float, float]:
    """Middle and half the width of a column."""
    return (place + _WIDE - 0.5, 0.85 * _WIDE) if full else (place, 0.32)


def _dress(ax: Axes, sizes: tuple[int, ...], found: list[TrainResult]) -> None:
    full = [r.recipe.full_batch for r in found]
    m = found[0].data.m
    middles = [_place(place, f)[0] for place, f in enumerate(full)]
    names = [f"{b} = m" if f else f"{b}" for b, f in zip(sizes, full, strict=True)]
    ax.set_xticks(middles, names)
    ax.set_xlim(-0.6, middles[-1] + (_WIDE + 0.1 if full[-1] else 0.6))
    low = 1 / math.sqrt(m)
    ax.set_ylim(low - 0.06, 1.03)
    ax.set_xlabel("batch size")
    ax.set_ylabel("largest cosine with a data point, at the end")
    if m > 1:
        ax.axhline(low, color=style.QUIET, lw=0.7, ls=(0, (1, 2)), zorder=0)
        style.tell(
            ax, "equal mixture of all points, 1/√m", (-0.6, low), (3, 3), color=style.QUIET,
            fontsize=8,
        )  # fmt: skip
    if not full[0]:
        style.tell(
            ax, "SGD: one data point,\nwhatever the batch size", (-0.35, 1), (0.1, -8),
            color=style.SGD, weight="bold",
        )  # fmt: skip
    if full[-1]:
        style.tell(
            ax, "full batch (GD): as mixed\nas its start,  max c / |c|",
            (middles[-1] + 0.85 * _WIDE, low), (-0.1, 12), color=style.GD, weight="bold",
        )  # fmt: skip
