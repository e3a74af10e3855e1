"""Noise scales along runs and next to the minima: lemmas, limits, and what they are not."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import sympy as sp

from whichmin.core.data import make_data
from whichmin.core.frames import random_frame
from whichmin.core.noise.covariance import NoiseAlong, noise_along, noise_scales
from whichmin.core.training.result import TrainResult
from whichmin.core.training.trainer import train
from whichmin.symbolic.noise import covariance as noise
from whichmin.symbolic.noise import limits as noise_limits
from whichmin.symbolic.symbols import C, N, R, m
from whichmin.verification.evidence.check import Margin, Settings, check, differs
from whichmin.verification.evidence.exact import EXACT, exactly, follows, vanishing
from whichmin.verification.evidence.formula import evaluate
from whichmin.verification.evidence.rounding import EPS
from whichmin.verification.evidence.subject import Subject
from whichmin.verification.oracle import noise as oracle
from whichmin.verification.oracle import references
from whichmin.verification.provers.smt import Lemma, Variant, lemmas, smt
from whichmin.verification.topics.noise.sampling import exact_gradients
from whichmin.verification.topics.sgd.rational_sgd import PLANE
from whichmin.verification.topics.strategies import PointCase, points
from whichmin.words import Activation, EvidenceKind

__all__: list[str] = []

# The sign of dB_simple/dt along gradient flow, up to the factor 2 (1 - q) C / D^2 >= 0.
RISE = Lemma(
    "B_simple rises",
    "C R",
    ("C >= 0", "R >= 0", "C + R <= 4/3", "2 - 2*C - R >= 0"),
    ("E >= 0",),
    (
        ("top", "C*(4 - 3*C - 3*R)"),
        ("D", "(2 - 2*C - R)**2 + C*R"),
        ("topC", "4 - 6*C - 3*R"),
        ("topR", "0 - 3*C"),
        ("DC", "R - 4*(2 - 2*C - R)"),
        ("DR", "C - 2*(2 - 2*C - R)"),
        ("E", "(2 - 2*C - R)*(topC*D - top*DC) - R*(topR*D - top*DR)"),
    ),
    (
        Variant("|w|^2 up to 27/20", ("C + R <= 4/3",), ("C + R <= 27/20",)),
        Variant("another sign of dR/dt", where=(
            ("E", "(2 - 2*C - R)*(topC*D - top*DC) + R*(topR*D - top*DR)"),
        )),
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Start:
    """What a run starts from.

    Attributes:
        m: Number of data points.
        activation: Identity or ReLU.
        seed: Seed of the rest.
    """

    m: int
    activation: Activation
    seed: int


@check(
    "noise.identities",
    EvidenceKind.IDENTITY,
    bound="exact: residuals of derivations, none may be left",
)
def identities(subject: Subject) -> Iterator[Margin]:
    """For all m, N, C and power sums, m times the trace at a minimum is sum c^2 (1 - c^2) and the
    eigenvectors there are as derived; B_simple - (m - 1) is m (C^2 - Q)(4 - 3 |w|^2)/(C D), D a sum
    of squares; with one active point both scales are m - 1; along gradient flow B_simple has the
    rate derived.
    """
    forms, Q = subject.forms, noise.Q
    for chain in (*noise.eigenvectors(), noise.only_at_single_points()):
        yield follows(chain.steps[0].reason, chain)
    chain, sign = noise_limits.flow_rise()
    yield follows(chain.steps[0].reason, chain)
    text = evaluate("E", _symbols(RISE))
    yield vanishing("E in the lemma is the E of the flow", text - sign)
    above = forms["noise.simple_scale"].expression - (m - 1)
    below = (2 - N - C) ** 2 + C * (N - C)
    bracket = m * (C**2 - Q) * (4 - 3 * N) / (C * below)
    yield vanishing("B_simple - (m - 1) is m (C^2 - Q)(4 - 3 N)/(C D)", above - bracket)
    pairs = (
        ("tr Sigma", "noise.trace", "landscape.gradient_energy"),
        ("tr(H Sigma)", "noise.curvature", "noise.gradient_curvature"),
    )
    for what, top, bottom in pairs:
        one = forms[top].expression.subs(Q, C**2) - (m - 1) * forms[bottom].expression
        yield vanishing(f"one active point, Q = C^2: {what} is m - 1 times the signal", one)


def _symbols(lemma: Lemma) -> dict[str, sp.Expr]:
    """Read the lemma's variables and abbreviations as SymPy expressions, by name."""
    values: dict[str, sp.Expr] = {"C": C, "R": R}
    for name, term in lemma.where:
        values[name] = sp.sympify(term, locals=dict(values))
    return values


