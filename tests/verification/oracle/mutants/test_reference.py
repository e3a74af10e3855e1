"""The bases are right: a kill is the change's doing."""

import pytest

from whichmin.verification.oracle import judge
from whichmin.verification.oracle.protocol import FUNCTIONS


@pytest.mark.parametrize("base", ["reference", "estimators", "base_momentum", "base_adaptive"])
def test_a_base_passes_everything(base):
    found = judge(f"whichmin.verification.oracle.mutants.{base}", isolation="process")
    assert found.holds, found.markdown()


def test_the_reference_has_every_function():
    from whichmin.verification.oracle.mutants import reference

    assert all(callable(getattr(reference, name)) for name in FUNCTIONS)
