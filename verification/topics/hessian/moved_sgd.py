"""Whose minimum is sharper: the Hessian's trace where SGD and GD end, linear and ReLU."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
import sympy as sp

from whichmin.core.frames import random_frame
from whichmin.core.hessian import hessian_trace
from whichmin.core.training.trainer import train
from whichmin.verification.evidence.check import Margin, Settings, check, differs
from whichmin.verification.evidence.subject import Subject
from whichmin.verification.topics.sgd.rational_sgd import ROUNDING
from whichmin.words import EvidenceKind, Kink

__all__: list[str] = []


@check(
    "refuted.graded_sharpness",
    EvidenceKind.PROPERTY,
    bound="distance that the run's tolerance allows, times the trace's derivative",
)
def graded_sharpness(subject: Subject, settings: Settings) -> Iterator[Margin]:
    """ReLU: runs of every batch size below m end where the trace is the same; GD ends where it
    differs.

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
            tolerance=tolerance, engine=subject.engines["compiled"],
        )  # fmt: skip
        trace = hessian_trace(run.weights[0], data, kink=Kink.MEAN, kink_width=run.kink_width)
        error = abs(float(trace) - (mixture if b == m else single))
        told = f"b = {b} of {m}: trace {float(trace):.6f}"
        yield Margin(told, error, allowed, found=told)
    yield differs("trace at GD's minimum, as SGD's", single, mixture, allowed)


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
