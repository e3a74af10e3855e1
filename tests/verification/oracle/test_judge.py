import dataclasses
import unittest
from fractions import Fraction
from types import SimpleNamespace

import pytest

from whichmin.errors import CheckFailed, InputError
from whichmin.verification.oracle import checks, judge, parametrize_with_checks
from whichmin.verification.oracle.check import Finding, OracleCheck
from whichmin.verification.oracle.checks import all_checks
from whichmin.verification.oracle.compliance import CheckVerdict
from whichmin.verification.oracle.judge import Judge, run_check


def verdicts(compliance):
    return {r.check: r.verdict for r in compliance.results}


def test_a_right_target_passes_what_it_provides():
    found = judge("targets:good")
    assert found.holds
    assert found.target == "targets:good"
    assert verdicts(found)["loss.values"] is CheckVerdict.PASSED
    assert verdicts(found)["step.values"] is CheckVerdict.NOT_PROVIDED
    assert all(0 <= r.margin < 1 for r in found.results if r.verdict is CheckVerdict.PASSED)
    assert len(found.results) == len(all_checks())


def test_a_wrong_target_fails_with_the_cause_and_passes_once_it_declares_it():
    found = judge("targets:summed")
    (failure,) = found.failures
    assert failure.diagnosis.startswith("off by exactly a factor m: a sum over the points")
    assert failure.declare == "'loss': 'sum'"
    assert failure.cases > failure.failures > 0
    assert judge("targets:declared").holds
    assert judge("targets:declared").conventions == {"loss": "sum"}


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("targets:crash", "its process died of SIGSEGV"),
        ("targets:mutate", "changed its argument w in place"),
        ("targets:leave", "exit code 3"),
        ("targets:hang", "did not return within 0.3 s"),
    ],
)
def test_whatever_a_target_does_the_run_goes_on(target, message):
    found = judge(target, limit=0.1)
    assert len(found.failures) == 1
    assert message in found.failures[0].message
    assert found.failures[0].snippet
    if target in {"targets:crash", "targets:hang"}:
        assert verdicts(found)["gradient.values"] is CheckVerdict.PASSED


def test_a_result_of_the_targets_own_class_is_a_failure_and_the_run_goes_on(tmp_path, monkeypatch):
    (tmp_path / "boxing.py").write_text(
        "import numpy as np\n"
        "class Value:\n"
        "    def __init__(self, value):\n        self.value = value\n"
        "def loss(w, data, activation):\n    return Value(1.0)\n"
        "def gradient(w, data, activation):\n    return np.zeros(len(w))\n"
    )
    monkeypatch.chdir(tmp_path)  # importable by the worker alone
    found = judge("boxing", quick=True)
    assert not found.holds
    by = {r.check: r for r in found.failures}
    assert set(by) == {"loss.values", "gradient.values"}
    assert "returned an object of class Value" in by["loss.values"].message
    assert by["loss.values"].snippet


def test_printing_is_noted():
    result = judge("targets:chat").results[0]
    assert result.verdict is CheckVerdict.PASSED
    assert result.notes == ("loss printed: 'step size too large?\\nfrom C'",)


def test_expected_failures_are_strict():
    reason = {"loss.values": "sums; issue 12"}
    found = judge("targets:summed", expected=reason)
    assert verdicts(found)["loss.values"] is CheckVerdict.EXPECTED_FAILURE
    assert found.results[0].message.startswith("sums; issue 12 (")
    assert not found.failures
    right = judge("targets:good", expected=reason)
    assert verdicts(right)["loss.values"] is CheckVerdict.UNEXPECTED_PASS
    assert "remove the entry" in right.failures[0].message
    named = r"(?s)'step\.values'.*no step\): loss\.values, loss\.repeat, gradient"
    with pytest.raises(InputError, match=named):
        judge("targets:good", expected={"step.values": "not written yet"})
    with pytest.raises(InputError, match=r"expected failure = 'loss\.value'"):
        judge("targets:good", expected={"loss.value": "typing error"})


def test_a_target_declares_its_expected_failures():
    import targets

    wrong = SimpleNamespace(
        loss=targets.summed.loss, WHICHMIN={"expected_failures": {"loss.values": "sums"}}
    )
    assert judge(wrong).results[0].verdict is CheckVerdict.EXPECTED_FAILURE


REFUSED = [
    ("quick", {"quick": True, "deep": True}),
    ("quick", {"quick": "no"}),
    ("deep", {"deep": 1}),
    *[("seed", {"seed": seed}) for seed in (-1, 0.5, True, 2**31, "1")],
    *[("limit", {"limit": limit}) for limit in (-1, 0, "x", float("nan"), float("inf"), 1e9)],
    *[("isolation", {"isolation": kind}) for kind in ("docker", None, ["inline"])],
    ("expected", {"expected": ["loss.values"]}),
    ("expected['loss.values']", {"expected": {"loss.values": 12}}),
    ("expected['loss.values']", {"expected": {"loss.values": " "}}),
    ("expected", {"expected": {3: "known"}}),
    ("expected failure", {"expected": {"loss.value": "typing error"}}),
]


