import dataclasses

import numpy as np
import pytest
import sympy as sp

from whichmin.symbolic.hessian.spectrum import (
    hessian_matrix,
    spectrum_at_minimum,
    spectrum_at_point,
    spectrum_consistency,
    spectrum_forms,
)
from whichmin.symbolic.hessian.trace import second_derivative, trace_at_point
from whichmin.symbolic.symbols import C, N, R, k, kappa, m, n, z


def test_only_the_two_parts_of_the_weights_couple():
    matrix = hessian_matrix()
    for row in range(5):
        for column in range(5):
            if row != column and {row, column} != {0, 1}:
                assert matrix[row, column] == 0
    assert matrix[0, 1] == matrix[1, 0] != 0


def test_eigenvalues_add_up():
    chains = spectrum_consistency()
    assert len(chains) == 4
    assert all(chain.failures() == [] for chain in chains)


@pytest.mark.parametrize(("m", "n", "seed"), [(1, 2, 0), (3, 5, 1), (4, 5, 2), (6, 11, 3)])
def test_general_spectrum_of_a_hessian_written_out_in_numpy(m, n, seed):
    w = np.random.default_rng(seed).normal(size=n)
    P = np.diag((np.arange(n) < m).astype(float))
    N, C = w @ w, w @ P @ w
    H = ((N - 2) * P + 2 * (np.outer(w, P @ w) + np.outer(P @ w, w)) + C * np.eye(n)) / m
    values = {"N": N, "C": C, "m": m, "n": n, "k": m, "z": 0, "kappa": 0.0}
    predicted = []
    for family in spectrum_at_point():
        count, value = (
            form(**{a: values[a] for a in form.arguments})
            for form in (family.multiplicity, family.eigenvalue)
        )
        predicted += [value] * int(count)
    assert len(predicted) == n
    # Both sides are exact but for rounding: 1e-13 is about 30 eps times the norm.
    assert np.abs(np.sort(predicted) - np.linalg.eigvalsh(H)).max() < 1e-13 * np.linalg.norm(H)


def listed(families, **values):
    eigenvalues = []
    for family in families:
        count, value = (
            form(**{name: values[name] for name in form.arguments})
            for form in (family.multiplicity, family.eigenvalue)
        )
        eigenvalues += [float(value)] * int(count)
    return np.sort(eigenvalues)


def hessian(w, slopes):
    """H of the theory with a slope for each of the first m coordinates."""
    size, count = len(w), len(slopes)
    P = np.diag([*slopes, *[0.0] * (size - count)])
    N_, C_ = w @ w, w @ P @ w
    return ((N_ - 2) * P + 2 * (np.outer(w, P @ w) + np.outer(P @ w, w)) + C_ * np.eye(size)) / (
        count
    )


def test_families_at_a_minimum_are_those_of_the_theory():
    expected = [(4 / m, 1), (0, k - 1), ((1 - kappa) / m, m - k), (1 / m, n - m)]
    found = spectrum_at_minimum()
    assert len(found) == len(expected)
    for family, (value, count) in zip(found, expected, strict=True):
        assert sp.simplify(family.eigenvalue.expression - value) == 0
        assert sp.simplify(family.multiplicity.expression - count) == 0


@pytest.mark.parametrize("at_kink", [0.0, 0.5, 1.0])
@pytest.mark.parametrize(("active", "points", "size"), [(1, 4, 6), (3, 4, 4), (2, 5, 9)])
def test_minimum_spectrum_of_a_hessian_written_out_in_numpy(active, points, size, at_kink):
    direction = np.random.default_rng(active).uniform(0.2, 1.0, size=active)
    w = np.zeros(size)
    w[:active] = direction / np.linalg.norm(direction)
    H = hessian(w, [1.0] * active + [at_kink] * (points - active))
    predicted = listed(spectrum_at_minimum(), k=active, m=points, n=size, kappa=at_kink)
    assert len(predicted) == size
    # 1e-13 is a few hundred eps; the norm of H is at most 4
    assert np.abs(predicted - np.linalg.eigvalsh(H)).max() < 1e-13


@pytest.mark.parametrize("seed", range(3))
def test_general_spectrum_with_points_inactive_and_at_the_kink(seed):
    # 2 active, 1 inactive (negative), 2 at the kink, 2 off the span
    w = np.random.default_rng(seed).normal(size=7)
    w[:2], w[2], w[3:5] = np.abs(w[:2]), -abs(w[2]), 0.0
    half = 0.5
    H = hessian(w, [1.0, 1.0, 0.0, half, half])
    values = {"N": w @ w, "C": w[:2] @ w[:2], "m": 5, "n": 7, "k": 2, "z": 2, "kappa": half}
    predicted = listed(spectrum_at_point(), **values)
    assert len(predicted) == 7
    # 1e-13 is about 30 eps times the norm
    assert np.abs(predicted - np.linalg.eigvalsh(H)).max() < 1e-13 * np.linalg.norm(H)


def test_general_families():
    upper, lower, active, kink, rest = (
        family.eigenvalue.expression for family in spectrum_at_point()
    )
    assert sp.simplify(upper + lower - (N - 2 + 6 * C) / m) == 0
    # product of the roots: determinant of the plane's block, from the quadratic form
    block = hessian_matrix()[:2, :2]
    assert sp.simplify(upper * lower - block.det().subs(R, N - C)) == 0
    assert sp.simplify(active - (N - 2 + C) / m) == 0
    assert sp.simplify(kink - (kappa * (N - 2) + C) / m) == 0
    assert sp.simplify(rest - C / m) == 0
    assert upper.subs({N: 1, C: 1}) == 4 / m


def test_matrix_has_the_quadratic_form_on_its_diagonal():
    matrix = hessian_matrix()
    assert matrix == matrix.T
    form = second_derivative().expression
    names = {str(s): s for s in form.free_symbols}
    w_A = {names["P"]: 1, names["X"]: sp.sqrt(C), names["Y"]: sp.sqrt(C), names["U"]: 1}
    assert sp.simplify(matrix[0, 0] - form.subs(w_A)) == 0
    assert sp.simplify(matrix[0, 1] - 2 * sp.sqrt(C * R) / m) == 0
    assert sp.simplify(matrix[4, 4] - C / m) == 0


def test_a_wrong_multiplicity_or_total_is_noticed():
    counts, values = spectrum_consistency()[:2]
    for chain in (counts, values):
        (step,) = chain.steps
        wrong = dataclasses.replace(chain, steps=(dataclasses.replace(step, after=step.after + 1),))
        (failure,) = wrong.failures()
        assert failure.startswith(f"step 1 ({step.reason})")
        assert failure.endswith("leaves -1")


def test_consistency_ends_in_the_dimension_and_the_trace():
    general_count, general_sum, count, total = (chain.result for chain in spectrum_consistency())
    assert general_count == count == n
    assert sp.simplify(general_sum - trace_at_point().expression) == 0
    assert sp.simplify(total - (n + 4 - k - kappa * (m - k)) / m) == 0
    assert z in general_sum.free_symbols


def test_every_family_is_among_the_forms():
    ids = [form.id for form in spectrum_forms()]
    assert len(ids) == len(set(ids)) == 18
    for family in (*spectrum_at_point(), *spectrum_at_minimum()):
        assert {family.eigenvalue.id, family.multiplicity.id} <= set(ids)
