"""The picture of sharpness measures in very small and very large boxes and balls."""

import numpy as np
import pytest

from whichmin.cli import run
from whichmin.plots.sharpness import _boxes, _closed, _steps, plot_sharpness, ranking
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


@pytest.mark.parametrize("reach", [1.15, 1.25, 1.7, 3.0, 6.5, 20.0, 50.0, 1e4, 1e40])
def test_axes_have_labels_on_both_sides_of_1(reach):
    shown = [x for x in _steps(reach) if 1 / reach <= x <= reach]
    assert 3 <= len(shown) <= 9
    assert shown[0] < 1 < shown[-1]
    assert 1.0 in shown


def test_the_example_of_the_help_text_has_labels():
    left, right = plot_sharpness(m=4, n=6, positive=3)
    for ax, axis in ((left, "x"), (right, "y")):
        low, high = getattr(ax, f"get_{axis}lim")()
        assert sum(low <= x <= high for x in getattr(ax, f"get_{axis}ticks")()) >= 3


@pytest.mark.parametrize(("epsilon", "limit"), [(0.3, 0.691), (0.05, 0.865), (0.001, 0.996)])
def test_in_many_dimensions_the_boxes_do_not_become_alike(epsilon, limit):
    """As docs/sharpness.md says: by hand, q = eps^2 m + 2 eps s (1 + eps) + (1 + eps)^2."""
    found = _boxes(8, 10**12, 5, epsilon, Activation.LINEAR)
    energies = [epsilon**2 * 8 + 2 * epsilon * s * (1 + epsilon) + (1 + epsilon) ** 2
                for s in (1.0, 8**0.5)]  # fmt: skip
    assert found == pytest.approx(energies[0] / energies[1], rel=1e-4)
    assert found == pytest.approx(limit, abs=6e-4)


@pytest.mark.parametrize("activation", ["linear", "relu"])
def test_measured_is_what_the_closed_forms_say(activation):
    numbers = (6, 9, 4, 1e-3, 0.05)
    closed = _closed(*numbers, Activation(activation))
    measured = ranking(*numbers, Activation(activation), 0)
    assert set(measured) - set(closed) == {"Keskar, random subspace"}
    for name, value in closed.items():
        # The mean on a sphere is sampled; Keskar's metric is a difference of losses, 1e-16 of 1e-6.
        wanted = 0.05 if "mean" in name else 1e-8
        assert measured[name][0] == pytest.approx(value, rel=wanted), name
    # By hand: trace (n + 3)/(n + 4 - k) for ReLU.
    assert closed["Hessian trace, κ = 0"] == pytest.approx(12 / 9 if activation == "relu" else 1)


def test_the_figure_draws_every_measure_of_both_activations():
    left, right = plot_sharpness(m=4, n=6, positive=3)
    heights = {h for line in left.lines for h in np.atleast_1d(line.get_ydata())}
    assert {round(h) for h in heights if h > 0} >= set(range(1, 9))
    assert len(right.lines) == 5
