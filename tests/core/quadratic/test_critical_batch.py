import numpy as np
import pytest

from whichmin.core.quadratic import linear_scaling, optimal_run, trade_off
from whichmin.errors import InputError


def test_linear_scaling_keeps_the_ratio():
    assert linear_scaling(0.1, 256, 8192) == pytest.approx(3.2)
    assert linear_scaling(0.3, 7, 7) == 0.3


def test_the_trade_off():
    found = trade_off(2048, 512)
    assert (found.steps, found.samples) == (1.25, 5.0)
    assert (found.steps - 1) * (found.samples - 1) == 1


def test_an_optimal_run_gains_its_batch_in_noise_scale():
    run = optimal_run(1.0, 0.01, 3, curvature=2.0, noise=0.5)
    assert np.diff(run.noise_scale) == pytest.approx(np.full(run.steps, 3.0), rel=1e-12)
    assert run.second_moment[-1] <= 0.01 < run.second_moment[-2]
    assert len(run.second_moment) == run.steps + 1
    # the first step: h v/(h^2 v + s/B)
    assert run.step_size[0] == pytest.approx(2 / (4 + 0.5 / 3))


def test_noise_that_shrinks_with_the_loss_keeps_the_scale():
    run = optimal_run(1.0, 1e-3, 8, noise=8.0, constant_scale=True)
    assert run.noise_scale == pytest.approx(np.full(run.steps + 1, 8.0))
    assert run.steps == 10  # log 1000/log 2 = 9.97


def test_numbers_whose_square_alone_is_too_large():
    # h^2 = 1e320, but h^2/noise = 1: a run in units of the noise.
    own = optimal_run(1.0, 0.2, 3)
    there = optimal_run(1e-300, 2e-301, 3, curvature=1e160, noise=1e20)
    # a few roundings a step
    assert there.noise_scale == pytest.approx(own.noise_scale, rel=1e-12)
    assert there.step_size * 1e160 == pytest.approx(own.step_size, rel=1e-12)


def test_the_last_permitted_step_counts():
    # 1e9 points a batch: one step leaves next to nothing.
    assert optimal_run(2, 1.9, 1e9, max_steps=1).steps == 1
    steps = optimal_run(1.0, 1e-3, 8).steps
    assert optimal_run(1.0, 1e-3, 8, max_steps=steps).steps == steps
    with pytest.raises(InputError, match="max_steps"):
        optimal_run(1.0, 1e-3, 8, max_steps=steps - 1)


@pytest.mark.parametrize(
    ("call", "argument"),
    [
        (lambda: linear_scaling(0.1, 0, 2), "batch_size"),
        (lambda: linear_scaling(0.1, 2, 2.5), "new_batch_size"),
        (lambda: linear_scaling(-1, 2, 2), "step_size"),
        (lambda: trade_off(0, 1), "batch_size"),
        (lambda: trade_off(1, 0), "noise_scale"),
        (lambda: optimal_run(1.0, 2.0, 1), "target"),
        (lambda: optimal_run(1.0, 0.5, 1, curvature=0), "curvature"),
        (lambda: optimal_run(1.0, 0.5, 1, noise=-1), "noise"),
        (lambda: optimal_run(1.0, 1e-6, 1, max_steps=10), "max_steps"),
        # h^2 is beyond float64: the noise scale would be 0, or infinite.
        (lambda: optimal_run(1.0, 0.5, 1, curvature=1e200), "batch_size, curvature, noise"),
        (lambda: optimal_run(1.0, 0.5, 1, curvature=1e-200), "batch_size, curvature, noise"),
        # E x^2 vanishes in one step
        (lambda: optimal_run(1.0, 1e-200, 1e308, noise=1e-20), "batch_size, curvature, noise"),
    ],
)
def test_what_is_refused(call, argument):
    with pytest.raises(InputError) as caught:
        call()
    assert caught.value.argument == argument
