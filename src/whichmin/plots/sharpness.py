"""Draw which of the two minima is sharper, by every measure and for every dimension."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from whichmin.core.frames import standard_basis
from whichmin.core.hessian import hessian_trace, log_determinant, top_eigenvalue
from whichmin.core.perturbation.ball import mean_rise, worst_rise
from whichmin.core.perturbation.box import keskar_exact
from whichmin.core.validation import check_extent, check_integer, check_seed
from whichmin.errors import InputError
from whichmin.plots import style
from whichmin.symbolic import closed_form
from whichmin.tables.sharpness_measures import evaluated, keskar_value
from whichmin.tables.sharpness_minima import MINIMA
from whichmin.words import Activation, Kink

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_sharpness", "ranking"]

# Rows from top to bottom; random subspaces have no closed form.
MEASURES = (
    "top eigenvalue",
    "SAM, worst case",
    "Hessian trace, κ = 0",
    "Hessian trace, κ = ½",
    "SAM, mean on a sphere",
    "Keskar, random subspace",
    "Keskar, whole space",
    "determinant$^{1/n}$, curved, κ = 0",
)
# Names of the closed forms' table, as the figure writes them.
_LABELS = {
    "top eigenvalue": "top eigenvalue",
    "SAM, worst case": "SAM, worst case",
    "trace, κ=0": "Hessian trace, κ = 0",
    "trace, κ=½": "Hessian trace, κ = ½",
    "SAM, mean on the sphere": "SAM, mean on a sphere",
    "Keskar, whole space": "Keskar, whole space",
    "log-determinant, curved directions, κ=0": "determinant$^{1/n}$, curved, κ = 0",
}
_COLUMNS, _DRAWS = 2, 1000
# A minimum's coordinates are rounded to 1e-16: at this distance three digits of a rise are left.
_SMALLEST = 1e-12


def _closed(
    m: int, n: int, k: int, epsilon: float, radius: float, activation: Activation
) -> dict[str, float]:
    """Value at SGD's minimum over that at GD's, from the closed forms, equal correlations."""
    found = {}
    for name, neuron, gd, sgd in evaluated(m, n, k, epsilon, radius):
        if neuron is activation:
            whole = "log" not in name
            found[_LABELS[name]] = sgd / gd if whole else math.exp((sgd - gd) / n)
    # Beyond the smallest active correlation the sphere reaches kinks of active points.
    if activation is Activation.RELU and radius > k**-0.5:
        del found["SAM, mean on a sphere"]
    return found


def _boxes(m: int, n: int, k: int, epsilon: float, activation: Activation) -> float:
    """Keskar's metric at SGD's minimum over that at GD's, from the closed forms."""
    gd, sgd = (
        keskar_value(minimum, m, n, k, epsilon)
        for minimum in MINIMA
        if minimum.activation is activation
    )
    return sgd / gd


def ranking(
    m: int, n: int, k: int, epsilon: float, radius: float, activation: Activation, seed: int
) -> dict[str, tuple[float, float, float]]:
    """Measure the sharpness of SGD's minimum divided by that of GD's, by every measure.

    Args:
        m: Number of data points, on the standard basis.
        n: Dimension.
        k: Active points of GD's minimum, equally correlated; linear: all m.
        epsilon: Relative size of Keskar's box.
        radius: Distance for SAM.
        activation: Identity or ReLU.
        seed: Seed of the random subspaces.

    Returns:
        By measure the ratio with its ends, those of 90% of random subspaces, or two standard
        errors of a sampled mean.
    """
    data = standard_basis(m, n)
    count = k if activation is Activation.RELU else m
    mixed, single = np.zeros(n), np.eye(n)[0]
    mixed[:count] = count**-0.5
    options: dict[str, Any] = {"activation": activation}

    def ratio(measure: Any) -> tuple[float, float, float]:
        value = float(measure(single)) / float(measure(mixed))
        return value, value, value

    directions = np.random.default_rng(seed).normal(size=(_DRAWS, n, min(_COLUMNS, n)))
    shares = _subspaces(single, m, directions, epsilon, activation) / _subspaces(
        mixed, m, directions, epsilon, activation
    )
    low, middle, high = (float(x) for x in np.quantile(shares, (0.05, 0.5, 0.95)))
    logs = [log_determinant(w, data, **options).value for w in (single, mixed)]
    share = math.exp((logs[0] - logs[1]) / n)
    means = [mean_rise(w, data, radius, samples=_DRAWS, seed=seed, **options)
             for w in (single, mixed)]  # fmt: skip
    quotient = means[0].mean / means[1].mean
    spread = 2 * quotient * math.hypot(*(x.error / x.mean for x in means))
    return {
        "SAM, mean on a sphere": (quotient, quotient - spread, quotient + spread),
        "top eigenvalue": ratio(lambda w: top_eigenvalue(w, data, **options)),
        "SAM, worst case": ratio(lambda w: worst_rise(w, data, radius, starts=2, **options)),
        **{
            f"Hessian trace, κ = {text}": ratio(
                lambda w, kink=kink: hessian_trace(w, data, kink=kink, **options)
            )
            for text, kink in (("0", Kink.LEFT), ("½", Kink.MEAN))
        },
        "Keskar, whole space": ratio(lambda w: keskar_exact(w, m, epsilon, **options).percent),
        "Keskar, random subspace": (middle, low, high),
        "determinant$^{1/n}$, curved, κ = 0": (share, share, share),
    }


