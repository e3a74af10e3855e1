r"""Squared lengths of the samples' gradients, without the gradients.

In a layer that is linear in its weights, the gradient of one sample is made of the layer's input a
and the gradient g at its output, at positions t (of a sequence, an image):

.. math:: \nabla_W \ell_i = \sum_t g_t a_t^\top, \qquad
          |\nabla_W \ell_i|^2 = \sum_{s,t} (g_s^\top g_t)\,(a_s^\top a_t) ,

which is :math:`|g|^2 |a|^2` for a single position (Goodfellow 2015, arXiv 1510.01799). One forward
and one backward pass give all of it. Where there are more positions than the weights' shape is
worth, each sample's gradient of this one layer is formed.

It applies where every trainable weight belongs to one of the layers below, which is called once, on
inputs whose first axis is the sample. What cannot be seen from outside (a weight used beside its
layer, another order of axes) is tried: on some samples of the first chunk the squares must be those
of their gradients. If anything fails, there is no result, and the caller takes the slow way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import torch
from torch import nn
from torch.nn.functional import batch_norm, layer_norm, unfold

from whichmin.core.instruments.batches import Inputs
from whichmin.core.instruments.module import ModuleObjective
from whichmin.core.instruments.problem import Objective

__all__ = ["Call", "layers_of", "recorded", "sample_squares", "squares_of"]

_TRIED = 4  # samples

Squares = Callable[[Any, torch.Tensor, torch.Tensor], dict[str, torch.Tensor]]
Layers = dict[nn.Module, list[str]]


class Call(NamedTuple):
    """A layer's input and output, and their versions then."""

    layer: nn.Module
    given: torch.Tensor
    version: int
    output: torch.Tensor
    after: int
    inputs: int


def sample_squares(
    objective: Objective, *, total: bool = True
) -> tuple[torch.Tensor, torch.Tensor] | None:
    """Compute squared lengths of the samples' gradients, and the gradients' sum.

    Args:
        objective: The loss.
        total: Whether the sum is wanted; it is 0 if not.

    Returns:
        Shapes ``(m,)`` and ``(n,)``, float64; None where it does not apply.
    """
    if not isinstance(objective, ModuleObjective) or objective.weight_decay:
        return None
    layers = layers_of(objective)
    if layers is None:
        return None
    squares: list[torch.Tensor] = []
    summed = torch.zeros_like(objective.point, dtype=torch.float64)
    for x, y in objective.data.chunks(objective.chunk_size):
        found = _of_chunk(objective, layers, x, y, total)
        if found is None or (not squares and not _confirmed(objective, found[0], x, y)):
            return None
        squares.append(found[0])
        if found[1] is not None:
            summed += found[1].double()
    return torch.cat(squares), summed


def layers_of(objective: ModuleObjective) -> Layers | None:
    """Return the layers that hold the weights, with their names in it; None if others hold some."""
    wanted, held = set(objective.names), set[str]()
    layers: Layers = {}
    seen: set[int] = set()
    for path, part in objective.module.named_modules():
        places = {name: f"{path}.{name}" if path else name for name in part._parameters}
        own = [name for name, place in places.items() if place in wanted]
        tensors = [id(p) for p in part._parameters.values() if p is not None]
        if not own:
            continue
        plain = not (part._forward_hooks or part._forward_pre_hooks or part._backward_hooks)
        if type(part) not in _SQUARES or not plain or seen & set(tensors):
            return None
        if isinstance(part, nn.Conv2d) and (
            part.padding_mode != "zeros" or isinstance(part.padding, str)
        ):
            return None
        if isinstance(part, nn.Embedding) and (
            part.max_norm is not None or part.scale_grad_by_freq or part.sparse
        ):
            return None
        seen |= set(tensors)
        held |= {places[name] for name in own}
        layers[part] = own
    count = sum(name in wanted for name in objective.places.values())
    return layers if held == wanted and count == len(wanted) else None


