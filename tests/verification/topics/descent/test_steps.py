"""The notation of the lemmas on steps: the closed forms, and exact steps in R^4."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from whichmin.verification.evidence.check import Settings, checks_of
from whichmin.verification.evidence.formula import evaluate_all
from whichmin.verification.evidence.runner import run_check
from whichmin.verification.evidence.subject import Subject
from whichmin.verification.topics.descent import steps
from whichmin.verification.topics.sgd.rational_sgd import exact_step
from whichmin.words import Activation


def test_another_closed_form_is_noticed():
    subject = Subject()
    form = subject.forms["dynamics.gd_active_energy"]
    wrong = subject.with_form(replace(form, expression=form.expression * 1.001))
    check = next(c for c in checks_of(steps) if c.id == "smt.notation")
    assert not run_check(check, wrong, Settings()).holds


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
    s, factor, norm = evaluate_all(("s", "s + g", "nextN"), values, steps.BATCH_STEP)
    assert inner(after, after) == norm
    for i, a in enumerate(FRAME):
        active = i in batch and phi[i] != 0
        assert inner(after, a) == (factor if active else s) * inner(w, a)
    if len(batch) == 3:
        C = S
        full = {"C": C, "R": values["N"] - C, "a": Fraction(1, 5)}
        active, rest = evaluate_all(("nextC", "nextR"), full, steps.FULL_STEP)
        assert active + rest == norm


def test_the_frame_is_orthonormal():
    gram = [[inner(p, q) for q in FRAME] for p in FRAME]
    assert gram == np.eye(3, dtype=int).tolist()
