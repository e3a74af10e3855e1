"""Derive the spectrum of the Hessian with multiplicities, at any point and at the minima."""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp

from whichmin.symbolic.closed_form import ClosedForm
from whichmin.symbolic.derivation import Derivation
from whichmin.symbolic.hessian.trace import (
    THEOREM_13,
    at_minimum,
    second_derivative,
    trace_at_minimum,
    trace_at_point,
)
from whichmin.symbolic.landscape.minima import P, X, gap
from whichmin.symbolic.landscape.neuron import SOURCE, U, Y, c_, sigma_
from whichmin.symbolic.operators import at, carry_out
from whichmin.symbolic.registry import derives, forms_of, recall
from whichmin.symbolic.rules import define, where
from whichmin.symbolic.symbols import C, N, R, i, k, kappa, m, n, z

__all__ = [
    "Family",
    "hessian_matrix",
    "spectrum_at_minimum",
    "spectrum_at_point",
    "spectrum_consistency",
    "spectrum_forms",
]


def hessian_matrix() -> sp.Matrix:
    """Write the Hessian as a matrix in five orthonormal directions, by polarisation.

    In order: along the active part w_A of the weights; along the rest w_r; an active direction
    orthogonal to w_A; a direction at the kink; any direction orthogonal to all of these.

    Returns:
        A symmetric 5 x 5 matrix; that only w_A and w_r couple is a result, not an input.
    """
    return _entries().applyfunc(lambda entry: sp.expand(carry_out(entry)))


def _entries() -> sp.Matrix:
    """Write the matrix with the quadratic form not yet evaluated in the directions."""
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
            return at(form, {P: p, X: x1, Y: y1, U: 1})
        plus = at(form, {P: p + q, X: x1 + x2, Y: y1 + y2, U: 2})
        minus = at(form, {P: p + q, X: x1 - x2, Y: y1 - y2, U: 2})
        return (plus - minus) / 4

    return sp.Matrix(5, 5, entry)


@dataclass(frozen=True)
class Family:
    """Hold an eigenvalue with its multiplicity.

    Attributes:
        direction: Where the eigenvectors point.
        eigenvalue: The eigenvalue.
        multiplicity: Its multiplicity.
    """

    direction: str
    eigenvalue: ClosedForm
    multiplicity: ClosedForm


def _root(sign: int) -> Derivation:
    """Solve for an eigenvalue of the plane of w_A and w_r; sign 1 for the upper one."""
    block = _entries()[:2, :2]
    tr, det = block.trace(), block.det()
    return Derivation.begin(
        "roots of the 2 x 2 block's characteristic polynomial, N - C = R",
        (tr + sign * sp.sqrt(tr**2 - 4 * det)) / 2,
        (N - 2 + 6 * C + sign * sp.sqrt((N - 2) ** 2 + 24 * C * N - 16 * C)) / (2 * m),
        recall(gap(), R),
    )


@derives("sharpness.eigenvalue_upper", SOURCE)
def eigenvalue_upper() -> Derivation:
    r"""Derive the upper eigenvalue of the plane of w_A and w_r.

    .. math:: \lambda = \frac{N - 2 + 6 C + \sqrt{(N - 2)^2 + 24 C N - 16 C}}{2 m}
    """
    return _root(1)


@derives("sharpness.eigenvalue_lower", SOURCE)
def eigenvalue_lower() -> Derivation:
    r"""Derive the lower eigenvalue of the plane of w_A and w_r.

    .. math:: \lambda = \frac{N - 2 + 6 C - \sqrt{(N - 2)^2 + 24 C N - 16 C}}{2 m}
    """
    return _root(-1)


@derives("sharpness.eigenvalue_active", SOURCE)
def eigenvalue_active() -> Derivation:
    r"""Derive the eigenvalue of active directions orthogonal to w.

    .. math:: \lambda = \frac{N - 2 + C}{m}
    """
    return Derivation.begin("diagonal entry", _entries()[2, 2], (N - 2 + C) / m)


@derives("sharpness.eigenvalue_kink", SOURCE)
def eigenvalue_kink() -> Derivation:
    r"""Derive the eigenvalue of directions of points at the kink.

    .. math:: \lambda = \frac{\kappa (N - 2) + C}{m}
    """
    return Derivation.begin("diagonal entry", _entries()[3, 3], (kappa * (N - 2) + C) / m)


