import dataclasses

import pytest
from hypothesis import strategies as st

from whichmin.errors import InputError
from whichmin.verification.evidence import runner
from whichmin.verification.evidence.check import Check, Margin, Settings
from whichmin.verification.evidence.subject import Subject
from whichmin.verification.provers.coq import INSTALL, Coq
from whichmin.verification.topics import TOPICS, all_checks
from whichmin.words import EvidenceKind


def fixed(*margins, error=None):
    def measure(subject, settings):
        yield from margins
        if error is not None:
            raise error

    return Check("made.up", "statement", EvidenceKind.IDENTITY, "the reason", measure)


def test_worst_margin_and_cases_are_recorded():
    check = fixed(Margin("first", 1, 10, 5), Margin("second", 4, 5, 2), Margin("third", 0, 1))
    evidence = runner.run_check(check, Subject(), Settings(seed=3))
    assert evidence.holds
    assert (evidence.cases, evidence.worst, evidence.where) == (8, 0.8, "second")
    assert (evidence.seed, evidence.message) == (3, "")


def test_a_margin_above_one_fails_and_says_what_and_why():
    evidence = runner.run_check(fixed(Margin("the place", 3, 2)), Subject(), Settings())
    assert not evidence.holds
    for text in ("made.up", "the place", "deviation 3", "allowed 2", "the reason"):
        assert text in evidence.message


def test_nan_fails():
    assert not runner.run_check(fixed(Margin("x", float("nan"), 1)), Subject(), Settings()).holds


def test_a_check_that_compares_nothing_fails():
    evidence = runner.run_check(fixed(), Subject(), Settings())
    assert not evidence.holds
    assert "compared nothing" in evidence.message


def test_a_check_that_raises_fails_with_the_error():
    evidence = runner.run_check(fixed(error=ZeroDivisionError("oops")), Subject(), Settings())
    assert not evidence.holds
    assert "ZeroDivisionError: oops" in evidence.message


def property_check(limit):
    def measure(subject, case):
        yield Margin("integer", case, limit)

    return Check(
        "made.up", "s", EvidenceKind.PROPERTY, "r", measure, lambda: st.integers(0, 100), 50
    )


def test_property_failure_shows_the_case():
    evidence = runner.run_check(property_check(90), Subject(), Settings(examples=200))
    assert not evidence.holds
    assert "case: 9" in evidence.message or "case: 100" in evidence.message


def test_examples_and_seed_steer_a_property():
    seen = []

    def measure(subject, case):
        seen.append(case)
        yield Margin("x", 0, 1)

    check = Check("made.up", "s", EvidenceKind.PROPERTY, "r", measure, lambda: st.integers(), 50)
    runs = []
    for settings in (Settings(1, 20), Settings(1, 20), Settings(2, 20)):
        seen.clear()
        runner.run_check(check, Subject(), settings)
        runs.append(tuple(seen))
    assert len(runs[0]) == 20
    assert runs[0] == runs[1]
    assert runs[0] != runs[2]


@pytest.mark.parametrize("pattern", ["sharpness.*", "sharpness.nothing", "kinks"])
def test_select(pattern):
    if pattern == "sharpness.nothing":
        with pytest.raises(InputError, match=r"select = 'sharpness.nothing'.*are sharpness\."):
            runner.select_checks(pattern)
    else:
        assert all(pattern.strip(".*") in c.id for c in runner.select_checks(pattern))


def test_an_id_selects_its_check_only():
    assert [c.id for c in runner.select_checks("walk.increments")] == ["walk.increments"]
    attacked = [c.id for c in runner.select_checks("walk.increment")]
    assert attacked == ["walk.increments", "attack.walk.increments"]


