"""Gaussian starts: where GD and SGD end, by identities of densities, in training, and by hand.

The identities are those of :mod:`whichmin.symbolic.starts`, the numbers those of
:mod:`whichmin.verification.topics.starts.laws`. What is said of Gaussian starts and is false is
refuted from starts that can be followed by hand, at the end.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import stats

from whichmin.core.engines import EngineFactory
from whichmin.core.frames import random_frame, standard_basis
from whichmin.core.hessian import hessian_trace
from whichmin.core.training.result import TrainResult
from whichmin.core.training.trainer import train
from whichmin.symbolic import starts as symbolic
from whichmin.verification.evidence.check import Margin, Settings, check, differs
from whichmin.verification.evidence.exact import follows
from whichmin.verification.evidence.rounding import EPS
from whichmin.verification.evidence.statistics import at_most, frequency, mean_is, same_law
from whichmin.verification.evidence.subject import Subject
from whichmin.verification.topics.starts import laws
from whichmin.words import Activation, EvidenceKind, Kink, Status

__all__ = ["Laws"]

LINEAR, RELU = Activation.LINEAR, Activation.RELU


@functools.lru_cache(maxsize=4)
def starts(n: int, replicas: int, seed: int) -> NDArray[np.float64]:
    """Draw Gaussian vectors and rescale them to norm 1/2: their direction is all that counts.

    Returns:
        Shape ``(replicas, n)``.
    """
    drawn = np.random.default_rng(seed).normal(size=(replicas, n))
    return np.asarray(drawn / (2 * np.linalg.norm(drawn, axis=1, keepdims=True)))


def trained(
    subject: Subject, m: int, n: int, activation: Activation, batch: int | None, settings: Settings
) -> TrainResult:
    """Train from Gaussian starts on a random frame; the same runs are made once.

    Returns:
        The outcome of all replicas.
    """
    # The results of the long version would fill the memory.
    run = _trained.__wrapped__ if settings.deep else _trained
    replicas = 200_000 if settings.deep else 10_000
    return run(subject.engines["compiled"], m, n, activation, batch, replicas, settings.seed)


# Between two checks that ask for the same runs, at most 6 others are made.
@functools.lru_cache(maxsize=8)
def _trained(
    engine: EngineFactory,
    m: int,
    n: int,
    activation: Activation,
    batch: int | None,
    replicas: int,
    seed: int,
) -> TrainResult:
    full = batch is None
    return train(
        random_frame(m, n, seed=seed),
        starts(n, replicas, seed * 1000 + 32 * m + n),
        activation=activation,
        batch_size=batch,
        # alpha = 1/5, the largest that the theory of single steps covers; GD in about 150 steps
        step_size=(m if full else batch or 1) / 5,
        engine=engine,
        tolerance=1e-20 if full else 1e-10,
        check_every=50,
        seed=seed,
    )


def alive(result: TrainResult) -> NDArray[np.bool_]:
    """Find the replicas that reached a minimum: all but the dead ones, or the check fails.

    Returns:
        Shape ``(R,)``.
    """
    dead = np.array([status is Status.DEAD_NEURON for status in result.status])
    stuck = sum(status not in {Status.CONVERGED, Status.DEAD_NEURON} for status in result.status)
    assert stuck == 0, f"{stuck} replicas did not converge"
    return ~dead


# Squared coefficients of the limit are those of the start over their sum, to rounding; the cosine
# with the start is off by the square of the off-span rest, 1e-20. The steepest density here is
# below 20 where it is bounded; at 0, where that of Beta(1/2, .) is not, only relative errors
# occur. So no distribution function moves by more than 1e-8.
SLACK = 1e-8


@dataclass(frozen=True)
class Laws:
    """Laws that the checks compare training with; tests pass wrong ones."""

    start_cosine: Callable[[int, int, Activation], laws.Law] = laws.start_cosine_cdf
    weight: Callable[[int, Any], Any] = lambda s, x: 1 - laws.share_above(1, s, x)
    positive: Callable[[int, Any], Any] = lambda m, x: stats.binom.cdf(x, m, 0.5)
    square_sum: Callable[[int], float] = lambda m: 3 / (m + 2)
    above: Callable[[float, int, Activation], float] = laws.largest_above
    bound: Callable[[float, int, Activation], float] = laws.largest_bound
    point: Callable[[float, int, int], float] = laws.point_bound


TRUE = Laws()


identity = functools.partial(
    check,
    kind=EvidenceKind.IDENTITY,
    bound="exact: residuals of all steps are the literal 0",
)


@identity("gaussian.shares")
def shares() -> Iterator[Margin]:
    """Shares of squared normal coordinates have Beta laws: identities of densities, at each
    point.
    """
    for what, chain in symbolic.shares().items():
        yield follows(what, chain, len(chain.steps))


@identity("gaussian.moments")
def moments() -> Iterator[Margin]:
    """The squared cosine of GD's limit with the start has the derived mean and relative variance,
    and its sum of squared weights the derived mean, for all m and n.
    """
    for what, chain in symbolic.moments().items():
        yield follows(what, chain, len(chain.steps))


@identity("gaussian.positive_set")
def positive_set() -> Iterator[Margin]:
    """|S+| has the generating function ((1+x)/2)^m, from which its moments, the chance of a dead
    start, and the mean of the trace gap follow.
    """
    for what, chain in symbolic.positive_set().items():
        yield follows(what, chain, len(chain.steps))


statistical = functools.partial(
    check,
    kind=EvidenceKind.STATISTICS,
    bound=(
        "a false alarm of 1e-7 a figure: exact binomial tails, Massart's bound of a "
        "Kolmogorov-Smirnov distance, Bernstein's of a mean"
    ),
)


@statistical("gaussian.limits_law", false_alarm=1e-6)  # 6 figures
def limits_law(subject: Subject, settings: Settings, law: Laws = TRUE) -> Iterator[Margin]:
    """In training the squared cosine of GD's limit with a Gaussian start has the law Beta(m/2,
    (n-m)/2), for ReLU the same given |S+| in place of m.
    """
    for m, n, activation in ((4, 32, LINEAR), (16, 32, LINEAR), (8, 32, RELU), (16, 32, RELU)):
        result = trained(subject, m, n, activation, None, settings)
        squares = result.cosine_with_start.numpy()[alive(result)] ** 2
        where = f"cos^2 with the start, {activation}, m = {m}, n = {n}"
        yield same_law(where, squares, law.start_cosine(m, n, activation), SLACK)
        if activation is RELU:
            given = (result.active.sum(1) == m // 2).numpy()[alive(result)]
            cdf = law.start_cosine(m // 2, n, LINEAR)
            yield same_law(f"{where}, given |S+| = {m // 2}", squares[given], cdf, SLACK)
    result = trained(subject, 8, 8, LINEAR, None, settings)
    turned = float((1 - result.cosine_with_start).abs().max())
    # rounding of one cosine, a sum of 8 products
    yield Margin("linear, m = n: GD keeps the direction", turned, 64 * EPS, len(result.start))


@statistical("gaussian.weights_law", false_alarm=2e-6)  # 18 figures
def weights_law(subject: Subject, settings: Settings, law: Laws = TRUE) -> Iterator[Margin]:
    """In training GD's squared weights have the law Beta(1/2, (m-1)/2), for ReLU on S+, |S+| is
    binomial, 2^-m of the starts are dead, m 2^-m end at one point, sum p^2 has mean 3/(m+2).
    """
    for m, n, activation in ((8, 32, LINEAR), (8, 32, RELU), (4, 8, RELU)):
        result = trained(subject, m, n, activation, None, settings)
        lives = alive(result)
        total, where = len(lives), f"{activation}, m = {m}"
        p = result.correlations.numpy() ** 2
        p /= p.sum(1, keepdims=True)
        size = np.where(lives, result.active.sum(1).numpy(), 0)
        if activation is RELU:
            yield same_law(f"{where}: |S+|", size.astype(float), functools.partial(law.positive, m))
            dead = float(law.positive(m, 0))
            yield frequency(f"{where}: dead", int((size == 0).sum()), total, dead)
            single = float(law.positive(m, 1)) - dead
            yield frequency(f"{where}: one point alone", int((size == 1).sum()), total, single)
        s = m if activation is LINEAR else m // 2
        chosen = np.sort(np.where(result.active.numpy(), p, -1.0)[size == s], axis=1)[:, -s:]
        # A random one of the s coefficients: the law is the same for each, not for sorted ones.
        pick = np.random.default_rng(settings.seed).integers(s, size=len(chosen))
        one = chosen[np.arange(len(chosen)), pick]
        yield same_law(f"{where}, |S+| = {s}: p_i", one, functools.partial(law.weight, s), SLACK)
        # sum p^2 lies between 1/s and 1, so its variance is at most (1 - E)(E - 1/s)
        mean = law.square_sum(s)
        spread = (1 - mean) * (mean - 1 / s)
        found = (chosen**2).sum(1)
        name = f"{where}, |S+| = {s}: sum of p_i^2"
        yield mean_is(name, float(found.mean()), len(found), mean, spread, 1.0, SLACK)
        largest = p[lives].max(1)
        for t in (0.5, 0.8):
            count = int((largest > t).sum())
            chance = law.above(t, m, activation)
            yield frequency(f"{where}: max p_i > {t}", count, len(largest), chance)


@statistical("gaussian.bounds_hold", false_alarm=1e-6)  # 6 figures
def bounds_hold(subject: Subject, settings: Settings, law: Laws = TRUE) -> Iterator[Margin]:
    """In training the largest weight of GD's limit obeys the union bounds."""
    for m, n, activation in ((32, 40, LINEAR), (64, 80, RELU)):
        result = trained(subject, m, n, activation, None, settings)
        largest = (result.correlations.numpy() ** 2)[alive(result)].max(1)
        for share in (0.5, 0.75, 1.0):
            t = share * (4 if activation is LINEAR else 8) * math.log(m) / (m - 1)
            chance = min(1.0, law.bound(min(t, 1.0), m, activation))
            count, total = int((largest >= t).sum()), len(result.start)
            yield at_most(f"{activation}, m = {m}: max p_i >= {t:.3f}", count, total, chance)


