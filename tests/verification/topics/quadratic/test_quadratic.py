"""Checks on the noisy quadratic, on linear scaling and batch size: wrong versions are caught."""

import dataclasses
import math
from fractions import Fraction

import pytest
import sympy as sp

from whichmin.errors import InputError
from whichmin.symbolic.quadratic import critical_batch as symbolic_critical_batch
from whichmin.verification.evidence.check import Settings
from whichmin.verification.evidence.runner import run_check
from whichmin.verification.evidence.statement import Undecided
from whichmin.verification.evidence.subject import Subject
from whichmin.verification.topics import all_checks
from whichmin.verification.topics.quadratic import noisy, words
from whichmin.verification.topics.quadratic.exact import (
    batch_means,
    covariance_step,
    loss,
    moments,
    product,
    turned,
)
from whichmin.verification.topics.vocabulary import Start

F = Fraction
CHECKS = {c.id: c for c in all_checks() if c.topic == "quadratic"}

FORMS = {
    "quadratic.one_step": ("quadratic.step_mean", 1.001),
    "quadratic.recursion": ("quadratic.mean", 1.001),
    "quadratic.stationary": ("quadratic.stationary_loss", 1.001),
    "quadratic.diffusion": ("quadratic.sde_mean", 1.001),
    # At eta h = 2^-12 the next order is a thousandth.
    "quadratic.order": ("quadratic.variance_gap", 1.1),
    # 40,000 replicas: 4 percent are seen.
    "quadratic.runs": ("quadratic.variance", 1.06),
    "scaling.rule": ("scaling.mean_ratio", 1.001),
    "scaling.order": ("scaling.mean_order", 1.1),
    "scaling.batch_noise": ("scaling.halving", 1.001),
    "scaling.exercise": ("scaling.noise_per_time", 1.001),
    "critical_batch.progress": ("critical.best_step", 1.001),
    "critical_batch.trade_off": ("critical.frontier", 1.001),
    "critical_batch.finite": ("critical.finite_samples", 1.001),
    "critical_batch.optimal_run": ("critical.noise_scale_growth", 1.001),
    "critical_batch.simulated": ("critical.next_variance", 1.05),
    "critical_batch.least_samples": ("critical.samples", 1.001),
}


@pytest.mark.parametrize("name", FORMS)
def test_a_wrong_closed_form_is_caught(name, caught, altered):
    form, factor = FORMS[name]
    caught(CHECKS[name], altered(form, lambda e: e * sp.nsimplify(factor)), says=form)


def test_a_wrong_progress_is_caught_by_the_lemmas(monkeypatch, caught):
    form = symbolic_critical_batch.progress()
    wrong = dataclasses.replace(form, expression=form.expression * 1.001)
    monkeypatch.setattr(symbolic_critical_batch, "progress", lambda: wrong)
    caught(CHECKS["critical_batch.lemmas"], says="n = 1")


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("quadratic.identities", "resting_covariance(h, g, eta, s/(K*B)) == s/(K*B)"),
        ("scaling.identities", "quadratic_covariance(0, h, g, eta, s/B) == eta*s/B"),
        ("critical_batch.identities", "law_of_steps(R, B) == 1 + 2*R/B"),
    ],
)
def test_a_wrong_equation_is_caught(name, wrong, caught):
    caught(CHECKS[name].changed(equations=(wrong,)), says=wrong)


@pytest.mark.parametrize("text", ["law_of_steps(R, B) > 1", "1 == 1 or 1 == 2"])
def test_only_equations_are_decided_by_symbols(text):
    evidence = run_check(
        CHECKS["critical_batch.identities"].changed(equations=(text,)), Subject(), Settings()
    )
    assert "must be an equation" in evidence.message


# The words of the claims.


def test_a_covariance_follows_from_the_step():
    # (1 - eta h)(1 - eta g) v + eta^2 noise
    assert words.quadratic_covariance(F(5), 1, 2, F(1, 4), F(3)) == F(3, 4) * F(1, 2) * 5 + F(3, 16)
    assert words.quadratic_mean(F(2), 1, F(1, 2), 3) == F(1, 4)
    rest = words.resting_covariance(1, 1, F(1, 2), F(1))
    assert rest == F(1, 3) == words.quadratic_covariance(rest, 1, 1, F(1, 2), F(1))


def test_the_diffusion_settles():
    assert words.diffusion_covariance(F(2), 1, 1, F(1), F(4)) == pytest.approx(
        0.5 + 1.5 * math.exp(-8), rel=1e-12
    )
    with pytest.raises(Undecided):
        words.diffusion_covariance(F(2), 1, 1, F(1), F(40))


