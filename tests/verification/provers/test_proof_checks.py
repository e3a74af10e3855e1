"""The checks ``kernel.NAME``, and that each can fail."""

import os
from dataclasses import replace

import pytest
from toy import TOY, changed, needs_coq, toy

from whichmin.verification.evidence.check import Settings
from whichmin.verification.evidence.claim import Claim
from whichmin.verification.evidence.record import digest
from whichmin.verification.evidence.runner import run_check
from whichmin.verification.evidence.source_files import Sources
from whichmin.verification.provers.proof_checks import kernel_check, kernel_checks, theorem_of
from whichmin.verification.provers.proof_sources import library
from whichmin.verification.topics import all_checks
from whichmin.words import TOPICS, EvidenceKind, Verdict

OURS = [check for check in all_checks() if check.kind is EvidenceKind.KERNEL]


def run(check, **settings):
    return run_check(check, None, Settings(**settings))


def test_there_is_one_check_a_theorem():
    assert [check.id for check in OURS] == [f"kernel.{name}" for name in library().statements]
    assert all(check.topic in TOPICS for check in OURS)
    assert all(check.needs == ("coqc", "mathcomp") for check in OURS)
    assert all(check.shows == () for check in OURS)


@pytest.mark.parametrize("check", OURS, ids=lambda check: check.id)
def test_a_changed_statement_or_definition_is_noticed(check):
    name = theorem_of(check.id)
    stated = library().statements[name]
    assert check.statement == stated.prose
    assert f"statement = {stated.text}" in check.states
    for change in ({"statement": stated.text + " "}, {"definitions": "0" * 16}):
        first = next(iter(check.changed(**change).measure(None, Settings())))
        assert first.ratio > 1
        assert f"Statements.{name} or Definitions is not what is stated" in first.what


def test_states_change_with_the_statement_and_the_definitions():
    check = kernel_check("zero", "sgd", toy())
    comment = kernel_check("zero", "sgd", changed("Definitions", "A model", "The model"))
    assert comment.states == check.states
    statement = kernel_check("zero", "sgd", changed("Statements", "double 0 = 0", "double 0 <= 0"))
    assert statement.states != check.states
    definition = kernel_check("zero", "sgd", changed("Definitions", "n + n", "2 * n"))
    assert definition.states != check.states


def test_a_theorem_that_is_proved_holds(own_cache):
    needs_coq()
    check = kernel_check("one", "sgd", toy())
    assert check.needs == ("coqc",)
    found = run(check)
    assert found.holds, found.message
    assert found.worst == 0
    assert found.kind is EvidenceKind.KERNEL
    (compiled,) = found.found
    assert compiled.startswith("compiled 20")
    assert "with Coq " in compiled
    assert f"sources {toy().digest(TOY)}; axioms: none" in compiled
    deep = run(check, deep=True)
    assert deep.holds
    assert "coqchk: 4 files hold" in deep.found[-1]


@pytest.mark.parametrize(
    ("proofs", "told"),
    [
        (changed("Statements", "double 0 = 0", "double 0 = 1"), 'not proved: File "TheoremsToy.v"'),
        (changed("Lemmas", "reflexivity. Qed", "Admitted"), "Admitted is not allowed"),
        (changed("Lemmas", "reflexivity. Qed", "nonsense. Qed"), 'not proved: File "Lemmas.v"'),
    ],
)  # fmt: skip
def test_a_theorem_that_is_not_proved_fails(own_cache, proofs, told):
    needs_coq()
    found = run(kernel_check("zero", "sgd", proofs))
    assert not found.holds
    assert told in found.message


def test_without_coq_it_is_not_run(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    found = run(OURS[0])
    assert found.lacking == "coqc"
    assert not found.ran
    assert not found.message


def test_a_check_belongs_to_the_topic_of_the_claim_that_rests_on_it():
    name = next(iter(library().statements))
    one = Claim(
        "a.b", "It is.", ("whichmin",), Verdict.CHECKED, evidence=(f"kernel.{name}",), topic="noise"
    )
    two = replace(one, id="c.d", topic="sgd")
    assert kernel_checks((one, two))[0].topic == "noise"
    assert kernel_checks((replace(one, evidence=(), support=one.evidence), two))[0].topic == "noise"
    by_name = {check.id: check.topic for check in kernel_checks(())}
    topics = {"TheoremsDescent": "descent", "TheoremsHessian": "hessian", "TheoremsSgd": "sgd"}
    found = [(by_name[f"kernel.{n}"], topics[h]) for n, h in library().homes.items() if h in topics]
    assert len({topic for topic, _ in found}) == 3
    assert all(topic == named for topic, named in found)


def test_the_digest_of_the_evidence_knows_every_file_that_the_theorem_needs(scratch):
    check = OURS[0]
    before = digest(check, scratch)
    assert len(check.reads) > 3
    for node in check.reads:
        path = scratch.files[node]
        text = path.read_bytes()
        path.write_bytes(text + b"\n")
        assert digest(check, Sources(scratch._folders)) != before, node
        path.write_bytes(text)
    assert digest(check, Sources(scratch._folders)) == before


def test_only_theorems_have_such_a_check():
    assert theorem_of("kernel.nothing") == ""
    assert theorem_of("walk.gain") == ""
    assert theorem_of("kernel.zero", toy()) == "zero"


@pytest.mark.skipif(not os.environ.get("WHICHMIN_REQUIRE_COQ"), reason="only where Coq must be")
def test_coq_is_there_where_it_must_be():
    needs_coq()
