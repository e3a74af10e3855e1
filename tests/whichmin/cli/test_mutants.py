import json

import pytest

from whichmin.cli import run
from whichmin.verification.oracle.mutants import bank
from whichmin.verification.oracle.mutants.mutant import Mutant


def test_the_table_names_the_check_and_the_cause(capsys):
    assert run(["mutants", "--select", "loss.sum"]) == 0
    out = capsys.readouterr().out
    assert "loss.values" in out
    assert "1 of 1 killed, the cause named for 1 (100 %)" in out


def test_json(capsys):
    assert run(["mutants", "--select", "loss.s", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["killed"] == 2


def test_a_survivor_is_exit_code_1(capsys, monkeypatch):
    harmless = Mutant("loss.harmless", "nothing", (("0.5 *", "1 * 0.5 *"),), None, ("loss.values",))
    monkeypatch.setattr(bank, "_all", lambda: (harmless,))
    assert run(["mutants"]) == 1
    assert "Survivors: loss.harmless" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments", [("--select", "nothing"), ("--seed", "-1"), ("--seed", "2147483648")]
)
def test_wrong_use_is_exit_code_2(capsys, arguments):
    assert run(["mutants", *arguments]) == 2
    assert arguments[0] in capsys.readouterr().err
