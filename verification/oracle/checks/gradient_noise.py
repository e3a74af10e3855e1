"""Check the covariance of the mini-batch gradient."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from whichmin.verification.oracle import bounds, noise, noise_estimates, references
from whichmin.verification.oracle.check import Candidate, Finding, OracleCheck
from whichmin.verification.oracle.problems import ServedProblem
from whichmin.verification.oracle.references import Matrix, floats
from whichmin.verification.oracle.session import Session

__all__ = ["CHECKS", "FALSE_ALARM", "INDICATOR", "UNJUDGED", "covariance_size", "point_sizes"]

Floats = NDArray[np.float64]

# Bound of a figure that is 0 or 1: so small that no factor of the diagnosis makes 1 of 0.
INDICATOR = 1e-12
# Samplings whose batches have no covariance of a mean over b points that could be enumerated.
UNJUDGED = ("cyclic", "poisson", "weighted", "weighted-without-replacement")
# Chance that the stochastic check fails a right target, all its figures together.
FALSE_ALARM = 1e-7
_OTHER = {"with-replacement": "without-replacement"}


def point_sizes(w: Any, data: Any) -> Floats:
    """Compute the sizes of the terms of each point's gradient, ``(m, n)``."""
    return np.array([bounds.gradient_size(w, (a,)) for a in data])


def covariance_size(sizes: Floats) -> Floats:
    r"""Compute the size of a covariance, for any way to compute it.

    .. math:: 4 \sqrt{M_p M_q}, \qquad M_p = \frac1m \sum_i s_{ip}^2

    :math:`E (x - \mu)_p (x - \mu)_q` has terms of at most :math:`E (s + S)_p (s + S)_q` for sizes s
    of mean S, and by Cauchy-Schwarz that is at most the above. The mean over a batch has a smaller
    M (Jensen).

    Args:
        sizes: Sizes of the points' gradients, ``(m, n)``.

    Returns:
        The size, ``(n, n)``.
    """
    root = np.sqrt((sizes**2).mean(axis=0))
    return np.asarray(4 * np.outer(root, root))


def _candidates(
    gradients: Matrix, other: Matrix, b: int, sampling: str, scale: Fraction
) -> Iterator[Candidate]:
    """Mistakes; scale is the square of the factor of a point's gradient."""
    m, chances = len(gradients), (Fraction(1, len(gradients)),) * len(gradients)
    point = float(scale) * floats(noise.covariance(gradients, chances))
    moment = float(scale) * floats(noise.second_moment(gradients, chances))
    right = point * float(noise.factor(m, b, sampling))
    replaced = sampling == "with-replacement"
    if b <= m:
        wrong = _OTHER.get(sampling, "with-replacement")
        yield Candidate(
            "the covariance for batches with replacement: (m-b)/(m-1) is missing"
            if not replaced
            else "the covariance for batches without replacement: (m-b)/(m-1) once too often",
            point * float(noise.factor(m, b, wrong)),
            f"'sampling': {wrong!r}",
        )
    yield Candidate("the covariance of one point's gradient: the batch size plays no part", point)
    yield Candidate("the covariance of the sum over the batch: b^2 too much", right * b * b)
    yield Candidate("the covariance of the gradient of the summed loss: m^2 too much",
                    right * m * m)  # fmt: skip
    yield Candidate("divided by m in place of b", point / m)
    yield Candidate("divided by b^2 in place of b", right / b)
    yield Candidate("(m-b)/(b m) goes with the sample covariance, here it multiplies the "
                    "population's", point * (m - b) / (b * m))  # fmt: skip
    if m > 1:
        sample = m / (m - 1)
        yield Candidate("off by exactly a factor m/(m-1): the sample covariance of the points",
                        right * sample)  # fmt: skip
        if not replaced:
            yield Candidate("the sample covariance of the points over b, as with replacement",
                            point * sample / b)  # fmt: skip
        yield Candidate("the sample covariance of one point's gradient: the batch size plays no "
                        "part", point * sample)  # fmt: skip
    square = moment - point
    yield Candidate("the second moment of the batch's gradient: G G^T is not subtracted",
                    right + square)  # fmt: skip
    yield Candidate("the second moment of one point's gradient over b: G G^T is not subtracted",
                    moment / b)  # fmt: skip
    yield Candidate("the second moment of one point's gradient: G G^T is not subtracted", moment)
    yield Candidate("only the diagonal is there", np.diag(np.diag(right)))
    yield Candidate("the correlation of the batches' gradients", _correlation(right))
    yield Candidate("the covariance of the other activation",
                    float(scale) * floats(noise.covariance(other, chances))
                    * float(noise.factor(m, b, sampling)))  # fmt: skip


def _correlation(matrix: Floats) -> Floats:
    scale = np.sqrt(np.outer(np.diag(matrix), np.diag(matrix)))
    return np.divide(matrix, scale, out=np.zeros_like(matrix), where=scale > 0)


def _sizes(m: int) -> tuple[int, ...]:
    return tuple(dict.fromkeys((1, min(2, m), m)))


