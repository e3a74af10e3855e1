"""A correct target that estimates, as curvature libraries do, from which mutants are made."""

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
    """Compute Hutchinson's estimate: the mean of ``<v, H v>`` over random signs v."""
    rng = np.random.default_rng(seed)
    total: Any = 0.0
    for _ in range(SAMPLES):
        v = rng.choice((-1.0, 1.0), len(w))
        total += v @ hessian_vector_product(w, data, v, activation)
    return float(total / SAMPLES)


def top_eigenvalue(w: Array, data: Array, activation: str, seed: int) -> float:
    """Run a power iteration on ``H + |H| I``, whose largest eigenvalue is shifted by ``|H|``."""
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


def spectrum(w: Array, data: Array, activation: str) -> Array:
    """Run Lanczos with all vectors kept orthogonal, started anew where a subspace is exhausted."""
    matrix = hessian(w, data, activation)
    n, rng = len(w), np.random.default_rng(0)
    # Below this a remainder is rounding: 100 times that of a product with H.
    exhausted = 100 * n * 2.0**-53 * np.sqrt(np.sum(matrix * matrix))
    basis, alpha, beta = np.zeros((n, n)), np.zeros(n), np.zeros(n)
    rest: Array = rng.standard_normal(n)
    size: Any = 0.0
    for k in range(n):
        if size > exhausted:
            beta[k] = size
        else:
            rest = rng.standard_normal(n)
            rest = rest - basis[:k].T @ (basis[:k] @ rest)
            rest = rest - basis[:k].T @ (basis[:k] @ rest)
            size = np.sqrt(rest @ rest)
        basis[k] = rest / size
        rest = matrix @ basis[k]
        alpha[k] = basis[k] @ rest
        rest = rest - basis[: k + 1].T @ (basis[: k + 1] @ rest)
        rest = rest - basis[: k + 1].T @ (basis[: k + 1] @ rest)
        size = np.sqrt(rest @ rest)
    tridiagonal = np.diag(alpha) + np.diag(beta[1:], 1) + np.diag(beta[1:], -1)
    return np.asarray(np.linalg.eigvalsh(tridiagonal))
