import itertools
import math

import numpy as np
import pytest
import sympy as sp

from whichmin.symbolic import closed_form
from whichmin.symbolic.selection import law as module
from whichmin.symbolic.selection.law import generator_lemmas, selection_forms


@pytest.mark.parametrize("form", selection_forms(), ids=lambda f: f.id)
def test_every_chain_holds(form):
    assert form.failures() == []


def test_every_lemma_holds():
    lemmas = generator_lemmas()
    assert lemmas
    assert [line for lemma in lemmas.values() for line in lemma.failures()] == []


def test_a_wrong_generator_is_noticed(monkeypatch):
    """The lemmas would not hold with half the drift."""
    right = module._full_generator

    def wrong(f, u):
        noise = sum(sp.diff(f, w, 2) / 2 for w in u)
        return (right(f, u) + noise) / 2

    monkeypatch.setattr(module, "_full_generator", wrong)
    assert generator_lemmas()["drift of a cosine, 3 points"].failures()


@pytest.mark.parametrize(("m", "b"), [(2, 1), (5, 2), (6, 5)])
def test_diffusion_constant_is_half_the_variance_of_a_difference_of_memberships(m, b):
    inside = [[i in batch for i in (0, 1)] for batch in itertools.combinations(range(m), b)]
    difference = np.diff(np.array(inside, dtype=float), axis=1)
    assert closed_form("selection.diffusion")(alpha=1.0, b=b, m=m) == pytest.approx(
        difference.var() / 2, rel=1e-14
    )  # a few roundings


def test_the_chance_of_the_first_point_falls_from_1_over_a_half_to_0():
    chance = closed_form("selection.two_point_probability")
    assert [chance(theta=t) for t in (0, math.pi / 4, math.pi / 2)] == [1, 0.5, 0]


def test_the_bound_is_the_chance_for_two_points():
    for theta in (0.1, 0.7, 1.5):
        chance = closed_form("selection.two_point_probability")(theta=theta)
        bound = closed_form("selection.arcsine_bound")(cosine=math.cos(theta))
        assert bound == pytest.approx(chance, abs=1e-15)  # two roundings


def test_reshuffled_epochs_that_leave_nothing_out_have_no_noise():
    noise = closed_form("selection.reshuffled_noise")
    assert noise(b=2, m=6, q=0) == 0
    assert noise(b=4, m=5, q=1) == 1  # one batch an epoch: independent batches
