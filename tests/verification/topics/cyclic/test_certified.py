"""Certified runs: exact steps, the lemmas and their constants, refusals instead of guesses."""

from fractions import Fraction

import numpy as np
import pytest

from whichmin.verification.evidence.formula import evaluate_all
from whichmin.verification.topics.cyclic import certified
from whichmin.verification.topics.cyclic.certified import (
    LimitCertificate,
    Undecided,
    Wide,
    certified_limit,
    cycle,
    first_leader,
    step_exactly,
)
from whichmin.verification.topics.cyclic.finality import BASIN, NORM_WIDTH, SHARE
from whichmin.verification.topics.sgd.rational_sgd import exact_step
from whichmin.words import Activation

F = Fraction

# Three points along the axes of R^4, the fourth axis is off the span.
BASIS = tuple(tuple(F(int(i == j)) for j in range(4)) for i in range(3))
START = (F(1, 2), F(-1, 3), F(1, 4))


@pytest.mark.parametrize("activation", Activation)
@pytest.mark.parametrize("batch", [(0,), (1,), (0, 1), (0, 1, 2), (1, 2)])
def test_a_step_is_that_of_the_definition(activation, batch):
    w = (*START, F(1, 5))
    step_size = F(len(batch), 6)
    after = exact_step(w, [BASIS[i] for i in batch], step_size, activation)
    active = [activation is Activation.LINEAR or v > 0 for v in START]
    c, norm = step_exactly(START, sum(v * v for v in w), batch, F(1, 6), active)
    assert tuple(c) == after[:3]
    assert norm == sum(v * v for v in after)


def test_a_cycle_visits_every_point_once():
    path = cycle(START, F(1, 5), F(1, 25))
    w = (*START, F(1, 5))
    for t in range(3):
        w = exact_step(w, [BASIS[t]], F(1, 5), Activation.LINEAR)
        assert tuple(path[t + 1]) == w[:3]
    assert len(path) == 4


def test_a_tie_goes_to_the_point_whose_turn_it_is():
    assert first_leader((F(1, 3), F(1, 3)), F(1, 5)) == LimitCertificate(0, 1, 0, "leader")
    assert first_leader((F(-1, 3), F(1, 3)), F(1, 5)) == LimitCertificate(0, -1, 0, "leader")


def test_no_leader_is_no_answer():
    with pytest.raises(Undecided, match="within 2 steps"):
        first_leader((F(1, 2), F(13, 25)), F(1, 5), max_steps=2)


@pytest.mark.parametrize("step_size", [F(0), F(21, 100), F(-1, 5)])
def test_step_sizes_beyond_the_lemmas_are_refused(step_size):
    pytest.importorskip("flint")
    with pytest.raises(ValueError, match="step sizes in"):
        first_leader((F(1, 2),), step_size)
    with pytest.raises(ValueError, match="step sizes in"):
        certified_limit((F(1, 2),), step_size)


def test_starts_beyond_the_lemmas_are_refused():
    pytest.importorskip("flint")
    with pytest.raises(ValueError, match="unit ball"):
        first_leader((F(1), F(1, 10)), F(1, 5))
    with pytest.raises(ValueError, match="unit ball"):
        certified_limit((F(1, 2),), F(1, 5), off_span=F(4))
    with pytest.raises(ValueError, match="responds"):
        certified_limit((F(-1, 2), F(0)), F(1, 5), activation=Activation.RELU)
    with pytest.raises(ValueError, match="cyclic order"):
        certified_limit(START, F(1, 5), lemma="leader", order=lambda epoch: (0, 1, 2))


@pytest.mark.parametrize("lemma", ["leader", "basin"])
def test_the_limit_is_that_of_floating_point(lemma):
    pytest.importorskip("flint")
    rng = np.random.default_rng(5)
    for _ in range(6):
        start = [F(int(v), 100) for v in rng.integers(-50, 50, 3)]
        found = certified_limit(start, F(1, 5), lemma=lemma)
        c = np.array([float(v) for v in start])
        for t in range(3000):
            i, energy = t % 3, c[t % 3] ** 2
            gain = 0.2 * (2 - c @ c)
            c = c * (1 - 0.2 * energy) + gain * c[i] * np.eye(3)[i]
        wanted = np.zeros(3)
        wanted[found.point] = found.sign
        assert np.abs(c - wanted).max() < 1e-6


def test_any_order_of_an_epoch_is_allowed():
    pytest.importorskip("flint")
    forward = certified_limit((F(1, 2), F(13, 25)), F(1, 5))
    backward = certified_limit((F(1, 2), F(13, 25)), F(1, 5), order=lambda epoch: (1, 0))
    assert (forward.point, backward.point) == (0, 1)


def test_too_few_bits_stop_the_run_and_more_are_tried():
    pytest.importorskip("flint")
    start = [F(1, 5)] * 3 + [F(6, 25)]
    with pytest.raises(Wide, match="64 bits"):
        certified_limit(start, F(1, 5), bits=(64,))
    assert certified_limit(start, F(1, 5), bits=(64, 1024)).bits == 1024


def test_the_balls_forget_nothing():
    """A run of few bits gives balls that hold the exact numbers."""
    flint = pytest.importorskip("flint")
    with flint.ctx.workprec(80):
        balls = certified._Balls(START, F(1, 5), F(1, 25), False)
        c, norm = list(START), sum(v * v for v in START) + F(1, 25)
        for t in range(5):
            balls.step(t % 3)
            c, norm = step_exactly(c, norm, (t % 3,), F(1, 5), [True] * 3)
        for ball, exact in zip(
            (*[balls.scale * v for v in balls.c], balls.norm), (*c, norm), strict=True
        ):
            assert ball.contains(flint.fmpq(exact.numerator, exact.denominator))


def test_a_run_that_ends_too_early_is_undecided():
    pytest.importorskip("flint")
    with pytest.raises(Undecided, match="3 epochs"):
        certified_limit(START, F(1, 100), max_epochs=3)


def test_the_constants_of_the_basin_are_those_of_the_lemmas():
    # 47/360 is 1/8 of the largest norm, 1 + 2/9 * 1/5; 16/19 = 1/(1 + 3/2 * 1/8); the drift of an
    # epoch fits between the two boxes.
    assert F(47, 360) == SHARE * (1 + F(2, 9) * F(1, 5))
    assert F(16, 19) == 1 / (1 + F(3, 2) * SHARE)
    assert F(2, 9) - NORM_WIDTH == F(1, 18)
    texts = " ".join(t for lemma in BASIN for t in (*lemma.given, *lemma.then))
    for piece in ("47/360", "16/19", "a/6", "2/9", "3/2", "3/20"):
        assert piece in texts


def test_the_norm_formula_is_the_step():
    a, n, e = F(1, 7), F(5, 6), F(1, 3)
    s, g = 1 - a * e, a * (2 - n)
    (found,) = evaluate_all(
        ("N + a*e*(4*(1 - N) + a*(2 - N)**2 - a*e*(4 - 3*N))",), {"a": a, "N": n, "e": e}
    )
    assert found == s**2 * n + (2 * s * g + g**2) * e
