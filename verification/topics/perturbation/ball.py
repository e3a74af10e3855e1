"""Rises of the loss around minima: the largest in SAM's ball, and means under noise.

The largest is proved by lemmas, in the notation of
:mod:`whichmin.verification.topics.perturbation.box`; all are compared with second routes.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from whichmin.core.landscape import loss
from whichmin.core.perturbation.ball import mean_rise, worst_rise
from whichmin.verification.evidence.check import Margin, check
from whichmin.verification.evidence.rounding import product_bound
from whichmin.verification.evidence.statistics import FIGURE, mean_is
from whichmin.verification.evidence.subject import Subject
from whichmin.verification.provers.smt import Lemma, Variant, lemmas, smt
from whichmin.verification.topics.perturbation.box import MOVE, NORM, BoxCase, boxes
from whichmin.verification.topics.strategies import PointCase, minimum_points
from whichmin.words import Activation, EvidenceKind

__all__ = ["BALL"]

Floats = NDArray[np.float64]

BALL = (
    Lemma(
        "within distance p the rise is at most that of z = p w, norms from 2 on",
        "q t s p",
        (*MOVE, "0 <= p", "s <= p**2", "t <= p", "N >= 2"),
        ("1 + q*(N - 2) <= (2*p + p**2)**2",),
        (NORM,),
        (Variant("half of it", then=("1 + q*(N - 2) <= (2*p + p**2)**2 * 1/2",)),),
    ),
    Lemma(
        "within distance p the rise is at most that of z = p w, norms up to 2",
        "q t s p",
        (*MOVE, "0 <= p", "s <= p**2", "-p <= t <= p", "N <= 2"),
        ("1 + q*(N - 2) <= (2*p + p**2)**2",),
        (NORM,),
        (Variant("half of it", then=("1 + q*(N - 2) <= (2*p + p**2)**2 * 1/2",)),),
    ),
)


@smt("measures.ball")
def ball(statements: Sequence[Lemma] = BALL) -> Iterator[Margin]:
    """The largest rise within distance r is (2r + r^2)^2/(2m) at every minimum, in any orthonormal
    frame, linear and ReLU.
    """
    return lemmas(statements)


@check(
    "measures.sam_worst",
    EvidenceKind.PROPERTY,
    bound="rounding, from the sizes of the terms",
    cases=minimum_points,
    examples=10,
    forms=("sam.worst",),
)
def sam_worst(subject: Subject, case: PointCase) -> Iterator[Margin]:
    """Gradient ascent within distance r of a minimum finds a rise (2r + r^2)^2/(2m), never more."""
    for radius in (0.05, 0.5, 2.0):
        predicted = float(subject.forms["sam.worst"](m=case.m, r=radius))
        found = worst_rise(
            case.weights, case.data, radius, activation=case.activation, starts=4, seed=case.seed
        )
        size = (1 + radius) ** 4
        allowed = product_bound(case.n + case.m, 8 * size)
        yield Margin(f"sam.worst at r = {radius}", abs(found - predicted), allowed)


def _hermite(case: PointCase, deviation: float) -> float:
    """Compute the mean rise under Gaussian noise, exactly if no active point crosses its kink.

    Nodes ``0, +-sqrt 3`` with weights 2/3, 1/6, 1/6 integrate polynomials up to degree 5. In the
    data's frame, averaged over the signs of coordinates at the kink, the loss is one of degree 4.

    Args:
        case: The minimum, of equal correlations.
        deviation: Deviation of each coordinate.

    Returns:
        The mean.
    """
    nodes = np.array(list(itertools.product((-1, 0, 1), repeat=case.n)), dtype=float)
    weights = np.where(nodes == 0, 2 / 3, 1 / 6).prod(axis=1)
    frame = case.data.points.numpy()
    whole = np.vstack([frame, np.linalg.svd(frame)[2][case.m :]])
    there = case.weights + deviation * math.sqrt(3) * nodes @ whole
    own = float(loss(case.weights, case.data, activation=case.activation))
    rises = np.asarray(loss(there, case.data, activation=case.activation)) - own
    return float(weights @ rises)


@st.composite
def _small_minima(draw: st.DrawFn) -> PointCase:
    """Draw a minimum of at most 6 dimensions."""
    return draw(minimum_points().filter(lambda case: case.n <= 6))


@check(
    "measures.mean_rise",
    EvidenceKind.PROPERTY,
    bound="rounding; the quadrature is exact for polynomials of the loss's degree",
    cases=_small_minima,
    examples=40,
    forms=("sam.sphere", "sam.sphere_difference", "sam.gaussian_difference"),
)
def measures_mean_rise(subject: Subject, case: PointCase) -> Iterator[Margin]:
    """Mean rises on a sphere and under Gaussian noise equal a quadrature that is exact for them."""
    forms, n, m = subject.forms, case.n, case.m
    relu = case.activation is Activation.RELU
    k = case.active
    # The smallest correlation is at least 0.1/sqrt m of the largest possible, and 1/sqrt 3 of the
    # way to it are the nodes: nothing crosses a kink.
    near, far = (x * float(case.correlations[: case.active].min() if relu else 1.0) for x in
                 (0.25, 0.5))  # fmt: skip
    first, second = _hermite(case, near), _hermite(case, far)
    # mean = A d^2 + B d^4; on the sphere d^2 becomes r^2/n and d^4 becomes r^4/(n (n + 2)).
    quartic = (second / far**2 - first / near**2) / (far**2 - near**2)
    quadratic = first / near**2 - quartic * near**2
    # The quadrature's weights add up to 1: it errs by what one loss does.
    rounding = product_bound(n + m, 8.0) / near**2

    def on_sphere(r: float) -> float:
        return quadratic * r**2 / n + quartic * r**4 / (n * (n + 2))

    for r in (near, far):
        predicted = float(forms["sam.sphere"](k=k, m=m, n=n, r=r))
        # The quartic coefficient is a difference divided by near^2 once more, times r^4.
        yield Margin("sam.sphere", abs(on_sphere(r) - predicted), 16 * rounding)
    if not relu:
        return
    single = PointCase(
        m=m, n=n, frame=case.frame, activation=case.activation, active=1, kinks=m - 1, scale=1.0,
        kink=case.kink, seed=case.seed, at_minimum=True,
    )  # fmt: skip
    gap = _hermite(single, near) - first
    predicted = float(forms["sam.gaussian_difference"](d=near, k=k, m=m, n=n))
    yield Margin("sam.gaussian_difference", abs(gap - predicted), 16 * rounding)
    one = float(forms["sam.sphere"](k=1, m=m, n=n, r=near))
    difference = float(forms["sam.sphere_difference"](k=k, m=m, n=n, r=near))
    found = one - on_sphere(near)
    yield Margin("sam.sphere_difference", abs(found - difference), 16 * rounding)


def _piecewise(start: float, deviation: float) -> tuple[Floats, Floats]:
    """Build Gauss-Legendre nodes and weights for a Gaussian about ``start``, cut at the kink."""
    edge = 9.0  # beyond 9 deviations lies 1e-19 of the mass, and x^4 times that is below rounding
    cut = float(np.clip(-start / deviation, -edge, edge))
    points, weights = np.polynomial.legendre.leggauss(48)
    x, mass = [], []
    for low, high in ((-edge, cut), (cut, edge)):
        t = (high + low) / 2 + (high - low) / 2 * points
        x.append(start + deviation * t)
        density = np.exp(-(t**2) / 2) / math.sqrt(2 * math.pi)
        mass.append((high - low) / 2 * weights * density)
    return np.concatenate(x), np.concatenate(mass)


@check(
    "measures.noise_across_kinks",
    EvidenceKind.PROPERTY,
    bound="rounding of the integral; mass beyond 9 deviations is below it",
    cases=boxes,
    examples=12,
    forms=("sam.gaussian_coordinate",),
)
def noise_across_kinks(subject: Subject, case: BoxCase) -> Iterator[Margin]:
    """The mean rise under Gaussian noise that crosses ReLU's kinks equals numerical integration."""
    form = subject.forms["sam.gaussian_coordinate"]
    m, n = min(case.m, 2), min(case.n, 2)
    w = np.zeros(n)
    w[: min(case.k, m)] = case.weights[: min(case.k, m)]
    w /= np.linalg.norm(w)
    deviation = 0.05 + case.epsilon
    grids = [_piecewise(x, deviation) for x in w]
    places = np.array(list(itertools.product(*(x for x, _ in grids))))
    masses = np.array([math.prod(p) for p in itertools.product(*(p for _, p in grids))])
    data = np.eye(m, n)
    own = float(loss(w, data))
    mean = float(masses @ (np.asarray(loss(places, data)) - own))
    total = 1.0
    for c in w[:m]:
        t = float(c) / deviation
        inside = 0.5 * math.erfc(-t / math.sqrt(2))
        density = math.exp(-t * t / 2) / math.sqrt(2 * math.pi)
        total += float(form(c=float(c), d=deviation, n=n, F=inside, G=density))
    # The masses add up to 1 within 96 roundings; the integrand is at most (1 + 9 d)^4.
    allowed = product_bound(96, (1 + 9 * deviation) ** 4)
    yield Margin("sam.gaussian_coordinate", abs(mean - total / (2 * m)), allowed)


SAMPLED_EXAMPLES = 20


@check(
    "measures.mean_rise_sampled",
    EvidenceKind.STATISTICS,
    bound="Bernstein's inequality, one in ten million for each figure",
    cases=minimum_points,
    examples=SAMPLED_EXAMPLES,
    forms=("sam.sphere",),
    false_alarm=FIGURE * SAMPLED_EXAMPLES,
)
def mean_rise_sampled(subject: Subject, case: PointCase) -> Iterator[Margin]:
    """The mean rise on a sphere, sampled at minima in any frame, is that of the closed form."""
    k = case.active
    c = case.correlations
    radius = float(c[: case.active].min()) if case.activation is Activation.RELU else 0.5
    found = mean_rise(
        case.weights, case.data, radius, activation=case.activation, samples=4000, seed=case.seed
    )
    expected = float(subject.forms["sam.sphere"](k=k, m=case.m, n=case.n, r=radius))
    # Rises lie between 0 and the worst case, so their variance is at most mean times span.
    span = (2 * radius + radius**2) ** 2 / (2 * case.m)
    what = f"sam.sphere, sampled, {case.activation}, m = {case.m}, n = {case.n}, k = {k}"
    yield mean_is(what, found.mean, found.samples, expected, expected * span, span)
