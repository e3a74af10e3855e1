"""Say the words of claims on cyclic orders."""

from __future__ import annotations

from typing import Any

from whichmin.verification.evidence.statement import Undecided, word
from whichmin.verification.topics.vocabulary import Start, c, step

__all__ = ["first_leader", "leads"]


@word
def leads(w: Start, k: Any, activation: str = "linear") -> bool:
    """Whether |c_k| is not 0 and at least every other |c_j|; for ReLU among the positive ones."""
    active = [v if activation == "linear" or v > 0 else 0 for v in c(w)]
    own = abs(active[int(k)])
    return bool(own > 0 and all(own >= abs(v) for v in active))


@word
def first_leader(w: Start, eta: Any, activation: str = "linear") -> int:
    """The first point that leads when its own turn comes, within 8 steps in exact fractions."""
    at = w
    for t in range(8):
        if leads(at, t % w.m, activation):
            return t % w.m
        at = step(at, (t % w.m,), eta, activation)
    raise Undecided("no point has led at its own turn")
