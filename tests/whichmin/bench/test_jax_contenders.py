import itertools
import math

import numpy as np
import pytest
import torch

from whichmin.bench.workload import Workload

jax = pytest.importorskip("jax", reason="pip install 'whichmin[bench]'")

from whichmin.bench import jax_contenders  # noqa: E402
from whichmin.bench.jax_contenders import Autodiff, Reduced  # noqa: E402

WORKLOADS = [
    Workload(),
    Workload(m=7, n=9, batch_size=3, step_size=0.3),
    Workload(m=40, n=41, batch_size=20, step_size=2.0),
    Workload(m=5, n=9, batch_size=5, step_size=0.5),
]


@pytest.mark.parametrize("made", [Autodiff, Reduced])
@pytest.mark.parametrize("workload", WORKLOADS, ids=lambda w: f"b{w.batch_size}")
def test_the_timed_way_takes_the_steps_of_the_compared_way(made, workload, monkeypatch):
    monkeypatch.setattr(made, "chunk", 16)
    monkeypatch.setattr(jax_contenders, "_DRAWN", 4 * 3 * 40)  # several draws in a chunk
    timed, given = made(workload, 3, False), made(workload, 3, True)
    timed.advance(16)
    b, m = workload.batch_size, workload.m
    with jax.enable_x64(True):
        keys = jax.random.split(jax.random.fold_in(timed.key, 0), 16 // timed.block)
        drawn = [jax_contenders._subsets(k, timed.block, 3, m, b) for k in keys]
        batches = None if b == m else np.concatenate(drawn)
        given.state = given.advanced(given.state, batches, 16)
    # Both are the same program with the same batches; compiled apart they may round apart.
    assert torch.allclose(timed.weights(), given.weights(), rtol=0, atol=workload.bound)
    assert (timed.block < 16) == (m == 40)


@pytest.mark.parametrize(("m", "b"), [(5, 1), (5, 2), (5, 4), (20, 17)])
def test_drawn_batches_are_subsets(m, b):
    with jax.enable_x64(True):
        drawn = np.asarray(jax_contenders._subsets(jax.random.key(1, impl="rbg"), 50, 20, m, b))
    assert drawn.shape == (50, 20, b)
    assert 0 <= drawn.min() <= drawn.max() < m
    assert (np.diff(np.sort(drawn), axis=-1) > 0).all() if b > 1 else True


def test_all_subsets_are_equally_likely():
    with jax.enable_x64(True):
        drawn = np.asarray(jax_contenders._subsets(jax.random.key(1, impl="rbg"), 400, 100, 6, 2))
    rows = [tuple(row) for row in np.sort(drawn.reshape(-1, 2)).tolist()]
    counts = [rows.count(pair) for pair in itertools.combinations(range(6), 2)]
    expected = len(rows) / math.comb(6, 2)
    # Chi-square with 14 degrees of freedom exceeds 48 once in 80,000 tries; the seed is fixed.
    assert sum((c - expected) ** 2 / expected for c in counts) < 48


def test_the_users_settings_stay_as_they_are():
    assert jax.config.jax_enable_x64 is False
    running = Reduced(Workload(), 3, False)
    running.advance(running.chunk)
    assert running.weights().dtype == torch.float64
    assert jax.config.jax_enable_x64 is False
    assert jax.numpy.ones(1).dtype == np.float32
