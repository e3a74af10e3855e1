"""Tables for the documentation of what a target can declare and what results contain."""

from __future__ import annotations

import dataclasses
import inspect
import re
from fractions import Fraction
from typing import Any

from whichmin.verification.oracle.compliance import CheckVerdict, Compliance, Result
from whichmin.verification.oracle.conventions import (
    CHOICES,
    METHODS,
    MOST_BATCH,
    MOST_POINTS,
    MOST_SAMPLES,
    Conventions,
)
from whichmin.verification.oracle.optimisers import KEYS, Optimiser
from whichmin.verification.oracle.protocol import ACTIVATIONS
from whichmin.verification.oracle.schedules import SCHEDULES, Schedule

__all__ = [
    "allowed",
    "declarations",
    "meanings",
    "methods",
    "optimisers",
    "schedules",
    "schema",
]

Row = tuple[str, ...]

_TYPES = {
    "str": "text", "int": "integer", "float": "number", "float | None": "number or null",
    "tuple[str, ...]": "array of texts", "CheckVerdict": "text", "bool": "true or false",
    "tuple[Result, ...]": "array of results", "Mapping[str, Any]": "object",
}  # fmt: skip
# Members of a record that are no fields of the class.
_MORE = {
    Compliance: (
        ("schema", "text", "Name and version of this format: `whichmin.compliance/1`."),
        ("holds", "true or false", "Whether no check counts against the target, and some check "
         "passed."),
        ("counts", "object", "How many checks came to each verdict; those that occur."),
        ("citation", "text", "The verdict as one line, with all versions."),
    ),
    Result: (),
}  # fmt: skip


def meanings(described: type) -> dict[str, str]:
    """Read the attributes of a class and their meanings from its docstring.

    Args:
        described: A class whose docstring has a section ``Attributes``.

    Returns:
        Name to meaning.
    """
    section = (inspect.getdoc(described) or "").partition("Attributes:\n")[2].partition("\n\n")[0]
    found = re.findall(r"^    (\w+): (.*(?:\n {6,}.*)*)", section, re.MULTILINE)
    return {name: " ".join(text.split()).replace("``", "`") for name, text in found}


def allowed() -> dict[str, str]:
    """Return the values that may be declared under each key of ``WHICHMIN``."""
    named = {key: _listed(values) for key, values in CHOICES.items()}
    batch = ", ".join(f"{most} for `{kind}`" for kind, most in MOST_BATCH.items())
    # Powers of two.
    most = ", ".join(f"2^{k.bit_length() - 1} for `{dtype}`" for dtype, k in MOST_SAMPLES.items())
    share = "a number from 0 to 1, or its text, such as `'1/2'`"
    return named | {
        "name": "a text",
        "version": "a text",
        "activations": f"one or both of {_listed(ACTIVATIONS)}",
        "kink": f"`None`, or {share}",
        "loss_scale": "a number from 2^-32 to 2^32, or its text",
        "keskar_share": share,
        "sam_share": share,
        "optimiser": f"`{{'name': N, ...}}`: N one of {_listed(tuple(KEYS))}, and parameters as in "
        "the table of optimisers",
        "schedule": f"`{{'name': N, ...}}`: N one of {_listed(tuple(SCHEDULES))}, and parameters "
        "as in the table of schedules; or a list of factors",
        "difference_step": f"`None`, or {share}, above 0",
        "noise_batches": "two integers (s, l) with 1 <= s < l; with the method `two batch sizes` "
        f"l is at most {batch}, else {MOST_POINTS}",
        "stochastic": "`{function: {'method': M, 'samples': K}}`: M as in the next table, K an "
        f"integer from 1 to at most {most}; with `two batch sizes` also `'ema': B`, a decay "
        "above 0 and below 1",
        "expected_failures": "`{check: reason}`: ids of checks of functions that the target "
        "provides, each with a reason, a text",
    }


def _listed(values: tuple[str, ...]) -> str:
    return ", ".join(f"`{value}`" for value in values)


def declarations() -> tuple[Row, ...]:
    """List everything that can be declared: key, allowed values, default and meaning."""
    told, default, rows = meanings(Conventions), Conventions(), []
    words = allowed()
    for field in dataclasses.fields(Conventions):
        value: Any = getattr(default, field.name)
        shown = repr(value.record() if isinstance(value, (Optimiser, Schedule)) else value)
        shown = str(value) if isinstance(value, Fraction) else shown
        rows.append((f"`{field.name}`", words[field.name], f"`{shown}`", told[field.name]))
    return tuple(rows)


def methods() -> tuple[Row, ...]:
    """List each function that may be declared stochastic, with its methods."""
    return tuple((f"`{name}`", _listed(known)) for name, known in METHODS.items())


def optimisers() -> tuple[Row, ...]:
    """List each optimiser that may be declared, with its parameters."""
    return tuple((f"`{name}`", _listed(keys)) for name, keys in KEYS.items())


def schedules() -> tuple[Row, ...]:
    """List each schedule that may be declared, with its parameters."""
    rows = []
    for name, known in SCHEDULES.items():
        usual = {k: "" if v is None else f" (default {v})" for k, v in known.items()}
        rows.append((f"`{name}`", ", ".join(f"`{k}`{v}" for k, v in usual.items()) or "none"))
    return tuple(rows)


def schema(record: type[Compliance | Result]) -> tuple[Row, ...]:
    """List everything in a record of JSON: member, type and meaning.

    Args:
        record: ``Compliance`` or ``Result``.

    Returns:
        One row per member.
    """
    told = meanings(record)
    rows = [(f.name, _TYPES[str(f.type)], told[f.name]) for f in dataclasses.fields(record)]
    verdicts = f"One of: {', '.join(f'`{v}`' for v in CheckVerdict)}."
    rows = [(n, t, f"{m} {verdicts}" if n == "verdict" else m) for n, t, m in rows]
    return tuple((f"`{name}`", kind, text) for name, kind, text in (*rows, *_MORE[record]))
