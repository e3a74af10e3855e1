"""Products with the Hessian, by ``torch.func`` here or by curvlinops (the extra ``curvature``).

Their derivatives are held against differences first (``whichmin.core.instruments.trust``). Where
PyTorch's second derivative is wrong or missing, the engine ``differences`` makes products of
gradients alone (``DifferenceOperator``).

The first two are exact up to rounding and share no code: ours takes the derivative of the gradient
in reverse mode, curvlinops' ``HessianLinearOperator`` builds a functional model of its own, takes
it in forward mode and adds up mini-batches. The caller chooses; an engine that is missing is an
error, never replaced.

What curvlinops adds is that independence. Its estimators return a bare number: no standard error,
no seed of their own, and at most n probes. So the estimators are ours, on either engine.
"""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from typing import Any

import torch
from torch import nn

from whichmin.core.instruments.arguments import check_columns, check_derivative
from whichmin.core.instruments.batches import Fields, Inputs
from whichmin.core.instruments.derivatives import first_line, quiet
from whichmin.core.instruments.differences import MORE_STEPS, STEPS, Differences
from whichmin.core.instruments.module import ModuleObjective
from whichmin.core.instruments.problem import Objective, check_objective
from whichmin.core.philox import Purpose, generator
from whichmin.core.scales import length
from whichmin.errors import InputError, MissingDependency

__all__ = ["DifferenceOperator", "hessian_matrix", "hessian_operator"]

_ENGINES = ("torch", "curvlinops", "differences")
_SMALL = 20_000  # weights of a network that is small
_KEPT = 2**30  # bytes of the graphs that are kept
LARGEST = 5000  # weights of a dense Hessian: 200 MB of float64

Operator = Callable[[torch.Tensor], torch.Tensor]


def hessian_operator(objective: Objective, engine: str = "torch") -> Operator:
    """Return a function that multiplies the Hessian at the objective's point by vectors.

    Args:
        objective: The loss.
        engine: ``torch``, ``differences`` (``DifferenceOperator``), or ``curvlinops``, which
            needs a module and a loss function with an attribute ``reduction`` (``mean`` or
            ``sum``).

    Returns:
        Maps shape ``(n,)`` or ``(n, k)`` to the same shape.

    Raises:
        InputError: An unknown engine, an objective that it does not take, or derivatives that
            differences contradict.
        MissingDependency: curvlinops is not installed.
    """
    check_objective(objective)
    if engine == "torch":
        objective.confirm()
        return KeptOperator(objective)
    if engine == "differences":
        return DifferenceOperator(objective)
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


class KeptOperator:
    """Products with the Hessian by plain reverse mode, through graphs that are kept.

    The gradient of each part of the loss, and the graph that made it, is computed once; a product
    then is one more pass back through it. Where the tensors that the graphs hold take more than
    1 GiB, or PyTorch lacks a rule, products are those of :meth:`Objective.hessian_product`.

    Args:
        objective: The loss.
    """

    def __init__(self, objective: Objective) -> None:
        self._objective, self._w = objective, objective.point.detach().clone().requires_grad_()
        self._slopes: list[torch.Tensor] | None = None
        self._begun = False

    def __call__(self, vectors: torch.Tensor) -> torch.Tensor:
        """Multiply shape ``(n,)`` or ``(n, k)``.

        Returns:
            The same shape.

        Raises:
            InputError: Vectors of another shape or not finite, or a product that is not finite.
            torch.cuda.OutOfMemoryError: There is too little memory.
        """
        columns = check_columns(vectors, self._objective.size).to(self._w.detach())
        if not self._begun:  # not before there is a product to make
            self._begun, self._slopes = True, self._kept()
        if self._slopes is not None:
            try:
                return check_derivative(self._sum(columns), "Hessian").reshape(vectors.shape)
            except torch.cuda.OutOfMemoryError:
                raise
            except RuntimeError:
                self._slopes = None
        return self._objective.hessian_product(vectors)

    def _sum(self, columns: torch.Tensor) -> torch.Tensor:
        # Together they save calls, not arithmetic: large networks are faster one by one.
        together = 16 if self._objective.size <= _SMALL else 1
        if len(self._slopes or ()) == columns.shape[1] == 1:  # no sum, which would be two copies
            return self._pulled((self._slopes or [])[0], columns)
        out = torch.zeros_like(columns)
        for slope in self._slopes or ():
            for some, into in zip(columns.split(together, 1), out.split(together, 1), strict=True):
                into += self._pulled(slope, some)
        return out

    def _pulled(self, slope: torch.Tensor, columns: torch.Tensor) -> torch.Tensor:
        # vmap costs more than it gives where there is one vector.
        single = columns.shape[1] == 1
        with nullcontext() if single else quiet():
            found: torch.Tensor = torch.autograd.grad(
                slope, self._w, columns[:, 0] if single else columns.T.contiguous(),
                retain_graph=True, is_grads_batched=not single, materialize_grads=True,
            )[0]  # fmt: skip
        return found[:, None] if single else found.T

    def _kept(self) -> list[torch.Tensor] | None:
        """Return the gradients of the parts with their graphs, or None where they are not kept."""
        held, sizes = set[tuple[int, int]](), [0]

        def count(tensor: torch.Tensor) -> torch.Tensor:
            storage = tensor.untyped_storage()
            place = (storage.data_ptr(), storage.nbytes())
            if place not in held:
                held.add(place)
                sizes[0] += storage.nbytes()
            if sizes[0] > _KEPT:
                raise _NoRoom
            return tensor

        slopes = []
        try:
            with (
                torch.enable_grad(), quiet(),
                torch.autograd.graph.saved_tensors_hooks(count, lambda kept: kept),
            ):  # fmt: skip
                for part in self._objective.parts():
                    value = part(self._w)
                    if not value.requires_grad:
                        continue
                    slope = torch.autograd.grad(
                        value, self._w, create_graph=True, materialize_grads=True
                    )[0]
                    if slope.requires_grad:  # otherwise the gradient is constant
                        slopes.append(slope)
        except torch.cuda.OutOfMemoryError:
            raise
        except (_NoRoom, RuntimeError):
            return None
        return slopes


