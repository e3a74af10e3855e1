"""Regular sets of steps are recognised, also where some steps show nothing."""

import pytest

from whichmin.verification.oracle.when import When, roundest, whens


@pytest.mark.parametrize(("found", "told"), [
    (range(30, 60), "after step 30"), (range(60), "in every step"),
    (range(9, 60, 10), "every 10 steps"), (range(0, 60, 7), "every 7 steps from step 1 on"),
    (range(12, 60, 5), "every 5 steps from step 13 on"), ([17], "in step 18 alone"),
])  # fmt: skip
def test_what_is_regular_has_a_name(found, told):
    made = list(whens(list(found), range(60), set()))
    assert str(made[0]) == told
    assert [t for t in range(60) if t in made[0]] == list(found)


def test_what_is_irregular_has_none():
    assert not list(whens([3, 7, 20], range(60), set()))


def test_steps_that_show_nothing_are_left_open():
    blank = {18, 19, 20, 29}
    (since, *_) = whens([t for t in range(21, 60) if t not in blank], range(60), blank)
    assert since == When(20, 1)
    (every, *_) = whens([9, 19, 39, 49, 59], range(60), {29})
    assert str(every) == "every 10 steps"


def test_a_window_that_begins_late():
    (every, *_) = whens([109, 119, 129], range(107, 139), set())
    assert str(every) == "every 10 steps"


def test_the_roundest_number():
    assert [roundest(95, 102), roundest(38, 41), roundest(33, 37), roundest(33, 34)] == [
        100, 40, 35, 34,
    ]  # fmt: skip
