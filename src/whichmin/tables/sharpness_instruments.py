"""Apply the instruments of ``whichmin.sharpness`` at the model's minima, beside exact values.

They get a loss function and nothing else: automatic differentiation, and searches that may stop
below a maximum. At an exact minimum ``relu'(0) = 0``, so they measure with kappa = 0.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import sympy as sp
import torch
from numpy.typing import NDArray

from whichmin.core.data import make_data
from whichmin.core.instruments import (
    Objective,
    average_sharpness,
    closure_objective,
    estimate_trace,
    extreme_eigenvalues,
    full_spectrum,
    keskar_sharpness,
    worst_sharpness,
)
from whichmin.core.perturbation.box import keskar_exact
from whichmin.core.perturbation.rises import make_rise
from whichmin.errors import InputError
from whichmin.reporting import Cell, Table, margin_cell, residual_cell
from whichmin.symbolic import closed_form
from whichmin.verification.evidence.rounding import EPS
from whichmin.words import Activation

__all__ = ["Reading", "instruments_table", "neuron_objective", "readings"]

Floats = NDArray[np.float64]

# Standard errors allowed to a mean: 2e-9 for a normal one.
SIGMAS = 6.0
PAIRS = 1000
UNSEEN = "no reading: the rise is no more than 10 roundings of the loss"
GRADED = "search: at most the maximum"


@dataclass(frozen=True)
class Reading:
    """The value that an instrument finds for a measure, beside the exact one.

    Attributes:
        measure: Its name.
        form: Id of the closed form, or what the exact value is.
        exact: The exact value.
        found: The instrument's value; None where the exact value is below the rounding of losses,
            so that it cannot be measured.
        allowed: Largest difference; for a search, largest excess and error at its own point.
        occurs: For a search, the exact value at the point that it reports; else None. A smaller
            value than the maximum is no error of a search.
        why: Why the values may differ.
    """

    measure: str
    form: str
    exact: float
    found: float | None
    allowed: float
    occurs: float | None = None
    why: str = "rounding"

    @property
    def margin(self) -> float | None:
        """Difference in units of what is allowed; see ``occurs`` for a search."""
        if self.found is None:
            return None
        away = self.found - self.exact
        if self.occurs is None:
            return abs(away) / self.allowed
        if self.found <= 0:  # the loss rises somewhere in every box and ball
            return math.inf
        return max(away, abs(self.found - self.occurs)) / self.allowed


def neuron_objective(w: Floats, points: Floats, activation: Activation) -> Objective:
    """Make the autoencoder's loss, one per data point, as a function that PyTorch differentiates.

    Args:
        w: Weights, shape ``(n,)``.
        points: Data as rows, shape ``(m, n)``.
        activation: Identity or ReLU.

    Returns:
        The objective.
    """
    data = torch.from_numpy(np.ascontiguousarray(points))

    def losses(v: torch.Tensor) -> torch.Tensor:
        inner = data @ v
        code = torch.relu(inner) if activation is Activation.RELU else inner
        return (data - code[:, None] * v).square().sum(1) / 2

    return closure_objective(losses, w, kinks="pytorch")


def readings(
    correlations: Floats, n: int, activation: Activation, epsilon: float, radius: float, seed: int
) -> Iterator[Reading]:
    """Measure with every instrument at a minimum, for data that are the standard basis.

    Args:
        correlations: Of the minimum, shape ``(m,)``, of length 1; inactive ones exactly 0.
        n: Dimension.
        activation: Identity or ReLU.
        epsilon: Relative size of Keskar's box.
        radius: Distance for SAM.
        seed: Seed of searches and samples.

    Yields:
        One reading for each instrument.
    """
    m = len(correlations)
    active = m if activation is Activation.LINEAR else int(np.count_nonzero(correlations))
    w = np.append(correlations, np.zeros(n - m))
    objective = neuron_objective(w, np.eye(m, n), activation)
    # An entry of the Hessian is a mean of m sums of n products of numbers of size at most 4.
    entry = 64 * (n + m) * EPS
    top = closed_form("sharpness.minimum_top")(m=m)
    if n > 1:
        pair = extreme_eigenvalues(objective, tolerance=1e-12, seed=seed)
        found, allowed = float(pair.values[0]), n * entry + float(pair.residuals[0])
        why = "residual of Lanczos"
    else:
        found, allowed = float(full_spectrum(objective)[-1]), entry
        why = "rounding; whole spectrum, as Lanczos needs two weights"
    yield Reading("top eigenvalue", "sharpness.minimum_top", top, found, allowed, why=why)
    trace = closed_form("sharpness.trace_at_minimum")(m=m, n=n, k=active, kappa=0)
    traced = estimate_trace(objective, method="exact", max_products=max(n, 1)).value
    label = "" if activation is Activation.LINEAR else ", κ=0"
    yield Reading(f"trace{label}", "sharpness.trace_at_minimum", trace, traced, n * entry)
    relative = closed_form("flatness.relative")(m=m, n=n, k=active, kappa=0)
    yield Reading(
        f"relative flatness{label}", "flatness.relative", relative,
        float(w @ w) * traced, 2 * n * entry,
    )  # fmt: skip
    eigenvalues = full_spectrum(objective)
    curved = eigenvalues[eigenvalues > 0.5 / m]  # the others are 0
    logs = closed_form("flatness.log_determinant")(m=m, n=n, k=active, kappa=0)
    yield Reading(
        f"log-determinant, curved directions{label}", "flatness.log_determinant", float(logs),
        float(np.log(curved).sum()), n * m * n * entry,
    )  # fmt: skip
    yield from _rises(objective, w, correlations, activation, epsilon, radius, seed)


def _rises(
    objective: Objective,
    w: Floats,
    correlations: Floats,
    activation: Activation,
    epsilon: float,
    radius: float,
    seed: int,
) -> Iterator[Reading]:
    """Measures that are differences of losses."""
    n, m = len(w), len(correlations)
    rises = make_rise(torch.from_numpy(w), make_data(np.eye(m, n)), activation)

    def roundings(exact: float, unit: float) -> float:
        # A rise is a difference of losses: one of size at most 1, the other larger by the rise.
        return 8 * n * m * EPS * (unit + exact)

    def unseen(measure: str, form: str, exact: float, unit: float) -> Reading | None:
        # Ten roundings leave one digit.
        rounding = roundings(exact, unit)
        if exact > 10 * rounding:
            return None
        return Reading(measure, form, exact, None, rounding, why=UNSEEN)

    def occurs(move: torch.Tensor) -> float:
        return float(rises(move[None])[0])

    best = keskar_exact(w, m, epsilon, activation=activation).percent
    told = ("Keskar, whole space", "exact maximum over the box", best)
    reading = unseen(*told, 100)
    if reading is None:
        sought = keskar_sharpness(objective, epsilon, seed=seed)
        reading = Reading(
            *told, sought.value, roundings(best, 100),
            occurs=100 * occurs(sought.move) / (1.5 - 0.5 / m),
            why=f"{GRADED}; {len(sought.values)} searches, "
            f"{sum(sought.iterations)} steps",
        )  # fmt: skip
    yield reading
    told = ("SAM, worst case", "sam.worst", closed_form("sam.worst")(m=m, r=radius))
    reading = unseen(*told, 1)
    if reading is None:
        ascent = worst_sharpness(objective, radius, seed=seed)
        reading = Reading(
            *told, ascent.value, roundings(told[2], 1), occurs=occurs(ascent.move),
            why=f"{GRADED}; projected ascent, 3 x 50 steps",
        )  # fmt: skip
    yield reading
    deviation = radius / math.sqrt(n)
    told = ("mean rise under Gaussian noise", "sam.gaussian_coordinate",
            _gaussian(correlations, n, activation, deviation))  # fmt: skip
    reading = unseen(*told, 1)
    if reading is None:
        with np.errstate(over="ignore"):
            mean = average_sharpness(objective, radius=radius, pairs=PAIRS, seed=seed)
        if not math.isfinite(mean.standard_error):
            raise InputError("radius", radius, "must leave the squares of the rises finite")
        reading = Reading(
            *told, mean.value, SIGMAS * mean.standard_error + roundings(told[2], 1),
            why=f"{SIGMAS:g} standard errors of {PAIRS} pairs",
        )  # fmt: skip
    yield reading


def _gaussian(correlations: Floats, n: int, activation: Activation, deviation: float) -> float:
    """Mean rise under Gaussian noise: ``2m`` times it is 1 plus the coordinates' parts.

    The squares of the correlations add up to 1: each part takes its own, and terms of the size of 1
    cancel within it, in exact arithmetic.

    Returns:
        The mean.
    """
    expression, m = closed_form("sam.gaussian_coordinate").expression, len(correlations)
    by_name = {str(symbol): symbol for symbol in expression.free_symbols}
    d = sp.Rational(deviation)
    total = 0.0
    for correlation in np.abs(correlations):
        c = sp.Rational(float(correlation))
        # The linear neuron has no kink: as ReLU far from it.
        smooth = activation is Activation.LINEAR
        F = sp.Integer(1) if smooth else (1 + sp.erf(c / d / sp.sqrt(2))) / 2
        G = sp.Integer(0) if smooth else sp.exp(-((c / d) ** 2) / 2) / sp.sqrt(2 * sp.pi)
        values = {"F": F, "G": G, "c": c, "d": d, "n": n}
        part = expression.subs({by_name[name]: value for name, value in values.items()})
        total += float(part + c**2)
    return total / (2 * m)


def instruments_table(
    limits: dict[tuple[Activation, str], Floats], n: int, epsilon: float, radius: float, seed: int
) -> Table:
    """Lay out the instruments' values at the limits of runs.

    Args:
        limits: Correlations of each minimum, by activation and method.
        n: Dimension.
        epsilon: Relative size of Keskar's box.
        radius: Distance for SAM.
        seed: Seed of searches and samples.

    Returns:
        A table.
    """
    rows = []
    for (activation, method), correlations in limits.items():
        for r in readings(correlations, n, activation, epsilon, radius, seed):
            away, margin = Cell(None), Cell(None)
            if r.found is not None and r.margin is not None:
                away = residual_cell((r.found - r.exact) / (abs(r.exact) or 1.0))
                margin = margin_cell(r.margin)
            rows.append((
                r.measure, str(activation), method, r.exact, r.found, away, margin, r.why,
            ))  # fmt: skip
    return Table.build(
        f"Instruments that see the loss alone, at the limits of the runs, standard basis, n = {n}",
        ("measure", "activation", "minimum", "exact", "instrument", "relative difference",
         "margin", "where it comes from"),
        rows,
        (
            "whichmin.sharpness, by automatic differentiation (κ = 0 at a kink), on the limit "
            "points themselves. Margin: difference in units of what is allowed; of a search, the "
            "excess over the maximum, and the distance from the loss at the point it reports.",
        ),
    )  # fmt: skip
