"""Check that a module's loss is a sum over samples, so that no sample sees the others.

Dropout and batch statistics are known by their modules. The rest (another reduction than declared,
a weighted mean, a module that centres its batch) is found by evaluating samples together and one at
a time. What is evaluated together is mixed: samples from everywhere in the data, and of up to 32
different targets, because a weighted mean of samples of one class is a plain one.

The first of them are evaluated at random weights of the same size too: at the point itself all
losses may be equal (a last layer of zeros), or nothing but rounding (a network that fits its data).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from whichmin.core.instruments.arguments import check_losses
from whichmin.core.instruments.batches import Inputs, stack
from whichmin.core.philox import Purpose, generator
from whichmin.errors import InputError, Verbatim

if TYPE_CHECKING:
    from whichmin.core.instruments.module import ModuleObjective

__all__ = ["check_additive", "check_modules", "training_flags", "with_flags"]

_SPREAD = 16  # samples at equal distances in the data
_TARGETS = 32  # samples with different targets
_SEEDS = 64  # a chance of 5 % is missed once in 27 times
_TOGETHER = 16  # samples in one evaluation, unless chunk_size is smaller

Sample = tuple[Inputs, torch.Tensor]
Flags = list[tuple[nn.Module, bool]]


def training_flags(module: nn.Module, mode: str) -> Flags:
    """Return every submodule with the flag that it is measured in, which is False for ``eval``."""
    return [(part, part.training and mode == "as-is") for part in module.modules()]


@contextmanager
def with_flags(flags: Flags) -> Iterator[None]:
    """Set the training flags of submodules, and restore each of them.

    Yields:
        Nothing.
    """
    before = [(part, part.training) for part, _ in flags]
    try:
        for part, flag in flags:
            part.training = flag
        yield
    finally:
        for part, flag in before:
            part.training = flag


def check_modules(module: nn.Module, mode: str) -> None:
    """Refuse dropout that is active, and normalisation by the statistics of a batch.

    Raises:
        InputError: The module has such a part.
    """
    for name, part in module.named_modules():
        if isinstance(part, nn.modules.dropout._DropoutNd):
            rate: object = part.p
        else:  # recurrent layers and attention
            rate = getattr(part, "dropout", 0)
        training = part.training and mode == "as-is"
        active = training and isinstance(rate, (int, float)) and rate > 0
        batch = isinstance(part, nn.modules.batchnorm._BatchNorm) and (
            training or part.running_mean is None
        )
        if active or batch:
            what = "dropout is active" if active else "samples share batch statistics"
            raise InputError(
                "module",
                f"{type(part).__name__} {name!r}: {what}",
                "must treat samples alone and alike at every call: call module.eval() first or "
                "pass mode='eval', and let normalisation track its statistics",
            )


def check_additive(objective: ModuleObjective) -> None:
    r"""Read the data once, and refuse a loss that is not finite or not a sum over samples.

    Samples together must have the loss of theirs alone,

    .. math:: L(x_1, \dots, x_k) = \sum_i \ell(x_i) \quad\text{or}\quad \frac1k \sum_i \ell(x_i) .

    A right loss differs by rounding: some thousand units of roundoff of the largest loss, for
    another shape of the same products. A wrong one differs by a share of the loss. The root of the
    unit lies far from both. The largest loss is that at all weights: a loss that is small because
    the network fits its data is rounded as the larger numbers that it was computed from.

    Raises:
        InputError: The loss is not finite, not the same twice, no loss, or not additive.
    """
    w, reduction = objective.point, objective.reduction
    with torch.no_grad(), torch.random.fork_rng(devices=[]):
        chosen = _Mixed(objective.data.count)
        for x, y in objective.data.chunks(objective.chunk_size):
            each = _first_loss(objective, x, y)
            check_losses("loss_function", each, each, w.dtype)
            chosen.read(x, y)
        _check_chance(objective, *next(iter(objective.data.chunks(1))))
        groups = list(chosen.groups(max(2, min(_TOGETHER, objective.chunk_size))))
        for x, y in groups:
            together, again = (objective.batch_loss(w, x, y) for _ in range(2))
            check_losses("loss_function", together, again, w.dtype)
            expected = (len(x),) if reduction == "none" else ()
            if together.shape != expected:
                raise InputError(
                    "loss_function",
                    f"result of shape {tuple(together.shape)} for a batch of {len(x)}",
                    f"must return shape {expected} with reduction={reduction!r}",
                )
        off, size = _difference(objective, w, groups)
        if not np.isfinite(size):
            raise InputError(
                "loss_function", "a loss of one sample alone that is NaN or infinite",
                "must be finite for every sample alone: with targets that are left out, "
                "reduction='sum' or 'none'",
            )  # fmt: skip
        for moved in _random(w):
            try:
                there = _difference(objective, moved, groups[:1])
            except (RuntimeError, ValueError):  # a probability that is none there, say
                continue
            if np.isfinite(there).all():  # a loss may have poles
                off, size = max(off, there[0]), max(size, there[1])
    if not off <= torch.finfo(w.dtype).eps ** 0.5 * size:
        raise InputError(
            "loss_function",
            f"a loss of several samples that is not the {reduction} of theirs alone "
            f"(off by {off:.3g})",
            "must have the declared reduction, without a weighted mean, and the module must treat "
            "samples alone; reduction='none' or 'sum' suits weighted losses",
        )


def _first_loss(objective: ModuleObjective, x: Inputs, y: torch.Tensor) -> torch.Tensor:
    """Compute the loss of a batch, or say what PyTorch has against it."""
    try:
        return objective.batch_loss(objective.point, x, y)
    except InputError:
        raise
    except (RuntimeError, ValueError, TypeError, IndexError) as error:
        raise InputError(
            "data",
            Verbatim(f"{type(error).__name__}: {str(error).split(chr(10))[0]}"),
            "must be what the module takes (x) and what loss_function takes beside its output (y), "
            "in shape and type; class numbers are integers",
        ) from error


def _check_chance(objective: ModuleObjective, x: Inputs, y: torch.Tensor) -> None:
    """Refuse a module that draws random numbers which matter, if only now and then.

    Raises:
        InputError: Its loss is not the same for all seeds that were tried.
    """
    before = torch.random.get_rng_state()
    loss = objective.batch_loss(objective.point, x, y)
    if torch.equal(before, torch.random.get_rng_state()):
        return
    for seed in range(_SEEDS):
        torch.manual_seed(seed)
        again = objective.batch_loss(objective.point, x, y)
        check_losses("loss_function", loss, again, loss.dtype)


def _random(w: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Draw opposite random weights with about the root mean square of these; 1 where all are 0."""
    size = float(w.double().square().mean().sqrt()) or 1.0
    drawn = torch.from_numpy(generator(0, Purpose.PROBES).standard_normal(len(w)) * size).to(w)
    return drawn, -drawn


