"""Every law is seen to be told from a wrong one that is close to it.

Runs from Gaussian starts end where the laws apply.
"""

import dataclasses

import numpy as np
import pytest
import sympy as sp
from scipy import stats

from whichmin.core.engines import CompiledEngine
from whichmin.symbolic import starts as symbolic
from whichmin.symbolic.derivation import Derivation
from whichmin.verification.evidence.check import Settings, checks_of
from whichmin.verification.evidence.runner import run_check
from whichmin.verification.evidence.subject import Subject
from whichmin.verification.topics.starts import gaussian, laws, tails
from whichmin.words import Activation, Status

CHECKS = {check.id: check for check in checks_of(gaussian, tails)}


def fails(name, words="", **changes):
    check = CHECKS[f"gaussian.{name}"].changed(**changes)
    evidence = run_check(check, Subject(), Settings(seed=2))
    assert not evidence.holds
    assert evidence.message.startswith(check.id)
    assert "Error" not in evidence.message
    assert words in evidence.message


@pytest.mark.parametrize("name", ["shares", "moments", "positive_set", "tails"])
def test_each_identity_that_is_changed_fails(name, monkeypatch):
    for key, chain in getattr(symbolic, name)().items():
        last = chain.steps[-1]
        wrong = dataclasses.replace(last, after=last.after * sp.Rational(1001, 1000) + sp.E / 999)
        chains = {key: Derivation((*chain.steps[:-1], wrong))}
        monkeypatch.setattr(symbolic, name, lambda chains=chains: chains)
        fails(name, key)


def test_a_larger_integrand_is_not_certified():
    one = tails.INTEGRAND
    wrong = dataclasses.replace(one, target=one.target.replace("(1 - q)", "(1 - q/2)"))
    fails("tails", one.name, certificate=wrong)


def test_a_cosine_of_order_m_over_n_is_refused():
    def wrong(m, n, activation):
        return lambda x: laws.start_cosine_cdf(m, n, activation)(np.sqrt(x))

    fails("limits_law", "cos^2", law=gaussian.Laws(start_cosine=wrong))


def test_a_dimension_more_is_noticed():
    def wrong(m, n, activation):
        return laws.start_cosine_cdf(m, n + 2, activation)

    fails("limits_law", law=gaussian.Laws(start_cosine=wrong))


def test_relu_is_not_the_linear_law():
    def wrong(m, n, activation):
        return laws.start_cosine_cdf(m, n, Activation.LINEAR)

    fails("limits_law", "relu", law=gaussian.Laws(start_cosine=wrong))


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"weight": lambda s, x: stats.beta.cdf(x, 0.5, s / 2)}, "p_i"),
        ({"weight": lambda s, x: stats.beta.cdf(x, 1, s - 1)}, "p_i"),
        ({"positive": lambda m, x: stats.binom.cdf(x, m, 0.46)}, "|S+|"),
        ({"positive": lambda m, x: stats.binom.cdf(np.maximum(x, 1), m, 0.5)}, ""),
        ({"square_sum": lambda s: 1 / s}, "sum of p_i^2"),
        ({"above": lambda t, m, a: 0.8 * laws.largest_above(t, m, a)}, "max p_i"),
    ],
)
def test_wrong_laws_of_the_weights(wrong, words):
    fails("weights_law", words, law=gaussian.Laws(**wrong))


def test_bounds_without_the_union_or_with_the_linear_exponent():
    def single(t, m, activation):
        return laws.largest_bound(t, m, activation) / m

    def linear(t, m, activation):
        return laws.largest_bound(t, m, Activation.LINEAR)

    for wrong in (single, linear):
        fails("bounds_hold", "max p_i", law=gaussian.Laws(bound=wrong))


def test_a_bound_of_sgds_cosine_as_if_the_start_had_more_dimensions():
    def wrong(t, m, n):
        return laws.point_bound(t, m, 2 * n)

    fails("sgd_start", "cos^2 with the start", law=gaussian.Laws(point=wrong))


def test_the_articles_gap_of_one_half_is_refused():
    law = 1 / (4 * (1 - 2.0**-8)) - 1 / 16
    for claimed in (0.5, 0.25):
        fails("gaps", "mean gap", excess=claimed - law)


class KeepsNegativePoints(CompiledEngine):
    """An engine that trains the linear neuron, whatever it is asked for."""

    def __init__(self, problem, start):
        super().__init__(dataclasses.replace(problem, activation=Activation.LINEAR), start)


def test_an_engine_that_ignores_the_activation_is_noticed():
    subject = Subject().with_engine("compiled", KeepsNegativePoints, "linear always")
    for name in ("limits_law", "weights_law"):
        evidence = run_check(CHECKS[f"gaussian.{name}"], subject, Settings(seed=2))
        assert not evidence.holds
        assert "relu" in evidence.message


def test_starts_have_norm_one_half_and_gaussian_directions():
    rows = gaussian.starts(5, 1000, 3)
    assert np.linalg.norm(rows, axis=1) == pytest.approx(0.5)
    assert abs(rows.mean()) < 0.02


@pytest.mark.parametrize("batch", [None, 1])
def test_every_replica_ends_at_a_minimum_or_is_dead(batch):
    result = gaussian.trained(Subject(), 3, 4, Activation.RELU, batch, Settings())
    lives = gaussian.alive(result)
    assert 0 < (~lives).sum() < len(lives)
    assert {result.status[r] for r in np.flatnonzero(~lives)} == {Status.DEAD_NEURON}
    points = result.data.points.numpy()
    assert ((result.start.numpy() @ points.T)[~lives] <= 0).all()


def test_the_same_runs_are_made_once():
    first, second = (
        gaussian.trained(Subject(), 3, 4, Activation.RELU, 1, Settings()) for _ in range(2)
    )
    assert first is second


def test_false_alarms_are_as_stated():
    for name, figures in (
        ("limits_law", 6), ("weights_law", 18), ("bounds_hold", 6), ("sgd_start", 3), ("gaps", 1),
    ):  # fmt: skip
        assert figures * 1e-7 <= CHECKS[f"gaussian.{name}"].false_alarm * (1 + 1e-9)
        evidence = run_check(CHECKS[f"gaussian.{name}"], Subject(), Settings(seed=3))
        assert evidence.holds, evidence.message
        assert len(evidence.found) == figures
