import numpy as np
import pytest

from whichmin.symbolic.hessian.spectrum import hessian_matrix, spectrum, spectrum_consistency


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
    for family in spectrum():
        count, value = (
            form(**{a: values[a] for a in form.arguments})
            for form in (family.multiplicity, family.eigenvalue)
        )
        predicted += [value] * int(count)
    assert len(predicted) == n
    # Both sides are exact but for rounding: 1e-13 is about 30 eps times the norm.
    assert np.abs(np.sort(predicted) - np.linalg.eigvalsh(H)).max() < 1e-13 * np.linalg.norm(H)
