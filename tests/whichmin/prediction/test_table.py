import dataclasses

import numpy as np
import pytest
import torch

import whichmin
from whichmin.prediction.prediction import predict
from whichmin.prediction.table import (
    _above,
    _below,
    compared,
    of_result,
    prediction_tables,
    verdict,
)
from whichmin.words import Status

FRAME = whichmin.random_frame(5, 7, seed=1)
START = whichmin.random_start(7, seed=2)[0]


def trained(start=START, **settings):
    return whichmin.train(FRAME, start, **{"step_size": 0.2, "activation": "linear", **settings})


def test_tables_say_what_the_predictions_say():
    told = {f"b={b}": predict(START, FRAME, b, 0.2, activation="linear") for b in (None, 1)}
    main, chances, _, asked = prediction_tables(told, "linear", ["a note"])
    rows = main.records()
    assert main.title == "What theory says before training: linear"
    assert main.notes == ("a note",)
    assert [r["steps"] for r in rows] == [t.steps for t in told.values()]
    assert [r["trace κ=½"] for r in rows] == [t.sharpness["trace κ=½"] for t in told.values()]
    assert [r["theorems' hypotheses"] for r in rows] == [True, True]
    listed = chances.records()
    assert sum(r["chance"] for r in listed) == pytest.approx(1)
    starts = [r["cosine at the start"] for r in listed]
    assert starts == sorted(starts, reverse=True)
    assert sum(c**2 for c in starts) == pytest.approx(1)
    assert all(r["holds"] for r in asked.records())
    assert {r["run"] for r in asked.records()} == {"all", "b=1"}


def test_a_broken_hypothesis_is_explained_below_the_table():
    told = {"run": predict(1.1 * START / np.linalg.norm(START), FRAME, None, 0.3)}
    asked = prediction_tables(told, "", [])[-1]
    assert [r["hypothesis"] for r in asked.records() if not r["holds"]] == [
        "|w0| < 1", "step size <= 1/5",
    ]  # fmt: skip
    assert len(asked.notes) == 2
    assert "Without '|w0| < 1' (|w0| = 1.1; all): gradient descent is followed" in asked.notes[0]


def test_unknown_quantities_are_said_to_be_unknown():
    told = {"run": predict(START, 1.1 * FRAME, 1, 0.2, handling="as-is")}
    main, sure, asked = prediction_tables(told, "", [])
    row = dict(zip(main.columns, main.rows[0], strict=True))
    assert row["status"].text == "not predicted"
    assert row["steps"].text == row["loss"].text == "not known"
    assert row["steps"].value is row["loss"].value is None
    assert asked.records()[0]["holds"] is False
    (row,) = sure.rows
    assert [cell.text for cell in row[3:]] == [
        "not known", "nothing, see below", "not known", "nothing",
    ]  # fmt: skip
    assert row[4].value is row[5].value is row[6].value is None


def test_what_is_guaranteed_stands_beside_what_is_expected():
    told = {
        f"b={b}": predict(START, FRAME, b, 0.2, activation="linear", tolerance=1e-4)
        for b in (None, 1)
    }
    sure = prediction_tables(told, "", [])[2]
    (record,) = sure.records()  # nothing for gradient descent
    guaranteed = told["b=1"].guarantee
    assert record["run"] == "b=1"
    assert record["within"] == pytest.approx(0.01)
    assert record["with chance"] == 0.99
    assert record["steps: estimate"] == told["b=1"].steps < record["steps: guaranteed"]
    assert record["steps: guaranteed"] == guaranteed.steps
    assert 0 < record["rate: guaranteed"] < record["rate: estimate"]
    texts = [cell.text for cell in sure.rows[0]]
    assert texts[1:3] == ["0.01", "99 %"]
    assert texts[4].startswith("at most ")
    said = float(texts[4].removeprefix("at most "))
    assert guaranteed.steps <= said < 1.01 * guaranteed.steps
    assert float(texts[6]) <= guaranteed.rate
    assert "kernel.sgd_settling_time" in sure.notes[0]
    assert "kernel.sgd_almost_sure_rate" in sure.notes[1]
    assert len(sure.notes) == 2


def test_only_gradient_descent_has_no_table_of_guarantees():
    titles = [t.title for t in prediction_tables({"run": predict(START, FRAME, None, 0.2)}, "", [])]
    assert not any("guaranteed" in title for title in titles)


