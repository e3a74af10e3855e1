"""Samples of a data set, from tensors, a list of batches or a data loader, in passes or by index.

A pass yields every sample once, in chunks of bounded size. Whatever an instrument sums over a pass
depends on the chunks through rounding only; so a loader's last, smaller batch counts by its size.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Sized
from typing import Any

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset, IterableDataset, SequentialSampler
from torch.utils.data.distributed import DistributedSampler

from whichmin.core.instruments.batches import Fields, Inputs, as_pair, is_array, stack
from whichmin.errors import InputError

__all__ = ["Samples"]

_TOGETHER = 256  # samples that are read at a time from a Dataset


class Samples:
    """Samples ``(x, y)``, read in passes or by index.

    Args:
        data: A pair of tensors or arrays with samples along their first axis, a ``Dataset``, or an
            iterable of such pairs or of dictionaries (a list, a ``DataLoader``) that yields the
            same batches in every pass (``whichmin.core.instruments.batches``).
        cast: Applied to every pair that is read (data type, device).

    Attributes:
        count: Number of samples, m.

    Raises:
        InputError: No samples; not such pairs; a loader that shuffles, augments, drops samples or
            can be read only once.
    """

    def __init__(
        self, data: Any, cast: Callable[[torch.Tensor], torch.Tensor] | None = None
    ) -> None:
        self._cast = cast if cast is not None else _same
        if isinstance(data, Dataset) or hasattr(data, "__getitems__"):
            data = DataLoader(data, batch_size=_TOGETHER)
        whole = isinstance(data, (tuple, list)) and len(data) == 2 and all(map(is_array, data))
        whole = whole or isinstance(data, Mapping)
        self._batches: Iterable[Any] = [as_pair(data)] if whole else data
        self._dataset: Any = None
        if not isinstance(self._batches, Iterable):
            as_pair(data)  # says what it must be
        if isinstance(data, DataLoader):
            _check_whole(data)
        with torch.random.fork_rng(devices=[]):  # a loader draws a seed for every pass
            first, sizes = _fingerprint(self._batches)
            if not sum(sizes):
                raise InputError("data", f"{len(sizes)} batches", "must hold at least one sample")
            again = first if whole else _fingerprint(self._batches)[0]
            if again != first:
                raise InputError(
                    "data",
                    f"{type(data).__name__} whose second pass differs from its first",
                    "must yield the same batches in every pass: no shuffling, no augmentation, no "
                    "one-time iterator; a list of its batches will do",
                )
        self.count = sum(sizes)
        self._ends = np.cumsum(sizes)
        if isinstance(data, DataLoader):
            self._check_complete(data)
            # Numbers in the data set are places in a pass only where the loader takes them in turn
            # and makes the batches itself.
            if data.batch_size is not None and type(data.sampler) is SequentialSampler:
                self._dataset = (data.dataset, data.collate_fn)

    def _check_complete(self, loader: DataLoader[Any]) -> None:
        if not getattr(loader.batch_sampler, "drop_last", loader.drop_last):
            return
        sampler = getattr(loader.batch_sampler, "sampler", None)
        available = len(sampler) if isinstance(sampler, Sized) else None
        if available is None or self.count < available:
            left = "may leave out" if available is None else "leaves out"
            number = "some" if available is None else str(available - self.count)
            raise InputError(
                "data",
                f"a loader with drop_last that {left} {number} samples",
                "must yield all samples: drop_last=False",
            )

    def chunks(self, size: int) -> Iterator[tuple[Inputs, torch.Tensor]]:
        """Read all samples once.

        Args:
            size: Most samples in a chunk.

        Yields:
            Chunks ``(x, y)``.
        """
        with torch.random.fork_rng(devices=[]):
            batches = iter(self._batches)
        for batch in batches:
            x, y = as_pair(batch)
            for start in range(0, len(x), size):
                yield self._pair(x[start : start + size], y[start : start + size])

    def _pair(self, x: Inputs, y: torch.Tensor) -> tuple[Inputs, torch.Tensor]:
        return x.map(self._cast) if isinstance(x, Fields) else self._cast(x), self._cast(y)

    def take(self, indices: Sequence[int] | np.ndarray) -> tuple[Inputs, torch.Tensor]:
        """Read some samples, numbered as they come in a pass.

        Args:
            indices: Numbers of samples, repetitions allowed. A loader that takes its data set in
                turn is read through the ``dataset``.

        Returns:
            The samples ``(x, y)``, in this order.

        Raises:
            InputError: The data can only be read from the beginning, or the samples have different
                shapes.
        """
        wanted = np.asarray(indices, dtype=np.int64)
        if self._dataset is not None:
            dataset, collate = self._dataset
            numbers = [int(i) for i in wanted]
            many = getattr(dataset, "__getitems__", None)  # which a loader prefers
            x, y = as_pair(collate(many(numbers) if many else [dataset[i] for i in numbers]))
        elif isinstance(self._batches, Sequence):
            homes = np.searchsorted(self._ends, wanted, side="right")
            starts = np.concatenate([[0], self._ends])
            if len(self._batches) == 1:
                places = torch.from_numpy(wanted)
                whole, targets = as_pair(self._batches[0])
                x, y = whole[places.to(whole.device)], targets[places.to(targets.device)]
            else:
                pairs = {int(h): as_pair(self._batches[h]) for h in set(homes.tolist())}
                rows = [
                    [t[int(i - starts[h])] for t in pairs[int(h)]]
                    for i, h in zip(wanted, homes, strict=True)
                ]
                if len({tuple(t.shape for t in row) for row in rows}) > 1:
                    raise InputError(
                        "data", "batches whose samples have different shapes",
                        "must have samples of one shape: random batches mix them",
                    )  # fmt: skip
                x, y = (stack(column) for column in zip(*rows, strict=True))
        else:
            raise InputError(
                "data",
                type(self._batches).__name__,
                "must be tensors, a list of batches (list(loader) is one) or a loader that takes a "
                "data set in turn: random batches need samples by index",
            )
        return self._pair(x, y)


def _check_whole(loader: DataLoader[Any]) -> None:
    """Refuse a loader of one process's share of the data, or of several copies of them.

    Raises:
        InputError: It has a distributed sampler, or an iterable data set and several workers.
    """
    samplers = [loader.sampler, getattr(loader.batch_sampler, "sampler", None)]
    for sampler in samplers:
        if isinstance(sampler, DistributedSampler) and sampler.num_replicas > 1:
            raise InputError(
                "data", f"a DistributedSampler's share, 1 of {sampler.num_replicas}",
                "must be all the data: a loader of the data set without that sampler",
            )  # fmt: skip
    if isinstance(loader.dataset, IterableDataset) and loader.num_workers > 1:
        raise InputError(
            "data", f"an IterableDataset read by {loader.num_workers} workers",
            "must be read once: each worker may yield all of it; num_workers=0",
        )  # fmt: skip


def _same(value: torch.Tensor) -> torch.Tensor:
    return value


def _fingerprint(batches: Iterable[Any]) -> tuple[list[bytes], list[int]]:
    """Compute digest and size of every batch of a pass.

    Returns:
        Both, in the order of the pass.

    Raises:
        InputError: A batch is no pair of the same length.
    """
    digests, sizes = [], []
    for batch in batches:
        x, y = as_pair(batch)
        digest = hashlib.blake2b(digest_size=16)
        for part in (*(x.values.values() if isinstance(x, Fields) else (x,)), y):
            raw = part.detach().cpu().contiguous()
            digest.update(f"{raw.dtype}{tuple(raw.shape)}".encode())
            digest.update(raw.reshape(-1).view(torch.uint8).numpy())
        digests.append(digest.digest())
        sizes.append(len(x))
    return digests, sizes
