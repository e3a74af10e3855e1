"""The result of an ensemble: summaries per cell, and errors that carry them."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property, reduce
from typing import TYPE_CHECKING, Any

from whichmin.core.training.summary import Tally
from whichmin.errors import InputError, Verbatim
from whichmin.provenance import provenance
from whichmin.reporting import Document

if TYPE_CHECKING:
    from whichmin.core.data import Data
    from whichmin.core.starts import Starts
    from whichmin.core.training.result import Recipe

__all__ = ["CellResult", "EnsembleFailed", "EnsembleResult", "EnsembleStopped"]

SCHEMA = "whichmin.ensemble/1"


@dataclass(frozen=True)
class CellResult:
    """The result for one batch size and one step size.

    Attributes:
        recipe: Their settings; the step limit is that of the cell's first replica.
        replicas: Number of replicas asked for.
        tally: Summaries of those that are done: always the first ones, whatever their outcome.
    """

    recipe: Recipe
    replicas: int
    tally: Tally


@dataclass(frozen=True)
class EnsembleResult:
    """Summaries of an ensemble.

    Attributes:
        cells: One per distinct pair of batch size and step size.
        data: The validated data.
        starts: Where the replicas start.
        max_steps: Step limit asked for; None for the theory's.
    """

    cells: tuple[CellResult, ...]
    data: Data = field(repr=False)
    starts: Starts = field(repr=False)
    max_steps: int | None = None

    @cached_property
    def total(self) -> Tally:
        """Summaries of all cells together."""
        return reduce(Tally.merge, (cell.tally for cell in self.cells))

    @property
    def replicas(self) -> int:
        """Number of replicas asked for."""
        return sum(cell.replicas for cell in self.cells)

    @property
    def done(self) -> int:
        """Number of replicas in the summaries."""
        return sum(cell.tally.replicas for cell in self.cells)

    @property
    def partial(self) -> bool:
        """Whether replicas are missing."""
        return self.done < self.replicas

    def plain(self) -> dict[str, Any]:
        """Return all of it as plain Python values."""
        recipe = self.cells[0].recipe
        shared = ("activation", "sampling", "engine", "seed", "tolerance", "dtype", "device")
        own = ("batch_size", "full_batch", "step_size", "check_every")
        return {
            "partial": self.partial,
            "replicas": self.replicas,
            "done": self.done,
            "settings": {
                **{name: getattr(recipe, name) for name in shared},
                "m": self.data.m,
                "n": self.data.n,
                "start": self.starts.kind,
                "max_steps": self.max_steps,
            },
            "cells": [
                {
                    **{name: getattr(cell.recipe, name) for name in own},
                    "replicas_asked_for": cell.replicas,
                    **cell.tally.plain(),
                }
                for cell in self.cells
            ],
            "total": self.total.plain(),
        }

    def json(self) -> str:
        """Write schema, provenance and all summaries as JSON, with null for NaN.

        Returns:
            The text.
        """
        recipe = self.cells[0].recipe
        origin = provenance(recipe.seed, recipe.dtype, recipe.device)
        return Document(SCHEMA, (), origin, extra=self.plain()).render("json")


class EnsembleStopped(KeyboardInterrupt):
    """An ensemble was interrupted.

    Attributes:
        result: Summaries of the blocks that were done.
        exit_code: What the process should return: 130 after Ctrl-C, 143 after SIGTERM.
    """

    def __init__(self, result: EnsembleResult, number: int) -> None:
        self.result, self.exit_code = result, 128 + number
        super().__init__(f"interrupted after {result.done} of {result.replicas} replicas")


class EnsembleFailed(InputError):
    """An ensemble could not go on, or its summaries could not be written.

    Attributes:
        result: Summaries of the blocks that were done.
    """

    def __init__(self, error: InputError, result: EnsembleResult) -> None:
        self.result = result
        kept = f"{error.allowed}; {result.done} of {result.replicas} replicas are done"
        super().__init__(error.argument, Verbatim(error.value), kept)
