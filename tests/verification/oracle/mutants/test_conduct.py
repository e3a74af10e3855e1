"""What hangs, dies or prints is reported, and the run goes on."""

import pytest

from whichmin.verification.oracle.mutants.conduct import CONDUCT
from whichmin.verification.oracle.mutants.matrix import kill


@pytest.mark.parametrize("mutant", CONDUCT, ids=lambda m: m.id)
def test_it_is_reported_with_its_cause(mutant):
    assert kill(mutant).named
