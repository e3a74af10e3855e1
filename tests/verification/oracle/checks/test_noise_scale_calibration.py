"""No false alarm of a stochastic check of noise and samplers, in many seeded runs on right targets.

50 runs; with ``WHICHMIN_DEEP=1`` in the environment, or ``--whichmin-deep``, 1,000.
"""

import os
from types import SimpleNamespace

import numpy as np
import pytest

from whichmin.verification.oracle.judge import Judge

MODES = ("without-replacement", "with-replacement", "reshuffled")


@pytest.fixture
def runs(request):
    deep = request.config.getoption("--whichmin-deep", default=False)
    return 1000 if deep or os.environ.get("WHICHMIN_DEEP") else 50


def _rows(rng, m, b, count, sampling):
    if sampling == "with-replacement" or b == 1:
        return rng.integers(0, m, (count, b))
    return rng.random((count, m)).argsort(axis=1)[:, :b]


def _sampler(sampling):
    def sample_batches(m, b, steps, seed):
        rng = np.random.default_rng(seed)
        if sampling != "reshuffled":
            return _rows(rng, m, b, steps, sampling)
        each = m // b
        order = rng.random((-(-steps // each), m)).argsort(axis=1)
        return order[:, : each * b].reshape(-1, b)[:steps]

    return sample_batches


def _point_gradients(w, data, activation):
    c = data @ w
    phi = c * (c > 0) if activation == "relu" else c
    return (w @ w - 2) * phi[:, None] * data + (phi**2)[:, None] * w


def _covariance(k, sampling):
    def gradient_noise(w, data, b, activation, seed):
        g = _point_gradients(w, data, activation)
        rows = _rows(np.random.default_rng(seed), len(g), b, k, sampling)
        return np.cov(g[rows].mean(axis=1).T)

    return gradient_noise


def _two_batches(k):
    def noise_scale(w, data, activation, seed):
        rng = np.random.default_rng(seed)
        g = _point_gradients(w, data, activation)
        draws = (g[rng.integers(0, len(g), (k, b))].mean(axis=1) for b in (1, 2))
        a, c = ((x**2).sum(axis=1).mean() for x in draws)
        with np.errstate(all="ignore"):
            return (a - c) / 0.5 / (2 * c - a)

    return noise_scale


def _estimates(name, method, samples):
    return {"stochastic": {name: {"method": method, "samples": samples}}}


TARGETS = {
    **{
        f"sampler, {mode}": SimpleNamespace(
            sample_batches=_sampler(mode), WHICHMIN={"sampling": mode}
        )
        for mode in MODES
    },
    # Few samples: the estimates have long tails, where a normal approximation fails first.
    **{
        f"covariance of {k} batches, {mode}": SimpleNamespace(
            gradient_noise=_covariance(k, mode),
            WHICHMIN={"sampling": mode, **_estimates("gradient_noise", "samples", k)},
        )
        for k, mode in ((3, "with-replacement"), (20, "without-replacement"))
    },
    "two batch sizes": SimpleNamespace(
        noise_scale=_two_batches(1500),
        WHICHMIN={
            "sampling": "with-replacement",
            "activations": ["linear"],
            **_estimates("noise_scale", "two batch sizes", 1500),
        },
    ),
}


@pytest.mark.parametrize("name", TARGETS)
def test_no_false_alarm(name, runs):
    cases, alarms = 0, []
    for seed in range(runs):
        with Judge(TARGETS[name], isolation="inline", quick=True, seed=seed) as judged:
            for check in (c for c in judged.checks if c.kind == "stochastic"):
                result = judged.result(check)
                cases += result.cases
                if result.verdict == "failed":
                    alarms.append((seed, check.id, result.message))
    assert alarms == []
    assert cases >= runs
