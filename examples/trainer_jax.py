"""A trainer in 20 lines of JAX, as a target of the oracle.

pytest --pyargs whichmin.verification.suite --whichmin-target=trainer_jax
"""

import jax
import jax.numpy as jnp

jax.config.update("jax_enable_x64", True)
WHICHMIN = {"arrays": "jax"}


def loss(w, data, activation):
    c = data @ w
    code = jax.nn.relu(c) if activation == "relu" else c
    return jnp.square(data - jnp.outer(code, w)).sum() / (2 * len(data))


gradient = jax.jit(jax.grad(loss), static_argnames="activation")


def step(w, batch, step_size, activation):
    return w - step_size * gradient(w, batch, activation=activation)


def train(w0, data, batches, step_size, activation):
    w = w0
    for batch in batches:
        w = step(w, data[batch], step_size, activation)
    return w
