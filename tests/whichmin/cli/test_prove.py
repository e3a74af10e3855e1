"""``whichmin prove`` on small proofs, with Coq where it is, else with a program that plays Coq."""

import json
import shutil

import pytest
from toy import TOY, changed, fake_coq, needs_coq, toy

from whichmin.cli import run
from whichmin.verification.provers import kernel
from whichmin.verification.provers.coq import INSTALL


@pytest.fixture
def proofs(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))

    def use(library):
        monkeypatch.setattr(kernel, "library", lambda: library)

    use(toy())
    return use


@pytest.fixture
def coq(tmp_path, monkeypatch):
    if shutil.which("coqc") is None:
        fake_coq(tmp_path / "bin", monkeypatch)


def prove(capsys, *arguments):
    code = run(["prove", *arguments])
    return code, *capsys.readouterr()


def test_a_table_has_a_line_a_theorem(capsys, proofs, coq):
    code, out, err = prove(capsys)
    assert (code, err) == (0, "")
    assert out.startswith("whichmin prove: all 2 theorems are proved\n")
    lines = {line.split()[0]: line.split() for line in out.splitlines() if line}
    for name in ("zero", "one"):
        assert lines[name][1:3] == ["proved", "none"]
        assert lines[name][-1] == "TheoremsToy.v"
    assert "4 files, 0 compiled before" in out
    assert "Coq " in out
    assert "4 files, 4 compiled before" in prove(capsys)[1]
    assert "4 files, 0 compiled before" in prove(capsys, "--fresh")[1]


def test_one_theorem_by_its_name_or_by_that_of_its_check(capsys, proofs, coq):
    for name in ("one", "kernel.one"):
        code, out, _ = prove(capsys, name)
        assert code == 0
        assert "all 1 theorems are proved" in out
        assert "zero" not in out


def test_json_and_markdown(capsys, proofs, coq, tmp_path):
    code, out, _ = prove(capsys, "--format", "json", "--jobs", "2")
    assert code == 0
    content = json.loads(out)
    assert content["schema"] == "whichmin.prove/1"
    assert content["holds"] is True
    assert [theorem["name"] for theorem in content["theorems"]] == ["zero", "one"]
    assert content["theorems"][0]["statement"] == "Definition zero : Prop := double 0 = 0."
    assert content["theorems"][0]["assumptions"] == []
    assert {file["name"] for file in content["files"]} == set(TOY)
    path = tmp_path / "proofs.md"
    assert prove(capsys, "-f", "markdown", "-o", str(path)) == (0, "", f"wrote {path}\n")
    assert "| zero " in path.read_text()


def test_a_theorem_that_is_not_proved_is_exit_code_1(capsys, proofs):
    needs_coq()
    proofs(changed("Statements", "double 0 = 0", "double 0 = 1"))
    code, out, err = prove(capsys)
    assert code == 1
    assert "2 of 2 NOT PROVED: zero, one" in out
    assert 'FAILED zero: File "TheoremsToy.v", line 5' in err
    assert err.count("FAILED TheoremsToy.v") == 1


def test_what_is_not_allowed_is_exit_code_1(capsys, proofs, coq):
    proofs(changed("Lemmas", "Lemma one", "Axiom unused : True.\nLemma one"))
    code, out, err = prove(capsys)
    assert code == 1
    assert "NOT PROVED" in out
    assert "Lemmas.v, line 2: Axiom is not allowed" in err


def test_a_file_that_nothing_needs_must_compile_too(capsys, proofs):
    needs_coq()
    proofs(toy(Idle="Lemma a : True. Proof. nonsense. Qed."))
    code, out, err = prove(capsys)
    assert code == 1
    assert "all 2 theorems are proved, but not all is well" in out
    assert "FAILED Idle.v" in err
    assert prove(capsys, "one")[0] == 0


def test_deep_asks_the_checker(capsys, proofs):
    needs_coq()
    code, out, _ = prove(capsys, "--deep")
    assert code == 0
    assert "coqchk: 4 files hold" in out


def test_an_unknown_name_gets_the_three_nearest(capsys):
    code, out, err = prove(capsys, "gapp")
    assert (code, out) == (2, "")
    assert "NAME = 'gapp', but must be a theorem; the nearest are gap, " in err
    assert err.count(",") >= 3


def test_without_coq_one_line_says_what_to_install(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    code, out, err = prove(capsys)
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert "coqc is missing" in err
    assert INSTALL in err
