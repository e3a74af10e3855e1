"""Options that commands share: format, output, seed, topic."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TextIO, TypeVar

import click

from whichmin.errors import InputError
from whichmin.files import check_writable, write_text
from whichmin.reporting import FORMATS
from whichmin.words import TOPICS

if TYPE_CHECKING:
    from whichmin.reporting import Document

__all__ = [
    "emit",
    "output_options",
    "refuse_same_file",
    "refuse_unwritable",
    "seed_option",
    "topic_option",
]

_F = TypeVar("_F", bound=Callable[..., Any])


def refuse_unwritable(
    ctx: click.Context, parameter: click.Parameter, path: str | None
) -> str | None:
    """Refuse a file that cannot be written, before its content is computed.

    Args:
        ctx: Says whether a shell is completing what is typed, which checks nothing.
        parameter: The option.
        path: Its value.

    Returns:
        The value.

    Raises:
        InputError: The file cannot be written.
    """
    if path is not None and not ctx.resilient_parsing:
        check_writable(path, parameter.opts[0])
    return path


def output_options(command: _F) -> _F:
    """Add the options ``--format`` and ``--output``.

    Returns:
        The decorated command.
    """
    command = click.option(
        "--output",
        "-o",
        type=click.Path(dir_okay=False),
        callback=refuse_unwritable,
        help="File to write, in full or not at all.  [default: standard output]",
    )(command)
    return click.option(
        "--format", "-f", "form", type=click.Choice(FORMATS), default="table", show_default=True,
        help="Output format; table is plain text unless it goes to a terminal.",
    )(command)  # fmt: skip


def seed_option(command: _F) -> _F:
    """Add the option ``--seed``.

    Returns:
        The decorated command.
    """
    return click.option(
        "--seed",
        type=int,
        default=0,
        show_default=True,
        help="Seed of every random choice: 0 to 2^64 - 1.",
    )(command)


def topic_option(what: str) -> Callable[[_F], _F]:
    """Make the option ``--topic``.

    Args:
        what: What is chosen, in the plural.

    Returns:
        The decorator of a command.
    """
    topics = ", ".join(TOPICS)
    text = f"{what} of one topic: {topics}.  [default: all]"
    return click.option("--topic", metavar="TOPIC", help=text)


def refuse_same_file(read: dict[str, str | None], written: dict[str, str | None]) -> None:
    """Refuse to write a file that is also read, or written twice.

    Args:
        read: Files to read, by the name of the option.
        written: Files to write, by the name of the option.

    Raises:
        InputError: Two options name the same file.
    """
    seen: dict[str, str] = {}
    for option, path in (*read.items(), *written.items()):
        if path is None:
            continue
        place = os.path.realpath(path)
        if place in seen and option in written:
            raise InputError(option, path, f"must be another file than that of {seen[place]}")
        seen[place] = option


def _on_terminal(stream: TextIO | None) -> bool:
    """Whether a stream is a terminal; Python has None for one that the caller closed."""
    return stream is not None and stream.isatty()


def emit(document: Document, form: str, output: str | None) -> None:
    """Write a document to a file or to standard output.

    Args:
        document: The document.
        form: Format.
        output: File, or None for standard output.
    """
    if output is not None:
        write_text(output, document.render(form))
        click.echo(f"wrote {output}", err=True)
    elif form == "table" and _on_terminal(sys.stdout):
        for place, table in enumerate(document.tables):
            if place:
                click.echo()
            table.print_rich()
    else:
        click.echo(document.render(form))
