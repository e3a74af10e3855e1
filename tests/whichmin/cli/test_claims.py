import csv
import io
import json
import re
import textwrap
from dataclasses import replace
from importlib import resources

import pytest

from whichmin import ledger
from whichmin.cli import run
from whichmin.verification.evidence.check import Evidence
from whichmin.verification.evidence.claim import Claim
from whichmin.verification.evidence.decision import fingerprint
from whichmin.verification.evidence.runner import verify_one
from whichmin.verification.provers.proof_sources import library
from whichmin.verification.topics import TOPICS, all_checks, all_claims
from whichmin.words import Verdict


def claims(capsys, *arguments):
    code = run(["claims", *arguments])
    printed = capsys.readouterr()
    return code, printed.out, printed.err


def test_the_ledger_lists_every_claim_with_its_verdict(capsys):
    code, out, err = claims(capsys, "-f", "csv")
    assert (code, err) == (0, "")
    rows = {row["id"]: row for row in csv.DictReader(io.StringIO(out))}
    assert list(rows) == [c.id for c in all_claims()]
    for claim in all_claims():
        row = rows[claim.id]
        assert row["verdict"] == claim.verdict
        assert row["statement"] == claim.statement
        assert row["source"] == "; ".join(claim.source)
        assert bool(row["weakest evidence"]) == (claim.verdict is not Verdict.OPEN)


def test_the_heading_counts_by_verdict(capsys):
    _, out, _ = claims(capsys, "--verdict", "Refuted")
    refuted = sum(c.verdict is Verdict.REFUTED for c in all_claims())
    assert out.splitlines()[0] == f"{refuted} claims: {refuted} REFUTED"


def test_a_claim_is_one_line_of_the_list(capsys):
    _, out, _ = claims(capsys, "--topic", "hessian")
    lines = out.splitlines()
    assert all(len(line) <= 120 for line in lines)
    assert lines[-1] == "Everything about one: whichmin claims show ID."
    chosen = [c for c in all_claims() if c.topic == "hessian"]
    listed = [line.split()[0] for line in lines[2 : 2 + len(chosen)]]
    assert listed == [c.id for c in chosen]


def test_a_list_goes_through_the_pager_on_a_terminal(capsys, monkeypatch):
    shown = []
    monkeypatch.setattr("click.echo_via_pager", shown.append)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setenv("COLUMNS", "60")
    assert claims(capsys, "--topic", "hessian")[0] == 0
    (text,) = shown
    assert all(len(line) <= 60 for line in text.splitlines()[2:-1])


def test_filters_combine(capsys):
    arguments = ("--id", "sharp", "--source", "ghosh2025", "--topic", "hessian")
    _, out, _ = claims(capsys, *arguments, "-f", "json")
    found = json.loads(out)["claims"]
    assert found
    for claim in found:
        assert "sharp" in claim["id"]
        assert claim["topic"] == "hessian"
        assert any("ghosh2025" in place for place in claim["source"])


def ids(capsys, *arguments):
    return [c["id"] for c in json.loads(claims(capsys, *arguments, "-f", "json")[1])["claims"]]


@pytest.mark.parametrize(
    ("former", "key"),
    [("000", "article2025"), ("001", "keskar2017"), ("002", "ghosh2025"), ("003", "lesson2026"),
     ("004", "blog2022")],
)  # fmt: skip
def test_sources_are_found_by_their_former_numbers(capsys, former, key):
    assert ids(capsys, "--source", former) == ids(capsys, "--source", key) != []


def test_sources_are_found_by_authors_and_year_and_by_place(capsys):
    theorem = ids(capsys, "--source", "ghosh2025, Theorem 1")
    assert theorem
    assert ids(capsys, "--source", "Ghosh et al. 2025, Theorem 1") == theorem
    assert "convergence.sgd_single_point" in ids(capsys, "--source", "000, Key Points")
    assert "measures.small_batches_flat" in ids(capsys, "--source", "abstract")


def test_topics_share_out_the_claims(capsys):
    found = [name for topic in TOPICS for name in ids(capsys, "--topic", topic)]
    assert found == [c.id for c in all_claims()]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["--id", "nowhere"],
            "--id = 'nowhere', but must be part of a claim's id; the nearest",
        ),
        (["--source", "009"], "source = '009', but must be part of a source: whichmin, "),
        (["--topic", "walk"], "topic = 'walk', but must be one of: landscape, batches, "),
        (["--verdict", "true"], "'true' is not one of 'checked', 'proved'"),
        (["show", "gd.nothing"], "the nearest are sgd.not_invariant, gd.ratios"),
        (["show", "gd.l"], "ID = 'gd.l', but must be that of a claim; the nearest are gd.limit, "),
        (["show", "walk.gains"], "nearest are walk.gain, "),
        (["show"], "Missing argument 'ID'"),
        (["show", "gd.limit", "--seed", "-1", "--run"], "seed = -1"),
    ],
)
def test_wrong_use(capsys, arguments, message):
    code, out, err = claims(capsys, *arguments)
    assert (code, out) == (2, "")
    assert message in err


