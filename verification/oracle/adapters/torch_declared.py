"""Read conventions off PyTorch's own optimisers, losses and loaders."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.utils import data as torch_data

from whichmin.errors import InputError

__all__ = ["loader_declaration", "loss_declaration", "optimiser_declaration"]

_SGD = {"momentum": 0, "dampening": 0, "nesterov": False, "weight_decay": 0}
_ADAM = {"betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0, "amsgrad": False}
# Class to name and parameters with their defaults; a class derived from these may do anything.
_KNOWN: dict[type, tuple[str, dict[str, Any]]] = {
    torch.optim.SGD: ("sgd", _SGD),
    torch.optim.Adam: ("adam", _ADAM),
    torch.optim.AdamW: ("adamw", {**_ADAM, "weight_decay": 1e-2}),
}


def optimiser_declaration(optimiser: Callable[..., Any]) -> dict[str, Any]:
    """Read the convention ``optimiser`` off an optimiser.

    Args:
        optimiser: Makes it from parameters and a step size.

    Returns:
        The declaration, empty for plain SGD and for a class that is not PyTorch's own.
    """
    made = optimiser([torch.nn.Parameter(torch.zeros(3))], 0.125)
    if type(made) not in _KNOWN:
        return {}
    name, default = _KNOWN[type(made)]
    group = made.param_groups[0]
    given = {k: _plain(group[k]) for k, usual in default.items() if group[k] != usual}
    if name == "adam" and group.get("decoupled_weight_decay"):
        name = "adamw"
        given["weight_decay"] = _plain(group["weight_decay"])
    return {"optimiser": {"name": name, **given}} if given or name != "sgd" else {}


def _plain(value: Any) -> Any:
    if isinstance(value, (tuple, list)):
        return tuple(map(_plain, value))
    return value.item() if isinstance(value, torch.Tensor) else value


def loss_declaration(loss: Any) -> dict[str, Any]:
    """Read the conventions of PyTorch's squared error.

    Args:
        loss: A loss; those that are not ``torch.nn.MSELoss`` say nothing.

    Returns:
        The declaration.

    Raises:
        InputError: It divides by the number of coordinates as well.
    """
    if type(loss) is not torch.nn.MSELoss:
        return {}
    if loss.reduction != "sum":
        raise InputError(
            "loss", loss,
            "must be MSELoss(reduction='sum'), or left out: a mean over the n coordinates too is "
            "2/n times the loss of the protocol, a factor that depends on the problem",
        )  # fmt: skip
    return {"loss": "sum", "gradient": "sum", "hessian": "sum", "loss_scale": 2}


def loader_declaration(make: Callable[[], Any]) -> dict[str, Any]:
    """Read what a loader draws off PyTorch's own samplers.

    Args:
        make: Makes the loader of a few points.

    Returns:
        The declaration, empty for other samplers.
    """
    loader = make()
    batches = getattr(loader, "batch_sampler", None)
    if type(batches) is not torch_data.BatchSampler:
        return {}
    order = batches.sampler
    if type(order) is torch_data.SequentialSampler:
        return {"sampling": "cyclic"}
    if type(order) is not torch_data.RandomSampler:
        return {}
    if order.replacement:
        return {"sampling": "with-replacement"}
    short = {} if batches.drop_last else {"leftover": "short"}
    return {"sampling": "reshuffled", **short}
