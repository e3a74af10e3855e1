"""The session of a target, which checks ask for calls, conventions, problems and random numbers."""

from __future__ import annotations

import contextlib
import zlib
from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np

from whichmin.verification.oracle import problems as served
from whichmin.verification.oracle.check import Call, Finding
from whichmin.verification.oracle.compliance import PRINTED
from whichmin.verification.oracle.conventions import Conventions, Stochastic
from whichmin.verification.oracle.outcome import CallFailed, Kind
from whichmin.verification.oracle.problems import ServedProblem
from whichmin.verification.oracle.protocol import FUNCTIONS, INDICES, Shape
from whichmin.verification.oracle.references import floats, rounded
from whichmin.verification.oracle.target import LossOf, expected_shape
from whichmin.verification.oracle.worker import Worker

__all__ = ["Answer", "Session"]

# A function that hung this often is not called again: each time costs the whole time limit.
HANGS = 2
# The same in a quick session.
QUICK_HANGS = 1


@dataclass(frozen=True)
class Answer:
    """The value that a call returned, with the call.

    Attributes:
        value: The result: float64 (integers for batches), of the right shape, finite.
        call: The call.
    """

    value: Any
    call: Call

    def against(self, what: str, expected: Any, bound: Any, reason: str, **more: Any) -> Finding:
        """Compare the value with the exact one.

        Args:
            what: What is compared, and where.
            expected: The exact value.
            bound: Largest deviation allowed.
            reason: The reason for the bound.
            **more: Other attributes of :class:`Finding`.

        Returns:
            The finding.
        """
        return Finding(what, self.value, expected, bound, reason, call=self.call, **more)


