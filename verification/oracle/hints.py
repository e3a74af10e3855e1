"""Find out from a target's calls what it should have declared.

An estimate that is judged as an exact value deviates at random, so its deviations show no cause;
calls with other seeds show whether it depends on the seed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from whichmin.verification.oracle.check import Finding
from whichmin.verification.oracle.conventions import METHODS
from whichmin.verification.oracle.diagnosis import Diagnosis
from whichmin.verification.oracle.outcome import CallFailed, Kind
from whichmin.verification.oracle.session import Session

__all__ = ["undeclared_estimate", "undeclared_library", "unsteady", "whole_batches"]

# Other seeds that are tried: one may give the same by chance.
_SEEDS = 3
# Calls with the same arguments whose spread is looked at.
_REPEATS = 5
# What Python and torch say when torch's functions meet NumPy's arrays.
_TENSOR = re.compile(
    r"TypeError: .*\bTensor\b|AttributeError: 'numpy\.ndarray' object has no attribute "
    r"'(detach|clone|requires_grad_?|unsqueeze|norm|relu|pow|cpu|numel|dim|double|backward|grad)'"
)
_TRACER = re.compile(r"TypeError: .*\b(jax|jnp|Tracer|ArrayImpl)\b")


def undeclared_estimate(session: Session, findings: Sequence[Finding]) -> Diagnosis | None:
    """Tell whether a function that is not declared as an estimate depends on its seed.

    Args:
        session: The target.
        findings: Findings of a check, some of which failed.

    Returns:
        What to declare; None if the function is declared, or gives the same for other seeds.
    """
    for finding in findings:
        call = finding.call
        if finding.holds or call is None or call.function not in METHODS:
            continue
        name = call.function
        if session.stochastic(name) is not None or "seed" not in call.arguments:
            return None
        try:
            values = [
                session.attempt(
                    name, **{**call.arguments, "seed": call.arguments["seed"] + i}
                ).value
                for i in range(_SEEDS + 1)
            ]
        except CallFailed:
            return None
        bound = np.max(np.asarray(finding.bound, dtype=np.float64))
        # Two values of an exact function differ by the rounding of both.
        if max(float(np.abs(v - values[0]).max()) for v in values) <= 2 * float(bound):
            return None
        methods = " or ".join(repr(m) for m in METHODS[name])
        return Diagnosis(
            f"{name} gives other values for other seeds, or from call to call: an estimate, judged "
            f"as an exact value. Declare how it estimates: M is {methods}, K its number of samples",
            f"'stochastic': {{'{name}': {{'method': M, 'samples': K}}}}",
        )
    return None


def unsteady(session: Session, findings: Sequence[Finding]) -> Diagnosis | None:
    """Tell whether a function gives other values when it is called again.

    Args:
        session: The target.
        findings: Findings of a check, some of which failed.

    Returns:
        By how much they differ; None if they do not.
    """
    failed = [f for f in findings if not f.holds and f.call is not None]
    # One case may repeat by chance, as where dropout leaves a single point in.
    for place in sorted({0, len(failed) // 2, len(failed) - 1} if failed else ()):
        finding = failed[place]
        spread = _spread(session, finding)
        if spread and finding.call is not None:
            return Diagnosis(
                f"{finding.call.function} gives other values when it is called again with the same "
                f"arguments (they spread by about {spread:.2g}): dropout, noise or an unseeded "
                "shuffle is on, or something is kept from call to call"
            )
    return None


def _spread(session: Session, finding: Finding) -> float:
    """Standard deviation of repeated calls; 0 if rounding explains it."""
    call = finding.call
    if call is None or session.stochastic(call.function) is not None:
        return 0.0
    try:
        values = [session.attempt(call.function, **call.arguments).value for _ in range(_REPEATS)]
    except CallFailed:
        return 0.0
    bound = float(np.max(np.asarray(finding.bound, dtype=np.float64)))
    # Rounding may depend on the order of threads; that is what the bound allows.
    return float(np.std(values, axis=0).max()) if np.ptp(values, axis=0).max() > 2 * bound else 0.0


def undeclared_library(session: Session, failed: CallFailed) -> Diagnosis | None:
    """Tell whether a target that raised an error expects arrays of another library.

    Args:
        session: The target.
        failed: The call.

    Returns:
        What to declare; None if nothing points to it.
    """
    if failed.outcome.kind is not Kind.RAISED or session.conventions.arrays != "numpy":
        return None
    detail = failed.outcome.detail
    for name, pattern in (("torch", _TENSOR), ("jax", _TRACER)):
        if pattern.search(detail):
            return Diagnosis(
                f"it computes with {name} and was given NumPy arrays", f"'arrays': '{name}'"
            )
    return None


def whole_batches(failed: Sequence[CallFailed]) -> Diagnosis | None:
    """Tell whether a trainer refuses all batches but those that contain every point once.

    Args:
        failed: All its calls without a value, when others gave one.

    Returns:
        What to declare; None if that is not what it does.
    """
    for error in failed:
        raised = error.outcome.kind is Kind.RAISED and "NotImplementedError" in error.outcome.detail
        if not raised or error.call is None or error.call.function != "train":
            return None
        arguments = error.call.arguments
        every = list(range(len(arguments["data"])))
        if all(sorted(batch) == every for batch in arguments["batches"]):
            return None
    return Diagnosis("it trains on all points in every step alone", "'batches': 'full'")
