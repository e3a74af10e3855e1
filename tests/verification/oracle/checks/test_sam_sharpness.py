"""SAM's sharpness: right searches pass, one ascent step as what it is, wrong values are named."""

from types import SimpleNamespace

import numpy as np
import pytest

from whichmin.errors import InputError
from whichmin.verification.oracle import judge
from whichmin.verification.oracle.mutants.reference import sam_sharpness


def judged(sharpness, declared=None, quick=True):
    target = SimpleNamespace(WHICHMIN=declared or {}, sam_sharpness=sharpness)
    found = judge(
        target, isolation="inline", quick=quick, only=lambda i: i == "sam_sharpness.values"
    )
    return found.results[0]


def slope(loss, w):
    return np.array([loss(w + s) - loss(w - s) for s in 1e-6 * np.eye(len(w))]) / 2e-6


def one_step(loss, w, radius):
    """Foret's: up the gradient once; at a minimum there is none."""
    g = slope(loss, w)
    size = np.sqrt(g @ g)
    # Differences of 1e-6 see a kink's second derivatives as slopes of that size.
    return loss(w + radius * g / size) - loss(w) if size > 1e-5 else 0.0


def test_a_right_search_passes_in_full():
    result = judged(sam_sharpness, quick=False)
    assert (result.verdict, result.cases) == ("passed", 30)
    assert judged(sam_sharpness, {"dtype": "float32"}).verdict == "passed"


def test_one_ascent_step_is_named_and_can_be_declared():
    result = judged(one_step)
    assert result.verdict == "failed"
    assert "one ascent step along the gradient" in result.diagnosis
    assert result.declare == "'sam_share': 0"
    assert result.snippet
    assert judged(one_step, {"sam_share": 0}).verdict == "passed"


def test_above_the_maximum_fails_whatever_the_share():
    def above(loss, w, radius):
        return 1.0001 * sam_sharpness(loss, w, radius) / 0.99

    result = judged(above, {"sam_share": 0})
    assert result.verdict == "failed"


def test_a_share_is_a_part():
    with pytest.raises(InputError, match="sam_share"):
        judged(one_step, {"sam_share": 2})


def test_a_declared_share_is_judged_by():
    def short(loss, w, radius):
        return 0.95 * sam_sharpness(loss, w, radius)

    assert "below the maximum" in judged(short).diagnosis
    assert judged(short, {"sam_share": 0.9}).verdict == "passed"


def other(change):
    return lambda loss, w, radius: sam_sharpness(loss, w, change(radius, w))


def second_order(loss, w, radius):
    rows = 1e-4 * np.eye(len(w))
    matrix = np.array([slope(loss, w + s) - slope(loss, w - s) for s in rows]) / 2e-4
    return radius**2 / 2 * np.linalg.eigvalsh(matrix)[-1]


WRONG = {
    "twice": (other(lambda r, w: 2 * r), "twice the radius"),
    "half": (other(lambda r, w: r / 2), "half the radius"),
    "dimension": (other(lambda r, w: r / np.sqrt(len(w))), "divided by sqrt(n)"),
    "length": (other(lambda r, w: r * np.sqrt(w @ w)), "multiplied by |w|"),
    "sign": (lambda loss, w, radius: -sam_sharpness(loss, w, radius), None),
    "percent": (lambda loss, w, radius: 100 * sam_sharpness(loss, w, radius), "in percent"),
    "loss": (lambda loss, w, radius: sam_sharpness(loss, w, radius) / loss(w), "to the loss"),
    "order": (second_order, None),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_values_fail_and_are_named(name):
    sharpness, text = WRONG[name]
    result = judged(sharpness)
    assert result.verdict == "failed"
    assert text is None or text in result.diagnosis


def test_a_lower_bound_must_rise_where_the_gradient_does():
    result = judged(lambda loss, w, radius: 0.0, {"sam_share": 0})
    assert result.verdict == "failed"
    assert result.diagnosis == "always 0"


def test_a_step_along_an_unnormalised_gradient_is_called_that():
    def step(loss, w, radius):
        n = len(w)
        slope = np.array([(loss(w + e) - loss(w - e)) / 2e-5 for e in 1e-5 * np.eye(n)])
        return loss(w + radius * slope) - loss(w)

    result = judged(step, {"sam_share": 0})
    assert result.verdict == "failed"
    assert "sqrt(n)" not in result.diagnosis
    assert "box" not in result.diagnosis
