"""The linear scaling rule in single cases: where it fails, warm-up, published numbers."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from fractions import Fraction

from whichmin.core.quadratic.critical_batch import linear_scaling
from whichmin.verification.evidence.check import Margin, check, differs
from whichmin.verification.evidence.rounding import EPS
from whichmin.verification.evidence.subject import Subject
from whichmin.verification.topics.quadratic.exact import QuadraticCase, cases
from whichmin.verification.topics.quadratic.recursion import EXACT, exactly, value
from whichmin.verification.topics.quadratic.scaling import F, variance
from whichmin.verification.topics.sgd.rational_sgd import Vector, exact_step
from whichmin.words import Activation, EvidenceKind

__all__ = ["GOYAL", "WARM_UP"]

# Rounding of the two numbers shown; they are fractions of size at most 1.
ROUNDING = 2.0**-51


@check("scaling.variance_changes", EvidenceKind.COUNTEREXAMPLE, bound="rounding of the two numbers")
def variance_changes(factor: int = 2) -> Iterator[Margin]:
    """Doubling step and batch size from (1/2, 1), h = 1, raises the stationary variance from 1/3 to
    1/2.

    H = s = 1, step size 1/2 and batches of one; then both doubled.
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
    """250 times the step size 1/100, h = 1: the mean grows by 3/2 a step.

    H = 1, step size 1/100: close to the diffusion; K = 250 makes the step size 5/2.
    """
    eta = F(1, 100)
    fine, coarse = (1 - eta) ** (6 * factor), (1 - factor * eta) ** 6
    # (1 - 1/100)^1500 = exp(-15.08)
    yield Margin("six times K steps of 1/100 shrink the mean", float(fine), math.exp(-15))
    yield differs("mean after 6 steps of K/100: claimed near 0", 0.0, float(abs(coarse)), 10.0)


@check(
    "scaling.kink",
    EvidenceKind.COUNTEREXAMPLE,
    bound="rounding of the two numbers; the cycles are exact",
)
def kink(share: Fraction = Fraction(1, 2)) -> Iterator[Margin]:
    """On |x| without noise runs end in cycles of mean loss eta/2, from every start: the rule
    multiplies it by its factor.

    L = |x|, no noise at all, so that the diffusion ends at 0 for every step size.

    Yields:
        The mean loss on the cycle in which GD ends, from several starts, against a share of the
        step size; and that the rule multiplies it by K.
    """
    mean = {}
    for K in (1, 2, 3, 5):
        for start in (F(1, 4), F(7, 3), F(-9, 7), F(1, 100), F(20, 3)):
            x = start
            for _ in range(100):
                x -= F(K, 2) * (1 if x > 0 else -1)
            there = x - F(K, 2) * (1 if x > 0 else -1)
            back = there - F(K, 2) * (1 if there > 0 else -1)
            yield exactly(f"K = {K}, from {start}: back after two steps", back, x)
            mean[K] = (abs(x) + abs(there)) / 2
            yield exactly(
                f"K = {K}, from {start}: mean loss on the cycle", mean[K], share * F(K, 2)
            )
    yield differs(
        "mean loss on the cycles of K = 1, K = 2", float(mean[1]), float(mean[2]), ROUNDING
    )


