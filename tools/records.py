"""Compare two records of outputs: words exactly, numbers up to rounding."""

from __future__ import annotations

import difflib
import fnmatch
import json
import math
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
# A solver's margin is its time: which query took longest, and which model it found, vary.
TIMED = {"found", "where"}
NUMERIC = (int, float)
# Two orders of one sum differ by some roundings of 2^-53; thousands of steps add them up. What a
# sum of numbers of size 1 leaves where exact arithmetic has 0 is below the second bound.
RELATIVE, ABSOLUTE = 1e-9, 1e-14
# Differences in these fields of JSON are of wording, or of what a check met on its way.
WORDS = {
    "argument", "bound", "heading", "notes", "reason", "remark", "statement", "text",
    "title", "told",
}  # fmt: skip
EVIDENCE = {"cases", "found", "message", "where"}


def close(a: float, b: float) -> bool:
    """Whether two numbers agree: integers exactly, others up to rounding."""
    if isinstance(a, (bool, int)) and isinstance(b, (bool, int)):
        return type(a) is type(b) and a == b
    return math.isclose(a, b, rel_tol=RELATIVE, abs_tol=ABSOLUTE) or (a != a and b != b)


def same_line(a: str, b: str) -> bool:
    """Whether two lines agree: words exactly, their numbers as numbers."""
    if a == b:
        return True
    numbers = zip(NUMBER.findall(a), NUMBER.findall(b), strict=False)
    exact = all(x == y or ("." in x + y and close(float(x), float(y))) for x, y in numbers)
    return NUMBER.sub("#", a) == NUMBER.sub("#", b) and exact


def differences(a: Any, b: Any, place: str = "") -> Iterator[tuple[str, str]]:
    """Compare what two records hold at one place.

    Yields:
        Place and description of each difference.
    """
    if isinstance(a, dict) and isinstance(b, dict):
        timed = TIMED if a.get("kind") == "SMT proof" else set()
        for key in sorted((a.keys() | b.keys()) - timed):
            inner = f"{place}/{key}".lstrip("/")
            if key not in b:
                yield inner, f"lost: {a[key]!r:.200}"
            elif key not in a:
                yield inner, f"new: {b[key]!r:.200}"
            else:
                yield from differences(a[key], b[key], inner)
    elif isinstance(a, list) and isinstance(b, list):
        for key in ("id", "check"):  # entries with names are compared by name, in any order
            if all(isinstance(x, dict) and key in x for x in (*a, *b)):
                old, new = ({x[key]: x for x in entries} for entries in (a, b))
                if (len(old), len(new)) == (len(a), len(b)):
                    yield from differences(old, new, place)
                    return
        if len(a) != len(b):
            yield place, f"{len(a)} entries before, {len(b)} after: {a!r:.200} -> {b!r:.200}"
            return
        for index, (x, y) in enumerate(zip(a, b, strict=True)):
            yield from differences(x, y, f"{place}/{index}")
    elif isinstance(a, str) and isinstance(b, str):
        yield from ((place, line) for line in changed_lines(a, b))
    elif not (close(a, b) if isinstance(a, NUMERIC) and isinstance(b, NUMERIC) else a == b):
        yield place, f"{a!r:.200} -> {b!r:.200}"


def changed_lines(a: str, b: str) -> Iterator[str]:
    """Compare two texts line by line.

    Yields:
        A description of each change.
    """
    if same_line(a, b):
        return
    before, after = a.splitlines(), b.splitlines()
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    for tag, i, j, k, n in matcher.get_opcodes():
        alike = j - i == n - k and all(map(same_line, before[i:j], after[k:n]))
        if tag != "equal" and not alike:
            yield f"{chr(10).join(before[i:j])!r:.300} -> {chr(10).join(after[k:n])!r:.300}"


def compare(before: Path, after: Path, expected: dict[str, str]) -> int:
    """Report the differences of two records; the exit code is 1 if one is not expected.

    Args:
        before: Folder of a record.
        after: Folder of another.
        expected: Pattern of "group kind | run | place" to the reason.

    Returns:
        The exit code.
    """
    contents = [
        {p.stem: json.loads(p.read_text(encoding="utf-8")) for p in folder.glob("*.json")}
        for folder in (before, after)
    ]
    assert contents[0], f"{before} holds no record"
    counts: Counter[str] = Counter()
    explained: Counter[str] = Counter()
    for group in sorted(contents[0] | contents[1]):
        old, new = (content.get(group, {}) for content in contents)
        for run in sorted(old.keys() | new.keys()):
            before_run, after_run = ({run: x[run]} if run in x else {} for x in (old, new))
            for place, what in differences(before_run, after_run):
                inner = place.removeprefix(run).lstrip("/")
                names = set(inner.split("/"))
                kind = "wording" if names & WORDS else "evidence" if names & EVIDENCE else "value"
                name = f"{group} {kind} | {run} | {inner}"
                pattern = next((p for p in expected if fnmatch.fnmatchcase(name, p)), None)
                if pattern is not None:
                    explained[pattern] += 1
                    continue
                counts[f"{group} {kind}"] += 1
                print(f"{name}: {what}")
    for pattern, reason in expected.items():
        print(f"expected, {explained[pattern]} times: {pattern}: {reason}")
    unmet = [pattern for pattern in expected if not explained[pattern]]
    print(f"{sum(counts.values())} differences", dict(counts), *(f"never met: {p}" for p in unmet))
    return int(bool(counts or unmet))
