"""Check the loss."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from whichmin.verification.oracle import bounds, references
from whichmin.verification.oracle.check import Candidate, Finding, OracleCheck
from whichmin.verification.oracle.references import dot
from whichmin.verification.oracle.session import Session

__all__ = ["CHECKS"]


def _values(session: Session) -> Iterator[Finding]:
    for problem in session.problems():
        w, data = session.received(problem.w), session.received(problem.data)
        m, n = problem.m, problem.n
        factor = session.conventions.factor("loss", m)
        bound = bounds.rounding(float(factor) * bounds.loss_size(w, data), n, m, session.dtype)
        reason = bounds.reason(n, m, session.dtype)
        for activation in session.activations:
            exact = references.loss(w, data, activation)
            other = "relu" if activation == "linear" else "linear"
            # |a|^2 - 2 c phi + N phi^2: what is left when |a|^2 is taken for 1, or left out.
            square = sum((dot(a, a) for a in data), Fraction(0)) / 2
            mixed = references.loss(w, data, other)
            answer = session.call("loss", w=problem.w, data=problem.data, activation=activation)
            yield answer.against(
                f"{problem.id}, {activation}", factor * exact, bound, reason,
                group=activation, scalars={"m": m, "n": n},
                candidates=(
                    Candidate("the loss of the other activation", factor * mixed),
                    Candidate("the constant |a|^2 / 2 is left out", factor * (exact - square)),
                ),
            )  # fmt: skip


CHECKS = (
    OracleCheck(
        id="loss.values",
        functions=("loss",),
        statement="the loss agrees with its definition",
        formula="(1/m) sum_i |a_i - w phi(<w, a_i>)|^2 / 2",
        source="Ghosh, Frei, Ha, Yu, JMLR 26 (2025), section 2",
        run=_values,
    ),
)
