from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest

from whichmin.verification.oracle.check import Finding
from whichmin.verification.oracle.judge import Judge

F = Fraction


def test_the_margin_is_in_units_of_the_bound():
    found = Finding("x", np.array([1.0, 2.5]), (F(1), F(2)), 0.25, "why")
    assert found.ratio == 2
    assert not found.holds
    assert Finding("x", np.array([1.0, 2.5]), (F(1), F(2)), [0.1, 0.5], "why").holds


@pytest.mark.parametrize(("got", "holds"), [(0.0, True), (1e-300, False), (np.nan, False)])
def test_a_bound_of_zero_allows_equality_alone(got, holds):
    assert Finding("x", got, F(0), 0.0, "exact").holds is holds


@pytest.mark.parametrize(
    ("got", "place", "holds"), [(1.0, 0.0, True), (1.5, 0.5, True), (3.0, 1.0, True),
                                (0.5, 0.0, False), (3.5, 1.0, False)],
)  # fmt: skip
def test_a_segment_accepts_what_lies_between(got, place, holds):
    found = Finding("x", got, F(1), 1e-9, "kink", upper=F(3))
    # 1.5 is a quarter of the way.
    assert found.place == (0.25 if got == 1.5 else place)
    assert found.holds is holds


def test_a_huge_value_is_infinitely_far_off():
    # The ratio overflows; a target's number must not become a warning, and so an error, of ours.
    assert Finding("x", -2e300, F(0), 1e-300, "rounding").ratio == np.inf


def test_a_segment_is_not_a_box():
    corners = {"expected": (F(0), F(0)), "upper": (F(1), F(1))}
    assert Finding("x", np.array([0.3, 0.3]), bound=1e-9, reason="", **corners).holds
    assert not Finding("x", np.array([0.0, 1.0]), bound=1e-9, reason="", **corners).holds


def test_a_segment_of_one_point():
    found = Finding("x", 1.0, F(1), 1e-9, "", upper=F(1))
    assert found.place is None
    assert found.holds


def shuffled(m, b, steps, seed):
    each = m // b
    order = np.random.default_rng(seed).random((-(-steps // each), m)).argsort(axis=1)
    return order[:, : each * b].reshape(-1, b)[:steps]


def cyclic(m, b, steps, seed):
    return np.arange(steps * b).reshape(steps, b) % m


BANK = "whichmin.verification.oracle.mutants"
RIGHT = {
    "exact": f"{BANK}.reference",
    "estimates": f"{BANK}.estimators",
    "reshuffled": SimpleNamespace(sample_batches=shuffled, WHICHMIN={"sampling": "reshuffled"}),
    "cyclic": SimpleNamespace(sample_batches=cyclic, WHICHMIN={"sampling": "cyclic"}),
}


@pytest.mark.parametrize("name", RIGHT)
def test_every_finding_names_the_calls_that_show_it(name):
    """Without a call there is no snippet if it fails.

    Where a value is undefined, the call at fault is named, so there is none for a right target.
    """
    with Judge(RIGHT[name], isolation="inline", quick=True) as judged:
        provided = set(judged.session.provided)
        found = [
            f"{check.id}: {finding.what}"
            for check in judged.checks
            if set(check.functions) <= provided and not check.id.endswith(".undefined")
            for finding in check.run(judged.session)
            if finding.call is None and not finding.calls
        ]
    assert found == []
