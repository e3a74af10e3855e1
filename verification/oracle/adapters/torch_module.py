"""Make a target of a ``torch.nn.Module`` with its optimiser, loop and loader, as they stand.

A user's adapter::

    import torch
    from mymodel import TiedAutoencoder, train_loop
    from whichmin.verification.oracle.adapters import from_module

    target = from_module(TiedAutoencoder, optimiser=torch.optim.SGD, train_loop=train_loop)

is judged as ``--whichmin-target=myadapter:target``.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import torch
from torch.utils.data import DataLoader, Dataset

from whichmin.errors import InputError
from whichmin.verification.oracle.adapters.declared import positional
from whichmin.verification.oracle.adapters.tied_module import half_mean_square
from whichmin.verification.oracle.adapters.torch_declared import (
    loader_declaration,
    loss_declaration,
    optimiser_declaration,
)
from whichmin.verification.oracle.conventions import Conventions
from whichmin.verification.oracle.protocol import ACTIVATIONS

__all__ = ["from_module", "plain_loop"]

Tensor = torch.Tensor
Loss = Callable[[Tensor, Tensor], Tensor]
Loop = Callable[[torch.nn.Module, Any, Iterable[Any], Loss], Any]

# Single precision leaves about 1e-6; another function is off by far more at a random point.
_ALIKE = 1e-4


class _Rows(Dataset[Tensor]):
    """The rows of an array; an item is a row, as ``(n,)``."""

    def __init__(self, data: Tensor) -> None:
        self.data = data

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, row: int) -> Tensor:
        return self.data[row]


def _points(batch: Any) -> Tensor:
    """The points of a batch: the batch itself, or the first of its parts."""
    found: Tensor = batch[0] if isinstance(batch, (list, tuple)) else batch
    return found


def plain_loop(model: torch.nn.Module, optimiser: Any, loader: Iterable[Any], loss: Loss) -> None:
    """Train for one pass through a loader, as PyTorch's tutorials do.

    Args:
        model: The model.
        optimiser: Its optimiser.
        loader: Batches of points, or of points and anything else.
        loss: Loss of reconstructions and points.
    """
    for batch in loader:
        points = _points(batch)
        optimiser.zero_grad()
        loss(model(points), points).backward()
        optimiser.step()


@dataclass(frozen=True)
class _Module:
    """What was given to :func:`from_module`, with the functions of the protocol."""

    make_model: Callable[..., torch.nn.Module]
    optimiser: Callable[..., Any]
    loss_of: Loss
    loader: Callable[..., Iterable[Any]] | None
    train_loop: Loop
    dataset: Callable[[Tensor], Dataset[Any]]

    def model(self, w: Tensor, activation: str) -> torch.nn.Module:
        """Make the module, of the precision and with the weights given."""
        arguments = (len(w), activation)[: positional(self.make_model, 2)]
        model = self.make_model(*arguments).to(w.dtype)
        with torch.no_grad():
            weights = _weights(model, len(w))
            weights.copy_(w.view_as(weights))
        return model

    def loss(self, w: Tensor, data: Tensor, activation: str) -> Tensor:
        """Compute the loss of the module."""
        return self.loss_of(self.model(w, activation)(data), data)

    def gradient(self, w: Tensor, data: Tensor, activation: str) -> Tensor:
        """Compute the gradient by ``backward()``."""
        model = self.model(w, activation)
        self.loss_of(model(data), data).backward()
        found = _weights(model, len(w)).grad
        assert found is not None
        return found.reshape(-1)

    def step(self, w: Tensor, batch: Tensor, step_size: float, activation: str) -> Tensor:
        """Run the loop on one batch."""
        return self.train(w, batch, [torch.arange(len(batch))], step_size, activation)

    def train(
        self, w0: Tensor, data: Tensor, batches: Iterable[Tensor], step_size: float, activation: str
    ) -> Tensor:
        """Run the loop on a ``DataLoader`` with these batches, with a fresh optimiser."""
        model = self.model(w0, activation)
        optimiser = self.optimiser(model.parameters(), step_size)
        rows = [batch.tolist() for batch in batches]
        items: DataLoader[Any] = DataLoader(self.dataset(data.clone()), batch_sampler=rows)
        self.train_loop(model, optimiser, items, self.loss_of)
        return _weights(model, len(w0)).detach().reshape(-1)

    def sample_batches(self, m: int, b: int, steps: int, seed: int) -> Tensor | list[Tensor]:
        """Take the batches of the user's loader, epoch after epoch."""
        assert self.loader is not None
        numbers = torch.arange(m, dtype=torch.float64)[:, None]
        loader = self.loader(self.dataset(numbers), b, seed)
        found: list[Tensor] = []
        for batch in _epochs(loader):
            found.append(_points(batch)[:, 0].round().long())
            if len(found) == steps:
                break
        equal = len({len(rows) for rows in found}) == 1
        return torch.stack(found) if equal else found

    def hessian_vector_product(self, w: Tensor, data: Tensor, v: Tensor, activation: str) -> Tensor:
        """Differentiate twice: the gradient of the gradient times v."""
        model = self.model(w, activation)
        weights = _weights(model, len(w))
        slope = self._slope(model, weights, data)
        (product,) = torch.autograd.grad(slope.reshape(-1) @ v, weights, materialize_grads=True)
        return product.reshape(-1)

    def hessian(self, w: Tensor, data: Tensor, activation: str) -> Tensor:
        """Differentiate the entries of the gradient one by one."""
        model = self.model(w, activation)
        weights = _weights(model, len(w))
        slope = self._slope(model, weights, data).reshape(-1)
        rows = [
            torch.autograd.grad(entry, weights, retain_graph=True, materialize_grads=True)[0]
            for entry in slope
        ]
        return torch.stack([row.reshape(-1) for row in rows])

    def _slope(self, model: torch.nn.Module, weights: Tensor, data: Tensor) -> Tensor:
        value = self.loss_of(model(data), data)
        return torch.autograd.grad(value, weights, create_graph=True)[0]


