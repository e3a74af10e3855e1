import csv
import io
import json
import subprocess
import sys
from dataclasses import replace

import pytest

from whichmin.cli import run
from whichmin.verification.evidence import runner
from whichmin.verification.evidence.subject import Subject
from whichmin.verification.topics import TOPICS, all_checks

QUICK = ("batches.known_answers", "batches.floyd")


@pytest.fixture
def wrong_form(monkeypatch):
    """A subject whose trace at a minimum has one coefficient changed."""
    product = Subject()
    form = product.forms["sharpness.trace_at_minimum"]
    mutant = product.with_form(replace(form, expression=2 * form.expression))
    monkeypatch.setattr("whichmin.verification.evidence.subject.default_subject", lambda: mutant)


def verify(capsys, *arguments):
    code = run(["verify", *arguments])
    printed = capsys.readouterr()
    return code, printed.out, printed.err


def test_a_check_that_holds(capsys):
    code, out, err = verify(capsys, "--select", "batches.floyd")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == "whichmin verify, seed 0: all 1 checks hold"
    row = next(line for line in lines if line.startswith("batches.floyd"))
    assert row.split()[:4] == ["batches.floyd", "enumeration", "holds", "0"]
    assert "at most 1 holds" in out
    assert "Derived and measured" not in out, "the table comes only after all checks"


@pytest.mark.parametrize(
    ("pattern", "prefix", "least"),
    [("batches.*", "batches.", 3), ("s*.at_minimum", "sharpness.at_minimum", 1), ("floyd",
     "batches.floyd", 1)],
)  # fmt: skip
def test_select_takes_patterns_and_parts_of_ids(capsys, pattern, prefix, least):
    code, out, _ = verify(capsys, "--select", pattern, "--examples", "3", "-f", "csv")
    assert code == 0
    names = [row["check"] for row in csv.DictReader(io.StringIO(out))]
    assert len(names) >= least
    assert all(name.startswith(prefix) for name in names)


def test_a_topic(capsys):
    code, out, _ = verify(capsys, "--topic", "batches", "--examples", "3", "-f", "csv")
    assert code == 0
    names = [row["check"] for row in csv.DictReader(io.StringIO(out))]
    assert names == [check.id for check in all_checks() if check.topic == "batches"]
    code, out, err = verify(capsys, "--topic", "batches", "--select", "floyd")
    assert (code, err) == (0, "")
    assert "all 1 checks hold" in out


def test_an_unknown_topic_is_2_and_lists_the_topics(capsys):
    code, out, err = verify(capsys, "--topic", "sharpness")
    assert (code, out) == (2, "")
    assert all(topic in err for topic in TOPICS)


def test_help_names_the_topics(capsys):
    code, out, _ = verify(capsys, "--help")
    assert code == 0
    assert ", ".join(TOPICS) in " ".join(out.split())


@pytest.mark.parametrize("pattern", ["nowhere", "BATCHES.*", "", "batches.floy?x"])
def test_no_match_is_2_and_names_the_nearest_checks(capsys, pattern):
    code, out, err = verify(capsys, "--select", pattern)
    assert (code, out) == (2, "")
    assert f"select = {pattern!r}, but must match the id of a check; the nearest are " in err
    named = err.strip().partition("nearest are ")[2].split(", ")
    assert len(named) == 3
    assert set(named) <= {check.id for check in all_checks()}


@pytest.mark.parametrize("option", ["--record", "--output"])
def test_what_cannot_be_written_is_refused_before_the_checks_run(capsys, monkeypatch, option):
    monkeypatch.setattr("whichmin.verification.evidence.runner.verify", None)
    code, out, err = verify(capsys, "--select", "landscape.*", option, "/nowhere/x")
    assert (code, out) == (2, "")
    assert (
        f"{option} = '/nowhere/x', but must be a writable file (there is no folder /nowhere" in err
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--examples", "0"], "examples = 0, but must be an integer >= 1"),
        (["--examples", "-3"], "examples = -3, but must be an integer >= 1"),
        (["--seed", "-1"], "seed = -1, but must be an integer >= 0"),
        (["--examples", "many"], "'many' is not a valid integer"),
        (["extra"], "unexpected extra argument"),
    ],
)
def test_wrong_use(capsys, arguments, message):
    code, out, err = verify(capsys, *arguments)
    assert (code, out) == (2, "")
    assert message in err


