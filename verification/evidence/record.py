"""Read and write evidence on file, which the ledger shows without running the checks again.

``record.json`` holds the evidence of one run of every check, each with a digest of its statement
and of the source that it depends on (:mod:`whichmin.verification.evidence.source_graph`). Evidence
whose code has changed since is out of date and counts as not run.

The record has a table of that source beside the checks: for each module a digest of its code, a
digest of its text, and what it reaches in one step. A module whose text is as it was needs no
parsing; one whose code is as it was reaches what it reached; so what a check depends on is known
without building the graph again. The file's tables refer to one another by position.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import inspect
import json
import os
import platform
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from whichmin.errors import InputError
from whichmin.files import write_text
from whichmin.provenance import version
from whichmin.verification.evidence.check import Check, Evidence
from whichmin.verification.evidence.source_files import Sources, digest_of
from whichmin.verification.evidence.source_graph import SourceGraph, closure
from whichmin.verification.provers.coq import find_coq
from whichmin.verification.topics import all_checks

__all__ = [
    "RECORD",
    "Standing",
    "digest",
    "not_run",
    "on_file",
    "read_record",
    "run_with",
    "seconds_on_file",
    "stale",
    "standing",
    "write_record",
]

RECORD = Path(__file__).with_name("record.json")
SCHEMA = "whichmin.record/2"

_RUNNER = "whichmin.verification.evidence.runner"
_SUBJECT = "whichmin.verification.evidence.subject"
# What stands for the check itself where the modules that changed are named.
_ITSELF = "its statement"
# Distributions whose versions are noted: those of every check, and those of checks that need them.
_LIBRARIES = ("sympy", "mpmath", "numpy", "scipy", "torch")
_EXTRA = {
    "z3": "z3-solver", "flint": "python-flint", "skfem": "scikit-fem", "sklearn": "scikit-learn",
}  # fmt: skip
# What is no distribution is noted with the evidence that needs it.
_COQ = "coqc"


@dataclass(frozen=True)
class _Source:
    """A row of the table of source.

    Attributes:
        code: Digest of what it does.
        text: Digest of its text.
        reaches: What it reaches in one step, by name.
    """

    code: str
    text: str
    reaches: tuple[str, ...]


@dataclass(frozen=True)
class _Record:
    """The content of a record.

    Attributes:
        checks: Entries by id of the check, with ``roots`` by name and ``versions`` in full.
        source: The table of source.
    """

    checks: dict[str, dict[str, Any]] = field(default_factory=dict)
    source: dict[str, _Source] = field(default_factory=dict)


@dataclass(frozen=True)
class Standing:
    """What a record is worth for some code.

    Attributes:
        held: The evidence that is of this code, by id of the check.
        changed: What changed, by name, of checks whose evidence is out of date.
        versions: Versions of the libraries that evidence was measured with, by id of the check.
    """

    held: Mapping[str, Evidence]
    changed: Mapping[str, tuple[str, ...]]
    versions: Mapping[str, Mapping[str, str]]


def _roots(check: Check, graph: SourceGraph) -> tuple[str, ...]:
    """Return where the source that a check depends on begins."""
    function = inspect.unwrap(getattr(check.measure, "func", check.measure))
    found = {function.__module__, _RUNNER, *check.reads, *graph.deriving(check.forms)}
    if "subject" in inspect.signature(function).parameters:
        found.add(_SUBJECT)
    return tuple(sorted(found))


def _digest(check: Check, code: Iterable[tuple[str, str]]) -> str:
    """Digest the statement of a check with the code that it depends on, as pairs by name."""
    says = (
        check.id, check.statement, str(check.kind), check.bound, check.examples, check.forms,
        check.needs, check.false_alarm, check.shows, tuple(code),
    )  # fmt: skip
    return hashlib.sha256(repr(says).encode()).hexdigest()[:16]


def digest(check: Check, sources: Sources | None = None) -> str:
    """Compute a digest of a check's statement and of all source that it depends on.

    Args:
        check: The check.
        sources: The files; None for the installed ones.

    Returns:
        Sixteen hexadecimal digits.
    """
    graph = SourceGraph(sources or Sources())
    reached = graph.reach(_roots(check, graph))
    return _digest(check, ((name, graph.sources.code(name)) for name in reached))


def _read(path: str | os.PathLike[str]) -> _Record:
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError("record", str(path), f"must be a file of evidence ({error})") from error
    if not isinstance(content, dict) or content.get("schema") != SCHEMA:
        raise InputError("record", str(path), f"must be a file of evidence, schema {SCHEMA}")
    names = list(content["source"])
    source = {
        name: _Source(code, text, tuple(names[i] for i in reaches))
        for name, (code, text, reaches) in content["source"].items()
    }
    for entry in content["checks"].values():
        entry["versions"] = content["versions"][entry["versions"]]
        if "roots" in entry:
            entry["roots"] = tuple(names[i] for i in entry["roots"])
    return _Record(content["checks"], source)


def read_record(path: str | os.PathLike[str]) -> dict[str, dict[str, Any]]:
    """Read a file of evidence.

    Args:
        path: The file.

    Returns:
        Entries by id of the check, with ``digest``, ``evidence`` as plain data, the ``versions``
        that it was measured with, and ``roots``, the modules where the source that it depends on
        begins, or ``changed``, those that had changed when the file was last written.

    Raises:
        InputError: The file cannot be read or holds no evidence.
    """
    return _read(path).checks


def standing(path: str | os.PathLike[str], sources: Sources | None = None) -> Standing:
    """Compare a record with code.

    Args:
        path: The record.
        sources: The files of the code; None for the installed ones.

    Returns:
        What is of this code, and what changed.

    Raises:
        InputError: The file cannot be read or holds no evidence.
    """
    return _standing(_read(path), sources or Sources())


def _standing(record: _Record, sources: Sources) -> Standing:
    code = {name: _code(name, row, sources) for name, row in record.source.items()}

    @functools.cache
    def reached(roots: tuple[str, ...]) -> tuple[str, ...]:
        return closure(roots, lambda name: record.source[name].reaches)

    held, changed, versions = {}, {}, {}
    for check in all_checks():
        if check.id not in record.checks:
            continue
        entry = record.checks[check.id]
        versions[check.id] = entry["versions"]
        if "roots" not in entry:
            changed[check.id] = tuple(entry["changed"])
            continue
        names = reached(entry["roots"])
        if other := tuple(name for name in names if code[name] != record.source[name].code):
            changed[check.id] = other
        elif entry["digest"] != _digest(check, ((name, code[name]) for name in names)):
            changed[check.id] = (_ITSELF,)
        else:
            held[check.id] = Evidence.parse(entry["evidence"])
    return Standing(held, changed, versions)


def _code(name: str, row: _Source, sources: Sources) -> str:
    """Digest the code of a module; if its text is as it was, so is its code."""
    content = sources.read(name)
    if content is not None and digest_of(content) == row.text:
        return row.code
    return sources.code(name)


def write_record(
    path: str | os.PathLike[str], evidence: Iterable[Evidence], sources: Sources | None = None
) -> None:
    """Write evidence to a file, and keep what it holds of other checks that still exist.

    Margins are kept to two digits, and seconds to one decimal.

    Args:
        path: The file; made if it is not there.
        evidence: What ran; what was not run is left as it was on file.
        sources: The files of the code that ran; None for the installed ones.

    Raises:
        InputError: A check failed, or the file cannot be read or written.
    """
    graph = SourceGraph(sources or Sources())
    checks = {check.id: check for check in all_checks()}
    before = _read(path) if Path(path).exists() else _Record()
    entries = {name: entry for name, entry in before.checks.items() if name in checks}
    for name, changed in _standing(before, graph.sources).changed.items():
        entries[name].pop("roots", None)
        entries[name]["changed"] = list(changed)
    for e in evidence:
        if not e.ran:
            continue
        if not e.holds:
            raise InputError("record", e.check, "must hold to be put on file")
        # Further digits are the processor's, and would be new in each record.
        rounded = replace(e, worst=float(f"{e.worst:.2g}"), seconds=round(e.seconds, 1))
        entries[e.check] = {
            "digest": "", "roots": (), "evidence": rounded.record(),
            "versions": _versions(_COQ in checks[e.check].needs),
        }  # fmt: skip
    code: dict[str, str] = {}
    for name in (name for name, entry in entries.items() if "roots" in entry):
        entries[name]["roots"] = _roots(checks[name], graph)
        reached = graph.reach(entries[name]["roots"])
        code |= {n: graph.sources.code(n) for n in reached if n not in code}
        entries[name]["digest"] = _digest(checks[name], ((n, code[n]) for n in reached))
    source = {
        name: _Source(code[name], digest_of(graph.sources.read(name) or b""), graph.edges(name))
        for name in sorted(code)
    }
    ordered = {name: entries[name] for name in checks if name in entries}
    write_text(path, _text(_Record(ordered, source)), "record")


@functools.cache
def _versions(coq: bool) -> Mapping[str, str]:
    found = {"whichmin": version(), "python": platform.python_version()}
    for name in (*_LIBRARIES, *_EXTRA.values()):
        if installed := _installed(name):
            found[name] = installed
    here = find_coq() if coq else None
    return found if here is None else {**found, "Coq": here.version, "MathComp": here.mathcomp}


@functools.cache
def _installed(distribution: str) -> str:
    """Return the version of a distribution without its build (``+cpu``); empty if absent."""
    try:
        return importlib.metadata.version(distribution).partition("+")[0]
    except importlib.metadata.PackageNotFoundError:
        return ""


def _text(record: _Record) -> str:
    """One line a check or module, so that a difference between two records can be read."""
    place = {name: i for i, name in enumerate(record.source)}
    versions: list[Mapping[str, str]] = []
    checks: dict[str, dict[str, Any]] = {}
    for name, entry in record.checks.items():
        if entry["versions"] not in versions:
            versions.append(entry["versions"])
        checks[name] = entry | {"versions": versions.index(entry["versions"])}
        if "roots" in entry:
            checks[name]["roots"] = [place[root] for root in entry["roots"]]
    source = {
        name: [row.code, row.text, [place[other] for other in row.reaches]]
        for name, row in record.source.items()
    }
    parts = (
        f'"schema": {json.dumps(SCHEMA)}',
        f'"versions": {json.dumps(versions)}',
        f'"source": {_table(source)}',
        f'"checks": {_table(checks)}',
    )
    return f"{{{', '.join(parts)}}}"


def _table(rows: Mapping[str, Any]) -> str:
    lines = (f"{json.dumps(k)}: {json.dumps(v, ensure_ascii=False)}" for k, v in rows.items())
    return "{\n" + ",\n".join(lines) + "\n}"


@functools.cache
def _on_file() -> Standing:
    """Compare the record that came with the package with its code, once per process."""
    return standing(RECORD) if RECORD.exists() else Standing({}, {}, {})


def on_file() -> Mapping[str, Evidence]:
    """Return the evidence that came with the package, without what is out of date."""
    return _on_file().held


def not_run(check: str) -> str:
    """Say why evidence on file does not count.

    Args:
        check: Id of a check.

    Returns:
        The reason, with what changed since it was run; empty if there is none.
    """
    names = _on_file().changed.get(check)
    if names is None:
        return ""
    shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    return f"not run for this code: {shown} changed"


def run_with(checks: Sequence[str]) -> str:
    """Say with which versions of libraries evidence on file was measured, if others are installed.

    Other versions do not unmake a verdict. Those of Coq stand with what it has checked.

    Args:
        checks: Ids of checks.

    Returns:
        One line; empty if the versions are the same.
    """
    needs = _needs()
    ran: dict[str, set[str]] = {}
    for name in checks:
        versions = _on_file().versions.get(name, {})
        for library in (*_LIBRARIES, *(_EXTRA[n] for n in needs.get(name, ()) if n in _EXTRA)):
            ran.setdefault(library, set()).update(filter(None, [versions.get(library)]))
    here = {library: _installed(library) for library in ran}
    other = {k: sorted(v) for k, v in ran.items() if v and v != {here[k]}}
    if not other:
        return ""
    told = ", ".join(f"{k} {' and '.join(v)}" for k, v in other.items())
    have = ", ".join(f"{k} {here[k]}" if here[k] else f"no {k}" for k in other)
    return f"run with {told}; you have {have}"


@functools.cache
def _needs() -> Mapping[str, tuple[str, ...]]:
    return {check.id: check.needs for check in all_checks()}


def seconds_on_file() -> Mapping[str, float]:
    """Seconds that each check took when it was recorded, also if its code has changed since."""
    if not RECORD.exists():
        return {}
    return {k: float(v["evidence"]["seconds"]) for k, v in read_record(RECORD).items()}


def stale() -> tuple[str, ...]:
    """List the checks without evidence on file that is up to date."""
    return tuple(check.id for check in all_checks() if check.id not in on_file())
