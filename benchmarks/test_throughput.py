"""Contenders side by side: the published loop, PyTorch's ways, our engines, JAX's.

Run with ``pytest benchmarks``. Every contender runs in the same process on the same problem
(m = 8, n = 32, ReLU, b = 1, step size 0.05), on one core and on all. Beside its time stand its
distance from the dense engine on the same batches and its ratio to the published loop, between
rounds that ran one after the other; the tables compare times per replica-step (``conftest.py``).
"""

from __future__ import annotations

import functools
from statistics import median

import pytest

from whichmin.bench.contenders import BASELINE, CONTENDERS
from whichmin.bench.cores import available, can_pin
from whichmin.bench.lanes import Lane, ratios
from whichmin.bench.measure import deviation
from whichmin.bench.workload import Workload
from whichmin.errors import MissingDependency

WORKLOAD = Workload()
SECONDS = 0.1
CASES = [
    pytest.param(contender, cores, id=f"{contender.name}-{cores}")
    for contender in CONTENDERS.values()
    for cores in sorted({1, 1 if contender.alone else available()})
]


@functools.cache
def baseline():
    return Lane(CONTENDERS[BASELINE], WORKLOAD)


@pytest.mark.parametrize(("contender", "cores"), CASES)
def test_throughput(per_step, contender, cores):
    if contender.needs and cores < available() and not can_pin():
        pytest.skip("this system cannot hold its threads to one core")
    try:
        error = deviation(contender, WORKLOAD)
    except MissingDependency as absent:
        pytest.skip(str(absent))
    assert error <= WORKLOAD.bound
    lane = Lane(contender, WORKLOAD, cores)
    measured = ratios(baseline(), lane, rounds=5, seconds=SECONDS)
    seconds = per_step(
        lane,
        rounds=5,
        deviation_from_dense=error,
        bound=WORKLOAD.bound,
        ratio_min=min(measured),
        ratio_median=median(measured),
        ratio_max=max(measured),
    )
    print(
        f"\n{contender.name}, {cores} cores, {lane.replicas} replicas: {seconds * 1e9:.3g} ns per "
        f"replica-step; the published loop over it: {min(measured):.3g} / "
        f"{median(measured):.3g} / {max(measured):.3g} (min/median/max)"
    )
