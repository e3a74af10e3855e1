import csv
import io
import json
import math
import os
import subprocess
import sys
from importlib import import_module
from importlib.metadata import PackageNotFoundError

import pytest

from whichmin import provenance, self_check
from whichmin.cli import run
from whichmin.core.engines import DenseEngine
from whichmin.self_check import SELF_CHECKS
from whichmin.verification import mutants
from whichmin.verification.evidence import subject

MODULE = import_module("whichmin.cli.doctor")  # the package has the command by this name
COMMAND = [sys.executable, "-m", "whichmin", "doctor"]
LINES = ["doctor.installation", *(c.id for c in SELF_CHECKS)]


def doctor(capsys, *arguments):
    code = run(["doctor", *arguments])
    return code, *capsys.readouterr()


def report(capsys):
    code, out, err = doctor(capsys, "-f", "json")
    return code, json.loads(out), err


def rows(content, table):
    return content["tables"][table]["rows"]


def broken(tmp_path, *arguments, timeout=600, **packages):
    """Run the command as a process in which importing a package executes the given code."""
    for name, code in packages.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text(code + "\n")
    return subprocess.run(
        [*COMMAND, *arguments],
        capture_output=True,
        text=True,
        timeout=timeout,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
    )


def test_a_sound_installation(capsys):
    code, content, err = report(capsys)
    assert (code, err) == (0, "")
    assert content["schema"] == "whichmin.doctor/1"
    assert content["holds"] is True
    names = [row["part"] for row in rows(content, 0)]
    for name in ("whichmin", "commit", "Python", "platform", "torch", "numpy", "scipy", "sympy",
                 "hypothesis", "click", "rich"):  # fmt: skip
        assert name in names
    assert rows(content, 1)[0]["device"] == "cpu"
    assert {"pandas", "test", "dev"} <= {row["extra"] for row in rows(content, 2)}
    assert all(row["unlocks"] for row in rows(content, 2))
    assert [row["check"] for row in rows(content, 3)] == LINES
    assert all(row["verdict"] is True and row["worst margin"] <= 1 for row in rows(content, 3))
    assert [e["check"] for e in content["evidence"]] == LINES
    assert len({tuple(e) for e in content["evidence"]}) == 1, "records of one kind"
    assert {e["schema"] for e in content["evidence"]} == {"whichmin.evidence/2"}
    assert content["provenance"]["torch"]


def test_every_format(capsys, tmp_path, monkeypatch):
    found = list(MODULE._self_checks())
    monkeypatch.setattr(MODULE, "_self_checks", lambda: found)  # once for five formats
    code, out, err = doctor(capsys)
    assert (code, err) == (0, "")
    assert out.startswith("whichmin doctor: everything holds\n")
    for name in ("Devices", "Extras", "Self-check", "holds", "whichmin", *LINES):
        assert name in out
    assert "FAILS" not in out
    code, out, _ = doctor(capsys, "-f", "csv")
    records = list(csv.DictReader(io.StringIO(out)))
    assert [r["check"] for r in records] == LINES
    assert {r["verdict"] for r in records} == {"True"}
    file = tmp_path / "doctor.md"
    code, out, err = doctor(capsys, "-f", "markdown", "--output", str(file))
    assert (code, out, err) == (0, "", f"wrote {file}\n")
    assert file.read_text().startswith("**whichmin doctor: everything holds**")
    assert doctor(capsys, "-f", "latex")[1].count(r"\begin{tabular}") == 4


def test_a_wrong_engine_fails_its_line_by_name(capsys, monkeypatch):
    mutant = next(m for m in mutants.implementation_mutants() if m.name == "missing factor 2")
    monkeypatch.setattr(subject, "default_subject", lambda: mutant.subject)
    code, content, err = report(capsys)
    assert code == 1
    assert content["holds"] is False
    failed = {row["check"] for row in rows(content, 3) if not row["verdict"]}
    assert failed == {"doctor.engines"}
    assert content["tables"][0]["title"] == "whichmin doctor: FAILS: doctor.engines"
    assert "FAILED doctor.engines: engine dense against reduced" in err
    assert "Traceback" not in err