@statistical("gaussian.sgd_start", false_alarm=1e-6)  # 3 figures
def sgd_start(subject: Subject, settings: Settings, law: Laws = TRUE) -> Iterator[Margin]:
    """In training SGD ends at one data point, whose cosine with the start it has."""
    for m, n, batch, activation in ((3, 3, 1, LINEAR), (8, 32, 1, RELU), (8, 32, 7, LINEAR)):
        result = trained(subject, m, n, activation, batch, settings)
        lives = torch.from_numpy(alive(result))
        where = f"{activation}, m = {m}, n = {n}, b = {batch}"
        short = float((1 - result.cosine[lives].abs()).max())
        # all other squared correlations and the loss gap are at most 1e-10
        yield Margin(f"{where}: cosine with a data point", short, 1e-9, int(lives.sum()))
        cosines = (result.start @ result.data.points.T)[lives] * 2  # starts have norm 1/2
        own = cosines[torch.arange(len(cosines)), result.winner[lives]].abs()
        wrong = float((own - result.cosine_with_start[lives].abs()).abs().max())
        # the limit is off by at most sqrt(2e-10 m + 1e-10)
        yield Margin(f"{where}: the winner's cosine", wrong, 1e-4, len(own))
        best = (cosines**2).max(1).values.numpy()
        t = 4 * math.log(m) / (n - 1)
        if t < 1:
            count = int((own.numpy() ** 2 >= t).sum())
            name = f"{where}: cos^2 with the start >= {t:.3f}"
            yield at_most(name, count, len(result.start), law.point(t, m, n))
        if m == n:
            chance = m * float(laws.share_above(1, n, 0.5))
            count = int((best > 0.5).sum())
            yield frequency(f"{where}: a point within 45 degrees", count, len(best), chance)


