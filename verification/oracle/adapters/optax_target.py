"""Adapter for optax: its optimisers in the loop of its documentation, on JAX's gradient."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version
from types import SimpleNamespace
from typing import Any

from whichmin.errors import MissingDependency
from whichmin.verification.oracle.adapters.jax_function import from_jax
from whichmin.verification.oracle.adapters.jax_target import loss

try:
    import optax
except ImportError as error:
    raise MissingDependency(
        "optax", "this target is optax", "pip install 'whichmin[tools]'"
    ) from error

__all__ = ["adamw", "lamb", "lars", "sgd"]


def _target(optimiser: Callable[..., Any], **declared: Any) -> SimpleNamespace:
    whole = from_jax(
        loss, optimiser=optimiser,
        declare={
            "name": f"optax, {declared['name']}", "version": version("optax"),
            "optimiser": declared,
        },
    )  # fmt: skip
    return SimpleNamespace(WHICHMIN=whole.WHICHMIN, step=whole.step, train=whole.train)


sgd = _target(
    lambda lr: optax.sgd(lr, momentum=0.9, nesterov=True), name="sgd", momentum=0.9, nesterov=True
)
adamw = _target(lambda lr: optax.adamw(lr, weight_decay=0.01), name="adamw", weight_decay=0.01)
lamb = _target(lambda lr: optax.lamb(lr, weight_decay=0.01), name="lamb", weight_decay=0.01)
lars = _target(lambda lr: optax.lars(lr, momentum=0.9), name="lars", momentum=0.9)
