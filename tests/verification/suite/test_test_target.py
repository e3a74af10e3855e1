"""The suite run as users run it: in a process of its own, from the target's folder."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

TARGETS = Path(__file__).parents[1] / "oracle"


def run(folder, *arguments, code=None):
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", "-rs",
         "--pyargs", "whichmin.verification.suite", *arguments],
        cwd=folder, capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    if code is not None:
        assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture
def folder(tmp_path):
    """A user's folder with a right and a wrong target."""
    (tmp_path / "targets.py").write_text((TARGETS / "targets.py").read_text())
    return tmp_path


def test_a_right_target_passes_and_the_rest_is_skipped_with_the_reason(folder):
    text = run(folder, "--whichmin-target=targets:good", "--whichmin-quick", code=0)
    assert "targets:good: 4 passed, " in text
    assert "not provided: no train" in text


def test_a_wrong_target_fails_with_diagnosis_and_snippet_and_leaves_files(folder):
    text = run(
        folder, "--whichmin-target=targets:summed", "--whichmin-target=targets:good",
        "--whichmin-json=out.json", "--whichmin-markdown=out.md", "--whichmin-seed=5",
        "--whichmin-badge=out.txt", code=1,
    )  # fmt: skip
    assert "diagnosis: off by exactly a factor m" in text
    assert "from targets import summed" in text
    content = json.loads((folder / "out.json").read_text())["targets"]
    assert [t["target"] for t in content] == ["targets:good", "targets:summed"]
    assert [t["holds"] for t in content] == [True, False]
    assert content[0]["schema"] == "whichmin.compliance/1"
    assert content[0]["seed"] == 5
    assert "whichmin compliance of targets:summed" in (folder / "out.md").read_text()
    lines = (folder / "out.txt").read_text().splitlines()
    assert lines == [t["citation"] for t in content]
    assert lines[0].startswith("targets:good passes 4 of 4 checks (loss, gradient) of whichmin ")


def test_one_target_makes_one_record_also_with_xdist(folder):
    options = ("--whichmin-target=targets:good", "--whichmin-quick", "--whichmin-json=out.json")
    run(folder, *options, code=0)
    alone = json.loads((folder / "out.json").read_text())
    run(folder, *options, "-n", "2", code=0)
    shared = json.loads((folder / "out.json").read_text())
    for content in (alone, shared):
        for result in content["results"]:
            result.pop("seconds")
    assert alone == shared


def test_expected_failures_from_a_file(folder):
    (folder / "known.toml").write_text('"loss.values" = "adds up; issue 12"\n')
    given = ("--whichmin-expected=known.toml", "--whichmin-quick")
    text = run(folder, "--whichmin-target=targets:summed", *given, "-rx", code=0)
    assert "adds up; issue 12" in text
    text = run(folder, "--whichmin-target=targets:good", *given, code=1)
    assert "expected to fail (adds up; issue 12), but it passed: remove the entry" in text
    (folder / "known.toml").write_text('"loss.value" = "typing error"\n')
    text = run(folder, "--whichmin-target=targets:summed", *given, code=1)
    assert "expected failure = 'loss.value', but must be one of" in text


def test_one_mistake_in_the_expected_failures_is_one_failure(folder):
    (folder / "known.toml").write_text('"step.values" = "not written yet"\n')
    given = ("--whichmin-expected=known.toml", "--whichmin-quick")
    text = run(folder, "--whichmin-target=targets:good", *given, code=1)
    assert "'step.values', but must be a check of a function that the target provides" in text
    assert "1 failed in" in text


def test_a_limit_and_what_was_printed(folder):
    given = ("--whichmin-target=targets:hang", "--whichmin-target=targets:chat")
    text = run(folder, *given, "--whichmin-quick", "--whichmin-limit=0.2", code=1)
    assert "did not return within 0.6 s" in text
    assert r"targets:chat: note: loss printed: 'step size too large?\nfrom C' (loss.values)" in text


def test_the_ini_option(folder):
    (folder / "pytest.ini").write_text("[pytest]\nwhichmin_target =\n    targets:good\n")
    assert "targets:good: " in run(folder, "--whichmin-quick", code=0)


def test_without_a_target_one_failure_says_what_to_do(folder):
    text = run(folder, code=1)
    assert "1 failed" in text
    assert "no target given: pytest --pyargs whichmin.verification.suite --whichmin-target" in text


