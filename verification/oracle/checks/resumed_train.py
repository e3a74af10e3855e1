"""Check runs that are saved on the way and resumed by a fresh trainer."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from fractions import Fraction

from whichmin.verification.oracle.check import Finding, OracleCheck
from whichmin.verification.oracle.checks.long_runs import drawn
from whichmin.verification.oracle.outcome import Inconclusive
from whichmin.verification.oracle.problems import problem as problem_named
from whichmin.verification.oracle.runs import ServedRun, reference, useful
from whichmin.verification.oracle.session import Session
from whichmin.verification.oracle.wrong_resumes import wrong_resumes

__all__ = ["CHECKS"]

STEP_SIZE = Fraction(1, 16)
STEPS = 12
# Batch size, 0 for all points, and the steps after which a run is saved: at once, in the middle of
# an epoch, at its end, before the last step.
_PROBLEMS = ("generic", "generic square", "correlated", "negative curvature")
_SAVED = ((2, (1, 4, 5, 7, STEPS - 1)), (1, (3, 6, 8)), (0, (1, 5)))


def _resumed(session: Session) -> Iterator[Finding]:
    served = False
    full = session.conventions.batches == "full"
    # Unlike batches, so that each that is missed or repeated shows.
    for problem in map(problem_named, _PROBLEMS):
        for b, stops in _SAVED:
            if full and b:
                continue
            every = (tuple(range(problem.m)),) * STEPS
            batches = drawn(problem.m, b, STEPS) if b else every
            for activation in session.activations:
                run = ServedRun.of(
                    problem.w, problem.data, batches, STEP_SIZE, activation, session.conventions
                )
                if len(useful(run).batches) < STEPS:
                    continue
                path, bound = reference(run)
                for stop in stops:
                    served = True
                    answer = session.call("resumed_train", **run.arguments(), stop=stop)
                    yield answer.against(
                        f"{problem.id}, {STEPS} steps of batch size {len(batches[0])}, saved after "
                        f"{stop}, {activation}", path[-1], bound[-1], run.reason,
                        group=activation, origin=path[0],
                        candidates=functools.partial(wrong_resumes, run, stop),
                    )  # fmt: skip
    if not served:
        raise Inconclusive(
            f"rounding may make anything of {STEPS} steps of the declared optimiser, "
            f"{session.conventions.trained_by}"
        )


CHECKS = (
    OracleCheck(
        id="resumed_train.values",
        functions=("resumed_train",),
        statement="a run that is saved and resumed ends where one without a break does",
        formula="the declared optimiser's recurrence over all batches; plain SGD if none is "
        "declared",
        source="definition of the optimiser, iterated in decimals of 60 digits",
        run=_resumed,
    ),
)
