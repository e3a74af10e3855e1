"""The settings of a training run, validated when they are made."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from whichmin.core.batches import BatchStream, make_stream
from whichmin.core.engines.base import Problem
from whichmin.core.training.trajectory import Schedule
from whichmin.core.validation import check_integer, check_positive, check_seed
from whichmin.errors import InputError
from whichmin.words import Activation, EngineName, Sampling, parse

if TYPE_CHECKING:
    from whichmin.core.data import Data
    from whichmin.core.engines import EngineFactory

__all__ = ["TrainingSettings"]


@dataclass(frozen=True, eq=False)
class TrainingSettings:
    """The settings of training that do not depend on the data and the starts.

    Values are given as to :func:`~whichmin.core.training.trainer.train`, which explains them, and
    are converted to those below. What depends on the data too is checked by :meth:`fit`.

    Attributes:
        activation: Identity or ReLU.
        batch_size: Points per batch; None for the full batch.
        step_size: Step size, above 0.
        sampling: How batches are drawn.
        batches: Indices of every step, for custom batches.
        engine: An engine by name, or what builds one.
        seed: Seed of the batches and of the default start.
        max_steps: Step limit; None to derive it from the theory's rates.
        tolerance: Loss gap that counts as 0, between 0 and 0.01.
        check_every: Steps between two tests for convergence; None for a 500th of what the theory
            expects, or of ``max_steps`` but at most 100,000.
        record_at: Which steps to record, if any.
        record_to: Absolute path of the file to record to, if there is one.
        checkpointed: Whether the run will be saved.

    Raises:
        InputError: A value is not allowed, or two do not go together.
    """

    activation: Activation = Activation.RELU
    batch_size: int | None = 1
    step_size: float = 0.1
    sampling: Sampling = Sampling.WITHOUT_REPLACEMENT
    batches: Any = field(default=None, repr=False)
    engine: EngineName | EngineFactory = EngineName.AUTO
    seed: int = 0
    max_steps: int | None = None
    tolerance: float = 1e-12
    check_every: int | None = None
    record_at: Schedule | None = None
    record_to: str | None = None
    checkpointed: bool = False

    def __post_init__(self) -> None:
        """Validate every value."""
        checked: dict[str, Any] = {
            "activation": parse(Activation, self.activation, "activation"),
            "sampling": parse(Sampling, self.sampling, "sampling"),
            "step_size": check_positive(self.step_size, "step_size"),
            "seed": check_seed(self.seed),
            "tolerance": check_positive(self.tolerance, "tolerance", upper=0.01),
        }
        if not self.own_engine:
            checked["engine"] = parse(EngineName, self.engine, "engine")
        for name, least in (("max_steps", 0), ("check_every", 1)):
            value = getattr(self, name)
            if value is not None:
                checked[name] = check_integer(value, name, least)
        steps: Any = self.record_at
        if steps is not None and not isinstance(steps, Schedule):
            checked["record_at"] = Schedule.parse(steps)
        if self.record_to is not None:
            checked["record_to"] = os.path.abspath(self.record_to)
        for name, value in checked.items():
            object.__setattr__(self, name, value)
        if self.record_to is not None and self.record_at is None:
            raise InputError("record_to", self.record_to, "needs record_at: which steps to record")
        if self.checkpointed and self.record_at is not None and self.record_to is None:
            raise InputError(
                "record_to", None, "must name a file when a recorded run is to be resumable"
            )
        if self.checkpointed and self.own_engine:
            own = getattr(self.engine, "__name__", str(self.engine))
            raise InputError("engine", own, "must be an engine by name, to be checkpointed")

    def fit(self, data: Data) -> tuple[Problem, BatchStream]:
        """Check that the settings fit the data, and make the batches.

        Args:
            data: The data.

        Returns:
            What is trained, and the batches.

        Raises:
            InputError: The batches do not fit the data or the other settings.
        """
        size = data.m if self.batch_size is None else self.batch_size
        stream = make_stream(
            data.m, size, sampling=self.sampling, seed=self.seed, batches=self.batches
        )
        if stream.rows is not None and self.batch_size not in {None, 1, stream.batch_size}:
            raise InputError(
                "batch_size", self.batch_size, f"batches has {stream.batch_size} indices a step"
            )
        limit, available = self.max_steps, stream.steps_available
        if limit is not None and available is not None and limit > available:
            raise InputError("max_steps", limit, f"batches holds {available} steps only")
        return Problem(data, self.activation, self.step_size), stream

    @property
    def own_engine(self) -> bool:
        """Whether the engine is the caller's own."""
        return callable(self.engine) and not isinstance(self.engine, str)
