"""The CUDA kernels follow the reduced engine, in numba's simulator: no GPU is needed."""

import os
import subprocess
import sys

SIMULATED = """
import numpy as np, torch, warnings
import whichmin.core.engines.compiled as compiled
from whichmin.core.engines.kernels import gpu
compiled._runner = lambda device: gpu
from whichmin.core.batches import make_stream
from whichmin.core.data import make_data
from whichmin.core.engines import CompiledEngine, Problem, ReducedEngine
from whichmin.core.frames import random_frame, random_start
from whichmin.core.training.run import advance
from whichmin.words import Activation, Sampling

np.seterr(all="ignore")
worst, count = 0.0, 0
for activation in Activation:
    for m, b in ((5, 1), (5, 2), (5, 3), (5, 5), (20, 9)):
        for mode in ("without-replacement", "with-replacement", "reshuffled", "cyclic"):
            for step_size, steps in ((0.1 * b, 40), (2.5 * b, 5)):
                problem = Problem(make_data(random_frame(m, m + 1)), activation, step_size)
                start = torch.from_numpy(random_start(m + 1, 2))
                pair = [kind(problem, start) for kind in (CompiledEngine, ReducedEngine)]
                for engine in pair:
                    stream = make_stream(m, b, sampling=mode, seed=3)
                    advance(engine, stream, 0, steps, np.arange(2) + 7)
                here, there = (engine.weights() for engine in pair)
                worst = max(worst, float((here - there).abs().max() / there.abs().max()))
                count += 1
print(count, worst)
"""


def test_the_gpu_kernels_in_numbas_simulator():
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", SIMULATED],
        env={**os.environ, "NUMBA_ENABLE_CUDASIM": "1"},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    count, worst = done.stdout.split()
    assert int(count) == 80
    assert float(worst) < 1e-11
