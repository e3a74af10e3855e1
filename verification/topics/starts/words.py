"""Say words of claims on Gaussian starts: laws of squared normal numbers, runs, the script's lines.

Chances are computed from sums of squared normal numbers and from fair signs, by quadrature or by
adding one sign at a time, not from the Beta and binomial laws that claims name.
"""

from __future__ import annotations

import functools
import math
import random
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import mpmath
from hypothesis import strategies as st
from scipy import integrate, special

from whichmin.verification.evidence.statement import Undecided, domain, number, word
from whichmin.verification.topics.vocabulary import Start, c

__all__ = ["ASCII", "LINES"]

# Steps of a run from a Gaussian start after which it counts as undecided, and how small a part of
# the norm may lie beside one point where a run has arrived: far less than `near` tells apart.
_LONGEST, _ARRIVED = 6_000, 1e-8
# Characters of the listing where Python wants ASCII, each in a line of its own kind.
LINES = ("x = “a”", "x = ‘a’", "“”” text “””", "y = 2 – 1")  # noqa: RUF001
ASCII = str.maketrans("“”‘’–", "\"\"''-")  # noqa: RUF001


def _precise() -> bool:
    return isinstance(number(0), mpmath.mpf)


@word
def cosine(v: Start, w: Start) -> Any:
    """The cosine of the angle between two weights, <v, w>/(|v| |w|)."""
    product = sum(number(p) * number(q) for p, q in zip(v.w, w.w, strict=True))
    size = sum(number(p) ** 2 for p in v.w) * sum(number(q) ** 2 for q in w.w)
    if not size > 0:
        return number(0) if size == 0 else size  # NaN stays NaN
    return product / (mpmath.sqrt(size) if _precise() else math.sqrt(size))


@word
def point_cosines(w: Start) -> tuple[Any, ...]:
    """The cosines of the angles between the weights and the data points, c_i/|w|."""
    size = sum(number(v) ** 2 for v in w.w)
    root = mpmath.sqrt(size) if _precise() else math.sqrt(size)
    return tuple(number(v) / root if root else number(0) for v in c(w))


@word
def dimension(w: Start) -> int:
    """The dimension n of the weights."""
    return len(w.w)


@word
def positive(w: Start) -> int:
    """The number |S+| of positive correlations."""
    return sum(v > 0 for v in c(w))


@word
def positive_points(w: Start) -> tuple[int, ...]:
    """The points S+ of positive correlation."""
    return tuple(i for i, v in enumerate(c(w)) if v > 0)


@word
def points_in(w: Start) -> tuple[int, ...]:
    """The points that the weights have a part along: |c_i| is above a millionth."""
    return tuple(i for i, v in enumerate(c(w)) if abs(v) > 1e-6)


@functools.lru_cache(maxsize=256)
def _share_below(s: int, n: int, x: Any, precise: bool) -> Any:
    """Integrate over the sum t of the other squares: the s squares sum to at most t x/(1 - x)."""
    if s == n:
        return number(int(x >= 1))
    a, d, odds = Fraction(s, 2), Fraction(n - s, 2), x / (1 - x)
    if precise:
        top = mpmath.mpf(odds.numerator) / odds.denominator

        def term(t: Any) -> Any:
            inside = mpmath.gammainc(number(a), 0, top * t, regularized=True)
            return t ** (number(d) - 1) * mpmath.exp(-t) * inside

        middle = number(d) + 1
        with mpmath.workdps(20):
            ends = [0, middle, 4 * middle, mpmath.inf]
            return mpmath.quad(term, ends) / mpmath.gamma(number(d))
    # t = r^2, so that nothing is infinite at 0; beyond the end the density is below 1e-17.
    order, norm = float(d), float(special.gammaln(float(d)))
    end = math.sqrt(order + 10 * math.sqrt(order) + 40)

    def smooth(r: float) -> float:
        log_density = (2 * order - 1) * math.log(r) - r * r - norm if r > 0 else -math.inf
        return 2 * math.exp(log_density) * float(special.gammainc(float(a), float(odds) * r * r))

    places = [math.sqrt(order)] if order > 1 else None
    return integrate.quad(smooth, 0, end, points=places, epsabs=1e-10, limit=200)[0]


@word
def share_below(s: int, n: int, x: Any) -> Any:
    """The chance that s of n squared independent normal numbers make up at most x of their sum."""
    if x >= 1 or x < 0:
        return number(int(x >= 1))
    return _share_below(int(s), int(n), Fraction(x), _precise())


@word
def beta_below(a: Any, d: Any, x: Any) -> Any:
    """The chance that a variable of law Beta(a, d) is at most x; Beta(a, 0) is the number 1."""
    if d == 0 or x >= 1 or x <= 0:
        return number(int(x >= 1))
    if _precise():
        return mpmath.betainc(number(a), number(d), 0, number(x), regularized=True)
    return float(special.betainc(float(a), float(d), float(x)))


