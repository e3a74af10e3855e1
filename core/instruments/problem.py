"""A loss as the instruments see it, with value, gradient, Hessian products and samples' gradients.

All live on one flat vector of weights. The loss is a sum of parts, one for each chunk of the data,
and every derivative is the sum of the parts' (:mod:`whichmin.core.instruments.derivatives`). The
order of the parts, and with it every result, is fixed; another chunk size, or number of threads,
gives the same to rounding: each of the p parts adds at most p units of roundoff of the sum of the
parts' sizes.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch

from whichmin.core.instruments.arguments import (
    check_columns,
    check_derivative,
    check_indices,
    check_kinks,
    check_losses,
    check_reduction,
)
from whichmin.core.instruments.derivatives import Derivatives, Part, by_formula, first_line
from whichmin.core.instruments.trust import confirm
from whichmin.core.validation import check_device, check_dtype, check_vector
from whichmin.errors import InputError, Verbatim

__all__ = ["ClosureObjective", "Objective", "check_objective", "closure_objective"]

# Most numbers in a block of per-sample gradients or of Hessian products: 128 MiB of float64.
BLOCK = 2**24


class Objective(ABC):
    """A loss of a flat vector of weights.

    Attributes:
        point: Where the instruments measure, shape ``(n,)``; float64 or float32.
        samples: Number of samples, m; None if the loss does not say what its samples are.
        mean: Whether the loss is the mean over the samples, not their sum.
        kinks: ``refuse``, or ``pytorch``: at a kink just at the point its derivatives are taken.
    """

    def __init__(self, point: torch.Tensor, samples: int | None, mean: bool) -> None:
        self.point = point
        self.samples = samples
        self.mean = mean
        self.kinks = "refuse"
        self.derivatives = Derivatives("loss")
        self._confirmed: dict[bool, torch.Tensor] = {}

    @property
    def size(self) -> int:
        """Number of weights, n."""
        return len(self.point)

    @abstractmethod
    def parts(self) -> Iterator[Part]:
        """Yield functions of the weights whose sum is the loss."""

    @abstractmethod
    def sample_parts(self) -> Iterator[tuple[Part, int]]:
        """Yield functions to vectors of sample losses, and how many samples each holds.

        Raises:
            InputError: The loss does not say what its samples are.
        """

    @abstractmethod
    def few(self, dtype: torch.dtype) -> tuple[Part, list[int]]:
        """Return the loss of a few samples, for checks, and the sizes of the blocks of weights.

        Args:
            dtype: Of its weights and numbers.
        """

    def confirm(self, w: torch.Tensor | None = None, *, second: bool = True) -> None:
        """Hold the derivatives at a point against differences, once per point.

        Args:
            w: Weights; None for the point.
            second: Whether second derivatives are held against differences too.

        Raises:
            InputError: They disagree (``whichmin.core.instruments.trust``).
        """
        at = self.point if w is None else w
        asked = (True,) if second else (True, False)  # what shows that it was done
        if not any(k in self._confirmed and torch.equal(self._confirmed[k], at) for k in asked):
            confirm(self, at, second)
            self._confirmed[second] = at.clone()

    @abstractmethod
    def batch_gradient(self, indices: np.ndarray, w: torch.Tensor | None = None) -> torch.Tensor:
        """Return the mean gradient of some samples, ``(n,)``.

        Args:
            indices: Numbers of samples, from 0; repetitions count.
            w: Weights; None for the point.

        Returns:
            Their mean gradient.

        Raises:
            InputError: No sample has such a number, or the gradient is not finite.
        """

    def weights(self, w: Any = None) -> torch.Tensor:
        """Return weights in this loss's type; the point itself for None.

        Raises:
            InputError: Wrong shape, or not finite.
        """
        if w is None:
            return self.point
        if isinstance(w, torch.Tensor) and w.dtype == self.point.dtype:
            at = w.detach().to(self.point)
            if at.shape == self.point.shape and bool(torch.isfinite(at).all()):
                return at  # no copy: the searches pass here at every step
        return check_vector(w, self.size, "w", self.point.dtype, self.point.device)

    def value(self, w: Any = None) -> float:
        """Return the loss at weights of shape ``(n,)``; None for the point."""
        at = self.weights(w)
        with torch.no_grad():
            return sum(float(part(at)) for part in self.parts())

    def value_and_gradient(self, w: Any = None) -> tuple[float, torch.Tensor]:
        """Return the loss and its gradient, ``(n,)``.

        Raises:
            InputError: The loss is finite, its gradient is not (``sqrt`` at zero, say).
        """
        at = self.weights(w)
        total, slope = 0.0, torch.zeros_like(at)
        for part in self.parts():
            value, each = self.derivatives.value_and_gradient(part, at)
            total += value
            slope += each
        if math.isfinite(total):  # where the loss itself is not, the caller knows what to say
            check_derivative(slope, "gradient")
        return total, slope

    def gradient(self, w: Any = None) -> torch.Tensor:
        """Return the gradient, ``(n,)``."""
        return self.value_and_gradient(w)[1]

    def hessian_product(self, vectors: torch.Tensor, w: Any = None) -> torch.Tensor:
        r"""Multiply the Hessian by vectors.

        .. math:: H v = \frac{\partial}{\partial t} \nabla L(w + t v) \Big|_{t = 0}

        Args:
            vectors: Shape ``(n,)`` or ``(n, k)``, columns as vectors.
            w: Weights; None for the point.

        Returns:
            The same shape.

        Raises:
            InputError: Vectors of another shape or not finite, a product that is not finite, or
                second derivatives that differences contradict.
        """
        at = self.weights(w)
        columns = check_columns(vectors, self.size).to(at)
        self.confirm(at)
        together = max(1, min(16, BLOCK // self.size))
        out = torch.zeros_like(columns)
        for part in self.parts():
            for some, into in zip(columns.split(together, 1), out.split(together, 1), strict=True):
                into += self.derivatives.product(part, at, some)
        return check_derivative(out, "Hessian").reshape(vectors.shape)

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
        rows = max(1, BLOCK // self.size)
        for losses, count in self.sample_parts():
            pull = self.derivatives.pullback(losses, at)
            one = torch.eye(count, dtype=at.dtype, device=at.device)
            for some in one.split(rows):
                yield check_derivative(pull(some), "gradient of one sample")

    def weighted_gradient(self, weights: torch.Tensor, w: Any = None) -> torch.Tensor:
        r"""Compute a weighted sum of the samples' gradients.

        .. math:: \sum_i q_i\,\nabla \ell_i

        Args:
            weights: One a sample, shape ``(m,)``.
            w: Weights of the network; None for the point.

        Returns:
            The sum.

        Raises:
            InputError: Another number of weights, or a sum that is not finite.
        """
        at = self.weights(w)
        known = check_vector(weights, self.samples, "weights", at.dtype, at.device)
        out, start = torch.zeros_like(at), 0
        for losses, count in self.sample_parts():
            pull = self.derivatives.pullback(losses, at)
            out += pull(known[None, start : start + count])[0]
            start += count
        return check_derivative(out, "gradient of one batch")


class ClosureObjective(Objective):
    """A loss given as a function; see :func:`closure_objective`."""

    def __init__(self, loss: Part, point: torch.Tensor, samples: int | None, mean: bool) -> None:
        super().__init__(point, samples, mean)
        self._given = loss

    def _loss(self, w: torch.Tensor) -> torch.Tensor:
        with by_formula():
            return self._given(w)

    def few(self, dtype: torch.dtype) -> tuple[Part, list[int]]:
        """Return the loss itself; a function takes weights of either type, or fails."""
        del dtype
        (part,) = self.parts()
        return part, [self.size]

    def parts(self) -> Iterator[Part]:
        """Yield the loss itself, reduced."""
        if self.samples is None:
            yield self._loss
        elif self.mean:
            yield lambda w: self._loss(w).mean()
        else:
            yield lambda w: self._loss(w).sum()

    def sample_parts(self) -> Iterator[tuple[Part, int]]:
        """Yield the vector of losses.

        Yields:
            The function, and the number of samples.

        Raises:
            InputError: The loss is a single number.
        """
        yield self._loss, self._count()

    def batch_gradient(self, indices: np.ndarray, w: torch.Tensor | None = None) -> torch.Tensor:
        """Return the mean gradient of some samples, from one backward pass."""
        known = check_indices(indices, self._count())
        counts = np.bincount(known, minlength=self._count()) / len(known)
        return self.weighted_gradient(torch.from_numpy(counts), w)

    def _count(self) -> int:
        if self.samples is None:
            raise InputError(
                "loss",
                "a function to one number",
                "must return one loss per sample, shape (m,), where samples matter",
            )
        return self.samples


def closure_objective(
    loss: Callable[[torch.Tensor], torch.Tensor],
    point: Any,
    *,
    reduction: str = "mean",
    dtype: Any = "float64",
    device: Any = "cpu",
    kinks: str = "refuse",
) -> ClosureObjective:
    """Make an objective of a function of the weights.

    Args:
        loss: Maps a tensor of shape ``(n,)`` to the loss, a tensor without axes, or to one loss
            per sample, shape ``(m,)``. It must be made of operations that PyTorch can differentiate
            twice, must not change its argument, and give the same at every call.
        point: Where to measure, shape ``(n,)``.
        reduction: ``mean`` or ``sum``: what the loss is of the samples' losses, if it gives those.
        dtype: float64 or float32, which ``loss`` must keep.
        device: Where to compute.
        kinks: What to do where the loss has a kink just at the point and second derivatives are
            asked for: ``refuse``, or ``pytorch``: take its convention (for ReLU the derivative from
            the left), which differences cannot confirm.

    Returns:
        The objective.

    Raises:
        InputError: The loss at the point is no such tensor, not finite, or not the same twice; an
            unknown word; a point of the wrong shape.

    Example:
        >>> objective = closure_objective(lambda w: (w**4).sum() / 4, [1.0, -2.0])
        >>> objective.value(), objective.gradient().tolist()
        (4.25, [1.0, -8.0])
        >>> objective.hessian_product(objective.point).tolist()
        [3.0, -24.0]
    """
    check_reduction(reduction, ("mean", "sum"))
    check_kinks(kinks)
    kind, place = check_dtype(dtype), check_device(device)
    at = check_vector(point, None, "point", kind, place)
    given = at.clone()
    try:
        with torch.no_grad():
            first, again = loss(at), loss(at)
    except (RuntimeError, TypeError, ValueError, IndexError) as error:
        raise InputError(
            "loss", Verbatim(first_line(error)),
            f"must take a tensor of {kind} of shape {tuple(at.shape)} on {place}: "
            "dtype='float32' is for networks and data of that type",
        ) from error  # fmt: skip
    if not torch.equal(at, given):
        raise InputError("loss", "a function that changes its argument", "must leave it as it is")
    check_losses("loss", first, again, kind)
    if first.ndim > 1 or first.numel() == 0:
        raise InputError(
            "loss", f"result of shape {tuple(first.shape)}", "must return shape () or (m,), m >= 1"
        )
    samples = len(first) if first.ndim else None
    objective = ClosureObjective(loss, at, samples, reduction == "mean")
    objective.kinks = kinks
    return objective


def check_objective(value: object) -> None:
    """Refuse what is no objective, such as a module.

    Raises:
        InputError: It is none.
    """
    if not isinstance(value, Objective):
        raise InputError(
            "objective", type(value).__name__,
            "must be what module_objective or closure_objective returns",
        )  # fmt: skip
