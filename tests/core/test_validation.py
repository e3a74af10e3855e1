import numpy as np
import pytest
import torch

from whichmin.core import validation
from whichmin.errors import InputError

CPU = torch.device("cpu")


def test_accepted_values_come_back_plain():
    assert validation.check_positive(np.float32(0.5), "x") == 0.5
    assert validation.check_integer(np.int64(3), "x", 1) == 3
    assert type(validation.check_integer(np.int64(3), "x", 1)) is int
    assert validation.check_seed(2**64 - 1) == 2**64 - 1
    assert validation.check_batch_size(9, 3, replacement=True) == 9
    assert validation.check_dtype("float32") is torch.float32
    assert validation.check_dtype(torch.float64) is torch.float64
    assert validation.check_device("cpu") == CPU


def test_reason_is_part_of_the_message():
    with pytest.raises(InputError, match=r"x = 5, but must be an integer >= 1 and <= 4 \(why\)"):
        validation.check_integer(5, "x", 1, 4, "why")


def test_arrays_are_copied():
    given = np.ones((2, 2))
    tensor = validation.check_matrix(given, "x", torch.float64, CPU)
    tensor[0, 0] = 7
    assert given[0, 0] == 1
    weights = validation.check_weights(torch.ones(2), 2, "x", torch.float64, CPU)
    assert weights.shape == (1, 2)
    assert weights.dtype == torch.float64


@pytest.mark.parametrize("value", [np.array([[True]]), torch.tensor([[True]]), [[None]]])
def test_not_numbers(value):
    with pytest.raises(InputError, match=r"x = .*real numbers"):
        validation.check_matrix(value, "x", torch.float64, CPU)
