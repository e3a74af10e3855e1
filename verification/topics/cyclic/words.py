"""Say words of the claims on cyclic orders."""

from __future__ import annotations

import math
import random
from collections import deque
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from hypothesis import strategies as st

from whichmin.verification.evidence.statement import Undecided, domain, number, word
from whichmin.verification.topics.sgd.words import advance, attracted, nowhere
from whichmin.verification.topics.vocabulary import Start, c, remembered, sqrt, step

__all__ = ["first_leader", "leads"]

# Steps after which a run of 1,000 rounds that has not ended is undecided; where it has settled.
_STEPS, _SETTLED = 8_000, 1e-10
_FAR, _APART = 1e6, 1e-3


@word
def leads(w: Start, k: Any, activation: str = "linear") -> bool:
    """Whether |c_k| is not 0 and at least every other |c_j|; for ReLU among the positive ones."""
    active = [v if activation == "linear" or v > 0 else 0 for v in c(w)]
    own = abs(active[int(k)])
    return bool(own > 0 and all(own >= abs(v) for v in active))


@word
def leader(w: Start, activation: str = "linear") -> int:
    """The first point of largest |c_k|, for ReLU among the positive ones."""
    for k in range(w.m):
        if leads(w, k, activation):
            return k
    raise Undecided("the neuron responds to no point")


@word
def first_leader(w: Start, eta: Any, activation: str = "linear") -> int:
    """The first point that leads when its own turn comes; the first steps in exact fractions."""
    at = w
    for t in range(4000):
        if leads(at, t % w.m, activation):
            return t % w.m
        at = step(at, (t % w.m,), eta, activation)
        if t == 6:
            at, eta = Start(tuple(number(v) for v in at.w), at.m), number(eta)
    raise Undecided("no point has led at its own turn")


