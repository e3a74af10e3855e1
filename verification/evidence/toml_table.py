"""Read tables of TOML files field by field, with errors that say what is wrong in which entry."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Collection, Mapping
from importlib.resources.abc import Traversable
from typing import Any

from whichmin.errors import InputError

__all__ = ["Reader", "paragraph", "read_fields", "read_toml", "texts", "verbatim"]

Reader = Callable[[Any], Any]


def read_toml(file: Traversable) -> dict[str, Any]:
    """Read a TOML file.

    Args:
        file: The file.

    Returns:
        Its tables.

    Raises:
        InputError: The file does not exist, or it is not TOML.
    """
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError("file", str(file), f"must be a file of TOML: {error}") from None


def read_fields(
    table: Any, readers: Mapping[str, Reader], required: Collection[str], where: str
) -> dict[str, Any]:
    """Read the fields of a table.

    Args:
        table: The table.
        readers: A reader for each field that it may have; it raises ``TypeError`` or
            ``InputError`` for a value that it does not take.
        required: The fields that it must have.
        where: File and entry, for messages.

    Returns:
        The value of each field that is there.

    Raises:
        InputError: ``table`` is no table, a field is unknown or missing, or its reader refuses it.
    """
    if not isinstance(table, dict):
        raise InputError(where, table, "must be a table")
    for name in table:
        if name not in readers:
            raise InputError(f"{where}: field", name, f"must be one of: {', '.join(readers)}")
    for name in required:
        if name not in table:
            raise InputError(f"{where}: fields", list(table), f"must include {name}")
    found = {}
    for name, value in table.items():
        try:
            found[name] = readers[name](value)
        except (TypeError, InputError) as error:
            allowed = error.allowed if isinstance(error, InputError) else str(error)
            raise InputError(f"{where}: {name}", value, allowed) from None
    return found


def verbatim(value: Any) -> str:
    """Read a text as it stands."""
    if not isinstance(value, str):
        raise TypeError("must be a text")
    return value


def paragraph(value: Any) -> str:
    """Read a text that the file breaks into lines anywhere."""
    return " ".join(verbatim(value).split())


def texts(value: Any) -> tuple[str, ...]:
    """Read a list of texts that the file breaks into lines anywhere."""
    if not isinstance(value, list):
        raise TypeError("must be a list of texts")
    return tuple(paragraph(item) for item in value)
