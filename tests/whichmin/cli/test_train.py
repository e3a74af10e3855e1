"""Runs on generated data; files are in test_train_files.py, wrong use in test_train_refused.py."""

import csv
import io
import json

import pytest
import torch

from whichmin.cli import run
from whichmin.core.training import trainer as training

GENERATED = ["--m", "4", "--n", "6", "--seed", "3"]


def train(capsys, *arguments):
    """Exit code and JSON."""
    code = run(["train", *map(str, arguments), "--format", "json"])
    printed = capsys.readouterr()
    assert printed.err == ""
    return code, json.loads(printed.out)


def rows(capsys, *arguments):
    code, content = train(capsys, *arguments)
    assert code == 0
    return content["tables"][0]["rows"]


def test_without_arguments_gd_finds_a_mixture_and_sgd_a_data_point(capsys):
    assert run(["train"]) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    assert "data: random orthonormal frame, m=8, n=32, seed 0" in printed.out
    lines = {line[:20].strip(): line[20:] for line in printed.out.splitlines()}
    assert lines["property"].split() == ["batch", "size", "full", "batch", "size", "1"]
    assert lines["status"].split() == ["converged", "converged"]
    full, single = lines["minimum found"].split("  ", 1)
    assert full.startswith("mixture of ")
    assert full.endswith(" data points")
    assert single.strip() == f"data point {lines['closest data point'].split()[1]}"


def test_json_has_schema_provenance_and_records(capsys):
    code, content = train(capsys, *GENERATED, "-b", "2", "--replicas", "3", "--dtype", "float32")
    assert code == 0
    assert content["schema"] == "whichmin.train/1"
    record = content["provenance"]
    assert record["whichmin"] == "0.1.0" or record["whichmin"].count(".") == 2
    assert record["commit"] is None or len(record["commit"]) >= 40
    assert (record["seed"], record["dtype"], record["device"]) == (3, "float32", "cpu")
    assert record["threads"] == torch.get_num_threads()
    table = content["tables"][0]
    assert table["columns"] == list(table["rows"][0])
    assert [row["replica"] for row in table["rows"]] == [0, 1, 2]
    assert [row["run"] for row in table["rows"]] == [f"batch size 2, replica {r}" for r in range(3)]
    assert all(row["minimum found"].startswith("data point ") for row in table["rows"])


def test_too_few_steps_is_1_with_advice(capsys):
    assert run(["train", "--max-steps", "1"]) == 1
    printed = capsys.readouterr()
    assert "none (step limit)" in printed.out
    assert "step limit: the step limit came first; raise --max-steps" in printed.out
    assert printed.err == ""


def test_one_run_in_two_that_fails_is_1(capsys):
    options = [*GENERATED, "-b", "full", "-b", "1", "--max-steps", "570"]
    code, content = train(capsys, *options)
    statuses = [row["status"] for row in content["tables"][0]["rows"]]
    assert statuses == ["converged", "step limit"]
    assert code == 1


@pytest.mark.parametrize("engine", ["auto", "autograd", "dense", "reduced"])
def test_engines_find_the_same_minimum(capsys, engine):
    options = ["--m", "2", "--n", "3", "--seed", "3", "--engine", engine, "--step-size", "0.2"]
    found = rows(capsys, *options, "--frame", "standard", "-b", "1", "--tolerance", "1e-4")
    reference = rows(capsys, *options[:-4], *options[-2:], "--frame", "standard", "-b", "1",
                     "--tolerance", "1e-4")  # fmt: skip
    assert found[0]["steps"] == reference[0]["steps"]
    assert found[0]["minimum found"] == reference[0]["minimum found"]
    assert found[0]["loss gap"] == pytest.approx(reference[0]["loss gap"], rel=1e-6, abs=1e-15)
    assert found[0]["off-winner mass"] <= 1e-4


def test_settings_that_leave_no_trace_in_the_result_arrive_too(capsys, monkeypatch):
    received = []

    def spy(data, w0, settings, **options):
        received.append((data, settings))
        return real(data, w0, settings, **options)

    real = training.prepare
    monkeypatch.setattr(training, "prepare", spy)
    options = ["--engine", "dense", "--device", "cpu:0", "-b", "full", "-b", "3"]
    train(capsys, *GENERATED, *options, "--max-steps", "1")
    assert [(s.engine, d.points.device.type) for d, s in received] == [("dense", "cpu")] * 2
    assert [s.batch_size for _, s in received] == [None, 3]


@pytest.mark.parametrize(
    "sampling", ["without-replacement", "with-replacement", "reshuffled", "cyclic"]
)
def test_sampling_schemes_end_at_a_data_point(capsys, sampling):
    found = rows(capsys, *GENERATED, "-b", "1", "--sampling", sampling, "--step-size", "0.2")
    assert found[0]["minimum found"] == f"data point {found[0]['closest data point']}"


def test_the_seed_decides_frame_start_and_batches(capsys):
    first, again, other = (
        rows(capsys, "--m", "4", "--n", "6", "--seed", seed, "-b", "1") for seed in (3, 3, 4)
    )
    assert first == again
    assert first[0]["cosine with start"] != other[0]["cosine with start"]


def test_generated_data(capsys):
    _, content = train(capsys, "--frame", "standard", "--m", "3", "--n", "4", "--max-steps", "0")
    assert content["tables"][0]["notes"][0] == "data: standard basis, m=3, n=4"
    _, content = train(capsys, "--m", "40", "--max-steps", "0")
    assert content["tables"][0]["notes"][0] == "data: random orthonormal frame, m=40, n=40, seed 0"
    assert [row["steps"] for row in content["tables"][0]["rows"]] == [0, 0]


def test_csv_and_the_human_formats(capsys):
    command = ["train", *GENERATED, "-b", "full", "--format"]
    printed = {}
    for form in ("csv", "table", "markdown", "latex"):
        assert run([*command, form]) == 0
        printed[form] = capsys.readouterr().out
    (row,) = csv.DictReader(io.StringIO(printed["csv"]))
    assert row["status"] == "converged"
    assert float(row["loss"]) == pytest.approx(0.375, abs=1e-11)
    assert "property" in printed["table"].splitlines()[2]
    assert "| status " in printed["markdown"]
    assert r"status & converged \\" in printed["latex"]


def test_a_larger_tolerance_stops_earlier(capsys):
    strict, loose = (
        rows(capsys, *GENERATED, "-b", "full", "--tolerance", t)[0] for t in ("1e-12", "1e-4")
    )
    assert strict["steps"] > loose["steps"] > 0
    assert 1e-12 < loose["loss gap"] <= 1e-4
