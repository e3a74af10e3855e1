r"""Keskar's sharpness, which is how far the loss rises in a box around the weights.

In percent of 1 + loss (Keskar et al. 2017, arXiv 1609.04836, equations 3 and 4), with a matrix A of
shape ``(n, p)``,

.. math:: \varphi = 100\,\frac{\max_{z \in C} L(x + A z) - L(x)}{1 + L(x)}, \qquad
          C = \{z : |z_i| \le \epsilon\,(|(A^+ x)_i| + 1)\},

A the identity (full space) or a Gaussian random matrix (a subspace). The maximum is sought as
there: by L-BFGS-B with at most 10 iterations, which finds a lower bound of it.

The search runs in the coordinates :math:`u_i = z_i / r_i` of the box, on the rise divided by the
largest :math:`|\partial L / \partial u_i|` at its start: L-BFGS-B's first step is the gradient
itself, whose length is otherwise an accident of the loss's units. SciPy's other stopping rules are
switched off: they compare a gradient with 1e-5, which at a minimum ends the search before it began.

From the centre of the box the search follows the gradient. At a minimum that is rounding, and where
the loss is symmetric the search stays in the directions that it has: at the mixture of the linear
neuron it finds 6 % of the maximum. So a random start competes by default, and a gradient that the
loss cannot show is no direction.

The solvable neuron has an exact maximum (:mod:`whichmin.core.perturbation.box`), which says what
this search misses, and a search of its own (:mod:`whichmin.core.perturbation.box_search`), from
corners and with rises that do not cancel. This one stays as the paper has it.
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
from whichmin.core.philox import Purpose, generator
from whichmin.core.validation import check_integer, check_positive, check_real
from whichmin.errors import InputError
from whichmin.progress import progress_bar

__all__ = ["KeskarSharpness", "keskar_sharpness", "random_subspace"]


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
        values: The best value from each start, shape ``(starts,)``.
        iterations: Of L-BFGS-B, from each start.
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

    @property
    def gap(self) -> float | None:
        """What the search missed, in percent; None without a certified maximum."""
        return None if self.certified is None else self.certified - self.value


def random_subspace(n: int, dimension: Any, seed: Any) -> torch.Tensor:
    """Draw a matrix A of independent standard normal entries, whose columns span a random subspace.

    Args:
        n: Rows, the number of weights.
        dimension: Columns p, from 1 to n.
        seed: Integer.

    Returns:
        Shape ``(n, p)``, float64.

    Raises:
        InputError: More columns than rows.
    """
    p = check_integer(dimension, "dimension", 1, n, "the number of weights")
    return torch.from_numpy(generator(seed, Purpose.SUBSPACE).standard_normal((n, p)))


def keskar_sharpness(
    objective: Objective,
    epsilon: Any = 1e-3,
    *,
    dimension: Any = None,
    starts: Any = 2,
    max_iterations: Any = 10,
    seed: Any = 0,
    certified: float | None = None,
    progress: bool | None = None,
) -> KeskarSharpness:
    r"""Measure how far the loss rises in a box around the weights.

    .. math:: \varphi = 100\,\frac{\max_{z \in C} L(x + A z) - L(x)}{1 + L(x)}, \qquad
              C = \{z : |z_i| \le \epsilon\,(|(A^+ x)_i| + 1)\}

    Source: Keskar et al. 2017, equations 3 and 4.

    Args:
        objective: The loss, with the point to measure at.
        epsilon: Size of the box; 1e-3 and 5e-4 in the paper.
        dimension: Dimension p of a random subspace, 100 in the paper; None for the full space.
        starts: Number of searches; 1 in the paper. The first starts at the centre, or, if the
            gradient there is rounding (the rise that it predicts in the box is at most 4 units of
            roundoff of the loss), at a random point like all others: uniform in the box.
        max_iterations: Of L-BFGS-B, in each search; 10 in the paper.
        seed: Of the subspace and of the starts.
        certified: The exact maximum in percent, where the caller has it; gives ``gap``.
        progress: Whether to show a bar on standard error; None for: on a terminal.

    Returns:
        The best value found, its point and what the search cost.

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
    from scipy.optimize import minimize

    check_objective(objective)
    size = check_positive(epsilon, "epsilon")
    count = check_integer(starts, "starts", 1)
    limit = check_integer(max_iterations, "max_iterations", 1)
    matrix, inner = _subspace(objective, dimension, seed)
    widths = size * (inner.abs() + 1)
    known = None if certified is None else check_real(certified, "certified", 0.0)
    base, slope = objective.value_and_gradient()
    rises = MeasuredRises(objective, base, "epsilon", epsilon, "box")
    if base <= -1:
        raise InputError(
            "objective", f"loss of {base:.6g}", "must be above -1: phi divides by 1 + L"
        )
    draws = generator(seed, Purpose.SEARCH_STARTS)
    evaluations = 1

    def moved(u: np.ndarray) -> torch.Tensor:
        z = torch.from_numpy(u).to(widths) * widths
        return z if matrix is None else matrix @ z

    rises.check_size(moved(np.ones(len(widths))))

    def pulled(gradient: torch.Tensor) -> torch.Tensor:
        full = gradient.double()
        return widths * (full if matrix is None else matrix.T @ full)

    # The linear part of the rise has its maximum at a corner: the sum of the entries' sizes. Up to
    # four units of roundoff of the loss (a product, a sum, a mean, a difference) nobody can see it.
    unseen = 4 * torch.finfo(objective.point.dtype).eps * abs(base)
    directed = float(pulled(slope).abs().sum()) > unseen

    def search(start: np.ndarray, unit: float, done: Callable[[], None]) -> _Found:
        best: tuple[float, np.ndarray] = (0.0, np.zeros(len(widths)))

        def descend(u: np.ndarray) -> tuple[float, np.ndarray]:
            nonlocal best
            rise, gradient = rises.value_and_gradient(moved(u))
            if rise > best[0]:
                best = (rise, u.copy())
            return -rise / unit, (-pulled(gradient) / unit).cpu().numpy()

        result = minimize(
            descend, start, jac=True, method="L-BFGS-B", callback=lambda _: done(),
            bounds=[(-1.0, 1.0)] * len(widths),
            options={"maxiter": limit, "ftol": 0.0, "gtol": 0.0},
        )  # fmt: skip
        return _Found(*best, int(result.nit), int(result.nfev))

    found = []
    with progress_bar(count * limit, "Keskar's sharpness", progress) as done:
        for k in range(count):
            centre = k == 0 and directed
            start = np.zeros(len(widths)) if centre else draws.uniform(-1, 1, len(widths))
            first = pulled(slope if centre else rises.value_and_gradient(moved(start))[1])
            # Not so small a unit that a rise overflows in it.
            unit = max(float(first.abs().max()), 2.0**-500) if bool(first.any()) else 1.0
            found.append(search(start, unit, done))
            evaluations += found[-1].evaluations + (not centre)
    best = max(found, key=lambda f: f.rise)
    values = [100 * f.rise / (1 + base) for f in found]
    value = max(values)
    rounding = 100 * rises.rounding(moved(best.place)) / (1 + base)
    # What a certified maximum may miss by its own rounding: two losses, in percent of 1 + L; a sum
    # over samples rounds once a sample, an inner product of weights once a weight.
    units = 2 * (objective.size + (objective.samples or 1))
    slack = max(rounding, 100 * units * torch.finfo(objective.point.dtype).eps)
    if known is not None and value > known + slack:
        raise InputError("certified", certified, f"must be at least {value!r}, which was found")
    return KeskarSharpness(
        value, moved(best.place), best.rise, base, widths, tuple(values),
        tuple(f.iterations for f in found), evaluations, size,
        None if matrix is None else len(widths), known, rounding,
    )  # fmt: skip


class _Found(NamedTuple):
    """The best point of one search."""

    rise: float
    place: np.ndarray
    iterations: int
    evaluations: int


def _subspace(
    objective: Objective, dimension: Any, seed: Any
) -> tuple[torch.Tensor | None, torch.Tensor]:
    """Compute the matrix A, None for the identity, and ``A^+ x``."""
    x = objective.point.double()
    if dimension is None:
        return None, x
    matrix = random_subspace(objective.size, dimension, seed).to(x)
    # A has full column rank with probability 1, so A^+ = R^-1 Q^T.
    q, r = torch.linalg.qr(matrix)
    return matrix, torch.linalg.solve_triangular(r, (q.T @ x)[:, None], upper=True)[:, 0]
