"""Spectrum of the Hessian with multiplicities, at any point and at the minima."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import sympy as sp

from whichmin.symbolic.closed_form import ClosedForm
from whichmin.symbolic.derivation import Derivation
from whichmin.symbolic.landscape import X
from whichmin.symbolic.model import SOURCE, U, Y
from whichmin.symbolic.sharpness import (
    AT_MINIMUM,
    THEOREM_13,
    P,
    second_derivative,
    trace,
    trace_at_minimum,
)
from whichmin.symbolic.symbols import C, N, R, k, kappa, m, n, z

__all__ = [
    "Family",
    "hessian_matrix",
    "spectrum",
    "spectrum_at_minimum",
    "spectrum_consistency",
    "spectrum_forms",
]


@functools.cache
def hessian_matrix() -> sp.Matrix:
    """Matrix of the Hessian in five orthonormal directions, by polarisation of the quadratic form.

    In order: along the active part w_A of the weights; along the rest w_r; an active direction
    orthogonal to w_A; a direction at the kink; any direction orthogonal to all of these.

    Returns:
        A symmetric 5 x 5 matrix; that only w_A and w_r couple is a result, not an input.
    """
    # (P, X, Y) of each direction; P is diagonal in this basis, X and Y are linear.
    directions = (
        (1, sp.sqrt(C), sp.sqrt(C)),
        (0, 0, sp.sqrt(R)),
        (1, 0, 0),
        (kappa, 0, 0),
        (0, 0, 0),
    )
    form = second_derivative().expression

    def entry(row: int, column: int) -> sp.Expr:
        (p, x1, y1), (q, x2, y2) = directions[row], directions[column]
        if row == column:
            return form.subs({P: p, X: x1, Y: y1, U: 1})
        plus = form.subs({P: p + q, X: x1 + x2, Y: y1 + y2, U: 2})
        minus = form.subs({P: p + q, X: x1 - x2, Y: y1 - y2, U: 2})
        return sp.expand((plus - minus) / 4)

    return sp.Matrix(5, 5, entry)


@dataclass(frozen=True)
class Family:
    """An eigenvalue with its multiplicity.

    Attributes:
        direction: Where the eigenvectors point.
        eigenvalue: The eigenvalue.
        multiplicity: Its multiplicity.
    """

    direction: str
    eigenvalue: ClosedForm
    multiplicity: ClosedForm


def _eigenvalue(name: str, statement: str, chain: Derivation, source: str = SOURCE) -> ClosedForm:
    return ClosedForm(f"sharpness.{name}", statement, chain.result, chain, source)


def _count(name: str, reason: str, before: sp.Expr, after: sp.Expr) -> ClosedForm:
    chain = Derivation.begin(reason, before, after)
    return ClosedForm(f"sharpness.{name}", f"multiplicity: {reason}", chain.result, chain, SOURCE)


@functools.cache
def spectrum() -> tuple[Family, ...]:
    """Spectrum at a general point with k >= 1 active points and a part w_r outside them.

    Where R = 0 one eigenvalue of the pair is C/m and joins ``rest``; multiplicities then still
    add up to n.

    Returns:
        Five families.
    """
    matrix = hessian_matrix()
    block = matrix[:2, :2]
    tr, det = sp.symbols("tr det")
    pair = {
        name: Derivation.begin(
            "roots of the 2 x 2 block's characteristic polynomial",
            (tr + direction * sp.sqrt(tr**2 - 4 * det)) / 2,
            (N - 2 + 6 * C) / (2 * m)
            + direction * sp.sqrt((N - 2 + 6 * C) ** 2 / m**2 - 4 * det) / 2,
            {tr: block.trace().subs(R, N - C)},
        ).then(
            "insert the determinant",
            (N - 2 + 6 * C + direction * sp.sqrt((N - 2) ** 2 + 24 * C * N - 16 * C)) / (2 * m),
            {det: block.det().subs(R, N - C)},
        )
        for name, direction in (("upper", 1), ("lower", -1))
    }
    one = sp.Integer(1)
    return (
        Family(
            "in the plane of w_A and w_r, upper",
            _eigenvalue("eigenvalue_upper", "upper eigenvalue of the plane", pair["upper"]),
            _count("count_upper", "one", one, one),
        ),
        Family(
            "in the plane of w_A and w_r, lower",
            _eigenvalue("eigenvalue_lower", "lower eigenvalue of the plane", pair["lower"]),
            _count("count_lower", "one", one, one),
        ),
        Family(
            "active, orthogonal to w",
            _eigenvalue(
                "eigenvalue_active",
                "active directions orthogonal to w",
                Derivation.begin("diagonal entry", matrix[2, 2], (N - 2 + C) / m),
            ),
            _count("count_active", "k active directions less w_A", k - 1, k - 1),
        ),
        Family(
            "at the kink",
            _eigenvalue(
                "eigenvalue_kink",
                "directions of points at the kink",
                Derivation.begin("diagonal entry", matrix[3, 3], (kappa * (N - 2) + C) / m),
            ),
            _count("count_kink", "points at the kink", z, z),
        ),
        Family(
            "the rest",
            _eigenvalue(
                "eigenvalue_rest",
                "all other directions",
                Derivation.begin("diagonal entry", matrix[4, 4], C / m),
            ),
            _count(
                "count_rest",
                "n less the active, the kink and w_r",
                n - 2 - (k - 1) - z,
                n - k - z - 1,
            ),
        ),
    )


@functools.cache
def spectrum_at_minimum() -> tuple[Family, ...]:
    """Spectrum at a minimum with k active points.

    Returns:
        Four families: radial, flat, kink, off-span.
    """
    upper, lower, active, kink, rest = spectrum()
    value = {
        name: family.eigenvalue.expression
        for name, family in zip(
            ("upper", "lower", "active", "kink", "rest"),
            (upper, lower, active, kink, rest),
            strict=True,
        )
    }

    def family(
        direction: str,
        name: str,
        general: str,
        eigenvalue: sp.Expr,
        before: sp.Expr,
        after: sp.Expr,
    ) -> Family:
        chain = Derivation.begin("C = N = 1", value[general], eigenvalue, AT_MINIMUM)
        return Family(
            direction,
            _eigenvalue(
                f"minimum_{name}", f"eigenvalue at a minimum, {direction}", chain, THEOREM_13
            ),
            _count(f"minimum_count_{name}", direction, before, after),
        )

    one = sp.Integer(1)
    return (
        family("along w", "top", "upper", 4 / m, one, one),
        family("along the manifold of minima", "flat", "active", sp.Integer(0), k - 1, k - 1),
        family("at the kink", "kink", "kink", (1 - kappa) / m, z.subs(AT_MINIMUM), m - k),
        # The lower eigenvalue of the plane is 1/m as well: it belongs to this family.
        family(
            "off the span of the data",
            "off_span",
            "rest",
            1 / m,
            rest.multiplicity.expression.subs(AT_MINIMUM) + 1,
            n - m,
        ),
    )


def spectrum_consistency() -> tuple[Derivation, ...]:
    """Second route to the trace: multiplicities add up to n, eigenvalues to the trace.

    Returns:
        Two chains for a general point and two for a minimum.
    """
    chains: list[Derivation] = []
    for place, families, total in (
        ("general point", spectrum(), trace()),
        ("minimum", spectrum_at_minimum(), trace_at_minimum()),
    ):
        counts = [f.multiplicity.expression for f in families]
        values = [f.eigenvalue.expression for f in families]
        chains.extend((
            Derivation.begin(f"multiplicities add up to n ({place})", sp.Add(*counts), n),
            Derivation.begin(
                f"eigenvalues add up to the trace ({place})",
                sum((v * count for v, count in zip(values, counts, strict=True)), sp.Integer(0)),
                total.expression,
            ),
        ))
    return tuple(chains)


def spectrum_forms() -> tuple[ClosedForm, ...]:
    """The closed forms of this module."""
    families = (*spectrum(), *spectrum_at_minimum())
    return (
        *(family.eigenvalue for family in families),
        *(family.multiplicity for family in families),
    )
