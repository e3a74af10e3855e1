"""Check a sampler that is stopped in the middle of a run, saved, and resumed."""

from __future__ import annotations

import functools
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from whichmin.verification.oracle.check import Candidate, Finding, OracleCheck
from whichmin.verification.oracle.epochs import length
from whichmin.verification.oracle.ragged import NONE
from whichmin.verification.oracle.sampler_runs import drawn, seeds
from whichmin.verification.oracle.session import Session

__all__ = ["CHECKS"]

Batches = NDArray[np.int64]


def _to(batches: Batches, shape: tuple[int, ...]) -> Batches:
    """Sort each batch, and fill up or cut to a shape."""
    out = np.full(shape, NONE, dtype=np.int64)
    rows = np.sort(batches, axis=1)[: shape[0], -shape[1] :]
    out[: len(rows), shape[1] - rows.shape[1] :] = rows
    return out


def _causes(
    session: Session, m: int, b: int, steps: int, seed: int, stop: int, got: Batches
) -> Iterator[Candidate]:
    """What goes on after the stop in known mistakes, from a longer run of the same seed."""
    ends = session.conventions.ends
    each = length(m, b, ends) if ends else 0
    longer = drawn(session, m, b, 2 * steps + each, seed).value
    whole = drawn(session, m, b, steps, seed).value
    shape = got.shape

    def goes_on(start: int) -> Batches:
        return _to(np.concatenate([whole[:stop], longer[start:]]), shape)

    places = [(stop + 1, "a batch is skipped"), (stop - 1, "the last batch comes twice")]
    if each:
        begun = stop // each * each
        places += [
            (begun, "the epoch starts again, in the same order"),
            (begun + each, "the next epoch is begun: the rest of the interrupted one is skipped"),
        ]
    places += [
        (0, "the run starts again: the generator is seeded anew"),
        (2 * stop, "as many batches are skipped as came before the stop"),
    ]
    right, known = _to(whole, shape), False
    for start, text in places:
        if start != stop and start >= 0:
            value = goes_on(start)
            known = known or np.array_equal(value, got)
            yield Candidate(f"after the stop {text}", value)
    yield Candidate(
        "only the batches after the stop are returned",
        _to(np.concatenate([longer[stop:steps], longer[steps : steps + stop]]), shape),
    )
    apart = (got != right).any(axis=1)
    if not known and apart[stop] and not apart[:stop].any():
        yield Candidate(
            "the batches before the stop are right, those after it are others: the state of the "
            "generator is not restored",
            got,
        )


def _resumed(session: Session) -> Iterator[Finding]:
    for m, b, steps, stop in (
        (12, 2, 30, 9), (12, 2, 30, 12), (7, 3, 20, 5), (97, 3, 80, 41), (12, 1, 40, 1),
    ):  # fmt: skip
        (seed,) = seeds(session, f"resumed {m} {stop}", 1)
        whole = drawn(session, m, b, steps, seed)
        weights = {k: v for k, v in whole.call.arguments.items() if k == "weights"}
        answer = session.call(
            "resumed_batches", m=m, b=b, steps=steps, seed=seed, stop=stop, **weights
        )
        shape = (steps, max(answer.value.shape[1], whole.value.shape[1]))
        got, right = _to(answer.value, shape), _to(whole.value, shape)
        wrong = (got != right).any(axis=1)
        where = f": differs from step {int(np.argmax(wrong))} on" if wrong.any() else ""
        yield Finding(
            f"m = {m}, b = {b}, {steps} steps, stopped after {stop}{where}", got, right, 0.0,
            "integers; each batch sorted", call=answer.call, figure="np.sort(got, axis=1)",
            candidates=functools.partial(_causes, session, m, b, steps, seed, stop, got),
        )  # fmt: skip


CHECKS = (
    OracleCheck(
        id="resumed_batches.same",
        functions=("resumed_batches", "sample_batches"),
        statement="a sampler that is stopped, saved and resumed gives the batches of the run that "
        "goes through",
        formula="resumed_batches(m, b, steps, seed, stop) = sample_batches(m, b, steps, seed)",
        source="definition",
        run=_resumed,
    ),
)
