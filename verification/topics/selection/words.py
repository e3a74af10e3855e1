"""Say words of claims on which point wins: moments of a step and of an epoch.

Moments are means over all batches or all orders, of the model's step as it is defined, for a tiny
alpha in 50 digits. Closed forms are not used.
"""

from __future__ import annotations

import functools
import itertools
import math
import random
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from typing import Any

import mpmath
from hypothesis import strategies as st

from whichmin.verification.evidence.statement import Undecided, domain, number, word
from whichmin.verification.topics.vocabulary import Start, c, step

__all__: list[str] = []

# Coefficients of alpha^2 are read off at this alpha in 50 digits; what is left is of order alpha^2.
_TINY, _DIGITS = mpmath.mpf(10) ** -10, 50


@domain
def spherical_starts(least: int, most: int, nonzero: int = 0) -> st.SearchStrategy[Start]:
    """Starts on ``least`` to ``most`` points: most are rational points of the unit sphere in their
    span with ``nonzero`` correlations that are not 0 (0 for any number), some are not.
    """
    return st.integers(0, 2**32 - 1).map(
        lambda seed: _spherical(random.Random(seed), int(least), int(most), int(nonzero))  # noqa: S311 - a case
    )


def _spherical(draw: random.Random, least: int, most: int, nonzero: int) -> Start:
    m = draw.randint(least, most)
    k = nonzero or draw.choice([m, m, m, draw.randint(1, m)])
    # The inverse of the stereographic projection: rational points go to rational points.
    flat = [Fraction(draw.choice([*range(-9, 0), *range(1, 10)]), 4) for _ in range(k - 1)]
    square = sum((v * v for v in flat), Fraction(0))
    entries = [*(2 * v / (square + 1) for v in flat), (square - 1) / (square + 1)]
    if draw.random() < 0.5:
        entries = [abs(v) for v in entries]
    entries += [Fraction(0)] * (m - k)
    off = draw.choice([0, 0, 0, 0, 0, 0, 0, 1, 2])
    if off == 1:
        entries = [v * Fraction(3, 5) for v in entries]
    if off == 2 and k < m:
        entries[-1] = Fraction(-1, 5)
    return Start(tuple(entries), m)


@domain
def alphas() -> st.SearchStrategy[Fraction]:
    """Step sizes over batch sizes, most of them from 1/4 to 2/5 and some up to 1."""
    usual = st.fractions(Fraction(1, 4), Fraction(2, 5), max_denominator=100)
    return st.one_of(*[usual] * 5, st.fractions(Fraction(2, 5), 1, max_denominator=100))


@domain
def uneven_sizes(w: Start) -> st.SearchStrategy[int]:
    """Batch sizes from 1 to m, most of them no divisors of m."""
    uneven = [b for b in range(1, w.m + 1) if w.m % b]
    every = st.integers(1, w.m)
    return st.one_of(*[st.sampled_from(uneven)] * 5, every) if uneven else every


@domain
def even_sizes(w: Start) -> st.SearchStrategy[int]:
    """Batch sizes from 1 to m, most of them divisors below m."""
    even = [b for b in range(1, w.m) if w.m % b == 0]
    every = st.integers(1, w.m)
    return st.one_of(*[st.sampled_from(even)] * 5, every) if even else every


@word
def active_at(w: Start, i: int, activation: str = "linear") -> bool:
    """Whether point i is active: its correlation is not 0, for ReLU positive."""
    value = c(w)[int(i)]
    return bool(value > 0 or (activation == "linear" and value < 0))


@word
def next_to_point(m: int, side: int) -> Start:
    """The start next to point 0 whose other correlations are a billionth, of the sign ``side``."""
    tiny = Fraction(int(side), 10**9)
    return Start((Fraction(1), *[tiny] * (int(m) - 1)), int(m))


@word
def log_start(m: int, *u: Any) -> Start:
    """The start on the unit sphere, with m points, whose log|c_i| are u_i up to a constant."""
    sizes = [math.exp(v) for v in u]
    norm = math.hypot(*sizes)
    entries = [Fraction(v / norm) for v in sizes]
    return Start((*entries, *[Fraction(0)] * (int(m) - len(entries))), int(m))


@word
def left_out(m: int, b: int) -> int:
    """The number q = m mod b of points that an epoch of batches of size b leaves out."""
    return int(m) % int(b)


def _by_size(w: Start, activation: str) -> list[int]:
    return sorted(
        (i for i in range(w.m) if active_at(w, i, activation)), key=lambda i: -abs(w.w[i])
    )


@word
def most_correlated(w: Start, activation: str = "linear") -> int:
    """The active point with the largest |c_i|."""
    return _by_size(w, activation)[0]


@word
def lead_in_log(w: Start, activation: str = "linear") -> Any:
    """The lead of the most correlated active point over the next one in log|c|; 100 without one."""
    first, *others = _by_size(w, activation)
    return math.log(abs(w.w[first] / w.w[others[0]])) if others else 100


