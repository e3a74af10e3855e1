"""The picture of sharpness measures in very small and very large boxes and balls."""

import pytest

from whichmin.cli import run
from whichmin.plots.sharpness import _closed, ranking
from whichmin.words import Activation


@pytest.mark.parametrize("activation", Activation)
@pytest.mark.parametrize("size", [1e-9, 1e-12, 1e60])
def test_ratios_are_those_of_the_closed_forms_at_any_size(activation, size):
    numbers = (6, 9, 4, size, size)
    closed = _closed(*numbers, activation)
    measured = ranking(*numbers, activation, 0)
    for name, value in closed.items():
        # The mean on a sphere is sampled. Coordinates of a minimum are rounded to 1e-16: a slope
        # beside a curvature of some units times the size.
        wanted = 0.05 if "mean" in name else 1e-8 + 1e-15 / size
        assert measured[name][0] == pytest.approx(value, rel=wanted), name


@pytest.mark.parametrize(
    ("option", "value", "allowed"),
    [
        ("epsilon", "1e200", "must leave the loss finite"),
        ("radius", "1e200", "must leave the loss finite"),
        ("epsilon", "1e-320", "squares are lost below"),
        ("radius", "1e-14", "far above the rounding"),
    ],
)
def test_what_is_too_large_or_too_small_is_refused_by_name(
    option, value, allowed, capsys, monkeypatch, tmp_path
):
    monkeypatch.chdir(tmp_path)
    assert run(["plot", "sharpness", f"--{option}", value]) == 2
    told = capsys.readouterr().err
    assert f"--{option} = " in told
    assert allowed in told
    assert list(tmp_path.iterdir()) == []


def test_a_small_box_and_ball_are_drawn(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    options = ["--m", "2", "--n", "3", "--positive", "2", "--epsilon", "1e-9", "--radius", "1e-9"]
    assert run(["plot", "sharpness", *options]) == 0
