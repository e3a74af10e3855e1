"""The numbers of the settling theorem against its inequalities, evaluated anew and exactly."""

import itertools
import math
import time
from decimal import Decimal
from fractions import Fraction

import mpmath
import pytest

import whichmin.core.sgd as module
from whichmin.core.sgd import LONGEST, StepConstants, capture_chance, settling_numbers

F = Fraction

# m, b, eta, correlations: small enough for exact sums of the capture chance.
CASES = [
    (2, 1, F(1, 5), (F(3, 5), F(2, 5))),
    (2, 1, F(1, 8), (F(7, 10), F(7, 10))),  # C0 above 9/10
    (3, 1, F(1, 5), (F(3, 5), F(2, 5), F(3, 10))),
    (3, 2, F(2, 5), (F(1, 100), F(1, 50), F(0))),
    (5, 2, F(2, 5), (F(3, 5), F(2, 5), F(1, 5), F(1, 10), F(1, 10))),
    (6, 5, F(1), (F(3, 10),) * 6),
]
E2, P = F(1, 100), F(1, 10)  # the square of e = 1/10


def inequalities(m, b, eta, c0, e2, p, numbers):
    """Which of the theorem's hypotheses on its numbers hold, in fractions, from its formulas."""
    a, share = eta / b, F(b, m)
    split = F(2 * b * (m - b), m * (m - 1))
    drift = F(19, 4000) * a**2 * split
    rate = F(19, 20) * drift
    u = F(19, 10) * a
    wake_factor = 1 - share * (u / (1 + u))
    return {
        "wake": c0 >= F(9, 10) or 36 * (F(19, 20) - c0) * wake_factor**numbers.wake <= p * c0,
        "rate": numbers.capture * rate >= 1,
        "climb": 1 <= numbers.climb <= numbers.capture * exact_chance(m, b, eta, numbers.climb),
        "halvings": 2**numbers.halvings * p >= 2,
        "settle": numbers.settle * rate >= 1,
        "refinements": 2**numbers.refinements * 2 * drift * e2 >= 1,
    }


def factors(m, b, eta):
    a, share = eta / b, F(b, m)
    v = F(19, 20) * a
    z = v / (1 + v)
    inside = (b - 1 + (m - b) * (1 - z / 2 - z**2 / 10)) / (m - 1)
    y = F(11, 10) * a / (1 - F(9, 10) * a)
    growth = 1 + F(2 * b * (m - b), m * (m - 1)) * y**2 / 8
    return share, inside, (growth - share * inside) / (1 - share)


def exact_chance(m, b, eta, climb):
    """The capture chance over one common denominator, so that nothing has to be reduced."""
    _, inside, outside = factors(m, b, eta)
    low = math.lcm(inside.denominator, outside.denominator)
    first, second = int(inside * low), int(outside * low)
    powers = [1]
    for _ in range(climb):
        powers.append(powers[-1] * second)
    total, with_leader = 0, 1
    for k in range(climb + 1):
        room = 49 * low**climb - 100 * (m - 1) * with_leader * powers[climb - k]
        total += math.comb(climb, k) * b**k * (m - b) ** (climb - k) * max(room, 0)
        with_leader *= first
    return 2 * F(total, 100 * low**climb * m**climb)


def numbers_of(m, b, eta, c, e2=E2, p=P):
    return settling_numbers(StepConstants(m, b, eta), sum(x * x for x in c), e2, p)


@pytest.mark.parametrize("case", CASES)
def test_the_numbers_satisfy_what_the_theorem_asks_for(case):
    m, b, eta, c = case
    c0 = sum(x * x for x in c)
    for e2, p in [(E2, P), (F(1, 10**12), F(1, 100)), (F(4), F(9, 10))]:
        numbers = numbers_of(m, b, eta, c, e2, p)
        assert numbers.climb < 1100  # the exact sum stays small
        found = inequalities(m, b, eta, c0, e2, p, numbers)
        assert all(found.values()), found
        by_hand = (
            numbers.wake + numbers.climb + numbers.capture * numbers.halvings
            + numbers.settle * numbers.refinements
        )  # fmt: skip
        assert numbers.steps == by_hand


@pytest.mark.parametrize("case", CASES)
def test_none_of_them_is_larger_than_need_be(case):
    m, b, eta, c = case
    numbers = numbers_of(*case)
    less = {
        "wake": "wake", "halvings": "halvings", "settle": "settle", "refinements": "refinements",
    }  # fmt: skip
    c0 = sum(x * x for x in c)
    for name, broken in less.items():
        if getattr(numbers, name):
            changed = module.SettlingNumbers(**{**vars(numbers), name: getattr(numbers, name) - 1})
            assert not inequalities(m, b, eta, c0, E2, P, changed)[broken], name
    # Capture has four digits, and the chance is a bound; together a thousandth and a little.
    short = module.SettlingNumbers(**{**vars(numbers), "capture": int(numbers.capture * 0.998)})
    found = inequalities(m, b, eta, c0, E2, P, short)
    assert not (found["rate"] and found["climb"])


@pytest.mark.parametrize(
    ("name", "wrong", "noticed"),
    [
        ("drift_rate", lambda s: s.alpha**2 * s.split_pair, "refinements"),
        ("settle_rate", lambda s: s.drift_rate, "settle"),
        ("wake_factor", lambda s: 1 - s.in_batch * F(19, 10) * s.alpha, "wake"),
        ("with_leader", lambda s: 1 - F(19, 40) * s.alpha, "climb"),
        ("mean_growth", lambda s: F(1), "climb"),
        ("_wake", lambda *_: 0, "wake"),
        ("_doublings", lambda size: int(size).bit_length() - 1, "halvings"),
        ("_SLACK", Decimal("1.01"), "climb"),
    ],
)
def test_a_wrong_formula_is_noticed(monkeypatch, name, wrong, noticed):
    """The inequalities above, given what a wrong module makes, do not hold."""
    m, b, eta, c = CASES[4]
    if name.startswith("_"):
        monkeypatch.setattr(module, name, wrong)
    else:
        monkeypatch.setattr(StepConstants, name, property(wrong))
    found = inequalities(m, b, eta, sum(x * x for x in c), E2, P, numbers_of(m, b, eta, c))
    assert not found[noticed]


