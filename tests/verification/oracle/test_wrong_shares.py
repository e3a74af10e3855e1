"""Batches cut into parts: what each mistake makes of them."""

import numpy as np
import pytest

from whichmin.verification.oracle.problems import problem
from whichmin.verification.oracle.wrong_runs import WrongRuns
from whichmin.verification.oracle.wrong_shares import wrong_shares

SERVED = problem("correlated")
ROWS = (0, 1, 2, 3, 0, 1, 2)


def one(weights):
    """One step on weighted rows."""
    own = WrongRuns(SERVED.w, SERVED.data, (ROWS,), 0.125, "relu")
    each = [own.slope(own.w, own.data[[i]]) for i in ROWS]
    return own.w - 0.125 * np.einsum("i,ij->j", weights, each)


RUNS = WrongRuns(SERVED.w, SERVED.data, (ROWS,), 0.125, "relu")


@pytest.mark.parametrize(
    ("text", "weights"),
    [
        ("the mean of the means of micro-batches (size 2)", [1 / 8] * 6 + [1 / 4]),
        ("the mean of the means of micro-batches (size 3)", [1 / 9] * 6 + [1 / 3]),
        ("the means of micro-batches (size 2) are added up", [1 / 2] * 6 + [1]),
        ("micro-batches of 2: a shorter last one is dropped", [1 / 6] * 6 + [0]),
        ("micro-batches of 2: each is divided by 2", [1 / 8] * 7),
        ("micro-batches of 3: the last one alone counts, what", [0] * 6 + [1]),
        ("micro-batches of 3: the last one alone counts, divided", [0] * 6 + [1 / 3]),
        ("micro-batches of 4: the first one alone counts", [1 / 4] * 4 + [0] * 3),
        ("the mean of the ranks' means (2 ranks, rows dealt in turn)",
         [1 / 8, 1 / 6, 1 / 8, 1 / 6, 1 / 8, 1 / 6, 1 / 8]),
        ("the mean of the ranks' means (3 ranks, rows dealt in blocks)",
         [1 / 9] * 3 + [1 / 6] * 4),
        ("the mean of the ranks' means (3 ranks, rows dealt in chunks)", [1 / 9] * 6 + [1 / 3]),
        ("the ranks' means are added up (2 ranks, rows dealt in blocks)",
         [1 / 4] * 4 + [1 / 3] * 3),
        ("rank 0 alone counts (3 ranks, rows dealt in turn)",
         [1 / 3, 0, 0, 1 / 3, 0, 0, 1 / 3]),
        ("shards are filled up with the batch's first rows (3 ranks", [2 / 9] * 2 + [1 / 9] * 5),
        ("shards are cut alike (2 ranks", [1 / 6] * 6 + [0]),
        ("rows of a batch beyond a multiple of 3", [1 / 6] * 6 + [0]),
    ],
)  # fmt: skip
def test_one_step(text, weights):
    (made,) = [make for t, make in wrong_shares(RUNS) if t.startswith(text)]
    assert np.allclose(made(), one(weights), rtol=1e-13, atol=1e-16)  # 30 roundings
    assert text in "; ".join(t for t, _ in wrong_shares(RUNS, every_step=True))


STEPS = WrongRuns(SERVED.w, SERVED.data, ((0,), (1,), (2,), (3,), (1,)), 0.125, "linear")


def steps(text):
    (made,) = [make for t, make in wrong_shares(STEPS) if text in t]
    return made()


def test_gradients_that_are_kept():
    w, kept = STEPS.w, 0
    for t, (i,) in enumerate(STEPS.batches):
        g = STEPS.slope(w, STEPS.data[[i]])
        kept = g if t % 2 == 0 else kept + g
        w = w - 0.125 * kept
    assert np.allclose(steps("before every 2th step"), w, rtol=1e-13, atol=0)
    first = WrongRuns(STEPS.w, STEPS.data, STEPS.batches, 0.125, "linear")
    assert first.epoch == 4


@pytest.mark.parametrize(("rest", "told"), [(True, "is applied"), (False, "is dropped")])
def test_updates_after_every_second_batch(rest, told):
    w, batches = STEPS.w, [(0, 1), (2, 3), (1,)][: 3 if rest else 2]
    for batch in batches:
        w = w - 0.125 * STEPS.slope(w, STEPS.data[list(batch)]) / 2
    found = [make() for t, make in wrong_shares(STEPS)
             if "every 2 batches alone, by the mean" in t and t.endswith(told)]  # fmt: skip
    assert len(found) == 1
    assert np.allclose(found[0], w, rtol=1e-13, atol=0)
