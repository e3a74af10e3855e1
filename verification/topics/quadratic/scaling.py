"""The linear scaling rule on the quadratic: what it keeps, what it changes, and where it fails."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction

from whichmin.core.quadratic.critical_batch import linear_scaling
from whichmin.verification.evidence.check import Margin, check, differs
from whichmin.verification.evidence.exact import EXACT, exactly, value
from whichmin.verification.evidence.rounding import EPS
from whichmin.verification.evidence.subject import Subject
from whichmin.verification.topics.quadratic.exact import QuadraticCase, cases
from whichmin.verification.topics.sgd.rational_sgd import ROUNDING
from whichmin.words import EvidenceKind

__all__ = ["GOYAL"]

F = Fraction


def second_moment(
    start: Fraction, eta: Fraction, size: Fraction, h: Fraction, s: Fraction, steps: int
) -> Fraction:
    """Compute E x^2 after some steps by the recursion ``v -> (1 - eta h)^2 v + eta^2 s/B``."""
    for _ in range(steps):
        start = (1 - eta * h) ** 2 * start + eta**2 * s / size
    return start


def variance(eta: Fraction, size: Fraction, h: Fraction, s: Fraction, steps: int) -> Fraction:
    """Compute the variance after some steps from a point."""
    return second_moment(F(0), eta, size, h, s, steps)


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
    """On the quadratic, going from (eta, B) to (K eta, K B) keeps the noise per unit of time and
    changes the means and the stationary variance by the ratios derived; a step size sqrt(K) eta
    keeps the noise per step.
    """
    forms, K = subject.forms, case.factor
    h, eta, size, s = case.h, case.eta, F(case.size), case.sigma[0][0]
    known: dict[str, Fraction | int] = {
        "h": h, "eta": eta, "B": size, "s": s, "K": K, "t": case.steps,
    }  # fmt: skip
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
        fine = math.prod([1 - eta * h] * (whole * case.steps))
        coarse = math.prod([1 - whole * eta * h] * case.steps)
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
    """The rule changes the stationary variance at first order in eta h, and the logarithm of the
    mean at second order a step.
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
    """While the mean decays the rule changes it by at most (b - a)/(e a) of the start, where
    a = -K log(1 - eta h) and b = -log(1 - K eta h), and by less than it changes the stationary
    variance.

    The means are e^(-a t) and e^(-b t), a < b; their difference is at most
    (b - a) t e^(-a t) <= (b - a)/(e a). The stationary variance changes by (K - 1) y/(2 - K y),
    y = eta h, which is more.

    Args:
        case: What gives K and eta h, with K eta h up to 1/2.
        share: Share of the bound that is allowed; 1 is proved.

    Yields:
        The largest difference during the whole transient, in units of the start.
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
    """For eta = 1/100 and K = 10 the rule changes the mean loss after the same samples, in relative
    terms, by more in the transient than in the stationary state.

    Here h = s = B = 1.

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


@check("scaling.variance_changes", EvidenceKind.COUNTEREXAMPLE, bound="rounding of the two numbers")
def variance_changes(factor: int = 2) -> Iterator[Margin]:
    """Doubling step and batch size from (1/2, 1), for h = s = 1, raises the stationary variance
    from 1/3 to 1/2.
    """
    # After one step of size 1 nothing of the past is left: variance 1/2 for ever.
    doubled = variance(F(factor, 2), F(factor), F(1), F(1), 1)
    yield exactly("step size 1, B = 2: the variance stays", doubled,
                  variance(F(factor, 2), F(factor), F(1), F(1), 2))  # fmt: skip
    single = variance(F(1, 2), F(1), F(1), F(1), 40)
    # It grows towards 1/3, with V = 1/3 - 4^-t/3.
    yield Margin("step size 1/2, B = 1: at most 1/3", float(max(F(0), single - F(1, 3))), 0.0)
    yield differs("stationary variance at (1/2, 1), at (1, 2)", float(doubled), 1 / 3, ROUNDING)


@check("scaling.diverges", EvidenceKind.COUNTEREXAMPLE, bound="it grows beyond 10 times the start")
def diverges(factor: int = 250) -> Iterator[Margin]:
    """With 250 times the step size 1/100, for h = 1, the mean grows by 3/2 a step.

    The step size 1/100 is close to the diffusion; K = 250 makes it 5/2.
    """
    eta = F(1, 100)
    fine, coarse = (1 - eta) ** (6 * factor), (1 - factor * eta) ** 6
    # (1 - 1/100)^1500 = exp(-15.08)
    yield Margin("six times K steps of 1/100 shrink the mean", float(fine), math.exp(-15))
    yield differs("mean after 6 steps of K/100: claimed near 0", 0.0, float(abs(coarse)), 10.0)