def _values(session: Session) -> Iterator[Finding]:
    sampling = session.conventions.sampling
    if session.stochastic("gradient_noise") or sampling in UNJUDGED:
        return
    scale = session.conventions.loss_scale**2
    for problem in session.problems():
        w, data = session.received(problem.w), session.received(problem.data)
        m, n = problem.m, problem.n
        size = float(scale) * covariance_size(point_sizes(w, data))
        for b in _sizes(m):
            # A target that enumerates adds up this many batches. Three times the operations of a
            # gradient: one for each factor of a product, one for the products' sum and factors.
            terms = m + (m**b if sampling == "with-replacement" else math.comb(m, b))
            bound = 3 * bounds.rounding(size, n, terms, session.dtype)
            for activation in session.activations:
                answer = session.call(
                    "gradient_noise", w=problem.w, data=problem.data, b=b, activation=activation,
                    seed=0,
                )  # fmt: skip
                gradients = references.point_gradients(w, data, activation)
                _, exact = noise.mean_and_covariance(gradients, b, sampling)
                finding = answer.against(
                    f"{problem.id}, b = {b}, {activation}",
                    tuple(tuple(scale * x for x in row) for row in exact),
                    bound, f"3 x {bounds.reason(n, terms, session.dtype)}",
                    group=activation, scalars={"m": m, "n": n, "b": b},
                )  # fmt: skip
                yield (
                    finding
                    if finding.holds
                    else _explained(finding, problem, gradients, activation, b, session)
                )


def _explained(
    finding: Finding,
    problem: ServedProblem,
    gradients: Matrix,
    activation: str,
    b: int,
    session: Session,
) -> Finding:
    w, data = session.received(problem.w), session.received(problem.data)
    other = references.point_gradients(w, data, "relu" if activation == "linear" else "linear")
    found = _candidates(
        gradients, other, b, session.conventions.sampling, session.conventions.loss_scale**2
    )
    return dataclasses.replace(finding, candidates=tuple(found))


# Estimates per case: enough for the argument about equal estimates below.
REPLICAS, DEEP = 64, 256


def _cases(session: Session) -> tuple[tuple[str, int], ...]:
    cases = (("generic", 2), ("generic square", 2), ("generic", 1), ("correlated", 2))
    return cases[:2] if session.quick else cases


def _estimates(session: Session) -> Iterator[Finding]:
    declared, sampling = session.stochastic("gradient_noise"), session.conventions.sampling
    if declared is None or sampling in UNJUDGED:
        return
    served = {p.id: p for p in session.problems()}
    cases = [(served[p], b, a) for p, b in _cases(session) for a in session.activations]
    alarm = FALSE_ALARM / sum(p.n**2 for p, _, _ in cases)
    rng, replicas = session.rng("gradient_noise.estimate"), DEEP if session.deep else REPLICAS
    scale = session.conventions.loss_scale
    for problem, b, activation in cases:
        w, data = session.received(problem.w), session.received(problem.data)
        found = [
            session.call("gradient_noise", w=problem.w, data=problem.data, b=b,
                         activation=activation, seed=int(seed))
            for seed in rng.integers(0, 2**31, replicas)
        ]  # fmt: skip
        answers, calls = [a.value for a in found], tuple(a.call for a in found)
        what = f"{problem.id}, b = {b}, {activation}, {replicas} seeds"
        gradients = references.point_gradients(w, data, activation)
        rows, chances = noise.mean_gradients(gradients, b, sampling)
        values, weights = float(scale) * floats(rows), floats(chances)
        size = float(scale) ** 2 * covariance_size(point_sizes(w, data))
        terms = problem.m + declared.samples
        rounding = 3 * bounds.rounding(size, problem.n, terms, session.dtype)
        mean = np.mean(answers, axis=0)
        exact, radius = noise_estimates.covariance_radius(
            values, weights, declared.samples, replicas, alarm
        )
        equal = all(np.array_equal(a, answers[0]) for a in answers)
        drawn = np.abs(mean - exact).max() > rounding.max()
        if equal and drawn and len(set(gradients)) > 2:
            # Given all other draws, an entry of S is a quadratic polynomial of the last one: two of
            # at least three values at most give the same, a chance of 2/3, 1e-11 in 64 seeds.
            yield Finding(
                f"{what}: all equal", 1.0, 0.0, INDICATOR, "1 if all estimates are equal, else 0",
                calls=calls, figure="float((got == got[0]).all())",
                candidates=(Candidate("the seed is ignored: all estimates are equal", 1.0),),
            )  # fmt: skip
            continue
        other = references.point_gradients(w, data, "relu" if activation == "linear" else "linear")
        yield Finding(
            what, mean, exact, radius + rounding,
            f"Bernstein's inequality, false alarm {alarm:.1g} an entry; variance by enumeration of "
            f"{len(rows)} batches",
            group=activation, scalars={"m": problem.m, "b": b, "samples": declared.samples},
            calls=calls, figure="got.mean(axis=0)",
            candidates=tuple(_candidates(gradients, other, b, sampling, scale**2)),
        )  # fmt: skip


CHECKS = (
    OracleCheck(
        id="gradient_noise.values",
        functions=("gradient_noise",),
        statement="the covariance of a batch's mean gradient is that over all batches of the "
        "declared sampling",
        formula="sum_B p_B (g_B - G)(g_B - G)^T, g_B = (1/b) sum_{i in B} grad l_i: (m-b)/(b(m-1)) "
        "of a point's covariance without replacement, 1/b with",
        source="definition; enumeration of all batches in rational arithmetic",
        run=_values,
    ),
    OracleCheck(
        id="gradient_noise.estimate",
        functions=("gradient_noise",),
        statement="the mean of many estimates, each from the declared number of batches, is the "
        "covariance",
        formula="E S = Sigma_b, Var S_pq = Var(x_p x_q) / k + (Sigma_pp Sigma_qq + Sigma_pq^2) / "
        "(k(k-1)), x = g_B - G",
        source="Hoeffding 1948 (variance of a U-statistic); Bernstein's inequality",
        run=_estimates,
        kind="stochastic",
        false_alarm=FALSE_ALARM,
    ),
)
