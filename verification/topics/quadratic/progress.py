"""The noise scale that counts: progress of a step on a quadratic, exactly."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction

import numpy as np

from whichmin.core.quadratic.recursion import make_quadratic
from whichmin.symbolic.quadratic.critical_batch import progress_lemmas
from whichmin.verification.evidence.check import Margin, check, differs
from whichmin.verification.evidence.rounding import EPS
from whichmin.verification.evidence.subject import Subject
from whichmin.verification.topics.quadratic.exact import (
    Matrix,
    QuadraticCase,
    Vector,
    batch_means,
    cases,
    loss,
    product,
    turned,
)
from whichmin.verification.topics.quadratic.recursion import EXACT, exactly, value
from whichmin.words import EvidenceKind

F = Fraction
ROUNDING = 2.0**-51

__all__: list[str] = []


def _apply(matrix: Matrix, x: Vector) -> Vector:
    return tuple(row[0] for row in product(matrix, tuple((entry,) for entry in x)))


def _dot(left: Vector, right: Vector) -> Fraction:
    return sum((p * q for p, q in zip(left, right, strict=True)), F(0))


def _trace(left: Matrix, right: Matrix) -> Fraction:
    found = product(left, right)
    return sum((found[i][i] for i in range(len(found))), F(0))


def _decrease(x: Vector, H: Matrix, gradients: list[Vector], eta: Fraction) -> Fraction:
    """Mean decrease of the loss over equally likely gradients."""
    ends = [tuple(p - eta * q for p, q in zip(x, g, strict=True)) for g in gradients]
    return loss(x, H) - sum((loss(end, H) for end in ends), F(0)) / len(ends)


@check(
    "critical_batch.progress",
    EvidenceKind.PROPERTY,
    bound=f"{EXACT}; rounding of the numeric layer",
    cases=cases,
    examples=30,
    forms=tuple(
        f"critical.{name}"
        for name in (
            "progress",
            "best_step",
            "largest_progress",
            "noise_scale",
            "best_progress",
            "rule_share",
        )
    ),
)
def progress(subject: Subject, case: QuadraticCase) -> Iterator[Margin]:
    """Mean decrease of a step over all batches, the best step size and B_noise = tr(H Sigma)/(G^T H
    G), H and Sigma not commuting.
    """
    forms = subject.forms
    # H turned, the noise as it is: they do not commute.
    H, x = turned(case.eigen), case.x
    G, sigma = _apply(H, x), case.sigma
    U, Q, W = _dot(G, G), _dot(G, _apply(H, G)), _trace(H, sigma)
    known: dict[str, Fraction | int] = {"U": U, "Q": Q, "W": W, "B": case.size, "eta": case.eta}
    gradients = [
        tuple(p + q for p, q in zip(G, noise, strict=True))
        for noise in batch_means(case.points, case.size, replacement=True)
    ]
    decrease = _decrease(x, H, gradients, case.eta)
    yield exactly("critical.progress", value(forms["critical.progress"], **known), decrease)
    # The mean decrease is a parabola in eta through 0: two values of it give top and height.
    one, two = (_decrease(x, H, gradients, F(k)) for k in (1, 2))
    slope, bend = 2 * one - two / 2, two / 2 - one
    best = value(forms["critical.best_step"], **known)
    yield exactly("critical.best_step", best, -slope / (2 * bend))
    height = -(slope**2) / (4 * bend)
    most = _decrease(x, H, [G], U / Q)
    largest = value(forms["critical.largest_progress"], **known)
    yield exactly("critical.largest_progress", largest, most)
    yield exactly("critical.largest_progress, other steps", _decrease(x, H, [G], 2 * U / Q), F(0))
    # height = most/(1 + B_noise/B)
    scale = (most / height - 1) * case.size
    yield exactly("critical.noise_scale", value(forms["critical.noise_scale"], **known), scale)
    # The rule, from a batch so small that its own step is best up to 2^-200 of it.
    tiny = F(1, 2**200) * scale
    small = value(forms["critical.best_step"], U=U, Q=Q, W=W, B=tiny)
    share = value(forms["critical.rule_share"], B=case.size, B_noise=scale)
    error = abs(-slope / (2 * bend) / (small * case.size / tiny) - share)
    yield Margin("critical.rule_share", float(error), 2.0**-199)
    name = "critical.best_progress"
    found = value(forms[name], L_max=most, B_noise=scale, B=case.size)
    yield exactly(name, found, height)
    yield from _numeric(case, H, known, decrease)


def _numeric(
    case: QuadraticCase, H: Matrix, known: dict[str, Fraction | int], decrease: Fraction
) -> Iterator[Margin]:
    matrix, noise = (np.array(m, dtype=np.float64) for m in (H, case.sigma))
    model = make_quadratic((matrix + matrix.T) / 2, noise)
    x = np.array([float(e) for e in case.x])
    after = model.mean_loss_after(x, float(case.eta), case.size)
    before = float(loss(case.x, H))
    # About 30 roundings of terms no larger than the losses and the noise's part.
    size = before + abs(after) + float(case.eta**2 * F(known["W"]))
    error = abs(before - after - float(decrease))
    yield Margin("critical.progress, core", error, 64 * EPS * size)
    scale, simple = model.noise_scales(x)
    wanted = float(F(known["W"]) / F(known["Q"]))
    bound = 64 * EPS * _condition(case)
    yield Margin("critical.noise_scale, core", abs(scale - wanted), bound * wanted)
    trace = sum(case.sigma[i][i] for i in range(2))
    wanted = float(trace / F(known["U"]))
    yield Margin("B_simple, core", abs(simple - wanted), bound * wanted)


def _condition(case: QuadraticCase) -> float:
    """Of both quotients: H x, G^T H G and tr(H Sigma) may cancel, each by h/g at most."""
    return float((case.h / case.g) ** 2)


@check(
    "critical_batch.lemmas",
    EvidenceKind.IDENTITY,
    bound="exact: the difference must be identically zero",
)
def critical_batch_lemmas() -> Iterator[Margin]:
    """Mean decrease of a step in one to three dimensions, H and Sigma symbolic."""
    for chain in progress_lemmas().values():
        failures = chain.failures()
        wrong = math.inf if failures else 0.0
        yield Margin("; ".join(failures) or chain.steps[0].reason, wrong, 1.0)


@check(
    "critical_batch.finite",
    EvidenceKind.PROPERTY,
    bound=EXACT,
    cases=cases,
    examples=20,
    forms=("critical.finite_samples",),
)
def finite(subject: Subject, case: QuadraticCase) -> Iterator[Margin]:
    """Batches without replacement from 5 points: samples are S_min (b + B_noise (m - b)/(m - 1)),
    rising with b exactly for B_noise < m - 1.

    All batches of 5 points without replacement: steps from the best decrease of each size.
    """
    form = subject.forms["critical.finite_samples"]
    H, x, m = turned(case.eigen), case.x, len(case.points)
    G = _apply(H, x)
    most = _decrease(x, H, [G], _dot(G, G) / _dot(G, _apply(H, G)))
    scale = _trace(H, case.sigma) / _dot(G, _apply(H, G))
    found = []
    for size in range(1, m + 1):
        gradients = [
            tuple(p + q for p, q in zip(G, noise, strict=True))
            for noise in batch_means(case.points, size, replacement=False)
        ]
        one, two = (_decrease(x, H, gradients, F(k)) for k in (1, 2))
        slope, bend = 2 * one - two / 2, two / 2 - one
        steps = most / (-(slope**2) / (4 * bend))
        found.append(size * steps)
        known: dict[str, Fraction | int] = {"b": size, "B_noise": scale, "m": m, "S_min": 1}
        yield exactly(f"critical.finite_samples, b = {size}", value(form, **known), found[-1])
    # Linear in b: the least number of samples is at an end, at b = m exactly for a scale > m - 1.
    rises = found[-1] - found[0]
    fits = rises * (m - 1 - scale) >= 0 and max(found) == max(found[0], found[-1])
    yield Margin("samples rise with b exactly for B_noise < m - 1", 0.0 if fits else math.inf, 1.0)


@check(
    "critical_batch.simple_scale",
    EvidenceKind.COUNTEREXAMPLE,
    bound="rounding of the two numbers",
    forms=("critical.noise_scale", "critical.best_progress"),
)
def simple_scale(subject: Subject, bend: int = 4) -> Iterator[Margin]:
    """Curvatures 1 and 4, x = (1, 1): tr Sigma/|G|^2 = 2/17 and B_noise = 1/13 differ.

    H = diag(1, bend), Sigma = 1, x = (bend, 1): G = (bend, bend).

    B_simple = 2/(2 bend^2), B_noise = (1 + bend)/(bend^2 (1 + bend)): here they agree; not so at
    x = (1, 1), G = (1, bend): 2/(1 + bend^2) against (1 + bend)/(1 + bend^3).

    Yields:
        The two scales, and the decrease at B = B_simple against half the largest.
    """
    forms = subject.forms
    H: Matrix = ((F(1), F(0)), (F(0), F(bend)))
    one: Matrix = ((F(1), F(0)), (F(0), F(1)))
    for x, same in (((F(bend), F(1)), True), ((F(1), F(1)), False)):
        G = _apply(H, x)
        U, Q, W = _dot(G, G), _dot(G, _apply(H, G)), _trace(H, one)
        scale = value(forms["critical.noise_scale"], W=W, Q=Q)
        simple = 2 / U
        if same:
            yield exactly("critical.noise_scale at x = (4, 1)", scale, simple)
            continue
        told = "noise scale: tr Sigma/|G|^2, B_noise"
        yield differs(told, float(simple), float(scale), ROUNDING)
        best = value(forms["critical.best_progress"], L_max=1, B_noise=scale, B=simple)
        told = "decrease at B = B_simple, in units of the largest"
        yield differs(told, 0.5, float(best), ROUNDING)
