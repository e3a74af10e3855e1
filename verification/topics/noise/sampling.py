"""Noise of mini-batches: every batch enumerated, in fractions, in both sampling modes.

Gradients come from two exact routes, the product rule of ``sgd.rational_sgd`` (a step of size 1)
and the reduced loss of ``verification.oracle.references``. Batches and their chances are
enumerated by ``verification.oracle.noise``, which knows no formula.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator
from fractions import Fraction

import numpy as np

from whichmin.core.batches import sampling_factor
from whichmin.core.data import make_data
from whichmin.core.frames import standard_basis
from whichmin.core.landscape import gradient
from whichmin.core.training.trainer import train
from whichmin.verification.evidence.check import Margin, Settings, check, differs
from whichmin.verification.evidence.exact import EXACT, exactly, value
from whichmin.verification.evidence.subject import Subject
from whichmin.verification.oracle import noise as oracle
from whichmin.verification.oracle.references import Matrix, Vector, dot, point_gradients
from whichmin.verification.topics.sgd.rational_sgd import PLANE, exact_step
from whichmin.words import Activation, EvidenceKind

__all__ = ["exact_gradients", "expected_halves"]

MODES = ("without-replacement", "with-replacement")
# A rotation of the plane by (3/5, 4/5) keeps the frame in fractions and off the standard basis.
_TURN = (Fraction(3, 5), Fraction(4, 5))


def frame(m: int, n: int) -> Matrix:
    """Build m orthonormal rows of length n in fractions, the first two turned in their plane."""
    rows = [[Fraction(int(i == j)) for j in range(n)] for i in range(m)]
    if m > 1:
        cosine, sine = _TURN
        rows[0][:2], rows[1][:2] = [cosine, sine], [-sine, cosine]
    return tuple(map(tuple, rows))


def weights(n: int) -> Vector:
    """Return a point in n dimensions with correlations of both signs, all different."""
    listed = (Fraction(2, 3), Fraction(1, 5), Fraction(-1, 4), Fraction(1, 2), Fraction(1, 7))
    return tuple(listed[j % 5] for j in range(n))


def exact_gradients(w: Vector, data: Matrix, activation: Activation) -> tuple[Matrix, Fraction]:
    """Compute the gradients of all points, and by how much two routes to them differ.

    Args:
        w: Weights.
        data: Points.
        activation: Identity or ReLU.

    Returns:
        Gradients, and the largest difference.
    """
    rows = tuple(
        tuple(p - q for p, q in zip(w, exact_step(w, [a], Fraction(1), activation), strict=True))
        for a in data
    )
    other = point_gradients(w, data, activation.value)
    pairs = (
        abs(p - q) for x, y in zip(rows, other, strict=True) for p, q in zip(x, y, strict=True)
    )
    return rows, max(pairs)


def _largest(m: int, mode: str) -> int:
    """Return the largest batch size that is listed: m, with replacement m + 1 and at most 4."""
    return m if mode == MODES[0] else min(m, 3) + 1


def _problems(largest: int = 4) -> Iterator[tuple[int, Activation, Matrix, Vector]]:
    """List problems: sizes, activations, data and points."""
    for m in range(2, largest + 1):
        for activation in Activation:
            n = m + 1
            yield m, activation, frame(m, n), weights(n)


@check(
    "noise.sampling",
    EvidenceKind.ENUMERATION,
    bound=EXACT,
    forms=("noise.sampling_without", "noise.sampling_with", "noise.balanced_batch"),
)
def sampling(subject: Subject, settings: Settings) -> Iterator[Margin]:
    """For m up to 4 (5 in the long version) the mean over all batches of a batch's mean gradient
    is the full one, its covariance is Sigma times (m - b)/(b (m - 1)) without and 1/b with
    replacement; without replacement noise equals signal at b = m B/(m - 1 + B), B = B_simple.
    """
    for m, activation, data, w in _problems(5 if settings.deep else 4):
        gradients, difference = exact_gradients(w, data, activation)
        label = f"{activation}, m = {m}"
        yield Margin(f"two exact gradients, {label}", float(difference), 0.0)
        mean, own = oracle.mean_and_covariance(gradients, 1, MODES[0])
        for mode in MODES:
            name = "noise.sampling_without" if mode == MODES[0] else "noise.sampling_with"
            for b in range(1, _largest(m, mode) + 1):
                factor = value(subject.forms[name], b=b, m=m)
                batch_mean, covariance = oracle.mean_and_covariance(gradients, b, mode)
                batches = sum(1 for _ in oracle.batches(m, b, mode))
                what = f"{name}, {label}, b = {b}"
                scaled = tuple(tuple(factor * x for x in row) for row in own)
                yield exactly(what, scaled, covariance, batches)
                yield exactly(f"mean, {label}, b = {b}, {mode}", batch_mean, mean, batches)
                # A correctly rounded quotient of small integers on both sides.
                fast = sampling_factor(m, b, mode)
                error = abs(fast - float(oracle.factor(m, b, mode)))
                yield Margin(f"sampling_factor, m = {m}, b = {b}, {mode}", error, 0.0)
        trace, energy = oracle.trace_and_square(gradients)
        # Noise over signal is u/b + v in 1/b: enumerated at b = 1 and b = 2, it is 1 at u/(1 - v).
        ratios = [
            _trace(oracle.mean_and_covariance(gradients, b, MODES[0])[1]) / energy for b in (1, 2)
        ]
        u = 2 * (ratios[0] - ratios[1])
        crossing = u / (1 - ratios[0] + u)
        balanced = value(subject.forms["noise.balanced_batch"], m=m, beta=trace / energy)
        yield exactly(f"noise.balanced_batch, {label}", balanced, crossing)


def _trace(matrix: Matrix) -> Fraction:
    return sum((matrix[i][i] for i in range(len(matrix))), Fraction(0))


def expected_halves(
    gradients: Matrix, small: int, large: int, mode: str
) -> tuple[Fraction, Fraction]:
    """Compute the expectation of McCandlish's two-batch estimates, by enumeration.

    Args:
        gradients: Gradients of the points.
        small: Smaller batch size.
        large: Larger batch size.
        mode: How batches are drawn.

    Returns:
        Expected estimates of ``tr Sigma`` and of ``|G|^2``.
    """
    first, second = (dot(*oracle.squares(gradients, b, mode)) for b in (small, large))
    trace = (first - second) / (Fraction(1, small) - Fraction(1, large))
    return trace, (large * second - small * first) / (large - small)


@check(
    "noise.two_batches",
    EvidenceKind.ENUMERATION,
    bound=EXACT,
    forms=(
        "noise.two_batch_trace",
        "noise.two_batch_energy",
        "noise.two_batch_trace_without",
        "noise.two_batch_energy_without",
        "noise.two_batch_corrected",
        "noise.two_batch_scale",
    ),
)
def two_batches(subject: Subject, settings: Settings) -> Iterator[Margin]:
    """Averaged over all batches, for m up to 4 (5 in the long version), the two-batch-size
    estimates of tr Sigma and |G|^2 are right with replacement; without, the first is m/(m - 1)
    times tr Sigma and the second tr Sigma/(m - 1) too small.
    """
    for m, activation, data, w in _problems(5 if settings.deep else 4):
        gradients, _ = exact_gradients(w, data, activation)
        tau, energy = oracle.trace_and_square(gradients)
        known = {"trace_sigma": tau, "signal": energy, "m": Fraction(m)}
        for mode in MODES:
            end = "_without" if mode == MODES[0] else ""
            pairs = itertools.combinations(range(1, _largest(m, mode) + 1), 2)
            for small, large in pairs:
                label = f"{activation}, m = {m}, b = {small} and {large}"
                trace, square = expected_halves(gradients, small, large, mode)
                found = {f"two_batch_trace{end}": trace, f"two_batch_energy{end}": square}
                if end:
                    found["two_batch_corrected"] = square + trace / m
                for name, expected in found.items():
                    form = value(subject.forms[f"noise.{name}"], **known)
                    yield exactly(f"noise.{name}, {label}", form, expected)
                # With one active point, tau = (m - 1) |G|^2, the expected |G|^2 is 0.
                if end and tau != (m - 1) * energy:
                    form = value(subject.forms["noise.two_batch_scale"], m=m, beta=tau / energy)
                    yield exactly(f"noise.two_batch_scale, {label}", form, trace / square)


# What is said of the noise of batches and does not hold without replacement.


counterexample = functools.partial(check, kind=EvidenceKind.COUNTEREXAMPLE, bound=EXACT)


@counterexample("refuted.noise_halves")
def noise_halves() -> Iterator[Margin]:
    """For three points without replacement, doubling the batch quarters the noise, and the full
    batch has none.
    """
    gradients, _ = exact_gradients(weights(3), frame(3, 3), Activation.LINEAR)
    traces = {b: _trace(oracle.mean_and_covariance(gradients, b, MODES[0])[1]) for b in (1, 2, 3)}
    yield differs("variance of b = 2 over b = 1", 1 / 2, float(traces[2] / traces[1]), 1e-15)
    yield exactly("variance of b = 2 over b = 1", traces[2] / traces[1], Fraction(1, 4))
    yield differs("variance of b = 3 over b = 1", 1 / 3, float(traces[3] / traces[1]), 1e-15)
    yield exactly("variance of b = 3", traces[3], Fraction(0))


@counterexample("refuted.noise_crossing")
def noise_crossing() -> Iterator[Margin]:
    """Without replacement the noise of a batch as large as B_simple does not equal the signal."""
    gradients, _ = exact_gradients((Fraction(3, 5), Fraction(3, 5)), PLANE, Activation.LINEAR)
    scale = oracle.noise_scale(gradients)
    assert scale is not None
    _, energy = oracle.trace_and_square(gradients)
    for b in (1, 2):
        noise = _trace(oracle.mean_and_covariance(gradients, b, MODES[0])[1]) / energy
        claimed = scale / b  # noise over signal, if it were 1 at B_simple
        if b == 1:
            yield exactly("noise over signal at b = 1", noise, claimed)
        else:
            yield differs("noise over signal at b = 2", float(claimed), float(noise), 1e-15)
    yield Margin("m over B_simple", float(2 / scale), 1.0)


@counterexample("refuted.two_batches_unbiased")
def two_batches_unbiased() -> Iterator[Margin]:
    """Without replacement the two-batch estimate of |G|^2 is negative on average at a minimum."""
    gradients, _ = exact_gradients((Fraction(3, 5), Fraction(4, 5)), PLANE, Activation.RELU)
    tau, energy = oracle.trace_and_square(gradients)
    trace, square = expected_halves(gradients, 1, 2, MODES[0])
    yield exactly("|G|^2 at a minimum", energy, Fraction(0))
    yield differs("expected estimate of |G|^2", 0.0, float(square), 1e-15)
    yield exactly("expected estimate of |G|^2", square, -tau)
    yield differs("expected estimate of tr Sigma", float(tau), float(trace), 1e-15)


# Weights with a large part off the span: |w|^2 is 1.99, where a point's gradient is close to
# c_i^2 w, almost the same for correlations that are almost equal.
START = (0.3, 0.28, 0.26, 1.32)


@check("noise.small_at_first", EvidenceKind.COUNTEREXAMPLE, bound="a tenth of the mass")
def small_at_first(batch_size: int = 2, start: tuple[float, ...] = START) -> Iterator[Margin]:
    """With three points and batches of two, noise is 1/256 of the signal at the start, and yet 32
    of 32 runs of SGD end at single points, while GD ends in a mixture.

    Args:
        batch_size: Of the run that should behave like GD.
        start: Starting weights.

    Yields:
        Noise over signal at the start, at most 1/200; the mass that each run leaves beside its
        largest correlation.
    """
    data, w = make_data(standard_basis(3, 4)), np.array(start)
    c, points = w[:3], np.eye(4)[:3]
    gradients = np.stack([gradient(w, point[None]).numpy() for point in points])
    ratio = float(gradients.var(axis=0).sum() / (gradients.mean(axis=0) ** 2).sum())
    ratio *= (3 - batch_size) / (batch_size * 2)
    told = f"noise over signal at the start {ratio:.4f}"
    yield Margin(told, ratio, 1 / 200, 1, told)
    beside = []
    for size in (3, batch_size):
        run = train(
            data, np.tile(w, (32, 1)), batch_size=size, step_size=0.3, seed=0, tolerance=1e-12,
        )  # fmt: skip
        ends = np.sort(run.weights.numpy()[:, :3] ** 2, axis=1)
        beside.append(ends[:, :2].sum(axis=1))
    # GD keeps the ratios of the start; a mini-batch run stops at a mass of 1e-12.
    kept = float(1 - c.max() ** 2 / (c @ c))
    yield Margin("mass beside the largest, GD", float(abs(beside[0] - kept).max()), 1e-5)
    told = "mass beside the winner, claimed like GD's and found in SGD"
    yield differs(told, kept, float(beside[1].max()), 0.1, len(beside[1]))
