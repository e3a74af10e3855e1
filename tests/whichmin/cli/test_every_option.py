"""Every command and every option is covered by a run in which its effect is looked for.

(Those of ``whichmin plot``: test_plot_every_option.py.)
"""

import importlib.util
import shlex
from pathlib import Path

import click
import pytest
from click.core import ParameterSource

from whichmin.cli import cli
from whichmin.cli.help import every_command


def cover(name):
    path = Path(__file__).with_name(f"test_{name}_every_option.py")
    spec = importlib.util.spec_from_file_location(f"cover_{name}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.COVER


COVERS = [cover(name) for name in ("train", "ensemble", "verify")]
CASES = [(option, c) for c in COVERS for option in c.effects]


def given(arguments):
    """Names of what a line of arguments uses: each command, and each option as typed in full."""
    command, path, rest = cli, [], shlex.split(arguments)
    found = {""}
    while True:
        context = command.make_context("whichmin", rest, resilient_parsing=True)
        for option in command.params:
            source = context.get_parameter_source(option.name or "")
            if isinstance(option, click.Option) and (
                source is ParameterSource.COMMANDLINE or option.opts[0] in rest[:1]
            ):
                found.add(" ".join([*path, longest(option)]))
        rest = [*context._protected_args, *context.args]
        if not isinstance(command, click.Group) or not rest:
            return found
        path.append(rest[0])
        found.add(" ".join(path))
        command, rest = command.commands[rest[0]], rest[1:]


def longest(option):
    return max(option.opts, key=len)


def everything():
    for path, command in every_command(cli):
        if path[:1] == ("plot",):
            continue  # test_plot_every_option.py
        yield " ".join(path)
        for option in command.params:
            if isinstance(option, click.Option):
                yield " ".join([*path, longest(option)])


def test_every_command_and_option_is_covered_once():
    names = list(everything())
    assert {"train --seed", "train --output", "table sharpness --m", "--version"} <= set(names)
    assert sorted(option for option, _ in CASES) == sorted(names)


@pytest.mark.parametrize(("option", "cover"), CASES, ids=[option for option, _ in CASES])
def test_an_effect_looks_at_a_run_with_its_option(option, cover):
    assert any(option in given(cover.runs[name][0]) for name in cover.names(option))


def test_the_options_of_a_line_are_recognised():
    assert given("train -b 1 --as-is x.npy") == {
        "", "train", "train --batch-size", "train --as-is",
    }  # fmt: skip
    assert given("table sharpness -f csv") == {"", "table", "table sharpness",
                                               "table sharpness --format"}  # fmt: skip
    assert given("--version") == {"", "--version"}


def test_every_run_is_looked_at_and_there_are_few():
    for cover in COVERS:
        assert {name for option in cover.effects for name in cover.names(option)} == set(cover.runs)
    assert sum(len(cover.runs) for cover in COVERS) <= 80, "each costs a second"
