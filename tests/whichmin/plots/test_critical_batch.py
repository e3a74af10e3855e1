import numpy as np
import pytest

from whichmin import plots
from whichmin.errors import InputError


def lines(ax):
    return {line.get_label(): np.array(line.get_xydata()) for line in ax.lines}


def test_measured_steps_lie_on_the_law():
    left, _ = plots.plot_critical_batch(target=0.1, replicas=20_000, seed=2)
    shown = lines(left)
    share, steps = shown["steps"].T
    assert steps == pytest.approx(1 + 1 / share)
    share, samples = shown["samples"].T
    assert samples == pytest.approx(1 + share)
    share, found = shown["steps, measured"].T
    # At B = B_noise/64 the decrease's standard error is about 1 percent with 20,000 steps.
    assert found == pytest.approx(1 + 1 / share, rel=0.07)
    assert shown["samples, measured"][:, 1] == pytest.approx(found * share)


def test_whole_runs():
    _, right = plots.plot_critical_batch(target=0.01, replicas=2)
    shown = lines(right)
    share, found = shown["the same, runs"].T
    whole = np.log(100) / np.log1p(share)
    # a whole number of steps
    assert np.all(found * np.log(100) / share - whole >= 0)
    assert np.all(found * np.log(100) / share - whole < 1)
    share, found = shown["runs, whole numbers of steps"].T
    assert found == pytest.approx(np.ceil(99 / share * (1 - 1e-7)) * share / 99)


def test_runs_of_one_step_are_said_to_lie_above_the_lines():
    _, right = plots.plot_critical_batch(target=0.9, replicas=2)
    note = right.figure.get_supxlabel().replace("\n", " ")
    # noise in proportion to the loss: one step leaves 1/(1 + B) of it, at most 0.9 for B >= 1/9
    assert "from batch size / noise scale = 0.125 on a single step reaches the target" in note
    assert max(right.get_yticks()) == 500
    _, many = plots.plot_critical_batch(target=0.001, replicas=2)
    assert "single step reaches" not in many.figure.get_supxlabel().replace("\n", " ")


@pytest.mark.parametrize(
    ("settings", "argument"),
    [
        ({"target": 1.0}, "target"),
        ({"target": 1e-6}, "target"),
        ({"replicas": 0}, "replicas"),
        ({"seed": -1}, "seed"),
    ],
)
def test_what_is_refused(settings, argument):
    with pytest.raises(InputError) as caught:
        plots.plot_critical_batch(**settings)
    assert caught.value.argument == argument
