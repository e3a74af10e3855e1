import itertools
import math
from fractions import Fraction

import pytest
import sympy as sp

from whichmin.symbolic import closed_form
from whichmin.symbolic.descent import (
    dynamics_forms,
    gd_active_energy,
    gd_limit,
    gd_off_span_rate,
    gd_radial_rate,
    gd_rest_energy,
    gradient_matches_step,
    ratios_are_kept,
    separation_rate,
)
from whichmin.symbolic.symbols import C, N, R, alpha, b, c, eta, m


def test_step_and_gradient_meet():
    assert gradient_matches_step().failures() == []


@pytest.mark.parametrize(("m", "b"), [(2, 1), (5, 2), (6, 5)])
def test_separation_rate_by_listing_all_batches(m, b):
    alpha = 0.15
    total = 0.0
    batches = list(itertools.combinations(range(m), b))
    for batch in batches:
        winner, other = 0 in batch, 1 in batch
        shrink = 1 - alpha * winner  # S = 1 if the winner is there, N = 1
        total += math.log((shrink + alpha * other) / (shrink + alpha * winner))
    rate = closed_form("dynamics.separation_rate")(m=m, b=b, alpha=alpha)
    assert rate == pytest.approx(total / len(batches), rel=1e-12)  # a few roundings


def test_gd_limit_has_unit_norm():
    c = [0.3, 0.4, 0.5]
    energy = sum(v * v for v in c)
    limit = closed_form("dynamics.gd_limit")
    assert sum(limit(c=v, C=energy) ** 2 for v in c) == pytest.approx(1, abs=1e-15)


W0 = [Fraction(1, 2), Fraction(-1, 3), Fraction(2, 5), Fraction(1, 7)]  # m = 3 points in R^4
M = 3


def after_one_step(w, batch, alpha_, relu):
    """SGD on the standard basis, gradients (N-2) c a + c^2 w written out."""
    norm = sum(v * v for v in w)
    move = [Fraction(0)] * len(w)
    for p in batch:
        if relu and w[p] <= 0:
            continue
        for q in range(len(w)):
            move[q] += w[p] ** 2 * w[q] + (norm - 2) * w[p] * (p == q)
    return [v - alpha_ * change for v, change in zip(w, move, strict=True)]


@pytest.mark.parametrize("batch", [(0,), (0, 1), (0, 0, 2), (1, 1), (0, 1, 2)])
@pytest.mark.parametrize("relu", [False, True])
def test_one_step_in_exact_coordinates(batch, relu):
    step = Fraction(1, 6)
    moved = after_one_step(W0, batch, step, relu)
    on = [p for p in batch if not relu or W0[p] > 0]
    S = sum(W0[p] ** 2 for p in on)
    for p, (old, new) in enumerate(zip(W0, moved, strict=True)):
        if p in on:
            norm = sum(v * v for v in W0)
            factor = closed_form("dynamics.active_factor").exact(
                alpha=step, S=S, N=norm, mu=on.count(p)
            )
        else:
            factor = closed_form("dynamics.inactive_factor").exact(alpha=step, S=S)
        assert factor * sp.Rational(old) == sp.Rational(new)


def test_full_batch_energies_in_exact_coordinates():
    rate = Fraction(1, 4)
    moved = after_one_step(W0, range(M), rate / M, relu=False)
    energy, rest = sum(v * v for v in W0[:M]), W0[M] ** 2
    values = {"C": energy, "R": rest, "eta": rate, "m": M}
    assert gd_active_energy().exact(**values) == sp.Rational(sum(v * v for v in moved[:M]))
    assert gd_rest_energy().exact(**values) == sp.Rational(moved[M] ** 2)


def test_gd_energies_from_the_factors_of_the_theory():
    s, g = 1 - eta / m * C, eta / m * (2 - N)
    active = ((s + g) ** 2 * C).subs(N, C + R)
    assert sp.expand(gd_active_energy().expression - active) == 0
    assert sp.expand(gd_rest_energy().expression - s**2 * R) == 0


def test_gd_rates_are_the_linearisation_of_the_map():
    # c -> (s + g) c with N = C + R and r -> s r at c = 1, r = 0
    r = sp.Symbol("r", real=True)
    norm = c**2 + r**2
    step = sp.Matrix([
        c * (1 - eta / m * c**2 + eta / m * (2 - norm)),
        r * (1 - eta / m * c**2),
    ])
    jacobian = step.jacobian([c, r]).subs({c: 1, r: 0})
    radial, off = gd_radial_rate().expression, gd_off_span_rate().expression
    assert sp.simplify(jacobian - sp.diag(radial, off)) == sp.zeros(2, 2)
    assert sp.simplify(radial - (1 - 4 * eta / m)) == 0
    assert sp.simplify(off - (1 - eta / m)) == 0


def test_gd_limit_is_the_normalised_projection():
    assert sp.simplify(gd_limit().expression - c / sp.sqrt(C)) == 0


def test_separation_rate_is_that_of_the_theory_for_all_arguments():
    expected = b * (m - b) / (m * (m - 1)) * sp.log(1 - alpha**2)
    ratio = sp.simplify(separation_rate().expression / expected)
    # log(1-a) + log(1+a) = log(1-a^2) for 0 < a < 1: equal derivatives, equal at one point
    quotient = ratio * sp.log(1 - alpha**2)
    assert quotient.free_symbols == {alpha}
    assert sp.simplify(sp.diff(quotient - sp.log(1 - alpha**2), alpha)) == 0
    assert quotient.subs(alpha, 0) == 0


@pytest.mark.parametrize(("points", "size"), [(2, 1), (5, 2), (4, 4)])
def test_sgd_rates_by_listing_all_batches(points, size):
    step, tiny = 0.15, 1e-6
    radial = off = 0.0
    batches = list(itertools.combinations(range(points), size))
    for batch in batches:
        on = 0 in batch
        off += math.log(1 - step * on)
        near = 1 + tiny
        moved = near * (1 + on * step * (2 - 2 * near**2))
        radial += math.log(abs(moved - 1) / tiny)
    values = {"m": points, "b": size, "alpha": step}
    exact = closed_form("dynamics.sgd_off_span_rate")(**values)
    assert exact == pytest.approx(off / len(batches), rel=1e-13)  # a few roundings
    # the step's next term is 6 * alpha * tiny over 1 - 4 alpha, below 3e-6
    measured = radial / len(batches)
    assert closed_form("dynamics.sgd_radial_rate")(**values) == pytest.approx(measured, abs=3e-6)


def test_what_the_limit_rests_on():
    assert [chain.failures() for chain in ratios_are_kept()] == [[], []]
    assert gradient_matches_step().result.free_symbols >= {C, N, c, eta, m}


def test_ids():
    names = [form.id.removeprefix("dynamics.") for form in dynamics_forms()]
    assert len(names) == len(set(names))
    assert {"active_factor", "inactive_factor", "gd_limit", "separation_rate"} <= set(names)
