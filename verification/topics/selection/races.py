"""Say words of claims on which point wins that are decided by races: many runs at once."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from whichmin.verification.evidence.statement import Undecided, number, word
from whichmin.verification.topics.vocabulary import Start

__all__: list[str] = []

# Runs of a race, steps after which it is undecided, and the part of the energy that rivals have
# where a run is over: the leader is overtaken with chance (2/pi) sqrt(1e-3) = 0.02.
_RUNS, _LONG, _OVER, OVERTAKEN = 400, 20_000, 1e-3, Fraction(2, 100)

_Draws = Callable[[np.random.Generator, int, int], Iterable[NDArray[Any]]]


def _free(b: int, replaced: bool) -> _Draws:
    def draws(rng: np.random.Generator, runs: int, m: int) -> Iterable[NDArray[Any]]:
        while True:
            if replaced:
                yield from rng.multinomial(b, [1 / m] * m, size=(50, runs))
            else:
                yield from np.argsort(rng.random((50, runs, m)), axis=2) < b

    return draws


def _reshuffled(b: int) -> _Draws:
    def draws(rng: np.random.Generator, runs: int, m: int) -> Iterable[NDArray[Any]]:
        while True:
            place = np.argsort(rng.random((runs, m)), axis=1)
            for t in range(m // b):
                yield (t * b <= place) & (place < (t + 1) * b)

    return draws


@functools.lru_cache(maxsize=8)
def _race(w: Start, b: int, alpha: Any, sampling: str, seed: int, relu: bool) -> tuple[Any, ...]:
    if len(w.w) > w.m:
        raise Undecided("races are in the span of the points")
    rng = np.random.default_rng(seed)
    draws = _reshuffled(b) if sampling == "reshuffled" else _free(b, sampling == "with replacement")
    at = np.tile(np.array([float(v) for v in w.w]), (_RUNS, 1))
    rate = float(alpha)
    for t, times in enumerate(draws(rng, _RUNS, w.m)):
        inside = times * at * (at > 0) if relu else times * at
        energy, size = (inside * at).sum(1), (at * at).sum(1)
        at += rate * ((2 - size)[:, None] * inside - energy[:, None] * at)
        if t % 20 == 0:
            squares = at * at
            if not np.isfinite(squares).all():
                return (number(math.nan),) * w.m
            if (squares.sum(1) - squares.max(1) < _OVER).all():
                won = np.bincount(squares.argmax(1), minlength=w.m)
                return tuple(Fraction(int(k), _RUNS) for k in won)
        if t > _LONG:
            raise Undecided("some runs have not ended")
    raise AssertionError


@word
def wins(
    w: Start, b: int, alpha: Any, sampling: str, seed: int, activation: str = "linear"
) -> tuple[Any, ...]:
    """How often each point wins in 400 runs from w with step size alpha b, as shares; no number if
    runs diverge.
    """
    with np.errstate(all="ignore"):  # of runs that diverge
        return _race(w, int(b), alpha, sampling, int(seed), activation == "relu")


@word
def explained(share: Any, chance: Any, slack: Any) -> bool:
    """Whether a share of 400 runs is within 6 standard errors of a chance, with ``slack`` and 1/50
    for leaders that are overtaken after the end of a run.
    """
    p = min(max(float(chance), 0.0), 1.0)
    noise = 6 * math.sqrt(p * (1 - p) / _RUNS) + 6 / _RUNS
    return bool(abs(float(share) - p) <= noise + float(slack) + float(OVERTAKEN))


@word
def multiplicity_difference(m: int, b: int, d: int) -> Fraction:
    """The chance that one of m points occurs d times more often than another among b draws with
    replacement.
    """
    m, b, d = int(m), int(b), int(d)
    ways = sum(
        math.comb(b, k) * math.comb(b - k, k + d) * (m - 2) ** (b - 2 * k - d)
        for k in range((b - d) // 2 + 1)
    )
    return Fraction(ways, m**b)
