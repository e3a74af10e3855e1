"""The loss and the step that the proofs are about are this program's, as Coq computes them."""

import os

import pytest

from whichmin.verification.provers.coq import find_coq, require_coq
from whichmin.verification.provers.program_runs import cases, run_programs
from whichmin.verification.provers.proof_sources import Library, library
from whichmin.verification.topics import all_checks
from whichmin.words import Activation

CHECKS = {check.id: check for check in all_checks()}
PROGRAMS = CHECKS["proofs.programs"]
TEXTS = library().texts


@pytest.fixture
def coq():
    if find_coq() is None:
        assert not os.environ.get("WHICHMIN_REQUIRE_COQ"), "WHICHMIN_REQUIRE_COQ is set, no coqc"
        pytest.skip("needs Coq (coqc)")
    return require_coq(False)


def changed(file, old, new):
    assert TEXTS[file].count(old) == 1, f"{TEXTS[file].count(old)} times {old!r}"
    return Library({**TEXTS, file: TEXTS[file].replace(old, new)})


def test_the_cases_have_what_can_go_wrong():
    found = cases()
    assert len(found) >= 40
    sizes = {(len(case.data), len(case.w)) for case in found}
    assert {m for m, _ in sizes} == {1, 2, 3, 4, 5} == {n for _, n in sizes}
    assert any(m == n for m, n in sizes)
    assert any(m < n for m, n in sizes)
    for activation in Activation:
        own = [case for case in found if case.activation is activation]
        assert len(own) >= 20
        inner = [[sum(map(lambda p, q: p * q, case.w, a)) for a in case.data] for case in own]
        assert sum(0 in values for values in inner) >= 5  # kinks
        assert any(min(values) < 0 < max(values) for values in inner)
        assert {len(case.batch) for case in own} >= {1, 2, 3}
        assert any(len(case.batch) == len(case.data) > 1 for case in own)
        apart = [(case, values) for case, values in zip(own, inner, strict=True)]
        off = [
            case for case, values in apart
            if case.orthonormal and sum(c * c for c in values) < sum(v * v for v in case.w)
        ]  # fmt: skip
        assert len(off) >= 5  # starts off the span
        turned = [case for case in own if any(v.denominator > 1 for a in case.data for v in a)]
        assert len([case for case in turned if case.orthonormal]) >= 10
        assert any(not case.orthonormal for case in own)


def test_coq_computes_what_python_computes(coq):
    outcomes = run_programs(cases(), library(), coq)
    assert not isinstance(outcomes, str), outcomes
    for case, outcome in zip(cases(), outcomes, strict=True):
        assert len(outcome.samples) == len(outcome.gradients) == len(case.data)
        assert len(outcome.step) == len(case.w)
        assert outcome.loss == sum(outcome.samples) / len(outcome.samples)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("if nonneg t then t else zero", "if nonneg t then zero else t", "losses of the points"),
        ("if nonneg t then", "if nonneg zero then", "losses of the points"),
        ("mul half (dot_of error error)", "dot_of error error", "losses of the points"),
        (
            "(sub zero (phi_of relu (dot_of w x))) x w",
            "(sub (phi_of relu (dot_of w x)) zero) x w",
            "losses",
        ),
        ("mul share (sum_of", "mul half (sum_of", "loss, "),
        ("(add one one)) p", "one) p", "gradients of the points"),
        ("(mul p p) x w", "p x w", "gradients of the points"),
        ("one (sub zero rate) (step_of", "one rate (step_of", "step, "),
        ("(sample_gradient_of relu w x)\n", "(sample_gradient_of relu x w)\n", "step, "),
        ("| nil => w\n", "| nil => nil\n", "numbers for"),
        ("Definition loss_of", "Definition loss_off", "does not run the programs"),
        ("Fixpoint sum_of", "Fixpoint sum_of :=", "does not run the programs"),
    ],
)
def test_changed_program_is_refused(caught, coq, old, new, says):
    few = cases()[:30]
    caught(PROGRAMS.changed(proofs=changed("Programs", old, new), chosen=few), says=says)


@pytest.mark.parametrize("name", ["model.sample_loss", "landscape.loss"])
def test_changed_closed_form_is_refused(caught, coq, altered, name):
    wrong = altered(name, lambda e: e + 1)
    caught(PROGRAMS.changed(chosen=cases()[:3]), wrong, says=name)


def test_changed_statement_is_refused_without_coq(caught):
    proofs = changed("Statements", "energy kind a w / (2%:R", "energy kind a w / (4%:R")
    caught(CHECKS["proofs.closed_forms"].changed(proofs=proofs), says="loss_closed: remainder")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("R := eta / b%:R", "R := eta / m%:R", "point_rate for m = 2"),
        ("R := b%:R / m%:R", "R := m%:R / b%:R", "in_batch for m = 2"),
        ("2%:R * b%:R * (m%:R - b%:R)", "b%:R * (m%:R - b%:R)", "split_pair for m = 2"),
        ("19%:R / 4000%:R", "19%:R / 400%:R", "drift_rate for m = 2"),
        ("19%:R / 20%:R * drift_rate", "drift_rate", "settle_rate for m = 2"),
        ("1 - z / 2%:R - z ^+ 2", "1 - z / 2%:R + z ^+ 2", "with_leader for m = 2"),
        ("(z ^+ 2 / 8%:R)", "(z ^+ 2 / 4%:R)", "mean_growth for m = 2"),
        ("(mean_growth - in_batch * with_leader)", "mean_growth", "without_leader for m = 2"),
        ("Definition omitted", "Definition left_out", "omitted"),
    ],
)
def test_changed_constant_is_refused(caught, old, new, says):
    proofs = changed("Definitions", old, new)
    caught(CHECKS["proofs.constants"].changed(proofs=proofs), says=says)
