from fractions import Fraction

import numpy as np
import pytest
import torch

from whichmin.core.frames import random_frame
from whichmin.core.summation import pairwise_sum, project


@pytest.mark.parametrize("count", [1, 2, 3, 7, 8, 100])
def test_sum_is_right_and_does_not_change_its_input(count):
    terms = torch.from_numpy(np.random.default_rng(count).normal(size=(count, 4)))
    before = terms.clone()
    exact = [float(sum(map(Fraction, column))) for column in terms.T.tolist()]
    # log2(100) = 7 roundings of partial sums below 40
    assert np.abs(pairwise_sum(terms).numpy() - exact).max() < 7 * 40 * 2.3e-16
    assert torch.equal(terms, before)


def test_bits_do_not_depend_on_the_width():
    terms = torch.from_numpy(np.random.default_rng(0).normal(size=(37, 64)))
    whole = pairwise_sum(terms)
    for width in (1, 2, 3, 17):
        assert torch.equal(pairwise_sum(terms[:, :width].clone()), whole[:width])


def test_projection_splits_vectors():
    frame = torch.from_numpy(random_frame(4, 9))
    rows = torch.from_numpy(np.random.default_rng(1).normal(size=(5, 9)))
    c, rest = project(rows, frame)
    assert (c.T @ frame + rest - rows).abs().max() < 1e-14  # roundings of vectors of norm 3
    assert (rest @ frame.T).abs().max() < 1e-15
    c, rest = project(frame, frame)
    assert rest.abs().max() < 1e-15
