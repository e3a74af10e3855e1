"""The subject of checks: closed forms, engines and the sampler, each of which can be replaced.

Every check receives its subject. The product is the default subject; a deliberately broken
implementation is the same bundle with one part replaced (see :mod:`whichmin.verification.mutants`).
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from whichmin.core.batches import BatchStream
from whichmin.core.engines import ENGINES, Engine, EngineFactory, GramEngine, Problem
from whichmin.symbolic import ClosedForm, closed_forms

__all__ = ["Subject", "default_subject"]

Sampler = Callable[[BatchStream, int, int, Any], NDArray[np.int64] | None]


def _engines() -> dict[str, EngineFactory]:
    table = {name.value: factory for name, factory in ENGINES.items() if name.value != "auto"}
    # The Gram-matrix version serves correlated data; on orthonormal data it is one more route.
    return table | {"gram": GramEngine}


@dataclass(frozen=True)
class Subject:
    """An implementation under test.

    Attributes:
        name: What to call it in messages.
        forms: Closed forms by id.
        engines: Engines by name.
        sampler: Draws batches: (stream, first step, last step, replicas) to indices.
    """

    name: str = "whichmin"
    forms: Mapping[str, ClosedForm] = field(default_factory=closed_forms, repr=False)
    engines: Mapping[str, EngineFactory] = field(default_factory=_engines, repr=False)
    sampler: Sampler = field(default=BatchStream.indices, repr=False)

    def with_form(self, form: ClosedForm) -> Subject:
        """Replace one closed form.

        Returns:
            A new subject.
        """
        # A chain, not a copy: other forms are derived when a check takes them. For type checkers
        # its maps are mutable; nothing writes to them.
        forms = ChainMap({form.id: form}, self.forms)  # type: ignore[arg-type]
        return replace(self, name=f"mutant of {form.id}", forms=forms)

    def with_engine(self, name: str, engine: EngineFactory, label: str) -> Subject:
        """Replace one engine.

        Returns:
            A new subject.
        """
        return replace(self, name=label, engines={**self.engines, name: engine})

    def with_sampler(self, sampler: Sampler, label: str) -> Subject:
        """Replace the sampler.

        Returns:
            A new subject.
        """
        return replace(self, name=label, sampler=sampler)

    def batches(
        self, stream: BatchStream, first: int, last: int, replicas: Any
    ) -> Sequence[NDArray[np.int64] | None]:
        """Draw the batches of some steps, one entry a step.

        Args:
            stream: The batches of a run.
            first: First step.
            last: Last step, not included.
            replicas: Which replicas.

        Returns:
            Indices, shape ``(replicas, b)`` each; None where the batch is full.
        """
        drawn = self.sampler(stream, first, last, replicas)
        return [None] * (last - first) if drawn is None else list(drawn)

    def stepped(
        self,
        engine: str,
        problem: Problem,
        start: NDArray[np.float64],
        batches: Iterable[NDArray[np.int64] | None] = (None,),
    ) -> Engine:
        """Build an engine and take one step for each batch.

        Args:
            engine: Its name.
            problem: Data, activation and step size.
            start: Weights, shape ``(replicas, n)``.
            batches: As :meth:`batches` draws them; by default one step on the full batch.

        Returns:
            The engine, after the steps.
        """
        made = self.engines[engine](problem, torch.from_numpy(start.copy()))
        for batch in batches:
            made.step(None if batch is None else torch.from_numpy(batch))
        return made


def default_subject() -> Subject:
    """Return the product itself as the subject."""
    return Subject()