@derives("sharpness.eigenvalue_rest", SOURCE)
def eigenvalue_rest() -> Derivation:
    r"""Derive the eigenvalue of all other directions.

    .. math:: \lambda = \frac{C}{m}
    """
    return Derivation.begin("diagonal entry", _entries()[4, 4], C / m)


# Multiplicities are dimensions of invariant subspaces, as traces of the projections on them. The
# projection on the active points has the matrix elements sigma_j (here 0 or 1) on the data
# directions, that on the points at the kink tau_j, and those on w_A and w_r are w_A w_A^T / C and
# w_r w_r^T / R. The plane of the last two holds two simple eigenvalues.
_ACTIVE = sp.Sum(sigma_[i], (i, 1, m))
_KINKS = sp.Sum(sp.IndexedBase("tau")[i], (i, 1, m))
_ENERGY = sp.Sum(sigma_[i] * c_[i] ** 2, (i, 1, m))


@derives("sharpness.count_upper", SOURCE)
def count_upper() -> Derivation:
    r"""Derive the multiplicity of the upper eigenvalue: trace of the projection on w_A.

    .. math:: \frac{1}{C} \sum_i \sigma_i c_i^2 = 1
    """
    return Derivation.begin(
        "trace of the projection on w_A", _ENERGY / C, sp.Integer(1), recall(gap(), C)
    )


@derives("sharpness.count_lower", SOURCE)
def count_lower() -> Derivation:
    r"""Derive the multiplicity of the lower eigenvalue: trace of the projection on w_r.

    .. math:: \frac{N - C}{R} = 1
    """
    return Derivation.begin(
        "trace of the projection on w_r, N - C = R", (N - C) / R, sp.Integer(1), recall(gap(), R)
    )


@derives("sharpness.count_active", SOURCE)
def count_active() -> Derivation:
    r"""Derive the multiplicity of active directions orthogonal to w.

    .. math:: \sum_i \sigma_i - \frac{1}{C} \sum_i \sigma_i c_i^2 = k - 1
    """
    return Derivation.begin(
        "trace of the projection on the active points, k of them, less that on w_A",
        _ACTIVE - _ENERGY / C,
        k - 1,
        recall(gap(), C),
        define({k: _ACTIVE}),
    )


@derives("sharpness.count_kink", SOURCE)
def count_kink() -> Derivation:
    r"""Derive the multiplicity of directions of points at the kink.

    .. math:: \sum_i \tau_i = z
    """
    return Derivation.begin(
        "trace of the projection on the points at the kink, z of them",
        _KINKS,
        z,
        define({z: _KINKS}),
    )


@derives("sharpness.count_rest", SOURCE)
def count_rest() -> Derivation:
    r"""Derive the multiplicity of all other directions.

    .. math:: n - \sum_i \sigma_i - \sum_i \tau_i - \frac{N - C}{R} = n - k - z - 1
    """
    return Derivation.begin(
        "trace of the projection on what is left of R^n: k active points, z at the kink",
        n - _ACTIVE - _KINKS - (N - C) / R,
        n - k - z - 1,
        define({k: _ACTIVE, z: _KINKS}),
        recall(gap(), R),
    )


def spectrum_at_point() -> tuple[Family, ...]:
    """Return the spectrum at a point with k >= 1 active points and a part w_r outside them.

    Where R = 0 one eigenvalue of the pair is C/m and joins ``rest``; multiplicities then still
    add up to n.

    Returns:
        Five families.
    """
    return (
        Family("in the plane of w_A and w_r, upper", eigenvalue_upper(), count_upper()),
        Family("in the plane of w_A and w_r, lower", eigenvalue_lower(), count_lower()),
        Family("active, orthogonal to w", eigenvalue_active(), count_active()),
        Family("at the kink", eigenvalue_kink(), count_kink()),
        Family("the rest", eigenvalue_rest(), count_rest()),
    )


def _value_at_minimum(general: ClosedForm, result: sp.Expr) -> Derivation:
    """Specialise an eigenvalue to a minimum."""
    return Derivation.begin("C = N = 1", general.expression, result, at_minimum(general.expression))


def _count_at_minimum(direction: str, count: sp.Expr, result: sp.Expr) -> Derivation:
    """Specialise a multiplicity to a minimum."""
    reason = f"{direction}: the m - k inactive points are at the kink"
    return Derivation.begin(reason, count, result, at_minimum(count))


