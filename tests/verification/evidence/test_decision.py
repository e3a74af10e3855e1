"""Verdicts are decided by evidence: a false claim is caught, whatever the kind of evidence."""

import math
from dataclasses import replace

import pytest

from whichmin.verification.evidence import decision as deciding
from whichmin.verification.evidence.check import Check, Evidence, Margin, Settings
from whichmin.verification.evidence.claim import ArgumentStep, Claim, Counterexample
from whichmin.verification.evidence.decision import (
    AMOUNTS_TO,
    covered,
    faults,
    fingerprint,
)
from whichmin.verification.evidence.runner import run_check
from whichmin.verification.evidence.statement import Statement
from whichmin.verification.evidence.subject import default_subject
from whichmin.verification.provers.proof_checks import kernel_check
from whichmin.verification.provers.proof_sources import Library
from whichmin.verification.topics import all_checks
from whichmin.words import EvidenceKind, Verdict


def example():
    """A counterexample."""


EXAMPLE = Counterexample("a case", "1", example)
FORMAL = Statement(
    (("x", "fractions(0, 1)"),), (("x is at most 1/2", "x <= 1/2"),), (("", "x*(1 - x) <= 1/4"),)
)


def bare(name):
    return Check(name, "a statement", EvidenceKind.PROPERTY, "a reason", list)


CHECKS = {name: bare(name) for name in ("topic.check", "topic.more", "topic.proof", "a.b", "c.d")}


def decide(claim, records, checks=CHECKS):
    return deciding.decide(claim, records, checks)


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
    if right is Verdict.PROVED:
        right = Verdict.ARGUED  # the check shows no formal statement
    decision = decide(claim(right), records)
    assert decision.stands
    assert decision.verdict is right
    assert decision.weakest is kind
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


def test_support_that_fails_takes_the_verdict_with_it():
    records = {"topic.check": evidence(), "topic.more": evidence("topic.more", error=math.nan)}
    decision = decide(claim(Verdict.VERIFIED, support=("topic.more",)), records)
    assert not decision.stands
    assert "topic.more" in decision.reason


def test_support_decides_nothing():
    records = {"topic.more": evidence("topic.more", EvidenceKind.IDENTITY)}
    only = claim(Verdict.PROVED, evidence=(), support=("topic.more",))
    assert decide(only, records).verdict is Verdict.OPEN
    assert not decide(only, records).stands
    assert decide(replace(only, verdict=Verdict.OPEN), records).stands
    both = claim(Verdict.VERIFIED, support=("topic.more",))
    assert decide(both, records | {"topic.check": evidence()}).verdict is Verdict.VERIFIED


def test_the_weakest_part_counts():
    records = {
        "topic.check": evidence(),
        "topic.proof": evidence("topic.proof", EvidenceKind.SMT),
    }
    both = claim(Verdict.VERIFIED, evidence=("topic.check", "topic.proof"))
    assert decide(both, records).verdict is Verdict.VERIFIED


def proof(*shows):
    return {
        "topic.check": Check(
            "topic.check", "x (1 - x) is small", EvidenceKind.SMT, "", list, shows=shows
        )
    }


