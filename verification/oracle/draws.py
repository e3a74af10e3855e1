"""Enumerate the laws of batches: the correct ones, and those of known mistakes."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction

from whichmin.verification.oracle.noise import batches

__all__ = [
    "BIASED",
    "NEVER",
    "Batch",
    "Law",
    "block_law",
    "cyclic",
    "cyclic_law",
    "declared_law",
    "inclusion",
    "point_laws",
    "shuffle_law",
    "shuffled_orders",
    "weighted_law",
]

# Shuffles by swaps that are not Fisher-Yates, by the entries that entry i is swapped with.
BIASED = {
    "any": "biased shuffle: entries are swapped with any other, not only with those not yet placed",
    "other": "biased shuffle: an entry is never swapped with itself, off by one (Sattolo)",
}
NEVER = (
    "the last point is never drawn: the upper end is left out twice",
    "the first point is never drawn",
)
Batch = tuple[int, ...]
Law = Mapping[Batch, Fraction]


def declared_law(m: int, b: int, sampling: str) -> Law:
    """Compute the law of one batch, as sorted tuples with their chances.

    Args:
        m: Points.
        b: Batch size.
        sampling: A sampling with chance: not ``cyclic``.

    Returns:
        Chances by batch.
    """
    if sampling == "poisson":
        share = Fraction(b, m)
        return {
            batch: share**k * (1 - share) ** (m - k)
            for k in range(m + 1)
            for batch in itertools.combinations(range(m), k)
            if share < 1 or k == m
        }
    return dict(batches(m, b, sampling))


def weighted_law(weights: Sequence[Fraction], b: int, *, replaced: bool) -> Law:
    """Compute the law of a batch drawn with chances proportional to weights.

    Args:
        weights: One for each point.
        b: Batch size.
        replaced: With replacement; else one after the other among the points that are left.

    Returns:
        Chances by batch, as sorted tuples.
    """
    law: dict[Batch, Fraction] = {(): Fraction(1)}
    for _ in range(b):
        after: defaultdict[Batch, Fraction] = defaultdict(Fraction)
        for batch, chance in law.items():
            left = {i: w for i, w in enumerate(weights) if replaced or i not in batch}
            total = sum(left.values())
            for i, weight in left.items():
                if weight:
                    after[tuple(sorted((*batch, i)))] += chance * weight / total
        law = after
    return law


def shuffle_law(m: int, b: int, *, lowest: str) -> Law:
    """Compute the law of the first b entries of a shuffle by swaps that is not Fisher-Yates.

    Fisher-Yates swaps entry i, for i from m - 1 down to 1, with one of the entries 0 to i.

    Args:
        m: Points; there are m! orders.
        b: Batch size.
        lowest: ``any`` if entry i is swapped with any of the m entries (the naive shuffle), or
            ``other`` if it is swapped with one of 0 to i - 1 (Sattolo's: cycles only).

    Returns:
        Chances by batch.
    """
    law: defaultdict[Batch, Fraction] = defaultdict(Fraction)
    for order, chance in shuffled_orders(m, lowest=lowest).items():
        law[tuple(sorted(order[:b]))] += chance
    return law


def shuffled_orders(m: int, *, lowest: str) -> Law:
    """Compute the law of all orders that such a shuffle gives: see :func:`shuffle_law`."""
    orders: dict[Batch, Fraction] = {tuple(range(m)): Fraction(1)}
    for i in range(m - 1, -1 if lowest == "any" else 0, -1):
        places = range(m) if lowest == "any" else range(i)
        after: defaultdict[Batch, Fraction] = defaultdict(Fraction)
        for order, chance in orders.items():
            for j in places:
                swapped = list(order)
                swapped[i], swapped[j] = swapped[j], swapped[i]
                after[tuple(swapped)] += chance / len(places)
        orders = after
    return orders


def block_law(m: int, b: int) -> Law:
    """Compute the law of b consecutive points, modulo m, from a uniform first one."""
    law: defaultdict[Batch, Fraction] = defaultdict(Fraction)
    for first in range(m):
        law[tuple(sorted((first + j) % m for j in range(b)))] += Fraction(1, m)
    return law


def cyclic_law(m: int, b: int) -> Law:
    """Compute how often each batch occurs in a long cyclic run, with all offsets ``t b mod m``."""
    law: defaultdict[Batch, Fraction] = defaultdict(Fraction)
    for batch in cyclic(m, b, m):
        law[tuple(sorted(batch))] += Fraction(1, m)
    return law


def point_laws(m: int) -> Iterator[tuple[str, tuple[Fraction, ...]]]:
    """List wrong laws of a single point.

    Args:
        m: Points, at least 3.

    Yields:
        The mistake, and the chances of the points.
    """
    one, even = Fraction(1), Fraction(1, m)
    yield "the first points are drawn always", (one, *(Fraction(0),) * (m - 1))
    for bits in (8, 15, 16):
        rest, total = 2**bits % m, 2**bits
        yield (
            f"modulo bias: {bits} random bits modulo m",
            tuple(Fraction(total // m + (i < rest), total) for i in range(m)),
        )
    end, inner = even * m / (2 * (m - 1)), even * m / (m - 1)
    yield "rounded, not cut: the two ends come half as often", (end, *(inner,) * (m - 2), end)
    yield NEVER[0], (
        *(inner,) * (m - 1), Fraction(0),
    )  # fmt: skip
    yield NEVER[1], (Fraction(0), *(inner,) * (m - 1))


def inclusion(m: int, b: int, sampling: str) -> tuple[Fraction, Fraction]:
    """Compute the chances that a batch contains one given point, and two given points.

    Args:
        m: Points, at least 2.
        b: Batch size.
        sampling: A sampling with chance.

    Returns:
        Both.
    """
    if sampling == "poisson":
        return Fraction(b, m), Fraction(b, m) ** 2
    if sampling == "with-replacement":
        without, neither = Fraction(m - 1, m) ** b, Fraction(m - 2, m) ** b
        return 1 - without, 1 - 2 * without + neither
    return Fraction(b, m), Fraction(b * (b - 1), m * (m - 1))


def cyclic(m: int, b: int, steps: int) -> tuple[Batch, ...]:
    """Return the cyclic batches ``{t b, ..., t b + b - 1} mod m``, in this order."""
    return tuple(tuple((t * b + j) % m for j in range(b)) for t in range(steps))
