"""Batches as they come: pairs of tensors or arrays, or dictionaries with a target among them.

A dictionary (as tokenisers and collate functions of language models make it) becomes
:class:`Fields`, which is sliced, stacked and mapped over samples as a tensor is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import torch
from torch.utils._pytree import register_pytree_node

from whichmin.errors import InputError

__all__ = ["TARGETS", "Fields", "Inputs", "as_pair", "entry", "is_array", "predicted", "stack"]

TARGETS = ("labels", "label", "targets", "target", "y")  # names of y in a dictionary
_KINDS = (
    "must be a pair (x, y) of tensors or arrays, a Dataset, or an iterable of such pairs or of "
    f"dictionaries with y under {', '.join(TARGETS[:-1])} or {TARGETS[-1]}, that can be repeated"
)


class Fields:
    """Tensors of the same length by name: the arguments of a module for some samples.

    Args:
        values: The tensors.
    """

    def __init__(self, values: Mapping[str, torch.Tensor]) -> None:
        self.values = dict(values)

    def __len__(self) -> int:
        """Number of samples."""
        return len(next(iter(self.values.values())))

    def __getitem__(self, index: Any) -> Fields:
        """Index every tensor: a slice, numbers of samples, one number, or None for a new axis."""
        return Fields({k: v[index] for k, v in self.values.items()})

    def __iter__(self) -> Iterator[Fields]:
        """Yield the samples, without their axis."""
        return (self[k] for k in range(len(self)))

    @property
    def shape(self) -> tuple[tuple[str, torch.Size], ...]:
        """Names and shapes."""
        return tuple((k, v.shape) for k, v in self.values.items())

    @property
    def device(self) -> torch.device:
        """Device of the first tensor."""
        return next(iter(self.values.values())).device

    def map(self, function: Callable[[torch.Tensor], torch.Tensor]) -> Fields:
        """Apply a function to every tensor."""
        return Fields({k: function(v) for k, v in self.values.items()})

    def split(self, size: int) -> list[Fields]:
        """Cut into pieces of at most a size."""
        return [self[k : k + size] for k in range(0, len(self), size)]


Inputs: TypeAlias = torch.Tensor | Fields

register_pytree_node(  # so that vmap maps over the samples of all its tensors
    Fields,
    lambda fields: (list(fields.values.values()), list(fields.values)),
    lambda values, names: Fields(dict(zip(names, values, strict=True))),
)


def stack(samples: Sequence[Any]) -> Any:
    """Stack samples, tensors or :class:`Fields`, along a new first axis."""
    if isinstance(samples[0], Fields):
        names = samples[0].values
        return Fields({k: torch.stack([s.values[k] for s in samples]) for k in names})
    return torch.stack(list(samples))


def is_array(value: object) -> bool:
    """Whether a value is a tensor or an array of numbers."""
    return isinstance(value, torch.Tensor) or (
        isinstance(value, np.ndarray) and value.dtype.kind in "biuf"
    )


def as_pair(batch: Any) -> tuple[Inputs, torch.Tensor]:
    """Return a batch as ``(x, y)``.

    Args:
        batch: A pair of tensors or arrays, ``x`` possibly a dictionary of them; or a dictionary
            with y among its entries.

    Returns:
        The pair.

    Raises:
        InputError: It is neither, or its parts have different lengths.
    """
    if isinstance(batch, Mapping):
        name = next((k for k in TARGETS if k in batch), None)
        if name is None:
            raise InputError(
                "data", f"a batch with the entries {', '.join(map(str, batch))}", _KINDS
            )
        batch = ({k: v for k, v in batch.items() if k != name}, batch[name])
    if not (isinstance(batch, (tuple, list)) and len(batch) == 2):
        told = f"a batch of shape {tuple(batch.shape)}" if is_array(batch) else batch
        raise InputError("data", told, _KINDS)
    x, y = batch
    if isinstance(x, Fields):
        x = x.values
    if isinstance(x, Mapping) and x and all(is_array(v) for v in (*x.values(), y)):
        pair = Fields({str(k): _tensor(v) for k, v in x.items()}), _tensor(y)
        parts = [*pair[0].values.values(), pair[1]]
    elif is_array(x) and is_array(y):
        parts = [_tensor(x), _tensor(y)]
        pair = parts[0], parts[1]  # type: ignore[assignment]
    else:
        raise InputError("data", batch, _KINDS)
    if any(p.ndim == 0 for p in parts) or len({len(p) for p in parts}) > 1:
        told = ", ".join(str(tuple(p.shape)) for p in parts[:-1])
        raise InputError(
            "data",
            f"x of shape {told}, y of shape {tuple(parts[-1].shape)}",
            "must have the same number of samples along the first axis",
        )
    return pair


def _tensor(value: Any) -> torch.Tensor:
    # A copy: an array may be read-only, or change later.
    return value if isinstance(value, torch.Tensor) else torch.tensor(value)


def entry(output: Any, name: str) -> Any:
    """Return an entry of a module's output, an attribute or a key.

    Raises:
        InputError: It has none of that name.
    """
    if isinstance(output, Mapping) and name in output:
        return output[name]
    if hasattr(output, name):
        return getattr(output, name)
    raise InputError(
        "loss_function", None,
        f"must be given where the module's output, of type {type(output).__name__}, has no {name}",
    )  # fmt: skip


def predicted(output: Any) -> Any:
    """Return the entry ``logits`` of an output that has one, or the output itself."""
    if isinstance(output, torch.Tensor) or not (
        hasattr(output, "logits") or (isinstance(output, Mapping) and "logits" in output)
    ):
        return output
    return entry(output, "logits")
