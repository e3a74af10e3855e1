import numpy as np
import pytest

from whichmin.symbolic.selection import three_points as symbolic
from whichmin.verification.evidence.check import Settings, checks_of
from whichmin.verification.evidence.runner import run_check
from whichmin.verification.evidence.subject import Subject
from whichmin.verification.topics.selection import finite_elements as solver
from whichmin.verification.topics.selection import three_points

pytest.importorskip("skfem")
CHECKS = {check.id: check for check in checks_of(three_points)}


@pytest.mark.parametrize("check_id", CHECKS)
def test_the_product_passes(check_id):
    assert not run_check(CHECKS[check_id], Subject(), Settings(seed=1, examples=2)).message


def driftless(x, y):
    return np.ones_like(x)


def test_a_wrong_weight_is_caught_by_the_known_value_and_by_training(monkeypatch):
    right = solver.solve
    monkeypatch.setattr(solver, "solve", lambda k=0: right(min(k, 0), driftless))
    message = run_check(CHECKS["three_points.training"], Subject(), Settings()).message
    assert "chances at u = (0.5, 0, -0.7)" in message
    monkeypatch.setattr(three_points, "_known", lambda halvings: three_points.Margin("", 0, 1))
    message = run_check(CHECKS["three_points.training"], Subject(), Settings()).message
    assert "point 0 of u = (0.5, 0.0, -0.7), m = 3" in message


def test_a_solution_that_knows_names_is_caught(monkeypatch):
    right = solver.solve

    def tilted(x, y):
        return solver.weight(x, y) * np.exp(0.1 * x)

    monkeypatch.setattr(solver, "solve", lambda k=0: right(k, tilted))
    message = run_check(CHECKS["three_points.solution"], Subject(), Settings(examples=2)).message
    assert message


def test_a_coarse_mesh_is_caught(monkeypatch):
    right = solver.solve
    monkeypatch.setattr(solver, "solve", lambda k=0: right(k - 2))
    message = run_check(CHECKS["three_points.solution"], Subject(), Settings(examples=2)).message
    assert "error left of the mesh" in message


def test_a_wrong_equation_is_caught(monkeypatch):
    right = symbolic.equation_lemmas
    wrong = symbolic.weight() * (1 + symbolic.sp.exp(symbolic.x))
    monkeypatch.setattr(three_points, "equation_lemmas", lambda: right(wrong))
    message = run_check(CHECKS["three_points.equation"], Subject(), Settings()).message
    assert "the generator on functions of x and y" in message
