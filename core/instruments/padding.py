"""Rows of embeddings that stand for padding, whose gradient is 0 by definition in PyTorch.

So the loss is taken as one that does not depend on them: they keep their value whatever the
weights are. Layers say which row it is; a module of one's own says so when it calls
``torch.nn.functional.embedding`` with one of its parameters.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Any

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

__all__ = ["LookedUp", "layers_padding"]

Rows = dict[str, tuple[int, torch.Tensor]]


def layers_padding(
    module: nn.Module, state: Mapping[str, torch.Tensor],
    trainable: Container[str], places: Mapping[str, str],
) -> Rows:  # fmt: skip
    """Find the padding of trainable layers ``nn.Embedding``.

    Args:
        module: The module.
        state: Its parameters by place.
        trainable: Names of those that are weights.
        places: Name of the parameter at each place.

    Returns:
        Number and value of the row, by place.
    """
    found = {}
    for path, part in module.named_modules():
        place = f"{path}.weight" if path else "weight"
        if isinstance(part, nn.Embedding) and places.get(place) in trainable:
            k = part.padding_idx
            if k is not None:
                found[place] = k, state[place][k : k + 1].clone()
    return found


class LookedUp(TorchFunctionMode):
    """Take note of weights that are looked up with a row for padding."""

    def __init__(self) -> None:
        super().__init__()
        self._seen: list[tuple[torch.Tensor, int]] = []

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Call the function."""
        named = kwargs or {}
        if func is nn.functional.embedding:
            weight = args[1] if len(args) > 1 else named.get("weight")
            row = args[2] if len(args) > 2 else named.get("padding_idx")
            if isinstance(weight, torch.Tensor) and row is not None:
                self._seen.append((weight, row % len(weight)))
        return func(*args, **named)

    def padding(self, state: Mapping[str, torch.Tensor]) -> Rows:
        """Return number and value of the rows, by place, of weights that lie where these do.

        Args:
            state: Parameters by place, views of the same vector as those that were looked up.
        """
        return {
            place: (row, tensor[row : row + 1].clone())
            for weight, row in self._seen
            for place, tensor in state.items()
            if (tensor.data_ptr(), tensor.shape) == (weight.data_ptr(), weight.shape)
        }
