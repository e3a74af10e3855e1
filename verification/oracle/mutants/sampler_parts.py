"""Samplers that shuffle in part, mirror an epoch in the next, or draw with another chance."""

from __future__ import annotations

from typing import Any

from whichmin.verification.oracle.mutants.mutant import Mutant
from whichmin.verification.oracle.mutants.samplers import CHECKS

__all__ = ["SAMPLER_PARTS"]

_POINTS = "points = order(m, seed, epoch)"
_SHUFFLE = "points = rng.permutation(m)"
_INDEPENDENT = "drawn = [rng.permutation(m)[:b] for _ in range(steps)]"


def _made(
    name: str, wrong: str, cause: str, change: tuple[str, str], base: str, inside: str = "",
    **declares: Any,
) -> Mutant:  # fmt: skip
    return Mutant(f"sample_batches.{name}", wrong, (change,), cause, CHECKS, base, inside, declares)


def _order(name: str, wrong: str, cause: str, more: str) -> Mutant:
    change = (_SHUFFLE, f"{_SHUFFLE}\n    {more}")
    return _made(name, wrong, cause, change, "base_samplers", "order")


def _epoch(name: str, wrong: str, cause: str, points: str) -> Mutant:
    return _made(name, wrong, cause, (_POINTS, f"points = {points}"), "base_samplers")


def _poisson(name: str, wrong: str, cause: str, each: str, declared: str = "poisson") -> Mutant:
    change = (_INDEPENDENT, f"return [{each} for _ in range(steps)]")
    return _made(f"poisson-{name}", wrong, cause, change, "reference", sampling=declared)


def _rate(name: str, wrong: str, cause: str, chance: str) -> Mutant:
    return _poisson(name, wrong, cause, f"np.flatnonzero(rng.random(m) < {chance})")


SAMPLER_PARTS = (
    _order("half-sorted", "the second half of an epoch is sorted",
           "the last half of an epoch comes in ascending order",
           "points[m // 2 :] = np.sort(points[m // 2 :])"),
    _order("half-sorted-first", "the first half of an epoch is sorted",
           "the first half of an epoch comes in ascending order",
           "points[: m // 2] = np.sort(points[: m // 2])"),
    _order("half-sorted-down", "the second half of an epoch is sorted backwards",
           "the last half of an epoch comes in descending order",
           "points[m // 2 :] = -np.sort(-points[m // 2 :])"),
    _order("half-shuffled", "only the second half of the points is shuffled",
           "the first half of an epoch comes in ascending order",
           "points = np.append(np.arange(m // 2), m // 2 + rng.permutation(m - m // 2))"),
    _order("third-sorted", "the last third of an epoch is sorted",
           "the last third of an epoch comes in ascending order",
           "points[m - m // 3 :] = np.sort(points[m - m // 3 :])"),
    _order("halves-apart", "the halves of the points are shuffled by themselves",
           "each half of the points is shuffled by itself",
           "points = np.append(rng.permutation(m // 2), m // 2 + rng.permutation(m - m // 2))"),
    _epoch("mirrored", "every other epoch has the mirrored points of the one before it",
           "the points of the one before it mirrored",
           "abs(epoch % 2 * (m - 1) - order(m, seed, epoch // 2))"),
    _epoch("there-and-back-late", "epochs 1 and 2, 3 and 4, ... are there and back",
           "the order of the one before it, backwards",
           "order(m, seed, (epoch + 1) // 2)[:: 2 * (epoch % 2) - 1]"),
    _rate("off-by-one", "a chance of b/(m - 1)", "b/(m - 1)", "b / max(m - 1, 1)"),
    _rate("one-more", "a chance of (b + 1)/m", "(b + 1)/m", "(b + 1) / m"),
    _rate("doubled", "twice the chance", "chance 2 b/m", "2 * b / m"),
    _rate("nearly", "a chance 5 % too small", "chance 0.95 b/m", "0.95 * b / m"),
    _rate("replaced", "the chance of a point in b draws with replacement", "1 - (1 - 1/m)^b",
          "1 - (1 - 1 / m) ** b"),
    _rate("fixed", "a fixed chance", "0.1, whatever m and b are", "0.1"),
    _rate("nominal", "divided by a nominal number of points", "0.01 b, whatever m is", "b / 100"),
    _poisson("never-empty", "empty batches are drawn again", "an empty batch is drawn again",
             "next(c for _ in range(10**6) if len(c := np.flatnonzero(rng.random(m) < b / m)))"),
    _poisson("cut", "batches are cut to twice b", "cut to 2 b",
             "rng.permutation(np.flatnonzero(rng.random(m) < b / m))[: 2 * b]"),
    _poisson("undeclared-rate", "Poisson sampling with another chance, not declared",
             "besides, a point is drawn with chance (b + 1)/m",
             "np.flatnonzero(rng.random(m) < (b + 1) / m)", "without-replacement"),
)  # fmt: skip
