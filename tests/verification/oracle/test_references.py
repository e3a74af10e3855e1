"""The exact references against the product rule, autograd and differences."""

from fractions import Fraction

import numpy as np
import pytest
import torch

from whichmin.verification.oracle import bounds, references
from whichmin.verification.oracle.problems import problem, problems
from whichmin.verification.topics.sgd.rational_sgd import exact_step
from whichmin.words import Activation

BOTH = ("linear", "relu")
F = Fraction


def torch_loss(w, data, activation):
    inner = data @ w
    phi = torch.relu(inner) if activation == "relu" else inner
    return ((data - phi[:, None] * w) ** 2).sum() / 2


@pytest.mark.parametrize("activation", BOTH)
@pytest.mark.parametrize("case", problems(), ids=lambda p: p.id)
def test_agree_with_autograd(case, activation):
    w, data = references.rounded(case.w), references.rounded(case.data)
    at, points = (torch.from_numpy(references.floats(v)) for v in (w, data))

    def function(v):
        return torch_loss(v, points, activation)

    exact = references.loss(w, data, activation)
    slope = references.gradient(w, data, activation)
    matrix = references.hessian(w, data, activation, F(0))
    found = torch.autograd.functional.jacobian(function, at).numpy()
    curved = torch.autograd.functional.hessian(function, at).numpy()
    n, m = case.n, case.m
    assert abs(float(function(at)) - float(exact)) <= bounds.rounding(
        bounds.loss_size(w, data), n, m, "float64"
    )
    error = np.abs(found - references.floats(slope))
    assert (error <= bounds.rounding(bounds.gradient_size(w, data), n, m, "float64")).all()
    error = np.abs(curved - references.floats(matrix))
    assert (error <= bounds.rounding(bounds.hessian_size(w, data), n, m, "float64")).all()


@pytest.mark.parametrize("activation", list(Activation))
def test_the_step_is_that_of_the_product_rule(activation):
    case = problem("correlated")
    batch = (case.data[1], case.data[3], case.data[1])
    ours = references.step(case.w, batch, F(1, 7), str(activation), F(1, 3))
    assert ours == exact_step(case.w, batch, F(1, 7), activation)


@pytest.mark.parametrize("kappa", [F(0), F(1, 2), F(1)])
@pytest.mark.parametrize("activation", BOTH)
def test_trace_and_product_are_those_of_the_matrix(activation, kappa):
    for case in problems():
        matrix = references.hessian(case.w, case.data, activation, kappa)
        assert references.trace(case.w, case.data, activation, kappa) == sum(
            matrix[p][p] for p in range(case.n)
        )
        v = tuple(F(1, 2 + p) for p in range(case.n))
        assert references.hessian_vector_product(case.w, case.data, v, activation, kappa) == tuple(
            references.dot(row, v) for row in matrix
        )
        assert matrix == tuple(zip(*matrix, strict=True))


def test_the_trace_at_the_minima_is_the_closed_form():
    # Theory: Tr H = [n + 4 - k - kappa (m - k)] / m.
    for name, active in (("vertex", 1), ("dense", 4)):
        case = problem(name)
        for kappa in (F(0), F(1, 2), F(1)):
            found = references.trace(case.w, case.data, "relu", kappa) / case.m
            assert found == (case.n + 4 - active - kappa * (case.m - active)) / F(case.m)


def test_points_add_up_and_runs_are_steps():
    case = problem("generic")
    rows = references.point_gradients(case.w, case.data, "relu")
    assert references.gradient(case.w, case.data, "relu") == tuple(
        sum(column) for column in zip(*rows, strict=True)
    )
    path = references.train(case.w, case.data, [(0,), (1, 2)], F(1, 8), "relu", [F(1), F(1, 2)])
    assert path[0] == case.w
    second = references.step(path[1], case.data[1:], F(1, 8), "relu", F(1, 2))
    assert path[2] == second
    assert references.kinks(problem("kink").w, problem("kink").data) == (1,)


def test_rounding_to_what_the_target_receives():
    third = references.rounded(F(1, 3), "float32")
    assert third == F(float(np.float32(1 / 3))) != references.rounded(F(1, 3))
    assert references.rounded((F(1, 2), (F(1, 4),))) == (F(1, 2), (F(1, 4),))
    assert references.floats(np.float32([1.5])).dtype == np.float64
