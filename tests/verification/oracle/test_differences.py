"""Differences in place of derivatives are recognised by what they leave out."""

from types import SimpleNamespace

import numpy as np
import pytest

from whichmin.verification.oracle.judge import judge
from whichmin.verification.oracle.mutants.reference import gradient, loss


def told(**functions):
    found = judge(SimpleNamespace(**functions), isolation="inline", quick=True)
    return {r.check: r.diagnosis for r in found.failures}


@pytest.mark.parametrize("h", [1e-3, 1e-5])
def test_forward_differences_of_the_loss(h):
    def wrong(w, data, activation):
        base = loss(w, data, activation)
        return np.array([(loss(w + e, data, activation) - base) / h for e in h * np.eye(len(w))])

    said = told(gradient=wrong)["gradient.values"]
    assert said == f"forward differences with a step of {h:g}, not the derivative"


def test_central_differences_of_the_gradient():
    def product(w, data, v, activation):
        ends = (gradient(w + s * v, data, activation) for s in (1e-3, -1e-3))
        return (next(ends) - next(ends)) / 2e-3

    said = told(hessian_vector_product=product)["hessian_vector_product.values"]
    assert said == "central differences with a step of 0.001, not the derivative"