@check(
    "scaling.per_step",
    EvidenceKind.COUNTEREXAMPLE,
    bound="rounding of the two numbers",
    forms=("scaling.noise_per_step",),
)
def per_step(subject: Subject, second: int = 10) -> Iterator[Margin]:
    """Step size and batch size times ten: the variance that a step adds is ten times as large.

    (1/10, 1) and (1/10, 1) times a factor: the variance that a step adds, s = 1.
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
    """For h = 1, step size 1/10: the rule diverges from a factor of 20 on, at noise scales 1 and
    10,000.

    H = 1, eta = 1/10 at B = 1, x = 1: the rule's limit at two noises a factor 10^4 apart.

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
            """What three steps leave of a difference of 1 in E x^2."""
            ends = []
            for start in (F(1), F(2)):
                v = start
                for _ in range(3):
                    v = (1 - K * eta) ** 2 * v + (K * eta) ** 2 * s / K
                ends.append(v)
            return ends[1] - ends[0]

        yield exactly(f"s = {s}: at the limit a difference stays", left(at), F(1))
        inside, outside = left(at * F(99, 100)), left(at * F(101, 100))
        yield Margin(f"s = {s}: it shrinks below", float(inside), 1.0)
        yield Margin(f"s = {s}: it grows above", 1.0, float(outside))
        yield exactly(f"s = {s}: the limit", at, F(20))
    told = "B_noise where the rule fails from K = 20 on"
    yield differs(told, float(scales[0]), float(scales[1]), 1.0)


# Step sizes of a linear warm-up to 1/5, m = 2, from |w0| = 4.
WARM_UP = tuple(F(k, 50) for k in range(1, 11))


@check(
    "scaling.warm_up",
    EvidenceKind.COUNTEREXAMPLE,
    bound="proved thresholds of the squared norm, in fractions rounded to 1e-12",
)
def warm_up(sizes: Sequence[Fraction] = WARM_UP) -> Iterator[Margin]:
    """GD of the autoencoder from |w0| = 4 diverges with step size 1/5 and converges after a linear
    warm-up to it of 10 steps.

    GD of the linear neuron from (12/5, 16/5), of squared norm 16 > 1 + m/eta = 11.

    In the span C = N. Beyond C = 1 + m/eta it grows for ever (``step_size.growth``); for
    0 < C < 1 + m/(2 eta), eta <= m/4, GD converges (``step_size.radial``).

    Yields:
        Where the squared norm stands against the two thresholds, exactly.
    """
    m, eta = 2, F(1, 5)
    data: tuple[Vector, ...] = ((F(1), F(0)), (F(0), F(1)))
    start: Vector = (F(12, 5), F(16, 5))

    def norm(w: Vector) -> Fraction:
        return sum((c * c for c in w), F(0))

    told = f"constant step size {eta}: squared norm {norm(start)}, diverges beyond {1 + m / eta}"
    yield Margin(told, float(1 + m / eta), float(norm(start)), 1, told)
    w = start
    for _ in range(2):
        w = exact_step(w, data, eta, Activation.LINEAR)
    yield Margin("and is larger after 2 steps", float(norm(start)), float(norm(w)))
    w = start
    for size in sizes:
        w = exact_step(w, data, size, Activation.LINEAR)
        w = tuple(c.limit_denominator(10**12) for c in w)
    # The rounding to denominators of 10^12 is one of 1e-12 a step; the region is open and wide.
    limit = float(1 + m / (2 * eta))
    told = (
        f"after {len(sizes)} steps from {sizes[0]} up to {sizes[-1]}: squared norm "
        f"{float(norm(w)):.4f}, converges below {limit:g}"
    )
    yield Margin(told, float(norm(w)), limit - 1e-6, 1, told)
    yield Margin("and above 0", 1e-6, float(norm(w)))
    yield Margin("the last step size is that of the constant run", float(abs(sizes[-1] - eta)), 0.0)


# Goyal et al. 2017: batch sizes, reference step size, GPUs and images on each.
GOYAL = {"from": 256, "to": 8192, "step": 0.1, "gpus": 256, "each": 32}


@check(
    "scaling.published_arithmetic",
    EvidenceKind.CERTIFICATE,
    bound="integers; rounding of a product and a quotient",
)
def published_arithmetic(told: dict[str, float] = GOYAL) -> Iterator[Margin]:
    """256 GPUs with 32 images make a batch of 8192, 32 times 256; the step size 0.1 becomes 3.2."""
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

    The first exercise, for any step size and two batch sizes: eta/B and its noise are kept.
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
