"""Steps per second of the engines, beside the loop that the article on Ghosh et al. publishes.

Run with ``pytest benchmarks``. Every contender runs in the same process on the same problem
(m = 8, n = 32, ReLU, b = 1, step size 0.05); its distance from the dense engine on the same
batches is stored beside its time, in ``extra_info``. Ratios are taken between rounds that ran one
after the other, so that a machine that changes its speed changes both sides.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
import torch

from whichmin.core.batches import make_stream
from whichmin.core.data import make_data
from whichmin.core.engines import ENGINES, Problem
from whichmin.core.frames import random_frame, random_start
from whichmin.core.run import advance
from whichmin.words import Activation, EngineName

M, N, STEP_SIZE = 8, 32, 0.05
MANY = 1 << 16
PROBLEM = Problem(make_data(random_frame(M, N)), Activation.RELU, STEP_SIZE)
STREAM = make_stream(M, 1)
REQUIRED_RATIO = 1000


@dataclass
class Contender:
    """Something that takes steps.

    Attributes:
        run: Takes ``steps`` steps and returns the weights, shape ``(replicas, n)``.
        replicas: Number of replicas that a step advances.
        steps: Number of steps of one timed round.
    """

    run: Callable[[int], torch.Tensor]
    replicas: int
    steps: int

    def seconds_per_replica_step(self) -> float:
        """Time one round."""
        began = time.perf_counter()
        self.run(self.steps)
        return (time.perf_counter() - began) / (self.steps * self.replicas)


def published_loop(steps: int) -> torch.Tensor:
    """The article's way: a module, one sample a step, backward, update by hand, loss.item()."""
    points = PROBLEM.data.points
    weight = torch.nn.Parameter(torch.from_numpy(random_start(N, 1)[0].copy()))
    order = STREAM.indices(0, steps)
    history = []
    for step in range(steps):
        torch.randperm(M)  # the article draws a permutation for every batch
        batch = points[torch.from_numpy(order[step, 0])]
        inner = torch.relu(batch @ weight)
        loss = 0.5 * ((batch - inner.unsqueeze(1) * weight) ** 2).sum(dim=1).mean()
        loss.backward()
        with torch.no_grad():
            weight -= STEP_SIZE * weight.grad
            weight.grad.zero_()
        history.append(loss.item())
    return weight.detach()[None]


def engine(name: str, replicas: int) -> Callable[[int], torch.Tensor]:
    """An engine as users run it, drawing its batches as it goes."""

    def run(steps: int) -> torch.Tensor:
        mover = ENGINES[EngineName(name)](PROBLEM, torch.from_numpy(random_start(N, replicas)))
        advance(mover, STREAM, 0, steps, np.arange(replicas))
        return mover.weights()

    return run


CONTENDERS = {
    "published loop": Contender(published_loop, 1, 1000),
    "autograd": Contender(engine("autograd", 1), 1, 500),
    "autograd, many": Contender(engine("autograd", 4096), 4096, 50),
    "dense, many": Contender(engine("dense", 4096), 4096, 100),
    "reduced": Contender(engine("reduced", 1), 1, 2000),
    "reduced, many": Contender(engine("reduced", MANY), MANY, 128),
}


def deviation(contender: Contender, steps: int = 50) -> float:
    """Distance from the dense engine, same starts, same batches."""
    replicas = min(contender.replicas, 256)
    reference = engine("dense", replicas)(steps)
    return float((contender.run(steps)[:replicas] - reference).norm(dim=1).max())


@pytest.mark.parametrize("name", CONTENDERS)
def test_throughput(benchmark, name):
    contender = CONTENDERS[name]
    error = deviation(contender)
    assert error < 1e-12
    contender.run(contender.steps)
    benchmark.pedantic(contender.run, args=(contender.steps,), rounds=5)
    per_step = benchmark.stats.stats.median / (contender.steps * contender.replicas)
    benchmark.extra_info.update(
        deviation_from_dense=error,
        replicas=contender.replicas,
        nanoseconds_per_replica_step=per_step * 1e9,
    )


def test_reduced_against_the_published_loop(benchmark):
    slow, fast = CONTENDERS["published loop"], CONTENDERS["reduced, many"]
    for contender in (slow, fast):
        contender.seconds_per_replica_step()
    ratios = [slow.seconds_per_replica_step() / fast.seconds_per_replica_step() for _ in range(7)]
    benchmark.pedantic(fast.run, args=(fast.steps,), rounds=3)
    benchmark.extra_info.update(
        ratio_min=min(ratios),
        ratio_median=float(np.median(ratios)),
        ratio_max=max(ratios),
        deviation_from_dense=max(deviation(slow), deviation(fast)),
    )
    print(
        f"\nreduced, {MANY} replicas, over the published loop: "
        f"{min(ratios):.0f} / {np.median(ratios):.0f} / {max(ratios):.0f} (min/median/max)"
    )
    assert min(ratios) >= REQUIRED_RATIO
