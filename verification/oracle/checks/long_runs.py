"""Check runs of many steps: what goes wrong late is not seen in four."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from whichmin.verification.oracle.check import Finding, OracleCheck
from whichmin.verification.oracle.late_causes import LateCauses
from whichmin.verification.oracle.outcome import Inconclusive
from whichmin.verification.oracle.problems import problem
from whichmin.verification.oracle.references import Matrix, Vector
from whichmin.verification.oracle.runs import ServedRun, reference, useful
from whichmin.verification.oracle.session import Session

__all__ = ["CHECKS", "Course", "courses", "drawn"]

F = Fraction
# A run shorter than this says nothing that ``train.values`` does not say.
SHORTEST = 6
_WHOLE = F(1)


@dataclass(frozen=True)
class Course:
    """A long run, before it is known who takes it.

    Attributes:
        name: What is special about it.
        problem: Id of the problem whose points it has.
        b: Batch size; 0 for all points in every step.
        step_size: Step size.
        steps: Number of steps.
        scale: Factor of the points.
        start: Factor of the problem's weights, or the weights themselves.
        quick: Whether the quick profile has it.
    """

    name: str
    problem: str
    b: int
    step_size: Fraction
    steps: int
    scale: int = 1
    start: Fraction | Vector = _WHOLE
    quick: bool = False

    @property
    def data(self) -> Matrix:
        """The points."""
        return tuple(tuple(self.scale * x for x in a) for a in problem(self.problem).data)

    @property
    def w(self) -> Vector:
        """The weights at the start."""
        if isinstance(self.start, tuple):
            return self.start
        return tuple(self.start * x for x in problem(self.problem).w)

    @property
    def batches(self) -> tuple[tuple[int, ...], ...]:
        """The batches."""
        m = len(self.data)
        return drawn(m, self.b, self.steps) if self.b else (tuple(range(m)),) * self.steps


def drawn(m: int, b: int, steps: int, seed: int = 1) -> tuple[tuple[int, ...], ...]:
    """Draw batches with replacement by a congruential generator, the same everywhere."""
    rows = []
    for _ in range(steps):
        batch = []
        for _ in range(b):
            seed = (1103515245 * seed + 12345) % 2**31
            batch.append((seed >> 16) % m)
        rows.append(tuple(batch))
    return tuple(rows)


# Inner products with the four points of "generic square": all positive.
_ACTIVE = (F(1, 2), F(1, 3), F(1, 5), F(1, 7))
_OFF = tuple(
    sum((c * a[p] for c, a in zip(_ACTIVE, problem("generic square").data, strict=True)), F(0))
    for p in range(4)
)
# Each moves on to its end, so that a fault after step 150 shows too. The gradients of "settling"
# shrink to 1e-8, through every threshold of early stopping, and those of "steep" stay above 1,
# where clipping sets in; "escape" lingers at the saddle 0, where nothing improves for long.
_COURSES = (
    Course("all points", "correlated", 0, F(1, 16), 60, quick=True),
    Course("changing pairs", "correlated", 2, F(1, 32), 50, quick=True),
    # 3 points in 5 dimensions, where the others have 4 in 3 or 4: 1/n is told from 1/3.
    Course("five dimensions", "generic", 0, F(1, 16), 50, quick=True),
    Course("long", "correlated", 2, F(1, 8), 150),
    Course("settling", "generic", 0, F(1, 4), 200),
    Course("steep", "correlated", 1, F(1, 512), 200, scale=4),
    Course("escape", "generic square", 0, F(1, 8), 150, start=F(1, 512)),
    Course("slow", "generic square", 2, F(1, 1024), 200, start=_OFF),
)


def courses(session: Session) -> Iterator[Course]:
    """List the runs for a profile; the deep one adds starts and step sizes at random."""
    full = session.conventions.batches == "full"
    for course in _COURSES:
        if (course.quick or not session.quick) and (course.b == 0 or not full):
            yield course
    if session.deep:
        rng = session.rng("train.long_runs")
        for number in range(6):
            start = tuple(F(int(x), 64) for x in rng.integers(-64, 65, 3))
            rate = F(int(rng.integers(4, 33)), 256)
            b = 0 if full else int(rng.integers(0, 4))
            yield Course(f"random {number}", "correlated", b, rate, 120, start=start)


def _long_runs(session: Session) -> Iterator[Finding]:
    causes, unserved = LateCauses(session), []
    for course in courses(session):
        for activation in session.activations:
            run = ServedRun.of(
                course.w, course.data, course.batches, course.step_size, activation,
                session.conventions, course.name,
            )  # fmt: skip
            run = useful(run)
            if len(run.batches) < SHORTEST:
                unserved.append(course.name)
                continue
            path, bound = reference(run)
            answer = session.call("train", **run.arguments())
            what = f"{course.name}: {len(run.batches)} steps of batch size {len(run.batches[0])}"
            causes.add(run, answer.value)
            yield answer.against(
                f"{what}, {activation}", path[-1], bound[-1], run.reason,
                group=activation, origin=path[0],
                candidates=causes.of(run), coarse=False,
            )  # fmt: skip
    told = causes.first_wrong()
    if told:
        session.note(told)
    if unserved and not causes.served:
        raise Inconclusive(
            "rounding may make anything of runs of more than a few steps with this optimiser, so "
            f"no long run is judged: {', '.join(dict.fromkeys(unserved))}"
        )


CHECKS = (
    OracleCheck(
        id="train.long_runs",
        functions=("train",),
        statement="a run of 50 to 200 steps ends where the definition has it: nothing changes on "
        "the way",
        formula="w_{t+1} = w_t - (eta/b) sum_{i in batches[t]} grad l_i(w_t), or the declared "
        "optimiser's recurrence",
        source="definition of SGD, iterated in decimals of 60 digits",
        run=_long_runs,
    ),
)