@contextmanager
def _watched(layers: Layers, calls: list[Call], copied: bool) -> Iterator[None]:
    def note(
        layer: nn.Module, inputs: tuple[Any, ...], output: torch.Tensor
    ) -> torch.Tensor | None:
        # Views of one input may be changed in place later: versions tell.
        call = Call(layer, inputs[0], inputs[0]._version, output, output._version, len(inputs))
        calls.append(call)
        return output.clone() if copied else None

    hooks = [layer.register_forward_hook(note) for layer in layers]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def recorded(
    layers: Layers, count: int, evaluate: Callable[[], torch.Tensor], *, copied: bool = False
) -> tuple[torch.Tensor, list[Call]] | None:
    """Evaluate with the calls of layers on record.

    What follows a layer may change its output in place (``nn.ReLU(inplace=True)``): then it is
    evaluated once more, and changes copies.

    Args:
        layers: Those that hold the weights.
        count: Number of samples.
        evaluate: Makes a result, with its graph.
        copied: Whether what follows a layer gets a copy of its output.

    Returns:
        The result and a call of each layer; None where it is not one on every sample.
    """
    calls: list[Call] = []
    with torch.enable_grad(), _watched(layers, calls, copied):
        result = evaluate()
    if len(calls) != len(layers) or {call.layer for call in calls} != set(layers):
        return None
    if not copied and any(call.output._version != call.after for call in calls):
        return recorded(layers, count, evaluate, copied=True)
    for _, a, version, z, after, inputs in calls:
        changed = a._version != version or z._version != after
        if changed or inputs != 1 or z.ndim < 2 or len(z) != count or len(a) != count:
            return None
    return result, calls


def squares_of(
    layers: Layers, calls: Sequence[Call], slopes: Sequence[torch.Tensor]
) -> torch.Tensor:
    """Compute the squared lengths from the gradients at the layers' outputs."""
    squares = torch.zeros(len(slopes[0]), dtype=torch.float64, device=slopes[0].device)
    with torch.no_grad():
        for call, g in zip(calls, slopes, strict=True):
            of = _SQUARES[type(call.layer)](call.layer, call.given.detach(), g)
            for name in layers[call.layer]:
                squares += of[name]
    return squares


def _of_chunk(
    objective: ModuleObjective, layers: Layers, x: Inputs, y: torch.Tensor, total: bool
) -> tuple[torch.Tensor, torch.Tensor | None] | None:
    """Compute the squares and, if wanted, the sum of the gradients of one chunk."""
    w = objective.point.detach().clone().requires_grad_()
    share = len(x) if objective.reduction == "mean" else 1
    try:
        found = recorded(layers, len(x), lambda: share * objective.batch_loss(w, x, y).sum())
        if found is None:
            return None
        wanted = [call.output for call in found[1]] + [w] * total
        slopes = torch.autograd.grad(found[0], wanted, allow_unused=True)
    except torch.cuda.OutOfMemoryError:
        raise
    except (RuntimeError, AttributeError, TypeError):
        return None
    if any(g is None for g in slopes):
        return None
    count = len(found[1])
    return squares_of(layers, found[1], slopes[:count]), slopes[count] if total else None


def _confirmed(
    objective: ModuleObjective, squares: torch.Tensor, x: Inputs, y: torch.Tensor
) -> bool:
    """Hold some squares against those of the samples' gradients, once per point."""
    tried = objective.squares_tried
    if tried is not None and torch.equal(tried, objective.point):
        return True
    # Rounding of sums as long as the number of weights, in no order; a wrong formula is off by a
    # share of the whole.
    close = float(torch.finfo(objective.point.dtype).eps) ** 0.5
    for i in torch.linspace(0, len(x) - 1, min(_TRIED, len(x))).long().tolist():

        def part(w: torch.Tensor, i: int = i) -> torch.Tensor:
            return objective.sample_loss(w, x[i], y[i])

        slope = objective.derivatives.value_and_gradient(part, objective.point)[1].double()
        exact = float(slope.square().sum())
        if not abs(float(squares[i]) - exact) <= close * exact:
            return False
    objective.squares_tried = objective.point.clone()
    return True


