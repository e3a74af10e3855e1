"""Help texts as sphinx-click gets them."""

import click
import commands
import pytest

from whichmin.cli.help import SECTIONS


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("lead R = log(|c_winner|)", r"lead R = log(\|c_winner\|)"),
        ("all *.npy files", r"all \*.npy files"),
        ("with --seed and whichmin verify", "with ``--seed`` and ``whichmin verify``"),
        ("already ``--seed``", "already ``--seed``"),
    ],
)
def test_signs_are_escaped_and_commands_are_code(line, shown):
    assert commands.escaped(line) == shown


def test_examples_become_a_block():
    @click.command()
    def draw():
        """Draw |w|.

        \b
        Examples:
          whichmin plot walks -o a.svg
        """

    lines = ["Draw |w|.", "", "| Examples:", "|   whichmin plot walks -o a.svg", ""]
    commands._description(None, click.Context(draw), lines)
    at = lines.index(".. code-block:: console")
    assert lines[at + 2] == "   $ whichmin plot walks -o a.svg"
    assert r"Draw \|w\|." in lines
    assert not any("Examples" in line for line in lines)


def test_options_stand_under_their_headings():
    @click.command()
    @click.option("--seed", help="Seed.")
    @click.option("--key", help="Name.")
    @click.option("--other", help="A|B.")
    def guess():
        pass

    lines = [
        ".. option:: --seed", "", "   Seed.", "", ".. option:: --key", "", "   Name.", "",
        ".. option:: --other", "", "   A|B.", "",
    ]  # fmt: skip
    commands._options(None, click.Context(guess), lines)
    text = "\n".join(lines)
    places = [text.index(x) for x in ("--other", "rubric:: Data", "--key", "rubric:: Method",
                                      "--seed")]  # fmt: skip
    assert places == sorted(places)
    assert r"A\|B." in text
    assert {"Data", "Method"} <= set(SECTIONS)
