"""What Coq's kernel says of small theorems, right and wrong."""

import pytest
from toy import STATEMENTS, THEOREMS, TOY, changed, fake_coq, needs_coq, toy

from whichmin.errors import InputError, MissingDependency
from whichmin.verification.provers import kernel, proof_recheck
from whichmin.verification.provers.kernel import files_of, prove, select
from whichmin.verification.provers.proof_sources import Library


@pytest.fixture
def coq(own_cache):
    needs_coq()


def by_name(found):
    return {proof.name: proof for proof in found.proofs}


def test_theorems_are_proved_without_assumptions(coq):
    found = prove(proofs=toy())
    assert found.holds
    assert found.faults == ()
    assert [proof.name for proof in found.proofs] == ["zero", "one"]
    for proof in found.proofs:
        assert proof.proved
        assert proof.assumptions == ()
        assert proof.message == ""
        assert proof.file == "TheoremsToy.v"
        assert 0 < proof.seconds < proof.seconds_needed
        assert proof.date.startswith("20")
        assert proof.sources == toy().digest(TOY)
    assert by_name(found)["zero"].statement == "Definition zero : Prop := double 0 = 0."
    assert {file.name for file in found.files} == set(TOY)
    assert found.with_what.startswith(f"Coq {found.coq}, MathComp ")
    again = prove(proofs=toy(), fresh=False)
    assert all(file.before for file in again.files)
    assert [proof.seconds for proof in again.proofs] == [proof.seconds for proof in found.proofs]


def test_one_theorem_needs_less():
    proofs = toy(
        TheoremsToy=THEOREMS.replace("Theorem one : Statements.one.", "Lemma other : 1 < 2."),
        TheoremsMore=THEOREMS.replace("Theorem zero : Statements.zero.", "Lemma other : 0 = 0."),
        Definitions2="",
    )
    assert "TheoremsMore" not in files_of(["zero"], proofs)
    assert "TheoremsMore" in files_of(["one"], proofs)
    assert set(files_of([], proofs)) == set(proofs.texts)