class _NoRoom(Exception):
    """Graphs that would take more memory than they are given."""


class DifferenceOperator:
    """Products with the Hessian by central differences of the gradient.

    For losses whose second derivative PyTorch lacks or has wrong. Each product takes 6 gradients,
    up to 18 where the loss has kinks near the point, and is refused where no step settles it.

    Args:
        objective: The loss; its gradient is held against differences of the loss.

    Attributes:
        error: The largest estimated error of a product so far, relative to the largest product so
            far, both per length of the vector; at most 1e-3, and 0.05 in float32.
    """

    def __init__(self, objective: Objective) -> None:
        objective.confirm(second=False)
        self.error = 0.0
        self._objective, self._largest, self._off = objective, 0.0, 0.0
        self._most = 1e-3 if objective.point.dtype == torch.float64 else 0.05

    def __call__(self, vectors: torch.Tensor) -> torch.Tensor:
        """Multiply shape ``(n,)`` or ``(n, k)``.

        Returns:
            The same shape.

        Raises:
            InputError: Differences do not settle a product.
        """
        columns = check_columns(vectors, self._objective.size).to(self._objective.point)
        products = torch.stack([self._product(v) for v in columns.T], dim=1)
        return products.to(self._objective.point).reshape(vectors.shape)

    def _product(self, v: torch.Tensor) -> torch.Tensor:
        at, norm = self._objective.point, length(v)
        if not norm:
            return torch.zeros_like(v).double()
        # The largest entry moves as far as the weights are large.
        share = float(v.double().abs().max()) / (length(at) / len(at) ** 0.5 or 1.0)
        differences = Differences(self._objective.value_and_gradient, at, v.double() / share)
        for steps in (STEPS[at.dtype], MORE_STEPS[at.dtype]):
            differences.add(steps)
            found = differences.product()
            size, error = (share * x / norm for x in (length(found.value), found.error))
            largest = max(self._largest, size)
            if error <= self._most * largest or error == 0:
                self._largest, self._off = largest, max(self._off, error)
                self.error = self._off / largest if largest else 0.0
                return share * found.value
        raise InputError(
            "engine", "differences",
            "must be torch where the loss allows it: differences of the gradient settle at no step",
        )  # fmt: skip


class _Batches:
    """Chunks of the objective's data, as often as they are asked for."""

    def __init__(self, objective: ModuleObjective) -> None:
        self._objective = objective

    def __iter__(self) -> Iterator[tuple[Inputs, torch.Tensor]]:
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
    if isinstance(next(iter(objective.data.chunks(1)))[0], Fields):
        raise InputError("engine", "curvlinops", "must be torch for batches that are dictionaries")
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
            parts = [
                operator @ some + objective.weight_decay * some for some in columns.split(16, dim=1)
            ]
        return check_derivative(torch.cat(parts, dim=1), "Hessian").reshape(vectors.shape)

    return _confirmed(objective, multiply)


def _confirmed(objective: Objective, multiply: Operator) -> Operator:
    """Hold one product of curvlinops against ours, which differences have confirmed.

    Returns:
        Its products.

    Raises:
        InputError: It has none, or another one.
        torch.cuda.OutOfMemoryError: There is too little memory.
    """
    draws = generator(0, Purpose.PROBES)
    v = torch.from_numpy(draws.standard_normal(objective.size)).to(objective.point)
    try:
        theirs = multiply(v)
    except (torch.cuda.OutOfMemoryError, InputError):
        raise
    except (RuntimeError, TypeError, ValueError, AttributeError, KeyError) as error:
        raise InputError(
            "engine", "curvlinops",
            "must be torch or differences here; curvlinops says: " + first_line(error)[:200],
        ) from error  # fmt: skip
    ours = objective.hessian_product(v)
    # Half the digits: both are rounded, each in its own order.
    if length(theirs - ours) > torch.finfo(v.dtype).eps ** 0.5 * length(ours):
        raise InputError(
            "engine", "curvlinops",
            "must be torch or differences here: products of curvlinops differ from those that "
            "differences confirm",
        )  # fmt: skip
    return multiply