@statistical("gaussian.gaps", false_alarm=1e-7)  # 1 figure
def gaps(subject: Subject, settings: Settings, excess: float = 0.0) -> Iterator[Margin]:
    """The Hessian's traces at the trained limits of SGD and GD differ by (|S+|-1)/(2m) for kappa =
    1/2, over Gaussian starts by 1/(4(1-2^-m)) - 1/(2m) in the mean, never by more than 1/2 -
    1/(2m).
    """
    m, n = 8, 32
    dense = trained(subject, m, n, RELU, None, settings)
    sparse = trained(subject, m, n, RELU, 1, settings)
    lives = np.flatnonzero(alive(dense))
    size = dense.active.sum(1).numpy()
    for r in lives[:20]:
        found = [
            hessian_trace(
                result.weights[r], result.data, activation=RELU, kink=Kink.MEAN,
                kink_width=result.kink_width,
            )
            for result in (sparse, dense)
        ]  # fmt: skip
        told = float(subject.forms["sharpness.trace_difference"](k=size[r], kappa=0.5, m=m))
        # weights are within sqrt(2e-10 m + 1e-10) of the limits, entries of H move by 8 times that
        allowed = 8 * n * 1e-4 / m
        yield Margin(f"gap of replica {r}", abs(found[0] - found[1] - told), allowed)
    gap = (size[lives] - 1) / (2 * m)
    mean = 1 / (4 * (1 - 2.0**-m)) - 1 / (2 * m) + excess
    # |S+| has variance m/4; given that it is not 0, at most that over the chance of it
    variance = m / 4 / (1 - 2.0**-m) / (2 * m) ** 2
    yield mean_is("mean gap", float(gap.mean()), len(gap), mean, variance, 0.5)
    above = max(0.0, float(gap.max()) - (0.5 - 1 / (2 * m)))
    yield Margin("gaps above 1/2 - 1/(2m)", above, 4 * EPS, len(gap))


# Runs end with squared distances below 1e-12; quadrature and SciPy's Beta law are good to 1e-8.
CLOSE = 1e-5


