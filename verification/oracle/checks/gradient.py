"""Check the gradient."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from whichmin.verification.oracle import bounds, references
from whichmin.verification.oracle.check import Candidate, Finding, OracleCheck
from whichmin.verification.oracle.differences import gradient_differences
from whichmin.verification.oracle.references import Matrix, Vector, dot
from whichmin.verification.oracle.session import Session

__all__ = ["CHECKS", "mistakes"]


def _on_points(w: Vector, data: Matrix, activation: str) -> Vector:
    """The part ``(N - 2) phi a``, as if the decoder's weights were held fixed at a minimum."""
    phi = [c if activation == "linear" or c > 0 else Fraction(0)
           for c in references.correlations(w, data)]  # fmt: skip
    norm = dot(w, w)
    return tuple(
        sum(((norm - 2) * f * a[p] for f, a in zip(phi, data, strict=True)), Fraction(0))
        for p in range(len(w))
    )


def _decoder_only(w: Vector, data: Matrix, activation: str) -> Vector:
    """``-phi (a - w phi)``: the derivative by the decoder's weights, not by both copies of w."""
    total = [Fraction(0)] * len(w)
    for a, c in zip(data, references.correlations(w, data), strict=True):
        phi = c if activation == "linear" or c > 0 else Fraction(0)
        for p in range(len(w)):
            total[p] -= phi * (a[p] - w[p] * phi)
    return tuple(total)


def mistakes(w: Vector, data: Matrix, activation: str) -> tuple[tuple[str, Vector], ...]:
    """List wrong gradients (sums over the points) whose mistake has a name.

    Args:
        w: Weights.
        data: Points.
        activation: ``linear`` or ``relu``.

    Returns:
        Texts and values.
    """
    right = references.gradient(w, data, activation)
    other = "relu" if activation == "linear" else "linear"
    decoder = _decoder_only(w, data, activation)
    encoder = tuple(p - q for p, q in zip(right, decoder, strict=True))
    points = _on_points(w, data, activation)
    rest = tuple(p - q for p, q in zip(right, points, strict=True))
    return (
        ("the gradient of the other activation", references.gradient(w, data, other)),
        ("the derivative by the decoder's weights alone: the weights are tied", decoder),
        ("the derivative by the encoder's weights alone: the weights are tied", encoder),
        ("the term phi^2 w is left out", points),
        ("the term (N - 2) phi a is left out", rest),
    )


def _candidates(
    w: Vector, data: Matrix, activation: str, factor: Fraction, got: Any
) -> Iterator[Candidate]:
    for text, value in mistakes(w, data, activation):
        yield Candidate(text, tuple(factor * x for x in value))
    yield from gradient_differences(w, data, activation, float(factor), got)


def _values(session: Session) -> Iterator[Finding]:
    for problem in session.problems():
        w, data = session.received(problem.w), session.received(problem.data)
        m, n = problem.m, problem.n
        factor = session.conventions.factor("gradient", m)
        bound = bounds.rounding(float(factor) * bounds.gradient_size(w, data), n, m, session.dtype)
        reason = bounds.reason(n, m, session.dtype)
        for activation in session.activations:
            exact = references.gradient(w, data, activation)
            own = session.conventions.differences.gradient(
                w, data, activation, float(factor), session.dtype
            )
            answer = session.call("gradient", w=problem.w, data=problem.data, activation=activation)
            yield answer.against(
                f"{problem.id}, {activation}", tuple(factor * x for x in exact), bound + own,
                reason + ("; and the error of differences" if own.any() else ""),
                group=activation, scalars={"m": m, "n": n},
                candidates=functools.partial(
                    _candidates, w, data, activation, factor, answer.value
                ),
            )  # fmt: skip


CHECKS = (
    OracleCheck(
        id="gradient.values",
        functions=("gradient",),
        statement="the gradient is that of the definition, kinks and critical points included",
        formula="(1/m) sum_i [(N - 2) phi_i a_i + phi_i^2 w], phi_i = phi(<w, a_i>), N = |w|^2",
        source="product rule on |a_i - w phi(<w, a_i>)|^2 / 2; relu'(0) has no influence",
        run=_values,
    ),
)
