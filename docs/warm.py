"""The command line in a process of its own, without the seconds in which Python imports torch.

A server process imports what the commands need, runs nothing, and forks for each command. Used by
the tests and by ``blocks.py`` for plain commands; pipes and redirections go through a shell.
"""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path

__all__ = ["Done", "command"]

Done = subprocess.CompletedProcess[str]

_SERVER = """
import json, os, signal, sys, time
import matplotlib.font_manager
import whichmin.cli
import whichmin.core.training.ensemble, whichmin.core.training.trainer, whichmin.ledger
from whichmin.cli import data, doctor, ensemble, options, plot, predict, table, train, verify
from numba.core.registry import cpu_target

# What Numba loads before it runs its first kernel, cached or not.
cpu_target.typing_context.refresh()
cpu_target.target_context.refresh()

for line in sys.stdin:
    asked = json.loads(line)
    pid = os.fork()
    if pid == 0:
        os.chdir(asked["folder"])
        os.environ.clear()
        os.environ.update(asked["environment"])
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        for descriptor, path in zip((1, 2), asked["streams"]):
            os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND), descriptor)
        sys.argv = ["whichmin", *asked["arguments"]]
        code = 1
        try:
            whichmin.cli.main()
        except SystemExit as end:
            code = end.code or 0
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
    delay, began = asked["kill_after"], time.monotonic()
    ended, status = os.waitpid(pid, 0 if delay is None else os.WNOHANG)
    while not ended:
        if time.monotonic() > began + delay:
            os.kill(pid, signal.SIGKILL)
            delay = float("inf")
        time.sleep(0.002)
        ended, status = os.waitpid(pid, os.WNOHANG)
    print(os.waitstatus_to_exitcode(status), flush=True)
"""

_idle: list[subprocess.Popen[str]] = []
_lock = threading.Lock()


def _server() -> subprocess.Popen[str]:
    """A server that nobody else uses now."""
    with _lock:
        if _idle:
            return _idle.pop()
    return subprocess.Popen(  # noqa: S603 - our own text
        [sys.executable, "-c", _SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        text=True, env={**os.environ, "MPLBACKEND": "agg"},
    )  # fmt: skip


@atexit.register
def _close() -> None:
    for server in _idle:
        server.communicate()  # closes its input, which ends it


def command(
    arguments: Sequence[str],
    folder: Path,
    *,
    merged: bool = False,
    kill_after: float | None = None,
    **environment: str,
) -> Done:
    """Run ``whichmin`` with arguments.

    Args:
        arguments: The arguments.
        folder: Working folder.
        merged: Whether standard error goes to the same place as standard output.
        kill_after: Seconds until the process gets SIGKILL, if it is still there.
        **environment: Variables besides those of this process.

    Returns:
        Exit code, minus the signal's number if one ended it, and what it printed.
    """
    server = _server()
    assert server.stdin is not None
    assert server.stdout is not None
    with tempfile.TemporaryDirectory() as kept:
        out = Path(kept, "out")
        err = out if merged else Path(kept, "err")
        asked = {
            "arguments": list(arguments), "folder": str(folder), "streams": [str(out), str(err)],
            "environment": {**os.environ, **environment}, "kill_after": kill_after,
        }  # fmt: skip
        print(json.dumps(asked), file=server.stdin, flush=True)
        code = int(server.stdout.readline())
        with _lock:
            _idle.append(server)
        printed = [p.read_text(encoding="utf-8") if p.exists() else "" for p in (out, err)]
        return Done(list(arguments), code, printed[0], "" if merged else printed[1])
