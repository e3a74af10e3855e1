"""Correct estimators beyond Hutchinson's, from which mutants and variants are made."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from whichmin.verification.oracle.mutants.reference import Array, hessian, point_gradients

PRODUCTS = 30
ITERATIONS = 12
PAIRS = 300
LARGE = 8
WHICHMIN: dict[str, Any] = {
    "name": "estimates",
    "kink": 0,
    "sampling": "with-replacement",
    "noise_batches": (1, LARGE),
    "sam_share": 0,
    "stochastic": {
        "hessian_trace": {"method": "hutch++", "samples": PRODUCTS},
        "top_eigenvalue": {"method": "power iteration", "samples": ITERATIONS},
        "noise_scale": {"method": "two batch sizes", "samples": PAIRS},
    },
}


def hessian_trace(w: Array, data: Array, activation: str, seed: int) -> float:
    """Compute Hutch++'s estimate: exact over a sketch's range, random orthogonal to it."""
    matrix, n, k = hessian(w, data, activation), len(w), PRODUCTS // 3
    rng = np.random.default_rng(seed)
    start = rng.choice((-1.0, 1.0), (n, k))
    q = np.linalg.qr(matrix @ start)[0]
    z = rng.choice((-1.0, 1.0), (n, k))
    z = z - q @ (q.T @ z)
    known = np.sum(q * (matrix @ q))
    rest = np.sum(z * (matrix @ z)) / k
    return float(known + rest)


def top_eigenvalue(w: Array, data: Array, activation: str, seed: int) -> float:
    """Iterate ``H + |H| I`` a few times; the Rayleigh quotient of H at the last vector."""
    matrix = hessian(w, data, activation)
    shift = np.sqrt(np.sum(matrix * matrix))
    v = np.random.default_rng(seed).standard_normal(len(w))
    for _ in range(ITERATIONS):
        u = matrix @ v + shift * v
        size = np.sqrt(u @ u)
        v = u / size if size > 0 else v
    return float(v @ matrix @ v / (v @ v))


def noise_scale(w: Array, data: Array, activation: str, seed: int) -> float:
    """Estimate from the lengths of gradients of batches of 1 and of several: means, then ratio."""
    rng, each = np.random.default_rng(seed), point_gradients(w, data, activation)
    drawn = each[rng.integers(0, len(each), (PAIRS, LARGE))]
    small = np.sum(drawn * drawn, axis=2).mean(axis=1)
    large = np.sum(drawn.mean(axis=1) ** 2, axis=1)
    a, c = small.mean(), large.mean()
    return float((a - c) / (1 - 1 / LARGE) / ((LARGE * c - a) / (LARGE - 1)))


def sam_sharpness(loss: Callable[[Array], float], w: Array, radius: float) -> float:
    """Compute the rise of one ascent step along the gradient."""
    slope = np.array([loss(w + s) - loss(w - s) for s in 1e-5 * np.eye(len(w))]) / 2e-5
    size = np.sqrt(slope @ slope)
    if size < 1e-8:
        return 0.0
    move = radius * slope / size
    return float(loss(w + move) - loss(w))


def keskar_sharpness(loss: Callable[[Array], float], w: Array, eps: float) -> float:
    """Compare the loss at the middle and at both ends of each side of the box, all combined."""
    radius, base = eps * (np.abs(w) + 1), loss(w)
    ends = np.array(np.meshgrid(*[(-1.0, 0.0, 1.0)] * len(w))).reshape(len(w), -1).T
    best = max(loss(w + z) for z in ends * radius)
    return float(100 * (best - base) / (1 + base))
