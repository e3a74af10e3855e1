"""Random numbers of the instruments: one generator for a seed and a purpose."""

from __future__ import annotations

from typing import Any

import numpy as np

from whichmin.core.validation import check_seed

__all__ = ["BATCHES", "DIRECTIONS", "LAST_BITS", "PROBES", "STARTS", "SUBSPACE", "generator"]

# Purposes 1 to 4 belong to frames, starts, images and selection (see whichmin.core.frames).
SUBSPACE, STARTS, PROBES, DIRECTIONS, BATCHES, LAST_BITS = 16, 17, 18, 19, 20, 21


def generator(seed: Any, purpose: int) -> np.random.Generator:
    """Return a generator; different purposes of one seed share no numbers.

    Args:
        seed: An integer in ``[0, 2**64)``.
        purpose: One of this module's words.

    Returns:
        A Philox generator keyed by both.
    """
    key = np.array([check_seed(seed), purpose], dtype=np.uint64)
    return np.random.Generator(np.random.Philox(key=key))
