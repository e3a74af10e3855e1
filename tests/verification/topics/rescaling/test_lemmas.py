"""Every lemma on rescaling and on the tied neuron has false variants, and they are caught."""

import pytest

pytest.importorskip("z3")

from whichmin.verification.evidence.check import Settings, checks_of
from whichmin.verification.evidence.runner import run_check
from whichmin.verification.evidence.subject import Subject
from whichmin.verification.topics.rescaling import lemmas

CHECKS = {c.id: c for c in checks_of(lemmas)}
NAMES = (
    "reparameterisation.homogeneous",
    "reparameterisation.least",
    "reparameterisation.tied",
    "reparameterisation.corner",
)


@pytest.mark.parametrize("name", NAMES)
def test_a_false_lemma_is_caught(name, monkeypatch):
    for lemma in lemmas.LEMMAS[name]:
        assert lemma.variants
        for variant in lemma.variants:
            monkeypatch.setitem(lemmas.LEMMAS, name, (lemma.changed(variant),))
            evidence = run_check(CHECKS[name], Subject(), Settings())
            assert not evidence.holds
            assert ": sat for " in evidence.message


def test_all_are_covered():
    assert set(NAMES) == set(CHECKS) == set(lemmas.LEMMAS)
