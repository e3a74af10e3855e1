"""Run the kernels on the CPU, in groups of 64 lanes that threads share."""

from __future__ import annotations

import hashlib
import logging
import pickle
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

from whichmin.core.engines.kernels.generator import CompileTarget
from whichmin.core.engines.kernels.group import make_advance, scratch_sizes
from whichmin.core.engines.kernels.survey import make_survey

__all__ = ["LANES", "is_compiled", "run", "survey"]

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


_target = CompileTarget(_jit, _inline, _widen, LANES)
_advance, _survey = make_advance(_target), make_survey(_target)


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


def _survey_groups(x, state, m, low, tolerance, alone, out, begin, end):  # type: ignore[no-untyped-def]
    work = np.empty(4 * LANES)
    for group in range(begin, end):
        _survey(x[group], state[group], m, low, tolerance, alone, work, out[group])


def _source() -> str:
    """A digest of all kernels: numba's cache looks at one file's date only."""
    digest = hashlib.sha256(numba.__version__.encode())
    for file in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def _cached(function: Callable[..., Any]) -> Any:
    function.__qualname__ = f"{function.__name__}_{_source()}"
    try:
        return numba.njit(cache=True, **_SETTINGS)(function)
    except RuntimeError:  # no folder that can be written to: compiled anew in every process
        return numba.njit(**_SETTINGS)(function)


_compiled, _compiled_survey = _cached(_advance_groups), _cached(_survey_groups)
_loaded: set[str] = set()


def is_compiled() -> bool:
    """Tell whether the kernels are compiled, in this process or in numba's cache on disk."""
    if _compiled.signatures and _compiled_survey.signatures:
        return True
    path = getattr(_compiled.stats, "cache_path", None)
    names = (_advance_groups.__qualname__, _survey_groups.__qualname__)
    return path is not None and all(any(Path(path).glob(f"*{name}*.nbi")) for name in names)


def _ready(name: str, *arguments: Any) -> Any:
    """Compile a kernel, or load it from the cache, on no groups at all.

    A cache that cannot be read or written costs the time to compile, not the run.

    Returns:
        The kernel.
    """
    kernel = globals()[name]
    if name in _loaded:
        return kernel
    if not is_compiled():
        _log.warning("compiling the kernels, once on this machine: about ten seconds")
    try:
        kernel(*arguments, 0, 0)
    except (OSError, EOFError, pickle.UnpicklingError) as error:
        _log.warning("numba's cache is of no use (%s): kernels are compiled anew", error)
        kernel = globals()[name] = numba.njit(**_SETTINGS)(kernel.py_func)
    _loaded.add(name)
    return kernel


def run(
    x: torch.Tensor, state: torch.Tensor, ids: np.ndarray, plan: tuple[Any, ...], threads: int
) -> None:
    """Take steps with all groups, in place.

    Args:
        x: Shape ``(groups, m * LANES)``.
        state: Shape ``(groups, STATE_ROWS * LANES)``.
        ids: Replica numbers, shape ``(groups, LANES)``, uint64.
        plan: The arguments from ``seed`` to ``given``.
        threads: How many threads may work.
    """
    sizes = np.array(scratch_sizes(plan[5], plan[3], plan[9], plan[6], LANES))
    arguments = x.numpy(), state.numpy(), ids, *plan, sizes
    kernel = _ready("_compiled", *arguments)
    _shared_out(len(x), threads, lambda *part: kernel(*arguments, *part))


def survey(
    x: torch.Tensor, state: torch.Tensor, m: int, low: float, tolerance: float, alone: bool,
    threads: int,
) -> np.ndarray:  # fmt: skip
    """Find the lanes that may have ended.

    The rule is that of :func:`whichmin.core.engines.kernels.survey.make_survey`.

    Args:
        x: Shape ``(groups, m * LANES)``.
        state: Shape ``(groups, STATE_ROWS * LANES)``.
        m: Number of data points.
        low: What correlations must exceed to be active.
        tolerance: Tolerance of the run.
        alone: Whether only one point may be left.
        threads: How many threads may work.

    Returns:
        Boolean, shape ``(groups * LANES,)``.
    """
    out = np.zeros((len(x), LANES), np.bool_)
    arguments = x.numpy(), state.numpy(), m, low, tolerance, alone, out
    kernel = _ready("_compiled_survey", *arguments)
    _shared_out(len(x), threads, lambda *part: kernel(*arguments, *part))
    return out.reshape(-1)


def _shared_out(groups: int, threads: int, work: Callable[[int, int], None]) -> None:
    """Have threads work on ranges of groups: four each, so that a late one costs a quarter."""
    if threads == 1 or groups == 1:
        work(0, groups)
        return
    parts = min(groups, 4 * threads)
    edges = [groups * part // parts for part in range(parts + 1)]
    with ThreadPoolExecutor(threads) as pool:
        for job in [pool.submit(work, *part) for part in pairwise(edges)]:
            job.result()
