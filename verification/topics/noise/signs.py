"""Signs of the noise scales: where B_simple exceeds m - 1, and what batch sizes do to noise."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import sympy as sp

from whichmin.symbolic import ClosedForm
from whichmin.verification.evidence.check import Margin
from whichmin.verification.evidence.subject import Subject
from whichmin.verification.provers.signs import by_name, sign_lemma
from whichmin.verification.provers.smt import Lemma, Variant, lemmas, smt

__all__: list[str] = []

C, R, N, Q, m, b, d = sp.symbols("C R N Q m b d", positive=True)


def scales(forms: Mapping[str, ClosedForm]) -> tuple[Lemma, ...]:
    """State the signs; N = C + R, and Q <= C^2 is ``smt.shares``.

    Args:
        forms: Closed forms by id.

    Returns:
        The lemmas.
    """
    simple, vertex, balanced, drawn, single = (
        by_name(forms[f"noise.{name}"].expression)
        for name in (
            "simple_scale", "vertex_simple", "balanced_batch", "sampling_without", "sampling_with",
        )
    )  # fmt: skip
    above = sp.factor(simple.subs(N, C + R) - (m - 1))
    given = ("m >= 1", "C > 0", "R >= 0", "Q <= C**2", "R > 0 or C != 1")
    short, long = "C + R <= 4/3", "C + R >= 4/3"
    mixed = Variant("sums of squares that are none", ("Q <= C**2",), ("Q <= 2*C**2",))
    sizes = ("m > 1", "0 < b < m")
    return (
        sign_lemma("B_simple is at least m - 1 up to |w|^2 = 4/3", above, ">= 0", (*given, short),
                   Variant("up to 3/2", (short,), ("C + R <= 3/2",)), mixed,
                   Variant("at a minimum", ("R > 0 or C != 1",))),
        sign_lemma("and at most m - 1 beyond", above, "<= 0", (*given, long),
                   Variant("from 1 on", (long,), ("C + R >= 1",)), mixed),
        sign_lemma("its limit at a single point is m - 1 or above", vertex - (m - 1), ">= 0",
                   ("m >= 1", "R > 0"), Variant("m of any sign", ("m >= 1",))),
        sign_lemma("noise equals signal at a batch below m", m - balanced, "> 0",
                   ("m > 1", "beta > 0"), Variant("m = 1", ("m > 1",), ("m >= 1",))),
        sign_lemma("noise without replacement is at most that with", single - drawn, ">= 0",
                   ("m > 1", "1 <= b <= m"), Variant("b below 1", ("1 <= b <= m",), ("b > 0",))),
        sign_lemma("it falls with the batch size", drawn.subs(b, b + d) - drawn, "< 0",
                   (*sizes, "d > 0"), Variant("the same size", ("d > 0",), ("d >= 0",))),
        sign_lemma("it is above 0 for b < m", drawn, "> 0", sizes,
                   Variant("b = m", ("0 < b < m",), ("0 < b <= m",))),
    )  # fmt: skip


@smt("noise.signs")
def signs(
    subject: Subject, among: Callable[[Mapping[str, ClosedForm]], Sequence[Lemma]] = scales
) -> Iterator[Margin]:
    """Away from the minima B_simple is at least m - 1 for |w|^2 <= 4/3 and at most m - 1 beyond;
    without replacement the noise of a batch falls with its size, is at most that with replacement,
    and equals the signal at a batch below m.
    """
    return lemmas(among(subject.forms))