def _gd(subject: Subject, w0: list[float], m: int, activation: Activation) -> TrainResult:
    return train(
        standard_basis(m, len(w0)), w0, activation=activation, batch_size=None,
        step_size=m / 5, tolerance=1e-14, engine=subject.engines["reduced"],
    )  # fmt: skip


counterexample = functools.partial(
    check,
    kind=EvidenceKind.COUNTEREXAMPLE,
    bound="1e-5, more than the distance that a tolerance of 1e-12 leaves; small chances as stated",
)


@counterexample("gaussian.turned")
def turned(subject: Subject, expected: float = 1.0) -> Iterator[Margin]:
    """With m = n/2 GD turns the weights by 45 degrees (linear) and 60 degrees (ReLU)."""
    found = float(_gd(subject, [0.25] * 4, 2, LINEAR).cosine_with_start[0])
    yield differs("linear, m = 2, n = 4: cosine of limit and start", expected, found, CLOSE)
    signs = [0.1, -0.1, 0.1, -0.1, 0.1, 0.1, 0.1, 0.1]
    found = float(_gd(subject, signs, 4, RELU).cosine_with_start[0])
    yield differs("ReLU, m = 4, n = 8: cosine of limit and start", expected, found, CLOSE)
    for activation in (LINEAR, RELU):
        cdf = laws.start_cosine_cdf(200, 400, activation)
        chance = 1 - float(cdf(0.8**2))
        told = f"{activation}, m = 200, n = 400: chance of a cosine of 0.8 or more "
        told += f"{max(chance, 1e-15):.1e}"
        yield Margin(told, chance, 1e-3, 1, told)


@counterexample("gaussian.rate")
def rate(subject: Subject, factor: float = 10.0) -> Iterator[Margin]:
    """For m = 100 and n = 10^6 the cosine of GD's limit with the start exceeds 10 m/n.

    The cosine with the start is of the order of the root of m/n.
    """
    found = float(_gd(subject, [1 / 64] * 1024, 4, LINEAR).cosine_with_start[0])
    yield differs("m = 4, n = 1024, equal coordinates: cosine", 4 / 1024, found, CLOSE)
    for activation in (LINEAR, RELU):
        cdf = laws.start_cosine_cdf(100, 1_000_000, activation)
        chance = float(cdf((factor * 1e-4) ** 2))
        told = (
            f"{activation}, m = 100, n = 10^6: chance of a cosine up to {factor:g} m/n {chance:.1e}"
        )
        yield Margin(told, chance, 1e-7, 1, told)


@counterexample("gaussian.uneven")
def uneven(subject: Subject, factor: float = 2.0) -> Iterator[Margin]:
    """The weights of GD's limit differ: that all 8 are within a factor 2 of each other is rare.

    GD keeps the ratios of the start, and those of a Gaussian start are not near 1.
    """
    c = _gd(subject, [0.5, 0.05], 2, LINEAR).correlations[0]
    yield differs("linear, from (0.5, 0.05): ratio of the weights", 1.0, float(c[0] / c[1]), CLOSE)
    chance = laws.all_within(factor, 8)
    told = f"chance that no weight of 8 is {factor:g} times another: {chance:.1e}"
    yield Margin(told, chance, 1e-3, 1, told)


@counterexample("gaussian.missing")
def missing(subject: Subject, w0: tuple[float, ...] = (0.5, -0.3)) -> Iterator[Margin]:
    """The limit of GD with ReLU has no part of points that have a negative start correlation."""
    c = _gd(subject, list(w0), 2, RELU).correlations[0]
    yield Margin("weight of the second point in the limit", abs(float(c[1])), CLOSE)
    yield differs(
        "its weight if the limit were the projection",
        0.3 / math.hypot(0.5, 0.3),
        abs(float(c[1])),
        CLOSE,
    )


@counterexample("gaussian.diagonal")
def diagonal(subject: Subject, settings: Settings, claimed: float = 0.0) -> Iterator[Margin]:
    """For n = m = 2 SGD's limit is 45 degrees away from a diagonal start."""
    result = train(
        np.eye(2), np.full((100, 2), 0.35), batch_size=1, step_size=0.2, seed=settings.seed,
        engine=subject.engines["reduced"],
    )  # fmt: skip
    cosines = result.cosine_with_start
    won = np.bincount(result.winner.numpy(), minlength=2)
    yield Margin(
        f"runs that end at {won.tolist()}, all at a point",
        float((result.cosine < 1 - CLOSE).sum()),
        0.5,
    )
    for end in (cosines.min(), cosines.max()):
        yield differs("n = m = 2: cosine of SGD's limit with the start", claimed, float(end), CLOSE)
