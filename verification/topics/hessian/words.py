"""Say words of claims on the Hessian: minima, second derivatives, and where random runs end."""

from __future__ import annotations

import math
import random
from fractions import Fraction
from typing import Any

from hypothesis import strategies as st

from whichmin.verification.evidence.statement import Undecided, domain, word
from whichmin.verification.topics.vocabulary import Start, c, remembered

__all__ = ["active_count", "data_point", "hessian_matrix", "n_of", "second_derivative", "unit"]

# Steps after which a run that has not ended counts as undecided.
_STEPS = 2000
# A run counts as ended at one point where all other weights are this small; a run of the full batch
# where a step moves no weight by more than the second number; then weights below the third are 0.
_LEFT, _STILL, _GONE = 1e-3, 1e-12, 1e-9
_FAR = 1e6


def unit(entries: list[Fraction]) -> list[Fraction]:
    """Map a point of space onto the unit sphere of one more dimension, along a line from a pole."""
    energy = sum((v * v for v in entries), Fraction(0))
    return [2 * v / (energy + 1) for v in entries] + [(energy - 1) / (energy + 1)]


def _minimum(seed: int, activation: str, least: int, most: int, off: int) -> Start:
    choose = random.Random(seed)  # noqa: S311 - no secrets
    m = choose.randint(least, most)
    k = choose.randint(1, m)
    if k == 4 and choose.random() < 0.3:
        values = [Fraction(1, 2)] * 4
    else:
        sizes = choose.choice([2, 10, 100])
        values = unit([
            Fraction(choose.randint(-sizes, sizes), choose.choice([1, 3, 10])) for _ in range(k - 1)
        ])
    if activation == "relu":
        values = [abs(v) for v in values]
    values += [Fraction(0)] * (m - k)
    choose.shuffle(values)
    return Start((*values, *[Fraction(0)] * choose.randint(0, off)), m)


@domain
def rational_minima(
    activation: str, least: int = 1, most: int = 4, off: int = 2
) -> st.SearchStrategy[Start]:
    """Global minima on ``least`` to ``most`` orthonormal points: rational unit vectors in the span,
    for ReLU without negative correlations; in up to ``off`` more dimensions.
    """
    return st.integers(0, 2**32 - 1).map(
        lambda seed: _minimum(seed, activation, int(least), int(most), int(off))
    )


@word
def n_of(w: Start) -> int:
    """The dimension n of the weights."""
    return len(w.w)


@word
def active_count(w: Start, activation: str = "linear") -> int:
    """The number of active points: those of positive correlation, for linear of any but 0."""
    return sum(1 for v in c(w) if v > 0 or (activation == "linear" and v != 0))


@word
def data_point(w: Start, i: Any) -> Start:
    """The weights that equal data point i, in the same space."""
    return Start(tuple(Fraction(int(p == i)) for p in range(len(w.w))), w.m)


def _slope(value: Any, activation: str, kappa: Any) -> Any:
    """Weight of the active branch's Hessian: 1 or 0, kappa at ReLU's kink."""
    if activation == "linear" or value > 0:
        return Fraction(1)
    return kappa if value == 0 else Fraction(0)


@remembered(512)
def _sample_hessian(w: Start, i: int) -> tuple[tuple[Any, ...], ...]:
    """The Hessian of half |r|^2, r = a_i - w c_i: the products of the first derivatives of r, plus
    r times its second ones.
    """
    x, places = w.w, range(len(w.w))
    r = [int(p == i) - v * x[i] for p, v in enumerate(x)]
    first = [[-int(q == i) * x[p] - int(p == q) * x[i] for q in places] for p in places]
    return tuple(
        tuple(
            sum((first[p][q] * first[p][s] for p in places), Fraction(0))
            - int(q == i) * r[s]
            - int(s == i) * r[q]
            for s in places
        )
        for q in places
    )


@word
def hessian_matrix(
    w: Start, activation: str = "linear", kappa: Any = Fraction(0)
) -> tuple[tuple[Any, ...], ...]:
    """The Hessian of the loss by the product rule; at ReLU's kink kappa times the active side's."""
    slopes = [_slope(v, activation, kappa) for v in c(w)]
    parts = [(s, _sample_hessian(w, i)) for i, s in enumerate(slopes) if s]
    places = range(len(w.w))
    return tuple(
        tuple(sum((s * h[p][q] for s, h in parts), Fraction(0)) / w.m for q in places)
        for p in places
    )


@word
def hessian_trace(w: Start, activation: str = "linear", kappa: Any = Fraction(0)) -> Any:
    """The trace of the Hessian; at ReLU's kink kappa times the active side's."""
    matrix = hessian_matrix(w, activation, kappa)
    return sum((matrix[p][p] for p in range(len(w.w))), Fraction(0))


