"""Ways to train the model, side by side on this machine: ``whichmin bench`` and ``benchmarks/``.

Every contender solves the same problem in the same process. Its weights are compared with the
dense engine's on the same batches, and its time with that of the published loop, measured in
turns, so that a machine that changes its speed changes both sides.
"""
