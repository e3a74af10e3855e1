r"""Keskar's sharpness without a search, the exact maximum in the box on standard-basis data.

With q the active energy of :math:`x = w + z` and :math:`N = |x|^2` the loss is

.. math:: L(x) = \tfrac12 + \frac{q\,(N - 2)}{2m} ,

and on the standard basis a coordinate adds to (q, N) on its own. Whatever the other coordinates
are, the loss is convex in each coordinate's energy, so only both ends of its interval and 0 matter:
points :math:`(q_i, N_i)`. What is left is to maximise :math:`q\,(N - 2)` over sums of one point per
coordinate.

All of it is done with differences from the centre, where :math:`q = Q + dq` and :math:`N = Q + R +
dq + dr`:

.. math:: 2m\,[L(x) - L(w)] = dq\,(dq + dr + 2Q + R - 2) + Q\,dr .

A coordinate adds :math:`z (2w + z)` to dq or dr, and :math:`2Q + R - 2`, which vanishes at a
minimum, is added up exactly: no digits are lost in a small box, and candidates that differ by less
than the rounding of a loss are told apart.

* Sums in which no other sum has both a larger (or equal) q and N: the maximum is there if some
  sum has ``N >= 2``. A coordinate whose outer end is active offers one such point only.
* Otherwise ``q (2-N)`` is minimised, a product of two positive affine functions: quasi-concave, so
  the minimum is at an extreme point of the convex hull of all sums. These are found by turning a
  direction: each coordinate changes its point at one or two angles.

:mod:`whichmin.verification.topics.perturbation.box` compares with all corners in exact
fractions.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from whichmin.core.landscape import norm_factor
from whichmin.core.perturbation.exact_sums import exact_sum, two_product
from whichmin.core.validation import check_extent, check_integer, check_real, check_vector
from whichmin.errors import InputError
from whichmin.words import Activation, parse

__all__ = ["KeskarMaximum", "box_rises", "half_widths", "keskar_exact", "keskar_upper_bound"]

Floats = NDArray[np.float64]
# Largest number of sums kept; 16 bytes each and as much again for the choices.
_FRONT = 1 << 18
# Longest |x| in a box: 100 |x|^4 is finite.
_LARGE = 1e76
# Length of a minimum that was rounded to n numbers and added up: 1 to this times n.
_UNIT = 2.0**-52
# A length as far from 1 as this is taken for that of a minimum beside which it lies.
_NEAR = 1e-5


@dataclass(frozen=True)
class KeskarMaximum:
    """The largest loss in Keskar's box.

    Attributes:
        percent: Keskar's metric, ``100 rise / (1 + loss)``.
        rise: Largest loss in the box minus the loss at the centre.
        loss: Loss at the centre.
        point: Where the loss is largest, shape ``(n,)``.
        move: The same, less the centre, shape ``(n,)``.
        active_energy: Active energy q there.
        squared_norm: ``|x|^2`` there.
    """

    percent: float
    rise: float
    loss: float
    point: Floats
    move: Floats
    active_energy: float
    squared_norm: float


def half_widths(w: Floats, epsilon: float, directions: Floats | None = None) -> Floats:
    r"""Compute the half-widths of Keskar's box.

    .. math:: r_i = \epsilon\,(|(A^+ w)_i| + 1)

    Source: Keskar et al. 2017, equation 3.

    Args:
        w: Weights, shape ``(n,)``.
        epsilon: Relative size.
        directions: Matrix A, shape ``(n, p)``, or several, shape ``(draws, n, p)``; None for the
            whole space, where A is the identity.

    Returns:
        Shape ``(n,)``, ``(p,)`` or ``(draws, p)``.
    """
    place = w if directions is None else np.linalg.pinv(directions) @ w
    return np.asarray(epsilon * (np.abs(place) + 1))


def keskar_exact(
    w: Any, m: int, epsilon: float = 1e-3, *, activation: Any = Activation.RELU
) -> KeskarMaximum:
    r"""Compute the exact maximum of the loss in Keskar's box, on standard-basis data.

    .. math:: \varphi = 100\,\frac{\max_z L(w + z) - L(w)}{1 + L(w)}, \qquad
              |z_i| \le \epsilon\,(|w_i| + 1)

    Source: Keskar et al. 2017, metric 2.1 with the whole space; maximum as in this module's text.

    Args:
        w: Any weights, shape ``(n,)``.
        m: Number of data points, the first m vectors of the standard basis.
        epsilon: Relative size of the box, above 0.
        activation: ``linear`` or ``relu``.

    Returns:
        The metric and where the loss is largest.

    Raises:
        InputError: An argument is out of range, the loss overflows, or too many negative
            coordinates can become active for an exact answer (ReLU, squared norms above 2 only).

    Example:
        >>> round(keskar_exact([1.0, 0.0], 2, 0.1, activation="linear").percent, 4)
        4.05
    """
    act = parse(Activation, activation, "activation")
    centre, points, eps = _inputs(w, m, epsilon)
    reach = half_widths(centre, eps)
    at = _centre(centre, points, act)
    # Ties between ends go to the side of the weight; 0 counts as positive.
    best = np.where(centre >= 0, reach, -reach)
    if act is Activation.LINEAR:
        _linear(best, centre, reach, at)
    else:
        _relu(best, centre, reach, at)
    energy, rest = (math.fsum(part) for part in _changes(centre, best, points, act))
    loss = 0.5 + at.energy * norm_factor(at.norm) / (2 * points)
    rise = max(at.gain(energy, rest), 0.0) / (2 * points)
    return KeskarMaximum(
        100 * rise / (1 + loss), rise, loss, centre + best, best,
        at.energy + energy, at.norm + energy + rest,
    )  # fmt: skip


def box_rises(w: Any, moves: Floats, m: int, activation: Activation) -> Floats:
    r"""Compute the rises of the loss by moves, on standard-basis data, each right to rounding.

    .. math:: L(w + z) - L(w) = \frac{dq\,(dq + dr + 2Q + R - 2) + Q\,dr}{2m}

    See the module's text for the letters.

    Args:
        w: Any weights, shape ``(n,)``.
        moves: Shape ``(..., n)``.
        m: Number of data points.
        activation: Identity or ReLU.

    Returns:
        Shape ``(...)``.
    """
    centre = np.asarray(w, dtype=np.float64)
    energy, rest = (part.sum(-1) for part in _changes(centre, moves, m, activation))
    return np.asarray(_centre(centre, m, activation).gain(energy, rest) / (2 * m))


def keskar_upper_bound(
    w: Any, m: int, epsilon: float = 1e-3, *, distance: float | None = None
) -> float:
    r"""Bound Keskar's metric from above at or near a global minimum, for any orthonormal data.

    With :math:`T = \sum |w_j| r_j` the largest :math:`\langle w, z\rangle` and :math:`Z = \sum
    r_j^2` the largest :math:`|z|^2` in the box of half-widths r, the active energy lies between
    :math:`(1 + \langle w, z\rangle)^2` and N, so

    .. math:: 2m\,[L(w + z) - L(w)] \le \begin{cases}
              T^2 (3 + 2T + Z) + Z (1 + 2T) & 2T + Z \le 1, \\
              (2T + Z)^2 & \text{otherwise.} \end{cases}

    At a distance d from a minimum a point of the box is that much farther from it, and the loss at
    its centre is no lower than the minimum: T grows by :math:`d\,(1 + \sqrt Z)`, :math:`\sqrt Z` by
    d.

    Args:
        w: The weights, shape ``(n,)``, in the coordinates in which the box is taken.
        m: Number of data points.
        epsilon: Relative size of the box, above 0.
        distance: Distance of the weights from a global minimum, at most; None if ``w/|w|`` is one:
            then what ``|w|`` lacks of 1.

    Returns:
        The bound, in percent.

    Raises:
        InputError: An argument is out of range, or the length of the weights is not 1 up to the
            distance (None: 1e-5).
    """
    centre, points, eps = _inputs(w, m, epsilon)
    size = np.abs(centre)
    length = math.sqrt(exact_sum(*two_product(size, size))[0])
    # What rounding to n numbers leaves of a vector of length 1 counts as 0.
    off = max(abs(length - 1) - _UNIT * len(size), 0.0)
    allowed = _NEAR if distance is None else check_real(distance, "distance", 0)
    if off > allowed:
        raise InputError("w", w, f"must be one minimum, a vector of length 1 to {allowed:.1g}")
    away = off if distance is None else allowed
    reach = half_widths(centre, eps)
    along, span = math.fsum(size * reach), math.sqrt(math.fsum(reach**2))
    # From the minimum w* the move is z + w - w*: at most d longer, and at most d (1 + |z|) further
    # along w*.
    along, square = along + away * (1 + span), (span + away) ** 2
    if 2 * along + square <= 1:
        rise = along**2 * (3 + 2 * along + square) + square * (1 + 2 * along)
    else:
        rise = (2 * along + square) ** 2
    return 100 * rise / (3 * points - 1)


def _inputs(w: Any, m: Any, epsilon: Any) -> tuple[Floats, int, float]:
    """Validate a centre on standard-basis data and its box.

    Returns:
        The centre, shape ``(n,)``, the number of data points and epsilon.

    Raises:
        InputError: An argument is out of range, or the loss overflows.
    """
    eps = check_extent(epsilon, "epsilon")
    centre = check_vector(w, None, "w", torch.float64, torch.device("cpu")).numpy()
    points = check_integer(m, "m", 1, len(centre), "the number of coordinates")
    for argument, value, reach in (("w", w, 0.0), ("epsilon", epsilon, eps)):
        # 100 N^2 bounds all that is formed; lengths by hypot, so that nothing overflows before.
        length = math.hypot(*(abs(x) + reach * (abs(x) + 1) for x in centre.tolist()))
        if length > _LARGE:
            raise InputError(argument, value, "must leave the loss finite in the box")
    return centre, points, eps


@dataclass(frozen=True)
class _Centre:
    """The centre of a box on m points: active energy Q, squared norm Q + R, and ``2Q + R - 2``."""

    points: int
    energy: float
    norm: float
    slope: float

    def gain(self, energy: Any, rest: Any) -> Any:
        """Compute ``2m`` times the rise where q changes by dq and N - q by dr."""
        return energy * (energy + rest + self.slope) + self.energy * rest


def _centre(centre: Floats, m: int, activation: Activation) -> _Centre:
    data = centre[:m] if activation is Activation.LINEAR else np.maximum(centre[:m], 0)
    own, whole = two_product(data, data), two_product(centre, centre)
    slope = exact_sum(*own, *whole, [-2.0])[0]
    return _Centre(m, exact_sum(*own)[0], exact_sum(*whole)[0], slope)


def _changes(centre: Floats, z: Floats, m: int, activation: Activation) -> tuple[Floats, Floats]:
    """Compute what each coordinate of a move adds to the active energy q and to ``N - q``.

    Args:
        centre: Shape ``(n,)``.
        z: Moves, shape ``(..., n)``.
        m: Number of data points.
        activation: Identity or ReLU.

    Returns:
        Two arrays of the shape of the moves.
    """
    x, smooth = centre + z, z * (2 * centre + z)
    data = np.arange(len(centre)) < m
    if activation is Activation.LINEAR:
        return np.where(data, smooth, 0.0), np.where(data, 0.0, smooth)
    before, after = data & (centre > 0), data & (x > 0)
    # What crosses its kink takes all its energy with it.
    energy = np.where(after, np.where(before, smooth, x**2), np.where(before, -(centre**2), 0.0))
    rest = np.where(after, np.where(before, 0.0, -(centre**2)), np.where(before, x**2, smooth))
    return energy, rest


def _linear(best: Floats, centre: Floats, reach: Floats, at: _Centre) -> None:
    """Set the data coordinates: all at the outer or all at the inner ends.

    Off the span only the norm counts. If ``|x|^2`` can reach 2 the outer ends make both factors
    largest; otherwise ``q (2 - rest - q)`` is concave in q, and one end or the other is smallest.
    """
    m = at.points
    inner = best.copy()
    inner[:m] = -np.sign(centre[:m]) * np.minimum(np.abs(centre[:m]), reach[:m])
    gains = [
        at.gain(*(math.fsum(part) for part in _changes(centre, z, m, Activation.LINEAR)))
        for z in (best, inner)
    ]
    if gains[1] > gains[0]:
        best[:] = inner


def _relu(best: Floats, centre: Floats, reach: Floats, at: _Centre) -> None:
    """Set the data coordinates: outer end, inner end or 0, whichever sum is best."""
    m = at.points
    _, rest = _changes(centre[m:], best[m:], 0, Activation.RELU)
    # |x|^2 - 2 at the outer ends.
    largest = exact_sum(*two_product(centre, centre), best * (2 * centre + best), [-2.0])[0]
    places = np.stack([-reach[:m], np.clip(-centre[:m], -reach[:m], reach[:m]), reach[:m]])
    energies, rests = _changes(centre[:m], places, m, Activation.RELU)
    choose = _front if largest >= 0 else _turning
    chosen = choose(energies, rests, math.fsum(rest), at)
    best[:m] = places[chosen, np.arange(m)]


def _front(energies: Floats, rests: Floats, rest: float, at: _Centre) -> NDArray[np.int64]:
    """Maximise ``q (N-2)`` over the sums that no other sum beats in both q and N.

    Args:
        energies: What each of three candidates adds to q, shape ``(3, m)``.
        rests: What it adds to N - q, shape ``(3, m)``.
        rest: What the other coordinates add to N - q.
        at: The centre.

    Returns:
        The candidate of each coordinate, shape ``(m,)``.

    Raises:
        InputError: There are too many such sums.
    """
    m = energies.shape[1]
    energy, left = np.zeros(1), np.full(1, rest)
    history: list[tuple[NDArray[np.int64], NDArray[np.int64]]] = []
    for place in range(m):
        new_energy = np.concatenate([energy + q for q in energies[:, place]])
        new_left = np.concatenate([left + r for r in rests[:, place]])
        parent = np.tile(np.arange(len(energy)), 3)
        chosen = np.repeat(np.arange(3), len(energy))
        # By falling norm; an entry stays if its energy exceeds all before it.
        order = np.lexsort((-new_energy, -(new_energy + new_left)))
        before = np.maximum.accumulate(new_energy[order])
        stays = order[np.append(True, before[1:] > before[:-1])]
        if len(stays) > _FRONT:
            raise InputError(
                "w", f"{m} data coordinates near the kink", "must leave fewer combinations open"
            )
        energy, left = new_energy[stays], new_left[stays]
        history.append((parent[stays], chosen[stays]))
    entry = int(np.argmax(at.gain(energy, left)))
    best = np.empty(m, dtype=np.int64)
    for place in range(m - 1, -1, -1):
        parents, choices = history[place]
        best[place], entry = choices[entry], int(parents[entry])
    return best


def _turning(energies: Floats, rests: Floats, rest: float, at: _Centre) -> NDArray[np.int64]:
    """Minimise ``q (2-N)`` over the extreme points, one for each direction in the quadrant.

    For weights ``(1-u)`` of q and ``u`` of -N each coordinate takes its smallest candidate. It
    changes at values of u where two of its candidates tie; between these nothing changes. The
    arguments are those of :func:`_front`.

    Returns:
        The candidate of each coordinate, shape ``(m,)``.
    """
    turns = [np.array([0.0, 1.0])]
    for one, other in ((0, 1), (0, 2), (1, 2)):
        # (1-2u) q1 - u r1 = (1-2u) q2 - u r2
        top = energies[one] - energies[other]
        bottom = 2 * top + rests[one] - rests[other]
        with np.errstate(divide="ignore", invalid="ignore"):
            u = top / bottom
        turns.append(u[(u > 0) & (u < 1)])
    ties = np.unique(np.concatenate(turns))
    columns = np.arange(energies.shape[1])
    best, largest = np.ones(len(columns), dtype=np.int64), -np.inf
    for u in (ties[1:] + ties[:-1]) / 2:
        chosen = np.argmin((1 - 2 * u) * energies - u * rests, axis=0)
        value = float(at.gain(energies[chosen, columns].sum(), rests[chosen, columns].sum() + rest))
        if value > largest:
            best, largest = chosen, value
    return best
