"""Derive the full-batch loss, its gradient, minima and critical points, for symbolic m and n."""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp

from whichmin.symbolic.derivation import Derivation
from whichmin.symbolic.landscape.neuron import (
    SOURCE,
    Y,
    sample_derivative,
    sample_loss,
    sum_over_data,
)
from whichmin.symbolic.landscape.neuron import x as x_symbol
from whichmin.symbolic.operators import at
from whichmin.symbolic.registry import derives, forms_of
from whichmin.symbolic.rules import define
from whichmin.symbolic.symbols import C, N, R, c, m, sigma

__all__ = [
    "CriticalSet",
    "P",
    "SignFact",
    "X",
    "critical_points",
    "critical_solutions",
    "derivative",
    "gap",
    "gradient_energy",
    "landscape_forms",
    "loss",
    "minimum",
    "squares",
]

# <w_A, u> for the active part w_A = sum sigma_i c_i a_i of the weights.
X = sp.Symbol("X", real=True)
# sum sigma_i <a_i, u>^2: squared length of u's projection on the active points.
P = sp.Symbol("P", nonnegative=True)


@derives("landscape.loss", SOURCE)
def loss() -> Derivation:
    r"""Derive the full-batch loss.

    .. math:: L = \frac{1}{2} + \frac{(N - 2) C}{2 m}
    """
    return Derivation.begin(
        "sum over the m data points; C = sum sigma_i c_i^2",
        sum_over_data(sample_loss().expression) / m,
        sp.Rational(1, 2) + (N - 2) * C / (2 * m),
        define({C: sum_over_data(sigma * c**2)}),
    )


@derives("landscape.minimum", SOURCE)
def minimum() -> Derivation:
    r"""Derive the global minimum of the loss.

    .. math:: L^* = \frac{1}{2} - \frac{1}{2 m}
    """
    return Derivation.begin(
        "the loss where C = 1 and R = N - C = 0",
        at(loss().expression, {N: 1, C: 1}),
        sp.Rational(1, 2) - 1 / (2 * m),
    )


@derives("landscape.gap", SOURCE)
def gap() -> Derivation:
    r"""Derive the loss above the global minimum; zero exactly where C = 1 and R = 0.

    .. math:: L - L^* = \frac{(1 - C)^2 + C R}{2 m}
    """
    return Derivation.begin(
        "N = C + R",
        loss().expression - minimum().expression,
        (1 - 2 * C + C * (C + R)) / (2 * m),
        define({R: N - C}),
    ).then("complete the square", ((1 - C) ** 2 + C * R) / (2 * m))


@derives("landscape.derivative", SOURCE, where="X = <w_A, u>, Y = <w, u>")
def derivative() -> Derivation:
    r"""Derive the derivative of the loss along u.

    .. math:: dL(u) = \frac{(N - 2) X + C Y}{m}
    """
    return Derivation.begin(
        "sum over the data; X = <w_A, u> with w_A = sum sigma_i c_i a_i",
        sum_over_data(sample_derivative().expression) / m,
        ((N - 2) * X + C * Y) / m,
        define({X: sum_over_data(sigma * c * x_symbol), C: sum_over_data(sigma * c**2)}),
    )


@derives("landscape.gradient_energy", SOURCE)
def gradient_energy() -> Derivation:
    r"""Derive the squared norm of the gradient.

    .. math:: \|\nabla L\|^2 = \frac{C (N - 2 + C)^2 + C^2 (N - C)}{m^2}
    """
    # <grad, u> = p <w_A, u> + q <w, u> says grad = p w_A + q w.
    p, q = (derivative().expression.diff(direction) for direction in (X, Y))
    return Derivation.begin(
        "|p w_A + q w|^2 with |w_A|^2 = <w_A, w> = C",
        p**2 * C + 2 * p * q * C + q**2 * N,
        ((N - 2) ** 2 * C + 2 * (N - 2) * C**2 + C**2 * N) / m**2,
    ).then(
        "split off the active part: the components along w_A and along the rest of w",
        (C * (N - 2 + C) ** 2 + C**2 * (N - C)) / m**2,
    )


