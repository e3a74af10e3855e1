"""Every check of gradient noise holds, and a wrong version of what it judges is caught."""

import dataclasses
from fractions import Fraction

import pytest

from whichmin.core.noise import sample_gradients
from whichmin.symbolic.noise import covariance as symbolic_noise
from whichmin.verification.oracle import noise as oracle
from whichmin.verification.topics import all_checks
from whichmin.verification.topics.noise import covariance, sampling

CHECKS = {c.id: c for c in all_checks() if c.topic == "noise"}

FORMS = {
    "noise.general_point": "noise.curvature",
    "noise.at_minimum": "noise.square_on_manifold",
    "noise.sampling": "noise.balanced_batch",
    "noise.two_batches": "noise.two_batch_energy_without",
    "noise.near_vertex": "noise.vertex_curved",
    "noise.along_gd": "noise.gd_slope",
    "noise.along_sgd": "noise.sgd_curved",
    "noise.identities": "noise.simple_scale",
}


@pytest.mark.parametrize("name", FORMS)
def test_a_form_a_thousandth_off_is_caught(name, caught, altered):
    caught(CHECKS[name], altered(FORMS[name], lambda e: e * Fraction(1001, 1000)))


def without_mean(right):
    return lambda self: (block + self.mean[:, None] for block in right(self))


def slope_of_one(right):
    return lambda self: right.func(self) * 0 + 1


# check: (where, what, its wrong version); the second moment, a Hessian that is active everywhere.
NUMERICS = {
    "centred": without_mean(sample_gradients.SampleGradients.centred),
    "slopes": property(slope_of_one(sample_gradients.SampleGradients.__dict__["slopes"])),
    "norm": property(lambda self: self.w.norm(dim=1)),
}


@pytest.mark.parametrize("what", NUMERICS)
def test_wrong_numerics_are_caught(what, monkeypatch, caught):
    monkeypatch.setattr(sample_gradients.SampleGradients, what, NUMERICS[what])
    caught(CHECKS["noise.numerics"])


def second_moment(gradients, b, sampling):
    rows, chances = oracle.mean_gradients(gradients, b, sampling)
    mean = tuple(oracle.dot(chances, column) for column in zip(*rows, strict=True))
    return mean, oracle.second_moment(rows, chances)


def isotropic(gradients, b, sampling):
    one, zero = Fraction(1), Fraction(0)
    return None, ((one, zero), (zero, one))


def never_negative(w, data, activation, kappa=Fraction(0)):
    del w, data, activation, kappa
    return Fraction(153, 25)


def equal_halves(gradients, small, large, mode):
    del small, large, mode
    return oracle.trace_and_square(gradients)


# check: (module, name there, a reference under which the refuted statement would be true)
REFUTED = {
    "refuted.noise_halves": (oracle, "mean_and_covariance", second_moment),
    "refuted.noise_crossing": (oracle, "noise_scale", lambda gradients: Fraction(2)),
    "refuted.two_batches_unbiased": (sampling, "expected_halves", equal_halves),
    "refuted.noise_scales": (oracle, "batch_noise_scale", never_negative),
    "refuted.noise_is_curvature": (oracle, "mean_and_covariance", isotropic),
    "refuted.noise_grows": (oracle, "noise_scale", lambda gradients: Fraction(1)),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUTED)
def test_a_refutation_fails_where_the_statement_is_true(name, monkeypatch, caught):
    monkeypatch.setattr(*REFUTED[name])
    caught(CHECKS[name])


def test_a_wrong_eigenvector_is_caught(monkeypatch, caught):
    chains = symbolic_noise.eigenvectors()
    step = dataclasses.replace(chains[0].steps[0], after=chains[0].steps[0].after * 2)
    wrong = dataclasses.replace(chains[0], steps=(step,))
    monkeypatch.setattr(symbolic_noise, "eigenvectors", lambda: (wrong, *chains[1:]))
    caught(CHECKS["noise.identities"])


def scaled(function, attribute):
    def wrong(*args, **options):
        right = function(*args, **options)
        return dataclasses.replace(right, **{attribute: getattr(right, attribute) * 1.001})

    return wrong


@pytest.mark.parametrize(("tool", "attribute", "says"), [
    ("gradient_noise", "trace", "noise.trace"),
    ("curved_noise", "trace", "noise.curvature"),
    ("curved_noise", "slope", "noise.gradient_curvature"),
])  # fmt: skip
def test_a_wrong_instrument_is_caught(monkeypatch, tool, attribute, says, caught):
    monkeypatch.setattr(covariance, tool, scaled(getattr(covariance, tool), attribute))
    caught(CHECKS["instruments.noise"], says=says, examples=10)
