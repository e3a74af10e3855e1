"""A run with one part replaced is the run with that part replaced."""

from fractions import Fraction

import numpy as np
import pytest

from whichmin.verification.oracle import references
from whichmin.verification.oracle.problems import problem
from whichmin.verification.oracle.wrong_runs import WrongRuns

ETA = Fraction(1, 8)
BATCHES = ((0, 0, 1, 2), (1, 1), (2, 2, 1))
SERVED = problem("long")


def right(activation="relu", batches=BATCHES, step_size=ETA):
    factors = [Fraction(1, len(b)) for b in batches]
    path = references.train(SERVED.w, SERVED.data, batches, step_size, activation, factors)
    return [references.floats(w) for w in path]


def runs(activation="relu", **more):
    return WrongRuns(SERVED.w, SERVED.data, BATCHES, float(ETA), activation, **more)


def close(found, wanted):
    return np.allclose(found, wanted, rtol=1e-13, atol=0)  # 60 roundings


@pytest.mark.parametrize("activation", ["linear", "relu"])
def test_nothing_replaced_is_the_definition(activation):
    assert close(runs(activation).run(), right(activation)[-1])
    assert close(runs(activation).average(), np.mean(right(activation)[1:], axis=0))
    assert close(runs(activation).average(start=True), np.mean(right(activation), axis=0))


def test_sums_and_scaled_losses():
    twice = runs(scale=2.0)
    assert close(twice.run(), right(step_size=2 * ETA)[-1])
    assert close(runs(mean=False).run(divisor=len), right()[-1])
    assert runs(mean=False).share((0, 1)) == 1


def test_other_points_batches_and_activation():
    assert close(runs().other().run(), right("linear")[-1])
    moved = runs().on(2 * runs().data, BATCHES[:1])
    assert close(moved.run(), runs(scale=4.0).run(BATCHES[:1]))  # homogeneous of degree 2


def test_each_part_is_replaced():
    own = runs()
    assert close(own.run(change=lambda g, w, t: (t == 0) * g), right()[1])
    assert close(own.run(divisor=lambda b: len(b) / 2), right(step_size=2 * ETA)[-1])
    assert np.array_equal(own.run(after=lambda w: 0 * w), 0 * own.w)
    assert np.array_equal(own.run(update=lambda w, g, t: w), own.w)
    assert close(own.run(slope=lambda w, rows: own.slope(own.w, rows))
                 - own.w, sum(own.run((b,)) - own.w for b in BATCHES))  # fmt: skip


def test_an_epoch_has_all_points():
    assert runs().epoch == 1
    assert WrongRuns(SERVED.w, SERVED.data, ((0, 1),), 1.0, "relu").epoch == 2