def test_a_page_has_everything(capsys):
    code, out, _ = claims(capsys, "show", "gd.limit")
    assert code == 0
    claim = next(c for c in all_claims() if c.id == "gd.limit")
    assert out.splitlines()[0] == "gd.limit: REFUTED"
    for part in (
        "topic:\n  descent\n", "source:", "works cited:", "article2025: aitrendblend",
        "hypotheses:", "counterexample:", "to see it:", "which prints:", "true instead:",
        "refuted.gd_limit found:",
    ):  # fmt: skip
        assert part in out, part
    for line in claim.counterexample.code.splitlines():
        assert f"    {line}" in out
    assert "convergence.gd_limit (" in out
    assert "dynamics.gd_limit" in claims(capsys, "show", "convergence.gd_limit")[1]


def test_a_page_numbers_the_steps_of_an_argument(capsys):
    claim = next(c for c in all_claims() if c.id == "convergence.gd_descent")
    steps = len(claim.argument)
    assert steps > 2
    _, page, _ = claims(capsys, "show", claim.id)
    for number in range(1, steps + 1):
        assert f"\n  ({number}) " in page
    content = json.loads(claims(capsys, "show", claim.id, "-f", "json")[1])
    assert [step["says"] for step in content["argument"]] == [s.says for s in claim.argument]


def test_a_page_has_the_formal_statement_and_what_is_trusted(capsys):
    _, page, _ = claims(capsys, "show", "cyclic.two_points")
    for part in (
        "formal statement:", "- for all w in starts(2, 2, 0)", "given eta <= 1/5 (need",
        "where:", "- N: The squared norm N = |w|^2.", "trusted:\n  Coq's kernel",
        "attack.cyclic.two_points",
    ):  # fmt: skip
        assert part in page, part
    content = json.loads(claims(capsys, "show", "cyclic.two_points", "-f", "json")[1])
    assert content["formal"]["then"] == [
        ["cyclic SGD converges to a_0", "near(cyclic_end(w, eta)[0], 1)"]
    ]


def test_the_evidence_is_run_again_when_asked(capsys):
    code, out, _ = claims(capsys, "show", "walk.gain", "--run", "--seed", "4", "-f", "json")
    content = json.loads(out)
    assert code == 0
    assert content["stands"] is True
    assert [(e["check"], e["seed"]) for e in content["evidence"]] == [
        ("refuted.walk_gain", 4), ("attack.walk.gain", 4)
    ]  # fmt: skip


def test_a_verdict_that_its_evidence_does_not_support_is_1(capsys, monkeypatch):
    def fails(name, **_):
        return replace(verify_one(name), holds=False, message="broken")

    monkeypatch.setattr("whichmin.verification.evidence.runner.verify_one", fails)
    code, out, _ = claims(capsys, "show", "walk.gain", "--run")
    assert code == 1
    assert out.splitlines()[0] == "walk.gain: REFUTED, NOT SUPPORTED"
    assert "evidence fails: refuted.walk_gain" in out


def test_missing_evidence_is_shown_as_such(capsys, monkeypatch):
    monkeypatch.setattr(ledger, "on_file", dict)
    code, out, _ = claims(capsys, "show", "walk.gain")
    assert code == 0
    assert out.splitlines()[0] == "walk.gain: not decided"
    assert "evidence was not run: refuted.walk_gain" in out


def test_evidence_of_other_code_is_shown_with_what_changed(capsys, monkeypatch):
    why = "not run for this code: whichmin.symbolic.descent changed"
    held = {k: v for k, v in ledger.on_file().items() if k != "refuted.walk_gain"}
    monkeypatch.setattr(ledger, "on_file", lambda: held)
    monkeypatch.setattr(ledger, "not_run", lambda n: why if n == "refuted.walk_gain" else "")
    code, out, _ = claims(capsys, "show", "walk.gain")
    assert code == 0
    assert out.splitlines()[0] == "walk.gain: not decided"
    assert re.search("refuted.walk_gain +part +not run for this code", out)
    assert f"\nrefuted.walk_gain: {why}.\n" in out
    assert "\nTo run them: whichmin claims show walk.gain --run.\n" in out
    _, out, _ = claims(capsys, "show", "walk.gain", "-f", "json")
    assert json.loads(out)["out_of_date"] == {"refuted.walk_gain": why}
    assert f"refuted.walk_gain: {why}." in claims(capsys, "--id", "walk.gain")[1]
    assert why not in claims(capsys, "show", "gd.limit")[1]


def test_many_checks_out_of_date_are_counted(capsys, monkeypatch):
    monkeypatch.setattr(ledger, "on_file", dict)
    monkeypatch.setattr(ledger, "not_run", lambda n: "not run for this code: X changed")
    _, out, _ = claims(capsys, "--topic", "cyclic")
    assert out.count("not run for this code: X changed.") == 5
    assert re.search(r"^\d+ more checks were not run for this code\.$", out, re.MULTILINE)
    assert "\nTo run them: whichmin verify.\n" in out


