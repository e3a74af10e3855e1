"""Prove equations in the claims' language with symbols in the place of numbers.

The text that a claim states is the text that is decided: its words compute with SymPy's symbols
what they compute with fractions, and the two sides must be the same rational function.
"""

from __future__ import annotations

import ast
import functools
import operator
from collections.abc import Callable, Iterator
from typing import Any

import sympy as sp

from whichmin.errors import InputError
from whichmin.verification.evidence.check import Margin, check
from whichmin.verification.evidence.exact import truth
from whichmin.verification.evidence.formula import Arithmetic, evaluate
from whichmin.verification.topics.quadratic import words
from whichmin.words import EvidenceKind

__all__: list[str] = []

_identity = functools.partial(
    check, kind=EvidenceKind.IDENTITY, bound="exact: the difference must be identically zero"
)
_WORDS: dict[str, Callable[..., Any]] = {
    word.__name__: word
    for word in (
        words.quadratic_mean,
        words.quadratic_covariance,
        words.resting_covariance,
        words.resting_diffusion,
        words.best_second_moment,
        words.law_of_steps,
    )
}


def _difference(relation: Callable[[Any, Any], Any], left: Any, right: Any) -> sp.Expr:
    if relation is not operator.eq:
        raise InputError("formula", relation.__name__, "must be an equation: signs need a prover")
    return sp.sympify(left) - sp.sympify(right)


def _never(*_: Any) -> Any:
    raise InputError("formula", "or, not", "must be an equation")


_SYMBOLIC = Arithmetic(
    lambda q: sp.Rational(q.numerator, q.denominator), list, _never, _never, _difference, _WORDS
)


def _equations(formulas: tuple[str, ...]) -> Iterator[Margin]:
    """Decide equations for all values of their variables.

    Yields:
        A margin for each; infinite if the sides differ as rational functions.
    """
    for formula in formulas:
        names = {n.id for n in ast.walk(ast.parse(formula)) if isinstance(n, ast.Name)}
        symbols = {name: sp.Symbol(name) for name in names - set(_WORDS)}
        rests = [sp.cancel(sp.together(rest)) for rest in evaluate(formula, symbols, _SYMBOLIC)]
        told = f"{formula}: remainder {', '.join(map(str, rests))}"
        yield truth(told, all(rest == 0 for rest in rests), 1, formula)


_QUADRATIC = (
    "resting_covariance(h, g, eta, s/(K*B)) == resting_covariance(h, g, eta, s/B)/K",
    "h*resting_covariance(h, h, eta, s/(K*B))/2 == h*resting_covariance(h, h, eta, s/B)/2/K",
)


@_identity("quadratic.identities", shows=_QUADRATIC)
def quadratic_identities(equations: tuple[str, ...] = _QUADRATIC) -> Iterator[Margin]:
    """The stationary covariances of SGD depend on the batch size as stated, identically."""
    return _equations(equations)


_PER_TIME = (
    "quadratic_covariance(0, h, g, K*eta, s/(K*B))/(K*eta)"
    " == quadratic_covariance(0, h, g, eta, s/B)/eta == eta*s/B"
)
_SCALING = (
    _PER_TIME,
    "(quadratic_mean(x, h, K*eta) - x)/(K*eta) == (quadratic_mean(x, h, eta) - x)/eta == -h*x",
    "resting_covariance(h, h, K*eta, s/(K*B))/resting_covariance(h, h, eta, s/B)"
    " == (2 - eta*h)/(2 - K*eta*h)",
    "(2 - eta*h)/(2 - K*eta*h) == 1 + (K - 1)*eta*h/2 + (K - 1)*K*(eta*h)**2/(2*(2 - K*eta*h))",
    "resting_covariance(h, h, K*eta, s/(K*B)) == resting_diffusion(h, h, eta*s/B)/(1 - K*eta*h/2)",
    "quadratic_covariance(0, h, g, c*eta, s/(K*B))"
    " == c**2/K*quadratic_covariance(0, h, g, eta, s/B)",
    "quadratic_covariance(0, h, g, eta, s/B) == eta**2*s/B",
    "(eta*D/B)/D == eta/B",
    "quadratic_covariance(0, h, g, eta*D/B, s/D)/(eta*D/B)"
    " == quadratic_covariance(0, h, g, eta, s/B)/eta",
    "resting_covariance(h, h, eta*D/B, s/D)/resting_covariance(h, h, eta, s/B) - 1"
    " == (D/B - 1)*eta*h/(2 - D/B*eta*h)",
    "quadratic_covariance(0, h, g, eta, s/(K*B))/eta"
    " == quadratic_covariance(0, h, g, eta/K, s/B)/(eta/K)",
    "K*B/eta == B/(eta/K)",
    "resting_covariance(h, h, eta, s/(K*B))/resting_covariance(h, h, eta/K, s/B)"
    " == (2 - eta*h/K)/(2 - eta*h)",
)


