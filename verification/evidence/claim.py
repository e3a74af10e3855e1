"""Define a claim: a statement with its source, and what it rests on.

Claims stand in ``verification/topics/TOPIC/claims.toml``, read by
:mod:`whichmin.verification.evidence.claim_file`; their verdicts are decided by
:mod:`whichmin.verification.evidence.decision`.
"""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable
from dataclasses import dataclass

from whichmin.errors import InputError
from whichmin.moved import renamed
from whichmin.verification.evidence.statement import Statement
from whichmin.words import Verdict

__all__ = ["ArgumentStep", "Claim", "Counterexample", "counterexample"]

# The functions that show that a statement is false, by id of the claim.
RUNS: dict[str, Callable[[], None]] = {}


def counterexample(claim: str) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """Mark a function as the counterexample to a claim.

    Readers see the function's body as a script, so the body holds all that it needs, imports
    included, in about ten lines.

    Args:
        claim: Id of the claim.

    Returns:
        A decorator that keeps the function as it is.

    Raises:
        InputError: Another function is the counterexample to that claim.
    """

    def register(run: Callable[[], None]) -> Callable[[], None]:
        known = RUNS.setdefault(claim, run)
        if (known.__module__, known.__qualname__) != (run.__module__, run.__qualname__):
            raise InputError("claim", claim, f"must have one counterexample: {known.__qualname__}")
        RUNS[claim] = run
        return run

    return register


@dataclass(frozen=True)
class Counterexample:
    """A case that shows that a statement is false, in words and as a script.

    Attributes:
        text: The case in one or two sentences, with numbers that can be checked by hand.
        prints: What the function prints.
        run: The function that shows the case.
        at: Terms for the variables of the claim's formal statement: there its hypotheses hold and
            its conclusion fails.
    """

    text: str
    prints: str
    run: Callable[[], None]
    at: tuple[tuple[str, str], ...] = ()

    @property
    def code(self) -> str:
        """The function's body as a script."""
        return textwrap.dedent(inspect.getsource(self.run).split(":\n", 1)[1])


@dataclass(frozen=True)
class ArgumentStep:
    """A step of a written argument.

    Attributes:
        says: What follows.
        uses: What it follows from: ids of the claim's checks, of other claims and of closed forms,
            or numbers of earlier steps.
    """

    says: str
    uses: tuple[str, ...] = ()


@dataclass(frozen=True)
class Claim:
    """A statement that evidence can decide, with its source.

    Attributes:
        id: Stable name, ``topic.what``.
        statement: The statement, in our words.
        source: Where it stands, as ``KEY`` or ``KEY, PLACE``, such as ``ghosh2025, Theorem 1``;
            the keys are those of ``sources.toml``, ``whichmin`` for results of this project.
        verdict: The verdict that the evidence supports.
        hypotheses: The conditions under which it is claimed, in words.
        formal: The formal statement, which is attacked; None if there is none yet.
        evidence: Ids of the checks that it needs, each a part: the weakest decides. For REFUTED
            those that show it to be false.
        parts: Fingerprint of what they stated when a person last read the claim.
        support: Ids of checks that speak for it too, without deciding it.
        formulas: Ids of closed forms.
        argument: How the parts add up to the statement, in steps, where they do not by themselves.
        counterexample: For REFUTED: a case that can be checked by hand.
        corrected: For REFUTED: ids of the claims that say what is true instead.
        remark: What else a reader should know.
        brief: For REFUTED: what was said and what is true, in one line.
        topic: Name of the topic that it belongs to.
    """

    id: str
    statement: str
    source: tuple[str, ...]
    verdict: Verdict
    hypotheses: tuple[str, ...] = ()
    formal: Statement | None = None
    evidence: tuple[str, ...] = ()
    parts: str = ""
    support: tuple[str, ...] = ()
    formulas: tuple[str, ...] = ()
    argument: tuple[ArgumentStep, ...] = ()
    counterexample: Counterexample | None = None
    corrected: tuple[str, ...] = ()
    remark: str = ""
    brief: str = ""
    topic: str = ""

    @property
    def attack(self) -> str:
        """Id of the check that attacks it; empty if none does."""
        if self.formal is None or (self.counterexample and not self.counterexample.at):
            return ""
        return f"attack.{self.id}"

    @property
    def checks(self) -> tuple[str, ...]:
        """Ids of all checks that the claim rests on, its attack included."""
        return (*self.evidence, *self.support, *((self.attack,) if self.attack else ()))


__getattr__ = renamed(
    __name__,
    Decision="whichmin.verification.evidence.decision.Decision",
    decide="whichmin.verification.evidence.decision.decide",
)
