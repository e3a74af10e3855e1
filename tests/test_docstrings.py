"""Examples in docstrings run and show what they say."""

import doctest
import importlib
import pkgutil
import tomllib
from pathlib import Path

import pytest

CONFIG = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())
PACKAGES = CONFIG["tool"]["setuptools"]["packages"]
MODULES = [
    f"{package}.{found.name}"
    for package in PACKAGES
    for found in pkgutil.iter_modules(importlib.import_module(package).__path__)
    # Adapters of the oracle import other people's tools; they have tests of their own.
    if not found.ispkg and found.name != "__main__" and not package.endswith(".adapters")
]


@pytest.mark.parametrize("name", MODULES)
def test_examples(name):
    module = importlib.import_module(name)
    result = doctest.testmod(module, extraglobs={}, optionflags=doctest.NORMALIZE_WHITESPACE)
    assert result.failed == 0


def test_there_are_examples():
    finder = doctest.DocTestFinder(exclude_empty=True)
    found = [t for n in MODULES for t in finder.find(importlib.import_module(n)) if t.examples]
    assert len(found) >= 7
