"""Keskar's metric at minima: where in the box the loss is largest, proved and compared.

Closed forms are compared with an enumeration of all corners in exact fractions (that of the
oracle) and with :mod:`whichmin.core.perturbation.box`.

Notation of the lemmas: ``x = w + z``, q its active energy, ``N = |x|^2``, ``v = N - q``; the rise
over the minimum, times 2m, is ``(1-q)^2 + q v = 1 + q (N-2)``. Capital letters are upper ends. The
lemmas add up to the location of the maximum as :mod:`whichmin.symbolic.perturbation.keskar` argues
it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from whichmin.core.landscape import loss
from whichmin.core.perturbation.box import keskar_exact, keskar_upper_bound
from whichmin.verification.evidence.check import Margin, check
from whichmin.verification.evidence.rounding import product_bound
from whichmin.verification.evidence.subject import Subject
from whichmin.verification.oracle.checks.keskar import largest_loss
from whichmin.verification.provers.smt import Lemma, Variant, lemmas, smt
from whichmin.verification.topics.strategies import PointCase, minimum_points
from whichmin.words import Activation, EvidenceKind

__all__ = [
    "BOX",
    "FRAMES",
    "MOVE",
    "NORM",
    "BoxCase",
    "box_sizes",
    "boxes",
    "exact_metric",
]

Floats = NDArray[np.float64]

BOX = (
    Lemma(
        "an active coordinate: squares of both ends, the lower one at least 0, add up to 2 c^2",
        "c r",
        ("0 <= c", "0 <= r"),
        ("(c + r)**2 + (c - r)**2 >= 2*c**2", "r <= c or (c + r)**2 >= 2*c**2"),
        variants=(
            Variant("to 3 c^2", then=("(c + r)**2 + (c - r)**2 >= 3*c**2",)),
        ),
    ),
    Lemma(
        "linear: the upper end of q wins if both ends add up to 2",
        "a q Q v V",
        ("0 <= a <= q <= Q", "0 <= v <= V", "a + Q >= 2"),
        ("(1 - q)**2 + q*v <= (1 - Q)**2 + Q*V",),
        variants=(Variant("to 1", ("a + Q >= 2",), ("a + Q >= 1",)),),
    ),
    Lemma(
        "large box: both factors are largest at the outer corner",
        "q Q N M",
        ("0 <= q <= Q", "0 <= N <= M", "M >= 2"),
        ("q*(N - 2) <= Q*(M - 2)",),
        variants=(Variant("norms from 1 on", ("M >= 2",), ("M >= 1",)),),
    ),
    Lemma(
        "small box, ReLU: inactive points at -eps, active ones at the outer end "
        "(h of the inactive energy on the active side, u on the other)",
        "a p P h u E",
        ("0 <= a <= p <= P", "a + P >= 2", "0 <= h", "0 <= u", "h + u <= E", "P + E <= 2"),
        ("(p + h)*(p + h + u - 2) <= P*(P + E - 2)",),
        variants=(
            Variant("whatever the ends of the active part", ("a + P >= 2",)),
            Variant("norms up to 3", ("P + E <= 2",), ("P + E <= 3",)),
        ),
    ),
    Lemma(
        "k equal correlations in a small box: k (c + r)^2 <= 2 = 2 k c^2 leaves all of them active",
        "c r",
        ("0 < c", "0 <= r", "(c + r)**2 <= 2*c**2"),
        ("r <= c",),
        variants=(
            Variant("norms up to 5", ("(c + r)**2 <= 2*c**2",), ("(c + r)**2 <= 5*c**2",)),
        ),
    ),
)  # fmt: skip

# A move by z of ``|z|^2 = s`` and ``<w,z> = t``.
MOVE = ("0 <= q <= N", "q >= (1 + t)**2", "t**2 <= s")
NORM = ("N", "1 + 2*t + s")
FRAMES = (
    Lemma(
        "Keskar's box in any frame: upper bound from the largest <w,z> and |z|^2, small box",
        "q t s T Z",
        (*MOVE, "-T <= t <= T", "s <= Z", "2*T + Z <= 1"),
        ("1 + q*(N - 2) <= T**2*(3 + 2*T + Z) + Z*(1 + 2*T)",),
        (NORM,),
        (Variant("without the term in Z", then=("1 + q*(N - 2) <= T**2*(3 + 2*T + Z)",)),),
    ),
    Lemma(
        "Keskar's box in any frame: upper bound, large box",
        "q t s T Z",
        (*MOVE, "-T <= t <= T", "s <= Z", "2*T + Z >= 1"),
        ("1 + q*(N - 2) <= (2*T + Z)**2",),
        (NORM,),
        (Variant("in a small box too", ("2*T + Z >= 1",)),),
    ),
)


@smt("measures.location")
def location(statements: Sequence[Lemma] = BOX) -> Iterator[Margin]:
    """In Keskar's box on standard-basis data linear minima have the maximum at the outer corner for
    every eps, ReLU minima with the inactive points at -eps while |x|^2 <= 2, else at +eps.
    """
    return lemmas(statements)


@smt("measures.frames_bound")
def frames_bound(statements: Sequence[Lemma] = FRAMES) -> Iterator[Margin]:
    """Keskar's metric at a minimum in any orthonormal frame is at most a function of eps, m, n and
    sum |w_j|.
    """
    return lemmas(statements)


@dataclass(frozen=True)
class BoxCase:
    """A minimum on standard-basis data with a box around it.

    Attributes:
        m: Number of data points.
        n: Dimension.
        k: Number of active points.
        epsilon: Relative size of the box.
        activation: Identity or ReLU.
        seed: Seed of the weights; None for equal correlations.
    """

    m: int
    n: int
    k: int
    epsilon: float
    activation: Activation
    seed: int | None

    @cached_property
    def weights(self) -> Floats:
        """The minimum, shape ``(n,)``."""
        size = np.ones(self.k)
        if self.seed is not None:
            size = np.random.default_rng(self.seed).uniform(0.05, 1.0, self.k)
        w = np.zeros(self.n)
        w[: self.k] = size / np.linalg.norm(size)
        return w

    @property
    def total(self) -> float:
        """Sum of the correlations."""
        return float(self.weights.sum())

    @property
    def covered(self) -> bool:
        """Whether the closed form applies, as no active point can cross its kink in a small box."""
        smallest = self.weights[: self.k].min()
        large = np.sum((np.abs(self.weights) * (1 + self.epsilon) + self.epsilon) ** 2) >= 2
        reach = self.epsilon * (smallest + 1)
        return bool(
            self.activation is Activation.LINEAR or large or reach <= smallest or self.k == 1
        )


@st.composite
def boxes(draw: st.DrawFn) -> BoxCase:
    """Draw a minimum, equal or unequal, with a box of 1e-4 to 1.

    Args:
        draw: Supplied by Hypothesis.

    Returns:
        The case.
    """
    m = draw(st.integers(1, 5))
    return BoxCase(
        m=m,
        n=m + draw(st.integers(0, 4)),
        k=draw(st.integers(1, m)),
        epsilon=10.0 ** draw(st.floats(-4, 0)),
        activation=draw(st.sampled_from(list(Activation))),
        seed=draw(st.none() | st.integers(0, 2**32 - 1)),
    )


def exact_metric(w: Sequence[Fraction], m: int, eps: Fraction, activation: str) -> Fraction:
    """Compute Keskar's metric on standard-basis data over all corners, in exact fractions.

    It is ``100 (max loss - own)/(1 + own)``, ``own`` the loss at the weights.

    Args:
        w: Weights in the span of the data, no active correlation below 0.
        m: Number of data points.
        eps: Relative size of the box.
        activation: ``linear`` or ``relu``.

    Returns:
        The metric, in percent.
    """
    reach = [eps * (abs(x) + 1) for x in w]
    low, high = ([x + s * r for x, r in zip(w, reach, strict=True)] for s in (-1, 1))
    energy = sum((x * x for x in w), Fraction(0))
    own = Fraction(1, 2) + energy * (energy - 2) / (2 * m)
    return 100 * (largest_loss(low, high, m, activation) - own) / (1 + own)


def box_sizes(w: Floats, eps: float) -> tuple[Floats, float, float]:
    """Compute half-widths of Keskar's box, and the largest ``<w,z>`` and ``|z|^2`` in it.

    Args:
        w: Weights, shape ``(n,)``.
        eps: Relative size of the box.

    Returns:
        ``eps (|w_j| + 1)``, shape ``(n,)``, T and Z.
    """
    reach = eps * (np.abs(w) + 1)
    return reach, float(np.abs(w) @ reach), float(reach @ reach)


def _closed_metric(subject: Subject, case: BoxCase) -> tuple[float, float, float]:
    """Compute Keskar's metric, active energy and squared norm at the maximum by closed forms."""
    forms, box = subject.forms, {"eps": case.epsilon, "s": case.total}
    norm = float(forms["keskar.largest_norm"](n=case.n, **box))
    as_linear = case.activation is Activation.LINEAR or norm >= 2
    energy = float(forms["keskar.active_energy"](k=case.m if as_linear else case.k, **box))
    return float(forms["keskar.percent"](N=norm, m=case.m, q_max=energy)), energy, norm


