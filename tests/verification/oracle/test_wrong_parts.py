"""Epochs that are shuffled in part are told from fair ones, and which part."""

import numpy as np
import pytest

from whichmin.verification.oracle.epochs import cut
from whichmin.verification.oracle.sampler_runs import Run
from whichmin.verification.oracle.wrong_epochs import EpochRun
from whichmin.verification.oracle.wrong_parts import parts_apart, sorted_part


def runs(order):
    made = []
    for m, b, count in ((4, 1, 200), (12, 1, 40), (12, 5, 40), (7, 3, 40), (6, 2, 40), (300, 1, 4),
                        (97, 3, 4), (5000, 1, 1)):  # fmt: skip
        rng = np.random.default_rng([m, b])
        each = m // b * b
        batches = np.concatenate([order(rng, m)[:each].reshape(-1, b) for _ in range(count)])
        made.append(EpochRun(Run(m, b, 0, batches, None), "dropped", cut(batches, m, b, "dropped")))
    return made


def rest(share, sign=1):
    def order(rng, m):
        points, k = rng.permutation(m), int(share * m)
        points[k:] = sign * np.sort(sign * points[k:])
        return points

    return order


def start(rng, m):
    return np.append(np.arange(m // 2), m // 2 + rng.permutation(m - m // 2))


@pytest.mark.parametrize(("order", "text"), [
    (rest(0.5), "the last half of an epoch comes in ascending order"),
    (rest(0.5, -1), "the last half of an epoch comes in descending order"),
    (rest(0.75), "the last quarter of an epoch comes in ascending order"),
    (rest(0.25), "the last three quarters of an epoch comes in ascending order"),
    (start, "the first half of an epoch comes in ascending order"),
])  # fmt: skip
def test_a_part_in_order_is_named(order, text):
    assert text in sorted_part(runs(order))


def test_halves_that_are_shuffled_by_themselves():
    def order(rng, m):
        return np.append(rng.permutation(m // 2), m // 2 + rng.permutation(m - m // 2))

    assert "each half of the points is shuffled by itself" in parts_apart(runs(order))
    assert not sorted_part(runs(order))


@pytest.mark.parametrize("order", [
    lambda rng, m: rng.permutation(m), rest(0.9),
    lambda rng, m: np.arange(m) if rng.random() < 0.5 else rng.permutation(m),
])  # fmt: skip
def test_other_orders_have_no_name(order):
    assert not sorted_part(runs(order))
    assert not parts_apart(runs(order))
