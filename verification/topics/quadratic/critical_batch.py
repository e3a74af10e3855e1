"""The critical batch size: steps against samples, and what the noise scale does during training."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from fractions import Fraction

import numpy as np

from whichmin.core.quadratic.critical_batch import optimal_run, trade_off
from whichmin.core.quadratic.recursion import make_quadratic
from whichmin.verification.evidence.check import Margin, Settings, check, differs
from whichmin.verification.evidence.exact import EXACT, exactly, truth, value
from whichmin.verification.evidence.rounding import EPS
from whichmin.verification.evidence.statistics import FIGURE
from whichmin.verification.evidence.subject import Subject
from whichmin.verification.topics.quadratic.exact import (
    QuadraticCase,
    batch_means,
    cases,
    moments,
)
from whichmin.verification.topics.quadratic.recursion import spread
from whichmin.verification.topics.sgd.rational_sgd import ROUNDING
from whichmin.words import EvidenceKind

__all__: list[str] = []

F = Fraction


@check(
    "critical_batch.trade_off",
    EvidenceKind.PROPERTY,
    bound=f"{EXACT}; third derivative of the logarithm for the slope; rounding",
    cases=cases,
    examples=30,
    forms=tuple(
        f"critical.{name}"
        for name in ("steps", "samples", "frontier", "doubling", "doubling_cost", "elasticity")
    ),
)
def critical_batch_trade_off(subject: Subject, case: QuadraticCase) -> Iterator[Margin]:
    """With a constant noise scale training takes S_min (1 + B_noise/B) steps and
    E_min (1 + B/B_noise) samples, which lie on a hyperbola; what doubling the batch gives and
    costs, and the slope at any batch size, are as derived.
    """
    forms, size, scale = subject.forms, F(case.size), case.v + case.h
    total = F(12)

    def steps(batch: Fraction) -> Fraction:
        return total / (1 / (1 + scale / batch))

    least_steps, least_samples = total, total * scale
    known = {
        "B": size, "B_noise": scale, "S_min": least_steps, "E_min": least_samples,
        "steps": steps(size),
    }  # fmt: skip
    expected = {
        "steps": steps(size),
        "samples": size * steps(size),
        "frontier": size * steps(size),
        "doubling": steps(size) / steps(2 * size),
        "doubling_cost": 2 * steps(2 * size) / steps(size),
    }
    for name, wanted in expected.items():
        form = f"critical.{name}"
        yield exactly(form, value(forms[form], **known), wanted)
    # log steps = log(1 + e^(c - u)) in u = log B: its third derivative is at most 1/10.
    step = 2.0**-10
    ends = [math.log(float(steps(size)))] + [
        math.log(1 + float(scale / size) * math.exp(sign * step)) for sign in (-1, 1)
    ]
    slope = (ends[1] - ends[2]) / (2 * step)
    error = abs(slope - float(value(forms["critical.elasticity"], **known)))
    rounding = 4 * EPS * (1 + abs(ends[1])) / step
    yield Margin("critical.elasticity", error, step**2 / 60 + rounding)
    found = trade_off(float(size), float(scale))
    bound = 4 * EPS * (found.steps + found.samples)
    yield Margin("critical.steps, core", abs(found.steps - float(steps(size) / total)), bound)
    samples = float(value(forms["critical.samples"], **known) / least_samples)
    yield Margin("critical.samples, core", abs(found.samples - samples), bound)
    hyperbola = (steps(size) / least_steps - 1) * (size * steps(size) / least_samples - 1)
    yield exactly("(S/S_min - 1)(E/E_min - 1) = 1", hyperbola, F(1))


@check(
    "critical_batch.optimal_run",
    EvidenceKind.PROPERTY,
    bound=f"{EXACT}; a rounding or two a step in the numeric layer",
    cases=cases,
    examples=20,
    forms=("critical.next_variance", "critical.noise_scale_growth", "critical.stationary_scale"),
)
def critical_batch_optimal_run(subject: Subject, case: QuadraticCase) -> Iterator[Margin]:
    """In one direction with constant noise and the best step sizes 1/E x^2 grows by B h^2/s a step
    and the noise scale by B; at a constant step size the noise scale tends to
    B (2 - eta h)/(eta h).
    """
    forms, h, s, size = subject.forms, case.h, case.sigma[0][0], F(case.size)
    v = start = case.v + 1
    scale = s / (h**2 * v)
    noise = moments(list(batch_means(case.points, case.size, replacement=True)))[1][0][0]
    for _ in range(case.steps):
        after = value(forms["critical.next_variance"], B=size, h=h, s=s, v=v)

        # The mean square after a step, from the noises of a batch, is a parabola in eta.
        def parabola(eta: Fraction, v: Fraction = v) -> Fraction:
            return (1 - eta * h) ** 2 * v + eta**2 * noise

        zero, one, two = (parabola(F(k)) for k in (0, 1, 2))
        slope, bend = 2 * one - two / 2 - 3 * zero / 2, two / 2 - one + zero / 2
        yield exactly("critical.next_variance", after, zero - slope**2 / (4 * bend))
        grown = value(forms["critical.noise_scale_growth"], B=size, B_noise=scale)
        scale, v = s / (h**2 * after), after
        yield exactly("critical.noise_scale_growth", grown, scale)
    # Half a step short of the last value: the run stops there after as many steps.
    target = float(1 / (1 / v - size * h**2 / s / 2))
    run = optimal_run(
        float(start), target, float(size), curvature=float(h), noise=float(s), max_steps=99
    )
    yield Margin("steps, core", abs(run.steps - case.steps), 0.0)
    bound = 16 * EPS * (case.steps + 1)
    error = abs(run.second_moment[-1] / float(v) - 1)
    yield Margin("critical.next_variance, core", error, bound)
    error = abs(run.noise_scale[-1] / float(scale) - 1)
    yield Margin("critical.noise_scale_growth, core", error, bound)
    name = "critical.stationary_scale"
    q = (1 - case.eta * h) ** 2
    rest = case.eta**2 * s / size / (1 - q)
    known = {"B": size, "eta": case.eta, "h": h}
    yield exactly(name, value(forms[name], **known), s / (h**2 * rest))


@check("critical_batch.no_trade_off", EvidenceKind.COUNTEREXAMPLE, bound="whole numbers of steps")
def no_trade_off(noise: float = 1.0) -> Iterator[Margin]:
    """In one direction with constant noise and the best step sizes, batch sizes B up to 128 take
    64/B steps, rounded up, to the same target: the samples do not depend on B.

    1/v grows by B a step, here from 1 to 65.

    Yields:
        Steps of every batch size up to 128, against that; samples against the law of a constant
        noise scale.
    """
    growth = 64
    for size in range(1, 2 * growth + 1):
        # 1e-9 beyond the target: the last step reaches it in exact arithmetic.
        run = optimal_run(1.0, 1 / (1 + growth) * (1 + 1e-9), size, noise=noise)
        told = f"B = {size}: {run.steps} steps, {run.steps * size} samples"
        yield Margin(told, abs(run.steps - -(-growth // size)), 0.0, 1, told)
    # The noise scale at the start is 1: by the law B = 64 takes 65/2 times the samples of B = 1.
    claimed = trade_off(growth, noise).samples / trade_off(1, noise).samples
    yield differs("samples at B = 64 over those at B = 1", claimed, 1.0, 8 * EPS * claimed)


@check("critical_batch.steps_law", EvidenceKind.COUNTEREXAMPLE, bound="whole numbers of steps")
def steps_law(target: float = 1e-6) -> Iterator[Margin]:
    """With noise in proportion to the loss, so that B_noise = 8 all along, training takes 20 steps
    at B = 8, where one suffices without noise and the law of steps says 2.

    A step leaves 8/(B + 8) of the loss: for B to infinity one suffices, whatever the target.

    Yields:
        S_min, and the steps at B = B_noise against the law's 2 S_min.
    """
    scale = 8.0
    least, half = (
        optimal_run(1.0, target, size, noise=scale, constant_scale=True).steps
        for size in (10**9, int(scale))
    )
    yield Margin("one step for B to infinity", abs(least - 1), 0.0)
    told = f"steps at B = B_noise to {target:g}, the law and the run"
    yield differs(told, least * trade_off(scale, scale).steps, half, 0.5)


@check("critical_batch.constant_scale", EvidenceKind.ENUMERATION, bound="a whole number of steps")
def constant_scale(power: int = 1) -> Iterator[Margin]:
    """With noise in proportion to the loss and the best step sizes training takes
    log(1/target)/log(1 + B/B_noise) steps.

    The logarithm of the loss falls by log(1 + B/B_noise) a step.
    """
    scale, target = 8.0, 1e-6
    for size in (1, 4, 8, 32, 256):
        run = optimal_run(1.0, target, size, noise=scale, constant_scale=True)
        each = math.log1p(size / scale) * power
        exact = -math.log(target) / each
        told = f"B = {size}: {run.steps} steps, log(1/target)/log(1 + B/B_noise) = {exact:.3f}"
        # A whole number of steps.
        yield Margin(told, abs(run.steps - exact), 1.0, 1, told)
        # log(1 + x) lies between x/(1 + x) and x: the law, with S_min from small batches, is an
        # upper bound.
        law = -math.log(target) * trade_off(size, scale).steps
        yield Margin(f"{told}, at most {law:.1f} + 1", run.steps, law + 1)


@check(
    "critical_batch.simulated",
    EvidenceKind.STATISTICS,
    bound="exact chi-square tails, 1e-7 a figure",
    forms=("critical.next_variance",),
    false_alarm=2 * FIGURE,
)
def simulated(subject: Subject, settings: Settings) -> Iterator[Margin]:
    """Runs with the best step sizes end with the second moment derived."""
    form = subject.forms["critical.next_variance"]
    replicas = 1_000_000 if settings.deep else 100_000
    # From E x^2 = 1, with h = 1 and s = 2.
    for place, (size, steps) in enumerate(((4, 8), (1, 20))):
        v, sizes = 1.0, []
        for _ in range(steps):
            sizes.append(v / (v + 2 / size))
            v = float(form(B=float(size), h=1.0, s=2.0, v=v))
        seed = settings.seed * 1000 + 600 + place
        start = np.random.default_rng((seed, 1)).standard_normal((replicas, 1))
        ends = make_quadratic([[1.0]], [[2.0]]).simulate(
            start, sizes, size, steps, replicas=replicas, seed=seed
        )
        yield spread(f"critical.next_variance, B = {size}, {steps} steps", ends[:, 0], v)


@check(
    "critical_batch.least_samples",
    EvidenceKind.COUNTEREXAMPLE,
    bound="exact; rounding of the two numbers",
    forms=("critical.samples",),
)
def least_samples(subject: Subject, scale: Fraction = Fraction(64)) -> Iterator[Margin]:
    """At B_noise the number of samples is twice the infimum; at B_noise/64 and B_noise/8 it is
    smaller, at 2 B_noise larger.
    """
    form = subject.forms["critical.samples"]
    found = {
        batch: value(form, B=batch, B_noise=F(64), E_min=F(1))
        for batch in (scale / 64, scale / 8, scale, 2 * scale)
    }
    yield exactly("critical.samples at B_noise", found[scale], F(2))
    ordered = list(found.values())
    falls = max((float(p - q) for p, q in itertools.pairwise(ordered)), default=0.0)
    yield Margin("samples fall with the batch size", max(0.0, falls), 0.0)
    told = "samples at B_noise (claimed least), at B_noise/64"
    yield differs(told, float(found[scale]), float(ordered[0]), ROUNDING)


@check(
    "critical_batch.exercise",
    EvidenceKind.ENUMERATION,
    bound="rounding of a few quotients",
    forms=("critical.doubling", "critical.doubling_cost"),
)
def exercise(subject: Subject, global_batch: int = 2048) -> Iterator[Margin]:
    """Going from batches of 2048 to 4096 takes 2 (B + B_noise)/(2 B + B_noise) times fewer steps,
    4/3 at B_noise = 2048.

    That is from 16 to 32 GPUs with 128 samples each.
    """
    forms = subject.forms
    yield Margin("16 GPUs with 128 samples", abs(16 * 128 - global_batch), 0.0)
    for scale in (256, 1024, 2048, 4096, 32768):
        known = {"B": F(global_batch), "B_noise": F(scale)}
        faster = value(forms["critical.doubling"], **known)
        dearer = value(forms["critical.doubling_cost"], **known)
        before, after = (trade_off(B, scale) for B in (global_batch, 2 * global_batch))
        told = (
            f"B_noise = {scale}: {float(faster):.4f} times fewer steps, {float(dearer):.4f} times "
            "the samples"
        )
        bound = 8 * EPS * 2
        yield Margin(told, abs(before.steps / after.steps - float(faster)), bound, 1, told)
        yield Margin(told, abs(after.samples / before.samples - float(dearer)), bound)
        yield exactly(f"critical.doubling, {told}: they share a factor 2", faster * dearer, F(2))
        # Better than 4/3 exactly above the batch size.
        sign = (faster - F(4, 3)) * (scale - global_batch)
        fits = sign > 0 or (scale == global_batch and faster == F(4, 3))
        yield truth(f"{told}: 4/3 at B_noise = B", fits)
