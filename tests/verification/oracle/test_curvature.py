"""Cases, bounds and wrong Hessians."""

import functools
from dataclasses import replace
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest

from whichmin.verification.oracle import curvature
from whichmin.verification.oracle.check import Finding
from whichmin.verification.oracle.conventions import Conventions
from whichmin.verification.oracle.diagnosis import diagnose
from whichmin.verification.oracle.problems import problem, problems
from whichmin.verification.oracle.references import floats


def session(**declared):
    conventions = Conventions.parse(declared)
    return SimpleNamespace(
        conventions=conventions, activations=conventions.activations,
        problems=lambda *_, **__: problems(), received=lambda value: value,
    )  # fmt: skip


def case(name, activation="linear"):
    p = problem(name)
    return curvature.Case(p, activation, p.w, p.data, Fraction(1, p.m), Fraction(0), None)


def test_every_problem_is_smooth_or_at_a_kink():
    smooth = list(curvature.cases(session(), "hessian", kinks=False))
    kinked = list(curvature.cases(session(), "hessian", kinks=True))
    assert len(smooth) + len(kinked) == 2 * len(problems())
    assert all(c.high is None for c in smooth)
    assert {c.activation for c in kinked} == {"relu"}
    assert {(c.low, c.high) for c in kinked} == {(0, 1)}


def test_a_declared_kink_leaves_one_value():
    declared = session(kink="1/2", hessian="sum")
    for c in curvature.cases(declared, "hessian", kinks=True):
        assert (c.low, c.high, c.factor) == (Fraction(1, 2), None, 1)
    assert curvature.other_kinks(declared) == (0, 1)
    assert curvature.other_kinks(session()) == ()


@pytest.mark.parametrize("activation", ["linear", "relu"])
def test_mistakes_are_mistakes(activation):
    for name in ("generic", "generic square", "correlated"):
        of = case(name, activation)
        right = floats(of.hessian(Fraction(0)))
        bound = curvature.matrix_bound(of, "float64")
        for text, wrong in curvature.mistakes(of):
            if "batches of" in text and of.problem.m <= 4:
                continue  # a batch may hold all points, or all batches be alike
            if "symmetrised" in text and (name, activation) == ("generic square", "linear"):
                continue  # sum_i c_i a_i = w: the cross term is w w^T, symmetric already
            assert (np.abs(wrong - right) > 10 * bound).any(), text


def test_terms_left_out_add_up():
    of = case("generic")
    right, wrong = floats(of.hessian(Fraction(0))), dict(curvature.mistakes(of))
    cross, own, points = (
        right - wrong[next(t for t in wrong if t.endswith("left out") and part in t)]
        for part in ("cross", "phi^2 I", "(N - 2)")
    )
    np.testing.assert_allclose(cross + own + points, right, atol=1e-15)
    assert np.allclose(own, own[0, 0] * np.eye(5), atol=1e-15)


def test_the_bound_of_eigenvalues_covers_the_entries():
    of = case("generic")
    entries = curvature.matrix_bound(of, "float64")
    right = floats(of.hessian(Fraction(0)))
    signs = np.sign(np.random.default_rng(0).normal(size=(5, 5)))
    away = np.triu(signs) + np.triu(signs, 1).T
    moved = right + entries * away / np.linalg.norm(away)
    shift = np.abs(np.linalg.eigvalsh(moved) - np.linalg.eigvalsh(right)).max()
    assert 0 < shift <= curvature.solver_bound(of, "float64")
    assert curvature.solver_bound(of, "float32") > 1e8 * curvature.solver_bound(of, "float64")


@pytest.mark.parametrize("added", [5e-4, -0.25])
def test_a_multiple_of_the_identity_is_found_with_its_size(added):
    findings = []
    for name in ("generic", "long", "flat"):
        own = case(name)
        exact, unit = own.hessian(own.low), np.eye(len(own.w))
        findings.append(
            Finding(
                name, floats(exact) + added * unit, exact, 1e-14, "rounding",
                families=functools.partial(curvature.damped, exact, unit),
            )
        )  # fmt: skip
    found = diagnose(findings)
    assert found is not None
    assert found.text.startswith(f"{added} is added to the diagonal")
    assert diagnose([replace(findings[0], got=findings[0].got * 1.5), *findings[1:]]) is None
