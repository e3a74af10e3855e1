"""The script at the end of the article by aitrendblend (2025): its listing and expected output.

Exact bounds come first, then replicas: the script, run many times.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable, Iterator
from fractions import Fraction

import numpy as np
import sympy as sp
import torch
from numpy.typing import NDArray

from whichmin.core.frames import random_frame
from whichmin.core.training.result import TrainResult
from whichmin.core.training.trainer import train
from whichmin.symbolic import starts as symbolic
from whichmin.verification.evidence.check import Margin, Settings, check, differs
from whichmin.verification.evidence.statistics import (
    clopper_pearson,
    frequency,
    quantile_interval,
    same_law,
)
from whichmin.verification.evidence.subject import Subject
from whichmin.verification.topics.starts import laws
from whichmin.verification.topics.starts.words import ASCII, LINES
from whichmin.words import Activation, EvidenceKind, Status

__all__ = ["largest_tail", "start_tail"]

M, N, STEP_SIZE, STEPS = 8, 32, Fraction(1, 20), 8000
NORM = Fraction(2, 3)


def _compiles(line: str) -> bool:
    try:
        compile(line, "listing", "exec")
    except SyntaxError:
        return False
    return True


COUNTED = "counted: 0 allowed, written as 1/2"


@check(
    "script.listing",
    EvidenceKind.COUNTEREXAMPLE,
    bound=COUNTED,
    shows=("not accepted(line)", "accepted(in_ascii(line))"),
)
def listing(lines: tuple[str, ...] = LINES) -> Iterator[Margin]:
    """Python refuses lines with the listing's typographic quotes and dashes, and accepts the same
    lines in ASCII.
    """
    accepted = sum(_compiles(line) for line in lines)
    told = f"Python accepts {accepted} of {len(lines)} lines with typographic quotes or dashes"
    yield Margin(told, float(accepted), 0.5, len(lines), told)
    refused = sum(not _compiles(line.translate(ASCII)) for line in lines)
    yield Margin("the same lines in ASCII that it refuses", float(refused), 0.5, len(lines))


@check(
    "script.recipe",
    EvidenceKind.IDENTITY,
    bound="exact numbers",
    shows=("1/20 <= 1/5", "1/(3/2) == 2/3 < 1", "1 < 8"),
)
def recipe(step: Fraction = STEP_SIZE, divisor: Fraction = 1 / NORM) -> Iterator[Margin]:
    """The listing's start has norm 2/3, its step size is 1/20, its batch is smaller than m.

    The theory's hypotheses: step size at most 1/5, norm below 1, b < m <= n.
    """
    norm = sp.Symbol("norm", positive=True)
    after = sp.simplify(norm / (norm * sp.Rational(divisor)))
    yield Margin(f"norm of the start, {after}, at most 1", float(after), 1 - 1e-9)
    yield Margin("step size", float(step), 0.2)
    yield Margin("largest batch with b < m <= n", 1.0, float(min(M - 1, N - 1)))
    exact = after == sp.Rational(2, 3) and Fraction(step) == Fraction(1, 20) and M == 8
    yield Margin("norm 2/3, step size 1/20 and m = 8, as stated", 1.0 - exact, 0.0)


@check(
    "script.sampler",
    EvidenceKind.STATISTICS,
    bound="a false alarm of 1e-7 a figure: exact binomial tails",
    false_alarm=5e-6,  # 44 figures
)
def sampler(
    settings: Settings, draw: Callable[[int, int, torch.Generator], torch.Tensor] | None = None
) -> Iterator[Margin]:
    """The first b places of a random permutation hold every subset of size b equally often."""

    def listed(m: int, b: int, generator: torch.Generator) -> torch.Tensor:
        return torch.randperm(m, generator=generator)[:b]

    generator = torch.Generator().manual_seed(settings.seed)
    total = 200_000 if settings.deep else 20_000
    for b in (1, 2, M - 1):
        subsets = list(itertools.combinations(range(M), b))
        where = {s: k for k, s in enumerate(subsets)}
        counts = [0] * len(subsets)
        for _ in range(total):
            subset = tuple(sorted((draw or listed)(M, b, generator).tolist()))
            if subset in where:
                counts[where[subset]] += 1
        yield Margin(f"b = {b}: draws that are no subset", float(total - sum(counts)), 0.5, total)
        yield max(
            (frequency(f"b = {b}: {s}", k, total, 1 / len(subsets)) for s, k in
             zip(subsets, counts, strict=True)),
            key=lambda margin: margin.ratio,
        )  # fmt: skip


def start_tail(x: Fraction, m: int = M, n: int = N) -> Fraction:
    """Compute the chance that m of n squared normal numbers make up a share of at least x, exactly.

    The numbers m and n are even. A Beta law with integer parameters is a binomial one:
    ``P(Beta(a, d) >= x) = P(Bin(a + d - 1, x) <= a - 1)``.

    Args:
        x: The share.
        m: Number of the coordinates.
        n: Number of all coordinates.

    Returns:
        The chance, exactly.
    """
    a, last = m // 2, n // 2 - 1
    terms = [math.comb(last, j) * x**j * (1 - x) ** (last - j) for j in range(a)]
    return Fraction(sum(terms))


@check(
    "script.gd_start",
    EvidenceKind.CERTIFICATE,
    bound="fractions; polynomials are compared symbolically",
)
def gd_start(tail: Callable[[Fraction], Fraction] = start_tail) -> Iterator[Margin]:
    """If the neuron is not dead, GD's cosine with the start is 0.985 or more with probability below
    1e-15: even the share of all 8 points, of law Beta(4, 12), is that large no more often.

    The binomial sum is the Beta tail; at 0.985^2 it is tiny.
    """
    x = sp.Symbol("x")
    a, d = M // 2, (N - M) // 2
    total = sum(sp.binomial(a + d - 1, j) * x**j * (1 - x) ** (a + d - 1 - j) for j in range(a))
    rest = sp.expand(sp.diff(total, x) + symbolic.beta_density(sp.Integer(a), sp.Integer(d), x))
    yield Margin("slope of the sum plus the density", float(rest != 0), 0.5)
    yield Margin("the sum at 1", abs(float(total.subs(x, 1))), 0.5)
    for place in (Fraction(1, 10), Fraction(1, 2)):
        gap = tail(place) - Fraction(str(total.subs(x, sp.Rational(place))))
        yield Margin(f"the fraction at {place}", float(abs(gap)), 1e-300)
    chance = tail(Fraction(985, 1000) ** 2)
    told = (
        f"chance of a cosine of 0.985 or more with the start, not dead: below {float(chance):.1e}"
    )
    yield Margin(told, float(chance), 1e-15, 1, told)


def largest_tail(cosine: Fraction, m: int = M) -> Fraction:
    """Bound the chance that all of m = 8 squared weights are at most ``cosine^2``, all active.

    With ``u = cosine^2`` and ``p_i = u - q_i``: the q_i are not negative and sum to ``8u - 1``, a
    simplex of volume ``(8u - 1)^7 / 7!``; every ``p_i >= 1 - 7u``, so that the density
    ``Gamma(4) / pi^4 prod p_i^(-1/2)`` is at most ``6 / (pi (1 - 7u))^4``, and pi > 3. The chance
    that all are active is ``2^-8``.

    Args:
        cosine: The largest cosine.
        m: Number of points, 8.

    Returns:
        The bound, exactly.
    """
    assert m == 8, "the density is that of eight points"
    u = cosine**2
    if m * u <= 1:
        return Fraction(0)
    volume = (m * u - 1) ** (m - 1) / math.factorial(m - 1)
    return Fraction(6 / (3 * (1 - (m - 1) * u)) ** 4 * volume / 2**m)


@check("script.gd_largest", EvidenceKind.CERTIFICATE, bound="fractions, with pi > 3")
def gd_largest(tail: Callable[[Fraction], Fraction] = largest_tail) -> Iterator[Margin]:
    """If the neuron is not dead, GD's largest cosine is below 0.355 with probability below 1e-16.

    Seven or fewer active points give at least 1/sqrt 7; eight equal ones never happen.
    """
    top = Fraction(355, 1000)
    yield Margin("0.355^2 against the smallest largest weight of 7 points", float(top**2), 1 / 7)
    chance = tail(top)
    told = f"chance that GD's largest cosine is below 0.355, not dead: below {float(chance):.1e}"
    yield Margin(told, float(chance), 1e-16, 1, told)
    # 0.353^2 < 1/8
    yield Margin("the bound at the least possible value", float(tail(Fraction(353, 1000))), 1e-300)


def _run(
    subject: Subject,
    settings: Settings,
    batch: int | None,
    replicas: int,
    steps: int = STEPS,
    size: Fraction = STEP_SIZE,
) -> tuple[TrainResult, NDArray[np.bool_]]:
    """Run the recipe from Gaussian starts.

    Returns:
        The outcome, and which replicas were not dead.
    """
    drawn = np.random.default_rng(settings.seed).normal(size=(replicas, N))
    result = train(
        random_frame(M, N, seed=settings.seed),
        float(NORM) * drawn / np.linalg.norm(drawn, axis=1, keepdims=True),
        activation=Activation.RELU, batch_size=batch, step_size=float(size), max_steps=steps,
        # one test at the end: the listing takes all its steps
        check_every=steps, tolerance=1e-300, engine=subject.engines["compiled"],
        seed=settings.seed,
    )  # fmt: skip
    return result, np.array([status is not Status.DEAD_NEURON for status in result.status])


ABOVE = functools.partial(laws.largest_above, m=M, activation=Activation.RELU)
START = laws.start_cosine_cdf(M, N, Activation.RELU)


CHANCE = "a false alarm of 1e-7 a figure: exact binomial tails, Massart's bound of a distance"


@check("script.gd", EvidenceKind.STATISTICS, bound=CHANCE, false_alarm=1e-6)  # 3 figures
def gd(
    subject: Subject,
    settings: Settings,
    above: Callable[[float], float] = ABOVE,
    cdf: laws.Law = START,
) -> Iterator[Margin]:
    """In replicas of the listing's GD the largest cosine is at least 1/sqrt|S+| and has the median
    of the exact law, and the cosine with the start has the exact law.
    """
    result, lives = _run(subject, settings, None, 200_000 if settings.deep else 10_000)
    largest = result.cosine.abs().numpy()[lives]
    start = result.cosine_with_start.abs().numpy()[lives]
    size = result.active.sum(1).numpy()[lives]
    # 8,000 steps shrink the distance by (1 - eta/m)^8000 = exp(-50); the rest is rounding
    below = float(np.maximum(0, 1 / np.sqrt(size) - largest).max())
    yield Margin("largest cosine below 1/sqrt|S+|", below, 1e-8, len(largest))
    median = laws.quantile(lambda x: 1 - above(x), 0.5, 0.5, 0.99) ** 0.5
    low, high = quantile_interval(largest, 0.5)
    told = f"median {median:.4f} of the law, [{low:.4f}, {high:.4f}] in training"
    yield frequency(
        f"largest cosine above {told}", int((largest > median).sum()), len(largest), 0.5
    )
    yield same_law("cos^2 with the start", start**2, cdf, 1e-8)
    median = laws.quantile(cdf, 0.5, 0.0, 1.0) ** 0.5
    told = f"median of the law {median:.4f}"
    yield frequency(
        f"cosine with the start above {told}", int((start > median).sum()), len(start), 0.5
    )


# (what, threshold, chance that it is reached); measured in the deep version
ARRIVED = (
    ("is at least", 0.995, 0.528),
    ("is at least", 0.99995, 0.1665),
    ("exceeds", 0.958, 0.75),
)


@check(
    "script.sgd",
    EvidenceKind.STATISTICS,
    bound=CHANCE + "; the rounding of the chances as stated, 0.01, and of the median, 0.02",
    false_alarm=1e-6,  # 7 figures
)
def sgd(
    subject: Subject,
    settings: Settings,
    arrived: tuple[tuple[str, float, float], ...] = ARRIVED,
    median: float = 0.229,
) -> Iterator[Margin]:
    """After 8,000 steps replicas of the listing's SGD are at one point as often as stated, and
    their cosine with the start is as stated.
    """
    result, lives = _run(subject, settings, 1, 400_000 if settings.deep else 100_000)
    largest = result.cosine.abs().numpy()[lives]
    start = result.cosine_with_start.abs().numpy()[lives]
    total = len(largest)
    for what, threshold, chance in arrived:
        count = int((largest >= threshold).sum())
        yield frequency(f"largest cosine {what} {threshold}", count, total, chance, 0.01)
    count = int((largest >= 0.995).sum())
    low, high = clopper_pearson(count, total)
    yield differs("chance of a largest cosine of 1.00", 1.0, count / total, (high - low) / 2)
    count = int((start > median).sum())
    yield frequency(f"|cosine with the start| exceeds {median}", count, total, 0.5, 0.02)
    count = int((start < 0.055).sum())
    yield frequency("|cosine with the start| is below 0.055", count, total, 0.0285, 0.01)
    low, high = clopper_pearson(count, total)
    yield differs("chance of that", 1.0, count / total, (high - low) / 2)
    rate = float(subject.forms["dynamics.separation_rate"](alpha=float(STEP_SIZE), b=1, m=M))
    told = f"the ratio to a winner shrinks by exp({rate * STEPS:.3f}) in {STEPS} steps"
    yield Margin(told, abs(rate * STEPS + 2.503), 5e-4, 1, told)


@check(
    "script.steps",
    EvidenceKind.STATISTICS,
    bound="2 in 100, for the upper end of an interval of confidence 1 - 1e-7",
    false_alarm=2e-7,  # 2 figures
)
def steps(
    subject: Subject,
    settings: Settings,
    least: float = 0.98,
    cases: tuple[tuple[int, Fraction], ...] = ((48_000, STEP_SIZE), (STEPS, Fraction(1, 5))),
) -> Iterator[Margin]:
    """With 48,000 steps in place of 8,000, or steps of size 1/5, the largest cosine of the
    listing's SGD is at least 0.995 in more than 98 of 100 runs.
    """
    for steps, size in cases:
        replicas = 100_000 if settings.deep else 10_000
        result, lives = _run(subject, settings, 1, replicas, steps, size)
        count = int((result.cosine.abs().numpy()[lives] < 0.995).sum())
        total = int(lives.sum())
        low, high = clopper_pearson(count, total)
        told = (
            f"after {steps} steps of {size} the largest cosine is below 0.995 in {count} of "
            f"{total} runs [{low:.5f}, {high:.5f}]"
        )
        yield Margin(told, high, 1 - least, total, told)
