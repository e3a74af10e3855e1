"""Draw the Hessian spectra at GD's and SGD's minima, under three conventions at ReLU's kink."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from whichmin.core.hessian import hessian_spectrum
from whichmin.core.training.result import TrainResult
from whichmin.plots import runs, style
from whichmin.symbolic import closed_form
from whichmin.words import Activation, Kink, Status, parse

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_spectra"]

_KAPPAS = {
    Kink.LEFT: "κ = 0, the value from the left",
    Kink.MEAN: "κ = ½, the mean of both sides",
    Kink.RIGHT: "κ = 1, as if active",
}


def plot_spectra(
    data: Any = None,
    *,
    w0: Any = None,
    activation: Any = Activation.RELU,
    batch_size: int = 1,
    step_size: float = 0.1,
    seed: int = 0,
    ax: Any = None,
) -> NDArray[np.object_]:
    """Draw the eigenvalues of the Hessian with their multiplicities.

    GD's minimum upwards, SGD's downwards, one panel for each value kappa of ReLU's missing second
    derivative at 0. Stems are measured at trained minima; open diamonds are the closed forms
    ``sharpness.minimum_*`` and their counts. They are the minima's: what automatic differentiation
    gives at the last iterate, which is near a kink and not on it, is none of the three (see
    ``whichmin table sharpness``).

    Args:
        data: Orthonormal rows, shape ``(m, n)``; by default a random frame, m = 8, n = 32.
        w0: Start, shape ``(n,)``; by default a uniform direction of norm 1/2.
        activation: ``linear`` or ``relu``.
        batch_size: Points per batch of SGD.
        step_size: Step size.
        seed: Seed of data, start and batches.
        ax: Array of three Matplotlib axes; by default a new figure.

    Returns:
        The axes, shape ``(3,)``.

    Raises:
        InputError: An argument is not allowed, or the runs end in no minimum.
        MissingDependency: Matplotlib is not installed.
    """
    style.check_axes(ax, 3)
    valid = runs.check_data(data, seed)
    act = parse(Activation, activation, "activation")
    start = runs.check_start(w0, valid, seed)
    size = runs.check_batch(batch_size, valid)
    settings: dict[str, Any] = {"activation": act, "step_size": step_size, "seed": seed}
    found = {
        "GD": runs.gradient_descent(valid, start, **settings),
        "SGD": runs.mini_batches(valid, start, 1, batch_size=size, **settings),
    }
    runs.check_status(found, {Status.CONVERGED})
    active = {name: int(result.active.sum()) for name, result in found.items()}
    # In the closed forms k counts points whose second derivative is 1: with the identity, all.
    k = active if act is Activation.RELU else dict.fromkeys(active, valid.m)
    with style.drawing(ax, (8.6, 4.4), 3, _title(k), sharey=True) as axes:
        for panel, kink in zip(axes, _KAPPAS, strict=True):
            traces = {
                name: _stems(panel, name, result, kink, k[name]) for name, result in found.items()
            }
            _dress(panel, kink, valid.m, valid.n, traces)
        _name_halves(axes[0], found, active)
        style.footnote(
            axes,
            ax,
            runs.settings_text(valid, act, step_size=step_size, SGD_with_batch_size=size, seed=seed)
            + "; stems: measured at the trained minimum; open diamonds: closed form",
        )
    return axes


def _title(k: dict[str, int]) -> str:
    if k["GD"] == k["SGD"]:
        return "GD's and SGD's minima have the same Hessian spectrum"
    return "SGD's minimum has the larger Hessian trace unless ReLU's kink counts as active"


def _stems(ax: Axes, name: str, result: TrainResult, kink: Kink, k: int) -> float:
    """Draw one spectrum.

    Returns:
        The measured trace.
    """
    m, n = result.data.m, result.data.n
    spectrum = hessian_spectrum(
        result.weights[0],
        result.data,
        activation=result.recipe.activation,
        kink=kink,
        kink_width=result.kink_width,
    ).numpy()
    # The weights are within d = kink_width / 10 of a minimum. There N, C and the outer products
    # change by at most 2 d, 2 d and 8 d, hence each eigenvalue (Weyl) by 12 d / m, and two of them
    # are apart by twice that at most.
    values, counts = _grouped(spectrum, 24 * result.kink_width / 10 / m)
    sign = 1 if name == "GD" else -1
    colour, line, marker = (style.GD, "-", "o") if sign > 0 else (style.SGD, "--", "s")
    heights = sign * counts
    ax.vlines(values * m, 0, heights, colors=colour, linestyles=line, lw=2.2)
    ax.plot(values * m, heights, marker, color=colour, ms=5, label=name)
    for value, count, height in zip(values * m, counts, heights, strict=True):
        style.tell(ax, f"{count}×", (value, height), (0, 7 * sign), color=colour)
    theory = _closed(m, n, k, float(kink.value))
    ax.plot(
        [value * m for value in theory],
        [sign * count for count in theory.values()],
        "D", mfc="none", mec="black", mew=0.9, ms=9.5, label=f"{name}, closed form",
    )  # fmt: skip
    return float(spectrum.sum())


def _grouped(
    spectrum: NDArray[np.float64], width: float
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Join eigenvalues that are no further apart than the width.

    Returns:
        Means in ascending order, and how many.
    """
    groups = np.split(spectrum, np.flatnonzero(np.diff(spectrum) > width) + 1)
    return np.array([g.mean() for g in groups]), np.array([len(g) for g in groups])