def _subspaces(
    w: NDArray[np.float64], m: int, directions: NDArray[np.float64], epsilon: float, act: Activation
) -> NDArray[np.float64]:
    from whichmin.core.perturbation.box_search import subspace_metric

    return subspace_metric(w, m, directions, epsilon, act)


def plot_sharpness(
    *,
    m: int = 8,
    n: int = 32,
    positive: int = 5,
    epsilon: float = 1e-3,
    radius: float = 0.05,
    seed: int = 0,
    ax: Any = None,
) -> NDArray[np.object_]:
    """Draw which minimum is sharper, by every measure, and how that depends on the dimension.

    On the left each measure's value at SGD's minimum over that at GD's, an equal mixture: right of
    1 SGD's is sharper, left of it GD's. Filled markers are measured, open diamonds closed forms. On
    the right the same ratio for ReLU against n, closed forms.

    Args:
        m: Number of data points, on the standard basis.
        n: Dimension, at least m.
        positive: Active points of GD's minimum (ReLU), 1 to m.
        epsilon: Relative size of Keskar's box.
        radius: Distance for SAM.
        seed: Seed of the random subspaces.
        ax: Array of two Matplotlib axes; by default a new figure.

    Returns:
        The axes, shape ``(2,)``.

    Raises:
        InputError: An argument is not allowed.
        MissingDependency: Matplotlib is not installed.
    """
    style.check_axes(ax, 2)
    m = check_integer(m, "m", 1)
    n = check_integer(n, "n", m, reason="m orthonormal points need at least m dimensions")
    k = check_integer(positive, "positive", 1, m, "some of the m points")
    eps, r = check_extent(epsilon, "epsilon"), check_extent(radius, "radius")
    for argument, size in (("epsilon", eps), ("radius", r)):
        if size < _SMALLEST:
            raise InputError(argument, size, f"must be at least {_SMALLEST:g}, far above the "
                             "rounding of the minima's coordinates")  # fmt: skip
    seed = check_seed(seed)
    title = "Which minimum is sharper depends on the measure, the activation and the dimension"
    with style.drawing(ax, (9.6, 4.6), 2, title, width_ratios=[1.5, 1]) as axes:
        _rank(axes[0], m, n, k, eps, r, seed)
        _against_dimension(axes[1], m, k, eps)
        style.footnote(
            axes, ax,
            f"m = {m}, n = {n}, standard basis; GD's minimum: equal mixture of all {m} points "
            f"(linear), of {k} (ReLU); ε = {eps:g}, r = {r:g}; filled: measured at the minima "
            f"(random subspaces of {min(_COLUMNS, n)} dimensions: median and 90% of {_DRAWS} "
            f"draws; mean on a sphere: two standard errors; seed {seed}); open diamonds: closed "
            "forms",
        )  # fmt: skip
    return axes


