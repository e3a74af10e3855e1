"""Mistakes in the order of epochs: named where all runs show them, and only there."""

import numpy as np
import pytest

from whichmin.verification.oracle.check import Call
from whichmin.verification.oracle.epochs import cut
from whichmin.verification.oracle.sampler_runs import Run
from whichmin.verification.oracle.wrong_epochs import EpochRun, wrong_order

SIZES = ((12, 5, 120), (6, 2, 120), (12, 1, 240), (64, 8, 160), (97, 3, 330), (300, 1, 1200),
         (4, 1, 1600), (6, 1, 1800), (5000, 1, 5000))  # fmt: skip


def runs(order, sizes=SIZES):
    made = []
    for m, b, steps in sizes:
        rows, epoch = [], 0
        while len(rows) < steps:
            points = np.asarray(order(m, epoch, np.random.default_rng([m, b, epoch])))
            rows += list(points[: m // b * b].reshape(-1, b))
            epoch += 1
        batches = np.array(rows[:steps])
        found = cut(batches, m, b, "dropped")
        call = Call("sample_batches", {"m": m, "b": b, "steps": steps, "seed": 0})
        made.append(EpochRun(Run(m, b, 0, batches, call), "dropped", found))
    return made


def fair(m, epoch, rng):
    return rng.permutation(m)


def test_fair_orders_have_no_cause():
    assert wrong_order(runs(fair)) == ""


def chunks(size):
    return lambda m, e, rng: np.concatenate([
        rng.permutation(np.arange(i, min(i + size, m))) for i in range(0, m, size)
    ])


def buffered(size):
    def order(m, epoch, rng):
        held, out = list(range(min(size, m))), []
        for i in range(m):
            j = int(rng.integers(len(held)))
            out.append(held[j])
            if i + size < m:
                held[j] = i + size
            else:
                held.pop(j)
        return out

    return order


@pytest.mark.parametrize(("size", "told"), [(10, 10), (100, 100), (1000, 1000)])
def test_chunks_and_buffers_are_told_apart_with_their_size(size, told):
    assert f"chunks of {told} " in wrong_order(runs(chunks(size)))
    found = wrong_order(runs(buffered(size)))
    assert found.startswith("a shuffle buffer smaller than the data")
    number = int(found.split(" points")[-2].split()[-1])
    # The newest point of a full buffer is drawn with a chance of 1/size in each of 5000 - size.
    assert 0.97 * told <= number <= told


def test_a_buffer_that_holds_all_points_is_fair():
    assert wrong_order(runs(buffered(5000))) == ""


def test_one_fair_run_is_enough_against_a_cause():
    """What most runs show and one does not is no cause."""
    faulty = runs(lambda m, e, rng: fair(m, e // 2, np.random.default_rng([m, e // 2])))
    assert "2 epochs in a row" in wrong_order(faulty)
    one = runs(fair, ((64, 8, 160),))
    assert wrong_order([*faulty, *one]) == ""


def test_the_first_epochs_alone():
    def late(k):
        return lambda m, e, rng: fair(m, 0, np.random.default_rng([m, max(e - k, 0)]))

    assert "epochs 0 and 1 have the same order" in wrong_order(runs(late(1)))
    assert "the first 4 epochs have the same order" in wrong_order(runs(late(3)))
