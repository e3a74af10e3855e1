"""Derivatives of a part of a loss, by whichever way PyTorch has for its operations.

``torch.func`` comes first. Where it or ``vmap`` lacks a rule (an ``autograd.Function`` in the older
style, a layer that writes into its state) the same derivative is taken by plain reverse mode, one
vector at a time. Where neither has one, the error says so in place of PyTorch's own.

Attention is computed by its formula: the fused kernels have no second derivative. So are recurrent
layers, on a graphics card and in float32.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import torch
from torch.func import grad, grad_and_value, vjp, vmap

from whichmin.errors import InputError, Verbatim

__all__ = ["Derivatives", "by_formula", "first_line", "quiet"]

_FUSED = ("flash", "mem_efficient", "cudnn")  # kernels of attention beside its formula

Part = Callable[[torch.Tensor], torch.Tensor]
_Result = TypeVar("_Result")


@contextmanager
def by_formula(*, recurrent: bool = False) -> Iterator[None]:
    """Choose kernels that have a second derivative.

    Args:
        recurrent: Whether recurrent layers run too, whose fused kernels have none.

    Yields:
        Nothing.
    """
    fast = torch.backends.mha.get_fastpath_enabled()
    fused = {name: _get(f"{name}_sdp_enabled") for name in _FUSED}
    # Not backends.mkldnn.flags: it sets a third flag, which warns.
    single, graphics = torch._C._get_mkldnn_enabled(), torch.backends.cudnn.enabled
    try:
        torch.backends.mha.set_fastpath_enabled(False)
        for name in _FUSED:
            _set(f"enable_{name}_sdp", False)
        if recurrent:
            torch._C._set_mkldnn_enabled(False)
            torch._C._set_cudnn_enabled(False)
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(fast)
        for name, before in fused.items():
            _set(f"enable_{name}_sdp", before)
        if recurrent:
            torch._C._set_mkldnn_enabled(single)
            torch._C._set_cudnn_enabled(graphics)


def _get(name: str) -> bool:
    # A PyTorch without the switch has no such kernel.
    return bool(getattr(torch.backends.cuda, name, bool)())


def _set(name: str, value: bool) -> None:
    getattr(torch.backends.cuda, name, bool)(value)


class Derivatives:
    """Derivatives of functions of a flat vector; plain reverse mode once ``torch.func`` failed.

    Args:
        argument: What an error names: ``loss`` or ``module``.
    """

    def __init__(self, argument: str) -> None:
        self.argument = argument
        self.plain = False

    def value_and_gradient(self, part: Part, at: torch.Tensor) -> tuple[float, torch.Tensor]:
        """Compute a number and its gradient, ``(n,)``."""

        def functional() -> tuple[float, torch.Tensor]:
            slope, value = grad_and_value(part)(at)
            return float(value), slope

        def plain() -> tuple[float, torch.Tensor]:
            w, value = _tracked(part, at)
            return float(value.detach()), self._pulled(value, w, None)

        return self._either(functional, plain)

    def product(self, part: Part, at: torch.Tensor, columns: torch.Tensor) -> torch.Tensor:
        """Multiply the Hessian by columns of shape ``(n, k)``, all of them at once if possible."""

        def functional() -> torch.Tensor:
            # Reverse over reverse: H is symmetric, so its rows' combinations are its columns'.
            pull = vjp(grad(part), at)[1]
            return vmap(_added(pull), in_dims=1, out_dims=1)(columns)

        def plain() -> torch.Tensor:
            w, value = _tracked(part, at)
            with torch.enable_grad():
                slope = self._pulled(value, w, None, again=True)
            return torch.stack([self._pulled(slope, w, v) for v in columns.T], dim=1)

        return self._either(functional, plain)

    def pullback(self, losses: Part, at: torch.Tensor) -> Callable[[torch.Tensor], torch.Tensor]:
        """Return a function from rows of weights of several losses to weighted sums of gradients.

        Args:
            losses: Maps weights to a vector of losses, ``(m,)``.
            at: Where, ``(n,)``.

        Returns:
            Maps shape ``(k, m)`` to ``(k, n)``.
        """

        def functional() -> Callable[[torch.Tensor], torch.Tensor]:
            pull = vjp(losses, at)[1]
            return vmap(lambda row: pull(row)[0])

        def plain() -> Callable[[torch.Tensor], torch.Tensor]:
            w, found = _tracked(losses, at)
            return lambda rows: torch.stack([self._pulled(found, w, row) for row in rows])

        made = self._either(functional, plain)
        return lambda rows: self._either(
            lambda: made(rows), lambda: self._either(plain, plain)(rows)
        )

    def _either(self, functional: Callable[[], _Result], plain: Callable[[], _Result]) -> _Result:
        """Try one way, then the other.

        Returns:
            What the first that works returns.

        Raises:
            InputError: PyTorch has no such derivative.
            torch.cuda.OutOfMemoryError: There is too little memory.
        """
        if not self.plain:
            try:
                with quiet():
                    return functional()
            except torch.cuda.OutOfMemoryError:
                raise
            except RuntimeError:
                pass  # a rule of torch.func that is missing, or what plain() says better
        found = plain()
        self.plain = True
        return found

    def _pulled(
        self, value: torch.Tensor, w: torch.Tensor, weights: Any, *, again: bool = False
    ) -> torch.Tensor:
        """Pull weights of ``value`` back to ``w``.

        Returns:
            The sum of gradients, ``(n,)``; 0 where the value does not depend on ``w``.

        Raises:
            InputError: PyTorch has no such derivative.
            torch.cuda.OutOfMemoryError: There is too little memory.
        """
        if not value.requires_grad:
            return torch.zeros_like(w)
        try:
            return torch.autograd.grad(
                value, w, weights, retain_graph=True, create_graph=again, materialize_grads=True
            )[0]
        except torch.cuda.OutOfMemoryError:
            raise
        except RuntimeError as error:
            raise InputError(
                self.argument, Verbatim(first_line(error)),
                "must be made of operations that PyTorch differentiates here; where only the "
                "second derivative is missing, engine='differences' does without",
            ) from error  # fmt: skip


def first_line(error: BaseException) -> str:
    """Return type and first line of an error of PyTorch, which may go on for pages."""
    return f"{type(error).__name__}: {str(error).strip().split(chr(10))[0]}"


@contextmanager
def quiet() -> Iterator[None]:
    """Leave out what ``vmap`` says of operations that it takes one after the other.

    Yields:
        Nothing.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*batching rule", category=UserWarning)
        yield


def _added(pull: Callable[[torch.Tensor], tuple[torch.Tensor]]) -> Part:
    # Where the gradient is constant, pull gives zeros that vmap takes for no function of the row.
    return lambda row: pull(row)[0] + 0 * row


def _tracked(part: Part, at: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    w = at.detach().clone().requires_grad_()
    with torch.enable_grad():
        return w, part(w)