def test_a_target_that_does_not_load_fails_alone_and_is_in_the_record(folder):
    (folder / "lacking.py").write_text(
        "from whichmin.errors import MissingDependency\n"
        "raise MissingDependency('tool', 'the adapter wraps it', 'pip install tool')\n"
    )
    text = run(
        folder, "--whichmin-quick", "--whichmin-target=nowhere", "--whichmin-target=lacking",
        "--whichmin-target=targets:good", "--whichmin-seed=3", "--whichmin-json=out.json",
        "--whichmin-markdown=out.md", code=1,
    )  # fmt: skip
    assert "target = 'nowhere', but must be importable" in text
    assert "tool is missing: the adapter wraps it; pip install tool" in text
    assert "1 failed, 4 passed" in text
    assert "Traceback" not in text
    found = {t["target"]: t for t in json.loads((folder / "out.json").read_text())["targets"]}
    assert {k: t["holds"] for k, t in found.items()} == {
        "lacking": False, "nowhere": False, "targets:good": True,
    }  # fmt: skip
    (result,) = found["nowhere"]["results"]
    assert (result["check"], result["verdict"]) == ("loads", "failed")
    assert "must be importable" in result["message"]
    assert (found["nowhere"]["seed"], found["nowhere"]["profile"]) == (3, "quick")
    assert found["lacking"]["results"][0]["verdict"] == "not applicable"
    assert "whichmin compliance of nowhere" in (folder / "out.md").read_text()


BREAKING = """
from importlib import import_module
judge = import_module("whichmin.verification.oracle.judge")

right = judge.run_check

def broken(check, *others):
    if check.id == "loss.values":
        raise ZeroDivisionError("a bug")
    if check.id == "gradient.values" and DIES:
        import os
        os._exit(9)
    return right(check, *others)

judge.run_check = broken
"""


@pytest.mark.parametrize("dies", [False, True])
def test_a_check_that_ran_and_left_no_result_fails_the_record(folder, dies):
    (folder / "breaking.py").write_text(BREAKING.replace("DIES", str(dies)))
    workers = ("-n", "1", "--max-worker-restart=2") if dies else ()
    text = run(
        folder, "-p", "breaking", "--whichmin-quick", "--whichmin-target=targets:good",
        "--whichmin-json=out.json", "--whichmin-markdown=out.md", *workers, code=1,
    )  # fmt: skip
    content = json.loads((folder / "out.json").read_text())
    assert content["holds"] is False
    by = {r["check"]: r for r in content["results"]}
    assert by["loss.values"]["verdict"] == "inconclusive"
    assert "without a result" in by["loss.values"]["message"]
    assert "ZeroDivisionError" in by["loss.values"]["message"]
    assert by["gradient.values"]["verdict"] == ("inconclusive" if dies else "passed")
    assert "| loss.values " in (folder / "out.md").read_text()
    assert "inconclusive" in text


def test_a_table_of_expected_failures_for_no_target_is_refused(folder):
    (folder / "known.toml").write_text('["targets:sumed"]\n"no.check" = "adds up"\n')
    given = ("--whichmin-expected=known.toml", "--whichmin-quick")
    text = run(folder, "--whichmin-target=targets:summed", *given, code=1)
    assert "'targets:sumed', but must be a target of the run: targets:summed" in text


def test_a_result_of_the_targets_own_class_is_in_the_record(folder):
    (folder / "boxing.py").write_text(
        "class Value:\n"
        "    def __init__(self, value):\n        self.value = value\n"
        "def loss(w, data, activation):\n    return Value(1.0)\n"
    )
    # A console script has no working folder in its path, as ``python -m pytest`` has.
    code = "import sys, pytest; sys.path.remove(''); sys.exit(pytest.main(sys.argv[1:]))"
    done = subprocess.run(
        [sys.executable, "-c", code, "-p", "no:cacheprovider", "--whichmin-quick",
         "--pyargs", "whichmin.verification.suite", "--whichmin-target=boxing",
         "--whichmin-json=out.json"],
        cwd=folder, capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    assert done.returncode == 1, done.stdout
    content = json.loads((folder / "out.json").read_text())
    assert content["holds"] is False
    (result,) = [r for r in content["results"] if r["check"] == "loss.values"]
    assert result["verdict"] == "failed"
    assert "of class Value" in result["message"]
