"""Code blocks of a page: found, run in page order, compared with the output shown.

* ``console`` blocks hold commands after ``$`` and, below each, the output it shows if any. They run
  in a temporary folder with a link to the repository's ``examples``, one shell per command; the
  exit code must be 0 unless a comment before the block says ``<!-- exit code: 2 -->``.
* ``python`` blocks are doctests, or scripts where they have no prompt. All blocks of a page share
  one namespace and the folder.
* ``...`` in an output shown stands for anything; numbers may differ as rounding makes them
  differ from processor to processor (see ``compare.py``).
* A block that cannot run has ``<!-- not executed: REASON -->`` before it, with one of
  :data:`REASONS`. Blocks in other languages are no code and do not run.

Sybil and pytest-markdown-docs run the Python of a page; a session of a terminal with its exit
codes, sharing a folder with that Python, would be a plugin as long as this module, and neither
brings the outputs on a page up to date.
"""

from __future__ import annotations

import contextlib
import doctest
import io
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import warm
from compare import Checker, same_text

__all__ = ["REASONS", "Block", "Run", "commands", "figures", "find_blocks", "run_page", "shell"]

REASONS = (
    "installs packages",
    "fetches from the network",
    "runs the test suite",
    "runs for minutes",
    "builds these pages",
)
RUNNABLE = ("console", "python")
# Text, data and directives; everything else must be one of RUNNABLE.
PLAIN = ("", "text", "json", "toml", "bibtex", "markdown")
_FENCE = re.compile(r"^(?P<indent> *)(?P<ticks>`{3,})(?P<language>[^`\s]*)[^`]*$")
_MARK = re.compile(r"^<!-- (not executed|exit code): (.+) -->$")

# How far a command is, said every half minute.
_PROGRESS = re.compile(r"[^:]+: \d+ %, [\d.]+ min so far")
# Seconds after which a command hangs; the longest takes 25 on an idle machine.
_LIMIT = 3600


@dataclass(frozen=True)
class Block:
    """A fenced block.

    Attributes:
        language: Word after the opening fence.
        lines: Content, without the fences.
        line: Index of the first content line in the page.
        reason: Why it is not executed; None for a block that is.
        exit_code: Exit code that its commands must have.
    """

    language: str
    lines: tuple[str, ...]
    line: int
    reason: str | None = None
    exit_code: int = 0


@dataclass
class Run:
    """What running a page gave.

    Attributes:
        failures: One text per difference, with its place.
        commands: Number of commands run.
        examples: Number of Python examples run.
        lines: The page's lines, with the outputs that came.
    """

    failures: list[str] = field(default_factory=list)
    commands: int = 0
    examples: int = 0
    lines: list[str] = field(default_factory=list)


def find_blocks(text: str) -> Iterator[Block]:
    """Find the fenced blocks of a page; fences inside a longer fence belong to its content.

    Args:
        text: The page.

    Yields:
        Blocks in order.

    Raises:
        ValueError: A block has no end, or an unknown language or mark.
    """
    lines = text.split("\n")
    at = 0
    while at < len(lines):
        opened = _FENCE.match(lines[at])
        if opened is None:
            at += 1
            continue
        end = at + 1
        while end < len(lines) and lines[end].strip() != opened["ticks"]:
            end += 1
        if end == len(lines):
            raise ValueError(f"line {at + 1}: the block has no end")
        marks = dict(_marks(lines[:at]))
        reason = marks.get("not executed")
        language = opened["language"]
        if language not in {*RUNNABLE, *PLAIN} and not language.startswith("{"):
            raise ValueError(f"line {at + 1}: blocks in {language} are neither run nor plain text")
        if reason is not None and reason not in REASONS:
            raise ValueError(f"line {at + 1}: {reason!r} is not among the reasons: {REASONS}")
        yield Block(
            language, tuple(lines[at + 1 : end]), at + 1, reason, int(marks.get("exit code", 0))
        )
        at = end + 1


def figures(text: str) -> list[str]:
    """Pictures that a page shows; one of its commands must draw each, under the same name."""
    return re.findall(r"!\[[^\]]*\]\((figures/[^)\s]+)\)", text)


def _marks(before: list[str]) -> Iterator[tuple[str, str]]:
    """Comments directly before a block, blank lines between them allowed.

    Yields:
        Kind and content.
    """
    for line in reversed(before):
        if line.strip():
            mark = _MARK.match(line.strip())
            if mark is None:
                return
            yield mark[1], mark[2]


