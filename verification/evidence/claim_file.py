"""Read the claims of a topic from its ``claims.toml``.

The file begins with the topic's ``title``; every ``[[claim]]`` is a table with the fields of
:class:`~whichmin.verification.evidence.claim.Claim`, which says what each means. Texts may be
broken into lines anywhere. A refuted claim ends with a table ``[claim.counterexample]``: ``text``,
and what the case ``prints``, as it stands; the case itself is a function of the topic's
``counterexamples.py`` that :func:`~whichmin.verification.evidence.claim.counterexample` marks with
the claim's id.

To add a field, or tables of their own such as ``[[claim.part]]`` with a statement and evidence, add
one entry to ``_READERS`` and one attribute with a default to ``Claim`` (and, where it names checks,
a term to ``Claim.checks`` and to :func:`~whichmin.verification.evidence.claim.decide`); the claims
that do not use it stay as they are. A step of an argument that says what it uses can become a table
in the list of steps, beside steps that are texts.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

from whichmin.errors import InputError
from whichmin.verification.evidence.claim import RUNS, Claim, Counterexample
from whichmin.verification.evidence.sources import source_of
from whichmin.verification.evidence.toml_table import (
    Reader,
    paragraph,
    read_fields,
    read_toml,
    texts,
    verbatim,
)
from whichmin.words import Verdict, parse

__all__ = ["ClaimFile", "read_claims"]

_FILE = "claims.toml"


def _verdict(value: Any) -> Verdict:
    return parse(Verdict, verbatim(value), "verdict")


def _sources(value: Any) -> tuple[str, ...]:
    places = texts(value)
    for place in places:
        source_of(place)
    return places


def _table(value: Any) -> Any:
    return value  # read once the claim's id is known


def _tables(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError("must be written [[claim]]")
    return value


# How each field is read, in the order in which a reader wants them.
_READERS: Mapping[str, Reader] = {
    "id": verbatim,
    "verdict": _verdict,
    "brief": paragraph,
    "statement": paragraph,
    "source": _sources,
    "hypotheses": texts,
    "evidence": texts,
    "lemmas": texts,
    "formulas": texts,
    "argument": texts,
    "corrected": texts,
    "remark": paragraph,
    "counterexample": _table,
}
_REQUIRED = ("id", "verdict", "statement", "source")
_EXAMPLE: Mapping[str, Reader] = {"text": paragraph, "prints": verbatim}


@dataclass(frozen=True)
class ClaimFile:
    """The content of a topic's ``claims.toml``.

    Attributes:
        topic: Name of the topic.
        title: Its title.
        claims: Its claims, in the order of the file.
    """

    topic: str
    title: str
    claims: tuple[Claim, ...]


def read_claims(package: str) -> ClaimFile:
    """Read the claims of a topic.

    Args:
        package: The topic's package, such as ``whichmin.verification.topics.hessian``.

    Returns:
        Its title and its claims.

    Raises:
        InputError: The file, or an entry, is not as described above; the message names both.
    """
    file = resources.files(package) / _FILE
    topic = package.rpartition(".")[2]
    page = read_fields(
        read_toml(file), {"title": paragraph, "claim": _tables}, ("title", "claim"), str(file)
    )
    claims: dict[str, Claim] = {}
    for table in page["claim"]:
        claim = _claim(table, package, str(file))
        if claim.id in claims:
            raise InputError(str(file), claim.id, "must be the id of one claim only")
        claims[claim.id] = claim
    return ClaimFile(topic, page["title"], tuple(claims.values()))


def _claim(table: Any, package: str, file: str) -> Claim:
    name = table.get("id") if isinstance(table, dict) else None
    where = f"{file}, {name or 'a claim without id'}"
    fields = read_fields(table, _READERS, _REQUIRED, where)
    if "counterexample" in fields:
        fields["counterexample"] = _example(fields["counterexample"], package, name, where)
    return Claim(**fields, topic=package.rpartition(".")[2])


def _example(table: Any, package: str, name: Any, where: str) -> Counterexample:
    fields = read_fields(table, _EXAMPLE, tuple(_EXAMPLE), f"{where}: counterexample")
    importlib.import_module(f"{package}.counterexamples")
    if name not in RUNS:
        raise InputError(
            f"{where}: counterexample", name,
            "must be marked on a function of counterexamples.py: @counterexample(ID)",
        )  # fmt: skip
    return Counterexample(**fields, run=RUNS[name])
