"""Options and behaviour that all commands share: format, output, progress, seeds."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TextIO, TypeVar

import click

from whichmin.errors import InputError
from whichmin.reporting import FORMATS, write_text
from whichmin.words import TOPICS

if TYPE_CHECKING:
    from whichmin.reporting import Document

__all__ = [
    "emit",
    "output_options",
    "progress_bar",
    "refuse_same_file",
    "seed_option",
    "topic_option",
]

# Seconds between two lines of progress in a log file.
_SAY_EVERY = 30.0

_F = TypeVar("_F", bound=Callable[..., Any])


def output_options(command: _F) -> _F:
    """Add ``--format`` and ``--output``.

    Returns:
        The decorated command.
    """
    command = click.option(
        "--output",
        "-o",
        type=click.Path(dir_okay=False),
        help="File to write, in full or not at all.  [default: standard output]",
    )(command)
    return click.option(
        "--format", "-f", "form", type=click.Choice(FORMATS), default="table", show_default=True,
        help="Output format; table is plain text unless it goes to a terminal.",
    )(command)  # fmt: skip


def seed_option(command: _F) -> _F:
    """Add ``--seed``.

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
    """Make ``--topic``.

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
    """Put out a document.

    Args:
        document: What to put out.
        form: Format.
        output: File, or None for standard output.
    """
    if output is not None:
        write_text(output, document.render(form))
        click.echo(f"wrote {output}", err=True)
    elif form == "table" and _on_terminal(sys.stdout):
        for table in document.tables:
            table.print_rich()
    else:
        click.echo(document.render(form))


@contextmanager
def progress_bar(total: int, label: str) -> Iterator[Callable[[float, str], None]]:
    """Show a progress bar on a terminal's standard error, a line every 30 seconds elsewhere.

    Args:
        total: Number of units.
        label: What is being done.

    Yields:
        A function that sets (units done, what is being done).
    """
    if not _on_terminal(sys.stderr):
        yield _lines(total)
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeRemainingColumn,
    )

    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    ) as bar:
        task = bar.add_task(label, total=total)

        def update(done: float, what: str) -> None:
            bar.update(task, completed=done, description=what)

        yield update


def _lines(total: int) -> Callable[[float, str], None]:
    """Progress for log files: nothing in short runs, then a line now and then.

    Returns:
        A function that is told (units done, what is being done).
    """
    began = said = time.monotonic()
    label, first = "", 0.0

    def update(done: float, what: str) -> None:
        nonlocal began, said, label, first
        now = time.monotonic()
        if what != label:
            label, first, began = what, done, now
        if now - said < _SAY_EVERY:
            return
        said = now
        left = ""
        if done > first:
            seconds = (now - began) * (total - done) / (done - first)
            left = f", at most {seconds / 60:.0f} min left"
        click.echo(f"{what}: {100 * done / total:.0f} %{left}", err=True)

    return update
