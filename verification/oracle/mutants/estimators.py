"""A correct target that estimates, as curvature libraries do; the other base of the mutants."""

from __future__ import annotations

from typing import Any

import numpy as np

from whichmin.verification.oracle.mutants.reference import (
    Array,
    hessian,
    hessian_vector_product,
)

SAMPLES = 40
ITERATIONS = 2000
WHICHMIN: dict[str, Any] = {
    "name": "estimators",
    "kink": 0,
    "stochastic": {
        "hessian_trace": {"method": "hutchinson", "samples": SAMPLES},
        "top_eigenvalue": {"method": "power iteration", "samples": ITERATIONS},
    },
}


def hessian_trace(w: Array, data: Array, activation: str, seed: int) -> float:
    """Hutchinson's estimate: the mean of ``<v, H v>`` over random signs v."""
    rng = np.random.default_rng(seed)
    total: Any = 0.0
    for _ in range(SAMPLES):
        v = rng.choice((-1.0, 1.0), len(w))
        total += v @ hessian_vector_product(w, data, v, activation)
    return float(total / SAMPLES)


def top_eigenvalue(w: Array, data: Array, activation: str, seed: int) -> float:
    """Power iteration on ``H + |H| I``, whose largest eigenvalue is that of H plus the shift."""
    matrix = hessian(w, data, activation)
    shift = np.sqrt(np.sum(matrix * matrix))
    shifted = matrix + shift * np.eye(len(w))
    rng = np.random.default_rng(seed)
    u = rng.standard_normal(len(w))
    for _ in range(ITERATIONS):
        v = u / np.sqrt(u @ u)
        u = shifted @ v
        if not u.any():
            break
    u = shifted @ v - shift * v
    return float(v @ u)
