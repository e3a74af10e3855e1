"""Show the progress of long work on standard error: the work, its part done, and the time taken.

The time that is left is not shown. Runs end when they converge, replicas end all at once, and one
check takes a hundredth of a second, another half a minute: estimates were wrong by a factor of 30.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol, TextIO

__all__ = ["LARGE", "SAY_EVERY", "Tell", "progress_bar", "stages"]

# Seconds between two lines of progress in a log file.
SAY_EVERY = 30.0
# Bytes of data from which on a log file hears of every stage: some 2000 points in 2000 dimensions,
# whose inner products take seconds.
LARGE = 2**25


class Tell(Protocol):
    """A function that is called whenever there is progress."""

    def __call__(self, done: float | None = None, what: str = "") -> None:
        """Note progress.

        Args:
            done: Units done so far; by default one more than before.
            what: What is being done now; by default what was said before.
        """


@contextmanager
def progress_bar(
    total: float, label: str, show: bool | None = None, lines: bool = False
) -> Iterator[Tell]:
    """Show a progress bar, or lines of text where there is no terminal.

    Args:
        total: Number of units, at most: work may end before.
        label: What is being done.
        show: Whether to show a bar; by default if standard error is a terminal. Elsewhere the
            bar is printed once, at the end.
        lines: Whether to write a line every 30 seconds if no bar is shown.

    Yields:
        A function to call with progress.
    """
    # Python has None for a stream that the caller closed.
    if not ((sys.stderr is not None and sys.stderr.isatty()) if show is None else show):
        yield _lines(total, label, sys.stderr if lines else None)
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    with Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=console.is_terminal,
    ) as bar:
        task = bar.add_task(label, total=total)

        def tell(done: float | None = None, what: str = "") -> None:
            if done is None:
                bar.advance(task)
            else:
                bar.update(task, completed=done)
            if what:
                bar.update(task, description=what)

        yield tell


@contextmanager
def stages(size: int = 0, show: bool | None = None) -> Iterator[Callable[[str], None]]:
    """Name the stages of work that cannot tell how far it is, such as reading a file.

    Args:
        size: Bytes of the data that the work is on; 0 for work that is short or of another kind.
        show: Whether to show the stage and its time while it lasts; by default if standard error
            is a terminal. Elsewhere every stage of work on ``LARGE`` data is a line.

    Yields:
        A function to call when a stage begins.
    """
    if not ((sys.stderr is not None and sys.stderr.isatty()) if show is None else show):
        stream = sys.stderr if size >= LARGE else None

        def line(what: str) -> None:
            if stream is not None:
                print(f"{what} ...", file=stream, flush=True)

        yield line
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        TimeElapsedColumn(),
        console=console,
        transient=console.is_terminal,
    ) as bar:
        task = bar.add_task("", total=None)
        yield lambda what: bar.update(task, description=what)


def _lines(total: float, label: str, stream: TextIO | None) -> Tell:
    """Write for log files: nothing in short work, then a line now and then.

    Returns:
        A function to call with progress.
    """
    began = said = time.monotonic()
    units = 0.0

    def tell(done: float | None = None, what: str = "") -> None:
        nonlocal said, units, label
        units = units + 1 if done is None else done
        label = what or label
        now = time.monotonic()
        if stream is None or now - said < SAY_EVERY:
            return
        said = now
        minutes = (now - began) / 60
        print(f"{label}: {100 * units / total:.0f} %, {minutes:.1f} min so far", file=stream)

    return tell
