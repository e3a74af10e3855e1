"""A right NumPy implementation of everything about curvature; also an importable target."""

import itertools

import numpy as np

WHICHMIN = {"name": "numpy curvature", "kink": 0}


def parts(w, data, activation, kappa=0.0):
    """Second derivatives by point: the three terms, before they are added."""
    c = np.array([a @ w for a in data])
    linear = activation == "linear"
    phi = c if linear else np.where(c > 0, c, 0.0)
    curved = np.ones(len(c)) if linear else np.where(c == 0, kappa, c > 0)
    outer = curved[:, None, None] * data[:, :, None] * data[:, None, :]
    cross = phi[:, None, None] * data[:, :, None] * w
    return (w @ w - 2) * outer, 2 * (cross + cross.transpose(0, 2, 1)), phi**2


def points(w, data, activation, kappa=0.0):
    first, second, third = parts(w, data, activation, kappa)
    return first + second + third[:, None, None] * np.eye(len(w))


def hessian(w, data, activation):
    return points(w, data, activation).mean(0)


def hessian_vector_product(w, data, v, activation):
    return hessian(w, data, activation) @ v


def hessian_trace(w, data, activation):
    return np.trace(hessian(w, data, activation))


def top_eigenvalue(w, data, activation):
    return np.linalg.eigvalsh(hessian(w, data, activation))[-1]


def spectrum(w, data, activation):
    return np.linalg.eigvalsh(hessian(w, data, activation))[::-1]


def corners(w, eps, low=-1.0, one=1.0):
    radius = eps * (np.abs(w) + one)
    ends = [
        sorted({a, b, min(max(0.0, a), b)})
        for a, b in zip(w + low * radius, w + radius, strict=True)
    ]
    return itertools.product(*ends)


def keskar_sharpness(loss, w, eps):
    base = loss(w)
    return 100 * (max(loss(np.array(x)) for x in corners(w, eps)) - base) / (1 + base)
