"""Measure sharpness where training runs ended, by every measure, beside the closed forms."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from whichmin.core.hessian import hessian_trace, log_determinant, relative_flatness, top_eigenvalue
from whichmin.core.perturbation.ball import mean_rise, worst_rise
from whichmin.core.perturbation.box import half_widths, keskar_exact, keskar_upper_bound
from whichmin.core.perturbation.box_search import keskar_search, subspace_metric
from whichmin.core.training.result import TrainResult
from whichmin.reporting import Cell, Table, margin_cell, residual_cell
from whichmin.symbolic import closed_form
from whichmin.symbolic.perturbation import keskar
from whichmin.symbolic.perturbation.keskar import eps, metric, s
from whichmin.symbolic.perturbation.sam import r
from whichmin.symbolic.symbols import k, m, n
from whichmin.tables.ends import limit_distance
from whichmin.tables.sharpness_measures import (
    SUBSPACE,
    joined,
    keskar_active,
    kinks,
    labelled,
    log_form,
    mean_form,
    total,
)
from whichmin.tables.sharpness_minima import (
    MINIMA,
    Minimum,
    formula,
    number,
    one_fraction,
)
from whichmin.verification.evidence.statistics import mean_is
from whichmin.words import Activation, Kink

__all__ = ["MeasuredSharpness", "compared_measures", "measures_at"]

Floats = NDArray[np.float64]

DRAWS, COLUMNS, SAMPLES = 2000, 2, 2000
SAME = "equal: the same point"


@dataclass(frozen=True)
class MeasuredSharpness:
    """A measure at one minimum.

    Attributes:
        measure: Its name.
        closed: The closed form, or what is shown instead.
        value: The closed form's value; None where there is none.
        found: What was measured where the run ended; None where it is undefined.
        shown: How that is written; empty for the number.
        margin: Difference in units of what is allowed; None where the two may differ.
        draws: Values in random subspaces, the same at both minima; else None.
    """

    measure: str
    closed: Cell
    value: float | None
    found: float | None
    shown: str = ""
    margin: float | None = None
    draws: Floats | None = None


def measures_at(
    minimum: Minimum,
    run: TrainResult,
    positive: int,
    seed: int,
    frame: str,
    epsilon: float,
    radius: float,
) -> Iterator[MeasuredSharpness]:
    """Measure where a run ended, and evaluate the closed forms.

    Args:
        minimum: Which minimum it is.
        run: The run.
        positive: Number of positive correlations at its start.
        seed: Seed of searches and samples.
        frame: ``standard`` or ``random``.
        epsilon: Relative size of Keskar's box.
        radius: Distance for SAM.

    Yields:
        One entry for each measure.
    """
    data, act = run.data, minimum.activation
    size, dimension = data.m, data.n
    w = np.asarray(run.weights[0])
    c = np.abs(np.asarray(run.weights[0] @ data.points.T))
    active = {"GD": positive if act is Activation.RELU else size, "SGD": 1}[minimum.method]
    largest = np.sort(c)[::-1][:active]
    numbers: dict[Any, Any] = {
        m: size, n: dimension, k: positive, s: float(largest.sum()), eps: epsilon, r: radius,
    }  # fmt: skip
    rounding = 64 * dimension * float(np.finfo(float).eps)
    reach = limit_distance(size) + rounding
    options: dict[str, Any] = {"activation": act}

    def entry(name: str, closed: sp.Expr | Cell, value: sp.Expr, found: float, slope: float) \
            -> MeasuredSharpness:  # fmt: skip
        exact = number(value, numbers)
        cell = closed if isinstance(closed, Cell) else formula(closed)
        # A rise that is far larger than 1 has roundings of its own size.
        allowed = slope * reach + rounding * abs(exact)
        return MeasuredSharpness(name, cell, exact, found, "", abs(found - exact) / allowed)

    # How fast each measure changes with the weights: see sharpness.reached_by_training for Hessians
    # (an eigenvalue by 12/m). A rise by z changes by the gradient's change over z: see _steepest.
    hessian_slope = 4 * (size + dimension + 4) / size
    top = closed_form("sharpness.minimum_top").expression
    yield entry("top eigenvalue", top, top, top_eigenvalue(w, data, **options), 24 / size)
    for kink in kinks(act):
        at = {**options, "kink": kink or Kink.LEFT, "kink_width": 100 * limit_distance(size)}
        trace = minimum.trace(kink or Kink.LEFT)
        found = hessian_trace(w, data, **at)
        yield entry(labelled("trace", kink), trace, trace, found, hessian_slope)
        found = relative_flatness(w, data, **at)
        name = labelled("relative flatness", kink)
        yield entry(name, trace, trace, found, 4 * hessian_slope)
        logs = log_form(minimum, kink)
        name = labelled("log-determinant, curved directions", kink)
        # Eigenvalues are 1/(2m) at least: a logarithm changes by 24 where they do by 12/m.
        logarithm = log_determinant(w, data, **at)
        curved = entry(name, logs, logs, logarithm.value, 24.0 * dimension)
        yield curved
        if kink in (None, Kink.LEFT):
            alone = (active if act is Activation.RELU else size) == 1
            yield _all_directions(minimum, kink, alone, curved, logarithm.flat)
    yield _keskar(minimum, w, run, largest, numbers, frame, reach, seed)
    coordinates = _in_own_frame(w, data.points.numpy())
    columns = min(COLUMNS, dimension)
    rng = np.random.default_rng(seed)
    directions = rng.normal(size=(DRAWS, dimension, columns))
    draws = subspace_metric(coordinates, size, directions, epsilon, act)
    low, middle, high = np.quantile(draws, (0.05, 0.5, 0.95))
    shown = f"{middle:.4g} [{low:.3g}, {high:.3g}]"
    yield MeasuredSharpness(f"Keskar, random subspace, p = {columns}", Cell("no closed form"), None,
                            float(middle), shown, None, draws)  # fmt: skip
    worst = closed_form("sam.worst").expression
    found = worst_rise(w, data, radius, seed=seed, **options)
    slope = _steepest((1 + radius) ** 2, size) * radius
    yield entry("SAM, worst case", worst, worst, found, slope)
    mean = one_fraction(mean_form(minimum))
    sampled = mean_rise(w, data, radius, samples=SAMPLES, seed=seed, **options)
    value = number(mean, numbers)
    span = (2 * radius + radius**2) ** 2 / (2 * size)
    near = act is Activation.LINEAR or radius <= float(largest.min())
    # In units of the largest rise, so that no square overflows.
    in_units = (x / span for x in (sampled.mean, value, value, slope * reach))
    average, expected, variance, slack = in_units
    margin = mean_is("mean", average, SAMPLES, expected, variance, 1.0, slack).ratio
    cell = formula(mean) if near else Cell("r exceeds the smallest active correlation: none")
    shown = f"{sampled.mean:.6g} ± {sampled.error:.1g}"
    yield MeasuredSharpness("SAM, mean on the sphere", cell, value if near else None,
                            sampled.mean, shown, margin if near else None)  # fmt: skip


def _all_directions(
    minimum: Minimum, kink: Kink | None, alone: bool, curved: MeasuredSharpness, flat: int
) -> MeasuredSharpness:
    """Log-determinant without leaving out eigenvalues: undefined where there are zeros."""
    name = labelled("log-determinant, all directions", kink)
    found = f"undefined: {flat} eigenvalues are 0" if flat else ""
    if alone:  # one active point: minima form no manifold
        return replace(curved, measure=name, shown=found)
    closed = Cell(f"undefined: {minimum.active} - 1 eigenvalues are 0")
    return MeasuredSharpness(name, closed, None, None if flat else curved.found, found)


def _steepest(norm: float, size: int) -> float:
    """Largest eigenvalue of the Hessian, in size, where ``|x|^2`` is at most ``norm``.

    ``2m`` times the loss is m plus ``q (N-2)``. Its second derivative has the terms ``2 (N-2)`` on
    active points, ``2q`` and twice the product of the gradients of q and N, at most ``4N`` each.

    Returns:
        The bound; where a point is at its kink it holds on both sides.
    """
    return (2 * (norm + 2) + 2 * norm + 8 * norm) / (2 * size)


def _in_own_frame(w: Floats, points: Floats) -> Floats:
    """Coordinates of the weights in a basis that begins with the data."""
    c = points @ w
    rest = w - c @ points
    own = np.zeros(len(w))
    own[: len(c)] = c
    if len(w) > len(c):
        own[len(c)] = np.linalg.norm(rest)
    return own


def _keskar(
    minimum: Minimum,
    w: Floats,
    run: TrainResult,
    largest: Floats,
    numbers: Mapping[Any, Any],
    frame: str,
    reach: float,
    seed: int,
) -> MeasuredSharpness:
    """Keskar's metric in the whole space: exact on the standard basis, bounds elsewhere."""
    act, size, epsilon = minimum.activation, run.data.m, float(numbers[eps])
    name = "Keskar, whole space"
    if frame != "standard":
        top = keskar_upper_bound(w, size, epsilon, distance=reach)
        found = keskar_search(w, run.data, epsilon, act, seed=seed)
        half = half_widths(w, epsilon)
        along, square = float(np.abs(w) @ half), float(half @ half)
        # What the corner of the signs of w leaves open: see measures.frames_gap. The bound allows
        # for the run's distance from its limit, to either side.
        room = 100 * (square - along**2) * (1 - 2 * along - square) / (3 * size - 1)
        unit = w / np.linalg.norm(w)
        room += 2 * (top - keskar_upper_bound(unit, size, epsilon))
        cell = Cell("at most 100 (T² (3 + 2T + Z) + Z (1 + 2T))/(3m - 1)")
        return MeasuredSharpness(
            name, cell, top, found, "", (top - found) / room if room > 0 else None
        )
    found = keskar_exact(w, size, epsilon, activation=act).percent
    norm = number(keskar.largest_norm().expression, numbers)
    small = norm < 2 and act is Activation.RELU
    active, correlations = keskar_active(minimum, norm), total(minimum)
    value = number(metric(active, correlations), numbers)
    if small and epsilon * (largest.min() + 1) > largest.min() and len(largest) > 1:
        return MeasuredSharpness(
            name, Cell("none: an active point can cross its kink"), None, found
        )
    # The box moves with the weights, and s is measured, which adds no more than that.
    length = float(np.linalg.norm(half_widths(w, epsilon)))
    moved = 1 + epsilon * math.sqrt(run.data.n)
    slope = 100 * 2 * _steepest(norm, size) * length * moved
    margin = abs(found - value) / (slope * reach)
    return MeasuredSharpness(name, joined(active, correlations), value, found, "", margin)


