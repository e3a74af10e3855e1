"""Which of two wells holds more: the signs of the closed forms."""

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

depth, h, other, tau, d = sp.symbols("depth h other_h tau d", positive=True)


def wells(forms: Mapping[str, ClosedForm]) -> tuple[Lemma, ...]:
    """State the signs; h is the curvature of the flatter well, ``other_h`` that of the other.

    Args:
        forms: Closed forms by id.

    Returns:
        The lemmas.
    """
    mass, exit_time = (
        by_name(forms[f"stationary.{name}"].expression) for name in ("log_basin_mass", "exit_time")
    )
    logdet, curvature = sp.Symbol("logdet", positive=True), sp.Symbol("h", positive=True)
    longer = exit_time - exit_time.subs(curvature, curvature + d)
    grown = Variant("the same", ("d > 0",), ("d >= 0",))
    return (
        Lemma(
            # log: the logarithm of q = h/other_h, below its tangent at 1; ratio: depth/tau.
            "noise tau times the curvature: the flatter of equally deep wells holds more",
            "h other_h q u v log ratio",
            ("0 < h < other_h", "q*other_h == h", "u*h == 1", "v*other_h == 1", "ratio > 0",
             "log <= q - 1"),
            ("ratio*(u - v) - log > ratio*(u - v) > 0", "log < 0"),
            variants=(
                Variant("of the same curvature", ("0 < h < other_h",), ("0 < h <= other_h",)),
                Variant("a logarithm above its tangent", ("log <= q - 1",), ("log <= 1 - q",)),
            ),
        ),
        sign_lemma("constant noise: the mass of a basin falls with its determinant",
                   sp.expand(mass.subs(logdet, logdet + d) - mass), "< 0", ("d > 0",), grown),
        sign_lemma("the sharper of equally deep wells is left sooner", longer, "> 0",
                   ("h > 0", "d > 0", "unit_time > 0"), grown),
    )  # fmt: skip


@enclosed("stationary.signs", needs=("flint", "z3"))
def signs(
    subject: Subject,
    among: Callable[[Mapping[str, ClosedForm]], Sequence[Lemma]] = wells,
    tangents: Sequence[Inequality] = (TANGENT,),
) -> Iterator[Margin]:
    """Of two equally deep wells the flatter holds more, both under constant noise and where noise
    is tau times the curvature, there by more than exp(depth (1/h_1 - 1/h_2)/tau); the sharper is
    left sooner.
    """
    yield from lemmas(among(subject.forms))
    yield from inequalities(tangents)
    found = by_name(subject.forms["stationary.hessian_noise_odds"].expression)
    told = depth / tau * (1 / h - 1 / other) - sp.log(h / other)
    yield vanishing("stationary.hessian_noise_odds in these", found - told)
