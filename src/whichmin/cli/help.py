"""Lay out help texts: options in groups, examples last.

Click's own layout, because rich-click (and typer, which draws the same tables) leaves 28 columns of
80 for a description, breaks the names of choices, draws frames into pipes, and starts half as fast.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import click

from whichmin.cli.wording import refused_as_typed
from whichmin.errors import InputError, MissingDependency

__all__ = ["SECTIONS", "Command", "Group", "every_command"]

# Headings of the options, in order; an option of another name stands under "Options".
SECTIONS = {
    "Data": (
        "key", "dataset", "label", "m", "n", "frame", "orthonormalise", "whiten", "as_is",
    ),
    "Method": (
        "start", "common_start", "activation", "batch_sizes", "batch_size", "step_size",
        "step_sizes", "sampling", "batches", "max_steps", "check_every", "alpha", "angles", "norm",
        "tolerance", "replicas", "engine", "dtype", "device", "observables", "block", "seed",
        "rounds", "seconds", "contenders", "factors", "target", "positive", "epsilon", "radius",
    ),
    "Recording and resuming": (
        "record", "record_every", "checkpoint", "checkpoint_every", "resume",
    ),
    "Output": ("form", "output"),
}  # fmt: skip
# A command with fewer options needs no headings.
_FEW = 11


class _ExamplesLast(click.Command):
    r"""Shows the block at the end of a docstring that begins with ``\b`` and "Example" last.

    Errors of functions name the options of the command.
    """

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        text = inspect.cleandoc(self.help or "")
        body, separator, examples = text.partition("\b\nExample")
        self.help = body.rstrip() or None
        self._examples = separator + examples

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; what it refuses is named as it was typed."""
        try:
            return super().invoke(ctx)
        except (InputError, MissingDependency) as error:
            if ctx.invoked_subcommand is not None:
                raise  # named already, by the command below
            raise refused_as_typed(error, ctx) from error

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the epilog, then the examples."""
        super().format_epilog(ctx, formatter)
        if self._examples:
            formatter.write_paragraph()
            with formatter.indentation():
                formatter.write_text(self._examples)


class Command(_ExamplesLast):
    """A command whose help shows options in groups and examples last."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, under headings if there are many."""
        homes = {name: heading for heading, names in SECTIONS.items() for name in names}
        found: dict[str, list[tuple[str, str]]] = {h: [] for h in ("Options", *SECTIONS)}
        options = [p for p in self.get_params(ctx) if isinstance(p, click.Option)]
        about = self.get_help_option(ctx)
        for option in options:
            record = option.get_help_record(ctx)
            if record is None:
                continue
            heading = "Output" if option is about else homes.get(option.name or "", "Options")
            found[heading if len(options) > _FEW else "Options"].append(record)
        for heading, rows in found.items():
            if rows:
                with formatter.section(heading):
                    formatter.write_dl(rows)


class Group(_ExamplesLast, click.Group):
    """A group whose commands are listed in the order in which they were added."""

    command_class = Command

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands."""
        del ctx
        return list(self.commands)


def every_command(
    command: click.Command, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Walk a command and everything below it.

    Args:
        command: Where to begin.
        path: The words that one types to call it.

    Yields:
        The words that one types, and the command.
    """
    yield path, command
    if isinstance(command, click.Group):
        for name, inner in command.commands.items():
            yield from every_command(inner, (*path, name))
