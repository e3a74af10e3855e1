"""A subject draws batches and takes steps with whichever sampler and engine it has."""

import numpy as np
import pytest

from whichmin.core.batches import make_stream
from whichmin.core.data import make_data
from whichmin.core.engines import Problem
from whichmin.verification.evidence.subject import Subject
from whichmin.words import Activation

PROBLEM = Problem(make_data(np.eye(3)), Activation.LINEAR, 0.1)
START = np.array([[0.3, 0.2, 0.1], [0.1, 0.2, 0.3]])


def test_batches_are_one_entry_a_step():
    subject = Subject()
    stream = make_stream(3, 2, seed=1)
    drawn = subject.batches(stream, 4, 9, range(2))
    assert [batch.shape for batch in drawn] == [(2, 2)] * 5
    assert (np.stack(drawn) == subject.sampler(stream, 4, 9, range(2))).all()
    assert subject.batches(make_stream(3, 3), 0, 4, range(2)) == [None] * 4


@pytest.mark.parametrize("engine", ["dense", "reduced"])
def test_stepped_leaves_the_start_alone(engine):
    before = START.copy()
    made = Subject().stepped(engine, PROBLEM, START, [np.array([[0], [1]]), None])
    assert (before == START).all()
    assert not np.allclose(made.weights().numpy(), START)


def test_a_full_batch_is_the_default():
    one, same = (Subject().stepped("dense", PROBLEM, START, *b) for b in ((), ([None],)))
    assert (one.weights() == same.weights()).all()
