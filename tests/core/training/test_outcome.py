import numpy as np
import pytest

from whichmin.core.frames import random_frame, random_start
from whichmin.core.training.trainer import train
from whichmin.words import Status

E3 = np.eye(3)
E34 = np.eye(3, 4)


def status(*arguments, **options):
    return train(*arguments, **options).status[0]


@pytest.mark.parametrize("engine", ["autograd", "dense", "reduced"])
def test_every_ending_is_told_apart(engine):
    def ends(*arguments, **options):
        return status(*arguments, engine=engine, **options)

    assert ends(E3, [0.5, 0.4, 0.3], batch_size=None) is Status.CONVERGED
    assert ends(E3, [0.5, 0.4, 0.3], step_size=0.2) is Status.CONVERGED
    assert ends(E3, [0.5, 0.4, 0.3], max_steps=2) is Status.STEP_LIMIT
    assert ends(E3, [0.5, 0.4, 0.3], step_size=40.0, max_steps=500) is Status.DIVERGED
    assert ends(E3, [-0.5, -0.4, 0.0]) is Status.DEAD_NEURON
    assert ends(E3, [0.0, 0.0, 0.0]) is Status.DEAD_NEURON
    off_span = [0.0, 0.0, 0.0, 0.5]
    assert ends(E34, off_span, activation="linear") is Status.NON_MINIMAL_CRITICAL_POINT
    # C = 0.06 and off-span energy 4: attracted to the bad minimum with loss 1/2.
    bad = [0.2, 0.1, 0.1, 2.0]
    for activation in ("linear", "relu"):
        found = ends(E34, bad, activation=activation, batch_size=None, max_steps=5000)
        assert found is Status.NON_MINIMAL_CRITICAL_POINT
    correlated = [[1.0, 0.3, 0.0], [0.0, 1.0, 0.3]]
    assert ends(correlated, [0.5, 0.4, 0.3], batch_size=None, handling="as-is") is Status.STATIONARY


def test_a_start_off_the_span_of_a_general_frame_is_recognised():
    frame = random_frame(4, 9, seed=2)
    w = np.random.default_rng(0).normal(size=9)
    w -= frame.T @ (frame @ w)
    w *= 0.5 / np.linalg.norm(w)
    assert (frame @ w != 0).any()  # rounding noise that would grow if it were believed
    assert status(frame, w, activation="linear") is Status.NON_MINIMAL_CRITICAL_POINT
    assert status(frame, w) is Status.DEAD_NEURON


def test_a_tiny_but_exact_correlation_is_believed():
    assert status(E34, [1e-30, 0.0, 0.0, 0.5], batch_size=None) is Status.CONVERGED


def test_escape_from_near_the_bad_minimum_is_not_called_trapped():
    # |w|^2 = 2 + 1e-7 and C = 1e-12 is not enough to stay: (N - 2)^2 < 8 C.
    w = [1e-6, 0.0, 0.0, (2 + 1e-7) ** 0.5]
    assert status(E34, w, batch_size=None, step_size=0.5, max_steps=100) is Status.STEP_LIMIT


def test_every_status_advises():
    for member in Status:
        assert len(member.advice) > 20
        assert str(member) == member.label


def test_what_a_result_says():
    result = train(E3, [[0.5, 0.4, -0.3], [0.1, 0.6, 0.2]], step_size=0.2, seed=1, tolerance=1e-14)
    assert result.converged
    for row in result.records():
        winner = row["winner"]
        w = result.weights[row["replica"]].numpy()
        start = result.start[row["replica"]].numpy()
        assert row["norm"] == pytest.approx(np.linalg.norm(w), rel=1e-14)
        assert row["cosine"] == pytest.approx(w[winner] / np.linalg.norm(w), rel=1e-14)
        cosine = w @ start / np.linalg.norm(w) / np.linalg.norm(start)
        assert row["cosine_with_start"] == pytest.approx(cosine, rel=1e-13)
        assert row["loss"] == pytest.approx(1 / 3, abs=1e-13)
        assert 0 <= row["loss_gap"] <= 1e-14
        assert row["off_winner_mass"] <= 1e-14
        assert row["active"] == (winner,)


def test_negative_winners_have_negative_cosines():
    result = train(E3, [-0.5, -0.4, -0.3], activation="linear", step_size=0.2)
    assert result.converged
    assert result.cosine.item() == pytest.approx(-1, abs=1e-10)


def test_numpy_and_pandas():
    result = train(E3, [[0.5, 0.4, 0.3], [-1.0, -1.0, -1.0]], batch_size=None)
    arrays = result.to_numpy()
    assert arrays["weights"].shape == (2, 3)
    assert arrays["status"].tolist() == ["converged", "dead neuron"]
    frame = result.to_pandas()
    assert list(frame["status"]) == ["converged", "dead neuron"]
    assert list(frame["steps"]) == result.steps.tolist()
    assert not result.converged


def test_unknown_gap_is_nan():
    rows = [[1.0, 0.3], [0.0, 1.0]]
    result = train(rows, [0.5, 0.4], handling="as-is", max_steps=3)
    assert np.isnan(result.loss_gap.item())
    assert np.isfinite(train(rows, [0.5, 0.4], handling="as-is", activation="linear",
                             max_steps=3).loss_gap.item())  # fmt: skip


