"""An ``nn.Module``, a loss function and data as an objective of the instruments.

The module is called through ``torch.func.functional_call`` with copies of its parameters and
buffers, so it is never changed: not its numbers, not its buffers, not its gradients. Its training
flags are set during a call to what they were when the objective was made (off with
``mode="eval"``), and set back one by one, also when the call fails.

The row of an embedding that stands for padding is no variable: its gradient is 0 by definition in
PyTorch, so it keeps its value at that place (:mod:`whichmin.core.instruments.padding`).

Losses are sums over samples, so no sample may see the others. Batch statistics, a loss function
whose reduction is not the declared one, or one with a weighted mean are refused
(:mod:`whichmin.core.instruments.additive`).
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.func import functional_call, grad, vmap

from whichmin.core.instruments.additive import (
    check_additive,
    check_modules,
    training_flags,
    with_flags,
)
from whichmin.core.instruments.arguments import (
    check_derivative,
    check_indices,
    check_kinks,
    check_reduction,
)
from whichmin.core.instruments.batches import Fields, Inputs, entry, predicted
from whichmin.core.instruments.data import Samples
from whichmin.core.instruments.dependence import check_dependence, check_loss_module
from whichmin.core.instruments.derivatives import Derivatives, Part, by_formula, quiet
from whichmin.core.instruments.padding import LookedUp, layers_padding
from whichmin.core.instruments.problem import BLOCK, Objective
from whichmin.core.validation import check_dtype, check_integer, check_real
from whichmin.errors import InputError

__all__ = ["ModuleObjective", "module_objective"]

_MODES = ("as-is", "eval")
_FEW = 8  # samples on which derivatives are held against differences

LossFunction = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


class ModuleObjective(Objective):
    """A module's loss on data; see :func:`module_objective`.

    Attributes:
        module: The module.
        loss_function: Maps predictions and targets of a batch to its loss; None for the module's
            own.
        data: The samples.
        reduction: What ``loss_function`` does to the losses of a batch.
        mode: ``as-is`` (as it was when the objective was made) or ``eval``.
        chunk_size: Most samples evaluated at a time.
        weight_decay: Factor of ``|w|^2 / 2`` in the objective.
        names: Parameters that are the weights, in the order of the flat vector.
        sizes: Their numbers of weights.
        places: Every place of a parameter or buffer in the module, and its name.
        squares_tried: Where squares from activations were held against those of gradients.
    """

    def __init__(
        self, module: nn.Module, loss_function: LossFunction | None, data: Samples,
        point: torch.Tensor, fixed: dict[str, torch.Tensor],
        *, reduction: str, mode: str, chunk_size: int, weight_decay: float = 0.0,
    ) -> None:  # fmt: skip
        super().__init__(point, data.count, reduction != "sum")
        self.module, self.loss_function, self.data = module, loss_function, data
        self.reduction, self.mode, self.chunk_size = reduction, mode, chunk_size
        self.weight_decay = weight_decay
        self._shapes = {k: p.shape for k, p in module.named_parameters() if p.requires_grad}
        self._fixed = fixed
        self._flags = training_flags(module, mode)
        self.places = _places(module)
        loops = (nn.RNNBase, nn.RNNCellBase)
        self._recurrent = any(isinstance(part, loops) for part in module.modules())
        self.names = tuple(self._shapes)
        self.sizes = [math.prod(shape) for shape in self._shapes.values()]
        self.derivatives = Derivatives("module")
        # PyTorch defines the gradient of these rows as 0: so here the loss does not depend on them.
        self._padding: dict[str, tuple[int, torch.Tensor]] = {}
        self._padding = layers_padding(module, self.state(point), self._shapes, self.places)
        self.squares_tried: torch.Tensor | None = None
        self._one_by_one = False

    def state(self, w: torch.Tensor) -> dict[str, torch.Tensor]:
        """Return parameters and copies of the buffers by place; weights are views of ``w``."""
        split = zip(self._shapes.items(), w.split(self.sizes), strict=True)
        known = {name: part.view(shape) for (name, shape), part in split}
        known |= {name: _like(value, w) for name, value in self._fixed.items()}
        return {place: self._held(place, known[name]) for place, name in self.places.items()}

    def _held(self, place: str, value: torch.Tensor) -> torch.Tensor:
        if place not in self._padding:
            return value
        k, row = self._padding[place]
        return torch.cat([value[:k], row.to(value), value[k + 1 :]])

    def hold_looked_up(self) -> None:
        """Hold the rows for padding of weights that the module itself gives to ``F.embedding``."""
        x, y = next(iter(self.data.chunks(self.chunk_size)))
        with torch.no_grad(), LookedUp() as seen:
            self.batch_loss(self.point, x, y)
        found = seen.padding(self.state(self.point))
        if not found:
            return

        def slope() -> torch.Tensor:
            part = partial(self.batch_loss, x=x, y=y)
            return self.derivatives.value_and_gradient(lambda w: part(w).sum(), self.point)[1]

        before, own = slope(), self._padding
        self._padding = own | found
        if not torch.allclose(slope(), before):  # the row is used elsewhere too
            self._padding = own

    def in_mode(self) -> AbstractContextManager[None]:
        """Return a context in which the module is in the mode that it is measured in."""
        return with_flags(self._flags)

    def batch_loss(
        self, w: torch.Tensor, x: Inputs, y: torch.Tensor, loss: LossFunction | None = None
    ) -> torch.Tensor:
        """Return the loss function's value on a batch; ``loss`` stands for it in another type."""
        with self.in_mode(), by_formula(recurrent=self._recurrent):
            # The places are untied here. PyTorch's own untying leaves the copies in a module that
            # is reached by two paths (its issue 164759, in 2.13).
            function = self.loss_function if loss is None else loss
            args, named = ((), dict(x.values)) if isinstance(x, Fields) else ((x,), {})
            if function is None:
                named["labels"] = y
            output = functional_call(self.module, self.state(w), args, named, tie_weights=False)
            return entry(output, "loss") if function is None else function(predicted(output), y)

    def few(self, dtype: torch.dtype) -> tuple[Part, list[int]]:
        """Return the loss of up to eight samples from the first chunk, in either type."""
        x, y = next(iter(self.data.chunks(self.chunk_size)))
        chosen = torch.from_numpy(np.linspace(0, len(x) - 1, min(_FEW, len(x))).astype(int))
        xs, ys = x[chosen.to(x.device)], y[chosen.to(y.device)]

        def convert(value: torch.Tensor) -> torch.Tensor:
            return value.to(dtype) if value.is_floating_point() else value

        loss = self.loss_function
        if dtype != self.point.dtype:
            xs, ys = xs.map(convert) if isinstance(xs, Fields) else convert(xs), convert(ys)
            if isinstance(loss, nn.Module):
                loss = copy.deepcopy(loss).to(dtype)
        return lambda w: self.batch_loss(w, xs, ys, loss).sum(), self.sizes

    def parts(self) -> Iterator[Part]:
        """Yield the loss of each chunk, weighted by its share of the samples, and the decay."""
        for x, y in self.data.chunks(self.chunk_size):
            share = len(x) if self.reduction == "mean" else 1
            scale = share / self.data.count if self.mean else 1.0

            def part(
                w: torch.Tensor, x: Inputs = x, y: torch.Tensor = y, scale: float = scale
            ) -> torch.Tensor:
                return scale * self.batch_loss(w, x, y).sum()

            yield part
        if self.weight_decay:
            yield lambda w: self.weight_decay / 2 * w.square().sum()

    def sample_loss(self, w: torch.Tensor, x: Inputs, y: torch.Tensor) -> torch.Tensor:
        """Return the loss of one sample, as a batch of one, with its share of the decay."""
        loss = self.batch_loss(w, x[None], y[None]).sum()
        return loss + self._decay / 2 * w.square().sum() if self.weight_decay else loss

    @property
    def _decay(self) -> float:
        # Of one sample, so that their mean or sum is the objective.
        return self.weight_decay if self.mean else self.weight_decay / self.data.count

    def sample_parts(self) -> Iterator[tuple[Part, int]]:
        """Yield functions to the losses of each chunk's samples, and their number."""
        for x, y in self.data.chunks(self.chunk_size):

            def losses(w: torch.Tensor, x: Inputs = x, y: torch.Tensor = y) -> torch.Tensor:
                return self._each(self.sample_loss, w, x, y)

            yield losses, len(x)

    def sample_gradients(self, w: Any = None) -> Iterator[torch.Tensor]:
        """Compute the gradients of the samples' losses, in blocks.

        Args:
            w: Weights; None for the point.

        Yields:
            Shape ``(k, n)``, at most 128 MiB or one row.

        Raises:
            InputError: A gradient is not finite.
        """
        at = self.weights(w)
        rows = max(1, min(self.chunk_size, BLOCK // self.size))
        for x, y in self.data.chunks(rows):
            yield check_derivative(self._each(self._slope, at, x, y), "gradient of one sample")

    def _slope(self, w: torch.Tensor, x: Inputs, y: torch.Tensor) -> torch.Tensor:
        if self._one_by_one:

            def part(w: torch.Tensor) -> torch.Tensor:
                return self.sample_loss(w, x, y)

            return self.derivatives.value_and_gradient(part, w)[1]
        slope: torch.Tensor = grad(self.sample_loss)(w, x, y)
        return slope

    def _each(
        self, function: Callable[..., torch.Tensor], w: torch.Tensor,
        x: Inputs, y: torch.Tensor,
    ) -> torch.Tensor:  # fmt: skip
        # PyTorch's recurrent layers write into a state without vmap's axis; others have no rule.
        if not self._recurrent and not self._one_by_one:
            try:
                with quiet():
                    found: torch.Tensor = vmap(function, in_dims=(None, 0, 0))(w, x, y)
                return found
            except torch.cuda.OutOfMemoryError:
                raise
            except RuntimeError:
                self._one_by_one = True
        return torch.stack([function(w, a, b) for a, b in zip(x, y, strict=True)])

    def batch_gradient(self, indices: np.ndarray, w: torch.Tensor | None = None) -> torch.Tensor:
        """Return the mean gradient of some samples; they are read by index."""
        at = self.weights(w)
        known = check_indices(indices, self.data.count)
        x, y = self.data.take(known)
        out = torch.zeros_like(at)
        for xs, ys in zip(x.split(self.chunk_size), y.split(self.chunk_size), strict=True):
            share = len(xs) if self.reduction == "mean" else 1

            def part(
                w: torch.Tensor, xs: Inputs = xs, ys: torch.Tensor = ys, share: int = share
            ) -> torch.Tensor:
                return share * self.batch_loss(w, xs, ys).sum() / len(known)

            out += self.derivatives.value_and_gradient(part, at)[1]
        if self.weight_decay:
            out += self._decay * at
        return check_derivative(out, "gradient of one batch")


def module_objective(
    module: nn.Module,
    loss_function: LossFunction | None,
    data: Any,
    *,
    reduction: str = "mean",
    mode: str = "as-is",
    chunk_size: Any = 1024,
    dtype: Any = None,
    weight_decay: Any = 0.0,
    kinks: str = "refuse",
) -> ModuleObjective:
    r"""Make an objective of a module, which is its loss on data as a function of its parameters.

    With the module f, its trainable parameters w and the loss function :math:`\ell` it is

    .. math:: L(w) = \frac1m \sum_{i=1}^m \ell(f(x_i; w), y_i)

    or the sum without the factor 1/m, for ``reduction="sum"``; with ``weight_decay`` there is
    :math:`\tfrac\lambda2 |w|^2` beside it.

    Args:
        module: Takes a batch ``x``. Parameters that do not require gradients stay as they are.
        loss_function: Maps the module's output, or its entry ``logits`` if it has one, and ``y`` to
            the loss of the batch. None: the module is called with ``labels=y`` too, and its output
            has an entry ``loss``, as those of Hugging Face's transformers.
        data: A pair ``(x, y)`` of tensors or NumPy arrays, a ``Dataset``, or an iterable of such
            batches that yields the same ones in every pass: a list, or a ``DataLoader`` without
            shuffling, augmentation and ``drop_last``. A batch may be a dictionary: ``y`` is its
            entry ``labels``, ``label``, ``targets``, ``target`` or ``y``, the others are the
            module's arguments by name.
        reduction: What ``loss_function`` returns: the ``mean`` over the batch, the ``sum``, or
            ``none``: one loss per sample, shape ``(b,)``. The objective is the sum over all samples
            for ``sum`` and the mean over all samples otherwise, whatever the sizes of the batches.
        mode: ``as-is`` measures the module in the mode that it is in now, whatever it is switched
            to later, and refuses active dropout and batch statistics; ``eval`` switches training
            mode off while it measures.
        chunk_size: Most samples evaluated at a time; two, at least, when the loss is checked.
        dtype: float64 or float32: parameters, buffers (also those of a loss function that is a
            module) and data are converted, the module itself is not changed. None for the
            parameters' own type. In float32 a rise of the loss below about 1e-6 of the loss is
            rounding; each instrument says how far (``rounding``).
        weight_decay: Factor of ``|w|^2 / 2``, over all trainable parameters, biases too, as in
            ``torch.optim.SGD``; each sample's loss has its share. A penalty in ``loss_function``
            would not see the weights, and is refused.
        kinks: ``refuse`` or ``pytorch``, as for
            :func:`~whichmin.core.instruments.problem.closure_objective`.

    Returns:
        The objective, at the module's present weights.

    Raises:
        InputError: No trainable parameters, or of several types; data that differ from pass to
            pass; dropout, batch statistics, buffers that a call changes or another reduction than
            declared; a loss function of the module's own parameters; a loss that is not finite.

    Example:
        >>> net = nn.Linear(2, 1, bias=False, dtype=torch.float64)
        >>> _ = net.weight.data.fill_(1.0)
        >>> x, y = torch.eye(2, dtype=torch.float64), torch.zeros(2, 1, dtype=torch.float64)
        >>> objective = module_objective(net, nn.MSELoss(), (x, y))
        >>> objective.value(), objective.hessian_product(objective.point).tolist()
        (1.0, [1.0, 1.0])
    """
    check_reduction(reduction, ("mean", "sum", "none"))
    check_kinks(kinks)
    if mode not in _MODES:
        raise InputError("mode", mode, f"must be one of: {', '.join(_MODES)}")
    chunk = check_integer(chunk_size, "chunk_size", 1)
    if not isinstance(module, nn.Module):
        raise InputError("module", module, "must be a torch.nn.Module")
    if any(nn.parameter.is_lazy(p) for p in (*module.parameters(), *module.buffers())):
        raise InputError(
            "module", "parameters without a shape yet (a lazy module)",
            "must have been called once",
        )  # fmt: skip
    trainable = {k: p.detach() for k, p in module.named_parameters() if p.requires_grad}
    kinds = {(p.dtype, p.device) for p in trainable.values()}
    if len(kinds) != 1:
        raise InputError(
            "module",
            f"trainable parameters of {len(kinds)} types or devices",
            "must have trainable parameters, all of one floating type and on one device",
        )
    own, device = kinds.pop()
    if device.type not in ("cpu", "cuda"):
        raise InputError("module", f"parameters on the device {device}", "must be on cpu or cuda")
    kind = check_dtype(own if dtype is None else dtype, "dtype")
    check_modules(module, mode)
    check_loss_module(module, loss_function)
    decay = check_real(weight_decay, "weight_decay", 0.0)

    def cast(value: torch.Tensor) -> torch.Tensor:
        return value.detach().to(device, kind if value.is_floating_point() else None)

    others = [*module.named_parameters(), *module.named_buffers()]
    fixed = {k: cast(v).clone() for k, v in others if k not in trainable}
    if isinstance(loss_function, nn.Module) and any(loss_function.state_dict()):
        # Weights of classes, say: in the type of the outputs, and those that it has now.
        loss_function = copy.deepcopy(loss_function).to(device, kind)
    point = torch.cat([cast(p).reshape(-1) for p in trainable.values()])
    objective = ModuleObjective(
        module, loss_function, Samples(data, cast), point, fixed,
        reduction=reduction, mode=mode, chunk_size=chunk, weight_decay=decay,
    )  # fmt: skip
    objective.kinks = kinks
    check_additive(objective)
    objective.hold_looked_up()
    check_dependence(objective)
    return objective


def _like(value: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
    return value.clone() if not value.is_floating_point() else value.to(w.dtype, copy=True)


def _places(module: nn.Module) -> dict[str, str]:
    # Every place of a parameter or buffer, once, and the first place of the same tensor, which is
    # its name in named_parameters or named_buffers. A module reached by two paths is visited once.
    first: dict[int, str] = {}
    places: dict[str, str] = {}
    for kind in ("_parameters", "_buffers"):
        for path, part in module.named_modules():
            for name, tensor in getattr(part, kind).items():
                if tensor is not None:
                    place = f"{path}.{name}" if path else name
                    places[place] = first.setdefault(id(tensor), place)
    return places
