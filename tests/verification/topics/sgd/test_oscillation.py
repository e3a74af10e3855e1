import pytest

from whichmin.verification.evidence.check import Settings, checks_of
from whichmin.verification.evidence.runner import run_check
from whichmin.verification.evidence.subject import Subject
from whichmin.verification.topics.sgd import oscillation

CHECKS = {c.id: c for c in checks_of(oscillation)}


@pytest.mark.parametrize(("part", "holds"), [(4, True), (2, False), (8, False)])
def test_the_variance_that_stays_is_a_quarter_of_the_squared_distance(part, holds):
    check = CHECKS["sgd.stationary_variance"].changed(part=part)
    assert run_check(check, Subject(), Settings()).holds is holds
