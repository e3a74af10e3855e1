"""Errors of declared differences: bounds that hold, and that wrong steps exceed."""

from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest

from whichmin.errors import InputError
from whichmin.verification.oracle import judge, references
from whichmin.verification.oracle.conventions import Conventions
from whichmin.verification.oracle.derivatives import EXACT, KINDS, Differences
from whichmin.verification.oracle.mutants import reference
from whichmin.verification.oracle.problems import problems


def product(h, normalised=False, forward=False):
    def hessian_vector_product(w, data, v, activation):
        size = np.linalg.norm(v) if normalised else 1.0
        u = v / (size or 1.0)
        up = reference.gradient(w + h * u, data, activation)
        if forward:
            return size * (up - reference.gradient(w, data, activation)) / h
        return size * (up - reference.gradient(w - h * u, data, activation)) / (2 * h)

    return hessian_vector_product


def judged(declared, **made):
    found = judge(SimpleNamespace(WHICHMIN=declared, **made), isolation="inline")
    return {r.check: r for r in found.results if r.cases}


@pytest.mark.parametrize("h", [1e-4, 1e-5, 1e-6])
@pytest.mark.parametrize("normalised", [False, True])
def test_declared_central_differences_pass(h, normalised):
    declared = {"derivatives": "central differences", "difference_step": h}
    found = judged(declared, hessian_vector_product=product(h, normalised))
    assert {r.verdict for r in found.values()} == {"passed"}


@pytest.mark.parametrize("h", [1e-5, 1e-7, 1e-8])
@pytest.mark.parametrize("normalised", [False, True])
def test_declared_forward_differences_pass(h, normalised):
    declared = {"derivatives": "forward differences", "difference_step": h}
    found = judged(declared, hessian_vector_product=product(h, normalised, forward=True))
    assert {r.verdict for r in found.values()} == {"passed"}


def _moved(w, k, h):
    return tuple(x + h * (i == k) for i, x in enumerate(w))


def _away(found, exact):
    return np.abs(references.floats([p - q for p, q in zip(found, exact, strict=True)]))


@pytest.mark.parametrize("activation", ["linear", "relu"])
def test_bounds_of_forward_differences_hold_and_are_not_wide(activation):
    """In fractions, where nothing is rounded, also across kinks."""
    h, shares = Fraction(1, 64), {"gradient": [0.0], "product": [0.0]}
    made = Differences("forward differences", float(h))
    for served in problems():
        if len(served.w) > 5 or "scaled" in served.tags:
            continue
        data, axes = served.data, range(len(served.w))
        for w in (served.w, tuple(-x / 7 for x in served.w), (Fraction(-1, 999),) * len(axes)):
            base = references.loss(w, data, activation)
            exact = references.gradient(w, data, activation)
            found = [(references.loss(_moved(w, k, h), data, activation) - base) / h for k in axes]
            bound = made.gradient(w, data, activation, 1.0, "float64")
            assert (_away(found, exact) <= bound).all()
            shares["gradient"].append(float((_away(found, exact) / bound).max()))
            if made.crosses(w, data):
                continue
            for k in axes:
                product = references.hessian_vector_product(
                    w, data, _moved((Fraction(0),) * len(axes), k, Fraction(1)), activation,
                    Fraction(0),
                )  # fmt: skip
                ends = references.gradient(_moved(w, k, h), data, activation)
                found = [(p - q) / h for p, q in zip(ends, exact, strict=True)]
                share = np.linalg.norm(_away(found, product)) / made.product(w, data, 1, "float64")
                assert share <= 1
                shares["product"].append(float(share))
    assert max(shares["gradient"]) > 0.2
    assert max(shares["product"]) > 0.05


@pytest.mark.parametrize("forward", [False, True])
def test_another_step_or_kind_than_declared_fails(forward):
    h = 1e-5 if forward else 1e-3
    declared = {"derivatives": "central differences", "difference_step": h / 10}
    found = judged(declared, hessian_vector_product=product(h, forward=forward))
    assert found["hessian_vector_product.values"].verdict == "failed"
    assert all("float32" not in r.declare for r in found.values())


@pytest.mark.parametrize("forward", [False, True])
def test_undeclared_ones_fail_and_pass_once_declared_as_told(forward):
    target = product(1e-4, forward=forward)
    result = judged({}, hessian_vector_product=target)["hessian_vector_product.values"]
    assert result.verdict == "failed"
    kind = "forward" if forward else "central"
    assert result.declare == f"'derivatives': '{kind} differences', 'difference_step': 0.0001"
    found = judged(eval(f"{{{result.declare}}}"), hessian_vector_product=target)
    assert {r.verdict for r in found.values()} == {"passed"}


def test_a_mistake_is_seen_through_declared_differences():
    def doubled(w, data, v, activation):
        return 2 * product(1e-5)(w, data, v, activation)

    found = judged({"derivatives": "central differences"}, hessian_vector_product=doubled)
    assert "a factor 2" in found["hessian_vector_product.values"].diagnosis


def test_nothing_is_added_to_exact_ones():
    w, data = (0.5, 0.25), ((1.0, 0.0), (0.0, 1.0))
    for kind in ("exact", "complex step"):
        made = Differences(kind, KINDS[kind])
        assert made.none
        assert made.matrix(w, data, 1.0, "float64") == 0
        assert made.product(w, data, 1.0, "float64", 3.0) == 0
        assert not made.gradient(w, data, "relu", 1.0, "float64").any()
        assert not made.crosses(w, data)
    assert Differences("central differences", 1e-5).crosses((0.0, 1.0), data)
    assert EXACT.none


def test_what_is_declared_is_read():
    assert Conventions.parse(None).differences == EXACT
    parsed = Conventions.parse({"derivatives": "second differences", "difference_step": 1e-3})
    assert parsed.differences == Differences("second differences", 1e-3)
    for wrong in ({"derivatives": "guessed"}, {"difference_step": 0}, {"difference_step": 2}):
        with pytest.raises(InputError):
            Conventions.parse(wrong)
