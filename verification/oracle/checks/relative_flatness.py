"""Check the relative flatness of a single neuron: squared length of its weights times the trace."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator
from fractions import Fraction

import numpy as np

from whichmin.verification.oracle import bounds, references
from whichmin.verification.oracle.check import Candidate, Finding, OracleCheck
from whichmin.verification.oracle.curvature import (
    DIAGONAL,
    Case,
    cases,
    mistakes,
    other_kinks,
    trace_bound,
)
from whichmin.verification.oracle.references import floats
from whichmin.verification.oracle.session import Session

__all__ = ["CHECKS"]

_NAME = "relative_flatness"
_FORMULA = "|w|^2 (1/m) sum_i [(N - 2) g''_i |a_i|^2 + 4 phi_i <w, a_i> + n phi_i^2], N = |w|^2"
_SOURCE = "Petzka et al., NeurIPS 2021, for one neuron: its inner product with itself, times tr H"


def _square(case: Case) -> Fraction:
    return references.dot(case.w, case.w)


def _exact(case: Case, kappa: Fraction) -> Fraction:
    trace = references.trace(case.w, case.data, case.activation, kappa)
    return _square(case) * case.factor * trace


def _bound(case: Case, session: Session) -> float:
    """That of the trace, times ``|w|^2``; twice, for its n + 2 roundings more."""
    return 2 * float(_square(case)) * trace_bound(case, session.dtype)


def _mistakes(case: Case, kappas: tuple[Fraction, ...] = ()) -> Iterator[Candidate]:
    for k in kappas:
        yield Candidate(f"kappa = {k} at the kink", _exact(case, k), f"'kink': '{k}'")
    square, w = float(_square(case)), floats(case.w)
    matrix = floats(case.hessian(case.low))
    trace, values = float(np.trace(matrix)), np.linalg.eigvalsh(matrix)
    yield Candidate("the trace alone: not multiplied by |w|^2", trace)
    yield Candidate("the norm is not squared: |w| times the trace", math.sqrt(square) * trace)
    yield Candidate("the norm is squared twice: |w|^4 times the trace", square * square * trace)
    if square:
        yield Candidate("divided by |w|^2, not multiplied", trace / square)
    yield Candidate("|w|^2 times the largest eigenvalue, not the trace", square * values[-1])
    yield Candidate("|w|^2 times the Frobenius norm, not the trace",
                    square * np.linalg.norm(values))  # fmt: skip
    yield Candidate("|w|^2 times the sum of the eigenvalues in absolute value",
                    square * np.abs(values).sum())  # fmt: skip
    yield Candidate("<w, H w>, not |w|^2 tr H", float(w @ matrix @ w))
    yield Candidate("sum_i w_i^2 H_ii: weight by weight, not the whole norm times the trace",
                    float((w * w) @ np.diag(matrix)))  # fmt: skip
    yield Candidate("the norm is the sum of the absolute values",
                    np.abs(w).sum() ** 2 * trace)  # fmt: skip
    for text, wrong in mistakes(case):
        # Where it is put does not change the trace of a term.
        if text != DIAGONAL and "symmetrised" not in text:
            yield Candidate(text, square * np.trace(wrong))


def _findings(session: Session, *, kinks: bool) -> Iterator[Finding]:
    for case in cases(session, _NAME, kinks=kinks):
        kappas = other_kinks(session) if kinks else ()
        yield session.call(_NAME, **case.call).against(
            case.what, _exact(case, case.low), _bound(case, session),
            f"twice {bounds.reason(case.problem.n, case.problem.m, session.dtype)}",
            group=case.activation, scalars=case.scalars,
            upper=None if case.high is None else _exact(case, case.high),
            candidates=functools.partial(_mistakes, case, kappas),
        )  # fmt: skip


def _values(session: Session) -> Iterator[Finding]:
    return _findings(session, kinks=False)


def _kinks(session: Session) -> Iterator[Finding]:
    return _findings(session, kinks=True)


CHECKS = (
    OracleCheck(
        id="relative_flatness.values", functions=(_NAME,), formula=_FORMULA, source=_SOURCE,
        statement="the squared length of the weights times the trace of the Hessian", run=_values,
    ),
    OracleCheck(
        id="relative_flatness.kinks", functions=(_NAME,), source=_SOURCE, run=_kinks,
        formula=f"{_FORMULA}, g'' = kappa at a kink",
        statement="at kinks it lies between the one-sided ones, or has the kappa declared",
    ),
)  # fmt: skip
