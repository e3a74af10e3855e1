r"""Trace of the Hessian, exactly, by one backward pass per output, for piecewise linear networks.

With outputs :math:`z = f(x; w)`, their derivatives J and the loss :math:`\ell(z, y)`

.. math:: \operatorname{tr} \nabla_w^2 \ell = \operatorname{tr}(J^\top S J)
          + \sum_c \frac{\partial \ell}{\partial z_c} \sum_j \frac{\partial^2 z_c}{\partial w_j^2},
          \qquad S = \nabla_z^2 \ell = \sum_k \lambda_k u_k u_k^\top .

Where every weight enters linearly along each path, and what follows it is linear but for kinks
(ReLU, maxima), the second sum is 0: outputs are linear in each single weight. What is left,
:math:`\sum_k \lambda_k |J^\top u_k|^2`, are squared lengths of samples' gradients of
:math:`u_k^\top z`, with each sample's own :math:`u_k`: one backward pass for each k gives them for
all samples, from activations and output gradients (:mod:`whichmin.core.instruments.ghosts`). For
the cross entropy, :math:`S = \operatorname{diag}(p) - p p^\top`, that is one pass less than there
are classes.

It applies where the recorded graph of the outputs holds operations of the lists below alone, and
the weights belong to layers that are called once. On some samples the squares must be those of the
samples' gradients, and :math:`v^\top H v = v^\top J^\top S J v` for a random v in each parameter.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import torch

from whichmin.core.instruments.batches import Inputs
from whichmin.core.instruments.ghosts import Call, Layers, layers_of, recorded, squares_of
from whichmin.core.instruments.module import ModuleObjective
from whichmin.core.instruments.problem import BLOCK, Objective
from whichmin.core.philox import Purpose, generator

__all__ = ["NoPassesError", "trace_by_passes"]

_TRIED = 4  # samples

# Nodes of autograd's graph, without "Backward" and a number. Shapes alone:
_SHAPES = {
    "Alias", "Cat", "Clone", "Expand", "Permute", "ReshapeAlias", "Select", "Slice", "Split",
    "SplitWithSizes", "Squeeze", "Stack", "T", "ToCopy", "Transpose", "Unsqueeze", "UnsafeView",
    "View",
}  # fmt: skip
# Linear, or linear on each side of a kink.
_LINEAR = _SHAPES | {
    "Abs", "AdaptiveAvgPool2D", "AdaptiveMaxPool2D", "Add", "AvgPool2D", "Clamp", "ClampMax",
    "ClampMin", "ConstantPadNd", "Embedding", "Hardtanh", "LeakyRelu", "MaxPool2DWithIndices",
    "Maximum", "Mean", "Minimum", "Neg", "Relu", "Sub", "Sum", "Threshold",
}  # fmt: skip
# Linear in each of two operands, given by their places among the inputs.
_PRODUCTS = {"Addmm": (1, 2), "Convolution": (0, 1), "Mm": (0, 1), "Mul": (0, 1),
             "NativeBatchNorm": (0, 1)}  # fmt: skip


class NoPassesError(Exception):
    """Why the trace is not to be had this way."""


def trace_by_passes(objective: Objective, most: int) -> tuple[float, int]:
    """Compute the trace of the Hessian at the objective's point.

    Args:
        objective: The loss.
        most: Most outputs of a sample, each of which takes a pass.

    Returns:
        The trace, and the number of passes over all samples.

    Raises:
        NoPassesError: It does not apply.
        InputError: The objective's derivatives are wrong.
    """
    if not isinstance(objective, ModuleObjective) or objective.loss_function is None:
        raise NoPassesError("it takes a module and a loss function")
    layers = layers_of(objective)
    if layers is None:
        raise NoPassesError(
            "weights must belong to layers of torch.nn whose gradients it knows, once each"
        )
    objective.confirm()
    x, y = next(iter(objective.data.chunks(min(_TRIED, objective.chunk_size))))
    width = _tried(objective, layers, x, y, most)
    total, passes = 0.0, 0
    for x, y in objective.data.chunks(min(objective.chunk_size, max(1, BLOCK // width**2))):
        share = len(x) if objective.reduction == "mean" else 1
        sample = _Outputs(objective, layers, x, y)
        matrices = sample.curvature().double() * share / (objective.data.count**objective.mean)
        found, count = _passes(sample, *torch.linalg.eigh(matrices))
        total, passes = total + found, max(passes, count)
    return total + objective.weight_decay * objective.size, passes


class _Outputs:
    """Outputs of some samples, with their graph and the calls of the layers."""

    def __init__(
        self, objective: ModuleObjective, layers: Layers, x: Inputs, y: torch.Tensor
    ) -> None:
        self.layers, self.y, self._loss = layers, y, objective.loss_function
        self.w = objective.point.detach().clone().requires_grad_()
        try:
            found = recorded(
                layers, len(x), lambda: objective.batch_loss(self.w, x, y, lambda z, _: z)
            )
        except (RuntimeError, AttributeError, TypeError) as error:
            raise NoPassesError(f"the layers cannot be watched: {error}") from error
        if found is None:
            raise NoPassesError("each layer must be called once, on inputs that stay as they are")
        self.z: torch.Tensor = found[0]
        self.calls: list[Call] = found[1]
        if not isinstance(self.z, torch.Tensor) or self.z.ndim < 1 or len(self.z) != len(x):
            raise NoPassesError("outputs must be one tensor, samples along its first axis")
        word = _foreign(self.z)
        if word:
            raise NoPassesError(f"{word} is not linear on each side of a kink, for all it knows")

    def loss(self, z: torch.Tensor) -> torch.Tensor:
        """Compute the loss function of outputs."""
        assert self._loss is not None
        return self._loss(z, self.y).sum()

    def curvature(self) -> torch.Tensor:
        """Compute S of each sample, ``(b, d, d)``."""
        z = self.z.detach().clone().requires_grad_()
        with torch.enable_grad():
            slope = torch.autograd.grad(
                self.loss(z), z, create_graph=True, materialize_grads=True
            )[0].reshape(len(z), -1)  # fmt: skip
        if not slope.requires_grad:
            return slope.new_zeros(*slope.shape, slope.shape[1])
        rows = [_pull(each, z) for each in slope.sum(0)]
        return torch.stack([row.reshape(len(z), -1) for row in rows], 1)

    def squares(self, u: torch.Tensor) -> torch.Tensor:
        """Compute squared lengths of the gradients of ``u_i z_i``, shape ``(b,)``."""
        outputs = [call.output for call in self.calls]
        slopes = torch.autograd.grad(
            self.z, outputs, u.reshape(self.z.shape).to(self.z), retain_graph=True,
            materialize_grads=True,
        )  # fmt: skip
        return squares_of(self.layers, self.calls, slopes)


def _passes(sample: _Outputs, values: torch.Tensor, vectors: torch.Tensor) -> tuple[float, int]:
    """Add up the squares of all samples, and count the passes."""
    total, count = 0.0, 0
    # Below this eigenvalues are rounding of S, as that of (1, ..., 1) for the cross entropy.
    least = 4 * torch.finfo(sample.z.dtype).eps * float(values.abs().max()) * values.shape[1]
    for k in range(values.shape[1]):
        if float(values[:, k].abs().max()) <= least:
            continue
        total += float((values[:, k] * sample.squares(vectors[:, :, k])).sum())
        count += 1
    return total, count


def _foreign(z: torch.Tensor) -> str:
    """Return the first operation in a graph that is not on the lists; empty if there is none."""
    for node in _nodes(z.grad_fn):
        name = _word(node)
        if name in _PRODUCTS:
            edges = [node.next_functions[k][0] for k in _PRODUCTS[name]]
            operands = [edge for edge in edges if edge is not None]
            own = sum(_raw(edge) for edge in operands)
            # By a layer's own weights or by constants; and batch statistics are no constants.
            if len(operands) - own > 1 or own > 1 or getattr(node, "_saved_training", False):
                return f"a product ({name})"
        elif name not in _LINEAR and type(node).__name__ != "AccumulateGrad":
            return name
    return ""


def _raw(node: Any) -> bool:
    """Say whether a node gives weights as they are, but for their shape."""
    return all(
        _word(each) in _SHAPES or type(each).__name__ == "AccumulateGrad" for each in _nodes(node)
    )


def _nodes(node: Any) -> Iterator[Any]:
    seen, queue = set[Any](), [node]
    while queue:
        each = queue.pop()
        if each is None or each in seen:
            continue
        seen.add(each)
        yield each
        queue += [following for following, _ in each.next_functions]


def _word(node: Any) -> str:
    # A node of an autograd.Function has no number: it is nothing that is known here.
    name = type(node).__name__
    known = re.fullmatch(r"(\w+)Backward\d+", name)
    return known[1] if known else name


def _tried(
    objective: ModuleObjective, layers: Layers, x: Inputs, y: torch.Tensor, most: int
) -> int:
    """Hold squares against gradients, and the curvature along parameters against its formula.

    Returns:
        The number of outputs of a sample.

    Raises:
        NoPassesError: They disagree, or there are more outputs than allowed.
    """
    sample = _Outputs(objective, layers, x, y)
    w, z = sample.w, sample.z.reshape(len(x), -1)
    if z.shape[1] > most:
        raise NoPassesError(f"each of {z.shape[1]} outputs takes a pass, and {most} are allowed")
    draws = generator(0, Purpose.PROBES)
    u, v = (torch.from_numpy(draws.standard_normal(tuple(t.shape))).to(t) for t in (z, w))
    # Rounding of sums as long as the number of weights; a wrong formula is off by a share.
    close = float(torch.finfo(z.dtype).eps) ** 0.5
    for square, pulled in zip(sample.squares(u).tolist(), (z * u).sum(1), strict=True):
        exact = float(_pull(pulled, w).double().square().sum())
        if not abs(square - exact) <= close * exact:
            raise NoPassesError("weights are used beside their layers")
    dual = torch.zeros_like(z).requires_grad_()
    with torch.enable_grad():
        back = torch.autograd.grad(z, w, dual, create_graph=True, materialize_grads=True)[0]
        slope = torch.autograd.grad(sample.loss(sample.z), w, create_graph=True)[0]
    matrices = sample.curvature()
    for k, part in enumerate(objective.sizes):
        start = sum(objective.sizes[:k])
        move = torch.zeros_like(v)
        move[start : start + part] = v[start : start + part]
        moved = _pull(back, dual, move)
        image = _pull(slope, w, move)[start : start + part]
        told = float(torch.einsum("bc,bcd,bd->", moved, matrices, moved))
        found = float(image @ v[start : start + part])
        size = max(float(image.norm() * move.norm()), abs(told))
        if not abs(told - found) <= close * size:
            raise NoPassesError("the loss is curved otherwise than its formula says")
    return z.shape[1]


def _pull(value: torch.Tensor, at: torch.Tensor, u: torch.Tensor | None = None) -> torch.Tensor:
    if not value.requires_grad:
        return torch.zeros_like(at)
    return torch.autograd.grad(value, at, u, retain_graph=True, materialize_grads=True)[0]
