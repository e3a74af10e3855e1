import math

import numpy as np
import pytest

from whichmin.verification.topics.selection import finite_elements as three_points

pytest.importorskip("skfem")


def test_equal_points_have_equal_chances():
    assert np.abs(three_points.solve(0).chances([0.0], [0.0]) - 1 / 3).max() < 1e-5


def test_an_edge_has_the_law_of_two_points():
    # The third point is exp(-11) of the others.
    x, y = np.array([11.5, 11.0]), np.array([11.0, 11.5])
    first = 1 - 2 / math.pi * math.atan(math.exp(-0.5))
    chances = three_points.solve(1).chances(x, y)
    # exp(-11), and the outer cells, where nothing starts, are wide.
    assert chances[0] == pytest.approx([first, 1 - first], abs=2e-3)


def test_brackets_hold_the_chances_and_sum_to_one():
    low, high = three_points.solve(0).bracket([1.0, -2.0], [0.5, 0.5])
    assert (low <= high).all()
    assert (high - low).max() < 2e-6
    assert (low + high).sum(0) / 2 == pytest.approx(1 + (high.sum(0) - 1) * (1 - 3 / 2), abs=1e-12)


def test_finer_meshes_have_more_unknowns():
    assert three_points.solve(-1).unknowns < three_points.solve(0).unknowns