def _metric_bound(case: BoxCase, energy: float, norm: float) -> float:
    """Bound the rounding of a difference of two such losses, in percent; 8 for w, q and N."""
    return 100 * product_bound(case.n, 1.0, 8 * (1 + energy) * (1 + norm) / case.m)


_ROUNDING = "rounding, from the sizes of the terms"


@check(
    "measures.keskar_corners",
    EvidenceKind.PROPERTY,
    bound=_ROUNDING,
    cases=boxes,
    examples=120,
    forms=("keskar.percent", "keskar.active_energy", "keskar.largest_norm"),
)
def keskar_corners(subject: Subject, case: BoxCase) -> Iterator[Margin]:
    """For Keskar's metric at minima on standard-basis data, linear and ReLU, with any box, closed
    form, exact maximum and the best of all corners in exact fractions agree.
    """
    exact = keskar_exact(case.weights, case.m, case.epsilon, activation=case.activation)
    w = [Fraction(float(x)) for x in case.weights]
    corner = float(exact_metric(w, case.m, Fraction(case.epsilon), case.activation.value))
    allowed = _metric_bound(case, exact.active_energy, exact.squared_norm)
    yield Margin("exact maximum against all corners", abs(exact.percent - corner), allowed)
    if case.covered:
        metric, energy, norm = _closed_metric(subject, case)
        yield Margin("keskar.percent against all corners", abs(metric - corner), allowed)
        yield Margin("keskar.active_energy", abs(energy - exact.active_energy), allowed)
        yield Margin("keskar.largest_norm", abs(norm - exact.squared_norm), allowed)


