"""Lay out predictions as tables, alone and beside the outcome of training."""

from __future__ import annotations

import collections
import math
from collections.abc import Iterable, Mapping, Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Context
from typing import TYPE_CHECKING

import numpy as np

from whichmin.core.sgd import LONGEST
from whichmin.prediction.prediction import Prediction, predict
from whichmin.reporting import Cell, Table
from whichmin.words import Status

if TYPE_CHECKING:
    from whichmin.core.training.result import TrainResult

__all__ = ["compared", "of_result", "prediction_tables", "verdict"]

# More candidates than this are not listed.
_LISTED = 12
# Up to so many runs are shown one by one, and up to so many get simulated chances (0.3 s each).
_SINGLY, _SIMULATED = 12, 4
# A prediction takes milliseconds; of more replicas only the first are compared.
_MOST = 1000
# Three digits of a bound, rounded so that it stays one.
_UP, _DOWN = Context(prec=3, rounding=ROUND_CEILING), Context(prec=3, rounding=ROUND_FLOOR)
_LONGEST_POWER = len(str(LONGEST)) - 1


def prediction_tables(
    predictions: Mapping[str, Prediction], settings: str, notes: Sequence[str]
) -> list[Table]:
    """Lay out predictions for runs from one start.

    Args:
        predictions: By name of the run.
        settings: The settings that they share, in words.
        notes: What to say about the data.

    Returns:
        The outcomes, the candidates with their chances, what is guaranteed, and the hypotheses.
    """
    rows = []
    for name, told in predictions.items():
        steps = "not known" if told.steps is None else f"about {told.steps:,.0f}"
        if told.full_batch and told.steps is not None:
            steps = f"{told.steps:,.0f}"
        rows.append((
            Cell(name),
            Cell(told.covered, "all hold" if told.covered else "some fail, see below"),
            Cell(None if told.status is None else str(told.status), _status(told)),
            Cell(told.statement),
            Cell(told.reason),
            Cell(told.steps, steps),
            Cell(told.loss, "not known" if told.loss is None else f"{told.loss:.6g}"),
            *(
                Cell(told.sharpness.get(measure), f"{told.sharpness[measure]:.6g}")
                if measure in told.sharpness
                else Cell(None, "not known")
                for measure in _measures(predictions.values())
            ),
        ))
    columns = ("run", "theorems' hypotheses", "status", "minimum", "because", "steps", "loss",
               *_measures(predictions.values()))  # fmt: skip
    main = Table.build(f"What theory says before training: {settings}", columns, rows, notes)
    return [
        main,
        *_chance_table(predictions),
        *_guarantee_table(predictions),
        _hypothesis_table(predictions),
    ]


def _measures(predictions: Iterable[Prediction]) -> list[str]:
    return list(dict.fromkeys(name for p in predictions for name in p.sharpness))


def _status(told: Prediction) -> str:
    return "not predicted" if told.status is None else str(told.status)


def _chance_table(predictions: Mapping[str, Prediction]) -> list[Table]:
    """Candidates of the mini-batch runs.

    Returns:
        One table, or none if there is nothing to choose.
    """
    rows, notes = [], []
    for name, told in predictions.items():
        if len(told.candidates) < 2:
            continue
        order = np.argsort([-_energy(told, group) for group in told.candidates])
        if told.chances is not None:
            notes.append(f"{name}: chances from {told.chances_from}.")
        if len(order) > _LISTED:
            notes.append(f"{name}: the {_LISTED} most correlated of {len(order)} candidates.")
        for place in order[:_LISTED]:
            group = told.candidates[place]
            share = _energy(told, group) / sum(_energy(told, g) for g in told.candidates)
            chance = None if told.chances is None else float(told.chances[place])
            error = None if told.chance_errors is None else float(told.chance_errors[place])
            bound = None if told.chance_bounds is None else float(told.chance_bounds[place])
            text = "not known" if chance is None else f"{chance:.3f}"
            if chance is None and told.favourite == place:
                text = "expected to win"
            rows.append((
                Cell(name),
                Cell(list(group)),
                Cell(math.sqrt(share)),
                Cell(chance, text),
                Cell(error, "" if not error else f"{error:.3f}"),
                Cell(bound, "not known" if bound is None else f"{bound:.3f}"),
            ))
    if not rows:
        return []
    table = Table.build(
        "Which data point wins",
        ("run", "data point", "cosine at the start", "chance", "standard error", "at most"),
        rows,
        notes,
    )
    return [table]


def _energy(told: Prediction, group: tuple[int, ...]) -> float:
    return float((told.correlations[list(group)] ** 2).sum())


def _guarantee_table(predictions: Mapping[str, Prediction]) -> list[Table]:
    """What is guaranteed of the mini-batch runs, beside what is expected.

    Returns:
        One table, or none if there are no mini-batches.
    """
    rows, failing = [], []
    for name, told in predictions.items():
        sure = told.guarantee
        if sure is None:
            continue
        failing += [
            f"Without '{h.statement}' ({h.here}; {name}): {h.otherwise}."
            for h in sure.hypotheses
            if not h.holds
        ]
        unknown = f"more than 10^{_LONGEST_POWER}" if sure.holds else "nothing, see below"
        rows.append((
            Cell(name),
            Cell(sure.distance, f"{sure.distance:.3g}"),
            Cell(sure.chance, f"{100 * sure.chance:g} %"),
            Cell(told.steps, "not known" if told.steps is None else f"about {told.steps:,.0f}"),
            Cell(sure.steps, unknown if sure.steps is None else f"at most {_above(sure.steps)}"),
            Cell(
                sure.expected_rate,
                "not known" if sure.expected_rate is None else f"{sure.expected_rate:.3g}",
            ),
            Cell(sure.rate, "nothing" if sure.rate is None else _below(sure.rate)),
        ))
    if not rows:
        return []
    columns = ("run", "within", "with chance", "steps: estimate", "steps: guaranteed",
               "rate: estimate", "rate: guaranteed")  # fmt: skip
    notes = [
        "From the guaranteed step on w stays within that distance of one and the same data point, "
        "with at least that chance (theorem kernel.sgd_settling_time, for exact arithmetic). The "
        "estimate is a mean.",
        "Rate: the share of the squared distance that a step takes away in the long run. Every "
        "smaller one than the guaranteed is kept almost surely (theorem "
        "kernel.sgd_almost_sure_rate).",
    ]
    return [Table.build("What is guaranteed, however loosely", columns, rows, [*notes, *failing])]


