import itertools
import math

import numpy as np
import pytest

from whichmin.core.batches import difference_law, make_stream
from whichmin.core.data import make_data
from whichmin.core.descent import default_step_limit, expected_steps, rates
from whichmin.core.engines import Problem
from whichmin.core.frames import random_frame
from whichmin.core.training.trainer import train
from whichmin.errors import InputError
from whichmin.words import Activation, Status


def test_nothing_separates_full_batches():
    assert rates(make_stream(4, 4), 0.1).separation == 0


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


# Rates by enumeration, and step limits that are long enough without being told.


def all_batches(m, b, sampling):
    if sampling == "with-replacement":
        return list(itertools.product(range(m), repeat=b))
    return list(itertools.combinations(range(m), b))


@pytest.mark.parametrize("sampling", ["without-replacement", "with-replacement"])
@pytest.mark.parametrize(("m", "b"), [(2, 1), (3, 2), (4, 3), (3, 3), (5, 4)])
def test_separation_rate_by_listing_all_batches(m, b, sampling):
    stream, step_size = make_stream(m, b, sampling=sampling), 0.3
    rows = all_batches(m, b, sampling)
    steps = [math.log(1 + step_size / b * (r.count(1) - r.count(0))) for r in rows]
    rate = rates(stream, step_size)
    # sums of at most 625 terms below 0.4
    assert rate.separation == pytest.approx(np.mean(steps), abs=1e-13)
    assert rate.separation_variance == pytest.approx(np.var(steps), abs=1e-13)
    assert (rate.separation < 0) == (not stream.is_full_batch)
    law = difference_law(stream)
    assert all(0 < chance <= 1 for chance in law.values())
    assert sum(law.values()) == pytest.approx(
        np.mean([r.count(0) != r.count(1) for r in rows]), abs=1e-13
    )


@pytest.mark.parametrize(("m", "b"), [(2, 2), (3, 4)])
def test_off_span_rate_with_replacement_by_listing_all_batches(m, b):
    # At the vertex S is the winner's multiplicity; the off-span part shrinks by 1 - alpha S.
    rows = all_batches(m, b, "with-replacement")
    expected = np.mean([math.log(1 - 0.4 / b * r.count(0)) for r in rows])
    rate = rates(make_stream(m, b, sampling="with-replacement"), 0.4)
    assert rate.off_span == pytest.approx(expected, rel=1e-12)  # a mean of 81 logarithms


@pytest.mark.parametrize("b", [1, 2, 4])
def test_limits_grow_as_the_tolerance_shrinks(b):
    problem = Problem(make_data(random_frame(4, 6)), Activation.RELU, 0.1)
    stream = make_stream(4, b)
    limits = [default_step_limit(problem, stream, 0.1, 10.0**-k) for k in (1, 2, 4, 8, 16)]
    assert limits == sorted(set(limits))
    energies = [default_step_limit(problem, stream, 10.0**-k, 1e-8) for k in (1, 2, 4, 8)]
    assert energies == sorted(set(energies))
    # one more e-fold of energy costs 2 * (1/2) / growth steps
    slope = (energies[3] - energies[2]) / (4 * math.log(10))
    assert slope == pytest.approx(1 / rates(stream, 0.1).growth, rel=0.01)  # limits are rounded up


def correlated(angle, activation=Activation.LINEAR):
    rows = [[1.0, 0.0], [math.cos(angle), math.sin(angle)]]
    return Problem(make_data(rows, handling="as-is"), activation, 0.1)


def test_limits_on_correlated_data_follow_the_spectral_gap():
    # eigenvalues of M are (1 +- cos angle) / 2: the gap is cos(angle).
    stream = make_stream(2, 2)
    limits = [default_step_limit(correlated(a), stream, 1.0, 1e-12) for a in (0.2, 1.2, 1.5)]
    settle = [math.log(1e12) / (0.1 * math.cos(a)) for a in (0.2, 1.2, 1.5)]
    assert limits == [math.ceil(s) + 1 for s in settle]
    for angle in (0.2, 1.2, 1.5):
        data = correlated(angle).data
        result = train(data, [0.5, 0.1], activation="linear", batch_size=None)
        assert result.converged
        assert result.steps.item() < result.recipe.step_limit


@pytest.mark.parametrize("sampling", ["without-replacement", "with-replacement", "reshuffled",
                                      "cyclic"])  # fmt: skip
@pytest.mark.parametrize(("m", "b"), [(2, 1), (5, 3)])
def test_the_default_limit_is_long_enough(m, b, sampling):
    # Documented chance of stopping early: 1e-6 a replica.
    result = train(random_frame(m, m + 2), replicas=100, batch_size=b, sampling=sampling,
                   activation="linear", step_size=0.4, tolerance=1e-6)  # fmt: skip
    assert result.status == (Status.CONVERGED,) * 100


@pytest.mark.parametrize(("sampling", "b"), [("without-replacement", 1), ("with-replacement", 2)])
def test_a_step_size_beyond_the_theory_asks_for_a_limit(sampling, b):
    problem = Problem(make_data(np.eye(2)), Activation.RELU, b / 2)
    with pytest.raises(InputError, match=r"max_steps = None.*step_size / batch_size below 1/2"):
        default_step_limit(problem, make_stream(2, b, sampling=sampling), 0.4, 1e-12)


def test_equal_top_eigenvalues_need_no_time_to_decay():
    # Whitened: M = P/r. Only the part off the span decays, at the rate top = 1/2 of r = 2.
    data = make_data([[1.0, 0.1, 2.0], [0.0, 3.0, 1.0], [2.0, 2.0, 0.0]], handling="whiten")
    problem = Problem(data, Activation.LINEAR, 0.1)
    limit = default_step_limit(problem, make_stream(3, 3), 1.0, 1e-12)
    assert limit == math.ceil(math.log(1e12) / (0.1 / 2)) + 1
    result = train(data, [0.5, 0.1, 0.3], activation="linear", batch_size=None)
    assert result.converged
    # With a full span nothing has to decay but the norm.
    plane = make_data([[1.0, 0.1], [0.0, 3.0], [2.0, 2.0]], handling="whiten")
    assert default_step_limit(Problem(plane, Activation.LINEAR, 0.1), make_stream(3, 3), 1.0, 1e-12)
