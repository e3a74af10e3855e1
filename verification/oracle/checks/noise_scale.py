"""Check the noise scale ``tr Sigma / |G|^2``."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from fractions import Fraction

import numpy as np

from whichmin.verification.oracle import bounds, noise, noise_estimates, references
from whichmin.verification.oracle.check import Candidate, Finding, OracleCheck
from whichmin.verification.oracle.checks.gradient_noise import (
    INDICATOR,
    covariance_size,
    point_sizes,
)
from whichmin.verification.oracle.outcome import CallFailed, Kind
from whichmin.verification.oracle.problems import ServedProblem, problem
from whichmin.verification.oracle.references import Matrix, Vector
from whichmin.verification.oracle.session import Answer, Session

__all__ = ["CHECKS", "quotient_bound", "scale_candidates", "sum_errors", "two_laws"]

# Added to the denominator, or its least value, in implementations met.
_CLAMPS = (1e-6, 1e-8, 1e-10, 1e-12, 1e-16, 1e-20)


def sum_errors(served: ServedProblem, session: Session) -> tuple[float, float]:
    """Bound the rounding errors of ``tr Sigma`` and of G, that of G as the length of a vector."""
    w, data = session.received(served.w), session.received(served.data)
    sizes = point_sizes(w, data)
    m, n = served.m, served.n
    # Three times the operations of a gradient: one for each factor of a product, one for their sum.
    spread = 3 * bounds.rounding(np.trace(covariance_size(sizes)), n, m, session.dtype)
    slope = bounds.rounding(sizes.mean(axis=0), n, m, session.dtype)
    return float(spread), float(np.linalg.norm(slope))


def quotient_bound(
    spread: float, square: float, errors: tuple[float, float], n: int, unit: float
) -> float:
    r"""Bound the error of a quotient T / Q with Q = \|G\|^2, for errors of T and of G.

    .. math:: \left|\frac{T'}{Q'} - \frac{T}{Q}\right|
              \le \frac{\delta_T + (T/Q)\, \delta_Q}{Q - \delta_Q} + (n + 4)\, u\, \frac{T}{Q},
              \qquad \delta_Q = 2 |G|\, \delta_G + \delta_G^2

    The last term is the rounding of the inner product of n terms, of the quotient and of a factor
    m/(m-1). The bound is infinite if Q may be 0.

    Args:
        spread: T.
        square: Q, above 0.
        errors: Errors of T, and of G as the length of a vector.
        n: Terms of the inner product.
        unit: Unit roundoff.

    Returns:
        The bound.
    """
    away = 2 * math.sqrt(square) * errors[1] + errors[1] ** 2
    if away >= square:
        return float("inf")
    scale = spread / square
    return (errors[0] + scale * away) / (square - away) + (n + 4) * unit * scale


def scale_candidates(
    served: ServedProblem, gradients: Matrix, activation: str, session: Session
) -> Iterator[Candidate]:
    """List the values that known mistakes give.

    Args:
        served: The problem.
        gradients: Gradients of its points, with ``|G|`` and ``tr Sigma`` above 0.
        activation: ``linear`` or ``relu``.
        session: The target.

    Yields:
        The mistakes.
    """
    w, data = session.received(served.w), session.received(served.data)
    m, sample = served.m, session.conventions.noise == "sample"
    spread, square = (float(x) for x in noise.trace_and_square(gradients))
    own, other = (m / (m - 1), 1.0) if sample else (1.0, m / (m - 1) if m > 1 else 1.0)
    if m > 1:
        yield Candidate(
            "off by exactly a factor (m-1)/m: Sigma is divided by m"
            if sample
            else "off by exactly a factor m/(m-1): Sigma is divided by m - 1",
            spread / square * other,
            f"'noise': {'population' if sample else 'sample'!r}",
        )
    curved = noise.batch_noise_scale(w, data, activation)
    if curved is not None:
        yield Candidate("tr(H Sigma) / (G^T H G): B_noise where B_simple is expected",
                        float(curved) * own)  # fmt: skip
    if spread > 0:
        yield Candidate("the inverse, |G|^2 / tr Sigma", square / spread / own)
    yield Candidate("tr Sigma / |G|: the norm is not squared", own * spread / square**0.5)
    yield Candidate("the square root of what is expected", (own * spread / square) ** 0.5)
    yield Candidate("tr Sigma alone: not divided by |G|^2", own * spread)
    yield Candidate("the second moment over |G|^2: |G|^2 is not subtracted", own * spread / square
                    + 1)  # fmt: skip
    yield Candidate("Sigma is divided by m twice: the covariance of the full gradient, not of a "
                    "point's", own * spread / square / m)  # fmt: skip
    yield Candidate("|G|^2 is that of the summed gradient: 1/m^2 too much",
                    own * spread / square / m**2)  # fmt: skip
    yield Candidate("tr Sigma is that of one coordinate: the mean over the n, not the sum",
                    own * spread / square / served.n)  # fmt: skip
    wrong = "relu" if activation == "linear" else "linear"
    swapped = noise.noise_scale(references.point_gradients(w, data, wrong), sample=sample)
    if swapped is not None:
        yield Candidate("the noise scale of the other activation", float(swapped))
    # Gradients of the loss as declared: loss_scale times those here.
    scale = float(session.conventions.loss_scale) ** 2
    for clamp in _CLAMPS:
        above, below = own * scale * spread, scale * square
        yield Candidate(f"{clamp:g} is added to |G|^2", above / (below + clamp))
        yield Candidate(f"clamped: |G|^2 is at least {clamp:g}", above / max(below, clamp))


def _values(session: Session) -> Iterator[Finding]:
    if session.stochastic("noise_scale"):
        return
    sample = session.conventions.noise == "sample"
    unit = bounds.UNITS[session.dtype][0]
    for served in session.problems():
        if sample and served.m == 1:  # 0 / 0
            continue
        w, data = session.received(served.w), session.received(served.data)
        errors = sum_errors(served, session)
        for activation in session.activations:
            gradients = references.point_gradients(w, data, activation)
            exact = noise.noise_scale(gradients, sample=sample)
            if exact is None:
                continue
            spread, square = (float(x) for x in noise.trace_and_square(gradients))
            factor = served.m / (served.m - 1) if sample else 1.0
            bound = factor * quotient_bound(spread, square, errors, served.n, unit)
            if not np.isfinite(bound) or bound > max(1.0, float(exact)) / 4:
                continue  # |G| drowns in rounding: nothing can be said
            answer = session.call(
                "noise_scale", w=served.w, data=served.data, activation=activation, seed=0
            )
            finding = answer.against(
                f"{served.id}, {activation}", exact, bound,
                f"{bounds.reason(served.n, served.m, session.dtype)}, in tr Sigma (three times) "
                "and in G, carried through the quotient",
                group=activation, scalars={"m": served.m, "n": served.n},
            )  # fmt: skip
            yield (
                finding
                if finding.holds
                else dataclasses.replace(
                    finding,
                    candidates=tuple(scale_candidates(served, gradients, activation, session)),
                )
            )


def _at_minimum(session: Session, activation: str, seed: int) -> Answer | None:
    """The target's answer at a minimum; None for nan, inf or an error, which are accepted."""
    served = problem("dense square")
    try:
        answer = session.attempt(
            "noise_scale", w=served.w, data=served.data, activation=activation, seed=seed
        )
    except CallFailed as failed:
        if failed.outcome.kind not in {Kind.NOT_FINITE, Kind.RAISED}:
            raise
        how = "an error" if failed.outcome.kind is Kind.RAISED else "nan or inf"
        session.note(f"at a minimum (G = 0) it gives {how}: accepted")
        return None
    return answer


