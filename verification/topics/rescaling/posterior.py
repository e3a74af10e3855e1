"""Gaussian posteriors of PAC-Bayes: the divergence by quadrature, the best width by a search."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
import sympy as sp
from scipy.optimize import minimize_scalar

from whichmin.core.rescaling.posterior import best_variances, gaussian_divergence
from whichmin.symbolic import ClosedForm
from whichmin.verification.evidence.check import Margin, check, differs
from whichmin.verification.evidence.exact import truth, vanishing
from whichmin.verification.evidence.rounding import EPS
from whichmin.verification.evidence.subject import Subject
from whichmin.verification.provers.intervals import Inequality, enclosed, inequalities
from whichmin.verification.provers.signs import by_name, sign_lemma
from whichmin.verification.provers.smt import Lemma, Variant, lemmas
from whichmin.verification.topics.sgd.logarithms import TANGENT
from whichmin.verification.topics.strategies import seeds
from whichmin.words import EvidenceKind

__all__: list[str] = []

# Exact for the polynomials that log(q/p) is made of.
_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(8)


def _quadrature(d: float, v: float, sigma: float) -> float:
    """Compute the mean of log(q/p) under q = N(d, v), p = N(0, sigma^2), from both densities."""
    x = d + math.sqrt(v) * _NODES
    log_q = -((x - d) ** 2) / (2 * v) - math.log(v) / 2
    log_p = -(x**2) / (2 * sigma**2) - math.log(sigma)
    return float(_WEIGHTS @ (log_q - log_p) / _WEIGHTS.sum())


@check(
    "posterior.wider",
    EvidenceKind.COUNTEREXAMPLE,
    bound="rounding of the quadrature",
    forms=("posterior.divergence",),
)
def wider(subject: Subject, deviation: float = 2.0) -> Iterator[Margin]:
    """The divergence of N(0, 4) from N(0, 1) is 0.807 nats, that of N(0, 1) itself is 0."""
    form = subject.forms["posterior.divergence"]
    same, wide = (float(form(d=0.0, v=s**2, sigma=1.0)) for s in (1.0, deviation))
    yield Margin("divergence at the prior's width", abs(same), 0.0)
    error = abs(wide - _quadrature(0.0, deviation**2, 1.0))
    yield Margin("posterior.divergence, wider", error, 100 * EPS * (1 + deviation**2))
    told = f"divergence at a deviation of {deviation:g}, claimed as low as at 1"
    yield differs(told, same, wide, 1e-9)


@check(
    "posterior.gaussian",
    EvidenceKind.PROPERTY,
    bound="rounding of the sums; a search by values stops at the root of it; a central difference",
    cases=seeds,
    examples=40,
    forms=tuple(
        f"posterior.{name}" for name in ("divergence", "variance", "penalty", "penalty_slope")
    ),
)
def gaussian(subject: Subject, case: int) -> Iterator[Margin]:
    """The divergence of a Gaussian posterior, the variance of the best one, its penalty and how the
    penalty rises with the curvature equal those found by quadrature and search.
    """
    rng, forms = np.random.default_rng(case), subject.forms
    d, sigma = float(rng.normal()), float(rng.uniform(0.3, 3))
    v = float(sigma**2 * 10 ** rng.uniform(-3, 1))
    h, T = float(10 ** rng.uniform(-2, 2)), float(10 ** rng.uniform(-2, 1))
    name = "posterior.divergence"
    told = float(forms[name](d=d, v=v, sigma=sigma))
    # Eight terms of at most the largest of these, with a few roundings each.
    size = 1 + abs(math.log(v / sigma**2)) + (d**2 + 20 * v) / sigma**2
    rounding = 100 * EPS * size
    yield Margin(name, abs(told - _quadrature(d, v, sigma)), rounding)
    fast = gaussian_divergence([d], [v], sigma)
    yield Margin(f"{name}, core", abs(told - fast), rounding)

    def objective(log_v: float) -> float:
        return h * math.exp(log_v) / 2 + T * _quadrature(0.0, math.exp(log_v), sigma)

    name = "posterior.variance"
    told = float(forms[name](h=h, T=T, sigma=sigma))
    centre = math.log(told)
    found = minimize_scalar(
        objective, bounds=(centre - 8, centre + 8), method="bounded", options={"xatol": 1e-10}
    )
    # A search by values finds a minimum to the root of their rounding over the second derivative in
    # log v, (h + T/sigma^2) v/2 = T/2 there.
    values = abs(objective(centre)) + T * (1 + abs(centre - 2 * math.log(sigma)))
    allowed = 1e-9 + math.sqrt(400 * EPS * values / T)
    yield Margin(name, abs(found.x - centre), allowed)
    fast = float(best_variances([h], T, sigma)[0])
    yield Margin(f"{name}, core", abs(fast / told - 1), 8 * EPS)
    name = "posterior.penalty"
    told_penalty = float(forms[name](h=h, T=T, sigma=sigma))
    size = 1 + abs(math.log(told / sigma**2))
    error = abs(told_penalty - _quadrature(0.0, told, sigma))
    yield Margin(name, error, 100 * EPS * size)
    name = "posterior.penalty_slope"
    told_slope = float(forms[name](h=h, T=T, sigma=sigma))
    step = h / 2**10
    ends = [
        float(forms["posterior.penalty"](h=at, T=T, sigma=sigma)) for at in (h - step, h + step)
    ]
    # A central difference, y = h sigma^2/T: the third derivative of the penalty by y is (y - 2)/
    # (1 + y)^4, below 2/y^3 and on the whole interval below 4/y^3; two roundings over the step.
    allowed = 4 / h**3 * step**2 / 6 + 4 * EPS * size / step
    yield Margin(name, abs((ends[1] - ends[0]) / (2 * step) - told_slope), allowed)
    yield truth(f"{name} is positive", told_slope > 0)


def widths(forms: Mapping[str, ClosedForm]) -> tuple[Lemma, ...]:
    """State what the curvature does to the best posterior.

    Args:
        forms: Closed forms by id.

    Returns:
        The lemmas.
    """
    slope, best = (
        by_name(forms[f"posterior.{name}"].expression) for name in ("penalty_slope", "variance")
    )
    h, sigma, d = sp.symbols("h sigma d", positive=True)
    given = ("T > 0", "h > 0", "sigma > 0")
    none = Variant("no curvature", ("h > 0",), ("h >= 0",))
    return (
        sign_lemma("the penalty rises with the curvature", slope, "> 0", given, none),
        sign_lemma("the best width is below the prior's", sigma**2 - best, "> 0", given, none),
        sign_lemma("the best width falls with the curvature", best.subs(h, h + d) - best, "< 0",
                   (*given, "d > 0"), Variant("the same curvature", ("d > 0",), ("d >= 0",))),
        sign_lemma("it is above 0", best, "> 0", given,
                   Variant("a prior of no width", ("sigma > 0",), ("sigma >= 0",))),
    )  # fmt: skip


@enclosed("posterior.signs", needs=("flint", "z3"))
def signs(
    subject: Subject,
    among: Callable[[Mapping[str, ClosedForm]], Sequence[Lemma]] = widths,
    tangents: Sequence[Inequality] = (TANGENT,),
) -> Iterator[Margin]:
    """The variance of the best Gaussian posterior is the least point of mean loss and divergence,
    is below the prior's and falls with the curvature, and its penalty rises with the curvature.

    With v = r times the best variance the objective is above its value there by
    T (r - 1 - log r)/2.
    """
    yield from lemmas(among(subject.forms))
    yield from inequalities(tangents)
    best, divergence = (
        by_name(subject.forms[f"posterior.{name}"].expression)
        for name in ("variance", "divergence")
    )
    h, T, v, r = sp.symbols("h T v r", positive=True)
    objective = h * v / 2 + T * divergence
    above = objective.subs(v, r * best) - objective.subs(v, best)
    yield vanishing("the objective above its least value", above - T * (r - 1 - sp.log(r)) / 2)