def test_the_best_steps():
    assert words.best_second_moment(F(1), 1, F(1)) == F(1, 2)
    assert words.best_second_moments(F(1), 1, F(1), 1, 10) == F(1, 11)
    assert words.optimal_steps(F(1), F(1, 65), 1, F(1), 64) == 1
    assert words.optimal_steps(F(1), F(1, 65), 1, F(1), 60) == 2
    assert words.proportional_steps(8, F(1, 10**6), 8) == 20
    # A step lowers the loss by 1/4: two steps by 1/2, three by more.
    assert [words.coordinate_run(1, 1, d) for d in (F(1, 2), F(51, 100))] == [2, 3]
    assert [words.rounded_up(q) for q in (F(2), F(5, 2))] == [2, 3]


def test_a_kink_has_a_cycle_and_a_multiple_of_the_step_ends_at_0():
    assert words.kink_places(F(13, 4), F(1)) == (F(1, 4), F(-3, 4), F(1, 4))
    assert words.kink_places(F(3), F(1))[2] == 0
    assert words.is_whole(F(4, 2))
    assert not words.is_whole(F(1, 2))


def test_runs_in_the_span():
    w = Start((F(0), F(4)), 2)
    # |w|^2 = 16, m = 2: the factor of a step is 1 - 15/5.
    assert words.after_gd(w, F(1, 5), 1).w == pytest.approx((0, -8))
    # 1/50, then 1/5
    assert words.after_warm_up(w, F(1, 50), F(1, 5), 2).w[1] == pytest.approx(
        2.8 * (1 - (2.8**2 - 1) / 5)
    )


def test_batches_of_a_noisy_quadratic():
    q = noisy.noisy_quadratic("1 0, 0 4", "1 1", "1 1, 1 -1, -1 1, -1 -1")
    assert str(q) == 'noisy_quadratic("1 0, 0 4", "1 1", "1 1, 1 -1, -1 1, -1 -1")'
    assert (noisy.noise_scale_of(q), noisy.simple_scale_of(q)) == (F(5, 65), F(2, 17))
    assert (noisy.gradient_energy_of(q), noisy.noise_trace(q), noisy.data_points(q)) == (17, 5, 4)
    # Listed batches and Sigma/B agree; batches of all points have no noise.
    listed = noisy.mean_decrease(q, F(1, 8), 2)
    assert listed == F(17, 8) - F(1, 128) * (65 + F(5, 2))
    assert noisy.best_decrease(q, 4, "without-replacement") == noisy.best_decrease(
        noisy.quiet(q), 1
    )
    assert noisy.best_step_size(noisy.quiet(q), 1) == F(17, 65)
    with pytest.raises(InputError, match="must add up to 0"):
        noisy.noisy_quadratic("1", "1", "1, 2")


def test_sampled_variances():
    values = (F(0), F(2), F(4))
    assert noisy.sampled_variance(values, 1) == F(8, 3)
    assert noisy.sampled_variance(values, 2) == F(8, 3) * F(1, 4)
    assert noisy.sampled_variance(values, 2, "with-replacement") == F(4, 3)
    w = Start((F(3, 5), F(4, 5)), 2)
    assert noisy.noise_per_sample(w, F(1, 10), 2) == 0 < noisy.noise_per_sample(w, F(1, 10), 1)


# The exact recursion that the checks compare with.

ONE = ((F(1), F(0)), (F(0), F(1)))
H = ((F(2), F(0)), (F(0), F(1)))


def test_turning_is_undone():
    assert turned(turned(H), back=True) == H
    assert turned(H) != H
    assert product(turned(H), ONE) == turned(H)


def test_batches_are_listed():
    points = ((F(-1),), (F(0),), (F(1),))
    assert len(list(batch_means(points, 2, replacement=True))) == 9
    assert sorted(batch_means(points, 2, replacement=False)) == [(F(-1, 2),), (F(0),), (F(1, 2),)]


def test_the_mean_of_a_batch_has_a_bth_of_the_variance():
    points = ((F(-1), F(2)), (F(0), F(-3)), (F(1), F(1)))
    _, single = moments(points)
    mean, pair = moments(list(batch_means(points, 2, replacement=True)))
    assert mean == (0, 0)
    assert pair == tuple(tuple(entry / 2 for entry in row) for row in single)


def test_one_step():
    noise = ((F(1), F(0)), (F(0), F(4)))
    assert covariance_step(ONE, H, noise, F(1, 2)) == ((F(1, 4), F(0)), (F(0), F(5, 4)))
    assert loss((F(1), F(2)), H) == 3
