"""Help, version and completion load nothing heavy, so that they answer at once."""

import json
import os
import subprocess
import sys

import pytest

from whichmin.cli import cli
from whichmin.cli.help import every_command

HEAVY = {
    "torch", "sympy", "numpy", "scipy", "rich", "matplotlib", "hypothesis", "pandas", "sklearn",
    "tabulate", "whichmin.core", "whichmin.symbolic", "whichmin.verification", "whichmin.plots",
    "whichmin.doctor",
}  # fmt: skip
CODE = """
import atexit, json, sys

def dump():
    print(json.dumps(sorted(sys.modules)), file=sys.stderr)

atexit.register(dump)
sys.argv[0] = "whichmin"
from whichmin.cli import main
main()
"""


def loaded(*arguments, **environment):
    done = subprocess.run(
        [sys.executable, "-c", CODE, *arguments],
        capture_output=True,
        text=True,
        timeout=600,
        env={**os.environ, **environment},
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout
    return set(json.loads(done.stderr.splitlines()[-1]))


@pytest.mark.parametrize(
    "arguments",
    [
        *([*path, "--help"] for path, _ in every_command(cli)),
        ["-h"],
        ["--version"],
        ["completion", "fish"],
    ],
    ids=" ".join,
)
def test_nothing_heavy_is_loaded(arguments):
    modules = loaded(*arguments)
    assert "whichmin.cli.train" in modules
    assert modules & HEAVY == set()


def test_the_tab_key_loads_nothing_heavy():
    modules = loaded(
        _WHICHMIN_COMPLETE="bash_complete", COMP_WORDS="whichmin train --sampling ", COMP_CWORD="3"
    )
    assert "whichmin.cli.train" in modules
    assert modules & HEAVY == set()


def test_a_command_that_computes_loads_what_it_needs():
    modules = loaded("table", "sharpness", "-f", "csv")
    assert {"torch", "sympy", "numpy", "scipy", "whichmin.core"} <= modules & HEAVY


def test_a_small_run_loads_neither_the_kernels_nor_statistics():
    modules = loaded("train", "--m", "8", "--n", "32")
    assert {"torch", "sympy"} <= modules
    assert modules & {"numba", "scipy.stats", "sympy.physics", "rich", "pandas"} == set()
