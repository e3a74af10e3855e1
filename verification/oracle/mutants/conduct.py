"""Targets that hang, crash, raise or print; they need a process of their own.

A target that prints passes, with a note: its numbers are right.
"""

from __future__ import annotations

from whichmin.verification.oracle.mutants.mutant import Mutant

__all__ = ["CONDUCT"]

_START = "w = w0.copy()"


def _train(name: str, wrong: str, cause: str, line: str, *, noted: bool = False) -> Mutant:
    return Mutant(
        f"train.{name}", wrong, ((_START, f"{_START}\n    {line}"),), cause, ("train.values",),
        isolation="fork", noted=noted,
    )  # fmt: skip


CONDUCT = (
    _train("hangs", "never returns", "did not return within", "while True: pass"),
    _train("crashes", "the process dies of SIGSEGV", "died of SIGSEGV",
           "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)"),
    _train("exits", "ends the interpreter", "ended with exit code 7", "import os; os._exit(7)"),
    _train("raises", "fails with one batch", "raised ZeroDivisionError",
           "1 / (len(data) - 1)"),
    _train("quits", "calls sys.exit", "raised SystemExit", "raise SystemExit(1)"),
    _train("prints", "writes to standard output", "printed: 'step'",
           "print('step')", noted=True),
)  # fmt: skip
