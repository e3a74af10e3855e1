"""Options and behaviour that all commands share: format, output, progress, seeds."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import click

from whichmin.reporting import FORMATS, write_text

if TYPE_CHECKING:
    from whichmin.reporting import Document

__all__ = ["emit", "output_options", "progress_bar", "seed_option"]

_F = TypeVar("_F", bound=Callable[..., Any])


def output_options(command: _F) -> _F:
    """Add ``--format`` and ``--output``.

    Returns:
        The decorated command.
    """
    command = click.option(
        "--output", "-o", type=click.Path(dir_okay=False), help="Write to a file (atomically)."
    )(command)
    return click.option(
        "--format", "-f", "form", type=click.Choice(FORMATS), default="table", show_default=True,
        help="Output format; table is plain text when not on a terminal.",
    )(command)  # fmt: skip


def seed_option(command: _F) -> _F:
    """Add ``--seed``.

    Returns:
        The decorated command.
    """
    return click.option(
        "--seed", type=int, default=0, show_default=True, help="Seed of every random choice."
    )(command)


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
    elif form == "table" and sys.stdout.isatty():
        for table in document.tables:
            table.print_rich()
    else:
        click.echo(document.render(form))


@contextmanager
def progress_bar(total: int, label: str) -> Iterator[Callable[[float, str], None]]:
    """Show a progress bar on a terminal's standard error, nothing elsewhere.

    Args:
        total: Number of units.
        label: What is being done.

    Yields:
        A function that sets (units done, what is being done).
    """
    if not sys.stderr.isatty():
        yield lambda _done, _what: None
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
