"""Say words of the claims on batches."""

from __future__ import annotations

import itertools
import random
from typing import Any

from whichmin.verification.evidence.statement import word

__all__: list[str] = []


@word
def drawn_batch(m: Any, b: Any, seed: Any) -> tuple[int, ...]:
    """A batch of b of m points drawn with a seed, without replacement."""
    return tuple(random.Random(int(seed)).sample(range(int(m)), int(b)))  # noqa: S311 - a case


@word
def batch_count(m: Any, b: Any) -> int:
    """The number of batches of b of m points without replacement."""
    return sum(1 for _ in itertools.combinations(range(int(m)), int(b)))
