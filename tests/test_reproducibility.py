"""On one machine the same seed gives the same bits, whatever the number of threads."""

import os
import subprocess
import sys

CODE = """
import hashlib, sys
import numpy as np, torch
import whichmin
torch.set_num_threads(int(sys.argv[1]))
digest = hashlib.sha256()
frame = whichmin.random_frame(40, 300, seed=5)
digest.update(frame.tobytes())
for engine, replicas in (("reduced", 3000), ("dense", 40), ("autograd", 40)):
    result = whichmin.train(frame, engine=engine, replicas=replicas, batch_size=7, max_steps=20,
                            seed=11, step_size=0.5)
    for value in result.to_numpy().values():
        if value.dtype.kind == "f":
            digest.update(np.ascontiguousarray(value).tobytes())
print(digest.hexdigest())
"""


def digest(threads):
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads), "MKL_NUM_THREADS": str(threads),
                   "OPENBLAS_NUM_THREADS": str(threads)}  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", CODE, str(threads)],
        env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout.strip()


def test_one_and_two_threads_give_the_same_bits():
    first = digest(1)
    assert len(first) == 64
    assert digest(2) == first
