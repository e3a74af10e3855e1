"""Serve a target in a worker process: load it and answer calls until the pipe closes.

Run as ``python -m whichmin.verification.oracle.serve FD``, or by :func:`serve` in a forked child.
Everything that the target writes to its standard output or error goes to a file, also from C.
"""

from __future__ import annotations

import faulthandler
import os
import sys
from collections.abc import Callable
from dataclasses import replace
from multiprocessing.connection import Connection
from typing import Any

from whichmin.verification.oracle.target import Target, invoke, load, make_target, said

__all__ = ["main", "serve"]

# Output kept of one call.
KEPT = 2000


class _Capture:
    """Sends file descriptors 1 and 2 to a file and reads what is new in it."""

    def __init__(self, path: str) -> None:
        self._file = open(path, "w+b", buffering=0)  # noqa: SIM115 - lives as long as the process
        for descriptor in (1, 2):
            os.dup2(self._file.fileno(), descriptor)
        # In a fork of pytest or a notebook, print writes to their streams, not to descriptor 1.
        sys.stdout, sys.stderr = (
            open(d, "w", buffering=1, closefd=False)  # noqa: SIM115 - as long as the process
            for d in (1, 2)
        )
        self._seen = 0
        faulthandler.enable(self._file)

    def new(self) -> str:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        size = os.fstat(self._file.fileno()).st_size
        if size == self._seen:
            return ""
        with open(self._file.name, "rb") as file:
            file.seek(self._seen)
            text = file.read(KEPT).decode(errors="replace")
        self._seen = size
        return text


def serve(connection: Connection, log: str, make: Callable[[], Target], name: str = "") -> None:
    """Answer calls: ``(name, arguments)`` in, an ``CallOutcome`` out.

    The first answer is the conventions with the names of the functions, or the error of loading.

    Args:
        connection: The pipe.
        log: File for what the target prints.
        make: Makes the target.
        name: What it is called in an error of loading; by default an object.
    """
    capture = _Capture(log)
    try:
        target = make()
    except BaseException as error:
        connection.send(("error", _sendable(error, name)))
        return
    printed = capture.new()
    connection.send(("loaded", (target.conventions, tuple(target.functions), printed)))
    while True:
        try:
            name, arguments = connection.recv()
        except EOFError:
            return
        connection.send(replace(invoke(target, name, arguments), printed=capture.new()))


def _sendable(error: BaseException, name: str) -> Any:
    from whichmin import errors

    # A class of the target's own, derived from ours, is not known where this arrives.
    if isinstance(error, errors.WhichminError) and type(error).__module__ == errors.__name__:
        return error
    target = name or errors.Verbatim("an object")
    told = f"must load without an error ({type(error).__name__}: {said(error)})"
    return errors.InputError("target", target, told)


def main() -> None:
    """Serve the target named in the first message on the inherited pipe."""
    connection = Connection(int(sys.argv[1]))
    log, path, (how, what) = connection.recv()
    sys.path[:] = path
    if how == "name":
        serve(connection, log, lambda: load(what), what)
    else:
        import pickle

        serve(connection, log, lambda: make_target(pickle.loads(what)))  # noqa: S301 - our own pipe


if __name__ == "__main__":
    # Under its real name, so that what is pickled here is known there.
    from whichmin.verification.oracle import serve as module

    module.main()
    os._exit(0)  # no destructor of the target may hang or crash the end
