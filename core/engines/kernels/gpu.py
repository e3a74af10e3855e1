"""Run the kernels on a GPU, where one thread is a group of one lane.

The source of a step is that of the CPU. Rounding is not: the GPU's compiler contracts products and
sums, so results agree with the CPU's to rounding, not in bits. Tested with numba's simulator
(``NUMBA_ENABLE_CUDASIM=1``); it has not run on a GPU yet.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numba import cuda

from whichmin.core.engines.kernels.generator import CompileTarget
from whichmin.core.engines.kernels.group import make_advance, scratch_sizes
from whichmin.core.engines.kernels.stepping import ROWS
from whichmin.errors import MissingDependency

__all__ = ["LANES", "run"]

LANES = 1
_THREADS = 128  # a block
_AT_ONCE = 1 << 18  # replicas in a launch: bounds the work arrays


def _device(function: Callable[..., Any]) -> Any:
    return cuda.jit(device=True)(function)


@_device
def _as_it_is() -> None:
    """There are no vectors to widen."""


_advance = make_advance(CompileTarget(_device, _device, _as_it_is, LANES))


@cuda.jit
def _advance_all(  # type: ignore[no-untyped-def]
    x, state, ids, seed, first, last, k, b, m, sampling, mode, low, chunk, period,
    bounds, thresholds, rows, given, held, idx, order, draws, marks,
):  # fmt: skip
    group = cuda.grid(1)
    if group < len(x):
        v = cuda.local.array(ROWS, np.float64)
        memory = cuda.local.array(2, np.int64)
        mine = given[group] if len(given) > group else order[group]
        _advance(
            x[group], state[group], ids[group], seed, first, last, k, b, m, sampling, mode, low,
            chunk, period, bounds, thresholds, rows, v, held[group], idx[group], mine,
            draws[group], marks[group], memory,
        )  # fmt: skip


def run(
    x: torch.Tensor, state: torch.Tensor, ids: np.ndarray, plan: tuple[Any, ...], threads: int
) -> None:
    """Take steps with all replicas, in place.

    Args:
        x: Shape ``(replicas, m)``.
        state: Shape ``(replicas, STATE_ROWS)``.
        ids: Replica numbers, shape ``(replicas, 1)``, uint64.
        plan: The arguments from ``seed`` to ``given``.
        threads: Not used.

    Raises:
        MissingDependency: numba finds no GPU.
    """
    del threads
    if not cuda.is_available():
        raise MissingDependency(
            "a GPU that numba can use",
            "engine 'compiled' on CUDA",
            "pip install 'whichmin[cuda]', or use engine 'reduced'",
        )
    *scalars, bounds, thresholds, rows, given = plan
    sizes = scratch_sizes(plan[5], plan[3], plan[9], plan[6], LANES)[1:]
    kinds = (np.float64, np.uint32, np.uint32, np.uint32, np.uint8)
    tables = [cuda.to_device(table) for table in (bounds, thresholds, rows)]
    for begin in range(0, len(x), _AT_ONCE):
        part = slice(begin, min(begin + _AT_ONCE, len(x)))
        count = part.stop - begin
        scratch = [
            cuda.to_device(np.zeros((count, size), kind))
            for size, kind in zip(sizes, kinds, strict=True)
        ]
        blocks = -(-count // _THREADS)
        _advance_all[blocks, min(count, _THREADS)](
            _shared(x[part]), _shared(state[part]), cuda.to_device(ids[part]), *scalars, *tables,
            cuda.to_device(given[part]), *scratch,
        )  # fmt: skip
    cuda.synchronize()


def _shared(values: torch.Tensor) -> Any:
    """The tensor's own memory, as numba sees it."""
    return cuda.as_cuda_array(values) if values.is_cuda else values.numpy()
