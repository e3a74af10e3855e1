"""Tables of ensembles: shares beside the law, intervals, notes on what is missing."""

import math

import numpy as np
import pytest

from whichmin.core.data import make_data
from whichmin.core.training.cells import grid
from whichmin.core.training.ensemble import carry_out, plan
from whichmin.core.training.settings import TrainingSettings
from whichmin.core.training.summary import wilson
from whichmin.prediction.prediction import predict
from whichmin.tables.ensemble import ensemble_tables, predictions
from whichmin.words import Status

TWO = np.eye(2, 3)
# At an angle of 35 degrees to point 0 its chance is 1 - 2 * 35 / 180.
START = 0.5 * np.array([math.cos(math.radians(35)), math.sin(math.radians(35)), 0.0])


def ran(data, w0, sizes=(1,), steps=(0.2,), replicas=400, **options):
    summarised = {k: options.pop(k) for k in ("observables", "edges", "block") if k in options}
    settings = TrainingSettings(**{"engine": "reduced", "tolerance": 1e-6, **options})
    cells = grid(sizes, steps, replicas)
    found = carry_out(plan(make_data(data), w0, cells, settings, **summarised))
    return found, predictions(found)


def rows(table):
    return table.records()


def test_shares_stand_beside_the_law():
    found, told = ran(TWO, START, steps=(0.2, 0.1), replicas=1000)
    _, who, _ = ensemble_tables(found, told)
    assert [r["data point"] for r in rows(who)] == ["0", "1"] * 2
    for cell, first, second in zip(found.cells, rows(who)[::2], rows(who)[1::2], strict=True):
        law = predict(START, TWO, 1, cell.recipe.step_size, tolerance=1e-6)
        assert first["predicted"] == law.chances[0]
        assert first["predicted"] + second["predicted"] == pytest.approx(1)
        assert first["wins"] + second["wins"] == 1000
        assert first["share"] == first["wins"] / 1000
        low, high = wilson([first["wins"]], 1000)
        assert (first["95 % from"], first["to"]) == (low[0], high[0])
        # Five standard errors of 1,000 replicas, and 0.02 for the law's next order.
        assert abs(first["share"] - first["predicted"]) < 5 * 0.0155 + 0.02
    assert "predicted by the closed form" in " ".join(who.notes)


def test_the_sign_of_a_prediction_is_that_of_the_start():
    found, told = ran(TWO, -START, activation="linear")
    _, who, _ = ensemble_tables(found, told)
    assert [r["data point"] for r in rows(who)] == ["-0", "-1"]
    assert rows(who)[0]["predicted"] > 0.5 < rows(who)[0]["share"]


def test_without_a_common_start_nothing_is_predicted():
    found, told = ran(TWO, None, replicas=40)
    assert told == [None]
    endings, who, _ = ensemble_tables(found, told)
    assert {r["predicted"] for r in rows(who)} == {None}
    dead = found.total.status[Status.DEAD_NEURON]
    assert dead > 0
    assert rows(endings)[0]["dead neuron"] == dead
    assert f"{dead} did not." in " ".join(who.notes)


def test_a_candidate_that_never_won_is_listed():
    found, told = ran(TWO, [0.5, 0.001, 0.0], replicas=5)
    _, who, _ = ensemble_tables(found, told)
    assert [(r["data point"], r["wins"]) for r in rows(who)] == [("0", 5), ("1", 0)]
    assert rows(who)[1]["to"] > rows(who)[1]["predicted"] > 0 == rows(who)[1]["95 % from"]


def test_replicas_at_the_step_limit_are_said_to_favour_the_quick():
    found, told = ran(TWO, START, max_steps=300, check_every=10, replicas=200)
    assert 0 < found.total.status[Status.STEP_LIMIT] < 200
    _, who, _ = ensemble_tables(found, told)
    assert "so quick decisions are favoured." in " ".join(who.notes)


def test_mixtures_have_no_winner():
    found, told = ran(TWO, START, sizes=(None,), replicas=3)
    endings, observables = ensemble_tables(found, told)
    assert observables.title == "Observables"
    assert rows(endings)[0]["at a mixture"] == 3
    assert rows(endings)[0]["at one data point"] == 0


def test_cells_have_a_total_and_observables_their_quantiles():
    found, told = ran(TWO, START, steps=(0.2, 0.3), replicas=50, observables=["steps", "norm"])
    endings, _, observables = ensemble_tables(found, told)
    assert [r["replicas"] for r in rows(endings)] == [50, 50, 100]
    assert [r["cell"] for r in rows(endings)][-1] == "all cells"
    total = rows(observables)[-2]
    summary = found.total.observables["steps"]
    assert total["observable"] == "steps"
    assert total["mean"] == summary.moments.mean
    assert total["50 %"] == list(summary.quantile(0.5)) == rows(endings)[-1]["steps, 50 %"]
    assert total["standard deviation"] == math.sqrt(summary.moments.variance)


def test_without_steps_there_are_no_columns_of_them():
    found, told = ran(TWO, START, replicas=3, observables=["norm"])
    endings, *_ = ensemble_tables(found, told)
    assert not any("steps," in name for name in endings.columns)


def test_what_is_missing_is_said():
    saved = []
    planned = plan(
        make_data(TWO), START, grid([1], [0.2], 20), TrainingSettings(engine="reduced"), block=10
    )
    carry_out(planned, saved.append)
    endings, who, observables = ensemble_tables(saved[0], predictions(saved[0]), ["data: two"])
    assert endings.title.startswith("Partial ensemble")
    assert endings.notes[0].startswith("partial: 0 of 20 replicas are done")
    assert endings.notes[1] == "data: two"
    assert {r["share"] for r in rows(who)} == {None}
    assert {r["mean"] for r in rows(observables)} == {None}
    whole, *_ = ensemble_tables(saved[-1], [None])
    assert whole.title.startswith("Ensemble")
    assert not whole.notes


def test_many_points_are_not_all_listed():
    found, told = ran(np.eye(14), np.full(14, 0.13), max_steps=4000, replicas=150)
    _, who, _ = ensemble_tables(found, told)
    assert len(rows(who)) == 12
    assert "the 12 most frequent of 14 data points" in " ".join(who.notes)
    assert rows(who)[0]["wins"] >= rows(who)[-1]["wins"]
