"""The results of all checks of a target, as JSON, Markdown and text."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from whichmin.errors import InputError
from whichmin.moved import renamed
from whichmin.reporting import Table

__all__ = ["LOADS", "SCHEMA", "CheckVerdict", "Compliance", "Profile", "Result", "unloaded"]

__getattr__ = renamed(__name__, Verdict="CheckVerdict")

SCHEMA = "whichmin.compliance/1"
# Id of the one result of a target that does not load.
LOADS = "loads"
# What a note says of a function that writes to its standard output or error.
PRINTED = " printed: "


class Profile(Protocol):
    """The length of a run: quick, full or deep."""

    seed: int
    profile: str


class CheckVerdict(StrEnum):
    """The verdict of a check on a target."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_PROVIDED = "not provided"
    NOT_APPLICABLE = "not applicable"
    EXPECTED_FAILURE = "expected failure"
    UNEXPECTED_PASS = "unexpectedly passed"  # noqa: S105 - no password
    INCONCLUSIVE = "inconclusive"


# What was begun and came to no result counts against the run: nothing was shown.
BAD = {CheckVerdict.FAILED, CheckVerdict.UNEXPECTED_PASS, CheckVerdict.INCONCLUSIVE}


@dataclass(frozen=True)
class Result:
    """The result of one check on one target.

    Attributes:
        check: Id of the check.
        verdict: What it says.
        message: What happened; for a pass, empty.
        diagnosis: The cause, if it was found.
        declare: What the target may declare if that is meant.
        snippet: Python that reproduces the failure.
        margin: Largest deviation in units of its bound; None without a comparison, in JSON also
            where it is infinite.
        where: The case of the margin.
        cases: Number of comparisons.
        failures: How many of them failed.
        notes: Remarks: what was printed, what was accepted at a kink.
        seconds: Duration.
        trace: Traceback of the target, if it raised.
        statement: What the check states.
        kind: ``exact`` or ``stochastic``.
        false_alarm: Chance, at most, that a correct target fails.
    """

    check: str
    verdict: CheckVerdict
    message: str = ""
    diagnosis: str = ""
    declare: str = ""
    snippet: str = ""
    margin: float | None = None
    where: str = ""
    cases: int = 0
    failures: int = 0
    notes: tuple[str, ...] = ()
    seconds: float = 0.0
    trace: str = ""
    statement: str = ""
    kind: str = "exact"
    false_alarm: float = 0.0

    @property
    def good(self) -> bool:
        """Whether the check does not count against the target."""
        return self.verdict not in BAD

    def record(self) -> dict[str, Any]:
        """Return the result as plain data."""
        return {**dataclasses.asdict(self), "verdict": str(self.verdict), "notes": list(self.notes)}

    @classmethod
    def parse(cls, record: Mapping[str, Any]) -> Result:
        """Read what :meth:`record` wrote; the schema is that of the compliance around it."""
        values = dict(record)
        values["verdict"], values["notes"] = CheckVerdict(values["verdict"]), tuple(values["notes"])
        return cls(**values)

    def text(self) -> str:
        """Write the message, the diagnosis and the snippet of a failed check."""
        lines = [f"{self.check}: {self.message or self.verdict}"]
        if self.diagnosis:
            lines.append(f"diagnosis: {self.diagnosis}")
        if self.declare:
            lines.append(f"if it is meant, declare it: WHICHMIN = {{{self.declare}}}")
        lines.extend(f"note: {note}" for note in self.notes)
        if self.trace:
            lines.extend(["", self.trace.rstrip()])
        if self.snippet:
            lines.extend(["", "to reproduce:", "", self.snippet.rstrip()])
        return "\n".join(lines)


