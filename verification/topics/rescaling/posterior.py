"""Gaussian posteriors of PAC-Bayes: the divergence by quadrature, the best width by a search."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
from scipy.optimize import minimize_scalar

from whichmin.core.rescaling.posterior import best_variances, gaussian_divergence
from whichmin.verification.evidence.check import Margin, check, differs
from whichmin.verification.evidence.exact import truth
from whichmin.verification.evidence.rounding import EPS
from whichmin.verification.evidence.subject import Subject
from whichmin.verification.provers.smt import Lemma, Variant, lemmas, smt
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


# The objective's derivative by v is (h/T + 1/sigma^2 - 1/v) T/2; p = h/T, q = 1/sigma^2.
LEAST = (
    Lemma(
        "the derivative has the sign of v - 1/(p + q)",
        "p q v b w",
        ("p > 0", "q > 0", "v > 0", "v*w == 1", "b*(p + q) == 1"),
        (
            "not v < b or p + q - w < 0",
            "not v > b or p + q - w > 0",
            "not v == b or p + q - w == 0",
        ),
        variants=(Variant("of v - 1/p", ("b*(p + q) == 1",), ("b*p == 1",)),),
    ),
    Lemma(
        "the flatter, the wider, and none wider than the prior, of variance s = 1/q",
        "p q b more c s",
        ("p > 0", "q > 0", "b*(p + q) == 1", "more > p", "c*(more + q) == 1", "s*q == 1"),
        ("c < b", "b < s"),
        variants=(Variant("no curvature", ("p > 0",), ("p == 0",)),),
    ),
)  # fmt: skip


@smt("posterior.least")
def least(statements: Sequence[Lemma] = LEAST) -> Iterator[Margin]:
    """Mean loss plus T times the divergence falls in the variance up to 1/(1/sigma^2 + h/T) and
    rises from there; this variance falls as h rises, and is below that of the prior.
    """
    return lemmas(statements)
