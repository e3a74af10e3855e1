"""Check the noise scale with the Hessian, ``tr(H Sigma) / (G^T H G)``."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from whichmin.verification.oracle import bounds, noise, references
from whichmin.verification.oracle.check import Candidate, Finding, OracleCheck
from whichmin.verification.oracle.checks.gradient_noise import (
    INDICATOR,
    covariance_size,
    point_sizes,
)
from whichmin.verification.oracle.curvature import DIAGONAL, Case, cases, mistakes
from whichmin.verification.oracle.outcome import CallFailed, Kind
from whichmin.verification.oracle.problems import problem
from whichmin.verification.oracle.references import floats
from whichmin.verification.oracle.session import Session

__all__ = ["CHECKS"]

Floats = NDArray[np.float64]
_NAME = "hessian_noise_scale"
# Quotients of two roundings are not as small as this; 0 over a clamp, or a rounding over it, is.
_TINY = 2.0**-53


@dataclass(frozen=True)
class _Parts:
    """Sigma (divided by m), G and H of the mean loss, in float64, and the sample factor."""

    sigma: Floats
    mean: Floats
    hessian: Floats
    factor: float

    def scale(self, above: Floats | None = None, below: Floats | None = None) -> float:
        """Compute the quotient with other matrices in place of H."""
        first, second = (self.hessian if x is None else x for x in (above, below))
        under = float(self.mean @ second @ self.mean)
        return self.factor * float((first * self.sigma).sum()) / under if under else float("nan")


def _parts(case: Case, session: Session) -> _Parts:
    gradients = floats(references.point_gradients(case.w, case.data, case.activation))
    mean = gradients.mean(axis=0)
    away, m = gradients - mean, len(gradients)
    matrix = floats(case.hessian(Fraction(0))) / float(case.factor) / m
    sample = session.conventions.noise == "sample" and m > 1
    return _Parts(away.T @ away / m, mean, matrix, m / (m - 1) if sample else 1.0)


def _bound(case: Case, exact: float, session: Session) -> float:
    """Error of T / D, ``T = tr(H Sigma)``, ``D = G^T H G``; infinite if D may be 0.

    ``|T'/D' - T/D| <= (dT + |T/D| dD) / (|D| - dD)``. Every factor (H, and two of a point's
    gradient less the mean) has the roundings of a gradient, and the products and sums as many
    again: 5 times in all for T and D; a sum of n^2 products one after the other has n^2 more.

    Args:
        case: The case.
        exact: T / D.
        session: The target.

    Returns:
        The bound.
    """
    m, n, unit = case.problem.m, case.problem.n, bounds.UNITS[session.dtype][0]
    curved = bounds.hessian_size(case.w, case.data) / m
    sizes = point_sizes(case.w, case.data)
    slope = sizes.mean(axis=0)
    parts = _parts(case, session)
    errors = [
        5 * float(bounds.rounding(size, n, m, session.dtype)) + n * n * unit * size
        for size in (
            parts.factor * float((curved * covariance_size(sizes)).sum()),
            float(slope @ curved @ slope),
        )
    ]
    below = abs(float(parts.mean @ parts.hessian @ parts.mean))
    if errors[1] >= below / 2:
        return float("inf")
    return (errors[0] + abs(exact) * errors[1]) / (below - errors[1]) + 4 * unit * abs(exact)


def _mistakes(case: Case, session: Session) -> Iterator[Candidate]:
    parts, m, n = _parts(case, session), case.problem.m, case.problem.n
    right, spread = parts.scale(), parts.factor * float(np.trace(parts.sigma))
    square = float(parts.mean @ parts.mean)
    if m > 1:
        sample = session.conventions.noise == "sample"
        yield Candidate(
            "off by exactly a factor (m-1)/m: Sigma is divided by m"
            if sample
            else "off by exactly a factor m/(m-1): Sigma is divided by m - 1",
            right * ((m - 1) / m if sample else m / (m - 1)),
            f"'noise': {'population' if sample else 'sample'!r}",
        )
    below = float(parts.mean @ parts.hessian @ parts.mean)
    above = right * below
    yield Candidate("tr(Sigma) / |G|^2: B_simple where B_noise is expected", spread / square)
    yield Candidate("tr(Sigma) / (G^T H G): H is missing in the numerator", spread / below)
    yield Candidate("tr(H Sigma) / |G|^2: H is missing in the denominator", above / square)
    yield Candidate("tr(H) tr(Sigma) / (G^T H G): the trace of the product is not the product of "
                    "the traces", float(np.trace(parts.hessian)) * spread / below)  # fmt: skip
    yield Candidate("tr(H) tr(Sigma) / (n G^T H G): the mean eigenvalue in place of H",
                    float(np.trace(parts.hessian)) * spread / n / below)  # fmt: skip
    if right:
        yield Candidate("the inverse, (G^T H G) / tr(H Sigma)", 1 / right)
    yield Candidate("the second moment in place of Sigma: G G^T is not subtracted",
                    right + parts.factor)  # fmt: skip
    yield Candidate("Sigma is divided by m twice: the covariance of the full gradient, not of a "
                    "point's", right / m)  # fmt: skip
    yield Candidate("G is the summed gradient: 1/m^2 too much", right / m**2)
    yield Candidate("tr(H Sigma) alone: not divided by G^T H G", float(case.factor) * m * above)
    yield Candidate("0 where it is negative", max(right, 0.0))
    yield Candidate("the denominator's absolute value", above / abs(below))
    squared = parts.hessian @ parts.hessian
    yield Candidate("tr(H^2 Sigma) / (G^T H^2 G): H twice", parts.scale(squared, squared))
    values, vectors = np.linalg.eigh(parts.hessian)
    positive = (vectors * np.maximum(values, 0)) @ vectors.T
    yield Candidate("negative eigenvalues of H are set to 0", parts.scale(positive, positive))
    sizes = (vectors * np.abs(values)) @ vectors.T
    yield Candidate("the eigenvalues of H in absolute value", parts.scale(sizes, sizes))
    for text, matrix in mistakes(case):
        wrong = matrix / float(case.factor) / m
        if text == DIAGONAL:
            yield Candidate("only the diagonal of H is used", parts.scale(wrong, wrong))
        else:
            yield Candidate(f"H is wrong: {text}", parts.scale(wrong, wrong))
    swapped = "relu" if case.activation == "linear" else "linear"
    other = noise.batch_noise_scale(case.w, case.data, swapped)
    if other is not None:
        yield Candidate("the noise scale of the other activation", parts.factor * float(other))


def _values(session: Session) -> Iterator[Finding]:
    sample, negative = session.conventions.noise == "sample", 0
    for case in cases(session, _NAME, kinks=False):
        m = case.problem.m
        exact = noise.batch_noise_scale(case.w, case.data, case.activation)
        if exact is None or (sample and m == 1):  # 0/0, or a sample covariance of one point
            continue
        exact *= Fraction(m, m - 1) if sample else 1
        bound = _bound(case, float(exact), session)
        if not bound <= max(1.0, abs(float(exact))) / 4:
            continue  # G^T H G drowns in rounding: nothing can be said
        negative += exact < 0
        yield session.call(_NAME, **case.call).against(
            case.what, exact, bound,
            f"{bounds.reason(case.problem.n, m, session.dtype)}, five times in tr(H Sigma) and in "
            "G^T H G, and one for each entry of H, carried through the quotient",
            group=case.activation, scalars=case.scalars,
            candidates=functools.partial(_mistakes, case, session),
        )  # fmt: skip
    if negative:
        session.note(f"{negative} of the scales expected are negative, since H is indefinite")


def _undefined(session: Session) -> Iterator[Finding]:
    # A minimum, in dyadic data and weights with m = 4: G = 0 without rounding, in any order of the
    # sums. Each point's gradient -c_i a_i + c_i^2 w is orthogonal to w there, and H is 4/m on w and
    # 0 on the rest of the span: tr(H Sigma) is 0 too.
    served = problem("dense square")
    w, data = session.received(served.w), session.received(served.data)
    for activation in session.activations:
        gradients = references.point_gradients(w, data, activation)
        assert noise.trace_and_square(gradients)[1] == 0
        what = f"{served.id}, {activation}"
        reason = f"1 for a number below {_TINY} in size, which is 0 over a made-up number, else 0"
        call = {"w": served.w, "data": served.data, "activation": activation}
        try:
            answer = session.attempt(_NAME, **call)
        except CallFailed as failed:
            if failed.outcome.kind not in {Kind.NOT_FINITE, Kind.RAISED}:
                raise
            how = "an error" if failed.outcome.kind is Kind.RAISED else "nan or inf"
            session.note(f"at a minimum (0 / 0) it gives {how}: accepted")
            yield Finding(what, 0.0, 0.0, INDICATOR, reason, group=activation)
            continue
        got = float(answer.value)
        yield Finding(
            f"{what}: {got:.6g}", float(abs(got) < _TINY), 0.0, INDICATOR, reason,
            group=activation, call=answer.call, figure=f"float(abs(got) < {_TINY})",
            candidates=(Candidate("a number at a minimum, where the scale is 0 / 0", 1.0),),
        )  # fmt: skip


CHECKS = (
    OracleCheck(
        id="hessian_noise_scale.values", functions=(_NAME,), run=_values,
        statement="the noise scale with the Hessian, negative where the Hessian makes it so",
        formula="B_noise = tr(H Sigma) / (G^T H G), Sigma = (1/m) sum_i (g_i - G)(g_i - G)^T",
        source="McCandlish et al. 2018, equation 2.8",
    ),
    OracleCheck(
        id="hessian_noise_scale.undefined", functions=(_NAME,), run=_undefined,
        statement="at a minimum the scale is not defined: nan, inf or an error, not 0",
        formula="0 / 0: G = 0, and H Sigma = 0 though neither H nor Sigma is 0",
        source="w = (a_1 + ... + a_4) / 2: points' gradients are orthogonal to w, H is 4 w w^T / m",
    ),
)  # fmt: skip
