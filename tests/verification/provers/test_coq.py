"""What is found of Coq and Mathematical Components."""

import pytest
from toy import fake_coq, needs_coq

from whichmin.errors import MissingDependency
from whichmin.verification.provers.coq import INSTALL, find_coq, require_coq


def test_without_coq_one_line_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_coq() is None
    with pytest.raises(MissingDependency, match="coqc is missing") as caught:
        require_coq()
    assert INSTALL in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "coq libcoq-mathcomp-algebra-tactics" in INSTALL


def parts(home):
    for part in ("algebra/all_algebra.vo", "fingroup/all_fingroup.vo", "algebra_tactics/ring.vo"):
        path = home / "mathcomp" / part
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(part)


def test_mathematical_components_must_be_complete(tmp_path, monkeypatch):
    fake_coq(tmp_path / "bin", monkeypatch)
    coq = find_coq()
    assert (coq.version, coq.mathcomp) == ("8.99.1", "")
    assert coq.described == "Coq 8.99.1, MathComp missing"
    assert require_coq(mathcomp=False) == coq
    with pytest.raises(MissingDependency, match="MathComp") as caught:
        require_coq()
    assert INSTALL in str(caught.value)


def test_mathematical_components_are_found_beside_coq_and_on_its_path(tmp_path, monkeypatch):
    fake_coq(tmp_path / "beside", monkeypatch)
    parts(tmp_path / "beside" / "home" / "user-contrib")
    beside = require_coq()
    assert beside.mathcomp == "unknown"
    fake_coq(tmp_path / "elsewhere", monkeypatch)
    parts(tmp_path / "more")
    monkeypatch.setenv("COQPATH", str(tmp_path / "more"))
    elsewhere = require_coq()
    assert elsewhere.digest == beside.digest
    (tmp_path / "other" / "mathcomp").mkdir(parents=True)
    parts(tmp_path / "other")
    (tmp_path / "other" / "mathcomp" / "algebra" / "all_algebra.vo").write_text("another version")
    monkeypatch.setenv("COQPATH", str(tmp_path / "other"))
    assert require_coq().digest != beside.digest


def test_opam_tells_the_version(tmp_path, monkeypatch):
    fake_coq(tmp_path / "switch", monkeypatch)
    parts(tmp_path / "switch" / "home" / "user-contrib")
    kept = tmp_path / "switch" / ".opam-switch" / "packages"
    (kept / "coq-mathcomp-algebra.1.17.0").mkdir(parents=True)
    (kept / "coq-mathcomp-algebra-tactics.1.1.1").mkdir(parents=True)
    assert find_coq().mathcomp == "1.17.0"


def test_a_coqc_that_tells_no_version_is_none(tmp_path, monkeypatch):
    fake_coq(tmp_path, monkeypatch)
    (tmp_path / "coqc").write_text("#!/bin/sh\nexit 1\n")
    assert find_coq() is None


def test_the_one_on_this_machine():
    needs_coq()
    coq = require_coq()
    assert coq.version[0].isdigit()
    assert coq.mathcomp == "unknown" or coq.mathcomp[0].isdigit()
    assert coq.coqchk
