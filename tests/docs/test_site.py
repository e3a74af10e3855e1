"""README and docs: every block of code runs and shows what it says; links and commands exist."""

import re
import shlex

import generate
import pytest
from blocks import RUNNABLE, figures, find_blocks, run_page
from compare import check_drawing

from whichmin.cli import cli

ROOT = generate.ROOT
PAGES = generate.all_pages()
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_all_code_runs(page, tmp_path):
    text = page.read_text(encoding="utf-8")
    run = run_page(text, tmp_path)
    assert not run.failures, "\n\n".join(run.failures)
    for figure in figures(text):
        drawn = (tmp_path / figure.removeprefix("figures/")).read_bytes()
        check_drawing(drawn)


def test_there_is_code_to_run():
    blocks = {
        name: list(find_blocks(page.read_text(encoding="utf-8")))
        for name, page in zip(NAMES, PAGES, strict=True)
    }
    ran = {
        name: sum(b.language in RUNNABLE and b.reason is None for b in found)
        for name, found in blocks.items()
    }
    assert ran["README.md"] >= 1
    assert ran["docs/verdicts.md"] >= 4
    assert ran["docs/tutorial.md"] >= 10


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_links_point_somewhere(page):
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8")):
        if not target.startswith("http"):
            made = target.startswith("figures/")  # when the site is built
            assert made or (page.parent / target).exists(), f"{page.name} links to {target}"


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_commands_exist(page):
    text = page.read_text(encoding="utf-8")
    for line in re.findall(r"(?:^\$ |&& |`)(whichmin [a-z][^`#\n]*)", text, flags=re.MULTILINE):
        words = shlex.split(re.split(r"&&|[|>]", line)[0])[1:]
        command = cli
        while words and hasattr(command, "commands") and not words[0].startswith("-"):
            assert words[0] in command.commands, line
            command = command.commands[words.pop(0)]
        known = {"--help", *(option for p in command.params for option in p.opts)}
        for word in words:
            if word.startswith("-"):
                assert word in known, f"{page.name}: {line}: {word}"


def test_the_readme_is_short():
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 120
