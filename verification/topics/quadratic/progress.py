"""Progress of one step on a quadratic, in fractions, and the noise scale that decides it."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import numpy as np

from whichmin.core.quadratic.recursion import make_quadratic
from whichmin.symbolic.quadratic.critical_batch import progress_lemmas
from whichmin.verification.evidence.check import Margin, check, differs
from whichmin.verification.evidence.exact import EXACT, exactly, follows, truth, value
from whichmin.verification.evidence.rounding import EPS
from whichmin.verification.evidence.subject import Subject
from whichmin.verification.oracle.references import Matrix, Vector, dot
from whichmin.verification.topics.quadratic.exact import (
    QuadraticCase,
    batch_means,
    cases,
    loss,
    product,
    turned,
)
from whichmin.verification.topics.sgd.rational_sgd import ROUNDING
from whichmin.words import EvidenceKind

F = Fraction

__all__: list[str] = []


def _apply(matrix: Matrix, x: Vector) -> Vector:
    return tuple(dot(row, x) for row in matrix)


def _figures(H: Matrix, x: Vector, sigma: Matrix) -> tuple[Vector, Fraction, Fraction, Fraction]:
    """Compute the gradient G = H x, |G|^2, G^T H G and tr(H Sigma)."""
    G, noise = _apply(H, x), product(H, sigma)
    return G, dot(G, G), dot(G, _apply(H, G)), noise[0][0] + noise[1][1]


def _batch_gradients(G: Vector, case: QuadraticCase, size: int, replacement: bool) -> list[Vector]:
    means = batch_means(case.points, size, replacement)
    return [tuple(p + q for p, q in zip(G, noise, strict=True)) for noise in means]


def _decrease(x: Vector, H: Matrix, gradients: list[Vector], eta: Fraction) -> Fraction:
    """Compute the mean decrease of the loss over equally likely gradients."""
    ends = [tuple(p - eta * q for p, q in zip(x, g, strict=True)) for g in gradients]
    return loss(x, H) - sum((loss(end, H) for end in ends), F(0)) / len(ends)


def _best(x: Vector, H: Matrix, gradients: list[Vector]) -> tuple[Fraction, Fraction]:
    """Find the best step size and its mean decrease: a parabola through 0 and two values."""
    one, two = (_decrease(x, H, gradients, F(k)) for k in (1, 2))
    slope, bend = 2 * one - two / 2, two / 2 - one
    return -slope / (2 * bend), -(slope**2) / (4 * bend)


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
    """The mean decrease of a step over all batches, the best step size and the noise scale
    B_noise = tr(H Sigma)/(G^T H G) are as derived, with H and Sigma that do not commute.
    """
    forms = subject.forms
    # H turned, the noise as it is: they do not commute.
    H, x = turned(case.eigen), case.x
    G, U, Q, W = _figures(H, x, case.sigma)
    known: dict[str, Fraction | int] = {"U": U, "Q": Q, "W": W, "B": case.size, "eta": case.eta}
    gradients = _batch_gradients(G, case, case.size, replacement=True)
    decrease = _decrease(x, H, gradients, case.eta)
    yield exactly("critical.progress", value(forms["critical.progress"], **known), decrease)
    best, height = _best(x, H, gradients)
    yield exactly("critical.best_step", value(forms["critical.best_step"], **known), best)
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
    error = abs(best / (small * case.size / tiny) - share)
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
    """Bound the condition of both quotients: H x, G^T H G and tr(H Sigma) cancel by at most h/g."""
    return float((case.h / case.g) ** 2)


@check(
    "critical_batch.lemmas",
    EvidenceKind.IDENTITY,
    bound="exact: the difference must be identically zero",
)
def critical_batch_lemmas() -> Iterator[Margin]:
    """The mean decrease of a step is as derived in one to three dimensions, for all H and Sigma."""
    for chain in progress_lemmas().values():
        yield follows(chain.steps[0].reason, chain)


@check(
    "critical_batch.finite",
    EvidenceKind.PROPERTY,
    bound=EXACT,
    cases=cases,
    examples=20,
    forms=("critical.finite_samples",),
)
def finite(subject: Subject, case: QuadraticCase) -> Iterator[Margin]:
    """With batches without replacement from 5 points, samples are
    S_min (b + B_noise (m - b)/(m - 1)) and rise with b exactly for B_noise < m - 1.
    """
    form = subject.forms["critical.finite_samples"]
    H, x, m = turned(case.eigen), case.x, len(case.points)
    G, U, Q, W = _figures(H, x, case.sigma)
    most, scale = _decrease(x, H, [G], U / Q), W / Q
    found = []
    for size in range(1, m + 1):
        _, height = _best(x, H, _batch_gradients(G, case, size, replacement=False))
        found.append(size * most / height)
        known: dict[str, Fraction | int] = {"b": size, "B_noise": scale, "m": m, "S_min": 1}
        yield exactly(f"critical.finite_samples, b = {size}", value(form, **known), found[-1])
    # Linear in b: the least number of samples is at an end, at b = m exactly for a scale > m - 1.
    rises = found[-1] - found[0]
    fits = rises * (m - 1 - scale) >= 0 and max(found) == max(found[0], found[-1])
    yield truth("samples rise with b exactly for B_noise < m - 1", fits)


@check(
    "critical_batch.simple_scale",
    EvidenceKind.COUNTEREXAMPLE,
    bound="rounding of the two numbers",
    forms=("critical.noise_scale", "critical.best_progress"),
)
def simple_scale(subject: Subject, bend: int = 4) -> Iterator[Margin]:
    """For curvatures 1 and 4 at x = (1, 1), tr Sigma/|G|^2 = 2/17 and B_noise = 1/13 differ.

    H = diag(1, bend), Sigma = 1. At x = (bend, 1) both are ``1/bend^2``; at x = (1, 1) they are
    ``2/(1 + bend^2)`` and ``(1 + bend)/(1 + bend^3)``.

    Yields:
        The two scales, and the decrease at B = B_simple against half the largest.
    """
    forms = subject.forms
    H: Matrix = ((F(1), F(0)), (F(0), F(bend)))
    one: Matrix = ((F(1), F(0)), (F(0), F(1)))
    for x, same in (((F(bend), F(1)), True), ((F(1), F(1)), False)):
        _, U, Q, W = _figures(H, x, one)
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
