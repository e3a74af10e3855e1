"""The script that runs a command as on another processor."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "tools/processor.py"
SEEN = """
import os
import numpy
from numpy._core._multiarray_umath import __cpu_dispatch__, __cpu_features__
on = [name for name in __cpu_dispatch__ if __cpu_features__.get(name)]
print(os.environ["ATEN_CPU_CAPABILITY"], *on)
"""


def run(*arguments):
    return subprocess.run(
        [sys.executable, SCRIPT, *arguments], capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(("bundle", "capability"), [("old", "default"), ("middle", "avx2")])
def test_a_command_runs_without_the_features_and_without_a_warning(bundle, capability):
    done = run(bundle, sys.executable, "-W", "error", "-c", SEEN)
    assert (done.returncode, done.stderr) == (0, "")
    found, *on = done.stdout.split()
    assert found == capability
    assert not on if bundle == "old" else not any("512" in x or x == "X86_V4" for x in on)


def test_the_command_gives_the_exit_code():
    assert run("old", sys.executable, "-c", "raise SystemExit(7)").returncode == 7


@pytest.mark.parametrize("arguments", [[], ["old"], ["new", "true"]])
def test_wrong_use_is_told(arguments):
    done = run(*arguments)
    assert done.returncode == 2
    assert "usage: " in done.stdout
