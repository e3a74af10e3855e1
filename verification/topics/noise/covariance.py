"""Gradient noise at a point: closed forms and fast numerics against automatic differentiation."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray

from whichmin.core.hessian import hessian
from whichmin.core.instruments import curved_noise, gradient_noise
from whichmin.core.landscape import gradient
from whichmin.core.noise.covariance import (
    covariance_spectrum,
    covariance_trace,
    gradient_covariance,
    noise_scales,
)
from whichmin.tables.sharpness_instruments import neuron_objective
from whichmin.verification.evidence.check import Margin, check
from whichmin.verification.evidence.rounding import EPS, product_bound, spectrum_bound
from whichmin.verification.evidence.subject import Subject
from whichmin.verification.topics.landscape.minima import reduced_coordinates
from whichmin.verification.topics.strategies import PointCase, minimum_points, points
from whichmin.words import Activation, EvidenceKind

__all__: list[str] = []

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Measured:
    """Gradients and Hessian of a case by automatic differentiation, one data point at a time.

    Attributes:
        case: The case.
    """

    case: PointCase

    @cached_property
    def gradients(self) -> Floats:
        """Per-sample gradients, shape ``(m, n)``."""
        return _sample_gradients(self.case, self.case.data.points.numpy())

    @cached_property
    def mean(self) -> Floats:
        """The gradient."""
        return np.asarray(self.gradients.mean(0))

    @cached_property
    def covariance(self) -> Floats:
        """The covariance, divided by m."""
        away = self.gradients - self.mean
        return np.asarray(away.T @ away / self.case.m)

    @cached_property
    def hessian(self) -> Floats:
        """The Hessian under the case's convention."""
        case = self.case
        matrix = hessian(
            case.weights,
            case.data,
            activation=case.activation,
            kink=case.kink,
            kink_width=case.kink_width,
        )
        return np.asarray(matrix.numpy())

    @cached_property
    def size(self) -> float:
        """Bound of a gradient's norm: ``(N + 2)|w| + N |w|``."""
        norm = float(self.case.weights @ self.case.weights)
        return (2 * norm + 2) * math.sqrt(norm)

    @cached_property
    def quadratic(self) -> float:
        """Error of a quantity of second order in gradients, on both sides of a comparison.

        A gradient of norm at most s is off by ``d = product_bound(n + m, s)``, its square by
        ``2 s d``; the covariance has two such terms, and either side may be off: 8 s d.
        """
        return 8 * self.size * product_bound(self.case.n + self.case.m, self.size)

    @cached_property
    def curved(self) -> float:
        """The same with a Hessian in between, of norm at most ``N + 2 + 4 N + N``."""
        norm = float(self.case.weights @ self.case.weights)
        return 2 * (6 * norm + 2) * self.quadratic


def _sample_gradients(case: PointCase, data: Floats) -> Floats:
    """Compute the gradient of each row at the case's weights, shape ``(m, n)``."""
    return np.array([
        gradient(case.weights, a[None], activation=case.activation).numpy() for a in data
    ])


def _code(case: PointCase) -> Floats:
    """Compute the codes: inner products, for ReLU their positive parts."""
    inner = case.data.points.numpy() @ case.weights
    return np.asarray(inner if case.activation is Activation.LINEAR else np.maximum(inner, 0))


random_cases = functools.partial(
    check,
    kind=EvidenceKind.PROPERTY,
    bound="rounding of the gradients, from their sizes, carried to second order",
)


