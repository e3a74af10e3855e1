"""What a step costs as one size changes: m, n, b, replicas, type, cores.

Few rounds, short ones: the numbers are for comparing columns of one run. What must hold between
them is in ``gate.json``.
"""

from __future__ import annotations

import functools
from statistics import median

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


def measure(benchmark, name, sizes, cores=1, replicas=None):
    """Check and time a contender."""
    contender, problem = CONTENDERS[name], workload(**sizes)
    try:
        error = deviation(contender, problem, replicas)
    except InputError as refused:
        pytest.skip(f"{name} does not take this: {refused}")
    assert error <= problem.bound
    lane = Lane(contender, problem, cores, replicas)
    lane.last(SECONDS)
    times: list[float] = []
    benchmark.pedantic(lambda: times.append(lane.seconds()), rounds=3)
    per_step = median(times)
    benchmark.extra_info.update({
        "contender": name,
        "cores": cores,
        "replicas": lane.replicas,
        "deviation_from_dense": error,
        "nanoseconds_per_replica_step": per_step * 1e9,
        "m": problem.m,
        "n": problem.n,
        "b": problem.batch_size,
        "dtype": problem.dtype,
    })


@pytest.mark.parametrize("m", [8, 64, 512, 4096])
@pytest.mark.parametrize("name", FAST)
def test_data_points(benchmark, name, m):
    measure(benchmark, name, {"m": m, "n": m}, replicas=max(64, CORRELATIONS // m))


@pytest.mark.parametrize("n", [8, 256, 2048])
@pytest.mark.parametrize("name", [*FAST, "dense"])
def test_dimensions(benchmark, name, n):
    measure(benchmark, name, {"m": 8, "n": n})


@pytest.mark.parametrize("part", ["1", "m/4", "m/2", "3m/4", "m-1", "m"])
@pytest.mark.parametrize("m", [64, 256])
@pytest.mark.parametrize("name", FAST)
def test_batch_sizes(benchmark, name, m, part):
    b = {"1": 1, "m/4": m // 4, "m/2": m // 2, "3m/4": 3 * m // 4, "m-1": m - 1, "m": m}[part]
    measure(benchmark, name, {"m": m, "n": m, "batch_size": b}, replicas=CORRELATIONS // m)


@pytest.mark.parametrize("replicas", [1, 256, 1 << 16])
@pytest.mark.parametrize("name", FAST)
def test_replicas(benchmark, name, replicas):
    measure(benchmark, name, {}, replicas=replicas)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", ENGINES)
def test_types(benchmark, name, dtype):
    measure(benchmark, name, {"dtype": dtype})


@pytest.mark.parametrize("cores", range(1, available() + 1))
@pytest.mark.parametrize("name", ENGINES)
def test_cores(benchmark, name, cores):
    measure(benchmark, name, {}, cores=cores)
