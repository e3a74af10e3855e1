import numpy as np
import pytest
import torch

from whichmin.core.data import make_data
from whichmin.core.frames import random_frame
from whichmin.core.training.trainer import train
from whichmin.errors import InputError


def test_deviation_is_measured():
    data = make_data([[1.0, 0.0], [0.3, 1.0]], handling="as-is")
    assert not data.orthonormal
    assert data.deviation == pytest.approx(0.3, rel=1e-12)
    assert (data.m, data.n) == (2, 2)


def test_kinds_of_input_agree():
    rows = [[1, 0, 0], [0, 1, 0]]
    expected = torch.eye(2, 3, dtype=torch.float64)
    for given in (rows, np.array(rows), np.array(rows, np.float32), torch.tensor(rows)):
        assert torch.equal(make_data(given).points, expected)


def test_later_changes_of_the_given_tensors_do_not_reach_in():
    rows, start = torch.eye(2, dtype=torch.float64), torch.ones(1, 2, dtype=torch.float64)
    data = make_data(rows)
    result = train(data, start, max_steps=0)
    rows[0, 0] = start[0, 0] = 7
    assert data.points.tolist() == [[1, 0], [0, 1]]
    assert result.start.tolist() == result.weights.tolist() == [[1, 1]]


def test_orthonormal_to_float32_is_not_orthonormal_to_float64():
    rounded = random_frame(3, 5).astype(np.float32)
    assert make_data(rounded, dtype="float32").orthonormal
    with pytest.raises(InputError, match=r"orthonormal to 1\.8e-14"):
        make_data(rounded)


def test_data_of_another_dtype_do_not_silently_become_correlated():
    data = make_data(random_frame(3, 5), dtype="float32")
    try:
        result = train(data, max_steps=1)
    except InputError:
        return
    assert result.data.orthonormal


def test_a_tiny_point_does_not_win_by_underflow():
    rows = [[1e-200, 0.0], [0.0, 1.0]]
    try:
        result = train(rows, [0.3, 0.4], handling="as-is", activation="linear", max_steps=0)
    except InputError:
        return
    assert result.winner.tolist() == [1]  # cosines 0.6 and 0.8
    assert result.cosine.item() == pytest.approx(0.8, rel=1e-15)


def test_a_point_whose_square_underflows_is_refused():
    with pytest.raises(InputError, match="row 0 has a length whose square underflows"):
        make_data([[1e-200, 0.0], [0.0, 1.0]], handling="as-is")
