"""Check a gradient that is averaged over ranks, each with its shard of the data."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from whichmin.verification.oracle import bounds, references
from whichmin.verification.oracle.check import Candidate, Finding, OracleCheck
from whichmin.verification.oracle.checks.gradient import mistakes
from whichmin.verification.oracle.references import Matrix, Vector, floats
from whichmin.verification.oracle.session import Session
from whichmin.verification.oracle.shares import added, cycled, mean, scaled

__all__ = ["CHECKS"]

Shards = tuple[tuple[int, ...], ...]
# Rows are cycled to more than any problem has points.
ROWS = 7
# In turn and uneven, in blocks with a short last one, one rank ahead of the others, in turn and
# padded with the first row, the odd row left out, a single rank.
SHARDS: tuple[Shards, ...] = (
    ((0, 2, 4, 6), (1, 3, 5)),
    ((0, 1, 2), (3, 4, 5), (6,)),
    ((5,), (0, 1, 2, 3, 4, 6)),
    ((0, 2, 4, 6), (1, 3, 5, 0)),
    ((0, 3), (1, 4), (2, 5)),
    (tuple(range(ROWS)),),
)
# A rank without points: it adds nothing to a sum over all points, but has no mean of its own.
EMPTY: Shards = ((0, 2, 4), (), (1, 3, 5, 6))


def _candidates(
    w: Vector, rows: Matrix, shards: Shards, activation: str, scale: Fraction, ranks: str, got: Any
) -> Iterator[Candidate]:
    """Values of the mistakes; ``scale`` is the factor of a mean over points."""
    each = references.point_gradients(w, rows, activation)
    parts = [[each[i] for i in shard] for shard in shards]
    full = [part for part in parts if part]
    pooled, world = [row for part in full for row in part], len(shards)
    means = [mean(part) for part in full]
    by_rank = scaled(added(means), Fraction(1, world))
    without = mean(means)
    # A rank without points counts with 0, or not at all: one mistake, read off the value.
    apart = [float(np.abs(got - floats(scaled(v, scale))).max()) for v in (by_rank, without)]
    by_rank = by_rank if apart[0] <= apart[1] else without
    by_point = mean(pooled)
    total = Fraction(len(pooled))
    if ranks == "means":
        yield Candidate("the mean over the points of all ranks, where the mean of the ranks' means "
                        "is declared", scaled(by_point, scale), "'ranks': 'points'")  # fmt: skip
    else:
        yield Candidate("the mean of the ranks' means: each rank counts alike, whatever the size "
                        "of its shard", scaled(by_rank, scale), "'ranks': 'means'")  # fmt: skip
    # A rank without points has no gradient; what the others say decides there.
    own = [mean(part) if part else (Fraction(0),) * len(w) for part in parts]
    texts: list[tuple[str, Vector]] = [
        ("the ranks' means are added up, not averaged", added(means)),
        ("rank 0 alone", own[0]),
        ("the last rank alone", own[-1]),
        ("the sum over the points is divided by the number of ranks, not of points",
         scaled(by_point, total / world)),
        ("divided by the points of all data, whatever the shards",
         scaled(by_point, total / len(rows))),
        ("divided by the size of rank 0's shard times the number of ranks",
         scaled(by_point, total / (world * max(len(shards[0]), 1)))),
        ("the gradient over all data, whatever the shards", mean(each)),
    ]  # fmt: skip
    once = tuple(dict.fromkeys(i for shard in shards for i in shard))
    texts.append(("rows that occur in several shards count once", mean([each[i] for i in once])))
    short = min(map(len, full))
    texts.append(("shards are cut to the length of the shortest",
                  mean([row for part in full for row in part[:short]])))  # fmt: skip
    for text, value in texts:
        yield Candidate(text, scaled(value, scale))
    yield from _elsewhere(w, rows, shards, activation, scale, ranks)


def _elsewhere(
    w: Vector, rows: Matrix, shards: Shards, activation: str, scale: Fraction, ranks: str
) -> Iterator[Candidate]:
    """Mistakes of the gradient itself."""
    chosen = [tuple(rows[i] for i in shard) for shard in shards if shard]
    pooled = tuple(row for part in chosen for row in part)
    texts = [text for text, _ in mistakes(w, pooled, activation)]
    if ranks == "means":
        wrong = [mistakes(w, part, activation) for part in chosen]
        values = [mean([scaled(v[k][1], Fraction(1, len(part)))
                        for v, part in zip(wrong, chosen, strict=True)])
                  for k in range(len(texts))]  # fmt: skip
    else:
        values = [scaled(v, Fraction(1, len(pooled))) for _, v in mistakes(w, pooled, activation)]
    for text, value in zip(texts, values, strict=True):
        yield Candidate(text, scaled(value, scale))


def _weights(shards: Shards, session: Session) -> Sequence[Fraction]:
    """Factor of the sum over each shard that makes the expected value."""
    name, conventions = "ranked_gradient", session.conventions
    if conventions.ranks == "points":
        return [conventions.factor(name, sum(map(len, shards)))] * len(shards)
    return [conventions.factor(name, len(shard)) / len(shards) for shard in shards]


def _values(session: Session) -> Iterator[Finding]:
    served = SHARDS if session.conventions.ranks == "means" else (*SHARDS, EMPTY)
    for problem in session.problems():
        w, n = session.received(problem.w), problem.n
        given = cycled(problem.data, ROWS)
        rows = session.received(given)
        for shards in served:
            weights = _weights(shards, session)
            chosen = [tuple(rows[i] for i in shard) for shard in shards]
            parts = list(zip(chosen, weights, strict=True))
            size = sum(float(f) * bounds.gradient_size(w, part) for part, f in parts if part)
            count = sum(map(len, shards)) + len(shards)
            bound = bounds.rounding(size, n, count, session.dtype)
            for activation in session.activations:
                answer = session.call("ranked_gradient", w=problem.w, data=given, shards=shards,
                                      activation=activation)  # fmt: skip
                exact = added(
                    scaled(references.gradient(w, part, activation), f) for part, f in parts if part
                )
                mean_of = session.conventions.gradient == "mean"
                yield answer.against(
                    f"{problem.id}, shards {shards}, {activation}", exact, bound,
                    bounds.reason(n, count, session.dtype), group=activation,
                    scalars={"m": count - len(shards), "n": n, "ranks": len(shards)},
                    candidates=functools.partial(
                        _candidates, w, rows, shards, activation, session.conventions.loss_scale,
                        session.conventions.ranks, answer.value,
                    ) if mean_of else (),
                )  # fmt: skip


CHECKS = (
    OracleCheck(
        id="ranked_gradient.values",
        functions=("ranked_gradient",),
        statement="a gradient over ranks is the mean over all their points, or of their means "
        "where that is declared",
        formula="sum_r sum_{i in shard r} grad l_i(w) / sum_r |shard r|; declared: "
        "(1/R) sum_r mean_{i in shard r} grad l_i(w)",
        source="definition of the mean loss; the gradient by the product rule",
        run=_values,
    ),
)
