import numpy as np
import pytest

from whichmin.core.data import make_data
from whichmin.core.frames import random_frame, standard_basis
from whichmin.core.perturbation.box import keskar_exact, keskar_upper_bound
from whichmin.core.perturbation.box_search import box, keskar_search, subspace_metric
from whichmin.words import Activation


@pytest.mark.parametrize("activation", list(Activation))
def test_on_the_standard_basis_the_search_finds_the_exact_maximum(activation):
    w = np.array([0.6, 0.8, 0.0, 0.0, 0.0])
    data = make_data(standard_basis(3, 5))
    exact = keskar_exact(w, 3, 1e-2, activation=activation).percent
    found = keskar_search(w, data, 1e-2, activation)
    # Differences of losses: 1e-16 of 1e-4.
    assert found == pytest.approx(exact, rel=1e-9)


def test_in_another_frame_it_stays_below_the_bound():
    data = make_data(random_frame(3, 5, 0))
    w = data.points[0].numpy()
    found = keskar_search(w, data, 1e-2, Activation.RELU, starts=2)
    assert 0.5 * keskar_upper_bound(w, 3, 1e-2) < found <= keskar_upper_bound(w, 3, 1e-2)


def test_boxes():
    w = np.array([1.0, -2.0])
    assert box(w, 0.1).tolist() == pytest.approx([0.2, 0.3])
    # A = (1, 1): its pseudo-inverse takes w to -1/2.
    assert box(w, 0.1, np.ones((2, 1))).tolist() == pytest.approx([0.15])


def test_subspaces_of_all_dimensions_are_the_whole_space():
    w = np.array([0.6, 0.8, 0.0])
    whole = np.eye(3)[None]
    found = subspace_metric(w, 2, whole, 1e-3, Activation.RELU)
    assert found[0] == pytest.approx(keskar_exact(w, 2, 1e-3).percent, rel=1e-8)
    directions = np.random.default_rng(0).normal(size=(3, 3, 2))
    data = make_data(standard_basis(2, 3))
    for one, value in zip(directions, subspace_metric(w, 2, directions, 1e-3, Activation.LINEAR),
                          strict=True):  # fmt: skip
        searched = keskar_search(w, data, 1e-3, Activation.LINEAR, directions=one, starts=2)
        assert searched == pytest.approx(value, rel=1e-6)