def _closed(m: int, n: int, k: int, kappa: float) -> dict[float, int]:
    """Closed forms: how often each eigenvalue occurs; equal ones are counted together.

    Returns:
        Multiplicities by eigenvalue.
    """
    given = {"m": m, "n": n, "k": k, "kappa": kappa}
    found: dict[float, int] = {}
    for name in ("top", "flat", "kink", "off_span"):
        value, count = (
            form(**{a: given[a] for a in form.arguments})
            for form in (
                closed_form(f"sharpness.minimum_{name}"),
                closed_form(f"sharpness.minimum_count_{name}"),
            )
        )
        if count:
            found[float(value)] = found.get(float(value), 0) + int(count)
    return found


def _dress(ax: Axes, kink: Kink, m: int, n: int, traces: dict[str, float]) -> None:
    ax.axhline(0, color=style.QUIET, lw=0.8, zorder=0)
    ax.set_yscale("symlog", linthresh=1, linscale=0.6)
    top = 4 * n**1.25  # leaves room for a number and a name above the tallest stem
    ax.set_ylim(-top, top)
    ax.yaxis.set_major_locator(_nowhere())
    ax.yaxis.set_minor_locator(_nowhere())
    ax.spines["left"].set_visible(False)
    ax.set_xscale("function", functions=(_stretched, _unstretched))
    ax.set_xlim(-0.6, 4.6)
    ticks = {0.0: "0", float(1 - kink.value): "½", 1.0: "1", 4.0: "4"}
    ticks |= {0.0: "0", 1.0: "1"}
    ax.set_xticks(list(ticks), list(ticks.values()))
    ax.set_xlabel("Hessian eigenvalue × m" if m > 1 else "Hessian eigenvalue")
    traced = ", ".join(f"{name} {trace:.4g}" for name, trace in traces.items())
    ax.set_title(f"{_KAPPAS[kink]}\ntrace: {traced}")


# Eigenvalues times m can be 0, 1/2, 1 and 4; at equal distances there is room for all labels.
_VALUES, _PLACES = [-1.0, 0.0, 0.5, 1.0, 4.0, 5.0], [-1.0, 0.0, 1.0, 2.0, 3.0, 4.0]


def _stretched(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.interp(values, _VALUES, _PLACES)


def _unstretched(places: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.interp(places, _PLACES, _VALUES)


def _nowhere() -> Any:
    from matplotlib.ticker import NullLocator

    return NullLocator()


def _name_halves(ax: Axes, found: dict[str, TrainResult], active: dict[str, int]) -> None:
    for name, result in found.items():
        up = name == "GD"
        k, winner = active[name], int(result.winner[0])
        what = f"mixture of {k} points" if k > 1 else f"data point {winner}"
        ax.text(
            0.99, 0.99 if up else 0.01, f"{name}: {what}", transform=ax.transAxes, weight="bold",
            ha="right", va="top" if up else "bottom", color=style.GD if up else style.SGD,
        )  # fmt: skip
    ax.set_ylabel("multiplicity (log scale)")
