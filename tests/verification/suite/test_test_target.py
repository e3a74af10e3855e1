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
        cwd=folder, capture_output=True, text=True, timeout=120, check=False,
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
    assert "targets:good: 2 passed, " in text
    assert "not provided: no train" in text


def test_a_wrong_target_fails_with_diagnosis_and_snippet_and_leaves_files(folder):
    text = run(
        folder, "--whichmin-target=targets:summed", "--whichmin-target=targets:good",
        "--whichmin-json=out.json", "--whichmin-markdown=out.md", "--whichmin-seed=5", code=1,
    )  # fmt: skip
    assert "diagnosis: off by exactly a factor m" in text
    assert "from targets import summed" in text
    content = json.loads((folder / "out.json").read_text())["targets"]
    assert [t["target"] for t in content] == ["targets:good", "targets:summed"]
    assert [t["holds"] for t in content] == [True, False]
    assert content[0]["schema"] == "whichmin.compliance/1"
    assert content[0]["seed"] == 5
    assert "whichmin compliance of targets:summed" in (folder / "out.md").read_text()


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


def test_the_ini_option(folder):
    (folder / "pytest.ini").write_text("[pytest]\nwhichmin_target =\n    targets:good\n")
    assert "targets:good: " in run(folder, "--whichmin-quick", code=0)


def test_without_a_target_one_skip_says_what_to_do(folder):
    text = run(folder, code=0)
    assert "1 skipped" in text
    assert "no target given: pytest --pyargs whichmin.verification.suite --whichmin-target" in text


def test_a_target_that_does_not_load_fails_alone(folder):
    (folder / "lacking.py").write_text(
        "from whichmin.errors import MissingDependency\n"
        "raise MissingDependency('tool', 'the adapter wraps it', 'pip install tool')\n"
    )
    text = run(
        folder, "--whichmin-quick", "--whichmin-target=nowhere", "--whichmin-target=lacking",
        "--whichmin-target=targets:good", code=1,
    )  # fmt: skip
    assert "target = 'nowhere', but must be importable" in text
    assert "tool is missing: the adapter wraps it; pip install tool" in text
    assert "1 failed, 2 passed" in text
    assert "Traceback" not in text
