"""Each refutation needs what it says: true versions of the refuted statements are not refuted."""

import dataclasses
from functools import partial

import numpy as np
import pytest

from whichmin.verification.evidence.check import Settings, checks_of
from whichmin.verification.evidence.runner import run_check
from whichmin.verification.evidence.subject import Subject
from whichmin.verification.topics.stationary import refuted
from whichmin.words import Activation

CHECKS = {c.id: c for c in checks_of(refuted)}


def with_settings(**options):
    return lambda subject, settings: refuted.autoencoder(settings, **options)


WRONG = {
    # The true density cannot be refuted, nor does the product pass for stationary.
    "stationary.no_determinant": [
        {"claimed": lambda x: np.exp(-refuted.loss(x))},
        {"constant": lambda x: np.exp(-1.001 * refuted.loss(x))},
    ],
    # Other depths: now the temperature counts.
    "stationary.equal_depths": [{"depths": (1.0, 1.1)}],
    # Full batches end at mixtures.
    "stationary.autoencoder": [
        {"measure": with_settings(activation=Activation.LINEAR, batch_size=None)}
    ],
    "stationary.relu_autoencoder": [
        {"measure": with_settings(activation=Activation.RELU, batch_size=None)}
    ],
    # Without noise the mixtures stay.
    "stationary.diffusion_selects": [{"noisy": False}],
}


@pytest.mark.parametrize(
    ("name", "changes"), [(n, c) for n, changes in WRONG.items() for c in changes]
)
def test_a_false_version_fails(name, changes):
    check = CHECKS[name]
    if "measure" in changes:
        check = dataclasses.replace(check, **changes)
    else:
        check = check.changed(**changes)
    evidence = run_check(check, Subject(), Settings())
    assert not evidence.holds
    assert evidence.message.startswith(name)
    assert "Error" not in evidence.message.split("\n")[0], "it crashed instead of deciding"


def test_all_are_covered():
    assert set(WRONG) == set(CHECKS)


def test_a_spectrum_that_varies_is_caught(monkeypatch):
    right = refuted.hessian_spectrum
    monkeypatch.setattr(refuted, "hessian_spectrum", lambda w, *a, **k: right(w, *a, **k) + w[0])
    measure = partial(refuted.autoencoder, activation=Activation.LINEAR)
    check = dataclasses.replace(
        CHECKS["stationary.autoencoder"], measure=lambda subject, settings: measure(settings)
    )
    assert "spectrum on the circle" in run_check(check, Subject(), Settings()).message
