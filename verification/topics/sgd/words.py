"""Say words of the claims on SGD: its runs.

Runs are those of the definition, in floats (or 50 digits); means over batches list all of them.
"""

from __future__ import annotations

import functools
import itertools
import math
import random
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from typing import Any

from whichmin.verification.evidence.statement import Undecided, number, word
from whichmin.verification.topics.vocabulary import Start, gd_limit, step

__all__ = [
    "LONGEST", "advance", "attracted", "drawn_batches", "in_digits", "log_of", "nowhere",
    "steered_batches",
]  # fmt: skip

# Steps after which a run that has reached nothing counts as undecided.
LONGEST = 12_000
# A run that moves by less than this part of its size in 64 steps has settled.
_STILL = 1e-12
# Beyond this norm a run has diverged.
_FAR = 1e6


def advance(at: Sequence[Any], batch: Sequence[int], rate: Any, relu: bool) -> list[Any]:
    """Take a step with the gradient in its short form, c_i^2 w + (N - 2) c_i a_i.

    Args:
        at: The weights.
        batch: Points of the batch; one may occur several times.
        rate: Step size over batch size.
        relu: Whether only points of positive correlation respond.

    Returns:
        The next weights.
    """
    if len(batch) == 1:  # most runs, so without loops over the batch
        i = batch[0]
        own = at[i]
        if relu and not own > 0:
            return list(at)
        shrink = 1 - rate * own * own
        after = [v * shrink for v in at]
        after[i] += rate * (2 - sum(v * v for v in at)) * own
        return after
    inside = [i for i in batch if at[i] > 0] if relu else batch
    shrink = 1 - rate * sum(at[i] * at[i] for i in inside)
    pull = rate * (2 - sum(v * v for v in at))
    after = [v * shrink for v in at]
    for i in inside:
        after[i] += pull * at[i]
    return after


def attracted(at: Sequence[Any], m: int, relu: bool, share: float = 1e-4) -> tuple[int, ...] | None:
    """Return the data point, with its sign, that weights are next to.

    Args:
        at: The weights.
        m: Number of data points.
        relu: Whether the neuron has to respond to the point, so that it attracts.
        share: Part of the squared norm that may lie elsewhere; its root bounds | |w|^2 - 1 |.

    Returns:
        Its correlations with the data points; None if the weights are next to no data point.
    """
    norm = sum(v * v for v in at)
    i = max(range(m), key=lambda k: abs(at[k]))
    near = norm - at[i] * at[i] <= share * norm and (norm - 1) ** 2 <= share
    if not near or (relu and at[i] < 0):
        return None
    return tuple((1 if at[i] > 0 else -1) * (k == i) for k in range(m))


def nowhere(m: int) -> tuple[Any, ...]:
    """Return what stands for the limit of a run that has none."""
    return tuple(number(math.nan) for _ in range(m))


def drawn_batches(m: int, b: int, seed: int, scheme: str) -> Iterator[Sequence[int]]:
    """Draw independent batches of b points, uniformly."""
    draw = random.Random(int(seed))  # noqa: S311 - no secrets
    everything = range(m)
    while True:
        yield draw.sample(everything, b) if scheme == "without" else draw.choices(everything, k=b)


def in_digits() -> bool:
    """Whether words compute with 50 digits now."""
    return not isinstance(number(0), float)


def _ended(
    w: Start, alpha: Any, activation: str, batches: Iterable[Sequence[int]]
) -> tuple[Any, ...]:
    """Run until weights are next to a data point, diverge or stay where they are."""
    at, rate, relu = [number(v) for v in w.w], number(alpha), activation == "relu"
    before = at
    for t, batch in zip(range(LONGEST), batches, strict=False):
        at = advance(at, batch, rate, relu)
        if t % 8 == 0:
            found = attracted(at, w.m, relu)
            if found:
                return found
            if not max(map(abs, at)) < _FAR:
                return nowhere(w.m)
        if t % 64 == 63:
            moved = max(abs(p - q) for p, q in zip(at, before, strict=True))
            if moved <= _STILL * max(map(abs, at)):
                return tuple(at[: w.m])
            before = at
    raise Undecided("the run has not ended")


