"""Check a gradient that is accumulated over micro-batches."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from fractions import Fraction

from whichmin.verification.oracle import bounds, references
from whichmin.verification.oracle.check import Candidate, Finding, OracleCheck
from whichmin.verification.oracle.checks.gradient import mistakes
from whichmin.verification.oracle.references import Matrix, Vector
from whichmin.verification.oracle.session import Session
from whichmin.verification.oracle.shares import added, cut, cycled, mean, scaled

__all__ = ["CHECKS"]

# Sums are 7: more than any problem has points, so rows are cycled. The last is short, as in real
# code; or the first is; or all are of one row.
SIZES = ((3, 3, 1), (2, 2, 2, 1), (1, 4, 2), (5, 2), (7,), (1,) * 7)


def _candidates(
    w: Vector, rows: Matrix, sizes: tuple[int, ...], activation: str, factor: Fraction, share: bool
) -> Iterator[Candidate]:
    """Values of the mistakes; ``factor`` is that of the sum over all rows, ``share`` for a mean."""
    each = references.point_gradients(w, rows, activation)
    parts, m, count = cut(each, sizes), len(rows), len(sizes)
    # What multiplies a plain mean over rows: 1, or m where a target adds up.
    scale = factor * m
    means = [mean(part) for part in parts]
    for text, value in (
        ("the mean of the micro-batches' means: each counts alike, whatever its size", mean(means)),
        ("the micro-batches' means are added up, not averaged", added(means)),
        ("the micro-batches' sums are averaged over the micro-batches",
         mean([added(part) for part in parts])),
        ("every micro-batch is divided by the size of the first, not by its own",
         scaled(added(each), Fraction(1, count * sizes[0]))),
        ("every micro-batch is divided by the size of the last, not by its own",
         scaled(added(each), Fraction(1, count * sizes[-1]))),
        ("the gradient of the last micro-batch alone: what was accumulated is set to zero within "
         "the loop", means[-1]),
        ("the last micro-batch alone, divided by the number of micro-batches: what was accumulated "
         "is set to zero within the loop", scaled(means[-1], Fraction(1, count))),
        ("the last micro-batch alone, divided by all rows: what was accumulated is set to zero "
         "within the loop", scaled(added(parts[-1]), Fraction(1, m))),
        ("the gradient of the first micro-batch alone", means[0]),
    ):  # fmt: skip
        if share:
            yield Candidate(text, scaled(value, scale))
    if share and count > 1:
        less = added(added(part) for part in parts[:-1])
        seen = m - sizes[-1]
        yield Candidate("the last micro-batch is left out", scaled(less, scale / seen))
        yield Candidate("the last micro-batch is left out, but its rows are counted",
                        scaled(less, scale / m))  # fmt: skip
        yield Candidate("the last micro-batch is left out, of the others' means the mean is taken",
                        scaled(mean(means[:-1]), scale))  # fmt: skip
        full = [part for part in parts if len(part) == sizes[0]]
        rest = added(added(part) for part in full)
        yield Candidate("micro-batches of another size than the first are left out",
                        scaled(rest, scale / sum(map(len, full))))  # fmt: skip
    running = means[0]
    for value in means[1:]:
        running = scaled(added((running, value)), Fraction(1, 2))
    if share:
        yield Candidate("each micro-batch is averaged with the mean of those before it",
                        scaled(running, scale))  # fmt: skip
    for text, value in mistakes(w, rows, activation):
        yield Candidate(text, scaled(value, factor))


def _values(session: Session) -> Iterator[Finding]:
    for problem in session.problems():
        w, n = session.received(problem.w), problem.n
        for sizes in SIZES:
            given = cycled(problem.data, sum(sizes))
            rows, m = session.received(given), len(given)
            factor = session.conventions.factor("accumulated_gradient", m)
            size = float(factor) * bounds.gradient_size(w, rows)
            bound = bounds.rounding(size, n, m + len(sizes), session.dtype)
            for activation in session.activations:
                answer = session.call("accumulated_gradient", w=problem.w, data=given, sizes=sizes,
                                      activation=activation)  # fmt: skip
                exact = scaled(references.gradient(w, rows, activation), factor)
                yield answer.against(
                    f"{problem.id}, micro-batches of {sizes} rows, {activation}", exact, bound,
                    bounds.reason(n, m + len(sizes), session.dtype), group=activation,
                    scalars={"m": m, "n": n},
                    candidates=functools.partial(
                        _candidates, w, rows, sizes, activation, factor,
                        session.conventions.gradient == "mean",
                    ),
                )  # fmt: skip


CHECKS = (
    OracleCheck(
        id="accumulated_gradient.values",
        functions=("accumulated_gradient",),
        statement="a gradient accumulated over micro-batches of any sizes is that of all rows",
        formula="(1/m) sum_i grad l_i(w), over the m rows of all micro-batches",
        source="definition of the mean loss; the gradient by the product rule",
        run=_values,
    ),
)
