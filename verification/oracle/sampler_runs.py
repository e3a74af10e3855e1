"""Runs of a sampler that checks and diagnoses share: each is drawn once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from whichmin.verification.oracle import ragged
from whichmin.verification.oracle.check import Call
from whichmin.verification.oracle.outcome import CallFailed, CallOutcome, Kind
from whichmin.verification.oracle.session import Answer, Session

__all__ = ["Run", "any_run", "drawn", "evidence", "long_run", "many", "seeds"]

Batches = NDArray[np.int64]


@dataclass(frozen=True)
class Run:
    """A run of the sampler.

    Attributes:
        m: Points.
        b: Batch size.
        seed: Seed.
        batches: ``(steps, b)``, shorter batches filled up with ``ragged.NONE``.
        call: The call.
    """

    m: int
    b: int
    seed: int
    batches: Batches
    call: Call


def _weights(session: Session, m: int) -> dict[str, Any]:
    """Equal weights, where weights are taken: what is drawn then is known from other samplings."""
    return {"weights": np.ones(m)} if session.conventions.sampling.startswith("weighted") else {}


def any_run(session: Session, m: int, b: int, steps: int, seed: int) -> Run:
    """Return a run, of batches of any size; the same call is made once."""
    known = session.memory.setdefault("runs", {})
    key = (m, b, steps, seed, session.conventions.sampling.startswith("weighted"))
    if key not in known:
        answer = session.call(
            "sample_batches", m=m, b=b, steps=steps, seed=seed, **_weights(session, m)
        )
        known[key] = Run(m, b, seed, answer.value, answer.call)
    found: Run = known[key]
    return found


def _sized(session: Session, answer: Answer, b: int) -> Answer:
    """Refuse batches of a size that the declared sampling does not have."""
    declared, batches = session.conventions, answer.value
    if declared.sampling == "poisson":
        return answer
    found = ragged.sizes(batches)
    least = 1 if declared.ends == "short" else b
    if found.min(initial=b) >= least and found.max(initial=b) <= b:
        return answer
    if len(np.unique(found)) == 1:
        detail = f"returned shape {batches.shape}, expected {(len(batches), b)}"
    else:
        shown = ", ".join(map(str, found[:6]))
        detail = f"returned batches of unequal size ({shown}, ...), expected {b} entries in each"
    what = ", ".join(f"{k}={v}" for k, v in answer.call.arguments.items() if k != "weights")
    outcome = CallOutcome(Kind.WRONG_SHAPE, detail=detail)
    raise CallFailed(outcome, f"{answer.call.function}({what})", answer.call)


def drawn(
    session: Session, m: int, b: int, steps: int, seed: int, *, fresh: bool = False
) -> Answer:
    """Call the sampler.

    Args:
        session: The target.
        m: Points.
        b: Batch size.
        steps: Steps.
        seed: Seed.
        fresh: Call it again, even if the same call was made before.

    Returns:
        The batches.

    Raises:
        CallFailed: There are none, or not of the size that is declared.
    """
    if fresh:
        made = session.call(
            "sample_batches", m=m, b=b, steps=steps, seed=seed, **_weights(session, m)
        )
        return _sized(session, made, b)
    run = any_run(session, m, b, steps, seed)
    return _sized(session, Answer(run.batches, run.call), b)


def seeds(session: Session, name: str, count: int) -> list[int]:
    """Choose seeds for a check that are farther from each other than a run is long."""
    start = int(session.rng(name).integers(2**28))
    return [start + i * (2**31 // count) % 2**31 for i in range(count)]


# Longer than a generator of 16 bits lasts: 8 draws a batch.
LONG, QUICK = 24_000, 3_000


def long_run(session: Session) -> Answer:
    """A long run on many points; Poisson batches are larger there, so that none come twice."""
    sampling = session.conventions.sampling
    b = 64 if sampling == "poisson" else 8
    steps = QUICK if session.quick or sampling == "poisson" else LONG
    return drawn(session, 1000, b, steps, seeds(session, "long", 1)[0])


def many(session: Session) -> Iterator[Run]:
    """Yield runs of many batches, which tell laws of their sizes apart.

    Args:
        session: The target.

    Yields:
        Runs.
    """
    for m, b in ((3, 1), (4, 2), (5, 2), (8, 5), (60, 4)):
        yield any_run(session, m, b, 4000, seeds(session, f"many {m} {b}", 1)[0])


def evidence(session: Session, *, epochs: bool = False) -> Iterator[Run]:
    """Yield the runs that a cause must explain, short ones first.

    Args:
        session: The target.
        epochs: Whether they consist of epochs: then more runs show their order, b = 1 among them.

    Yields:
        Runs; with ``epochs`` those that come in addition.
    """
    if epochs:
        for m, steps in ((4, 1600), (6, 1800), (300, 1200), (5000, 5000), (70_000, 600)):
            for seed in (session.seed, session.seed + 1):
                yield any_run(session, m, 1, steps, seed)
        return
    for m, b, steps in (
        (12, 5, 120), (6, 2, 120), (12, 1, 240), (7, 3, 120), (5, 2, 120), (97, 3, 330),
        (64, 8, 160),
    ):  # fmt: skip
        for seed in seeds(session, f"evidence {m} {b}", 2):
            yield any_run(session, m, b, steps, seed)
    steps = QUICK if session.quick else LONG
    yield any_run(session, 1000, 8, steps, seeds(session, "long", 1)[0])
