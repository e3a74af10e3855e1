"""Draw the linear scaling rule on the noisy quadratic: runs, exact moments, and the diffusion."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from whichmin.core.quadratic.recursion import make_quadratic
from whichmin.core.validation import check_integer, check_positive, check_seed
from whichmin.errors import InputError
from whichmin.plots import style
from whichmin.symbolic import closed_form

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["FACTORS", "plot_linear_scaling"]

FACTORS = (1, 4, 16)
# Curvature 1 and noise of variance 1.
_START = 3.0
_TIME = 8.0
# A run then takes 80,000 steps.
_LEAST = 1e-4
_STEPS = tuple(np.arange(1, 20) / 10)
_COLOURS = (style.GD, style.OTHER, style.SGD, style.QUIET)
_MARKS = ("o", "s", "^", "D")


def plot_linear_scaling(
    *,
    step_size: float = 0.1,
    batch_size: int = 1,
    factors: Sequence[int] = FACTORS,
    replicas: int = 2000,
    seed: int = 0,
    ax: Any = None,
) -> NDArray[np.object_]:
    r"""Draw what the linear scaling rule keeps on a quadratic of curvature 1, and what it changes.

    Left: the mean loss over the time :math:`\tau = \eta t` at step size :math:`K\eta` and batch
    size K B, exact (``quadratic.mean``, ``quadratic.variance``) and measured, with the diffusion
    that all K share. Right: the stationary variance V in units of the diffusion's
    (``quadratic.ratio``), for curvature h = 1:

    .. math:: \frac{V}{V_{\text{diffusion}}} = \frac{1}{1 - \eta h / 2} .

    Args:
        step_size: Step size for K = 1.
        batch_size: Batch size for K = 1; the noise of a step has variance 1/B.
        factors: Up to four factors K, with K eta below 2.
        replicas: Runs per mark.
        seed: Seed.
        ax: Array of two Matplotlib axes; by default a new figure.

    Returns:
        The axes, shape ``(2,)``.

    Raises:
        InputError: An argument is not allowed.
        MissingDependency: Matplotlib is not installed.
    """
    style.check_axes(ax, 2)
    eta = check_positive(step_size, "step_size", 2)
    if eta < _LEAST:
        raise InputError("step_size", step_size, f"must be {_LEAST:g} or more: runs of small steps")
    base = check_integer(batch_size, "batch_size", 1)
    scales = _factors(factors, eta)
    count = check_integer(replicas, "replicas", 1)
    valid = check_seed(seed)
    title = "The linear scaling rule keeps the diffusion, not its discrete steps"
    with style.drawing(ax, (9.6, 4.3), 2, title) as axes:
        _losses(axes[0], eta, base, scales, count, valid)
        _ratios(axes[1], eta, eta / base, scales, count, valid)
        style.footnote(
            axes,
            ax,
            f"loss x²/2, noise of variance 1, η/B = {eta / base:g}, start x = {_START:g}; lines: "
            f"closed forms, marks: means of {count} runs, seed {seed}",
        )
    return axes


def _factors(factors: Any, eta: float) -> tuple[int, ...]:
    found = tuple(check_integer(K, "factors", 1) for K in factors)
    if not 1 <= len(found) <= len(_COLOURS) or len(set(found)) < len(found):
        raise InputError("factors", factors, "must be one to four different numbers")
    if max(found) * eta >= 2:
        raise InputError(
            "factors", max(found), f"must be below {2 / eta:g}: there SGD is no longer stable"
        )
    return found


def _losses(
    ax: Axes, eta: float, base: int, factors: tuple[int, ...], count: int, seed: int
) -> None:
    from matplotlib.ticker import LogLocator, StrMethodFormatter

    tau = np.linspace(0, _TIME, 400)
    settled = closed_form("quadratic.sde_variance")(B=float(base), eta=eta, h=1.0, s=1.0)
    mean = closed_form("quadratic.sde_mean")(h=1.0, tau=tau, x=_START)
    spread = closed_form("quadratic.sde_variance_at")(h=1.0, rest=settled, tau=tau, v=0.0)
    ax.plot(tau, (mean**2 + spread) / 2, color="black", lw=1.6, label="diffusion")
    model = make_quadratic([[1.0]], [[1.0]])
    for place, K in enumerate(factors):
        steps = np.arange(int(_TIME / (K * eta)) + 1)
        size = float(K * base)
        ax.plot(
            steps * K * eta, _exact(K * eta, size, steps), color=_COLOURS[place], lw=1.1,
            label=f"K = {K}",
        )  # fmt: skip
        # About twenty marks, the first at 0.
        shown = steps[:: max(1, len(steps) // 20)]
        x = np.full((count, 1), _START)
        losses = [_START**2 / 2]
        for number, (first, last) in enumerate(pairwise(shown)):
            x = model.simulate(
                x, K * eta, size, int(last - first), replicas=count,
                seed=(seed * 1000 + 100 * place + number) % 2**64,
            )  # fmt: skip
            losses.append(float(np.mean(x**2) / 2))
        ax.plot(
            shown * K * eta, losses, _MARKS[place], color=_COLOURS[place], ms=4,
            label=f"K = {K}, runs",
        )  # fmt: skip
    ax.set_yscale("log")
    low, high = ax.get_ylim()
    if high < 100 * low:  # powers of ten alone could be one label
        ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        ax.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    ax.minorticks_off()
    ax.set_xlabel("time τ = step size × steps")
    ax.set_ylabel("mean loss")
    # from the labels of the curves; the marks have the same colours
    handles = [line for line in ax.lines if "runs" not in str(line.get_label())]
    names = [_name(str(line.get_label()), eta, base) for line in handles]
    ax.legend(handles, names, frameon=False, fontsize=8)


def _name(label: str, eta: float, base: int) -> str:
    if not label.startswith("K = "):
        return label
    K = int(label.removeprefix("K = "))
    return f"{label}: step size {K * eta:g}, batch {K * base}"


def _exact(eta: float, size: float, steps: NDArray[np.int64]) -> NDArray[np.float64]:
    rest = closed_form("quadratic.stationary_variance")(B=size, eta=eta, h=1.0, s=1.0)
    mean = closed_form("quadratic.mean")(eta=eta, h=1.0, t=steps, x=_START)
    spread = closed_form("quadratic.variance")(eta=eta, h=1.0, rest=rest, t=steps, v=0.0)
    return np.asarray((mean**2 + spread) / 2)


def _ratios(
    ax: Axes, eta: float, temperature: float, factors: tuple[int, ...], count: int, seed: int
) -> None:
    grid = np.linspace(0.0, 1.96, 200)[1:]
    law = closed_form("quadratic.ratio")
    ax.plot(grid, law(eta=grid, h=1.0), color="black", lw=1.2, label="1/(1 − ηh/2)")
    ax.axhline(1, color=style.QUIET, lw=0.8, ls="--", label="diffusion")
    model = make_quadratic([[1.0]], [[1.0]])
    measured = []
    for place, y in enumerate(_STEPS):
        size = y / temperature
        # |1 - y|^t is below 1e-3 after these steps
        steps = int(np.ceil(7 / min(y, 2 - y)))
        ends = model.simulate(
            [0.0], float(y), size, steps, replicas=count, seed=(seed * 1000 + 900 + place) % 2**64
        )
        measured.append(float(np.mean(ends**2)) / (temperature / 2))
    ax.plot(_STEPS, measured, "o", mfc="white", color=style.QUIET, ms=5, label="runs")
    for place, K in enumerate(factors):
        at = (K * eta, float(law(eta=K * eta, h=1.0)))
        ax.plot(*at, _MARKS[place], color=_COLOURS[place], ms=7, label=f"K = {K}", ls="none")
    ax.axvspan(2, 2.2, color=style.PALE, alpha=0.4, lw=0)
    ax.text(2.1, 4.5, "unstable", rotation=90, ha="center", va="center", color=style.QUIET)
    style.tell(ax, "1/(1 − ηh/2)", (1.3, 1 / 0.35), (10, -6))
    style.tell(ax, "diffusion", (2.0, 1.0), (-4, -4), color=style.QUIET)
    ax.set_xlim(0, 2.2)
    ax.set_ylim(0.5, 40)
    ax.set_yscale("log")
    ax.set_yticks([1, 2, 5, 10, 20], ["1", "2", "5", "10", "20"])
    ax.minorticks_off()
    ax.set_xlabel("step size × curvature, ηh")
    ax.set_ylabel("stationary variance / that of the diffusion")
    # Labels at marks of neighbouring factors would lie on each other; the curve rises to the right.
    named = [line for line in ax.lines if not str(line.get_label()).startswith(("1/", "diff"))]
    ax.legend(handles=named, loc="upper left", frameon=False, fontsize=8)
