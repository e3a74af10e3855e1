"""A correct target in plain NumPy; the mutants are small changes of its source text.

The loss of a point is ``|a|^2/2 + (N - 2) phi(c)^2/2``, ``c = <w, a>`` and ``N = |w|^2``
(:mod:`whichmin.verification.oracle.references` derives it). Every line that a mutant changes is
written once within its function, so that a change can be named by its text.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
DRAWS = 256
WHICHMIN: dict[str, Any] = {
    "name": "reference",
    "kink": 0,
    "stochastic": {"average_sharpness": {"method": "samples", "samples": DRAWS}},
}


def phi(c: Array, activation: str) -> Array:
    """Compute the activation."""
    return np.maximum(c, 0.0) if activation == "relu" else c


def loss(w: Array, data: Array, activation: str) -> float:
    """Compute the mean over the points of ``|a - w phi|^2 / 2``."""
    residual = data - np.outer(phi(data @ w, activation), w)
    return float(0.5 * np.sum(residual * residual) / len(data))


def gradient(w: Array, data: Array, activation: str) -> Array:
    """Compute the mean over the points of ``(N - 2) phi a + phi^2 w``."""
    c = phi(data @ w, activation)
    total = (w @ w - 2) * (c @ data) + (c @ c) * w
    return np.asarray(total / len(data))


def step(w: Array, batch: Array, step_size: float, activation: str) -> Array:
    """Take one step of gradient descent on a batch."""
    f = phi(batch @ w, activation)
    slope = (w @ w - 2) * (f @ batch) + (f @ f) * w
    return np.asarray(w - step_size * slope / len(batch))


def accumulated_gradient(w: Array, data: Array, sizes: Array, activation: str) -> Array:
    """Add up the gradients of micro-batches, each by its share of the rows."""
    total, start = 0 * w, 0
    for size in sizes:
        rows = data[start : start + size]
        start += size
        total = total + gradient(w, rows, activation) * len(rows) / len(data)
    return total


def ranked_gradient(w: Array, data: Array, shards: list[Array], activation: str) -> Array:
    """Average over the points of all ranks."""
    count = sum(len(shard) for shard in shards)
    sums = [len(s) * gradient(w, data[s], activation) for s in shards if len(s)]
    return np.asarray(sum(sums) / count)


def train(w0: Array, data: Array, batches: Array, step_size: float, activation: str) -> Array:
    """Compute the weights after the last of the given batches."""
    w = w0.copy()
    for chosen in batches:
        rows = data[chosen]
        f = phi(rows @ w, activation)
        norm = w @ w
        slope = ((norm - 2) * (f @ rows) + (f @ f) * w) / len(rows)
        w = w - step_size * slope
    return w


def resumed_train(
    w0: Array, data: Array, batches: Array, step_size: float, stop: int, activation: str
) -> Array:
    """Train up to a stop, and on from the weights reached there: they are the whole state."""
    saved = train(w0, data, batches[:stop], step_size, activation)
    return train(saved, data, batches[stop:], step_size, activation)


def sample_batches(m: int, b: int, steps: int, seed: int) -> Array:
    """Draw batches without replacement, independent from step to step."""
    rng = np.random.default_rng(seed)
    drawn = [rng.permutation(m)[:b] for _ in range(steps)]
    return np.array(drawn).reshape(steps, b)


def hessian(w: Array, data: Array, activation: str) -> Array:
    """Average ``(N - 2) phi'(c) a a^T + 2 phi (a w^T + w a^T) + phi^2 I`` over the points."""
    inner = data @ w
    active = inner > 0 if activation == "relu" else np.ones(len(data), dtype=bool)
    h = phi(inner, activation)
    curved = (w @ w - 2) * (data.T * active) @ data
    cross = 2 * np.outer(h @ data, w)
    return np.asarray((curved + cross + cross.T + (h @ h) * np.eye(len(w))) / len(data))


def hessian_vector_product(w: Array, data: Array, v: Array, activation: str) -> Array:
    """Compute the Hessian times v, without the matrix."""
    inner = data @ w
    on = inner > 0 if activation == "relu" else np.ones(len(data), dtype=bool)
    p, d = phi(inner, activation), data @ v
    product = np.zeros(len(w))
    product = product + ((w @ w - 2) * on * d + 2 * p * (w @ v)) @ data
    product = product + 2 * (p @ d) * w + (p @ p) * v
    return np.asarray(product / len(data))


def hessian_trace(w: Array, data: Array, activation: str) -> float:
    """Compute the sum of the diagonal."""
    return float(np.trace(hessian(w, data, activation)))


def top_eigenvalue(w: Array, data: Array, activation: str) -> float:
    """Compute the largest eigenvalue."""
    values = np.linalg.eigvalsh(hessian(w, data, activation))
    return float(values[-1])


