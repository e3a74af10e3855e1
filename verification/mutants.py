"""Deliberately wrong implementations: the checks must notice every one of them.

``coefficient_mutants`` changes one number of a closed form at a time; ``implementation_mutants``
lists wrong engines and samplers, each with the check that has to catch it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import sympy as sp
import torch
from numpy.typing import NDArray

from whichmin.core.batches import BatchStream
from whichmin.core.engines import CompiledEngine, DenseEngine, Problem, ReducedEngine
from whichmin.core.summation import pairwise_sum
from whichmin.moved import renamed
from whichmin.symbolic import ClosedForm
from whichmin.symbolic.derivation import vanishes
from whichmin.verification.evidence.subject import Subject
from whichmin.words import Activation

__all__ = ["SubjectMutant", "coefficient_mutants", "implementation_mutants"]

__getattr__ = renamed(__name__, Mutant="SubjectMutant")


@dataclass(frozen=True)
class SubjectMutant:
    """A wrong implementation.

    Attributes:
        name: What is wrong.
        subject: The implementation.
        caught_by: Id of the check that must fail.
        says: Text that its message must contain.
    """

    name: str
    subject: Subject
    caught_by: str
    says: str


def _variants(expression: sp.Expr) -> Iterator[sp.Expr]:
    """Change one number: every written one by 1, every unwritten factor 1 of a sum to 2."""
    if expression.is_Number:
        yield expression + 1
        return
    for place, argument in enumerate(expression.args):
        for changed in _variants(argument):
            yield expression.func(*expression.args[:place], changed, *expression.args[place + 1 :])
        if expression.is_Add:
            yield expression.func(
                *expression.args[:place], 2 * argument, *expression.args[place + 1 :]
            )


def coefficient_mutants(form: ClosedForm) -> Iterator[ClosedForm]:
    """Change one coefficient or exponent of a closed form.

    Args:
        form: The form.

    Yields:
        Forms whose expression differs, as a function, from the original.
    """
    seen = {form.expression}
    for changed in (*_variants(form.expression), 2 * form.expression):
        if changed in seen or changed.has(sp.zoo, sp.nan) or vanishes(changed - form.expression):
            continue
        seen.add(changed)
        yield replace(form, expression=changed)


class _SumForMean(DenseEngine):
    def batch_gradient(self, chosen: torch.Tensor) -> torch.Tensor:
        return super().batch_gradient(chosen) * chosen.shape[1]


class _MeanOfMean(DenseEngine):
    def batch_gradient(self, chosen: torch.Tensor) -> torch.Tensor:
        return super().batch_gradient(chosen) / chosen.shape[1]


class _Altered(DenseEngine):
    """The dense gradient with its three coefficients open to change."""

    shift, data_sign, weight_sign = 2.0, 1.0, 1.0

    def batch_gradient(self, chosen: torch.Tensor) -> torch.Tensor:
        inner = torch.einsum("rbn,rn->rb", chosen, self.weight)
        code = inner.clamp_min(0) if self.problem.activation is Activation.RELU else inner
        norm = self.weight.square().sum(-1, keepdim=True)
        along_data = torch.einsum("rb,rbn->rn", (norm - self.shift) * code, chosen)
        along_weight = code.square().sum(-1, keepdim=True) * self.weight
        return (self.data_sign * along_data + self.weight_sign * along_weight) / chosen.shape[1]


class _MissingFactorTwo(_Altered):
    shift = 1.0


class _WrongSignOnWeight(_Altered):
    weight_sign = -1.0


class _Ascent(_Altered):
    data_sign, weight_sign = -1.0, -1.0


class _StaleNorm(ReducedEngine):
    """Uses the norm from before the previous step."""

    def __init__(self, problem: Problem, start: torch.Tensor) -> None:
        super().__init__(problem, start)
        self._old = super().squared_norm()

    def squared_norm(self) -> torch.Tensor:
        stale, self._old = self._old, super().squared_norm()
        return stale


class _NoShrinkOffSpan(ReducedEngine):
    """Forgets that the part outside the span shrinks too."""

    def step(self, batch: torch.Tensor | None) -> None:
        super().step(batch)
        self.off = torch.ones_like(self.off)


class _DropsMultiplicity(ReducedEngine):
    """Counts a repeated index once when adding, but in S as often as it occurs."""

    def step(self, batch: torch.Tensor | None) -> None:
        if batch is None:
            super().step(batch)
            return
        norm = self.squared_norm()
        picked = self.c.gather(0, batch.T)
        code = picked.clamp_min(0) if self.problem.activation is Activation.RELU else picked
        alpha = self.problem.step_size / batch.shape[1]
        shrink = 1 - alpha * pairwise_sum(code.square())
        added = torch.zeros_like(self.c).scatter_(0, batch.T, code * alpha * (2 - norm))
        self.c = self.c * shrink + added
        self.off *= shrink


class _LeakyBelowZero(DenseEngine):
    """Treats small negative correlations as active."""

    def batch_gradient(self, chosen: torch.Tensor) -> torch.Tensor:
        inner = torch.einsum("rbn,rn->rb", chosen, self.weight)
        active = inner > (-1e-6 if self.problem.activation is Activation.RELU else -torch.inf)
        code = inner * active
        norm = self.weight.square().sum(-1, keepdim=True)
        along_data = torch.einsum("rb,rbn->rn", (norm - 2) * code, chosen)
        return (along_data + code.square().sum(-1, keepdim=True) * self.weight) / chosen.shape[1]


class _ReadsAhead(CompiledEngine):
    """Takes the batch of the next step."""

    def advance(
        self, stream: BatchStream, first: int, last: int, replicas: NDArray[np.int64]
    ) -> None:
        if stream.rows is not None or stream.is_full_batch:
            super().advance(stream, first, last, replicas)
            return
        super().advance(stream, first + 1, last + 1, replicas)


class _DependsOnCuts(CompiledEngine):
    """Applies the common factors at the end of every call."""

    def advance(
        self, stream: BatchStream, first: int, last: int, replicas: NDArray[np.int64]
    ) -> None:
        super().advance(stream, first, last, replicas)
        self.apart.fill_(-1)
        self._units = None


def _biased(stream: BatchStream, first: int, last: int, replicas: Any) -> NDArray[np.int64] | None:
    """Favours low indices: one draw in 32 that should be the last point is the first."""
    indices = BatchStream.indices(stream, first, last, replicas)
    if indices is None or stream.rows is not None:
        return indices
    changed = indices.copy()
    hits = (changed == stream.m - 1) & (np.arange(first, last)[:, None, None] % 32 == 0)
    changed[hits] = 0
    return changed


def _shared(stream: BatchStream, first: int, last: int, replicas: Any) -> NDArray[np.int64] | None:
    """Gives replica r the stream of replica 0, shifted by r steps: the naive seed plus offset."""
    parts = [BatchStream.indices(stream, first + r, last + r, [0]) for r in replicas]
    if any(part is None for part in parts):
        return None
    return np.concatenate([part for part in parts if part is not None], axis=1)


def implementation_mutants() -> tuple[SubjectMutant, ...]:
    """Return the wrong engines and samplers."""
    product = Subject()
    engines = (
        ("sum for mean", "dense", _SumForMean, "engines.trajectories", "engine dense"),
        ("mean taken twice", "dense", _MeanOfMean, "engines.trajectories", "engine dense"),
        ("missing factor 2", "dense", _MissingFactorTwo, "engines.trajectories", "engine dense"),
        ("wrong sign of one term", "dense", _WrongSignOnWeight, "engines.trajectories",
         "engine dense"),
        ("gradient ascent", "dense", _Ascent, "engines.trajectories", "engine dense"),
        ("stale norm", "reduced", _StaleNorm, "engines.trajectories", "against reduced"),
        ("off-span part does not shrink", "reduced", _NoShrinkOffSpan, "engines.trajectories",
         "against reduced"),
        ("multiplicity dropped", "reduced", _DropsMultiplicity, "engines.trajectories",
         "against reduced"),
        ("batch of the next step", "compiled", _ReadsAhead, "engines.compiled", "engine compiled"),
        ("bits depend on cuts", "compiled", _DependsOnCuts, "engines.compiled", "with cuts"),
        ("leaky kink", "dense", _LeakyBelowZero, "engines.kinks", "engine dense"),
    )  # fmt: skip
    samplers = (
        ("biased sampling", _biased, "batches.uniform", "chi-square"),
        ("shifted copies of one stream", _shared, "batches.independence", "shifted by"),
    )
    return (
        *(
            SubjectMutant(name, product.with_engine(which, engine, name), check, says)
            for name, which, engine, check, says in engines
        ),
        *(
            SubjectMutant(name, product.with_sampler(sampler, name), check, says)
            for name, sampler, check, says in samplers
        ),
    )
