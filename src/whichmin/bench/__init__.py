"""Compare the speed of ways to train the model: ``whichmin bench`` and ``benchmarks/``.

Every contender solves the same problem in the same process. Its weights are compared with those of
the engine ``dense`` on the same batches. Its time is compared with that of the training loop which
Ghosh et al. (2025) published; the two are measured in turns, so that a machine that changes its
speed slows both.
"""