@random_cases(
    "noise.general_point",
    cases=points,
    examples=60,
    forms=(
        "noise.sample_energy",
        "noise.sample_curvature",
        "noise.mean_energy",
        "noise.mean_curvature",
        "noise.trace",
        "noise.simple_scale",
        "noise.curvature",
        "noise.gradient_curvature",
    ),
)
def general_point(subject: Subject, case: PointCase) -> Iterator[Margin]:
    """At any point the squared gradients of single data points, the trace of their covariance, the
    simple noise scale and the figures weighted with the curvature equal those of automatic
    differentiation.
    """
    forms, m = subject.forms, case.m
    found = Measured(case)
    N, C, R = reduced_coordinates(case)
    Q = float((_code(case) ** 4).sum())
    inner = case.data.points.numpy() @ case.weights
    for row, slope in enumerate(case.slopes):
        g, c = found.gradients[row], float(inner[row])
        sigma = float(slope > 0 and c != 0)
        if sigma != slope:
            continue  # at the kink, where the gradient is 0 and c is rounding noise
        predicted = forms["noise.sample_energy"](N=N, c=c, sigma=sigma)
        yield Margin("noise.sample_energy", abs(float(g @ g) - predicted), found.quadratic)
        if sigma:
            predicted = forms["noise.sample_curvature"](N=N, C=C, c=c, m=m)
            error = abs(float(g @ found.hessian @ g) - predicted)
            yield Margin("noise.sample_curvature", error, found.curved)
    total = float((found.gradients**2).sum()) / m
    predicted = forms["noise.mean_energy"](N=N, C=C, Q=Q, m=m)
    yield Margin("noise.mean_energy", abs(total - predicted), found.quadratic)
    trace, energy = float(np.trace(found.covariance)), float(found.mean @ found.mean)
    predicted = forms["noise.trace"](N=N, C=C, Q=Q, m=m)
    yield Margin("noise.trace", abs(trace - predicted), found.quadratic)
    # tr Sigma = B |G|^2: the form's denominator D = m^2 |G|^2 / C is off by 16 roundings of
    # (2 + N + C)^2 + C N, the energy by the bound above, which covers C^2 - Q too.
    scale = forms["noise.simple_scale"](N=N, C=C, Q=Q, m=m)
    below = (2 - N - C) ** 2 + C * R
    lost = 16 * EPS * ((2 + N + C) ** 2 + C * N) / below
    allowed = (1 + abs(scale)) * found.quadratic + abs(scale) * energy * lost
    yield Margin("noise.simple_scale", abs(scale * energy - trace), allowed)
    total = float(np.sum(found.gradients @ found.hessian * found.gradients)) / m
    predicted = forms["noise.mean_curvature"](N=N, C=C, Q=Q, m=m)
    yield Margin("noise.mean_curvature", abs(total - predicted), found.curved)
    curved = float(np.trace(found.hessian @ found.covariance))
    predicted = forms["noise.curvature"](N=N, C=C, Q=Q, m=m)
    yield Margin("noise.curvature", abs(curved - predicted), found.curved)
    signal = float(found.mean @ found.hessian @ found.mean)
    predicted = forms["noise.gradient_curvature"](N=N, C=C, m=m)
    yield Margin("noise.gradient_curvature", abs(signal - predicted), found.curved)


@random_cases("noise.numerics", cases=points, examples=40)
def numerics(case: PointCase) -> Iterator[Margin]:
    """Covariance, trace, spectrum, noise scales and alignment by the fast route equal those of
    automatic gradients and Hessians, on orthonormal data and on mixed rows.
    """
    mix = np.random.default_rng((case.seed, 7)).normal(size=(case.m, case.m)) / case.m
    mixed = case.data.points.numpy() + mix @ case.data.points.numpy()
    # Rows up to 1 + sqrt(m) times as long make gradients larger by the square of that.
    longer = (1 + float(np.linalg.norm(mix, 2))) ** 2
    for label, data, factor in (("orthonormal", case.data.points.numpy(), 1.0),
                                ("correlated", mixed, longer)):  # fmt: skip
        rows = _sample_gradients(case, data)
        at = rows.mean(0)
        away = rows - at
        options = {"activation": case.activation}
        covariance = away.T @ away / case.m
        size = Measured(case)
        allowed, curved = factor**2 * size.quadratic, factor**3 * size.curved
        fast = gradient_covariance(case.weights, data, **options).numpy()
        yield Margin(f"covariance, {label}", float(np.abs(fast - covariance).max()), allowed)
        trace = covariance_trace(case.weights, data, **options)
        yield Margin(f"trace, {label}", abs(trace - float(np.trace(covariance))), allowed)
        spectrum = covariance_spectrum(case.weights, data, **options).numpy()
        error = float(np.abs(spectrum - np.linalg.eigvalsh(covariance)).max())
        norm = float(np.linalg.norm(covariance, 2))
        yield Margin(f"spectrum, {label}", error, spectrum_bound(case.n, norm, allowed))
        if label == "correlated" and case.activation is Activation.RELU:
            continue  # kinks of the frame are no kinks of these rows
        kinked = {**options, "kink": case.kink, "kink_width": case.kink_width}
        scales = noise_scales(case.weights, data, **kinked)
        matrix = hessian(case.weights, data, **kinked).numpy()
        for name, value, bound in (
            ("trace", float(np.trace(covariance)), allowed),
            ("gradient_energy", float(at @ at), allowed),
            ("curvature", float(np.trace(matrix @ covariance)), curved),
            ("gradient_curvature", float(at @ matrix @ at), curved),
        ):
            error = abs(getattr(scales, name) - value)
            yield Margin(f"noise_scales.{name}, {label}", error, bound)
        sizes = float(np.linalg.norm(matrix) * np.linalg.norm(covariance))
        error = abs(scales.alignment * sizes - float(np.trace(matrix @ covariance)))
        # Norms of both matrices within a few roundings of their squares' terms.
        if sizes > 0 and math.isfinite(error):
            yield Margin(f"noise_scales.alignment, {label}", error, 4 * case.n * curved)


