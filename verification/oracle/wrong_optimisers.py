"""Compute runs of optimisers that are not quite the declared one, for the diagnosis of trainers."""

# ruff: noqa: ARG002 - a method that is replaced keeps its arguments

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np

from whichmin.verification.oracle.arithmetic import FLOATS, Arithmetic
from whichmin.verification.oracle.check import Candidate
from whichmin.verification.oracle.optimisers import KEYS, PLAIN, Optimiser, State
from whichmin.verification.oracle.runs import ServedRun
from whichmin.verification.oracle.schedules import CONSTANT, Schedule

__all__ = ["run_of", "wrong_optimisers"]


class _FirstDamped(Optimiser):
    """The first step is damped too."""

    def velocity(self, old: Any, g: Any, t: int, numbers: Arithmetic) -> Any:
        return super().velocity(old, g, max(t, 1), numbers)


class _Ema(Optimiser):
    """The momentum buffer is an average of gradients: damped by what the momentum leaves."""

    def velocity(self, old: Any, g: Any, t: int, numbers: Arithmetic) -> Any:
        share = numbers.number(self.momentum)
        return share * old + (numbers.number(1) - share) * g


class _StaleVelocity(Optimiser):
    """The update takes the buffer of the step before."""

    def advance(self, state: State, g: Any, t: int, rate: Any, numbers: Arithmetic) -> State:
        new = super().advance(state, g, t, rate, numbers)
        w, own = self.decayed(state["w"], self.clipped(g, numbers), rate, numbers)
        return {**new, "w": w - rate * (own if t == 0 else state["velocity"])}


class _RateInVelocity(Optimiser):
    """The step size is multiplied into the buffer, as in Sutskever et al. and in Caffe."""

    def _sgd(self, state: State, g: Any, t: int, rate: Any, numbers: Arithmetic) -> State:
        w, own = self.decayed(state["w"], g, rate, numbers)
        share = numbers.number(self.momentum)
        velocity = share * state["velocity"] + rate * own
        d = rate * own + share * velocity if self.nesterov else velocity
        return {"w": w - d, "velocity": velocity}


class _NoBias(Optimiser):
    """Adam's moments are not divided by their biases."""

    _which = (True, True)

    def moments(self, state: State, g: Any, t: int, numbers: Arithmetic) -> tuple[State, Any, Any]:
        new, mean, square = super().moments(state, g, t, numbers)
        bias = [1 - float(beta) ** (t + 1) for beta in self.betas]
        return (
            new, mean * bias[0] if self._which[0] else mean,
            square * bias[1] if self._which[1] else square,
        )  # fmt: skip


class _NoFirstBias(_NoBias):
    _which = (True, False)


class _NoSecondBias(_NoBias):
    _which = (False, True)


class _BiasFromZero(Optimiser):
    """Biases count steps from 0, at the first with exponent 1 as at the second."""

    def moments(self, state: State, g: Any, t: int, numbers: Arithmetic) -> tuple[State, Any, Any]:
        new, mean, square = super().moments(state, g, t, numbers)
        ratio = [
            (1 - float(beta) ** (t + 1)) / (1 - float(beta) ** (max(t, 1))) for beta in self.betas
        ]
        return new, mean * ratio[0], square * ratio[1]


class _EpsInside(Optimiser):
    """Epsilon is added inside the root."""

    def root(self, square: Any, numbers: Arithmetic) -> Any:
        return np.sqrt(square + float(self.eps))


class _EpsBeforeBias(Optimiser):
    """Epsilon is added before the root is divided by its bias, as in the paper's short form."""

    def moments(self, state: State, g: Any, t: int, numbers: Arithmetic) -> tuple[State, Any, Any]:
        new, mean, square = super().moments(state, g, t, numbers)
        root = np.sqrt(1 - float(self.betas[1]) ** (t + 1))
        # (sqrt(v) + eps) / root in place of sqrt(v) / root + eps.
        return new, mean, (np.sqrt(square) + float(self.eps) / root - float(self.eps)) ** 2


class _NoRoot(Optimiser):
    """The root of the second moment is not taken."""

    def root(self, square: Any, numbers: Arithmetic) -> Any:
        return square + float(self.eps)


