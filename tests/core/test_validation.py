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


def test_one_real_number():
    assert validation.check_real(np.float32(0.5), "x") == 0.5
    assert validation.check_real(0, "x", 0, 1) == 0.0
    for value, rest in ((1, "below 1"), (-0.1, ">= 0"), (True, "finite"), ("1", "finite"),
                        (float("nan"), "finite"), (10**400, "finite")):  # fmt: skip
        with pytest.raises(InputError, match=f"x = .*{rest}"):
            validation.check_real(value, "x", 0, 1)


def test_an_extent_has_a_square():
    assert validation.check_extent(1e-150, "x") == 1e-150
    for value in (1e-160, 0, float("inf")):
        with pytest.raises(InputError, match="x = "):
            validation.check_extent(value, "x")


def test_one_vector():
    where = torch.float64, torch.device("cpu")
    assert validation.check_vector([1, 2], None, "x", *where).tolist() == [1.0, 2.0]
    # the only row of a matrix is one vector; of two rows none is meant
    assert validation.check_vector([[1.0, 2.0]], 2, "x", *where).tolist() == [1.0, 2.0]
    assert validation.check_vector([1e200], 1, "x", *where, squared=False).tolist() == [1e200]
    for value in ([[1.0, 2.0], [3.0, 4.0]], [1.0], [], 1.0, [float("nan"), 1.0], [1e200, 0.0]):
        with pytest.raises(InputError, match="x = "):
            validation.check_vector(value, 2, "x", *where)
    assert validation.check_tensor(np.ones((2, 3, 1)), "x", *where).shape == (2, 3, 1)