def _sharper(gd: MeasuredSharpness, sgd: MeasuredSharpness) -> str:
    """Which minimum is sharper by numbers; what was measured where there is no closed form."""
    if gd.draws is not None and sgd.draws is not None:
        share = float(np.mean(sgd.draws > gd.draws))
        ties = float(np.mean(sgd.draws == gd.draws))
        tied = f", ties in {100 * ties:.0f}%" if ties else ""
        return f"SGD in {100 * share:.0f}% of draws{tied}"
    if gd.found is None or sgd.found is None:
        # A zero eigenvalue makes a determinant 0, its logarithm infinitely low.
        return "undefined" if gd.found is sgd.found else "SGD" if gd.found is None else "GD"
    if gd.value is None or sgd.value is None or gd.closed.text.startswith("at most"):
        first, second, told = gd.found, sgd.found, " (measured)"
    else:
        first, second, told = gd.value, sgd.value, ""
    if math.isclose(first, second, rel_tol=1e-12):
        return "equal"
    return ("GD" if first > second else "SGD") + told


def _same_point(gd: TrainResult, sgd: TrainResult) -> bool:
    """Whether two runs have one limit: with one active point GD's minimum is SGD's.

    Returns:
        Whether their ends are no further apart than twice their distance from a limit.
    """
    apart = float(np.linalg.norm(np.asarray(gd.weights[0]) - np.asarray(sgd.weights[0])))
    return apart <= 2 * limit_distance(gd.data.m)


