"""The kill matrix: which check catches which mutant, and whether it names the cause."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from whichmin.provenance import version
from whichmin.reporting import Document, Table
from whichmin.verification.oracle.compliance import Compliance
from whichmin.verification.oracle.judge import judge
from whichmin.verification.oracle.mutants.mutant import Mutant, build

__all__ = ["Kill", "KillMatrix", "kill", "kill_matrix"]

# Seconds for a call (three times as long for the first): our mutants return in milliseconds.
LIMIT = 1.0


@dataclass(frozen=True)
class Kill:
    """What the oracle says of one mutant.

    Attributes:
        mutant: The mutant.
        killed_by: Checks that failed; for a mutant that must be noted, those that noted it.
        told: What they say: diagnosis or message.
        profile: ``quick``, or ``full`` if the quick profile did not catch it.
        seconds: Duration.
    """

    mutant: Mutant
    killed_by: tuple[str, ...]
    told: tuple[str, ...]
    profile: str
    seconds: float

    @property
    def killed(self) -> bool:
        """Whether a check that was expected to catch it did."""
        return bool(set(self.killed_by) & set(self.mutant.checks))

    @property
    def named(self) -> bool:
        """Whether the cause was named."""
        cause = self.mutant.cause
        return self.killed and cause is not None and any(cause in text for text in self.told)


def _reports(mutant: Mutant, found: Compliance) -> list[tuple[str, str]]:
    if mutant.noted:
        return [(r.check, n) for r in found.results for n in r.notes if (mutant.cause or "") in n]
    return [(r.check, f"{r.diagnosis}\n{r.message}") for r in found.failures]


def kill(mutant: Mutant, seed: int = 0) -> Kill:
    """Judge one mutant: in the quick profile, and in full if it survives that.

    Args:
        mutant: The mutant.
        seed: Seed of the random choices.

    Returns:
        What came out.
    """
    start = time.perf_counter()
    reports: list[tuple[str, str]] = []
    profile = "quick"
    for quick in (True, False):
        profile = "quick" if quick else "full"
        with warnings.catch_warnings():
            # Mutants divide by 0; where warnings are errors, that would be what kills them.
            warnings.simplefilter("ignore")
            found = judge(
                build(mutant), quick=quick, seed=seed, isolation=mutant.isolation, limit=LIMIT
            )
        reports = _reports(mutant, found)
        if reports:
            break
    by = tuple(check for check, _ in reports)
    told = tuple(text for _, text in reports)
    return Kill(mutant, by, told, profile, time.perf_counter() - start)


@dataclass(frozen=True)
class KillMatrix:
    """The kills of several mutants.

    Attributes:
        kills: One per mutant.
        seed: Seed of the random choices.
    """

    kills: tuple[Kill, ...]
    seed: int = 0

    @property
    def survivors(self) -> tuple[str, ...]:
        """Ids of the mutants that no expected check caught."""
        return tuple(k.mutant.id for k in self.kills if not k.killed)

    @property
    def named(self) -> int:
        """How many causes were named."""
        return sum(k.named for k in self.kills)

    @property
    def holds(self) -> bool:
        """Whether none survived."""
        return not self.survivors

    def document(self) -> Document:
        """One row per mutant, and the totals."""
        columns = ("id", "function", "wrong", "killed_by", "cause_named", "told")
        rows = [
            (k.mutant.id, k.mutant.function, k.mutant.wrong, ", ".join(k.killed_by) or "SURVIVED",
             "yes" if k.named else "no", k.told[0].split("\n")[0] if k.told else "")
            for k in self.kills
        ]  # fmt: skip
        count, seconds = len(self.kills), sum(k.seconds for k in self.kills)
        killed = count - len(self.survivors)
        share = 100 * self.named / count
        notes = [
            f"{killed} of {count} killed, the cause named for {self.named} ({share:.0f} %), "
            f"{seconds:.0f} s of computing."
        ]
        if self.survivors:
            notes.append(f"Survivors: {', '.join(self.survivors)}")
        table = Table.build("The bank of mutants", columns, rows, notes, wrap=(0, 0, 40, 30, 0, 60))
        totals = {"killed": killed, "named": self.named, "total": count}
        provenance = {"whichmin": version(), "numpy": np.__version__, "seed": self.seed}
        return Document("whichmin.mutants/1", (table,), provenance, extra=totals)


def kill_matrix(
    chosen: Sequence[Mutant], seed: int = 0, told: Callable[[float, str], None] | None = None
) -> KillMatrix:
    """Judge mutants.

    Args:
        chosen: The mutants.
        seed: Seed of the random choices.
        told: Called with the number done and the id of the next.

    Returns:
        The matrix.
    """
    kills = []
    for done, mutant in enumerate(chosen):
        if told is not None:
            told(done, mutant.id)
        kills.append(kill(mutant, seed))
    return KillMatrix(tuple(kills), seed)
