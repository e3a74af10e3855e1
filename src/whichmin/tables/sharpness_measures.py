"""Compare both minima by the closed form of every sharpness measure, and say which is sharper."""

from __future__ import annotations

from collections.abc import Iterator

import sympy as sp

from whichmin.reporting import Cell, Table
from whichmin.symbolic import closed_form
from whichmin.symbolic.hessian.flatness import log_determinant, log_determinant_right
from whichmin.symbolic.perturbation import keskar
from whichmin.symbolic.perturbation.keskar import eps, metric, s
from whichmin.symbolic.perturbation.sam import r
from whichmin.symbolic.symbols import k, kappa, m, n
from whichmin.tables.sharpness_minima import (
    KAPPA_TEXT,
    MINIMA,
    Minimum,
    formula,
    number,
    one_fraction,
)
from whichmin.words import Activation, Kink

__all__ = [
    "SUBSPACE",
    "evaluated",
    "joined",
    "keskar_active",
    "keskar_value",
    "kinks",
    "labelled",
    "log_form",
    "mean_form",
    "symbolic_measures",
    "total",
]

LEGEND = (
    "s = sum |c_i| over the correlations of GD's minimum (sqrt k if they are equal); ε is the "
    "relative size of Keskar's box |z_i| <= ε(|w_i| + 1), r a distance. Keskar's metric: data on "
    "the standard basis; ReLU in a small box, largest |w + z|^2 at most 2 (above, the linear "
    "formula holds), no active point within reach of its kink. SAM, mean: r at most the smallest "
    "active correlation."
)
DETERMINANT = (
    "The determinant itself is 0 wherever minima form a manifold, so its logarithm is undefined; "
    "over the directions of non-zero curvature the two minima have different numbers of them "
    "(n - k + 1 against n), and the ranking turns with the unit of the loss, at m/(1-κ) times the "
    "mean loss. κ = 1 leaves the m - k zero eigenvalues at the kink out as well."
)
SUBSPACE = (
    "Random subspace: p Gaussian columns, box through the pseudo-inverse (Keskar et al. 2017); "
    "there is no closed form. Its law does not change when the data are turned, so for the linear "
    "neuron it is the same at both minima. Measured: median and 90% of 2,000 draws, the best "
    "corner of each box; sharper: in how many draws SGD's value is the larger one, ties not "
    "counted for it."
)


def joined(active: sp.Expr, count: sp.Expr) -> Cell:
    """Write Keskar's metric, with a name for the energy q so that the formula stays short.

    Args:
        active: Number of points that count as active.
        count: Sum of the absolute correlations.

    Returns:
        Text, and LaTeX.
    """
    q = sp.Symbol("q")
    energy = keskar.active_energy().expression.subs({k: active, s: count}, simultaneous=True)
    outer = formula(100 * ((q - 1) ** 2 + q * eps**2 * (n - active)) / (3 * m - 1))
    inner = formula(energy)
    text = f"{outer.text}, q = {inner.text}".replace("eps", "ε")
    latex = f"{outer.latex}, $q =$ {inner.latex}".replace("eps", r"\varepsilon")
    return Cell(text, text, latex)


def kinks(activation: Activation) -> tuple[Kink | None, ...]:
    """List the conventions at the kink; None alone for the linear neuron, which has no kink."""
    return (None,) if activation is Activation.LINEAR else tuple(Kink)


def labelled(name: str, kink: Kink | None) -> str:
    """Write the name of a measure with the convention at the kink."""
    return name if kink is None else f"{name}, {KAPPA_TEXT[kink]}"


def log_form(minimum: Minimum, kink: Kink | None) -> sp.Expr:
    """Return the closed form of the log-determinant of the non-zero curvatures at a minimum."""
    if kink is Kink.RIGHT:
        return log_determinant_right().expression
    value = sp.Rational((kink or Kink.LEFT).value)
    return log_determinant().expression.subs({k: minimum.active, kappa: value})


def total(minimum: Minimum) -> sp.Expr:
    """Return the sum of the absolute correlations at a minimum."""
    return s if minimum.method == "GD" else sp.Integer(1)


def mean_form(minimum: Minimum) -> sp.Expr:
    """Return the closed form of the mean rise of the loss on a sphere about a minimum."""
    return closed_form("sam.sphere").expression.subs(k, minimum.active)


def keskar_active(minimum: Minimum, norm: float) -> sp.Expr:
    """Return how many points count as active in Keskar's closed form.

    Args:
        minimum: Which minimum it is.
        norm: Largest ``|w + z|^2`` in the box; from 2 on the linear neuron's formula holds.

    Returns:
        The number, symbolic.
    """
    return minimum.active if norm < 2 else m


def keskar_value(
    minimum: Minimum, size: int, dimension: int, positive: int, epsilon: float
) -> float:
    """Evaluate Keskar's metric at a minimum with equal correlations.

    Args:
        minimum: Which minimum it is.
        size: Number of data points.
        dimension: Dimension.
        positive: Active points of GD's minimum (ReLU).
        epsilon: Relative size of the box.

    Returns:
        The metric, in percent.
    """
    alone = sp.sqrt(minimum.active) if minimum.method == "GD" else sp.Integer(1)
    numbers = {m: size, n: dimension, k: positive, eps: epsilon}
    norm = number(keskar.largest_norm().expression.subs(s, alone), numbers)
    return number(metric(keskar_active(minimum, norm), alone), numbers)


