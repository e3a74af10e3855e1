"""Small proofs that need no library, some of them broken."""

import os
import shutil
import sys

import pytest

from whichmin.verification.provers.proof_sources import Library

DEFINITIONS = """(** A model: twice a number. *)
Definition double (n : nat) : nat := n + n.
"""
STATEMENTS = """(** * Statements *)
From Whichmin Require Import Definitions.

(** Twice nothing
    is nothing (* nested: "*)" *), by definition. *)
Definition zero : Prop := double 0 = 0.

(** Twice one is two; more than one. *)
Definition one : Prop :=
  double 1 = 2  (* not 3. *)
  /\\ 1 < double 1.
"""
LEMMAS = """From Whichmin Require Import Definitions.
Lemma one_and_one : double 1 = 2.
Proof. reflexivity. Qed.
"""
THEOREMS = """From Whichmin Require Import Definitions Lemmas.
From Whichmin Require Statements.

Theorem zero : Statements.zero.
Proof. reflexivity. Qed.

Theorem one : Statements.one.
Proof. split; [exact one_and_one | unfold double; auto]. Qed.
"""
TOY = {
    "Definitions": DEFINITIONS, "Lemmas": LEMMAS, "Statements": STATEMENTS,
    "TheoremsToy": THEOREMS,
}  # fmt: skip


def toy(**changes):
    """The small proofs, with other texts for some files."""
    return Library({**TOY, **changes})


def changed(name, old, new):
    """The small proofs with another text in one place."""
    assert TOY[name].count(old) == 1
    return toy(**{name: TOY[name].replace(old, new)})


def needs_coq():
    """Skip a test where there is no Coq, unless it must be there."""
    if shutil.which("coqc") is None:
        assert not os.environ.get("WHICHMIN_REQUIRE_COQ"), "WHICHMIN_REQUIRE_COQ is set, no coqc"
        pytest.skip("needs Coq (coqc)")


FAKE = """#!{python}
import hashlib, os, pathlib, re, sys, time
if "--version" in sys.argv:
    print("The Coq Proof Assistant, version 8.99.1\\ncompiled with OCaml 4")
    sys.exit()
if "-where" in sys.argv:
    print({home!r})
    sys.exit()
name = pathlib.Path(sys.argv[-1]).stem
with open({log!r}, "a") as log:
    log.write("begin " + name + "\\n")
text = pathlib.Path(name + ".v").read_text()
for wait in re.findall(r"SLEEP ([0-9.]+)", text):
    time.sleep(float(wait))
for other in re.findall(r"MEETS (\\w+)", text):
    while "begin " + other not in pathlib.Path({log!r}).read_text():
        time.sleep(0.02)
if "WRONG" in text:
    print('File "./%s.v", line 3, characters 0-4:\\nError: It is wrong.\\n' % name, file=sys.stderr)
    sys.exit(1)
needs = [n for line in re.findall(r"From Whichmin Require (.*)[.]", text)
         for n in line.split() if n not in ("Import", "Export")]
for need in needs:
    if not os.path.exists(need + ".vo"):
        print("Error: Cannot find " + need, file=sys.stderr)
        sys.exit(1)
for mark in re.findall(r'idtac "(.*)"', text):
    print(mark)
    if not mark.endswith("end"):
        print("Closed under the global context")
made = repr([text, [hashlib.sha256(open(n + ".vo", "rb").read()).hexdigest() for n in needs]])
pathlib.Path(name + ".vo").write_text(made + {salt!r})
with open({log!r}, "a") as log:
    log.write("end " + name + "\\n")
"""


def fake_coq(folder, monkeypatch, salt=""):
    """Put a program that behaves a little like Coq first on the path; returns its log."""
    folder.mkdir(exist_ok=True)
    log = folder / "log"
    log.touch()
    program = folder / "coqc"
    text = FAKE.format(python=sys.executable, home=str(folder / "home"), log=str(log), salt=salt)
    program.write_text(text)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)
    return log
