"""Say words of claims on perturbed weights: Keskar's box, SAM's ball, mean rises on a sphere.

All are computed from the loss itself, exactly where weights are fractions.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

from whichmin.verification.evidence.statement import Undecided, number, word
from whichmin.verification.topics.vocabulary import Start, c, sqrt

__all__ = ["keskar_metric", "mean_rise", "turned_keskar"]

# More corners than this take too long.
_DIMENSIONS = 7


def _loss(x: Sequence[Any], rows: Sequence[Sequence[Any]] | None, m: int, activation: str) -> Any:
    """Half the mean of |a - x phi(<a, x>)|^2 over the rows; None for m unit vectors."""
    total, energy = Fraction(0), sum((v * v for v in x), Fraction(0))
    for i in range(m):
        inner = x[i] if rows is None else sum(a * v for a, v in zip(rows[i], x, strict=True))
        if activation == "linear" or inner > 0:
            # |a - x c|^2 = |a|^2 - 2 c <a, x> + c^2 |x|^2, where |a| = 1.
            total += 1 - 2 * inner * inner + inner * inner * energy
        else:
            total += 1
    return total / (2 * m)


def _metric(
    x: Sequence[Any], rows: Sequence[Sequence[Any]] | None, m: int, eps: Any, activation: str
) -> Any:
    """Keskar's metric: the largest loss in the box is at a corner.

    Along a coordinate the loss is convex in its square where its point is active, and grows with
    the square where it is not.

    Raises:
        Undecided: There are too many corners.
    """
    if len(x) > _DIMENSIONS:
        raise Undecided("too many corners")
    reach = [eps * (abs(v) + 1) for v in x]
    # A corner and its mirror image in a coordinate that is 0 and belongs to no point are alike.
    ends = [(v + r,) if rows is None and p >= m and v == 0 else (v - r, v + r)
            for p, (v, r) in enumerate(zip(x, reach, strict=True))]  # fmt: skip
    most = max(_loss(corner, rows, m, activation) for corner in itertools.product(*ends))
    own = _loss(x, rows, m, activation)
    return 100 * (most - own) / (1 + own)


@word
@functools.lru_cache(maxsize=256)
def keskar_metric(w: Start, eps: Any, activation: str = "linear") -> Any:
    """Keskar's metric, 100 (max L - L)/(1 + L) over the box of half-widths eps (|w_j| + 1), by all
    corners; the data points are unit vectors.
    """
    return _metric(w.w, None, w.m, eps, activation)


@word
def keskar_energy(w: Start, eps: Any) -> Any:
    """The energy q of the correlations at the outer corner of Keskar's box."""
    return sum(((abs(v) + eps * (abs(v) + 1)) ** 2 for v in c(w)), Fraction(0))


@word
def keskar_coefficient(w: Start, activation: str = "linear") -> Any:
    """What Keskar's metric over eps^2 tends to as eps goes to 0: its value at eps = 10^-9."""
    eps = Fraction(1, 10**9)
    return keskar_metric(w, eps, activation) / (eps * eps)


@word
@functools.lru_cache(maxsize=256)
def turned_keskar(w: Start, t: Any, eps: Any) -> Any:
    """Keskar's metric, linear, of two points in the plane with their minimum w turned by the angle
    of cosine (1 - t^2)/(1 + t^2).

    Raises:
        Undecided: The points are not two in the plane.
    """
    if w.m != 2 or len(w.w) != 2:
        raise Undecided("not two points in the plane")
    t = Fraction(t)
    cosine, sine = (1 - t * t) / (1 + t * t), 2 * t / (1 + t * t)
    rows = ((cosine, sine), (-sine, cosine))
    x = tuple(w.w[0] * p + w.w[1] * q for p, q in zip(*rows, strict=True))
    # In their plane the loss depends on the norm alone and grows with it from 1 on: at a corner.
    return _metric(x, rows, 2, eps, "linear")


@word
def equal_mixture(k: Any, m: Any, n: Any) -> Start:
    """The minimum of k equal correlations, the first k of m points in n dimensions."""
    value = 1 / sqrt(Fraction(int(k)))
    zero = number(0) if not isinstance(value, Fraction) else Fraction(0)
    return Start((*[value] * int(k), *[zero] * (int(n) - int(k))), int(m))


@word
def rise(w: Start, z: Start, activation: str = "linear") -> Any:
    """By how much the loss at w + z exceeds that at w."""
    moved = [x + y for x, y in zip(w.w, z.w, strict=True)]
    return _loss(moved, None, w.m, activation) - _loss(w.w, None, w.m, activation)


@word
def multiple(w: Start, r: Any) -> Start:
    """The vector r w."""
    return Start(tuple(r * v for v in w.w), w.m)


@word
def least_active(w: Start) -> Any:
    """The smallest positive correlation.

    Raises:
        Undecided: There is none.
    """
    found = [v for v in c(w) if v > 0]
    if not found:
        raise Undecided("no point is active")
    return min(found)


def _nodes(n: int) -> Iterator[tuple[Fraction, dict[int, int]]]:
    """Nodes of a cubature of degree 5 on the unit sphere: weights, and signs by coordinate.

    One coordinate: a unit vector; two: both over the root of 2.
    """
    for p in range(n):
        for s in (-1, 1):
            yield Fraction(4 - n, 2 * n * (n + 2)), {p: s}
    for p, q in itertools.combinations(range(n), 2):
        for s, t in itertools.product((-1, 1), repeat=2):
            yield Fraction(1, n * (n + 2)), {p: s, q: t}


@word
@functools.lru_cache(maxsize=256)
def mean_rise(w: Start, r: Any, activation: str = "linear") -> Any:
    """The mean rise of the loss on the sphere of radius r about w, by a cubature of degree 5.

    It is exact where no active point crosses its kink: the mean over the signs of the coordinates
    that are 0 is a polynomial of degree 4, and the nodes come with all signs.
    """
    n, half = len(w.w), number(r) / sqrt(Fraction(2))
    total = number(0)
    for weight, node in _nodes(n):
        length = r if len(node) == 1 else half
        moved = [v + length * node.get(p, 0) for p, v in enumerate(w.w)]
        moved = [number(v) if isinstance(v, (int, Fraction)) else v for v in moved]
        total += number(weight) * _loss(moved, None, w.m, activation)
    return total - number(_loss(w.w, None, w.m, activation))