def test_other_versions_are_one_line_and_unmake_no_verdict(capsys, monkeypatch):
    told = "run with sympy 1.5; you have sympy 1.4"
    for module in ("whichmin.ledger", "whichmin.claim_pages"):
        monkeypatch.setattr(f"{module}.run_with", lambda names: told)
    code, out, _ = claims(capsys, "show", "walk.gain")
    assert code == 0
    assert out.splitlines()[0] == "walk.gain: REFUTED"
    assert out.count(f"\nEvidence was {told}.\n") == 1
    assert claims(capsys, "--topic", "cyclic")[1].count(f"Evidence was {told}.") == 1
    assert told not in claims(capsys, "show", "walk.gain", "--run")[1]


def test_evidence_whose_module_is_missing_is_reported_as_not_run(capsys, monkeypatch):
    monkeypatch.setattr(
        "whichmin.verification.evidence.runner._installed", lambda name: name != "z3"
    )
    code, out, err = claims(capsys, "show", "sgd.oscillates", "--run")
    assert (code, err) == (0, "")
    assert "not run: z3 missing" in out
    assert "z3 not installed" in out
    code = run(["verify", "--select", "smt.signs"])
    printed = capsys.readouterr()
    assert code == 1, "nothing ran, so nothing holds"
    assert "not run for want of z3 (pip install 'whichmin[proofs]')" in printed.out


COMPILED = "compiled 2026-11-30 with Coq 8.16.1, MathComp 1.15.0, sources 0123456789abcdef"


@pytest.fixture
def checked(monkeypatch):
    """The claim that a theorem of the kernel is, with the evidence that it was compiled."""
    check = next(c for c in all_checks() if c.id.startswith("kernel."))
    claim = Claim(
        "made.up", check.statement, ("whichmin",), Verdict.CHECKED, evidence=(check.id,),
        topic=check.topic,
    )  # fmt: skip
    claim = replace(claim, parts=fingerprint(claim, {check.id: check}))
    held = Evidence(
        check.id, check.statement, check.kind, check.bound, True, 2, 0.0, "", 1.0, 0,
        found=(f"{COMPILED}; axioms: none",),
    )  # fmt: skip
    monkeypatch.setattr(ledger, "all_claims", lambda: (claim,))
    monkeypatch.setattr(ledger, "on_file", lambda: {check.id: held})
    monkeypatch.setattr(ledger, "not_run", lambda name: "")
    return claim, library().statements[check.id.removeprefix("kernel.")]


def test_a_theorem_is_shown_as_the_kernel_has_it(capsys, checked):
    claim, stated = checked
    code, page, _ = claims(capsys, "show", claim.id)
    assert code == 0
    assert page.startswith("made.up: CHECKED\n")
    verbatim = textwrap.indent(f"{stated.comment}\n{stated.text}", "    ")
    block = f"\nstatement as the kernel has it ({claim.evidence[0]}):\n{verbatim}\n"
    assert f"{block}  axioms: none; {COMPILED}\n" in page
    assert "formal statement:\n  - in Coq, as the kernel has it\n" in page
    assert "trusted:\n  Coq's kernel, and the definitions that the statement is in\n" in page
    file = resources.files("whichmin.verification") / "proofs" / "Statements.v"
    assert stated.text in file.read_text("utf-8")
    (found,) = json.loads(claims(capsys, "show", claim.id, "-f", "json")[1])["kernel"]
    assert found == {
        "check": claim.evidence[0], "file": "verification/proofs/Statements.v",
        "text": f"{stated.comment}\n{stated.text}", "axioms": "none", "compiled": COMPILED,
    }  # fmt: skip


def test_without_evidence_of_this_code_nothing_is_said_of_axioms(capsys, checked, monkeypatch):
    claim, stated = checked
    monkeypatch.setattr(ledger, "on_file", dict)
    _, page, _ = claims(capsys, "show", claim.id)
    assert page.startswith("made.up: not decided\n")
    assert stated.text.splitlines()[-1] in page
    assert "axioms" not in page
    assert "\n  not compiled for this code\n" in page


def test_without_coq_it_is_not_run_and_what_to_install_is_said(capsys, checked, monkeypatch):
    claim, _ = checked
    monkeypatch.setattr("whichmin.verification.evidence.runner._installed", lambda name: False)
    code, page, _ = claims(capsys, "show", claim.id, "--run")
    assert code == 0
    assert "not run: coqc missing" in page
    assert "evidence was not run: coqc not installed" in page
    assert "axioms" not in page
    assert run(["verify", "--select", claim.evidence[0]]) == 1
    told = "not run for want of coqc (apt-get install --no-install-recommends coq "
    assert told in capsys.readouterr().out


def test_claims_can_be_chosen_by_the_verdict_checked(capsys, checked):
    _, out, _ = claims(capsys, "--verdict", "checked")
    assert out.startswith("1 claims: 1 CHECKED\n")
    claim, _ = checked
    (entry,) = ledger.entries([claim])
    told = "Coq's kernel, and the definitions that the statement is in (1 claims)"
    assert ledger.trusted_base([entry]) == told
