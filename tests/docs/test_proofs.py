"""The pages of the proofs: every theorem has a formula that somebody compared with its Coq text."""

import dataclasses
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import proof_graph
import proof_notation
import proofs
import pytest
from docutils import nodes
from mathml import mathml

from whichmin.verification.provers.coq import INSTALL
from whichmin.verification.provers.proof_sources import Library, library
from whichmin.verification.topics import all_claims

DEFINITIONS, STATEMENTS = proof_notation.definitions(), library().statements


def test_every_theorem_and_every_definition_has_its_formula():
    """A fault names what has none, what changed since, and which number is not in both."""
    assert list(proof_notation.faults()) == []


@pytest.mark.parametrize("name", proof_notation.notations())
def test_the_formulas_of_a_theorem_can_be_typeset(name):
    notation = proof_notation.notations()[name]
    assert notation.then
    for latex in notation.formulas:
        assert mathml(latex).startswith("<math")
    for item in (*notation.let, *notation.given, *notation.then):
        assert not item.startswith("@"), "a word of [short] that there is not"
        assert item.count("$") % 2 == 0


@pytest.mark.parametrize("name", proof_notation.symbols())
def test_the_formulas_of_a_definition_can_be_typeset(name):
    for latex in proof_notation.symbols()[name].formulas:
        assert mathml(latex).startswith("<math")


def test_no_file_is_without_a_group():
    assert "Others" not in proof_notation.groups()
    files = [name for names in proof_notation.groups().values() for name in names]
    assert sorted(files) == sorted(library().texts)


def test_a_digest_is_of_what_is_said():
    one = "Definition x : Prop :=  (* why *)\n  0 < 1."
    assert proof_notation.digest(one) == proof_notation.digest("Definition x : Prop := 0 < 1.")
    assert proof_notation.digest(one) != proof_notation.digest("Definition x : Prop := 0 <= 1.")


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("sqnorm w0 <= 21%:R / 20%:R", {"^2", "21", "20"}),
        ("eta / b%:R <= 5%:R^-1 (* 7 *)", {"5"}),
        ("s ^+ 2 * x ^+ (2 * t) - 1", {"^2", "2"}),
        ("forall (i : 'I_4) (u : 'rV[R]_2) (B : batch 4 2), w0 = 0", {"^2"}),
    ],
)
def test_numbers_of_coq(text, numbers):
    assert proof_notation.numbers_of_coq(text) == numbers


@pytest.mark.parametrize(
    ("latex", "numbers"),
    [
        (r"\lvert w_0\rvert^2 \le \tfrac{21}{20}", {"^2", "21", "20"}),
        (r"\frac12 + a_{3} + b_4", {"2"}),
        (r"x^{2t} + y^{4} + 2m", {"2", "^4"}),
    ],
)
def test_numbers_of_latex(latex, numbers):
    assert proof_notation.numbers_of_latex(latex) == numbers


def _faults(monkeypatch, name, **changes):
    known, before = dict(proof_notation.notations()), set(proof_notation.faults())
    known[name] = dataclasses.replace(known[name], **changes)
    monkeypatch.setattr(proof_notation, "notations", lambda: known)
    return [fault for fault in proof_notation.faults() if fault not in before]


def test_another_number_is_noticed(monkeypatch):
    then = proof_notation.notations()["hessian_trace"].then
    wrong = tuple(line.replace("4", "3") for line in then)
    assert _faults(monkeypatch, "hessian_trace", then=wrong) == [
        "theorem hessian_trace: the number 3 stands only in the formula",
        "theorem hessian_trace: the number 4 stands only in Coq",
    ]


def test_a_changed_text_is_noticed(monkeypatch):
    (fault,) = _faults(monkeypatch, "gap", of="00000000")
    assert fault.startswith("theorem gap: the text changed, read it again (of = '")


def test_a_theorem_without_a_formula_is_noticed(monkeypatch):
    known = {name: one for name, one in proof_notation.notations().items() if name != "trap"}
    before = set(proof_notation.faults())
    monkeypatch.setattr(proof_notation, "notations", lambda: known)
    (fault,) = set(proof_notation.faults()) - before
    assert fault.startswith("theorem trap: has no notation (of = '")


def test_what_a_theorem_shows_of_others_exists(monkeypatch):
    faults = _faults(monkeypatch, "full_batch_fails", needed={"sgd_nothing": "b"})
    assert faults == ["theorem full_batch_fails: there is no theorem sgd_nothing"]


def test_a_definition_that_a_formula_writes_out_is_part_of_its_digest(monkeypatch):
    before = proof_notation.statements()["sgd_orthonormal"]
    known = dict(DEFINITIONS)
    known["orthonormal_limit"] += " "
    monkeypatch.setattr(proof_notation, "definitions", lambda: known)
    assert proof_notation.statements()["sgd_orthonormal"] != before


