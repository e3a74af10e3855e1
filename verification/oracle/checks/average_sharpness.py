"""Check the mean rise of the loss under Gaussian noise on the weights, exact or from samples."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from whichmin.verification.oracle import bounds, gaussian_rise, noise_estimates, references
from whichmin.verification.oracle.chances import upper_quantile
from whichmin.verification.oracle.check import Candidate, Finding, OracleCheck
from whichmin.verification.oracle.references import Matrix, Vector
from whichmin.verification.oracle.rises import basis, rise_bound
from whichmin.verification.oracle.session import Session
from whichmin.verification.oracle.target import LossOf

__all__ = ["CHECKS"]

F = Fraction
Floats = NDArray[np.float64]
_NAME = "average_sharpness"
# Number of points, weights: the data are the first vectors of the standard basis.
_PLACES: tuple[tuple[str, int, Vector], ...] = (
    ("SGD's minimum, w = a_1", 3, (F(1), F(0), F(0), F(0), F(0))),
    ("GD's minimum on 4 of 5 points", 5, (F(1, 2),) * 4 + (F(0),) * 2),
    ("no minimum, of both signs", 3, (F(3, 4), F(-1, 2), F(1, 4), F(-1, 2))),
)
_SIZES = (F(1, 8), F(1, 2))
# Where estimates are judged: with more noise, or far from a minimum, their spread hides mistakes.
_ESTIMATED = (F(1, 8), F(1, 4))
# The one size of each place in a quick session.
_QUICK = dict(zip((name for name, _, _ in _PLACES), _ESTIMATED, strict=False))
# Estimates per case. A case has two figures, a median and a count, of which a right target fails
# each with a chance below 1e-9; there are at most 12 cases.
REPLICAS, DEEP = 64, 256
FALSE_ALARM = 1e-7
_ALARM = 1e-9
_SEED = "the seed has no influence: every estimate is the same"
_FEW = "as spread as a few draws: a draw is used again, or most are left out"


@dataclass(frozen=True)
class _Case:
    """A place, a size of the noise and an activation, as the target receives them."""

    name: str
    m: int
    weights: Vector
    w: Vector
    size: Fraction
    sigma: Fraction
    activation: str

    @property
    def data(self) -> Matrix:
        return basis(self.m, len(self.w))

    @property
    def what(self) -> str:
        return f"{self.name}, sigma = {self.size}, {self.activation}"

    @property
    def call(self) -> dict[str, Any]:
        return {"loss": LossOf(self.data, self.activation), "w": self.weights, "sigma": self.size}

    @property
    def scalars(self) -> dict[str, int]:
        return {"m": self.m, "n": len(self.w)}

    @property
    def own(self) -> Fraction:
        return references.loss(self.w, self.data, self.activation) / self.m

    @property
    def floats(self) -> list[float]:
        return [float(x) for x in self.w]

    @property
    def exact(self) -> Fraction:
        return gaussian_rise.mean_rise(self.w, self.data, self.activation, self.sigma)

    def bound(self, dtype: str) -> float:
        # A mean of products of 4 factors is at most the product of the fourth moments' roots, and
        # that of |w_i| + sigma |g| is at most |w_i| + 3^(1/4) sigma; 3^(1/4) < 4/3.
        far = tuple(abs(x) + self.sigma * 4 / 3 for x in self.w)
        return rise_bound(far, self.data, dtype)


def _cases(session: Session, places: int, sizes: tuple[Fraction, ...]) -> Iterator[_Case]:
    for name, m, weights in _PLACES[:places]:
        for size, activation in itertools.product(sizes, session.activations):
            w, sigma = session.received(weights), session.received(size)
            yield _Case(name, m, weights, w, size, sigma, activation)


def _noises(case: _Case) -> tuple[tuple[str, Fraction], ...]:
    """Standard deviations that may be taken for sigma."""
    sigma, n = case.sigma, len(case.w)
    return (
        ("the noise has the standard deviation sigma^2", sigma * sigma),
        ("the noise has the variance sigma: its root is the standard deviation",
         F(math.sqrt(sigma))),
        ("the noise has the length sigma in all, not the standard deviation sigma in each "
         "coordinate", sigma / F(math.sqrt(n))),
        ("the noise is multiplied by sqrt(n)", sigma * F(math.sqrt(n))),
        ("the noise is uniform from -sigma to sigma: its standard deviation is sigma / sqrt(3)",
         sigma / F(math.sqrt(3))),
        ("the noise has twice the standard deviation", 2 * sigma),
        ("the noise has half the standard deviation", sigma / 2),
    )  # fmt: skip


def _mistakes(case: _Case) -> Iterator[Candidate]:
    for text, other in _noises(case):
        yield Candidate(text, gaussian_rise.mean_rise(case.w, case.data, case.activation, other))
    yield from _others(case)


def _others(case: _Case) -> Iterator[Candidate]:
    exact, own, sigma = case.exact, case.own, case.sigma
    relative = [abs(float(x)) * float(sigma) for x in case.w]
    yield Candidate("the noise is multiplied by the weights: sigma |w_i|",
                    gaussian_rise.law(case.floats, case.m, case.activation, relative)[0]
                    )  # fmt: skip
    trace = references.trace(case.w, case.data, case.activation, F(1, 2)) / case.m
    yield Candidate("second order alone: sigma^2 / 2 times the trace of the Hessian",
                    sigma * sigma / 2 * trace)  # fmt: skip
    yield Candidate("the mean loss itself: loss(w) is not subtracted", exact + own)
    yield Candidate("relative to 1 + loss", exact / (1 + own))
    yield Candidate("relative to the loss", exact / own)
    yield Candidate("in percent of 1 + loss", 100 * exact / (1 + own))


def _values(session: Session) -> Iterator[Finding]:
    if session.stochastic(_NAME) is not None:
        return
    for case in _cases(session, 2 if session.quick else 3, _SIZES):
        yield session.call(_NAME, **case.call, seed=session.seed).against(
            case.what, case.exact, case.bound(session.dtype),
            f"twice {bounds.reason(len(case.w), case.m, session.dtype)}", group=case.activation,
            scalars=case.scalars, candidates=functools.partial(_mistakes, case),
        )  # fmt: skip


def _outside(replicas: int) -> int:
    """Most of some estimates that lie where each does with a chance of at most 1/8."""
    return upper_quantile(_ALARM, replicas, noise_estimates.MEDIAN_TAIL) + 1


def _wrong_estimates(
    case: _Case, values: Floats, deviation: float, samples: int
) -> Iterator[Candidate]:
    """First whether they are too spread for their size: the median of a skew law is not its mean.

    Args:
        case: The case.
        values: The estimates.
        deviation: The standard deviation of a right one.
        samples: Number of draws of an estimate.

    Yields:
        The mistakes.
    """
    median = float(np.median(values))
    spread = float(np.median(np.abs(values - median)))
    # Wrong noise changes size and spread alike, within a factor of 4; k draws in one make sqrt(k).
    few = spread * float(case.exact) > 4 * deviation * abs(median)
    yield Candidate(_FEW, median if few else np.nan)
    for text, other in _noises(case):
        sigmas = [float(other)] * len(case.w)
        mean, variance = gaussian_rise.law(case.floats, case.m, case.activation, sigmas)
        # A normal law has half its values within 0.67 deviations. Half of 64 tell that to a fifth;
        # a factor of 2 leaves room for skew, and for draws that are not Gaussian. Draws in pairs
        # of both signs spread less.
        usual = 0.67 * math.sqrt(variance / samples)
        yield Candidate(text, mean if spread <= 2 * usual else np.nan)
    yield from _others(case)


def _estimated(session: Session) -> Iterator[Finding]:
    declared = session.stochastic(_NAME)
    if declared is None or declared.method != "samples":
        return
    replicas = DEEP if session.deep else REPLICAS
    rng = session.rng(f"{_NAME}.estimate")
    for case in _cases(session, 2, _ESTIMATED):
        if session.quick and case.size != _QUICK[case.name]:
            continue
        first = int(rng.integers(2**30))
        answers = [
            session.call(_NAME, **case.call, seed=seed) for seed in range(first, first + replicas)
        ]
        values = np.array([float(a.value) for a in answers])
        calls, exact = tuple(a.call for a in answers), float(case.exact)
        sigmas = [float(case.sigma)] * len(case.w)
        variance = gaussian_rise.law(case.floats, case.m, case.activation, sigmas)[1]
        deviation, rounding = math.sqrt(variance / declared.samples), case.bound(session.dtype)
        # Cantelli: P(X - E X >= t) <= v / (v + t^2), which is 1/8 for t^2 = 7 v.
        median = Finding(
            f"median of {replicas} estimates, {case.what}", float(np.median(values)), exact,
            math.sqrt(7) * deviation + rounding,
            f"one estimate of {declared.samples} draws lies further off with a chance of at most "
            "1/8 on each side (Cantelli), so half of them hardly ever do",
            group="the median", calls=calls, figure="np.median(got)",
            scalars={**case.scalars, "samples": declared.samples},
            candidates=functools.partial(
                _wrong_estimates, case, values, deviation, declared.samples
            ),
        )  # fmt: skip
        yield median
        if not median.holds:
            continue  # estimates of something else have another spread
        # Chebyshev: P(|X - E X| >= t) <= v / t^2, which is 1/8 for t^2 = 8 v.
        radius = math.sqrt(8) * deviation + rounding
        outside = float((np.abs(values - exact) > radius).sum())
        yield Finding(
            f"how many of {replicas} estimates are off by more than {radius:.3g}, {case.what}",
            outside, 0.0, float(_outside(replicas)),
            f"each is with a chance of at most 1/8 (Chebyshev); chance of more: {_ALARM:g}",
            group="the spread", calls=calls,
            figure=f"float((np.abs(got - {exact!r}) > {radius!r}).sum())",
            candidates=(Candidate(_FEW, outside),) if outside else (),
        )  # fmt: skip


def _seeded(session: Session) -> Iterator[Finding]:
    if session.stochastic(_NAME) is None:
        return
    for case in _cases(session, 1, _SIZES[1:]):
        answers = [session.call(_NAME, **case.call, seed=session.seed + seed) for seed in (0, 0, 1)]
        first, again, other = (float(a.value) for a in answers)
        yield answers[1].against(
            f"second call against the first, {case.what}", first, 2 * case.bound(session.dtype),
            f"four times {bounds.reason(len(case.w), case.m, session.dtype)}", group="one seed",
            candidates=(Candidate("the seed does not decide the estimate", again),),
        )  # fmt: skip
        yield Finding(
            f"whether another seed gives the same, {case.what}", float(first == other), 0.0, 0.5,
            "1 if it does; two estimates of a continuous law never agree", group="two seeds",
            calls=(answers[0].call, answers[2].call), figure="float(got[0] == got[1])",
            candidates=(Candidate(_SEED, float(first == other)),),
        )  # fmt: skip


_FORMULA = (
    "(sigma^2/2) tr H + sigma^4 (n + 2)/(2m) sum_i |a_i|^2 (linear); ReLU: the same over the half "
    "spaces <w + sigma g, a_i> > 0"
)
_SOURCE = "moments of a Gaussian up to order 4; Neyshabur et al., NeurIPS 2017 (expected sharpness)"

CHECKS = (
    OracleCheck(
        id="average_sharpness.values", functions=(_NAME,), formula=_FORMULA, source=_SOURCE,
        statement="the value is the mean rise of the loss under Gaussian noise", run=_values,
    ),
    OracleCheck(
        id="average_sharpness.seed", functions=(_NAME,), source="definition", run=_seeded,
        formula="the same seed, the same value; another seed, another value", kind="stochastic",
        statement="the seed decides the estimate",
    ),
    OracleCheck(
        id="average_sharpness.estimates", functions=(_NAME,), formula=_FORMULA,
        source=f"{_SOURCE}; exact variance; Cantelli, Chebyshev, exact binomial tails",
        statement="the median of many estimates, each from the declared number of draws, is near "
        "the mean rise, and few of them are far from it",
        run=_estimated, kind="stochastic", false_alarm=FALSE_ALARM,
    ),
)  # fmt: skip
