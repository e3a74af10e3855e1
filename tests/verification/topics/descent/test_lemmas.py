from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

pytest.importorskip("z3")

from whichmin.verification.evidence.check import Settings, checks_of
from whichmin.verification.evidence.runner import run_check
from whichmin.verification.evidence.subject import Subject
from whichmin.verification.provers.formula import evaluate_all
from whichmin.verification.provers.smt import SolverAnswer
from whichmin.verification.topics.descent import lemmas as smt
from whichmin.verification.topics.sgd import lemmas as smt_sgd
from whichmin.verification.topics.sgd.rational_sgd import exact_step
from whichmin.words import Activation

TABLES = {**dict.fromkeys(smt.LEMMAS, smt.LEMMAS), **dict.fromkeys(smt_sgd.LEMMAS, smt_sgd.LEMMAS)}
CHECKS = {c.id: c for c in checks_of(smt, smt_sgd)}
VARIANTS = [
    pytest.param(name, lemma, variant, id=f"{name}, {lemma.name}, {variant.what}")
    for name, table in TABLES.items()
    for lemma in table[name]
    for variant in lemma.variants
]


def outcome(name, subject=None):
    return run_check(CHECKS[name], subject or Subject(), Settings())


def test_every_lemma_has_a_false_variant():
    assert all(lemma.variants for table in (smt.LEMMAS, smt_sgd.LEMMAS)
               for lemmas in table.values() for lemma in lemmas)  # fmt: skip


@pytest.mark.parametrize(("name", "lemma", "variant"), VARIANTS)
def test_a_false_lemma_fails_the_check(name, lemma, variant, monkeypatch):
    monkeypatch.setitem(TABLES[name], name, (lemma.changed(variant),))
    evidence = outcome(name)
    assert not evidence.holds
    assert evidence.message.startswith(name)
    assert ": sat for " in evidence.message


@pytest.mark.parametrize("name", TABLES)
def test_a_solver_that_gives_up_fails_the_check(name, monkeypatch):
    monkeypatch.setattr(
        "whichmin.verification.provers.smt.decide_lemma",
        lambda *_: SolverAnswer("unknown", 0.1, {}, "x > 0"),
    )
    assert "unknown" in outcome(name).message


@pytest.mark.parametrize("name", TABLES)
def test_a_solver_that_says_yes_to_all_is_noticed(name, monkeypatch):
    monkeypatch.setattr(
        "whichmin.verification.provers.smt.decide_lemma", lambda *_: SolverAnswer("unsat", 0, {})
    )
    assert "false variant" in outcome(name).message


def test_another_closed_form_is_noticed():
    subject = Subject()
    form = subject.forms["dynamics.gd_active_energy"]
    wrong = subject.with_form(replace(form, expression=form.expression * 1.001))
    assert not outcome("smt.notation", wrong).holds


# A rational orthonormal frame in R^4: two data points, so there is a part off the span.
FRAME = (
    tuple(Fraction(v, 9) for v in (1, 4, 8, 0)),
    tuple(Fraction(v, 9) for v in (8, -4, 1, 0)),
    tuple(Fraction(v, 9) for v in (4, 7, -4, 0)),
)


def inner(left, right):
    return sum(p * q for p, q in zip(left, right, strict=True))


@pytest.mark.parametrize("activation", list(Activation))
@pytest.mark.parametrize("batch", [(0,), (1,), (0, 1), (0, 2), (0, 1, 2)])
def test_the_scalars_are_those_of_an_exact_step(activation, batch):
    w = (Fraction(3, 7), Fraction(-2, 5), Fraction(1, 3), Fraction(1, 4))
    eta = Fraction(len(batch), 5)
    after = exact_step(w, [FRAME[i] for i in batch], eta, activation)
    phi = [max(c, Fraction(0)) if activation is Activation.RELU else c
           for c in (inner(w, a) for a in FRAME)]  # fmt: skip
    S = sum((phi[i] ** 2 for i in batch), Fraction(0))
    values = {"N": inner(w, w), "S": S, "alpha": Fraction(1, 5)}
    s, factor, norm = evaluate_all(("s", "s + g", "nextN"), values, smt.BATCH_STEP)
    assert inner(after, after) == norm
    for i, a in enumerate(FRAME):
        active = i in batch and phi[i] != 0
        assert inner(after, a) == (factor if active else s) * inner(w, a)
    if len(batch) == 3:
        C = S
        full = {"C": C, "R": values["N"] - C, "a": Fraction(1, 5)}
        active, rest = evaluate_all(("nextC", "nextR"), full, smt.FULL_STEP)
        assert active + rest == norm


def test_the_frame_is_orthonormal():
    gram = [[inner(p, q) for q in FRAME] for p in FRAME]
    assert gram == np.eye(3, dtype=int).tolist()
