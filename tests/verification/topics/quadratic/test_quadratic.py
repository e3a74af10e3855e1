"""Checks on the noisy quadratic, on linear scaling and batch size: wrong versions are caught."""

import dataclasses
from fractions import Fraction

import pytest
import sympy as sp

from whichmin.symbolic.quadratic import critical_batch as symbolic_critical_batch
from whichmin.verification.topics import all_checks
from whichmin.verification.topics.quadratic.exact import (
    batch_means,
    covariance_step,
    loss,
    moments,
    product,
    turned,
)

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
