"""The check of the loss, seen passing and failing, with the cause."""

from types import SimpleNamespace

import numpy as np
import pytest

from whichmin.verification.oracle import judge

SETTINGS = {"isolation": "inline", "only": lambda name: name == "loss.values"}


def phi(c, activation):
    return np.maximum(c, 0) if activation == "relu" else c


def right(w, data, activation):
    return np.square(data - np.outer(phi(data @ w, activation), w)).sum() / (2 * len(data))


def verdict(loss, /, **declared):
    def function(w, data, activation):
        return loss(w, data, activation)

    return judge(SimpleNamespace(loss=function, WHICHMIN=declared), **SETTINGS).results[0]


WRONG = [
    (lambda w, a, f: right(w, a, f) * len(a), "factor m"),
    (lambda w, a, f: right(w, a, f) * 2, "factor 2: the 1/2 of the definition is missing"),
    (lambda w, a, f: right(w, a, f) * 2 / len(w), "factor 2/n: the mean over the coordinates"),
    (lambda w, a, f: -right(w, a, f), "factor -1: the sign"),
    (lambda w, a, f: right(w, a, "linear"), "the loss of the other activation"),
    (lambda w, a, f: right(w, a, f) - np.square(a).sum() / (2 * len(a)), "|a|^2 / 2 is left out"),
    (lambda w, a, f: float(np.float32(right(w, a, f))), "the rounding of float32"),
]


@pytest.mark.parametrize(("loss", "cause"), WRONG, ids=lambda x: x if isinstance(x, str) else "")
def test_mistakes_are_caught_and_named(loss, cause):
    result = verdict(loss)
    assert result.verdict == "failed"
    assert cause in result.diagnosis


def test_the_definition_passes_in_every_declared_form():
    assert verdict(right).verdict == "passed"
    assert verdict(lambda w, a, f: right(w, a, f) * len(a), loss="sum").verdict == "passed"
    assert verdict(lambda w, a, f: right(w, a, f) * 2, loss_scale=2).verdict == "passed"
    relu = verdict(right, activations=["relu"])
    assert relu.verdict == "passed"
    assert relu.cases * 2 == verdict(right).cases


def test_float32_passes_once_declared():
    def single(w, data, activation):
        value = right(w.astype(np.float32), data.astype(np.float32), activation)
        return np.float32(value)

    assert "declare WHICHMIN" in verdict(single).message
    assert verdict(single, dtype="float32").verdict == "passed"