def _difference(
    objective: ModuleObjective, w: torch.Tensor, groups: list[Sample]
) -> tuple[float, float]:
    """Compute the largest difference of groups from their samples alone, and the largest loss."""
    off, size = [], []
    for x, y in groups:
        together = objective.batch_loss(w, x, y).double()
        pairs = zip(x, y, strict=True)
        single = [objective.batch_loss(w, a[None], b[None]).sum() for a, b in pairs]
        alone = torch.stack(single).double()
        if objective.reduction == "none":
            off.append(float((together - alone).abs().max()))
        else:
            whole = alone.mean() if objective.reduction == "mean" else alone.sum()
            off.append(float((together - whole).abs()))
        size.append(float(alone.abs().max()))
    return float(np.max(off)), float(np.max(size))  # NaN if one of them is


class _Mixed:
    """Samples from everywhere in the data, and one of every target that is a single number."""

    def __init__(self, count: int) -> None:
        self._wanted = set(np.linspace(0, count - 1, min(_SPREAD, count)).astype(int).tolist())
        self._passed = 0
        self._targets: set[float] = set()
        self._spread: list[Sample] = []
        self._kinds: list[Sample] = []

    def read(self, x: Inputs, y: torch.Tensor) -> None:
        """Take what is wanted from the next chunk."""
        new: list[int] = []
        if y.numel() == len(y) and len(self._targets) < _TARGETS:
            targets, places = np.unique(y.detach().cpu().numpy().ravel(), return_index=True)
            for target, place in zip(targets.tolist(), places.tolist(), strict=True):
                if target not in self._targets and len(self._targets) < _TARGETS:
                    self._targets.add(target)
                    new.append(place)
        self._kinds += [(x[i], y[i]) for i in new]
        here = [i for i in range(len(x)) if self._passed + i in self._wanted and i not in new]
        self._spread += [(x[i], y[i]) for i in here]
        self._passed += len(x)

    def groups(self, size: int) -> Iterator[Sample]:
        """Put samples of the same shape together.

        Args:
            size: Most samples in a group.

        Yields:
            Groups ``(x, y)``.
        """
        shapes: dict[Any, list[Sample]] = {}
        for x, y in self._kinds + self._spread:
            shapes.setdefault((x.shape, y.shape), []).append((x, y))
        for alike in shapes.values():
            for start in range(0, len(alike), size):
                xs, ys = zip(*alike[start : start + size], strict=True)
                yield stack(xs), stack(ys)
