"""Check what a larger batch does in place of a smaller step, and to the wall clock; their words."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

import sympy as sp

from whichmin.verification.evidence.check import Margin, check
from whichmin.verification.evidence.exact import vanishing
from whichmin.verification.evidence.statement import number, word
from whichmin.verification.provers.smt import Lemma, Variant, lemmas, smt
from whichmin.words import EvidenceKind

__all__: list[str] = []


def _next(v: Any, h: Any, eta: Any, B: Any, s: Any) -> Any:
    """Compute the variance after a step of x - eta (h x + noise of variance s/B)."""
    return (1 - eta * h) ** 2 * v + eta**2 * s / B


@word
def settled_variance(h: Any, eta: Any, B: Any, s: Any) -> Any:
    """The variance along curvature h at which the recursion of SGD stays, step size eta, batch size
    B, noise of variance s a sample; no number where it grows.
    """
    added = _next(Fraction(0), h, eta, B, s)
    kept = _next(Fraction(1), h, eta, B, s) - added
    return added / (1 - kept) if kept < 1 else number(math.nan)


@word
def mean_after(h: Any, eta: Any, t: Any, x: Any) -> Any:
    """The mean along curvature h after t steps of size eta from x."""
    for _ in range(int(t)):
        x -= eta * h * x
    return x


@check(
    "batch_growth.settled",
    EvidenceKind.IDENTITY,
    bound="exact: the difference must be identically zero",
)
def settled(twice: int = 2) -> Iterator[Margin]:
    """Along curvature h the variance settles (2 - eta h/K)/(2 - eta h) times as high with a batch
    of K B as with a step of eta/K, and just as high with one of (2 K - eta h)/(2 - eta h) B.

    Args:
        twice: The number 2 in both factors.

    Yields:
        The fixed points of the recursion, and both statements, as identities.
    """
    h, eta, B, s, K, v = sp.symbols("h eta B s K v", positive=True)

    def fixed(step: sp.Expr, batch: sp.Expr) -> sp.Expr:
        (found,) = sp.solve(v - _next(v, h, step, batch, s), v)
        return found

    decayed = fixed(eta / K, B)
    factor = (twice - eta * h / K) / (twice - eta * h)
    yield vanishing("a batch of K B", fixed(eta, K * B) - factor * decayed)
    growth = (twice * K - eta * h) / (twice - eta * h)
    yield vanishing("the batch with the same variance", fixed(eta, growth * B) - decayed)


# Bernoulli's inequality (1 - z)^k >= 1 - k z, z = eta h/K, by induction; P is (1 - z)^k.
MEAN = (
    Lemma(
        "from k to k + 1",
        "P k z",
        ("0 <= z <= 1", "k >= 0", "P >= 1 - k*z"),
        ("P*(1 - z) >= 1 - (k + 1)*z",),
        variants=(Variant("longer steps", ("0 <= z <= 1",), ("z >= 0",)),),
    ),
)
# p and q are the progress L/(1 + N/B) of a step at batch sizes B and K B, N being B_noise.
CLOCK = (
    Lemma(
        "the progress of a step at K times the batch",
        "L N B K p q",
        ("L > 0", "N > 0", "B > 0", "K > 1", "p*(B + N) == L*B", "q*(K*B + N) == L*K*B"),
        ("q > p", "q < K*p", "q < L", "B < N or q < 2*p"),
        variants=(
            Variant("in proportion", then=("q == K*p",)),
            Variant("below twice from half of B_noise on", then=("2*B < N or q < 2*p",)),
            Variant("no noise", ("N > 0",), ("N == 0",)),
        ),
    ),
)


@smt("batch_growth.mean")
def mean(statements: Sequence[Lemma] = MEAN) -> Iterator[Margin]:
    """Bernoulli's inequality holds for k + 1 if it holds for k."""
    return lemmas(statements)


@smt("batch_growth.wall_clock")
def wall_clock(statements: Sequence[Lemma] = CLOCK) -> Iterator[Margin]:
    """With K times the batch a step makes more progress than before, less than K times as much, and
    from B_noise on less than twice.
    """
    return lemmas(statements)