def _product_squares(a: torch.Tensor, g: torch.Tensor) -> torch.Tensor:
    """Compute ``|sum_t g_t a_t^T|^2`` of each sample, from ``(b, t, i)`` and ``(b, t, o)``."""
    positions, shape = a.shape[1], a.shape[2] * g.shape[2]
    if positions == 1:
        return _squared(a[:, 0]) * _squared(g[:, 0])
    if positions**2 <= shape:
        grams = (a @ a.mT).double() * (g @ g.mT).double()
        return grams.sum((1, 2)).clamp(min=0)
    return _squared((g.mT @ a).flatten(1))


def _squared(rows: torch.Tensor) -> torch.Tensor:
    # Without a copy in float64, in which no square of float32 underflows.
    lengths: torch.Tensor = torch.linalg.vector_norm(rows, dim=1, dtype=torch.float64)
    return lengths.square()


def _linear(_: nn.Linear, a: torch.Tensor, g: torch.Tensor) -> dict[str, torch.Tensor]:
    a, g = (t.reshape(len(t), -1, t.shape[-1]) for t in (a, g))
    return {"weight": _product_squares(a, g), "bias": _squared(g.sum(1))}


def _convolution(layer: nn.Conv2d, a: torch.Tensor, g: torch.Tensor) -> dict[str, torch.Tensor]:
    patches = unfold(a, layer.kernel_size, layer.dilation, layer.padding, layer.stride)  # type: ignore[arg-type]
    b, groups = len(a), layer.groups
    patches = patches.reshape(b, groups, -1, patches.shape[-1])
    g = g.reshape(b, groups, -1, patches.shape[-1])
    square = sum(_product_squares(patches[:, k].mT, g[:, k].mT) for k in range(groups))
    return {"weight": square, "bias": _squared(g.sum(-1).flatten(1))}  # type: ignore[dict-item]


def _layer_norm(layer: nn.LayerNorm, a: torch.Tensor, g: torch.Tensor) -> dict[str, torch.Tensor]:
    unit = layer_norm(a, layer.normalized_shape, eps=layer.eps)
    each = (len(a), -1, *layer.normalized_shape)
    parts = {"weight": (g * unit).reshape(each), "bias": g.reshape(each)}
    return {k: _squared(v.sum(1).flatten(1)) for k, v in parts.items()}


def _batch_norm(layer: Any, a: torch.Tensor, g: torch.Tensor) -> dict[str, torch.Tensor]:
    mean, variance = (t.to(a) for t in (layer.running_mean, layer.running_var))
    unit = batch_norm(a, mean, variance, eps=layer.eps)
    parts = {"weight": g * unit, "bias": g}
    return {k: _squared(v.reshape(*v.shape[:2], -1).sum(2)) for k, v in parts.items()}


def _embedding(layer: nn.Embedding, a: torch.Tensor, g: torch.Tensor) -> dict[str, torch.Tensor]:
    words, g = a.reshape(len(a), -1), g.reshape(len(a), -1, g.shape[-1])
    same = words[:, :, None] == words[:, None]
    if layer.padding_idx is not None:
        same &= (words != layer.padding_idx)[:, :, None]
    return {"weight": ((g @ g.mT).double() * same).sum((1, 2)).clamp(min=0)}


_SQUARES: dict[type[nn.Module], Squares] = {
    nn.Linear: _linear,
    nn.Conv2d: _convolution,
    nn.LayerNorm: _layer_norm,
    nn.BatchNorm1d: _batch_norm,
    nn.BatchNorm2d: _batch_norm,
    nn.Embedding: _embedding,
}
