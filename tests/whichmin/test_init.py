import ast
import importlib
import json
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

import whichmin

HEAVY = ("torch", "sympy", "numpy", "hypothesis", "scipy", "pandas", "rich", "tabulate", "click")


STUB = ast.parse(Path(whichmin.__file__).with_suffix(".pyi").read_text())
HOMES = {
    alias.name: f"whichmin.{line.module}"
    for line in STUB.body
    if isinstance(line, ast.ImportFrom) and line.module
    for alias in line.names
}


def test_import_loads_nothing_heavy_and_using_a_name_does():
    code = (
        "import json, sys, whichmin\n"
        f"heavy = {HEAVY!r}\n"
        "before = [name for name in heavy if name in sys.modules]\n"
        "whichmin.InputError, whichmin.load_array, whichmin.Status, whichmin.__version__\n"
        "light = [name for name in heavy if name in sys.modules]\n"
        "whichmin.closed_form\n"
        "print(json.dumps([before, light, 'sympy' in sys.modules, 'torch' in sys.modules]))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    before, light, sympy, torch = json.loads(done.stdout)
    assert before == []
    assert light == []
    assert sympy
    assert not torch


def test_all_is_sorted_and_equals_the_stub():
    assert whichmin.__all__ == sorted(whichmin.__all__)
    assert set(whichmin.__all__) == set(HOMES)
    assert len(whichmin.__all__) == len(set(whichmin.__all__)) > 20


@pytest.mark.parametrize("name", whichmin.__all__)
def test_every_name_is_the_one_at_its_home(name):
    home = importlib.import_module(HOMES[name])
    value = getattr(whichmin, name)
    assert value is getattr(home, name)
    assert not isinstance(value, type(sys)), "a module hides the function of the same name"
    assert getattr(whichmin, name) is value, "the second access finds the same object"


def test_star_import_brings_exactly_these_names():
    scope = {}
    exec("from whichmin import *", scope)
    assert set(scope) - {"__builtins__"} == set(whichmin.__all__)


@pytest.mark.parametrize("name", ["Train", "nonsense", "_hidden", "numpy"])
def test_unknown_attribute(name):
    with pytest.raises(AttributeError, match=f"module 'whichmin' has no attribute '{name}'"):
        getattr(whichmin, name)
    assert not hasattr(whichmin, name)


def test_version_is_that_of_the_distribution():
    assert whichmin.__version__ == version("whichmin")
    assert re.fullmatch(r"\d+\.\d+\.\d+.*", whichmin.__version__)


def test_dir_lists_lazy_names_too():
    names = dir(whichmin)
    assert names == sorted(names)
    assert {*whichmin.__all__, "__version__", "__doc__"} <= set(names)
