import numpy as np
import pytest

from whichmin import plots
from whichmin.errors import InputError


def lines(ax):
    return {line.get_label(): np.array(line.get_xydata()) for line in ax.lines}


def test_lines_are_exact_and_runs_stay_near_them():
    left, right = plots.plot_linear_scaling(factors=(1, 8), replicas=4000)
    shown = lines(left)
    # x = 3, h = 1, step size 0.8, B = 8: mean 0.2^t x, variance up to 0.8/(8 * 1.2)
    tau, loss = shown["K = 8"].T
    assert tau == pytest.approx(0.8 * np.arange(11))
    rest = 0.8 / (8 * 1.2)
    exact = [(9 * 0.2 ** (2 * t) + rest * (1 - 0.2 ** (2 * t))) / 2 for t in range(11)]
    assert loss == pytest.approx(exact)
    # The variance of 4,000 normal squares is 2/4000: 7 standard errors are 16 percent.
    marks = shown["K = 8, runs"]
    assert marks[:, 1] == pytest.approx(np.interp(marks[:, 0], tau, loss), rel=0.16)
    law, found = lines(right)["1/(1 − ηh/2)"], lines(right)["runs"]
    assert law[:, 1] == pytest.approx(1 / (1 - law[:, 0] / 2))
    assert found[:, 1] == pytest.approx(1 / (1 - found[:, 0] / 2), rel=0.16)


def test_the_diffusion_is_the_limit_of_small_steps():
    left, _ = plots.plot_linear_scaling(step_size=0.001, factors=(1,), replicas=2)
    shown = lines(left)
    tau, loss = shown["K = 1"].T
    diffusion = np.interp(tau, *shown["diffusion"].T)
    # first order in eta h: h^2 tau eta of the mean's square, and the grid's 400 pieces
    assert loss == pytest.approx(diffusion, rel=0.01)


@pytest.mark.parametrize(("step_size", "batch_size"), [(0.01, 1), (1.9, 3)])
def test_batches_are_whole_and_factors_are_named_in_legends(step_size, batch_size):
    """Labels beside the marks of neighbouring factors lay on each other."""
    axes = plots.plot_linear_scaling(
        step_size=step_size, batch_size=batch_size, factors=(1,), replicas=2
    )
    left, right = ([t.get_text() for t in ax.get_legend().get_texts()] for ax in axes)
    assert left[1] == f"K = 1: step size {step_size:g}, batch {batch_size}"
    assert right == ["runs", "K = 1"]
    assert not any(t.get_text().startswith("K =") for t in axes[1].texts)
    assert f"η/B = {step_size / batch_size:g}," in axes[0].figure.get_supxlabel()
    settled = lines(axes[0])["diffusion"][-1, 1]
    rest = 9 * np.exp(-16) + step_size / batch_size / 2 * (1 - np.exp(-16))
    assert settled == pytest.approx(rest / 2)


@pytest.mark.parametrize(
    ("settings", "argument"),
    [
        ({"factors": (1, 20)}, "factors"),
        ({"factors": (2, 2)}, "factors"),
        ({"factors": (1, 2, 3, 4, 5)}, "factors"),
        ({"factors": (0,)}, "factors"),
        ({"factors": (1.5,)}, "factors"),
        ({"step_size": 2.0}, "step_size"),
        ({"step_size": 1e-300}, "step_size"),
        ({"batch_size": 0}, "batch_size"),
        ({"batch_size": 0.5}, "batch_size"),
        ({"replicas": 0}, "replicas"),
        ({"seed": -1}, "seed"),
    ],
)
def test_what_is_refused(settings, argument):
    with pytest.raises(InputError) as caught:
        plots.plot_linear_scaling(**settings)
    assert caught.value.argument == argument