@_identity("scaling.identities", shows=_SCALING)
def scaling_identities(equations: tuple[str, ...] = _SCALING) -> Iterator[Margin]:
    """What the linear scaling rule and the square-root rule keep and change on the quadratic is as
    stated, identically.
    """
    return _equations(equations)


_CRITICAL = (
    "law_of_steps(R, B) == 1 + R/B",
    "B*law_of_steps(R, B)/R == 1 + B/R",
    "(law_of_steps(R, B) - 1)*(B*law_of_steps(R, B)/R - 1) == 1",
    "law_of_steps(R, B)/law_of_steps(R, 2*B) == 2*(B + R)/(2*B + R)",
    "2*B*law_of_steps(R, 2*B)/(B*law_of_steps(R, B)) == (2*B + R)/(B + R)",
    "2 - 2*(B + R)/(2*B + R) == 2*B/(2*B + R)",
    "(2*B + R)/(B + R) - 1 == B/(B + R)",
    "2*(B + R)/(2*B + R) - 1 == R/(2*B + R)",
    "2 - (2*B + R)/(B + R) == R/(B + R)",
    "law_of_steps(R, B) - law_of_steps(R, B + D) == R*D/(B*(B + D))",
    "(B + D)*law_of_steps(R, B + D) - B*law_of_steps(R, B) == D",
    "law_of_steps(R, B)/law_of_steps(R, K*B) == K*(B + R)/(K*B + R)",
    "K - K*(B + R)/(K*B + R) == K*B*(K - 1)/(K*B + R)",
    "1 + R/B - K*(B + R)/(K*B + R) == R*(B + R)/(B*(K*B + R))",
    "1/law_of_steps(R, R) == 1/2",
    "law_of_steps(R, R) == 2",
    "R*law_of_steps(R, R) == 2*R",
    "law_of_steps(R, R)/law_of_steps(R, 2*R) == 4/3",
    "s/(h**2*best_second_moment(v, h, s/B)) == s/(h**2*v) + B",
    "s/(h**2*resting_covariance(h, h, eta, s/B)) == B*(2 - eta*h)/(eta*h)",
    "B*(2 - eta*h)/(eta*h) - B == 2*B*(1 - eta*h)/(eta*h)",
    "16*128 == 2048",
    "32*128 == 4096",
    "law_of_steps(R, 2048)/law_of_steps(R, 4096) == 2*(2048 + R)/(4096 + R)",
    "4096*law_of_steps(R, 4096)/(2048*law_of_steps(R, 2048)) == (4096 + R)/(2048 + R)",
    "2*(2048 + R)/(4096 + R)*((4096 + R)/(2048 + R)) == 2",
    "1 - law_of_steps(R, 4096)/law_of_steps(R, 2048) == 1/4 + (R - 2048)/(4*(2048 + R))",
)


@_identity("critical_batch.identities", shows=_CRITICAL)
def critical_identities(equations: tuple[str, ...] = _CRITICAL) -> Iterator[Margin]:
    """The law of steps and samples, what doubling the batch gives and costs, and the growth of the
    noise scale are as stated, identically.
    """
    return _equations(equations)
