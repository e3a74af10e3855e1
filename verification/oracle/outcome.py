"""The outcome of a call of a target's function, as data that a worker process sends back."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from whichmin.moved import renamed

__all__ = ["CallFailed", "CallOutcome", "Inconclusive", "Kind"]

__getattr__ = renamed(__name__, Outcome="CallOutcome")


class Kind(StrEnum):
    """The way in which a call ended; all but ``VALUE`` are failures of the target."""

    VALUE = "value"
    RAISED = "raised"
    HUNG = "hung"
    CRASHED = "crashed"
    NOT_STARTED = "not started again"
    MUTATED = "mutated its inputs"
    WRONG_SHAPE = "wrong shape"
    WRONG_DTYPE = "wrong dtype"
    NOT_FINITE = "not finite"


@dataclass(frozen=True)
class CallOutcome:
    """The outcome of one call.

    Attributes:
        kind: What happened.
        value: The result as an array of plain numbers, for ``VALUE`` alone: anything else that a
            target returns may have a class that no other process knows.
        detail: One sentence on what happened.
        trace: Traceback, or the last output of a process that died.
        printed: What the call wrote to its standard output and error.
        seconds: Duration.
    """

    kind: Kind
    value: Any = None
    detail: str = ""
    trace: str = ""
    printed: str = ""
    seconds: float = 0.0


class CallFailed(Exception):
    """A call gave no usable value.

    Attributes:
        outcome: What happened.
        what: The call, for messages.
        call: The call, for a snippet (a ``check.Call``); None if there is none.
    """

    def __init__(self, outcome: CallOutcome, what: str, call: Any = None) -> None:
        self.outcome = outcome
        self.what = what
        self.call = call
        super().__init__(f"{what}: {outcome.detail}")


class Inconclusive(Exception):
    """A check could not get the data for a verdict; the message says which and why."""
