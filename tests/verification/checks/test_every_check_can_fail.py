"""Every check is seen to fail: each has an implementation that breaks just what it claims."""

import dataclasses

import numpy as np
import pytest

from whichmin.core import philox
from whichmin.core.batches import BatchStream
from whichmin.core.engines import DenseEngine, GramEngine, ReducedEngine
from whichmin.symbolic import landscape as symbolic_landscape
from whichmin.symbolic import spectrum as symbolic_spectrum
from whichmin.verification.checks import all_checks, batches, landscape
from whichmin.verification.evidence import Settings
from whichmin.verification.mutants import implementation_mutants
from whichmin.verification.runner import run_check
from whichmin.verification.subject import Subject

PRODUCT = Subject()
BREAKERS = {}


def breaks(*check_ids):
    def register(function):
        BREAKERS.update(dict.fromkeys(check_ids, function))
        return function

    return register


def wrong_form(name, change):
    form = PRODUCT.forms[name]
    return PRODUCT.with_form(dataclasses.replace(form, expression=change(form.expression)))


def register_form(check_id, name, change):
    BREAKERS[check_id] = lambda monkeypatch: wrong_form(name, change)


for check_id, name in {
    "derivations.reduction_lemma": "model.sample_loss",
    "derivations.chains": "sharpness.trace",
    "derivations.critical_points": "landscape.gradient_energy",
    "landscape.closed_forms": "landscape.gap",
    "landscape.sample_forms": "model.sample_derivative",
    "landscape.never_below_minimum": "landscape.minimum",
    "sharpness.quadratic_form": "sharpness.second_derivative",
    "sharpness.sample_quadratic_form": "model.sample_second_derivative",
    "sharpness.spectrum": "sharpness.eigenvalue_rest",
    "sharpness.at_minimum": "sharpness.minimum_off_span",
    "sharpness.reached_by_training": "sharpness.autograd_trace_at_iterate",
    "dynamics.one_step": "dynamics.inactive_factor",
    "dynamics.gd_rates": "dynamics.gd_off_span_rate",
    "dynamics.sgd_rates": "dynamics.separation_rate",
    "limits.gradient_descent": "dynamics.gd_limit",
    "selection.one_step": "selection.two_point_time",
    "selection.reshuffled": "selection.reshuffled_noise",
}.items():
    # A thousandth more: far below what a reader would notice, far above rounding.
    register_form(check_id, name, lambda e: e * 1.001)
register_form("selection.process", "selection.two_point_probability", lambda e: e * 0.97)
register_form("derivations.critical_points", "landscape.gradient_energy", lambda e: e + 1)


for mutant in implementation_mutants():
    BREAKERS.setdefault(mutant.caught_by, lambda monkeypatch, m=mutant: m.subject)


@breaks("derivations.certificate")
def a_gap_that_is_no_sum_of_these_squares(monkeypatch):
    right = symbolic_landscape.squares

    def wrong(k, rest):
        polynomial, terms, variables = right(k, rest)
        return polynomial, terms[1:], variables

    monkeypatch.setattr(symbolic_landscape, "squares", wrong)
    return PRODUCT


@breaks("derivations.consistency")
def a_trace_that_the_eigenvalues_do_not_add_up_to(monkeypatch):
    form = symbolic_spectrum.trace_at_minimum()
    wrong = dataclasses.replace(form, expression=form.expression * 2)
    monkeypatch.setattr(symbolic_spectrum, "trace_at_minimum", lambda: wrong)
    return PRODUCT


@breaks("batches.known_answers")
def nine_rounds(monkeypatch):
    monkeypatch.setattr(philox, "_ROUNDS", 9)
    return PRODUCT


@breaks("batches.floyd")
def a_clash_takes_the_next_index(monkeypatch):
    def wrong(draws, m):
        subset = draws.copy()
        for row in subset:
            for i in range(1, len(row)):
                while row[i] in row[:i]:
                    row[i] = (row[i] + 1) % m
        return subset

    monkeypatch.setattr(batches, "floyd_subset", wrong)
    return PRODUCT


@breaks("batches.random_access")
def a_stream_that_starts_anew_at_every_call(monkeypatch):
    def wrong(stream, first, last, replicas):
        return BatchStream.indices(stream, 0, last - first, replicas)

    return PRODUCT.with_sampler(wrong, "restarting stream")


@breaks("landscape.critical_points")
def a_loss_with_a_slope(monkeypatch):
    right = landscape.loss
    monkeypatch.setattr(
        landscape, "loss", lambda w, *a, **o: right(w, *a, **o) + 1e-9 * np.sum(w, axis=-1)
    )
    return PRODUCT


@breaks("engines.correlated")
def correlations_taken_for_orthonormal(monkeypatch):
    return PRODUCT.with_engine("reduced", ReducedEngine, "no Gram matrix")


class Flips(ReducedEngine):
    def step(self, batch):
        super().step(batch)
        self.c[0] *= -1


class Crowded(ReducedEngine):
    """Its rounding depends on how many replicas there are."""

    def step(self, batch):
        super().step(batch)
        self.c *= 1 + 4e-16 * self.c.shape[1]


class Mirrored(ReducedEngine):
    def weights(self):
        return -super().weights()

    def correlations(self):
        return -super().correlations()


class DecaysOneCoordinate(DenseEngine):
    def step(self, batch):
        super().step(batch)
        self.weight[:, 0] *= 1 - 1e-6


@breaks("engines.signs")
def flips(monkeypatch):
    return PRODUCT.with_engine("reduced", Flips, "flips a sign")


@breaks("engines.replicas")
def crowded(monkeypatch):
    return PRODUCT.with_engine("reduced", Crowded, "depends on company")


@breaks("limits.mini_batch")
def mirrored(monkeypatch):
    return PRODUCT.with_engine("reduced", Mirrored, "ends at the negative")


class FirstComeFirstServed(ReducedEngine):
    """Favours the first data point a little."""

    def step(self, batch):
        super().step(batch)
        self.c[0] *= 1.0005


@breaks("selection.law")
def the_first_point_is_favoured(monkeypatch):
    return PRODUCT.with_engine("reduced", FirstComeFirstServed, "favours the first point")


@breaks("prediction.outcomes")
def ends_elsewhere(monkeypatch):
    return PRODUCT.with_engine("reduced", Mirrored, "ends at the negative")


@breaks("equivariance.symmetries")
def one_coordinate_is_special(monkeypatch):
    return PRODUCT.with_engine("dense", DecaysOneCoordinate, "decays one coordinate")


@breaks("equivariance.counterexamples")
def an_engine_off_by_a_little(monkeypatch):
    return PRODUCT.with_engine("autograd", DecaysOneCoordinate, "decays one coordinate")


def test_every_check_has_something_that_breaks_it():
    assert set(BREAKERS) == {c.id for c in all_checks()}


@pytest.mark.parametrize("check", all_checks(), ids=lambda check: check.id)
def test_check_fails(check, monkeypatch):
    subject = BREAKERS[check.id](monkeypatch)
    evidence = run_check(check, subject, Settings())
    assert not evidence.holds
    assert evidence.message.startswith(check.id)
    assert "Error" not in evidence.message.split("\n")[0], "it crashed instead of deciding"


def test_gram_and_reduced_are_different_routes():
    assert not issubclass(GramEngine, ReducedEngine)
