"""Rise of the loss within a distance of a point: worst case by ascent, average by sampling.

Rises are those of :mod:`whichmin.core.perturbation.rises`, right to rounding at any radius. The
general instrument (:mod:`whichmin.core.instruments.sam`) sees nothing but losses and stands apart:
it takes differences of losses, other starts and another step. So a number that both reach was
found by two routes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from whichmin.core.data import check_point
from whichmin.core.perturbation.rises import make_rise
from whichmin.core.validation import check_extent, check_integer, check_seed
from whichmin.errors import InputError
from whichmin.words import Activation, parse

__all__ = ["MeanRise", "mean_rise", "worst_rise"]

# Residuals per chunk: 2^22 numbers, 32 MiB, at a time.
_CHUNK = 1 << 22


@dataclass(frozen=True)
class MeanRise:
    """A sampled mean.

    Attributes:
        mean: Average rise of the loss.
        error: Its standard error.
        samples: Number of independent pairs (z, -z).
    """

    mean: float
    error: float
    samples: int


def worst_rise(
    w: Any,
    data: Any,
    radius: float = 0.05,
    *,
    activation: Any = Activation.RELU,
    starts: int = 8,
    seed: int = 0,
) -> float:
    r"""Search for the largest rise of the loss within a distance of the weights.

    .. math:: \max_{|z| \le r} L(w + z) - L(w)

    Source: Foret et al. 2021, equation 1. The search repeats :math:`z \leftarrow r\,\nabla L(w + z)
    / |\nabla L(w + z)|` from random directions and from :math:`\pm w`. Such a step never lowers a
    convex function, and a stationary point on the sphere is a fixed point. The result is a lower
    bound of the maximum.

    Args:
        w: Weights, shape ``(n,)``.
        data: Data points as rows, shape ``(m, n)``.
        radius: Distance, above 0.
        activation: ``linear`` or ``relu``.
        starts: Number of random directions to start from, at least 1.
        seed: Seed of these.

    Returns:
        The largest rise met.

    Raises:
        InputError: An argument is out of range, or the loss overflows at that distance.

    Example:
        >>> round(worst_rise([1.0, 0.0], np.eye(2), 0.1), 6)
        0.011025
    """
    act = parse(Activation, activation, "activation")
    length = check_extent(radius, "radius")
    weight, valid = check_point(w, data)
    rise = make_rise(weight, valid, act)
    rng = np.random.default_rng(check_seed(seed))
    random = rng.normal(size=(check_integer(starts, "starts", 1), valid.n))
    z = torch.as_tensor(np.vstack([weight.numpy(), -weight.numpy(), random]))
    z *= length / z.norm(dim=1, keepdim=True).clamp_min(torch.finfo(z.dtype).tiny)
    best = 0.0
    # At a minimum the eigenvalue along w is 4 times the next: 30 steps align to 4^-30.
    for _ in range(30):
        best = max(best, float(_finite(rise(z), radius).max()))
        slope = rise.gradient(z)
        largest = slope.abs().amax(dim=1, keepdim=True)
        # In units of its largest entry: squares of a small slope would vanish.
        unit = slope / torch.where(largest > 0, largest, 1.0)
        norm = unit.norm(dim=1, keepdim=True)
        z = torch.where(norm > 0, length * unit / norm.clamp_min(1.0), z)
    return best


def _finite(rises: torch.Tensor, radius: Any) -> torch.Tensor:
    """Refuse rises that overflow.

    Returns:
        The same rises.

    Raises:
        InputError: One is not finite.
    """
    if not bool(torch.isfinite(rises).all()):
        raise InputError("radius", radius, "must leave the loss finite at that distance")
    return rises


def mean_rise(
    w: Any,
    data: Any,
    radius: float = 0.05,
    *,
    activation: Any = Activation.RELU,
    law: str = "sphere",
    samples: int = 10_000,
    seed: int = 0,
) -> MeanRise:
    r"""Estimate the average rise of the loss under a random move of the weights.

    .. math:: E\,[L(w + z) - L(w)]

    Moves come in pairs (z, -z), which removes everything odd.

    Args:
        w: Weights, shape ``(n,)``.
        data: Data points as rows, shape ``(m, n)``.
        radius: Length of the move (``sphere``), or root mean square length (``gaussian``).
        activation: ``linear`` or ``relu``.
        law: ``sphere``, or ``gaussian`` with deviation ``radius / sqrt n`` in each coordinate.
        samples: Number of pairs, at least 2.
        seed: Seed of the moves.

    Returns:
        The mean over pairs with its standard error.

    Raises:
        InputError: An argument is out of range, or the loss overflows at that distance.
    """
    act = parse(Activation, activation, "activation")
    length = check_extent(radius, "radius")
    if law not in {"sphere", "gaussian"}:
        raise InputError("law", law, "must be one of: sphere, gaussian")
    weight, valid = check_point(w, data)
    total = check_integer(samples, "samples", 2)
    rng = np.random.default_rng(check_seed(seed))
    rise = make_rise(weight, valid, act)
    rises: list[NDArray[np.float64]] = []
    chunk = max(1, _CHUNK // (valid.m * valid.n))
    for first in range(0, total, chunk):
        z = rng.normal(size=(min(chunk, total - first), valid.n))
        if law == "sphere":
            z *= length / np.linalg.norm(z, axis=1, keepdims=True)
        else:
            z *= length / math.sqrt(valid.n)
        move = torch.as_tensor(z)
        # What is linear in the move adds up to 0 in a pair.
        pairs = (rise.curved(move) + rise.curved(-move)) / 2
        rises.append(_finite(pairs, radius).numpy())
    found = np.concatenate(rises)
    # In units of the largest rise: squares of small ones would vanish.
    unit = float(np.abs(found).max()) or 1.0
    deviation = unit * float((found / unit).std(ddof=1))
    return MeanRise(float(found.mean()), deviation / math.sqrt(total), total)