def test_select_a_topic():
    hessian = runner.select_checks(topic="hessian")
    assert {"sharpness.at_minimum", "instruments.sharpness"} <= {c.id for c in hessian}
    assert {c.topic for c in hessian} == {"hessian"}
    chosen = runner.select_checks("sharpness.*", "hessian")
    assert chosen == tuple(c for c in hessian if c.id.startswith("sharpness."))
    with pytest.raises(InputError, match=r"select = 'cyclic', .* of topic hessian; the nearest"):
        runner.select_checks("cyclic", "hessian")


def test_topics_share_out_all_checks():
    shares = [runner.select_checks(topic=topic) for topic in TOPICS]
    assert sorted(c.id for share in shares for c in share) == sorted(c.id for c in all_checks())


def test_the_topic_of_a_run():
    report = runner.verify("batches.*", topic="batches", examples=1)
    assert [e.check for e in report.evidence][:2] == ["batches.known_answers", "batches.floyd"]
    own = [c for c in runner.select_checks(topic="batches") if c.id.startswith("batches.")]
    assert len(report.evidence) == len(own)


@pytest.mark.parametrize(
    ("options", "message"),
    [({"topic": "sharpness"}, "topic = 'sharpness', but must be one of: landscape, batches"),
     ({"examples": 0}, "examples = 0"), ({"examples": 1.5}, "examples = 1.5"),
     ({"seed": -1}, "seed = -1"), ({"select": ""}, "select = ''")],
)  # fmt: skip
def test_bad_input(options, message):
    with pytest.raises(InputError, match=message):
        runner.verify(**options)


def test_progress_is_told_before_and_after():
    calls = []
    report = runner.verify("batches.f", progress=lambda check, evidence: calls.append(evidence))
    assert calls == [None, report.evidence[0]]


def test_several_processes_find_what_one_finds(monkeypatch):
    monkeypatch.setattr(runner, "_CHECKS_A_WORKER", 1)
    told = []
    alone = runner.verify("batches", examples=2, seed=5)
    shared = runner.verify(
        "batches", examples=2, seed=5, jobs=2, progress=lambda check, found: told.append(found)
    )
    assert len(alone.evidence) > 2
    assert [e.check for e in shared.evidence] == [e.check for e in alone.evidence]
    for one, other in zip(alone.evidence, shared.evidence, strict=True):
        assert dataclasses.replace(one, seconds=0) == dataclasses.replace(other, seconds=0)
    assert {e.check for e in told} == {e.check for e in alone.evidence}


def test_refused_numbers_of_processes():
    with pytest.raises(InputError, match="jobs = 0"):
        runner.verify("batches", jobs=0)
    with pytest.raises(InputError, match="jobs = 2, but must be 1 for a subject of yours"):
        runner.verify("batches", jobs=2, subject=Subject())


@pytest.mark.parametrize(
    ("found", "needs", "lacking"),
    [
        (None, ("coqc",), "coqc"),
        (None, ("coqc", "mathcomp"), "coqc"),
        (Coq("coqc", "8.99", "", ""), ("coqc",), ""),
        (Coq("coqc", "8.99", "", ""), ("coqc", "mathcomp"), "mathcomp"),
        (Coq("coqc", "8.99", "3.0", ""), ("coqc", "mathcomp"), ""),
        (Coq("coqc", "8.99", "3.0", ""), ("coqc", "no_such_module"), "no_such_module"),
    ],
)
def test_a_check_can_need_coq(monkeypatch, found, needs, lacking):
    monkeypatch.setattr(runner, "find_coq", lambda: found)
    check = dataclasses.replace(fixed(Margin("x", 0.0, 1.0)), needs=needs)
    assert runner.run_check(check, Subject(), Settings()).lacking == lacking


def test_what_is_missing_is_told_with_what_installs_it():
    assert runner.remedy(["z3", "flint"]) == "pip install 'whichmin[proofs]'"
    assert runner.remedy(["coqc"]) == INSTALL
    assert runner.remedy(["mathcomp", "z3"]) == f"pip install 'whichmin[proofs]'; {INSTALL}"
    assert runner.remedy([]) == ""