def test_a_line_that_raises_is_marked_and_the_others_run(capsys, monkeypatch):
    def raises(self, *arguments):
        raise RuntimeError("no kernel image")

    monkeypatch.setattr(DenseEngine, "step", raises)
    code, out, err = doctor(capsys)
    assert code == 1
    lines = {line.split()[0]: line for line in out.splitlines() if line.startswith("doctor.")}
    assert list(lines) == LINES
    assert [name for name, line in lines.items() if "FAILS" in line] == ["doctor.engines"]
    assert "FAILED doctor.engines: RuntimeError: no kernel image" in err


def test_a_failing_margin_shows_its_size(capsys, monkeypatch):
    # As if runs had been asked to come much closer to their limit than they were.
    monkeypatch.setattr(self_check, "limit_distance", lambda m, tolerance: 1e-13)
    code, content, _ = report(capsys)
    assert code == 1
    worst = {row["check"]: row["worst margin"] for row in rows(content, 3) if not row["verdict"]}
    assert set(worst) == {"doctor.gd_limit", "doctor.sgd_limit"}
    assert all(100 < w < math.inf for w in worst.values())


@pytest.mark.parametrize(
    ("package", "code", "reason"),
    [
        ("torch", "raise OSError('libtorch.so: not found')", "OSError: libtorch.so: not found"),
        (
            "scipy",
            "raise ModuleNotFoundError(\"No module named 'scipy'\", name='scipy')",
            "ModuleNotFoundError: No module named 'scipy'",
        ),
    ],
)
def test_a_package_that_cannot_be_imported_is_marked_and_named(tmp_path, package, code, reason):
    done = broken(tmp_path, **{package: code})
    assert done.returncode == 1
    assert "Traceback" not in done.stdout + done.stderr
    marked = [line for line in done.stdout.splitlines() if line.startswith(package)]
    assert [line.endswith(f"broken: {reason}") for line in marked] == [True]
    assert "whichmin doctor: FAILS: doctor.installation, doctor.self_check" in done.stdout
    assert f"FAILED doctor.self_check: cannot start: {reason}" in done.stderr
    assert "sympy" in done.stdout, "the rest of the table is there"


@pytest.mark.parametrize("where", ["stdout", "file"])
def test_without_what_writes_tables_they_are_written_row_by_row(tmp_path, where):
    arguments = ["--output", str(tmp_path / "out.txt")] if where == "file" else []
    done = broken(tmp_path, *arguments, tabulate="raise ImportError('no tabulate')")
    text = (tmp_path / "out.txt").read_text() if where == "file" else done.stdout
    assert done.returncode == 1
    assert "whichmin: no tabulate; the tables are written row by row" in done.stderr
    assert "FAILED doctor.installation: tabulate>=" in done.stderr
    assert "  check         doctor.bits\n  verdict       holds\n" in text
    assert "Traceback" not in done.stdout + done.stderr
    assert (done.stdout == "") == (where == "file")


def test_a_source_tree_without_metadata_is_told_not_a_traceback(capsys, monkeypatch):
    def absent(name="whichmin"):
        raise PackageNotFoundError(name)

    monkeypatch.setattr("importlib.metadata.metadata", absent)
    monkeypatch.setattr("importlib.metadata.version", absent)
    monkeypatch.setattr(provenance, "version", absent)
    code, content, err = report(capsys)
    assert code == 1
    assert rows(content, 0)[0]["status"] == "missing"
    assert content["provenance"] == {}
    assert "FAILED doctor.installation: whichmin: missing" in err


def test_other_commands_point_here_when_a_package_is_missing(tmp_path):
    (tmp_path / "scipy").mkdir()
    (tmp_path / "scipy" / "__init__.py").write_text("import no_such_package\n")
    done = subprocess.run(
        [sys.executable, "-m", "whichmin", "train"],
        capture_output=True,
        text=True,
        timeout=600,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
    )
    assert done.returncode == 2
    assert done.stderr == (
        "whichmin: error: No module named 'no_such_package'; 'whichmin doctor' says what is "
        "missing\n"
    )
