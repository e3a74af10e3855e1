"""Accumulation over micro-batches, seen passing and failing with the cause."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from whichmin.verification.oracle import judge
from whichmin.verification.oracle.mutants import reference


def verdict(function, **declared):
    target = SimpleNamespace(accumulated_gradient=function, WHICHMIN=declared)
    (found,) = [
        r for r in judge(target, isolation="inline").results
        if r.check == "accumulated_gradient.values"
    ]  # fmt: skip
    return found


def weighted(weight):
    """Sum of the micro-batches' means times a weight of (size, all sizes)."""

    def accumulated(w, data, sizes, activation):
        assert sizes.dtype.kind == "i"
        parts = np.split(data, np.cumsum(sizes)[:-1])
        means = [reference.gradient(w, part, activation) for part in parts]
        return sum(weight(s, sizes) * g for s, g in zip(sizes, means, strict=True))

    return accumulated


def test_the_mean_over_all_rows_passes():
    found = verdict(weighted(lambda s, sizes: s / sizes.sum()))
    assert found.verdict == "passed"
    assert found.cases > 200


@pytest.mark.parametrize(
    ("weight", "cause"),
    [
        (lambda s, sizes: 1 / len(sizes), "the mean of the micro-batches' means"),
        (lambda s, sizes: 1.0, "the micro-batches' means are added up"),
        (lambda s, sizes: s / sizes[0] / len(sizes), "by the size of the first, not by its own"),
        (lambda s, sizes: s / sizes[-1] / len(sizes), "by the size of the last, not by its own"),
        (lambda s, sizes: float(s), "factor m: a sum over the points"),
    ],
)
def test_wrong_weights_are_named(weight, cause):
    found = verdict(weighted(weight))
    assert found.verdict == "failed"
    assert cause in found.diagnosis


def test_a_declared_sum():
    assert verdict(weighted(lambda s, sizes: s), gradient="sum").verdict == "passed"
    assert verdict(weighted(lambda s, sizes: s)).declare == "'gradient': 'sum'"


def test_backward_adds_up():
    def accumulated(w, data, sizes, activation):
        p = w.clone().requires_grad_()
        for part in data.split(sizes.tolist()):
            code = part @ p
            code = torch.relu(code) if activation == "relu" else code
            loss = (part - code[:, None] * p).square().sum() / (2 * len(data))
            loss.backward()
        return p.grad

    assert verdict(accumulated, arrays="torch").verdict == "passed"
