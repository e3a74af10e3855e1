"""XTrace against its definition, term by term, and how often its intervals hold."""

import numpy as np
import pytest
import torch
from scipy import stats

from whichmin.core.instruments import closure_objective, estimate_trace
from whichmin.core.instruments.xtrace import SHARED, xtrace_terms

SPECTRA = {
    "outliers": np.r_[50, 30, 20, 10, 8, 5, np.linspace(0, 0.1, 114)],
    "decaying": 0.8 ** np.arange(120),
    "power law": 1 / np.arange(1, 121),
    "flat": np.linspace(0.5, 1.5, 120),
}


def matrix(values, seed=0):
    q = np.linalg.qr(np.random.default_rng(seed).standard_normal((len(values),) * 2))[0]
    return (q * values) @ q.T


def terms(h, probes):
    images = h @ probes
    q = np.linalg.qr(images)[0]
    return xtrace_terms(*(torch.from_numpy(m) for m in (probes, images, q, h @ q))).numpy()


@pytest.mark.parametrize("name", SPECTRA)
def test_the_definition(name):
    h = matrix(SPECTRA[name])
    probes = np.random.default_rng(1).choice([-1.0, 1.0], (120, 6))
    for i, found in enumerate(terms(h, probes)):
        q = np.linalg.qr(h @ np.delete(probes, i, axis=1))[0]
        left = probes[:, i] - q @ (q.T @ probes[:, i])
        assert found == pytest.approx(np.trace(q.T @ h @ q) + left @ h @ left, rel=1e-9)


def test_dependent_images_have_no_terms():
    h = matrix(np.r_[3.0, 2.0, np.zeros(20)])
    probes = np.random.default_rng(1).choice([-1.0, 1.0], (22, 6))
    images = h @ probes
    q = np.linalg.qr(images)[0]
    assert xtrace_terms(*(torch.from_numpy(m) for m in (probes, images, q, h @ q))) is None


@pytest.mark.parametrize("name", SPECTRA)
@pytest.mark.parametrize("many", [8, 20])
def test_intervals_hold(name, many):
    """At 95 % of 400 at least 354 must: binomial, 1e-6 for fewer, before the seed was fixed."""
    h, draws = matrix(SPECTRA[name]), np.random.default_rng(many)
    least = stats.binom.ppf(1e-6, 400, 0.95)
    held = narrow = 0
    for _ in range(400):
        found = terms(h, draws.choice([-1.0, 1.0], (120, many)))
        away = abs(found.mean() - np.trace(h))
        reach = stats.t.ppf(0.975, many - 1) * found.std(ddof=1) / np.sqrt(many)
        held += away <= SHARED * reach
        narrow += away <= reach
    assert held >= least
    if name == "power law":
        assert narrow < least  # as if the terms were independent, they do not


@pytest.mark.parametrize("name", SPECTRA)
def test_estimates(name):
    h = torch.from_numpy(matrix(SPECTRA[name]))
    objective = closure_objective(lambda w: w @ h @ w / 2, np.zeros(120))
    exact, held = float(h.trace()), 0
    for seed in range(20):
        found = estimate_trace(objective, target=0.02, method="xtrace", seed=seed)
        assert found.reached
        assert found.standard_error <= 0.02 * abs(found.value)
        low, high = found.interval()
        held += low <= exact <= high
    assert held >= 14  # of 20 at 95 %: fewer has a chance of 3e-4 at most, before seeds were fixed
    assert estimate_trace(objective, target=0.02).products < 112  # what hutch++ begins with


def test_what_it_does_not_reach_hutch_takes_over():
    """A trace far below the norm: the first 128 products are not enough."""
    values = np.r_[np.linspace(-1, 1, 299), 1.0]
    h = torch.from_numpy(matrix(values))
    objective = closure_objective(lambda w: w @ h @ w / 2, np.zeros(300))
    found = estimate_trace(objective, target=0.5, max_products=5000)
    assert found.method == "hutch++"
    assert found.reached
    alone = estimate_trace(objective, target=1e-6, method="xtrace", max_products=40)
    assert not alone.reached
    assert alone.products <= 40
