"""The bank: large enough, each function of the protocol in it, each kind of bug met in public."""

from collections import Counter

import pytest

from whichmin.errors import InputError
from whichmin.verification.oracle.checks import all_checks
from whichmin.verification.oracle.mutants import build, mutants
from whichmin.verification.oracle.protocol import FUNCTIONS


def test_at_least_60_for_every_function_and_most_for_trainers_and_samplers():
    counted = Counter(m.function for m in mutants())
    assert sum(counted.values()) >= 60
    assert set(counted) == set(FUNCTIONS)
    assert "train" in {name for name, _ in counted.most_common(2)}


def test_every_change_fits_its_base():
    for mutant in mutants():
        assert callable(getattr(build(mutant), mutant.function))


def test_expected_checks_exist():
    known = {c.id for c in all_checks()}
    for mutant in mutants():
        assert set(mutant.checks) & known, mutant.id


# Bugs from public trackers, ../shared/style.md; a compiler's fault is a lost corner here.
BUGS_MET_IN_PUBLIC = {
    "hessian_vector_product.random-start", "hessian_trace.stops-early", "spectrum.deflation",
    "top_eigenvalue.magnitude", "spectrum.breakdown", "hessian.batches",
    "hessian_trace.not-divided", "keskar_sharpness.lower-bound", "keskar_sharpness.last",
    "noise_scale.clamped", "hessian.kink", "top_eigenvalue.momentum", "hessian.miscompiled",
}  # fmt: skip


def test_the_bugs_met_in_public_are_there():
    """That each mutant is killed is tested with the matrix."""
    assert {m.id for m in mutants()} >= BUGS_MET_IN_PUBLIC


def test_a_part_is_selected():
    assert {m.function for m in mutants("step.")} == {"step"}
    with pytest.raises(InputError, match="select = 'nothing'"):
        mutants("nothing")