@dataclass(frozen=True)
class Compliance:
    """The results of all checks on one target.

    Attributes:
        target: Its name.
        version: Its version, if it says one.
        conventions: What it declares.
        where: Where its calls ran; empty if none did.
        results: One per check.
        seed: Seed of the random choices.
        profile: ``quick``, ``full`` or ``deep``.
        provenance: What is needed to make it again.
    """

    target: str
    version: str
    conventions: Mapping[str, Any]
    where: str
    results: tuple[Result, ...]
    seed: int = 0
    profile: str = "full"
    provenance: Mapping[str, Any] = field(default_factory=dict)

    @property
    def holds(self) -> bool:
        """Whether no check counts against the target, and some check passed."""
        passed = any(r.verdict is CheckVerdict.PASSED for r in self.results)
        return passed and all(r.good for r in self.results)

    @property
    def failures(self) -> tuple[Result, ...]:
        """Results that count against the target."""
        return tuple(r for r in self.results if not r.good)

    @property
    def printed(self) -> tuple[str, ...]:
        """Notes on output that the target printed, the first one of each function."""
        found: dict[str, str] = {}
        for result in self.results:
            for note in result.notes:
                name, mark, _ = note.partition(PRINTED)
                if mark:
                    found.setdefault(name, f"{note} ({result.check})")
        return tuple(found.values())

    def counts(self) -> dict[str, int]:
        """Count the checks by verdict, for the verdicts that occur."""
        counted = {str(v): sum(r.verdict is v for r in self.results) for v in CheckVerdict}
        return {k: v for k, v in counted.items() if v}

    @classmethod
    def gather(cls, head: Mapping[str, Any], results: Iterable[Mapping[str, Any]]) -> Compliance:
        """Make the results of a target from records, as the pytest plugin gets them.

        Args:
            head: A :meth:`record`; its results are left out.
            results: Records of results.

        Returns:
            The verdict.

        Raises:
            InputError: The head is of another schema.
        """
        if head.get("schema") != SCHEMA:
            raise InputError("record", head.get("schema"), f"must be of schema {SCHEMA}")
        names = {f.name for f in dataclasses.fields(cls)}
        plain = {k: v for k, v in head.items() if k in names}
        return cls(**{**plain, "results": tuple(Result.parse(r) for r in results)})

    def summary(self) -> str:
        """Write one line with the target and the number of checks by verdict."""
        told = ", ".join(f"{v} {k}" for k, v in self.counts().items())
        return f"{self.label}: {told} ({self.profile})"

    @property
    def label(self) -> str:
        """Name and version of the target."""
        return f"{self.target} {self.version}".strip()

    @property
    def declared(self) -> str:
        """What the target declares, on one line."""
        return ", ".join(f"{k} = {v}" for k, v in self.conventions.items())

    def citation(self) -> str:
        """Write the verdict as one line for a README: the same run gives the same line.

        Returns:
            Tool and version, checks passed of those that judged it, functions, version of whichmin,
            profile, seed; what did not pass, was left out or was declared.
        """
        unjudged = {CheckVerdict.NOT_PROVIDED, CheckVerdict.NOT_APPLICABLE}
        judged = [r for r in self.results if r.verdict not in unjudged]
        passed = [r for r in judged if r.verdict is CheckVerdict.PASSED]
        functions = dict.fromkeys(r.check.partition(".")[0] for r in judged)
        by = f"of whichmin {self.provenance.get('whichmin', '')}"
        parts = [
            f"{self.label} passes {len(passed)} of {len(judged)} checks "
            f"({', '.join(functions) or 'none'}) {by}, {self.profile} profile, seed {self.seed}"
        ]
        others = [f"{r.check}: {r.verdict}" for r in judged if r not in passed]
        if others:
            parts.append(", ".join(others))
        if self._left_out():
            parts.append(f"checks left out: {self._left_out()}")
        if self.declared:
            parts.append(f"declared: {self.declared}")
        return "; ".join(parts)

    def _left_out(self) -> int:
        """Count the checks of the profile that were not run on a target that loaded."""
        from whichmin.verification.oracle.checks import all_checks

        run = {r.check for r in self.results}
        wanted = {c.id for c in all_checks() if c.quick or self.profile != "quick"}
        return 0 if run == {LOADS} else len(wanted - run)

    def record(self) -> dict[str, Any]:
        """Return everything as plain data of schema ``whichmin.compliance/1``."""
        plain = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        plain |= {"results": [r.record() for r in self.results], "holds": self.holds}
        return {"schema": SCHEMA, **plain, "counts": self.counts(), "citation": self.citation()}

    def table(self) -> Table:
        """Lay out the results as a table with one row per check."""
        rows = []
        for r in self.results:
            margin = "" if r.margin is None else f"{r.margin:.2g}"
            # A cell of a table has one line; a target's message may have many.
            remark = " ".join((r.diagnosis or r.message or "; ".join(r.notes)).split())
            rows.append((r.check, str(r.verdict), r.cases or "", margin, remark))
        told = ", ".join(f"{v} {k}" for k, v in self.counts().items())
        notes = [f"{told}; profile {self.profile}, seed {self.seed}"]
        if self.declared:
            notes.append(f"Declared: {self.declared}")
        notes.append("Margin: largest deviation in units of what rounding (or chance) explains.")
        notes.append(f"To cite: {self.citation()}")
        columns = ("check", "verdict", "cases", "margin", "remark")
        return Table.build(f"whichmin compliance of {self.label}", columns, rows, notes)

    def markdown(self) -> str:
        """Write a Markdown table for a README."""
        return self.table().markdown()


def unloaded(target: str, asked: Profile, results: tuple[Result, ...] = ()) -> Compliance:
    """Make the results of a target that could not be loaded.

    Args:
        target: Its dotted name.
        asked: Seed and profile.
        results: The results, which say why.

    Returns:
        The verdict.
    """
    from whichmin.provenance import version

    made = {"whichmin": version()}
    return Compliance(target, "", {}, "", results, asked.seed, asked.profile, made)