LOCAL = "Theorem zero : Statements.zero.\nProof. reflexivity. Qed."
BY_AXIOM = LOCAL.replace("reflexivity", "exact a")
WRONG = {
    "a false statement": (
        changed("Statements", "double 0 = 0", "double 0 = 1"), {"zero": "TheoremsToy.v", "one": ""},
    ),
    "a false definition": (changed("Definitions", "n + n", "n + S n"), {"zero": "", "one": ""}),
    "an axiom": (
        changed("TheoremsToy", LOCAL, f"Axiom a : Statements.zero.\n{BY_AXIOM}"),
        {"zero": "Axiom is not allowed", "one": "Axiom is not allowed"},
    ),
    "an axiom in a lemma": (
        toy(Lemmas=TOY["Lemmas"].replace("Proof. reflexivity. Qed.", "Admitted.")),
        {"zero": "Lemmas.v, line 3: Admitted", "one": "Lemmas.v, line 3: Admitted"},
    ),
    "a variable outside a section": (
        toy(Lemmas=TOY["Lemmas"] + "Variable v : False.\n"),
        {"zero": "Variable", "one": "Variable"},
    ),
    "a theorem of something else": (
        changed("TheoremsToy", "Theorem zero : Statements.zero.", "Theorem zero : 0 = 0."),
        {"zero": "must be a theorem of one file, not of none"},
    ),
    "a file with an error": (
        changed("Lemmas", "reflexivity", "no_such_tactic"),
        {"zero": 'File "Lemmas.v", line 3', "one": ""},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("proofs", "told"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_not_proved_and_told(coq, proofs, told):
    found = prove(proofs=proofs)
    assert not found.holds
    missed = {proof.name: proof.message for proof in found.proofs if not proof.proved}
    assert set(missed) == set(told)
    for name, part in told.items():
        assert part in missed[name]


@pytest.mark.parametrize("which", sorted(WRONG.keys() - {"a variable outside a section"}))
def test_what_a_proof_uses_is_seen_by_the_kernel_too(coq, which, monkeypatch):
    """Without the scan of the sources; it says nothing of assumptions that nobody uses."""
    monkeypatch.setattr(Library, "faults", {})
    found = prove(proofs=unread(which))
    assert not all(proof.proved for proof in found.proofs)


def unread(which):
    """Wrong proofs of which nothing is known yet."""
    return Library(WRONG[which][0].texts)


def test_an_axiom_is_named(coq, monkeypatch):
    monkeypatch.setattr(Library, "faults", {})
    found = by_name(prove(proofs=unread("an axiom")))
    assert found["zero"].assumptions == ("TheoremsToy.a",)
    assert found["zero"].message == "it assumes TheoremsToy.a"
    assert found["one"].proved, "one failing theorem does not hide the others"


def test_switched_off_guards_are_named(coq, monkeypatch):
    monkeypatch.setattr(Library, "faults", {})
    loop = "Unset Guard Checking.\nFixpoint f (n : nat) {struct n} : 0 = 1 := f n.\n"
    loop += "Set Guard Checking.\n"
    proofs = toy(
        Statements=STATEMENTS.replace("double 0 = 0", "0 = 1"),
        TheoremsToy=THEOREMS.replace("Theorem zero", f"{loop}Theorem zero", 1).replace(
            "Proof. reflexivity. Qed.", "Proof. exact (f 0). Qed."
        ),
    )
    found = by_name(prove(proofs=proofs))
    assert not found["zero"].proved
    assert "f" in found["zero"].message
    assert found["one"].proved


def test_a_proof_of_something_else_does_not_hide_the_others(coq, monkeypatch):
    homes = {"zero": "TheoremsToy", "one": "TheoremsToy"}
    monkeypatch.setattr(Library, "faults", {})
    monkeypatch.setattr(Library, "homes", homes)
    proofs = changed(
        "TheoremsToy", "Theorem one : Statements.one.", "Theorem one : double 1 = 2 /\\ 1 < 2."
    )
    found = by_name(prove(proofs=proofs))
    assert found["zero"].proved
    assert found["one"].proved, "convertible types are the same type"
    proofs = changed(
        "TheoremsToy", "Statements.zero.\nProof. reflexivity", "1 = 1.\nProof. reflexivity"
    )
    found = by_name(prove(proofs=proofs))
    assert not found["zero"].proved
    assert "while it is expected to have type" in found["zero"].message
    assert found["one"].proved


def test_a_statement_must_be_closed(coq, monkeypatch):
    monkeypatch.setattr(Library, "faults", {})
    inside = STATEMENTS.replace(
        "(** Twice nothing", "Section S. Variable v : nat.\n(** Twice nothing"
    )
    proofs = toy(
        Statements=inside.replace("double 0 = 0.", "double v = v + v.") + "\nEnd S.\n",
        TheoremsToy=THEOREMS.replace(
            "Theorem zero : Statements.zero.", "Theorem zero : Statements.zero 0."
        ),
    )
    monkeypatch.setattr(Library, "homes", {"zero": "TheoremsToy", "one": "TheoremsToy"})
    found = by_name(prove(proofs=proofs))
    assert not found["zero"].proved
    assert found["one"].proved


@pytest.mark.parametrize(
    ("answer", "assumed"),
    [
        (kernel.CLOSED, ()),
        (f"{kernel.CLOSED} ", (f"{kernel.CLOSED} ",)),
        ("Axioms:\nA.ax : forall x,\n  x = 1\nb : False", ("A.ax", "b")),
        ("", ("no answer",)),
        ("something unknown", ("something unknown",)),
    ],
)
def test_answers_are_read_strictly(answer, assumed):
    assert kernel._assumed(answer) == assumed


def test_a_coq_that_says_nothing_proves_nothing(tmp_path, monkeypatch, own_cache):
    fake_coq(tmp_path / "bin", monkeypatch)
    assert prove(proofs=toy()).holds  # it plays Coq well enough
    program = tmp_path / "bin" / "coqc"
    program.write_text(
        program.read_text().replace('print("Closed under the global context")', "pass")
    )
    found = prove(proofs=toy(), fresh=True)
    assert not any(proof.proved for proof in found.proofs)
    program.write_text(program.read_text().replace("print(mark)", "pass"))
    assert not any(proof.proved for proof in prove(proofs=toy(), fresh=True).proofs)


def test_answers_are_kept_and_only_good_ones(coq, monkeypatch):
    asked = []
    ask = kernel._ask
    monkeypatch.setattr(kernel, "_ask", lambda *rest: asked.append(rest) or ask(*rest))
    for _ in range(2):
        assert prove(proofs=toy()).holds
    assert len(asked) == 1
    assert prove("zero", proofs=toy()).holds  # another question
    assert prove(proofs=toy(), fresh=True).holds
    assert len(asked) == 3
    wrong = changed("Statements", "double 0 = 0", "double 0 = 1")
    for _ in range(2):
        assert not prove(proofs=wrong).holds


def test_unknown_names_get_the_three_nearest():
    with pytest.raises(InputError, match="the nearest are one, zero"):
        select(["on"], toy())
    assert select(["one", "zero"], toy()) == ("zero", "one")
    assert select([], toy()) == ("zero", "one")


def test_jobs_are_checked_and_coq_is_asked_for(tmp_path, monkeypatch):
    with pytest.raises(InputError, match="jobs = 0"):
        prove(proofs=toy(), jobs=0)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingDependency, match="apt-get install"):
        prove(proofs=toy())


SUMMARY = """
CONTEXT SUMMARY
===============

* Theory: Set is predicative

* Axioms:
    Coq.Floats.PrimFloat.add
    Coq.Floats.PrimFloat.sub

* Constants/Inductives relying on type-in-type: <none>

* Constants/Inductives relying on unsafe (co)fixpoints: <none>

* Inductives whose positivity is assumed: <none>
"""


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("    Coq.Floats.PrimFloat.sub", "    Whichmin.Lemmas.ax", "Axioms: Whichmin.Lemmas.ax"),
        ("unsafe (co)fixpoints: <none>", "unsafe (co)fixpoints:\n    Whichmin.A.f", "Whichmin.A.f"),
        ("Set is predicative", "Set is impredicative", "theory"),
        ("* Axioms:", "* Axiom:", "says nothing of: Axioms"),
        ("type-in-type: <none>", "type-in-type: Whichmin.B", "type-in-type: Whichmin.B"),
    ],
)
def test_the_summary_of_the_checker_is_read(old, new, told):
    found, wrong = proof_recheck.summary(SUMMARY)
    assert wrong == []
    assert found["Axioms"] == ["Coq.Floats.PrimFloat.add", "Coq.Floats.PrimFloat.sub"]
    assert SUMMARY.count(old) == 1
    _, wrong = proof_recheck.summary(SUMMARY.replace(old, new))
    assert any(told in line for line in wrong)


def test_the_checker_checks_again(coq, monkeypatch):
    found = prove(proofs=toy(), deep=True)
    assert found.holds
    assert found.recheck.startswith("coqchk: 4 files hold")
    monkeypatch.setattr(Library, "faults", {})
    found = prove(proofs=unread("an axiom"), deep=True)
    assert found.faults == ("coqchk: Axioms: Whichmin.TheoremsToy.a",)
