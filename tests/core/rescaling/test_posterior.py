"""Gaussian posteriors, against torch.distributions and a search."""

import numpy as np
import pytest
import torch

from whichmin.core.rescaling import best_variances, gaussian_divergence
from whichmin.errors import InputError


def test_the_divergence_is_that_of_torch():
    rng = np.random.default_rng(0)
    mean, variance = rng.normal(size=6), rng.uniform(0.01, 9, 6)
    normal = torch.distributions.Normal
    told = torch.distributions.kl_divergence(
        normal(torch.tensor(mean), torch.tensor(variance).sqrt()),
        normal(torch.zeros(6, dtype=torch.float64), 1.5),
    )
    assert gaussian_divergence(mean, variance, 1.5) == pytest.approx(float(told.sum()), rel=1e-14)


def test_digits_are_kept_beside_the_prior():
    # r - 1 - log r = e^2/2 - e^3/3 for r = 1 + e: e = 2^-20 is exact in r.
    e = 2.0**-20
    told = gaussian_divergence([0.0], [1 + e])
    assert told == pytest.approx((e**2 / 2 - e**3 / 3) / 2, rel=1e-9)


def test_the_best_posterior_costs_least():
    h = np.array([0.0, 0.5, 4.0])
    best = best_variances(h, 0.3, 2.0)
    assert best[0] == 4.0

    def cost(v):
        return (h * v).sum() / 2 + 0.3 * gaussian_divergence(np.zeros(3), v, 2.0)

    for k in range(3):
        for factor in (0.99, 1.01):
            assert cost(np.where(np.arange(3) == k, factor * best, best)) > cost(best)


@pytest.mark.parametrize(("call", "message"), [
    (lambda: gaussian_divergence([0.0], [0.0]), "variance = 0.0, but must be above 0"),
    (lambda: gaussian_divergence([0.0], [1.0, 2.0]), r"variance = .*must have shape \(1,\)"),
    (lambda: gaussian_divergence([float("nan")], [1.0]), "mean = "),
    (lambda: gaussian_divergence(["a"], [1.0]), "mean = "),
    (lambda: gaussian_divergence([[0.0], [1.0]], [1.0]), r"mean = .*must have shape \(n,\)"),
    (lambda: gaussian_divergence([0.0], [1.0], 0), "prior_deviation = 0"),
    (lambda: best_variances([-1.0], 1.0), "curvatures = -1.0, but must be at least 0"),
    (lambda: best_variances([1.0], 0.0), "temperature = 0.0"),
    (lambda: best_variances([1.0], 1.0, -1), "prior_deviation = -1"),
])  # fmt: skip
def test_refused(call, message):
    with pytest.raises(InputError, match=message):
        call()
