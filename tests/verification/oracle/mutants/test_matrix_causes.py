"""No mutant is given a cause that is not its own, and whoever follows an advice learns the truth.

For what trains and what is differentiated once. A cause that is named in the quick profile is named
in the full one too.
"""

import ast
import dataclasses
import warnings

import pytest

from whichmin.verification.oracle.judge import Judge
from whichmin.verification.oracle.mutants import build
from whichmin.verification.oracle.mutants.first_order import FIRST_ORDER
from whichmin.verification.oracle.mutants.shares import SHARES
from whichmin.verification.oracle.mutants.trainers import TRAINERS
from whichmin.verification.oracle.mutants.training_habits import TRAINING_HABITS

JUDGED = (*FIRST_ORDER, *TRAINERS, *SHARES, *TRAINING_HABITS)
# What else is true of a mutant, and may be said in place of its cause.
TRUE_AS_WELL = {
    "loss.single": ("float32",),
    "train.divided-twice": ("multiplied by 1 / b",),
}


def results(mutant, *, quick):
    with warnings.catch_warnings(), Judge(build(mutant), quick=quick, isolation="inline") as judged:
        warnings.simplefilter("ignore")  # mutants divide by 0
        return [judged.result(c) for c in judged.checks if c.id in mutant.checks]


def own(mutant, text):
    """Whether a diagnosis is empty, or names what the mutant does."""
    causes = (mutant.cause, *TRUE_AS_WELL.get(mutant.id, ()))
    return not text or any(cause is not None and cause in text for cause in causes)


@pytest.mark.parametrize("mutant", JUDGED, ids=lambda m: m.id)
def test_only_its_own_cause_is_named_in_quick_and_in_full(mutant):
    named = {}
    for quick in (True, False):
        for result in results(mutant, quick=quick):
            assert own(mutant, result.diagnosis), (quick, result.diagnosis)
            named[result.check, quick] = bool(result.diagnosis)
    lost = [check for (check, quick), told in named.items() if quick and told > named[check, False]]
    assert lost == []


@pytest.mark.parametrize("mutant", JUDGED, ids=lambda m: m.id)
def test_who_follows_an_advice_passes_or_learns_something_new(mutant):
    for result in results(mutant, quick=True):
        if not result.declare:
            continue
        declares = {**mutant.declares, **ast.literal_eval(f"{{{result.declare}}}")}
        again = results(dataclasses.replace(mutant, declares=declares), quick=True)
        for new in again:
            assert new.good or new.diagnosis != result.diagnosis
            assert new.good or new.declare != result.declare


def test_95_percent_of_what_is_left_on_in_trainers_has_a_cause():
    everyone = [m for m in TRAINING_HABITS if m.cause is not None]
    assert len(everyone) >= 0.95 * len(TRAINING_HABITS)
