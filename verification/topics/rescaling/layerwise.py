"""LARS, LAMB, SGD and Adam on a rescaled network: relative steps, noise, which rules commute."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch

from whichmin.core.rescaling.layers import gradients, network
from whichmin.core.rescaling.layerwise import adam_step, lamb_step, lars_step, sgd_step, trust_ratio
from whichmin.verification.evidence.check import Margin, Settings, check, differs
from whichmin.verification.evidence.rounding import EPS
from whichmin.verification.evidence.subject import Subject
from whichmin.verification.topics.rescaling.layers import Small, small_network
from whichmin.verification.topics.strategies import seeds
from whichmin.words import EvidenceKind

__all__ = ["BROKEN", "KEPT", "trajectory"]

Stepper = Callable[..., Any]

STEPS = 12
# Rules that commute with the rescaling, and rules that do not, with their settings.
KEPT: dict[str, tuple[Stepper, dict[str, float]]] = {
    "LARS": (lars_step, {"step_size": 0.05, "trust": 1.0}),
    "LARS with momentum": (lars_step, {"step_size": 0.05, "trust": 1.0, "momentum": 0.9}),
    "LAMB": (lamb_step, {"step_size": 0.05}),
}
BROKEN: dict[str, tuple[Stepper, dict[str, float]]] = {
    "SGD": (sgd_step, {"step_size": 1e-4}),
    "Adam": (adam_step, {"step_size": 0.05}),
    **{
        f"{name} with {setting} {size:g}": (step, settings | {setting: size})
        for name, step, settings in (
            ("LARS", lars_step, {"step_size": 0.05, "trust": 1.0}),
            ("LAMB", lamb_step, {"step_size": 0.05}),
        )
        for setting in ("weight_decay", "epsilon")
        for size in (0.1, 0.001)
    },
}  # fmt: skip


def trajectory(
    net: Small, factor: float, step: Stepper, options: dict[str, float], seed: int
) -> torch.Tensor:
    """Train from the rescaled weights on seeded mini-batches of 6 samples.

    Args:
        net: The network at r = 1, and the data.
        factor: r.
        step: The rule.
        options: Its settings.
        seed: Of the batches, the same for every r.

    Returns:
        Outputs on all samples after each step, shape ``(STEPS, samples, outputs)``.
    """
    rng = np.random.default_rng(seed)
    layers: tuple[torch.Tensor, ...] = net.at(factor)
    state, outputs = None, []
    for _ in range(STEPS):
        rows = torch.from_numpy(rng.permutation(len(net.inputs))[:6])
        slopes = gradients(layers[0], layers[1], net.inputs[rows], net.targets[rows])
        layers, state = step(layers, slopes, state, **options)
        outputs.append(network(layers[0], layers[1], net.inputs))
    return torch.stack(outputs)


def _relative(before: torch.Tensor, after: torch.Tensor) -> float:
    return float((after - before).norm() / before.norm())


@check(
    "layerwise.relative_steps",
    EvidenceKind.PROPERTY,
    bound="rounding of a difference of weights",
    cases=seeds,
    examples=40,
    forms=tuple(
        f"layerwise.{name}"
        for name in (
            "sgd_relative_step",
            "adam_relative_step",
            "lars_relative_step",
            "decayed_relative_step",
        )
    ),
)
def relative_steps(subject: Subject, case: int) -> Iterator[Margin]:
    """The length of a step over that of the weights, in a rescaled layer under SGD, Adam, LARS and
    LAMB, and the share of weight decay in the step of LARS are as derived.

    The steps are those of layer 1 by the numeric rules at the rescaled weights.
    """
    rng = np.random.default_rng(case)
    net = small_network(rng)
    r, eta, trust = (
        float(rng.uniform(low, high)) for low, high in ((0.3, 3), (0.01, 0.1), (0.1, 1))
    )
    decay = float(rng.uniform(0.05, 0.5))
    slope = gradients(net.first, net.second, net.inputs, net.targets)
    layers = net.at(r)
    there = gradients(*layers, net.inputs, net.targets)
    G, W = float(slope[0].norm()), float(net.first.norm())
    # At the first step Adam's direction is the sign of the gradient, of this length.
    adam = math.sqrt(int((slope[0] != 0).sum()))
    cases: tuple[tuple[str, dict[str, float], Any], ...] = (
        ("sgd_relative_step", {"eta": eta, "G": G, "W": W, "r": r},
         sgd_step(layers, there, step_size=eta)),
        ("adam_relative_step", {"eta": eta, "adam": adam, "W": W, "r": r},
         adam_step(layers, there, step_size=eta)),
        ("lars_relative_step", {"eta": eta, "trust": trust},
         lars_step(layers, there, step_size=eta, trust=trust)),
    )  # fmt: skip
    for name, values, (after, _) in cases:
        told = subject.forms[f"layerwise.{name}"](**values)
        measured = _relative(layers[0], after[0])
        # The step is read off a difference of weights: relative error EPS / step.
        allowed = 64 * EPS * (1 + told + max(r, 1 / r))
        yield Margin(f"layerwise.{name}", abs(measured - told), allowed)
    after, _ = lamb_step(layers, there, step_size=eta)
    told = subject.forms["layerwise.lars_relative_step"](eta=eta, trust=1.0)
    yield Margin("layerwise.lars_relative_step, LAMB",
                 abs(_relative(layers[0], after[0]) - told), 64 * EPS * (1 + told))  # fmt: skip
    # A gradient made orthogonal to its weights, so that lengths add up as squares.
    flat = net.first / W
    across = slope[0] - (slope[0] * flat).sum() * flat
    weights, gradient = net.first * r, across / r
    after, _ = lars_step([weights], [gradient], step_size=eta, trust=trust, weight_decay=decay)
    moved = weights - after[0]
    share = abs(float((moved * flat).sum())) / float(moved.norm())
    told = subject.forms["layerwise.decayed_relative_step"](
        G=float(across.norm()), W=W, decay=decay, r=r
    )
    # Cosine of a step that is a difference of weights 1/eta times larger.
    allowed = 256 * EPS / (eta * trust)
    yield Margin("layerwise.decayed_relative_step", abs(share - told), allowed)


@check(
    "layerwise.noise",
    EvidenceKind.PROPERTY,
    bound="rounding of means of 24 gradients",
    cases=seeds,
    examples=20,
    forms=("layerwise.noise_scale", "layerwise.noisy_norm"),
)
def noise(subject: Subject, case: int) -> Iterator[Margin]:
    """The noise scale of a layer does not change under the rescaling, while the multiplier of LARS
    changes by r^2; the mean square length of a batch gradient over all batches is as derived.
    """
    rng = np.random.default_rng(case)
    net = small_network(rng)
    r = float(rng.uniform(0.3, 3))
    forms, found = subject.forms, []
    for factor in (1.0, r):
        layers = net.at(factor)
        rows = [
            gradients(*layers, net.inputs[[i]], net.targets[[i]])[0].flatten()
            for i in range(len(net.inputs))
        ]
        each = torch.stack(rows)
        mean = each.mean(0)
        variance = float((each - mean).square().sum(1).mean())
        length = float(mean.norm())
        found.append((variance, length, trust_ratio(layers[0], mean), each))
    (variance, G, ratio, each), (scaled, scaled_G, scaled_ratio, _) = found
    told = forms["layerwise.noise_scale"](variance=variance, G=G)
    # The mean of 24 gradients cancels down to G; variance is relative to it.
    rounding = 2000 * EPS * (1 + told)
    yield Margin("layerwise.noise_scale", abs(scaled / scaled_G**2 - told), rounding * (1 + told))
    # LARS's multiplier has moved by r^2 while the noise scale stood still.
    yield Margin("LARS's multiplier over r^2", abs(scaled_ratio / ratio / r**2 - 1), rounding)
    few = each[each.norm(dim=1).argsort()[-3:]]
    mean = few.mean(0)
    spread = float((few - mean).square().sum(1).mean())
    for size in (1, 2, 3):
        batches = torch.tensor(list(itertools.product(range(3), repeat=size)))
        lengths = few[batches].mean(1).square().sum(1)
        told = forms["layerwise.noisy_norm"](G=float(mean.norm()), variance=spread, b=size)
        yield Margin(
            f"layerwise.noisy_norm, batches of {size}", abs(float(lengths.mean()) - told),
            64 * EPS * (told + spread), len(batches),
        )  # fmt: skip


@check(
    "layerwise.equivariant",
    EvidenceKind.PROPERTY,
    bound="none for powers of 2; else 10,000 roundings times the measured sensitivity",
    cases=seeds,
    examples=8,
)
def equivariant(case: int) -> Iterator[Margin]:
    """Mini-batch training of a rescaled network by LARS or LAMB, without weight decay and epsilon,
    has the same outputs at every step, bit for bit for powers of 2.
    """
    net = small_network(np.random.default_rng(case))
    for name, (step, options) in KEPT.items():
        reference = trajectory(net, 1.0, step, options, case)
        size = float(reference.abs().max())
        for r in (1 / 16, 4.0):
            error = float((trajectory(net, r, step, options, case) - reference).abs().max())
            # Scaling by a power of 2 commutes with every rounding, roots of squares included.
            yield Margin(f"{name}, outputs over {STEPS} steps, r = {r:g}", error, 0.0, STEPS)
        # Any other r rounds differently: a few roundings a step, each amplified at most by the
        # growth that the trajectory itself shows between neighbours, measured at a shift of 1e-9.
        shifted = Small(net.first * (1 + 1e-9), net.second, net.inputs, net.targets)
        growth = float((trajectory(shifted, 1.0, step, options, case) - reference).abs().max())
        allowed = 1e4 * EPS * (size + growth / 1e-9)
        error = float((trajectory(net, 3.0, step, options, case) - reference).abs().max())
        yield Margin(f"{name}, outputs, r = 3", error, allowed, STEPS)


@check(
    "layerwise.not_equivariant",
    EvidenceKind.COUNTEREXAMPLE,
    bound="rounding, which powers of 2 do not even cause",
)
def not_equivariant(settings: Settings) -> Iterator[Margin]:
    """SGD and Adam, and LARS and LAMB with weight decay or epsilon, train a rescaled network to
    another function.
    """
    net = small_network(np.random.default_rng(settings.seed))
    for name, (step, options) in BROKEN.items():
        first = trajectory(net, 1.0, step, options, settings.seed)
        second = trajectory(net, 4.0, step, options, settings.seed)
        distance = float((first - second).abs().max())
        # Powers of 2 change no rounding, so equivariance would mean 0; 1e-9 is far above rounding.
        yield differs(f"{name}: distance of the outputs, r = 4 and 1", 0.0, distance, 1e-9, STEPS)


@check(
    "layerwise.lamb_ratio",
    EvidenceKind.COUNTEREXAMPLE,
    bound="rounding of two lengths; a power of 2 causes none in the steps",
)
def lamb_ratio(unit: float = 8.0) -> Iterator[Margin]:
    """In another unit of the loss the first step of LAMB stays the same, while the ratio of weights
    to gradient does not.

    Args:
        unit: Factor of the gradient, a power of 2, which commutes with every rounding.

    Yields:
        That the steps are the same, while the ratio of weights to gradient is not.
    """
    w = torch.tensor([3.0, 4.0, -1.0], dtype=torch.float64)
    g = torch.tensor([0.2, -0.1, 0.4], dtype=torch.float64)
    moved = [lamb_step([w], [g * u], step_size=0.01)[0][0] - w for u in (1.0, unit)]
    yield Margin("LAMB's steps in two units", float((moved[0] - moved[1]).abs().max()), 0.0)
    by_gradient = trust_ratio(w, g * unit) / trust_ratio(w, g)
    found = float(moved[1].norm() / moved[0].norm())
    told = "length of LAMB's step in the other unit, by weights over gradient"
    yield differs(told, by_gradient, found, 8 * EPS)
