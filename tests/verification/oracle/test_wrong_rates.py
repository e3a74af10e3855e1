"""The chance of Poisson sampling is told from all others, and a right sampler has none."""

import numpy as np
import pytest

from whichmin.verification.oracle.ragged import filled
from whichmin.verification.oracle.sampler_runs import Run
from whichmin.verification.oracle.wrong_rates import wrong_rate

SIZES = ((3, 1), (4, 2), (5, 2), (8, 5), (60, 4), (97, 3))


def runs(draw, seed=0):
    made = []
    for m, b in SIZES:
        rng = np.random.default_rng([seed, m])
        made.append(Run(m, b, 0, filled([draw(rng, m, b) for _ in range(3000)]), None))
    return made


def points(chance):
    return lambda rng, m, b: np.flatnonzero(rng.random(m) < chance(m, b))


@pytest.mark.parametrize(("chance", "text"), [
    (lambda m, b: b / (m - 1), "chance b/(m - 1)"),
    (lambda m, b: b / (m + 1), "chance b/(m + 1)"),
    (lambda m, b: (b + 1) / m, "chance (b + 1)/m"),
    (lambda m, b: 1 - (1 - 1 / m) ** b, "chance 1 - (1 - 1/m)^b"),
    (lambda m, b: 1 - np.exp(-b / m), "chance 1 - exp(-b/m)"),
    (lambda m, b: 2 * b / m, "chance 2 b/m"),
    (lambda m, b: b / m / 2, "chance 0.5 b/m"),
    (lambda m, b: 0.3, "chance 0.3, whatever m and b are"),
    (lambda m, b: 1 / m, "chance 1/m, whatever b is"),
])  # fmt: skip
def test_a_chance_is_named(chance, text):
    assert text in wrong_rate(runs(points(chance)))


def test_sizes_that_are_no_binomial_numbers():
    right = points(lambda m, b: b / m)

    def again(rng, m, b):
        return next(x for _ in range(10_000) if len(x := right(rng, m, b)))

    assert "none is empty" in wrong_rate(runs(again))
    assert "cut to 2 b" in wrong_rate(runs(lambda r, m, b: r.permutation(right(r, m, b))[: 2 * b]))


@pytest.mark.parametrize("seed", range(5))
def test_what_is_right_or_unknown_has_no_name(seed):
    right = points(lambda m, b: b / m)
    assert wrong_rate(runs(right, seed)) == ""
    # The points are not alike, or not by themselves.
    uneven = points(lambda m, b: b / m * np.linspace(0.5, 1.5, m))
    assert wrong_rate(runs(uneven, seed)) == ""
    assert wrong_rate(runs(lambda r, m, b: np.arange(m) if r.random() < b / m else [], seed)) == ""
    assert wrong_rate(runs(lambda r, m, b: r.permutation(m)[:b], seed)) == ""
    assert wrong_rate(runs(lambda r, m, b: r.integers(0, m, 2 * m), seed)) == ""
