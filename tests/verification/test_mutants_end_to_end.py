"""A broken product makes ``whichmin verify`` and ``pytest`` fail, and both say what and where."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from whichmin.cli import run
from whichmin.verification.evidence import subject as subjects
from whichmin.verification.mutants import implementation_mutants

ROOT = Path(__file__).parents[2]

# A plugin that breaks the product before any check runs.
BREAK = """
import dataclasses
import whichmin.verification.evidence.subject as subjects
from whichmin.verification.mutants import implementation_mutants

def broken():
    what = {what!r}
    product = subjects.Subject()
    if what in product.forms:
        form = product.forms[what]
        return product.with_form(dataclasses.replace(form, expression=form.expression * 2))
    return next(m.subject for m in implementation_mutants() if m.name == what)

subjects.default_subject = broken
"""

FORM = ("sharpness.trace_at_minimum", "sharpness.at_minimum", "sharpness.trace_at_minimum")
CASES = [FORM, *((m.name, m.caught_by, m.says) for m in implementation_mutants())]
REQUIRED = ("mean taken twice", "sum for mean", "missing factor 2", "wrong sign of one term",
            "biased sampling", "stale norm")  # fmt: skip


def environment(folder):
    return {**os.environ, "PYTHONPATH": str(folder)}


def test_the_required_mutants_are_among_them():
    assert set(REQUIRED) <= {name for name, _, _ in CASES}


@pytest.mark.parametrize(("what", "check", "says"), CASES, ids=[c[0] for c in CASES])
def test_the_command_fails(monkeypatch, capsys, what, check, says):
    product = subjects.default_subject
    monkeypatch.setattr(subjects, "default_subject", product)  # what undoing brings back
    exec(BREAK.format(what=what), {})
    assert subjects.default_subject is not product
    assert run(["verify", "--select", check]) == 1
    printed = capsys.readouterr()
    assert "FAILS" in printed.out
    assert f"FAILED {check}" in printed.err
    assert says in printed.err


@pytest.mark.parametrize(("what", "check", "says"), CASES[:1], ids=[c[0] for c in CASES[:1]])
def test_whichmin_verify_fails(tmp_path, what, check, says):
    (tmp_path / "breakage.py").write_text(BREAK.format(what=what))
    code = (
        "import breakage, sys; from whichmin.cli import run; "
        f"sys.exit(run(['verify', '--select', '{check}']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment(tmp_path), capture_output=True, text=True
    )
    assert done.returncode == 1, done.stderr
    assert "FAILS" in done.stdout
    assert check in done.stderr
    assert says in done.stderr


@pytest.mark.parametrize(
    ("what", "check", "says"),
    [c for c in CASES if c[0] == REQUIRED[1]],  # starts Python and pytest anew
    ids=lambda value: value if value in {*REQUIRED, FORM[0]} else "",
)
def test_pytest_fails(tmp_path, what, check, says):
    (tmp_path / "breakage.py").write_text(BREAK.format(what=what))
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "breakage", "-p", "no:cacheprovider",
         str(ROOT / "tests/verification/test_all_evidence.py"), "-k", f"holds and {check}"],
        env=environment(tmp_path), capture_output=True, text=True, cwd=ROOT,
    )  # fmt: skip
    assert done.returncode == 1, done.stdout
    assert check in done.stdout
    assert says in done.stdout