def test_sections_have_every_statement_and_every_definition_once():
    assert [name for s in proofs.sections() for name in s.names] == list(STATEMENTS)
    assert [name for s in proofs.cut("Definitions") for name in s.names] == list(DEFINITIONS)
    slugs = [section.slug for section in proofs.sections()]
    assert len(set(slugs)) == len(slugs)


def test_the_definitions_are_shown_in_full():
    text = library().texts["Definitions"]
    shown = "".join(
        f"(** ** {part.title} {part.intro} *) {part.text}" for part in proofs.cut("Definitions")
    )
    assert "".join(shown.split()) == "".join(text[text.index("(** ** ") :].split())


@pytest.mark.parametrize("name", STATEMENTS)
def test_a_theorem_shows_all_that_is_known_of_it(name):
    text = "\n".join(part.astext() for part in proofs._body(name))
    assert STATEMENTS[name].text in text
    assert f"{library().homes[name]}.v" in text
    assert f"kernel.{name}" in text
    for claim in all_claims():
        if f"kernel.{name}" in (*claim.evidence, *claim.support):
            assert claim.id in text
    for other, notation in proof_notation.notations().items():
        if name in notation.needed or name in notation.met:
            assert other in text


def test_names_in_brackets_are_links_or_code():
    parts = proofs._prose("As in [gap], where [phi] is at most [0, 1/5]; see [Noise.lemma].")
    kinds = [type(part).__name__ for part in parts if not isinstance(part, nodes.Text)]
    assert kinds == ["_Link", "literal", "literal"]
    assert (
        nodes.paragraph("", "", *parts).astext().startswith("As in gap, where phi is at most [0,")
    )


def test_a_dash_of_a_list_is_no_minus_sign():
    parts = proofs._paragraphs("(** Choose k with\n    - 1 <= k,\n    - k <= n\n    - 2. *)")
    assert [part.astext() for part in parts] == ["Choose k with", "1 ≤ k,\n\nk ≤ n − 2."]
    assert [len(part.children) for part in parts if isinstance(part, nodes.bullet_list)] == [2]


def test_a_link_to_no_theorem_is_an_error():
    with pytest.raises(ValueError, match="no theorem is called 'nothing'"):
        proofs._to("nothing")


def test_pages_are_written_and_old_ones_removed(tmp_path):
    folder = tmp_path / "proofs"
    folder.mkdir()
    (folder / "gone.md").write_text("old")
    proofs.write_pages(folder, proofs.sections())
    assert {p.stem for p in folder.iterdir()} == {s.slug for s in proofs.sections()}
    kept = folder / "the-landscape.md"
    assert "```{theorem} gap" in kept.read_text()
    before = kept.stat().st_mtime_ns
    proofs.write_pages(folder, proofs.sections())
    assert kept.stat().st_mtime_ns == before


def test_theorems_that_the_page_names_exist():
    page = Path(proof_notation.FILE).with_suffix(".md").read_text(encoding="utf-8")
    named = re.findall(r"\{theorem\}`(\w+)`", page)
    assert "sgd_single_point" in named
    assert set(named) <= set(STATEMENTS)


def test_the_page_installs_what_the_program_says():
    page = Path(proof_notation.FILE).with_suffix(".md").read_text(encoding="utf-8")
    assert f"$ {INSTALL}\n" in page


FOUR = Library({
    "Definitions": "",
    "A": "From Whichmin Require Import Definitions.\n",
    "B": "From Whichmin Require Import A.\n",
    "TheoremsC": "From Whichmin Require Import A B Definitions.\n",
})  # fmt: skip


def test_layers_and_arrows():
    graph = proof_graph.rests_on(FOUR, {name: [name] for name in FOUR.texts})
    assert graph["TheoremsC"] == {"A", "B", "Definitions"}
    assert proof_graph.reduced(graph)["TheoremsC"] == {"B"}
    assert proof_graph.layers(graph) == [["TheoremsC"], ["B"], ["A"], ["Definitions"]]
    with pytest.raises(ValueError, match="a circle: A - B - A"):
        proof_graph.layers({"A": {"B"}, "B": {"A"}})


def test_groups_that_rest_on_each_other_are_one():
    parts = {"one": ["A", "TheoremsC"], "two": ["B"], "three": ["Definitions"]}
    found = proof_graph.joined(FOUR, parts)
    assert found == {"one and two": ["A", "TheoremsC", "B"], "three": ["Definitions"]}


def test_the_drawing_names_every_group_and_every_file():
    root = ET.fromstring(proof_graph.drawing())
    texts = [element.text or "" for element in root.iter() if element.tag.endswith("text")]
    words = set(re.findall(r"[\w']+", " ".join(texts)))
    assert set(library().texts) <= words
    boxes = [e for e in root.iter() if e.tag.endswith("rect")]
    assert len(boxes) == len(proof_graph.joined(library(), proof_notation.groups()))
    width, height = map(float, root.attrib["viewBox"].split()[2:])
    for box in boxes:
        left, top, wide, tall = (float(box.attrib[k]) for k in ("x", "y", "width", "height"))
        assert left >= 0
        assert left + wide <= width
        assert top + tall <= height
