"""Curvature with faults: Gauss-Newton for the Hessian, an asymmetric product, a biased trace."""

import numpy as np


def on(c, activation):
    return (c >= 0).astype(float) if activation == "relu" else np.ones_like(c)


def hessian(w, data, activation):
    c = data @ w
    jacobians = [on(ci, activation) * np.outer(w, a) + max(ci, 0) * np.eye(len(w))
                 for ci, a in zip(c, data, strict=True)]  # fmt: skip
    return sum(j.T @ j for j in jacobians) / len(data)


def hessian_vector_product(w, data, v, activation):
    return hessian(w, data, activation) @ v + 0.01 * v[0]


def hessian_trace(w, data, activation):
    return float(np.trace(hessian(w, data, activation))) * (1 + 1e-6)


def top_eigenvalue(w, data, activation):
    values = np.linalg.eigvalsh(hessian(w, data, activation))
    return float(np.abs(values).max())


def spectrum(w, data, activation):
    return np.unique(np.linalg.eigvalsh(hessian(w, data, activation)).round(12))


def relative_flatness(w, data, activation):
    return float(np.sqrt(w @ w)) * hessian_trace(w, data, activation)