def compared_measures(
    runs: Mapping[Minimum, TrainResult],
    positive: int,
    seed: int,
    frame: str,
    epsilon: float,
    radius: float,
) -> Table:
    """Lay out all measures where runs ended as a table.

    Args:
        runs: The runs that end in the minima of the table.
        positive: Number of positive correlations at the start.
        seed: Seed of searches and samples.
        frame: ``standard`` or ``random``.
        epsilon: Relative size of Keskar's box.
        radius: Distance for SAM.

    Returns:
        A table.
    """
    rows = []
    for activation in Activation:
        minima = [x for x in MINIMA if x.activation is activation]
        found = [
            list(measures_at(x, runs[x], positive, seed, frame, epsilon, radius)) for x in minima
        ]
        same = _same_point(*(runs[x] for x in minima))
        for gd, sgd in zip(*found, strict=True):
            sharper = SAME if same else _sharper(gd, sgd)
            for minimum, entry in zip(minima, (gd, sgd), strict=True):
                rows.append((
                    entry.measure, str(activation), minimum.method, entry.closed,
                    Cell(entry.value, _bound(entry)), Cell(entry.found, entry.shown),
                    *_difference(entry), sharper,
                ))  # fmt: skip
    data = next(iter(runs.values())).data
    return Table.build(
        f"Every measure, derived and measured: m = {data.m}, n = {data.n}, k = {positive}, {frame} "
        f"frame, seed {seed}, ε = {epsilon:g}, r = {radius:g}",
        ("measure", "activation", "minimum", "closed form", "evaluated", "measured",
         "relative difference", "margin", "sharper"),
        rows,
        (
            "Measured where the runs ended. Keskar, standard basis: exact maximum; random frame: "
            "search with L-BFGS-B below an upper bound (≤), from which it differs, margin in units "
            "of what the best known corner leaves open; (measured) compares what the searches "
            "found. SAM: ascent; mean of 2,000 pairs of moves, margin by Bernstein's "
            "inequality. Other margins as above.",
            SUBSPACE,
        ),
    )  # fmt: skip


def _bound(entry: MeasuredSharpness) -> str:
    """How a number is written that is a bound and no value; empty for a value."""
    return f"≤ {entry.value:.6g}" if entry.closed.text.startswith("at most") else ""


def _difference(entry: MeasuredSharpness) -> tuple[Cell, Cell]:
    """Relative difference and margin; empty where there is nothing to compare."""
    if entry.value is None or entry.found is None:
        return Cell(None), Cell(None)
    # A logarithm may be 0.
    relative = abs(entry.found - entry.value) / (abs(entry.value) or 1.0)
    margin = Cell(None) if entry.margin is None else margin_cell(entry.margin)
    return residual_cell(relative), margin
