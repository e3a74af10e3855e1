"""What a step costs as one size changes: m, n, b, replicas, type, cores.

Few rounds, short ones: the numbers are for comparing columns of one run. What must hold between
them is in ``gate.json``.
"""

from __future__ import annotations

import functools

import pytest

from whichmin.bench.contenders import CONTENDERS
from whichmin.bench.cores import available
from whichmin.bench.lanes import Lane
from whichmin.bench.measure import deviation
from whichmin.bench.workload import Workload
from whichmin.errors import InputError

SECONDS = 0.05
CORRELATIONS = 1 << 17  # of all replicas together: long vectors, and a quick set-up
FAST = [name for name in ("reduced", "compiled") if name in CONTENDERS]
ENGINES = ["autograd", "dense", *FAST]


@functools.cache
def workload(**sizes):
    return Workload(**sizes)


def measure(per_step, name, sizes, cores=1, replicas=None):
    """Check and time a contender."""
    contender, problem = CONTENDERS[name], workload(**sizes)
    try:
        error = deviation(contender, problem, replicas)
    except InputError as refused:
        pytest.skip(f"{name} does not take this: {refused}")
    assert error <= problem.bound
    lane = Lane(contender, problem, cores, replicas)
    lane.last(SECONDS)
    per_step(
        lane,
        rounds=3,
        deviation_from_dense=error,
        m=problem.m,
        n=problem.n,
        b=problem.batch_size,
        dtype=problem.dtype,
    )


@pytest.mark.parametrize("m", [8, 64, 512, 4096])
@pytest.mark.parametrize("name", FAST)
def test_data_points(per_step, name, m):
    measure(per_step, name, {"m": m, "n": m}, replicas=max(64, CORRELATIONS // m))


@pytest.mark.parametrize("n", [8, 256, 2048])
@pytest.mark.parametrize("name", [*FAST, "dense"])
def test_dimensions(per_step, name, n):
    measure(per_step, name, {"m": 8, "n": n})


@pytest.mark.parametrize("part", ["1", "m/4", "m/2", "3m/4", "m-1", "m"])
@pytest.mark.parametrize("m", [64, 256])
@pytest.mark.parametrize("name", FAST)
def test_batch_sizes(per_step, name, m, part):
    b = {"1": 1, "m/4": m // 4, "m/2": m // 2, "3m/4": 3 * m // 4, "m-1": m - 1, "m": m}[part]
    measure(per_step, name, {"m": m, "n": m, "batch_size": b}, replicas=CORRELATIONS // m)


@pytest.mark.parametrize("replicas", [1, 256, 1 << 16])
@pytest.mark.parametrize("name", FAST)
def test_replicas(per_step, name, replicas):
    measure(per_step, name, {}, replicas=replicas)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", ENGINES)
def test_types(per_step, name, dtype):
    measure(per_step, name, {"dtype": dtype})


@pytest.mark.parametrize("cores", range(1, available() + 1))
@pytest.mark.parametrize("name", ENGINES)
def test_cores(per_step, name, cores):
    measure(per_step, name, {}, cores=cores)
