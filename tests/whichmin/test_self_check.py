"""The self-check holds for the product and is seen to fail for broken ones, line by line."""

import dataclasses

import numpy as np
import pytest

from whichmin.core import philox
from whichmin.core.batches import BatchStream
from whichmin.core.engines import ReducedEngine
from whichmin.self_check import SELF_CHECKS
from whichmin.verification.evidence.check import Settings
from whichmin.verification.evidence.runner import run_check
from whichmin.verification.evidence.subject import Subject
from whichmin.verification.mutants import coefficient_mutants, implementation_mutants

PRODUCT = Subject()
# Engines that only whichmin verify can tell: a leak of 1e-6 below the kink, and samplers that are
# wrong in their distribution, of which four batches say nothing. Compiling kernels takes longer.
BEYOND_A_SECOND = {
    "leaky kink", "biased sampling", "shifted copies of one stream", "batch of the next step",
    "bits depend on cuts",
}  # fmt: skip


def failing(subject=PRODUCT):
    evidence = [run_check(check, subject, Settings()) for check in SELF_CHECKS]
    assert all(e.message for e in evidence if not e.holds)
    return {e.check.removeprefix("doctor.") for e in evidence if not e.holds}


def test_the_product_passes_with_margins_below_1():
    for check in SELF_CHECKS:
        evidence = run_check(check, PRODUCT, Settings())
        assert evidence.holds, evidence.message
        assert evidence.worst <= 1
        assert evidence.cases >= 2


def test_ids_differ_from_each_other_and_from_those_of_verify():
    from whichmin.verification.topics import all_checks

    ids = [c.id for c in SELF_CHECKS]
    assert len(set(ids)) == len(ids)
    assert not set(ids) & {c.id for c in all_checks()}


@pytest.mark.parametrize("mutant", implementation_mutants(), ids=lambda m: m.name)
def test_wrong_engines_are_noticed(mutant):
    found = failing(mutant.subject)
    if mutant.name in BEYOND_A_SECOND:
        assert found == set(), "noticed now: take it off the list"
    else:
        assert "engines" in found


@pytest.mark.parametrize(
    ("form", "line"),
    [("dynamics.gd_limit", "gd_limit"), ("sharpness.trace_at_minimum", "trace")],
)
def test_wrong_closed_forms_are_noticed_by_the_line_that_uses_them(form, line):
    mutants = list(coefficient_mutants(PRODUCT.forms[form]))
    assert mutants
    (check,) = (c for c in SELF_CHECKS if form in c.forms)
    assert check.id == f"doctor.{line}"
    for mutant in mutants:
        evidence = run_check(check, PRODUCT.with_form(mutant), Settings())
        assert not evidence.holds, mutant.expression


def test_a_wrong_generator_is_noticed(monkeypatch):
    monkeypatch.setattr(philox, "_ROUNDS", 9)
    assert "index_stream" in failing()


def test_a_wrong_order_of_words_is_noticed():
    def backwards(stream, first, last, replicas):
        drawn = BatchStream.indices(stream, first, last, replicas)
        return None if drawn is None else np.flip(drawn, 0).copy()

    assert failing(PRODUCT.with_sampler(backwards, "steps in reverse")) == {"index_stream"}


class OffByDoubling(ReducedEngine):
    """Ends elsewhere: pulls the smallest correlation of every state up a little."""

    def step(self, batch):
        super().step(batch)
        self.c = self.c + 1e-4


def test_an_end_that_is_not_a_data_point_is_noticed():
    found = failing(PRODUCT.with_engine("reduced", OffByDoubling, "drifts"))
    assert {"gd_limit", "sgd_limit", "engines"} <= found


class Unsteady(ReducedEngine):
    """Another last bit in every other run."""

    runs = 0

    def __init__(self, problem, start):
        super().__init__(problem, start)
        Unsteady.runs += 1
        self.factor = 1 + 2.3e-16 * (Unsteady.runs % 2)

    def step(self, batch):
        super().step(batch)
        self.c = self.c * self.factor


def test_bits_that_differ_from_run_to_run_are_noticed_by_that_line_alone():
    assert failing(PRODUCT.with_engine("reduced", Unsteady, "unsteady")) == {"bits"}


class DependsOnCompany(ReducedEngine):
    """Rounds differently when replicas run side by side."""

    def step(self, batch):
        super().step(batch)
        self.c = self.c * (1 + 2.3e-16 * (self.c.shape[1] > 1))


def test_bits_that_depend_on_company_are_noticed():
    found = run_check(
        next(c for c in SELF_CHECKS if c.id == "doctor.bits"),
        PRODUCT.with_engine("reduced", DependsOnCompany, "company"),
        Settings(),
    )
    assert not found.holds
    assert "alone and in company" in found.message


def test_a_line_that_raises_fails_with_the_error_as_its_message():
    def broken(problem, start):
        raise RuntimeError("kernel missing")

    check = SELF_CHECKS[1]
    evidence = run_check(check, PRODUCT.with_engine("reduced", broken, "broken"), Settings())
    assert not evidence.holds
    assert evidence.message.startswith(f"{check.id}: RuntimeError: kernel missing")
    assert dataclasses.asdict(evidence)["worst"] == float("inf")
