import json
import math
import sys

import pytest
from hypothesis import strategies as st

from whichmin.errors import InputError
from whichmin.verification.evidence.check import (
    SCHEMA,
    Check,
    Evidence,
    Margin,
    Report,
    Settings,
    check,
    checks_of,
)
from whichmin.verification.evidence.runner import run_check
from whichmin.verification.evidence.subject import Subject
from whichmin.words import EvidenceKind


def evidence(holds):
    return Evidence(
        check="a.b", statement="s", kind=EvidenceKind.PROPERTY, bound="why", holds=holds, cases=3,
        worst=0.5, where="here", seconds=0.1, seed=7, message="" if holds else "broken",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("error", "bound", "ratio"),
    [(0.0, 0.0, 0.0), (1.0, 2.0, 0.5), (3.0, 2.0, 1.5), (1.0, 0.0, math.inf),
     (math.nan, 1.0, math.inf), (math.inf, 1.0, math.inf)],
)  # fmt: skip
def test_ratio(error, bound, ratio):
    assert Margin("x", error, bound).ratio == ratio


def test_a_report_holds_only_if_every_check_does():
    good, bad = evidence(True), evidence(False)
    assert Report((good, good), 7).holds
    report = Report((good, bad), 7)
    assert not report.holds
    assert report.failures == (bad,)


def test_record_is_json_with_a_schema():
    record = json.loads(json.dumps(evidence(True).record()))
    assert record["schema"] == SCHEMA
    assert record["check"] == "a.b"
    assert record["kind"] == "random cases"
    assert record["seed"] == 7


def test_checks_are_immutable():
    fixed = Check("a.b", "s", EvidenceKind.IDENTITY, "exact", lambda subject, settings: ())
    with pytest.raises(AttributeError):
        fixed.id = "c"


@check("example.half", EvidenceKind.IDENTITY, bound="exact", forms=("landscape.loss",))
def half(settings, share=0.5):
    """Twice the share is the whole,
    whatever the seed.

    Tests ask for another share.
    """
    yield Margin(f"seed {settings.seed}", abs(2 * share - 1), 0.0)


@check("example.drawn", EvidenceKind.PROPERTY, "exact", cases=lambda: st.integers(0, 9), examples=4)
def drawn(case, subject):
    """A drawn number is one digit."""
    assert isinstance(subject, Subject)
    yield Margin(f"{case}", float(len(str(case)) - 1), 0.0)


HALF, DRAWN = checks_of(sys.modules[__name__])


def test_a_decorated_function_is_a_check_and_stays_a_function():
    assert (HALF.id, HALF.kind, HALF.bound) == ("example.half", EvidenceKind.IDENTITY, "exact")
    assert HALF.statement == "Twice the share is the whole, whatever the seed."
    assert HALF.forms == ("landscape.loss",)
    assert HALF.topic == "test_check"
    assert [m.error for m in half(Settings(), share=0.75)] == [0.5]
    assert [m.what for m in HALF.measure(Subject(), Settings(seed=7))] == ["seed 7"]


def test_a_check_that_draws_cases_gets_them_by_name():
    evidence = run_check(DRAWN, Subject(), Settings())
    assert evidence.holds, evidence.message
    assert 1 <= evidence.cases <= 4


def test_another_number_of_the_statement_makes_it_fail():
    assert run_check(HALF, Subject(), Settings()).holds
    evidence = run_check(HALF.changed(share=0.25), Subject(), Settings())
    assert not evidence.holds
    assert "deviation 0.5" in evidence.message


def nothing_said(subject):
    yield Margin(str(subject), 0.0, 0.0)


def more_wanted(subject, tolerance):
    """A tolerance is no business of a check."""
    yield Margin(str(subject), 0.0, tolerance)


def case_without_cases(case):
    """It draws nothing."""
    yield Margin(str(case), 0.0, 0.0)


def settings_with_cases(settings, case):
    """Cases are drawn: the settings have been used."""
    yield Margin(f"{settings} {case}", 0.0, 0.0)


def no_case(subject):
    """Cases are drawn and ignored."""
    yield Margin(str(subject), 0.0, 0.0)


def same_id(subject):
    """Another statement."""
    yield Margin(str(subject), 0.0, 0.0)


@pytest.mark.parametrize(
    ("function", "name", "cases", "says"),
    [
        (nothing_said, "example.new", None, "nothing_said', but must have a docstring"),
        (more_wanted, "example.new", None, "parameter = 'tolerance', but must be subject or sett"),
        (case_without_cases, "example.new", None, "parameter = 'case', but must be subject or"),
        (settings_with_cases, "example.new", st.integers, "parameter = 'settings', but must be su"),
        (no_case, "example.new", st.integers, "no_case', but must have a parameter case"),
        (same_id, "example.half", None, "'example.half', but must be a new id: .*test_check.half"),
    ],
)
def test_what_the_decorator_refuses(function, name, cases, says):
    before = checks_of(sys.modules[__name__])
    with pytest.raises(InputError, match=says):
        check(name, EvidenceKind.IDENTITY, "exact", cases=cases)(function)
    assert checks_of(sys.modules[__name__]) == before
