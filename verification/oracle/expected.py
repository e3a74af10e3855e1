"""Read expected failures of a target, check id to reason, and refuse those that do not fit."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from whichmin.errors import InputError
from whichmin.verification.oracle.validation import check_reasons

__all__ = ["check_provided", "expected_failures", "read_expected"]


def read_expected(
    path: str | Path, target: str = "", targets: Iterable[str] = ()
) -> dict[str, str]:
    """Read expected failures from a TOML or JSON file.

    Args:
        path: ``*.toml`` or ``*.json``: ids to reasons, or names of targets to such tables.
        target: Name of the target, for files with tables.
        targets: All targets of the run, for which a file may have tables.

    Returns:
        Check id to reason; nothing if there are tables, and none for this target.

    Raises:
        InputError: The file cannot be read, holds something else, or has a table for a target that
            is not in the run.
    """
    file = Path(path)
    try:
        if file.suffix == ".toml":
            content: Any = tomllib.loads(file.read_text())
        elif file.suffix == ".json":
            content = json.loads(file.read_text(), object_pairs_hook=_once)
        else:
            raise InputError("expected failures", str(path), "must be a .toml or .json file")
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError("expected failures", str(path), f"must be readable ({reason})") from error
    except (tomllib.TOMLDecodeError, json.JSONDecodeError, UnicodeDecodeError) as error:
        raise InputError("expected failures", str(path), f"must be valid ({error})") from error
    if not isinstance(content, dict):
        raise InputError("expected failures", str(path), "must map check ids to reasons")
    if content and all(isinstance(v, dict) for v in content.values()):
        known = tuple(dict.fromkeys((target, *targets)))
        for name in content:
            if name not in known:
                raise InputError(
                    "table of expected failures", name, _allowed(name, content[name], known)
                )
        content = content.get(target, {})
    return check_reasons(content, "expected failures")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object; two entries of one name are refused, as in TOML."""
    made = dict(pairs)
    for name, _ in pairs if len(made) < len(pairs) else ():
        if sum(key == name for key, _ in pairs) > 1:
            raise InputError("expected failure", name, "must occur once in its file")
    return made


def _allowed(name: str, table: Mapping[str, Any], known: Iterable[str]) -> str:
    """What a table may be called; TOML reads names with dots and without quotes as tables."""
    told = f"must be a target of the run: {', '.join(known)}"
    inner = next(iter(table), "")
    return f'{told}; a name with a dot needs quotes in TOML: "{name}.{inner}"' if inner else told


def check_provided(
    expected: Iterable[str], needs: Mapping[str, Iterable[str]], provided: Iterable[str]
) -> None:
    """Refuse expected failures of checks that a target does not take part in.

    Args:
        expected: Check ids.
        needs: Functions that each check needs.
        provided: Functions that the target provides.

    Raises:
        InputError: A check needs a function that the target lacks.
    """
    there = set(provided)
    for check in expected:
        lacking = ", ".join(f for f in needs[check] if f not in there)
        if lacking:
            judged = ", ".join(c for c, functions in needs.items() if there.issuperset(functions))
            raise InputError(
                "expected failure", check,
                f"must be a check of a function that the target provides (no {lacking}): {judged}",
            )  # fmt: skip


def expected_failures(sources: Iterable[Mapping[str, str]], known: Iterable[str]) -> dict[str, str]:
    """Join expected failures and compare them with the checks that exist.

    Args:
        sources: Mappings of check ids to reasons, as ``check_reasons`` returns them; later ones
            win.
        known: Ids of all checks.

    Returns:
        Check id to reason.

    Raises:
        InputError: An entry matches no check.
    """
    ids, joined = set(known), {k: v for s in sources for k, v in s.items()}
    for key in joined:
        if key not in ids:
            close = sorted(i for i in ids if i.split(".")[0] == key.split(".")[0]) or sorted(ids)
            raise InputError("expected failure", key, f"must be one of: {', '.join(close)}")
    return joined
