"""Summaries of replicas: merging is the union; names and counts are right."""

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from whichmin.core.frames import random_start
from whichmin.core.training.summary import OBSERVABLES, Summary, Tally, check_observables, wilson
from whichmin.core.training.trainer import train
from whichmin.errors import InputError
from whichmin.words import Status

EDGES = {name: o.edges for name, o in OBSERVABLES.items()}
VALUES = st.lists(st.floats() | st.floats(-2, 2), max_size=20)


def of(values, edges=np.arange(-4, 5) / 4):  # noqa: B008
    return Summary.of(np.array(values, dtype=np.float64), edges)


def text(summary):
    return json.dumps(summary.plain())


@given(VALUES, VALUES)
def test_merging_summaries_is_the_union(left, right):
    assert text(of(left).merge(of(right))) == text(of([*left, *right])) == text(of(right + left))


@given(VALUES, st.integers(0, 100))
def test_quantiles_are_bracketed(values, percent):
    finite = [v for v in values if math.isfinite(v)]
    low, high = of(values).quantile(percent / 100)
    if not finite:
        assert math.isnan(low)
        assert math.isnan(high)
        return
    exact = sorted(finite)[max(1, -(-percent * len(finite) // 100)) - 1]
    assert low <= exact <= high


def test_a_quantile_out_of_range_is_refused():
    assert of([1.0]).quantile(1) == (1.0, 1.0)
    for summary in (of([]), of([1.0])):
        with pytest.raises(InputError, match="q = 2"):
            summary.quantile(2)


@pytest.fixture(scope="module")
def results():
    """Runs that end in every way that is easy to reach."""
    frame = np.eye(3, 5)
    kinds = {
        "sgd": ({"w0": random_start(5, 40, seed=1), "activation": "linear"}),
        "relu": {"w0": random_start(5, 40, seed=1), "step_size": 0.2},
        "gd": {"w0": random_start(5, 9, seed=2), "batch_size": None},
        "short": {"w0": random_start(5, 7, seed=3), "max_steps": 3},
        "large": {"w0": 3 * random_start(5, 7, seed=3), "max_steps": 50, "step_size": 5.0},
    }
    return {name: train(frame, **options) for name, options in kinds.items()}


def counted(tally, results):
    """Whether a tally is that of the replicas, counted one by one."""
    rows = [(r, k) for r in results for k in range(len(r.status))]
    winners = np.zeros((2, 3), int)
    leaders = np.zeros((2, 3), int)
    mixtures = 0
    for r, k in rows:
        side = int(r.cosine[k] < 0)
        if r.status[k] is Status.CONVERGED:
            if int(r.active[k].sum()) == 1:
                winners[side, int(r.winner[k])] += 1
            else:
                mixtures += 1
        if r.status[k] is Status.STEP_LIMIT:
            leaders[side, int(r.winner[k])] += 1
    status = {s: sum(r.status[k] is s for r, k in rows) for s in Status}
    steps = sorted(int(r.steps[k]) for r, k in rows)
    half = steps[-(-len(steps) // 2) - 1]
    return (
        tally.replicas == len(rows)
        and tally.status == status
        and tally.winners.tolist() == winners.tolist()
        and tally.leaders(Status.STEP_LIMIT).tolist() == leaders.tolist()
        and tally.mixtures == mixtures
        and tally.observables["steps"].quantile(0.5) == (half, half)
        and all(
            s.moments.count + s.moments.nonfinite == len(rows) for s in tally.observables.values()
        )
    )


def test_a_tally_counts_replicas(results):
    alone = {name: Tally.of(r, EDGES) for name, r in results.items()}
    for name, tally in alone.items():
        assert counted(tally, [results[name]])
    assert alone["sgd"].winners[1].sum() > 0, "negatives of data points win with linear"
    assert alone["relu"].winners[1].sum() == 0
    assert alone["gd"].mixtures > 0
    assert alone["short"].leaders(Status.STEP_LIMIT).sum() == 7
    assert alone["short"].winners.sum() == 0
    total = Tally.empty(3, EDGES)
    for tally in alone.values():
        total = total.merge(tally)
    assert counted(total, results.values())
    assert not counted(total.merge(alone["sgd"]), results.values())
    back = Tally.empty(3, EDGES)
    for tally in reversed(alone.values()):
        back = tally.merge(back)
    assert text(back) == text(total)


def test_observables_are_those_of_the_result(results):
    result = results["sgd"]
    tally = Tally.of(result, EDGES)
    for name in ("loss_gap", "off_winner_mass", "norm", "cosine_with_start"):
        values = getattr(result, name).numpy()
        moments = tally.observables[name].moments
        assert (moments.minimum, moments.maximum) == (values.min(), values.max())
    cosine = tally.observables["cosine"].moments
    assert cosine.minimum == result.cosine.abs().min() > 0.99
    assert result.cosine.min() < 0


def test_default_edges_ascend():
    for observable in OBSERVABLES.values():
        if observable.edges is not None:
            assert (np.diff(observable.edges) > 0).all()
    assert [name for name, o in OBSERVABLES.items() if o.edges is None] == ["steps"]


def test_what_is_asked_for_is_checked():
    assert list(check_observables(("norm", "steps"), {"norm": [0, 1]})) == ["norm", "steps"]
    assert check_observables("norm", {})["norm"] is OBSERVABLES["norm"].edges
    np.testing.assert_array_equal(check_observables(["norm"], {"norm": [0, 1]})["norm"], [0, 1])
    cases = [
        ((), {}, "observables = .*must be some of: steps"),
        (7, {}, "observables = 7"),
        (["speed"], {}, "observables = 'speed', but must be some of: steps, cosine"),
        ([["norm"]], {}, "observables = "),
        (["norm", "norm"], {}, "must differ from each other"),
        (["norm"], [0, 1], "edges = .*must be a mapping"),
        (["norm"], {"steps": [0, 1]}, "edges = 'steps', but must name chosen observables: norm"),
        (["norm"], {"norm": [1, 0]}, r"edges\['norm'\] = .*ascending"),
    ]
    for names, edges, message in cases:
        with pytest.raises(InputError, match=message):
            check_observables(names, edges)


def test_the_interval_is_that_of_wilson():
    wins, runs = np.array([7, 0, 20]), np.array([20, 20, 20])
    for low, high, k, n in zip(*wilson(wins, runs), wins, runs, strict=True):
        told = stats.binomtest(int(k), int(n)).proportion_ci(0.95, method="wilson")
        assert (low, high) == (pytest.approx(told.low, abs=1e-12), pytest.approx(told.high))
