import csv
import dataclasses
import io
import json

import pytest

from whichmin.bench import measure
from whichmin.bench.contenders import CONTENDERS
from whichmin.cli import run

QUICK = ("--seconds", "0.1", "--rounds", "2")


def bench(capsys, *arguments):
    code = run(["bench", *QUICK, *arguments])
    printed = capsys.readouterr()
    return code, printed.out, printed.err


def test_one_contender(capsys):
    code, out, err = bench(capsys, "--contender", "dense")
    assert (code, err) == (0, "")
    assert out.startswith("whichmin bench: all that ran agree\n")
    names = {line.split()[0] for line in out.splitlines() if line.endswith(" agrees")}
    assert names == {"published", "dense"}
    assert "m 8, n 32, ReLU, batch size 1, step size 0.05, float64, seed 0." in out


def test_all_contenders_in_json(capsys):
    code, out, err = bench(capsys, "--m", "3", "--n", "4", "-b", "2", "-f", "json")
    content = json.loads(out)
    assert (code, err) == (0, "")
    assert content["schema"] == "whichmin.bench/1"
    assert {c["contender"] for c in content["contenders"]} == set(CONTENDERS)
    for contender in content["contenders"]:
        assert contender["agrees"] or "jax is missing" in contender["not_measured"]


def test_the_dimension_is_m_at_least(capsys):
    code, out, _ = bench(capsys, "--m", "33", "--contender", "dense", "-f", "csv")
    assert code == 0
    assert next(csv.DictReader(io.StringIO(out)))["contender"] == "published"
    assert "m 33, n 33" in bench(capsys, "--m", "33", "--contender", "dense")[1]


def test_a_deviating_contender_fails(capsys, monkeypatch):
    dense = CONTENDERS["dense"]

    def begin(workload, replicas, same_batches):
        other = dataclasses.replace(workload, step_size=2 * workload.step_size)
        return dense.begin(other, replicas, same_batches)

    wrong = dataclasses.replace(CONTENDERS["reduced"], begin=begin)
    monkeypatch.setattr(measure, "CONTENDERS", {**CONTENDERS, "reduced": wrong})
    code, out, err = bench(capsys, "--contender", "reduced")
    assert code == 1
    assert out.startswith("whichmin bench: DEVIATES: reduced\n")
    assert err.count("FAILED reduced deviates from the dense engine by ") == 1


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--m", "0"], "--m"),
        (["--m", "8", "--n", "7"], "--n"),
        (["-b", "9"], "--batch-size"),
        (["--step-size", "0.3"], "--step-size"),
        (["--step-size", "nan"], "--step-size"),
        (["--replicas", "0"], "--replicas"),
        (["--rounds", "0"], "--rounds"),
        (["--seconds", "-1"], "--seconds"),
        (["--seed", "-1"], "--seed"),
        (["--contender", "none"], "--contender"),
    ],
)
def test_bad_input_is_one_clear_error(capsys, arguments, named):
    code = run(["bench", *arguments])
    out, err = capsys.readouterr()
    assert (code, out) == (2, "")
    assert named in err
    assert "Traceback" not in err


def test_an_interrupt_leaves_the_process_as_it_was(capsys, monkeypatch):
    import torch

    def interrupted(self):
        raise KeyboardInterrupt

    before = torch.get_num_threads()
    monkeypatch.setattr("whichmin.bench.lanes.Lane.seconds", interrupted)
    assert run(["bench", *QUICK]) == 130
    assert "interrupted" in capsys.readouterr().err
    assert torch.get_num_threads() == before
