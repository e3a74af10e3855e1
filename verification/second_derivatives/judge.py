"""Ask the instruments for a Hessian, and hold what they do against differences of the gradient.

The differences share no code with the instruments': plain reverse mode, one step, other directions.
A value is right if they confirm it. A refusal is right if PyTorch's own double backward, taken
without the instruments, is missing, not finite or contradicted by them.
"""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from whichmin.core.instruments import Objective, hessian_operator
from whichmin.errors import InputError

__all__ = ["Case", "Outcome", "judge"]

_STEP = 1e-5
_CLOSE = 1e-4  # differences with this step are right to 1e-9 of what is smooth on a scale of 1


@dataclass(frozen=True)
class Case:
    """A layer or function on small inputs.

    Attributes:
        group: ``torch.nn``, ``torch.nn.functional`` or ``torch.linalg``.
        name: As PyTorch spells it.
        objective: Makes a loss out of it.
    """

    group: str
    name: str
    objective: Callable[[], Objective]

    @property
    def id(self) -> str:
        """Full name."""
        return f"{self.group}.{self.name}"

    @property
    def known(self) -> bool:
        """Whether this PyTorch has it."""
        return hasattr(importlib.import_module(self.group), self.name)


@dataclass(frozen=True)
class Outcome:
    """What the instruments did.

    Attributes:
        value: Whether they returned a product; if not they refused.
        right: Whether differences say the same.
        told: The refusal.
    """

    value: bool
    right: bool
    told: str = ""


def judge(case: Case) -> Outcome:
    """Multiply a case's Hessian by two random vectors, and hold that against differences.

    Returns:
        The outcome.
    """
    with warnings.catch_warnings():  # of deprecated functions, and of PyTorch in its own layers
        warnings.simplefilter("ignore")
        return _judged(case.objective())


def _judged(objective: Objective) -> Outcome:
    draws = np.random.default_rng(17)
    vectors = torch.from_numpy(draws.uniform(-1, 1, (objective.size, 2)))
    expected = torch.stack([_differences(objective, v) for v in vectors.T], dim=1)
    try:
        found = hessian_operator(objective)(vectors)
    except InputError as error:
        return Outcome(False, not _close(_eager(objective, vectors), expected), str(error))
    return Outcome(True, _close(found, expected))


def _slope(objective: Objective, w: torch.Tensor, again: bool = False) -> torch.Tensor:
    value = torch.stack([part(w) for part in objective.parts()]).sum()
    return torch.autograd.grad(value, w, create_graph=again, materialize_grads=True)[0]


def _differences(objective: Objective, v: torch.Tensor) -> torch.Tensor:
    up, down = (
        _slope(objective, (objective.point + s * _STEP * v).requires_grad_()) for s in (1, -1)
    )
    return (up - down) / (2 * _STEP)


def _eager(objective: Objective, vectors: torch.Tensor) -> torch.Tensor | None:
    """Multiply by PyTorch's double backward; None where it has none."""
    w = objective.point.clone().requires_grad_()
    try:
        slope = _slope(objective, w, again=True)
        rows = [
            torch.autograd.grad(slope, w, v, retain_graph=True, materialize_grads=True)[0]
            for v in vectors.T
        ]
    except RuntimeError:
        return None
    return torch.stack(rows, dim=1)


def _close(found: torch.Tensor | None, expected: torch.Tensor) -> bool:
    if found is None:
        return False
    # 1 stands for the sizes of losses and weights, which are of this order in all cases.
    allowed = _CLOSE * (1 + float(expected.abs().max()))
    return bool(((found - expected).abs() <= allowed).all())
