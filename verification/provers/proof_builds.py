"""Compile the proofs with Coq in a temporary folder, several at once, and keep what is compiled.

Files that were compiled before from the same texts by the same Coq are taken from the cache
(:mod:`whichmin.verification.provers.proof_cache`). Of several processes that want the same file one
compiles it, the others compile something else or wait for it.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from whichmin.verification.provers.coq import Coq
from whichmin.verification.provers.proof_cache import Cache, Kept, cache_folder
from whichmin.verification.provers.proof_sources import LOGICAL, Library

__all__ = ["FLAGS", "LIMIT", "Compiled", "compiled", "error_text", "keys"]

# Seconds for one file. All files together are to take less than 300 on one core, so one that takes
# more than twice that does not end, on however slow or busy a machine.
LIMIT = 600.0
FLAGS = ("-q", "-w", "none", "-Q", ".", LOGICAL)
# Seconds between two looks at what runs.
_LOOK = 0.05
# Of the cache's format, and of the way in which files are compiled.
_FORMAT = "2"
# Lines of a message of Coq's that are shown.
_LINES = 12


@dataclass(frozen=True)
class Compiled:
    """What became of a file.

    Attributes:
        name: Its name without ``.v``.
        seconds: Processor time that it took to compile; if that was before, what it took then.
        date: When it was compiled.
        before: Whether it was compiled in an earlier run.
        message: Why it does not compile; empty if it does.
        lacks: Whether it was not tried, since something that it requires does not compile.
        digest: Digest of the compiled file.
    """

    name: str
    seconds: float = 0.0
    date: str = ""
    before: bool = False
    message: str = ""
    lacks: bool = False
    digest: str = field(default="", repr=False)


def keys(proofs: Library, names: Sequence[str], coq: Coq) -> Mapping[str, str]:
    """Compute what each file is kept under: a digest of all that it is compiled from.

    Args:
        proofs: The files.
        names: Names, each after what it requires.
        coq: The compiler.

    Returns:
        Digests by name.
    """
    found: dict[str, str] = {}
    for name in names:
        needs = [(other, found[other]) for other in proofs.requires(name)]
        says = (_FORMAT, FLAGS, coq.digest, name, proofs.texts[name], needs)
        found[name] = hashlib.sha256(repr(says).encode()).hexdigest()[:32]
    return found


@dataclass
class _Running:
    """A compilation at work."""

    process: subprocess.Popen[bytes]
    lock: contextlib.ExitStack
    began: float

    def look(self) -> tuple[float, int | None]:
        """Return how long it has been at work, and its exit code once it has ended.

        Then the time is that of the processor, which does not depend on what else it does, if the
        system tells it.
        """
        passed = time.monotonic() - self.began
        if self.process.returncode is not None or not hasattr(os, "wait4"):
            return passed, self.process.poll()
        pid, status, used = os.wait4(self.process.pid, os.WNOHANG)
        if pid == 0:
            return passed, None
        self.process.returncode = os.waitstatus_to_exitcode(status)
        return used.ru_utime + used.ru_stime, self.process.returncode

    def close(self) -> None:
        """Stop it, if it has not ended, and lift its lock."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.lock.close()


