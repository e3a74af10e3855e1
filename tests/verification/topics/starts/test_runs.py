import numpy as np
import pytest

from whichmin.verification.evidence.check import Settings
from whichmin.verification.evidence.subject import Subject
from whichmin.verification.topics.starts import runs as gaussian_runs
from whichmin.words import Activation, Status


def test_starts_have_norm_one_half_and_gaussian_directions():
    rows = gaussian_runs.starts(5, 1000, 3)
    assert np.linalg.norm(rows, axis=1) == pytest.approx(0.5)
    assert abs(rows.mean()) < 0.02


@pytest.mark.parametrize("batch", [None, 1])
def test_every_replica_ends_at_a_minimum_or_is_dead(batch):
    result = gaussian_runs.trained(Subject(), 3, 4, Activation.RELU, batch, Settings())
    lives = gaussian_runs.alive(result)
    assert 0 < (~lives).sum() < len(lives)
    assert {result.status[r] for r in np.flatnonzero(~lives)} == {Status.DEAD_NEURON}
    points = result.data.points.numpy()
    assert ((result.start.numpy() @ points.T)[~lives] <= 0).all()
