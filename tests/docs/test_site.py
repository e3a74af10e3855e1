"""README and docs: every block of code runs and shows what it says; links and commands exist."""

import re
import shlex

import generate
import pytest
from blocks import RUN_ELSEWHERE, RUNNABLE, figures, find_blocks, run_page
from compare import check_drawing, same_drawing

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
        kept = page.parent / figure
        if kept.exists():  # most are drawn when the site is built
            assert same_drawing(kept.read_bytes(), drawn), f"{figure}: run docs/generate.py"


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
    elsewhere = {n for n, found in blocks.items() if RUN_ELSEWHERE in {b.reason for b in found}}
    assert elsewhere == {"docs/cli.md"}


def test_every_figure_is_shown():
    shown = {p.parent / f for p in PAGES for f in figures(p.read_text(encoding="utf-8"))}
    assert set((ROOT / "docs").glob("figures/*")) <= shown


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_links_point_somewhere(page):
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8")):
        if not target.startswith("http"):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_commands_exist(page):
    text = page.read_text(encoding="utf-8")
    for line in re.findall(r"(?:^\$ |&& |`)(whichmin [a-z][^`#\n]*)", text, flags=re.MULTILINE):
        words = shlex.split(re.split(r"&&|[|>]", line)[0])[1:]
        command = cli
        while words and hasattr(command, "commands"):
            assert words[0] in command.commands, line
            command = command.commands[words.pop(0)]
        known = {"--help", *(option for p in command.params for option in p.opts)}
        for word in words:
            if word.startswith("-"):
                assert word in known, f"{page.name}: {line}: {word}"


def test_the_readme_is_short():
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 120
