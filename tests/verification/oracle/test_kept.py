"""Answers that are kept from earlier calls are recognised, and nothing else is."""

from types import SimpleNamespace

import numpy as np
import pytest

from whichmin.verification.oracle import judge
from whichmin.verification.oracle.check import Call, Finding
from whichmin.verification.oracle.kept import kept_answer
from whichmin.verification.oracle.mutants import reference

KEYS = {
    "the same weights, though the data differ": lambda w, data, activation: (
        w.tobytes(), activation
    ),
    "the same data, though the weights differ": lambda w, data, activation: (
        data.tobytes(), activation
    ),
    "the same shapes, though the numbers differ": lambda w, data, activation: data.shape,
}  # fmt: skip


def kept(function, key):
    answers = {}

    def call(w, data, activation):
        name = key(w, data, activation)
        if name not in answers:
            answers[name] = function(w, data, activation)
        return answers[name]

    return call


def first(function, **made):
    found = judge(SimpleNamespace(**made), isolation="inline", only=lambda c: c == function)
    return found.results[0]


@pytest.mark.parametrize("text", KEYS)
def test_a_cache_by_too_little_is_named(text):
    result = first("loss.values", loss=kept(reference.loss, KEYS[text]))
    assert result.verdict == "failed"
    assert text in result.diagnosis


def test_a_cache_by_everything_is_right():
    by_all = kept(reference.loss, lambda w, data, activation: (
        w.tobytes(), data.tobytes(), activation
    ))  # fmt: skip
    for name in ("loss.values", "loss.repeat"):
        assert first(name, loss=by_all).verdict == "passed"


def test_a_forgotten_activation_is_no_kept_answer():
    result = first(
        "loss.values", loss=lambda w, data, activation: reference.loss(w, data, "linear")
    )
    assert "earlier call" not in result.diagnosis


def test_a_wrong_first_answer_is_no_kept_answer():
    call = Call("loss", {"w": (1,), "data": ((1,),), "activation": "relu"})
    wrong = Finding("loss", np.float64(2.0), np.float64(1.0), 0.1, "none", call=call)
    assert kept_answer([wrong]) is None
    assert kept_answer([]) is None
