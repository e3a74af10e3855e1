import numpy as np
import pytest

from whichmin.core.data import random_frame
from whichmin.core.training import train
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
