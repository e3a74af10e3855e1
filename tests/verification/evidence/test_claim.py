"""Verdicts are decided by evidence: a false claim is caught, whatever the kind of evidence."""

import math
from dataclasses import replace

import pytest

from whichmin.errors import InputError
from whichmin.verification.evidence.check import Check, Margin, Settings
from whichmin.verification.evidence.claim import (
    AMOUNTS_TO,
    RUNS,
    Claim,
    Counterexample,
    counterexample,
    decide,
)
from whichmin.verification.evidence.runner import run_check
from whichmin.verification.evidence.subject import default_subject
from whichmin.verification.topics import all_checks
from whichmin.words import EvidenceKind, Verdict


@counterexample("topic.claim")
def example():
    # A comment is shown, too.
    for k in (1, 2):
        print(k)


EXAMPLE = Counterexample("a case", "1\n2", example)


def evidence(name="topic.check", kind=EvidenceKind.PROPERTY, error=0.5, **more):
    check = Check(
        name, "a statement", kind, "a reason", lambda *_: [Margin("x", error, 1.0)], **more
    )
    return run_check(check, default_subject(), Settings())


def claim(verdict, **more):
    more.setdefault("evidence", ("topic.check",))
    return Claim("topic.claim", "a statement", ("article2025, somewhere",), verdict, **more)


@pytest.mark.parametrize("kind", EvidenceKind)
def test_each_kind_of_evidence_carries_its_verdict_and_no_other(kind):
    records = {"topic.check": evidence(kind=kind, false_alarm=1e-7)}
    right = AMOUNTS_TO[kind]
    decision = decide(claim(right), records)
    assert decision.stands
    assert decision.verdict is right
    assert decision.strongest is kind
    assert decision.cases == 1
    assert decision.worst == 0.5
    for wrong in set(Verdict) - {right}:
        decision = decide(claim(wrong), records)
        assert not decision.stands
        assert f"stated as {wrong}, the evidence says {right}" in decision.reason


@pytest.mark.parametrize("kind", EvidenceKind)
def test_evidence_that_fails_takes_the_verdict_with_it(kind):
    records = {"topic.check": evidence(kind=kind, error=1.5)}
    for verdict, more in ((AMOUNTS_TO[kind], {}), (Verdict.REFUTED, {"counterexample": EXAMPLE})):
        decision = decide(claim(verdict, **more), records)
        assert not decision.stands
        assert decision.verdict is None
        assert "evidence fails: topic.check" in decision.reason


def test_a_lemma_that_fails_takes_the_verdict_with_it():
    records = {"topic.check": evidence(), "topic.lemma": evidence("topic.lemma", error=math.nan)}
    decision = decide(claim(Verdict.VERIFIED, lemmas=("topic.lemma",)), records)
    assert not decision.stands
    assert "topic.lemma" in decision.reason


def test_a_lemma_alone_decides_nothing():
    records = {"topic.lemma": evidence("topic.lemma", EvidenceKind.IDENTITY)}
    only = claim(Verdict.PROVED, evidence=(), lemmas=("topic.lemma",))
    assert decide(only, records).verdict is Verdict.OPEN
    assert not decide(only, records).stands
    assert decide(replace(only, verdict=Verdict.OPEN), records).stands


def test_the_strongest_evidence_counts():
    records = {
        "topic.check": evidence(),
        "topic.proof": evidence("topic.proof", EvidenceKind.SMT),
    }
    both = claim(Verdict.PROVED, evidence=("topic.check", "topic.proof"))
    assert decide(both, records).verdict is Verdict.PROVED


def test_a_counterexample_refutes():
    refuted = claim(Verdict.REFUTED, counterexample=EXAMPLE)
    assert decide(refuted, {"topic.check": evidence()}).verdict is Verdict.REFUTED
    assert not decide(refuted, {"topic.check": evidence(error=2)}).stands
    assert not decide(replace(refuted, counterexample=None), {"topic.check": evidence()}).stands


def test_a_counterexample_is_shown_as_a_script(capsys):
    assert RUNS["topic.claim"] is example
    assert EXAMPLE.code == ("# A comment is shown, too.\nfor k in (1, 2):\n    print(k)\n")
    with pytest.raises(InputError, match="must have one counterexample: example"):
        counterexample("topic.claim")(print)
    EXAMPLE.run()
    assert capsys.readouterr().out.strip() == EXAMPLE.prints


def test_evidence_that_was_not_run_decides_nothing_and_says_why():
    decision = decide(claim(Verdict.VERIFIED), {})
    assert decision.verdict is None
    assert decision.stands
    assert decision.reason == "evidence was not run: topic.check"
    without = evidence(needs=("no_such_module",))
    assert not without.ran
    assert not without.holds
    assert without.cases == 0
    decision = decide(claim(Verdict.VERIFIED), {"topic.check": without})
    assert decision.verdict is None
    assert "no_such_module not installed" in decision.reason


def test_false_alarms_add_up():
    records = {
        name: evidence(name, EvidenceKind.STATISTICS, false_alarm=1e-7) for name in ("a.b", "c.d")
    }
    decision = decide(claim(Verdict.SUPPORTED, evidence=("a.b", "c.d")), records)
    assert decision.false_alarm == pytest.approx(2e-7)


def test_statistics_state_their_false_alarm_rate():
    for check in all_checks():
        statistics = check.kind is EvidenceKind.STATISTICS
        assert (0 < check.false_alarm <= 1e-4) == statistics, check.id
