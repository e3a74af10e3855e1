r"""Bound what rounding makes of a run of many steps.

A target's states are :math:`\hat x_{k+1} = \Phi_k(\hat x_k) + \delta_k` where the exact ones are
:math:`x_{k+1} = \Phi_k(x_k)`. Here x are the weights with the buffers of the optimiser. Suppose
:math:`|\hat x_k - x_k| \le E_k`, entry by entry. In that box :math:`|\delta_k| \le d_k`, the
rounding of one step, and by the mean value theorem :math:`\Phi_k(\hat x_k) - \Phi_k(x_k) =
(J_k + R)\,(\hat x_k - x_k)` with the derivative :math:`J_k` at :math:`x_k` and :math:`|R| \le
R_k`, its drift in the box (at a kink the hull of the one-sided derivatives, for a Lipschitz map).
All of them are given by :mod:`whichmin.verification.oracle.enclosure`. So

.. math:: \hat x_j - x_j = \sum_{k < j} J_{j-1} \cdots J_{k+1}\, \rho_k ,\qquad
          |\rho_k| \le d_k + R_k E_k ,

.. math:: E_j = \sum_{k < j} |J_{j-1} \cdots J_{k+1}|\, (d_k + R_k E_k) .

Products of the derivatives are taken first and their absolute values afterwards: where the run
forgets (a stable step contracts), the bound stays at a few roundings however many steps there are,
which a product of norms never shows.

The reference is not exact but the same recurrence in decimals of 60 digits; it obeys the same
bound with a unit roundoff that is 2^-146 of float64's. With the centre at the computed reference
both the exact run and the target's lie in the box, so the deviation from the reference is at most
:math:`(1 + 2^{-93}) E_j`, also against float32.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from whichmin.verification.oracle import bounds
from whichmin.verification.oracle.arithmetic import slope
from whichmin.verification.oracle.enclosure import OWN, Enclosure, constant, enclosures
from whichmin.verification.oracle.optimisers import Optimiser, State
from whichmin.verification.oracle.references import floats
from whichmin.verification.oracle.schedules import CONSTANT

__all__ = ["carried", "reason"]

Floats = NDArray[np.float64]

# Products of derivatives are themselves rounded, by 2^-53 of what is carried on by the same
# products; with none larger than this and 2^18 roundings in all, that is below a percent.
LARGEST_PRODUCT = 2.0**28
MARGIN = 1.01
# A factor of the step size below this is 0.
TINY = Fraction(1, 2**200)


def _operations(optimiser: Optimiser, n: int, b: int) -> int:
    """Roundings on the longest path of a step; norms and roots of the optimiser's count again."""
    return bounds.operations(n, b) * (1 if optimiser.plain else 2)


def _step(
    optimiser: Optimiser, centre: Floats, error: Floats, names: Sequence[str], rows: Floats,
    t: int, step_size: Fraction, activation: str, factor: Fraction, unit: float,
) -> tuple[Floats, Floats, Floats]:  # fmt: skip
    """Derivative of a step with its drift in the box, and the size of its rounding."""
    size, n = len(centre), len(centre) // len(names)
    numbers = enclosures(size, unit)
    state: State = {}
    for place, name in enumerate(names):
        part = slice(place * n, (place + 1) * n)
        value, spread = centre[part], error[part] + OWN * np.abs(centre[part])
        state[name] = Enclosure(
            value, spread, np.eye(size)[part], np.zeros((n, size)), np.abs(value) + spread, unit
        )
    share = optimiser.schedule.factor(t)
    rate = float(step_size * share)
    # A schedule that multiplies from step to step rounds six times a step, relative to the factor
    # 1 where it goes to 0 as 1 + cos does.
    varied = 2 if optimiser.schedule == CONSTANT else (6 * t + 12) * (1 + 1 / max(share, TINY))
    length = constant(rate, float(varied), size, unit)
    g = slope(state["w"], rows, activation, factor, numbers)
    most = np.abs(state["w"].value) + state["w"].spread
    live = rows[(state["w"].__rmatmul__(rows)).high > 0] if activation == "relu" else rows
    g = replace(g, size=float(factor) * bounds.gradient_size(most, live))
    new = optimiser.advance(state, g, t, length, numbers)
    made = [new[name] for name in names]
    return (
        np.concatenate([x.slope for x in made]), np.concatenate([x.drift for x in made]),
        np.concatenate([x.size for x in made]),
    )  # fmt: skip


def carried(
    optimiser: Optimiser,
    states: Sequence[State],
    rows: Sequence[Any],
    step_size: Fraction,
    activation: str,
    factors: Sequence[Fraction],
    dtype: str,
) -> Floats:
    """Bound the rounding error of what a run returns, after every step.

    Args:
        optimiser: The optimiser.
        states: Reference states, the start included.
        rows: Points of each step's batch, as the target receives them.
        step_size: Step size.
        activation: ``linear`` or ``relu``.
        factors: Factor of the sum over each batch.
        dtype: Precision of the target.

    Returns:
        ``(steps + 1, n)``; infinite from where the bound says nothing.
    """
    names = list(states[0])
    n = len(states[0]["w"])
    unit, smallest = bounds.UNITS[dtype]
    place = names.index("average" if "average" in names else "w") * n
    error = np.zeros(n * len(names))
    found = np.full((len(states), n), np.inf)
    found[0] = 0.0
    products = np.zeros((0, len(error), len(error)))
    sources = np.zeros((0, len(error)))
    for t, (batch, factor) in enumerate(zip(rows, factors, strict=True)):
        centre = np.concatenate([floats(tuple(states[t][name])) for name in names])
        count = _operations(optimiser, n, len(batch))
        with np.errstate(over="ignore", invalid="ignore"):
            own, drift, size = _step(
                optimiser, centre, error, names, floats(batch), t, step_size, activation, factor,
                count * unit,
            )  # fmt: skip
            source = count * (unit * size + smallest) + drift @ error
            products = np.concatenate([own @ products, np.eye(len(error))[None]])
        sources = np.concatenate([sources, source[None]])
        if not np.isfinite(source).all() or not np.abs(products).max() <= LARGEST_PRODUCT:
            break
        error = MARGIN * np.einsum("kij,kj->i", np.abs(products), sources)
        found[t + 1] = error[place : place + n]
    return found


def reason(optimiser: Optimiser, steps: int, n: int, b: int, dtype: str) -> str:
    """Write the reason for :func:`carried` in words."""
    unit = {"float64": "2^-53", "float32": "2^-24"}[dtype]
    return (
        f"{steps} steps, each with {_operations(optimiser, n, b)} roundings of at most {unit} of "
        "the sum of the terms' sizes, carried on by the steps' derivatives along the run"
    )
