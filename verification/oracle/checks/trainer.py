"""One step, and whole runs with the batches given."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from whichmin.verification.oracle import bounds, references
from whichmin.verification.oracle.check import Candidate, Finding, OracleCheck
from whichmin.verification.oracle.checks.gradient import mistakes
from whichmin.verification.oracle.problems import Problem
from whichmin.verification.oracle.references import Matrix, Vector
from whichmin.verification.oracle.session import Session

__all__ = ["CHECKS", "run_wrongly"]

Floats = NDArray[np.float64]

# Dyadic and not; the first is exact in every precision.
STEP_SIZES = (Fraction(1, 8), Fraction(3, 10))


def _batches(m: int) -> tuple[tuple[int, ...], ...]:
    """Batches of one step: one point, all points, and rows that occur several times."""
    return tuple(dict.fromkeys(((0,), tuple(range(m)), (m - 1, 0, 0), (m // 2,) * 2)))


def _along(w: Vector, slope: Vector, length: Fraction) -> Vector:
    return tuple(p - length * g for p, g in zip(w, slope, strict=True))


def _step_candidates(
    w: Vector, batch: Matrix, step_size: Fraction, activation: str, factor: Fraction
) -> Iterator[Candidate]:
    length = step_size * factor
    for text, wrong in mistakes(w, batch, activation):
        yield Candidate(text, _along(w, wrong, length))
    slope = references.gradient(w, batch, activation)
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
    moving = w
    for row in batch:
        moving = _along(moving, references.gradient(moving, (row,), activation), length)
    yield Candidate("the weights are updated within the batch, point by point", moving)


def _one_step(session: Session) -> Iterator[Finding]:
    for problem in session.problems():
        w, data = session.received(problem.w), session.received(problem.data)
        for place, chosen in enumerate(_batches(problem.m)):
            step_size = STEP_SIZES[place % 2]
            exact_size = Fraction(float(step_size))
            batch = tuple(data[i] for i in chosen)
            b, n = len(batch), problem.n
            factor = session.conventions.factor("step", b)
            length = float(exact_size * factor)
            size = np.abs(references.floats(w)) + length * bounds.gradient_size(w, batch)
            bound = bounds.rounding(size, n, b, session.dtype)
            for activation in session.activations:
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
                        _step_candidates, w, batch, exact_size, activation, factor
                    ),
                )  # fmt: skip


def run_wrongly(
    w: Vector,
    data: Matrix,
    batches: Sequence[Sequence[int]],
    step_size: float,
    activation: str,
    factors: Sequence[float],
    *,
    momentum: float = 0.0,
    decay: float = 0.0,
    stale: bool = False,
) -> Floats:
    """Train with an ingredient that plain SGD does not have.

    In float64: a suspect's own rounding is as small as what the bound allows a target, and runs
    in rational arithmetic double the length of their numbers with every factor.

    Args:
        w: Weights at the start.
        data: Points.
        batches: Rows of each step.
        step_size: Step size.
        activation: ``linear`` or ``relu``.
        factors: Factor of the sum over each batch.
        momentum: Heavy-ball momentum, as ``torch.optim.SGD`` has it.
        decay: Weight decay, added to the gradient.
        stale: Whether all gradients are taken at the start.

    Returns:
        The last weights.
    """
    now, points = references.floats(w), references.floats(data)
    start, velocity = now, np.zeros(len(w))
    for batch, factor in zip(batches, factors, strict=True):
        at, rows = (start if stale else now), points[list(batch)]
        c = rows @ at
        phi = c if activation == "linear" else np.maximum(c, 0)
        slope = (at @ at - 2) * (phi @ rows) + (phi @ phi) * at
        velocity = momentum * velocity + factor * slope + decay * now
        now = now - step_size * velocity
    return np.asarray(now)


def _schedules(m: int) -> tuple[tuple[tuple[int, ...], ...], ...]:
    """Batches of a run: single points in an odd order, triples that repeat a row, all points."""
    single = tuple(((2 * t + 1) % m,) for t in range(4))
    triples = tuple((t % m, (t + 1) % m, t % m) for t in range(3))
    return single, triples, (tuple(range(m)),) * 3


def _train_candidates(
    session: Session,
    w: Vector,
    data: Matrix,
    batches: tuple[tuple[int, ...], ...],
    step_size: float,
    activation: str,
) -> Iterator[Candidate]:
    m, scale = len(data), float(session.conventions.loss_scale)

    def own(chosen: Sequence[Sequence[int]]) -> list[float]:
        return [float(session.conventions.factor("train", len(b))) for b in chosen]

    def run(chosen: Sequence[Sequence[int]], **more: Any) -> Floats:
        return run_wrongly(w, data, chosen, step_size, activation, own(chosen), **more)

    def divided(divisors: Sequence[float]) -> Floats:
        factors = [scale / d for d in divisors]
        return run_wrongly(w, data, batches, step_size, activation, factors)

    steps, sizes = len(batches), [len(b) for b in batches]
    first, last, every = batches[0], batches[-1], tuple(range(m))
    orders: dict[str, Sequence[Sequence[int]]] = {
        "the start is returned": (),
        "the value before the last update is returned": batches[:-1],
        "one step too many: the last batch is used twice": (*batches, last),
        "one step too many: the run starts over": (*batches, first),
        "off by one batch: the first is skipped": batches[1:],
        "off by one batch: the run starts with the second": (*batches[1:], first),
        "off by one batch: the run starts with the last": (last, *batches[:-1]),
        "the batches are taken in reverse order": batches[::-1],
        "the first batch is used in every step": (first,) * steps,
        "the last batch is used in every step": (last,) * steps,
        "all points are used in every step": (every,) * steps,
        "all points are used in a single step": (every,),
        "the points are taken in turn, whatever the batches": tuple((t % m,) for t in range(steps)),
        "rows that occur several times in a batch count once": tuple(
            tuple(dict.fromkeys(b)) for b in batches
        ),
        "a batch is taken point by point, one step each": tuple((i,) for b in batches for i in b),
    }
    for text, order in orders.items():
        yield Candidate(text, run(order))
    yield Candidate("all gradients are taken at the start", run(batches, stale=True))
    yield Candidate("divided by the number of points m, not by the batch size b",
                    divided([m] * steps))  # fmt: skip
    yield Candidate("a sum over the batch where a mean is expected", divided([1] * steps),
                    "'gradient': 'sum'")  # fmt: skip
    yield Candidate("divided by the batch size twice", divided([b * b for b in sizes]))
    for beta in (0.9, 0.99, 0.5):
        yield Candidate(f"momentum {beta:g} is on", run(batches, momentum=beta))
    for decay in (1e-4, 1e-3, 1e-2, 5e-4):
        yield Candidate(f"weight decay {decay:g} is on", run(batches, decay=decay))
    other = "relu" if activation == "linear" else "linear"
    yield Candidate(f"training with the other activation ({other})",
                    run_wrongly(w, data, batches, step_size, other, own(batches)))  # fmt: skip
    for factor, text in ((-1.0, "the sign of the update"), (2.0, "twice the update in every step"),
                         (0.5, "half the update in every step")):  # fmt: skip
        wrong = run_wrongly(w, data, batches, factor * step_size, activation, own(batches))
        yield Candidate(text, wrong)


def _run_finding(
    session: Session, problem: Problem, batches: tuple[tuple[int, ...], ...], step_size: Fraction,
    activation: str,
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
    each = bounds.reason(problem.n, len(batches[0]), session.dtype)
    return answer.against(
        f"{problem.id}, {len(batches)} steps of batch size {len(batches[0])}, {activation}",
        path[-1], bound, f"{len(batches)} steps, each with {each}, carried on",
        group=activation, origin=w,
        candidates=lambda: _train_candidates(
            session, w, data, batches, float(exact_size), activation
        ),
    )  # fmt: skip


def _runs(session: Session) -> Iterator[Finding]:
    # Long points leave the region in which a step of 1/8 is stable: a bound would say nothing.
    for problem in session.problems(without=("scaled",)):
        for batches in _schedules(problem.m):
            for activation in session.activations:
                yield _run_finding(session, problem, batches, STEP_SIZES[0], activation)


CHECKS = (
    OracleCheck(
        id="step.values",
        functions=("step",),
        statement="a step moves against the mean gradient of its batch; repeated rows count as "
        "often as they occur",
        formula="w - (eta/b) sum_{i in batch} grad l_i(w), l_i(w) = |a_i - w phi(<w, a_i>)|^2 / 2",
        source="definition of SGD; the gradient by the product rule",
        run=_one_step,
    ),
    OracleCheck(
        id="train.values",
        functions=("train",),
        statement="a run takes the given batches in order and returns the weights after the last",
        formula="w_{t+1} = w_t - (eta/b) sum_{i in batches[t]} grad l_i(w_t)",
        source="definition of SGD, iterated in rational arithmetic",
        run=_runs,
    ),
)
