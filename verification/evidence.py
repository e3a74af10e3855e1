"""Evidence is data: what a check measured, in units of what it allows."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from whichmin.reporting import data_frame
from whichmin.words import EvidenceKind

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

    from whichmin.verification.subject import Subject

__all__ = ["SCHEMA", "Check", "Evidence", "Margin", "Report", "Settings"]

SCHEMA = "whichmin.evidence/1"


@dataclass(frozen=True)
class Margin:
    """A deviation beside what is allowed.

    Attributes:
        what: What was compared, and where.
        error: Size of the deviation.
        bound: Largest deviation that rounding (or, for statistics, chance) explains.
        cases: How many cases the figure is the worst of.
    """

    what: str
    error: float
    bound: float
    cases: int = 1

    @property
    def ratio(self) -> float:
        """Deviation in units of the bound; at most 1 holds, NaN counts as infinite."""
        if self.error == 0:
            return 0.0
        ratio = self.error / self.bound if self.bound > 0 else math.inf
        return math.inf if math.isnan(ratio) else ratio


@dataclass(frozen=True)
class Settings:
    """How checks are run.

    Attributes:
        seed: Seed of every random choice.
        examples: Random cases per property; None for each check's own number.
    """

    seed: int = 0
    examples: int | None = None


@dataclass(frozen=True)
class Check:
    """One statement that can be checked again at any time.

    Attributes:
        id: Stable name, ``topic.what``.
        statement: What holds if the check passes.
        kind: Kind of evidence.
        bound: The reason for the bound that margins are measured in.
        measure: Yields margins; called with the subject and a case (property) or the settings.
        cases: Builds the strategy that draws cases, for property checks.
        examples: Number of cases drawn by default.
        forms: Closed forms whose numbers this check tests.
    """

    id: str
    statement: str
    kind: EvidenceKind
    bound: str
    measure: Callable[[Subject, Any], Iterable[Margin]]
    cases: Callable[[], SearchStrategy[Any]] | None = None
    examples: int = 0
    forms: tuple[str, ...] = ()


@dataclass(frozen=True)
class Evidence:
    """Record of one check that ran.

    Attributes:
        check: Id of the check.
        statement: What it claims.
        kind: Kind of evidence.
        bound: The reason for the bound.
        holds: Whether every margin stayed within it.
        cases: Number of cases.
        worst: Largest margin, in units of the bound.
        where: The case of the largest margin.
        seconds: Wall-clock time.
        seed: Seed of the random choices.
        message: What failed and where; empty if nothing did.
    """

    check: str
    statement: str
    kind: EvidenceKind
    bound: str
    holds: bool
    cases: int
    worst: float
    where: str
    seconds: float
    seed: int
    message: str = ""

    def record(self) -> dict[str, Any]:
        """Return the evidence as plain data for JSON."""
        return {"schema": SCHEMA, **dataclasses.asdict(self), "kind": str(self.kind)}


@dataclass(frozen=True)
class Report:
    """All evidence of one run.

    Attributes:
        evidence: One record per check, in order.
        seed: Seed of the run.
    """

    evidence: tuple[Evidence, ...]
    seed: int

    @property
    def holds(self) -> bool:
        """Whether every check held."""
        return all(e.holds for e in self.evidence)

    @property
    def failures(self) -> tuple[Evidence, ...]:
        """The checks that failed."""
        return tuple(e for e in self.evidence if not e.holds)

    def records(self) -> list[dict[str, Any]]:
        """One dictionary of plain values per check."""
        return [e.record() for e in self.evidence]

    def to_pandas(self) -> Any:
        """One row per check, as a ``pandas.DataFrame``."""
        return data_frame(self.records())
