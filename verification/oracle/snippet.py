"""Write standalone NumPy snippets that reproduce a failure."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from whichmin.verification.oracle.check import Call, Finding, OracleCheck
from whichmin.verification.oracle.conventions import Conventions
from whichmin.verification.oracle.importing import fetched
from whichmin.verification.oracle.outcome import CallOutcome, Kind
from whichmin.verification.oracle.protocol import FUNCTIONS, Shape
from whichmin.verification.oracle.references import floats
from whichmin.verification.oracle.target import LossOf, expected_shape

__all__ = ["call_snippet", "finding_snippet"]

# A fraction longer than this is written as the float that it is rounded to.
LONGEST = 24
# A tensor that requires a gradient does not turn into an array by itself.
_READ = """def numbers(value):
    return np.asarray(value.detach().cpu() if hasattr(value, "detach") else value)"""

# Exit code of a child that got to its end; a target's own code would have to hit it by chance.
_REACHED = 86

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


def _read(expression: str, conventions: Conventions) -> str:
    """The expression of a result that NumPy can read."""
    return f"numbers({expression})" if conventions.arrays == "torch" else expression


def _repeated(calls: Sequence[Call], conventions: Conventions) -> tuple[list[str], str]:
    """Lines that build the common arguments, and the array of all results."""
    first = calls[0].arguments
    varies = next((k for k, v in first.items() if any(c.arguments[k] != v for c in calls)), "seed")
    lines, expression = _inputs(calls[0], conventions, varies)
    expression = _read(expression, conventions)
    values = [c.arguments[varies] for c in calls]
    numbers = [v for v in values if isinstance(v, int)]
    if len(numbers) == len(values) > 2 and numbers == [numbers[0] + i for i in range(len(values))]:
        chosen = f"range({numbers[0]}, {numbers[-1] + 1})"
    else:
        chosen = f"[{', '.join(_argument(varies, v, conventions) for v in values)}]"
    return lines, f"[{expression} for {varies} in {chosen}]"


def _comment(text: str) -> list[str]:
    """Comment lines that hold any text: a message of the target's may have line breaks and more."""
    lines = [line.rstrip() for line in text.splitlines()]
    shown = ["".join(c if c.isprintable() else ascii(c)[1:-1] for c in x) for x in lines if x]
    return [f"# {line}" for line in shown]


def _header(check: OracleCheck, case: str) -> list[str]:
    return [
        *_comment(f"whichmin oracle, check {check.id}: {check.statement}"),
        *_comment(f"expected: {check.formula}"),
        *_comment(f"source: {check.source}"),
        *_comment(f"case: {case}"),
    ]


def _inputs(call: Call, conventions: Conventions, varies: str = "") -> tuple[list[str], str]:
    """Lines that build the arguments but one, and the expression that calls the target."""
    spec, lines, values = FUNCTIONS[call.function], ["import numpy as np"], {}
    wrap = {"numpy": "{}", "torch": "torch.from_numpy({})", "jax": "jnp.asarray({})"}
    library = {"torch": "import torch", "jax": "import jax.numpy as jnp"}
    if conventions.arrays in library:
        lines.append(library[conventions.arrays])
    lines.append("")
    if conventions.arrays == "torch":
        lines += [_READ, ""]
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


def finding_snippet(
    check: OracleCheck, finding: Finding, conventions: Conventions, target: object = ""
) -> str:
    """Write a snippet that shows a wrong value; it ends in an assertion.

    Args:
        check: The check that failed.
        finding: What it found.
        conventions: What the target declares.
        target: Dotted name of the target, or the object.

    Returns:
        Python source; empty if the finding names no call.
    """
    if finding.call is not None:
        function = finding.call.function
        lines, expression = _inputs(finding.call, conventions)
        expression = _read(expression, conventions)
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
        *_comment(f"bound: {finding.reason}"),
        f"bound = np.array({_nested(bound)})",
        "",
        *fetched(target, function),
        *([f"for _ in range({finding.times}):"] if finding.times > 1 else []),
        f"{'    ' * (finding.times > 1)}got = np.asarray({expression}, dtype=np.float64)",
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
    check: OracleCheck,
    call: Call,
    outcome: CallOutcome,
    conventions: Conventions,
    target: object = "",
) -> str:
    """Write a snippet that repeats a call without a usable value; it ends in an error.

    Args:
        check: The check that made it.
        call: The call.
        outcome: Its outcome.
        conventions: What the target declares.
        target: Dotted name of the target, or the object.

    Returns:
        Python source; empty if the call is not what went wrong.
    """
    if outcome.kind is Kind.NOT_STARTED:
        return ""
    lines, expression = _inputs(call, conventions)
    lines += ["", *fetched(target, call.function), *_comment(f"seen: {outcome.detail}")]
    lines += _shown(f"got = {expression}", call, outcome, conventions)
    return "\n".join([*_header(check, call.function), *lines, ""])


def _shown(made: str, call: Call, outcome: CallOutcome, conventions: Conventions) -> list[str]:
    """The call and what fails after it, if the call does not fail by itself."""
    if outcome.kind is Kind.RAISED and outcome.detail.startswith("raised SystemExit"):
        ended = "the call ended the interpreter"
        return [
            "try:", f"    {made}", "except SystemExit as error:",
            f'    raise AssertionError("{ended}") from error', 'print("got", repr(got))',
        ]  # fmt: skip
    if outcome.kind is Kind.RAISED:
        return [made, 'print("got", repr(got))']
    if outcome.kind is Kind.HUNG:
        seconds = f"{outcome.seconds:g}"
        return [
            "import faulthandler",
            f"faulthandler.dump_traceback_later({seconds}, exit=True)  # then it exits with code 1",
            made, "faulthandler.cancel_dump_traceback_later()", 'print("got", repr(got))',
        ]  # fmt: skip
    if outcome.kind is Kind.CRASHED:
        return [
            "import os", "child = os.fork()", "if child == 0:", f"    {made}",
            f"    os._exit({_REACHED})",
            "status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])",
            f'assert status == {_REACHED}, f"the call ended its process: status {{status}}"',
        ]  # fmt: skip
    if outcome.kind is Kind.MUTATED:
        keys = [k for k, v in call.arguments.items() if _is_array(v)]
        return [
            f"before = [x.copy() for x in ({', '.join(keys)},)]", made, 'print("got", repr(got))',
            f"for name, old, new in zip({keys}, before, ({', '.join(keys)},)):",
            '    assert np.array_equal(old, new), f"{name} was changed: {old} became {new}"',
        ]  # fmt: skip
    return [made, 'print("got", repr(got))', *_usable(call, conventions)]


def _usable(call: Call, conventions: Conventions) -> list[str]:
    """Assertions that the result ``got`` has the shape, the type and the finiteness asked for."""
    spec = FUNCTIONS[call.function]
    shape = expected_shape(spec.returns, call.arguments)
    read = [
        f"array = np.asarray({_read('got', conventions)})",
        f'assert array.shape == {shape}, f"shape {{array.shape}}, expected {shape}"',
    ]
    if spec.returns is Shape.BATCHES:
        return [*read, 'assert array.dtype.kind in "iu", f"{array.dtype}, expected integers"']
    allowed = " or ".join(
        f"array.dtype == np.{name}" for name in dict.fromkeys(["float64", conventions.dtype])
    )
    plain = "type(got) in (int, float) or " if spec.returns is Shape.SCALAR else ""
    return [
        *read, f'assert {plain}{allowed}, f"{{array.dtype}}, expected {conventions.dtype}"',
        'assert np.isfinite(array.astype(float)).all(), "not finite"',
    ]  # fmt: skip