def _small_form(minimum: Minimum) -> sp.Expr:
    form = keskar.small().expression
    return form.subs({k: minimum.active, s: total(minimum)}, simultaneous=True)


def _rows(activation: Activation) -> Iterator[tuple[str, Cell | str, Cell | str, str]]:
    """Measure, its value at both minima, and which is sharper, for symbolic numbers.

    Yields:
        Rows.
    """
    relu = activation is Activation.RELU
    gd, sgd = (x for x in MINIMA if x.activation is activation)
    top = formula(closed_form("sharpness.minimum_top").expression)
    yield "top eigenvalue", top, top, "equal"
    for name in ("trace", "relative flatness"):
        for kink in kinks(activation):
            told = "equal" if kink in (None, Kink.RIGHT) else "SGD, if k > 1"
            first, second = (formula(x.trace(kink or Kink.LEFT)) for x in (gd, sgd))
            yield labelled(name, kink), first, second, told
    for kink in kinks(activation):
        told = "equal" if kink in (None, Kink.RIGHT) else "GD, if k > 1 (mean loss)"
        first, second = (formula(log_form(x, kink)) for x in (gd, sgd))
        yield labelled("log-determinant, curved directions", kink), first, second, told
    undefined = f"undefined: {'k' if relu else 'm'} - 1 eigenvalues are 0"
    whole = formula(log_form(sgd, Kink.LEFT)) if relu else undefined
    told = "SGD, if k > 1" if relu else "undefined"
    name = labelled("log-determinant, all directions", Kink.LEFT if relu else None)
    yield name, undefined, whole, told
    told = "GD, if 4 (s - 1)(s + 3) > k - 1" if relu else "GD, if s > 1"
    first, second = (formula(one_fraction(_small_form(x))) for x in (gd, sgd))
    yield "Keskar / ε², ε to 0", first, second, told
    told = "GD, if the mixture is equal" if relu else "GD, if s > 1"
    yield "Keskar, whole space", joined(gd.active, total(gd)), joined(sgd.active, total(sgd)), told
    told = "SGD more often" if relu else "neither: same law"
    yield "Keskar, random subspace", "no closed form", "no closed form", told
    worst = formula(closed_form("sam.worst").expression)
    yield "SAM, worst case", worst, worst, "equal"
    first, second = (formula(one_fraction(mean_form(x))) for x in (gd, sgd))
    told = "SGD, if k > 1 and r < 1" if relu else "equal"
    yield "SAM, mean on the sphere", first, second, told


def symbolic_measures() -> Table:
    """Lay out the closed forms of all measures for symbolic m, n and k.

    Returns:
        A table.
    """
    return Table.build(
        "Every measure at both minima, in closed form, and which minimum is sharper",
        ("measure", "activation", "GD's minimum", "SGD's minimum", "sharper"),
        [(name, str(a), gd, sgd, told) for a in Activation for name, gd, sgd, told in _rows(a)],
        (LEGEND, DETERMINANT, SUBSPACE),
    )


def evaluated(
    size: int, dimension: int, positive: int, epsilon: float, radius: float
) -> list[tuple[str, Activation, float, float]]:
    """Evaluate the closed forms at both minima; GD's minimum is an equal mixture.

    Args:
        size: Number of data points.
        dimension: Dimension.
        positive: Active points of GD's minimum (ReLU).
        epsilon: Relative size of Keskar's box.
        radius: Distance for SAM, at most the smallest active correlation.

    Returns:
        Measure, activation, value at GD's and at SGD's minimum.
    """
    numbers = {m: size, n: dimension, k: positive, eps: epsilon, r: radius}
    rows: list[tuple[str, Activation, float, float]] = []
    for activation in Activation:
        minima = [x for x in MINIMA if x.activation is activation]
        found: dict[str, list[sp.Expr]] = {
            "top eigenvalue": [closed_form("sharpness.minimum_top").expression] * 2,
            **{
                f"trace, {KAPPA_TEXT[kink]}": [x.trace(kink) for x in minima]
                for kink in (Kink.LEFT, Kink.MEAN)
            },
            f"log-determinant, curved directions, {KAPPA_TEXT[Kink.LEFT]}": [
                log_form(x, Kink.LEFT) for x in minima
            ],
            "SAM, worst case": [closed_form("sam.worst").expression] * 2,
            "SAM, mean on the sphere": [mean_form(x) for x in minima],
        }
        for name, pair in found.items():
            first, second = (number(value, numbers) for value in pair)
            rows.append((name, activation, first, second))
        first, second = (keskar_value(x, size, dimension, positive, epsilon) for x in minima)
        rows.insert(len(rows) - 2, ("Keskar, whole space", activation, first, second))
    return rows