@pytest.mark.parametrize(
    ("shows", "proved"),
    [
        (("x <= 1/2 => x*(1-x) <= 1/4",), True),
        (("x*(1 - x)<=1/4",), True),
        (("x <= 1/3 => x*(1 - x) <= 1/4",), False),
        (("x <= 1/2 => x*(1 - x) <= 1/3",), False),
        ((), False),
    ],
)
def test_proved_needs_parts_that_show_the_statement_as_it_stands(shows, proved):
    checks = proof(*shows)
    whole = claim(Verdict.PROVED, formal=FORMAL)
    whole = replace(whole, parts=fingerprint(whole, checks))
    assert covered(whole, checks) is proved
    records = {"topic.check": evidence(kind=EvidenceKind.SMT)}
    records["attack.topic.claim"] = evidence("attack.topic.claim", EvidenceKind.ATTACK)
    assert decide(whole, records, checks).stands is proved
    argued = replace(whole, argument=(ArgumentStep("So it is.", ("topic.check",)),))
    assert decide(argued, records, checks).verdict is Verdict.ARGUED
    assert "the reader for step 1" in decide(argued, records, checks).trusted


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({}, ""),
        ({"statement": "x (1 - x) is at most 1/3."}, "the number 1/3 of the statement"),
        ({"statement": "x is at most half."}, ""),
        ({"argument": (ArgumentStep("So.", ("topic.other",)),)}, "step 1 uses topic.other"),
        ({"argument": (ArgumentStep("So.", ("1",)),)}, "step 1 uses 1"),
        ({"argument": (ArgumentStep("So."),)}, "step 1 does not say what it uses"),
        ({"argument": (ArgumentStep("So.", ("walk.gain",)),)}, "no step of the argument"),
        ({"evidence": ("topic.other",)}, "there is no check topic.other"),
        ({"parts": "01234567"}, "its parts state"),
        ({"formal": replace(FORMAL, given=(("x is at most 1/3", "x <= 1/2"),))}, "the number 1/3"),
    ],
)  # fmt: skip
def test_what_is_bound_to_nothing_is_told(change, fault):
    checks = proof("x <= 1/2 => x*(1 - x) <= 1/4")
    sound = claim(Verdict.PROVED, formal=FORMAL)
    sound = replace(sound, parts=fingerprint(sound, checks))
    found = faults(replace(sound, **change), checks)
    assert bool(found) == bool(fault)
    assert fault in "; ".join(found)
    if fault:
        assert not decide(replace(sound, **change), {}, checks).stands


def built(bound="1/4"):
    return f"x*(1 - x) <= {bound}"


def other():
    return "x*(1 - x) <= 1/3"


def test_a_lemma_that_a_function_builds_is_part_of_what_is_stated():
    def measure(among=built):
        return [among]

    def weaker(among=other):
        return [among]

    first, second = (replace(bare("topic.check"), measure=m) for m in (measure, weaker))
    assert first.states != second.states
    assert first.states == replace(first).states


def test_a_part_that_states_something_else_is_noticed():
    checks = proof("x <= 1/2 => x*(1 - x) <= 1/4")
    sound = claim(Verdict.PROVED, formal=FORMAL)
    sound = replace(sound, parts=fingerprint(sound, checks))
    (told,) = faults(sound, proof("x <= 1/3 => x*(1 - x) <= 1/4"))
    assert f"when it was read they stated {sound.parts}" in told


def test_a_counterexample_refutes():
    refuted = claim(Verdict.REFUTED, counterexample=EXAMPLE)
    assert decide(refuted, {"topic.check": evidence()}).verdict is Verdict.REFUTED
    assert not decide(refuted, {"topic.check": evidence(error=2)}).stands
    assert not decide(replace(refuted, counterexample=None), {"topic.check": evidence()}).stands


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


TOY = {
    "Definitions": "(** Twice. *)\nDefinition double (n : nat) : nat := n + n.\n",
    "Statements": "From Whichmin Require Import Definitions.\n(** Twice nothing is nothing. *)\n"
    "Definition zero : Prop := double 0 = 0.\n",
    "TheoremsToy": "From Whichmin Require Statements.\nTheorem zero : Statements.zero.\n"
    "Proof. reflexivity. Qed.\n",
}


def theorem(**changes):
    """The check of a theorem, beside others, with its evidence."""
    checked = kernel_check("zero", "sgd", Library({**TOY, **changes}))
    checks = {**CHECKS, **proof("x <= 1/2 => x*(1 - x) <= 1/4"), checked.id: checked}
    held = Evidence(
        checked.id, checked.statement, checked.kind, checked.bound, True, 3, 0.0, "", 1.0, 0
    )
    return checks, {checked.id: held, "topic.check": evidence(kind=EvidenceKind.SMT)}


def checked_claim(checks, **more):
    whole = claim(Verdict.CHECKED, **{"evidence": ("kernel.zero",), **more})
    return replace(whole, parts=fingerprint(whole, checks))