def _rounds(m: int, b: int) -> list[list[int]]:
    """Batches of b points in cyclic order until the same batches come again."""
    return [[(k * b + j) % m for j in range(b)] for k in range(m // math.gcd(m, b))]


@remembered(256)
def _cyclic_end(w: Start, eta: Any, b: int, activation: str, sure: bool) -> tuple[Any, ...]:
    del sure  # part of the key: floats and 50 digits are different runs
    at, m, relu = [number(v) for v in w.w], w.m, activation == "relu"
    rate, batches = number(eta) / b, _rounds(w.m, b)
    past: deque[list[Any]] = deque(maxlen=6)
    for _ in range(max(1000, _STEPS // len(batches))):
        past.appendleft(at)
        for batch in batches:
            at = advance(at, batch, rate, relu)
        size = max(map(abs, at))
        if not size < _FAR:
            return nowhere(m)
        # With one point a step and eta < 1/2 a data point attracts what is next to it.
        found = attracted(at, m, relu) if b == 1 and 2 * eta < 1 else None
        if found:
            return found
        moved = [max(abs(p - q) for p, q in zip(at, old, strict=True)) for old in past]
        if min(moved) <= _SETTLED * size:
            return tuple(at[:m]) if _still(at, batches, rate, relu) else nowhere(m)
    raise Undecided("the run has not ended")


def _still(at: Sequence[Any], batches: list[list[int]], rate: Any, relu: bool) -> bool:
    """Whether no single step of a round moves weights that a round does not move."""
    for batch in batches:
        after = advance(at, batch, rate, relu)
        if max(abs(p - q) for p, q in zip(at, after, strict=True)) > _APART:
            return False
        at = after
    return True


@word
def cyclic_end(w: Start, eta: Any, activation: str = "linear", b: Any = 1) -> tuple[Any, ...]:
    """Correlations of where SGD ends whose batches are the next b points, round and round.

    With b = 1 and eta < 1/2 a run that comes within 1/100 of a data point ends there.
    """
    sure = not isinstance(number(0), float)
    return _cyclic_end(w, eta, int(b), activation, sure)


@word
def visit(w: Start, i: Any, eta: Any, activation: str = "linear") -> Start:
    """One step of SGD on data point i alone."""
    return step(w, (int(i),), eta, activation)


@word
def cyclic_round(w: Start, eta: Any, b: Any = 1, activation: str = "linear") -> Start:
    """The weights after one round of SGD whose batches are the next b points."""
    at, rate = [number(v) for v in w.w], number(eta) / int(b)
    for batch in _rounds(w.m, int(b)):
        at = advance(at, batch, rate, activation == "relu")
    return Start(tuple(at), w.m)


@word
def nearly_tied(m: Any, lead: Any, size: Any) -> Start:
    """The start with m - 1 correlations of this size and a last one larger by 1 + lead."""
    return Start((*[size] * (int(m) - 1), size * (1 + lead)), int(m))


def _response(value: Any, activation: str) -> Any:
    return value if activation == "linear" or value > 0 else value * 0


@word
def merged(w: Start, b: Any, activation: str = "linear") -> Start:
    """The start with the norms of the blocks of b neighbours as its correlations.

    For ReLU the positive parts count; all other energy lies off the span.
    """
    b = int(b)
    energy = [_response(v, activation) ** 2 for v in c(w)]
    norms = [sqrt(sum(energy[k : k + b])) for k in range(0, w.m, b)]
    return Start((*norms, sqrt(max(0, sum(v * v for v in w.w) - sum(energy)))), len(norms))


@word
def block_part(w: Start, size: Any, k: Any, activation: str = "linear") -> tuple[Any, ...]:
    """Correlations of the projection of w on block k of neighbours, normalised.

    For ReLU the positive parts count.
    """
    own = [
        _response(v, activation) if i // int(size) == k else Fraction(0) for i, v in enumerate(c(w))
    ]
    norm = sqrt(sum(v * v for v in own))
    return tuple(v / norm if norm else number(math.nan) for v in own)


@word
def neighbours(m: Any, b: Any) -> int:
    """The greatest common divisor of m and b."""
    return math.gcd(int(m), int(b))


@word
def block_number(i: Any, size: Any) -> int:
    """The block that point i is in, where blocks are so many neighbours."""
    return int(i) // int(size)


@word
def together(m: Any, b: Any, i: Any, j: Any) -> bool:
    """Whether two points are in the same batches when batches are the next b of m points."""
    return all((i in batch) == (j in batch) for batch in _rounds(int(m), int(b)))


@word
def tipping_ratio(r: Any, eta: Any) -> Any:
    """The ratio c_1/c_0 that separates starts of norm r in the plane that end at a_0 and at a_1.

    By bisection from 1/2 to 3; where it ends is told by the first point that leads at its own turn.
    """
    low, high = number(1) / 2, number(3)
    for _ in range(12 if isinstance(low, float) else 40):
        q = (low + high) / 2
        first = number(r) / sqrt(1 + q * q)
        if first_leader(Start((first, q * first), 2), number(eta)) == 0:
            low = q
        else:
            high = q
    return (low + high) / 2


@domain
def favoured() -> st.SearchStrategy[Start]:
    """Starts most of whose squared norm, about 1, is c_0^2."""

    def made(seed: int) -> Start:
        draw = random.Random(seed)  # noqa: S311 - no secrets
        m = draw.randint(1, 4)
        others = [Fraction(draw.randint(-50, 50), 50) for _ in range(m - 1 + draw.randint(0, 1))]
        size = sum(v * v for v in others) or 1
        norm = 1 + draw.uniform(-1, 1) * draw.choice([0.001, 0.01, 0.035])
        share = draw.choice([draw.uniform(0, 0.13), draw.uniform(0.09, 0.112)])
        scale = Fraction(math.sqrt(norm * share / float(size))).limit_denominator(1000)
        own = Fraction(math.sqrt(norm * (1 - share))).limit_denominator(1000)
        return Start((draw.choice([1, 1, -1]) * own, *(scale * v for v in others)), m)

    return st.integers(0, 2**32 - 1).map(made)


def _epoch(at: list[Any], m: int, b: int, rate: Any, relu: bool, draw: random.Random) -> list[Any]:
    order = draw.sample(range(m), m)
    for k in range(0, m, b):
        at = advance(at, order[k : k + b], rate, relu)
    return at


@word
def shuffled(w: Start, epochs: Any, eta: Any, b: Any, seed: Any, activation: str) -> Start:
    """The weights after epochs that are random partitions into batches of b, drawn with a seed."""
    draw = random.Random(int(seed))  # noqa: S311 - no secrets
    at, rate = [number(v) for v in w.w], number(eta) / int(b)
    for _ in range(int(epochs)):
        at = _epoch(at, w.m, int(b), rate, activation == "relu", draw)
    return Start(tuple(at), w.m)


@word
def shuffled_end(w: Start, eta: Any, b: Any, seed: Any, activation: str) -> tuple[Any, ...]:
    """Where such epochs end: the data point that they come within 1/1000 of.

    No number if a run of 16/(eta/b)^2 epochs has come to none.

    Raises:
        Undecided: So many are more than are allowed.
    """
    draw = random.Random(int(seed))  # noqa: S311 - no secrets
    at, rate = [number(v) for v in w.w], number(eta) / int(b)
    enough = 16 / float(rate) ** 2
    for epoch in range(int(min(enough, 4000))):
        at = _epoch(at, w.m, int(b), rate, activation == "relu", draw)
        found = attracted(at, w.m, activation == "relu", 1e-6) if epoch % 4 == 0 else None
        if found:
            return found
    if enough > 4000:
        raise Undecided("the run has not ended")
    return nowhere(w.m)
