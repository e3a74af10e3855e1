"""The plugin is loaded at every start of pytest, so it must load nothing."""

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

CONFIG = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())
CODE = """
import json, sys, pytest
class Spy:
    def pytest_sessionfinish(self, session):
        with open("loaded.json", "w") as file:
            json.dump(sorted(sys.modules), file)
pytest.main(["-p", "no:cacheprovider", "-q", *sys.argv[1:]], plugins=[Spy()])
"""


def loaded(folder, *arguments):
    subprocess.run(
        [sys.executable, "-c", CODE, *arguments], cwd=folder, check=True, timeout=600,
        capture_output=True,
    )  # fmt: skip
    return set(json.loads((folder / "loaded.json").read_text()))


def test_the_entry_point():
    points = CONFIG["project"]["entry-points"]["pytest11"]
    assert points == {"whichmin": "whichmin.pytest_plugin"}


def test_a_run_without_a_target_loads_four_light_modules_of_ours(tmp_path):
    (tmp_path / "test_x.py").write_text("def test_x():\n    pass\n")
    others = ("-p", "no:hypothesispytest", "-p", "no:jaxtyping", "-p", "no:benchmark")
    new = loaded(tmp_path, *others) - loaded(tmp_path, *others, "-p", "no:whichmin")
    own = {"whichmin", "whichmin.lazy", "whichmin.moved", "whichmin.pytest_plugin"}
    assert {n for n in new if n.startswith("whichmin")} == own
    heavy = {"numpy", "torch", "sympy", "scipy", "tabulate", "numba", "rich", "click"}
    assert not {n.split(".")[0] for n in new} & heavy
    # Each module of the standard library costs about a millisecond: far below 50 in all.
    assert len(new) <= 12, new


def test_a_targets_suite_needs_neither_torch_nor_sympy(tmp_path):
    (tmp_path / "mine.py").write_text("def loss(w, data, activation):\n    return 1.0\n")
    seen = loaded(
        tmp_path, "-p", "no:hypothesispytest", "-p", "no:jaxtyping", "-p", "no:benchmark",
        "--pyargs", "whichmin.verification.suite", "--whichmin-target=mine", "--whichmin-quick",
    )  # fmt: skip
    assert "whichmin.verification.oracle.judge" in seen
    assert not {n.split(".")[0] for n in seen} & {"torch", "sympy", "scipy", "tabulate"}


@pytest.fixture(scope="module")
def helped():
    """What ``pytest --help`` prints."""
    return subprocess.run(
        [sys.executable, "-m", "pytest", "--help"], capture_output=True, text=True, check=True,
        timeout=600,
    ).stdout  # fmt: skip


@pytest.mark.parametrize("option", ["target", "quick", "deep", "seed", "limit", "json", "markdown",
                                    "expected"])  # fmt: skip
def test_help_names_every_option(helped, option):
    assert f"--whichmin-{option}" in helped


TARGET = "--whichmin-target=x"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([TARGET, "--whichmin-json=absent/x.json"], "--whichmin-json=absent/x.json: must be a"),
        ([TARGET, "--whichmin-markdown=."], "--whichmin-markdown=.: must be a writable"),
        ([TARGET, "--whichmin-json=x", "--whichmin-markdown=./x"], "must be different files"),
        (["--whichmin-json=x.json"], "--whichmin-json=x.json: needs a target; pytest --pyargs"),
        (["--whichmin-markdown=x.md"], "--whichmin-markdown=x.md: needs a target"),
        (["--whichmin-expected=x.toml"], "--whichmin-expected=x.toml: needs a target"),
        (["--whichmin-quick", "--whichmin-deep"], "one of the two"),
        (["--whichmin-seed=-1"], "must be from 0 to 2^31 - 1"),
        (["--whichmin-seed=2147483648"], "must be from 0 to 2^31 - 1"),
        ([TARGET, "--whichmin-json=/proc/x"], "--whichmin-json=/proc/x: must be a writable"),
        ([TARGET, "--whichmin-limit=0"], "--whichmin-limit=0: must be seconds, above 0"),
        ([TARGET, "--whichmin-limit=nan"], "--whichmin-limit=nan: must be seconds"),
        ([TARGET, TARGET], "--whichmin-target=x: must be given once"),
    ],
)
def test_options_that_cannot_work_are_refused_before_the_run(tmp_path, options, message):
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options], cwd=tmp_path, capture_output=True, text=True,
        timeout=600, check=False,
    )  # fmt: skip
    assert done.returncode == 4
    assert message in done.stderr


def test_files_that_nothing_was_written_to_fail_the_run(tmp_path):
    """A target is given, but only other tests are run."""
    (tmp_path / "test_x.py").write_text("def test_x():\n    pass\n")
    given = ["-p", "no:cacheprovider", TARGET, "--whichmin-json=out.json"]

    def run(*options):
        return subprocess.run(
            [sys.executable, "-m", "pytest", *given, *options], cwd=tmp_path, timeout=600,
            capture_output=True, text=True, check=False,
        )  # fmt: skip

    done = run()
    assert done.returncode == 4
    assert "no target was judged, out.json not written: pytest --pyargs" in done.stdout
    assert run("--collect-only").returncode == 0
    assert not (tmp_path / "out.json").exists()