def _rank(ax: Axes, m: int, n: int, k: int, eps: float, r: float, seed: int) -> None:
    places = dict(zip(MEASURES, range(len(MEASURES), 0, -1), strict=True))
    looks = {
        Activation.LINEAR: (style.QUIET, "s", -0.13),
        Activation.RELU: (style.OTHER, "o", 0.13),
    }
    ends: list[float] = []
    for activation, (colour, marker, shift) in looks.items():
        found = ranking(m, n, k, eps, r, activation, seed)
        theory = _closed(m, n, k, eps, r, activation)
        for name, (value, low, high) in found.items():
            height = places[name] + shift
            ax.plot([low, high], [height, height], color=colour, lw=1.6, zorder=2)
            ax.plot([value], [height], marker, color=colour, ms=6, zorder=3)
            ends += [low, high]
        ax.plot([], [], marker, color=colour, ls="none", ms=6, label=str(activation).replace(
            "relu", "ReLU"))  # fmt: skip
        values = [theory[name] for name in theory]
        ax.plot(values, [places[name] + shift for name in theory], "D", mfc="none", mec="black",
                mew=0.9, ms=9.5, zorder=4)  # fmt: skip
        ends += values
    ax.axvline(1, color=style.QUIET, lw=0.8, zorder=1)
    reach = 1.25 * max(max(ends), 1 / min(ends))
    _ratio_axis(ax, "x", reach)
    ax.set_xlabel("SGD's minimum over GD's (log scale)")
    ax.set_yticks(list(places.values()), list(places))
    ax.set_ylim(0.4, len(MEASURES) + 1.0)
    ax.tick_params(axis="y", length=0)
    for place, text in ((0.02, "← GD's is sharper"), (0.98, "SGD's is sharper →")):
        ax.text(place, 1.0, text, transform=ax.transAxes, ha="left" if place < 0.5 else "right",
                va="top", weight="bold", color=style.GD if place < 0.5 else style.SGD)  # fmt: skip
    ax.legend(loc="lower right", frameon=False)
    ax.set_ylabel("measure")


def _against_dimension(ax: Axes, m: int, k: int, eps: float) -> None:
    dimensions = np.unique(np.round(np.geomspace(m, 100 * m, 30)).astype(int))
    trace = closed_form("sharpness.trace_at_minimum")

    def traces(kappa: float) -> list[float]:
        at = {"n": dimensions, "m": m, "kappa": kappa}
        return list(trace(k=1, **at) / trace(k=k, **at))

    boxes = (
        [_boxes(m, int(n), k, eps, activation) for n in dimensions]
        for activation in (Activation.RELU, Activation.LINEAR)
    )
    lines = {
        "Keskar, whole space": (next(boxes), style.GD, "-"),
        "Hessian trace, κ = 0": (traces(0.0), style.SGD, "-"),
        "Hessian trace, κ = ½": (traces(0.5), style.SGD, "--"),
        "Keskar, whole space, linear": (next(boxes), style.QUIET, "-."),
    }
    for name, (values, colour, line) in lines.items():
        ax.plot(dimensions, values, line, color=colour, lw=1.8, label=name)
    ax.axhline(1, color=style.QUIET, lw=0.8, zorder=1)
    ax.set_xscale("log")
    every = [value for values, _, _ in lines.values() for value in values]
    _ratio_axis(ax, "y", 1.15 * max(max(every), 1 / min(every)))
    ax.set_xlabel("dimension n (log scale)")
    ax.set_ylabel("SGD's minimum over GD's, ReLU if not said")
    ax.legend(frameon=False, loc="upper right")


def _steps(reach: float) -> list[float]:
    """Values to label on an axis from 1/reach to reach; from 1.15 on, some on both sides of 1."""
    for largest, steps in (
        (1.6, [0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.4, 1.6]),
        (6.0, [0.25, 0.5, 0.7, 1.0, 1.4, 2.0, 4.0]),
        (30.0, [0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0]),
    ):
        if reach < largest:
            return steps
    # Powers of ten, at most three on a side.
    apart = math.ceil(math.log10(reach) / 3)
    return [10.0 ** (apart * place) for place in range(-3, 4)]


def _ratio_axis(ax: Axes, axis: str, reach: float) -> None:
    """Logarithmic, symmetric about 1, with plain labels."""
    from matplotlib.ticker import FixedLocator, NullFormatter, NullLocator, StrMethodFormatter

    steps = [x for x in _steps(reach) if 1 / reach <= x <= reach]
    getattr(ax, f"set_{axis}scale")("log")
    getattr(ax, f"set_{axis}lim")(1 / reach, reach)
    chosen: Any = getattr(ax, f"{axis}axis")
    chosen.set_major_locator(FixedLocator(steps))
    chosen.set_major_formatter(StrMethodFormatter("{x:g}"))
    chosen.set_minor_locator(NullLocator())
    chosen.set_minor_formatter(NullFormatter())
