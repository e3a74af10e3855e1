import math
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("flint")

from whichmin.errors import InputError
from whichmin.verification.provers import intervals
from whichmin.verification.provers.intervals import (
    Inequality,
    decide_inequality,
    inequalities,
    inequality_margins,
    violated_in_floats,
)
from whichmin.verification.provers.smt import Variant


def inequality(then, given=("x > 0",), **more):
    return Inequality("one", "x", (given,) if isinstance(given, str) else given, (then,), **more)


def worst(margins):
    return max(m.ratio for m in margins)


@pytest.mark.parametrize(
    ("then", "given", "split"),
    [
        ("log(1 + x) < x", "x > 0", ()),  # second order at 0, to infinity
        ("-log(1 - x) > x + x**2/2", "0 < x < 1", ()),  # third order at 0, infinite at 1
        ("log(1 - x) > -x - x**2", "0 < x <= 1/2", ()),
        ("log(1 - x) >= -x - x**2", "0 <= x <= 1/2", ()),
        ("exp(x) >= 1 + x", (), ("0",)),  # both infinities
        ("log(x) <= x - 1", "0 < x", ("1",)),  # infinite at 0, zero inside
        ("(1 + x)*log(1 + x) > x", "x > 0", ()),
        ("sqrt(1 - x/2) < 1 - x/4", "0 < x <= 1", ()),
        ("1 - x**2 > 0", "0 < x < 1", ()),  # zero at a right end
        ("(1 - x)**3 > 0", "0 < x < 1", ()),  # of third order there
        ("x**2 - 2*x + 2 > 0", (), ()),
        ("0 < 1/(1 + x) < 1 - x/2 + x**2/2", "0 < x < 1", ()),
        ("log(1 + x) <= x + 1/1000000000000000000000000000000", "x > 0", ()),
    ],
)
def test_true_inequalities_are_proved(then, given, split):
    answer = decide_inequality(inequality(then, given, split=split))
    assert answer.verdict == "proved", answer
    assert 0 < answer.cells <= 40


@pytest.mark.parametrize(
    ("then", "given"),
    [
        ("log(1 + x) >= x", "x > 0"),
        ("log(1 + x) <= x - 1/1000", "x > 0"),  # a shifted constant
        ("log(1 - x) >= -x - x**2", "0 < x <= 3/4"),  # too wide a range, closed
        ("log(1 - x) >= -x - x**2", "0 < x < 1"),  # open
        ("log(1 + x) <= x - x**3/1000000000", "x > 0"),  # false far out only
        ("exp(x) > 1 + x", ()),  # strict, at 0
        ("exp(x) >= 1 + x + x**2/2", ()),  # false below 0 only
        ("x >= 1/1000000", "x > 0"),
        ("1 - x**2 > 0", "0 < x <= 1"),
    ],
)
def test_false_inequalities_are_refuted_by_a_place(then, given):
    false = inequality(then, given)
    answer = decide_inequality(false)
    assert answer.verdict == "false", answer
    assert violated_in_floats(false, answer.place) == (then,)
    assert answer.conclusion == then


@pytest.mark.parametrize(
    ("then", "given", "where"),
    [
        ("x - x >= 0", "0 <= x <= 1", "between 0 and"),
        # Zero at a third that is no end of a cell: nothing decides it.
        ("(3*x - 1)**2 >= 0*x", "0 < x < 1", "200 cells"),
        # 0 times infinity at 1.
        ("log(1 - x)*(1 - x) + x > 0", "0 < x < 1", "of 1 after"),
        # The terms cancel at infinity.
        ("log(1 + x) > x/(1 + x)", "x > 0", "and oo"),
    ],
)
def test_what_cannot_be_decided_is_said_with_its_cell(then, given, where):
    undecided = inequality(then, given)
    answer = decide_inequality(undecided)
    assert answer.verdict == "undecided"
    assert where in answer.where
    (first, *_) = inequality_margins(undecided)
    assert first.ratio == math.inf
    assert answer.where in first.what


def test_a_named_zero_is_decided():
    square = inequality("(3*x - 1)**2 >= 0*x", "0 < x < 1", split=("1/3",))
    assert decide_inequality(square).verdict == "proved"
    strict = replace(square, then=("(3*x - 1)**2 > 0*x",))
    assert decide_inequality(strict).place == Fraction(1, 3)


