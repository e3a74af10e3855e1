"""Every figure on the script is seen to be told from a wrong one."""

from fractions import Fraction

import numpy as np
import pytest
import torch
from scipy import stats

from whichmin.verification.evidence.check import Settings, checks_of
from whichmin.verification.evidence.runner import run_check
from whichmin.verification.evidence.subject import Subject
from whichmin.verification.topics.starts import laws
from whichmin.verification.topics.starts import published_script as script
from whichmin.words import Activation

CHECKS = {check.id: check for check in checks_of(script)}


def skewed(m, b, generator):
    """Drawn with replacement where the two coincide, else the first point a little too often."""
    weights = torch.ones(m)
    weights[0] = 1.25
    return torch.multinomial(weights, b, generator=generator)


def with_replacement(m, b, generator):
    return torch.randint(m, (b,), generator=generator)


@pytest.mark.parametrize(
    ("name", "wrong", "words"),
    [
        ("listing", {"lines": ("x = 'a'",)}, "accepts 1 of 1"),
        ("recipe", {"step": Fraction(1, 4)}, "step size"),
        ("recipe", {"divisor": Fraction(1)}, "norm of the start"),
        ("sampler", {"draw": skewed}, "b = 1"),
        ("sampler", {"draw": with_replacement}, "no subset"),
        ("gd_start", {"tail": lambda x: script.start_tail(x, 10, 32)}, "the fraction at"),
        ("gd_start", {"tail": lambda x: script.start_tail(x) if x < 0.9 else 1}, "0.985"),
        ("gd_largest", {"tail": lambda x: 10**6 * script.largest_tail(x)}, "0.355"),
        ("gd_largest", {"tail": lambda x: script.largest_tail(x) or 1e-17}, "least"),
        ("gd", {"above": lambda t: laws.largest_above(t, 7, Activation.RELU)}, "largest cosine"),
        ("gd", {"cdf": laws.start_cosine_cdf(8, 36, Activation.RELU)}, "with the start"),
        ("sgd", {"arrived": (("is at least", 0.995, 1.0),)}, "0.995"),
        ("sgd", {"arrived": (("is at least", 0.995, 0.55),)}, "0.995"),
        ("sgd", {"median": 0.05}, "exceeds 0.05"),
        ("steps", {"least": 0.999}, "48000"),
        ("steps", {"cases": ((32_000, Fraction(1, 20)),)}, "32000"),
    ],
)
def test_a_wrong_variant_fails(name, wrong, words):
    check = CHECKS[f"script.{name}"].changed(**wrong)
    evidence = run_check(check, Subject(), Settings(seed=1))
    assert not evidence.holds
    assert "Error" not in evidence.message
    assert words in evidence.message


def test_tails_against_scipy():
    for x in (Fraction(1, 10), Fraction(1, 2), Fraction(97, 100)):
        assert float(script.start_tail(x)) == pytest.approx(stats.beta.sf(float(x), 4, 12))


def test_the_simplex_bound_against_importance_sampling():
    # Uniform points of the simplex {q_i >= 0, sum q = 8u - 1} have p_i = u - q_i; the mean of the
    # density over them, times the volume, is the chance that the bound bounds.
    u = 0.37**2
    q = np.random.default_rng(1).dirichlet(np.ones(8), size=100_000) * (8 * u - 1)
    p = u - q
    inside = (p > 0).all(1)
    assert inside.all()
    density = 6 / np.pi**4 / np.sqrt(p.prod(1))
    chance = density.mean() * (8 * u - 1) ** 7 / 5040
    bound = float(script.largest_tail(Fraction(37, 100))) * 2**8
    assert chance < bound < 100 * chance


def test_the_bound_vanishes_below_the_least_value():
    assert script.largest_tail(Fraction(353, 1000)) == 0
