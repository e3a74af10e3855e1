"""Read what a target declares about itself in the mapping ``WHICHMIN``."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from whichmin.errors import InputError
from whichmin.verification.oracle.derivatives import KINDS, Differences
from whichmin.verification.oracle.optimisers import PLAIN, Optimiser
from whichmin.verification.oracle.protocol import ACTIVATIONS
from whichmin.verification.oracle.schedules import CONSTANT, Schedule
from whichmin.verification.oracle.validation import (
    check_choice,
    check_fraction,
    check_integer,
    check_reasons,
)

__all__ = [
    "CHOICES",
    "DECLARATION",
    "LEFTOVERS",
    "METHODS",
    "SAMPLINGS",
    "Conventions",
    "Stochastic",
]

DECLARATION = "WHICHMIN"
SAMPLINGS = (
    "without-replacement", "with-replacement", "reshuffled", "cyclic", "poisson", "weighted",
    "weighted-without-replacement",
)  # fmt: skip
LEFTOVERS = ("dropped", "short", "carried", "padded")
CHOICES: dict[str, tuple[str, ...]] = {
    "arrays": ("numpy", "torch", "jax"),
    "dtype": ("float64", "float32"),
    "loss": ("mean", "sum"),
    "gradient": ("mean", "sum"),
    "hessian": ("mean", "sum"),
    "sampling": SAMPLINGS,
    "leftover": LEFTOVERS,
    "epoch_seed": ("unrelated", "seed + epoch"),
    "top_eigenvalue": ("largest", "largest magnitude"),
    "noise": ("population", "sample"),
    "batches": ("any", "full", "unequal"),
    "ranks": ("points", "means"),
    "derivatives": tuple(KINDS),
}
# Functions that may estimate, and the methods by which each can be judged.
METHODS: dict[str, tuple[str, ...]] = {
    "hessian_trace": (
        "hutchinson",
        "hutchinson-gaussian",
        "hutchinson-sphere",
        "hutchinson-orthogonal",
        "hutch++",
        "xtrace",
    ),
    "top_eigenvalue": ("power iteration",),
    "keskar_sharpness": ("search",),
    "sam_sharpness": ("search",),
    "average_sharpness": ("samples",),
    "gradient_noise": ("samples",),
    "noise_scale": ("samples", "two batch sizes"),
}
# A sum of K terms may err by 2 K u of their sizes; with more terms that exceeds 2^-9 of them, and
# what rounding explains would hide mistakes.
MOST_SAMPLES = {"float64": 2**43, "float32": 2**14}
# Largest batch of an estimate from two batch sizes: that of the problems served, which have up to
# 4 points; with replacement all batches are enumerated, 969 of 16 points.
MOST_BATCH = {"with-replacement": 16}
MOST_POINTS = 4


# Functions whose mean or sum is that of the gradient.
_GRADIENTS = {"gradient", "step", "train", "accumulated_gradient", "ranked_gradient"}


@dataclass(frozen=True)
class Stochastic:
    """The method and the number of samples with which a function estimates.

    Attributes:
        method: One of those in ``METHODS`` for the function.
        samples: How many random vectors, batches or points it draws, independent of each other: a
            pair of opposite ones counts once.
        ema: Decay of the exponential moving averages that take the place of means, of both averages
            of a noise scale from two batch sizes; None for means.
    """

    method: str
    samples: int
    ema: Fraction | None = None


@dataclass(frozen=True)
class Conventions:
    """The conventions that a target is judged by; each can be declared under its name.

    Attributes:
        name: Name of the target, for reports.
        version: Its version.
        arrays: Array library of its arguments and results.
        dtype: Precision that it computes in; ``float32`` is judged by float32 rounding.
        activations: Which activations it knows; with one, its functions need not take the argument.
        kink: Second derivative of ``relu(t)**2 / 2`` at 0; None: any value from 0 to 1 passes.
        loss: Mean or sum over the points, in ``loss``.
        gradient: The same for ``gradient``, ``step``, ``train``, ``accumulated_gradient`` and
            ``ranked_gradient``.
        hessian: The same for the Hessian, its products, trace and eigenvalues, and for
            ``relative_flatness``.
        loss_scale: Factor of the loss of a point relative to ``|a - f|^2 / 2``, in all functions.
        sampling: What ``sample_batches`` draws, and the batches of ``gradient_noise``. ``poisson``:
            each point with chance b/m by itself, so that batches differ in size and may be empty;
            ``weighted``: with chances proportional to the argument ``weights``, with replacement,
            or without: one after the other, among those that are left. A covariance of Poisson
            or weighted batches is not judged.
        leftover: What happens with the m mod b points left at the end of a reshuffled epoch: they
            are ``dropped``, are a ``short`` last batch, are ``carried`` over into the next
            epoch's first batch, or their batch is ``padded`` with points of the epoch's first one.
        epoch_seed: How the order of an epoch depends on the seed: epochs of all seeds are
            unrelated, or epoch e of seed s has the order of epoch 0 of seed s + e.
        top_eigenvalue: The largest eigenvalue, or the one largest in absolute value.
        noise: Covariance of ``noise_scale`` and ``hessian_noise_scale``: divided by m (population)
            or m - 1 (sample).
        batches: Which batches ``train`` takes: any of one size, in every step all points once
            (full), or also those of unequal size, as a list of integer arrays (unequal): each
            step's mean is over its own batch.
        optimiser: The optimiser of ``step`` and ``train``, with PyTorch's names of its parameters;
            ``step`` is its first step.
        schedule: What the step size of ``train`` is multiplied by, step by step.
        ranks: What ``ranked_gradient`` averages: the points of all shards, or the ranks' own means
            (means), as ``DistributedDataParallel`` does; of no points there is no mean, so with it
            no shard is empty.
        keskar_share: Part of the maximum that ``keskar_sharpness`` reaches at least. By default
            99 percent: near a minimum the rise is of second order, so that is reached within half a
            percent of the way to a corner of the box, and a search that clips to the box is there.
        sam_share: The same for ``sam_sharpness``; the rise falls with the square of the angle to
            the best direction, so 99 percent are reached within a tenth of a radian. One ascent
            step along the gradient (Foret et al., 2021) gives a lower bound, at a minimum 0:
            declared with 0, it is judged by never exceeding the maximum, nor falling below half
            the rise of that step.
        noise_batches: The small and the large batch of a ``noise_scale`` that estimates from two
            batch sizes.
        derivatives: How ``gradient`` and the functions of the Hessian get their derivatives: exact,
            by a complex step, by central or forward differences (of the gradient; the gradient
            itself of the loss), or by second differences of the loss. Errors are bounded exactly.
        difference_step: Their step; by default 1e-5 for central differences, 1e-8 for forward and
            1e-4 for second ones.
        stochastic: Functions that estimate: name to method and sample count.
        expected_failures: Check id to the reason why it fails.
    """

    name: str = ""
    version: str = ""
    arrays: str = "numpy"
    dtype: str = "float64"
    activations: tuple[str, ...] = ACTIVATIONS
    kink: Fraction | None = None
    loss: str = "mean"
    gradient: str = "mean"
    hessian: str = "mean"
    loss_scale: Fraction = Fraction(1)
    sampling: str = "without-replacement"
    leftover: str = "dropped"
    epoch_seed: str = "unrelated"
    top_eigenvalue: str = "largest"
    noise: str = "population"
    batches: str = "any"
    optimiser: Optimiser = PLAIN
    schedule: Schedule = CONSTANT
    ranks: str = "points"
    keskar_share: Fraction = Fraction(99, 100)
    sam_share: Fraction = Fraction(99, 100)
    noise_batches: tuple[int, int] = (1, 2)
    derivatives: str = "exact"
    difference_step: Fraction | None = None
    stochastic: Mapping[str, Stochastic] = field(default_factory=dict)
    expected_failures: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, declared: object) -> Conventions:
        """Read a declaration.

        Args:
            declared: What stands in ``WHICHMIN``; None for nothing.

        Returns:
            The conventions.

        Raises:
            InputError: It is no mapping, or has an unknown key or a value that is not allowed.
        """
        if declared is None:
            return cls()
        if not isinstance(declared, Mapping):
            raise InputError(DECLARATION, declared, "must be a mapping")
        known = [f.name for f in dataclasses.fields(cls)]
        unknown = [k for k in declared if k not in known]
        if unknown:
            raise InputError(
                f"{DECLARATION} key", unknown[0], f"must be one of: {', '.join(known)}"
            )
        made = cls(**{k: _value(k, v) for k, v in declared.items()})
        made._check_estimates()
        return made

    def _check_estimates(self) -> None:
        """Refuse an estimate of which no statement could be made."""
        for name, estimate in self.stochastic.items():
            most = MOST_SAMPLES[self.dtype]
            if estimate.samples > most:
                raise InputError(
                    f"{DECLARATION}['stochastic'][{name!r}]['samples']", estimate.samples,
                    f"must be at most {most}: the rounding of a longer sum in {self.dtype} would "
                    "hide mistakes",
                )  # fmt: skip
            if estimate.method == "two batch sizes" and self.sampling not in SAMPLINGS[:4]:
                raise InputError(
                    f"{DECLARATION}['stochastic'][{name!r}]['method']", estimate.method,
                    f"must be 'samples' for 'sampling': {self.sampling!r}: the law of an estimate "
                    "from two sizes of such batches is not known",
                )  # fmt: skip
            most = MOST_BATCH.get(self.sampling, MOST_POINTS)
            if estimate.method == "two batch sizes" and self.noise_batches[1] > most:
                raise InputError(
                    f"{DECLARATION}['noise_batches']", self.noise_batches,
                    f"must be at most {most} for 'sampling': {self.sampling!r}: a target is judged "
                    f"on up to {MOST_POINTS} points, and all batches are enumerated",
                )  # fmt: skip

    @property
    def trained_by(self) -> Optimiser:
        """The optimiser with the schedule."""
        return dataclasses.replace(self.optimiser, schedule=self.schedule)

    @property
    def drawing(self) -> str:
        """What is drawn if all weights are equal."""
        return {
            "weighted": "with-replacement", "weighted-without-replacement": "without-replacement",
        }.get(self.sampling, self.sampling)  # fmt: skip

    @property
    def ends(self) -> str:
        """What happens with the points left at the end of an epoch; empty if there are none."""
        return self.leftover if self.sampling == "reshuffled" else ""

    @property
    def differences(self) -> Differences:
        """How derivatives are computed, with the step."""
        step = KINDS[self.derivatives]
        if self.difference_step is not None and self.derivatives != "exact":
            step = float(self.difference_step)
        return Differences(self.derivatives, step)

    def divisor(self, function: str, count: int) -> Fraction:
        """Return the divisor of the sum over ``count`` points: count or 1.

        Args:
            function: Name of a function of the protocol.
            count: Rows of its data or batch.

        Returns:
            ``count`` for a mean, 1 for a sum.
        """
        if function == "loss":
            kind = self.loss
        elif function in _GRADIENTS:
            kind = self.gradient
        else:
            kind = self.hessian
        return Fraction(count if kind == "mean" else 1)

    def factor(self, function: str, count: int) -> Fraction:
        """Return the factor of the plain sum over points: ``loss_scale`` over :meth:`divisor`."""
        return self.loss_scale / self.divisor(function, count)

    def record(self) -> dict[str, Any]:
        """Return the declared conventions as plain data, without defaults."""
        default = Conventions()
        plain: dict[str, Any] = {}
        for item in dataclasses.fields(self):
            value = getattr(self, item.name)
            if value == getattr(default, item.name) or item.name == "expected_failures":
                continue
            if isinstance(value, (Optimiser, Schedule)):
                value = value.record()
            if item.name == "stochastic":
                value = {
                    name: {k: str(x) if isinstance(x, Fraction) else x
                           for k, x in dataclasses.asdict(item).items() if x is not None}
                    for name, item in value.items()
                }  # fmt: skip
            plain[item.name] = str(value) if isinstance(value, Fraction) else value
        return plain


def _value(key: str, value: Any) -> Any:
    argument = f"{DECLARATION}[{key!r}]"
    if key in {"name", "version"}:
        return str(value)
    if key in CHOICES:
        return check_choice(value, argument, CHOICES[key])
    if key == "difference_step":
        return _step(argument, value)
    if key == "kink":
        return None if value is None else check_fraction(value, argument, share=True)
    if key in {"keskar_share", "sam_share"}:
        return check_fraction(value, argument, share=True)
    if key == "loss_scale":
        return check_fraction(value, argument, share=False)
    if key == "activations":
        return _activations(argument, value)
    if key == "noise_batches":
        return _pair(argument, value)
    if key == "optimiser":
        return Optimiser.parse(value, argument=argument)
    if key == "schedule":
        return Schedule.parse(value, argument)
    if key == "expected_failures":
        return check_reasons(value, argument)
    if not isinstance(value, Mapping):
        raise InputError(argument, value, "must be a mapping")
    return {str(name): _stochastic(name, item) for name, item in value.items()}


def _step(argument: str, value: Any) -> Fraction | None:
    if value is None:
        return None
    step = check_fraction(value, argument, share=True)
    if step == 0:
        raise InputError(argument, value, "must be above 0")
    return step


def _activations(argument: str, value: Any) -> tuple[str, ...]:
    names = (value,) if isinstance(value, str) else value
    if not isinstance(names, (tuple, list, set, frozenset)) or not names:
        raise InputError(argument, value, f"must be some of: {', '.join(ACTIVATIONS)}")
    known = tuple(check_choice(n, argument, ACTIVATIONS) for n in names)
    if len(set(known)) < len(known):
        raise InputError(argument, value, "must name each activation once")
    return known


def _pair(argument: str, value: Any) -> tuple[int, int]:
    pair = tuple(value) if isinstance(value, (tuple, list)) else ()
    if len(pair) != 2 or any(type(x) is not int for x in pair) or not 1 <= pair[0] < pair[1]:
        raise InputError(argument, value, "must be two batch sizes (s, l) with 1 <= s < l")
    return pair[0], pair[1]


def _stochastic(name: str, item: Any) -> Stochastic:
    argument = f"{DECLARATION}['stochastic'][{name!r}]"
    check_choice(name, f"{DECLARATION}['stochastic'] key", tuple(METHODS))
    if not isinstance(item, Mapping) or set(item) - {"ema"} != {"method", "samples"}:
        raise InputError(argument, item, "must be {'method': M, 'samples': K}")
    method = check_choice(item["method"], f"{argument}['method']", METHODS[name])
    samples = check_integer(item["samples"], f"{argument}['samples']", 1, MOST_SAMPLES["float64"])
    if "ema" not in item:
        return Stochastic(method, samples)
    if method != "two batch sizes":
        raise InputError(f"{argument} key", "ema", "goes with the method 'two batch sizes' alone")
    ema = check_fraction(item["ema"], f"{argument}['ema']", share=True)
    if not 0 < ema < 1:
        raise InputError(f"{argument}['ema']", item["ema"], "must be above 0 and below 1")
    return Stochastic(method, samples, ema)
