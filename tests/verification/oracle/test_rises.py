"""Searches for the largest rise: what is said of values that no other mistake explains."""

import pytest

from whichmin.verification.oracle.check import Finding
from whichmin.verification.oracle.diagnosis import diagnose
from whichmin.verification.oracle.rises import with_short


def findings(*values):
    return [Finding(f"case {i}", got, 0.9 + i, 1e-12, "rounding", upper=1.0 + i, interval=True)
            for i, got in enumerate(values)]  # fmt: skip


@pytest.mark.parametrize(
    ("values", "lowest", "expected"),
    [
        ((0.3, 0.4, 1.7), (), "short"),
        ((0.3, -0.4, 1.7), (-1.0, -1.0, -1.0), "last value"),
        ((-0.3, -0.4, 0.0), (-1.0, -1.0, -1.0), "downhill"),
        # Lower than any value that is known to occur, or above the maximum.
        ((0.3, -1.4, 1.7), (-1.0, -1.0, -1.0), ""),
        ((0.3, -0.4, 1.7), (), ""),
        ((0.3, 0.4, 3.7), (), ""),
    ],
)
def test_what_is_said_of_values_below_the_maximum(values, lowest, expected):
    found = diagnose(list(with_short(findings(*values), "short", "float64", lowest)))
    assert expected in (found.text if found else "")
    assert bool(found) == bool(expected)
