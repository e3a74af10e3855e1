"""Read and write evidence on file, which the ledger shows without running the checks again.

``record.json`` holds the evidence of one run of every check, each with a digest of the code that
measured it. Evidence whose code has changed since is out of date and counts as not run.
"""

from __future__ import annotations

import functools
import hashlib
import inspect
import json
import os
import platform
import sys
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import scipy
import sympy
import torch

from whichmin.errors import InputError
from whichmin.files import write_text
from whichmin.provenance import version
from whichmin.verification.evidence.check import Check, Evidence
from whichmin.verification.topics import all_checks

__all__ = ["RECORD", "digest", "on_file", "read_record", "seconds_on_file", "stale", "write_record"]

RECORD = Path(__file__).with_name("record.json")
SCHEMA = "whichmin.record/1"


def digest(check: Check) -> str:
    """Compute a digest of a check's statement and of the module that measures it.

    Args:
        check: The check.

    Returns:
        Sixteen hexadecimal digits.
    """
    measure = inspect.unwrap(getattr(check.measure, "func", check.measure))
    source = inspect.getsource(sys.modules[measure.__module__])
    says = (check.id, check.statement, str(check.kind), check.bound, check.examples, source)
    return hashlib.sha256(repr(says).encode()).hexdigest()[:16]


def read_record(path: str | os.PathLike[str]) -> dict[str, dict[str, Any]]:
    """Read a file of evidence.

    Args:
        path: The file.

    Returns:
        Entries by id of the check, with ``digest``, ``evidence`` as plain data and the ``versions``
        that it was measured with.

    Raises:
        InputError: The file cannot be read or holds no evidence.
    """
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError("record", str(path), f"must be a file of evidence ({error})") from error
    if not isinstance(content, dict) or content.get("schema") != SCHEMA:
        raise InputError("record", str(path), f"must be a file of evidence, schema {SCHEMA}")
    return dict(content["checks"])


def write_record(path: str | os.PathLike[str], evidence: Iterable[Evidence]) -> None:
    """Write evidence to a file, and keep what it holds of other checks that still exist.

    Margins are kept to two digits, and seconds to one decimal.

    Args:
        path: The file; made if it is not there.
        evidence: What ran; what was not run is left as it was on file.

    Raises:
        InputError: A check failed, or the file cannot be read or written.
    """
    checks = {check.id: check for check in all_checks()}
    entries = read_record(path) if Path(path).exists() else {}
    versions = {
        "whichmin": version(),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "scipy": scipy.__version__,
        "sympy": sympy.__version__,
        "torch": str(torch.__version__),
    }
    for e in evidence:
        if not e.ran:
            continue
        if not e.holds:
            raise InputError("record", e.check, "must hold to be put on file")
        # Further digits are the processor's, and would be new in each record.
        rounded = replace(e, worst=float(f"{e.worst:.2g}"), seconds=round(e.seconds, 1))
        entries[e.check] = {
            "digest": digest(checks[e.check]), "evidence": rounded.record(), "versions": versions,
        }  # fmt: skip
    write_text(path, _text({name: entries[name] for name in checks if name in entries}), "record")


def _text(entries: Mapping[str, Mapping[str, Any]]) -> str:
    """One line a check, so that a difference between two records can be read."""
    lines = (
        f"{json.dumps(name)}: {json.dumps(entry, ensure_ascii=False)}"
        for name, entry in entries.items()
    )
    checks = ",\n".join(lines)
    return f'{{"schema": {json.dumps(SCHEMA)}, "checks": {{\n{checks}\n}}}}'


@functools.cache
def on_file() -> Mapping[str, Evidence]:
    """Return the evidence that came with the package, without what is out of date."""
    if not RECORD.exists():
        return {}
    entries, checks = read_record(RECORD), {check.id: check for check in all_checks()}
    return {
        name: Evidence.parse(entry["evidence"])
        for name, entry in entries.items()
        if name in checks and entry["digest"] == digest(checks[name])
    }


def seconds_on_file() -> Mapping[str, float]:
    """Seconds that each check took when it was recorded, also if its code has changed since."""
    if not RECORD.exists():
        return {}
    return {k: float(v["evidence"]["seconds"]) for k, v in read_record(RECORD).items()}


def stale() -> tuple[str, ...]:
    """List the checks without evidence on file that is up to date."""
    return tuple(check.id for check in all_checks() if check.id not in on_file())
