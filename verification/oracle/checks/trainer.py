"""Check one step, and whole runs with given batches."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from whichmin.verification.oracle import bounds, references, wrong_activations
from whichmin.verification.oracle.check import Candidate, Finding, OracleCheck
from whichmin.verification.oracle.checks.gradient import mistakes
from whichmin.verification.oracle.habits import families, step_families
from whichmin.verification.oracle.outcome import Inconclusive
from whichmin.verification.oracle.problems import ServedProblem
from whichmin.verification.oracle.references import Matrix, Vector, floats
from whichmin.verification.oracle.runs import ServedRun, reference, useful
from whichmin.verification.oracle.session import Session
from whichmin.verification.oracle.wrong_optimisers import wrong_optimisers
from whichmin.verification.oracle.wrong_runs import Batches, WrongRuns
from whichmin.verification.oracle.wrong_shares import wrong_shares
from whichmin.verification.oracle.wrong_trainers import wrong_trainers

__all__ = ["CHECKS"]

Floats = NDArray[np.float64]

# Dyadic and not; the first is exact in every precision.
STEP_SIZES = (Fraction(1, 8), Fraction(3, 10))


def _batches(m: int) -> tuple[tuple[int, ...], ...]:
    """Batches of one step: one point, all points, and rows that occur several times."""
    # Seven rows tell parts of two, three and four, in blocks and in turn.
    seven = tuple(t % m for t in range(7))
    return tuple(dict.fromkeys(((0,), tuple(range(m)), (m - 1, 0, 0), (m // 2,) * 2, seven)))


def _along(w: Vector, slope: Vector, length: Fraction) -> Vector:
    return tuple(p - length * g for p, g in zip(w, slope, strict=True))


def _step_candidates(
    w: Vector, batch: Matrix, step_size: Fraction, activation: str, factor: Fraction,
    run: WrongRuns,
) -> Iterator[Candidate]:  # fmt: skip
    length = step_size * factor
    for text, wrong in mistakes(w, batch, activation):
        yield Candidate(text, _along(w, wrong, length))
    slope = slope_all = references.gradient(w, batch, activation)
    yield Candidate("the weights before the update are returned", w)
    yield Candidate("the gradient is returned, not the next weights",
                    tuple(factor * g for g in slope))  # fmt: skip
    yield Candidate("the update is returned, not the next weights",
                    tuple(-length * g for g in slope))  # fmt: skip
    once = tuple(dict.fromkeys(batch))
    if len(once) < len(batch):
        share = factor * Fraction(len(batch), len(once))
        slope = references.gradient(w, once, activation)
        yield Candidate("rows that occur several times count once",
                        _along(w, slope, step_size * share))  # fmt: skip
        yield Candidate("rows that occur several times are added once, but divided by b",
                        _along(w, slope, length))  # fmt: skip
    sized = floats(slope_all) * float(factor)
    rate = float(step_size)
    norm = float(np.linalg.norm(sized))
    if norm:
        yield Candidate("the gradient is scaled to length 1", floats(w) - rate * sized / norm)
    following = floats(w) - rate * sized
    size = float(np.linalg.norm(following))
    if size:
        yield Candidate("the weights are normalised after the step", following / size)
    # In float64: the digits of fractions grow threefold with every point.
    moving = functools.partial(
        run.run, [(i,) for i in range(len(batch))], divisor=lambda _: run.share(batch)
    )
    yield Candidate("the weights are updated within the batch, point by point", moving)
    for text, phi in wrong_activations.named(activation):
        yield Candidate(text, functools.partial(run.run, slope=wrong_activations.slope_with(phi)))
    for text, made in wrong_shares(run, every_step=True):
        yield Candidate(text, made)


def _runs_of(
    session: Session, w: Vector, data: Matrix, batches: Batches, step_size: Fraction,
    activation: str,
) -> WrongRuns:  # fmt: skip
    """What the mistakes of a case are computed with."""
    conventions = session.conventions
    mean, scale = conventions.gradient == "mean", float(conventions.loss_scale)
    return WrongRuns(w, data, batches, float(step_size), activation, mean, scale)


def _one_step(session: Session) -> Iterator[Finding]:
    if not session.conventions.trained_by.plain:
        yield from _first_steps(session)
        return
    for problem in session.problems():
        w, data = session.received(problem.w), session.received(problem.data)
        for place, chosen in enumerate(_batches(problem.m)):
            step_size = STEP_SIZES[place % 2]
            exact_size = Fraction(float(step_size))
            batch = tuple(data[i] for i in chosen)
            b, n = len(batch), problem.n
            factor = session.conventions.factor("step", b)
            length = float(exact_size * factor)
            size = np.abs(floats(w)) + length * bounds.gradient_size(w, batch)
            bound = bounds.rounding(size, n, b, session.dtype)
            for activation in session.activations:
                run = _runs_of(session, w, batch, (tuple(range(b)),), exact_size, activation)
                answer = session.call(
                    "step", w=problem.w, batch=tuple(problem.data[i] for i in chosen),
                    step_size=step_size, activation=activation,
                )  # fmt: skip
                yield answer.against(
                    f"{problem.id}, rows {chosen}, {activation}",
                    references.step(w, batch, exact_size, activation, factor),
                    bound, bounds.reason(n, b, session.dtype), group=activation, origin=w,
                    scalars={"b": b, "n": n, "eta": exact_size},
                    candidates=functools.partial(
                        _step_candidates, w, batch, exact_size, activation, factor, run
                    ),
                    families=functools.partial(step_families, run),
                )  # fmt: skip


def _first_steps(session: Session) -> Iterator[Finding]:
    """Findings of one step of a declared optimiser: its first."""
    served = False
    for problem in session.problems(without=("scaled",)):
        for place, chosen in enumerate(_batches(problem.m)):
            for activation in session.activations:
                rows = tuple(problem.data[i] for i in chosen)
                run = ServedRun.of(
                    problem.w, rows, (tuple(range(len(rows))),), STEP_SIZES[place % 2],
                    activation, session.conventions,
                )  # fmt: skip
                if not useful(run).batches:
                    continue
                path, bound = reference(run)
                served = served or bool(np.any(path[-1] != path[0]))
                answer = session.call(
                    "step", w=problem.w, batch=rows, step_size=run.step_size,
                    activation=activation,
                )  # fmt: skip
                yield answer.against(
                    f"{problem.id}, rows {chosen}, {activation}", path[-1], bound[-1],
                    run.reason, group=activation, origin=path[0],
                    candidates=functools.partial(wrong_optimisers, run),
                )  # fmt: skip
    _must_serve(session, served=served)


def _must_serve(session: Session, *, served: bool) -> None:
    if not served:
        raise Inconclusive(
            f"nothing can be said of the declared optimiser, {session.conventions.trained_by}: "
            "rounding may make anything of it, whatever the problem"
        )


def _schedules(m: int) -> tuple[tuple[tuple[int, ...], ...], ...]:
    """Batches of a run: single points in an odd order, triples that repeat a row, all points."""
    single = tuple(((2 * t + 1) % m,) for t in range(4))
    triples = tuple((t % m, (t + 1) % m, t % m) for t in range(3))
    # Enough to tell parts of two and of three rows, blocks and rows in turn.
    seven = tuple(tuple((s + t) % m for t in range(7)) for s in range(2))
    return single, triples, seven, (tuple(range(m)),) * 3


def _unequal(m: int) -> tuple[tuple[tuple[int, ...], ...], ...]:
    """Batches of unequal size: with a short last one as an epoch cut up, and in any order."""
    epoch = tuple(t % m for t in range(7))
    cut = (epoch[:3], epoch[3:6], epoch[6:])
    return cut, (epoch[:1], epoch[1:5], epoch[5:7]), (*cut, tuple(range(m)))


def _run_finding(
    session: Session, problem: ServedProblem, batches: tuple[tuple[int, ...], ...],
    step_size: Fraction, activation: str,
) -> Finding:  # fmt: skip
    w, data = session.received(problem.w), session.received(problem.data)
    exact_size = Fraction(float(step_size))
    factors = [session.conventions.factor("train", len(b)) for b in batches]
    path = references.train(w, data, batches, exact_size, activation, factors)
    rows = [tuple(data[i] for i in b) for b in batches]
    bound = bounds.train_bound(
        path[:-1], rows, float(exact_size), [float(f) for f in factors], session.dtype
    )
    answer = session.call(
        "train", w0=problem.w, data=problem.data, batches=batches, step_size=step_size,
        activation=activation,
    )  # fmt: skip
    runs = _runs_of(session, w, data, batches, exact_size, activation)
    sizes = sorted({len(b) for b in batches})
    each = bounds.reason(problem.n, sizes[-1], session.dtype)
    return answer.against(
        f"{problem.id}, {len(batches)} steps of batch size {' or '.join(map(str, sizes))}, "
        f"{activation}",
        path[-1], bound, f"{len(batches)} steps, each with {each}, carried on",
        group=activation, origin=w,
        candidates=lambda: wrong_trainers(runs, answer.value),
        families=lambda: families(runs),
    )  # fmt: skip


def _declared_run(
    session: Session, problem: ServedProblem, batches: tuple[tuple[int, ...], ...],
    step_size: Fraction, activation: str,
) -> Iterator[Finding]:  # fmt: skip
    """The finding of a run with a declared optimiser, unless rounding may make anything of it."""
    run = ServedRun.of(problem.w, problem.data, batches, step_size, activation, session.conventions)
    if len(useful(run).batches) < len(batches):
        return
    path, bound = reference(run)
    w, data, exact_size = run.received
    runs = _runs_of(session, w, data, batches, exact_size, activation)
    answer = session.call("train", **run.arguments())
    yield answer.against(
        f"{problem.id}, {len(batches)} steps of batch size {len(batches[0])}, {activation}",
        path[-1], bound[-1], run.reason, group=activation, origin=path[0],
        candidates=functools.partial(wrong_optimisers, run), families=lambda: families(runs),
    )  # fmt: skip


def _runs(session: Session) -> Iterator[Finding]:
    served = False
    # Long points leave the region in which a step of 1/8 is stable: a bound would say nothing.
    for problem in session.problems(without=("scaled",)):
        taken, equal = session.conventions.batches, _schedules(problem.m)
        more = _unequal(problem.m) if taken == "unequal" else ()
        for batches in (*equal[-1 if taken == "full" else 0 :], *more):
            for activation in session.activations:
                given = session, problem, batches, STEP_SIZES[0], activation
                if session.conventions.trained_by.plain:
                    yield _run_finding(*given)
                    continue
                for finding in _declared_run(*given):
                    served = served or bool(np.any(finding.nearest != floats(finding.origin)))
                    yield finding
    _must_serve(session, served=served or session.conventions.trained_by.plain)


CHECKS = (
    OracleCheck(
        id="step.values",
        functions=("step",),
        statement="a step moves against the mean gradient of its batch; repeated rows count as "
        "often as they occur",
        formula="w - (eta/b) sum_{i in batch} grad l_i(w), l_i(w) = |a_i - w phi(<w, a_i>)|^2 / 2; "
        "the first step of the declared optimiser",
        source="definition of SGD; the gradient by the product rule",
        run=_one_step,
    ),
    OracleCheck(
        id="train.values",
        functions=("train",),
        statement="a run takes the given batches in order and returns the weights after the last",
        formula="w_{t+1} = w_t - (eta/b) sum_{i in batches[t]} grad l_i(w_t), or the declared "
        "optimiser's recurrence",
        source="definition of SGD, iterated in rational arithmetic",
        run=_runs,
    ),
)