class Session:
    """A target that is being judged.

    Attributes:
        conventions: What the target declares.
        provided: Functions that it provides.
        quick: Whether to take the short version: problems tagged ``quick`` only.
        deep: Whether to take the long version: more replicas.
        seed: Seed of every random choice.
        notes: Remarks of the check that runs now, for its result.
        seen: What exact checks found, by id.
        memory: What checks keep for each other, by names of theirs.
    """

    def __init__(
        self, worker: Worker, *, quick: bool = False, deep: bool = False, seed: int = 0
    ) -> None:
        """Ask a worker.

        Args:
            worker: The target in its process.
            quick: Short version.
            deep: Long version.
            seed: Seed.
        """
        self._worker = worker
        self.conventions: Conventions = worker.conventions
        self.provided: tuple[str, ...] = worker.provided
        self.quick, self.deep, self.seed = quick, deep, seed
        self.notes: list[str] = []
        self.seen: dict[str, tuple[Finding, ...]] = {}
        self.memory: dict[str, Any] = {}
        self._hung: dict[str, list[CallFailed]] = {}
        self._lost: list[CallFailed] | None = None

    def under(self, **declared: Any) -> Session:
        """Return the session of the same target as if it declared something else.

        Args:
            **declared: Other conventions.

        Returns:
            The session; it shares what is kept of calls, but no remarks.
        """
        other = copy(self)
        other.conventions = replace(self.conventions, **declared)
        other.notes, other._lost = [], None
        return other

    @property
    def dtype(self) -> str:
        """Precision that the target is judged by."""
        return self.conventions.dtype

    @property
    def activations(self) -> tuple[str, ...]:
        """Activations that the target knows."""
        return self.conventions.activations

    def stochastic(self, function: str) -> Stochastic | None:
        """Return how a function estimates; None if it is exact."""
        return self.conventions.stochastic.get(function)

    def problems(self, *tags: str, without: tuple[str, ...] = ()) -> tuple[ServedProblem, ...]:
        """List the problems that have all of some tags.

        Args:
            *tags: Tags, see ``problems.TAGS``.
            without: Tags that they must not have.

        Returns:
            The problems; the quick ones in a quick session.
        """
        wanted = {*tags, *(("quick",) if self.quick else ())}
        return tuple(p for p in served.problems() if wanted <= p.tags and not p.tags & set(without))

    def received(self, value: Any) -> Any:
        """Round a rational value to the target's precision: the fractions that it receives."""
        return rounded(value, self.dtype)

    def rng(self, name: str) -> np.random.Generator:
        """Make a random generator that depends on a name (a check's id) and the seed only."""
        return np.random.default_rng([self.seed, zlib.crc32(name.encode())])

    def note(self, text: str) -> None:
        """Add a remark to the result of the check that runs, once."""
        if text not in self.notes:
            self.notes.append(text)

    @contextlib.contextmanager
    def lenient(self) -> Iterator[list[CallFailed]]:
        """Open a context in which calls without a value give NaN of the right shape.

        Yields:
            Those calls.
        """
        self._lost = []
        try:
            yield self._lost
        finally:
            self._lost = None

    def call(self, function: str, **arguments: Any) -> Answer:
        """Call a function of the target; see :meth:`lenient` for calls without a value.

        Args:
            function: Its name.
            **arguments: As for :meth:`attempt`.

        Returns:
            The value, and the call for a finding.

        Raises:
            CallFailed: There is no value of the right shape and type.
        """
        try:
            return self.attempt(function, **arguments)
        except CallFailed as failed:
            shape = FUNCTIONS[function].returns
            gone = failed.outcome.kind in {Kind.HUNG, Kind.CRASHED, Kind.NOT_STARTED}
            # No integer stands for nothing; a process that died or hangs costs too much.
            if self._lost is None or gone or shape is Shape.BATCHES:
                raise
            self._lost.append(failed)
            value = np.full(expected_shape(shape, arguments), np.nan)
            return Answer(value if value.ndim else np.float64(np.nan), failed.call)

    def attempt(self, function: str, **arguments: Any) -> Answer:
        """Call a function of the target, where a check expects that there may be no value.

        Args:
            function: Its name.
            **arguments: All arguments of the protocol; vectors and matrices as nested tuples of
                fractions or as arrays, ``loss`` as a :class:`LossOf`. Those that the target does
                not take are left out.

        Returns:
            The value, and the call for a finding.

        Raises:
            CallFailed: There is no value of the right shape and type.
        """
        missing = set(FUNCTIONS[function].arguments) - set(arguments)
        assert not missing, f"a check calls {function} without {missing}"
        call = Call(function, arguments)
        what = f"{function}({', '.join(_brief(k, v) for k, v in arguments.items())})"
        hung = self._hung.setdefault(function, [])
        if len(hung) >= (QUICK_HANGS if self.quick else HANGS):
            first = hung[0].outcome
            detail = f"not called again: a call {first.detail}"
            raise CallFailed(replace(first, detail=detail), what, hung[0].call)
        outcome = self._worker.call(
            function, {k: _array(k, v, self.dtype) for k, v in arguments.items()}
        )
        mark = f"{function}{PRINTED}"
        if outcome.printed and not any(note.startswith(mark) for note in self.notes):
            self.note(f"{mark}{outcome.printed.strip()[:200]!r}")
        if outcome.kind is not Kind.VALUE:
            failed = CallFailed(outcome, what, call)
            if outcome.kind is Kind.HUNG:
                hung.append(failed)
            raise failed
        return Answer(outcome.value, call)


def _array(name: str, value: Any, dtype: str) -> Any:
    if name in INDICES:
        return _integers(name, value)
    if isinstance(value, LossOf):
        return LossOf(_array("data", value.data, dtype), value.activation)
    if isinstance(value, tuple):
        return floats(value).astype(dtype)
    if isinstance(value, np.ndarray) and value.dtype.kind == "f":
        return value.astype(dtype)
    return float(value) if isinstance(value, Fraction) else value


def _integers(name: str, value: Any) -> Any:
    """Rows of data, or numbers of them: one array if there is one size and one is expected."""
    if name == "shards" or len({np.size(part) for part in value}) > 1:
        return [np.array(part, dtype=np.int64) for part in value]
    return np.array(value, dtype=np.int64)


def _brief(name: str, value: Any) -> str:
    if name in INDICES and isinstance(value, tuple):
        # A long run's batches would fill the screen.
        return f"{name}: {value}" if len(value) <= 12 else f"{name}: {len(value)} steps"
    if isinstance(value, (tuple, np.ndarray)):
        return f"{name}: {'x'.join(map(str, np.shape(value)))}"
    if isinstance(value, LossOf):
        return name
    return f"{name}={value}"