class _Compilation:
    """Compiles files in a folder, up to so many at once, sharing what is kept."""

    def __init__(
        self, proofs: Library, names: Sequence[str], coq: Coq, folder: Path, cache: Cache
    ) -> None:
        self.proofs, self.names, self.coq = proofs, names, coq
        self.folder, self.cache = folder, cache
        self.keys = keys(proofs, names, coq)
        self.done: dict[str, Compiled] = {}
        self.running: dict[str, _Running] = {}
        self.waited: dict[str, float] = {}
        self.tried: set[str] = set()
        for name in names:
            (folder / f"{name}.v").write_text(proofs.texts[name], "utf-8")

    def run(self, jobs: int, told: Callable[[float, str], None] | None) -> None:
        """Compile all files; each that can be is begun as soon as there is room."""
        try:
            while len(self.done) < len(self.names):
                before = len(self.done)
                for name in self.names:
                    if name not in self.done and name not in self.running:
                        self._advance(name, len(self.running) < jobs)
                for name in list(self.running):
                    self._look(name)
                if len(self.done) == before:
                    time.sleep(_LOOK)
                elif told is not None:
                    at_work = ", ".join(f"{name}.v" for name in self.running)
                    told(len(self.done), at_work)
        finally:
            for run in self.running.values():
                run.close()

    def _advance(self, name: str, room: bool) -> None:
        """Take a file from the cache, or begin to compile it, if what it requires is there."""
        needs = [self.done.get(other) for other in self.proofs.requires(name)]
        failed = next((n for n in needs if n is not None and n.message), None)
        if failed is not None:
            first = failed.message if failed.lacks else f"needs {failed.name}.v"
            self.done[name] = Compiled(name, message=first, lacks=True)
        elif None not in needs:
            if name not in self.tried:
                self.tried.add(name)
                if self._take(name):
                    return
            if not room:
                return
            lock = self.cache.lock(self.keys[name])
            if lock is None:  # another process is compiling it
                since = self.waited.setdefault(name, time.monotonic())
                if time.monotonic() - since < LIMIT:
                    return
                lock = contextlib.ExitStack()
            if self._take(name):
                lock.close()
                return
            self._begin(name, lock)

    def _built_with(self, name: str) -> dict[str, str]:
        return {other: self.done[other].digest for other in self.proofs.requires(name)}

    def _take(self, name: str) -> bool:
        kept = self.cache.take(self.keys[name])
        # What was compiled against another copy of a file is of no use with this one.
        if kept is None or kept.built_with != self._built_with(name):
            return False
        (self.folder / f"{name}.vo").write_bytes(kept.content)
        self.done[name] = Compiled(name, kept.seconds, kept.date, True, digest=kept.digest)
        return True

    def _begin(self, name: str, lock: contextlib.ExitStack) -> None:
        command = [self.coq.coqc, *FLAGS, f"{name}.v"]
        try:
            with self._output(name).open("wb") as output:
                process = subprocess.Popen(  # noqa: S603 - our own files
                    command, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=output, stderr=output
                )
        except BaseException:
            lock.close()
            raise
        self.running[name] = _Running(process, lock, time.monotonic())

    def _output(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def _look(self, name: str) -> None:
        run = self.running[name]
        seconds, code = run.look()
        if code is None and seconds < LIMIT:
            return
        message = ""
        product = self.folder / f"{name}.vo"
        if code is None:
            message = f"{name}.v: took more than {LIMIT:.0f} s"
        elif code != 0 or not product.exists():
            message = error_text(self._output(name).read_text("utf-8", "replace"))
            message = message or f"{name}.v: coqc ended with exit code {code}"
        if message:
            self.done[name] = Compiled(name, seconds, message=message)
        else:
            today = dt.datetime.now(dt.UTC).date().isoformat()
            kept = Kept(product.read_bytes(), round(seconds, 2), today, self._built_with(name))
            self.cache.keep(self.keys[name], kept)
            self.done[name] = Compiled(name, kept.seconds, today, digest=kept.digest)
        run.close()
        del self.running[name]


def error_text(output: str) -> str:
    """Cut the message of an error out of what Coq prints."""
    lines = output.splitlines()
    first = next((i for i, line in enumerate(lines) if line.startswith(("File ", "Error"))), 0)
    last = next((i for i, line in enumerate(lines) if line.startswith("Error")), first)
    chosen = [*lines[first : first + 1], *lines[max(last, first + 1) :]]
    text = "\n".join(line.rstrip() for line in chosen[:_LINES])
    return text.replace('File "./', 'File "').strip()


@contextlib.contextmanager
def compiled(
    proofs: Library,
    names: Iterable[str],
    coq: Coq,
    *,
    fresh: bool = False,
    jobs: int = 1,
    told: Callable[[float, str], None] | None = None,
) -> Iterator[tuple[Path, Mapping[str, Compiled]]]:
    """Compile files with all that they need, in a temporary folder.

    Args:
        proofs: The files.
        names: Names of those that are wanted.
        coq: The compiler.
        fresh: Whether to compile all anew, and keep nothing.
        jobs: Files that are compiled at once.
        told: Called with the number of files done, and those at work.

    Yields:
        The folder, and what became of each file, in the order of compilation.
    """
    order = proofs.needed(names)
    with tempfile.TemporaryDirectory(prefix="whichmin-proofs-") as place:
        folder = Path(place, LOGICAL)
        folder.mkdir()
        cache = Cache(Path(place, "cache") if fresh else cache_folder())
        work = _Compilation(proofs, order, coq, folder, cache)
        work.run(jobs, told)
        yield folder, {name: work.done[name] for name in order}
