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


@pytest.mark.parametrize("value", [0, 0.5, np.float32(0.25), 0.75])
def test_real_numbers_in_a_range(value):
    assert validation.check_number(value, "x", 0.0, 1.0) == float(value)


@pytest.mark.parametrize("value", [-1e-300, 1, 1.0, np.nan, np.inf, "0.5", None, True, 10**400])
def test_no_real_numbers_in_a_range(value):
    with pytest.raises(InputError, match=r"^x = .*must be a finite number >= 0 and below 1"):
        validation.check_number(value, "x", 0.0, 1.0)


def test_one_vector():
    given = np.array([1.0, 2.0])
    found = validation.check_vector(given, 2, "x", torch.float64, CPU)
    found[0] = 7
    assert given[0] == 1
    row = validation.check_vector(torch.ones(1, 2), None, "x", torch.float64, CPU)
    assert row.tolist() == [1, 1]


@pytest.mark.parametrize(("value", "n", "message"), [
    ([[1.0, 2.0], [3.0, 4.0]], 2, r"shape \(2, 2\)', but must have shape \(2,\)"),
    ([1.0], 2, r"shape \(1,\)', but must have shape \(2,\)"),
    ([], None, r"must have shape \(n,\)"),
    (1.0, None, r"shape \(\)"),
    ([np.nan, 1.0], 2, "NaN or infinite"),
    ([1e200, 1.0], 2, "must be finite, squared, in float64"),
    (["1"], 1, "real numbers"),
])  # fmt: skip
def test_no_vector(value, n, message):
    with pytest.raises(InputError, match=f"^x = .*{message}"):
        validation.check_vector(value, n, "x", torch.float64, CPU)
