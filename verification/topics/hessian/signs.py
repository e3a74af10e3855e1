"""Which of GD's and SGD's minima a measure calls sharper: the signs of its closed forms."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import sympy as sp

from whichmin.symbolic import ClosedForm
from whichmin.verification.evidence.check import Margin
from whichmin.verification.evidence.exact import vanishing
from whichmin.verification.evidence.subject import Subject
from whichmin.verification.provers.intervals import Inequality, enclosed, inequalities
from whichmin.verification.provers.signs import by_name, sign_lemma
from whichmin.verification.provers.smt import Lemma, Variant, lemmas
from whichmin.verification.topics.sgd.logarithms import TANGENT

__all__: list[str] = []

k, m, kappa, r, d, log = sp.symbols("k m kappa r d log", positive=True)


def rankings(forms: Mapping[str, ClosedForm]) -> tuple[Lemma, ...]:
    """State the signs; k active points at GD's minimum, one at SGD's.

    Args:
        forms: Closed forms by id.

    Returns:
        The lemmas.
    """
    trace, sphere, gaussian, untied, top, kink, rest = (
        by_name(forms[name].expression)
        for name in (
            "sharpness.trace_difference", "sam.sphere_difference", "sam.gaussian_difference",
            "reparameterisation.untied_trace", "sharpness.minimum_top", "sharpness.minimum_kink",
            "sharpness.minimum_off_span",
        )
    )  # fmt: skip
    several, slope = "1 < k <= m", "0 <= kappa < 1"
    given = (several, "m <= n", slope)
    one = Variant("one active point", (several,), ("1 <= k <= m",))
    right = Variant("kappa = 1", (slope,), ("0 <= kappa <= 1",))
    radius, narrow, wide = "0 < r < 1", "0 < d**2*(n + 2) < 1", "d**2*(n + 2) > 1"
    balanced = untied.subs({r: 1})
    return (
        sign_lemma("the trace is larger at SGD's minimum", trace, "> 0", given, one, right),
        sign_lemma("the mean rise on a sphere of radius r < 1, too", sphere, "> 0",
                   (*given[:2], radius), one,
                   Variant("up to 1", (radius,), ("0 < r <= 1",))),
        sign_lemma("and under Gaussian noise with d^2 (n + 2) < 1", gaussian, "> 0",
                   (*given[:2], "d > 0", narrow), one,
                   Variant("up to 1", (narrow,), ("0 < d**2*(n + 2) <= 1",))),
        sign_lemma("but not beyond, if it crosses no kink", gaussian, "< 0",
                   (*given[:2], "d > 0", wide), one,
                   Variant("from 1 on", (wide,), ("d**2*(n + 2) >= 1",))),
        sign_lemma("the untied neuron's trace is smaller at SGD's, balanced",
                   balanced.subs(k, 1) - balanced, "< 0", given, one, right),
        sign_lemma("no eigenvalue is above 4/m: that at the kink", top - kink, "> 0",
                   (*given,), Variant("kappa = -3", (slope,), ("kappa >= -3",))),
        sign_lemma("and that off the span", top - rest, "> 0", ("m > 0",),
                   Variant("m of any sign", ("m > 0",), ("m != 0",))),
        Lemma(
            # log: the logarithm of r = (1 - kappa)/m, below its tangent at 1.
            "the log-determinant is lower at SGD's",
            "k m kappa r log",
            ("1 < k <= m", slope, "r*m == 1 - kappa", "log <= r - 1"),
            ("(k - 1)*log < 0", "0 < r < 1"),
            variants=(
                Variant("one active point", (several,), ("1 <= k <= m",)),
                Variant("kappa below 0", (slope,), ("kappa < 1",)),
            ),
        ),
    )  # fmt: skip


@enclosed("measures.signs", needs=("flint", "z3"))
def signs(
    subject: Subject,
    among: Callable[[Mapping[str, ClosedForm]], Sequence[Lemma]] = rankings,
    tangents: Sequence[Inequality] = (TANGENT,),
) -> Iterator[Margin]:
    """With k > 1 active points at GD's minimum and kappa < 1 the trace and the mean rise at a
    distance below 1 are larger at SGD's; the log-determinant and the balanced untied neuron's trace
    are smaller; no eigenvalue is above 4/m.
    """
    yield from lemmas(among(subject.forms))
    yield from inequalities(tangents)
    found = by_name(subject.forms["flatness.log_determinant_difference"].expression)
    told = (k - 1) * sp.log((1 - kappa) / m)
    yield vanishing("flatness.log_determinant_difference is (k - 1) log r", found - told)
