"""Look up the works that claims cite, by name."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from types import MappingProxyType

from whichmin.errors import InputError
from whichmin.verification.evidence.toml_table import paragraph, read_fields, read_toml

__all__ = ["Source", "all_sources", "cited", "source_of", "spellings"]

_FILE = resources.files("whichmin.verification.evidence") / "sources.toml"


@dataclass(frozen=True)
class Source:
    """A work that claims cite.

    Attributes:
        key: Its name in claims, such as ``ghosh2025``.
        short: How running text cites it: authors and year.
        citation: Authors, year, title and place.
        note: What was at hand, where it was not the work itself.
        formerly: The number that stood for it up to version 0.1, such as ``000``; else empty.
    """

    key: str
    short: str
    citation: str
    note: str = ""
    formerly: str = ""


@functools.cache
def all_sources() -> Mapping[str, Source]:
    """Return the works by key, in the order of ``sources.toml``."""
    fields = ("short", "citation", "note", "formerly")
    return MappingProxyType({
        key: Source(
            key,
            **read_fields(table, dict.fromkeys(fields, paragraph), fields[:2], f"{_FILE}, {key}"),
        )
        for key, table in read_toml(_FILE).items()
    })


def _split(place: str) -> tuple[Source, str]:
    key, comma, rest = place.partition(",")
    if key not in all_sources():
        raise InputError("source", place, f"must begin with one of: {', '.join(all_sources())}")
    return all_sources()[key], comma + rest


def source_of(place: str) -> Source:
    """Return the work that a place is in.

    Args:
        place: ``KEY`` or ``KEY, PLACE``.

    Returns:
        The work.

    Raises:
        InputError: There is no such key.
    """
    return _split(place)[0]


def cited(place: str) -> str:
    """Write a place as running text cites it: ``Ghosh et al. 2025, Theorem 1``."""
    source, rest = _split(place)
    return source.short + rest


def spellings(place: str) -> tuple[str, ...]:
    """Return every way to write a place: by key, by authors and year, by former number."""
    source, rest = _split(place)
    names = (source.key, source.short, source.formerly)
    return tuple(name + rest for name in names if name)
