r"""Hold the derivatives that PyTorch gives against differences, before a number is made of them.

A layer's second derivative can be wrong or missing where its gradient is right. So the first time
that an objective's Hessian is used at a point, its product with one random move is compared with
central differences of the gradient (:mod:`whichmin.core.instruments.differences`), block of weights
by block, and :math:`u^\top H v` with :math:`v^\top H u`; the gradient is compared with differences
of the loss. All of that is done on a few samples, so it costs little beside an instrument.

Differences settle it where their own error is small: what they contradict by more than ten times
that error is refused, and so is what they cannot settle at any step. The error names the function
to blame (:mod:`whichmin.core.instruments.blame`).

In float32 rounding may hide everything; then the same functions are tried in float64, and a product
in float32 has to agree with theirs.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from whichmin.core.instruments.derivatives import Derivatives, Part
from whichmin.core.instruments.differences import (
    MORE_STEPS,
    STEPS,
    Differences,
    Estimate,
    relative_move,
)
from whichmin.core.philox import Purpose, generator
from whichmin.core.scales import length
from whichmin.errors import InputError

if TYPE_CHECKING:
    from whichmin.core.instruments.problem import Objective

__all__ = ["Fault", "confirm", "inspect"]

_FACTOR = 10.0  # of the differences' error, which is an estimate
# Relative: below, nobody cares, and the products are rounded themselves.
_SAME = {torch.float64: 1e-5, torch.float32: 1e-2}
# Of u.Hv, relative to the sizes of its terms: the products' own rounding.
_SYMMETRIC = {torch.float64: 1e-7, torch.float32: 1e-2}
_ALIKE = 0.99  # cosine of differences at three steps that show the same, not rounding
_JUMP = {torch.float64: 1e-10, torch.float32: 1e-4}  # of a gradient, far above its rounding
_BEND = 1e-3  # of the product: less is nothing that matters
_SETTLED = 0.1  # the differences' error relative to what they are compared with

_SMOOTH = "must have a second derivative where it is measured"
_PLAIN = (
    "must have the second derivative of what it computes: write it out in plain operations, or "
    "pass engine='differences', which needs the gradient alone"
)
# What is said of the whole, and what the function to blame must have.
_WORDS = {
    "second": ("second derivatives that differences contradict", _PLAIN),
    "asymmetric": ("second derivatives that are not symmetric", _PLAIN),
    "missing": ("no second derivative in PyTorch", _PLAIN),
    "gradient": (
        "a gradient that differences of the loss contradict",
        "must have the gradient of what it computes: mend its backward, and detach nothing that "
        "depends on the weights",
    ),
    "kink": (
        "a kink or a jump just at the point",
        f"{_SMOOTH}: move the weights or inputs off it (biases of exactly 0, ties), or pass "
        "kinks='pytorch' to the objective, for its convention",
    ),
    "infinite gradient": (
        "a gradient that is NaN or infinite", f"{_SMOOTH}, and a unit in which that is finite"
    ),
    "infinite Hessian": (
        "a Hessian that is NaN or infinite", f"{_SMOOTH}, and a unit in which that is finite"
    ),
    "unsettled": (
        "derivatives that differences cannot confirm at any step",
        f"{_SMOOTH}, and compute in one precision, without rounding inside",
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Fault:
    """What differences have against derivatives.

    Attributes:
        kind: A key of the words above.
        off: By how much, relative; nan where that says nothing.
    """

    kind: str
    off: float = math.nan

    def error(self, argument: str, names: Sequence[str]) -> InputError:
        """Return the error, with the functions to blame."""
        told, allowed = _WORDS[self.kind]
        share = "" if math.isnan(self.off) else f" (off by {self.off:.2g} of their size)"
        return InputError(argument, told + share, " ".join([" and ".join(names), allowed]).strip())


def confirm(objective: Objective, at: torch.Tensor, second: bool) -> None:
    """Refuse derivatives that differences contradict, and say which function is to blame.

    Args:
        objective: The loss.
        at: Where, ``(n,)``.
        second: Whether its Hessian is used; if not, only the gradient is looked at.

    Raises:
        InputError: Differences contradict a derivative, or cannot settle it.
    """
    from whichmin.core.instruments.blame import blame

    part, blocks = objective.few(at.dtype)
    narrow = at.dtype == torch.float32
    fault = inspect(part, at, blocks, objective.derivatives, second, more=not narrow)
    if fault is None:
        return
    if narrow:
        wide = _in_float64(objective, at, second)
        if wide is None:
            return
        part, blocks, at, fault = wide
    if fault.kind == "kink" and (objective.kinks == "pytorch" or not second):
        return  # nothing can be said there, as the caller knows; gradients have one side at least
    raise fault.error(objective.derivatives.argument, blame(part, at, fault.kind, objective))


def _in_float64(
    objective: Objective, at: torch.Tensor, second: bool
) -> tuple[Part, list[int], torch.Tensor, Fault] | None:
    """Inspect the same functions in float64; if they are right, compare the product in float32.

    Returns:
        None if nothing is wrong; otherwise what is, where and in which function.
    """
    part, blocks = objective.few(torch.float64)
    derivatives = Derivatives(objective.derivatives.argument)
    try:
        fault = inspect(part, at.double(), blocks, derivatives, second)
    except (InputError, RuntimeError, TypeError, ValueError):  # it takes nothing but float32
        part = objective.few(at.dtype)[0]
        found = inspect(part, at, blocks, objective.derivatives, second)
        return None if found is None else (part, blocks, at, found)
    if fault is not None:
        return part, blocks, at.double(), fault
    if not second:
        return None
    move = _moves(at, blocks)[:, :1]
    ours = objective.derivatives.product(objective.few(at.dtype)[0], at, move.to(at)).double()
    wide = derivatives.product(part, at.double(), move)
    off = length(ours - wide) / (length(wide) or 1.0)
    # A few units whose kink lies within rounding may differ, a formula differs by its own size.
    return None if off <= _SETTLED else (part, blocks, at.double(), Fault("second", off))


def inspect(
    part: Part, at: torch.Tensor, blocks: Sequence[int], derivatives: Derivatives,
    second: bool = True, *, more: bool = True,
) -> Fault | None:  # fmt: skip
    """Compare the derivatives of one function with differences.

    Args:
        part: Maps weights to a number.
        at: Where, ``(n,)``.
        blocks: Sizes of the parameters; each is compared on its own.
        derivatives: How its derivatives are taken.
        second: Whether second derivatives are looked at.
        more: Whether all steps are tried before something is called wrong.

    Returns:
        What is wrong, or None.
    """
    moves = _moves(at, blocks)
    slope = derivatives.value_and_gradient(part, at)[1].double()
    if not bool(torch.isfinite(slope).all()):
        return Fault("infinite gradient")
    images: torch.Tensor | None = None
    if second:
        try:
            images = derivatives.product(part, at, moves.to(at)).double()
        except InputError:
            return Fault("missing")
        if not bool(torch.isfinite(images).all()):
            return Fault("infinite Hessian")
    differences = Differences(lambda w: derivatives.value_and_gradient(part, w), at, moves[:, 0])
    differences.add(STEPS[at.dtype])
    found = _compare(differences, slope, images, moves, blocks, at.dtype)
    if found is not None and more:
        differences.add(MORE_STEPS[at.dtype])
        found = _compare(differences, slope, images, moves, blocks, at.dtype)
    return found


def _moves(at: torch.Tensor, blocks: Sequence[int]) -> torch.Tensor:
    draws = generator(0, Purpose.PROBES)
    return torch.stack(
        [
            relative_move(
                torch.from_numpy(draws.standard_normal(len(at))).to(at.device), at, blocks
            )
            for _ in range(2)
        ],
        dim=1,
    )


def _compare(
    differences: Differences, slope: torch.Tensor, images: torch.Tensor | None,
    moves: torch.Tensor, blocks: Sequence[int], kind: torch.dtype,
) -> Fault | None:  # fmt: skip
    """Return what is wrong, kinks first: across one nothing else can be said."""
    if len(differences.steps) < 2:
        return Fault("infinite gradient")
    if _kinked(differences, slope):
        return Fault("kink")
    told, estimate = (slope * moves[:, 0]).sum()[None], differences.slope()
    off = _contradicted(told, estimate, kind)
    if off:
        return Fault("gradient", off)
    if images is None:
        return None
    image, start, worst = images[:, 0], 0, 0.0
    for count in blocks:
        block = slice(start, start + count)
        worst = max(worst, _contradicted(image[block], differences.product(block), kind))
        start += count
    if worst:
        return Fault("second", worst)
    terms = moves[:, 1] * images[:, 0], moves[:, 0] * images[:, 1]
    size = max(float(t.abs().sum()) for t in terms)
    off = abs(float(terms[0].sum() - terms[1].sum()))
    if off > _SYMMETRIC[kind] * size:
        return Fault("asymmetric", off / size)
    return None if _settled(differences, image, slope) else Fault("unsettled")


def _contradicted(told: torch.Tensor, estimate: Estimate, kind: torch.dtype) -> float:
    """Compare a derivative with differences that are exact enough to settle it.

    Returns:
        How far it is off relative to the larger of the two; 0 if it is not, or not beyond doubt.
    """
    size = max(length(told), length(estimate.value))
    off, error = length(told - estimate.value), _FACTOR * estimate.error
    return off / size if error <= _SETTLED * size and off > error + _SAME[kind] * size else 0.0


def _kinked(differences: Differences, slope: torch.Tensor) -> bool:
    r"""Say whether the gradient or its slope jumps at the point.

    With one-sided products :math:`D_h^+, D_h^-`, which have the limit H d where it exists,
    :math:`h D_h` stays as h falls where the gradient jumps, and :math:`D_h^+ - D_h^-` where its
    slope does.

    Returns:
        Whether it does.
    """
    steps, rows = differences.steps, differences.rows()
    size, least = length(slope), _JUMP[differences.dtype]
    jumps = [h * row for h, row in zip(steps, rows, strict=True)]
    bends = differences.bends(slope)
    return _stays(jumps, least * size) or _stays(bends, _BEND * max(map(length, rows[-3:])))


def _stays(vectors: list[torch.Tensor], least: float) -> bool:
    """Say whether vectors stay as the step falls, judged at the smallest steps that agree.

    Rounding does not agree on a direction. What is gone at a smaller step was a kink close by.

    Returns:
        Whether they do, at a size above the least.
    """
    for k in range(len(vectors) - 3, -1, -1):
        some = vectors[k : k + 3]
        sizes = [length(v) for v in some]
        if not all(math.isfinite(s) and s > 0 for s in sizes):
            continue
        units = [v / size for v, size in zip(some, sizes, strict=True)]
        if min(float(units[2] @ unit) for unit in units) >= _ALIKE:
            kept = min(map(length, vectors[k:])) > 0.5 * min(sizes)
            return kept and max(sizes) <= 1.5 * min(sizes) and min(sizes) > least
    return False


def _settled(differences: Differences, image: torch.Tensor, slope: torch.Tensor) -> bool:
    value, error = differences.product()
    size = max(length(image), length(value))
    if _FACTOR * error <= max(_SETTLED * size, 1e-3 * length(slope)):
        return True
    # Where H d = 0 and so is the gradient, differences fall towards it with the step.
    offs = [length(image - row) for row in differences.rows()]
    return min(offs) <= 1e-2 * max(offs)