def _batches(m: int, b: int, sampling: str) -> list[tuple[int, ...]]:
    if sampling == "without replacement":
        return list(itertools.combinations(range(m), b))
    return list(itertools.product(range(m), repeat=b))


def _ratio(w: Start, i: int, j: int) -> Any:
    if not (w.w[i] and w.w[j]):
        raise Undecided("a correlation is 0")
    return mpmath.log(abs(w.w[i] / w.w[j]))


@domain
def samplings() -> st.SearchStrategy[str]:
    """Batches without and with replacement."""
    return st.sampled_from(["without replacement", "with replacement"])


@word
def mean_log_change(
    w: Start, j: int, i: int, b: int, alpha: Any, sampling: str, activation: str = "linear"
) -> Any:
    """The mean over all batches of size b of the change of log|c_j/c_i| in a step of size
    alpha b.
    """
    with mpmath.workdps(_DIGITS):
        at = _precise(w)
        eta = mpmath.mpf(alpha.numerator) / alpha.denominator * int(b)
        moves = [
            _ratio(step(at, batch, eta, activation), int(j), int(i)) - _ratio(at, int(j), int(i))
            for batch in _batches(w.m, int(b), sampling)
        ]
        return number(0) + sum(moves) / len(moves)


def _precise(w: Start) -> Start:
    return Start(tuple(mpmath.mpf(v.numerator) / v.denominator for v in w.w), w.m)


def _second_order(
    w: Start, b: int, activation: str, measured: Callable[[Start], Any], product: bool = False
) -> Any:
    """Compute the coefficient of alpha^2 of the mean over all batches of a change.

    Args:
        w: The weights.
        b: Batch size; batches are drawn without replacement.
        activation: Name of the activation.
        measured: The function whose change is meant, or two whose changes are multiplied.
        product: Whether it returns two.
    """
    with mpmath.workdps(_DIGITS):
        at = _precise(w)
        now = measured(at)
        total, batches = mpmath.mpf(0), _batches(w.m, int(b), "without replacement")
        for alpha in (_TINY, -_TINY):
            for batch in batches:
                later = measured(step(at, batch, alpha * int(b), activation))
                if product:
                    total += (later[0] - now[0]) * (later[1] - now[1])
                else:
                    total += later - now
        return number(0) + total / (2 * len(batches)) / _TINY**2


@word
def mean_move(w: Start, b: int, i: int, j: int, activation: str = "linear") -> Any:
    """The coefficient of alpha^2 in the mean change of log|c_i/c_j| in a step with a random batch
    of size b, without replacement.
    """
    return _second_order(w, b, activation, lambda v: _ratio(v, int(i), int(j)))


@word
def mean_product(w: Start, b: int, i: int, j: int, k: int, activation: str = "linear") -> Any:
    """The coefficient of alpha^2 in the mean product of the changes of log|c_i/c_k| and
    log|c_j/c_k|; for i = j in the variance.
    """
    return _second_order(
        w, b, activation,
        lambda v: (_ratio(v, int(i), int(k)), _ratio(v, int(j), int(k))), product=True,
    )  # fmt: skip


def _line(v: Start, i: int, j: int) -> Any:
    return 1 - 2 * mpmath.atan2(abs(v.w[j]), abs(v.w[i])) / mpmath.pi


@word
def line(w: Start, i: int, j: int) -> Any:
    """The number 1 - 2 theta/pi, theta the angle of (c_i, c_j) to point i."""
    return number(0) + _line(_precise(w), int(i), int(j))


@word
def mean_line_move(w: Start, b: int, i: int, j: int, activation: str = "linear") -> Any:
    """The coefficient of alpha^2 in the mean change of 1 - 2 theta/pi in a step."""
    return _second_order(w, b, activation, lambda v: _line(v, int(i), int(j)))


def _arcsine(v: Start, i: int) -> Any:
    size = mpmath.sqrt(sum(p * p for p in v.w[: v.m]))
    return 2 * mpmath.asin(abs(v.w[i]) / size) / mpmath.pi


@word
def arcsine(w: Start, i: int) -> Any:
    """The number (2/pi) arcsin(|c_i|/|c|)."""
    return number(0) + _arcsine(_precise(w), int(i))


@word
def mean_arcsine_move(w: Start, b: int, i: int, activation: str = "linear") -> Any:
    """The coefficient of alpha^2 in the mean change of (2/pi) arcsin(|c_i|/|c|) in a step."""
    return _second_order(w, b, activation, lambda v: _arcsine(v, int(i)))


@word
def sin4(w: Start, i: int, j: int) -> Any:
    """The number sin(4 theta)/(32 pi), theta the angle of (c_i, c_j) to point i."""
    theta = math.atan2(abs(float(w.w[int(j)])), abs(float(w.w[int(i)])))
    return math.sin(4 * theta) / (32 * math.pi)


