"""Say words of the claims on SGD: its runs, the process R_t, a random walk, two samples.

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

from hypothesis import strategies as st

from whichmin.verification.evidence.statement import Undecided, domain, number, word
from whichmin.verification.topics.vocabulary import Start, c, gd_limit, step

__all__ = ["advance", "attracted", "nowhere"]

# Steps after which a run that has reached nothing counts as undecided.
_STEPS = 12_000
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


def _batches(m: int, b: int, seed: int, scheme: str) -> Iterator[Sequence[int]]:
    """Draw independent batches of b points, uniformly."""
    draw = random.Random(int(seed))  # noqa: S311 - no secrets
    everything = range(m)
    while True:
        yield draw.sample(everything, b) if scheme == "without" else draw.choices(everything, k=b)


def _sure() -> bool:
    return not isinstance(number(0), float)


def _ended(
    w: Start, alpha: Any, activation: str, batches: Iterable[Sequence[int]]
) -> tuple[Any, ...]:
    """Run until weights are next to a data point, diverge or stay where they are."""
    at, rate, relu = [number(v) for v in w.w], number(alpha), activation == "relu"
    before = at
    for t, batch in zip(range(_STEPS), batches, strict=False):
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
    return _ended(w, alpha, activation, _batches(w.m, b, seed, scheme))


@word
def sgd_end(
    w: Start, alpha: Any, b: Any, seed: Any, activation: str = "linear", scheme: str = "without"
) -> tuple[Any, ...]:
    """Correlations of the signed data point that SGD comes within 1/100 of, or of where it stays.

    Step size alpha times b, batches of b points drawn with a seed, without or with replacement.
    """
    return _end(w, alpha, int(b), int(seed), activation, scheme, _sure())


@word
def minimum_reached(w: Start, alpha: Any, b: Any, seed: Any, activation: str = "linear") -> Start:
    """Where SGD without replacement ends: next to a data point, for b = m where GD ends."""
    if int(b) == w.m:
        return gd_limit(w, alpha * b, activation)
    return Start(sgd_end(w, alpha, b, seed, activation), w.m)


def _steered(m: int, b: int, i: int) -> Iterator[Sequence[int]]:
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
    return _ended(w, alpha, activation, _steered(w.m, int(b), int(i)))


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
    for t, batch in zip(range(_STEPS), _batches(w.m, b, int(seed), scheme), strict=False):
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
    return _log(gain) / len(every)


def _log(value: Any) -> Any:
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


# ------------------------------------------------------------------------------------------
# The process R_t
# ------------------------------------------------------------------------------------------


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
    return _log(math.prod(lead(after, activation) / before for after in ends)) / len(ends)


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
    return _log(product) / len(ends)


@word
def no_less(x: Any, y: Any) -> bool:
    """Whether x is at least y, up to rounding of numbers of size 1."""
    return bool(number(x) >= number(y) - (number(1) / 10**40 if _sure() else 1e-13))


@word
def steered_lead(w: Start, alpha: Any, b: Any, activation: str = "linear") -> Any:
    """The lead after 100/alpha steps all of whose batches hold the leader, the others in turn."""
    sizes = _sizes(w, activation)
    top = max(range(w.m), key=lambda i: sizes[i])
    at, rate = [number(v) for v in w.w], number(alpha)
    for _, batch in zip(range(int(100 / alpha)), _steered(w.m, int(b), top), strict=False):
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
    for t, batch in zip(range(_STEPS), _batches(w.m, int(b), int(seed), "without"), strict=False):
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
    return _log((1 + value) / (1 - value)) / 2


# ------------------------------------------------------------------------------------------
# Two points in a plane, not orthogonal; data that are turned
# ------------------------------------------------------------------------------------------


@word
def plane_point(t: Any) -> tuple[Any, Any]:
    """The unit vector ((1 - t^2)/(1 + t^2), 2 t/(1 + t^2)) of the plane."""
    return (1 - t * t) / (1 + t * t), 2 * t / (1 + t * t)


@word
def plane_product(x: Any, y: Any) -> Any:
    """The inner product of two vectors of the plane."""
    return x[0] * y[0] + x[1] * y[1]


@word
def plane_gradient(w: Any, a: Any, activation: str = "linear") -> tuple[Any, Any]:
    """The gradient at w of the loss |a - w phi(<w, a>)|^2/2 of a point a of the plane."""
    value = plane_product(w, a)
    if activation == "relu" and not value > 0:
        return value * 0, value * 0
    r = (a[0] - w[0] * value, a[1] - w[1] * value)
    pull = plane_product(w, r)
    return -value * r[0] - pull * a[0], -value * r[1] - pull * a[1]


@domain
def plane_angles(s: Any) -> st.SearchStrategy[Fraction]:
    """Parameters of unit vectors, among them those equal, opposite and at right angles to s."""
    special = [s]
    special += [-1 / s] if s else []
    special += [(1 + s) / (1 - s)] if s != 1 else []
    special += [(s - 1) / (1 + s)] if s != -1 else []
    return st.one_of(
        st.sampled_from([Fraction(v) for v in special]),
        st.fractions(-4, 4, max_denominator=12),
        st.integers(0, 2**32 - 1).map(
            lambda seed: Fraction(random.Random(seed).randint(-99, 99), 25)  # noqa: S311
        ),
    )


@word
def turned_end(w: Start, t: Any, alpha: Any, seed: Any) -> tuple[Any, Any]:
    """The data point that SGD of one point a step ends at, its two points turned in their plane.

    They are (p, q) and (-q, p), where (p, q) is plane_point(t).
    """
    p, q = plane_point(t)
    seen = Start((p * w.w[0] + q * w.w[1], p * w.w[1] - q * w.w[0], *w.w[2:]), 2)
    end = sgd_end(seen, alpha, 1, seed)
    return p * end[0] - q * end[1], q * end[0] + p * end[1]


@domain
def sphere_points() -> st.SearchStrategy[Start]:
    """Unit vectors in the span of 1 to 4 data points, some of them data points or negatives."""

    def made(seed: int) -> Start:
        draw = random.Random(seed)  # noqa: S311 - no secrets
        m = draw.randint(1, 4)
        u = [Fraction(draw.randint(-8, 8), draw.randint(1, 4)) for _ in range(m - 1)]
        if draw.random() < 0.2:
            u = [Fraction(0)] * (m - 1)
        size = sum((v * v for v in u), Fraction(0))
        side = draw.choice([1, -1])
        weights = [*(2 * v / (size + 1) for v in u), side * (1 - size) / (size + 1)]
        if draw.random() < 0.6:
            weights = [abs(v) for v in weights]
        draw.shuffle(weights)
        return Start(tuple(weights), m)

    return st.integers(0, 2**32 - 1).map(made)


@word
def squared_gradient(w: Start, i: Any, activation: str = "linear") -> Any:
    """The squared length of the gradient of the loss of sample i, (w - step of size 1)^2."""
    moved = step(w, (int(i),), 1, activation)
    return sum((p - q) ** 2 for p, q in zip(w.w, moved.w, strict=True))


# ------------------------------------------------------------------------------------------
# Two samples with different minima
# ------------------------------------------------------------------------------------------


@word
def two_samples(w: Any, y: Any, eta: Any) -> Any:
    """One step from w on the loss (w - y)^2/2, w - eta (w - y)."""
    return w - eta * (w - y)


@word
def mean_square_reached(w: Any, y: Any, z: Any, eta: Any) -> Any:
    """The mean of (w - (y + z)/2)^2 after 1000 such steps, y and z drawn with equal chances."""
    keep, targets = 1 - number(eta), (number(y), number(z))
    mean, square = number(w), number(w) ** 2
    for _ in range(1000):
        moves = [number(eta) * target for target in targets]
        square = sum(keep**2 * square + 2 * keep * v * mean + v**2 for v in moves) / 2
        mean = sum(keep * mean + v for v in moves) / 2
    middle = sum(targets) / 2
    return square - 2 * middle * mean + middle**2
