"""Compiled kernels: many steps of many replicas in one call, on CPU threads or on a GPU.

The source of a step is written once, as functions over a *group* of ``lanes`` replicas whose
control flow is the same. Every inner loop runs along the lanes: a CPU turns it into vector
instructions (64 lanes), a GPU thread holds one lane. Lanes never read each other's data, so the
bits of a replica depend neither on its neighbours, nor on threads, nor on how a run is divided into
calls.

* :mod:`~whichmin.core.engines.kernels.generator`: Philox and unbiased bounded integers;
* :mod:`~whichmin.core.engines.kernels.sampling`: the index streams of :mod:`whichmin.core.batches`;
* :mod:`~whichmin.core.engines.kernels.stepping`: the update in correlation coordinates;
* :mod:`~whichmin.core.engines.kernels.group`: chunks of steps, renormalisation;
* :mod:`~whichmin.core.engines.kernels.cpu`, :mod:`~whichmin.core.engines.kernels.gpu`: the two ways
  to run them.
"""
