"""Products with the Hessian, by ``torch.func`` here or by curvlinops (the extra ``curvature``).

Both are exact up to rounding and share no code: ours takes the derivative of the gradient in
reverse mode, curvlinops' ``HessianLinearOperator`` builds a functional model of its own, takes it
in forward mode and adds up mini-batches. The caller chooses; an engine that is missing is an error,
never replaced.

What curvlinops adds is that independence. Its estimators return a bare number: no standard error,
no seed of their own, and at most n probes. So the estimators are ours, on either engine.
"""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import nn

from whichmin.core.instruments.module import ModuleObjective
from whichmin.core.instruments.problem import (
    Objective,
    check_columns,
    check_derivative,
    check_objective,
)
from whichmin.errors import InputError, MissingDependency

__all__ = ["hessian_matrix", "hessian_operator"]

_ENGINES = ("torch", "curvlinops")
LARGEST = 5000  # weights of a dense Hessian: 200 MB of float64

Operator = Callable[[torch.Tensor], torch.Tensor]


def hessian_operator(objective: Objective, engine: str = "torch") -> Operator:
    """Return a function that multiplies the Hessian at the objective's point by vectors.

    Args:
        objective: The loss.
        engine: ``torch``, or ``curvlinops``, which needs a module and a loss function with an
            attribute ``reduction`` (``mean`` or ``sum``).

    Returns:
        Maps shape ``(n,)`` or ``(n, k)`` to the same shape.

    Raises:
        InputError: An unknown engine, or an objective that it does not take.
        MissingDependency: curvlinops is not installed.
    """
    check_objective(objective)
    if engine == "torch":
        return objective.hessian_product
    if engine == "curvlinops":
        return _curvlinops(objective)
    raise InputError("engine", engine, f"must be one of: {', '.join(_ENGINES)}")


def hessian_matrix(objective: Objective, *, engine: str = "torch") -> torch.Tensor:
    """Compute the dense Hessian at the objective's point, for at most 5000 weights.

    Args:
        objective: The loss.
        engine: As for :func:`hessian_operator`.

    Returns:
        Symmetric, shape ``(n, n)``.

    Raises:
        InputError: Too many weights, or as for :func:`hessian_operator`.
    """
    check_objective(objective)
    n = objective.size
    if n > LARGEST:
        raise InputError("objective", f"{n} weights", f"must have at most {LARGEST} for a matrix")
    multiply = hessian_operator(objective, engine)
    rows = multiply(torch.eye(n, dtype=objective.point.dtype, device=objective.point.device))
    return (rows + rows.T) / 2  # the products are symmetric up to rounding


class _Batches:
    """Chunks of the objective's data, as often as they are asked for."""

    def __init__(self, objective: ModuleObjective) -> None:
        self._objective = objective

    def __iter__(self) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        return self._objective.data.chunks(self._objective.chunk_size)


def _curvlinops(objective: Objective) -> Operator:
    try:
        with warnings.catch_warnings():  # its dependency linear_operator uses torch.jit.script
            warnings.simplefilter("ignore", DeprecationWarning)
            from curvlinops import HessianLinearOperator
    except ImportError as error:
        raise MissingDependency(
            "curvlinops",
            "engine='curvlinops' multiplies by the Hessian with it",
            "pip install 'whichmin[curvature]', or choose engine='torch'",
        ) from error
    if not isinstance(objective, ModuleObjective):
        raise InputError("engine", "curvlinops", "must be torch for a closure")
    loss: Any = objective.loss_function
    own = getattr(loss, "reduction", None) if isinstance(loss, nn.Module) else None
    if own != objective.reduction or own not in {"mean", "sum"}:
        raise InputError(
            "engine",
            "curvlinops",
            "must be torch, unless loss_function is a module of torch.nn whose attribute reduction "
            "is the declared one, mean or sum",
        )
    # A copy: curvlinops works on a module's own parameters.
    with objective.in_mode():
        module = copy.deepcopy(objective.module).to(objective.point)
    with torch.no_grad():
        values = objective.state(objective.point)
        for name, tensor in [*module.named_parameters(), *module.named_buffers()]:
            tensor.copy_(values[name])
    weights = [p for p in module.parameters() if p.requires_grad]
    operator = HessianLinearOperator(
        module, loss, weights, _Batches(objective), check_deterministic=False,
        num_data=objective.data.count,
    )  # fmt: skip

    def multiply(vectors: torch.Tensor) -> torch.Tensor:
        columns = check_columns(vectors, objective.size).to(objective.point)
        with warnings.catch_warnings():  # PyTorch's forward mode uses torch.jit.script too
            warnings.simplefilter("ignore", DeprecationWarning)
            # All columns at once would hold k copies of the activations.
            parts = [operator @ some for some in columns.split(16, dim=1)]
        return check_derivative(torch.cat(parts, dim=1), "Hessian").reshape(vectors.shape)

    return multiply