def _undefined(session: Session) -> Iterator[Finding]:
    # Dyadic data and weights and m = 4: G = 0 without rounding, in any order of the sums; and
    # tr Sigma is not 0, so the scale is infinite, not 0/0.
    served, declared = problem("dense square"), session.stochastic("noise_scale")
    w, data = session.received(served.w), session.received(served.data)
    for activation in session.activations:
        gradients = references.point_gradients(w, data, activation)
        spread, square = (float(x) for x in noise.trace_and_square(gradients))
        assert square == 0 < spread
        # A number is what rounding explains if it is at least tr Sigma / d^2, d the error of |G|.
        noisy = spread / sum_errors(served, session)[1] ** 2
        rarely, seeds = 0.0, 1
        if declared is not None:
            large_batch = session.conventions.noise_batches[1]
            if (
                declared.method != "two batch sizes"
                or declared.ema is not None
                or (session.conventions.sampling != "with-replacement" and large_batch > served.m)
            ):
                return
            # The estimate of |G|^2 is often negative here, or 0. Its estimate is at most the
            # largest numerator over the least denominator, or as large as rounding makes it.
            small, large = two_laws(gradients, session)
            least, widest = noise_estimates.two_batch_gap(small[:2], large[:2],
                                                          declared.samples)  # fmt: skip
            noisy = widest / (sum_errors(served, session)[0] * declared.samples)
            rarely, seeds = 2 * widest / least, REPLICAS
        answers = [_at_minimum(session, activation, seed) for seed in range(seeds)]
        figure = f"float({rarely} < abs(got) < {noisy})" if declared else f"float(got < {noisy})"
        faulty = [
            a
            for a in answers
            if a is not None
            and (rarely < abs(a.value) < noisy if declared else bool(a.value < noisy))
        ]
        if declared and len(faulty) <= seeds / 3:
            # A few may have their bias taken out by a jackknife, which is 2 k times as large at
            # most; a clamp shows in the half of them whose denominator is 0 or negative.
            faulty = [a for a in faulty if abs(a.value) > 2 * declared.samples * rarely]
        wrong = [float(a.value) for a in faulty]
        shown = f": {wrong[0]:.6g}" if wrong else ""
        scale = float(session.conventions.loss_scale) ** 2
        clamps = [
            c for c in _CLAMPS for f in (1.0, served.m / (served.m - 1))
            # A millionth: the sixth digit of what is printed, no clamp is that near another.
            if wrong and abs(wrong[0] * c / (f * scale * spread) - 1) < 1e-6
        ]  # fmt: skip
        if clamps:
            cause = f"clamped at a minimum, where G = 0: the denominator is {clamps[0]:g}"
        elif declared is not None:
            cause = "clamped: estimates of |G|^2 that are 0 or negative are replaced by a small one"
        else:
            cause = "a finite number where G = 0 and the scale is infinite"
        yield Finding(
            f"{served.id}, {activation}{shown}", float(bool(wrong)), 0.0, INDICATOR,
            f"1 for a number from {rarely:.3g} to {noisy:.3g}, which neither the formula nor the "
            "rounding of |G| explains, else 0", group=activation,
            candidates=(Candidate(cause, 1.0),) if wrong else (),
            call=faulty[0].call if faulty else None, figure=figure,
        )  # fmt: skip


