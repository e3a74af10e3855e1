"""Say words of the claims' language that several topics use: the model, its runs, domains.

Everything is computed from the definition of the model, independent of ``symbolic`` and ``core``:
data points are the first m vectors of the standard basis (orthonormal data of any other kind are
this one, turned), or vectors of fractions. Domains draw what a hypothesis would not think of:
zero and negative correlations, ties, long steps, starts of any norm, m = 1, b = m.
"""

from __future__ import annotations

import functools
import math
import random
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields, is_dataclass
from fractions import Fraction
from typing import Any, TypeVar

import mpmath
import sympy as sp
from hypothesis import strategies as st

from whichmin.symbolic import closed_form
from whichmin.verification.evidence.statement import Undecided, domain, number, word

__all__ = ["Start", "remembered"]

# Steps after which a run that has not settled counts as undecided.
_STEPS = 4000
# A run has settled where a cycle changes nothing by more than this; runs contract towards limits.
_SETTLED = 1e-12
# The longest period of an orbit that is noticed, and how far apart its points are at least.
_PERIOD, _APART = 6, 1e-3
# Beyond this norm a run has diverged: every step multiplies the norm by more than the one before.
_FAR = 1e6


@dataclass(frozen=True)
class Start:
    """Weights on m orthonormal points, which are the first m unit vectors.

    Attributes:
        w: The weights, n numbers.
        m: Number of data points, at most n.
    """

    w: tuple[Any, ...]
    m: int

    def __str__(self) -> str:
        return f"start({self.m}, {', '.join(map(str, self.w))})"


_Made = TypeVar("_Made")


def remembered(size: int) -> Callable[[Callable[..., _Made]], Callable[..., _Made]]:
    """Make a decorator that remembers the latest results of a function.

    1 and 1.0 are equal, but what is computed from them is exact or rounded: arguments count as the
    same only if their numbers are of the same types too.

    Args:
        size: How many results are kept.

    Returns:
        The decorator, for functions of positional arguments that can be hashed.
    """

    def decorated(function: Callable[..., _Made]) -> Callable[..., _Made]:
        @functools.lru_cache(size)
        def kept(_: Any, *args: Any) -> _Made:
            return function(*args)

        @functools.wraps(function)
        def call(*args: Any) -> _Made:
            return kept(_types(args), *args)

        return call

    return decorated


def _types(value: Any) -> Any:
    if is_dataclass(value):
        return tuple(_types(getattr(value, each.name)) for each in fields(value))
    return tuple(map(_types, value)) if isinstance(value, tuple) else type(value)


_SMALL = st.sampled_from([
    Fraction(n, d) for n, d in ((1, 1), (1, 2), (3, 5), (4, 5), (1, 4), (3, 10), (1, 10), (1, 100))
])


@functools.cache
def _entries() -> st.SearchStrategy[Fraction]:
    plain = st.fractions(-1, 1, max_denominator=50)
    signed = st.builds(lambda q, s: q * s, _SMALL, st.sampled_from([1, -1]))
    return st.one_of(plain, signed, st.just(Fraction(0)))


@domain
def starts(least: int = 1, most: int = 4, off: int = 2) -> st.SearchStrategy[Start]:
    """Starts on ``least`` to ``most`` orthonormal points in up to ``off`` more dimensions."""
    # Hypothesis prefers simple cases and cases like those before, a generator of its own does not.
    # Two of it: the same object twice would count once.
    seeded = [
        st.integers(0, 2**32 - 1).map(
            lambda seed: _shaped(_Choices(seed), int(least), int(most), int(off))
        )
        for _ in range(2)
    ]

    @st.composite
    def drawn(draw: st.DrawFn) -> Start:
        return _shaped(_Drawn(draw), int(least), int(most), int(off))

    return st.one_of(drawn(), *seeded)