@pytest.mark.parametrize(
    ("then", "given"),
    [
        ("log(1 - x) <= 0", "0 < x <= 2"),
        ("log(1 - x) <= 0", "0 <= x <= 1"),
        ("1/(2*x - 1)**2 > 0", "0 < x < 1"),
        ("1/(3*x - 1)**2 > 0", "0 < x < 1"),
        ("sqrt(x) >= 0", "0 <= x <= 1"),
        ("1/(x - 2) < 0", "0 < x < 1"),  # a denominator must be positive
    ],
)
def test_what_is_not_shown_to_be_defined_is_not_proved(then, given):
    answer = decide_inequality(inequality(then, given))
    assert answer.verdict == "undecided"
    assert "defined" in answer.conclusion


def test_margins_of_an_inequality_with_its_variants():
    true = inequality(
        "log(1 + x) <= x",
        variants=(
            Variant("the other way round", then=("log(1 + x) >= x",)),
            Variant("from -1/2 on, strict", ("x > 0",), ("x > -1/2",), ("log(1 + x) < x",)),
        ),
    )
    margins = list(inequalities((true,)))
    assert worst(margins) <= 1
    assert "proved, 3 cells" in margins[0].found
    assert "x = 1 violates log(1 + x) >= x" in margins[1].found
    assert "x = 0 violates log(1 + x) < x" in margins[2].found


def test_a_variant_that_is_true_fails():
    also = Variant("weaker", then=("log(1 + x) <= x + 1",))
    assert worst(inequality_margins(inequality("log(1 + x) <= x", variants=(also,)))) == math.inf


def test_a_wrong_enclosure_would_be_seen(monkeypatch):
    # The prover believes that log(1 + x) is above x; floating point does not agree that it fails.
    monkeypatch.setattr(intervals, "_below", lambda _value: True)
    variant = Variant("true, said to be false", then=("log(1 + x) <= x + 1",))
    true = inequality("x > 0", variants=(variant,))
    assert worst(inequality_margins(true)) == math.inf


@pytest.mark.parametrize(
    ("given", "split"),
    [
        (("x > 1", "x < 0"), ()),
        (("x >= 1", "x <= 1"), ()),
        (("x > 0", "x < 1"), ("1",)),
        (("x**2 < 1",), ()),
        (("x < x",), ()),
        (("1 < 2",), ()),
    ],
)
def test_domains_that_are_none_are_refused(given, split):
    with pytest.raises(InputError, match="given"):
        decide_inequality(inequality("x > 0", given, split=split))


@pytest.mark.parametrize("then", ["x", "sin(x) > 0", "x == 1", "y > 0"])
def test_conclusions_that_are_none_are_refused(then):
    with pytest.raises(InputError):
        decide_inequality(inequality(then))


def test_two_variables_are_refused():
    with pytest.raises(InputError, match="one variable"):
        decide_inequality(Inequality("two", "x y", ("x > 0",), ("x > 0",)))


def test_the_precision_of_flint_is_left_as_it_was():
    import flint

    before = flint.ctx.prec
    decide_inequality(inequality("log(1 + x) < x"))
    assert flint.ctx.prec == before


def test_narrower_bounds_win():
    both = ("x > -1", "0 <= x <= 1", "x < 1/2")
    assert decide_inequality(inequality("x >= 0", both)).verdict == "proved"
    assert decide_inequality(inequality("x > 0", both)).place == 0
    assert decide_inequality(inequality("x < 1/2", both)).verdict == "proved"


LEAVES = st.sampled_from(["x", "1/3", "(-2)", "3/2"])
TERMS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from("+-*"), inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
        inner.map(lambda t: f"log(1 + ({t})**2)"),
        inner.map(lambda t: f"sqrt(1 + ({t})**2)"),
        inner.map(lambda t: f"({t})/(1 + ({t})**2)"),
        st.sampled_from(["exp(x)", "exp(-x)", "log(1 + x)"]),
    ),
    max_leaves=4,
)


@settings(max_examples=60, derandomize=True, deadline=None)
@given(left=TERMS, right=TERMS, places=st.lists(st.fractions(0, 5), min_size=20, max_size=20))
def test_what_is_decided_agrees_with_floating_point(left, right, places):
    one = inequality(f"{left} >= {right}", "x >= 0")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(intervals, "CELLS", 20)
        answer = decide_inequality(one)
    # Products of four terms below 150 are rounded by less than this.
    sides = replace(one, then=(f"{left} >= {right} - 1/1000000",))
    if answer.verdict == "proved":
        assert not any(violated_in_floats(sides, place) for place in places)
    if answer.verdict == "false":
        assert violated_in_floats(replace(one, then=(f"{left} > {right}",)), answer.place)