@random_cases(
    "noise.at_minimum",
    cases=minimum_points,
    examples=60,
    forms=(
        "noise.trace_on_manifold",
        "noise.curvature_on_manifold",
        "noise.square_on_manifold",
        "noise.trace_equal",
        "noise.eigenvalue_equal",
    ),
)
def at_minimum(subject: Subject, case: PointCase) -> Iterator[Margin]:
    """At minima the trace of the covariance Sigma is (1 - sum c^4)/m, H Sigma is 0 under every kink
    convention, and the spectrum is that of diag(c^2)/m compressed to the sphere.
    """
    forms, m, n = subject.forms, case.m, case.n
    found = Measured(case)
    code = _code(case)
    Q, T = (float((code**power).sum()) for power in (4, 6))
    trace = float(np.trace(found.covariance))
    predicted = forms["noise.trace_on_manifold"](Q=Q, m=m)
    yield Margin("noise.trace_on_manifold", abs(trace - predicted), found.quadratic)
    curved = float(np.trace(found.hessian @ found.covariance))
    predicted = forms["noise.curvature_on_manifold"]()
    yield Margin("noise.curvature_on_manifold", abs(curved - predicted), found.curved)
    product = float(np.abs(found.hessian @ found.covariance).max())
    yield Margin("entries of H Sigma", product, found.curved)
    square = float((found.covariance**2).sum())
    predicted = forms["noise.square_on_manifold"](Q=Q, sixth_powers=T, m=m)
    # |Sigma| is at most 1/m, so its square is off by twice the error of n entries' worth.
    yield Margin("noise.square_on_manifold", abs(square - predicted), 4 * n * found.quadratic)
    # The compression of diag(c^2) to the directions along the sphere, whose eigenvalues are the
    # roots of sum c_i^2 / (c_i^2 - mu); all other directions have 0.
    along = np.eye(m) - np.outer(code, code)
    expected = np.zeros(n)
    expected[:m] = np.linalg.eigvalsh(along @ np.diag(code**2) @ along) / m
    error = np.abs(np.sort(expected) - np.linalg.eigvalsh(found.covariance)).max()
    allowed = spectrum_bound(n, 1 / m, found.quadratic)
    yield Margin("eigenvalues of Sigma at a minimum", float(error), allowed)
    # The minimum with k equal correlations on the same data.
    k = case.active
    equal = replace(case, at_minimum=True)
    equal.__dict__["correlations"] = np.where(np.arange(m) < k, 1 / math.sqrt(k), 0.0)
    dense = Measured(equal)
    predicted = forms["noise.trace_equal"](k=k, m=m)
    error = abs(float(np.trace(dense.covariance)) - predicted)
    yield Margin("noise.trace_equal", error, dense.quadratic)
    spectrum = np.linalg.eigvalsh(dense.covariance)
    value = forms["noise.eigenvalue_equal"](k=k, m=m)
    expected = np.sort(np.where(np.arange(n) < k - 1, value, 0.0))
    error = float(np.abs(spectrum - expected).max())
    yield Margin("noise.eigenvalue_equal", error, spectrum_bound(n, 1 / m, dense.quadratic))


@check(
    "instruments.noise",
    EvidenceKind.PROPERTY,
    bound="rounding, from the sizes of the terms",
    cases=points,
    examples=40,
    forms=("noise.trace", "noise.curvature", "noise.gradient_curvature"),
)
def instruments(subject: Subject, case: PointCase) -> Iterator[Margin]:
    """The instruments for the gradient noise of any loss agree with the closed forms."""
    forms = subject.forms
    N, C, _ = reduced_coordinates(case)
    Q = float((_code(case) ** 4).sum())
    objective = neuron_objective(case.weights, case.data.points.numpy(), case.activation)
    noise = gradient_noise(objective)
    # |g_i|^2 has terms of at most c^2 (N + 2)^2 + ...: all sizes are below those at |c|^2 = N.
    size = N * ((N + 2) ** 2 + (3 * N + 4) * N)
    rounding = 64 * (case.n + case.m) * EPS * size
    predicted = forms["noise.trace"](N=N, C=C, Q=Q, m=case.m)
    yield Margin("noise.trace", abs(noise.trace - predicted), rounding)
    curved = curved_noise(objective)
    matrix = hessian(case.weights, case.data, activation=case.activation)
    wide = float(torch.linalg.matrix_norm(matrix, 2))
    # At kinks the instruments have kappa = 0; gradients of points at a kink vanish, and <a_j, g> of
    # the others is c_j times a number, so kappa has no part in either.
    predicted = forms["noise.curvature"](N=N, C=C, Q=Q, m=case.m)
    allowed = case.n * rounding * (wide + 6 * N + 2)
    yield Margin("noise.curvature", abs(curved.trace - predicted), allowed)
    predicted = forms["noise.gradient_curvature"](N=N, C=C, m=case.m)
    yield Margin("noise.gradient_curvature", abs(curved.slope - predicted), allowed)