def test_a_guarantee_that_fails_says_why():
    told = {"run": predict(START, FRAME, 2, 0.6, sampling="reshuffled", simulate=False)}
    sure = prediction_tables(told, "", [])[-2]
    assert sure.rows[0][4].text == "nothing, see below"
    assert sure.notes[2:] == (
        "Without 'batches are drawn uniformly without replacement' (reshuffled; run): no settling "
        "time is guaranteed.",
        "Without 'step size / batch size <= 1/5' (0.6 / 2; run): no settling time is guaranteed.",
    )


def test_numbers_are_written_so_that_they_stay_bounds():
    assert [_above(n) for n in (999_999, 1_000_000, 1_000_001, 2_345_000)] == [
        "999,999", "1.00e+06", "1.01e+06", "2.35e+06",
    ]  # fmt: skip
    assert [_below(x) for x in (1.2399e-5, 0.5, 0.0)] == ["1.23e-05", "0.5", "0"]
    told = predict(START, FRAME, 1, 1e-150, simulate=False)
    assert told.guarantee.holds
    assert told.guarantee.steps is None
    assert prediction_tables({"run": told}, "", [])[-2].rows[0][4].text == "more than 10^300"


def test_many_candidates_are_cut_and_it_is_said():
    told = {"run": predict(np.full(20, 0.1), np.eye(20), 1, 0.2, simulate=False)}
    chances = prediction_tables(told, "", [])[1]
    assert len(chances.rows) == 12
    assert "the 12 most correlated of 20 candidates" in chances.notes[0]


@pytest.mark.parametrize("batch_size", [None, 1])
def test_what_came_true(batch_size):
    result = trained(batch_size=batch_size)
    told = of_result(result, 0)
    says, chance = verdict(told, result, 0)
    assert says == "yes"
    if batch_size is None:
        assert chance == 1
    else:
        place = told.candidates.index((int(result.winner[0]),))
        assert chance == told.chances[place] < 1


def test_what_did_not():
    result = trained(batch_size=None)
    told = of_result(result, 0)
    turned = dataclasses.replace(result, weights=-result.weights)
    assert verdict(told, turned, 0) == ("no", None)
    near = dataclasses.replace(result, weights=result.weights + 2 * told.precision / 7**0.5)
    assert verdict(told, near, 0) == ("no", None)
    dead = dataclasses.replace(result, status=(Status.DEAD_NEURON,))
    assert verdict(told, dead, 0) == ("no", None)


def test_neither():
    short = trained(batch_size=1, max_steps=3)
    assert verdict(of_result(short, 0), short, 0) == ("the run was too short", None)
    wild = trained(3 * START, batch_size=1, max_steps=3000)
    assert verdict(of_result(wild, 0), wild, 0) == ("nothing was predicted", None)


def test_own_batches_are_predicted_from_the_result():
    rows = np.array([[0, 1], [2, 3], [4, 0], [1, 2], [3, 4]] * 4000)
    result = trained(sampling="custom", batches=rows)
    told = of_result(result, 0)
    assert (result.batches == rows).all()
    assert told.candidates
    assert verdict(told, result, 0)[0] == "yes"


def test_side_by_side():
    results = {"gd": trained(batch_size=None), "sgd": trained(batch_size=1, seed=1)}
    rows = compared(results).records()
    assert [r["run"] for r in rows] == ["gd", "sgd"]
    assert [r["came true"] for r in rows] == ["yes", "yes"]
    assert [r["steps taken"] for r in rows] == [int(r.steps[0]) for r in results.values()]
    assert rows[0]["steps predicted"] == rows[0]["steps taken"]


def test_many_replicas_are_counted(monkeypatch):
    result = trained(whichmin.random_start(7, 30, seed=5), batch_size=None)
    turned = result.weights.clone()
    turned[:2] *= -1
    changed = dataclasses.replace(result, weights=turned)
    assert isinstance(turned, torch.Tensor)
    monkeypatch.setattr("whichmin.prediction.table._MOST", 20)
    table = compared({"gd": changed})
    assert table.records()[0]["replicas"] == 20
    assert (table.records()[0]["came true"], table.records()[0]["did not"]) == (18, 2)
    assert table.notes == ("gd: the first 20 of 30 replicas.",)