@smt("noise.rise")
def rise(statements: Sequence[Lemma] = (RISE,)) -> Iterator[Margin]:
    """B_simple does not fall along gradient flow while |w|^2 <= 4/3 and |w|^2 + C <= 2."""
    return lemmas(statements)


expansion = functools.partial(
    check,
    kind=EvidenceKind.PROPERTY,
    bound="the next order of the expansion, and rounding in units of the leading one",
)


@expansion(
    "noise.near_vertex",
    cases=points,
    examples=60,
    forms=("noise.vertex_simple", "noise.vertex_curved"),
)
def near_vertex(subject: Subject, case: PointCase) -> Iterator[Margin]:
    """At a single data point both noise scales have the limits derived, which depend on the
    direction of approach.
    """
    rng = np.random.default_rng(case.seed)
    count, n = case.m, case.n + 1
    frame = random_frame(count, n, case.seed)
    r, s, length = rng.uniform(0.3, 1.0, 3) * (1, count > 1, 1)
    own = rng.uniform(0.3, 1.0, count)
    own[0] = 0.0
    off = rng.normal(size=n)
    off -= (off @ frame.T) @ frame
    # ReLU's last point, if it is not the only other one, is inactive: part of the rest.
    rest = length * off / np.linalg.norm(off)
    if case.activation is Activation.RELU and count > 2:
        own[-1] = 0.0
        rest = rest - 0.5 * frame[-1]
    if count > 1:
        own *= s / np.linalg.norm(own)
    t = 1e-6
    w = frame[0] + t * (r * frame[0] + own @ frame + rest)
    found = noise_scales(w, frame, activation=case.activation)
    forms = subject.forms
    values = {
        "radial": float(r), "tangential": float(np.linalg.norm(own)), "R": float(rest @ rest),
        "m": count,
    }  # fmt: skip
    # What is left out is t relative to what is kept, times sums of at most m ratios of numbers
    # between 0.3 and 1 (100 each); rounding of w moves the displacement by EPS/t, relatively.
    for name, value in (("vertex_simple", found.simple), ("vertex_curved", found.curved)):
        form = forms[f"noise.{name}"]
        predicted = form(**{a: values[a] for a in form.arguments})
        allowed = 100 * count * (t + EPS / t) * (1 + abs(predicted))
        yield Margin(f"noise.{name}", abs(value - predicted), allowed)


@functools.lru_cache(maxsize=256)
def _run(case: Start, *, flat: bool, batch: int | None, step_size: float) -> TrainResult:
    """Train from |w| = 0.7, all correlations positive; ``flat`` leaves out the off-span part."""
    count, n = case.m, case.m + (0 if flat else 2)
    rng = np.random.default_rng(case.seed)
    frame = random_frame(count, n, case.seed)
    w = rng.uniform(0.3, 1.0, count) @ frame
    if not flat:
        off = rng.normal(size=n)
        off -= (off @ frame.T) @ frame
        w = w / np.linalg.norm(w) + 0.5 * off / np.linalg.norm(off)
    return train(
        make_data(frame),
        0.7 * w / np.linalg.norm(w),
        activation=case.activation,
        batch_size=batch,
        step_size=step_size,
        seed=case.seed,
        tolerance=1e-16 if batch is None else 1e-7,
        record_at=1,
        engine="reduced",
    )


