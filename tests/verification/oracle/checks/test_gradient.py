"""The check of the gradient, seen passing and failing, with the cause."""

from types import SimpleNamespace

import numpy as np
import pytest

from whichmin.verification.oracle import judge
from whichmin.verification.oracle.checks.gradient import mistakes
from whichmin.verification.oracle.problems import problem
from whichmin.verification.oracle.references import gradient as exact

SETTINGS = {"isolation": "inline", "only": lambda name: name == "gradient.values"}


def phi(c, activation):
    return np.maximum(c, 0) if activation == "relu" else c


def right(w, data, activation):
    c = phi(data @ w, activation)
    return ((w @ w - 2) * (c @ data) + (c @ c) * w) / len(data)


def decoder(w, data, activation):
    c = phi(data @ w, activation)
    return -(c @ (data - np.outer(c, w))) / len(data)


def verdict(gradient, /, **declared):
    def function(w, data, activation):
        return gradient(w, data, activation)

    return judge(SimpleNamespace(gradient=function, WHICHMIN=declared), **SETTINGS).results[0]


WRONG = [
    (lambda w, a, f: right(w, a, f) * len(a), "factor m: a sum"),
    (lambda w, a, f: right(w, a, f) / len(a), "factor 1/m"),
    (lambda w, a, f: right(w, a, f) * 2, "factor 2"),
    (lambda w, a, f: -right(w, a, f), "the sign"),
    (lambda w, a, f: right(w, a, "relu"), "the gradient of the other activation"),
    (decoder, "the derivative by the decoder's weights alone"),
    (lambda w, a, f: right(w, a, f) - decoder(w, a, f), "by the encoder's weights alone"),
    (
        lambda w, a, f: right(w, a, f) - (phi(a @ w, f) ** 2).sum() * w / len(a),
        "the term phi^2 w is left out",
    ),
    (lambda w, a, f: (phi(a @ w, f) ** 2).sum() * w / len(a), "the term (N - 2) phi a is left out"),
    (lambda w, a, f: np.zeros_like(w), "always 0"),
    (lambda w, a, f: abs(right(w, a, f)), "the absolute value"),
    (lambda w, a, f: right(w, a, f) + 1e-6 * w, ""),
]


@pytest.mark.parametrize(("gradient", "cause"), WRONG)
def test_mistakes_are_caught_and_named(gradient, cause):
    result = verdict(gradient)
    assert result.verdict == "failed"
    assert cause in result.diagnosis


def test_the_definition_passes_in_every_declared_form():
    assert verdict(right).verdict == "passed"
    assert verdict(lambda w, a, f: right(w, a, f) * len(a), gradient="sum").verdict == "passed"
    assert verdict(lambda w, a, f: right(w, a, f) * 2, loss_scale="2").verdict == "passed"


def test_every_derivative_at_a_kink_gives_the_same():
    def right_sided(w, data, activation):
        c = data @ w
        slope = np.ones_like(c) if activation == "linear" else (c >= 0) * 1.0
        residual = data - np.outer(c * slope, w)
        return -((c * slope) @ residual + (slope * (residual @ w)) @ data) / len(data)

    assert verdict(right_sided).verdict == "passed"


def test_the_parts_add_up():
    case = problem("generic")
    texts, values = zip(*mistakes(case.w, case.data, "linear"), strict=True)
    assert len(set(texts)) == 5
    total = exact(case.w, case.data, "linear")
    for one, other in ((1, 2), (3, 4)):
        assert tuple(p + q for p, q in zip(values[one], values[other], strict=True)) == total
