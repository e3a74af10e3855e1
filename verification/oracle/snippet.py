"""Standalone NumPy snippets that reproduce a failure."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from whichmin.verification.oracle.check import Call, Finding, OracleCheck
from whichmin.verification.oracle.conventions import Conventions
from whichmin.verification.oracle.protocol import FUNCTIONS
from whichmin.verification.oracle.references import floats
from whichmin.verification.oracle.target import LossOf

__all__ = ["call_snippet", "finding_snippet"]

# A fraction longer than this is written as the float that it is rounded to.
LONGEST = 24

_LOSS = """def loss(w):
    inner = loss_data @ w
    phi = {phi}
    residual = loss_data - phi[:, None] * w[None, :]
    return (residual * residual).sum() / (2 * {m})"""


def _number(value: Any) -> str:
    if isinstance(value, Fraction):
        text = str(value)
        # Python divides integers with one correct rounding.
        return text if len(text) <= LONGEST else repr(float(value))
    return repr(value.item() if isinstance(value, np.generic) else value)


def _nested(value: Any) -> str:
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, (tuple, list)):
        return f"[{', '.join(_nested(v) for v in value)}]"
    return _number(value)


def _is_array(value: Any) -> bool:
    return isinstance(value, (tuple, list, np.ndarray))


def _argument(key: str, value: Any, conventions: Conventions) -> str:
    if not _is_array(value):
        return _number(value)
    dtype = "int64" if key == "batches" else conventions.dtype
    return f"np.array({_nested(value)}, dtype=np.{dtype})"


def _repeated(calls: Sequence[Call], conventions: Conventions) -> tuple[list[str], str]:
    """Lines that build the common arguments, and the array of all results."""
    first = calls[0].arguments
    varies = next((k for k, v in first.items() if any(c.arguments[k] != v for c in calls)), "seed")
    lines, expression = _inputs(calls[0], conventions, varies)
    values = [c.arguments[varies] for c in calls]
    numbers = [v for v in values if isinstance(v, int)]
    if len(numbers) == len(values) > 2 and numbers == [numbers[0] + i for i in range(len(values))]:
        chosen = f"range({numbers[0]}, {numbers[-1] + 1})"
    else:
        chosen = f"[{', '.join(_argument(varies, v, conventions) for v in values)}]"
    return lines, f"[{expression} for {varies} in {chosen}]"


def _header(check: OracleCheck, case: str) -> list[str]:
    return [
        f"# whichmin oracle, check {check.id}: {check.statement}",
        f"# expected: {check.formula}",
        f"# source: {check.source}",
        f"# case: {case}",
    ]


def _inputs(call: Call, conventions: Conventions, varies: str = "") -> tuple[list[str], str]:
    """Lines that build the arguments but one, and the expression that calls the target."""
    spec, lines, values = FUNCTIONS[call.function], ["import numpy as np"], {}
    wrap = {"numpy": "{}", "torch": "torch.from_numpy({})", "jax": "jnp.asarray({})"}
    library = {"torch": "import torch", "jax": "import jax.numpy as jnp"}
    if conventions.arrays in library:
        lines.append(library[conventions.arrays])
    lines.append("")
    for key, value in call.arguments.items():
        if isinstance(value, LossOf):
            relu = "inner * (inner > 0)" if value.activation == "relu" else "inner"
            dtype = f", dtype=np.{conventions.dtype}"
            made = wrap[conventions.arrays].format(f"np.array({_nested(value.data)}{dtype})")
            lines += [f"loss_data = {made}", "", _LOSS.format(phi=relu, m=len(value.data)), ""]
            values[key] = "loss"
            continue
        values[key] = wrap[conventions.arrays].format(key) if _is_array(value) else key
        if key != varies:
            lines.append(f"{key} = {_argument(key, value, conventions)}")
    passed = [values[k] for k in spec.arguments]
    for key in spec.keywords:
        wanted = key == "activation" or call.function in conventions.stochastic
        if key in values and wanted:
            passed.append(f"{key}={values[key]}")
    return lines, f"{call.function}({', '.join(passed)})"


def _imported(target: str, function: str) -> list[str]:
    module, _, path = target.partition(":")
    if not target:
        return [f"{function} = target.{function}  # target: the object that was judged"]
    if path:
        first, _, rest = path.partition(".")
        inner = ".".join(filter(None, (first, rest, function)))
        return [f"from {module} import {first}", f"{function} = {inner}"]
    return [f"from {module} import {function}"]


def finding_snippet(
    check: OracleCheck, finding: Finding, conventions: Conventions, target: str = ""
) -> str:
    """Write a snippet that shows a wrong value; it ends in an assertion.

    Args:
        check: The check that failed.
        finding: What it found.
        conventions: What the target declares.
        target: Dotted name of the target; empty for an object.

    Returns:
        Python source; empty if the finding names no call.
    """
    if finding.call is not None:
        function = finding.call.function
        lines, expression = _inputs(finding.call, conventions)
    elif finding.calls:
        function = finding.calls[0].function
        lines, expression = _repeated(finding.calls, conventions)
    else:
        return ""
    exact = isinstance(finding.expected, (Fraction, tuple))
    expected = _nested(finding.expected if exact else floats(finding.expected))
    lines += [
        f"expected = np.array({expected})  # exact, rounded once",
    ]
    if finding.upper is not None:
        upper = _nested(finding.upper if exact else floats(finding.upper))
        lines.append(f"upper = np.array({upper})  # the other end of the accepted values")
    bound = np.asarray(finding.bound, dtype=np.float64)
    lines += [
        f"bound = np.array({_nested(bound)})  # {finding.reason}",
        "",
        *_imported(target, function),
        f"got = np.asarray({expression}, dtype=np.float64)",
    ]
    if finding.figure:
        lines.append(f"got = {finding.figure}")
    if finding.upper is not None:
        lines += [
            "span = upper - expected",
            "place = ((got - expected) * span).sum() / max((span * span).sum(), 1e-300)",
            "expected = expected + min(max(place, 0.0), 1.0) * span",
        ]
    lines += [
        'print("got", got)',
        'print("expected", expected)',
        "assert np.all(np.abs(got - expected) <= bound), np.abs(got - expected).max()",
    ]
    return "\n".join([*_header(check, finding.what), *lines, ""])


def call_snippet(
    check: OracleCheck, call: Call, what: str, conventions: Conventions, target: str = ""
) -> str:
    """Write a snippet that repeats a call without a usable value.

    Args:
        check: The check that made it.
        call: The call.
        what: What went wrong.
        conventions: What the target declares.
        target: Dotted name of the target; empty for an object.

    Returns:
        Python source.
    """
    lines, expression = _inputs(call, conventions)
    end = [
        "", *_imported(target, call.function), f"got = {expression}", f"print(repr(got))  # {what}",
    ]  # fmt: skip
    return "\n".join([*_header(check, call.function), *lines, *end, ""])
