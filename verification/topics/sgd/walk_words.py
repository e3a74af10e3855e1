"""Say words of the claims on SGD's process R_t and on random walks; means list all batches."""

from __future__ import annotations

import functools
import itertools
import math
import random
from fractions import Fraction
from typing import Any

from hypothesis import strategies as st

from whichmin.verification.evidence.statement import Undecided, domain, number, word
from whichmin.verification.topics.sgd.words import (
    LONGEST,
    advance,
    drawn_batches,
    in_digits,
    log_of,
    steered_batches,
)
from whichmin.verification.topics.vocabulary import Start, c, step

__all__: list[str] = []


def _sizes(w: Start, activation: str) -> list[Any]:
    return [abs(v) if activation == "linear" or v > 0 else v * 0 for v in c(w)]


@word
def lead(w: Start, activation: str = "linear") -> Any:
    """The largest |c_i| over the sum of the other |c_j|, of active points; its logarithm is R."""
    *others, top = sorted(_sizes(w, activation))
    rest = sum(others)
    if not rest > 0:
        raise Undecided("there is no other active point")
    return top / rest


@word
def active_points(w: Start, activation: str = "linear") -> int:
    """The number of points with c_i != 0, for ReLU c_i > 0."""
    return sum(v > 0 for v in _sizes(w, activation))


@word
def first_points(w: Start, b: Any, eta: Any, activation: str = "linear") -> Start:
    """One step of SGD on the batch of the first b points, with step size eta."""
    return step(w, range(int(b)), eta, activation)


@word
def other_share(w: Start, b: Any, activation: str = "linear") -> Any:
    """The share that the first b points have in the sum of all |c_j| but the largest."""
    sizes = _sizes(w, activation)
    top = max(range(w.m), key=lambda i: sizes[i])
    rest = sum(v for i, v in enumerate(sizes) if i != top)
    if not rest > 0:
        raise Undecided("there is no other active point")
    return sum(v for i, v in enumerate(sizes) if i != top and i < b) / rest


@functools.lru_cache(64)
def _all_steps(w: Start, alpha: Any, b: int, activation: str) -> tuple[Start, ...]:
    """Take a step of size alpha b on every batch of b points."""
    every = itertools.combinations(range(w.m), b)
    return tuple(step(w, batch, alpha * b, activation) for batch in every)


@word
def mean_change_of_R(  # noqa: N802 - the symbol of the theory
    w: Start, alpha: Any, b: Any, activation: str = "linear"
) -> Any:
    """The change of R in a step of size alpha b, averaged over all batches of b points."""
    before, ends = lead(w, activation), _all_steps(w, alpha, int(b), activation)
    # The logarithm of a product of fractions.
    return log_of(math.prod(lead(after, activation) / before for after in ends)) / len(ends)


@word
def mean_pair_change(
    w: Start, i: Any, j: Any, alpha: Any, b: Any, activation: str = "linear"
) -> Any:
    """The change of log |c_i/c_j| in a step of size alpha b, averaged over all batches of b."""
    i, j = int(i), int(j)
    if not w.w[i] or not w.w[j]:
        raise Undecided("a correlation is 0")
    ends = _all_steps(w, alpha, int(b), activation)
    product = Fraction(1)
    for after in (end.w for end in ends):
        if not after[i] or not after[j]:
            raise Undecided("a correlation became 0")
        product *= abs(after[i] * w.w[j] / (after[j] * w.w[i]))
    return log_of(product) / len(ends)


@word
def no_less(x: Any, y: Any) -> bool:
    """Whether x is at least y, up to rounding of numbers of size 1."""
    return bool(number(x) >= number(y) - (number(1) / 10**40 if in_digits() else 1e-13))


@word
def steered_lead(w: Start, alpha: Any, b: Any, activation: str = "linear") -> Any:
    """The lead after 100/alpha steps all of whose batches hold the leader, the others in turn."""
    sizes = _sizes(w, activation)
    top = max(range(w.m), key=lambda i: sizes[i])
    at, rate = [number(v) for v in w.w], number(alpha)
    for _, batch in zip(range(int(100 / alpha)), steered_batches(w.m, int(b), top), strict=False):
        at = advance(at, batch, rate, activation == "relu")
    return lead(Start(tuple(at), w.m), activation)


@word
def off_point_at_lead(w: Start, alpha: Any, b: Any, seed: Any, activation: str = "linear") -> Any:
    """Squared distance from the nearest signed data point once R has risen by 25 above its start.

    The run is that of sgd_end.

    Raises:
        Undecided: It has not risen within the steps allowed.
    """
    at, rate = [number(v) for v in w.w], number(alpha)
    goal = lead(w, activation) * 72 * 10**9  # exp(25) and a little more
    for t, batch in zip(
        range(LONGEST), drawn_batches(w.m, int(b), int(seed), "without"), strict=False
    ):
        at = advance(at, batch, rate, activation == "relu")
        if t % 8 == 0 and lead(Start(tuple(at), w.m), activation) >= number(goal):
            return sum(v * v for v in at) - 2 * max(abs(v) for v in at[: w.m]) + 1
    raise Undecided("R has not risen by 25")


@domain
def beside_points() -> st.SearchStrategy[Start]:
    """Starts with one c_i = 1 or -1 and all other weights below 1e-28 in size."""

    def made(seed: int) -> Start:
        draw = random.Random(seed)  # noqa: S311 - no secrets
        m = draw.randint(2, 4)
        weights = [Fraction(draw.randint(-50, 50), 10**30) for _ in range(m + draw.randint(0, 1))]
        if draw.random() < 0.3:
            weights = [abs(v) for v in weights]
        weights[draw.randrange(m)] = Fraction(draw.choice([1, 1, -1]))
        return Start(tuple(weights), m)

    return st.integers(0, 2**32 - 1).map(made)


# ------------------------------------------------------------------------------------------
# A random walk
# ------------------------------------------------------------------------------------------


@word
def stuck_chance(p: Any, leave: Any, t: Any) -> Any:
    """Chance that a walk from 1 is at 0 for ever after t steps.

    It goes up by 1 with chance p and down by 1 else, leaves 0 upwards with chance leave.
    """
    law = {1: Fraction(1)}
    for _ in range(int(t)):
        after: dict[int, Fraction] = {}
        for x, chance in law.items():
            moves = {1: Fraction(leave), 0: 1 - Fraction(leave)} if x == 0 else {1: p, -1: 1 - p}
            for move, part in moves.items():
                after[x + move] = after.get(x + move, Fraction(0)) + chance * part
        law = after
    return law.get(0, Fraction(0)) if leave == 0 else Fraction(0)


@word
def return_chance(u: Any, v: Any, p: Any, q: Any, h: Any) -> Any:
    """Chance that a walk from h is below 0 within 60 steps.

    It goes up by u, with chance p at even and q at odd places, else down by v.
    """
    law, below = {int(h): number(1)}, number(0)
    chances = (number(p), number(q))
    for _ in range(60):
        after: dict[int, Any] = {}
        for x, chance in law.items():
            up = chances[x % 2]
            for y, part in ((x + int(u), up), (x - int(v), 1 - up)):
                if y < 0:
                    below += chance * part
                else:
                    after[y] = after.get(y, 0) + chance * part
        law = after
    return below


@word
def artanh(value: Any) -> Any:
    """The inverse of tanh: log((1 + t)/(1 - t))/2."""
    if not -1 < value < 1:
        raise Undecided(f"artanh({value})")
    return log_of((1 + value) / (1 - value)) / 2