@functools.lru_cache(256)
def _end(
    w: Start, alpha: Any, b: int, seed: int, activation: str, scheme: str, sure: bool
) -> tuple[Any, ...]:
    del sure  # part of the key: floats and 50 digits are different runs
    return _ended(w, alpha, activation, drawn_batches(w.m, b, seed, scheme))


@word
def sgd_end(
    w: Start, alpha: Any, b: Any, seed: Any, activation: str = "linear", scheme: str = "without"
) -> tuple[Any, ...]:
    """Correlations of the signed data point that SGD comes within 1/100 of, or of where it stays.

    Step size alpha times b, batches of b points drawn with a seed, without or with replacement.
    """
    return _end(w, alpha, int(b), int(seed), activation, scheme, in_digits())


@word
def minimum_reached(w: Start, alpha: Any, b: Any, seed: Any, activation: str = "linear") -> Start:
    """Where SGD without replacement ends: next to a data point, for b = m where GD ends."""
    if int(b) == w.m:
        return gd_limit(w, alpha * b, activation)
    return Start(sgd_end(w, alpha, b, seed, activation), w.m)


def steered_batches(m: int, b: int, i: int) -> Iterator[Sequence[int]]:
    """Go round batches that hold point i and leave out each other one in turn."""
    others = [j for j in range(m) if j != i]
    for t in itertools.count():
        turned = [others[(t + k) % len(others)] for k in range(b - 1)] if others else []
        yield (i, *turned)


@word
def steered_end(
    w: Start, i: Any, alpha: Any, b: Any, activation: str = "linear"
) -> tuple[Any, ...]:
    """Correlations of the data point that a run ends at all of whose batches hold point i.

    The b - 1 other places are taken by all other points in turn.
    """
    return _ended(w, alpha, activation, steered_batches(w.m, int(b), int(i)))


@word
def largest_reached(w: Start, j: Any, eta: Any, activation: str = "linear") -> Any:
    """The largest |c_j| after 3 steps on single points, over all choices of the points, exact."""
    ends = [w]
    for _ in range(3):
        ends = [step(v, (i,), eta, activation) for v in ends for i in range(w.m)]
    return max(abs(v.w[int(j)]) for v in ends)


@word
def rate_reached(
    w: Start, alpha: Any, b: Any, seed: Any, activation: str = "linear", scheme: str = "without"
) -> Any:
    """Mean change of log |c_j/c_*| over every batch once, after SGD has come next to a_*.

    The batch sizes, seed and scheme are those of sgd_end; j is another active point.

    Raises:
        Undecided: The run is too long, or there is no other active point.
    """
    at, rate, relu = [number(v) for v in w.w], number(alpha), activation == "relu"
    b = int(b)
    for t, batch in zip(range(LONGEST), drawn_batches(w.m, b, int(seed), scheme), strict=False):
        at = advance(at, batch, rate, relu)
        if t % 8 == 0 and attracted(at, w.m, relu, 1e-18):
            break
    else:
        raise Undecided("the run has not come close to a data point")
    star = max(range(w.m), key=lambda k: abs(at[k]))
    rivals = [k for k in range(w.m) if k != star and at[k] != 0 and not (relu and at[k] < 0)]
    if not rivals:
        raise Undecided("there is no other active point")
    if scheme == "without":
        every = list(itertools.combinations(range(w.m), b))
    else:
        every = list(itertools.product(range(w.m), repeat=b))
    j, before = rivals[0], at
    for batch in every:
        at = advance(at, batch, rate, relu)
    gain = abs(at[j] / at[star]) / abs(before[j] / before[star])
    return log_of(gain) / len(every)


def log_of(value: Any) -> Any:
    """The natural logarithm of a positive number."""
    converted = number(value) if isinstance(value, (int, Fraction)) else value
    if isinstance(converted, float):
        return math.log(converted)
    import mpmath

    return mpmath.log(converted)


@word
def difference_chance(m: Any, b: Any, d: Any) -> Any:
    """Chance that, of b draws with replacement from m points, the first occurs d times more often
    than the second.
    """
    every = itertools.product(range(int(m)), repeat=int(b))
    hits = sum(draws.count(0) - draws.count(1) == d for draws in every)
    return Fraction(hits, int(m) ** int(b))
