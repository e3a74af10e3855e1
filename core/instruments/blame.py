"""Name the function in a loss whose derivatives are wrong or missing.

The loss is evaluated once while every function of PyTorch that it calls, and every
``autograd.Function``, is recorded with its arguments and the module that called it. Each of them is
then held against differences on its own, in the order of the calls.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from unittest import mock

import torch
from torch import nn
from torch.overrides import TorchFunctionMode, resolve_name
from torch.utils._pytree import tree_flatten, tree_unflatten

from whichmin.core.instruments.derivatives import Derivatives, Part
from whichmin.core.instruments.differences import STEPS
from whichmin.core.philox import Purpose, generator
from whichmin.errors import InputError

if TYPE_CHECKING:
    from whichmin.core.instruments.problem import Objective

__all__ = ["blame", "functions_of"]

_MOST = 3  # names in an error


@dataclass(frozen=True)
class Call:
    """A call of a function: its name, the module it was made in, and its arguments."""

    function: Callable[..., Any]
    name: str
    place: str
    values: list[Any]
    spec: Any

    def part(self) -> tuple[Part, torch.Tensor, list[int]] | None:
        """Make a function of the numbers that depend on the weights: a random sum of its results.

        Returns:
            The function, the numbers and the sizes of the arguments; None if none depends on them.
        """
        places = [k for k, v in enumerate(self.values) if _depends(v)]
        if not places:
            return None
        shapes = [self.values[k].shape for k in places]
        sizes = [self.values[k].numel() for k in places]
        at = torch.cat([self.values[k].detach().reshape(-1) for k in places])
        if not len(at):
            return None

        def part(w: torch.Tensor) -> torch.Tensor:
            values = [v.detach() if isinstance(v, torch.Tensor) else v for v in self.values]
            for k, shape, piece in zip(places, shapes, w.split(sizes), strict=True):
                values[k] = piece.reshape(shape).clone()  # it may be changed in place
            values = [v.clone() if isinstance(v, torch.Tensor) else v for v in values]
            args, kwargs = tree_unflatten(values, self.spec)
            return _weighted(self.function(*args, **kwargs)).to(w.dtype)

        return part, at, sizes


class _Recorder(TorchFunctionMode):
    """Record the calls of functions of PyTorch, with copies of what they get."""

    def __init__(self, names: dict[int, str]) -> None:
        super().__init__()
        self.calls: list[Call] = []
        self.modules: list[nn.Module] = []
        self._names = names
        self._busy = False

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.record(func, _name(func), args, kwargs or {})
        return func(*args, **(kwargs or {}))

    def record(self, func: Any, name: str, args: Any, kwargs: Any) -> None:
        """Keep a call if a number in it depends on the weights."""
        values, spec = tree_flatten((tuple(args), dict(kwargs)))
        if self._busy or not any(_depends(v) for v in values):
            return
        self._busy = True  # copying calls functions too
        kept = [_copied(v) for v in values]
        self.calls.append(Call(func, name, self._place(), kept, spec))
        self._busy = False

    def _place(self) -> str:
        if not self.modules:
            return ""
        inner = self.modules[-1]
        name = self._names.get(id(inner), "")
        return f" in {type(inner).__name__}" + (f" {name!r}" if name else "")


def functions_of(part: Part, at: torch.Tensor, module: nn.Module | None = None) -> list[Call]:
    """Record the functions that a loss calls with numbers that depend on the weights.

    Args:
        part: The loss.
        at: The weights.
        module: Whose submodules give the places their names.

    Returns:
        The calls, in their order.
    """
    names = {} if module is None else {id(m): k for k, m in module.named_modules()}
    recorder = _Recorder(names)
    w = at.detach().clone().requires_grad_()
    with torch.enable_grad(), _entered(recorder), _applied(recorder), recorder:
        part(w)
    return recorder.calls


@contextmanager
def _entered(recorder: _Recorder) -> Iterator[None]:
    """Keep the stack of modules that are being called.

    Yields:
        Nothing.
    """
    hooks = nn.modules.module
    before = hooks.register_module_forward_pre_hook(lambda m, _: recorder.modules.append(m))
    after = hooks.register_module_forward_hook(lambda *_: _left(recorder.modules), always_call=True)
    try:
        yield
    finally:
        before.remove()
        after.remove()


def _left(modules: list[nn.Module]) -> None:
    modules.pop()


@contextmanager
def _applied(recorder: _Recorder) -> Iterator[None]:
    """Record calls of ``autograd.Function``, which are no functions that a mode sees.

    ``apply`` itself may have been taken from its class before, so what it calls is replaced.

    Yields:
        Nothing.
    """
    base = torch.autograd.function._SingleLevelFunction
    whole = torch.autograd.Function.__dict__["apply"].__func__

    def apply(cls: Any, *args: Any, **kwargs: Any) -> Any:
        recorder.record(lambda *a, **k: whole(cls, *a, **k), cls.__name__, args, kwargs)
        return super(base, cls).apply(*args, **kwargs)  # as Function.apply would have found it

    with mock.patch.object(base, "apply", classmethod(apply)):
        yield


def blame(part: Part, at: torch.Tensor, kind: str, objective: Objective) -> list[str]:
    """Find the functions whose own derivatives are faulty.

    Args:
        part: The loss in which something is.
        at: The weights.
        kind: What is wrong with the whole: a fault of the same kind is preferred.
        objective: Whose module gives the places their names.

    Returns:
        Names such as ``relu in ReLU '1'``, at most three; none if no function alone is faulty.
    """
    from whichmin.core.instruments.trust import inspect

    try:
        calls = functions_of(part, at, getattr(objective, "module", None))
    except RuntimeError:
        return []
    found: dict[str, str] = {}
    for call in calls:
        made = call.part()
        if made is None or made[1].dtype not in STEPS:
            continue
        try:
            fault = inspect(made[0], made[1], made[2], Derivatives("function"))
            told = fault.kind if fault is not None else ""
        except InputError:  # not even a gradient
            told = "missing"
        except (RuntimeError, TypeError, ValueError, IndexError):  # it cannot be called alone
            continue
        if told:
            found.setdefault(f"{call.name}{call.place}", told)
    same = [name for name, told in found.items() if told == kind]
    return (same or list(found))[:_MOST]


def _depends(value: object) -> bool:
    return isinstance(value, torch.Tensor) and value.is_floating_point() and value.requires_grad


def _copied(value: Any) -> Any:
    if not isinstance(value, torch.Tensor):
        return value
    return value.detach().clone().requires_grad_(_depends(value))


def _weighted(result: Any) -> torch.Tensor:
    """Add the real numbers of a result up with random weights, and half their squares.

    The squares make the weights that a backward pass gets depend on the result too.

    Returns:
        A number.
    """
    draws, total = generator(1, Purpose.PROBES), torch.zeros(()).double()
    for value in tree_flatten(result)[0]:
        if isinstance(value, torch.Tensor) and (value.is_floating_point() or value.is_complex()):
            numbers = torch.view_as_real(value) if value.is_complex() else value
            weights = torch.from_numpy(draws.standard_normal(tuple(numbers.shape))).to(numbers)
            total = total + ((weights + numbers / 2) * numbers).sum().double()
    return total


def _name(function: Any) -> str:
    full: str = resolve_name(function) or getattr(function, "__name__", type(function).__name__)
    return full.split(".")[-1].removeprefix("__").removesuffix("__")
