"""Run a target's calls in a process of its own, with a time limit per call.

- a name (``package.module``, ``package.module:object``) or a module: a fresh Python process;
- any other object: a fresh process if it can be pickled and loads there, else a forked copy of this
  one; where there is no fork, in this process, without a time limit. ``Worker.where`` says which.

A worker that hangs is killed, one that died is started again for the next call.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import socket
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Mapping
from multiprocessing.connection import Connection
from pathlib import Path
from types import ModuleType
from typing import Any

from whichmin.errors import InputError, WhichminError
from whichmin.verification.oracle.conventions import Conventions
from whichmin.verification.oracle.outcome import CallOutcome, Kind
from whichmin.verification.oracle.serve import serve
from whichmin.verification.oracle.target import Target, invoke, make_target
from whichmin.verification.oracle.validation import ISOLATIONS, check_choice, check_limit

__all__ = ["LOAD_LIMIT", "Worker"]

LOAD_LIMIT = 120.0
_WORDS = {
    "process": "its own process",
    "fork": "a forked copy of this process (the object cannot be pickled)",
    "inline": "this process: no time limit, no protection against a crash",
}


class Worker:
    """A target in its process.

    Attributes:
        conventions: What the target declares.
        provided: Functions that it provides.
        where: Where the calls run, in words.
    """

    def __init__(self, target: object, isolation: str = "auto", limit: float = 20.0) -> None:
        """Start the process and load the target.

        Args:
            target: Dotted name, module or object.
            isolation: ``auto`` or what is wanted, one of ``ISOLATIONS``.
            limit: Seconds allowed to a call; the first one of a function gets three times as long,
                because compilers run then.

        Raises:
            InputError: An argument is not allowed, or the target does not load.
        """
        isolation = check_choice(isolation, "isolation", ISOLATIONS)
        limit = check_limit(limit)
        if isinstance(target, ModuleType) and sys.modules.get(target.__name__) is target:
            target = target.__name__
        self._target, self._limit = target, limit
        self._process: _Process | None = None
        self._inline: Target | None = None
        self._called: set[str] = set()
        self.starts = 0
        self._mode, loaded = self._first(isolation)
        self.where = _WORDS[self._mode]
        self.conventions, self.provided, self.printed = loaded

    def _first(self, isolation: str) -> tuple[str, Any]:
        if isolation == "inline":
            return "inline", self._load_inline()
        named = isinstance(self._target, str)
        if isolation in {"auto", "process"}:
            blob = None if named else _pickled(self._target)
            if named or blob is not None:
                self._how = ("name", self._target) if named else ("pickle", blob)
                try:
                    return "process", self._start("process")
                except InputError:
                    if named or isolation == "process":
                        raise
            elif isolation == "process":
                raise InputError("target", self._target, "must be a name or an object that pickles")
        if named or not hasattr(os, "fork"):
            return "inline", self._load_inline()
        return "fork", self._start("fork")

    def _load_inline(self) -> tuple[Conventions, tuple[str, ...], str]:
        if isinstance(self._target, str):
            from whichmin.verification.oracle.target import load

            self._inline = load(self._target)
        else:
            self._inline = make_target(self._target)
        return self._inline.conventions, tuple(self._inline.functions), ""

    def _start(self, mode: str) -> Any:
        self.close()
        self.starts += 1
        if mode == "process":
            self._process = _Process.fresh(self._how)
        else:
            self._process = _Process.forked(self._target)
        if not self._process.connection.poll(LOAD_LIMIT):
            self.close()
            raise InputError("target", self._target, f"must load within {LOAD_LIMIT:.0f} s")
        try:
            kind, what = self._process.connection.recv()
        except (EOFError, ConnectionError) as error:
            how, tail = self._process.ended()
            self.close()
            raise InputError("target", self._target, f"must load; it {how}: {tail}") from error
        if kind == "error":
            self.close()
            raise what
        return what

    def call(self, name: str, arguments: Mapping[str, Any]) -> CallOutcome:
        """Call a function of the target.

        Args:
            name: Function that it provides.
            arguments: All arguments of the protocol, by name.

        Returns:
            What happened.
        """
        if self._inline is not None:
            return invoke(self._inline, name, arguments)
        if self._process is None:
            try:
                self._start(self._mode)
            except WhichminError as error:  # it loaded the first time
                return CallOutcome(
                    Kind.NOT_STARTED, detail=f"it could not be started again: {error}"
                )
        assert self._process is not None
        limit = self._limit * (1 if name in self._called else 3)
        self._called.add(name)
        start = time.perf_counter()
        try:
            self._process.connection.send((name, dict(arguments)))
            if not self._process.connection.poll(limit):
                tail = self._process.tail()
                self.close()
                detail = f"did not return within {limit:g} s"
                return CallOutcome(Kind.HUNG, detail=detail, printed=tail, seconds=limit)
            answer = self._process.connection.recv()
        except (EOFError, ConnectionError):
            how, tail = self._process.ended()
            self.close()
            seconds = time.perf_counter() - start
            return CallOutcome(
                Kind.CRASHED, detail=f"its process {how}", trace=tail, seconds=seconds
            )
        assert isinstance(answer, CallOutcome)
        return answer

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            self._process = None

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def _pickled(target: object) -> bytes | None:
    try:
        return pickle.dumps(target)
    except Exception:  # whatever an object's own reduction raises
        return None


class _Process:
    """A child with one end of a pipe."""

    def __init__(self, connection: Connection, log: str) -> None:
        self.connection = connection
        self.log = log
        self.popen: subprocess.Popen[bytes] | None = None
        self.pid = 0

    @classmethod
    def fresh(cls, how: tuple[str, Any]) -> _Process:
        ours, theirs = socket.socketpair()
        made = cls(Connection(ours.detach()), _log())
        with theirs:
            made.popen = subprocess.Popen(  # noqa: S603 - our own module
                [sys.executable, "-m", "whichmin.verification.oracle.serve", str(theirs.fileno())],
                pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )  # fmt: skip
        made.pid = made.popen.pid
        # The working folder first, as `python -m` has it: a new user's adapter lies there.
        path = [str(Path.cwd()), *(p for p in sys.path if p)]
        with contextlib.suppress(ConnectionError):
            made.connection.send((made.log, path, how))
        return made

    @classmethod
    def forked(cls, target: object) -> _Process:
        ours, theirs = socket.socketpair()
        log = _log()
        with warnings.catch_warnings():
            # Python 3.12 warns where threads run; the child computes with one and never returns.
            warnings.simplefilter("ignore", DeprecationWarning)
            pid = os.fork()
        if pid == 0:
            try:
                ours.close()
                serve(Connection(theirs.detach()), log, lambda: make_target(target))
            finally:
                os._exit(0)
        theirs.close()
        made = cls(Connection(ours.detach()), log)
        made.pid = pid
        return made

    def ended(self) -> tuple[str, str]:
        """Return how a process that closed its pipe ended, and the last lines that it wrote."""
        if self.popen is not None:
            code = self.popen.wait()
        else:
            code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
            self.pid = 0
        if code < 0:
            return f"died of {signal.Signals(-code).name}", self.tail()
        return f"ended with exit code {code}", self.tail()

    def tail(self) -> str:
        with contextlib.suppress(OSError):
            return Path(self.log).read_bytes()[-2000:].decode(errors="replace").strip()
        return ""

    def kill(self) -> None:
        self.connection.close()
        if self.popen is not None:
            self.popen.kill()
            self.popen.wait()
        elif self.pid:
            with contextlib.suppress(ProcessLookupError, ChildProcessError):
                os.kill(self.pid, signal.SIGKILL)
                os.waitpid(self.pid, 0)
        with contextlib.suppress(OSError):
            Path(self.log).unlink()


def _log() -> str:
    descriptor, path = tempfile.mkstemp(prefix="whichmin-", suffix=".log")
    os.close(descriptor)
    return path