def test_json_holds_the_evidence(capsys):
    arguments = ["--select", "landscape.*", "--examples", "4", "--seed", "9", "--format", "json"]
    code, out, err = verify(capsys, *arguments)
    assert (code, err) == (0, "")
    content = json.loads(out)
    assert content["schema"] == "whichmin.verify/2"
    assert content["holds"] is True
    assert content["provenance"]["seed"] == 9
    assert {"whichmin", "commit", "dtype", "device", "threads"} <= set(content["provenance"])
    assert len(content["evidence"]) == len(content["tables"][0]["rows"]) >= 2
    for record in content["evidence"]:
        assert list(record) == [
            "schema", "check", "statement", "kind", "bound", "holds", "cases", "worst", "where",
            "seconds", "seed", "message", "found", "false_alarm", "lacking", "deep",
        ]  # fmt: skip
        assert record["schema"] == "whichmin.evidence/2"
        assert record["check"].startswith("landscape.")
        assert (record["holds"], record["seed"], record["message"]) == (True, 9, "")
        assert record["cases"] > 0
        assert 0 <= record["worst"] <= 1
        assert record["seconds"] >= 0
        assert record["statement"]
        assert record["bound"]


def test_examples_set_the_number_of_random_cases(capsys):
    cases = {}
    for examples in (2, 20):
        options = ["--select", "landscape.sample_forms", "--examples", str(examples), "-f", "json"]
        code, out, _ = verify(capsys, *options)
        assert code == 0
        cases[examples] = json.loads(out)["evidence"][0]["cases"]
    assert cases[20] >= 5 * cases[2] > 0


def test_the_seed_decides_the_cases(capsys):
    def worst(seed):
        options = ["--select", "sharpness.at_minimum", "--examples", "5", "--seed", str(seed)]
        code, out, _ = verify(capsys, *options, "-f", "json")
        assert code == 0
        return [(r["worst"], r["where"]) for r in json.loads(out)["evidence"]]

    assert worst(1) == worst(1)
    assert worst(1) != worst(2)


def test_a_single_example_is_enough_to_hold(capsys):
    # A check that happens to compare nothing at one example says nothing about the product.
    code, _, err = verify(capsys, "--select", "sharpness.*", "--examples", "1")
    assert (code, err) == (0, "")


def test_a_wrong_closed_form_is_1_and_the_message_says_what_and_where(capsys, wrong_form):
    options = ["--select", "sharpness.at_minimum", "--examples", "5"]
    code, out, err = verify(capsys, *options)
    assert code == 1
    assert "1 of 1 checks FAIL: sharpness.at_minimum" in out
    assert "FAILS" in out
    assert err.startswith("\nFAILED sharpness.at_minimum: sharpness.trace_at_minimum: deviation ")
    assert "case: " in err
    code, out, _ = verify(capsys, *options, "-f", "json")
    assert code == 1
    content = json.loads(out)
    assert content["holds"] is False
    assert content["evidence"][0]["holds"] is False
    failed, fallen = err.removeprefix("\nFAILED ").split("\n\n")
    assert content["evidence"][0]["message"] == failed
    assert fallen.startswith("verdicts that no longer stand: sharpness.top_eigenvalue (evidence ")
    assert content["claims"]["sharpness.gap"] == "CHECKED, NOT SUPPORTED"


def test_a_failure_does_not_stop_the_other_checks(capsys, wrong_form):
    options = ["--select", "sharpness.*", "--examples", "5", "-f", "csv"]
    code, out, err = verify(capsys, *options)
    assert code == 1
    verdicts = {row["check"]: row["verdict"] for row in csv.DictReader(io.StringIO(out))}
    assert verdicts.keys() == {c.id for c in all_checks() if c.id.startswith("sharpness.")}
    assert verdicts["sharpness.at_minimum"] == "False"
    assert verdicts["sharpness.quadratic_form"] == "True"
    assert err.count("FAILED ") == list(verdicts.values()).count("False")


@pytest.mark.parametrize("form", ["table", "markdown", "latex", "csv", "json"])
def test_without_select_the_sharpness_table_comes_after(capsys, monkeypatch, form):
    quick = tuple(check for check in all_checks() if check.id in QUICK)
    monkeypatch.setattr(runner, "all_checks", lambda: quick)
    code, out, err = verify(capsys, "-f", form)
    assert (code, err) == (0, "")
    assert all(name.replace("_", r"\_") in out or name in out for name in QUICK)
    title = "Derived and measured: m = 8, n = 32, k = 5"
    if form == "csv":
        assert [row["check"] for row in csv.DictReader(io.StringIO(out))] == list(QUICK)
    else:
        assert out.index(QUICK[1][:7]) < out.index(title)


def test_from_the_shell():
    command = [sys.executable, "-m", "whichmin", "verify", "--select"]
    done = subprocess.run([*command, "floyd"], capture_output=True, text=True, timeout=600)
    assert (done.returncode, done.stderr) == (0, "")
    assert "all 1 checks hold" in done.stdout
    assert "\x1b" not in done.stdout
