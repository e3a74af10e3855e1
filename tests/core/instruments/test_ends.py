"""The bound on what a Lanczos run missed: its root, and how often it fails."""

import numpy as np
import pytest

from whichmin.core.instruments import ends
from whichmin.core.instruments.ends import Rules, find_ends, reach


def test_the_root():
    values, lengths = np.array([1.0, 3.0, 2.0]), np.array([0.5, 0.1, 2.0])
    x = reach(values, lengths, 4.0, 1e-3)
    assert x > 3
    right = np.sqrt(2 / np.pi) * 4.0 * lengths.prod() / 1e-3
    assert np.prod(x - values) == pytest.approx(right, rel=1e-10)


def test_a_root_next_to_the_top():
    x = reach(np.array([1.0, 0.0]), np.array([1.0, 1e-14]), 1.0, 1e-3)
    assert 0 < x - 1 < 1e-10


def run(values, seed, doubt, steps):
    """The bound after some steps, by a Lanczos run written out on a diagonal matrix."""
    g = np.random.default_rng(seed).standard_normal(len(values))
    basis, diagonal, lengths = [g / np.linalg.norm(g)], [], []
    for _ in range(steps):
        image = values * basis[-1]
        diagonal.append(basis[-1] @ image)
        for _ in range(2):
            image = image - np.array(basis).T @ (np.array(basis) @ image)
        lengths.append(np.linalg.norm(image))
        basis.append(image / lengths[-1])
    table = np.diag(diagonal) + np.diag(lengths[:-1], 1) + np.diag(lengths[:-1], -1)
    return reach(np.linalg.eigvalsh(table), np.array(lengths), np.linalg.norm(g), doubt)


@pytest.mark.parametrize("steps", [1, 3, 8])
def test_the_bound_fails_as_often_as_it_says_at_most(steps):
    """The top eigenvalue is barely in the start with the stated probability, and not more often."""
    values = np.concatenate([np.linspace(0, 1, 30), [1.2]])
    failed = sum(run(values, seed, 0.1, steps) < values[-1] for seed in range(1000))
    # At most 100 are expected; six standard deviations more has a chance of 1e-8 for fixed seeds.
    assert failed <= 100 + 6 * np.sqrt(90)
    # It is not idle: with the doubt of certainty it does fail.
    assert sum(run(values, seed, 1e3, steps) < values[-1] for seed in range(100)) > 50


def test_a_full_basis_restarts():
    values = np.concatenate([np.linspace(0, 1, 3000) ** 2, [1.001, 1.002]])
    draws = np.random.default_rng(0)
    rules = Rules(2, False, 1e-9, 1.0, 300)
    search = ends._Search(
        lambda v: values * v, 3002, lambda: draws.standard_normal(3002), rules, 1e-16
    )
    search.space = ends._Space(lambda v: values * v, 1e-16, 24, 3002)
    search.find()
    assert search.restarts > 1
    assert search.values == pytest.approx([1.002, 1.001], abs=1e-8)
    images = values * search.space.rows[:2]
    away = np.linalg.norm(images - search.values[:, None] * search.space.rows[:2], axis=1)
    assert np.all(away <= search.found + 1e-13)


def test_a_space_that_ends():
    values = np.array([2.0] * 5 + [0.0] * 95)
    draws = np.random.default_rng(1)
    found = find_ends(
        lambda v: values * v, 100, lambda: draws.standard_normal(100),
        Rules(6, False, 1e-8, 1e-3, 300), 2e-16,
    )  # fmt: skip
    assert found.values == pytest.approx([2, 2, 2, 2, 2, 0], abs=1e-12)
    assert found.complete