# Seeds of an estimator at a minimum: about half of the estimates of |G|^2 are negative.
REPLICAS = 64
_Law = tuple[Fraction, Vector, Vector]


def two_laws(gradients: Matrix, session: Session) -> tuple[_Law, _Law]:
    """Compute, for both batch sizes, the covariance's factor and the law of ``|g_B|^2``."""
    sampling = session.conventions.sampling
    small, large = (
        (noise.factor(len(gradients), b, sampling), *noise.squares(gradients, b, sampling))
        for b in session.conventions.noise_batches
    )
    return small, large


CHECKS = (
    OracleCheck(
        id="noise_scale.values",
        functions=("noise_scale",),
        statement="the noise scale is the trace of the points' covariance over the squared length "
        "of their mean gradient",
        formula="B_simple = tr(Sigma) / |G|^2, Sigma = (1/m) sum_i (g_i - G)(g_i - G)^T",
        source="McCandlish et al. 2018, equation 2.9",
        run=_values,
    ),
    OracleCheck(
        id="noise_scale.undefined",
        functions=("noise_scale",),
        statement="where G = 0 the noise scale is infinite: nan, inf or an error, no finite number",
        formula="tr(Sigma) / 0 with tr(Sigma) > 0",
        source="w = (a_1 + ... + a_4) / 2, a minimum: G = 0, tr Sigma = (1 - sum c_i^4) / m = 3/16",
        run=_undefined,
    ),
)
