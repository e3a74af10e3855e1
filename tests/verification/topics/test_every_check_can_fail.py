"""Every check is seen to fail: each has an implementation that breaks just what it claims."""

import ast
import dataclasses
import re
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch

from whichmin.core import philox
from whichmin.core.batches import BatchStream
from whichmin.core.engines import CompiledEngine, DenseEngine, GramEngine, ReducedEngine
from whichmin.symbolic.derivation import Derivation
from whichmin.symbolic.hessian import spectrum as symbolic_spectrum
from whichmin.symbolic.landscape import minima as symbolic_landscape
from whichmin.verification.evidence.check import Settings
from whichmin.verification.evidence.runner import run_check
from whichmin.verification.evidence.subject import Subject
from whichmin.verification.mutants import implementation_mutants
from whichmin.verification.topics import all_checks
from whichmin.verification.topics.batches import streams as batches
from whichmin.verification.topics.descent import limits as gd_limits
from whichmin.verification.topics.hessian import trace as hessian_trace
from whichmin.verification.topics.landscape import minima as landscape
from whichmin.verification.topics.landscape import pointwise
from whichmin.verification.topics.sgd import limits as sgd_limits
from whichmin.verification.topics.sgd import walk
from whichmin.words import Activation

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
    "landscape.from_definition": "landscape.loss",
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


class FirstComeFirstServed(CompiledEngine):
    """Favours the first data point."""

    def __init__(self, problem, start):
        lead = torch.ones_like(start)
        lead[:, 0] = 1.3
        super().__init__(problem, start * lead)


@breaks("selection.law")
def the_first_point_is_favoured(monkeypatch):
    return PRODUCT.with_engine("compiled", FirstComeFirstServed, "favours the first point")


@breaks("equivariance.symmetries")
def one_coordinate_is_special(monkeypatch):
    return PRODUCT.with_engine("dense", DecaysOneCoordinate, "decays one coordinate")


@breaks("equivariance.counterexamples")
def an_engine_off_by_a_little(monkeypatch):
    return PRODUCT.with_engine("autograd", DecaysOneCoordinate, "decays one coordinate")


def register_attribute(check_id, module, name, change):
    def wrong(monkeypatch):
        monkeypatch.setattr(module, name, change(getattr(module, name)))
        return PRODUCT

    BREAKERS[check_id] = wrong


register_form("certificates.not_convex", "landscape.loss", lambda e: e * 1.001)
register_form("sgd_drift.closed_forms", "dynamics.separation_rate", lambda e: e * 1.001)


def linear(right):
    return lambda w, batches, activation: right(w, batches, Activation.LINEAR)


def at_rest(right):
    return lambda w, batches, activation: w


def mirrored_end(right):
    return lambda *a: tuple(-v for v in right(*a))


def gains_as_claimed(right):
    return lambda w, batches, activation: (w[0] / (1 - walk.ETA), *w[1:])


def falls_in_proportion(right):
    near = Fraction(1, 1000)
    return lambda w, *_: (w[0], w[1] * Fraction(201, 200) ** (1000 if w[1] == near else 1))


for check_id, module, change in [
    ("refuted.gd_limit", gd_limits, linear),
    ("refuted.gd_invariance", gd_limits, linear),
    ("refuted.orthogonal_data", pointwise, at_rest),
    ("refuted.negative_points_relu", sgd_limits, linear),
    ("refuted.positive_points_linear", sgd_limits, mirrored_end),
    ("refuted.walk_constant_relu", walk, linear),
    ("refuted.walk_gain", walk, gains_as_claimed),
    ("refuted.walk_loss", walk, falls_in_proportion),
]:
    register_attribute(check_id, module, "trajectory", change)
register_attribute(
    "refuted.sharper_linear", hessian_trace, "linear_trace", lambda f: lambda w, m: f(w, m) + w[0]
)
register_form("refuted.graded_sharpness", "sharpness.trace_at_minimum", lambda e: e * 1.001)
register_attribute(
    "refuted.transience", walk, "Fraction",
    lambda f: lambda a=0, b=1: f({(2, 3): 1, (1, 3): 0}.get((a, b), f(a, b))),
)  # fmt: skip
register_attribute(
    "refuted.least_squares", pointwise, "least_squares_ends",
    lambda f: lambda batch, *a: f(batch, *a) + 1e-9 * batch,
)  # fmt: skip
register_attribute(
    "walk.supermartingale", walk, "supermartingale",
    lambda f: lambda: Derivation.begin("wrong", f().result + 1, f().result),
)  # fmt: skip


def wrong_expression(right):
    form = right()
    return lambda: dataclasses.replace(form, expression=form.expression * 1.001)


register_attribute("walk.increments", walk, "active_factor", wrong_expression)
register_attribute("pointwise.gradients", pointwise, "sample_derivative", wrong_expression)


class MirroredCompiled(CompiledEngine):
    def weights(self):
        return -super().weights()

    def correlations(self):
        return -super().correlations()


@breaks(
    "limits.mini_batch", "cyclic.limits", "cyclic.larger_steps", "cyclic.block_limits",
    "prediction.outcomes",
)  # fmt: skip
def ends_at_the_negative(monkeypatch):
    return PRODUCT.with_engine("compiled", MirroredCompiled, "ends at the negative")


def broken_elsewhere():
    """Ids that the tests of a topic name: they run wrong versions and see the check fail."""
    for file in set(Path(__file__).parent.rglob("test_*.py")) - {Path(__file__)}:
        text = file.read_text(encoding="utf-8")
        prefixes = ["", *re.findall(r'CHECKS\[f"(\w+\.)\{name\}"\]', text)]
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield from (prefix + node.value for prefix in prefixes)


IDS = {check.id for check in all_checks()}
ELSEWHERE = IDS & set(broken_elsewhere())
HERE = [check for check in all_checks() if check.id in BREAKERS]


def test_every_check_has_something_that_breaks_it():
    # test_decision_mutants, and test_proof_checks, where each has another statement
    made = {name for name in IDS if name.startswith(("attack.", "kernel."))}
    assert set(BREAKERS) | ELSEWHERE == IDS - made


@pytest.mark.parametrize("check", HERE, ids=lambda check: check.id)
def test_check_fails(check, monkeypatch):
    subject = BREAKERS[check.id](monkeypatch)
    evidence = run_check(check, subject, Settings())
    assert not evidence.holds
    assert evidence.message.startswith(check.id)
    assert "Error" not in evidence.message.split("\n")[0], "it crashed instead of deciding"


def test_gram_and_reduced_are_different_routes():
    assert not issubclass(GramEngine, ReducedEngine)