def test_advice_fits_the_case():
    def advice(*arguments, **options):
        return train(*arguments, **options).advice(0)

    assert "raise max_steps" in advice(E3, [0.5, 0.4, 0.3], max_steps=2)
    assert "used up" in advice(E3, [0.5, 0.4, 0.3], sampling="custom", batches=[[0], [1]])
    assert "0.4 is beyond 1/5" in advice(E3, [0.5, 0.4, 0.3], step_size=0.4, max_steps=2)
    rows = [[1.0, 0.3], [0.0, 1.0]]
    noisy = advice(rows, [0.5, 0.4], handling="as-is", activation="linear", max_steps=100)
    assert "does not vanish" in noisy
    assert "probability 2**-m" in advice(E3, [-0.5, -0.4, -0.1])
    assert "overshot" in advice(E3, [3.0, 2.0, 1.0], step_size=0.5, max_steps=100)


def test_blocks_of_a_cycle_are_done_only_when_one_has_won():
    result = train(random_frame(4, 32), sampling="cyclic", batch_size=2, step_size=0.2, replicas=8)
    assert set(result.status) <= {Status.CONVERGED, Status.DEAD_NEURON}
    for r, status in enumerate(result.status):
        if status is Status.CONVERGED:
            found = set(result.active[r].nonzero().flatten().tolist())
            assert found <= {0, 1} or found <= {2, 3}


def test_correlated_saddles_traps_and_maxima_are_recognised():
    options = {"handling": "as-is", "batch_size": None}
    saddle = train([[2.0, 0.0], [0.0, 1.0]], [0.0, 0.5], activation="linear", **options)
    assert saddle.status == (Status.NON_MINIMAL_CRITICAL_POINT,)
    rows, bad = [[1.0, 0.3, 0.0, 0.0], [0.0, 1.0, 0.3, 0.0]], [0.2, 0.1, 0.1, 2.0]
    for activation in ("linear", "relu"):
        assert status(rows, bad, activation=activation, **options) is (
            Status.NON_MINIMAL_CRITICAL_POINT
        )
    started_low = train([[1.0, 0.0], [0.5, 1.0]], [1e-7, 1e-7], **options)
    assert started_low.status == (Status.STATIONARY,)
    assert started_low.norm.item() == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("scale", [30.0, 1e4])
def test_tolerance_is_relative_to_the_size_of_the_data(scale):
    rows = scale * random_frame(3, 6) * np.array([[1.0], [2.0], [1.5]])
    result = train(rows, activation="linear", batch_size=None, handling="as-is",
                   step_size=0.1 / scale**2, replicas=6)  # fmt: skip
    assert result.converged
    size = float((rows**2).sum(1).mean())
    assert (result.loss_gap <= 1.01 * 1e-12 * size).all()


def test_large_starts_get_the_time_they_need():
    result = train(random_frame(8, 32), random_start(32, 100, norm=1.5, seed=1), batch_size=None,
                   step_size=0.2)  # fmt: skip
    assert Status.STEP_LIMIT not in result.status


@pytest.mark.parametrize("seed", range(3))
def test_correlated_relu_gets_the_time_it_needs(seed):
    rows = np.random.default_rng(seed).normal(size=(4, 6)) / 2
    result = train(rows, handling="as-is", batch_size=None, replicas=20)
    assert set(result.status) <= {Status.STATIONARY, Status.DEAD_NEURON}


def simplex(m):
    """Corners of a regular simplex: M = P/(m - 1), so the span's unit vectors are linear minima."""
    return (np.eye(m) - 1 / m) * (m / (m - 1)) ** 0.5


def test_mini_batches_that_cross_a_minimum_of_correlated_data_are_not_there():
    # The loss gap falls below the tolerance again and again while the weights wander.
    for seed in range(3):
        options = {"handling": "as-is", "activation": "linear", "tolerance": 1e-6, "seed": seed,
                   "check_every": 1, "step_size": 0.5, "max_steps": 3000}  # fmt: skip
        walk = train(simplex(4), batch_size=3, record_at=1, **options)
        assert walk.status == (Status.STEP_LIMIT,)
        span = (walk.trajectory.correlations**2).sum(-1) * 3 / 4  # |w|^2 in the span
        gap = (1 / 3) * ((walk.trajectory.squared_norm - 1) ** 2) / 2
        crossings = (gap < 1e-6) & (np.abs(span - walk.trajectory.squared_norm) < 1e-9)
        assert crossings.sum() > 10
        assert train(simplex(4), batch_size=None, **options).converged


@pytest.mark.parametrize(
    ("activation", "rows", "start"),
    [
        # ReLU at a corner of the simplex: every other point is inactive.
        ("relu", simplex(4), simplex(4)[1] / 2),
        # A point that occurs twice, beside an orthogonal one: its direction is the minimum.
        ("linear", [[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]], [0.5, 0.2]),
    ],
)
def test_mini_batches_come_to_rest_where_every_single_gradient_vanishes(activation, rows, start):
    for sampling in ("without-replacement", "with-replacement", "cyclic"):
        result = train(rows, start, activation=activation, handling="as-is", batch_size=2,
                       sampling=sampling, max_steps=4000)  # fmt: skip
        assert result.status[0] in {Status.STATIONARY, Status.CONVERGED}, sampling
        assert abs(result.cosine.item()) > 1 - 1e-9


def test_fixed_batches_rest_where_their_own_gradients_vanish():
    rows = [[1.0, 0.3, 0.0], [0.0, 1.0, 0.3]]
    options = {"handling": "as-is", "activation": "linear", "sampling": "custom"}
    whole = train(rows, [0.5, 0.4, 0.3], batches=[[0, 1]] * 4000, **options)
    assert whole.status == (Status.CONVERGED,)
    single = train(rows, [0.5, 0.4, 0.3], batches=[[0], [1]] * 2000, **options)
    assert single.status == (Status.STEP_LIMIT,)
