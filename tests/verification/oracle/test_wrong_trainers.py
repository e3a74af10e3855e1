"""Wrong runs: each differs from the right one, and is what its text says."""

from fractions import Fraction

import numpy as np
import pytest

from whichmin.verification.oracle import references
from whichmin.verification.oracle.problems import problem
from whichmin.verification.oracle.wrong_runs import WrongRuns
from whichmin.verification.oracle.wrong_trainers import wrong_trainers

BATCHES = ((0, 0, 1, 2, 2, 1, 0), (1, 1, 2, 0), (2, 2, 2, 1, 0, 1, 0))
SERVED = problem("long")


def runs(activation="relu", batches=BATCHES, **more):
    return WrongRuns(SERVED.w, SERVED.data, batches, 0.125, activation, **more)


def made(own, got=None):
    return {c.text: references.floats(c.made()) for c in wrong_trainers(own, got)}


def test_no_two_have_the_same_text_and_each_is_another_run_somewhere():
    texts, told = set(), set()
    for activation, mean in (("linear", True), ("relu", True), ("relu", False)):
        for batches in (BATCHES, ((0,), (2,), (1,), (0, 1))):
            own = runs(activation, batches, mean=mean)
            found = list(wrong_trainers(own, None))
            assert len({c.text for c in found}) == len(found) > 90
            texts |= {c.text for c in found}
            for c in found:
                if not np.abs(references.floats(c.made()) - own.run()).max() <= 1e-9:
                    told.add(c.text)
    assert texts == told


def test_skipping_the_first_batch_is_the_run_of_the_others():
    found = made(runs())["off by one batch: the first is skipped"]
    assert np.array_equal(found, runs().run(BATCHES[1:]))


@pytest.mark.parametrize("order", [(1, 0, 2), (2, 0, 1)])
def test_a_shuffle_is_recognised_by_the_answer(order):
    got = runs().run([BATCHES[i] for i in order])
    assert np.array_equal(
        made(runs(), got)["the batches are taken in another order: shuffled"], got
    )


def test_batches_of_unequal_size_are_filled_up():
    found = made(runs())
    told = "shorter batches are filled up to the size of the first with"
    for rest, more in (("the first points", (0, 1, 2)), ("their own points", (1, 1, 2)),
                       ("what the batch before left behind", (2, 1, 0))):  # fmt: skip
        batches = (BATCHES[0], (*BATCHES[1], *more), BATCHES[2])
        assert np.array_equal(found[f"{told} {rest}"], runs().run(batches))
    equal = made(runs(batches=((0, 1), (1, 2))))
    assert not any(text.startswith("shorter") for text in equal)


def test_what_can_be_declared_says_so():
    told = {c.text: c.declare for c in wrong_trainers(runs(), None)}
    assert told["a sum over the batch where a mean is expected"] == "'gradient': 'sum'"
    assert told["a mean over the batch where a sum is expected"] == "'gradient': 'mean'"
    average = told["the mean of the weights of all steps is returned"]
    assert average == "'optimiser': {'name': 'sgd', 'average': True}"


def test_a_run_beyond_float64_gives_no_warning():
    steep = problem("steep")
    own = WrongRuns(steep.w, steep.data, ((0, 1),) * 9, float(Fraction(1)), "linear")
    assert not np.isfinite(made(own)["twice the update in every step"]).all()
