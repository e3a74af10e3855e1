"""Linear algebra of the same bits at any thread count, on one kind of processor."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

__all__ = ["single_threaded"]


@contextmanager
def single_threaded() -> Iterator[None]:
    """Run matrix products and decompositions on one thread.

    BLAS and LAPACK choose their blocking, hence their order of summation, by the number of
    threads. Elementwise kernels do not, so the fast engine runs outside this context.

    Yields:
        Nothing; the caller's thread count is restored on exit.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
