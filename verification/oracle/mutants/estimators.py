"""A correct target that estimates, as curvature libraries do; the other base of the mutants."""

from __future__ import annotations

from typing import Any

import numpy as np

from whichmin.verification.oracle.mutants.reference import Array, hessian_vector_product

SAMPLES = 40
ITERATIONS = 2000
WHICHMIN: dict[str, Any] = {
    "name": "estimators",
    "kink": 0,
    "stochastic": {"hessian_trace": {"method": "hutchinson", "samples": SAMPLES}},
}


def hessian_trace(w: Array, data: Array, activation: str, seed: int) -> float:
    """Hutchinson's estimate: the mean of ``<v, H v>`` over random signs v."""
    rng = np.random.default_rng(seed)
    total = 0.0
    for _ in range(SAMPLES):
        v = rng.choice((-1.0, 1.0), len(w))
        total += v @ hessian_vector_product(w, data, v, activation)
    return total / SAMPLES
