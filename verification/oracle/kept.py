"""Recognise answers that are kept from earlier calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from whichmin.verification.oracle.check import Finding
from whichmin.verification.oracle.diagnosis import Diagnosis
from whichmin.verification.oracle.target import LossOf

__all__ = ["kept_answer"]

_DATA = ("data", "batch", "loss", "batches")


def _weights(arguments: Mapping[str, Any]) -> Any:
    return arguments.get("w", arguments.get("w0"))


def _points(arguments: Mapping[str, Any]) -> Any:
    found = [arguments[k] for k in _DATA if k in arguments]
    return tuple(x.data if isinstance(x, LossOf) else x for x in found)


def _shape(value: Any) -> Any:
    if isinstance(value, tuple):  # of arrays that may differ in length, or of rows of numbers
        return tuple(_shape(v) for v in value)
    return np.shape(value.data if isinstance(value, LossOf) else value)


def _shapes(arguments: Mapping[str, Any]) -> Any:
    return tuple((k, _shape(v)) for k, v in arguments.items())


def _with_activation(key: Callable[[Mapping[str, Any]], Any]) -> Callable[[Mapping[str, Any]], Any]:
    return lambda arguments: (key(arguments), arguments.get("activation"))


# What an answer may be kept by, the most specific first, and what else the call has. To forget
# the activation alone, or b, is another mistake: it is ignored.
_KEYS: tuple[tuple[str, Callable[[Mapping[str, Any]], Any]], ...] = (
    ("weights, though the data differ", _with_activation(_weights)),
    ("weights, though the data differ", _weights),
    ("data, though the weights differ", _with_activation(_points)),
    ("data, though the weights differ", _points),
    ("shapes, though the numbers differ", _with_activation(_shapes)),
    ("shapes, though the numbers differ", _shapes),
)  # fmt: skip


def kept_answer(findings: Sequence[Finding]) -> Diagnosis | None:
    """Tell whether every wrong value is the answer to the first call with a part of the arguments.

    The values are compared bit by bit, and all findings, right and wrong, must be what a target
    gives that keeps its answers so.

    Args:
        findings: All findings of a check, in the order of the calls.

    Returns:
        The cause; None if it is not that.
    """
    made = [f for f in findings if f.call is not None and not f.figure]
    if len(made) < len(findings) or all(f.holds for f in made):
        return None
    for text, key in _KEYS:
        first: dict[Any, Any] = {}
        for f in made:
            assert f.call is not None
            name, got = key(f.call.arguments), np.asarray(f.got)
            if name not in first:
                if not f.holds:
                    break
                first[name] = got
            elif first[name].shape != got.shape or first[name].tobytes() != got.tobytes():
                break
        else:
            return Diagnosis(f"the answer to an earlier call with the same {text}")
    return None
