"""Generated parts and pages are current, and a stale one is noticed."""

import click
import generate
import pages
import pytest

from whichmin.cli import cli


def test_generated_parts_are_current():
    assert generate.outdated(write=False) == []


def test_a_stale_part_is_noticed(monkeypatch):
    monkeypatch.setitem(generate.PARTS["docs/reference.md"], "statuses", lambda: "something else")
    assert generate.outdated(write=False) == ["docs/reference.md"]


def test_a_place_that_is_not_there_is_named():
    with pytest.raises(ValueError, match="no place for 'statuses'"):
        generate.filled("a page", "statuses", "content")


def test_a_new_command_appears_by_itself(monkeypatch):
    @click.command()
    @click.option("--how", type=click.Choice(["well", "badly"]), default="well", show_default=True)
    @click.option("--many", type=int, help="How many.  [default: from the data]")
    def guess():
        """Guess *the* minimum, with --how.

        Example: whichmin guess --how badly
        """

    monkeypatch.setitem(cli.commands, "guess", guess)
    text = pages.cli_page().split("## whichmin guess")[1]
    assert "whichmin guess [OPTIONS]" in text
    assert r"Guess \*the\* minimum, with `--how`." in text
    assert "```console\n$ whichmin guess --how badly\n```" in text
    assert "| Options | value | default | meaning |" in text
    assert "| `--how` | `well`, `badly` | `well` |  |" in text
    assert "| `--many` | INTEGER | from the data | How many. |" in text
    assert generate.outdated(write=False) == ["docs/cli.md"]


def test_every_option_of_every_command_is_described():
    text = pages.cli_page()
    for name in ("verify", "train", "doctor"):
        part = text.split(f"## whichmin {name}\n")[1].split("\n## ")[0]
        for parameter in cli.commands[name].params:
            if isinstance(parameter, click.Option):
                assert f"`{parameter.opts[0]}`" in part


def test_a_new_package_gets_a_page(monkeypatch, tmp_path):
    (tmp_path / "pyproject.toml").write_text(
        "[tool.setuptools]\npackages = ['whichmin', 'whichmin.core', 'whichmin.cli']\n"
    )
    monkeypatch.setattr(pages, "ROOT", tmp_path)
    made = pages.api_pages()
    assert sorted(made) == [
        "docs/api/index.md", "docs/api/whichmin-core.md", "docs/api/whichmin.md",
    ]  # fmt: skip
    assert ".. automodule:: whichmin.core.training.trainer" in made["docs/api/whichmin-core.md"]
    assert "{py:obj}`train <whichmin.train>`" in made["docs/api/whichmin.md"]


def test_a_page_of_a_package_that_went_is_noticed(monkeypatch):
    kept = {k: v for k, v in pages.api_pages().items() if k != "docs/api/whichmin-symbolic.md"}
    monkeypatch.setattr(generate, "api_pages", lambda: kept)
    assert generate.outdated(write=False) == ["docs/api/whichmin-symbolic.md"]
