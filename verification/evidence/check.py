"""Evidence is data: what a check measured, in units of what it allows."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from whichmin.errors import InputError
from whichmin.reporting import data_frame
from whichmin.words import EvidenceKind

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

    from whichmin.verification.evidence.subject import Subject

__all__ = ["SCHEMA", "Check", "Evidence", "Margin", "Report", "Settings", "differs"]

SCHEMA = "whichmin.evidence/2"


@dataclass(frozen=True)
class Margin:
    """A deviation beside what is allowed.

    Attributes:
        what: What was compared, and where.
        error: Size of the deviation.
        bound: Largest deviation that rounding (or, for statistics, chance) explains.
        cases: How many cases the figure is the worst of.
        found: What was measured, for the reader: an estimate with its interval, a model found.
    """

    what: str
    error: float
    bound: float
    cases: int = 1
    found: str = ""

    @property
    def ratio(self) -> float:
        """Deviation in units of the bound; at most 1 holds, NaN counts as infinite."""
        if self.error == 0:
            return 0.0
        ratio = self.error / self.bound if self.bound > 0 else math.inf
        return math.inf if math.isnan(ratio) else ratio


def differs(what: str, claimed: float, found: float, uncertainty: float, cases: int = 1) -> Margin:
    """A margin that holds if two numbers differ by more than an uncertainty: for refutations.

    Args:
        what: What the numbers are.
        claimed: What a claim says.
        found: What is true.
        uncertainty: Largest error of the two together, above 0: rounding, or an enclosure's radius.
        cases: How many cases the figure is the worst of.

    Returns:
        The uncertainty, which may be as large as the distance and no larger.
    """
    assert uncertainty > 0
    told = f"{what}: claimed {claimed:.6g}, found {found:.6g}"
    return Margin(told, uncertainty, abs(claimed - found), cases, told)


@dataclass(frozen=True)
class Settings:
    """How checks are run.

    Attributes:
        seed: Seed of every random choice.
        examples: Random cases per property; None for each check's own number.
        deep: Whether to run the long version: more replicas, wider searches.
    """

    seed: int = 0
    examples: int | None = None
    deep: bool = False


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
        needs: Modules of the extra ``proofs`` that it imports; without them it is not run.
        false_alarm: For statistics: upper bound of the chance that a run fails though all is right.
    """

    id: str
    statement: str
    kind: EvidenceKind
    bound: str
    measure: Callable[[Subject, Any], Iterable[Margin]]
    cases: Callable[[], SearchStrategy[Any]] | None = None
    examples: int = 0
    forms: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    false_alarm: float = 0.0


@dataclass(frozen=True)
class Evidence:
    """Record of one check that ran.

    Attributes:
        check: Id of the check.
        statement: What it claims.
        kind: Kind of evidence.
        bound: The reason for the bound.
        holds: Whether it ran and every margin stayed within the bound.
        cases: Number of cases.
        worst: Largest margin, in units of the bound.
        where: The case of the largest margin.
        seconds: Wall-clock time.
        seed: Seed of the random choices.
        message: What failed and where; empty if nothing did.
        found: What was measured, for the reader.
        false_alarm: Upper bound of the chance of failing though all is right.
        lacking: Module that is not installed, so that the check was not run; else empty.
        deep: Whether the long version ran.
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
    found: tuple[str, ...] = ()
    false_alarm: float = 0.0
    lacking: str = ""
    deep: bool = False

    @property
    def ran(self) -> bool:
        """Whether the check was run."""
        return not self.lacking

    def record(self) -> dict[str, Any]:
        """Return the evidence as plain data for JSON."""
        plain = {**dataclasses.asdict(self), "kind": str(self.kind), "found": list(self.found)}
        return {"schema": SCHEMA, **plain}

    @classmethod
    def parse(cls, record: Mapping[str, Any]) -> Evidence:
        """Read what :meth:`record` wrote.

        Args:
            record: The plain data.

        Returns:
            The evidence.

        Raises:
            InputError: The data are of another schema.
        """
        values = dict(record)
        if values.pop("schema", None) != SCHEMA:
            raise InputError("record", record.get("schema"), f"must be evidence of schema {SCHEMA}")
        kind, found = EvidenceKind(values.pop("kind")), tuple(values.pop("found"))
        return cls(**values, kind=kind, found=found)


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
        """Whether every check that ran held, and some did run."""
        return not self.failures and any(e.ran for e in self.evidence)

    @property
    def failures(self) -> tuple[Evidence, ...]:
        """The checks that failed."""
        return tuple(e for e in self.evidence if e.ran and not e.holds)

    @property
    def not_run(self) -> tuple[Evidence, ...]:
        """The checks that need something that is not installed."""
        return tuple(e for e in self.evidence if not e.ran)

    def records(self) -> list[dict[str, Any]]:
        """One dictionary of plain values per check."""
        return [e.record() for e in self.evidence]

    def to_pandas(self) -> Any:
        """One row per check, as a ``pandas.DataFrame``."""
        return data_frame(self.records())
