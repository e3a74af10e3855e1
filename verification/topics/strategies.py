"""Hypothesis strategies that draw valid problems only.

A case is a frozen dataclass of plain numbers, so that its repr is a complete recipe. Near-kink
cases have a strategy of their own: there the comparison must know which branches are allowed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from hypothesis import strategies as st

from whichmin.core.batches import BatchStream, make_stream
from whichmin.core.data import Data, make_data
from whichmin.core.frames import random_frame, standard_basis
from whichmin.words import Activation, Kink, Sampling

__all__ = [
    "PointCase",
    "RunCase",
    "correlated_runs",
    "kink_runs",
    "minimum_points",
    "points",
    "runs",
    "seeds",
]

SEEDS = st.integers(0, 2**32 - 1)
ACTIVATIONS = st.sampled_from(list(Activation))


def seeds() -> st.SearchStrategy[int]:
    """Draw seeds, for cases that NumPy draws."""
    return SEEDS


@dataclass(frozen=True)
class PointCase:
    """A point in weight space with a known pattern of active, kink and inactive correlations.

    Attributes:
        m: Number of data points.
        n: Dimension.
        frame: Seed of a random frame; None for the standard basis.
        activation: Identity or ReLU.
        active: Number of active points.
        kinks: Number of points exactly at the kink (ReLU).
        scale: Size of the weights.
        kink: Convention at the kink.
        seed: Seed of everything else.
        at_minimum: Whether the point is a global minimum.
    """

    m: int
    n: int
    frame: int | None
    activation: Activation
    active: int
    kinks: int
    scale: float
    kink: Kink
    seed: int
    at_minimum: bool = False

    @cached_property
    def data(self) -> Data:
        """The frame."""
        return _frame(self.m, self.n, self.frame)

    @cached_property
    def correlations(self) -> np.ndarray:
        """Correlations, active ones first, then kinks, then inactive ones."""
        rng = np.random.default_rng(self.seed)
        size = self.scale * rng.uniform(0.1, 1.0, self.m)
        if self.activation is Activation.LINEAR:
            c = size * rng.choice([-1.0, 1.0], self.m)
        else:
            c = np.where(np.arange(self.m) < self.active, size, -size)
            c[self.active : self.active + self.kinks] = 0.0
        if self.at_minimum:
            c /= np.linalg.norm(c)
        return np.asarray(c)

    @cached_property
    def weights(self) -> np.ndarray:
        """The point, shape ``(n,)``."""
        frame = self.data.points.numpy()
        w = self.correlations @ frame
        if self.n > self.m and not self.at_minimum:
            off = np.random.default_rng((self.seed, 1)).normal(size=self.n)
            off -= frame.T @ (frame @ off)
            w = w + self.scale * off / np.sqrt(self.n)
        return np.asarray(w)

    @property
    def conventions(self) -> dict[str, Any]:
        """Activation and treatment of kinks, as :mod:`whichmin.core.hessian` takes them."""
        return {"activation": self.activation, "kink": self.kink, "kink_width": self.kink_width}

    @cached_property
    def direction(self) -> np.ndarray:
        """A unit vector, shape ``(n,)``."""
        u = np.random.default_rng((self.seed, 2)).normal(size=self.n)
        return np.asarray(u / np.linalg.norm(u))

    @cached_property
    def slopes(self) -> np.ndarray:
        """Slope of each data point's piece, kappa at the kink."""
        if self.activation is Activation.LINEAR:
            return np.ones(self.m)
        slopes = (np.arange(self.m) < self.active).astype(float)
        slopes[self.active : self.active + self.kinks] = float(self.kink.value)
        return slopes

    @property
    def kink_width(self) -> float:
        """Interval around 0 that holds the kinks' rounding and no other correlation."""
        return 0.01 * self.scale * 0.1


@st.composite
def points(draw: st.DrawFn, at_minimum: bool = False) -> PointCase:
    """Draw a point: any frame, m = 1, m = n, any pattern, sizes from 1e-3 to 1e3.

    Args:
        draw: Supplied by Hypothesis.
        at_minimum: Draw global minima only.

    Returns:
        A case with at least one active point.
    """
    m = draw(st.integers(1, 6))
    n = m + draw(st.integers(0, 6))
    activation = draw(ACTIVATIONS)
    relu = activation is Activation.RELU
    active = draw(st.integers(1, m)) if relu else m
    # At a minimum every inactive correlation is 0; linear points have no kinks.
    kinks = draw(st.integers(0, m - active)) if relu and not at_minimum else m - active
    return PointCase(
        m=m,
        n=n,
        frame=draw(st.none() | SEEDS),
        activation=activation,
        active=active,
        kinks=kinks,
        scale=1.0 if at_minimum else 10.0 ** draw(st.integers(-3, 3)),
        kink=draw(st.sampled_from(list(Kink))),
        seed=draw(SEEDS),
        at_minimum=at_minimum,
    )


def minimum_points() -> st.SearchStrategy[PointCase]:
    """Draw global minima with any number of active points."""
    return points(at_minimum=True)


