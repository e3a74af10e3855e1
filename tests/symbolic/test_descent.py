import itertools
import math

import pytest

from whichmin.symbolic import closed_form
from whichmin.symbolic.descent import gradient_matches_step


def test_step_and_gradient_meet():
    assert gradient_matches_step().failures() == []


@pytest.mark.parametrize(("m", "b"), [(2, 1), (5, 2), (6, 5)])
def test_separation_rate_by_listing_all_batches(m, b):
    alpha = 0.15
    total = 0.0
    batches = list(itertools.combinations(range(m), b))
    for batch in batches:
        winner, other = 0 in batch, 1 in batch
        shrink = 1 - alpha * winner  # S = 1 if the winner is there, N = 1
        total += math.log((shrink + alpha * other) / (shrink + alpha * winner))
    rate = closed_form("dynamics.separation_rate")(m=m, b=b, alpha=alpha)
    assert rate == pytest.approx(total / len(batches), rel=1e-12)  # a few roundings


def test_gd_limit_has_unit_norm():
    c = [0.3, 0.4, 0.5]
    energy = sum(v * v for v in c)
    limit = closed_form("dynamics.gd_limit")
    assert sum(limit(c=v, C=energy) ** 2 for v in c) == pytest.approx(1, abs=1e-15)
