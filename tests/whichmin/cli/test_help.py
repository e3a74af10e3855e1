"""Help texts: laid out for people, and every example in them runs."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import numpy as np
import pytest
import warm

from whichmin.cli import cli, run
from whichmin.cli.help import SECTIONS, Command, Group, every_command

COMMANDS = dict(every_command(cli))
NAMES = [" ".join(path) for path in COMMANDS]
OPTIONS = {
    " ".join((*path, option.opts[0])): option
    for path, command in COMMANDS.items()
    for option in command.params
    if isinstance(option, click.Option)
}
# Without these nothing is done: there is no default to state.
NOTHING_WITHOUT_IT = {
    *(name for name in OPTIONS
      if name.split()[-1] in {"--key", "--dataset", "--label", "--orthonormalise"}),
    "train --record-every", "table sharpness --m", "table sharpness --n",
    "table sharpness --positive", "table noise --m", "table noise --n", "table noise --positive",
}  # fmt: skip
# Takes a minute; tests/verification/oracle/mutants/test_matrix.py judges the whole bank. The proofs
# need Coq and minutes; tests/whichmin/cli/test_prove.py runs the command on small ones.
RUN_ELSEWHERE = {
    "whichmin mutants", "whichmin prove", "whichmin prove gap minima",
    "whichmin prove --fresh --deep -f json -o proofs.json",
}  # fmt: skip
EXAMPLE = re.compile(r"^    (whichmin .*)$", re.MULTILINE)


def help_text(name, capsys):
    assert run([*name.split(), "--help"]) == 0
    return capsys.readouterr().out


def examples(name, capsys):
    printed = help_text(name, capsys)
    *_, block = printed.partition("\n  Examples:\n")
    return EXAMPLE.findall(block), block


def test_the_walk_finds_groups_and_what_is_in_them():
    assert {"", "train", "verify", "table", "table sharpness", "doctor"} <= set(NAMES)
    assert {"train --seed", "table sharpness --m", "--version"} <= set(OPTIONS)


@pytest.mark.parametrize("name", NAMES)
def test_every_help_ends_with_examples_on_lines_of_their_own(name, capsys):
    found, block = examples(name, capsys)
    assert found
    assert block == "".join(f"    {line}\n" for line in found), "nothing follows the examples"
    assert all(line.startswith(f"whichmin {name}".rstrip() + " ") or line == f"whichmin {name}"
               for line in found)  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_every_help_fits_80_columns_and_nothing_is_cut_off(name, capsys):
    printed = help_text(name, capsys)
    assert printed.startswith(f"Usage: whichmin {name}".rstrip() + " ")
    assert max(map(len, printed.splitlines())) <= 80
    assert "..." not in re.sub(r"\[(ARGS|NAME)\]\.\.\.", "", printed)
    assert "\b" not in printed
    assert isinstance(COMMANDS[tuple(name.split())], (Command, Group))


@pytest.mark.parametrize("name", OPTIONS)
def test_every_option_says_what_is_allowed_and_what_is_the_default(name):
    option = OPTIONS[name]
    text = option.help or ""
    assert len(text) > 10
    assert text[0].isupper()
    assert text[-1] in ".]"
    if isinstance(option.type, (click.types.IntParamType, click.types.FloatParamType)):
        assert re.search(r"at least \w|above \d|between \d|\d to \w", text), "allowed values"
    if option.is_flag or isinstance(option.type, click.Path):
        return
    assert option.show_default or "[default: " in text or name in NOTHING_WITHOUT_IT


def test_many_options_stand_under_headings(capsys):
    printed = help_text("train", capsys)
    places = [printed.index(f"\n{heading}:\n") for heading in SECTIONS]
    assert places == sorted(places)
    assert "\nOptions:\n" not in printed, "every option of train has a home in SECTIONS"
    data, method = (
        printed.index(f"\n  {option} [") for option in ("--orthonormalise", "--sampling")
    )
    assert places[0] < data < places[1] < method < places[2]
    for heading in SECTIONS:
        assert f"\n{heading}:\n" not in help_text("table sharpness", capsys)


def test_the_list_of_options_without_a_default_is_current():
    assert set(OPTIONS) >= NOTHING_WITHOUT_IT
    assert not any("[default: " in OPTIONS[name].help for name in NOTHING_WITHOUT_IT)


def test_sections_name_options_that_exist():
    names = {option.name for option in OPTIONS.values()}
    listed = [name for section in SECTIONS.values() for name in section]
    assert len(set(listed)) == len(listed)
    assert set(listed) <= names


def test_examples_are_taken_from_the_end_of_the_docstring():
    @click.command(cls=Command)
    def some():
        """What it does.

        More.

        \b
        Examples:
          whichmin some --thing
        """

    context = click.Context(some, info_name="whichmin some")
    printed = some.get_help(context)
    assert printed.index("More.") < printed.index("--help") < printed.index("Examples:\n")
    assert printed.endswith("    whichmin some --thing")
    assert some.get_short_help_str() == "What it does."


@pytest.fixture
def folder(tmp_path):
    """A home folder with the files that the examples name."""
    rows = np.linalg.qr(np.random.default_rng(0).normal(size=(12, 5)))[0].T
    np.save(tmp_path / "data.npy", rows)
    (tmp_path / ".config/fish/completions").mkdir(parents=True)
    return tmp_path


@pytest.mark.parametrize("name", NAMES)
def test_every_example_runs(name, capsys, folder):
    found, _ = examples(name, capsys)
    for example in (e for e in found if e not in RUN_ELSEWHERE):
        added = {
            "HOME": str(folder),
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        }
        if set(example) & set("|&;<>$`*~"):
            done = subprocess.run(
                ["bash", "-c", example], cwd=folder, capture_output=True, text=True, timeout=600,
                env={**os.environ, **added},
            )  # fmt: skip
        else:
            done = warm.command(shlex.split(example)[1:], folder, **added)
        # 1 is documented: a run ended without reaching a global minimum.
        allowed = {0, 1} if "train" in example else {0}
        assert done.returncode in allowed, f"{example}\n{done.stderr}"
        assert "Traceback" not in done.stderr
        written = re.findall(r"(?:> ?|--output |-o )(\S+)", example)
        for file in written:
            assert (folder / file.replace("~/", "")).stat().st_size > 0, example
        assert done.stdout or written, f"{example} says nothing"
        assert shlex.split(example)[0] == "whichmin"
