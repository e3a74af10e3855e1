"""Judge mutants, and tell which check detects each and whether it names the cause."""

from __future__ import annotations

import dataclasses
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from whichmin.provenance import version
from whichmin.reporting import Document, Table
from whichmin.verification.oracle.compliance import CheckVerdict, Result
from whichmin.verification.oracle.judge import Judge
from whichmin.verification.oracle.mutants.mutant import Mutant, build

__all__ = ["Kill", "KillMatrix", "kill", "kill_matrix"]

# Seconds for a call (three times as long for the first): our mutants return in milliseconds.
LIMIT = 1.0


@dataclass(frozen=True)
class Kill:
    """The result of judging one mutant.

    Attributes:
        mutant: The mutant.
        killed_by: Checks that failed; for a mutant that is no failure, those that noted it.
        told: Their diagnoses or messages.
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
        """Whether a check that was expected to fail did; what is noted passes, as in the suite."""
        return self.caught and not self.mutant.noted

    @property
    def caught(self) -> bool:
        """Whether a check that was expected to report it did, by failing or in a note."""
        return bool(set(self.killed_by) & set(self.mutant.checks))

    @property
    def named(self) -> bool:
        """Whether the cause was named."""
        cause = self.mutant.cause
        return self.caught and cause is not None and any(cause in text for text in self.told)


def _reports(mutant: Mutant, result: Result) -> list[str]:
    if mutant.noted:
        if result.verdict is not CheckVerdict.PASSED:
            return []
        return [note for note in result.notes if (mutant.cause or "") in note]
    # An inconclusive check has caught nothing.
    caught = result.verdict is CheckVerdict.FAILED
    return [f"{result.diagnosis}\n{result.message}"] if caught else []


def kill(mutant: Mutant, seed: int = 0, *, whole: bool = True) -> Kill:
    """Judge one mutant: in the quick profile, and in full if it survives that.

    Args:
        mutant: The mutant.
        seed: Seed of the random choices.
        whole: Run all checks of its function, not only until one of the expected ones has caught
            it and named the cause.

    Returns:
        The result.
    """
    start = time.perf_counter()
    found = Kill(mutant, (), (), "quick", 0.0)
    for quick in (True, False):
        with warnings.catch_warnings():
            # Mutants divide by 0; where warnings are errors, that would be what kills them.
            warnings.simplefilter("ignore")
            found = _judged(mutant, seed, quick=quick, whole=whole)
        if found.caught:
            break
    return dataclasses.replace(found, seconds=time.perf_counter() - start)


def _judged(mutant: Mutant, seed: int, *, quick: bool, whole: bool) -> Kill:
    by: list[str] = []
    told: list[str] = []
    found = Kill(mutant, (), (), "quick" if quick else "full", 0.0)
    settings = {"quick": quick, "seed": seed, "isolation": mutant.isolation, "limit": LIMIT}
    with Judge(build(mutant), **settings) as judged:
        for check in judged.checks:
            if not whole and check.id not in mutant.checks:
                continue
            for text in _reports(mutant, judged.result(check)):
                by.append(check.id)
                told.append(text)
            found = dataclasses.replace(found, killed_by=tuple(by), told=tuple(told))
            if not whole and (found.named or (found.caught and mutant.cause is None)):
                break
    return found


@dataclass(frozen=True)
class KillMatrix:
    """The results of judging several mutants.

    Attributes:
        kills: One per mutant.
        seed: Seed of the random choices.
    """

    kills: tuple[Kill, ...]
    seed: int = 0

    @property
    def survivors(self) -> tuple[str, ...]:
        """Ids of the mutants that no expected check caught or noted."""
        return tuple(k.mutant.id for k in self.kills if not k.caught)

    @property
    def killed(self) -> int:
        """Number of mutants that were killed."""
        return sum(k.killed for k in self.kills)

    @property
    def noted(self) -> int:
        """Number of mutants that pass with a note, as expected."""
        return sum(k.caught and k.mutant.noted for k in self.kills)

    @property
    def named(self) -> int:
        """Number of killed mutants whose cause was named."""
        return sum(k.named and k.killed for k in self.kills)

    @property
    def holds(self) -> bool:
        """Whether none survived, and what is no failure was noted."""
        return not self.survivors

    def document(self) -> Document:
        """Lay out one row per mutant, and the totals."""
        columns = ("id", "function", "wrong", "killed_by", "cause_named", "told")
        rows = [
            (k.mutant.id, k.mutant.function, k.mutant.wrong, _by(k),
             "yes" if k.named else "no", _brief(k))
            for k in self.kills
        ]  # fmt: skip
        count = sum(not k.mutant.noted for k in self.kills)
        seconds = sum(k.seconds for k in self.kills)
        share = 100 * self.named / max(count, 1)
        notes = [
            f"{self.killed} of {count} killed, the cause named for {self.named} ({share:.0f} %), "
            f"{seconds:.0f} s of computing."
        ]
        if self.noted:
            notes.append(f"Noted, which is no failure: {self.noted}.")
        if self.survivors:
            notes.append(f"Survivors: {', '.join(self.survivors)}")
        checked = " and ".join(dict.fromkeys(k.profile for k in self.kills))
        notes.append(f"Profile: {checked} (full where the quick one does not catch it).")
        table = Table.build("The bank of mutants", columns, rows, notes, wrap=(0, 0, 40, 30, 0, 60))
        totals = {
            "killed": self.killed, "named": self.named, "noted": self.noted, "total": count
        }  # fmt: skip
        provenance = {"whichmin": version(), "numpy": np.__version__, "seed": self.seed}
        return Document("whichmin.mutants/1", (table,), provenance, extra=totals)


def _by(found: Kill) -> str:
    """The checks that caught a mutant."""
    checks = ", ".join(found.killed_by)
    if not checks:
        return "SURVIVED"
    return f"noted by {checks}" if found.mutant.noted else checks


def _brief(found: Kill) -> str:
    """What names the cause, else the first report: the diagnosis if there is one."""
    cause = found.mutant.cause
    telling = [t for t in found.told if cause is not None and cause in t] or list(found.told)
    return telling[0].strip().split("\n")[0][:150] if telling else ""


def kill_matrix(
    chosen: Sequence[Mutant],
    seed: int = 0,
    told: Callable[[float, str], None] | None = None,
    *,
    whole: bool = True,
) -> KillMatrix:
    """Judge several mutants.

    Args:
        chosen: The mutants.
        seed: Seed of the random choices.
        told: Called with the number done and the id of the next.
        whole: See :func:`kill`.

    Returns:
        The matrix.
    """
    kills = []
    for done, mutant in enumerate(chosen):
        if told is not None:
            told(done, mutant.id)
        kills.append(kill(mutant, seed, whole=whole))
    return KillMatrix(tuple(kills), seed)