@word
def beta_above(a: Any, d: Any, x: Any) -> Any:
    """The chance that a variable of law Beta(a, d) is above x; Beta(a, 0) is the number 1."""
    if d == 0 or x >= 1 or x <= 0:
        return number(int(x < 1))
    if _precise():
        return mpmath.betainc(number(a), number(d), number(x), 1, regularized=True)
    return float(special.betaincc(float(a), float(d), float(x)))


@functools.lru_cache(maxsize=64)
def _signs(count: int) -> tuple[Fraction, ...]:
    ways = [1]
    for _ in range(count):
        ways = [p + q for p, q in zip([0, *ways], [*ways, 0], strict=True)]
    return tuple(Fraction(way, 2**count) for way in ways)


@word
def fair_signs(count: Any) -> tuple[Fraction, ...]:
    """The chances that 0, 1, ... of so many independent signs, each with chance 1/2, are +."""
    return _signs(int(count))


def _alive(count: int) -> list[tuple[int, Any]]:
    """List the numbers of positive signs but 0, with their chances given that it is not 0."""
    chances = _signs(count)
    return [(k, number(chances[k] / (1 - chances[0]))) for k in range(1, count + 1)]


@word
def relu_share_below(m: int, n: int, x: Any) -> Any:
    """The chance that the share of |w|^2 on the positive ones of m among n normal coordinates is
    at most x, if one of them is positive; given their number s the share has the law
    Beta(s/2, (n - s)/2).
    """
    found = (
        chance * beta_below(Fraction(s, 2), Fraction(int(n) - s, 2), x)
        for s, chance in _alive(int(m))
    )
    return sum(found, number(0))


@word
def relu_share_above(m: int, n: int, x: Any) -> Any:
    """The chance that the share of |w|^2 on the positive ones of m among n normal coordinates is
    above x, if one of them is positive.
    """
    found = (
        chance * beta_above(Fraction(s, 2), Fraction(int(n) - s, 2), x)
        for s, chance in _alive(int(m))
    )
    return sum(found, number(0))


@word
def weights_above(m: int, t: Any) -> Any:
    """The mean number of the m squared weights of linear GD's limit that exceed t, which the chance
    that one does cannot exceed (for t >= 1/2 it is that chance); each has the law
    Beta(1/2, (m - 1)/2).
    """
    return int(m) * beta_above(Fraction(1, 2), Fraction(int(m) - 1, 2), t)


@word
def relu_weights_above(m: int, t: Any) -> Any:
    """The mean number of squared weights of ReLU GD's limit on m points that exceed t, if the start
    is not dead, which the chance that one does cannot exceed (for t >= 1/2 it is that chance).
    """
    return sum((chance * weights_above(s, t) for s, chance in _alive(int(m))), number(0))


@word
def mean_square_sum(m: int) -> Any:
    """The mean of the sum of the m squared shares z_i^4/|z|^4, z_i normal, by quadrature."""
    # 1/|z|^4 is the integral of s exp(-s |z|^2); E z^4 exp(-s z^2) = 3 (1 + 2s)^(-5/2), and
    # E exp(-s z^2) = (1 + 2s)^(-1/2).
    if _precise():
        return int(m) * mpmath.quad(
            lambda s: 3 * s * (1 + 2 * s) ** (-(int(m) + 4) / mpmath.mpf(2)), [0, 1, mpmath.inf]
        )
    # s = u/(1 - u)
    found = integrate.quad(
        lambda u: 3 * u * (1 - u) ** (m / 2 - 1) * (1 + u) ** (-(m + 4) / 2), 0, 1, epsabs=1e-12
    )[0]
    return int(m) * found


@word
def all_within(m: int, factor: Any) -> Any:
    """The chance that none of m absolute values of normal numbers is ``factor`` times another, by
    quadrature over the smallest of them.
    """

    def density(x: float) -> float:
        inside = math.erf(float(factor) * x / math.sqrt(2)) - math.erf(x / math.sqrt(2))
        return int(m) * math.sqrt(2 / math.pi) * math.exp(-x * x / 2) * inside ** (int(m) - 1)

    return integrate.quad(density, 0, 40, points=[1, 4], epsabs=1e-12)[0]


@functools.cache
def _series(m: int) -> list[Fraction]:
    """List the coefficients of (sum_j j! C(2j, j)/4^j z^j)^m up to z^39.

    With u - p_i = q_i >= 0 and sum q_i = m u - 1 = L, prod (u - q_i)^(-1/2) is integrated term by
    term: the integral of q^J over the simplex is L^(m - 1 + |J|) prod J_i!/(m - 1 + |J|)!.
    """
    terms = 40
    one = [Fraction(math.factorial(j) * math.comb(2 * j, j), 4**j) for j in range(terms)]
    power = [Fraction(1)] + [Fraction(0)] * (terms - 1)
    for _ in range(m):
        power = [sum((power[i] * one[j - i] for i in range(j + 1)), Fraction(0))
                 for j in range(terms)]  # fmt: skip
    return power