def run_page(text: str, folder: Path) -> Run:
    """Run all code of a page.

    Args:
        text: The page.
        folder: Empty folder to run in.

    Returns:
        What came out.
    """
    examples = folder / "examples"
    if not examples.exists():  # the folder may serve a second run
        examples.symlink_to(Path(__file__).parents[1] / "examples")
    if figures(text):
        # The first import of Matplotlib on a machine may say that it builds its cache of fonts.
        shell("python -c 'import matplotlib.font_manager'", folder)
    run = Run(lines=text.split("\n"))
    namespace: dict[str, Any] = {"__name__": "page"}
    shift = 0
    with np.printoptions():  # how a page prints arrays is its own affair
        for block in find_blocks(text):
            if block.reason is not None or block.language not in RUNNABLE:
                continue
            if block.language == "python":
                with contextlib.chdir(folder):
                    _run_python(block, namespace, run)
                continue
            fresh = _run_console(block, folder, run)
            run.lines[block.line + shift : block.line + shift + len(block.lines)] = fresh
            shift += len(fresh) - len(block.lines)
    return run


def _run_python(block: Block, namespace: dict[str, Any], run: Run) -> None:
    source = "\n".join(block.lines) + "\n"
    if ">>>" not in source:
        run.examples += 1
        exec(compile("\n" * block.line + source, "page", "exec"), namespace)  # noqa: S102
        return
    test = doctest.DocTestParser().get_doctest(source, namespace, "page", None, block.line)
    runner = doctest.DocTestRunner(Checker(), verbose=False, optionflags=doctest.ELLIPSIS)
    report = io.StringIO()
    results = runner.run(test, out=report.write, clear_globs=False)
    namespace.update(test.globs)
    run.examples += results.attempted
    if results.failed:
        run.failures.append(report.getvalue())


def _run_console(block: Block, folder: Path, run: Run) -> list[str]:
    """Run the commands of a block.

    Returns:
        Its lines with fresh outputs.
    """
    fresh: list[str] = []
    for command, shown in commands(block):
        run.commands += 1
        code, printed = shell("\n".join(command).removeprefix("$ "), folder)
        where = f"line {block.line + 1}: {command[0]}"
        if code != block.exit_code:
            run.failures.append(f"{where}: exit code {code}, not {block.exit_code}\n{printed}")
        fresh += command
        if not any(line.strip() for line in shown):
            fresh += shown
            continue
        wanted = "\n".join(shown).rstrip() + "\n"
        if same_text(wanted, printed):
            fresh += shown
        else:
            run.failures.append(f"{where}: shown\n{wanted}printed\n{printed}")
            fresh += printed.rstrip("\n").split("\n")
            fresh += [""] * (len(shown) - len("\n".join(shown).rstrip().split("\n")))
    return fresh


def commands(block: Block) -> Iterator[tuple[list[str], list[str]]]:
    r"""Split a console block.

    Yields:
        Lines of a command (continued after ``\``), and the lines shown below it.

    Raises:
        ValueError: The block does not begin with a command.
    """
    command: list[str] = []
    shown: list[str] = []
    for line in block.lines:
        if command and command[-1].endswith("\\") and not shown:
            command.append(line)
        elif line.startswith("$ "):
            if command:
                yield command, shown
            command, shown = [line], []
        elif not command:
            raise ValueError(f"line {block.line + 1}: a console block begins with '$ '")
        else:
            shown.append(line)
    if command:
        yield command, shown


def shell(command: str, folder: Path) -> tuple[int, str]:
    """Run a command as a reader would.

    Returns:
        Exit code, and what a terminal shows, without trailing blanks.
    """
    here = str(Path(sys.executable).parent)
    environment = {
        **os.environ,
        "PATH": os.pathsep.join([here, os.environ.get("PATH", "")]),
        "COLUMNS": "100",
        "MPLBACKEND": "agg",
    }
    words = shlex.split(command)
    if words[0] == "whichmin" and not set(command) & set("|&;<>$`*~\n"):
        added = {k: environment[k] for k in ("PATH", "COLUMNS", "MPLBACKEND")}
        done = warm.command(words[1:], folder, merged=True, **added)
        return done.returncode, _as_shown(done.stdout)
    done = subprocess.run(  # noqa: S603 - the documentation's own commands
        ["bash", "-o", "pipefail", "-c", command],  # noqa: S607
        cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, encoding="utf-8", timeout=_LIMIT, check=False,
    )  # fmt: skip
    return done.returncode, _as_shown(done.stdout)


def _as_shown(text: str) -> str:
    """Leave out trailing blanks, and the lines that a slow machine gets to see meanwhile."""
    lines = [line.rstrip() for line in text.splitlines()]
    return "".join(f"{line}\n" for line in lines if not _PROGRESS.fullmatch(line))
