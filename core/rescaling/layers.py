r"""A two-layer ReLU network and the untied neuron along a rescaling of layers.

.. math:: (W_1, W_2) \mapsto (r\,W_1,\; W_2 / r)

leaves :math:`W_2 \operatorname{relu}(W_1 x)` as it was (Dinh et al. 2017). Everything here is
computed by automatic differentiation at the rescaled weights themselves; nothing uses the laws that
the symbolic layer derives.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch

from whichmin.core.hessian import kink_mixture, second_derivative
from whichmin.core.landscape import activate
from whichmin.core.threads import single_threaded
from whichmin.core.validation import check_matrix, check_positive, check_vector
from whichmin.errors import InputError
from whichmin.words import Activation, Kink, parse

__all__ = [
    "Curvature",
    "curvature",
    "gradients",
    "network",
    "network_loss",
    "rescale",
    "untied_hessian",
]

_CPU = torch.device("cpu")


@dataclass(frozen=True)
class Curvature:
    """Hessian of a two-layer network at one point, and what follows from it.

    Attributes:
        hessian: The dense Hessian, layer 1's parameters (row by row) first.
        first: Number of parameters of layer 1.
        squared_lengths: ``|W1|^2`` and ``|W2|^2``.
    """

    hessian: torch.Tensor
    first: int
    squared_lengths: tuple[float, float]

    @property
    def traces(self) -> tuple[float, float]:
        """Traces of the two diagonal blocks."""
        diagonal = self.hessian.diagonal()
        return float(diagonal[: self.first].sum()), float(diagonal[self.first :].sum())

    @property
    def trace(self) -> float:
        """Trace of the whole Hessian."""
        return sum(self.traces)

    @property
    def spectrum(self) -> torch.Tensor:
        """Eigenvalues, ascending."""
        with single_threaded():
            values: torch.Tensor = torch.linalg.eigvalsh(self.hessian)
        return values

    @property
    def log_determinant(self) -> float:
        """Logarithm of the determinant's absolute value; minus infinity where it vanishes."""
        with single_threaded():
            return float(torch.linalg.slogdet(self.hessian).logabsdet)

    @property
    def relative_flatness(self) -> float:
        """Sum over the layers of squared length times trace of the layer's block."""
        return sum(q * t for q, t in zip(self.squared_lengths, self.traces, strict=True))


def rescale(first: Any, second: Any, factor: Any) -> tuple[torch.Tensor, torch.Tensor]:
    r"""Scale layer 1 up and layer 2 down.

    .. math:: (W_1, W_2) \mapsto (r\,W_1,\; W_2 / r)

    Source: Dinh, Pascanu, Bengio, Bengio, ICML 2017, section 3.

    Args:
        first: Weights of layer 1, shape ``(hidden, inputs)``.
        second: Weights of layer 2, shape ``(outputs, hidden)``.
        factor: Above 0. A power of 2 changes no bit of what the network computes.

    Returns:
        The rescaled layers.

    Raises:
        InputError: Wrong shapes, not finite, or a factor that is not positive or that makes a
            weight overflow or lose digits.

    Example:
        >>> one, other = rescale([[1.0, -2.0]], [[3.0]], 2)
        >>> one.tolist(), other.tolist()
        ([[2.0, -4.0]], [[1.5]])
    """
    scale = check_positive(factor, "factor")
    one, other = _layers(first, second)
    scaled = one * scale, other / scale
    for before, after in zip((one, other), scaled, strict=True):
        # Below the smallest normal number digits are lost.
        lost = (after.abs() < torch.finfo(after.dtype).tiny) & (before != 0)
        if not bool(torch.isfinite(after).all()) or bool(lost.any()):
            raise InputError(
                "factor", factor, "must leave every weight finite, with all its digits"
            )
    return scaled


def network(first: Any, second: Any, inputs: Any) -> torch.Tensor:
    r"""Compute the outputs of the two-layer network.

    .. math:: f(x) = W_2 \operatorname{relu}(W_1 x)

    Args:
        first: Weights of layer 1, shape ``(hidden, inputs)``.
        second: Weights of layer 2, shape ``(outputs, hidden)``.
        inputs: Samples as rows, shape ``(samples, inputs)``.

    Returns:
        Shape ``(samples, outputs)``.

    Raises:
        InputError: Wrong shapes or not finite.
    """
    one, other, rows = _network_inputs(first, second, inputs)
    with single_threaded():
        return torch.relu(rows @ one.T) @ other.T


def network_loss(first: Any, second: Any, inputs: Any, targets: Any) -> float:
    r"""Compute the mean over the samples of half the squared distance from the targets.

    .. math:: L = \frac{1}{2 k} \sum_{j=1}^k \lvert W_2 \operatorname{relu}(W_1 x_j) - y_j \rvert^2

    Args:
        first: Weights of layer 1, shape ``(hidden, inputs)``.
        second: Weights of layer 2, shape ``(outputs, hidden)``.
        inputs: Samples as rows, shape ``(samples, inputs)``.
        targets: Shape ``(samples, outputs)``.

    Returns:
        The loss.

    Raises:
        InputError: Wrong shapes or not finite.
    """
    problem = _problem(first, second, inputs, targets)
    with single_threaded():
        return float(_loss(*problem))


