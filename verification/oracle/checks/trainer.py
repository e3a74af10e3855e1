"""One step, and whole runs with the batches given."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

import numpy as np

from whichmin.verification.oracle import bounds, references
from whichmin.verification.oracle.check import Candidate, Finding, OracleCheck
from whichmin.verification.oracle.checks.gradient import mistakes
from whichmin.verification.oracle.problems import Problem
from whichmin.verification.oracle.references import Matrix, Vector
from whichmin.verification.oracle.session import Session

__all__ = ["CHECKS", "run_wrongly"]

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
                    candidates=tuple(
                        _step_candidates(w, batch, exact_size, activation, factor)
                    ),
                )  # fmt: skip


def run_wrongly(
    w: Vector,
    data: Matrix,
    batches: Sequence[Sequence[int]],
    step_size: Fraction,
    activation: str,
    factors: Sequence[Fraction],
    *,
    momentum: Fraction = Fraction(0),
    decay: Fraction = Fraction(0),
    stale: bool = False,
) -> Vector:
    """Train with an ingredient that plain SGD does not have.

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
    start, velocity = w, tuple(Fraction(0) for _ in w)
    for batch, factor in zip(batches, factors, strict=True):
        at = start if stale else w
        slope = references.gradient(at, tuple(data[i] for i in batch), activation)
        velocity = tuple(
            momentum * v + factor * g + decay * p
            for v, g, p in zip(velocity, slope, w, strict=True)
        )
        w = tuple(p - step_size * v for p, v in zip(w, velocity, strict=True))
    return w


def _schedules(m: int) -> tuple[tuple[tuple[int, ...], ...], ...]:
    """Batches of a run: single points in an odd order, pairs with repetition, the full batch."""
    single = tuple(((2 * t + 1) % m,) for t in range(4))
    pairs = tuple((t % m, (t * t + 1) % m) for t in range(3))
    return single, pairs, (tuple(range(m)),) * 3


def _train_candidates(
    w: Vector,
    data: Matrix,
    batches: tuple[tuple[int, ...], ...],
    step_size: Fraction,
    activation: str,
    session: Session,
) -> Iterator[Candidate]:
    m = len(data)

    def run(chosen: Sequence[Sequence[int]], **more: object) -> Vector:
        factors = [session.conventions.factor("train", len(b)) for b in chosen]
        return run_wrongly(w, data, chosen, step_size, activation, factors, **more)  # type: ignore[arg-type]

    yield Candidate("the start is returned", w)
    yield Candidate("the value before the last update is returned", run(batches[:-1]))
    yield Candidate("one step too many: the last batch is used twice", run((*batches, batches[-1])))
    yield Candidate("one step too many: the run starts over", run((*batches, batches[0])))
    yield Candidate("off by one batch: the first is skipped", run(batches[1:]))
    yield Candidate("off by one batch: the run starts with the second",
                    run((*batches[1:], batches[0])))  # fmt: skip
    yield Candidate("off by one batch: the run starts with the last",
                    run((batches[-1], *batches[:-1])))  # fmt: skip
    yield Candidate("the batches are taken in reverse order", run(batches[::-1]))
    yield Candidate("the first batch is used in every step", run((batches[0],) * len(batches)))
    yield Candidate("all points are used in every step", run((tuple(range(m)),) * len(batches)))
    yield Candidate("all points are used in a single step", run((tuple(range(m)),)))
    yield Candidate("all gradients are taken at the start", run(batches, stale=True))
    once = tuple(tuple(dict.fromkeys(b)) for b in batches)
    yield Candidate("rows that occur several times in a batch count once", run(once))
    yield Candidate("a batch is taken point by point, one step each",
                    run([(i,) for b in batches for i in b]))  # fmt: skip
    for text, factors in (
        ("divided by the number of points m, not by the batch size b", [Fraction(1, m)]),
        ("a sum over the batch where a mean is expected", [Fraction(1)]),
        ("divided by the batch size twice", [Fraction(1, len(b) ** 2) for b in batches]),
    ):
        each = factors * len(batches) if len(factors) == 1 else factors
        scaled = [session.conventions.loss_scale * f for f in each]
        yield Candidate(
            text, run_wrongly(w, data, batches, step_size, activation, scaled),
            "'gradient': 'sum'" if text.startswith("a sum") else "",
        )  # fmt: skip
    for beta in (Fraction(9, 10), Fraction(99, 100), Fraction(1, 2)):
        yield Candidate(f"momentum {float(beta):g} is on", run(batches, momentum=beta))
    for decay in (Fraction(1, 10_000), Fraction(1, 1000), Fraction(1, 100)):
        yield Candidate(f"weight decay {float(decay):g} is on", run(batches, decay=decay))
    other = "relu" if activation == "linear" else "linear"
    factors = [session.conventions.factor("train", len(b)) for b in batches]
    yield Candidate(f"training with the other activation ({other})",
                    run_wrongly(w, data, batches, step_size, other, factors))  # fmt: skip
    for factor, text in ((-1, "the sign of the update"), (2, "twice the update in every step"),
                         (Fraction(1, 2), "half the update in every step")):  # fmt: skip
        yield Candidate(
            text, run_wrongly(w, data, batches, factor * step_size, activation, factors)
        )


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
    what = f"{problem.id}, {len(batches)} steps of batch size {len(batches[0])}, {activation}"
    finding = answer.against(
        what, path[-1], bound, f"{len(batches)} steps, each with "
        f"{bounds.reason(problem.n, len(batches[0]), session.dtype)}, carried on",
        group=activation, origin=w,
    )  # fmt: skip
    # Runs with mistakes cost more than the run itself, so they are made where there is one.
    return finding if finding.holds else answer.against(
        what, path[-1], bound, finding.reason, group=activation, origin=w,
        candidates=tuple(
            _train_candidates(w, data, batches, exact_size, activation, session)
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
