"""Flatness and the loss of nearby points: Taylor's formula, random moves, on polynomials."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import sympy as sp

from whichmin.verification.evidence.check import Margin, check
from whichmin.verification.evidence.exact import vanishing
from whichmin.words import EvidenceKind

__all__: list[str] = []

# Degree of the polynomials, and largest dimension of the random moves.
DEGREE, LARGEST = 8, 4
EXACT = "exact: the difference must be identically zero"


@check("flatness.remainder", EvidenceKind.IDENTITY, bound=EXACT)
def remainder(weight: int = 1) -> Iterator[Margin]:
    """A polynomial of degree up to 8 differs from its tangent at 0 by the integral of (x - t) times
    its second derivative from 0 to x, and the integral of x - t is x^2/2.

    Args:
        weight: Factor of t in x - t.

    Yields:
        Both identities.
    """
    x, t = sp.symbols("x t", real=True)
    terms = sp.symbols(f"a0:{DEGREE + 1}", real=True)
    loss = sum(a * t**power for power, a in enumerate(terms))
    rest = sp.integrate(sp.expand((x - weight * t) * sp.diff(loss, t, 2)), (t, 0, x))
    rise = loss.subs(t, x) - terms[0] - terms[1] * x
    yield vanishing("rise above the tangent", sp.expand(rise - rest))
    yield vanishing("weights", sp.integrate(x - weight * t, (t, 0, x)) - x**2 / 2)


@check("flatness.random_move", EvidenceKind.IDENTITY, bound=EXACT)
def random_move(share: str = "1/2") -> Iterator[Margin]:
    """The mean of x^T H x/2 over all points (+-s, ..., +-s) is s^2 tr H/2, for symmetric H of up to
    4 rows.

    Args:
        share: Factor of s^2 tr H.

    Yields:
        The identity for each number of rows.
    """
    s = sp.Symbol("s", positive=True)
    for size in range(1, LARGEST + 1):
        H = sp.Matrix(size, size, lambda i, j: sp.Symbol(f"h_{min(i, j)}{max(i, j)}", real=True))
        corners = [sp.Matrix(signs) * s for signs in itertools.product((1, -1), repeat=size)]
        mean = sum((x.T * H * x)[0] / 2 for x in corners) / len(corners)
        yield vanishing(f"{size} rows", sp.expand(mean - sp.Rational(share) * s**2 * H.trace()))
