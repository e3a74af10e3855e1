"""Writes the generated parts of README.md and docs/; ``--check`` says whether they are current.

A generated part stands between ``<!-- begin NAME -->`` and ``<!-- end NAME -->``.
"""

from __future__ import annotations

import contextlib
import io
import sys
from pathlib import Path

from whichmin.cli import run
from whichmin.verification.checks import all_checks
from whichmin.verification.checks.equivariance import COUNTEREXAMPLES, ETA, START
from whichmin.verification.exact import exact_step
from whichmin.verification.sharpness_table import sharpness_table
from whichmin.words import Status

ROOT = Path(__file__).parents[1]


def sharpness() -> str:
    """The symbolic table, without title and notes."""
    lines = sharpness_table().tables[0].markdown().splitlines()
    return "\n".join(line for line in lines if line.startswith("|"))


def command(arguments: str) -> str:
    """Output of a command."""
    with contextlib.redirect_stdout(io.StringIO()) as out:
        run(arguments.split())
    return f"```text\n{out.getvalue().rstrip()}\n```"


def statuses() -> str:
    """The table of statuses."""
    head = "| status | meaning and advice |\n| --- | --- |\n"
    return head + "\n".join(f"| {s.label} | {s.advice} |" for s in Status)


def checks() -> str:
    """One section per check."""
    parts = []
    for check in all_checks():
        cases = f"{check.examples} random problems by default" if check.cases else "fixed cases"
        parts.append(
            f"### `{check.id}`\n\n{check.statement[0].upper()}{check.statement[1:]}.\n\n"
            f"- Evidence: {check.kind}; {cases}.\n- Bound: {check.bound}.\n"
        )
    return "\n".join(parts).rstrip()


def counterexamples() -> str:
    """Where symmetries hold and fail: one exact step on each side."""
    rows = ["| statement | one step gives | and on the other side |", "| --- | --- | --- |"]
    for what, activation, left, right, _ in COUNTEREXAMPLES:
        ends = [exact_step(START, batch, ETA, activation) for batch in (left, right)]
        here, there = (f"({', '.join(map(str, end))})" for end in ends)
        rows.append(f"| {what} | {here} | {there} |")
    return "\n".join(rows)


PARTS = {
    "README.md": {
        "table: whichmin table sharpness -f markdown": sharpness,
        "output: train --seed 2 --step-size 0.2": lambda: command("train --seed 2 --step-size 0.2"),
    },
    "docs/reference.md": {"statuses": statuses},
    "docs/checks.md": {"checks": checks, "counterexamples": counterexamples},
}


def filled(text: str, name: str, content: str) -> str:
    """Replace one generated part.

    Returns:
        The whole text.

    Raises:
        ValueError: The text has no place for the part.
    """
    begin = next((x for x in text.splitlines() if x.startswith(f"<!-- begin {name}")), None)
    kind = name.split(":")[0]
    if begin is None:
        raise ValueError(f"no place for {name!r}")
    head, rest = text.split(begin + "\n", 1)
    _, tail = rest.split(f"<!-- end {kind} -->", 1)
    return f"{head}{begin}\n\n{content}\n\n<!-- end {kind} -->{tail}"


def outdated(write: bool) -> list[str]:
    """Fill every generated part.

    Args:
        write: Whether to write files that changed.

    Returns:
        Files whose generated parts were not current.
    """
    stale = []
    for file, parts in PARTS.items():
        before = text = (ROOT / file).read_text(encoding="utf-8")
        for name, make in parts.items():
            text = filled(text, name, make())
        if text != before:
            stale.append(file)
            if write:
                (ROOT / file).write_text(text, encoding="utf-8")
    return stale


if __name__ == "__main__":
    check_only = "--check" in sys.argv[1:]
    changed = outdated(write=not check_only)
    print("\n".join(changed) or "all generated parts are current")
    sys.exit(1 if check_only and changed else 0)