def _above(number: int) -> str:
    """Write a whole number, from a million on with three digits and rounded up.

    Returns:
        The text.
    """
    if number < 10**6:
        return f"{number:,}"
    return f"{float(_UP.create_decimal(number)):.2e}"


def _below(number: float) -> str:
    """Write a number with three digits, rounded down.

    Returns:
        The text.
    """
    return f"{float(_DOWN.create_decimal(number)):.3g}"


def _hypothesis_table(predictions: Mapping[str, Prediction]) -> Table:
    """Hypotheses, each once, with the runs that they differ for.

    Returns:
        The table.
    """
    rows: dict[tuple[str, bool, str, str], list[str]] = {}
    for name, told in predictions.items():
        for h in told.hypotheses:
            rows.setdefault((h.statement, h.holds, h.here, h.otherwise), []).append(name)
    runs = {
        key: "all" if len(names) == len(predictions) else ", ".join(names)
        for key, names in rows.items()
    }
    return Table.build(
        "Hypotheses of the theorems (Ghosh, Frei, Ha, Yu 2025), for this input",
        ("hypothesis", "holds", "here", "run"),
        [(key[0], Cell(key[1]), key[2], run) for key, run in runs.items()],
        [
            f"Without '{statement}' ({here}; {run}): {otherwise}."
            for (statement, holds, here, otherwise), run in runs.items()
            if not holds
        ],
    )


def of_result(result: TrainResult, replica: int, simulate: bool = True) -> Prediction:
    """Predict a run that was trained, from its data, start and settings alone.

    Args:
        result: The outcome, of which only data, start and settings are used.
        replica: Row.
        simulate: Whether to simulate the selection process where there is no closed form.

    Returns:
        The prediction.
    """
    recipe = result.recipe
    return predict(
        result.start[replica].double().cpu().numpy(),
        result.data,
        recipe.batch_size,
        recipe.step_size,
        activation=recipe.activation,
        sampling=recipe.sampling,
        batches=result.batches,
        tolerance=recipe.tolerance,
        check_every=recipe.check_every,
        seed=recipe.seed,
        simulate=simulate,
    )


def verdict(told: Prediction, result: TrainResult, replica: int) -> tuple[str, float | None]:
    """Compare prediction and outcome.

    Args:
        told: The prediction.
        result: The outcome.
        replica: Row.

    Returns:
        ``yes``, ``no`` or why neither, and the predicted chance of what was found.
    """
    status = result.status[replica]
    if told.status is None:
        return "nothing was predicted", None
    if status is Status.STEP_LIMIT:
        return "the run was too short", None
    if status is not told.status:
        return "no", None
    if told.limits is None:
        return "yes", None
    weights = result.weights[replica].double().cpu().numpy()
    distances = np.linalg.norm(told.limits - weights, axis=1)
    nearest = int(distances.argmin())
    if distances[nearest] > told.precision:
        return "no", None
    return "yes", None if told.chances is None else float(told.chances[nearest])


def compared(results: Mapping[str, TrainResult]) -> Table:
    """Lay out predictions beside outcomes: a row per run, or per setting if there are many runs.

    Args:
        results: By name of the run.

    Returns:
        The table.
    """
    total = sum(len(r.status) for r in results.values())
    if total > _SINGLY:
        return _counted(results)
    rows = []
    for name, result in results.items():
        for replica in range(len(result.status)):
            told = of_result(result, replica, simulate=total <= _SIMULATED)
            says, chance = verdict(told, result, replica)
            label = name if len(result.status) == 1 else f"{name}, replica {replica}"
            rows.append((
                Cell(label),
                Cell(told.statement),
                Cell(says),
                Cell(chance, "" if chance is None else f"{chance:.3f}"),
                Cell(told.steps, "not known" if told.steps is None else f"{told.steps:.0f}"),
                Cell(int(result.steps[replica])),
            ))
    columns = ("run", "predicted", "came true", "chance of it", "steps predicted", "steps taken")
    return Table.build("Prediction and outcome", columns, rows)


def _counted(results: Mapping[str, TrainResult]) -> Table:
    """How many predictions came true.

    Returns:
        A table with a row per setting.
    """
    rows, notes = [], []
    answers = ("yes", "no", "nothing was predicted", "the run was too short")
    for name, result in results.items():
        looked = min(len(result.status), _MOST)
        if looked < len(result.status):
            notes.append(f"{name}: the first {_MOST:,} of {len(result.status):,} replicas.")
        says = collections.Counter(
            verdict(of_result(result, r, simulate=False), result, r)[0] for r in range(looked)
        )
        rows.append((name, looked, *(says[a] for a in answers)))
    columns = ("run", "replicas", "came true", "did not", *answers[2:])
    return Table.build("Predictions and outcomes", columns, rows, notes)
