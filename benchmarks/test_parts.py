"""What bounds the compiled step at b = 1: its parts, left out one at a time.

Each variant is the product's kernel with one part replaced by something next to free:

* generator: places come from a multiplication instead of Philox, just as scattered;
* arithmetic: values are taken and put back as they are;
* access: values stay where they are, in a register's reach.

Variants run in turns on one core; what leaving a part out saves is its share. Shares need not add
up to 1: parts overlap in a processor that works on several instructions at a time.
"""

from __future__ import annotations

import functools
import time
from types import FunctionType
from unittest import mock

import numba
import numpy as np
import pytest
import torch

from whichmin.core.batches import make_stream
from whichmin.core.data import make_data
from whichmin.core.engines import CompiledEngine, Problem
from whichmin.core.engines.kernels import cpu, group, stepping
from whichmin.core.frames import random_start, standard_basis
from whichmin.words import Activation

REPLICAS, STEPS, ROUNDS = 256, 8192, 7
SCATTER = np.uint64(0x9E3779B97F4A7C15)
ENERGY, HELD = (np.uint64(row * cpu.LANES) for row in (stepping.ENERGY, stepping.HELD))


def cheap_draw(target):
    lanes, wide = target.lanes, np.uint64(target.lanes)

    def draw(out, ids, seed, first, last, bounds, thresholds):
        m = bounds[0]
        for word in range(first, last):
            here = np.uint64((word - first) * lanes)
            for r in range(wide):
                hashed = (np.uint64(word) * wide + r) * SCATTER >> np.uint64(40)
                out[here + r] = np.uint32(((hashed * m) >> np.uint64(24)) * wide + r)
        return 0

    return target.jit(draw)


def altered_steps(kind):
    """The product's steps with touch_one replaced."""
    original = stepping.make_steps

    def make(target):
        lanes, wide = target.lanes, np.uint64(target.lanes)

        def only_access(x, v, idx, row, count, m, low, held):
            for t in range(count):
                here = np.uint64((row + t) * lanes)
                for r in range(wide):
                    v[HELD + r] = x[idx[here + r]]
                for r in range(wide):
                    v[HELD + r] += 1e-20
                for r in range(wide):
                    x[idx[here + r]] = v[HELD + r]

        def only_arithmetic(x, v, idx, row, count, m, low, held):
            for r in range(wide):
                v[HELD + r] = x[r]
            for _ in range(count):
                for r in range(wide):
                    value, factor = v[HELD + r], v[r]
                    twice, norm = v[np.uint64(6) * wide + r], v[ENERGY + r]
                    code = max(value * factor, low)
                    power = code * code
                    s = 1.0 - power
                    f = s + (twice - norm)
                    ratio = f / s
                    v[HELD + r] = value * ratio if value > low else value
                    v[r] = factor * s
                    v[ENERGY + r] = s * s * (norm - power) + f * f * power
            for r in range(wide):
                x[r] = v[HELD + r]

        def nothing(x, v, idx, row, count, m, low, held):
            pass

        bodies = {"access": only_access, "arithmetic": only_arithmetic, "nothing": nothing}
        made = list(original(target))
        made[1] = target.jit(bodies[kind])
        return tuple(made)

    return make


def variant(**replaced):
    """The kernel with some factories of ``group`` replaced, compiled."""
    with mock.patch.multiple(group, **replaced):
        advance = group.make_advance(cpu._target)
    entry = FunctionType(cpu._advance_groups.__code__, {**vars(cpu), "_advance": advance})
    return numba.njit(**cpu._SETTINGS)(entry)


@pytest.fixture(scope="module")
def kernels():
    return {
        "whole": cpu._compiled,
        "without the generator": variant(make_draw=cheap_draw),
        "without the arithmetic": variant(make_steps=altered_steps("access")),
        "without the access": variant(make_steps=altered_steps("arithmetic")),
        "the generator alone": variant(make_steps=altered_steps("nothing")),
    }


@functools.cache
def begun(m):
    engine = CompiledEngine(
        Problem(make_data(standard_basis(m, m)), Activation.RELU, 0.05),
        torch.from_numpy(random_start(m, REPLICAS)),
    )
    engine.advance(make_stream(m, 1), 0, 128, np.arange(REPLICAS))
    return engine, {name: value.clone() for name, value in engine.state().items()}


def nanoseconds(kernel, m):
    engine, state = begun(m)
    engine.restore({name: value.clone() for name, value in state.items()})
    replicas = np.arange(REPLICAS)
    with mock.patch.object(cpu, "_compiled", kernel):
        engine.advance(make_stream(m, 1), 128, 256, replicas)
        began = time.perf_counter()
        engine.advance(make_stream(m, 1), 256, 256 + STEPS, replicas)
        return (time.perf_counter() - began) / (STEPS * REPLICAS) * 1e9


@pytest.mark.parametrize("m", [8, 64, 1024, 4096])
def test_shares(benchmark, kernels, m):
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        rounds = [{name: nanoseconds(k, m) for name, k in kernels.items()} for _ in range(ROUNDS)]
        benchmark.pedantic(nanoseconds, args=(cpu._compiled, m), rounds=3)
    finally:
        torch.set_num_threads(before)
    # The least of several rounds: whatever else runs on the machine only adds to it.
    least = {name: min(r[name] for r in rounds) for name in kernels}
    shares = {name: value / least["whole"] for name, value in least.items()}
    benchmark.extra_info.update(shares=shares, nanoseconds=least["whole"])
    print(f"\nm = {m}, whole: {least['whole']:.2f} ns a replica-step")
    for name, share in shares.items():
        print(f"  {name}: {share:.2f} of it")
    assert (
        max(shares[name] for name in shares if name != "whole") < 1.3
    )  # no part costs more than the whole, but for noise
