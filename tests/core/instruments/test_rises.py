"""The rounding that an instrument states, against rises in exact fractions."""

from fractions import Fraction

import numpy as np
import pytest
import torch

from whichmin.core.instruments import (
    average_sharpness,
    closure_objective,
    keskar_sharpness,
    sam_step,
    worst_sharpness,
)
from whichmin.core.instruments.rises import POINTS, MeasuredRises
from whichmin.errors import InputError


def neuron(m, w, dtype="float64"):
    """The linear neuron on m basis vectors, one loss per data point."""
    data = torch.eye(m, len(w), dtype=getattr(torch, dtype))

    def loss(v):
        return (data - (data @ v)[:, None] * v).square().sum(1) / 2

    return closure_objective(loss, w, dtype=dtype)


def exact(o, move, m):
    """The rise between the weights that were compared, without rounding."""

    def loss(v):
        v = [Fraction(float(x)) for x in v]
        norm = sum(x * x for x in v)
        return sum(1 + (norm - 2) * c * c for c in v[:m]) / (2 * m)

    moved = (o.point.double() + move.double()).to(o.point.dtype)
    return float(loss(moved) - loss(o.point))


def points(m, n):
    mixture = np.append(np.full(m, m**-0.5), np.zeros(n - m))
    return np.eye(n)[0], mixture, np.random.default_rng(m).standard_normal(n)


RADII = {"float64": [1e-2, 1e-5, 1e-7, 1e-8, 1e-9, 1e-12], "float32": [1e-1, 1e-2, 1e-3, 1e-4]}


@pytest.mark.parametrize("dtype", RADII)
@pytest.mark.parametrize(("m", "n"), [(2, 3), (30, 60)])
def test_it_bounds_the_error_of_every_instrument(m, n, dtype):
    """At minima and elsewhere; and it is no more than some tens of units of the loss."""
    unit = torch.finfo(getattr(torch, dtype)).eps
    for w in points(m, n):
        o = neuron(m, w, dtype)
        for r in RADII[dtype]:
            worst = worst_sharpness(o, r, starts=2, steps=20)
            keskar = keskar_sharpness(o, r, starts=2)
            share = (1 + keskar.loss) / 100
            for rise, move, rounding in (
                (worst.value, worst.move, worst.rounding),
                (keskar.rise, keskar.move, keskar.rounding * share),
            ):
                assert abs(rise - exact(o, move, m)) <= rounding
                # 4 units, and 8 spreads of a few units each, for a mean of sums of squares.
                assert rounding <= 60 * unit * max(o.value(), o.value() + abs(rise))


def test_a_rise_that_is_rounding_is_said_to_be():
    """The maximum is ``(2 r + r^2)^2 / 4``: 1e-16 at a radius of 1e-8, where 1.1e-16 are found."""
    o = neuron(2, np.eye(3)[0])
    seen, unseen = worst_sharpness(o, 1e-6), worst_sharpness(o, 1e-8)
    assert seen.resolved
    assert seen.value == pytest.approx(1e-12, rel=seen.rounding / seen.value + 1e-6)
    assert not unseen.resolved
    assert unseen.rounding > abs(unseen.value - 1e-16)
    assert average_sharpness(o, 1e-4).resolved
    assert not average_sharpness(o, 1e-9).resolved
    assert keskar_sharpness(o, 1e-4, starts=2).resolved
    assert not keskar_sharpness(o, 1e-9, starts=2).resolved
    assert not worst_sharpness(closure_objective(lambda w: 1 + 0 * w.sum(), [1.0]), 0.1).resolved


def test_a_single_step():
    o = neuron(2, points(2, 3)[2])
    found = sam_step(o, 1e-9)
    assert abs(found.value - exact(o, found.move, 2)) <= found.rounding
    assert found.resolved
    assert not sam_step(o, 1e-15).resolved


