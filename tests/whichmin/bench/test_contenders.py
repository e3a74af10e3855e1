import dataclasses
import subprocess
import sys

import pytest
import torch

from whichmin.bench.contenders import BASELINE, CONTENDERS
from whichmin.bench.measure import deviation
from whichmin.bench.workload import Workload
from whichmin.core.engines import ENGINES
from whichmin.errors import MissingDependency
from whichmin.words import EngineName

REPLICAS = 5
WORKLOADS = {
    "b 1": Workload(),
    "b 3": Workload(m=7, n=7, batch_size=3, step_size=0.3, seed=3),
    "b m-1": Workload(m=6, n=11, batch_size=5, step_size=0.9),
    "b m": Workload(m=6, n=11, batch_size=6, step_size=1.0),
    "m 1": Workload(m=1, n=2),
    "sorted draws": Workload(m=40, n=41, batch_size=20, step_size=2.0),
}

# Written for either type; an engine of ours may refuse single precision.
SINGLE = ("published", "torch-sgd", "torch-vmap", "autograd", "dense", "reduced", "jax-autodiff",
          "jax-reduced")  # fmt: skip


def needed(contender):
    if contender.needs:
        pytest.importorskip(contender.needs, reason="pip install 'whichmin[bench]'")
    return contender


def perturbed(contender, **changes):
    """The same, but solving a slightly different problem."""

    def begin(workload, replicas, same_batches):
        other = {name: change(getattr(workload, name)) for name, change in changes.items()}
        return contender.begin(dataclasses.replace(workload, **other), replicas, same_batches)

    return dataclasses.replace(contender, begin=begin)


@pytest.mark.parametrize("case", WORKLOADS)
@pytest.mark.parametrize("name", CONTENDERS)
def test_every_contender_agrees_with_the_dense_engine(name, case):
    workload = WORKLOADS[case]
    assert deviation(needed(CONTENDERS[name]), workload, REPLICAS) <= workload.bound


@pytest.mark.parametrize("name", SINGLE)
def test_in_single_precision_too(name):
    workload = Workload(dtype="float32")
    assert deviation(needed(CONTENDERS[name]), workload, REPLICAS) <= workload.bound


@pytest.mark.parametrize(
    "changes",
    [{"step_size": lambda eta: eta * (1 + 1e-8)}, {"seed": lambda seed: seed + 1}],
    ids=["step size", "seed"],
)
@pytest.mark.parametrize("name", CONTENDERS)
def test_a_slightly_wrong_contender_deviates(name, changes):
    workload = Workload()
    wrong = perturbed(needed(CONTENDERS[name]), **changes)
    assert deviation(wrong, workload, REPLICAS) > 10 * workload.bound


@pytest.mark.parametrize("name", CONTENDERS)
def test_steps_move_the_weights_and_the_timed_way_gives_sane_ones(name):
    workload, contender = Workload(), needed(CONTENDERS[name])
    replicas = contender.fitting(workload, REPLICAS)
    running = contender.started(workload, replicas, False)
    before = running.weights()
    assert torch.allclose(before, workload.start(replicas), rtol=0, atol=1e-15)
    running.advance(2 * running.chunk)
    after = running.weights()
    assert after.shape == (replicas, workload.n)
    assert bool(((after - before).norm(dim=1) > 1e-6).all())
    # What the theory's trap for step sizes up to 1/5 allows.
    assert bool((after.square().sum(1) <= 1.05).all())


def test_the_contenders():
    assert set(ENGINES) - {EngineName.AUTO} <= set(CONTENDERS)
    assert next(iter(CONTENDERS)) == BASELINE
    assert all(name == contender.name for name, contender in CONTENDERS.items())
    assert {n for n, c in CONTENDERS.items() if c.alone} == {BASELINE, "torch-sgd"}


def test_replicas_fit_the_memory_and_the_wish():
    dense, small = CONTENDERS["dense"], Workload()
    assert dense.fitting(small) == dense.replicas
    assert dense.fitting(small, 7) == 7
    large = Workload(m=64, n=1 << 16, batch_size=64)
    assert dense.fitting(large) * 2 * 64 * (1 << 16) <= 1 << 23
    assert CONTENDERS[BASELINE].fitting(small, 7) == 1


@pytest.mark.parametrize("name", [n for n, c in CONTENDERS.items() if c.needs])
def test_a_missing_package_is_named_with_the_remedy(name, monkeypatch):
    monkeypatch.setitem(sys.modules, "jax", None)
    with pytest.raises(MissingDependency, match=r"jax is missing: .*whichmin\[bench\]"):
        CONTENDERS[name].started(Workload(), 2, False)


def test_other_missing_packages_are_not_mistaken_for_it(monkeypatch):
    def begin(workload, replicas, same_batches):
        raise ImportError("no_such_thing")

    wrong = dataclasses.replace(CONTENDERS["dense"], begin=begin)
    with pytest.raises(ImportError, match="no_such_thing") as caught:
        wrong.started(Workload(), 1, False)
    assert not isinstance(caught.value, MissingDependency)


def test_their_names_are_known_without_anything_heavy():
    code = (
        "import sys, whichmin.bench.contenders as c; assert 'dense' in c.CONTENDERS; "
        "assert not {'torch', 'jax', 'numpy', 'numba'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
