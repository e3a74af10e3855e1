"""The loss, its gradient, minima and critical points in numbers.

Closed forms are held against automatic differentiation, minima and critical points against the loss
around them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import torch

from whichmin.core.data import make_data
from whichmin.core.landscape import gradient, loss, reconstruction_loss
from whichmin.verification.evidence.check import Margin, check
from whichmin.verification.evidence.exact import truth
from whichmin.verification.evidence.rounding import EPS, product_bound
from whichmin.verification.evidence.subject import Subject
from whichmin.verification.topics.strategies import PointCase, points
from whichmin.words import Activation, EvidenceKind

__all__ = ["reduced_coordinates"]


def reduced_coordinates(case: PointCase) -> tuple[float, float, float]:
    """Return N, C and R of a point, from its coordinates in R^n.

    ``N = |w|^2``, ``C = sum_i phi(c_i)^2`` and ``R = N - C``, which is summed from its own parts:
    as a difference it would lose digits.

    Args:
        case: The point.

    Returns:
        The three numbers.
    """
    frame = case.data.points.numpy()
    inner = frame @ case.weights
    off = case.weights - inner @ frame
    code = inner if case.activation is Activation.LINEAR else np.maximum(inner, 0)
    rest = 0.0 if case.activation is Activation.LINEAR else float((np.minimum(inner, 0) ** 2).sum())
    return float(case.weights @ case.weights), float(code @ code), rest + float(off @ off)


@check(
    "landscape.closed_forms",
    EvidenceKind.PROPERTY,
    bound="rounding of sums of n + m products, from the sizes of their terms",
    cases=points,
    examples=300,
    forms=(
        "landscape.loss",
        "landscape.minimum",
        "landscape.gap",
        "landscape.derivative",
        "landscape.gradient_energy",
    ),
)
def closed_forms(subject: Subject, case: PointCase) -> Iterator[Margin]:
    """The closed forms of loss, gap, minimum, derivative and gradient norm equal the values that
    automatic differentiation gives.
    """
    forms, m, n = subject.forms, case.m, case.n
    N, C, R = reduced_coordinates(case)
    measured = float(loss(case.weights, case.data, activation=case.activation))
    # Each sample's squared residual adds up 1, C and N C; so does the loss.
    allowed = product_bound(n + m, 1.0, 2 * C / m, N * C / m)
    yield Margin("landscape.loss", abs(measured - forms["landscape.loss"](N=N, C=C, m=m)), allowed)
    below = measured - forms["landscape.minimum"](m=m)
    yield Margin(
        "landscape.gap and landscape.minimum",
        abs(below - forms["landscape.gap"](C=C, R=R, m=m)),
        allowed,
    )
    auto = gradient(case.weights, case.data, activation=case.activation).numpy()
    u = case.direction
    inner = case.data.points.numpy() @ case.weights
    slopes = case.slopes
    along_active = float((slopes * inner) @ (case.data.points.numpy() @ u))
    size = ((N + 2) * np.abs(inner).sum() + C * np.sqrt(N)) / m
    allowed = product_bound(n + m, size)
    predicted = forms["landscape.derivative"](
        N=N, C=C, X=along_active, Y=float(case.weights @ u), m=m
    )
    yield Margin("landscape.derivative", abs(float(auto @ u) - predicted), allowed)
    # |g|^2 with an error d in g is off by 2 |g| d + d^2.
    norm = float(np.linalg.norm(auto))
    yield Margin(
        "landscape.gradient_energy",
        abs(norm**2 - forms["landscape.gradient_energy"](N=N, C=C, m=m)),
        2 * norm * allowed + allowed**2 + product_bound(m, size**2),
    )


@check(
    "landscape.sample_forms",
    EvidenceKind.PROPERTY,
    bound="rounding of sums of n products, from the sizes of their terms",
    cases=points,
    examples=200,
    forms=("model.sample_loss", "model.sample_derivative"),
)
def sample_forms(subject: Subject, case: PointCase) -> Iterator[Margin]:
    """The closed forms of one data point's loss and derivative equal the values that automatic
    differentiation gives.
    """
    forms, n = subject.forms, case.n
    w, u = case.weights, case.direction
    for row in range(case.m):
        slope = float(case.slopes[row])
        if slope not in (0.0, 1.0):
            continue
        a = case.data.points[row]
        c, x, Y = float(a.numpy() @ w), float(a.numpy() @ u), float(w @ u)
        N = float(w @ w)
        terms = float(np.abs(a.numpy()) @ np.abs(w))  # size of the terms that c is the sum of
        measured = float(loss(w, a[None], activation=case.activation))
        yield Margin(
            "model.sample_loss",
            abs(measured - forms["model.sample_loss"](c=c, N=N, sigma=slope)),
            product_bound(n, 1.0, (N + 2) * terms**2),
        )
        auto = float(gradient(w, a[None], activation=case.activation).numpy() @ u)
        predicted = forms["model.sample_derivative"](c=c, N=N, sigma=slope, x=x, Y=Y)
        yield Margin(
            "model.sample_derivative",
            abs(auto - predicted),
            product_bound(n, (N + 2) * terms, terms**2 * np.sqrt(N)),
        )


@check(
    "landscape.critical_points",
    EvidenceKind.PROPERTY,
    bound="rounding of the loss, a sum of n + m products",
    cases=points,
    examples=60,
)
def critical_points(case: PointCase) -> Iterator[Margin]:
    """Around C = 0 no loss exceeds 1/2 for |w|^2 < 2, none is below it for |w|^2 > 2, both occur at
    2; around a dead ReLU neuron the loss is constant.
    """
    n = case.m + 1
    frame = make_data(np.eye(case.m, n))
    rng = np.random.default_rng(case.seed)
    nearby = 1e-3 * rng.normal(size=(64, n))
    # Loss values near 1/2 carry a rounding error of this size.
    allowed = product_bound(n + case.m, 3.0)
    for norm, sign in ((rng.uniform(0.1, 1.8), -1.0), (rng.uniform(2.2, 6.0), 1.0)):
        center = np.zeros(n)
        center[-1] = math.sqrt(norm)
        slope = gradient(center, frame, activation=case.activation)
        yield Margin(f"gradient at C = 0, |w|^2 = {norm:.3f}", float(slope.norm()), allowed)
        excess = loss(center + nearby, frame, activation=case.activation).numpy() - 0.5
        kind = "above" if sign < 0 else "below"
        yield Margin(
            f"losses {kind} 1/2 around C = 0, |w|^2 = {norm:.3f}",
            max(float((-sign * excess).max()), 0.0),
            allowed,
            len(nearby),
        )
    center = np.zeros(n)
    center[-1] = math.sqrt(2)
    up, down = (center + np.array([1e-2, *[0.0] * (n - 2), t]) for t in (1e-2, -1e-2))
    sides = [float(loss(w, frame, activation=case.activation)) - 0.5 for w in (up, down)]
    both = sides[0] > allowed and sides[1] < -allowed
    yield truth(f"both signs around C = 0, |w|^2 = 2: {sides}", both)
    dead = np.full(n, -1.0)
    around = loss(dead + nearby, frame, activation=Activation.RELU).numpy()
    yield Margin("loss around a dead neuron", float(np.abs(around - 0.5).max()), allowed, 64)


@check(
    "landscape.never_below_minimum",
    EvidenceKind.PROPERTY,
    bound="rounding of the loss, a sum of n products",
    cases=points,
    examples=60,
    forms=("landscape.minimum",),
)
def never_below_minimum(subject: Subject, case: PointCase) -> Iterator[Margin]:
    """No point found by L-BFGS lies below the certified minimum, which is attained."""
    start = torch.from_numpy(case.weights.copy()).requires_grad_(True)
    optimiser = torch.optim.LBFGS([start], max_iter=50, line_search_fn="strong_wolfe")
    frame = case.data.points

    def closure() -> torch.Tensor:
        optimiser.zero_grad()
        value = reconstruction_loss(start, frame, case.activation)
        value.backward()
        return value

    optimiser.step(closure)
    reached = start.detach()
    N, C = float(reached.square().sum()), float((frame @ reached).square().sum())
    minimum = float(subject.forms["landscape.minimum"](m=case.m))
    yield Margin(
        "loss reached by L-BFGS below the minimum",
        max(minimum - float(reconstruction_loss(reached, frame, case.activation)), 0.0),
        product_bound(case.n, 1.0, C, N * C),
    )
    # Somewhere else the minimum must be attained, or a bound that is too low would pass unseen.
    k = case.active
    best = np.zeros(case.m)
    best[:k] = 1 / np.sqrt(k)
    attained = float(loss(best @ frame.numpy(), case.data, activation=case.activation))
    yield Margin(
        "loss at a minimum against the certified value",
        abs(attained - minimum),
        product_bound(case.n + case.m, 2.0) + EPS,
    )