def test_a_smooth_loss_leaves_nothing_over():
    """The window is so small that a cubic follows the loss below its last bit."""
    o = closure_objective(lambda w: torch.exp(3 * w[0]) + w[1] ** 5, [1.0, 1.0])
    move = torch.tensor([0.5, 0.2], dtype=torch.float64)
    rises = MeasuredRises(o, o.value(), "radius", 0.5, "ball")
    there = o.value(o.point + move)
    # Arguments off by a last bit: 3 w there is 4.5, so the loss is off by 5 units.
    assert rises.rounding(move) < 100 * 2.2e-16 * there


def test_a_noisy_loss_is_noticed():
    """A loss that is rounded to multiples of 1e-6, and one with a sum of large numbers in it."""
    steps = closure_objective(lambda w: (w.square().sum() * 1e6).round() / 1e6, [1.0, 2.0])
    move = torch.tensor([1e-2, 1e-2], dtype=torch.float64)
    assert 5e-7 < MeasuredRises(steps, steps.value(), "radius", 1, "ball").rounding(move) < 1e-5
    lost = closure_objective(lambda w: (1e8 * w[0] + w.square().sum()) - 1e8 * w[0], [1.0, 2.0])
    assert 5e-9 < MeasuredRises(lost, lost.value(), "radius", 1, "ball").rounding(move) < 1e-6


def test_its_cost():
    calls = []

    def loss(w):
        calls.append(1)
        return w.square().sum()

    o = closure_objective(loss, [1.0, 2.0])
    calls.clear()
    found = worst_sharpness(o, 0.1, steps=3, starts=2)
    assert len(calls) == found.evaluations + POINTS


INSTRUMENTS = {
    "worst": (worst_sharpness, "radius"),
    "step": (sam_step, "radius"),
    "average": (average_sharpness, "deviation"),
    "mean": (lambda o, r: average_sharpness(o, radius=r), "radius"),
    "keskar": (keskar_sharpness, "epsilon"),
}


@pytest.mark.parametrize("name", INSTRUMENTS)
def test_a_loss_that_is_not_finite_near_the_point(name):
    measure, argument = INSTRUMENTS[name]
    o = closure_objective(lambda w: -torch.log(w).sum(), [0.01, 1.0])
    with pytest.raises(InputError, match=rf"^{argument} = 0.05, but must leave the loss finite in"):
        measure(o, 0.05)


@pytest.mark.parametrize("name", INSTRUMENTS)
@pytest.mark.parametrize(("dtype", "size", "message"), [
    ("float64", 1e-17, "large enough to move the weights: in float64"),
    ("float32", 1e-9, "large enough to move the weights: in float32"),
    ("float64", 1e200, "must leave the loss finite"),
    ("float32", 1e39, "must leave the weights finite in float32"),
])  # fmt: skip
def test_sizes_that_nothing_can_be_seen_at(name, dtype, size, message):
    measure, argument = INSTRUMENTS[name]
    o = closure_objective(lambda w: w.square().sum(), [1.0, 2.0, 3.0], dtype=dtype)
    with pytest.raises(InputError, match=rf"^{argument} = .*{message}"):
        measure(o, size)


def test_an_average_needs_no_gradient():
    o = closure_objective(lambda w: w.abs().sqrt().sum(), [0.0, 1.0])
    assert average_sharpness(o, 0.1).value > 0


@pytest.mark.parametrize("unit", [1e-200, 1e-25, 1e200])
def test_no_unit_of_the_loss_is_too_small(unit):
    one, other = (closure_objective(lambda w, u=u: u * w.sum(), [1.0, 2.0]) for u in (1.0, unit))
    for measure in (sam_step, worst_sharpness):
        assert measure(other).value == pytest.approx(unit * measure(one).value, rel=1e-12)


def test_a_small_gradient_in_float32():
    o = closure_objective(lambda w: 1e-25 * w.sum(), [1.0, 2.0], dtype="float32")
    # Units of float32's 3: 1e-25 times 0.05 sqrt 2 in steps of 2.4e-32.
    assert sam_step(o, 0.05).value == pytest.approx(1e-25 * 0.05 * 2**0.5, rel=1e-5)
