"""Keskar's sharpness without a search: the exact maximum in the box, on standard-basis data.

With q the active energy of ``x = w + z`` and ``N = |x|^2`` the loss is ``1/2 + q (N-2)/(2m)``, and
on the standard basis a coordinate adds to (q, N) on its own. Whatever the other coordinates are,
the loss is convex in each coordinate's energy, so only both ends of its interval and 0 matter:
points (q_i, N_i). What is left is to maximise ``q (N-2)`` over sums of one point per coordinate.

* Sums in which no other sum has both a larger (or equal) q and N: the maximum is there if some
  sum has ``N >= 2``. A coordinate whose outer end is active offers one such point only.
* Otherwise ``q (2-N)`` is minimised, a product of two positive affine functions: quasi-concave, so
  the minimum is at an extreme point of the convex hull of all sums. These are found by turning a
  direction: each coordinate changes its point at one or two angles.

:mod:`whichmin.verification.checks.measures` compares with all corners in exact fractions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from whichmin.core.validation import (
    check_device,
    check_dtype,
    check_integer,
    check_positive,
    check_weights,
)
from whichmin.errors import InputError
from whichmin.words import Activation, parse

__all__ = ["KeskarMaximum", "keskar_exact", "keskar_upper_bound"]

Floats = NDArray[np.float64]
# Largest number of sums kept; 16 bytes each and as much again for the choices.
_FRONT = 1 << 18


@dataclass(frozen=True)
class KeskarMaximum:
    """The largest loss in Keskar's box.

    Attributes:
        percent: Keskar's metric, ``100 rise / (1 + loss)``.
        rise: Largest loss in the box minus the loss at the centre.
        loss: Loss at the centre.
        point: Where the loss is largest, shape ``(n,)``.
        active_energy: Active energy q there.
        squared_norm: ``|x|^2`` there.
    """

    percent: float
    rise: float
    loss: float
    point: Floats
    active_energy: float
    squared_norm: float


def keskar_exact(
    w: Any, m: int, epsilon: float = 1e-3, *, activation: Any = Activation.RELU
) -> KeskarMaximum:
    """Exact maximum of the loss in the box ``|z_i| <= epsilon (|w_i| + 1)``.

    Source: Keskar et al. 2017, metric 2.1 with the whole space; maximum as in this module's text.

    Args:
        w: Any weights, shape ``(n,)``.
        m: Number of data points, the first m vectors of the standard basis.
        epsilon: Relative size of the box, above 0.
        activation: ``linear`` or ``relu``.

    Returns:
        The metric and where the loss is largest.

    Raises:
        InputError: An argument is out of range, or too many negative coordinates can become active
            for an exact answer (ReLU, squared norms above 2 only).

    Example:
        >>> round(keskar_exact([1.0, 0.0], 2, 0.1, activation="linear").percent, 4)
        4.05
    """
    act = parse(Activation, activation, "activation")
    eps = check_positive(epsilon, "epsilon")
    width = np.asarray(w).shape[-1:] or (0,)
    weights = check_weights(w, int(width[0]), "w", check_dtype("float64"), check_device("cpu"))
    if len(weights) != 1:
        raise InputError("w", f"array of shape {tuple(np.shape(w))}", "must have shape (n,)")
    centre = np.asarray(weights[0].numpy())
    points = check_integer(m, "m", 1, len(centre), "the number of coordinates")
    reach = eps * (np.abs(centre) + 1)
    low, high = centre - reach, centre + reach
    # Ties between ends go to the side of the weight; 0 counts as positive.
    outer = np.where(centre >= 0, high, low)
    best = outer.copy()
    if act is Activation.LINEAR:
        _linear(best, low, high, points)
    else:
        _relu(best, low, high, points)
    energy, norm = _coordinates(best, points, act)
    loss = _loss(*_coordinates(centre, points, act), points)
    rise = max(_loss(energy, norm, points) - loss, 0.0)
    return KeskarMaximum(100 * rise / (1 + loss), rise, loss, best, energy, norm)


def keskar_upper_bound(w: Any, m: int, epsilon: float = 1e-3) -> float:
    """Upper bound of Keskar's metric at a global minimum, for any orthonormal data.

    With ``T = sum |w_j| r_j`` the largest ``<w, z>`` and ``Z = sum r_j^2`` the largest ``|z|^2`` in
    the box, ``2m`` times the rise is at most ``T^2 (3 + 2T + Z) + Z (1 + 2T)`` if ``2T + Z <= 1``
    and at most ``(2T + Z)^2`` otherwise: the active energy lies between ``(1 + <w,z>)^2`` and N.

    Args:
        w: A global minimum, shape ``(n,)``, in the coordinates in which the box is taken.
        m: Number of data points.
        epsilon: Relative size of the box, above 0.

    Returns:
        The bound, in percent.

    Raises:
        InputError: An argument is out of range, or the weights do not have length 1.
    """
    eps = check_positive(epsilon, "epsilon")
    width = np.asarray(w).shape[-1:] or (0,)
    weights = check_weights(w, int(width[0]), "w", check_dtype("float64"), check_device("cpu"))
    centre = np.abs(weights[0].numpy())
    points = check_integer(m, "m", 1, len(centre), "the number of coordinates")
    # A run that converged is within 1e-6 of a minimum.
    if len(weights) != 1 or abs(float(centre @ centre) - 1) > 1e-5:
        raise InputError("w", w, "must be one minimum, a vector of length 1")
    reach = eps * (centre + 1)
    along, square = float(centre @ reach), float(reach @ reach)
    if 2 * along + square <= 1:
        rise = along**2 * (3 + 2 * along + square) + square * (1 + 2 * along)
    else:
        rise = (2 * along + square) ** 2
    return 100 * rise / (3 * points - 1)


def _coordinates(x: Floats, m: int, activation: Activation) -> tuple[float, float]:
    data = x[:m] if activation is Activation.LINEAR else np.maximum(x[:m], 0)
    return float(data @ data), float(x @ x)


def _loss(energy: float, norm: float, m: int) -> float:
    return 0.5 + energy * (norm - 2) / (2 * m)


def _linear(best: Floats, low: Floats, high: Floats, m: int) -> None:
    """Set the data coordinates: all at the outer or all at the inner ends.

    Off the span only the norm counts. If ``|x|^2`` can reach 2 the outer ends make both factors
    largest; otherwise ``q (2 - rest - q)`` is concave in q, and one end or the other is smallest.
    """
    inner = np.where((low <= 0) & (high >= 0), 0.0, np.where(low > 0, low, high))
    near, far = float(inner[:m] @ inner[:m]), float(best[:m] @ best[:m])
    rest = float(best[m:] @ best[m:])
    if far + rest < 2 and near * (2 - rest - near) < far * (2 - rest - far):
        best[:m] = inner[:m]


def _relu(best: Floats, low: Floats, high: Floats, m: int) -> None:
    """Set the data coordinates: outer end, inner end or 0, whichever sum is best."""
    largest = float(best @ best)
    rest = float(best[m:] @ best[m:])
    if largest >= 2:
        best[:m] = _front(low[:m], high[:m], rest)
    else:
        best[:m] = _turning(low[:m], high[:m], rest)


def _options(low: float, high: float) -> list[tuple[float, float, float]]:
    """Energy, squared norm and place of the candidates of a coordinate."""
    places = {low, high} | ({0.0} if low <= 0 <= high else set())
    return [(max(x, 0.0) ** 2, x * x, x) for x in sorted(places)]


def _front(low: Floats, high: Floats, rest: float) -> Floats:
    """Maximise ``q (N-2)`` over the sums that no other sum beats in both q and N.

    Returns:
        The data coordinates, shape ``(m,)``.

    Raises:
        InputError: There are too many of them.
    """
    m = len(low)
    energy, norm = np.zeros(1), np.full(1, rest)
    history: list[tuple[NDArray[np.int64], Floats]] = []
    for place in range(m):
        options = _options(low[place], high[place])
        new_energy = np.concatenate([energy + q for q, _, _ in options])
        new_norm = np.concatenate([norm + size for _, size, _ in options])
        parent = np.tile(np.arange(len(energy)), len(options))
        chosen = np.repeat(np.array([x for _, _, x in options]), len(energy))
        # By falling norm; an entry stays if its energy exceeds all before it.
        order = np.lexsort((-new_energy, -new_norm))
        before = np.maximum.accumulate(new_energy[order])
        stays = order[np.append(True, before[1:] > before[:-1])]
        if len(stays) > _FRONT:
            raise InputError(
                "w", f"{m} data coordinates near the kink", "must leave fewer combinations open"
            )
        energy, norm = new_energy[stays], new_norm[stays]
        history.append((parent[stays], chosen[stays]))
    at = int(np.argmax(energy * (norm - 2)))
    best = np.empty(m)
    for place in range(m - 1, -1, -1):
        parents, chosen = history[place]
        best[place], at = chosen[at], int(parents[at])
    return best


def _turning(low: Floats, high: Floats, rest: float) -> Floats:
    """Minimise ``q (2-N)`` over the extreme points: for directions in the quadrant, one each.

    For weights ``(1-u)`` of q and ``u`` of -N each coordinate takes its smallest candidate. It
    changes at values of u where two of its candidates tie; between these nothing changes.

    Returns:
        The data coordinates, shape ``(m,)``.
    """
    inner = np.clip(0.0, low, high)
    places = np.stack([low, inner, high])
    energy, norm = np.maximum(places, 0) ** 2, places**2
    turns = [np.array([0.0, 1.0])]
    for one, other in ((0, 1), (0, 2), (1, 2)):
        # (1-u) q1 - u N1 = (1-u) q2 - u N2
        top = energy[one] - energy[other]
        bottom = top + norm[one] - norm[other]
        with np.errstate(divide="ignore", invalid="ignore"):
            u = top / bottom
        turns.append(u[(u > 0) & (u < 1)])
    ties = np.unique(np.concatenate(turns))
    columns = np.arange(len(low))
    best, smallest = inner, np.inf
    for u in (ties[1:] + ties[:-1]) / 2:
        chosen = np.argmin((1 - u) * energy - u * norm, axis=0), columns
        value = float(energy[chosen].sum() * (2 - rest - norm[chosen].sum()))
        if value < smallest:
            best, smallest = places[chosen], value
    return np.asarray(best)
