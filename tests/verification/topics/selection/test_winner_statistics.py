import pytest

from whichmin.verification.evidence.subject import Subject
from whichmin.verification.topics.selection.winner_statistics import Race, race
from whichmin.words import Sampling


def test_the_clock_is_the_closed_form():
    form = Subject().forms["selection.diffusion"]
    assert Race((0.6, 0.8), 5, 2, 0.1).clock == pytest.approx(form(alpha=0.1, b=2, m=5))
    assert Race((0.6, 0.8), 5, 2, 0.1, Sampling.WITH_REPLACEMENT).clock == pytest.approx(0.004)


def test_every_run_ends_and_the_same_race_is_run_once():
    setting = Race((0.6, 0.8), 3, 1, 0.2, rest=-0.1)
    found = race(Subject(), setting, 1, 500)
    assert found.wins.sum() == 500
    assert found.wins[2] == 0
    assert found.steps > 0
    assert race(Subject(), setting, 1, 500) is found


def test_start_and_description():
    setting = Race((0.6, 0.8), 3, 1, 0.2, rest=-0.1)
    assert setting.start.tolist() == [0.6, 0.8, -0.1]
    assert "others at -0.1" in str(setting)