@check(
    "scaling.per_step",
    EvidenceKind.COUNTEREXAMPLE,
    bound="rounding of the two numbers",
    forms=("scaling.noise_per_step",),
)
def per_step(subject: Subject, second: int = 10) -> Iterator[Margin]:
    """With step size and batch size ten times as large, the variance that a step adds is ten times
    as large.
    """
    form = subject.forms["scaling.noise_per_step"]
    eta, size = F(1, 10), F(1)
    added = []
    for K in (1, second):
        added.append(variance(K * eta, K * size, F(1), F(1), 1))
        known = {"eta": K * eta, "B": K * size, "s": F(1)}
        yield exactly("scaling.noise_per_step", value(form, **known), added[-1])
    told = "variance added in a step at one ratio of step to batch size"
    yield differs(told, float(added[0]), float(added[1]), ROUNDING)


@check(
    "scaling.failure_and_noise",
    EvidenceKind.COUNTEREXAMPLE,
    bound="exact: fractions; one unit between the noise scales",
    forms=("scaling.largest_factor", "critical.noise_scale"),
)
def failure_and_noise(subject: Subject, eta: Fraction = Fraction(1, 10)) -> Iterator[Margin]:
    """For h = 1 and step size 1/10 differences grow at a factor 1 percent above 20, shrink at
    1 percent below and stay at 20, whether the noise scale is 1 or 10,000.

    The noise scales are those at x = 1.

    Yields:
        Whether the recursion of E x^2 contracts at the closed form's factor and 1 percent beside
        it, for each noise; and how far the noise scales at x = 1 are apart.
    """
    limit = subject.forms["scaling.largest_factor"]
    scale = subject.forms["critical.noise_scale"]
    scales = []
    for s in (F(1), F(10**4)):
        scales.append(value(scale, W=s, Q=F(1)))
        at = value(limit, eta=eta, h=F(1))

        def left(K: Fraction, s: Fraction = s) -> Fraction:
            """Return what three steps leave of a difference of 1 in E x^2."""
            one, two = (second_moment(F(v), K * eta, K, F(1), s, 3) for v in (1, 2))
            return two - one

        yield exactly(f"s = {s}: at the limit a difference stays", left(at), F(1))
        inside, outside = left(at * F(99, 100)), left(at * F(101, 100))
        yield Margin(f"s = {s}: it shrinks below", float(inside), 1.0)
        yield Margin(f"s = {s}: it grows above", 1.0, float(outside))
        yield exactly(f"s = {s}: the limit", at, F(20))
    told = "B_noise where the rule fails from K = 20 on"
    yield differs(told, float(scales[0]), float(scales[1]), 1.0)


# Goyal et al. 2017: batch sizes, reference step size, GPUs and images on each.
GOYAL = {"from": 256, "to": 8192, "step": 0.1, "gpus": 256, "each": 32}


@check(
    "scaling.published_arithmetic",
    EvidenceKind.CERTIFICATE,
    bound="integers; rounding of a product and a quotient",
    shows=("32*256 == 8192", "8192/256 == 32", "1/10*32 == 16/5"),
)
def published_arithmetic(told: dict[str, float] = GOYAL) -> Iterator[Margin]:
    """256 GPUs with 32 images each make a batch of 8192, 32 times 256; the rule makes the step size
    0.1 into 3.2.
    """
    gpus, each = int(told["gpus"]), int(told["each"])
    yield Margin("256 GPUs with 32 images each", abs(gpus * each - told["to"]), 0.0)
    yield Margin("8192 is 32 times 256", abs(told["to"] / told["from"] - 32), 0.0)
    new = linear_scaling(told["step"], int(told["from"]), int(told["to"]))
    # a product and a quotient
    yield Margin("step size 0.1 becomes 3.2", abs(new - 3.2), 2 * EPS * 3.2)


@check(
    "scaling.exercise",
    EvidenceKind.PROPERTY,
    bound=EXACT,
    cases=cases,
    examples=20,
    forms=("scaling.noise_per_time",),
)
def exercise(subject: Subject, case: QuadraticCase) -> Iterator[Margin]:
    """For any step size and batch sizes the rule's new step size keeps eta/B, and with it the noise
    per unit of time.
    """
    eta, old, new = case.eta, case.size, case.size * (1 + case.steps)
    scaled = linear_scaling(float(eta), old, new)
    wanted = eta * new / old
    bound = 4 * EPS * float(wanted)
    yield Margin("new step size", abs(scaled - float(wanted)), bound)
    form = subject.forms["scaling.noise_per_time"]
    s = case.sigma[0][0]
    yield exactly(
        "scaling.noise_per_time, old and new",
        value(form, eta=eta, B=old, s=s),
        value(form, eta=wanted, B=new, s=s),
    )
    added = variance(wanted, F(new), case.h, s, 1) / wanted
    yield exactly("scaling.noise_per_time, recursion", value(form, eta=eta, B=old, s=s), added)
