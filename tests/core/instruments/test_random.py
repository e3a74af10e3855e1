"""Purposes of one seed share no numbers, and none with the data's generators."""

import numpy as np
import pytest

from whichmin.core.frames import random_start
from whichmin.core.instruments import random
from whichmin.errors import InputError

PURPOSES = (
    random.SUBSPACE, random.STARTS, random.PROBES, random.DIRECTIONS, random.BATCHES,
    random.LAST_BITS,
)  # fmt: skip


def test_purposes_are_apart():
    assert len(set(PURPOSES)) == 6
    assert min(PURPOSES) > 4  # those are taken
    drawn = {random.generator(3, p).standard_normal() for p in PURPOSES}
    assert len(drawn) == 6
    assert random_start(1, 1, seed=3).item() not in drawn


def test_the_same_seed_gives_the_same_numbers():
    first, again = (random.generator(2**64 - 1, 16).standard_normal(5) for _ in range(2))
    assert np.array_equal(first, again)
    with pytest.raises(InputError, match="seed = -1"):
        random.generator(-1, 16)
