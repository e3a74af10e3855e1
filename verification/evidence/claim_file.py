"""Read the claims of a topic from its ``claims.toml``.

The file begins with the topic's ``title``; every ``[[claim]]`` is a table with the fields of
:class:`~whichmin.verification.evidence.claim.Claim`, which says what each means. Texts may be
broken into lines anywhere. A refuted claim ends with a table ``[claim.counterexample]``: ``text``,
and what the case ``prints``, as it stands; the case itself is a function of the topic's
``counterexamples.py`` that :func:`~whichmin.verification.evidence.claim.counterexample` marks with
the claim's id.

The formal statement is three tables: ``[claim.for]`` names the variables with their domains, in
``[claim.given]`` and ``[claim.then]`` each line is a hypothesis or a conclusion, its words before
its formula (:mod:`whichmin.verification.evidence.statement`). Hypotheses that are part of a domain,
such as orthonormal data, stay in the list ``hypotheses``. ``[claim.needed]`` gives, by the words of
a hypothesis, a case in which the conclusion fails and all other hypotheses hold.

An argument is a list of ``[[claim.step]]``: what it ``says``, and a list of what it ``uses``.
``parts`` is the fingerprint of what the evidence stated when a person last read claim and argument;
the message says the new one. A counterexample gives the variables values in ``at``.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

from whichmin.errors import InputError
from whichmin.verification.evidence.claim import RUNS, ArgumentStep, Claim, Counterexample
from whichmin.verification.evidence.sources import source_of
from whichmin.verification.evidence.statement import Statement
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
        raise TypeError("must be written in double brackets, such as [[claim]]")
    return value


def _pairs(value: Any) -> tuple[tuple[str, str], ...]:
    if not isinstance(value, dict) or not value:
        raise TypeError("must be a table of texts")
    return tuple((paragraph(name), paragraph(text)) for name, text in value.items())


def _cases(value: Any) -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
    if not isinstance(value, dict):
        raise TypeError("must be a table of cases")
    return tuple((paragraph(words), _pairs(case)) for words, case in value.items())


# How each field is read, in the order in which a reader wants them.
_READERS: Mapping[str, Reader] = {
    "id": verbatim,
    "verdict": _verdict,
    "brief": paragraph,
    "statement": paragraph,
    "source": _sources,
    "hypotheses": texts,
    "for": _pairs,
    "given": _pairs,
    "then": _pairs,
    "needed": _cases,
    "evidence": texts,
    "support": texts,
    "formulas": texts,
    "parts": verbatim,
    "argument": texts,
    "step": _tables,
    "corrected": texts,
    "remark": paragraph,
    "counterexample": _table,
}
_REQUIRED = ("id", "verdict", "statement", "source")
_EXAMPLE: Mapping[str, Reader] = {"text": paragraph, "prints": verbatim, "at": _pairs}
_STEP: Mapping[str, Reader] = {"says": paragraph, "uses": texts}


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
    argument = [ArgumentStep(says) for says in fields.pop("argument", ())]
    for number, step in enumerate(fields.pop("step", ()), 1):
        read = read_fields(step, _STEP, tuple(_STEP), f"{where}: step {number}")
        argument.append(ArgumentStep(**read))
    statement = [fields.pop(name, ()) for name in ("for", "given", "then", "needed")]
    if any(statement):
        fields["formal"] = Statement(*statement)
        if not statement[2]:
            raise InputError(where, list(table), "must include then: what follows formally")
        hypotheses = [words for words, _ in statement[1]]
        for words, _ in statement[3]:
            if words not in hypotheses:
                allowed = f"must be the words of a hypothesis: {'; '.join(hypotheses)}"
                raise InputError(f"{where}: needed", words, allowed)
        fields["hypotheses"] = (
            *fields.get("hypotheses", ()),
            *(words for words, _ in statement[1]),
        )
    if "counterexample" in fields:
        fields["counterexample"] = _example(fields["counterexample"], package, name, where)
    return Claim(**fields, argument=tuple(argument), topic=package.rpartition(".")[2])


def _example(table: Any, package: str, name: Any, where: str) -> Counterexample:
    fields = read_fields(table, _EXAMPLE, ("text", "prints"), f"{where}: counterexample")
    importlib.import_module(f"{package}.counterexamples")
    if name not in RUNS:
        raise InputError(
            f"{where}: counterexample", name,
            "must be marked on a function of counterexamples.py: @counterexample(ID)",
        )  # fmt: skip
    return Counterexample(**fields, run=RUNS[name])
