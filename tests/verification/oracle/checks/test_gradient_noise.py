"""A right covariance passes in every declaration; wrong ones fail, with the right cause."""

import itertools
from types import SimpleNamespace

import numpy as np
import pytest

from whichmin.verification.oracle import judge


def point_gradients(w, data, activation):
    c = data @ w
    phi = c * (c > 0) if activation == "relu" else c
    return (w @ w - 2) * phi[:, None] * data + (phi**2)[:, None] * w


def factor(m, b, sampling="without-replacement"):
    if sampling == "with-replacement":
        return 1 / b
    return (m - b) / (b * (m - 1)) if m > 1 else 0.0


def right(sampling="without-replacement", scale=1.0):
    def gradient_noise(w, data, b, activation):
        g = scale * point_gradients(w, data, activation)
        d = g - g.mean(axis=0)
        return factor(len(g), b, sampling) * d.T @ d / len(g)

    return gradient_noise


def estimate(k, sampling="without-replacement", wrong=lambda s, k, b: s, seeded=True):
    def gradient_noise(w, data, b, activation, seed):
        rng = np.random.default_rng(seed if seeded else 0)
        g = point_gradients(w, data, activation)
        if sampling == "with-replacement":
            rows = rng.integers(0, len(g), (k, b))
        else:
            rows = np.argsort(rng.random((k, len(g))), axis=1)[:, :b]
        return wrong(np.cov(g[rows].mean(axis=1).T), k, b)

    return gradient_noise


def verdict(gradient_noise, check="gradient_noise.values", seed=0, **declared):
    target = SimpleNamespace(gradient_noise=gradient_noise, WHICHMIN=declared)
    found = judge(target, isolation="inline", seed=seed, only=lambda name: name == check)
    return found.results[0]


def declared(k):
    return {"gradient_noise": {"method": "samples", "samples": k}}


@pytest.mark.parametrize("sampling", ["without-replacement", "with-replacement", "reshuffled"])
def test_right_passes(sampling):
    assert verdict(right(sampling), sampling=sampling).verdict == "passed"


def test_right_passes_by_enumeration_and_in_float32():
    def by_enumeration(w, data, b, activation):
        g = point_gradients(w, data, activation)
        batches = itertools.combinations(range(len(g)), b)
        x = np.array([g[list(rows)].mean(axis=0) for rows in batches])
        return np.cov(x.T, bias=True) if len(x) > 1 else np.zeros((g.shape[1],) * 2)

    def one_dimension(w, data, b, activation):
        return by_enumeration(w, data, b, activation).reshape(len(w), len(w))

    assert verdict(one_dimension).verdict == "passed"
    assert verdict(right(), dtype="float32").verdict == "passed"


def test_loss_scale_counts_twice():
    assert verdict(right(scale=2.0), loss_scale=2).verdict == "passed"
    assert verdict(right(), loss_scale=2).diagnosis.startswith("off by exactly a factor 1/4")


def test_cyclic_batches_have_no_covariance():
    assert verdict(right(), sampling="cyclic").verdict == "not applicable"


def _sigma(change):
    def gradient_noise(w, data, b, activation):
        g = point_gradients(w, data, activation)
        d = g - g.mean(axis=0)
        return change(d.T @ d / len(g), len(g), b, g)

    return gradient_noise


WRONG = {
    "with replacement": (lambda s, m, b, g: s / b, "with replacement"),
    "sample": (
        lambda s, m, b, g: s * factor(m, b) * (m / (m - 1) if m > 1 else 1),
        "factor m/(m-1)",
    ),
    "per point": (lambda s, m, b, g: s, "one point's gradient"),
    "sum": (lambda s, m, b, g: s * factor(m, b) * b * b, "b^2 too much"),
    "summed loss": (lambda s, m, b, g: s * factor(m, b) * m * m, "m^2 too much"),
    "by m": (lambda s, m, b, g: s / m, "divided by m in place of b"),
    "b twice": (lambda s, m, b, g: s * factor(m, b) / b, "b^2 in place of b"),
    "correction": (lambda s, m, b, g: s * (m - b) / (b * m), "(m-b)/(b m)"),
    "moment": (
        lambda s, m, b, g: s * factor(m, b) + np.outer(g.mean(axis=0), g.mean(axis=0)),
        "second moment of the batch",
    ),
    "moment of a point": (lambda s, m, b, g: g.T @ g / m / b, "one point's gradient over b"),
    "diagonal": (lambda s, m, b, g: np.diag(np.diag(s)) * factor(m, b), "only the diagonal"),
    "sign": (lambda s, m, b, g: -s * factor(m, b), "-1: the sign"),
    "half": (lambda s, m, b, g: s * factor(m, b) / 2, "1/2: halved"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_ones_are_named(name):
    change, cause = WRONG[name]
    result = verdict(_sigma(change))
    assert result.verdict == "failed"
    assert cause in result.diagnosis


def test_the_other_sampling_is_to_be_declared():
    result = verdict(right("with-replacement"))
    assert result.declare == "'sampling': 'with-replacement'"
    result = verdict(right(), sampling="with-replacement")
    assert result.declare == "'sampling': 'without-replacement'"


def test_the_other_activation_is_named():
    noise = right()
    result = verdict(lambda w, data, b, activation: noise(w, data, b, "linear"))
    assert result.diagnosis == "the covariance of the other activation"


CHECK = "gradient_noise.estimate"


@pytest.mark.parametrize("sampling", ["without-replacement", "with-replacement"])
def test_a_right_estimate_passes(sampling):
    result = verdict(estimate(200, sampling), CHECK, sampling=sampling, stochastic=declared(200))
    assert result.verdict == "passed"
    assert result.cases == 8


def test_both_divisors_pass():
    biased = estimate(20, wrong=lambda s, k, b: s * (k - 1) / k)
    assert verdict(biased, CHECK, stochastic=declared(20)).verdict == "passed"


def test_an_exact_function_declared_an_estimate_passes():
    noise = right()

    def gradient_noise(w, data, b, activation, seed):
        return noise(w, data, b, activation)

    assert verdict(gradient_noise, CHECK, stochastic=declared(50)).verdict == "passed"


WRONG_ESTIMATES = {
    "with replacement": (estimate(400, "with-replacement"), "with replacement"),
    "not averaged": (estimate(400, wrong=lambda s, k, b: s * k), "factor samples"),
    "seed": (estimate(400, seeded=False), "the seed is ignored"),
    "sum": (estimate(400, wrong=lambda s, k, b: s * b * b), "b^2 too much"),
    "diagonal": (estimate(400, wrong=lambda s, k, b: np.diag(np.diag(s))), "only the diagonal"),
}


@pytest.mark.parametrize("name", WRONG_ESTIMATES)
def test_wrong_estimates_are_named(name):
    found, cause = WRONG_ESTIMATES[name]
    result = verdict(found, CHECK, stochastic=declared(400))
    assert result.verdict == "failed"
    assert cause in result.diagnosis
