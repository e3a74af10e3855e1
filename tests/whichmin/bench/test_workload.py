import math

import pytest
import torch

from whichmin.bench.workload import Workload
from whichmin.errors import InputError


@pytest.mark.parametrize(
    ("wrong", "argument"),
    [
        ({"m": 0}, "m"),
        ({"m": 9, "n": 8}, "n"),
        ({"batch_size": 9}, "batch_size"),
        ({"batch_size": 0}, "batch_size"),
        ({"step_size": 0.0}, "step_size"),
        ({"step_size": math.nan}, "step_size"),
        ({"step_size": 0.21}, "step_size"),
        ({"step_size": 0.61, "batch_size": 3}, "step_size"),
        ({"dtype": "float16"}, "dtype"),
        ({"seed": -1}, "seed"),
    ],
)
def test_bad_input_is_refused_by_name(wrong, argument):
    with pytest.raises(InputError) as caught:
        Workload(**wrong)
    assert caught.value.argument == argument


def test_the_largest_step_size_is_taken():
    assert Workload(step_size=0.2).alpha == 0.2
    assert Workload(step_size=0.6, batch_size=3).alpha == pytest.approx(0.2, rel=1e-15)


@pytest.mark.parametrize("step_size", [1e-6, 0.05, 0.2])
def test_errors_grow_a_hundredfold_at_most(step_size):
    workload = Workload(step_size=step_size)
    stretch, steps = 1 + 2 * workload.alpha, workload.checked_steps
    assert 2 <= steps <= 50
    assert sum(stretch**t for t in range(steps)) <= 100
    assert steps == 50 or sum(stretch**t for t in range(steps + 1)) > 100


def test_data_and_starts_are_those_of_the_settings():
    workload = Workload(m=3, n=5, batch_size=2, dtype="float32", seed=4)
    assert workload.problem.data.points.shape == (3, 5)
    assert workload.problem.data.points.dtype == workload.start(2).dtype == torch.float32
    assert torch.equal(workload.start(2), workload.start(7)[:2])
    assert not torch.equal(workload.start(2), Workload(m=3, n=5, seed=5).start(2).float())
    assert workload.stream.indices(0, 4).shape == (4, 1, 2)
    assert "m 3, n 5, ReLU, batch size 2" in workload.described


def test_large_problems_take_the_standard_basis():
    assert torch.equal(Workload(m=512, n=513).problem.data.points, torch.eye(512, 513).double())


def test_the_bound_is_far_below_what_a_wrong_step_does_and_above_rounding():
    assert 100 * 32 * 2**-53 < Workload().bound < 1e-11
    assert Workload(dtype="float32").bound == pytest.approx(Workload().bound * 2**29, rel=1e-12)