@word
def all_weights_below(m: int, u: Any) -> Any:
    """The chance that all m squared weights of linear GD's limit are at most u <= 1/(m - 1); by
    the power series of their density around equal weights.

    Raises:
        Undecided: u is larger.
    """
    m = int(m)
    if u > Fraction(1, m - 1):
        raise Undecided("the series is that of nearly equal weights")
    length = number(m * u - 1)
    if length <= 0:
        return number(0)
    power = _series(m)
    total = sum(
        number(power[j] / math.factorial(m - 1 + j)) * (length / number(u)) ** j
        for j in range(len(power))
    )
    if _precise():
        constant = mpmath.gamma(number(Fraction(m, 2))) / mpmath.pi ** number(Fraction(m, 2))
    else:
        constant = math.gamma(m / 2) / math.pi ** (m / 2)
    return constant * number(u) ** number(Fraction(-m, 2)) * length ** (m - 1) * total


@word
def relu_trace(w: Start, kappa: Any) -> Any:
    """The trace of the ReLU loss's Hessian: the mean over the points of their slope times
    (n + 4) c_i^2 + |w|^2 - 2; the slope is 1 for c_i > 0, kappa at the kink (|c_i| < 1e-6), else 0.
    """
    n, size = len(w.w), sum(number(v) ** 2 for v in w.w)
    total = number(0)
    for v in c(w):
        kink = abs(v) < 1e-6
        slope = number(kappa) if kink else number(int(v > 0))
        total += slope * ((n + 4) * number(0 if kink else v) ** 2 + size - 2)
    return total / w.m


@word
def at_point(w: Start, i: int) -> Start:
    """The weights a_i: those of data point i, in the dimension of w."""
    return Start(tuple(Fraction(int(p == int(i))) for p in range(len(w.w))), w.m)


@word
def random_order_end(w: Start, b: int, alpha: Any, seed: int, activation: str = "linear") -> Start:
    """Where SGD ends with random batches of size b without replacement and step size alpha b; no
    number if it diverges, undecided while it moves.

    Raises:
        Undecided: It still moves.
    """
    draws = random.Random(int(seed))  # noqa: S311 - no secrets
    at, rate, relu, size = [number(v) for v in w.w], number(alpha), activation == "relu", int(b)
    before: list[Any] = []
    for t in range(_LONGEST):
        batch = draws.sample(range(w.m), size)
        _move(at, batch, rate, relu)
        if t % 50 == 0:
            energy = sum(v * v for v in at)
            if not energy < 1e12:
                return Start(tuple(number(math.nan) for _ in at), w.m)
            top = max(v * v for v in at[: w.m])
            still = before and max(abs(p - q) for p, q in zip(at, before, strict=True)) < 1e-12
            if abs(energy - 1) + abs(top - 1) < _ARRIVED or still:
                return Start(tuple(at), w.m)
            before = list(at)
    raise Undecided("the run has not ended")


def _move(at: list[Any], batch: Sequence[int], rate: Any, relu: bool) -> None:
    """Take a step: the gradient of an active sample is c_i^2 w + (N - 2) c_i a_i."""
    inside = [i for i in batch if at[i] > 0] if relu else batch
    shrink = 1 - rate * sum(at[i] * at[i] for i in inside)
    pull = rate * (2 - sum(v * v for v in at))
    gains = [(i, pull * at[i]) for i in inside]
    for p, v in enumerate(at):
        at[p] = v * shrink
    for i, gain in gains:
        at[i] += gain


@functools.lru_cache(maxsize=64)
def _script(seed: int, precise: bool) -> tuple[Any, Any]:
    draws = random.Random(seed)  # noqa: S311 - no secrets
    drawn = [draws.gauss(0, 1) for _ in range(32)]
    size = math.sqrt(sum(v * v for v in drawn)) * 1.5
    entries = [number(v / size) for v in drawn[:8]]
    # The other 24 coordinates only shrink together: one number stands for them.
    rest = mpmath.sqrt if precise else math.sqrt
    at = [*entries, rest(sum(number(v / size) ** 2 for v in drawn[8:]))]
    start = Start(tuple(at), 8)
    for _ in range(8000):
        _move(at, [draws.randrange(8)], number(Fraction(1, 20)), relu=True)
    end = Start(tuple(at), 8)
    return max(point_cosines(end)), cosine(start, end)


@word
def script_largest(seed: int) -> Any:
    """The largest cosine with a data point after 8000 steps of the script's SGD, for this seed:
    m = 8, n = 32, ReLU, b = 1, step size 1/20, |w0| = 2/3.
    """
    return _script(int(seed), _precise())[0]


@domain
def listing_lines() -> st.SearchStrategy[str]:
    """Four lines with the listing's typographic quotes and dashes."""
    return st.sampled_from(LINES)


@word
def accepted(line: str) -> bool:
    """Whether Python compiles a line."""
    try:
        compile(line, "listing", "exec")
    except SyntaxError:
        return False
    return True


@word
def in_ascii(line: str) -> str:
    """The line with ASCII quotes and minus signs in place of the typographic ones."""
    return line.translate(ASCII)
