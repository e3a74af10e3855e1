"""``whichmin predict``, and its table beside the outcome in ``whichmin train``."""

import json

import numpy as np
import pytest

import whichmin
from whichmin.cli import run

SMALL = ["--m", "3", "--n", "5", "--step-size", "0.2", "--seed", "4"]


def said(capsys, *words, code=0):
    assert run(["predict", *map(str, words)]) == code
    return capsys.readouterr()


def tables(capsys, *words):
    return json.loads(said(capsys, *words, "-f", "json").out)["tables"]


def test_it_predicts_the_default_run_of_train(capsys):
    main, *_ = tables(capsys, *SMALL, "--activation", "linear")
    frame, start = whichmin.random_frame(3, 5, 4), whichmin.random_start(5, seed=4)[0]
    for row, size in zip(main["rows"], (None, 1), strict=True):
        told = whichmin.predict(start, frame, size, 0.2, activation="linear", seed=4)
        assert row["minimum"] == told.statement
        assert row["steps"] == told.steps
    assert run(["train", *SMALL, "--activation", "linear", "-f", "json"]) == 0
    beside = json.loads(capsys.readouterr().out)["tables"][1]
    assert beside["title"] == "Prediction and outcome"
    assert [r["predicted"] for r in beside["rows"]] == [r["minimum"] for r in main["rows"]]
    assert [r["came true"] for r in beside["rows"]] == ["yes", "yes"]
    assert [r["steps predicted"] for r in beside["rows"]] == [r["steps"] for r in main["rows"]]


def test_what_is_guaranteed_is_in_the_json_with_its_distance_and_chance(capsys):
    found = tables(capsys, *SMALL, "--activation", "linear", "--tolerance", "1e-6")
    (row,) = next(t for t in found if "guaranteed" in t["title"])["rows"]
    frame, start = whichmin.random_frame(3, 5, 4), whichmin.random_start(5, seed=4)[0]
    told = whichmin.predict(
        start, frame, 1, 0.2, activation="linear", seed=4, tolerance=1e-6
    ).guarantee  # fmt: skip
    assert (row["within"], row["with chance"]) == (0.001, 0.99)
    assert row["steps: guaranteed"] == told.steps
    assert row["rate: guaranteed"] == told.rate


def test_a_guarantee_that_fails_is_explained(capsys):
    out = said(capsys, *SMALL, "-b", "2", "--step-size", "0.5").out
    assert "nothing, see below" in out
    assert "Without 'step size / batch size <= 1/5' (0.5 / 2; batch size 2)" in out


def test_files_and_own_batches(tmp_path, capsys):
    np.save(tmp_path / "data.npy", np.eye(3))
    np.save(tmp_path / "start.npy", np.array([0.5, 0.3, -0.1]))
    np.save(tmp_path / "rows.npy", np.array([[0], [1], [2]]))
    data, start = tmp_path / "data.npy", ("--start", tmp_path / "start.npy")
    (own,) = tables(capsys, data, *start, "--batches", tmp_path / "rows.npy")[0]["rows"]
    assert own["run"] == "own batches"
    assert own["minimum"] == "one of data points 0, 1"
    (full,) = tables(capsys, data, *start, "-b", "full")[0]["rows"]
    assert full["minimum"] == "a mixture of 0, 1"


def test_hypotheses_that_fail_are_explained(capsys, tmp_path):
    np.save(tmp_path / "start.npy", np.array([1.05, 0.2, 0.1]))
    out = said(capsys, "--frame", "standard", "--m", 3, "--n", 3, "--start",
               tmp_path / "start.npy", "--sampling", "reshuffled", "-b", 1).out  # fmt: skip
    assert "some fail, see below" in out
    assert "Without '|w0| < 1' (|w0| = 1.074; all): norm and signs are kept all the same" in out
    assert "(reshuffled; all): same candidates" in out


def test_a_start_with_several_rows_is_refused(tmp_path, capsys):
    np.save(tmp_path / "start.npy", np.ones((2, 3)) / 4)
    err = said(capsys, "--m", 3, "--n", 3, "--start", tmp_path / "start.npy", code=2).err
    assert "--start = '2 rows', but must be one start" in err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("-b", "9"), "--batch-size = 9"),
        (("-b", "some"), "--batch-size = 'some', but must be a positive integer or 'full'"),
        (("-b", "1", "-b", "01"), "must differ from each other"),
        (("--step-size", "0"), "--step-size = 0"),
        (("--tolerance", "2"), "--tolerance = 2"),
        (("--seed", "-1"), "--seed = -1"),
        (("missing.npy",), "there is no such file"),
    ],
)
def test_bad_options(capsys, words, message):
    assert message in said(capsys, *words, code=2).err


def test_more_than_three_runs_stay_a_row_each(capsys):
    out = said(capsys, *SMALL, "-b", "full", "-b", "1", "-b", "2", "-b", "3").out
    assert "\nrun " in out
    assert "\nproperty" not in out
    assert "\nproperty" in said(capsys, *SMALL).out
