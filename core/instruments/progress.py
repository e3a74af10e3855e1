"""Progress bars of long measurements, on a terminal's standard error."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["progress_bar"]


@contextmanager
def progress_bar(
    total: float, label: str, show: bool | None = None
) -> Iterator[Callable[[], None]]:
    """Show a progress bar.

    Args:
        total: Number of units.
        label: What is being done.
        show: Whether to show it; None for: if standard error is a terminal. Elsewhere it is printed
            once, at the end.

    Yields:
        A function to be called when a unit is done.
    """
    if not (sys.stderr.isatty() if show is None else show):
        yield _nothing
        return
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(console=console, transient=console.is_terminal) as bar:
        task = bar.add_task(label, total=total)
        yield lambda: bar.advance(task)


def _nothing() -> None:
    """Do nothing, where no bar is shown."""
