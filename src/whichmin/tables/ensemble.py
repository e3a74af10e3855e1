"""Lay out an ensemble: how replicas ended, the winners beside the prediction, and observables."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from whichmin.core.training.ensemble import EnsembleResult
from whichmin.core.training.ensemble_result import CellResult
from whichmin.core.training.summary import OBSERVABLES, Summary, Tally, wilson
from whichmin.prediction.prediction import Prediction, predict
from whichmin.reporting import Cell, Table
from whichmin.words import Status

__all__ = ["ensemble_tables", "predictions"]

# A simulated prediction takes 0.3 s; beyond so many cells only closed forms are shown.
_SIMULATED = 16
# More points than this are not listed.
_LISTED = 12
_SHOWN = (0.05, 0.5, 0.95)

Predictions = Sequence[Prediction | None]


def predictions(planned: EnsembleResult) -> list[Prediction | None]:
    """Predict every cell of an ensemble whose replicas have one start in common.

    Args:
        planned: The ensemble, of which only data, start and settings are used.

    Returns:
        A prediction per cell; None without a common start.
    """
    common = planned.starts.common
    if common is None:
        return [None] * len(planned.cells)
    recipes = [cell.recipe for cell in planned.cells]
    return [
        predict(
            common[0].double().cpu().numpy(),
            planned.data,
            None if recipe.full_batch else recipe.batch_size,
            recipe.step_size,
            activation=recipe.activation,
            sampling=recipe.sampling,
            tolerance=recipe.tolerance,
            check_every=recipe.check_every,
            seed=recipe.seed,
            simulate=k < _SIMULATED,
        )
        for k, recipe in enumerate(recipes)
    ]


def ensemble_tables(
    result: EnsembleResult, told: Predictions, notes: Sequence[str] = ()
) -> list[Table]:
    """Lay out the summaries of an ensemble.

    Args:
        result: The summaries, whole or partial.
        told: A prediction per cell, or None.
        notes: What to say about the data.

    Returns:
        Tables of how replicas ended, of the winners, and of the observables.
    """
    state = [] if not result.partial else [
        f"partial: {result.done:,} of {result.replicas:,} replicas are done; what is missing was "
        "not chosen by outcome"
    ]  # fmt: skip
    tables = [_endings(result, [*state, *notes]), _winners(result, told), _observables(result)]
    return [table for table in tables if table is not None]


def _label(cell: CellResult) -> str:
    size = "full" if cell.recipe.full_batch else cell.recipe.batch_size
    return f"batch size {size}, step size {cell.recipe.step_size:g}"


def _bracket(summary: Summary, q: float) -> Cell:
    low, high = summary.quantile(q)
    if math.isnan(low):
        return Cell(None)
    return Cell([low, high], f"{low:.6g}" if low == high else f"{low:.6g} to {high:.6g}")


def _endings(result: EnsembleResult, notes: Sequence[str]) -> Table:
    total = result.total
    seen = [status for status, count in total.status.items() if count]
    timed = "steps" in total.observables
    rows = []
    for name, cell, tally in _with_total(result):
        recipe = None if cell is None else cell.recipe
        steps = [_bracket(tally.observables["steps"], q) for q in _SHOWN] if timed else []
        rows.append((
            Cell(name),
            Cell(None if recipe is None else recipe.batch_size),
            Cell(None if recipe is None else recipe.step_size),
            Cell(tally.replicas),
            *(Cell(tally.status[status]) for status in seen),
            Cell(int(tally.winners.sum())),
            Cell(tally.mixtures),
            *steps,
        ))
    columns = (
        "cell", "batch size", "step size", "replicas", *map(str, seen), "at one data point",
        "at a mixture", *([f"steps, {100 * q:g} %" for q in _SHOWN] if timed else []),
    )  # fmt: skip
    recipe = result.cells[0].recipe
    title = f"{'Partial e' if result.partial else 'E'}nsemble: {recipe.activation}, "
    title += f"{recipe.sampling}, seed {recipe.seed}"
    return Table.build(title, columns, rows, notes)


def _with_total(result: EnsembleResult) -> list[tuple[str, CellResult | None, Tally]]:
    rows: list[tuple[str, CellResult | None, Tally]] = [
        (_label(cell), cell, cell.tally) for cell in result.cells
    ]
    return rows if len(rows) == 1 else [*rows, ("all cells", None, result.total)]


def _winners(result: EnsembleResult, told: Predictions) -> Table | None:
    """Shares of the data points among the replicas that converged to one.

    Returns:
        The table; None if there is nothing to show.
    """
    rows: list[tuple[Any, ...]] = []
    notes = []
    for cell, prediction in zip(result.cells, told, strict=True):
        tally, name = cell.tally, _label(cell)
        wins = tally.winners
        runs = int(wins.sum())
        chances = _chances(prediction)
        points = {(int(s), int(i)) for s, i in np.argwhere(wins)} | chances.keys()
        order = sorted(points, key=lambda p: (-wins[p], -chances.get(p, (0.0, 0.0))[0], p))
        if not order:
            continue
        low, high = wilson([wins[p] for p in order], max(runs, 1))
        for place, point in enumerate(order[:_LISTED]):
            chance, error = chances.get(point, (None, None))
            known = (Cell(float(wins[point] / runs)), Cell(float(low[place])),
                     Cell(float(high[place]))) if runs else (Cell(None),) * 3  # fmt: skip
            rows.append((
                Cell(name),
                Cell(f"{'-' * point[0]}{point[1]}"),
                Cell(int(wins[point])),
                *known,
                Cell(chance, "not known" if chance is None else f"{chance:.6g}"),
                Cell(error, "" if not error else f"{error:.3g}"),
            ))
        if len(order) > _LISTED:
            notes.append(f"{name}: the {_LISTED} most frequent of {len(order)} data points.")
        others = tally.replicas - runs
        if others:
            notes.append(
                f"{name}: shares of the {runs:,} replicas that converged to one data point; "
                f"{others:,} did not"
                + (", so quick decisions are favoured." if tally.status[Status.STEP_LIMIT] else ".")
            )
        if prediction is not None and prediction.chances is not None and len(chances) > 1:
            notes.append(
                f"{name}: predicted by {prediction.chances_from}, to first order in step size / "
                "batch size."
            )
    if not rows:
        return None
    columns = ("cell", "data point", "wins", "share", "95 % from", "to", "predicted",
               "standard error")  # fmt: skip
    return Table.build("Who won (intervals: Wilson)", columns, rows, notes)


def _chances(told: Prediction | None) -> dict[tuple[int, int], tuple[float, float]]:
    """Predicted chances by (sign, data point), where the law applies.

    Returns:
        Chance and its standard error.
    """
    if told is None or told.chances is None or told.chance_errors is None:
        return {}
    if any(len(group) > 1 for group in told.candidates):
        return {}
    return {
        (int(told.correlations[i] < 0), i): (float(chance), float(error))
        for (i,), chance, error in zip(
            told.candidates, told.chances, told.chance_errors, strict=True
        )
    }


def _observables(result: EnsembleResult) -> Table:
    rows = []
    for name, _, tally in _with_total(result):
        for observable, summary in tally.observables.items():
            moments = summary.moments
            known = moments.count > 0
            rows.append((
                Cell(name),
                Cell(observable, OBSERVABLES[observable].meaning),
                Cell(moments.mean if known else None),
                Cell(math.sqrt(moments.variance) if moments.count > 1 else None),
                Cell(moments.minimum if known else None),
                *(_bracket(summary, q) for q in _SHOWN),
                Cell(moments.maximum if known else None),
                Cell(moments.nonfinite),
            ))
    columns = ("cell", "observable", "mean", "standard deviation", "minimum",
               *(f"{100 * q:g} %" for q in _SHOWN), "maximum", "not finite")  # fmt: skip
    note = "'a to b': the quantile lies between a and b, both included."
    return Table.build("Observables", columns, rows, [note])
