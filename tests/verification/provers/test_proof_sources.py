"""What is read from the files, and what they must not hold."""

import re
from collections import Counter

import pytest
from toy import LEMMAS, STATEMENTS, THEOREMS, TOY, changed, toy

from whichmin.errors import InputError
from whichmin.verification.provers.proof_sources import (
    Library,
    blank,
    forbidden,
    library,
    sentences,
    uncommented,
)


@pytest.mark.parametrize(
    ("source", "bare"),
    [
        ("a (* b *) c", "a         c"),
        ("a (* (* b *) c *) d", "a" + 17 * " " + "d"),
        ('(* " *) " *) d', 13 * " " + "d"),
        ('"(* b" c', '"    " c'),
        ('"a""b" c', '" "" " c'),
        ("(*) a *) b", "         b"),
        ("a *) b", "a *) b"),
        ("(* a\n b *)\nc", "    \n     \nc"),
    ],
)
def test_comments_and_strings_become_spaces(source, bare):
    assert blank(source) == bare


@pytest.mark.parametrize("source", ["(* a", '"a', "(* (* a *)", '(* " *)'])
def test_what_has_no_end_is_refused(source):
    with pytest.raises(InputError, match="must end every comment"):
        blank(source)


def test_comments_and_layout_say_nothing_to_coq():
    assert uncommented('a  (* b *)\n c "d  (* e".') == 'a c "d  (* e".'
    same = changed("Definitions", "A model", "Another model")
    assert same.definitions == toy().definitions
    assert same.digest(["Definitions"]) != toy().digest(["Definitions"])
    other = changed("Definitions", "n + n", "n + S n")
    assert other.definitions != toy().definitions


def test_a_sentence_ends_at_a_full_stop_before_a_space():
    code = 'Check a.b. Notation " x .. y " := 1.\nLemma c : d.(e) = 0. Proof'
    assert [code[i:j] for i, j in sentences(code)] == [
        "Check a.b.", "Notation \" x .. y \" := 1.", "Lemma c : d.(e) = 0.", "Proof",
    ]  # fmt: skip


REFUSED = [
    ("Axiom a : False.", "line 1: Axiom"),
    ("Axioms a b : False.", "line 1: Axioms"),
    ("\n Parameter a : nat.", "line 2: Parameter"),
    ("Parameters a b : nat.", "Parameters"),
    ("Conjecture a : False.", "Conjecture"),
    ("Local Axiom a : False.", "Axiom"),
    ("#[local] Axiom a : False.", "Axiom"),
    ("Lemma a : False. Proof. Admitted.", "Admitted"),
    ("Lemma a : False. Proof. admit. Qed.", "admit"),
    ("Lemma a : False. Proof. - { give_up. } Qed.", "give_up"),
    ("Lemma a : False. Proof. Abort.", "Abort"),
    ("Admit Obligations.", "Admit"),
    ("Unset  Guard\nChecking.", "Unset Guard Checking"),
    ("Unset Positivity Checking.", "Unset Positivity Checking"),
    ("Local Unset Universe Checking.", "Unset Universe Checking"),
    ("Set Bypass Guard.", "Set Bypass"),
    ("#[bypass_check(guard)] Fixpoint f n := n.", "bypass_check"),
    ("#[bypass_check(universes=yes)] Definition f := 1.", "bypass_check"),
    ("Set Definitional UIP.", "Set Definitional UIP"),
    ("Hypothesis h : False.", "Hypothesis outside a section"),
    ("Hypotheses h g : False.", "Hypotheses outside a section"),
    ("Variable v : nat.", "Variable outside a section"),
    ("Variables v w : nat.", "Variables outside a section"),
    ("Context (n : nat).", "Context outside a section"),
    ("Local Variable v : nat.", "Variable outside a section"),
    ("Section A. Variable v : nat. End A. Variable w : nat.", "Variable outside a section"),
    ("Module A. Variable v : nat. End A.", "Variable outside a section"),
    ("Declare Module A : B.", "Declare Module"),
    ("Primitive int := #int63_type.", "Primitive"),
    ("Symbol s : nat.", "Symbol"),
    ("Load Other.", "Load"),
    ('Declare ML Module "a".', "Declare ML Module"),
    ('Extraction "a.ml" f.', "Extraction"),
    ("Recursive Extraction f.", "Recursive Extraction"),
    ("Extract Constant f => g.", "Extract"),
    ('Redirect "a" Print f.', "Redirect"),
    ("Drop.", "Drop"),
    ('Cd "..".', "Cd"),
    ('Add LoadPath "a".', "Add LoadPath"),
    ('Add Rec LoadPath "a".', "Add Rec LoadPath"),
    ("Fail Lemma a : True.", "Fail"),
    ("Elpi Command a.", "Elpi"),
]


@pytest.mark.parametrize(("source", "told"), REFUSED, ids=[told for _, told in REFUSED])
def test_what_a_file_must_not_hold_is_named_with_its_line(source, told):
    (line,) = forbidden("File", source)
    assert line.startswith("File.v, line ")
    assert f"{told} is not allowed" in line


