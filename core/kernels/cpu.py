"""The kernels on the CPU: groups of 32 lanes, shared out among threads."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import Any

import numba
import numpy as np
import torch
from numba.core import types
from numba.extending import intrinsic

from whichmin.core.kernels.generator import Target
from whichmin.core.kernels.group import make_advance, scratch_sizes

__all__ = ["LANES", "is_compiled", "run"]

# Many lanes hide the latency of one lane's step behind the others', and share the cost of a call.
# Measured, b = 1: 1.8 ns a replica-step with 64 lanes, 2.0 with 32 (m = 64); 2.1 each (m = 1024).
LANES = 64
_log = logging.getLogger("whichmin")
# error_model: a division by zero gives an infinity, which the next test of s catches.
_SETTINGS = {"error_model": "numpy", "nogil": True}


def _jit(function: Callable[..., Any]) -> Any:
    return numba.njit(**_SETTINGS)(function)


def _inline(function: Callable[..., Any]) -> Any:
    return numba.njit(inline="always", **_SETTINGS)(function)


@intrinsic  # type: ignore[untyped-decorator]
def _widen(_: Any) -> Any:
    """Let LLVM use vectors of 512 bits in the calling function, where the processor has them.

    By itself it keeps to 256 bits on many processors that have more. Measured with AVX-512: 0.74 ns
    a random number instead of 1.01. (llvmlite's own ``add`` knows no attributes with values.)

    Returns:
        The type and the code of the call.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        del signature, arguments
        set.add(builder.function.attributes, '"prefer-vector-width"="512"')
        return context.get_dummy_value()

    return types.void(), generate


_advance = make_advance(Target(_jit, _inline, _widen, LANES))


def _advance_groups(  # type: ignore[no-untyped-def]
    x, state, ids, seed, first, last, k, b, m, sampling, mode, low, chunk, period,
    bounds, thresholds, rows, given, sizes, begin, end,
):  # fmt: skip
    v = np.empty(sizes[0])
    held = np.empty(sizes[1])
    idx = np.zeros(sizes[2], np.uint32)
    order = np.zeros(sizes[3], np.uint32)
    draws = np.zeros(sizes[4], np.uint32)
    marks = np.zeros(sizes[5], np.uint8)
    memory = np.zeros(2, np.int64)
    for group in range(begin, end):
        if len(given) > group:
            order = given[group]
        _advance(
            x[group], state[group], ids[group], seed, first, last, k, b, m, sampling, mode, low,
            chunk, period, bounds, thresholds, rows, v, held, idx, order, draws, marks, memory,
        )  # fmt: skip


def _source() -> str:
    """A digest of all kernels: numba's cache looks at one file's date only."""
    digest = hashlib.sha256(numba.__version__.encode())
    for file in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def _cached() -> Any:
    _advance_groups.__qualname__ = f"advance_groups_{_source()}"
    try:
        return numba.njit(cache=True, **_SETTINGS)(_advance_groups)
    except RuntimeError:  # no folder that can be written to: compiled anew in every process
        return numba.njit(**_SETTINGS)(_advance_groups)


_compiled = _cached()


def is_compiled() -> bool:
    """Whether the kernels are there, in this process or in numba's cache on disk."""
    if _compiled.signatures:
        return True
    path = getattr(_compiled.stats, "cache_path", None)
    return path is not None and any(Path(path).glob(f"*{_source()}*.nbi"))


def run(
    x: torch.Tensor, state: torch.Tensor, ids: np.ndarray, plan: tuple[Any, ...], threads: int
) -> None:
    """Advance all groups, in place.

    Args:
        x: Shape ``(groups, m * LANES)``.
        state: Shape ``(groups, STATE_ROWS * LANES)``.
        ids: Replica numbers, shape ``(groups, LANES)``, uint64.
        plan: The arguments from ``seed`` to ``given``.
        threads: How many threads may work.
    """
    if not is_compiled():
        _log.warning("compiling the kernels, once on this machine: about ten seconds")
    sizes = np.array(scratch_sizes(plan[5], plan[3], plan[9], plan[6], LANES))
    groups = len(x)
    values, scalars = x.numpy(), state.numpy()
    if threads == 1 or groups == 1:
        _compiled(values, scalars, ids, *plan, sizes, 0, groups)
        return
    parts = min(groups, 4 * threads)  # so that a thread that is late costs a quarter of its share
    edges = [groups * part // parts for part in range(parts + 1)]
    with ThreadPoolExecutor(threads) as pool:
        jobs = [
            pool.submit(_compiled, values, scalars, ids, *plan, sizes, begin, end)
            for begin, end in pairwise(edges)
        ]
        for job in jobs:
            job.result()