@word
def mean_norm_move(w: Start, b: int, x: Any) -> Any:
    """The coefficient of alpha^2 in the mean change of |w|^2 in a step, from the direction of w and
    |w|^2 = 1 + alpha x.
    """
    with mpmath.workdps(_DIGITS):
        at, batches = _precise(w), _batches(w.m, int(b), "without replacement")
        scale = mpmath.sqrt((1 + _TINY * x) / sum(v * v for v in at.w))
        far = Start(tuple(v * scale for v in at.w), w.m)
        before = sum(v * v for v in far.w)
        after = [sum(v * v for v in step(far, batch, _TINY * int(b)).w) for batch in batches]
        return number(0) + (sum(after) / len(batches) - before) / _TINY**2


def _weight(x: Any, y: Any) -> Any:
    return (mpmath.exp(2 * x) + mpmath.exp(2 * y) + 1) * mpmath.exp(-2 * (x + y) / 3)


def _differences(w: Start) -> tuple[Any, Any]:
    at = _precise(w)
    return _ratio(at, 0, 2), _ratio(at, 1, 2)


@word
def flux_drift(w: Start) -> Any:
    """Half of the first entry of A grad log W in the differences x, y of log|c_1|, log|c_2| from
    log|c_3|, A = ((2, 1), (1, 2)), W = |c|^2 over its geometric mean square; by differences.
    """
    with mpmath.workdps(_DIGITS):
        place = _differences(w)
        first, second = (
            mpmath.diff(lambda x, y: mpmath.log(_weight(x, y)), place, order)
            for order in ((1, 0), (0, 1))
        )
        return number(0) + (2 * first + second) / 2


@word
def ground_potential(w: Start) -> Any:
    """The potential V = div(A grad sqrt W)/sqrt W of the energy |grad k|^2 + V k^2; by
    differences.
    """
    with mpmath.workdps(_DIGITS):
        place = _differences(w)

        def root(x: Any, y: Any) -> Any:
            return mpmath.sqrt(_weight(x, y))

        xx, xy, yy = (mpmath.diff(root, place, order) for order in ((2, 0), (1, 1), (0, 2)))
        return number(0) + 2 * (xx + xy + yy) / root(*place)


def _epoch(
    w: Start, order: Sequence[int], b: int, alpha: Any, i: int, j: int, activation: str
) -> Any:
    """Compute the change of log|c_i/c_j| in an epoch of batches of size b, in this order."""
    at = _precise(w)
    before = _ratio(at, i, j)
    for t in range(w.m // b):
        at = step(at, order[t * b : (t + 1) * b], alpha * b, activation)
    return _ratio(at, i, j) - before


def _moves(w: Start, orders: Iterable[Sequence[int]], b: int, i: int, j: int, activation: str,
           ) -> list[tuple[Any, Any]]:  # fmt: skip
    """List the coefficients of alpha and of alpha^2 of the changes in epochs."""
    found = []
    with mpmath.workdps(_DIGITS):
        for order in orders:
            up, down = (_epoch(w, order, b, s * _TINY, i, j, activation) for s in (1, -1))
            found.append(((up - down) / (2 * _TINY), (up + down) / (2 * _TINY**2)))
    return found


@word
def epoch_first(w: Start, b: int, i: int, j: int, seed: int, activation: str = "linear") -> Any:
    """The coefficient of alpha in the change of log|c_i/c_j| in an epoch, in a random order of the
    data that the seed decides.
    """
    order = random.Random(int(seed)).sample(range(w.m), w.m)  # noqa: S311 - no secrets
    return number(0) + _moves(w, [order], int(b), int(i), int(j), activation)[0][0]


@functools.lru_cache(maxsize=8)
def _all_orders(w: Start, b: int, i: int, j: int, activation: str) -> list[tuple[Any, Any]]:
    # Orders with the same batches, one after the other, differ in nothing.
    cuts = {
        tuple(k for t in range(w.m // b) for k in sorted(order[t * b : (t + 1) * b]))
        for order in itertools.permutations(range(w.m))
    }
    return _moves(w, sorted(cuts), b, i, j, activation)


@word
def epoch_mean(w: Start, b: int, i: int, j: int, activation: str = "linear") -> Any:
    """The coefficient of alpha^2 in the mean change of log|c_i/c_j| in an epoch, over all orders of
    the data.
    """
    moves = _all_orders(w, int(b), int(i), int(j), activation)
    return number(0) + sum(second for _, second in moves) / len(moves)


@word
def epoch_variance(w: Start, b: int, i: int, j: int, activation: str = "linear") -> Any:
    """The coefficient of alpha^2 in the mean squared change of log|c_i/c_j| in an epoch, over all
    orders of the data.
    """
    moves = _all_orders(w, int(b), int(i), int(j), activation)
    return number(0) + sum(first**2 for first, _ in moves) / len(moves)
