"""The fact sheet names versions, failures with their cause, and what is absent."""

import dataclasses
import sys

import pytest

from whichmin.errors import InputError
from whichmin.verification.oracle import judge
from whichmin.verification.oracle.compliance import CheckVerdict
from whichmin.verification.oracle.fact_sheet import Judged, fact_sheet, judge_adapters, overview
from whichmin.verification.oracle.mutants import build, mutants


def test_a_failure_stands_there_with_its_cause():
    (mutant,) = mutants("loss.sum")
    text = fact_sheet([Judged("x", judge(build(mutant), quick=True, isolation="inline"))])
    assert "| loss.sum | " in text.replace("  ", " ").replace("  ", " ")
    assert "Diagnosis: off by exactly a factor m: a sum over the points" in text
    assert "Not installed" not in text


def test_an_inconclusive_check_is_not_called_failed():
    (mutant,) = mutants("loss.sum")
    found = judge(build(mutant), quick=True, isolation="inline")
    unsure = [
        dataclasses.replace(r, verdict=CheckVerdict.INCONCLUSIVE)
        if r.verdict is CheckVerdict.FAILED
        else r
        for r in found.results
    ]
    assert "| loss.values " in overview([Judged("x", found)])
    told = overview([Judged("x", dataclasses.replace(found, results=tuple(unsure)))])
    assert "loss.values (inconclusive)" in told


def test_an_absent_library_is_named(monkeypatch):
    name = "whichmin.verification.oracle.adapters.pyhessian_target"
    monkeypatch.setitem(sys.modules, "pyhessian", None)
    monkeypatch.delitem(sys.modules, name, raising=False)
    (found,) = judge_adapters(["pyhessian_target"])
    assert found.compliance is None
    assert "- pyhessian_target: " in fact_sheet([found])
    assert "pip install 'whichmin[tools]'" in fact_sheet([found])


def test_an_adapter_is_judged():
    (found,) = judge_adapters(["torch_sgd"], quick=True)
    assert found.compliance.holds
    text = fact_sheet([found])
    assert f"torch.optim.SGD and autograd {found.compliance.version}" in text


def test_an_unknown_adapter_is_refused():
    with pytest.raises(InputError, match="adapters = 'nobody'"):
        judge_adapters(["nobody"])
