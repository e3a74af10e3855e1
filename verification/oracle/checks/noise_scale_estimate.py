"""Check estimates of the noise scale from few batches or points."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from fractions import Fraction

import numpy as np

from whichmin.verification.oracle import bounds, noise, noise_estimates, references
from whichmin.verification.oracle.check import Candidate, Finding, OracleCheck
from whichmin.verification.oracle.checks.noise_scale import (
    quotient_bound,
    scale_candidates,
    sum_errors,
    two_laws,
)
from whichmin.verification.oracle.conventions import Stochastic
from whichmin.verification.oracle.outcome import Inconclusive
from whichmin.verification.oracle.problems import ServedProblem
from whichmin.verification.oracle.references import Matrix, floats
from whichmin.verification.oracle.session import Session

__all__ = ["CHECKS"]

# Estimates per case. A median leaves its interval with this chance on each side, in each of at most
# 20 cases.
REPLICAS, QUICK, DEEP = 128, 64, 512
ALARM = 1e-9
FALSE_ALARM = 20 * 2 * ALARM
_RATIOS = (
    "the mean of the ratios of single pairs of batches{}, not the ratio of the means, "
    "so biased upwards"
)


F = Fraction


def _neighbours(spread: Fraction) -> ServedProblem:
    """Four points near each other, so that few draws do: no mean of gradients comes near to 0.

    Both activations are the same here: all inner products with the weights are 1/2.

    Args:
        spread: How far from each other.

    Returns:
        The problem.
    """
    sizes = (F(1), F(3, 4), F(5, 4), F(7, 8))
    data = tuple(
        (F(1), *(spread * h if p == i else F(0) for p in range(len(sizes))))
        for i, h in enumerate(sizes)
    )
    w = (F(1, 2), *(F(0),) * len(sizes))
    return ServedProblem(
        f"neighbours, {spread} apart", data, w, frozenset({"quick"}), "small noise"
    )


# Noise scales of about 1/100, 1/10 and 1: no constant is right in all.
_NEIGHBOURS = tuple(_neighbours(x) for x in (F(1, 8), F(3, 8), F(1)))
_SERVED = ("generic", "generic square", "one point", "correlated", "negative curvature")


def _interval(
    gradients: Matrix, session: Session, declared: Stochastic, tail: float
) -> tuple[float, float, float] | None:
    if declared.method == "samples":
        return noise_estimates.sampled_scale(floats(gradients), declared.samples)
    small, large = (
        (float(f), floats(values), floats(chances))
        for f, values, chances in two_laws(gradients, session)
    )
    return noise_estimates.two_batch_scale(small, large, _share(declared), tail)


def _share(declared: Stochastic) -> float:
    decay = None if declared.ema is None else float(declared.ema)
    return noise_estimates.concentration(declared.samples, decay)


def _ratios(
    gradients: Matrix, session: Session, declared: Stochastic, own: float, got: float
) -> Iterator[Candidate]:
    """What averages of ratios give, for independent batches and for the points of one batch."""
    if declared.method != "two batch sizes":
        return
    size, replacement = session.conventions.noise_batches, session.conventions.sampling
    (s, a, p), (t, c, q) = (
        (float(f), floats(values), floats(chances))
        for f, values, chances in two_laws(gradients, session)
    )
    pairs = [("of two batches", (np.repeat(a, len(c)), np.tile(c, len(a)), np.outer(p, q).ravel()))]
    if size[0] == 1:
        one = noise_estimates.batch_pairs(
            floats(gradients), size[1], replacement == "with-replacement"
        )
        pairs.insert(0, ("of a batch and its points", one))
    count = max(round(1 / _share(declared)), 1)
    for which, pair in pairs:
        for clipped in (True, False):
            value, slack = noise_estimates.mean_of_ratios(
                pair, (s, t), count, clipped, session.rng(f"ratios {which} {clipped}")
            )
            told = f", {which}" + (" (below 0 they count as 0)" if clipped else "")
            yield Candidate(
                _RATIOS.format(told), min(max(got, own * (value - slack)), own * (value + slack))
            )


def _served(session: Session) -> Iterator[tuple[ServedProblem, str, Matrix]]:
    declared, estimate = session.conventions, session.stochastic("noise_scale")
    batches = estimate is not None and estimate.method == "two batch sizes"
    least = declared.noise_batches[1] if batches else 1
    chosen = [p for p in session.problems("generic") if p.id in _SERVED]
    for served in (*_NEIGHBOURS, *chosen):
        if declared.sampling != "with-replacement" and served.m < least:
            continue
        w, data = session.received(served.w), session.received(served.data)
        # Neighbours have positive inner products: both activations are the same.
        known = session.activations[:1] if served in _NEIGHBOURS else session.activations
        for activation in known:
            gradients = references.point_gradients(w, data, activation)
            if 0 not in noise.trace_and_square(gradients):
                yield served, activation, gradients


def _estimates(session: Session) -> Iterator[Finding]:
    declared = session.stochastic("noise_scale")
    cyclic = session.conventions.sampling == "cyclic"
    if declared is None:
        return
    if cyclic and declared.method == "two batch sizes":
        raise Inconclusive(
            "noise_scale is not judged: cyclic batches are not drawn at random, so an estimate "
            "from two batch sizes has no law; declare the 'sampling' of its batches, or its "
            "'method' as 'samples'"
        )
    replicas = DEEP if session.deep else QUICK if session.quick else REPLICAS
    open_cases, judged, tail = 0, 0, noise_estimates.median_tail(replicas, ALARM)
    rng, batches = session.rng("noise_scale.estimate"), declared.method == "two batch sizes"
    for served, activation, gradients in _served(session):
        found = _interval(gradients, session, declared, tail)
        if found is None:
            open_cases += 1
            continue
        judged += 1
        m = served.m
        own = m / (m - 1) if session.conventions.noise == "sample" else 1.0
        expected, low, high = (own * x for x in found)
        answers = [
            session.call("noise_scale", w=served.w, data=served.data, activation=activation,
                         seed=int(seed))
            for seed in rng.integers(0, 2**31, replicas)
        ]  # fmt: skip
        median = float(np.median([float(a.value) for a in answers]))
        spread, square = (float(x) for x in noise.trace_and_square(gradients))
        unit = bounds.UNITS[session.dtype][0]
        rounding = own * quotient_bound(
            spread, square, sum_errors(served, session), served.n + declared.samples, unit
        )
        finding = Finding(
            f"{served.id}, {activation}: median of {replicas} estimates", median, expected,
            (high - expected if median >= expected else expected - low) + rounding,
            "one estimate leaves its interval with a chance of at most "
            f"{tail if batches else noise_estimates.MEDIAN_TAIL:.3g} on each side",
            group=activation, calls=tuple(a.call for a in answers), figure="np.median(got)",
            scalars={"m": m, "n": served.n, "samples": declared.samples,
                     "b": session.conventions.noise_batches[1]},
        )  # fmt: skip
        yield (
            finding
            if finding.holds
            else dataclasses.replace(
                finding,
                candidates=(
                    *scale_candidates(served, gradients, activation, session),
                    *_ratios(gradients, session, declared, own, median),
                ),
            )
        )
    if not judged:
        raise Inconclusive(
            f"noise_scale is not judged: in none of {open_cases} cases do {declared.samples} "
            "samples allow a statement, as their estimate of |G|^2 may be 0 or less: let it draw "
            "more, and declare that: WHICHMIN = {'stochastic': {'noise_scale': {'method': "
            f"{declared.method!r}, 'samples': K}}}}}}"
        )
    if open_cases:
        session.note(
            f"no statement in {open_cases} cases: with {declared.samples} samples the estimate of "
            "|G|^2 may be 0 or less"
        )


CHECKS = (
    OracleCheck(
        id="noise_scale.estimate",
        functions=("noise_scale",),
        statement="the median of many estimates, each from the declared number of samples, is near "
        "the noise scale",
        formula="[(A - C)/(1/s - 1/l)] / [(l C - s A)/(l - s)], A, C the means of |g_B|^2 for "
        "B = s, l; or tr S / |g|^2 of k points",
        source="McCandlish et al. 2018, appendix A.1; moments by enumeration of all batches; "
        "Cantelli, Chebyshev, Bernstein, exact binomial tail of the median",
        run=_estimates,
        kind="stochastic",
        false_alarm=FALSE_ALARM,
    ),
)
