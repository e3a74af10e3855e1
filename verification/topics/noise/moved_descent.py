"""Noise that is small beside the signal at the start does not make SGD behave like GD."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from whichmin.core.data import make_data
from whichmin.core.frames import standard_basis
from whichmin.core.landscape import gradient
from whichmin.core.training.trainer import train
from whichmin.verification.evidence.check import Margin, check, differs
from whichmin.words import EvidenceKind

__all__: list[str] = []

# Weights with a large part off the span: |w|^2 is 1.99, where a point's gradient is close to
# c_i^2 w, almost the same for correlations that are almost equal.
START = (0.3, 0.28, 0.26, 1.32)


@check("noise.small_at_first", EvidenceKind.COUNTEREXAMPLE, bound="a tenth of the mass")
def small_at_first(batch_size: int = 2, start: tuple[float, ...] = START) -> Iterator[Margin]:
    """Three points, batches of two: noise is 1/256 of the signal at the start, and yet 32 of 32
    runs of SGD end at single points, GD in a mixture.

    Args:
        batch_size: Of the run that should behave like GD.
        start: Starting weights.

    Yields:
        Noise over signal at the start, at most 1/200; the mass that each run leaves beside its
        largest correlation.
    """
    data, w = make_data(standard_basis(3, 4)), np.array(start)
    c, points = w[:3], np.eye(4)[:3]
    gradients = np.stack([gradient(w, point[None]).numpy() for point in points])
    ratio = float(gradients.var(axis=0).sum() / (gradients.mean(axis=0) ** 2).sum())
    ratio *= (3 - batch_size) / (batch_size * 2)
    told = f"noise over signal at the start {ratio:.4f}"
    yield Margin(told, ratio, 1 / 200, 1, told)
    beside = []
    for size in (3, batch_size):
        run = train(
            data, np.tile(w, (32, 1)), batch_size=size, step_size=0.3, seed=0, tolerance=1e-12,
        )  # fmt: skip
        ends = np.sort(run.weights.numpy()[:, :3] ** 2, axis=1)
        beside.append(ends[:, :2].sum(axis=1))
    # GD keeps the ratios of the start; a mini-batch run stops at a mass of 1e-12.
    kept = float(1 - c.max() ** 2 / (c @ c))
    yield Margin("mass beside the largest, GD", float(abs(beside[0] - kept).max()), 1e-5)
    told = "mass beside the winner, claimed like GD's and found in SGD"
    yield differs(told, kept, float(beside[1].max()), 0.1, len(beside[1]))
