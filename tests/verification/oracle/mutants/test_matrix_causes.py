"""All mutants are killed; no cause is named that is not their own, and advice tells the truth.

Each is judged until a check names its cause: in the quick profile, and in full if that does not
catch it. A share from all families is judged by all checks of its function in both profiles.
"""

import ast
import dataclasses
import warnings

import pytest

from whichmin.verification.oracle.compliance import CheckVerdict
from whichmin.verification.oracle.judge import Judge
from whichmin.verification.oracle.mutants import build, mutants
from whichmin.verification.oracle.mutants.matrix import kill
from whichmin.verification.oracle.mutants.training_habits import TRAINING_HABITS

SCHEDULED = (
    "cosine", "cosine-run", "exponential", "halved-second", "inverse", "late-cosine",
    "late-cosine-run", "late-exponential", "late-inverse-sqrt", "late-linear-run",
    "late-cyclic", "late-one-cycle-40", "late-restarts-doubled", "late-triangle", "late-warm-up",
    "late-warm-up-cosine", "late-warm-up-cosine-100", "late-warm-up-cosine-again",
    "late-warm-up-cosine-run", "root", "warm-up", "warm-up-third", "warm-up-0",
)  # fmt: skip
# Every so manieth is judged in both profiles: all of them take ten minutes.
WHOLE = mutants()[5::12]
UNSTEADY = ("gives other values when it is called again", "the same call gives another value")
SCHEDULES = (
    "a schedule of the step size is on", "a schedule over the whole run", "the step size decays",
    "the step size follows a cosine", "the step size changes linearly", "a warm-up is on",
    "the step size changes from step to step",
)  # fmt: skip
PROBES = ("the probes are", "Gaussian probes")
# What else is true of a mutant, and may be said in place of its cause.
TRUE_AS_WELL = {
    "average_sharpness.unseeded": UNSTEADY,
    "hessian.cross-once": ("the matrix is not symmetric",),
    "hessian_trace.gaussian": PROBES,
    "hessian_trace.uniform": PROBES,
    "hessian_trace.unseeded": UNSTEADY,
    "hessian_trace.zero-one": PROBES,
    "hessian_vector_product.left-over": UNSTEADY,
    "hessian_vector_product.random-start": UNSTEADY,
    "loss.single": ("float32",),
    "noise_scale.added": ("the denominator is 1e-08",),
    "noise_scale.inverse": ("a finite number where G = 0",),
    "sample_batches.first": ("the seed is ignored", "every seed has the same first batch"),
    "sample_batches.unseeded": UNSTEADY,
    "step.noise": UNSTEADY,
    "train.dropout": UNSTEADY,
    "train.late-stops-gradient": ("the length of the gradient is below 1e-05",),
    "train.noise-anew": UNSTEADY,
    "train.shuffled-anew": UNSTEADY,
    "train.weights-cut": ("their entries clipped to 0.4",),
    **{f"train.{name}": SCHEDULES for name in SCHEDULED},
}


def own(mutant, text):
    """Whether a diagnosis is empty, or names what the mutant does."""
    causes = (mutant.cause, *TRUE_AS_WELL.get(mutant.id, ()))
    return not text or any(cause is not None and cause in text for cause in causes)


def failures(mutant, *, quick):
    """The results of the checks that failed."""
    settings = {"quick": quick, "isolation": mutant.isolation, "limit": 1.0}
    with warnings.catch_warnings(), Judge(build(mutant), **settings) as judged:
        warnings.simplefilter("ignore")  # mutants divide by 0
        found = [judged.result(c) for c in judged.checks if mutant.function in c.functions]
    return [r for r in found if r.verdict is CheckVerdict.FAILED]


@pytest.mark.parametrize("mutant", mutants(), ids=lambda m: m.id)
def test_it_is_killed_and_its_cause_and_no_other_named(mutant):
    found = kill(mutant, whole=False)
    assert found.caught
    assert found.killed is not mutant.noted
    assert found.named == (mutant.cause is not None)
    if not mutant.noted:
        assert [text for text in found.told if not own(mutant, text.partition("\n")[0])
                and (mutant.cause or "\n") not in text] == []  # fmt: skip


@pytest.mark.parametrize("mutant", WHOLE, ids=lambda m: m.id)
def test_only_its_own_cause_is_named_in_both_profiles_and_advice_is_true(mutant):
    quick, full = failures(mutant, quick=True), failures(mutant, quick=False)
    for result in (*quick, *full):
        assert own(mutant, result.diagnosis), result.text()
    told = [[r for r in part if r.diagnosis] for part in (quick, full)]
    assert bool(told[1]) >= bool(told[0]), "lost in the full profile"
    advised = {r.declare: r for r in quick if r.declare}
    for declare, result in advised.items():
        declares = {**mutant.declares, **ast.literal_eval(f"{{{declare}}}")}
        again = failures(dataclasses.replace(mutant, declares=declares), quick=True)
        for new in (r for r in again if r.check == result.check):
            assert new.diagnosis != result.diagnosis
            assert new.declare != declare


def test_95_percent_have_a_cause_that_is_named():
    everyone = [m for m in mutants() if not m.noted]
    assert sum(m.cause is not None for m in everyone) >= 0.95 * len(everyone)
    habits = [m for m in TRAINING_HABITS if m.cause is not None]
    assert len(habits) >= 0.95 * len(TRAINING_HABITS)
