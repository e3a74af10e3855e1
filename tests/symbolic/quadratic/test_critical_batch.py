import dataclasses

import sympy as sp

from whichmin.symbolic.quadratic import critical_batch
from whichmin.symbolic.quadratic.critical_batch import critical_forms, progress_lemmas

FORMS = {form.id: form for form in critical_forms()}


def test_the_lemmas_hold_and_notice_a_wrong_progress(monkeypatch):
    assert not any(chain.failures() for chain in progress_lemmas().values())
    form = critical_batch.progress()
    wrong = dataclasses.replace(form, expression=form.expression * 2)
    monkeypatch.setattr(critical_batch, "progress", lambda: wrong)
    assert progress_lemmas()["progress, n = 1"].failures()


def test_at_the_noise_scale_everything_is_halved_or_doubled():
    at = {"B": 7, "B_noise": 7}
    assert FORMS["critical.best_progress"].exact(**at, L_max=1) == sp.Rational(1, 2)
    assert FORMS["critical.steps"].exact(**at, S_min=1) == 2
    assert FORMS["critical.samples"].exact(**at, E_min=1) == 2
    assert FORMS["critical.doubling"].exact(**at) == sp.Rational(4, 3)
    assert FORMS["critical.elasticity"].exact(**at) == -sp.Rational(1, 2)


def test_the_hyperbola():
    steps = FORMS["critical.steps"].exact(S_min=3, B_noise=5)
    samples = FORMS["critical.frontier"].exact(S_min=3, E_min=15, steps=steps)
    assert sp.simplify((steps / 3 - 1) * (samples / 15 - 1)) == 1


def test_a_full_batch_takes_the_least_steps():
    assert FORMS["critical.finite_samples"].exact(b=6, m=6, B_noise=100, S_min=2) == 12
