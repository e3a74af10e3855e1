"""Adapter for plain ``torch.optim.SGD`` and autograd, as in any training script."""

from __future__ import annotations

import torch

from whichmin.verification.oracle.adapters.tied_module import TiedModule, half_mean_square

WHICHMIN = {
    "name": "torch.optim.SGD and autograd",
    "version": torch.__version__,
    "arrays": "torch",
    "kink": 0,
}


def loss(w: torch.Tensor, data: torch.Tensor, activation: str) -> torch.Tensor:
    """Compute half the mean squared distance."""
    return half_mean_square(TiedModule(w, activation)(data), data)


def gradient(w: torch.Tensor, data: torch.Tensor, activation: str) -> torch.Tensor | None:
    """Compute the gradient by ``backward()``."""
    model = TiedModule(w, activation)
    half_mean_square(model(data), data).backward()
    return model.weight.grad


def step(w: torch.Tensor, batch: torch.Tensor, step_size: float, activation: str) -> torch.Tensor:
    """Take one step of the optimiser."""
    return _run(w, [batch], step_size, activation)


def train(
    w0: torch.Tensor, data: torch.Tensor, batches: torch.Tensor, step_size: float, activation: str
) -> torch.Tensor:
    """Train in a loop over the batches."""
    return _run(w0, [data[rows] for rows in batches], step_size, activation)


def _run(
    w: torch.Tensor, batches: list[torch.Tensor], step_size: float, activation: str
) -> torch.Tensor:
    model = TiedModule(w, activation)
    optimiser = torch.optim.SGD(model.parameters(), lr=step_size)
    for batch in batches:
        optimiser.zero_grad()
        half_mean_square(model(batch), batch).backward()
        optimiser.step()
    return model.weight.detach()


def hessian(w: torch.Tensor, data: torch.Tensor, activation: str) -> torch.Tensor:
    """Call ``torch.autograd.functional.hessian``."""
    result: torch.Tensor = torch.autograd.functional.hessian(
        lambda v: _value(v, data, activation), w
    )
    return result


def hessian_vector_product(
    w: torch.Tensor, data: torch.Tensor, v: torch.Tensor, activation: str
) -> torch.Tensor:
    """Call ``torch.autograd.functional.vhp``."""
    product: torch.Tensor = torch.autograd.functional.vhp(
        lambda u: _value(u, data, activation), w, v
    )[1]
    return product


def spectrum(w: torch.Tensor, data: torch.Tensor, activation: str) -> torch.Tensor:
    """Call ``torch.linalg.eigvalsh`` on the Hessian."""
    values: torch.Tensor = torch.linalg.eigvalsh(hessian(w, data, activation))
    return values


def relative_flatness(w: torch.Tensor, data: torch.Tensor, activation: str) -> torch.Tensor:
    """Multiply the squared length of the weights by the trace of the Hessian."""
    flatness: torch.Tensor = w @ w * hessian(w, data, activation).trace()
    return flatness


def hessian_noise_scale(w: torch.Tensor, data: torch.Tensor, activation: str) -> torch.Tensor:
    """Compute the noise scale by its definition, from the points' gradients and the Hessian."""

    def losses(v: torch.Tensor) -> torch.Tensor:
        return torch.stack([_value(v, row[None], activation) for row in data])

    each: torch.Tensor = torch.autograd.functional.jacobian(losses, w)
    mean, curved = each.mean(0), hessian(w, data, activation)
    away = each - mean
    noise: torch.Tensor = ((away @ curved) * away).sum() / len(data) / (mean @ curved @ mean)
    return noise


def _value(w: torch.Tensor, data: torch.Tensor, activation: str) -> torch.Tensor:
    inner = data @ w
    code = torch.relu(inner) if activation == "relu" else inner
    return half_mean_square(code[:, None] * w, data)