@pytest.mark.parametrize("made", [judge, checks, parametrize_with_checks, Judge])
@pytest.mark.parametrize(("argument", "settings"), REFUSED)
def test_settings_are_checked_before_the_target_is_loaded(made, argument, settings):
    with pytest.raises(InputError) as caught:
        made("no_such_target", **settings)
    assert caught.value.argument == argument


@pytest.mark.parametrize("made", [judge, checks, parametrize_with_checks, Judge])
def test_an_unknown_setting_is_refused(made):
    with pytest.raises(InputError, match="setting = 'quik', but must be one of: quick, deep"):
        made("no_such_target", quik=True)


def test_checks_that_are_chosen_must_exist():
    with pytest.raises(InputError, match="only = 'loss', but must be a function"):
        judge("targets:good", only="loss")
    with pytest.raises(InputError, match=r"must choose at least one of: loss\.values, "):
        judge("targets:good", only=lambda name: name == "loss.value")


def test_integers_of_numpy_are_seeds():
    import numpy as np

    with Judge("targets:good", seed=np.int64(4)) as judged:
        assert judged.session.seed == 4
        assert type(judged.session.seed) is int


def test_some_checks_alone():
    found = judge("targets:good", only=lambda name: name.startswith("loss."))
    assert {r.check.split(".")[0] for r in found.results} == {"loss"}


def test_profiles():
    quick, full = judge("targets:good", quick=True), judge("targets:good", seed=4)
    assert (quick.profile, full.profile, full.seed) == ("quick", "full", 4)
    assert quick.results[0].cases < full.results[0].cases


def test_a_module_is_judged_in_its_own_process():
    import targets

    found = judge(targets)
    assert found.where == "its own process"
    assert found.target == "targets"
    assert "not provided" in found.counts()


def kinked(place):
    """A check whose accepted values form a segment, of which the target has one place."""

    def run(session):
        for low in (1, 2):
            span = Finding("x", 0.0, Fraction(low), 1e-12, "exact", upper=Fraction(low + 1))
            yield dataclasses.replace(span, got=low + place)

    return OracleCheck("x.kink", ("loss",), "", "", "", run)


@pytest.fixture
def session():
    with Judge("targets:good") as judged:
        yield judged.session


def test_what_was_accepted_at_a_kink_is_said(session):
    result = run_check(kinked(0.5), session)
    assert result.notes == (
        "at a kink any value between the one-sided ones was accepted",
        "at kinks it agrees with kappa = 0.5",
    )
    assert run_check(kinked(2.5), session).verdict is CheckVerdict.FAILED


def test_a_check_without_cases_does_not_apply(session):
    check = OracleCheck("x.none", ("loss",), "", "", "", lambda session: iter(()))
    assert run_check(check, session).verdict is CheckVerdict.NOT_APPLICABLE


def test_notes_do_not_leak_into_the_next_check(session):
    run_check(kinked(0.5), session)
    assert run_check(all_checks()[0], session).notes == ()


def test_an_error_of_a_check_is_not_the_targets(session):
    def run(session):
        raise ZeroDivisionError
        yield

    with pytest.raises(ZeroDivisionError):
        run_check(OracleCheck("x.bug", ("loss",), "", "", "", run), session)


def test_bound_checks_raise_or_skip():
    by_id = {c.id: c for c in checks("targets:summed", quick=True)}
    with pytest.raises(CheckFailed, match="off by exactly a factor m"):
        by_id["loss.values"]()
    with pytest.raises(unittest.SkipTest, match="not provided: no step"):
        by_id["step.values"]()
    known = {c.id: c for c in checks("targets:summed", expected={"loss.values": "sums"})}
    with pytest.raises(pytest.xfail.Exception, match="sums"):
        known["loss.values"]()


def test_one_mistake_is_one_failure():
    for target, settings in (("nomod", {}), ("targets:good", {"expected": {"step.values": "x"}})):
        first, second, *_ = checks(target, **settings)
        with pytest.raises(InputError):
            first()
        with pytest.raises(unittest.SkipTest, match="the first check says why"):
            second()


def test_a_message_of_several_lines_is_one_row():
    def raising(w, data, activation):
        raise ValueError("shapes:\n  w: 5")

    table = judge(SimpleNamespace(loss=raising), quick=True).markdown().splitlines()
    (row,) = [line for line in table if line.startswith("| loss.values")]
    assert "raised ValueError: shapes: w: 5" in row
    assert not any(line.startswith("|   ") for line in table)


def test_what_hangs_in_a_quick_run_hangs_once():
    found = judge("targets:hang", quick=True, limit=0.1, only=lambda name: "loss" in name)
    assert found.failures[0].message.endswith("did not return within 0.3 s")
    with Judge("targets:hang", quick=True, limit=0.1) as judged:
        (check,) = [c for c in judged.checks if c.id == "loss.values"]
        assert judged.result(check).seconds > 0.3
        again = judged.result(check)
    assert again.seconds < 0.3, "it is not called again"
    assert "not called again: a call did not return within 0.3 s" in again.message


@parametrize_with_checks("targets:good", quick=True)
def test_in_a_users_own_test_file(check):
    check()
