"""Measures of flatness from the Hessian: log-determinant, relative flatness, general instruments.

Closed forms are compared with the eigenvalues of automatic differentiation; the instruments see a
loss function and nothing else.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

import numpy as np

from whichmin.core.data import make_data
from whichmin.core.frames import standard_basis
from whichmin.core.hessian import hessian, hessian_trace, log_determinant, relative_flatness
from whichmin.tables.sharpness_instruments import readings
from whichmin.verification.evidence.check import Margin, check, differs
from whichmin.verification.evidence.exact import truth
from whichmin.verification.evidence.rounding import EPS, product_bound
from whichmin.verification.evidence.subject import Subject
from whichmin.verification.topics.strategies import PointCase, minimum_points
from whichmin.words import Activation, EvidenceKind

__all__: list[str] = []

EPSILONS, RADII = (1e-3, 0.1), (0.05, 0.3)


@check(
    "measures.log_determinant",
    EvidenceKind.PROPERTY,
    bound="rounding of the Hessian's entries, times n and the largest inverse eigenvalue",
    cases=minimum_points,
    examples=80,
    forms=(
        "flatness.log_determinant",
        "flatness.log_determinant_right",
        "flatness.log_determinant_difference",
        "flatness.relative",
    ),
)
def measures_log_determinant(subject: Subject, case: PointCase) -> Iterator[Margin]:
    """The log-determinant over the directions of non-zero curvature, their number, and relative
    flatness are those of the closed forms, at minima in any frame under every kink convention.
    """
    forms, kappa = subject.forms, float(case.kink.value)
    relu = case.activation is Activation.RELU
    k = case.active
    options = case.conventions
    at = {"m": case.m, "n": case.n}
    found = log_determinant(case.weights, case.data, **options)
    # Eigenvalues are 1/(2m) at least, so logarithms move by 2m times what eigenvalues do.
    allowed = case.n * 2 * case.m * 64 * (case.n + case.m) * EPS * 4
    if not relu or kappa < 1:
        value = {"kappa": kappa if relu else 0.0, "k": k, **at}
        yield Margin(
            "flatness.log_determinant",
            abs(found.value - float(forms["flatness.log_determinant"](**value))),
            allowed,
        )
        wrong = abs(found.directions - (case.n - k + 1))
        yield Margin("directions of non-zero curvature", float(wrong), 0.5)
    if not relu or kappa == 1:
        form = float(forms["flatness.log_determinant_right"](**at))
        yield Margin("flatness.log_determinant_right", abs(found.value - form), allowed)
        wrong = abs(found.directions - (case.n - case.m + 1))
        yield Margin("directions of non-zero curvature", float(wrong), 0.5)
    if relu and kappa < 1:
        single = log_determinant(case.data.points[0], case.data, **options)
        form = float(forms["flatness.log_determinant_difference"](k=k, kappa=kappa, m=case.m))
        gap = single.value - found.value
        yield Margin("flatness.log_determinant_difference", abs(gap - form), 2 * allowed)
    form = float(forms["flatness.relative"](k=k, kappa=kappa if relu else 0.0, **at))
    measured = relative_flatness(case.weights, case.data, **options)
    trace = float(hessian(case.weights, case.data, **options).trace())
    scale = case.n * product_bound(case.n + case.m, 8.0)
    yield Margin("flatness.relative", abs(measured - form), scale)
    yield Margin("flatness.relative against the trace", abs(measured - trace), scale)


@check(
    "measures.determinant_units",
    EvidenceKind.COUNTEREXAMPLE,
    bound="rounding of the eigenvalues' logarithms",
)
def determinant_units(scales: tuple[float, ...] = (1.0, 4.0, 8.0)) -> Iterator[Margin]:
    """For ReLU, m = 4, n = 6, k = 3, kappa = 0 the ranking by log-determinant turns with the unit
    of the loss, at m = 4 times the mean loss; the ranking by trace does not.
    """
    m, n, k = 4, 6, 3
    data = make_data(standard_basis(m, n))
    dense = np.r_[np.full(k, k**-0.5), np.zeros(n - k)]
    mixed, alone = (log_determinant(w, data) for w in (dense, np.eye(n)[0]))
    for scale, sign in zip(scales, (-1, 0, 1), strict=True):
        gap = alone.value - mixed.value + (alone.directions - mixed.directions) * math.log(scale)
        # A dozen logarithms of eigenvalues, each within 64 roundings.
        allowed = 64 * n * EPS * 8
        ranks = 0 if abs(gap) <= allowed else math.copysign(1, gap)
        told = (
            f"loss times {scale:g}: log-determinant at the single point minus that at the mixture "
            f"{gap:+.4g}, over {alone.directions} and {mixed.directions} directions"
        )
        yield truth(told, ranks == sign, found=told)
    gap = hessian_trace(np.eye(n)[0], data) - hessian_trace(dense, data)
    # The gap is (k - 1)/m; n entries of size at most 4, each rounded some 64 times.
    yield differs("trace, at any scale: single point minus mixture", 0.0, gap, 64 * n * EPS)


@check(
    "instruments.sharpness",
    EvidenceKind.PROPERTY,
    bound=(
        "rounding of the entries; a residual; searches: excess over the maximum, and the loss "
        "at the point that they report"
    ),
    cases=minimum_points,
    examples=20,
)
def sharpness(case: PointCase) -> Iterator[Margin]:
    """The sharpness instruments for any loss agree with the closed forms at minima; their searches
    never exceed the exact maximum.
    """
    # The forms that are compared are those on file.
    place = case.seed % 2
    found = readings(
        case.correlations, case.n, case.activation, EPSILONS[place], RADII[place], case.seed
    )
    # The seventh, a mean of samples, has no bound that is a theorem: the table shows it.
    for reading in itertools.islice(found, 6):
        assert not reading.why.endswith("pairs")
        margin = math.inf if reading.margin is None else reading.margin
        yield Margin(reading.measure, margin, 1.0)
