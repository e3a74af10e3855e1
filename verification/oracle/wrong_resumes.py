"""Compute runs that lose something when they are saved and resumed, for the diagnosis."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from whichmin.verification.oracle.arithmetic import FLOATS, slope
from whichmin.verification.oracle.check import Candidate
from whichmin.verification.oracle.optimisers import State
from whichmin.verification.oracle.references import floats
from whichmin.verification.oracle.runs import ServedRun
from whichmin.verification.oracle.schedules import CONSTANT
from whichmin.verification.oracle.wrong_optimisers import wrong_optimisers

__all__ = ["resumed", "wrong_resumes"]

Floats = NDArray[np.float64]


def resumed(
    run: ServedRun, first: Sequence[int], then: Sequence[int], *,
    load: Callable[[State], State] | None = None, clock: int | None = None,
    count: int | None = None,
) -> Floats:  # fmt: skip
    """Compute a run that is saved and resumed.

    Args:
        run: The run.
        first: Whose steps' batches are used before it is saved.
        then: And afterwards.
        load: What becomes of the state.
        clock: Where the schedule goes on; None for where it was.
        count: Where the optimiser's own count of steps goes on, likewise.

    Returns:
        What the run returns.
    """
    w, data, step_size = floats(run.received[0]), floats(run.received[1]), run.received[2]
    optimiser = run.optimiser
    state = optimiser.start(w)
    t = place = 0
    with np.errstate(all="ignore"):
        for number, chosen in enumerate((*first, *then)):
            if number == len(first):
                state = load(state) if load else state
                place = place if clock is None else clock
                t = t if count is None else count
            g = slope(
                state["w"], data[list(run.batches[chosen])], run.activation, run.factors[chosen]
            )
            size = float(step_size * optimiser.schedule.factor(place))
            state = optimiser.advance(state, g, t, size, FLOATS)
            t, place = t + 1, place + 1
        if not then and load:
            state = load(state)
    return np.asarray(optimiser.result(state))


def wrong_resumes(run: ServedRun, stop: int) -> Iterator[Candidate]:
    """Compute the results of runs that lose something when they are resumed.

    Args:
        run: The run.
        stop: Steps after which it is saved.

    Yields:
        One candidate per mistake.
    """
    optimiser, steps = run.optimiser, len(run.batches)
    before, after = range(stop), range(stop, steps)
    start = floats(run.received[0])

    def fresh(state: State) -> State:
        return optimiser.start(state["w"])

    def single(state: State) -> State:
        return {k: v.astype(np.float32).astype(np.float64) for k, v in state.items()}

    def of_the_start(state: State) -> State:
        return {**state, "w": start}

    again = [t % max(steps - stop, 1) for t in range(steps - stop)]
    made: list[tuple[str, Any]] = [
        ("the run ends where it was saved", resumed(run, before, ())),
        ("what was saved is not loaded: the rest of the run begins at the start",
         resumed(run, (), after)),
        ("the weights are not loaded, the buffers are", resumed(run, before, after,
                                                                 load=of_the_start)),
        ("the batches begin again with the first when it is resumed",
         resumed(run, before, again)),
        ("all batches are used again when it is resumed", resumed(run, before, range(steps))),
        ("the last batch before it was saved is repeated",
         resumed(run, before, range(stop - 1, steps))),
        ("the last batch before it was saved is repeated, and the last of all left out",
         resumed(run, before, range(stop - 1, steps - 1))),
        ("the first batch after it was saved is skipped",
         resumed(run, before, range(stop + 1, steps))),
        ("the last step before it was saved is lost", resumed(run, range(stop - 1), after)),
        ("it is saved in single precision", resumed(run, before, after, load=single)),
    ]  # fmt: skip
    epoch = -(-len(run.data) // len(run.batches[0]))
    begun = stop - stop % epoch
    if begun != stop:
        made += [
            ("the epoch in which it was saved begins again",
             resumed(run, before, range(begun, steps))),
            ("the rest of the epoch in which it was saved is skipped",
             resumed(run, before, range(begun + epoch, steps))),
        ]  # fmt: skip
    if set(optimiser.start(start)) != {"w"}:
        made += [
            ("the optimiser's buffers are lost when it is resumed",
             resumed(run, before, after, load=fresh, count=0)),
            ("the optimiser's buffers are set to zero when it is resumed, its count of steps goes "
             "on", resumed(run, before, after, load=fresh)),
            ("the optimiser's count of steps begins again when it is resumed, its buffers are kept",
             resumed(run, before, after, count=0)),
        ]  # fmt: skip
    if optimiser.schedule != CONSTANT:
        made += [
            ("the schedule begins again when it is resumed",
             resumed(run, before, after, clock=0)),
            ("the schedule is one step behind after it is resumed",
             resumed(run, before, after, clock=stop - 1)),
            ("the schedule is one step ahead after it is resumed",
             resumed(run, before, after, clock=stop + 1)),
            ("buffers and schedule begin again when it is resumed",
             resumed(run, before, after, load=fresh, count=0, clock=0)),
        ]  # fmt: skip
    for text, value in made:
        if np.isfinite(value).all():
            yield Candidate(text, value)
    yield from wrong_optimisers(run)
