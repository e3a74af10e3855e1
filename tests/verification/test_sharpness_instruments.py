"""What general instruments find at the minima, and what their searches miss."""

import numpy as np
import pytest

from whichmin.verification.sharpness_instruments import instruments_table, readings
from whichmin.words import Activation

MIXTURE, SINGLE = np.full(4, 0.5), np.eye(4)[0]


def by_measure(correlations, activation):
    return {r.measure: r for r in readings(correlations, 8, activation, 1e-3, 0.05, 0)}


@pytest.mark.parametrize("activation", Activation)
@pytest.mark.parametrize("correlations", [MIXTURE, SINGLE], ids=["mixture", "single"])
def test_all_agree_or_stay_below_the_maximum(activation, correlations):
    found = by_measure(correlations, activation)
    assert len(found) == 7
    assert all(r.margin <= 1 for r in found.values())


def test_the_search_of_keskars_metric_misses_the_kinks_of_a_single_point():
    # Its first gradient is 0 along a kink, so it leaves those coordinates at the centre: n - 1
    # terms less in 16 + (n - 1) to 16 + (n - m).
    reading = by_measure(SINGLE, Activation.RELU)["Keskar, whole space"]
    assert reading.found / reading.exact == pytest.approx((16 + 4) / (16 + 7), rel=1e-2)
    assert by_measure(SINGLE, Activation.LINEAR)["Keskar, whole space"].found == pytest.approx(
        reading.found, rel=1e-9
    )


def test_ascent_in_a_ball_may_end_on_the_wrong_side():
    reading = by_measure(MIXTURE, Activation.LINEAR)["SAM, worst case"]
    r, m = 0.05, 4
    # The other local maximum: along -w.
    assert reading.found == pytest.approx((2 * r - r**2) ** 2 / (2 * m), rel=1e-9)


def test_the_table_says_where_differences_come_from():
    table = instruments_table({(Activation.RELU, "SGD"): SINGLE}, 8, 1e-3, 0.05, 0)
    rows = {row["measure"]: row for row in table.records()}
    assert rows["Keskar, whole space"]["relative difference"] < -0.1
    assert "at most the maximum" in rows["Keskar, whole space"]["where it comes from"]
    assert rows["trace, κ=0"]["margin"] <= 1
