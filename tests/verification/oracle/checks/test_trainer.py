"""The checks of a step and of a run, seen passing and failing, with the cause."""

from types import SimpleNamespace

import numpy as np
import pytest

from whichmin.verification.oracle import judge


def phi(c, activation):
    return np.maximum(c, 0) if activation == "relu" else c


def gradient(w, data, activation):
    c = phi(data @ w, activation)
    return ((w @ w - 2) * (c @ data) + (c @ c) * w) / len(data)


def step(w, batch, step_size, activation):
    return w - step_size * gradient(w, batch, activation)


def train(w0, data, batches, step_size, activation):
    w = w0
    for batch in batches:
        w = step(w, data[batch], step_size, activation)
    return w


def verdict(name, function, **declared):
    if name == "step":
        given = lambda w, batch, step_size, activation: function(w, batch, step_size, activation)  # noqa: E731
    else:
        given = lambda w0, data, batches, step_size, activation: function(  # noqa: E731
            w0, data, batches, step_size, activation
        )
    target = SimpleNamespace(**{name: given}, WHICHMIN=declared)
    only = f"{name}.values"
    return judge(target, isolation="inline", only=lambda check: check == only).results[0]


def once(w, batch, step_size, activation):
    return step(w, np.unique(batch, axis=0), step_size, activation)


def point_by_point(w, batch, step_size, activation):
    for row in batch:
        w = w - step_size / len(batch) * gradient(w, row[None], activation)
    return w


WRONG_STEPS = [
    (lambda w, a, s, f: w - s * len(a) * gradient(w, a, f), "factor b: a sum over the batch"),
    (lambda w, a, s, f: w - s * gradient(w, a, f) / len(a), "factor 1/b"),
    (lambda w, a, s, f: w + s * gradient(w, a, f), "factor -1: the sign"),
    (lambda w, a, s, f: w - gradient(w, a, f), "factor 1/eta: the step size is not applied"),
    (lambda w, a, s, f: w - s * s * gradient(w, a, f), "factor eta"),
    (lambda w, a, s, f: w - 2 * s * gradient(w, a, f), "factor 2"),
    (lambda w, a, s, f: w, "the weights before the update are returned"),
    (lambda w, a, s, f: gradient(w, a, f), "the gradient is returned"),
    (lambda w, a, s, f: -s * gradient(w, a, f), "the update is returned"),
    (lambda w, a, s, f: step(w, a, s, "relu"), "the gradient of the other activation"),
    (once, "rows that occur several times count once"),
    (point_by_point, "the weights are updated within the batch, point by point"),
]


@pytest.mark.parametrize(("function", "cause"), WRONG_STEPS)
def test_wrong_steps_are_caught_and_named(function, cause):
    result = verdict("step", function)
    assert result.verdict == "failed"
    assert cause in result.diagnosis


def run(change=lambda t, batches: batches, *, momentum=0.0, decay=0.0, scale=lambda b, m: 1.0):
    def trainer(w0, data, batches, step_size, activation):
        w, velocity = w0, 0.0
        for batch in change(0, list(batches)):
            slope = scale(len(batch), len(data)) * gradient(w, data[batch], activation)
            velocity = momentum * velocity + slope + decay * w
            w = w - step_size * velocity
        return w

    return trainer


def stale(w0, data, batches, step_size, activation):
    w = w0
    for batch in batches:
        w = w - step_size * gradient(w0, data[batch], activation)
    return w


def full(w0, data, batches, step_size, activation):
    for _ in batches:
        w0 = step(w0, data, step_size, activation)
    return w0


def single(w0, data, batches, step_size, activation):
    w = w0.astype(np.float32)
    for batch in batches:
        w = step(w, data[batch].astype(np.float32), np.float32(step_size), activation)
    return w.astype(np.float64)


WRONG_RUNS = [
    (run(lambda t, b: b[:-1]), "the value before the last update is returned"),
    (run(lambda t, b: [*b, b[-1]]), "one step too many: the last batch is used twice"),
    (run(lambda t, b: [*b, b[0]]), "one step too many: the run starts over"),
    (run(lambda t, b: b[1:]), "off by one batch: the first is skipped"),
    (run(lambda t, b: [*b[1:], b[0]]), "off by one batch: the run starts with the second"),
    (run(lambda t, b: [b[-1], *b[:-1]]), "off by one batch: the run starts with the last"),
    (run(lambda t, b: b[::-1]), "the batches are taken in reverse order"),
    (run(lambda t, b: [b[0]] * len(b)), "the first batch is used in every step"),
    (run(lambda t, b: [np.unique(x) for x in b]), "rows that occur several times in a batch"),
    (run(lambda t, b: [x[k : k + 1] for x in b for k in range(len(x))]), "point by point"),
    (run(momentum=0.9), "momentum 0.9 is on"),
    (run(decay=1e-4), "weight decay 0.0001 is on"),
    (run(scale=lambda b, m: b / m), "divided by the number of points m, not by the batch size"),
    (run(scale=lambda b, m: b), "a sum over the batch where a mean is expected"),
    (run(scale=lambda b, m: 1 / b), "divided by the batch size twice"),
    (run(scale=lambda b, m: -1.0), "the sign of the update"),
    (run(scale=lambda b, m: 2.0), "twice the update in every step"),
    (stale, "all gradients are taken at the start"),
    (full, "all points are used in every step"),
    (single, "the rounding of float32"),
    (lambda w0, a, b, s, f: w0, "the start is returned"),
    (lambda w0, a, b, s, f: train(w0, a, b, s, "linear"), "the other activation"),
]


@pytest.mark.parametrize(("function", "cause"), WRONG_RUNS)
def test_wrong_runs_are_caught_and_named(function, cause):
    result = verdict("train", function)
    assert result.verdict == "failed"
    assert cause in result.diagnosis


def test_what_is_returned_is_the_last_weights_alone():
    def path(w0, data, batches, step_size, activation):
        return np.array([w0] * (len(batches) + 1))

    assert "returned shape (5, 5), expected (5,)" in verdict("train", path).message


@pytest.mark.parametrize(("name", "function"), [("step", step), ("train", train)])
def test_the_definition_passes(name, function):
    result = verdict(name, function)
    assert result.verdict == "passed"
    assert result.cases > 90


def test_declared_conventions():
    def summed(w0, data, batches, step_size, activation):
        for batch in batches:
            w0 = w0 - step_size * len(batch) * gradient(w0, data[batch], activation)
        return w0

    found = verdict("train", summed)
    assert found.declare == "'gradient': 'sum'"
    assert verdict("train", summed, gradient="sum").verdict == "passed"
    assert verdict("train", run(scale=lambda b, m: 2.0), loss_scale=2).verdict == "passed"

    def single_precision(w0, data, batches, step_size, activation):
        assert w0.dtype == np.float32
        return train(w0, data, batches, step_size, activation)

    assert verdict("train", single_precision, dtype="float32").verdict == "passed"
