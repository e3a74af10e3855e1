"""The script at the end of article2025: its listing, and exact bounds for its "expected output"."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from fractions import Fraction

import sympy as sp
import torch

from whichmin.symbolic import starts as symbolic
from whichmin.verification.evidence.check import Margin, Settings, check
from whichmin.verification.evidence.statistics import frequency
from whichmin.words import EvidenceKind

__all__ = ["NORM", "STEPS", "STEP_SIZE", "M", "N", "largest_tail", "start_tail"]

M, N, STEP_SIZE, STEPS = 8, 32, Fraction(1, 20), 8000
NORM = Fraction(2, 3)

# Characters of the listing where Python wants ASCII, each in a line of its own kind.
LINES = ("x = “a”", "x = ‘a’", "“”” text “””", "y = 2 – 1")  # noqa: RUF001
ASCII = str.maketrans("“”‘’–", "\"\"''-")  # noqa: RUF001


def _compiles(line: str) -> bool:
    try:
        compile(line, "listing", "exec")
    except SyntaxError:
        return False
    return True


COUNTED = "counted: 0 allowed, written as 1/2"


@check("script.listing", EvidenceKind.COUNTEREXAMPLE, bound=COUNTED)
def listing(lines: tuple[str, ...] = LINES) -> Iterator[Margin]:
    """Python refuses lines with the listing's typographic quotes and dashes, and takes them in
    ASCII.
    """
    accepted = sum(_compiles(line) for line in lines)
    told = f"Python accepts {accepted} of {len(lines)} lines with typographic quotes or dashes"
    yield Margin(told, float(accepted), 0.5, len(lines), told)
    refused = sum(not _compiles(line.translate(ASCII)) for line in lines)
    yield Margin("the same lines in ASCII that it refuses", float(refused), 0.5, len(lines))


@check("script.recipe", EvidenceKind.IDENTITY, bound="exact numbers")
def recipe(step: Fraction = STEP_SIZE, divisor: Fraction = 1 / NORM) -> Iterator[Margin]:
    """The listing's start has norm 2/3, its step size is 1/20, its batch smaller than m.

    The theory's hypotheses: step size at most 1/5, norm below 1, b < m <= n.
    """
    norm = sp.Symbol("norm", positive=True)
    after = sp.simplify(norm / (norm * sp.Rational(divisor)))
    yield Margin(f"norm of the start, {after}, at most 1", float(after), 1 - 1e-9)
    yield Margin("step size", float(step), 0.2)
    yield Margin("largest batch with b < m <= n", 1.0, float(min(M - 1, N - 1)))


CHANCE = "a false alarm of 1e-7 a figure: exact binomial tails"


@check(
    "script.sampler",
    EvidenceKind.STATISTICS,
    bound=CHANCE,
    false_alarm=5e-6,  # 44 figures
)
def sampler(
    settings: Settings, draw: Callable[[int, int, torch.Generator], torch.Tensor] | None = None
) -> Iterator[Margin]:
    """The first b of a random permutation are every subset of size b equally often."""

    def listed(m: int, b: int, generator: torch.Generator) -> torch.Tensor:
        return torch.randperm(m, generator=generator)[:b]

    generator = torch.Generator().manual_seed(settings.seed)
    total = 200_000 if settings.deep else 20_000
    for b in (1, 2, M - 1):
        subsets = list(itertools.combinations(range(M), b))
        where = {s: k for k, s in enumerate(subsets)}
        counts = [0] * len(subsets)
        for _ in range(total):
            subset = tuple(sorted((draw or listed)(M, b, generator).tolist()))
            if subset in where:
                counts[where[subset]] += 1
        yield Margin(f"b = {b}: draws that are no subset", float(total - sum(counts)), 0.5, total)
        worst = max(
            (frequency(f"b = {b}: {s}", k, total, 1 / len(subsets)) for s, k in
             zip(subsets, counts, strict=True)),
            key=lambda margin: margin.ratio,
        )  # fmt: skip
        yield worst


def start_tail(x: Fraction, m: int = M, n: int = N) -> Fraction:
    """Chance that m of n squared normal numbers (m, n even) make up a share of at least x.

    A Beta law with integer parameters is a binomial one: ``P(Beta(a, d) >= x) =
    P(Bin(a + d - 1, x) <= a - 1)``.

    Args:
        x: The share.
        m: Number of the coordinates.
        n: Number of all coordinates.

    Returns:
        The chance, exactly.
    """
    a, last = m // 2, n // 2 - 1
    terms = [math.comb(last, j) * x**j * (1 - x) ** (last - j) for j in range(a)]
    return Fraction(sum(terms))


@check(
    "script.gd_start",
    EvidenceKind.CERTIFICATE,
    bound="fractions; polynomials are compared symbolically",
)
def gd_start(tail: Callable[[Fraction], Fraction] = start_tail) -> Iterator[Margin]:
    """GD's cosine with the start is 0.985 or more with probability below 1e-15, dead starts apart:
    even the share of all 8 points, law Beta(4, 12), is that large no more often.

    The binomial sum is the Beta tail; at 0.985^2 it is tiny.
    """
    x = sp.Symbol("x")
    a, d = M // 2, (N - M) // 2
    total = sum(sp.binomial(a + d - 1, j) * x**j * (1 - x) ** (a + d - 1 - j) for j in range(a))
    rest = sp.expand(sp.diff(total, x) + symbolic.beta_density(sp.Integer(a), sp.Integer(d), x))
    yield Margin("slope of the sum plus the density", float(rest != 0), 0.5)
    yield Margin("the sum at 1", abs(float(total.subs(x, 1))), 0.5)
    for place in (Fraction(1, 10), Fraction(1, 2)):
        gap = tail(place) - Fraction(str(total.subs(x, sp.Rational(place))))
        yield Margin(f"the fraction at {place}", float(abs(gap)), 1e-300)
    chance = tail(Fraction(985, 1000) ** 2)
    told = (
        f"chance of a cosine of 0.985 or more with the start, not dead: below {float(chance):.1e}"
    )
    yield Margin(told, float(chance), 1e-15, 1, told)


def largest_tail(cosine: Fraction, m: int = M) -> Fraction:
    """Bound of the chance that all of m = 8 squared weights are at most ``cosine^2``, all active.

    With ``u = cosine^2`` and ``p_i = u - q_i``: the q_i are not negative and sum to ``8u - 1``, a
    simplex of volume ``(8u - 1)^7 / 7!``; every ``p_i >= 1 - 7u``, so that the density
    ``Gamma(4) / pi^4 prod p_i^(-1/2)`` is at most ``6 / (pi (1 - 7u))^4``, and pi > 3. The chance
    that all are active is ``2^-8``.

    Args:
        cosine: The largest cosine.
        m: Number of points, 8.

    Returns:
        The bound, exactly.
    """
    assert m == 8, "the density is that of eight points"
    u = cosine**2
    if m * u <= 1:
        return Fraction(0)
    volume = (m * u - 1) ** (m - 1) / math.factorial(m - 1)
    return Fraction(6 / (3 * (1 - (m - 1) * u)) ** 4 * volume / 2**m)


@check("script.gd_largest", EvidenceKind.CERTIFICATE, bound="fractions, with pi > 3")
def gd_largest(tail: Callable[[Fraction], Fraction] = largest_tail) -> Iterator[Margin]:
    """GD's largest cosine is below 0.355 with probability below 1e-16, dead starts apart.

    Seven or fewer active points give at least 1/sqrt 7; eight equal ones never happen.
    """
    top = Fraction(355, 1000)
    yield Margin("0.355^2 against the smallest largest weight of 7 points", float(top**2), 1 / 7)
    chance = tail(top)
    told = f"chance that GD's largest cosine is below 0.355, not dead: below {float(chance):.1e}"
    yield Margin(told, float(chance), 1e-16, 1, told)
    # 0.353^2 < 1/8
    yield Margin("the bound at the least possible value", float(tail(Fraction(353, 1000))), 1e-300)
