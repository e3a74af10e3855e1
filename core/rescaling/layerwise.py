"""Optimisers with one step size per layer, LARS and LAMB, and SGD and Adam beside them.

All four are functions of weights, gradients and a state; layers are a list of tensors. LARS (You,
Gitman, Ginsburg 2017) multiplies a layer's gradient by ``trust |w|/|g|``; LAMB (You et al. 2020)
divides Adam's direction by its length and multiplies it by that of the weights. With epsilon = 0
and no weight decay both commute with the rescaling of :mod:`whichmin.core.rescaling.layers`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from whichmin.core.scales import length
from whichmin.core.validation import check_positive, check_real, check_tensor
from whichmin.errors import InputError

__all__ = [
    "AdamState",
    "MomentumState",
    "adam_step",
    "lamb_step",
    "lars_step",
    "sgd_step",
    "trust_ratio",
]

Layers = tuple[torch.Tensor, ...]


@dataclass(frozen=True)
class MomentumState:
    """State of SGD and LARS.

    Attributes:
        buffers: One tensor per layer: the last update.
    """

    buffers: Layers


@dataclass(frozen=True)
class AdamState:
    """State of Adam and LAMB.

    Attributes:
        first: Running means of the gradients.
        second: Square roots of the running means of their squares, as a square of 1e-170 vanishes.
        steps: Number of steps taken.
    """

    first: Layers
    second: Layers
    steps: int


def trust_ratio(
    weights: torch.Tensor, direction: torch.Tensor, trust: float = 1.0, epsilon: float = 0.0
) -> float:
    r"""Compute the factor that gives a direction ``trust`` times the length of the weights.

    .. math:: \frac{\tau\,|w|}{|d| + \epsilon}

    or 1 where either length is 0.

    Args:
        weights: A layer, any shape.
        direction: A gradient or update of the same shape.
        trust: LARS's coefficient.
        epsilon: Added to the direction's length; above 0 it breaks the symmetry.

    Returns:
        ``trust |w| / (|d| + epsilon)``; 1 where either length is 0.
    """
    size, own = length(weights), length(direction)
    return trust * size / (own + epsilon) if size > 0 and own > 0 else 1.0


def sgd_step(
    weights: Sequence[Any],
    gradients: Sequence[Any],
    state: MomentumState | None = None,
    *,
    step_size: float,
    momentum: float = 0.0,
    weight_decay: float = 0.0,
) -> tuple[Layers, MomentumState]:
    r"""Take one step of SGD with momentum.

    .. math:: u \leftarrow \mu\,u + \eta\,(g + \lambda w), \qquad w \leftarrow w - u

    with momentum :math:`\mu` and weight decay :math:`\lambda`.

    Args:
        weights: Layers, any shapes.
        gradients: Their gradients.
        state: What the last step returned; None at the start.
        step_size: Above 0.
        momentum: At least 0 and below 1.
        weight_decay: Multiple of the weights that is added to the gradient.

    Returns:
        New layers and state.

    Raises:
        InputError: Shapes differ, or a number is out of range.
    """
    return _momentum(weights, gradients, state, None, step_size, momentum, weight_decay, 0.0)


def lars_step(
    weights: Sequence[Any],
    gradients: Sequence[Any],
    state: MomentumState | None = None,
    *,
    step_size: float,
    trust: float = 1e-3,
    momentum: float = 0.0,
    weight_decay: float = 0.0,
    epsilon: float = 0.0,
) -> tuple[Layers, MomentumState]:
    r"""Take one step of LARS.

    .. math:: d = g + \lambda w, \qquad
              u \leftarrow \mu\,u + \eta\,\frac{\tau\,|w|}{|d| + \epsilon}\,d, \qquad
              w \leftarrow w - u

    layer by layer, with trust :math:`\tau`, momentum :math:`\mu` and weight decay :math:`\lambda`.

    Source: You, Gitman, Ginsburg, arXiv 1708.03888, algorithm 1; with weight decay as optax has it:
    the paper divides by ``|g| + weight_decay |w|``, here it is ``|g + weight_decay w|``.

    Args:
        weights: Layers, any shapes.
        gradients: Their gradients.
        state: What the last step returned; None at the start.
        step_size: Above 0, common to all layers.
        trust: Coefficient of the ratio of lengths.
        momentum: At least 0 and below 1.
        weight_decay: Multiple of the weights that is added to the gradient before its length is
            taken.
        epsilon: Added to the gradient's length.

    Returns:
        New layers and state.

    Raises:
        InputError: Shapes differ, or a number is out of range.

    Example:
        >>> (layer,), _ = lars_step([[3.0, 4.0]], [[0.0, 9.0]], step_size=0.1, trust=1.0)
        >>> layer.tolist()
        [3.0, 3.5]
    """
    check_positive(trust, "trust")
    return _momentum(weights, gradients, state, trust, step_size, momentum, weight_decay, epsilon)


def adam_step(
    weights: Sequence[Any],
    gradients: Sequence[Any],
    state: AdamState | None = None,
    *,
    step_size: float,
    decays: tuple[float, float] = (0.9, 0.999),
    epsilon: float = 0.0,
) -> tuple[Layers, AdamState]:
    r"""Take one step of Adam.

    .. math::
       m &\leftarrow \beta_1 m + (1 - \beta_1)\,g, \\
       v &\leftarrow \beta_2 v + (1 - \beta_2)\,g^2, \\
       w &\leftarrow w - \eta\,\frac{m / (1 - \beta_1^t)}{\sqrt{v / (1 - \beta_2^t)} + \epsilon}

    Source: Kingma, Ba, arXiv 1412.6980, algorithm 1.

    Args:
        weights: Layers, any shapes.
        gradients: Their gradients.
        state: What the last step returned; None at the start.
        step_size: Above 0.
        decays: Decay rates of the two running means, at least 0 and below 1.
        epsilon: Added to the root mean square.

    Returns:
        New layers and state.

    Raises:
        InputError: Shapes differ, or a number is out of range.
    """
    layers, directions, after = _adam(weights, gradients, state, step_size, decays, epsilon)
    moved = tuple(w - step_size * d for w, d in zip(layers, directions, strict=True))
    return moved, after


def lamb_step(
    weights: Sequence[Any],
    gradients: Sequence[Any],
    state: AdamState | None = None,
    *,
    step_size: float,
    decays: tuple[float, float] = (0.9, 0.999),
    epsilon: float = 0.0,
    weight_decay: float = 0.0,
) -> tuple[Layers, AdamState]:
    r"""Take one step of LAMB, with the identity for the paper's scaling function.

    .. math:: d = r + \lambda w, \qquad w \leftarrow w - \eta\,\frac{|w|}{|d|}\,d

    layer by layer, with Adam's direction r (see :func:`adam_step`) and weight decay
    :math:`\lambda`.

    Source: You et al., arXiv 1904.00962, algorithm 2.

    Args:
        weights: Layers, any shapes.
        gradients: Their gradients.
        state: What the last step returned; None at the start.
        step_size: Above 0, common to all layers.
        decays: Decay rates of the two running means, at least 0 and below 1.
        epsilon: Added to the root mean square.
        weight_decay: Multiple of the weights that is added to Adam's direction.

    Returns:
        New layers and state.

    Raises:
        InputError: Shapes differ, or a number is out of range.
    """
    check_real(weight_decay, "weight_decay", 0)
    layers, directions, after = _adam(weights, gradients, state, step_size, decays, epsilon)
    moved = []
    for layer, adam in zip(layers, directions, strict=True):
        direction = adam + weight_decay * layer
        moved.append(layer - step_size * trust_ratio(layer, direction) * direction)
    return tuple(moved), after


def _momentum(
    weights: Sequence[Any],
    gradients: Sequence[Any],
    state: MomentumState | None,
    trust: float | None,
    step_size: float,
    momentum: float,
    weight_decay: float,
    epsilon: float,
) -> tuple[Layers, MomentumState]:
    """Take a step of SGD (without a trust ratio) or of LARS.

    The buffer holds updates, so that a later step size does not scale it.

    Returns:
        New layers and state.
    """
    check_positive(step_size, "step_size")
    check_real(momentum, "momentum", 0, 1)
    check_real(weight_decay, "weight_decay", 0)
    check_real(epsilon, "epsilon", 0)
    layers, slopes = _paired(weights, gradients)
    zero = tuple(map(torch.zeros_like, layers))
    before = _checked(state.buffers, "state.buffers", layers) if state is not None else zero
    buffers = []
    for layer, gradient, buffer in zip(layers, slopes, before, strict=True):
        direction = gradient + weight_decay * layer
        factor = 1.0 if trust is None else trust_ratio(layer, direction, trust, epsilon)
        buffers.append(momentum * buffer + step_size * factor * direction)
    moved = tuple(w - u for w, u in zip(layers, buffers, strict=True))
    return moved, MomentumState(tuple(buffers))


def _adam(
    weights: Sequence[Any],
    gradients: Sequence[Any],
    state: AdamState | None,
    step_size: float,
    decays: tuple[float, float],
    epsilon: float,
) -> tuple[Layers, list[torch.Tensor], AdamState]:
    """Compute Adam's directions.

    Returns:
        Layers, one direction per layer, and the state.
    """
    check_positive(step_size, "step_size")
    check_real(epsilon, "epsilon", 0)
    mean, square = (check_real(d, f"decays[{place}]", 0, 1) for place, d in enumerate(decays))
    layers, slopes = _paired(weights, gradients)
    zero = tuple(map(torch.zeros_like, layers))
    old = state if state is not None else AdamState(zero, zero, 0)
    ones = _checked(old.first, "state.first", layers)
    roots = _checked(old.second, "state.second", layers)
    first = tuple(mean * a + (1 - mean) * g for a, g in zip(ones, slopes, strict=True))
    # sqrt(square a^2 + (1 - square) g^2), squaring nothing.
    kept, added = math.sqrt(square), math.sqrt(1 - square)
    second = tuple(torch.hypot(kept * a, added * g) for a, g in zip(roots, slopes, strict=True))
    steps = old.steps + 1
    directions = []
    for one, two in zip(first, second, strict=True):
        root = two / math.sqrt(1 - square**steps) + epsilon
        # With epsilon = 0 an entry that never had a gradient stays where it is.
        directions.append(torch.where(root > 0, one / (1 - mean**steps) / root, 0.0))
    return layers, directions, AdamState(first, second, steps)


def _paired(weights: Sequence[Any], gradients: Sequence[Any]) -> tuple[Layers, Layers]:
    layers = _tensors(weights, "weights")
    return layers, _checked(gradients, "gradients", layers)


def _checked(values: Sequence[Any], argument: str, layers: Layers) -> Layers:
    """Validate tensors that have the shapes of the layers.

    Returns:
        One per layer, finite.

    Raises:
        InputError: Other shapes, or not finite.
    """
    tensors = _tensors(values, argument)
    shapes = [[tuple(t.shape) for t in group] for group in (layers, tensors)]
    if shapes[0] != shapes[1]:
        raise InputError(argument, shapes[1], f"must have the shapes of the layers: {shapes[0]}")
    return tensors


def _tensors(values: Sequence[Any], argument: str) -> Layers:
    return tuple(
        check_tensor(value, f"{argument}[{place}]", torch.float64, torch.device("cpu"))
        for place, value in enumerate(values)
    )