def test_a_theorem_of_the_kernel_is_checked():
    checks, records = theorem()
    decision = decide(checked_claim(checks), records, checks)
    assert decision.stands
    assert decision.verdict is Verdict.CHECKED
    assert decision.weakest is EvidenceKind.KERNEL
    assert decision.trusted == "Coq's kernel, and the definitions that the statement is in"


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        ({"argument": (ArgumentStep("So it is.", ("kernel.zero",)),)}, Verdict.ARGUED),
        ({"evidence": ("kernel.zero", "topic.check")}, Verdict.ARGUED),
        ({"evidence": ("topic.check",)}, Verdict.ARGUED),
        ({"evidence": ("topic.check",), "support": ("kernel.zero",)}, Verdict.ARGUED),
        ({"evidence": (), "support": ("kernel.zero",)}, Verdict.OPEN),
        ({"counterexample": EXAMPLE}, Verdict.REFUTED),
    ],
)
def test_what_is_more_than_the_theorem_is_not_checked(change, verdict):
    checks, records = theorem()
    decision = decide(checked_claim(checks, **change), records, checks)
    assert not decision.stands
    assert decision.verdict is verdict
    assert decide(replace(checked_claim(checks, **change), verdict=verdict), records, checks).stands


def test_a_formal_statement_of_ours_beside_it_makes_no_difference():
    checks, records = theorem()
    records["attack.topic.claim"] = evidence("attack.topic.claim", EvidenceKind.ATTACK)
    whole = checked_claim(checks, formal=FORMAL)
    assert decide(whole, records, checks).verdict is Verdict.CHECKED
    mixed = checked_claim(checks, formal=FORMAL, evidence=("kernel.zero", "topic.check"))
    assert decide(mixed, records, checks).verdict is Verdict.PROVED
    failed = evidence("attack.topic.claim", EvidenceKind.ATTACK, error=2.0)
    assert not decide(whole, records | {"attack.topic.claim": failed}, checks).stands


@pytest.mark.parametrize(
    "changes",
    [
        {"Statements": TOY["Statements"].replace("double 0 = 0", "double 0 <= 0")},
        {"Statements": TOY["Statements"].replace("nothing is nothing", "nothing is something")},
        {"Definitions": TOY["Definitions"].replace("n + n", "n + n + n")},
    ],
)
def test_a_theorem_that_states_something_else_is_noticed(changes):
    before, records = theorem()
    checks, _ = theorem(**changes)
    decision = decide(checked_claim(before), records, checks)
    assert not decision.stands
    assert "its parts state" in decision.reason
    assert decide(checked_claim(checks), records, checks).stands


def test_a_checked_claim_must_say_what_was_read():
    checks, records = theorem()
    unread = replace(checked_claim(checks), parts="")
    assert "when it was read they stated nothing" in decide(unread, records, checks).reason


def test_other_claims_without_a_formal_statement_need_no_fingerprint():
    assert faults(claim(Verdict.VERIFIED), CHECKS) == []


def test_a_proof_does_not_change_what_it_states():
    before, records = theorem()
    checks, _ = theorem(TheoremsToy=TOY["TheoremsToy"].replace("reflexivity", "exact eq_refl"))
    assert decide(checked_claim(before), records, checks).stands
    comment, _ = theorem(Definitions=TOY["Definitions"].replace("Twice.", "Two times."))
    assert decide(checked_claim(before), records, comment).stands


def test_a_theorem_that_was_not_proved_decides_nothing():
    checks, records = theorem()
    held = records["kernel.zero"]
    whole = checked_claim(checks)
    failed = decide(whole, {"kernel.zero": replace(held, holds=False, message="no")}, checks)
    assert not failed.stands
    assert failed.verdict is None
    lacking = decide(whole, {"kernel.zero": replace(held, holds=False, lacking="coqc")}, checks)
    assert lacking.stands
    assert lacking.verdict is None
    assert lacking.reason == "evidence was not run: coqc not installed"