def _weights(model: torch.nn.Module, n: int) -> torch.nn.Parameter:
    """The one parameter of a module."""
    found = [p for p in model.parameters() if p.requires_grad]
    if len(found) != 1 or found[0].numel() != n:
        shapes = {name: tuple(p.shape) for name, p in model.named_parameters()}
        raise InputError(
            "make_model", shapes,
            f"must make a module with one trainable parameter, of {n} entries for {n} coordinates: "
            "the weights w of w phi(<w, x>)",
        )  # fmt: skip
    return found[0]


def _epochs(loader: Any) -> Iterator[Any]:
    """Batches of one epoch after another, told to a sampler that asks for the epoch."""
    epoch = 0
    while True:
        for part in (getattr(loader, "sampler", None), getattr(loader, "batch_sampler", None)):
            told = getattr(part, "set_epoch", None)
            if told is not None:
                told(epoch)
        count = 0
        for count, batch in enumerate(loader, 1):  # noqa: B007 - counted
            yield batch
        if count == 0:
            raise InputError("loader", loader, "must have a batch in every epoch")
        epoch += 1


def _known(module: _Module) -> tuple[str, ...]:
    """The activations with which a module computes the model, in a few points."""
    draw = torch.Generator().manual_seed(0)
    known, told = [], ""
    for activation in ACTIVATIONS:
        for n in (3, 1):
            w, data = (torch.randn(s, n, generator=draw, dtype=torch.float64) for s in (1, 6))
            with torch.no_grad():
                found = module.model(w[0], activation).eval()(data)
            inner = data @ w[0]
            wanted = (inner.relu() if activation == "relu" else inner)[:, None] * w
            if found.shape != wanted.shape:
                told = f"{activation}: it makes {tuple(found.shape)} of {tuple(data.shape)}"
                break
            away = (found - wanted).abs().amax(1) / (1 + wanted.abs().amax(1))
            if not away.max() < _ALIKE:
                row = int(away.argmax())
                told = (
                    f"{activation}: for w = {_short(w[0])}, x = {_short(data[row])} it gives "
                    f"{_short(found[row])}, not {_short(wanted[row])}"
                )
                break
        else:
            known.append(activation)
    both = positional(module.make_model, 2) == 2
    if not known or (both and len(known) < len(ACTIVATIONS)):
        raise InputError(
            "make_model", module.make_model,
            "must make a module that computes w phi(<w, x>) of rows x, phi the identity ('linear') "
            f"or the positive part ('relu'); {told}",
        )  # fmt: skip
    return tuple(known)


def _short(values: Tensor) -> str:
    return f"({', '.join(f'{x:.3g}' for x in values.tolist())})"


def from_module(
    make_model: Callable[..., torch.nn.Module],
    *,
    optimiser: Callable[..., Any] = torch.optim.SGD,
    loss: Loss = half_mean_square,
    loader: Callable[..., Iterable[Any]] | None = None,
    train_loop: Loop = plain_loop,
    dataset: Callable[[Tensor], Dataset[Any]] = _Rows,
    declare: Mapping[str, Any] | None = None,
) -> SimpleNamespace:
    """Make a target of a module, its optimiser and its loop.

    What it declares is read off the objects: the optimiser and its parameters (SGD, Adam and AdamW
    of PyTorch), ``MSELoss(reduction="sum")``, and what a loader with PyTorch's own samplers draws.

    Args:
        make_model: Makes the module from the number of coordinates, or from it and the activation,
            ``linear`` or ``relu``; a class will do. The module has one parameter w, of any shape
            with n entries, and computes ``w phi(<w, x>)`` for each row x.
        optimiser: Makes the optimiser: ``optimiser(parameters, step_size)``.
        loss: Loss of reconstructions and points, ``(b, n)`` both.
        loader: Makes the loader whose batches are judged: ``loader(dataset, batch_size, seed)``;
            without it ``sample_batches`` is not provided.
        train_loop: Your loop, ``train_loop(model, optimiser, loader, loss)``, on a ``DataLoader``
            with one batch for each step.
        dataset: Makes the dataset of points ``(m, n)``, whose items are points or begin with them;
            ``lambda x: TensorDataset(x, x)`` for a loop over pairs.
        declare: More conventions, which override those read off.

    Returns:
        The target, with loss, gradient, step, train, hessian, hessian_vector_product, and with a
        loader sample_batches.

    Raises:
        InputError: The module is not the model, or a convention is not allowed.
    """
    made = _Module(make_model, optimiser, loss, loader, train_loop, dataset)
    known = _known(made)
    declared: dict[str, Any] = {
        "name": getattr(make_model, "__name__", type(make_model).__name__),
        "arrays": "torch",
        **({} if known == ACTIVATIONS else {"activations": known}),
        **loss_declaration(loss),
        **optimiser_declaration(optimiser),
    }
    if loader is not None:
        declared |= loader_declaration(functools.partial(_probe, made))
    declared |= declare or {}
    Conventions.parse(declared)
    names = ("loss", "gradient", "step", "train", "hessian", "hessian_vector_product")
    provided = (*names, "sample_batches") if loader is not None else names
    return SimpleNamespace(WHICHMIN=declared, **{name: getattr(made, name) for name in provided})


def _probe(module: _Module) -> Any:
    """A loader of five points in batches of two."""
    assert module.loader is not None
    return module.loader(module.dataset(torch.arange(5.0)[:, None]), 2, 0)