class _Drawn:
    """Choices of Hypothesis, which can steer and simplify them."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw

    def integer(self, least: int, most: int) -> int:
        return self.draw(st.integers(least, most))

    def one_of(self, *names: str) -> str:
        return self.draw(st.sampled_from(names))

    def entry(self) -> Fraction:
        return self.draw(_entries())


class _Choices(random.Random):  # noqa: S311 - no secrets
    """Choices of a generator with a seed."""

    def integer(self, least: int, most: int) -> int:
        return self.randint(least, most)

    def one_of(self, *names: str) -> str:
        return self.choice(names)

    def entry(self) -> Fraction:
        return Fraction(self.randint(-50, 50), 50)


def _shaped(choose: _Drawn | _Choices, least: int, most: int, off: int) -> Start:
    m = choose.integer(least, most)
    n = m + choose.integer(0, off)
    entries = [choose.entry() for _ in range(n)]
    shape = choose.one_of("any", "first leads", "positive", "both")
    if shape in {"first leads", "both"}:
        first = max(range(m), key=lambda i: abs(entries[i]))
        entries[0], entries[first] = entries[first], entries[0]
    if shape in {"positive", "both"}:
        entries = [abs(v) for v in entries]
    size = sum(abs(v) for v in entries)
    scale = choose.one_of("ball", "ball", "ball", "as drawn", "large")
    if scale == "ball" and size > 1:  # then the norm is at most 1 too
        entries = [v / size for v in entries]
    elif scale == "large":
        entries = [3 * v for v in entries]
    return Start(tuple(entries), m)


@domain
def step_sizes(most: Any = 2) -> st.SearchStrategy[Fraction]:
    """Step sizes above 0 and up to ``most``."""
    usual = [Fraction(n, d) for n, d in ((1, 5), (1, 10), (1, 20), (3, 10), (1, 2), (1, 1), (3, 2))]
    return st.one_of(
        st.sampled_from([q for q in usual if q <= most]),
        st.sampled_from([Fraction(n, d) for n, d in ((1, 5), (1, 10), (1, 6), (3, 20), (2, 25))]),
        st.fractions(Fraction(1, 50), most, max_denominator=100),
    )


@domain
def integers(least: int, most: int) -> st.SearchStrategy[int]:
    """Integers from ``least`` to ``most``."""
    return st.integers(int(least), int(most))


@domain
def fractions(least: Any, most: Any) -> st.SearchStrategy[Fraction]:
    """Fractions from ``least`` to ``most``, both ends included."""
    inner = st.fractions(least, most, max_denominator=1000)
    return st.one_of(st.sampled_from([Fraction(least), Fraction(most)]), inner)


@domain
def positives() -> st.SearchStrategy[Fraction]:
    """Fractions above 0, from a millionth to a million."""
    decade = st.integers(-6, 6).map(lambda e: Fraction(10) ** e)
    return st.one_of(
        st.fractions(Fraction(1, 50), 5, max_denominator=50),
        st.builds(lambda a, b: a * b, decade, st.fractions(Fraction(1, 10), 1, max_denominator=50)),
    )


@domain
def activations() -> st.SearchStrategy[str]:
    """The linear neuron and the ReLU neuron: ``"linear"``, ``"relu"``."""
    return st.sampled_from(["linear", "relu"])


@domain
def points(w: Start) -> st.SearchStrategy[int]:
    """Indices of data points, from 0."""
    return st.integers(0, w.m - 1)


@domain
def batch_sizes(w: Start) -> st.SearchStrategy[int]:
    """Batch sizes from 1 to m."""
    return st.integers(1, w.m)


for _name, _function in (("abs", abs), ("min", min), ("max", max), ("len", len)):
    word(_function)


@word
def upto(count: Any) -> range:
    """The integers from 0 to ``count - 1``."""
    return range(int(count))


@word
def sign(value: Any) -> int:
    """The sign of a number: -1, 0 or 1."""
    return int(value > 0) - int(value < 0)


@word
def sqrt(value: Any) -> Any:
    """The square root, exact where it is rational."""
    if isinstance(value, (int, Fraction)):
        q = Fraction(value)
        if q < 0:
            raise Undecided(f"sqrt({q})")
        over, under = math.isqrt(q.numerator), math.isqrt(q.denominator)
        if over**2 == q.numerator and under**2 == q.denominator:
            return Fraction(over, under)
        return mpmath_or_float(mpmath.sqrt, math.sqrt, q)
    return mpmath_or_float(mpmath.sqrt, math.sqrt, value)


@word
def log(value: Any) -> Any:
    """The natural logarithm."""
    if value <= 0:
        raise Undecided(f"log({value})")
    return mpmath_or_float(mpmath.log, math.log, value)


@word
def exp(value: Any) -> Any:
    """The exponential function."""
    return mpmath_or_float(mpmath.exp, math.exp, value)


def mpmath_or_float(precise: Callable[[Any], Any], fast: Callable[[Any], Any], value: Any) -> Any:
    """Apply a function in floats, or in the digits in force where a violation is confirmed."""
    converted = number(value) if isinstance(value, (int, Fraction)) else value
    return precise(converted) if isinstance(converted, mpmath.mpf) else fast(converted)


@word
def form(name: str, **values: Any) -> Any:
    """The closed form with this id at these values."""
    exact = {k: sp.Rational(v.numerator, v.denominator) for k, v in values.items()}
    found = closed_form(name).exact(**exact)
    if found.is_Rational:
        return Fraction(int(found.p), int(found.q))
    if isinstance(number(0), float):
        return float(found)
    return mpmath.mpf(str(sp.N(found, 2 * mpmath.mp.dps)))


@word
def start(m: Any, *entries: Any) -> Start:
    """The start with these weights on the first m unit vectors as data."""
    return Start(tuple(Fraction(v) for v in entries), int(m))


@word
def m(w: Start) -> int:
    """The number m of data points."""
    return w.m


@word
def c(w: Start) -> tuple[Any, ...]:
    """The correlations c_i = <w, a_i> with the data points."""
    return w.w[: w.m]


@word
def N(w: Start) -> Any:  # noqa: N802 - the symbol of the theory
    """The squared norm N = |w|^2."""
    return sum((v * v for v in w.w), Fraction(0))


@word
def C(w: Start, activation: str = "linear") -> Any:  # noqa: N802 - the symbol of the theory
    """The energy C of the active points: the sum of c_i^2, for ReLU of the positive c_i."""
    return sum((v * v for v in c(w) if activation == "linear" or v > 0), Fraction(0))


@word
def loss(w: Start, activation: str = "linear") -> Any:
    """The loss: half the mean of |a_i - w phi(<w, a_i>)|^2."""
    return sum(_sample_loss(w, i, activation) for i in range(w.m)) / w.m


def _response(value: Any, activation: str) -> Any:
    return value if activation == "linear" or value > 0 else value * 0


def _sample_loss(w: Start, i: int, activation: str) -> Any:
    phi = _response(w.w[i], activation)
    return sum((int(p == i) - v * phi) ** 2 for p, v in enumerate(w.w)) / Fraction(2)


@word
def gradient(w: Start, i: int, activation: str = "linear") -> tuple[Any, ...]:
    """The gradient of the loss of sample i: c_i^2 w + (N - 2) c_i a_i if it is active, else 0."""
    value = w.w[i]
    if activation == "relu" and not value > 0:
        return tuple(v * 0 for v in w.w)
    # -phi r - phi' <w, r> a with r = a - w phi, by the product rule.
    r = [int(p == i) - v * value for p, v in enumerate(w.w)]
    pull = sum(v * s for v, s in zip(w.w, r, strict=True))
    return tuple(-value * s - pull * int(p == i) for p, s in enumerate(r))


@word
def step(w: Start, batch: Iterable[Any], eta: Any, activation: str = "linear") -> Start:
    """One step of SGD on the mean loss of a batch of points."""
    inside = [int(i) for i in batch]
    moved = list(w.w)
    for i in inside:
        for p, g in enumerate(gradient(w, i, activation)):
            moved[p] = moved[p] - eta * g / len(inside)
    return Start(tuple(moved), w.m)


@word
def gd_step(w: Start, eta: Any, activation: str = "linear") -> Start:
    """One step of full-batch gradient descent."""
    return step(w, range(w.m), eta, activation)


def _settle(w: Start, batches: Sequence[Sequence[int]], eta: Any, activation: str) -> Start:
    """Repeat a cycle of batches until it changes nothing; NaN where the run has no limit."""
    at = [number(v) for v in w.w]
    cycle = [(batch, number(eta) / len(batch)) for batch in batches]
    relu = activation == "relu"
    past: deque[list[Any]] = deque(maxlen=_PERIOD)
    for _ in range(_STEPS // len(batches)):
        past.appendleft(at)
        for batch, rate in cycle:
            # The gradient in its short form: c_i^2 w + (N - 2) c_i a_i for active points.
            inside = [i for i in batch if at[i] > 0] if relu else batch
            energy = sum(at[i] * at[i] for i in inside)
            shrink = 1 - rate * energy
            boost = shrink + rate * (2 - sum(v * v for v in at))
            at = [v * (boost if p in inside else shrink) for p, v in enumerate(at)]
        size = max(map(abs, at))
        if not size < _FAR:
            return _nowhere(w)
        moved = [max(abs(p - q) for p, q in zip(at, old, strict=True)) for old in past]
        if moved[0] <= _SETTLED * size:
            return Start(tuple(at), w.m)
        if min(moved) <= _SETTLED * size and moved[0] > _APART * size:
            return _nowhere(w)  # it comes back to where it was some cycles ago
    raise Undecided("the run has not settled")


def _nowhere(w: Start) -> Start:
    return Start(tuple(number(math.nan) for _ in w.w), w.m)


@word
def gd_limit(w: Start, eta: Any, activation: str = "linear") -> Start:
    """Where full-batch gradient descent ends; no number if it has no limit."""
    return _settle(w, [tuple(range(w.m))], eta, activation)


@word
def near(left: Any, right: Any) -> bool:
    """Whether two numbers agree to a millionth, as a limit and what a run has reached do."""
    return bool(abs(left - right) <= 1e-6)