def _starts(settings: Settings, largest: int, runs: int) -> Iterator[tuple[Start, float]]:
    """Draw starts of both activations and all sizes up to the largest, and alpha for each."""
    for number in range(runs * (10 if settings.deep else 1)):
        rng = np.random.default_rng((settings.seed, number))
        activation = tuple(Activation)[number // 2 % 2]
        size = 2 + number % (largest - 1)
        yield Start(size, activation, int(rng.integers(2**32))), float(rng.uniform(0.1, 0.2))


def _energies(run: TrainResult) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Compute N, C and R along a run whose correlations stay positive."""
    assert run.trajectory is not None, "it was recorded"
    squares = run.trajectory.correlations[:, 0] ** 2
    rest = run.trajectory.off_span_energy[:, 0]
    return squares.sum(1) + rest, squares.sum(1), rest


@expansion("noise.along_gd", forms=("noise.gd_slope", "noise.gd_curved"))
def along_gd(subject: Subject, settings: Settings) -> Iterator[Margin]:
    """Along GD runs B_simple never falls, and (2 - N - C)/R and B_noise tend to the limits derived.

    The off-span part R decays last; limits are taken at R = 1e-7.
    """
    forms = subject.forms
    for case, alpha in _starts(settings, 6, 8):
        count, step_size = case.m, alpha * case.m
        run = _run(case, flat=False, batch=None, step_size=step_size)
        norm, energy, rest = _energies(run)
        along = noise_along(run)
        place = int(np.flatnonzero(rest > 1e-7)[-1])
        left = float(rest[place])
        assert run.trajectory is not None
        code = run.trajectory.correlations[place, 0] / np.sqrt(energy[place])
        # What is left out is R times ratios of at most 1/(1 - Q) <= 100 here and m; the figures
        # are differences of numbers of size 1 with EPS each, in units of R.
        slope = float(2 - norm[place] - energy[place]) / left
        allowed = 1000 * count * (left + EPS / left)
        predicted = forms["noise.gd_slope"](eta=step_size, m=count)
        yield Margin(f"noise.gd_slope, {case}", abs(slope - predicted), allowed)
        predicted = forms["noise.gd_curved"](eta=step_size, m=count, Q=float((code**4).sum()))
        error = abs(float(along.curved[place, 0]) - predicted)
        yield Margin(f"noise.gd_curved, {case}", error, allowed)
        yield _falls(along, place)


def _falls(along: NoiseAlong, last: int) -> Margin:
    """Measure the largest fall of B_simple from one step to the next, against its rounding."""
    values = along.simple[: last + 1, 0]
    # |G|^2 of order R >= 1e-7 with an error of EPS |G|: relative 2 EPS / sqrt(R), tenfold.
    allowed = 20 * EPS / np.sqrt(1e-7)
    fall = float(np.max((values[:-1] - values[1:]) / (1 + values[:-1]), initial=0.0))
    return Margin("B_simple falls along GD", max(fall, 0.0), allowed, len(values))


@expansion("noise.along_sgd", forms=("noise.sgd_slope", "noise.sgd_curved", "noise.sgd_simple"))
def along_sgd(subject: Subject, settings: Settings) -> Iterator[Margin]:
    """Along single-sample runs (2 - N - C)/s^2, B_noise and s^2 B_simple tend to the limits
    derived, where s^2 is the energy of the losing points.

    The runs lie within the span; limits are taken at s^2 = 1e-6.
    """
    forms = subject.forms
    for case, step_size in _starts(settings, 4, 4):
        count = case.m
        run = _run(case, flat=True, batch=1, step_size=step_size)
        assert run.trajectory is not None
        losers = np.sort(run.trajectory.correlations[:, 0] ** 2, axis=1)[:, :-1].sum(1)
        place = int(np.flatnonzero(losers > 1e-6)[-1])
        left = float(losers[place])
        norm, energy, _ = _energies(run)
        weights = run.trajectory.correlations[place, 0] @ run.data.points.numpy()
        found = noise_scales(weights, run.data, activation=case.activation)
        slope = float(2 - norm[place] - energy[place]) / left
        # What is left out is s^2 times ratios of at most 1/eta^2 <= 100; figures of order s^2
        # carry roundings EPS.
        allowed = 100 * count * (left + EPS / left)
        predicted = forms["noise.sgd_slope"](eta=step_size)
        yield Margin(f"noise.sgd_slope, {case}", abs(slope - predicted), allowed)
        predicted = forms["noise.sgd_curved"](eta=step_size, m=count)
        error = abs(found.curved / predicted - 1)
        yield Margin(f"noise.sgd_curved, {case}", error, allowed)
        predicted = forms["noise.sgd_simple"](eta=step_size, m=count)
        error = abs(found.simple * left / predicted - 1)
        yield Margin(f"noise.sgd_simple, {case}", error, allowed)


# What is said of noise scales and does not hold, in fractions.


@check("refuted.noise_scales", EvidenceKind.COUNTEREXAMPLE, bound=EXACT)
def refuted_noise_scales() -> Iterator[Margin]:
    """For two points at w = (4/5, 2/5) the two noise scales differ, and the one weighted with the
    curvature is negative.
    """
    w = (Fraction(4, 5), Fraction(2, 5))
    gradients, _ = exact_gradients(w, PLANE, Activation.LINEAR)
    simple = oracle.noise_scale(gradients)
    curved = oracle.batch_noise_scale(w, PLANE, "linear")
    assert simple is not None
    assert curved is not None
    yield differs("B_noise against B_simple", float(simple), float(curved), 1e-15)
    yield Margin(f"B_noise = {curved} is negative", max(float(curved), 0.0), 0.0)


@check("refuted.noise_is_curvature", EvidenceKind.COUNTEREXAMPLE, bound=EXACT)
def noise_is_curvature() -> Iterator[Margin]:
    """At a mixture neither the Hessian nor the covariance is 0, but their product is."""
    zero = ((Fraction(0), Fraction(0)), (Fraction(0), Fraction(0)))
    w = (Fraction(3, 5), Fraction(4, 5))
    for activation in Activation:
        gradients, _ = exact_gradients(w, PLANE, activation)
        _, covariance = oracle.mean_and_covariance(gradients, 1, "without-replacement")
        matrix = references.hessian(w, PLANE, activation.value, Fraction(0))
        # Sigma is symmetric: its rows are its columns.
        product = tuple(tuple(references.dot(row, c) for c in covariance) for row in matrix)
        yield exactly(f"entries of H Sigma, {activation}", product, zero)
        trace = float(covariance[0][0] + covariance[1][1])
        yield differs(f"tr Sigma, {activation}", 0.0, trace, 1e-15)
        yield differs(f"tr H (sum over points), {activation}", 0.0,
                      float(matrix[0][0] + matrix[1][1]), 1e-15)  # fmt: skip


@check(
    "refuted.noise_grows",
    EvidenceKind.COUNTEREXAMPLE,
    bound="a hundredth, which the fall must exceed in every step",
)
def noise_grows() -> Iterator[Margin]:
    """From a start with |w|^2 above 4/3, B_simple begins below m - 1 and falls at first.

    The start has |w|^2 = 3.17.
    """
    data = tuple(tuple(Fraction(int(i == j)) for j in range(3)) for i in range(2))
    w: references.Vector = (Fraction(3, 5), Fraction(1, 2), Fraction(8, 5))
    scales = []
    for _ in range(3):
        gradients, _ = exact_gradients(w, data, Activation.LINEAR)
        scale = oracle.noise_scale(gradients)
        assert scale is not None
        scales.append(float(scale))
        mean = tuple(sum(g, Fraction(0)) / 2 for g in zip(*gradients, strict=True))
        w = tuple(v - Fraction(1, 5) * g for v, g in zip(w, mean, strict=True))
    for before, after in itertools.pairwise(scales):
        # By a hundredth a step: more than a reader could take for rounding.
        yield Margin(f"B_simple goes from {before:.6g} to {after:.6g}", 0.01, before - after)
    yield Margin(f"B_simple = {scales[0]:.6g}, below m - 1", EPS, 1 - scales[0])
