"""The ledger notices when it is made to say more than its evidence shows.

Each mutant changes a claim, its parts or their source as somebody in a hurry would. What notices it
is stated: words that no formula binds (``words``), parts that state something else (``parts``),
steps (``steps``), a verdict that no longer follows (``verdict``), an attack (``attack``), or
evidence of other code (``source``). Mutants of derivations are beside the derivations.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from fractions import Fraction

import pytest

from whichmin.verification.evidence.check import Evidence, Settings
from whichmin.verification.evidence.claim import ArgumentStep, Claim
from whichmin.verification.evidence.decision import covered, decide, faults, fingerprint
from whichmin.verification.evidence.falsifier import attack_of, hunt
from whichmin.verification.evidence.record import on_file
from whichmin.verification.evidence.runner import run_check
from whichmin.verification.evidence.statement import numerals
from whichmin.verification.provers.proof_checks import kernel_check
from whichmin.verification.provers.proof_sources import Library, library
from whichmin.verification.topics import all_checks, all_claims
from whichmin.words import EvidenceKind, Verdict

CHECKS = {check.id: check for check in all_checks()}
FORMAL = [claim for claim in all_claims() if claim.formal is not None]
CERTAIN = {Verdict.PROVED, Verdict.ARGUED}


def another(numeral):
    """A number that the claim does not hold, written as the numeral is."""
    return str(Fraction(numeral.strip()) + Fraction(7, 1))


def constant_in_words():
    for claim in FORMAL:
        if found := sorted(n for n in numerals(claim.statement) if not n.startswith("^")):
            changed = re.sub(rf"(?<![\w./]){re.escape(found[-1])}(?![\w.]*/)", another(found[-1]),
                             claim.statement, count=1)  # fmt: skip
            if changed != claim.statement:
                yield claim, replace(claim, statement=changed), "words"


def other_evidence():
    """An identity that has nothing to do with the claim, in its place and beside it."""
    unrelated = next(c for c in all_checks() if c.kind is EvidenceKind.IDENTITY)
    for claim in FORMAL[::3]:
        if unrelated.id not in claim.evidence and claim.counterexample is None:
            yield claim, replace(claim, evidence=(unrelated.id,)), "parts"
            yield claim, replace(claim, evidence=(*claim.evidence, unrelated.id)), "parts"


def part_removed():
    for claim in FORMAL[::2]:
        if len(claim.evidence) > 1:
            yield claim, replace(claim, evidence=claim.evidence[:-1]), "parts"


def argument_removed():
    for claim in FORMAL[::4]:
        if claim.argument and claim.verdict is Verdict.ARGUED:
            yield claim, replace(claim, argument=(), verdict=Verdict.PROVED), "verdict"
            step = ArgumentStep("It is well known.", ("cyclic.nothing",))
            yield claim, replace(claim, argument=(*claim.argument, step)), "steps"


def called_proved():
    for claim in FORMAL[1::4]:
        if claim.verdict is Verdict.ARGUED:
            yield claim, replace(claim, verdict=Verdict.PROVED), "verdict"


MUTANTS = [
    (f"{make.__name__}: {claim.id}", changed, by)
    for make in (
        constant_in_words, other_evidence, part_removed, argument_removed, called_proved
    )
    for claim, changed, by in make()
]  # fmt: skip
TOLD = {
    "words": "is in none of its formulas",
    "parts": "when it was read they stated",
    "steps": "which is no part of the claim",
    "verdict": "stated as",
}


@pytest.mark.parametrize(("changed", "by"), [m[1:] for m in MUTANTS], ids=[m[0] for m in MUTANTS])
def test_a_changed_claim_is_noticed(changed, by):
    decision = decide(changed, on_file(), CHECKS)
    assert not decision.stands
    assert TOLD[by] in decision.reason


@pytest.mark.parametrize("claim", FORMAL[::5], ids=lambda claim: claim.id)
def test_a_weakened_lemma_is_noticed(claim):
    """Any change of what a part states, by a character."""
    if claim.evidence:
        name = claim.evidence[0]
        weaker = replace(CHECKS[name], shows=(*CHECKS[name].shows, "1 < 2"))
        assert TOLD["parts"] in "; ".join(faults(claim, {**CHECKS, name: weaker}))


NEEDED = [
    (claim, words) for claim in FORMAL for words, _ in claim.formal.needed
]  # fmt: skip


@pytest.mark.parametrize(
    ("claim", "words"), NEEDED[::4], ids=[f"{c.id} without {w}" for c, w in NEEDED[::4]]
)
def test_a_dropped_hypothesis_is_refuted(claim, words):
    """The case that shows the need, and the hunt, which does not know it."""
    formal = claim.formal
    dropped = replace(formal, given=tuple(g for g in formal.given if g[0] != words), needed=())
    case = formal.at(dict(dict(formal.needed)[words]))
    assert dropped.applies(case)
    assert not dropped.concluded(case)


@pytest.mark.parametrize("claim", FORMAL[::6], ids=lambda claim: claim.id)
def test_a_negated_conclusion_is_refuted(claim):
    if claim.counterexample is None:
        formal = claim.formal
        negated = replace(formal, then=(("", f"not ({formal.then[0][1]})"),))
        assert hunt(negated, 100, 0).counterexample


def constants_changed(formal):
    """Each number of the conclusions in its turn, one more than it is."""
    for place, (words, formula) in enumerate(formal.then):
        for found in re.finditer(r"(?<![\w.\]])\d+(?![\w.])", formula):
            changed = formula[: found.start()] + str(int(found[0]) + 1) + formula[found.end() :]
            then = (*formal.then[:place], (words, changed), *formal.then[place + 1 :])
            yield replace(formal, then=then)


# In these the numbers are indices, or say how closely two numbers agree, or are bounds of which a
# weaker one is true as well.
ANY_NUMBER_WILL_DO = {
    "walk.suffices",
    "selection.arcsine_bound",
    "measures.keskar_relu",
    "stationary.exit_time",
}


@pytest.mark.parametrize(
    "claim",
    [
        c for c in FORMAL
        if c.counterexample is None and c.id not in ANY_NUMBER_WILL_DO
        and any(True for _ in constants_changed(c.formal))
    ],
    ids=lambda claim: claim.id,
)  # fmt: skip
def test_a_constant_changed_in_the_conclusion_is_noticed(claim):
    """Its words do not fit any more, no part shows it, or the attack finds it false."""
    for formal in constants_changed(claim.formal):
        changed = replace(claim, formal=formal)
        if (
            faults(changed, CHECKS)
            or not run_check(attack_of(changed), None, Settings(examples=100)).holds
        ):
            return
        if claim.verdict is Verdict.PROVED and not covered(changed, CHECKS):
            return
    pytest.fail("no constant of the conclusion matters")


THEOREMS = [check for check in all_checks() if check.kind is EvidenceKind.KERNEL]


def of_the_kernel(check, **more):
    """The claim that a theorem is, as a person read it."""
    whole = Claim(
        "made.up", check.statement, ("whichmin",), Verdict.CHECKED, evidence=(check.id,),
        topic=check.topic,
    )  # fmt: skip
    return replace(whole, **{"parts": fingerprint(whole, CHECKS), **more})


def kernel_mutants(check):
    """The claim, made to say more, with what tells of it."""
    other = THEOREMS[THEOREMS.index(check) - 1]
    step = ArgumentStep("It follows.", (check.id,))
    yield of_the_kernel(check, evidence=(other.id,)), "parts"
    yield of_the_kernel(check, evidence=(check.id, other.id)), "parts"
    yield of_the_kernel(check, parts=""), "parts"
    yield of_the_kernel(check, argument=(step,)), "verdict"
    yield of_the_kernel(check, verdict=Verdict.PROVED), "verdict"


@pytest.mark.parametrize("check", THEOREMS, ids=lambda check: check.id)
def test_a_changed_claim_that_rests_on_the_kernel_is_noticed(check):
    held = {
        c.id: Evidence(c.id, c.statement, c.kind, c.bound, True, 2, 0.0, "", 1.0, 0)
        for c in THEOREMS
    }
    assert decide(of_the_kernel(check), held, CHECKS).verdict is Verdict.CHECKED
    for claim, by in kernel_mutants(check):
        decision = decide(claim, held, CHECKS)
        assert not decision.stands
        assert TOLD[by] in decision.reason


@pytest.mark.parametrize("check", THEOREMS[::10], ids=lambda check: check.id)
def test_another_statement_or_definition_in_coq_is_noticed(check):
    texts, name = library().texts, check.id.removeprefix("kernel.")
    stated = library().statements[name]
    for file, old, new in (
        ("Statements", stated.text, f"{stated.text[:-1]} \\/ True."),
        ("Statements", stated.comment, "(** It holds, for some parameters. *)"),
        ("Definitions", texts["Definitions"], texts["Definitions"].replace("2%:R^-1", "3%:R^-1")),
    ):
        assert texts[file].count(old) == 1
        assert old != new
        changed = Library({**texts, file: texts[file].replace(old, new)})
        other = {**CHECKS, check.id: kernel_check(name, check.topic, changed)}
        assert TOLD["parts"] in "; ".join(faults(of_the_kernel(check), other))


def test_there_are_enough_mutants():
    count = Counter(name.partition(":")[0] for name, _, _ in MUTANTS)
    assert len(count) == 5
    assert len(MUTANTS) >= 60
