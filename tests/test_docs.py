"""README and docs: code runs and shows what it says, generated parts are current, links exist."""

import doctest
import importlib.util
import re
import shlex
from pathlib import Path

import pytest

from whichmin.cli import cli

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]


@pytest.fixture(scope="module")
def generate():
    spec = importlib.util.spec_from_file_location("generate_docs", ROOT / "docs" / "generate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_python_in_the_readme_runs():
    result = doctest.testfile(str(ROOT / "README.md"), module_relative=False)
    assert result.attempted >= 8
    assert result.failed == 0


def test_generated_parts_are_current(generate):
    assert generate.outdated(write=False) == []


def test_a_stale_part_is_noticed(generate, monkeypatch):
    monkeypatch.setitem(generate.PARTS["docs/reference.md"], "statuses", lambda: "something else")
    assert generate.outdated(write=False) == ["docs/reference.md"]


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_links_point_somewhere(page):
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
        if not target.startswith("http"):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_commands_exist(page):
    text = page.read_text(encoding="utf-8")
    for line in re.findall(r"(?:^\$ |&& |`)(whichmin [a-z][^`#\n]*)", text, flags=re.MULTILINE):
        words = shlex.split(line.split("&&")[0])[1:]
        command = cli
        while words and hasattr(command, "commands"):
            assert words[0] in command.commands, line
            command = command.commands[words.pop(0)]
        known = {option for p in command.params for option in p.opts}
        for word in words:
            if word.startswith("-"):
                assert word in known, f"{page.name}: {line}: {word}"


def test_the_readme_is_short():
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 120
