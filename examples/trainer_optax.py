"""A loss in JAX and an optimiser of optax, and the adapter that has them judged.

pytest --pyargs whichmin.verification.suite --whichmin-target=trainer_optax:target
"""

import jax
import jax.numpy as jnp
import optax

from whichmin.verification.oracle.adapters import from_jax


def loss(w, x, activation):
    c = x @ w
    code = jax.nn.relu(c) if activation == "relu" else c
    return jnp.square(x - jnp.outer(code, w)).sum() / (2 * len(x))


target = from_jax(loss, optimiser=optax.sgd)