def spectrum(w: Array, data: Array, activation: str) -> Array:
    """Compute all eigenvalues."""
    matrix = hessian(w, data, activation)
    return np.asarray(np.linalg.eigvalsh(matrix))


def relative_flatness(w: Array, data: Array, activation: str) -> float:
    """Compute ``|w|^2`` times the trace of the Hessian."""
    return float(w @ w * np.trace(hessian(w, data, activation)))


def keskar_sharpness(loss: Callable[[Array], float], w: Array, eps: float) -> float:
    """Find the highest loss in the box, at corners and by a local search from them."""
    radius = eps * (np.abs(w) + 1)
    base = loss(w)
    best = base
    for z in starts(radius):
        best = max(best, climb(loss, w, z, radius))
    return float(100 * (best - base) / (1 + base))


def starts(radius: Array) -> list[Array]:
    """List the centre and corners of the box: all in up to 8 dimensions, else 64 random ones."""
    n = len(radius)
    if n <= 8:
        signs = [np.array(s) for s in itertools.product((-1.0, 1.0), repeat=n)]
    else:
        signs = list(np.random.default_rng(0).choice((-1.0, 1.0), (64, n)))
    return [*(s * radius for s in signs), np.zeros(n)]


def climb(loss: Callable[[Array], float], w: Array, z: Array, radius: Array) -> float:
    """Climb over a grid of the box, coordinate by coordinate, until nothing rises."""
    grid = np.linspace(-1.0, 1.0, 9)
    highest, rising = loss(w + z), True
    while rising:
        rising = False
        for i, share in itertools.product(range(len(w)), grid):
            moved = z.copy()
            moved[i] = share * radius[i]
            value = loss(w + moved)
            if value > highest * (1 + 1e-12):
                highest, z, rising = value, moved, True
    return highest


def sam_sharpness(loss: Callable[[Array], float], w: Array, radius: float) -> float:
    """Find the highest rise in the ball, by ascent along its surface from several directions."""
    base = loss(w)
    best = base
    for u in directions(w):
        best = max(best, ascend(loss, w, u, radius))
    return float(best - base)


def directions(w: Array) -> list[Array]:
    """List the coordinates' directions, that of w, and their opposites."""
    rows = np.vstack([np.eye(len(w)), w / max(np.sqrt(w @ w), 1e-300)])
    return [*rows, *-rows]


def ascend(loss: Callable[[Array], float], w: Array, u: Array, radius: float) -> float:
    """Turn from a direction towards the gradient, again and again; the highest loss met."""
    highest = loss(w + radius * u)
    for _ in range(12):
        v = u + difference(loss, w + radius * u)
        u = v / np.sqrt(v @ v)
        highest = max(highest, loss(w + radius * u))
    return highest


def difference(loss: Callable[[Array], float], w: Array) -> Array:
    """Compute the direction of the gradient by differences; 0 where there is none."""
    steps = 1e-5 * np.eye(len(w))
    slope = np.array([loss(w + s) - loss(w - s) for s in steps])
    return np.asarray(slope / max(np.sqrt(slope @ slope), 1e-300))


def average_sharpness(loss: Callable[[Array], float], w: Array, sigma: float, seed: int) -> float:
    """Compute the mean rise under Gaussian noise, over draws."""
    rng = np.random.default_rng(seed)
    total = 0.0
    for _ in range(DRAWS):
        z = sigma * rng.standard_normal(len(w))
        total += loss(w + z)
    return float(total / DRAWS - loss(w))


def point_gradients(w: Array, data: Array, activation: str) -> Array:
    """Compute the gradient of each point's loss, one a row."""
    c = phi(data @ w, activation)
    return np.asarray((w @ w - 2) * c[:, None] * data + np.outer(c * c, w))


def gradient_noise(w: Array, data: Array, b: int, activation: str) -> Array:
    """Compute the covariance of the mean gradient of b of the m points, without replacement."""
    m, each = len(data), point_gradients(w, data, activation)
    away = each - each.mean(axis=0)
    sigma = away.T @ away / m
    return np.asarray(sigma * (m - b) / (b * max(m - 1, 1)))


def noise_scale(w: Array, data: Array, activation: str) -> float:
    """Compute ``tr(Sigma) / |G|^2`` over the points."""
    each = point_gradients(w, data, activation)
    mean = each.mean(axis=0)
    away = each - mean
    sigma = np.sum(away * away) / len(data)
    return float(sigma / (mean @ mean))


def hessian_noise_scale(w: Array, data: Array, activation: str) -> float:
    """Compute ``tr(H Sigma) / (G^T H G)`` over the points."""
    each = point_gradients(w, data, activation)
    mean, matrix = each.mean(axis=0), hessian(w, data, activation)
    away = each - mean
    curved = np.sum((away @ matrix) * away) / len(data)
    return float(curved / (mean @ matrix @ mean))