class _ClipAfterDecay(Optimiser):
    """The gradient is clipped after the weight decay was added."""

    def clipped(self, g: Any, numbers: Arithmetic) -> Any:
        return g

    def decayed(self, w: Any, g: Any, rate: Any, numbers: Arithmetic) -> tuple[Any, Any]:
        w, g = super().decayed(w, g, rate, numbers)
        return w, Optimiser.clipped(self, g, numbers)


class _DecayBySize(Optimiser):
    """Decoupled decay without the step size."""

    def decayed(self, w: Any, g: Any, rate: Any, numbers: Arithmetic) -> tuple[Any, Any]:
        return super().decayed(w, g, 1.0, numbers)


class _RatioUndecayed(Optimiser):
    """The trust ratio of LARS leaves out the weight decay."""

    def ratio(self, w: Any, g: Any, numbers: Arithmetic) -> Any:
        return Optimiser.ratio(replace(self, weight_decay=Fraction(0)), w, g, numbers)


class _EmaFromStart(Optimiser):
    """The average starts with the weights before the first step."""

    def _averaged(self, old: Any, w: Any, t: int, numbers: Arithmetic) -> Any:
        if self.ema is None:
            return ((t + 1) * old + w) / (t + 2)
        return float(self.ema) * old + (1 - float(self.ema)) * w


def _sgd(o: Optimiser) -> bool:
    return o.name in {"sgd", "sgdw"} and bool(o.momentum)


def _adam(o: Optimiser) -> bool:
    return "betas" in KEYS[o.name]


def _clipped_and_decayed(o: Optimiser) -> bool:
    return o.name in {"sgd", "adam"} and bool(o.weight_decay and (o.clip_norm or o.clip_value))


_VARIED: tuple[tuple[str, type[Optimiser], Callable[[Optimiser], bool]], ...] = (
    ("the first step of momentum is damped too", _FirstDamped, lambda o: bool(o.dampening)),
    ("the momentum buffer is an average of gradients: each enters with 1 - momentum", _Ema, _sgd),
    ("the update takes the momentum buffer of the step before", _StaleVelocity, _sgd),
    ("the step size is multiplied into the momentum buffer", _RateInVelocity, _sgd),
    ("the moments are not corrected for their biases", _NoBias, _adam),
    ("the first moment is not corrected for its bias", _NoFirstBias, _adam),
    ("the second moment is not corrected for its bias", _NoSecondBias, _adam),
    ("the biases of the moments count one step too few", _BiasFromZero, _adam),
    ("eps is added inside the root", _EpsInside, _adam),
    ("eps is added before the root is corrected for its bias", _EpsBeforeBias, _adam),
    ("the root of the second moment is not taken", _NoRoot, _adam),
    ("the gradient is clipped after the weight decay is added", _ClipAfterDecay,
     _clipped_and_decayed),
    ("decoupled weight decay is not multiplied by the step size", _DecayBySize,
     lambda o: o.name in {"adamw", "sgdw"} and bool(o.weight_decay)),
    ("the trust ratio leaves out the weight decay", _RatioUndecayed,
     lambda o: o.name == "lars" and bool(o.weight_decay)),
    ("the average starts with the weights before the first step", _EmaFromStart,
     lambda o: o.average or o.ema is not None),
)  # fmt: skip


def _as(kind: type[Optimiser], optimiser: Optimiser) -> Optimiser:
    """The same parameters with another recurrence."""
    return kind(**{f.name: getattr(optimiser, f.name) for f in dataclasses.fields(Optimiser)})


