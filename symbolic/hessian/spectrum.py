"""Spectrum of the Hessian with multiplicities, at any point and at the minima."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import sympy as sp

from whichmin.symbolic.closed_form import ClosedForm
from whichmin.symbolic.derivation import Derivation
from whichmin.symbolic.hessian.trace import (
    AT_MINIMUM,
    THEOREM_13,
    P,
    second_derivative,
    trace,
    trace_at_minimum,
)
from whichmin.symbolic.landscape.minima import X
from whichmin.symbolic.landscape.neuron import SOURCE, U, Y, c_, sigma_
from whichmin.symbolic.symbols import C, N, R, i, k, kappa, m, n, z

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


def _count(name: str, chain: Derivation) -> ClosedForm:
    statement = f"multiplicity: {chain.steps[0].reason}"
    return ClosedForm(f"sharpness.{name}", statement, chain.result, chain, SOURCE)


def _dimensions() -> dict[str, Derivation]:
    """Dimensions of the invariant subspaces, as traces of the projections on them.

    The projection on the active points has the matrix elements sigma_j (here 0 or 1) on the data
    directions, that on the points at the kink tau_j, and those on ``w_A`` and ``w_r`` are
    ``w_A w_A^T / C`` and ``w_r w_r^T / R``. The plane of the last two holds two simple eigenvalues.

    Returns:
        A derivation by family.
    """
    tau_ = sp.IndexedBase("tau")
    slopes, at_kink = sp.symbols("Sigma T", nonnegative=True)
    active = sp.Sum(sigma_[i], (i, 1, m))
    kinks = sp.Sum(tau_[i], (i, 1, m))
    energy = sp.Sum(sigma_[i] * c_[i] ** 2, (i, 1, m))
    sums = {slopes: active, at_kink: kinks, C: energy}
    counted = {slopes: k, at_kink: z}
    plane = Derivation.begin("trace of the projection on w_A", energy / C, sp.Integer(1), sums)
    rest_line = Derivation.begin(
        "trace of the projection on w_r, N - C = R", (N - C) / R, sp.Integer(1), {N: C + R}
    )
    return {
        "upper": plane,
        "lower": rest_line,
        "active": Derivation.begin(
            "trace of the projection on the active points, less that on w_A",
            active - energy / C,
            slopes - 1,
            sums,
        ).then("k slopes are 1", k - 1, counted),
        "kink": Derivation.begin(
            "trace of the projection on the points at the kink", kinks, at_kink, sums
        ).then("z points are at the kink", z, counted),
        "rest": Derivation.begin(
            "trace of the projection on what is left of R^n",
            n - active - kinks - (N - C) / R,
            n - slopes - at_kink - 1,
            {slopes: active, at_kink: kinks, N: C + R},
        ).then("k active points, z at the kink", n - k - z - 1, counted),
    }


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
    count = {name: _count(f"count_{name}", chain) for name, chain in _dimensions().items()}
    return (
        Family(
            "in the plane of w_A and w_r, upper",
            _eigenvalue("eigenvalue_upper", "upper eigenvalue of the plane", pair["upper"]),
            count["upper"],
        ),
        Family(
            "in the plane of w_A and w_r, lower",
            _eigenvalue("eigenvalue_lower", "lower eigenvalue of the plane", pair["lower"]),
            count["lower"],
        ),
        Family(
            "active, orthogonal to w",
            _eigenvalue(
                "eigenvalue_active",
                "active directions orthogonal to w",
                Derivation.begin("diagonal entry", matrix[2, 2], (N - 2 + C) / m),
            ),
            count["active"],
        ),
        Family(
            "at the kink",
            _eigenvalue(
                "eigenvalue_kink",
                "directions of points at the kink",
                Derivation.begin("diagonal entry", matrix[3, 3], (kappa * (N - 2) + C) / m),
            ),
            count["kink"],
        ),
        Family(
            "the rest",
            _eigenvalue(
                "eigenvalue_rest",
                "all other directions",
                Derivation.begin("diagonal entry", matrix[4, 4], C / m),
            ),
            count["rest"],
        ),
    )


@functools.cache
def spectrum_at_minimum() -> tuple[Family, ...]:
    """Spectrum at a minimum with k active points.

    Returns:
        The radial, flat, kink and off-span families.
    """
    upper, _, active, kink, rest = spectrum()

    def family(
        direction: str, name: str, general: Family, eigenvalue: sp.Expr, joins: int, count: sp.Expr
    ) -> Family:
        chain = Derivation.begin("C = N = 1", general.eigenvalue.expression, eigenvalue, AT_MINIMUM)
        dimension = Derivation.begin(
            f"{direction}: the m - k inactive points are at the kink",
            general.multiplicity.expression + joins,
            count,
            AT_MINIMUM,
        )
        return Family(
            direction,
            _eigenvalue(
                f"minimum_{name}", f"eigenvalue at a minimum, {direction}", chain, THEOREM_13
            ),
            _count(f"minimum_count_{name}", dimension),
        )

    return (
        family("along w", "top", upper, 4 / m, 0, sp.Integer(1)),
        family("along the manifold of minima", "flat", active, sp.Integer(0), 0, k - 1),
        family("at the kink", "kink", kink, (1 - kappa) / m, 0, m - k),
        # The lower eigenvalue of the plane is 1/m as well and joins this family.
        family("off the span of the data", "off_span", rest, 1 / m, 1, n - m),
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
