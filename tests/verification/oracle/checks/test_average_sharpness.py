"""Mean sharpness: right quadrature and right samples pass, and what is wrong is named."""

import itertools
import math
from types import SimpleNamespace

import numpy as np
import pytest

from whichmin.errors import InputError
from whichmin.verification.oracle import judge
from whichmin.verification.oracle.judge import Judge

DRAWS = 60


def judged(sharpness, quick=True, **declared):
    target = SimpleNamespace(WHICHMIN=declared, average_sharpness=sharpness)
    found = judge(target, isolation="inline", quick=quick, only=lambda i: i.startswith("average"))
    return {r.check.partition(".")[2]: r for r in found.results}


def quadrature(change=lambda s, w: s, rise=lambda mean, own: mean - own, nodes=3):
    """Gauss and Hermite: exact for the linear model with three nodes, of degree 4 in all."""
    places, weights = np.polynomial.hermite_e.hermegauss(nodes)
    weights = weights / weights.sum()

    def average_sharpness(loss, w, sigma):
        total = 0.0
        for chosen in itertools.product(range(nodes), repeat=len(w)):
            z = change(sigma, w) * places[list(chosen)]
            total += math.prod(weights[list(chosen)]) * loss(w + z)
        return rise(total, loss(w))

    return average_sharpness


def sampled(change=lambda s, w: s, rise=lambda mean, own: mean - own, draws=DRAWS):
    def average_sharpness(loss, w, sigma, seed):
        rng = np.random.default_rng(seed)
        values = [loss(w + change(sigma, w) * rng.standard_normal(len(w))) for _ in range(draws)]
        return rise(np.mean(values), loss(w))

    return average_sharpness


def estimated(sharpness, samples=DRAWS, method="samples", **declared):
    stochastic = {"average_sharpness": {"method": method, "samples": samples}}
    return judged(sharpness, stochastic=stochastic, **declared)


def test_exact_ones_pass_and_too_few_nodes_do_not():
    found = judged(quadrature(), activations=["linear"], quick=False)
    assert (found["values"].verdict, found["values"].cases) == ("passed", 6)
    assert found["estimates"].verdict == found["seed"].verdict == "not applicable"
    few = judged(quadrature(nodes=2), activations=["linear"])
    assert few["values"].verdict == "failed"


def test_relu_by_a_quadrature_that_knows_no_kink_fails():
    assert judged(quadrature(), activations=["relu"])["values"].verdict == "failed"


WRONG = {
    "square": (lambda s, w: s * s, None, "the standard deviation sigma^2"),
    "root": (lambda s, w: s**0.5, None, "the variance sigma"),
    "length": (lambda s, w: s / np.sqrt(len(w)), None, "the length sigma in all"),
    "weights": (lambda s, w: s * np.abs(w), None, "multiplied by the weights"),
    "half": (lambda s, w: s / 2, None, "half the standard deviation"),
    "loss": (None, lambda mean, own: mean, "is not subtracted"),
    "relative": (None, lambda mean, own: (mean - own) / (1 + own), "relative to 1 + loss"),
    "percent": (None, lambda mean, own: 100 * (mean - own) / (1 + own), "percent of 1 + loss"),
    "sign": (None, lambda mean, own: own - mean, "the sign"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_values_are_named(name):
    change, rise, cause = WRONG[name]
    given = {k: v for k, v in (("change", change), ("rise", rise)) if v}
    result = judged(quadrature(**given), activations=["linear"])["values"]
    assert result.verdict == "failed"
    assert cause in result.diagnosis
    assert result.snippet


def test_right_samples_pass():
    found = estimated(sampled())
    assert found["estimates"].verdict == found["seed"].verdict == "passed"
    assert found["values"].verdict == "not applicable"


def test_a_method_that_no_check_judges_is_refused():
    """Else nonsense would pass: only whether the seed decides it would be looked at."""
    with pytest.raises(InputError, match="must be one of: samples"):
        estimated(lambda loss, w, sigma, seed: 1e9 + seed, method="search")


@pytest.mark.parametrize("name", ["square", "root", "loss", "percent"])
def test_wrong_samples_are_named(name):
    change, rise, cause = WRONG[name]
    given = {k: v for k, v in (("change", change), ("rise", rise)) if v}
    result = estimated(sampled(**given))["estimates"]
    assert result.verdict == "failed"
    assert cause in result.diagnosis
    assert result.false_alarm == 1e-7


def test_fewer_draws_than_declared_are_named():
    result = estimated(sampled(draws=4), samples=2000)["estimates"]
    assert result.verdict == "failed"
    assert "as spread as a few draws" in result.diagnosis


def test_a_fixed_and_a_missing_seed_are_named():
    def fixed(loss, w, sigma, seed):
        return sampled()(loss, w, sigma, 0)

    def missing(loss, w, sigma, seed):
        return sampled()(loss, w, sigma, np.random.default_rng().integers(2**30))

    result = estimated(fixed)["seed"]
    assert (result.verdict, result.diagnosis[:30]) == ("failed", "the seed has no influence: eve")
    result = estimated(missing)["seed"]
    assert result.verdict == "failed"
    assert "the seed does not decide the estimate" in result.diagnosis


def test_no_false_alarm_with_few_draws():
    # 3 draws: the law is as skew as it gets. 10 runs of 8 medians and counts.
    cases = 0
    stochastic = {"average_sharpness": {"method": "samples", "samples": 3}}
    target = SimpleNamespace(
        average_sharpness=sampled(draws=3), WHICHMIN={"stochastic": stochastic}
    )
    for seed in range(10):
        with Judge(target, isolation="inline", quick=True, seed=seed) as run:
            (check,) = [c for c in run.checks if c.id == "average_sharpness.estimates"]
            result = run.result(check)
            assert result.verdict == "passed", result.message
            cases += result.cases
    assert cases == 80
