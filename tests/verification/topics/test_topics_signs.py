"""Signs of closed forms: another form is noticed by the checks that decide its sign."""

import dataclasses

import pytest

pytest.importorskip("z3")
pytest.importorskip("flint")

from whichmin.verification.evidence.check import Settings
from whichmin.verification.evidence.runner import run_check
from whichmin.verification.evidence.subject import Subject
from whichmin.verification.topics import all_checks

CHECKS = {c.id: c for c in all_checks()}

# Closed forms that the checks read; the other sign of each must be noticed.
FORMS = {
    "critical_batch.signs": (
        "critical.steps", "critical.samples", "critical.doubling", "critical.doubling_cost",
        "critical.elasticity", "critical.finite_samples", "critical.progress",
        "critical.best_step", "critical.best_progress", "critical.rule_share",
        "critical.stationary_scale", "scaling.stationary_ratio",
        "quadratic.stationary_covariance", "quadratic.sde_covariance",
    ),
    "noise.signs": (
        "noise.simple_scale", "noise.vertex_simple", "noise.balanced_batch",
        "noise.sampling_without", "noise.sampling_with",
    ),
    "posterior.signs": ("posterior.penalty_slope", "posterior.variance"),
    "measures.signs": (
        "sharpness.trace_difference", "sam.sphere_difference", "sam.gaussian_difference",
        "reparameterisation.untied_trace", "sharpness.minimum_top",
        "flatness.log_determinant_difference",
    ),
    "stationary.signs": (
        "stationary.log_basin_mass", "stationary.exit_time", "stationary.hessian_noise_odds",
    ),
}  # fmt: skip


# These are said to be below something: twice as much is not.
UPPER = {"critical.best_progress", "quadratic.sde_covariance"}


@pytest.mark.parametrize(("name", "form"), [(n, f) for n, forms in FORMS.items() for f in forms])
def test_the_other_sign_of_a_closed_form_is_noticed(name, form):
    right = Subject().forms[form]
    factor = 2 if form in UPPER else -1
    wrong = Subject().with_form(dataclasses.replace(right, expression=factor * right.expression))
    evidence = run_check(CHECKS[name], wrong, Settings())
    assert not evidence.holds
    assert evidence.message.startswith(name)
    assert "Error" not in evidence.message.split("\n")[0]


def test_another_drift_of_the_arcsine_bound_is_noticed():
    right = Subject().forms["selection.arcsine_drift"]
    wrong = Subject().with_form(dataclasses.replace(right, expression=-right.expression))
    check = next(c for c in all_checks() if c.id == "selection.arcsine_sign")
    assert "selection.arcsine_drift" in run_check(check, wrong, Settings()).message


def test_another_ratio_of_means_is_noticed():
    right = Subject().forms["scaling.mean_ratio"]
    wrong = Subject().with_form(dataclasses.replace(right, expression=right.expression**2))
    check = next(c for c in all_checks() if c.id == "scaling.mean_falls")
    assert "scaling.mean_ratio" in run_check(check, wrong, Settings()).message


def test_another_divergence_has_its_least_point_elsewhere():
    right = Subject().forms["posterior.divergence"]
    wrong = Subject().with_form(dataclasses.replace(right, expression=2 * right.expression))
    assert "least value" in run_check(CHECKS["posterior.signs"], wrong, Settings()).message
