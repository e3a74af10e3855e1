import math

import numpy as np
import pytest

from whichmin.core.flatness import log_determinant, relative_flatness
from whichmin.errors import InputError


def test_flat_directions_are_left_out_and_counted():
    # m = 3, n = 4, two active points: 4/3, one flat, one kink, one off the span of 1/3.
    w = np.array([0.6, 0.8, 0.0, 0.0])
    left = log_determinant(w, np.eye(3, 4))
    assert (left.directions, left.flat) == (3, 1)
    assert left.value == pytest.approx(math.log(4 / 27))
    right = log_determinant(w, np.eye(3, 4), kink="right")
    assert (right.directions, right.flat) == (2, 2)
    assert right.value == pytest.approx(math.log(4 / 9))


def test_a_negative_eigenvalue_has_no_logarithm():
    assert math.isnan(log_determinant([0.3, 0.1], np.eye(2), activation="linear").value)


def test_relative_flatness_is_the_trace_times_the_squared_length():
    from whichmin.core.hessian import hessian_trace

    w = np.array([0.5, 1.0, 0.2])
    data = np.eye(2, 3)
    expected = float(w @ w) * hessian_trace(w, data)
    assert relative_flatness(w, data) == pytest.approx(expected, rel=1e-14)


def test_bad_input():
    with pytest.raises(InputError, match="zero = 2"):
        log_determinant([1.0, 0.0], np.eye(2), zero=2)
