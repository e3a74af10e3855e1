"""Examples in docstrings run and show what they say."""

import builtins
import doctest
import importlib
import inspect
import pkgutil
import re
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


def raised(document):
    """Names under "Raises:", each before its colon."""
    section = re.search(r"^ *Raises:\n((?: +\S.*\n?)+)", document, re.MULTILINE)
    lines = section[1].splitlines() if section else []
    indent = min((len(line) - len(line.lstrip()) for line in lines), default=0)
    return [line.split(":")[0].strip() for line in lines if line[indent] != " "]


def documents(module):
    for thing in vars(module).values():
        if getattr(thing, "__module__", None) == module.__name__ and (
            inspect.isfunction(thing) or inspect.isclass(thing)
        ):
            yield thing.__name__, inspect.getdoc(thing) or ""
            if inspect.isclass(thing):
                members = {k: inspect.unwrap(v) for k, v in vars(thing).items() if callable(v)}
                yield from ((f"{thing.__name__}.{k}", inspect.getdoc(v) or "")
                            for k, v in members.items())  # fmt: skip


@pytest.mark.parametrize("name", MODULES)
def test_errors_that_are_raised_can_be_found(name, errors):
    """By a reader, and by the links of the site: Python's, ours, or named with their package."""
    for where, document in documents(importlib.import_module(name)):
        for error in raised(document):
            package, _, short = error.rpartition(".")
            known = hasattr(importlib.import_module(package), short) if package else short in errors
            assert known, f"{where}: {error}"


@pytest.fixture(scope="module")
def errors():
    ours = {k for n in MODULES for k in vars(importlib.import_module(n)) if is_error(n, k)}
    return ours | set(dir(builtins))


def is_error(module, name):
    thing = getattr(importlib.import_module(module), name)
    return (
        inspect.isclass(thing) and issubclass(thing, BaseException) and thing.__module__ == module
    )


def test_names_under_raises():
    assert raised("A.\n\nRaises:\n    InputError: Bad:\n        very.\n    E: Worse.\n") == [
        "InputError", "E",
    ]  # fmt: skip
    assert raised("A.\n\nReturns:\n    B: C.\n") == []
