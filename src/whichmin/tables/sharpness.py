"""Build the sharpness table: derived by SymPy, evaluated, and measured where training ends."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import sympy as sp

from whichmin.core.data import Data, make_data
from whichmin.core.frames import random_frame, standard_basis
from whichmin.core.hessian import hessian, hessian_spectrum, plain_autograd_hessian
from whichmin.core.training.result import TrainResult
from whichmin.core.validation import check_extent, check_seed
from whichmin.errors import InputError
from whichmin.provenance import provenance
from whichmin.reporting import Cell, Document, Table, margin_cell, residual_cell
from whichmin.symbolic import closed_form
from whichmin.symbolic.symbols import k, m, n
from whichmin.tables.ends import limit_distance, run_to_minimum, starting_weights
from whichmin.tables.sharpness_compared import compared_measures
from whichmin.tables.sharpness_instruments import instruments_table
from whichmin.tables.sharpness_measures import symbolic_measures
from whichmin.tables.sharpness_minima import (
    KAPPA_TEXT,
    MINIMA,
    Minimum,
    formula,
    spectrum_formula,
)
from whichmin.tables.sizes import check_sizes
from whichmin.words import Activation, Kink

__all__ = ["SCHEMA", "sharpness_table", "trained"]

SCHEMA = "whichmin.table.sharpness/2"
EPSILON, RADIUS = 1e-3, 0.05

FOOTNOTE = (
    "Plain autograd: training ends near a kink, not on it. On the way every correlation keeps its "
    "sign, so the k = |S+| points that started positive still count as active when their "
    "correlation is 1e-10, for SGD as for GD; autograd (κ = 0 at an exact kink) therefore returns "
    "(n + 4 - k)/m for both minima and sees no difference. The trace at the limit point is "
    "SGD's (k = 1) under the declared κ."
)
RANDOM = (
    "Plain autograd, random frame: a correlation is a sum of rounded products, and below 1e-16 its "
    "sign is rounding noise. Points that started positive need not count as active where the run "
    "ends, nor points that started negative as inactive. For ReLU a is the number of correlations "
    "that come out positive at the iterate; the trace is (n + 4 - a)/m, and says which minimum it "
    "is as little as k does on the standard basis."
)
LEGEND = (
    "k = |S+| is the number of data points with positive correlation at the start; κ is the value "
    "given to the second derivative of relu(t)²/2 at t = 0 (left 0, mean ½, right 1). Every entry "
    "is derived from the loss for symbolic m, n, k."
)


def sharpness_table(
    m: int | None = None,
    n: int | None = None,
    positive: int | None = None,
    *,
    seed: int | None = None,
    frame: str | None = None,
    epsilon: float | None = None,
    radius: float | None = None,
) -> Document:
    """Build the sharpness tables.

    Args:
        m: Number of data points.
        n: Dimension.
        positive: Number of points with positive correlation at the start, ``k = |S+|``. With all
            three numbers the closed forms are evaluated and compared with training runs.
        seed: Seed of the start, the frame and the batches; by default 0. This and what follows
            needs the three numbers.
        frame: ``standard`` (the default, standard basis: a correlation is a coordinate and keeps
            its sign at any size) or ``random`` (below 1e-16 signs are rounding noise, so that plain
            autograd's trace depends on how many points happen to be positive). Keskar's metric has
            a closed form on the standard basis, and bounds in a random frame.
        epsilon: Relative size of Keskar's box, above 0; by default 0.001.
        radius: Distance for SAM sharpness, above 0; by default 0.05.

    Returns:
        Without numbers two symbolic tables, Hessians in detail, and all measures with the minimum
        that is sharper. With numbers five: Hessians, symbolic and compared; measures, the same;
        and what instruments that see a loss alone say at the limits.

    Raises:
        InputError: Only some numbers are given, or they are out of range, or an option has no
            effect without them.

    Example:
        >>> print(sharpness_table().tables[0].records()[3]["trace κ=½"])
        (2*n + 7 - m)/(2*m)
    """
    options = {"seed": seed, "frame": frame, "epsilon": epsilon, "radius": radius}
    seed = check_seed(0 if seed is None else seed)
    sizes = (
        check_extent(EPSILON if epsilon is None else epsilon, "epsilon"),
        check_extent(RADIUS if radius is None else radius, "radius"),
    )
    numbers = check_sizes(m, n, positive, options)
    if numbers is None:
        return Document(SCHEMA, (_symbolic_table(), symbolic_measures()), provenance())
    m, n, positive = numbers
    frame = frame or "standard"
    least = limit_distance(m)
    for argument, size in zip(("epsilon", "radius"), sizes, strict=True):
        if size <= least:
            allowed = f"must be above {least:.1e}, the runs' distance from their limits"
            raise InputError(argument, size, allowed)
    points = standard_basis(m, n) if frame == "standard" else random_frame(m, n, seed)
    data = make_data(points)
    runs = {minimum: trained(minimum, data, positive, seed) for minimum in MINIMA}
    label = f"m = {m}, n = {n}, k = {positive}, {frame} frame, seed {seed}"
    compared = Table.build(
        f"Derived and measured: {label}",
        ("activation", "minimum", "quantity", "closed form", "evaluated", "measured",
         "relative difference", "margin"),
        [row for minimum in MINIMA for row in _measured(minimum, runs[minimum], positive, frame)],
        (
            "Margin: difference in units of what the run's distance from its limit and "
            "rounding allow; at most 1 holds.",
            FOOTNOTE if frame == "standard" else RANDOM,
        ),
    )  # fmt: skip
    return Document(
        SCHEMA,
        (
            _symbolic_table(),
            compared,
            symbolic_measures(),
            compared_measures(runs, positive, seed, frame, *sizes),
            instruments_table(
                {(x.activation, x.method): _limit(run) for x, run in runs.items()}, n, *sizes, seed
            ),
        ),
        provenance(seed, "float64", "cpu"),
        primary=1,
    )


def _limit(run: TrainResult) -> np.ndarray:
    """Correlations of the limit of a run that converged: what is small there is 0."""
    c = np.asarray(run.weights[0] @ run.data.points.T)
    # Far above the distance from the limit, far below a correlation that stays.
    c = np.where(np.abs(c) > 100 * limit_distance(run.data.m), c, 0.0)
    return np.asarray(c / np.linalg.norm(c))


def trained(minimum: Minimum, data: Data, positive: int, seed: int) -> TrainResult:
    """Train to a minimum of the table.

    Args:
        minimum: Which one.
        data: The points.
        positive: Number of positive correlations at the start.
        seed: Seed of start and batches.

    Returns:
        The run.
    """
    return run_to_minimum(
        data,
        starting_weights(data, positive, seed),
        minimum.activation,
        None if minimum.method == "GD" else 1,
        seed,
    )


def _symbolic_table() -> Table:
    top = closed_form("sharpness.minimum_top").expression
    columns = (
        "activation", "minimum", *(f"trace {KAPPA_TEXT[kink]}" for kink in Kink),
        "top eigenvalue", "spectrum", "plain autograd at the iterate",
    )  # fmt: skip
    rows = [
        (
            str(row.activation),
            row.method,
            *(formula(row.trace(kink)) for kink in Kink),
            formula(top),
            spectrum_formula(row.spectrum()),
            formula(row.autograd()),
        )
        for row in MINIMA
    ]
    return Table.build(
        "Sharpness of the minima that GD and SGD find, in closed form",
        columns,
        rows,
        (LEGEND, FOOTNOTE),
    )


def _measured(
    minimum: Minimum, run: TrainResult, positive: int, frame: str
) -> Iterator[tuple[Any, ...]]:
    """Differentiate automatically where the run ended, compare.

    Yields:
        Rows.
    """
    data = run.data
    size, dimension = data.m, data.n
    numbers = {m: size, n: dimension, k: positive}
    a = sp.Symbol("a", integer=True, positive=True)
    options: dict[str, Any] = {"activation": minimum.activation}
    # Distance from the limit, and what it changes: see sharpness.reached_by_training.
    distance = limit_distance(size)
    rounding = 64 * dimension * np.finfo(float).eps
    allowed = (4 * (size + dimension + 4) / size) * (distance + rounding)
    weights = run.weights[0]

    def number(expression: sp.Expr) -> float:
        return float(expression.subs(numbers))

    def row(quantity: str, closed: sp.Expr, measured: float) -> tuple[Any, ...]:
        value = number(closed)
        difference = abs(measured - value)
        return (
            str(minimum.activation), minimum.method, quantity, formula(closed), value, measured,
            residual_cell(difference / abs(value)), margin_cell(difference / allowed),
        )  # fmt: skip

    kinks = (Kink.LEFT,) if minimum.activation is Activation.LINEAR else tuple(Kink)
    for kink in kinks:
        label = "no kink" if len(kinks) == 1 else KAPPA_TEXT[kink]
        matrix = hessian(weights, data, kink=kink, kink_width=100 * distance, **options)
        yield row(f"trace, {label}", minimum.trace(kink), float(matrix.trace()))
    top = closed_form("sharpness.minimum_top").expression
    found = hessian_spectrum(weights, data, kink_width=100 * distance, **options)
    yield row("top eigenvalue", top, float(found[-1]))
    for kink in kinks:
        label = "no kink" if len(kinks) == 1 else KAPPA_TEXT[kink]
        found = hessian_spectrum(weights, data, kink=kink, kink_width=100 * distance, **options)
        pairs = minimum.spectrum(kink)
        expected = sorted(v for e, c in pairs for v in [number(e)] * round(number(c)))
        difference = float(np.abs(np.array(expected) - found.numpy()).max())
        yield (
            str(minimum.activation), minimum.method, f"spectrum, {label}",
            spectrum_formula(pairs), _grouped(expected), _grouped(found.tolist()),
            residual_cell(difference / expected[-1]), margin_cell(difference / allowed),
        )  # fmt: skip
    plain = float(plain_autograd_hessian(weights, data, **options).trace())
    name = "plain autograd at the iterate"
    if frame == "standard" or minimum.activation is Activation.LINEAR:
        yield row(name, minimum.autograd(), plain)
        return
    # The signs that autograd sees: of the same matrix product.
    counted = int((data.points @ weights > 0).sum())
    numbers[a] = counted
    first, told, quantity, cell, *rest = row(name, minimum.autograd().subs(k, a), plain)
    text = f"{cell.text}, a = {counted}"
    yield (first, told, quantity, Cell(text, text, f"{cell.latex}, $a = {counted}$"), *rest)


def _grouped(eigenvalues: list[float]) -> Cell:
    """Write eigenvalues with multiplicities, largest first; equal to 6 digits counts as equal."""
    groups: list[tuple[float, int]] = []
    for value in sorted(eigenvalues, reverse=True):
        shown = round(value, 6) + 0.0
        if groups and groups[-1][0] == shown:
            groups[-1] = (shown, groups[-1][1] + 1)
        else:
            groups.append((shown, 1))
    return Cell([float(v) for v in eigenvalues], ", ".join(f"{v:.6g} ×{c}" for v, c in groups))