@dataclass(frozen=True)
class RunCase:
    """A training problem with several starts.

    Attributes:
        m: Number of data points.
        n: Dimension.
        frame: Seed of a random frame; None for the standard basis.
        activation: Identity or ReLU.
        sampling: How batches are chosen.
        batch_size: Points per batch.
        alpha: Step size over batch size.
        replicas: Number of starts.
        start: Pattern of the starts.
        seed: Seed of the starts and of the batches.
        tiny: Size of the correlations that sit at the kink, for near-kink cases.
        correlation: Size of the mixing of the frame's rows, 0 for orthonormal data.
    """

    m: int
    n: int
    frame: int | None
    activation: Activation
    sampling: Sampling
    batch_size: int
    alpha: float
    replicas: int
    start: str
    seed: int
    tiny: float | None = None
    correlation: float = 0.0

    @cached_property
    def data(self) -> Data:
        """The frame; with ``correlation`` its rows are mixed, and no longer orthonormal."""
        frame = _frame(self.m, self.n, self.frame)
        if not self.correlation:
            return frame
        mix = np.random.default_rng((self.seed, 5)).normal(size=(self.m, self.m)) / self.m
        rows = frame.points.numpy() + self.correlation * mix @ frame.points.numpy()
        return make_data(rows, handling="as-is")

    @property
    def step_size(self) -> float:
        """The step size."""
        return self.alpha * self.batch_size

    @cached_property
    def stream(self) -> BatchStream:
        """The batches."""
        if self.sampling is Sampling.CUSTOM:
            rows = np.random.default_rng((self.seed, 3)).integers(
                0, self.m, (2000, self.batch_size)
            )
            return make_stream(self.m, self.batch_size, sampling=self.sampling, batches=rows)
        return make_stream(self.m, self.batch_size, sampling=self.sampling, seed=self.seed)

    @cached_property
    def correlations(self) -> np.ndarray:
        """Starting correlations, shape ``(replicas, m)``; none within 1e-3 of the kink.

        ``C >= 1/50`` at the start, so that growth to a minimum amplifies rounding less than
        tenfold. ReLU starts have an active point.
        """
        rng = np.random.default_rng(self.seed)
        shape = (self.replicas, self.m)
        if self.start == "equal":
            size = np.ones(shape)
        elif self.start == "nearly equal":
            size = 1 + 1e-9 * rng.uniform(size=shape)
        elif self.start == "dominated":
            size = np.where(
                rng.permuted(np.tile(np.arange(self.m), (shape[0], 1)), axis=1) == 0, 1.0, 0.02
            )
        else:
            size = 0.05 + np.abs(rng.normal(size=shape))
        sign = rng.choice([-1.0, 1.0], shape)
        if self.activation is Activation.RELU:
            sign[np.arange(shape[0]), np.abs(size).argmax(axis=1)] = 1.0
        c = size * sign
        c *= rng.uniform(0.25, 0.95, (shape[0], 1)) / np.linalg.norm(c, axis=1, keepdims=True)
        if self.tiny is not None:
            small = rng.uniform(size=shape) < 0.5
            small[np.arange(shape[0]), c.argmax(axis=1)] = False
            c = np.where(small, self.tiny * sign, c)
        return np.asarray(c)

    @cached_property
    def weights(self) -> np.ndarray:
        """Starting weights, shape ``(replicas, n)``, norm below 1."""
        frame = _frame(self.m, self.n, self.frame).points.numpy()
        w = self.correlations @ frame
        if self.n > self.m:
            off = np.random.default_rng((self.seed, 1)).normal(size=w.shape)
            off -= (off @ frame.T) @ frame
            room = np.sqrt(1 - np.linalg.norm(w, axis=1, keepdims=True) ** 2)
            w = w + 0.9 * room * off / np.linalg.norm(off, axis=1, keepdims=True)
        return np.asarray(w)


@st.composite
def runs(
    draw: st.DrawFn,
    largest: int = 8,
    schedules: tuple[Sampling, ...] = tuple(Sampling),
    replicas: int = 4,
    smallest_alpha: float = 0.005,
    proper: bool = False,
) -> RunCase:
    """Draw a run: any frame, signs, schedule, batch size, m = 1, m = n, ties.

    Args:
        draw: Supplied by Hypothesis.
        largest: Largest m.
        schedules: Schedules to draw from.
        replicas: Number of starts.
        smallest_alpha: Smallest step size over batch size; the largest is 1/5.
        proper: Draw batches strictly smaller than the data only, with m >= 2.

    Returns:
        A case.
    """
    m = draw(st.integers(2 if proper else 1, largest))
    sampling = draw(st.sampled_from(schedules))
    return RunCase(
        m=m,
        n=m + draw(st.integers(0, 6)),
        frame=draw(st.none() | SEEDS),
        activation=draw(ACTIVATIONS),
        sampling=sampling,
        batch_size=draw(st.integers(1, m - 1 if proper else m)),
        alpha=draw(st.floats(smallest_alpha, 0.2)),
        replicas=replicas,
        start=draw(st.sampled_from(["generic", "equal", "nearly equal", "dominated"])),
        seed=draw(SEEDS),
    )


@st.composite
def correlated_runs(draw: st.DrawFn) -> RunCase:
    """Draw a run on correlated data, linear: ReLU could pass a kink anywhere.

    Args:
        draw: Supplied by Hypothesis.

    Returns:
        A case whose data are not orthonormal.
    """
    case = draw(runs(smallest_alpha=0.01))
    return replace(
        case,
        activation=Activation.LINEAR,
        alpha=case.alpha / 4,  # row lengths up to 2 make gradients up to four times as large
        correlation=draw(st.floats(0.05, 1.0)),
    )


@st.composite
def kink_runs(draw: st.DrawFn) -> RunCase:
    """Draw a ReLU run some of whose correlations start at the kink or next to it.

    Args:
        draw: Supplied by Hypothesis.

    Returns:
        A case with ``tiny`` set: 0, or between the smallest subnormal and 1e-7.
    """
    case = draw(runs())
    tiny = draw(st.sampled_from([0.0, 5e-324, 1e-300, 1e-30, 1e-17, 1e-16, 1e-12, 1e-9, 1e-7]))
    return replace(case, activation=Activation.RELU, tiny=tiny)


def _frame(m: int, n: int, seed: int | None) -> Data:
    return make_data(standard_basis(m, n) if seed is None else random_frame(m, n, seed))
