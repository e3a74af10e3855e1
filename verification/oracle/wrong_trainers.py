"""List training runs with known mistakes that have no parameter, for the diagnosis of trainers."""

# ruff: noqa: ARG005 - a change of the gradient is given all that it may depend on

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np

from whichmin.verification.oracle import wrong_activations
from whichmin.verification.oracle.check import Candidate
from whichmin.verification.oracle.wrong_runs import Batches, Floats, WrongRuns
from whichmin.verification.oracle.wrong_shares import wrong_shares

__all__ = ["STILL", "wrong_trainers"]

STILL = (
    "the run stops where a step moves nothing, as by a criterion on the length of the gradient or "
    "on the change of the loss"
)

Made = Iterator[tuple[str, Callable[[], Any]]]
# Orders of more batches than these are not tried: 24 of 4.
MOST_ORDERED = 4


def _fixed(size: int, batch: Sequence[int]) -> float:
    """A divisor that does not depend on the batch."""
    del batch
    return size


def _orders(runs: WrongRuns) -> Iterator[tuple[str, Batches]]:
    batches, m = runs.batches, len(runs.data)
    yield "the value before the last update is returned", batches[:-1]
    yield "one step too many: the last batch is used twice", (*batches, batches[-1])
    yield "one step too many: the run starts over", (*batches, batches[0])
    yield "off by one batch: the first is skipped", batches[1:]
    yield "off by one batch: the run starts with the second", (*batches[1:], batches[0])
    yield "off by one batch: the run starts with the last", (batches[-1], *batches[:-1])
    yield "the batches are taken in reverse order", batches[::-1]
    yield "the batches are sorted", tuple(sorted(map(tuple, batches)))
    yield "the batches are sorted by size", tuple(sorted(batches, key=len))
    if len(batches) > 1:
        yield ("off by one batch: in place of the last the one before is used again",
               (*batches[:-1], batches[-2]))  # fmt: skip
    yield "every second batch is skipped", batches[::2]
    yield "the first batch is used in every step", (batches[0],) * len(batches)
    yield "the last batch is used in every step", (batches[-1],) * len(batches)
    yield ("the points are taken in turn, whatever the batches",
           tuple((t % m,) for t in range(len(batches))))  # fmt: skip
    yield "all points are used in every step", (tuple(range(m)),) * len(batches)
    yield "all points are used in a single step", (tuple(range(m)),)
    epoch = -(-m // len(batches[0]))
    yield "the run ends after one epoch: epochs where steps are meant", batches[:epoch]
    once = tuple(tuple(dict.fromkeys(b)) for b in batches)
    yield "rows that occur several times in a batch count once", once
    yield "a batch is taken point by point, one step each", [(i,) for b in batches for i in b]
    if len(set(map(len, batches))) > 1:
        yield from _unequal(batches, m)


def _unequal(batches: Batches, m: int) -> Iterator[tuple[str, Batches]]:
    """Batches of unequal size that are made equal, to the first or to the largest."""
    size = len(batches[0])
    yield (
        "batches that are shorter than the first are dropped",
        [b for b in batches if len(b) >= size],
    )
    yield (
        "batches are cut to the size of the shortest",
        [b[: min(map(len, batches))] for b in batches],
    )
    for text, whole in (("the first", size), ("the largest", max(map(len, batches)))):
        told = f"shorter batches are filled up to the size of {text} with"
        first = [(*b, *(i % m for i in range(whole - len(b)))) for b in batches]
        own = [(*b, *(b[i % len(b)] for i in range(whole - len(b)))) for b in batches]
        kept: list[tuple[int, ...]] = []
        for b in batches:
            kept.append((*b, *(kept[-1][len(b) : whole] if kept else ())))
        yield f"{told} the first points", first
        yield f"{told} their own points", own
        yield f"{told} what the batch before left behind", kept


def _shuffled(runs: WrongRuns, got: Any) -> Floats:
    """The run over the order of the batches that comes nearest to an answer."""
    found = [runs.run(order) for order in itertools.permutations(runs.batches)]
    return min(found, key=lambda w: float(np.abs(w - got).max()))


def _moving(runs: WrongRuns) -> Floats:
    """The run up to its first step that moves the weights by no more than their rounding."""
    still: list[bool] = []

    def change(g: Floats, w: Floats, t: int) -> Floats:
        del t
        still.append(runs.step_size * np.abs(g).max() <= 2.0**-52 * np.abs(w).max())
        return g * (not any(still))

    return runs.run(change=change)


def _gradients(runs: WrongRuns) -> Made:
    activation, phi, run = runs.activation, runs.phi, runs.run
    for text, chosen in wrong_activations.named(activation):
        yield text, partial(run, slope=wrong_activations.slope_with(chosen))
    if activation == "relu":
        modulus = wrong_activations.formula_with(np.abs)
        yield ("the absolute value for relu, in the formula for relu's gradient",
               partial(run, slope=modulus))  # fmt: skip

    def decoder(w: Floats, rows: Floats) -> Floats:
        f = phi(w, rows)
        return np.asarray((f @ f) * w - f @ rows)

    yield ("the derivative by the decoder's weights alone: the weights are tied",
           partial(run, slope=decoder))  # fmt: skip
    yield ("the derivative by the encoder's weights alone: the weights are tied",
           partial(run, slope=lambda w, r: (w @ w - 1) * (phi(w, r) @ r)))  # fmt: skip
    yield ("the term phi^2 w is left out",
           partial(run, slope=lambda w, r: (w @ w - 2) * (phi(w, r) @ r)))  # fmt: skip
    start = runs.w
    yield ("all gradients are taken at the start",
           partial(run, slope=lambda w, r: runs.slope(start, r)))  # fmt: skip
    yield STILL, partial(_moving, runs)
    yield "N = |w|^2 is the norm of the start in every step", partial(runs.norms, start=True)
    yield "N = |w|^2 is the norm of the step before", partial(runs.norms, start=False)
    yield "the weights are updated in two halves within a step", runs.halves


def _divisors(runs: WrongRuns) -> Made:
    m, steps, share, run = len(runs.data), len(runs.batches), runs.share, runs.run
    n = len(runs.w)
    yield ("divided by the number of points m, not by the batch size b",
           partial(run, divisor=lambda b: m))  # fmt: skip
    yield ("MSELoss: the mean over the coordinates too, without the 1/2 (a factor 2/n)",
           partial(run, divisor=lambda b: share(b) * n / 2))  # fmt: skip
    yield ("the mean over the coordinates too (a factor 1/n)",
           partial(run, divisor=lambda b: share(b) * n))  # fmt: skip
    yield ("a sum over the batch where a mean is expected, without the 1/2 (a factor 2b)",
           partial(run, divisor=lambda b: 0.5))  # fmt: skip
    yield ("the step size is multiplied by the number of points m",
           partial(run, divisor=lambda b: share(b) / m))  # fmt: skip
    yield ("the step size is divided by the number of points m",
           partial(run, divisor=lambda b: share(b) * m))  # fmt: skip
    yield ("the step size is divided by the number of steps, or of batches",
           partial(run, divisor=lambda b: share(b) * steps))  # fmt: skip
    yield ("the step size is multiplied by the number of steps, or of batches",
           partial(run, divisor=lambda b: share(b) / steps))  # fmt: skip
    yield "divided by the batch size twice", partial(run, divisor=lambda b: len(b) ** 2)
    sizes = [len(b) for b in runs.batches]
    if len(set(sizes)) > 1:
        for text, size in (("first", sizes[0]), ("largest", max(sizes)), ("last", sizes[-1])):
            yield (f"every batch is divided by the size of the {text}, not by its own",
                   partial(run, divisor=partial(_fixed, size)))  # fmt: skip
    yield ("rows that occur several times are added once, but divided by b",
           partial(run, slope=lambda w, r: runs.slope(w, np.unique(r, axis=0))))  # fmt: skip


def _unit(g: Floats, w: Floats, t: int) -> Floats:
    del w, t
    return g / max(float(np.sqrt(g @ g)), 1e-300)


def _weights(runs: WrongRuns) -> Made:
    run = runs.run
    yield "the gradient is scaled to length 1", partial(run, change=_unit)
    yield "the sign of the gradient is taken", partial(run, change=lambda g, w, t: np.sign(g))
    yield ("the weights are normalised after each step",
           partial(run, after=lambda w: w / max(float(np.sqrt(w @ w)), 1e-300)))  # fmt: skip
    yield (
        "the mean of all weights, the start included, is returned",
        partial(runs.average, start=True),
    )
    yield "the sign of the update", partial(run, change=lambda g, w, t: -g)
    yield "twice the update in every step", partial(run, change=lambda g, w, t: 2 * g)
    yield "half the update in every step", partial(run, change=lambda g, w, t: g / 2)


def _data(runs: WrongRuns) -> Made:
    data, mean, spread = runs.data, runs.data.mean(axis=0), runs.data.std(axis=0)
    lengths = np.sqrt((data * data).sum(axis=1))[:, None]
    for text, changed in (
        ("the points are centred", data - mean),
        ("the points are scaled to length 1", data / np.maximum(lengths, 1e-300)),
        ("the coordinates are standardised",
         (data - mean) / np.where(spread > 0, spread, 1.0)),
    ):  # fmt: skip
        yield text, runs.on(changed).run


def wrong_trainers(runs: WrongRuns, got: Any) -> Iterator[Candidate]:
    """Compute the last weights of runs with known mistakes.

    Args:
        runs: The runs of a case.
        got: What the target returned, which says in which order it took the batches.

    Yields:
        One candidate per mistake; its value is computed when it is asked for.
    """
    yield Candidate("the start is returned", runs.w)
    yield Candidate("a sum over the batch where a mean is expected",
                    partial(runs.run, divisor=lambda b: 1), "'gradient': 'sum'")  # fmt: skip
    yield Candidate("a mean over the batch where a sum is expected",
                    partial(runs.run, divisor=len), "'gradient': 'mean'")  # fmt: skip
    yield Candidate("the mean of the weights of all steps is returned", runs.average,
                    "'optimiser': {'name': 'sgd', 'average': True}")  # fmt: skip
    yield Candidate("training with the other activation", runs.other().run)
    for text, batches in _orders(runs):
        yield Candidate(text, partial(runs.run, batches))
    for text, made in (
        *_divisors(runs), *_gradients(runs), *_weights(runs), *_data(runs), *wrong_shares(runs)
    ):  # fmt: skip
        yield Candidate(text, made)
    if got is not None and 2 <= len(runs.batches) <= MOST_ORDERED:
        yield Candidate("the batches are taken in another order: shuffled",
                        partial(_shuffled, runs, got))  # fmt: skip
