from dataclasses import replace

import pytest

pytest.importorskip("flint")

from whichmin.verification.evidence.check import Settings, checks_of
from whichmin.verification.evidence.runner import run_check
from whichmin.verification.evidence.subject import Subject
from whichmin.verification.topics.sgd import walk

CHECKS = {c.id: c for c in checks_of(walk)}


def message(**changes):
    check = CHECKS["walk.supermartingale"].changed(**changes)
    evidence = run_check(check, Subject(), Settings())
    assert not evidence.holds
    return evidence.message


@pytest.mark.parametrize("one", walk.CHORDS, ids=lambda one: one.name)
def test_another_coefficient_is_no_certificate(one):
    for place, term in enumerate(one.terms):
        more = replace(term, coefficient="1000001/1000000")
        terms = (*one.terms[:place], more, *one.terms[place + 1 :])
        assert one.name in message(certificates=(replace(one, terms=terms),))


def test_a_lower_chord_and_a_smaller_bound_are_not_certified():
    chord, mean = walk.CHORDS
    assert chord.name in message(certificates=(replace(chord, target="p*E + (1 - p)*F - 2*f"),))
    lower = mean.target.replace("2*up*down", "up*down")
    assert mean.name in message(certificates=(replace(mean, target=lower),))


@pytest.mark.parametrize("name", ["supermartingale", "chord"])
def test_another_identity_is_noticed(name, monkeypatch):
    right = getattr(walk, name)()
    (step,) = right.steps
    wrong = replace(right, steps=(replace(step, after=2 * step.after),))
    monkeypatch.setattr(walk, name, lambda: wrong)
    assert "leaves" in message()