@check(
    "measures.keskar_small_box",
    EvidenceKind.PROPERTY,
    bound="the next terms of the expansion in eps, and rounding",
    cases=boxes,
    examples=80,
    forms=("keskar.small", "keskar.small_difference", "keskar.threshold"),
)
def keskar_small_box(subject: Subject, case: BoxCase) -> Iterator[Margin]:
    """For small boxes Keskar's metric, its difference of the two minima, and the box at which
    ReLU's inactive points change sides are those of the closed forms.
    """
    forms, s, eps = subject.forms, case.total, 1e-5
    k = case.m if case.activation is Activation.LINEAR else case.k
    at = {"m": case.m, "n": case.n}
    # Terms of the expanded metric beyond eps^2, from (q - 1)^2 and q v with q - 1 = 2 eps (1 + s) +
    # eps^2 (1 + 2s + k), v <= n eps^2; and rounding, divided by eps^2.
    size = 1 + 2 * s + case.n
    left = eps * (8 * (1 + s) * size + 2 * eps * size**2) * 100 / (3 * case.m - 1)
    allowed = left + 100 * product_bound(case.n, 1.0, 32 / case.m) / eps**2
    found = keskar_exact(case.weights, case.m, eps, activation=case.activation).percent / eps**2
    predicted = forms["keskar.small"](k=k, s=s, **at)
    yield Margin("keskar.small", abs(found - predicted), allowed)
    single = np.eye(case.n)[0]
    if case.activation is Activation.RELU:
        one = keskar_exact(single, case.m, eps).percent / eps**2
        gap = forms["keskar.small_difference"](k=k, s=s, m=case.m)
        yield Margin("keskar.small_difference", abs(found - one - gap), 2 * allowed)
    edge = float(forms["keskar.threshold"](n=case.n, s=s))
    at_edge = BoxCase(case.m, case.n, case.k, edge, Activation.RELU, case.seed)
    if at_edge.covered:
        exact = keskar_exact(case.weights, case.m, edge)
        yield Margin(
            "keskar.threshold: the largest norm there is 2", abs(exact.squared_norm - 2),
            product_bound(case.n, 4.0),
        )  # fmt: skip
    if case.k < case.m and at_edge.covered:
        # A thousandth to each side: far above rounding.
        for factor, sign in ((0.999, -1.0), (1.001, 1.0)):
            idle = keskar_exact(case.weights, case.m, factor * edge).point[case.k : case.m]
            wrong = int((np.sign(idle) != sign).sum())
            yield Margin(
                f"keskar.threshold: inactive points of sign {sign:+.0f} at {factor} of it",
                float(wrong), 0.5, len(idle),
            )  # fmt: skip


@check(
    "measures.keskar_bound",
    EvidenceKind.PROPERTY,
    bound=_ROUNDING,
    cases=minimum_points,
    examples=80,
    forms=("keskar.bound",),
)
def keskar_bound(subject: Subject, case: PointCase) -> Iterator[Margin]:
    """In any orthonormal frame no corner of Keskar's box at a minimum exceeds the upper bound."""
    w = case.weights
    for eps in (1e-3, 1e-2):
        reach, along, square = box_sizes(w, eps)
        if 2 * along + square > 1:
            continue
        form = float(subject.forms["keskar.bound"](T=along, Z=square, m=case.m))
        numeric = keskar_upper_bound(w, case.m, eps)
        yield Margin("keskar.bound", abs(form - numeric), product_bound(case.n, form))
        # Values that occur in the box: its corners, in the direction of w and at random.
        signs = np.random.default_rng(case.seed).choice([-1.0, 1.0], (64, case.n))
        signs[0], signs[1] = np.where(w >= 0, 1, -1), np.where(w >= 0, -1, 1)
        options = {"activation": case.activation}
        own = float(loss(w, case.data, **options))
        rises = np.asarray(loss(w + signs * reach, case.data, **options)) - own
        largest = 100 * float(rises.max()) / (1 + own)
        rounding = 100 * product_bound(case.n + case.m, 8.0)
        yield Margin("a corner above keskar.bound", max(largest - form, 0.0), rounding, 64)
