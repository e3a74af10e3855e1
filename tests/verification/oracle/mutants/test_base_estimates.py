"""The base of the estimators' mutants passes every check, so a mutant fails by its change alone."""

import pytest

from whichmin.verification.oracle import judge
from whichmin.verification.oracle.mutants import base_estimates
from whichmin.verification.oracle.mutants.mutant import correct

FUNCTIONS = (*base_estimates.WHICHMIN["stochastic"], "sam_sharpness", "keskar_sharpness")


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("seed", [0, 1])
def test_the_base_passes(name, seed):
    verdict = judge(correct("base_estimates", name), isolation="inline", quick=True, seed=seed)
    assert [r.text() for r in verdict.results if not r.good] == []
    assert any(r.cases for r in verdict.results)
