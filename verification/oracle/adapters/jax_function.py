"""Make a target of a loss in JAX with an optimiser of optax and a loop, as they stand.

A user's adapter::

    import optax
    from mymodel import loss
    from whichmin.verification.oracle.adapters import from_jax

    target = from_jax(loss, optimiser=optax.sgd)

is judged as ``--whichmin-target=myadapter:target``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from whichmin.errors import MissingDependency
from whichmin.verification.oracle.adapters.declared import positional
from whichmin.verification.oracle.conventions import Conventions

__all__ = ["from_jax"]

# Of weights and points alone.
Loss = Callable[[Any, Any], Any]
Loop = Callable[[Any, Any, Iterable[Any], Loss], Any]


@dataclass(frozen=True)
class _Function:
    """What was given to :func:`from_jax`, with the functions of the protocol."""

    loss_of: Callable[..., Any]
    optimiser: Callable[..., Any]
    train_loop: Loop | None
    # By activation: the same function each time, which JAX compiles once for each shape.
    made: dict[str, dict[str, Any]] = field(default_factory=dict, compare=False)

    def _of(self, activation: str) -> dict[str, Any]:
        import jax

        if activation not in self.made:
            more = (activation,)[: positional(self.loss_of, 3) - 2]

            def value(w: Any, points: Any) -> Any:
                return self.loss_of(w, points, *more)

            gradient = jax.grad(value)

            def product(w: Any, points: Any, v: Any) -> Any:
                return jax.jvp(lambda u: gradient(u, points), (w,), (v,))[1]

            self.made[activation] = {
                "loss": jax.jit(value), "gradient": jax.jit(gradient),
                "hessian": jax.jit(jax.hessian(value)), "product": jax.jit(product),
            }  # fmt: skip
        return self.made[activation]

    def loss(self, w: Any, data: Any, activation: str) -> Any:
        """Compute the loss."""
        return self._of(activation)["loss"](w, data)

    def gradient(self, w: Any, data: Any, activation: str) -> Any:
        """Call ``jax.grad``."""
        return self._of(activation)["gradient"](w, data)

    def step(self, w: Any, batch: Any, step_size: float, activation: str) -> Any:
        """Run the loop on one batch."""
        return self._run(w, [batch], step_size, activation)

    def train(self, w0: Any, data: Any, batches: Any, step_size: float, activation: str) -> Any:
        """Run the loop on these batches, with a fresh optimiser."""
        import jax.numpy as jnp

        return self._run(w0, [data[jnp.asarray(rows)] for rows in batches], step_size, activation)

    def _run(self, w: Any, batches: list[Any], step_size: float, activation: str) -> Any:
        import jax

        optimiser = self.optimiser(step_size)
        if self.train_loop is not None:
            return self.train_loop(w, optimiser, batches, self._of(activation)["loss"])
        # Compiling takes as long as some ten steps.
        update = jax.jit(optimiser.update) if len(batches) > 10 else optimiser.update
        state = optimiser.init(w)
        for batch in batches:
            updates, state = update(self.gradient(w, batch, activation), state, w)
            w = w + updates  # as optax.apply_updates
        return w

    def hessian(self, w: Any, data: Any, activation: str) -> Any:
        """Call ``jax.hessian``."""
        return self._of(activation)["hessian"](w, data)

    def hessian_vector_product(self, w: Any, data: Any, v: Any, activation: str) -> Any:
        """Differentiate the gradient along v."""
        return self._of(activation)["product"](w, data, v)


def from_jax(
    loss: Callable[..., Any],
    *,
    optimiser: Callable[..., Any],
    train_loop: Loop | None = None,
    declare: Mapping[str, Any] | None = None,
) -> SimpleNamespace:
    """Make a target of a loss in JAX, an optimiser of optax and a loop.

    An optimiser of optax does not tell its parameters: one that is not plain SGD is declared, with
    the names that PyTorch has for them. JAX is switched to float64, unless float32 is declared.

    Args:
        loss: ``loss(w, points, activation)``, or ``loss(w, points)`` with the activation declared:
            half the mean squared distance of the points ``(b, n)`` from ``w phi(<w, x>)``.
        optimiser: Makes the optimiser from the step size, such as ``optax.sgd``.
        train_loop: Your loop, ``train_loop(w, optimiser, batches, loss)``, on a list with the
            points of each step's batch; it returns the weights. Its loss takes weights and points.
            By default the loop of optax's documentation.
        declare: Conventions, such as ``{"optimiser": {"name": "sgd", "momentum": 0.9}}``.

    Returns:
        The target, with loss, gradient, step, train, hessian, hessian_vector_product.

    Raises:
        InputError: A convention is not allowed.
        MissingDependency: JAX is not installed.
    """
    try:
        import jax
    except ImportError as error:
        raise MissingDependency(
            "jax", "from_jax makes targets of it", "pip install 'whichmin[layerwise]'"
        ) from error
    declared = {"name": getattr(loss, "__module__", "loss"), "arrays": "jax", **(declare or {})}
    if Conventions.parse(declared).dtype == "float64":
        jax.config.update("jax_enable_x64", True)
    made = _Function(loss, optimiser, train_loop)
    names = ("loss", "gradient", "step", "train", "hessian", "hessian_vector_product")
    return SimpleNamespace(WHICHMIN=declared, **{name: getattr(made, name) for name in names})
