"""Check trace estimators that sketch the Hessian, where it is larger than their sketch."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from whichmin.verification.oracle import simulated
from whichmin.verification.oracle.check import Candidate, Finding, OracleCheck
from whichmin.verification.oracle.checks.hessian_trace import estimates, exact_trace
from whichmin.verification.oracle.curvature import DIAGONAL, Case, mistakes, trace_bound
from whichmin.verification.oracle.outcome import Inconclusive
from whichmin.verification.oracle.problems import ServedProblem, frame
from whichmin.verification.oracle.references import floats
from whichmin.verification.oracle.session import Session

__all__ = ["CHECKS", "SKETCHED", "large_problem"]

F = Fraction
Floats = NDArray[np.float64]

_TRACE = "hessian_trace"
# Parts of the products that make a sketch: with a smaller one there is a random part to judge.
SKETCHED = {"hutch++": 3, "xtrace": 2}
_SIZE, _LARGEST = 100, 160
# Directions that the sketch must leave, so that the random part weighs something.
_LEFT = 10
# Simulated estimates of each version of a method: as many as a million numbers make.
_SIMULATED, _NUMBERS = (200, 1000), 10**6
# The same of each fault.
_FAULTY = 100
_SEED = "the seed has no influence: every estimate is the same"


def large_problem(n: int, m: int = 4) -> ServedProblem:
    """Make a problem whose Hessian is a multiple of the identity and a part of low rank.

    Args:
        n: Dimension, at least 5.
        m: Points, 3 or 4.

    Returns:
        The problem; the weights lie near the span of the points.
    """
    data = frame([1 + i % 3 for i in range(n)], m)
    parts = (F(1), F(3, 4), F(-1), F(1, 2))[:m]
    w = tuple(
        sum((q * a[p] for q, a in zip(parts, data, strict=True)), F((7 * p) % 5 - 2, 64))
        for p in range(n)
    )
    return ServedProblem(
        f"large, n = {n}, m = {m}", data, w, frozenset({"quick"}), "larger than a sketch"
    )


def _cases(session: Session, n: int) -> Iterator[Case]:
    known = session.activations
    for m, activation in zip((4, 3), known if len(known) > 1 else known * 2, strict=True):
        problem = large_problem(n, m)
        w, data = session.received(problem.w), session.received(problem.data)
        factor = session.conventions.factor(_TRACE, problem.m)
        yield Case(problem, activation, w, data, factor, F(0), None,
                   session.conventions.differences)  # fmt: skip


def _moved(got: float, mean: float, slack: float) -> float:
    """The value nearest to what was found, of those that chance explains."""
    return min(max(got, mean - slack), mean + slack)


def _faults(
    case: Case, matrix: Floats, samples: int, session: Session, got: tuple[float, float], total: int
) -> Iterator[tuple[str, float, float]]:
    """Names of known mistakes, with the mean and the variance that they give."""
    mean, spread = got
    if session.stochastic(_TRACE).method == "hutch++":  # type: ignore[union-attr]
        for name, text in simulated.FAULTS.items():
            rng = session.rng(f"{_TRACE}.{name}")
            made = simulated.hutch_plus_plus(matrix, samples, _FAULTY, rng, fault=name)
            variance = float(made.var())
            # Both means vary; five standard errors. The variance is met up to a factor of 4:
            # Gaussian vectors in place of signs change it by less.
            slack = 5 * np.sqrt(variance * (1 / total + 1 / _FAULTY))
            yield (text, _moved(mean, float(made.mean()), float(slack)),
                   min(max(spread, variance / 4), 4 * variance))  # fmt: skip
    for text, wrong in mistakes(case):
        # Where it is put does not change the trace of a term.
        if text != DIAGONAL and "symmetrised" not in text:
            away = abs(mean - float(np.trace(wrong)))
            yield text, mean if away <= 5 * np.sqrt(spread / total) else np.nan, spread


def _sketched(session: Session) -> Iterator[Finding]:
    declared = session.stochastic(_TRACE)
    if declared is None or declared.method not in SKETCHED:
        return
    samples, sketch = declared.samples, max(declared.samples // SKETCHED[declared.method], 1)
    n = _SIZE if 4 * sketch <= _SIZE else _LARGEST
    if sketch > n - _LEFT:
        raise Inconclusive(
            f"hessian_trace is not judged: {samples} products make a sketch of {sketch} vectors, "
            f"which leaves nothing of a Hessian of {n} weights to the random part: let fewer "
            f"samples do here, and declare them: at most {SKETCHED[declared.method] * (n - _LEFT)}"
        )
    count = min(max(_NUMBERS // (n * sketch), _SIMULATED[0]), _SIMULATED[1])
    for case in _cases(session, n):
        matrix, exact = floats(case.hessian(F(0))), float(exact_trace(case, F(0)))
        law = simulated.simulated_law(
            matrix, exact, declared.method, samples, count, session.rng(f"{_TRACE}.law")
        )
        found, calls = estimates(session, case, samples)
        total, rounding = len(found), trace_bound(case, session.dtype)
        mean, spread = float(found.mean()), float(found.var())
        make = functools.cache(functools.partial(
            lambda *given: tuple(_faults(*given)), case, matrix, samples, session, (mean, spread),
            total,
        ))  # fmt: skip
        same = len(set(found.tolist())) == 1
        what, why = f"of {total} estimates, {case.what}", (
            f"Bernstein's bound with the moments of {count} simulated estimates; chance of "
            f"more: {simulated.ALARM:g}"
        )  # fmt: skip

        def candidates(
            place: int, make: functools._lru_cache_wrapper[tuple[tuple[str, float, float], ...]],
            got: tuple[float, float], same: bool,
        ) -> Iterator[Candidate]:  # fmt: skip
            if same and any(got):
                yield Candidate(_SEED, got[place])
                return
            for text, *figures in make():
                yield Candidate(text, figures[place])

        yield Finding(
            f"mean {what}", mean, exact, law.mean_radius(total) + rounding, why, calls=calls,
            figure="got.mean()", scalars=case.scalars,
            candidates=functools.partial(candidates, 0, make, (mean, spread), same),
        )  # fmt: skip
        # A smaller spread than that of our version is no fault, unless there is none at all.
        high, low = law.variance_radius(total) + rounding * (rounding + 2 * law.variance**0.5), 0.0
        yield Finding(
            f"variance {what}", spread, law.variance if spread > law.variance or same else spread,
            low if same else high, why, calls=calls, figure="got.var()",
            candidates=functools.partial(candidates, 1, make, (mean, spread), same),
        )  # fmt: skip


CHECKS = (
    OracleCheck(
        id="hessian_trace.sketches", functions=(_TRACE,), run=_sketched, kind="stochastic",
        formula="E [tr(Q^T H Q) + random part] = tr H; at most the spread of a right one",
        source="Meyer et al., Hutch++ (2021); Epperly, Tropp, Webber, XTrace (2024); moments "
        "simulated, Bernstein's inequality",
        statement="where H is larger than the sketch, the estimator is unbiased, and no more "
        "spread than a right one",
        false_alarm=4 * simulated.ALARM,
    ),
)  # fmt: skip