def _switched(own: Optimiser) -> Iterator[tuple[str, Optimiser]]:
    """Each parameter left off, or another name with the same parameters."""
    off = replace(PLAIN, schedule=own.schedule)
    bare = replace(own, clip_norm=None, clip_value=None, ema=None, average=False)
    if own.name != "sgd" or bare.momentum:
        yield "plain SGD: the declared optimiser is not used", off
    if own.momentum:
        yield "momentum is not applied", replace(own, momentum=Fraction(0), nesterov=False)
        if own.name != "lars" and not own.dampening:
            other = "without" if own.nesterov else "with"
            yield (f"momentum {other} Nesterov's step", replace(own, nesterov=not own.nesterov))
    if own.dampening:
        yield "dampening is not applied", replace(own, dampening=Fraction(0))
    if own.weight_decay:
        yield "weight decay is not applied", replace(own, weight_decay=Fraction(0))
    swapped = {"sgd": "sgdw", "sgdw": "sgd", "adam": "adamw", "adamw": "adam"}
    if own.name in swapped and own.weight_decay:
        kinds = "coupled", "decoupled"
        given, found = kinds if own.name in {"sgd", "adam"} else kinds[::-1]
        yield (
            f"weight decay is {found}, declared is {given}: {swapped[own.name]} for {own.name}",
            replace(own, name=swapped[own.name]),
        )
    if own.amsgrad:
        yield "amsgrad is off: the last second moment, not the largest", replace(own, amsgrad=False)
    elif own.name in {"adam", "adamw"}:
        yield "amsgrad is on: the largest second moment", replace(own, amsgrad=True)
    if "betas" in KEYS[own.name]:
        yield "the two betas are exchanged", replace(own, betas=own.betas[::-1])
        for eps in (0, 1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3):
            if Fraction(eps) != own.eps:
                yield f"eps is {eps:g}", replace(own, eps=Fraction(eps))
    if own.name == "lars":
        sgd = replace(own, name="sgd", trust_coefficient=PLAIN.trust_coefficient)
        yield "without the trust ratio: momentum SGD", _as(_RateInVelocity, sgd)
    if own.name == "lamb":
        yield "without the trust ratio: AdamW", replace(own, name="adamw")
    if own.clip_norm is not None:
        yield "gradients are not clipped by length", replace(own, clip_norm=None)
        yield ("the bound of clipping applies to entries, not to the length",
               replace(own, clip_norm=None, clip_value=own.clip_norm))  # fmt: skip
        yield "clipped without adding 1e-6 to the length", replace(own, clip_eps=Fraction(0))
    if own.clip_value is not None:
        yield "gradients have no entries clipped", replace(own, clip_value=None)
        yield ("the bound of clipping applies to the length, not to entries",
               replace(own, clip_value=None, clip_norm=own.clip_value))  # fmt: skip
    if own.ema is not None or own.average:
        yield (
            "the last weights are returned, not their average",
            replace(own, ema=None, average=False),
        )


class _Shifted(Schedule):
    """The schedule one step early or late."""

    _by = 1

    def factor(self, t: int) -> Fraction:
        return super().factor(max(t + self._by, 0))


class _Late(_Shifted):
    _by = -1


def _scheduled(own: Optimiser) -> Iterator[tuple[str, Optimiser]]:
    given = own.schedule
    if given == CONSTANT:
        return
    yield "the schedule is not applied: the step size stays", replace(own, schedule=CONSTANT)
    for text, kind in (("early", _Shifted), ("late", _Late)):
        yield (f"the schedule is one step {text}",
               replace(own, schedule=kind(given.name, given.parameters)))  # fmt: skip
    twice = Schedule("product", (("of", (given, given)),))
    yield "the schedule is applied twice", replace(own, schedule=twice)


def run_of(run: ServedRun, optimiser: Optimiser) -> Any:
    """Compute what a run returns with another optimiser, in float64.

    Args:
        run: The run.
        optimiser: The optimiser.

    Returns:
        The last weights, or their average; NaN where they leave the range of float64.
    """
    w, data, step_size = run.received
    with np.errstate(all="ignore"):
        path = optimiser.path(w, data, run.batches, step_size, run.activation, run.factors, FLOATS)
    return path[-1]


def wrong_optimisers(run: ServedRun) -> Iterator[Candidate]:
    """Compute the results of runs with known mistakes of the declared optimiser.

    Args:
        run: A run of a target that declares an optimiser or a schedule.

    Yields:
        One candidate per mistake.
    """
    own = run.optimiser
    made = [*_switched(own), *_scheduled(own)]
    made += [(text, _as(kind, own)) for text, kind, applies in _VARIED if applies(own)]
    yield Candidate("the start is returned", run.received[0])
    for text, optimiser in made:
        value = run_of(run, optimiser)
        if np.isfinite(value).all():
            yield Candidate(text, value)
