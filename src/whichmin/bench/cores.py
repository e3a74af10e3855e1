"""Restrict the whole process to some of the machine's cores for a while, in every library."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from whichmin.errors import InputError

__all__ = ["available", "can_pin", "held_to"]

_TASKS = Path("/proc/self/task")


def available() -> int:
    """Return the number of cores that this process may use."""
    usable = getattr(os, "sched_getaffinity", None)
    return len(usable(0)) if usable is not None else os.cpu_count() or 1


def can_pin() -> bool:
    """Tell whether the system can restrict the threads of any library, such as JAX, to cores."""
    return hasattr(os, "sched_setaffinity") and _TASKS.is_dir()


def _pin(cores: set[int]) -> None:
    for task in list(_TASKS.iterdir()):
        try:
            os.sched_setaffinity(int(task.name), cores)
        except ProcessLookupError:
            continue  # a thread that has just ended


@contextmanager
def held_to(count: int) -> Iterator[None]:
    """Restrict PyTorch's and Numba's threads, on Linux all threads, to ``count`` cores.

    Args:
        count: Number of cores, at most :func:`available`.

    Yields:
        Nothing; what was set before is restored on exit.

    Raises:
        InputError: There are fewer cores.
    """
    import torch

    if not 1 <= count <= available():
        raise InputError("threads", count, f"must be 1 to {available()}, the cores there are")
    numba = sys.modules.get("numba")
    before = torch.get_num_threads()
    before_numba = None if numba is None else numba.get_num_threads()
    # Linux: 0 is the calling thread; the others of the process have the same cores.
    cores = os.sched_getaffinity(0) if can_pin() else set()
    try:
        torch.set_num_threads(count)
        if numba is not None:
            numba.set_num_threads(min(count, numba.config.NUMBA_NUM_THREADS))
        if cores:
            _pin(set(sorted(cores)[:count]))
        yield
    finally:
        if cores:
            _pin(set(cores))
        torch.set_num_threads(before)
        if numba is not None:
            numba.set_num_threads(before_numba)