def gradients(
    first: Any, second: Any, inputs: Any, targets: Any
) -> tuple[torch.Tensor, torch.Tensor]:
    """Compute the gradient of :func:`network_loss`, layer by layer.

    Args:
        first: Weights of layer 1, shape ``(hidden, inputs)``.
        second: Weights of layer 2, shape ``(outputs, hidden)``.
        inputs: Samples as rows, shape ``(samples, inputs)``.
        targets: Shape ``(samples, outputs)``.

    Returns:
        Gradients in the shapes of the layers.

    Raises:
        InputError: Wrong shapes or not finite.
    """
    one, other, rows, wanted = _problem(first, second, inputs, targets)
    one.requires_grad_()
    other.requires_grad_()
    with single_threaded():
        found = torch.autograd.grad(_loss(one, other, rows, wanted), (one, other))
    return found[0], found[1]


def curvature(first: Any, second: Any, inputs: Any, targets: Any) -> Curvature:
    """Compute the dense Hessian of :func:`network_loss`, for some hundred parameters.

    Args:
        first: Weights of layer 1, shape ``(hidden, inputs)``.
        second: Weights of layer 2, shape ``(outputs, hidden)``.
        inputs: Samples as rows, shape ``(samples, inputs)``.
        targets: Shape ``(samples, outputs)``.

    Returns:
        The Hessian and what follows from it.

    Raises:
        InputError: Wrong shapes or not finite.
    """
    one, other, rows, wanted = _problem(first, second, inputs, targets)
    cut = one.numel()

    def value(flat: torch.Tensor) -> torch.Tensor:
        return _loss(flat[:cut].reshape(one.shape), flat[cut:].reshape(other.shape), rows, wanted)

    matrix = second_derivative(value, torch.cat([one.flatten(), other.flatten()]))
    lengths = (float(one.square().sum()), float(other.square().sum()))
    return Curvature((matrix + matrix.T) / 2, cut, lengths)


def untied_hessian(
    decoder: Any, encoder: Any, points: Any, *, activation: Any = "relu", kink: Any = "left"
) -> torch.Tensor:
    r"""Compute the Hessian of the untied neuron on data, encoder first.

    .. math:: L(v, u) = \frac{1}{2m} \sum_i \lvert a_i - u\,\varphi(\langle v, a_i\rangle) \rvert^2

    Args:
        decoder: u, shape ``(n,)``.
        encoder: v, shape ``(n,)``.
        points: Data as rows, shape ``(m, n)``.
        activation: ``linear`` or ``relu``.
        kink: Where ``<v, x>`` is exactly 0: ``left``, ``mean`` or ``right``.

    Returns:
        Shape ``(2n, 2n)``, v first.

    Raises:
        InputError: Wrong shapes, not finite, or an unknown name.
    """
    act = parse(Activation, activation, "activation")
    kappa = float(parse(Kink, kink, "kink").value)
    rows = check_matrix(points, "points", torch.float64, _CPU)
    n = rows.shape[1]
    u = check_vector(decoder, n, "decoder", torch.float64, _CPU)
    v = check_vector(encoder, n, "encoder", torch.float64, _CPU)

    def value(at_kink: float) -> torch.Tensor:
        def loss(flat: torch.Tensor) -> torch.Tensor:
            code = activate(rows @ flat[:n], act, at_kink)
            return (rows - code[:, None] * flat[n:]).square().sum(1).mean() / 2

        return second_derivative(loss, torch.cat([v, u]))

    # As in core.hessian: the sample Hessian is affine in the value given to (phi^2/2)''.
    return kink_mixture(value, kappa)


def _loss(
    one: torch.Tensor, other: torch.Tensor, rows: torch.Tensor, wanted: torch.Tensor
) -> torch.Tensor:
    return (torch.relu(rows @ one.T) @ other.T - wanted).square().sum(1).mean() / 2


def _layers(first: Any, second: Any) -> tuple[torch.Tensor, torch.Tensor]:
    one = check_matrix(first, "first", torch.float64, _CPU)
    other = check_matrix(second, "second", torch.float64, _CPU)
    if other.shape[1] != one.shape[0]:
        raise InputError(
            "second", f"shape {tuple(other.shape)}", f"must have {one.shape[0]} columns"
        )
    return one, other


def _network_inputs(
    first: Any, second: Any, inputs: Any
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    one, other = _layers(first, second)
    rows = check_matrix(inputs, "inputs", torch.float64, _CPU)
    if rows.shape[1] != one.shape[1]:
        raise InputError(
            "inputs", f"shape {tuple(rows.shape)}", f"must have {one.shape[1]} columns"
        )
    return one, other, rows


def _problem(
    first: Any, second: Any, inputs: Any, targets: Any
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    one, other, rows = _network_inputs(first, second, inputs)
    wanted = check_matrix(targets, "targets", torch.float64, _CPU)
    shape = (rows.shape[0], other.shape[0])
    if tuple(wanted.shape) != shape:
        raise InputError("targets", f"shape {tuple(wanted.shape)}", f"must have shape {shape}")
    return one, other, rows, wanted
