"""Sums of squares of non-negative numbers, for any number of them, one after the other.

With S the sum and Q the sum of the squares so far, every further number x takes S to S + x and Q to
``Q + x^2``: what is shown of one step holds for any number of them (induction).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from whichmin.verification.evidence.check import Margin
from whichmin.verification.provers.smt import Lemma, Variant, lemmas, smt

__all__: list[str] = []

SHARES = (
    Lemma(
        "another number keeps Q <= S^2",
        "S Q x",
        ("S >= 0", "x >= 0", "Q <= S**2"),
        ("S + x >= 0", "Q + x**2 <= (S + x)**2"),
        variants=(
            Variant("numbers of any sign", ("x >= 0",)),
            Variant("a sum of any sign", ("S >= 0",)),
        ),
    ),
    Lemma(
        "a second number above 0 makes it strict, and further ones keep it so",
        "S Q x",
        ("S > 0", "x >= 0", "Q <= S**2", "x > 0 or Q < S**2"),
        ("Q + x**2 < (S + x)**2",),
        variants=(Variant("the first number", ("S > 0",), ("S >= 0",)),),
    ),
    Lemma(
        "a share p of 1 adds p (1 - p) >= 0 to 1 - Q, and 0 only if it is 0 or 1",
        "p",
        ("0 <= p <= 1",),
        ("p*(1 - p) >= 0", "p*(1 - p) > 0 or p == 0 or p == 1"),
        variants=(Variant("p up to 2", ("0 <= p <= 1",), ("0 <= p <= 2",)),),
    ),
)


@smt("smt.shares")
def shares(statements: Sequence[Lemma] = SHARES) -> Iterator[Margin]:
    """The sum of the squares of numbers that are not negative is at most the square of their sum,
    less if two of them are positive; for shares that add up to 1 it is 1 only at a single one.
    """
    return lemmas(statements)