def test_the_published_example():
    """As small as what a search over all lengths of an attempt finds."""
    numbers = numbers_of(*CASES[0])
    assert numbers.steps <= 133047
    assert (numbers.halvings, numbers.settle, numbers.refinements) == (5, 5541, 19)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("climb", [1, 7, 60, 350])
def test_the_capture_chance_is_a_close_lower_bound(case, climb):
    m, b, eta, _ = case
    exact = exact_chance(m, b, eta, climb)
    found = F(capture_chance(StepConstants(m, b, eta), climb))
    # Robbins' bound of the binomial coefficient is off by less than 1 % for k = 1, and by less
    # for more.
    assert F(99, 100) * exact <= found <= exact
    assert (found == 0) is (exact == 0)


@pytest.mark.parametrize(
    ("m", "b", "eta", "climb"),
    [
        (5, 2, F(1, 10), 9_000),
        (50, 10, F(1), 40_000),
        (2, 1, F(1, 1000), 2_000_000),  # blocks of terms
        (3, 2, F(1, 1000), 3_000_000),
        (100, 99, F(99, 5), 200_000),
    ],
)
def test_long_attempts_too(m, b, eta, climb):
    """The sum with 40 digits, over 9 standard deviations around the mode and all that counts."""
    share, inside, outside = factors(m, b, eta)
    found = capture_chance(StepConstants(m, b, eta), climb)
    with mpmath.workdps(40):
        with_, without, p = (mpmath.mpf(x.numerator) / x.denominator
                             for x in (inside, outside, share))  # fmt: skip
        spread = math.isqrt(int(climb * share * (1 - share))) + 1
        level = mpmath.log(mpmath.mpf(100 * (m - 1)) / 49)
        least = (level + climb * mpmath.log(without)) / (mpmath.log(without) - mpmath.log(with_))
        k = max(int(least) + 1, int(climb * share) - 9 * spread, 0)
        term = mpmath.binomial(climb, k) * p**k * (1 - p) ** (climb - k)
        shrink = mpmath.mpf(m - 1) * with_**k * without ** (climb - k)
        total = mpmath.mpf(0)
        for j in range(k, min(climb, max(k, int(climb * share)) + 9 * spread) + 1):
            total += term * max(mpmath.mpf(49) / 100 - shrink, 0)
            term *= mpmath.mpf(climb - j) / (j + 1) * p / (1 - p)
            shrink *= with_ / without
        exact = 2 * total
        assert exact > 0
        ratio = mpmath.mpf(str(found)) / exact
    # Nine deviations leave out less than 1e-15; blocks of a fortieth of a deviation lose little.
    assert 0.7 < ratio < 1


def test_less_is_asked_more_is_needed():
    """The settling time falls with e and p, and with the start's energy."""
    m, b, eta, c = CASES[4]
    for e2, p in itertools.product([F(1, 10**8), F(1, 100)], [F(1, 1000), F(1, 10)]):
        here = numbers_of(m, b, eta, c, e2, p).steps
        assert numbers_of(m, b, eta, c, e2 / 4, p).steps > here
        assert numbers_of(m, b, eta, c, e2, p / 2).steps > here
        assert numbers_of(m, b, eta, [x / 10 for x in c], e2, p).steps > here


@pytest.mark.parametrize(
    ("m", "b", "eta"),
    [
        (10_000, 1, F(1, 5)), (10_000, 5_000, F(1000)), (10_000, 9_999, F(1, 5)),
        (1000, 10, F(1, 10**6)), (2, 1, F(1, 10**20)),
    ],
)  # fmt: skip
def test_large_problems_take_no_time(m, b, eta):
    start = time.process_time()
    numbers = settling_numbers(StepConstants(m, b, eta), F(1, 4), F(1, 10**12), F(1, 100))
    assert time.process_time() - start < 5  # it takes a hundredth of a second
    assert numbers.steps < LONGEST


def test_what_is_too_long_is_not_told():
    tiny = StepConstants(4, 1, F(1, 10**160))
    assert settling_numbers(tiny, F(1, 4), F(1, 100), F(1, 100)) is None
    # The capture alone is too long, not the rate.
    small = StepConstants(10_000, 9_999, F(1, 10**142))
    assert 1 / small.settle_rate < LONGEST
    assert settling_numbers(small, F(1, 4), F(1, 100), F(1, 100)) is None


def test_an_attempt_that_is_too_short_has_no_chance():
    assert capture_chance(StepConstants(100, 1, F(1, 5)), 3) == 0


def test_the_wake_is_never_cut_short():
    """Energies for which the wake's inequality is nearly an equality."""
    constants = StepConstants(3, 1, F(1, 5))
    for wake in (32, 33, 90):
        # 36 (19/20 - C) f^wake = p C
        factor = constants.wake_factor**wake
        energy = 36 * F(19, 20) * factor / (P + 36 * factor)
        for nudge in (-F(1, 10**60), 0, F(1, 10**60)):
            found = module._wake(constants, energy + nudge, P)
            left = 36 * (F(19, 20) - energy - nudge) * constants.wake_factor**found
            assert left <= P * (energy + nudge)
            assert wake <= found <= wake + 1
    assert module._wake(constants, F(9, 10), P) == 0