def squares(k: int, rest: int) -> tuple[sp.Expr, tuple[sp.Expr, ...], tuple[sp.Symbol, ...]]:
    r"""Write the loss gap as a sum of squares: a certificate that a minimum is global.

    .. math::
        2 m (L - L^*) = \left(1 - \sum_i c_i^2\right)^2 + \sum_{i, l} (c_i r_l)^2

    The gap is never negative, and vanishes only where every square does.

    Args:
        k: Number of active points.
        rest: Number of remaining coordinates (inactive correlations and off-span).

    Returns:
        ``2m`` times the gap as a polynomial, from the loss; the polynomials whose squares sum to
        it; the variables.
    """
    active = sp.symbols(f"c1:{k + 1}", real=True)
    others = sp.symbols(f"r1:{rest + 1}", real=True)
    energy = sum((v**2 for v in active), sp.Integer(0))
    norm = energy + sum((v**2 for v in others), sp.Integer(0))
    gap_polynomial = sp.expand(
        (2 * m * (loss().expression - minimum().expression)).subs({N: norm, C: energy})
    )
    terms = (1 - energy, *(u * v for u in active for v in others))
    return gap_polynomial, terms, (*active, *others)


@dataclass(frozen=True)
class SignFact:
    """State a sign that SymPy decides from the assumptions on the symbols.

    Attributes:
        reason: What the sign shows.
        expression: The expression.
        sign: ``positive``, ``negative``, ``nonnegative``, ``nonpositive`` or ``zero``.
    """

    reason: str
    expression: sp.Expr
    sign: str

    def holds(self) -> bool:
        """Decide whether the sign is certain."""
        return any(
            getattr(form, f"is_{self.sign}") is True
            for form in (self.expression, sp.factor(self.expression))
        )


@dataclass(frozen=True)
class CriticalSet:
    """Describe a set of critical points.

    Attributes:
        name: What it is called.
        where: Its description.
        kind: Local type.
        facts: Signs that establish the type, as values of ``L - loss`` nearby.
    """

    name: str
    where: str
    kind: str
    facts: tuple[SignFact, ...]


def critical_solutions() -> list[dict[sp.Symbol, sp.Expr]]:
    """Solve gradient = 0 for the energies C and R.

    The gradient is ``(N - 2 + C)/m`` along the active part and ``C/m`` along the rest, so both
    squared components must vanish.

    Returns:
        Solutions in non-negative C and R, which are C = 0 with R free, and C = 1 with R = 0.
    """
    energy = gradient_energy().expression.subs(N, C + R) * m**2
    along_rest = C**2 * R
    along_active = sp.expand(energy - along_rest)
    return list(sp.solve([along_active, along_rest], [C, R], dict=True))


def critical_points() -> tuple[CriticalSet, ...]:
    """Classify all critical points, linear and ReLU.

    At C = 0 the loss is 1/2, and nearby ``L - 1/2 = (N - 2) C / (2m)`` exactly, so the sign of
    ``N - 2`` decides. ReLU with every correlation negative has C = 0 in a whole neighbourhood.

    Returns:
        The minima, the three kinds of C = 0, and the dead neuron.
    """
    d, t = sp.symbols("d t", positive=True)
    excess = loss().expression - sp.Rational(1, 2)
    return (
        CriticalSet(
            "global minima",
            "C = 1, R = 0: the unit sphere of the span; for ReLU its part with all c_i >= 0",
            "global minimum",
            (SignFact("the gap is nowhere negative", gap().expression, "nonnegative"),),
        ),
        CriticalSet(
            "silent, N < 2",
            "C = 0, |w|^2 < 2 (linear; ReLU with some c_i = 0)",
            "non-strict local maximum",
            (SignFact("nearby losses are <= 1/2", excess.subs(N, 2 - d), "nonpositive"),),
        ),
        CriticalSet(
            "silent, N = 2",
            "C = 0, |w|^2 = 2 (linear; ReLU with some c_i = 0)",
            "degenerate saddle",
            (
                SignFact("higher where N grows", excess.subs({N: 2 + d, C: t}), "positive"),
                SignFact("lower where N shrinks", excess.subs({N: 2 - d, C: t}), "negative"),
            ),
        ),
        CriticalSet(
            "silent, N > 2",
            "C = 0, |w|^2 > 2 (linear; ReLU with some c_i = 0)",
            "non-strict local minimum, not global",
            (
                SignFact("nearby losses are >= 1/2", excess.subs(N, 2 + d), "nonnegative"),
                SignFact(
                    "1/2 is above the global minimum",
                    sp.Rational(1, 2) - minimum().expression,
                    "positive",
                ),
            ),
        ),
        CriticalSet(
            "dead neuron",
            "ReLU, all c_i < 0, any norm",
            "flat: loss 1/2 in a neighbourhood",
            (SignFact("C = 0 nearby, so the loss is constant", excess.subs(C, 0), "zero"),),
        ),
    )


landscape_forms = forms_of(__name__)