@pytest.mark.parametrize(
    "source",
    [
        "(* Axiom a : False. *)",
        "(** No [Admitted], (* no Parameter *) here. *)",
        'Definition a := "Axiom".',
        "Section A. Variables (n : nat). Hypothesis h : n = 1. Context (m : nat). End A.",
        "Section A.\nModule B.\nEnd B.\nVariable n : nat.\nEnd A.",
        "Definition Axiom_free := 1. Definition my_admit' := M.Axiom.",
        "Lemma a : True. Proof. - exact I. Qed.",
        "Unset Strict Implicit. Unset Printing Implicit Defensive.",
        "Module Type A. End A. Module B := C.",
    ],
)
def test_what_only_looks_like_it_is_allowed(source):
    assert forbidden("File", source) == []


def test_the_line_counts_that_of_a_sentence_with_bullets():
    assert forbidden("F", "Lemma a : b.\n- \n+ admit.\n* admit.") == [
        "F.v, line 3: admit is not allowed", "F.v, line 4: admit is not allowed",
    ]  # fmt: skip


def test_statements_are_read_with_the_paragraph_before_them():
    found = toy().statements
    assert list(found) == ["zero", "one"]
    assert found["zero"].prose == 'Twice nothing is nothing (* nested: "*)" *), by definition.'
    assert found["zero"].text == "Definition zero : Prop := double 0 = 0."
    assert found["one"].prose == "Twice one is two; more than one."
    assert found["one"].text == STATEMENTS[STATEMENTS.index("Definition one") :].rstrip()


def test_a_heading_is_no_prose_of_what_follows_something_else():
    statements = "(** Words. *)\nImport A.\nDefinition b : Prop := True."
    assert toy(Statements=statements).statements["b"].prose == ""


def test_what_is_required_is_compiled_before():
    assert toy().requires("TheoremsToy") == ("Definitions", "Lemmas", "Statements")
    order = toy().needed(["TheoremsToy"])
    assert sorted(order) == sorted(TOY)
    assert order.index("Lemmas") > order.index("Definitions")
    assert order[-1] == "TheoremsToy"
    assert toy().needed(["Lemmas"]) == ("Definitions", "Lemmas")


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("From Whichmin Require Import Lemmas.", ("Lemmas",)),
        ("From Whichmin\n  Require Export Lemmas\n  Statements.", ("Lemmas", "Statements")),
        ("Require Import Whichmin.Lemmas.", ("Lemmas",)),
        ("From Whichmin Require Import (notations) Lemmas.", ("Lemmas",)),
        ("From mathcomp Require Import all_algebra.", ()),
        ("(* From Whichmin Require Lemmas. *) From mathcomp Require Import ring.", ()),
    ],
)
def test_ways_to_require(line, found):
    assert toy(Definitions=line).requires("Definitions") == found


def test_files_that_are_not_there_and_circles_are_refused():
    with pytest.raises(InputError, match=r"Other.*must be a file of the proofs, in Lemmas.v"):
        toy(Lemmas="From Whichmin Require Other.").needed(["Lemmas"])
    with pytest.raises(InputError, match="must lead in no circle"):
        toy(Definitions="From Whichmin Require Lemmas.").needed(["Lemmas"])


def test_each_statement_is_proved_in_one_file():
    assert toy().faults == {}
    assert toy().homes == {"zero": "TheoremsToy", "one": "TheoremsToy"}
    twice = toy(TheoremsMore=THEOREMS).faults
    assert set(twice) == {"zero", "one"}
    assert "not of TheoremsToy.v and TheoremsMore.v" in twice["zero"][0]
    missing = changed("TheoremsToy", "Theorem one : Statements.one.", "Theorem one : 1 = 1.")
    assert missing.faults == {"one": ("one: must be a theorem of one file, not of none",)}
    other = changed("Statements", "Definition one", "Definition two").faults
    assert other["TheoremsToy"] == ("TheoremsToy.v: one states nothing",)
    assert "two" in other


def test_a_theorem_in_a_comment_proves_nothing():
    hidden = changed(
        "TheoremsToy", "Theorem zero : Statements.zero.", "(* Theorem zero : Statements.zero. *)"
    )
    assert "zero" in hidden.faults


def test_a_folder_is_read(tmp_path):
    (tmp_path / "Lemmas.v").write_bytes(LEMMAS.replace("\n", "\r\n").encode())
    (tmp_path / "Lemmas.vo").write_bytes(b"\xff")
    assert Library.read(tmp_path).texts == {"Lemmas": LEMMAS}


def test_the_proofs_that_come_with_the_package_hold_nothing_that_is_not_allowed():
    proofs = library()
    assert proofs.faults == {}
    assert set(proofs.homes) == set(proofs.statements)
    assert {"Definitions", "Statements"} < set(proofs.texts)
    assert all(stated.prose for stated in proofs.statements.values())
    assert proofs.needed(proofs.texts)
    assert proofs.requires("Definitions") == ()


def test_no_lemma_is_left_that_nothing_uses():
    files = {name: uncommented(text) for name, text in library().texts.items()}
    uses = Counter(re.findall(r"[A-Za-z_][\w']*", " ".join(files.values())))
    lemmas = [
        name
        for file, text in files.items()
        if file not in ("Definitions", "Statements")
        for name in re.findall(r"\b(?:Lemma|Let|Fact|Theorem|Definition) ([\w']+)", text)
    ]
    assert len(lemmas) > 1000
    assert [name for name in lemmas if uses[name] == 1] == []
