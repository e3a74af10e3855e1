import math

import numpy as np
import pytest

from whichmin.core.data import make_data
from whichmin.core.frames import random_frame
from whichmin.errors import WhichminError
from whichmin.tables.ends import NORM, limit_distance, run_to_minimum, starting_weights
from whichmin.words import Activation

DATA = make_data(random_frame(3, 5, 2))


def test_starts_have_the_signs_and_the_norm_asked_for():
    w = starting_weights(DATA, 2, 7)
    c = DATA.points.numpy() @ w
    assert np.sign(c).tolist() == [1, 1, -1]
    assert np.linalg.norm(w) == pytest.approx(NORM, rel=1e-15)
    # 0.5^2 / (1 + 0.5^2)
    assert 1 - (c @ c) / NORM**2 == pytest.approx(0.2, rel=1e-14)
    alone = starting_weights(make_data(np.eye(3)), 3, 7)
    assert (alone > 0).all()


@pytest.mark.parametrize("tolerance", [1e-20, 1e-10])
def test_runs_end_within_the_distance_of_their_limit(tolerance):
    w = starting_weights(DATA, 2, 7)
    run = run_to_minimum(DATA, w, Activation.RELU, None, 0, tolerance=tolerance)
    c = np.maximum(DATA.points.numpy() @ w, 0)
    limit = c / np.linalg.norm(c) @ DATA.points.numpy()
    away = float(np.linalg.norm(run.weights[0].numpy() - limit))
    assert 0 < away <= limit_distance(3, tolerance)
    assert limit_distance(3, tolerance) == math.sqrt(6 * tolerance) + math.sqrt(tolerance)
    assert run_to_minimum(DATA, w, Activation.RELU, 1, 0, record_at=[0, 5]).trajectory is not None


def test_a_run_that_does_not_end_says_so():
    # On the negative side of all points ReLU has no gradient.
    start = -np.ones(3) @ DATA.points.numpy()
    with pytest.raises(WhichminError, match="the GD run ended with"):
        run_to_minimum(DATA, start, Activation.RELU, None, 0)
