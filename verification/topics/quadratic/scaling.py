"""The linear scaling rule: what it keeps, what it changes, and where it fails."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from fractions import Fraction

from whichmin.verification.evidence.check import Margin, check
from whichmin.verification.evidence.rounding import EPS
from whichmin.verification.evidence.subject import Subject
from whichmin.verification.topics.quadratic.exact import QuadraticCase, cases, moments
from whichmin.verification.topics.quadratic.recursion import EXACT, exactly, value
from whichmin.verification.topics.sgd.rational_sgd import Vector, exact_step
from whichmin.words import Activation, EvidenceKind

__all__ = ["F", "variance"]

F = Fraction
# Rounding of the two numbers shown; they are fractions of size at most 1 otherwise.
ROUNDING = 2.0**-51


def variance(eta: Fraction, size: Fraction, h: Fraction, s: Fraction, steps: int) -> Fraction:
    """Variance after some steps from a point, by the recursion."""
    v = F(0)
    for _ in range(steps):
        v = (1 - eta * h) ** 2 * v + eta**2 * s / size
    return v


@check(
    "scaling.rule",
    EvidenceKind.PROPERTY,
    bound=EXACT,
    cases=cases,
    examples=25,
    forms=(
        "scaling.noise_per_time",
        "scaling.noise_per_step",
        "scaling.stationary_ratio",
        "scaling.mean_ratio",
        "scaling.largest_factor",
    ),
)
def rule(subject: Subject, case: QuadraticCase) -> Iterator[Margin]:
    """On the quadratic, (K eta, K B) keeps the noise per unit of time exactly and changes the means
    and the stationary variance by the ratios derived; sqrt(K) eta keeps that per step.
    """
    forms, K = subject.forms, case.factor
    h, eta, size, s = case.h, case.eta, F(case.size), case.sigma[0][0]
    known: dict[str, Fraction | int] = {
        "h": h,
        "eta": eta,
        "B": size,
        "s": s,
        "K": K,
        "t": case.steps,
    }
    # A step of eta adds eta^2 s/B and takes the time eta; so does one of K eta at K B.
    for step, batch in ((eta, size), (K * eta, K * size)):
        added = variance(step, batch, h, s, 1)
        name = "scaling.noise_per_time"
        yield exactly(name, value(forms[name], **known), added / step)
    name = "scaling.noise_per_step"
    added = value(forms[name], **known)
    yield exactly(name, added, variance(eta, size, h, s, 1))
    # The square-root rule, for factors that are squares.
    yield exactly(f"{name}, K^2", added, variance(K * eta, K**2 * size, h, s, 1))

    # The stationary variance is where the recursion V -> q V + a rests: a/(1 - q).
    def rest(step: Fraction, batch: Fraction) -> Fraction:
        start, once = variance(step, batch, h, s, 1), variance(step, batch, h, s, 2)
        return start / (2 - once / start)

    name = "scaling.stationary_ratio"
    ratio = rest(K * eta, K * size) / rest(eta, size)
    yield exactly(name, value(forms[name], **known), ratio)
    name = "scaling.largest_factor"
    yield exactly(name, abs(1 - value(forms[name], **known) * eta * h), F(1))
    # Whole factors: K t steps and t steps see the same samples.
    for whole in (2, 3):
        fine = F(1)
        for _ in range(whole * case.steps):
            fine *= 1 - eta * h
        coarse = F(1)
        for _ in range(case.steps):
            coarse *= 1 - whole * eta * h
        if fine:
            name = "scaling.mean_ratio"
            found = value(forms[name], **known | {"K": whole})
            yield exactly(name, found, coarse / fine)


@check(
    "scaling.order",
    EvidenceKind.PROPERTY,
    bound="all further terms of the expansion",
    cases=cases,
    examples=20,
    forms=("scaling.stationary_order", "scaling.mean_order"),
)
def order(subject: Subject, case: QuadraticCase) -> Iterator[Margin]:
    """These changes are of first order in eta h for the stationary variance, of second order a step
    for the logarithm of the mean.
    """
    forms, h, K = subject.forms, case.h, 2 + case.size
    for y in (F(1, 2**6), F(1, 2**12)):
        known: dict[str, Fraction | int] = {"h": h, "eta": y / h, "K": K, "t": case.steps}
        ratio = (2 - y) / (2 - K * y)
        name = "scaling.stationary_order"
        # What is left of (K - 1) y/(2 - K y).
        beyond = (K - 1) * K * y**2 / (2 * (2 - K * y))
        yield exactly(name, ratio - 1 - value(forms[name], **known), beyond)
        name = "scaling.mean_order"
        exponent = case.steps * (math.log1p(-K * y) - K * math.log1p(-y))
        # log(1 - z) = -z - z^2/2 - r, 0 <= r <= z^3/(3 (1 - z))
        z = float(K * y)
        beyond_mean = case.steps * (z**3 / (3 * (1 - z)) + K * float(y) ** 3) + 8 * EPS
        error = abs(exponent - float(value(forms[name], **known)))
        yield Margin(name, error, beyond_mean)


@check(
    "scaling.transient",
    EvidenceKind.PROPERTY,
    bound="the bound itself, proved beside the code; rounding of the fractions",
    cases=cases,
    examples=10,
)
def transient(case: QuadraticCase, share: float = 1.0) -> Iterator[Margin]:
    """While the mean decays the rule changes it by at most (b - a)/(e a) of the start, and by less
    than it changes the stationary variance.

    The mean during the whole transient, in units of the start.

    With a = -K log(1 - y) and b = -log(1 - K y), a < b, the means are e^(-a t) and e^(-b t); their
    difference is at most (b - a) t e^(-a t) <= (b - a)/(e a). The stationary variance changes by
    (K - 1) y/(2 - K y), which is more. ``share`` of the bound is allowed, 1 for what is proved.

    Yields:
        The largest difference against that bound, for K y up to 1/2.
    """
    K = 2 + case.size
    y = F(case.steps, 20 * K)
    fine, coarse, worst = F(1), F(1), F(0)
    for _ in range(math.ceil(4 / (K * y))):
        fine, coarse = fine * (1 - y) ** K, coarse * (1 - K * y)
        # Floats would do; fractions of thousands of digits would not.
        fine, coarse = fine.limit_denominator(10**15), coarse.limit_denominator(10**15)
        worst = max(worst, abs(fine - coarse))
    slow, fast = -K * math.log1p(-y), -math.log1p(-K * y)
    # 80 steps, each rounded to a denominator of 10^15
    bound = share * (fast - slow) / (math.e * slow) + 1e-13
    told = f"K = {K}, eta h = {float(y):.3g}: largest difference of the means {float(worst):.3g}"
    yield Margin(told, float(worst), bound)
    stationary = float((K - 1) * y / (2 - K * y))
    yield Margin(f"{told}, stationary variance {stationary:.3g}", float(worst), stationary)


@check(
    "scaling.transient_relative",
    EvidenceKind.COUNTEREXAMPLE,
    bound="rounding of the recursions",
    forms=("scaling.stationary_ratio", "scaling.mean_ratio"),
)
def transient_relative(subject: Subject, factor: int = 10) -> Iterator[Margin]:
    """For eta = 1/100, K = 10: after the same samples the mean loss is off by more in the
    transient, in relative terms, than in the stationary state.

    The mean loss after the same samples, h = s = B = 1, eta = 1/100, in relative terms.

    Yields:
        Its change at the worst of the first 60 coarse steps from E x^2 = 1, above that of the
        stationary state; and from E x^2 = 10^16 at step 150.
    """
    eta = F(1, 100)
    ratio = subject.forms["scaling.stationary_ratio"]
    stationary = float(value(ratio, eta=eta, h=F(1), K=F(factor))) - 1

    def apart(start: float, steps: int) -> list[float]:
        fine = coarse = start
        found = []
        for _ in range(steps):
            for _ in range(factor):
                fine = float((1 - eta) ** 2) * fine + float(eta**2)
            coarse = float((1 - factor * eta) ** 2) * coarse + float(factor * eta**2)
            found.append(abs(coarse / fine - 1))
        return found

    # A few roundings a step, each of a relative 2^-53, in contracting recursions.
    rounding = 150 * factor * 8 * EPS
    worst = max(apart(1.0, 60))
    told = f"change of the mean loss in the transient {worst:.4f}, in the end {stationary:.4f}"
    yield Margin(told, stationary + rounding, worst, 1, told)
    late = apart(1e16, 150)[-1]
    told = f"from |x| = 10^8, step 150: {late:.4f}"
    yield Margin(told, stationary + rounding, late, 1, told)
    # The closed form of the means has it grow without bound.
    mean = subject.forms["scaling.mean_ratio"]
    shares = [float(value(mean, eta=eta, h=F(1), K=F(factor), t=t)) for t in (10, 100, 1000)]
    yield Margin("scaling.mean_ratio falls", max(shares[1], shares[2] / shares[1]), shares[0])


def _samples(
    w: Vector, data: Sequence[Vector], size: int, alpha: Fraction, replacement: bool
) -> Fraction:
    """Variance that a step adds per sample, from all batches and the definition of a step.

    Returns:
        Sum over the coordinates.
    """
    ends = [
        exact_step(w, batch, alpha * size, Activation.LINEAR)
        for batch in _batches(data, size, replacement)
    ]
    covariance = moments(ends)[1]
    return sum((covariance[i][i] for i in range(len(w))), F(0)) / size


def _batches(data: Sequence[Vector], size: int, replacement: bool) -> Iterator[tuple[Vector, ...]]:
    if replacement:
        yield from itertools.product(data, repeat=size)
    else:
        yield from itertools.combinations(data, size)


@check(
    "scaling.batch_noise",
    EvidenceKind.ENUMERATION,
    bound=EXACT,
    forms=("scaling.sampled_noise", "scaling.replaced_noise", "scaling.halving"),
)
def batch_noise(subject: Subject) -> Iterator[Margin]:
    """Autoencoder, eta/b fixed, all batches of up to 5 points: a step adds alpha^2 s (m - b)/(m -
    1) per sample without replacement, alpha^2 s with it.
    """
    forms, alpha = subject.forms, F(1, 5)
    for m in range(2, 6):
        data = tuple(tuple(F(int(i == j)) for j in range(m)) for i in range(m))
        w = tuple(F(3 + i, 8) for i in range(m))
        single = [exact_step(w, (a,), F(1), Activation.LINEAR) for a in data]
        gradients = moments(single)[1]
        s = sum((gradients[i][i] for i in range(m)), F(0))
        for size in range(1, m + 1):
            known: dict[str, Fraction | int] = {"alpha": alpha, "b": size, "m": m, "s": s}
            name = "scaling.sampled_noise"
            found = _samples(w, data, size, alpha, replacement=False)
            yield exactly(f"{name}, b = {size}, m = {m}", value(forms[name], **known), found)
            if 2 * size <= m:
                name = "scaling.halving"
                # Of mean gradients: steps of alpha b, hence the squares of the sizes.
                twice = _samples(w, data, 2 * size, alpha, replacement=False)
                halves = twice * 2 * size / (2 * size) ** 2 / (found * size / size**2)
                yield exactly(f"{name}, b = {size}, m = {m}", value(forms[name], **known), halves)
            if m**size <= 256:
                name = "scaling.replaced_noise"
                found = _samples(w, data, size, alpha, replacement=True)
                yield exactly(f"{name}, b = {size}, m = {m}", value(forms[name], **known), found)