@word
def second_derivative(
    w: Start, u: Start, activation: str = "linear", kappa: Any = Fraction(0)
) -> Any:
    """The second derivative of the loss at w along u."""
    matrix, x = hessian_matrix(w, activation, kappa), u.w
    places = range(len(x))
    return sum((x[p] * matrix[p][q] * x[q] for p in places for q in places), Fraction(0))


@domain
def directions(w: Start) -> st.SearchStrategy[Start]:
    """Vectors of the dimension of w, among them some near its direction."""

    def drawn(seed: int) -> Start:
        choose = random.Random(seed)  # noqa: S311 - no secrets
        near = choose.choice([0, 0, 1, 1, -1])
        size = choose.choice([1, 10, 100])
        return Start(
            tuple(near * v + Fraction(choose.randint(-20, 20), 20 * size) for v in w.w), w.m
        )

    return st.integers(0, 2**32 - 1).map(drawn)


@remembered(512)
def _nonzero_eigenvalues(w: Start, activation: str, kappa: Any) -> tuple[int, Any]:
    """The number of non-zero eigenvalues of the Hessian, and their product.

    By the coefficients of the characteristic polynomial (Faddeev and LeVerrier): the last that is
    not 0 is, up to its sign, the product.
    """
    matrix = hessian_matrix(w, activation, kappa)
    n = len(matrix)
    power = [[Fraction(0)] * n for _ in range(n)]
    last, rank, product = Fraction(1), 0, Fraction(1)
    for k in range(1, n + 1):
        shifted = [[v + last * int(p == q) for q, v in enumerate(r)] for p, r in enumerate(power)]
        columns = list(zip(*shifted, strict=True))
        power = [
            [sum((x * y for x, y in zip(row, col, strict=True)), Fraction(0)) for col in columns]
            for row in matrix
        ]
        last = -sum((power[p][p] for p in range(n)), Fraction(0)) / k
        if last != 0:
            rank, product = k, last * (-1) ** k
    return rank, product


@word
def curved_directions(w: Start, activation: str = "linear", kappa: Any = Fraction(0)) -> int:
    """The number of non-zero eigenvalues of the Hessian."""
    return _nonzero_eigenvalues(w, activation, kappa)[0]


@word
def pseudo_determinant(w: Start, activation: str = "linear", kappa: Any = Fraction(0)) -> Any:
    """The product of the Hessian's non-zero eigenvalues."""
    return _nonzero_eigenvalues(w, activation, kappa)[1]


@remembered(512)
def _run(w: Start, b: int, eta: Fraction, seed: int, activation: str) -> tuple[float, ...]:
    """Run SGD with random batches until it has ended, in floats: which run it is, is chance."""
    choose = random.Random(seed)  # noqa: S311 - no secrets
    m, relu, rate = w.m, activation == "relu", float(eta) / b
    at = [float(v) for v in w.w]
    full = list(range(m))
    for _ in range(_STEPS):
        batch = full if b == m else choose.sample(full, b)
        inside = [i for i in batch if at[i] > 0] if relu else batch
        shrink = 1 - rate * sum(at[i] * at[i] for i in inside)
        boost = shrink + rate * (2 - sum(v * v for v in at))
        moved = [v * (boost if p in inside else shrink) for p, v in enumerate(at)]
        change, at = max(abs(p - q) for p, q in zip(moved, at, strict=True)), moved
        if not max(map(abs, at)) < _FAR:
            return (math.nan,) * len(at)
        live = sorted(abs(v) for v in at[:m] if v > 0 or not relu)
        if b == m or m == 1:
            if change <= _STILL:
                return tuple(at)
        elif not live or (
            abs(sum(v * v for v in at) - 1) < _LEFT
            and max(sorted(map(abs, at))[-2:-1], default=0.0) < _LEFT
        ):
            return tuple(at)
    raise Undecided("the run has not ended")


@word
def sgd_iterate(w: Start, b: Any, eta: Any, seed: Any, activation: str = "linear") -> Start:
    """An iterate so late that the run has all but ended, of SGD with random batches of b points."""
    return Start(_run(w, int(b), Fraction(eta), int(seed), activation), w.m)


@word
def sgd_minimum(w: Start, b: Any, eta: Any, seed: Any, activation: str = "linear") -> Start:
    """Where SGD with random batches of b points ends: for b < m the late iterate, with weights
    within 1/1000 of 0, 1 or -1 made these; for b = m with those within 10^-9 of 0 made 0.
    """
    late = sgd_iterate(w, b, eta, seed, activation)
    if any(math.isnan(v) for v in late.w):
        return late
    if int(b) == w.m > 1:
        return Start(tuple(Fraction(0) if abs(v) <= _GONE else v for v in late.w), w.m)
    whole = (Fraction(round(v)) if abs(v - round(v)) <= _LEFT else v for v in late.w)
    return Start(tuple(whole), w.m)
