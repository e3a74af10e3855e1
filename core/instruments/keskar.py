r"""Keskar's sharpness, which is how far the loss rises in a box around the weights.

In percent of 1 + loss (Keskar et al. 2017, arXiv 1609.04836, equations 3 and 4), with a matrix A of
shape ``(n, p)``,

.. math:: \varphi = 100\,\frac{\max_{z \in C} L(x + A z) - L(x)}{1 + L(x)}, \qquad
          C = \{z : |z_i| \le \epsilon\,(|(A^+ x)_i| + 1)\},

A the identity (full space) or a Gaussian random matrix (a subspace). The maximum is sought, so what
is found is a lower bound of it. In the coordinates :math:`u_i = z_i / r_i` of the box:

* A walk goes from its start to the corner along the signs of the gradient, from there to the corner
  along those of the gradient there, and so on: Frank and Wolfe's step (1956) at its whole length,
  which on a convex loss cannot lower the rise. (A box of 10^5 weights has a half-diagonal of some
  hundred widths, and nearly all of the rise lies next to its corners.) It ends when four steps in a
  row gain less than 1e-4 of the rise.
* The first two walks start at the centre, one of them slow, by a fifth of a half-width a step,
  which can end in another maximum. Of three later ones two are fast: from random places, or
  opposite to the best place so far, because at a minimum the gradient is rounding, and to second
  order opposite places rise alike. The third is slow, from the best place with three coordinates
  in ten drawn anew: on a network with batch norm fast walks find the region of a maximum, and slow
  ones from there rise several per cent more. When twelve in a row gain less than 1e-3 of the rise,
  no more are begun.
* A maximum need not be a corner. So L-BFGS-B goes on from the best place, and from the centre too,
  each until four iterations in a row gain less than 1e-4.

``settled`` says whether all this ended because the gain stopped, and not for want of steps or
walks. It is no proof: on networks with batch norm, whose maxima are many, other seeds found up to
a twelfth more.

The search of the paper (L-BFGS-B alone, 10 iterations from the centre) is ``corners=False,
starts=1, max_iterations=10``. It runs on the rise in units of an eighth of the mean
:math:`|\partial L / \partial u_i|` at its start: its first step is the gradient itself, which in
these units leaves the box in most coordinates. SciPy's own stopping rules are switched off: they
compare a gradient with 1e-5, which at a minimum ends the search before it began.

The solvable neuron has an exact maximum (:mod:`whichmin.core.perturbation.box`), which says what
this search misses, and a search of its own with rises that do not cancel
(:mod:`whichmin.core.perturbation.box_search`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch

from whichmin.core.instruments.problem import Objective, check_objective
from whichmin.core.instruments.results import Result
from whichmin.core.instruments.rises import MeasuredRises
from whichmin.core.instruments.subspace import Subspace
from whichmin.core.philox import Purpose, generator
from whichmin.core.validation import check_integer, check_positive, check_real
from whichmin.errors import InputError
from whichmin.progress import progress_bar

__all__ = ["KeskarSharpness", "keskar_sharpness"]

_GAIN = 1e-4  # of the rise: to gain less is to gain nothing
_SLOW = 0.2  # of a half-width
_WALKS = 12  # in a row that gain nothing, before no more are begun
_BETTER = 1e-3  # of the rise: what a walk must gain to count
_REDRAWN = 0.3  # of the coordinates of the best place, where a slow walk starts


@dataclass(frozen=True, repr=False)
class KeskarSharpness(Result):
    """Outcome of a search for Keskar's sharpness.

    Attributes:
        value: The metric at the best point found, in percent; at most the maximum, but for
            ``rounding``.
        move: ``A z`` at that point, shape ``(n,)``.
        rise: ``L(x + A z) - L(x)`` there.
        loss: ``L(x)``.
        half_widths: Of the box, shape ``(p,)``.
        settled: Whether the search went on until its gain stopped; if not, raise ``starts`` or
            ``max_iterations``.
        values: The best value of each search, in their order.
        iterations: Steps of each.
        evaluations: Of loss and gradient, from all starts together, without the 12 of the loss
            that ``rounding`` takes.
        epsilon: Size of the box.
        dimension: p; None for the full space.
        certified: The maximum in percent, if the caller knows it.
        rounding: How far ``value`` can be rounding of the loss, in percent, as measured.
    """

    value: float
    move: torch.Tensor
    rise: float
    loss: float
    half_widths: torch.Tensor
    settled: bool
    values: tuple[float, ...]
    iterations: tuple[int, ...]
    evaluations: int
    epsilon: float
    dimension: int | None
    certified: float | None
    rounding: float

    @property
    def resolved(self) -> bool:
        """Whether the value is larger than its rounding; if not, it cannot be told from 0."""
        return self.value > self.rounding

    def __repr__(self) -> str:
        """Show the numbers, and say it if the search ended too soon."""
        return super().__repr__() + ("" if self.settled else ": not converged")

    @property
    def gap(self) -> float | None:
        """What the search missed, in percent; None without a certified maximum."""
        return None if self.certified is None else self.certified - self.value


def keskar_sharpness(
    objective: Objective,
    epsilon: Any = 1e-3,
    *,
    dimension: Any = None,
    starts: Any = 100,
    max_iterations: Any = 1000,
    corners: bool = True,
    seed: Any = 0,
    certified: float | None = None,
    progress: bool | None = None,
) -> KeskarSharpness:
    r"""Measure how far the loss rises in a box around the weights.

    .. math:: \varphi = 100\,\frac{\max_{z \in C} L(x + A z) - L(x)}{1 + L(x)}, \qquad
              C = \{z : |z_i| \le \epsilon\,(|(A^+ x)_i| + 1)\}

    Source: Keskar et al. 2017, equations 3 and 4. The search: see the module's text.

    Args:
        objective: The loss, with the point to measure at.
        epsilon: Size of the box; 1e-3 and 5e-4 in the paper.
        dimension: Dimension p of a random subspace, 100 in the paper; None for the full space.
        starts: Most walks, or with ``corners=False`` the number of searches. The first starts at
            the centre, or, if the gradient there is rounding (the rise that it predicts in the box
            is at most 4 units of roundoff of the loss), at a random point: uniform in the box.
        max_iterations: Most steps of every walk, and of every search by L-BFGS-B.
        corners: Whether to walk from corner to corner; if not, L-BFGS-B starts where walks would.
        seed: Of the subspace and of the starts.
        certified: The exact maximum in percent, where the caller has it; gives ``gap``.
        progress: Whether to show a bar on standard error; None for: on a terminal.

    Returns:
        The best value found, its point and what the search cost; never below the rise at the
        corner along the signs of the gradient at the point.

    Raises:
        InputError: An argument out of range, a loss that is not finite in the box or at most -1, a
            box that is too small for the weights' type, or a certified maximum below a value that
            was found.

    Example:
        >>> from whichmin.core.instruments import closure_objective
        >>> bowl = closure_objective(lambda w: (w**2).sum() / 2, [0.0, 0.0])
        >>> found = keskar_sharpness(bowl, 0.1, starts=2, certified=1.0)
        >>> round(found.value, 12), abs(found.gap) < 1e-12
        (1.0, True)
    """
    check_objective(objective)
    size = check_positive(epsilon, "epsilon")
    count = check_integer(starts, "starts", 1)
    limit = check_integer(max_iterations, "max_iterations", 1)
    x = objective.point.double()
    matrix = None
    if dimension is not None:
        matrix = Subspace(objective.size, dimension, seed, objective.point.device)
    widths = size * ((x if matrix is None else matrix.inverse(x)).abs() + 1)
    known = None if certified is None else check_real(certified, "certified", 0.0)
    base, slope = objective.value_and_gradient()
    rises = MeasuredRises(objective, base, "epsilon", epsilon, "box")
    if base <= -1:
        raise InputError(
            "objective", f"loss of {base:.6g}", "must be above -1: phi divides by 1 + L"
        )
    draws = generator(seed, Purpose.SEARCH_STARTS)

    def moved(u: np.ndarray) -> torch.Tensor:
        z = torch.from_numpy(u).to(widths) * widths
        return z if matrix is None else matrix.times(z)

    rises.check_size(moved(np.ones(len(widths))))

    def pulled(gradient: torch.Tensor) -> torch.Tensor:
        full = gradient.double()
        return widths * (full if matrix is None else matrix.pulled(full))

    # The linear part of the rise has its maximum at a corner: the sum of the entries' sizes. Up to
    # four units of roundoff of the loss (a product, a sum, a mean, a difference) nobody can see it.
    unseen = 4 * torch.finfo(objective.point.dtype).eps * abs(base)
    directed = float(pulled(slope).abs().sum()) > unseen

    def climb(u: np.ndarray) -> tuple[float, np.ndarray]:
        rise, gradient = rises.value_and_gradient(moved(u))
        return rise, pulled(gradient).cpu().numpy()

    def drawn() -> np.ndarray:
        return draws.uniform(-1, 1, len(widths))

    found: list[_Found] = []
    centre = np.zeros(len(widths))
    with progress_bar((count + 2 * corners) * limit, "Keskar's sharpness", progress) as done:
        gained = 0  # the last walk that found more
        mirrored = 0.0  # the rise opposite to which a walk has begun
        if corners and not directed and bool(slope.any()):  # its corner is a place like any other
            corner = _Best(climb, len(widths))
            corner.at(np.sign(pulled(slope).cpu().numpy()))
            found.append(corner.found(0, True))
        for k in range(count):
            top = max(found, key=lambda f: f.rise, default=None)
            start = centre if directed and k <= corners else drawn()
            if corners and k % 3 == 2 and top is not None and top.rise > mirrored:
                start, mirrored = -top.place, (1 + _BETTER) * top.rise
            elif corners and k % 3 == 1 and k > 1 and top is not None:
                start = np.where(draws.random(len(start)) < _REDRAWN, start, top.place)
            if corners:
                found.append(_walk(climb, start, _SLOW if k % 3 == 1 else 2.0, limit, done))
            else:
                found.append(_descend(climb, start, limit, done))
            if top is None or found[-1].rise > (1 + _BETTER) * top.rise:
                gained = k
            elif corners and k - gained >= _WALKS:
                break
        settled = not corners or k - gained >= _WALKS
        if corners:
            last = [centre] * directed + [max(found, key=lambda f: f.rise).place]
            found += [_descend(climb, start, limit, done) for start in last]
    evaluations = 1 + sum(f.evaluations for f in found)
    best = max(found, key=lambda f: f.rise)
    values = [100 * f.rise / (1 + base) for f in found]
    value = 100 * best.rise / (1 + base)
    rounding = 100 * rises.rounding(moved(best.place)) / (1 + base)
    # What a certified maximum may miss by its own rounding: two losses, in percent of 1 + L; a sum
    # over samples rounds once a sample, an inner product of weights once a weight.
    units = 2 * (objective.size + (objective.samples or 1))
    slack = max(rounding, 100 * units * torch.finfo(objective.point.dtype).eps)
    if known is not None and value > known + slack:
        raise InputError("certified", certified, f"must be at least {value!r}, which was found")
    return KeskarSharpness(
        value, moved(best.place), best.rise, base, widths,
        settled and all(f.settled for f in found), tuple(values),
        tuple(f.iterations for f in found), evaluations, size,
        None if matrix is None else len(widths), known, rounding,
    )  # fmt: skip


class _Found(NamedTuple):
    """The best point of one search."""

    rise: float
    place: np.ndarray
    iterations: int
    evaluations: int
    settled: bool


Climb = Callable[[np.ndarray], tuple[float, np.ndarray]]


class _Best:
    """The best place so far, and whether the gain has stopped."""

    def __init__(self, climb: Climb, n: int) -> None:
        self._climb = climb
        self.rise, self.place = 0.0, np.zeros(n)
        self.evaluations = 0
        self._steps: list[float] = []

    def at(self, u: np.ndarray) -> tuple[float, np.ndarray]:
        """Return rise and gradient at a place."""
        rise, gradient = self._climb(u)
        self.evaluations += 1
        if rise > self.rise:
            self.rise, self.place = rise, u.copy()
        return rise, gradient

    def stopped(self) -> bool:
        """Take note of a step; say whether the last four gained too little."""
        self._steps.append(self.rise)
        last = self._steps[-5:]
        return len(last) == 5 and last[4] - last[0] <= _GAIN * last[4]

    def found(self, iterations: int, settled: bool) -> _Found:
        """Return what was found."""
        return _Found(self.rise, self.place, iterations, self.evaluations, settled)


def _walk(
    climb: Climb, start: np.ndarray, step: float, limit: int, done: Callable[[], None]
) -> _Found:
    """Go along the signs of the gradient, within the box: by 2 from corner to corner."""
    best, place = _Best(climb, len(start)), start
    for made in range(limit):
        signs = np.sign(best.at(place)[1])
        done()
        after = np.clip(place + step * signs, -1, 1)
        if best.stopped() or np.array_equal(after, place):
            return best.found(made + 1, True)
        place = after
    best.at(place)
    return best.found(limit, False)


def _descend(climb: Climb, start: np.ndarray, limit: int, done: Callable[[], None]) -> _Found:
    """Search by L-BFGS-B."""
    from scipy.optimize import minimize

    best = _Best(climb, len(start))
    first = np.abs(best.at(start)[1])
    # Not so small a unit that a rise overflows in it.
    unit = max(float(first.mean()) / 8, 2.0**-500) if first.any() else 1.0
    stopped = False

    def down(u: np.ndarray) -> tuple[float, np.ndarray]:
        rise, gradient = best.at(u)
        return -rise / unit, -gradient / unit

    def after(_: np.ndarray) -> None:
        nonlocal stopped
        done()
        stopped = best.stopped()
        if stopped:
            raise StopIteration

    result = minimize(
        down, start, jac=True, method="L-BFGS-B", callback=after,
        bounds=[(-1.0, 1.0)] * len(start), options={"maxiter": limit, "ftol": 0.0, "gtol": 0.0},
    )  # fmt: skip
    return best.found(int(result.nit), stopped or int(result.nit) < limit)
