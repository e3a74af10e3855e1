"""Statements that are false: exact runs and exact values that no limit argument can save."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Iterator, Sequence
from fractions import Fraction

import numpy as np
import sympy as sp

from whichmin.core.frames import random_frame
from whichmin.core.hessian import hessian_trace
from whichmin.core.training.trainer import train
from whichmin.verification.evidence.check import Margin, Settings, check, differs
from whichmin.verification.evidence.subject import Subject
from whichmin.verification.topics.sgd.rational_sgd import Vector, exact_step
from whichmin.words import Activation, EvidenceKind, Kink

__all__ = ["PLANE", "trajectory"]

# One rounding of each of the two numbers shown; they are computed as fractions below 2.
ROUNDING = 2.0**-51
ETA = Fraction(1, 5)


def vector(*entries: str | int) -> Vector:
    """Read a vector of fractions."""
    return tuple(Fraction(e) for e in entries)


PLANE = (vector(1, 0), vector(0, 1))


def trajectory(
    w: Vector, batches: Sequence[Sequence[Vector]], activation: Activation, eta: Fraction = ETA
) -> Vector:
    """Run SGD in exact arithmetic.

    Args:
        w: Start.
        batches: The data points of every step.
        activation: Identity or ReLU.
        eta: Step size.

    Returns:
        Where it ends.
    """
    for batch in batches:
        w = exact_step(w, batch, eta, activation)
    return w


def _loss(w: Vector) -> Fraction:
    """ReLU loss on the standard basis of the plane, by the definition."""
    total = Fraction(0)
    for place in range(2):
        code = max(w[place], Fraction(0))
        residual = [Fraction(int(p == place)) - w[p] * code for p in range(2)]
        total += sum((r * r for r in residual), Fraction(0)) / 2
    return total / 2


@check(
    "refuted.graded_sharpness",
    EvidenceKind.PROPERTY,
    bound="distance that the run's tolerance allows, times the trace's derivative",
)
def graded_sharpness(subject: Subject, settings: Settings) -> Iterator[Margin]:
    """ReLU: runs of every batch size below m end where the trace is the same; GD's differs.

    Every b < m of m = 5: SGD's end is a single data point, and the trace there is one number.

    Yields:
        The distance of each trace from the closed form, and GD's trace apart from it.
    """
    m, n, tolerance = 5, 7, 1e-16
    data, start = random_frame(m, n, settings.seed), np.linspace(0.2, 0.4, m)
    form = subject.forms["sharpness.trace_at_minimum"]
    single, mixture = (form(n=n, m=m, k=k, kappa=0.5) for k in (1, m))
    # The trace's derivative at a minimum is at most 4 (m + n + 4)/m and the distance that the
    # tolerance leaves 2 sqrt(2 m tolerance) (as in sharpness.reached_by_training).
    allowed = 4 * (m + n + 4) / m * 2 * math.sqrt(2 * m * tolerance)
    for b in range(1, m + 1):
        run = train(
            data, start @ data, batch_size=b, step_size=0.2, seed=settings.seed,
            tolerance=tolerance, engine=subject.engines["reduced"],
        )  # fmt: skip
        trace = hessian_trace(run.weights[0], data, kink=Kink.MEAN, kink_width=run.kink_width)
        error = abs(float(trace) - (mixture if b == m else single))
        told = f"b = {b} of {m}: trace {float(trace):.6f}"
        yield Margin(told, error, allowed, found=told)
    yield differs("trace at GD's minimum, as SGD's", single, mixture, allowed)


counterexample = functools.partial(
    check,
    kind=EvidenceKind.COUNTEREXAMPLE,
    bound="exact: the distance of two fractions against their rounding when shown",
)


@counterexample("refuted.gd_limit")
def gd_limit() -> Iterator[Margin]:
    """ReLU: GD from (0.6, -0.3) falls below the loss of the normalised projection.

    GD's loss never rises (smt.gd_descent), so it cannot tend to a point of larger loss.

    The claimed limit is (2, -1)/sqrt 5: the second code is 0, the loss
    (1/2 + (N - 2) C / 4) = 1/2 - (4/5)/4 = 3/10.

    Yields:
        The distance of the losses, and that it is on the lower side.
    """
    start = vector("3/5", "-3/10")
    loss = float(_loss(trajectory(start, [PLANE] * 6, Activation.RELU)))
    yield differs("loss at the claimed limit, and after 6 steps", 0.3, loss, ROUNDING)
    yield Margin("excess over the loss of the claimed limit", max(0.0, loss - 0.3), ROUNDING)


@counterexample("refuted.gd_invariance")
def gd_invariance() -> Iterator[Margin]:
    """ReLU: GD from (0.6, 0.3) ends elsewhere after the data are turned by a right angle.

    The data turned by a right angle within their span.

    On the standard basis both correlations are active and GD keeps w1/w2 = 2 for ever. On
    {e2, -e1} the first coordinate is inactive; with g > 0 its factor s is below s + g, that of the
    second, so w1/w2 falls in every step and ends below any value that it has passed.

    Yields:
        The kept ratio, and the distance of the two.
    """
    start = vector("3/5", "3/10")
    turned = (vector(0, 1), vector(-1, 0))
    kept = trajectory(start, [PLANE] * 5, Activation.RELU)
    fallen = trajectory(start, [turned] * 5, Activation.RELU)
    yield Margin("w1/w2 is kept on the standard basis", abs(float(kept[0] / kept[1]) - 2), ROUNDING)
    ratio = float(fallen[0] / fallen[1])
    yield differs("w1/w2 in the limit, on turned data after 5 steps", 2.0, ratio, ROUNDING)
    yield Margin("excess of the ratio over the claimed limit", max(0.0, ratio - 2), ROUNDING)


@counterexample("refuted.orthogonal_data")
def orthogonal_data() -> Iterator[Margin]:
    """On orthogonal data of lengths 2 and 1 linear GD leaves the direction of its start.

    Orthogonal data of lengths 2 and 1, linear GD.

    With l_j the squared lengths, ``w_j <- w_j (1 + (eta/m)((2 - N) l_j - Q))``: while N < 2 the
    ratio w2/w1 falls in every step.

    Yields:
        The distance of the ratio from that of the claimed limit.
    """
    data = (vector(2, 0), vector(0, 1))
    end = trajectory(vector("1/4", "1/4"), [data] * 6, Activation.LINEAR)
    ratio = float(end[1] / end[0])
    yield differs("w2/w1 in the claimed dense limit, after 6 steps", 1.0, ratio, ROUNDING)
    yield Margin("excess of the ratio over the claimed limit", max(0.0, ratio - 1), ROUNDING)


def _sequences(length: int) -> Iterator[tuple[tuple[Vector, ...], ...]]:
    """All sequences of batches of one of the two points."""
    yield from itertools.product(*[[(a,) for a in PLANE]] * length)


@counterexample("refuted.negative_points_relu")
def negative_points_relu() -> Iterator[Margin]:
    """ReLU: no batches make a negative correlation grow, so -a_j is no limit.

    ReLU never reaches -a_j: an inactive correlation is multiplied by s in (0, 1] (smt.trap).

    Yields:
        The distance of the largest |c_2| over all batch sequences from the 1 of -a_2.
    """
    start = vector("3/5", "-3/10")
    ends = [trajectory(start, batches, Activation.RELU) for batches in _sequences(5)]
    largest = float(max(abs(end[1]) for end in ends))
    yield differs("|c_2| at -a_2, largest after 5 steps", 1.0, largest, ROUNDING, len(ends))
    grown = max(0.0, largest - 0.3)
    yield Margin("growth of |c_2|", grown, ROUNDING, len(ends))


@counterexample("refuted.positive_points_linear")
def positive_points_linear() -> Iterator[Margin]:
    """Linear: from negative correlations no batches lead to a positive one.

    Linear, no positive correlation: signs never change (smt.trap), so SGD ends at some -a_i.

    Yields:
        The distance of the largest correlation over all batch sequences from the 1 of +a_i.
    """
    start = vector("-1/2", "-2/5")
    ends = [trajectory(start, batches, Activation.LINEAR) for batches in _sequences(5)]
    largest = float(max(max(end) for end in ends))
    yield differs("largest correlation at the claimed limit, after 5 steps", 1.0, largest, ROUNDING)
    yield Margin("a correlation became positive", max(0.0, largest), ROUNDING, len(ends))


def linear_trace(w: Sequence[sp.Expr], m: int) -> sp.Expr:
    """Trace of the Hessian of the linear loss on the standard basis, by differentiation.

    Args:
        w: Weights.
        m: Number of data points, at most the dimension.

    Returns:
        The trace.
    """
    x = sp.symbols(f"x1:{len(w) + 1}", real=True)
    loss = sum(
        sum((sp.Integer(int(p == place)) - x[p] * x[place]) ** 2 for p in range(len(w))) / 2
        for place in range(m)
    ) / sp.Integer(m)
    trace = sum(sp.diff(loss, v, 2) for v in x)
    return sp.nsimplify(trace.subs(dict(zip(x, w, strict=True))))


@check(
    "refuted.sharper_linear",
    EvidenceKind.COUNTEREXAMPLE,
    bound="exact: a difference of SymPy numbers, against one rounding",
)
def sharper_linear() -> Iterator[Margin]:
    """Linear: the Hessian's trace at a data point equals that at the even mixture.

    Linear neuron: the trace is the same at a single data point and at a mixture.

    Yields:
        How much larger the trace is at SGD's minimum, where the claim needs more than nothing.
    """
    for n, m in ((2, 2), (4, 3), (5, 4)):
        zero = sp.Integer(0)
        single = [sp.Integer(1)] + [zero] * (n - 1)
        mixture = [1 / sp.sqrt(m)] * m + [zero] * (n - m)
        excess = float(linear_trace(single, m) - linear_trace(mixture, m))
        told = f"m = {m}, n = {n}: trace at a data point minus trace at the even mixture: {excess}"
        yield Margin(told, abs(excess), ROUNDING, found=told)
