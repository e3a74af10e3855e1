"""Adapter for JAX: ``grad``, ``hessian``, ``jvp`` and a scanned training loop, in float64."""

from __future__ import annotations

from typing import Any

from whichmin.errors import MissingDependency

try:
    import jax
    import jax.numpy as jnp
except ImportError as error:
    raise MissingDependency("jax", "this target is JAX", "pip install 'whichmin[bench]'") from error

jax.config.update("jax_enable_x64", True)

WHICHMIN = {"name": "JAX", "version": jax.__version__, "arrays": "jax", "kink": 0}


def loss(w: Any, data: Any, activation: str) -> Any:
    """Compute half the mean squared distance."""
    inner = data @ w
    code = jax.nn.relu(inner) if activation == "relu" else inner
    return jnp.sum((data - code[:, None] * w) ** 2) / (2 * data.shape[0])


gradient = jax.jit(jax.grad(loss), static_argnames="activation")
hessian = jax.jit(jax.hessian(loss), static_argnames="activation")


def step(w: Any, batch: Any, step_size: float, activation: str) -> Any:
    """Take one step of gradient descent."""
    return w - step_size * gradient(w, batch, activation=activation)


def train(w0: Any, data: Any, batches: Any, step_size: float, activation: str) -> Any:
    """Train in a loop, as ``lax.scan``."""
    return _train(w0, data, batches, step_size, activation=activation)


def _scan(w0: Any, data: Any, batches: Any, step_size: float, activation: str) -> Any:
    def advance(w: Any, rows: Any) -> tuple[Any, None]:
        return step(w, data[rows], step_size, activation), None

    return jax.lax.scan(advance, w0, batches)[0]


_train = jax.jit(_scan, static_argnames="activation")


def hessian_vector_product(w: Any, data: Any, v: Any, activation: str) -> Any:
    """Compute the product forward over reverse, as ``jvp`` of the gradient."""
    return jax.jvp(lambda u: gradient(u, data, activation=activation), (w,), (v,))[1]


def spectrum(w: Any, data: Any, activation: str) -> Any:
    """Call ``jnp.linalg.eigvalsh`` on the Hessian."""
    return jnp.linalg.eigvalsh(hessian(w, data, activation=activation))


def relative_flatness(w: Any, data: Any, activation: str) -> Any:
    """Multiply the squared length of the weights by the trace of the Hessian."""
    return w @ w * jnp.trace(hessian(w, data, activation=activation))


def _each(w: Any, data: Any, activation: str) -> Any:
    return jax.vmap(lambda row: jax.grad(loss)(w, row[None], activation))(data)


_point_gradients = jax.jit(_each, static_argnames="activation")


def hessian_noise_scale(w: Any, data: Any, activation: str) -> Any:
    """Compute the noise scale by its definition, from the points' gradients and the Hessian."""
    each = _point_gradients(w, data, activation=activation)
    mean, curved = each.mean(0), hessian(w, data, activation=activation)
    away = each - mean
    return ((away @ curved) * away).sum() / data.shape[0] / (mean @ curved @ mean)
