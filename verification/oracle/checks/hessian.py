"""Check the Hessian as a matrix, and its products with vectors."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np

from whichmin.verification.oracle import bounds, references
from whichmin.verification.oracle.check import Candidate, Finding, OracleCheck
from whichmin.verification.oracle.curvature import (
    SOURCE,
    Case,
    cases,
    damped,
    matrix_bound,
    matrix_reason,
    mistakes,
    other_kinks,
    product_bound,
)
from whichmin.verification.oracle.differences import product_differences
from whichmin.verification.oracle.references import Vector, floats
from whichmin.verification.oracle.session import Answer, Session

__all__ = ["CHECKS"]

_FORMULA = (
    "(1/m) sum_i [(N - 2) g''_i a_i a_i^T + 2 phi_i (a_i w^T + w a_i^T) + phi_i^2 I], "
    "phi_i = phi(<w, a_i>), N = |w|^2, g'' = 1 where phi > 0 or linear, 0 where <w, a_i> < 0"
)
_MATRIX, _PRODUCT = "hessian", "hessian_vector_product"
_CONSTANT = "a constant is added: the accumulator does not start from zeros"
_START = "the product is added to v: the accumulator starts from v, not from zeros"


def _reason(case: Case, session: Session) -> str:
    return matrix_reason(case, session.dtype)


def _matrix_candidates(case: Case, kappas: tuple[Fraction, ...]) -> Iterator[Candidate]:
    for k in kappas:
        yield Candidate(f"kappa = {k} at the kink", case.hessian(k), f"'kink': '{k}'")
    for text, value in mistakes(case):
        yield Candidate(text, value)


def _matrices(session: Session, kinks: bool) -> Iterator[Finding]:
    kappas = other_kinks(session) if kinks else ()
    for case in cases(session, _MATRIX, kinks=kinks):
        yield session.call(_MATRIX, **case.call).against(
            case.what, case.hessian(case.low), matrix_bound(case, session.dtype),
            _reason(case, session), group=case.activation, scalars=case.scalars,
            upper=None if case.high is None else case.hessian(case.high), parts=case.turns,
            candidates=functools.partial(_matrix_candidates, case, kappas),
            families=functools.partial(damped, case.hessian(case.low), np.eye(len(case.w))),
        )  # fmt: skip


def _hessian(session: Session) -> Iterator[Finding]:
    return _matrices(session, kinks=False)


def _hessian_kinks(session: Session) -> Iterator[Finding]:
    return _matrices(session, kinks=True)


def _symmetry(session: Session) -> Iterator[Finding]:
    for case in (c for kinks in (False, True) for c in cases(session, _MATRIX, kinks=kinks)):
        answer = session.call(_MATRIX, **case.call)
        skew = answer.value - answer.value.T
        yield Finding(
            f"difference to the transpose, {case.what}", skew, np.zeros_like(skew),
            2 * matrix_bound(case, session.dtype), f"twice {_reason(case, session)}",
            group=case.activation, call=answer.call, figure="got - got.T",
            candidates=(Candidate("the matrix is not symmetric", skew),),
        )  # fmt: skip


def _directions(w: Vector) -> tuple[Vector, ...]:
    """Directions without symmetry: of both signs and unequal sizes, the weights, and a unit one."""
    n = len(w)
    mixed = tuple(Fraction((5 * i) % 7 - 3, 4) + Fraction(i, 3) for i in range(n))
    unit = tuple(Fraction(int(i == n - 1)) for i in range(n))
    return (mixed, w, unit)


def _times(case: Case, v: Vector, kappa: Fraction) -> Vector:
    product = references.hessian_vector_product(case.w, case.data, v, case.activation, kappa)
    return tuple(case.factor * x for x in product)


def _product_bound(case: Case, v: Any, session: Session) -> Any:
    return product_bound(case, float(np.linalg.norm(floats(v))), session.dtype)


def _product_candidates(
    case: Case, v: Vector, kappas: tuple[Fraction, ...], got: Any
) -> Iterator[Candidate]:
    for k in kappas:
        yield Candidate(f"kappa = {k} at the kink", _times(case, v, k), f"'kink': '{k}'")
    along, low = floats(v), floats(_times(case, v, case.low))
    for text, value in mistakes(case):
        yield Candidate(text, value @ along)
    yield Candidate(_START, low + along)
    yield from product_differences(
        case.w, case.data, v, case.activation, float(case.factor), got
    )  # fmt: skip
    yield Candidate("v is normalised first", low / (float(np.linalg.norm(along)) or 1.0))


def _products(session: Session, kinks: bool) -> Iterator[Finding]:
    kappas = other_kinks(session) if kinks else ()
    for case in cases(session, _PRODUCT, kinks=kinks):
        for place, direction in enumerate(_directions(case.problem.w)):
            v = session.received(direction)
            turns = tuple(tuple(references.dot(row, v) for row in turn) for turn in case.turns)
            answer = session.call(_PRODUCT, **case.call, v=direction)
            yield answer.against(
                f"{case.what}, v_{place + 1}", _times(case, v, case.low),
                _product_bound(case, v, session), _reason(case, session),
                group=case.activation, scalars=case.scalars,
                upper=None if case.high is None else _times(case, v, case.high), parts=turns,
                candidates=functools.partial(_product_candidates, case, v, kappas, answer.value),
                families=functools.partial(damped, _times(case, v, case.low), v),
            )  # fmt: skip


def _product(session: Session) -> Iterator[Finding]:
    return _products(session, kinks=False)


def _product_kinks(session: Session) -> Iterator[Finding]:
    return _products(session, kinks=True)


def _linear(session: Session) -> Iterator[Finding]:
    for case in cases(session, _PRODUCT, kinks=False):
        u, v, _ = _directions(case.problem.w)
        p, q = Fraction(3), Fraction(-1)
        mixed = tuple(p * x + q * y for x, y in zip(u, v, strict=True))
        zero = tuple(Fraction(0) for _ in u)

        def product(of: Vector, case: Case = case) -> Answer:
            return session.call(_PRODUCT, **case.call, v=of)

        nothing = product(zero)
        yield nothing.against(
            f"v = 0, {case.what}", zero, _product_bound(case, zero, session),
            _reason(case, session), group=case.activation,
            candidates=(Candidate(_CONSTANT, nothing.value),),
        )  # fmt: skip
        answers = [product(of) for of in (mixed, u, v)]
        parts = tuple(k * a.value for k, a in zip((1.0, float(p), float(q)), answers, strict=True))
        got = parts[0] - parts[1] - parts[2]
        constant = (1 - float(p) - float(q)) * nothing.value
        # The constant is rounded too: in each part once, and in their sum.
        rounding = 4 * bounds.UNITS[session.dtype][0] * np.abs(parts).sum(0)
        met = nothing.value.any() and (np.abs(got - constant) <= rounding).all()
        # |3u - v| <= 3|u| + |v|: the product with it rounds as much as the other two together.
        size = 3 * np.abs(floats(u)) + np.abs(floats(v))
        yield Finding(
            f"H(3u - v) - 3 Hu + Hv, {case.what}", got, np.zeros(len(u)),
            2 * _product_bound(case, size, session), f"twice {_reason(case, session)}",
            group=case.activation, calls=tuple(a.call for a in answers),
            figure="got[0] - 3 * got[1] + got[2]",
            candidates=(Candidate(_CONSTANT, got if met else constant),),
        )  # fmt: skip


def _against_matrix(session: Session) -> Iterator[Finding]:
    for case in (c for kinks in (False, True) for c in cases(session, _PRODUCT, kinks=kinks)):
        v = _directions(case.problem.w)[0]
        matrix = session.call(_MATRIX, **case.call).value
        answer = session.call(_PRODUCT, **case.call, v=v)
        finding = answer.against(
            f"product against matrix, {case.what}", matrix @ floats(session.received(v)),
            2 * _product_bound(case, v, session), f"twice {_reason(case, session)}",
            group=case.activation, scalars=case.scalars,
            candidates=(
                Candidate("the product with the transpose", matrix.T @ floats(v)),
                Candidate(_START, (matrix + np.eye(len(v))) @ floats(v)),
            ),
        )  # fmt: skip
        if case.high is None:
            yield finding
        elif not finding.holds:
            session.note("at kinks the product and the matrix have different second derivatives")


CHECKS = (
    OracleCheck(
        id="hessian.values", functions=(_MATRIX,), formula=_FORMULA, source=SOURCE,
        statement="the Hessian is that of the definition where there is one", run=_hessian,
    ),
    OracleCheck(
        id="hessian.kinks", functions=(_MATRIX,), formula=f"{_FORMULA}, kappa where it is 0",
        source=SOURCE, run=_hessian_kinks,
        statement="at kinks the Hessian lies between the one-sided ones, or has the kappa declared",
    ),
    OracleCheck(
        id="hessian.symmetry", functions=(_MATRIX,), formula="H = H^T", source="Schwarz's theorem",
        statement="the Hessian is symmetric, at kinks too", run=_symmetry,
    ),
    OracleCheck(
        id="hessian_vector_product.values", functions=(_PRODUCT,), formula=f"v times {_FORMULA}",
        source=SOURCE, run=_product,
        statement="the product is that with the Hessian of the definition",
    ),
    OracleCheck(
        id="hessian_vector_product.kinks", functions=(_PRODUCT,), source=SOURCE,
        formula=f"v times {_FORMULA}, kappa where it is 0", run=_product_kinks,
        statement="at kinks the product lies between those with the one-sided Hessians",
    ),
    OracleCheck(
        id="hessian_vector_product.linear", functions=(_PRODUCT,), run=_linear,
        formula="H 0 = 0, H(3u - v) = 3 Hu - Hv", source="the derivative is linear",
        statement="the product is linear in v",
    ),
    OracleCheck(
        id="hessian_vector_product.matrix", functions=(_PRODUCT, _MATRIX), run=_against_matrix,
        formula="hessian_vector_product(w, data, v) = hessian(w, data) v", source="definition",
        statement="the product is that with the target's own matrix",
    ),
)  # fmt: skip