@derives("sharpness.minimum_top", THEOREM_13)
def minimum_top() -> Derivation:
    r"""Derive the eigenvalue at a minimum, along w.

    .. math:: \lambda = \frac{4}{m}
    """
    return _value_at_minimum(eigenvalue_upper(), 4 / m)


@derives("sharpness.minimum_flat", THEOREM_13)
def minimum_flat() -> Derivation:
    r"""Derive the eigenvalue at a minimum, along the manifold of minima.

    .. math:: \lambda = 0
    """
    return _value_at_minimum(eigenvalue_active(), sp.Integer(0))


@derives("sharpness.minimum_kink", THEOREM_13)
def minimum_kink() -> Derivation:
    r"""Derive the eigenvalue at a minimum, at the kink.

    .. math:: \lambda = \frac{1 - \kappa}{m}
    """
    return _value_at_minimum(eigenvalue_kink(), (1 - kappa) / m)


@derives("sharpness.minimum_off_span", THEOREM_13)
def minimum_off_span() -> Derivation:
    r"""Derive the eigenvalue at a minimum, off the span of the data.

    .. math:: \lambda = \frac{1}{m}
    """
    return _value_at_minimum(eigenvalue_rest(), 1 / m)


@derives("sharpness.minimum_count_top", SOURCE)
def minimum_count_top() -> Derivation:
    r"""Derive the multiplicity at a minimum, along w.

    .. math:: d = 1
    """
    return Derivation.begin(
        "trace of the projection on w_A, its length not divided out", _ENERGY, C, recall(gap(), C)
    ).then("at a minimum w_A = w has length 1", sp.Integer(1), where({C: 1}))


@derives("sharpness.minimum_count_flat", SOURCE)
def minimum_count_flat() -> Derivation:
    r"""Derive the multiplicity at a minimum, along the manifold of minima.

    .. math:: d = k - 1
    """
    return Derivation.begin(
        "projection on the active points, less that on w_A, its length not divided out",
        _ACTIVE - _ENERGY,
        k - C,
        recall(gap(), C),
        define({k: _ACTIVE}),
    ).then("at a minimum w_A = w has length 1", k - 1, where({C: 1}))


@derives("sharpness.minimum_count_kink", SOURCE)
def minimum_count_kink() -> Derivation:
    r"""Derive the multiplicity at a minimum, at the kink.

    .. math:: d = m - k
    """
    return _count_at_minimum("at the kink", count_kink().expression, m - k)


@derives("sharpness.minimum_count_off_span", SOURCE)
def minimum_count_off_span() -> Derivation:
    r"""Derive the multiplicity at a minimum, off the span of the data.

    .. math:: d = n - m

    The lower eigenvalue of the plane is 1/m as well and joins this family.
    """
    return _count_at_minimum("off the span of the data", count_rest().expression + 1, n - m)


def spectrum_at_minimum() -> tuple[Family, ...]:
    """Return the spectrum at a minimum with k active points.

    Returns:
        The radial, flat, kink and off-span families.
    """
    return (
        Family("along w", minimum_top(), minimum_count_top()),
        Family("along the manifold of minima", minimum_flat(), minimum_count_flat()),
        Family("at the kink", minimum_kink(), minimum_count_kink()),
        Family("off the span of the data", minimum_off_span(), minimum_count_off_span()),
    )


def spectrum_consistency() -> tuple[Derivation, ...]:
    """Derive n and the trace a second time, as sums over the spectrum.

    Returns:
        Two chains for a general point and two for a minimum.
    """
    chains: list[Derivation] = []
    for place, families, total in (
        ("general point", spectrum_at_point(), trace_at_point()),
        ("minimum", spectrum_at_minimum(), trace_at_minimum()),
    ):
        counts = [f.multiplicity.expression for f in families]
        values = [f.eigenvalue.expression for f in families]
        chains.extend((
            Derivation.begin(
                f"multiplicities add up to n ({place})", sp.Add(*counts, evaluate=False), n
            ),
            Derivation.begin(
                f"eigenvalues add up to the trace ({place})",
                sum((v * count for v, count in zip(values, counts, strict=True)), sp.Integer(0)),
                total.expression,
            ),
        ))
    return tuple(chains)


spectrum_forms = forms_of(__name__)
