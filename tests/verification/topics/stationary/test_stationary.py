"""Of every check on stationary laws a false version is caught."""

import dataclasses
from functools import partial

import numpy as np
import pytest

from whichmin.verification.topics import all_checks
from whichmin.verification.topics.stationary import autoencoder, densities

CHECKS = {c.id: c for c in all_checks() if c.topic == "stationary"}


# A thousandth more: far below what a reader would notice, far above rounding.
FORMS = [
    ("stationary.generator", "stationary.score"),
    ("stationary.generator", "stationary.loss_noise"),
    ("stationary.wells", "stationary.well_odds"),
    ("stationary.wells", "stationary.hessian_noise_odds"),
    ("stationary.basin_mass", "stationary.log_basin_mass"),
    ("stationary.lyapunov", "stationary.covariance"),
    ("stationary.mean_square", "stationary.second_moment_factor"),
    ("stationary.exit_scaling", "stationary.exit_time"),
]


@pytest.mark.parametrize(("check", "form"), FORMS)
def test_a_form_off_by_a_thousandth_is_caught(check, form, caught, altered):
    # A power of the loss keeps its shape under a factor: the exponent is what counts.
    subject = altered(form, lambda e: e**1.001 if form.endswith("loss_noise") else e * 1.001)
    caught(CHECKS[check], subject, form, examples=3)


def test_another_temperature_is_caught(caught, altered):
    changed, check = altered("stationary.gibbs", lambda e: e**1.001), CHECKS["stationary.generator"]
    caught(check, changed, "stationary.gibbs, D = T", examples=3)
    plane = dataclasses.replace(
        check, measure=lambda s, seed: densities._in_space(s, np.random.default_rng(seed))
    )
    caught(plane, changed, "stationary.gibbs, two dimensions", examples=3)


def test_a_spectrum_that_varies_is_caught(monkeypatch, caught):
    right = autoencoder.hessian_spectrum
    monkeypatch.setattr(
        autoencoder, "hessian_spectrum", lambda w, *a, **k: right(w, *a, **k) + w[0]
    )
    caught(CHECKS["stationary.autoencoder"], says="spectrum on the circle")


WELL = CHECKS["stationary.double_well"]


def bent(**told):
    return dataclasses.replace(WELL, measure=partial(densities.double_well, bend=0.5, **told))


def test_stratonovich_for_ito_is_caught(caught, altered):
    """Under Stratonovich's rule the score has half of D', and the generator another drift."""

    def halved(expression):
        (bend,) = (s for s in expression.free_symbols if str(s) == "diffusion_slope")
        return expression.subs(bend, bend / 2)

    subject = altered("stationary.score", halved)
    caught(CHECKS["stationary.generator"], subject, "stationary.score", examples=3)
    # The same density against the chain itself, which was not told of any rule.
    caught(bent(), subject, "tends to it")


def test_runs_with_another_noise_are_caught(monkeypatch, caught):
    right = densities.simulate
    monkeypatch.setattr(
        densities,
        "simulate",
        lambda slope, noise, **kw: right(slope, lambda x: 1.3 * noise(x), **kw),
    )
    caught(WELL, says="ends in a double well")


def test_a_density_told_of_another_noise_is_caught(caught):
    caught(bent(told_bend=0.4), says="tends to it")
