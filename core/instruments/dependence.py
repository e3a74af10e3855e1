"""Check that a module's loss depends on its weights through the module's call, and changes nothing.

The weights are given to the module in place of its parameters for the time of its call. What the
loss function takes from the module itself (a penalty on ``net.parameters()``) is therefore no
function of them: it would add to the loss and be left out of every derivative. A buffer that a call
changes (the power iteration of spectral normalisation) makes the loss another function at every
call.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from whichmin.core.instruments.batches import Inputs
from whichmin.errors import InputError

if TYPE_CHECKING:
    from whichmin.core.instruments.module import ModuleObjective

__all__ = ["check_dependence", "check_loss_module"]

_ROUNDING = 64  # units of roundoff between two evaluations of the same loss


def check_loss_module(module: nn.Module, loss_function: object) -> None:
    """Refuse a loss function that holds parameters of the module.

    Raises:
        InputError: It does.
    """
    own = {id(p) for p in module.parameters()}
    if isinstance(loss_function, nn.Module):
        for name, parameter in loss_function.named_parameters():
            if id(parameter) in own:
                raise InputError(*_penalty(type(loss_function).__name__, name))


def check_dependence(objective: ModuleObjective) -> None:
    """Refuse a loss function that uses the module's own parameters, and buffers that change.

    The loss of one sample is evaluated with the module's numbers changed for that time, which must
    change nothing, and once with a record of the operations, in which they must not occur.

    Raises:
        InputError: One of the two.
    """
    x, y = next(iter(objective.data.chunks(1)))
    module, at = objective.module, objective.point
    changed: list[str] = []

    def compare(part: nn.Module, *_: Any) -> None:
        before = dict(known)
        changed.extend(
            name for name, now in part.named_buffers() if not torch.equal(now, before[name])
        )

    known = {name: objective.state(at)[name] for name, _ in module.named_buffers()}
    own = {id(p): name for name, p in module.named_parameters()}
    with torch.random.fork_rng(devices=[]):
        handle = module.register_forward_hook(compare)
        try:
            w = at.detach().clone().requires_grad_()
            with torch.enable_grad():
                loss = objective.batch_loss(w, x, y).sum()
        finally:
            handle.remove()
        if changed:
            raise InputError(
                "module", f"{_owner(module, changed[0])}: a call changes {changed[0]!r}",
                "must leave its buffers as they are when it is called: call module.eval() first or "
                "pass mode='eval'",
            )  # fmt: skip
        _check_recomputed(module, loss, w)
        used = next((own[v] for v in _leaves(loss.grad_fn) if v in own), None)
        if used is None and _moved(objective, x, y, loss):
            used = next(iter(objective.names))
    if used is not None:
        raise InputError(*_penalty("a function", used))


def _check_recomputed(module: nn.Module, loss: torch.Tensor, w: torch.Tensor) -> None:
    """Refuse parts that are called again in the backward pass: they see other weights then.

    Raises:
        InputError: There is one (``torch.utils.checkpoint``).
    """
    if not loss.requires_grad:
        return
    names = {part: name for name, part in module.named_modules()}
    called: list[str] = []

    def note(part: nn.Module, _: Any) -> None:
        called.append(f"{type(part).__name__} {names[part]!r}")

    hooks = [part.register_forward_pre_hook(note) for part in names]
    try:
        torch.autograd.grad(loss, w, retain_graph=True, allow_unused=True)
    except RuntimeError as error:
        if not called and "checkpoint" not in str(error).lower():
            return  # what has no gradient is named where derivatives are held against differences
    finally:
        for hook in hooks:
            hook.remove()
    if called:
        raise InputError(
            "module", f"{called[0]}: called again in the backward pass (checkpointing)",
            "must not recompute activations, with other weights than those that are measured: "
            "switch checkpointing off; a smaller chunk_size saves memory too",
        )  # fmt: skip


def _penalty(what: str, name: str) -> tuple[str, str, str]:
    return (
        "loss_function", f"{what} of the module's own parameters ({name})",
        "must be a function of the module's output and y: a penalty on the parameters would be "
        "left out of the derivatives; pass weight_decay= for lambda/2 |w|^2, or let the module "
        "return it",
    )  # fmt: skip


def _leaves(node: Any) -> set[int]:
    """Collect the tensors from which a result was computed, by their identity."""
    found: set[int] = set()
    seen: set[Any] = set()
    queue = [node]
    while queue:
        each = queue.pop()
        if each is None or each in seen:
            continue
        seen.add(each)
        if hasattr(each, "variable"):
            found.add(id(each.variable))
        queue += [following for following, _ in each.next_functions]
    return found


def _moved(objective: ModuleObjective, x: Inputs, y: torch.Tensor, loss: torch.Tensor) -> bool:
    """Say whether the loss at the same weights follows the numbers in the module."""
    given = [(p.data, p.data.clone()) for p in objective.module.parameters() if p.requires_grad]
    try:
        for tensor, _ in given:
            tensor.mul_(1.5).add_(0.5)
        with torch.no_grad():
            other = objective.batch_loss(objective.point, x, y).sum()
    finally:
        for tensor, before in given:
            tensor.copy_(before)
    unit = torch.finfo(loss.dtype).eps
    return not bool((other - loss.detach()).abs() <= _ROUNDING * unit * loss.detach().abs())


def _owner(module: nn.Module, buffer: str) -> str:
    path = buffer.rpartition(".")[0]
    part = module.get_submodule(path)
    return f"{type(part).__name__} {path!r}" if path else type(part).__name__
