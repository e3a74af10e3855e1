import itertools
import math
from collections import Counter

import numpy as np
import pytest

from whichmin.core.batches import make_stream
from whichmin.core.data import make_data
from whichmin.core.descent import default_step_limit, difference_law, expected_steps, rates
from whichmin.core.engines import Problem
from whichmin.core.frames import random_frame
from whichmin.core.training.trainer import train
from whichmin.errors import InputError
from whichmin.words import Activation


def listed(rows, m):
    counts = Counter()
    for row in rows:
        mu = np.bincount(row, minlength=m)
        counts[abs(int(mu[0] - mu[1]))] += 1
    return {d: counts[d] / len(rows) for d in sorted(counts) if d}


@pytest.mark.parametrize(("m", "b"), [(2, 1), (3, 2), (5, 3), (4, 1)])
def test_difference_law_by_listing_all_batches(m, b):
    without = listed(list(itertools.combinations(range(m), b)), m)
    assert difference_law(make_stream(m, b)) == pytest.approx(without, rel=1e-12)
    assert difference_law(make_stream(m, b, sampling="reshuffled")) == pytest.approx(without)
    tuples = listed(list(itertools.product(range(m), repeat=b)), m)
    law = difference_law(make_stream(m, b, sampling="with-replacement"))
    assert law == pytest.approx(tuples, rel=1e-12)


def test_nothing_separates_full_batches_or_one_point():
    assert difference_law(make_stream(4, 4)) == {}
    assert difference_law(make_stream(1, 1)) == {}
    assert rates(make_stream(4, 4), 0.1).separation == 0
    assert difference_law(make_stream(4, 4, sampling="with-replacement")) != {}


def test_rates_by_hand():
    rate = rates(make_stream(8, 1), 0.2)
    assert rate.separation == pytest.approx(math.log(1 - 0.04) / 8, rel=1e-12)
    assert rate.off_span == pytest.approx(math.log(0.8) / 8, rel=1e-12)
    assert rate.growth == pytest.approx(math.log(1.2) / 8, rel=1e-12)
    squares = (math.log(0.8) ** 2 + math.log(1.2) ** 2) / 8
    assert rate.separation_variance == pytest.approx(squares - rate.separation**2, rel=1e-12)


def problem(step_size=0.1, m=4):
    return Problem(make_data(random_frame(m, 6)), Activation.RELU, step_size)


@pytest.mark.parametrize(("batch_size", "sampling"), [(1, "without-replacement"), (4, "cyclic")])
def test_expected_steps_are_those_of_a_typical_run(batch_size, sampling):
    taken = train(
        random_frame(4, 6), activation="linear", batch_size=batch_size, sampling=sampling,
        replicas=50, engine="reduced",
    )  # fmt: skip
    stream = make_stream(4, batch_size, sampling=sampling)
    told = expected_steps(problem(), stream, 1e-12)
    assert taken.converged
    assert told / 3 < float(taken.steps.double().median()) < 3 * told
    assert math.isinf(expected_steps(problem(0.5), make_stream(4, 1), 1e-12))


def test_default_limit_follows_the_rates():
    sgd, gd = make_stream(4, 1), make_stream(4, 4)
    base = default_step_limit(problem(), sgd, 0.1, 1e-8)
    assert default_step_limit(problem(), sgd, 0.1, 1e-12) > base
    assert default_step_limit(problem(), sgd, 1e-6, 1e-8) > base
    assert default_step_limit(problem(0.2), sgd, 0.1, 1e-8) < base
    assert default_step_limit(problem(), gd, 0.1, 1e-8) < base
    # log(1 - alpha^2) is quadratic: half the step size takes about four times as long.
    assert default_step_limit(problem(0.05), sgd, 0.1, 1e-8) > 3 * base


def test_default_limit_of_custom_batches_is_their_number():
    stream = make_stream(4, 1, sampling="custom", batches=[[0]] * 17)
    assert default_step_limit(problem(), stream, 0.1, 1e-8) == 17


def test_default_limit_on_correlated_data():
    data = make_data([[1.0, 0.5, 0.0], [0.0, 1.0, 0.0]], handling="as-is")
    limit = default_step_limit(Problem(data, Activation.LINEAR, 0.1), make_stream(2, 2), 0.1, 1e-12)
    assert 10 < limit < 10_000


def test_unreasonable_default_is_refused():
    with pytest.raises(InputError, match=r"max_steps = None.*theory expects .*e\+"):
        default_step_limit(problem(1e-7), make_stream(4, 1), 0.1, 1e-8)


@pytest.mark.parametrize("sampling", ["without-replacement", "with-replacement"])
def test_default_limit_is_enough_for_2000_replicas(sampling):
    # Each stops early with probability about 1e-6: a false alarm once in 500 seeds.
    result = train(random_frame(4, 6), activation="linear", batch_size=2, step_size=0.4,
                   sampling=sampling, replicas=2000, seed=1)  # fmt: skip
    assert result.converged
    assert result.steps.max() < result.recipe.step_limit
    assert result.steps.max() > result.recipe.step_limit / 20  # and it is no wild guess
