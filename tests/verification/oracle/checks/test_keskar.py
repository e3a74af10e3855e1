"""Keskar's sharpness: the exact maximum, right maximisers, and the published mistakes."""

import importlib.util
import itertools
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from whichmin.verification.oracle import judge, references
from whichmin.verification.oracle.checks.keskar import largest_loss

F = Fraction
_spec = importlib.util.spec_from_file_location(
    "curvature_target", Path(__file__).with_name("curvature_target.py")
)
right = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(right)


def judged(keskar, declared=None):
    target = SimpleNamespace(WHICHMIN=declared or {}, keskar_sharpness=keskar)
    found = judge(target, isolation="inline")
    return {r.check: r for r in found.results if r.verdict != "not provided"}


@pytest.mark.parametrize("activation", ["linear", "relu"])
def test_the_exact_maximum_is_that_of_a_grid(activation):
    rng = np.random.default_rng(4)
    for _ in range(20):
        centre = [F(int(x), 8) for x in rng.integers(-8, 9, size=3)]
        radius = [F(int(x), 8) for x in rng.integers(1, 9, size=3)]
        low = [c - r for c, r in zip(centre, radius, strict=True)]
        high = [c + r for c, r in zip(centre, radius, strict=True)]
        most = largest_loss(low, high, 2, activation)
        data = ((F(1), F(0), F(0)), (F(0), F(1), F(0)))
        # A grid that contains both ends and 0, where the maximum must lie.
        axes = [
            sorted({a + (b - a) * F(i, 3) for i in range(4)} | ({F(0)} if a < 0 < b else set()))
            for a, b in zip(low, high, strict=True)
        ]
        grid = (references.loss(w, data, activation) / 2 for w in itertools.product(*axes))
        assert max(grid) == most


def test_the_closed_forms_at_the_minima():
    e = F(1, 10)
    low, high = [1 - 2 * e, -e, -e, -e, -e], [1 + 2 * e, e, e, e, e]
    for activation, q, v in (
        ("linear", (1 + 2 * e) ** 2 + 2 * e * e, 2 * e * e),
        ("relu", (1 + 2 * e) ** 2, 4 * e * e),
    ):
        rise = largest_loss(low, high, 3, activation) - (F(1, 2) - F(1, 6))
        assert rise == ((1 - q) ** 2 + q * v) / 6


def search(starts, steps=200, best=True, low=-1.0):
    """Projected gradient ascent by differences, from random corners."""

    def keskar(loss, w, eps, seed):
        rng = np.random.default_rng(seed)
        radius, base, found = eps * (np.abs(w) + 1), loss(w), []
        for _ in range(starts):
            z = radius * rng.uniform(low, 1, size=len(w))
            for _ in range(steps):
                slope = np.array([
                    loss(w + z + 1e-6 * u) - loss(w + z - 1e-6 * u) for u in np.eye(len(w))
                ])  # fmt: skip
                z = np.clip(z + radius * np.sign(slope), low * radius, radius)
            found.append(loss(w + z))
        return 100 * ((max(found) if best else found[-1]) - base) / (1 + base)

    return keskar


SEARCH = {"stochastic": {"keskar_sharpness": {"method": "search", "samples": 30}}}


def test_the_right_value_and_a_search_with_many_starts_pass():
    assert {r.verdict for r in judged(right.keskar_sharpness).values()} == {"passed"}
    assert {r.verdict for r in judged(search(30, 8), SEARCH).values()} == {"passed"}


def test_the_last_value_in_place_of_the_largest():
    result = judged(search(3, 8, best=False), SEARCH)["keskar_sharpness.values"]
    assert result.verdict == "failed"
    assert "or returns the last value and not the largest" in result.diagnosis


def test_a_declared_share_is_judged_by():
    def short(loss, w, eps):
        return 0.95 * right.keskar_sharpness(loss, w, eps)

    assert judged(short)["keskar_sharpness.values"].verdict == "failed"
    assert judged(short, {"keskar_share": 0.9})["keskar_sharpness.values"].verdict == "passed"


def changed(low=-1.0, one=1.0, rise=lambda most, base: 100 * (most - base) / (1 + base)):
    def keskar(loss, w, eps):
        values = [loss(np.array(x)) for x in right.corners(w, eps, low, one)]
        return rise(max(values), loss(w))

    return keskar


def without_absolute(loss, w, eps):
    ends = [sorted({x - eps * (x + 1), x + eps * (x + 1), 0.0} if abs(x) < eps * (x + 1)
                   else {x - eps * (x + 1), x + eps * (x + 1)}) for x in w]  # fmt: skip
    base = loss(w)
    return 100 * (max(loss(np.array(x)) for x in itertools.product(*ends)) - base) / (1 + base)


WRONG = {
    "lower bound": (changed(low=1.0), "lower bound is +eps"),
    "lower bound 0": (changed(low=0.0), "its lower bound is 0"),
    "no plus one": (changed(one=0.0), "without + 1"),
    "no absolute value": (without_absolute, "without the absolute value"),
    "fraction": (changed(rise=lambda most, base: (most - base) / (1 + base)), "1/100"),
    "relative": (changed(rise=lambda most, base: 100 * (most - base) / base), "not to 1 + loss"),
    "plain rise": (changed(rise=lambda most, base: 100 * (most - base)), "not divided by 1 + loss"),
    "wrong base": (
        changed(rise=lambda most, base: 100 * (most - base) / (1 + most)), "1 + the largest loss"
    ),
    "sign": (changed(rise=lambda most, base: 100 * (base - most) / (1 + base)), "the sign"),
    "one corner": (
        lambda loss, w, eps: (
            100 * (loss(w - eps * (np.abs(w) + 1)) - loss(w)) / (1 + loss(w))
        ),
        "the lower corner",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_wrong_values_fail_and_are_named(name):
    keskar, text = WRONG[name]
    result = judged(keskar)["keskar_sharpness.values"]
    assert result.verdict == "failed"
    assert text in result.diagnosis
    assert result.snippet


def test_a_fall_with_the_size_of_the_box():
    def keskar(loss, w, eps):
        return right.keskar_sharpness(loss, w, eps if eps < 0.2 else eps / 100)

    result = judged(keskar)["keskar_sharpness.grows"]
    assert result.verdict == "failed"
    assert result.diagnosis == "it falls as the box grows: local maxima"
