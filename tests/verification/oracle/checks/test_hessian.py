"""Right and wrong Hessians, products, traces and eigenvalues; each mistake is named."""

import importlib.util
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from whichmin.verification.oracle import judge

_spec = importlib.util.spec_from_file_location(
    "curvature_target", Path(__file__).with_name("curvature_target.py")
)
right = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(right)

FUNCTIONS = (
    "hessian", "hessian_vector_product", "hessian_trace", "top_eigenvalue", "spectrum",
    "keskar_sharpness",
)  # fmt: skip


def judged(declared=None, **functions):
    target = SimpleNamespace(WHICHMIN=declared or {}, **functions)
    found = judge(target, isolation="inline")
    return {r.check: r for r in found.results if r.verdict != "not provided"}


def everything(of, declared=None):
    """All functions from a matrix."""
    return judged(
        declared,
        hessian=of,
        hessian_vector_product=lambda w, data, v, activation: of(w, data, activation) @ v,
        hessian_trace=lambda w, data, activation: np.trace(of(w, data, activation)),
        top_eigenvalue=lambda w, data, activation: np.linalg.eigvalsh(of(w, data, activation))[-1],
        spectrum=lambda w, data, activation: np.linalg.eigvalsh(of(w, data, activation)),
    )


def test_a_right_target_passes_everything():
    found = judged({"kink": 0}, **{n: getattr(right, n) for n in FUNCTIONS})
    assert {r.verdict for r in found.values() if r.cases} == {"passed"}
    assert {n.split(".")[0] for n in found} == set(FUNCTIONS)
    assert all(r.cases for r in found.values() if r.kind == "exact")


@pytest.mark.parametrize("kappa", [0.0, 0.5, 0.3, 1.0])
def test_at_kinks_any_value_passes_and_the_report_says_which(kappa):
    found = everything(lambda w, data, activation: right.points(w, data, activation, kappa).mean(0))
    assert all(r.verdict == "passed" for r in found.values() if r.cases)
    for name in ("hessian", "hessian_vector_product", "hessian_trace", "spectrum"):
        assert f"at kinks it agrees with kappa = {kappa:g}" in found[f"{name}.kinks"].notes


@pytest.mark.parametrize(("declared", "is_"), [("0", "1/2"), ("1/2", "1"), ("1", "0")])
def test_at_kinks_a_declaration_is_held_against_the_target(declared, is_):
    kappa = {"0": 0.0, "1/2": 0.5, "1": 1.0}[is_]
    found = everything(
        lambda w, data, activation: right.points(w, data, activation, kappa).mean(0),
        {"kink": declared},
    )
    wrong = {n: r for n, r in found.items() if r.verdict == "failed"}
    # At the largest eigenvalue the points at a kink matter less often.
    assert {n for n in found if n.endswith(".kinks")} == set(wrong)
    for result in wrong.values():
        assert f"kappa = {is_} at the kink" in result.diagnosis, result
        assert result.declare == f"'kink': '{is_}'"


def batch_sums(w, data, activation):
    points = right.points(w, data, activation)
    return sum(points[i : i + 2].mean(0) for i in range(0, len(data), 2))


def gauss_newton(w, data, activation):
    first, second, third = right.parts(w, data, activation)
    norm = w @ w
    outer = first * (norm / (norm - 2)) if norm != 2 else 0 * first
    if norm in {0, 2}:  # from the definition where the quotient is of no use
        c = np.array([a @ w for a in data])
        on = np.ones(len(c)) if activation == "linear" else (c > 0) * 1.0
        outer = norm * on[:, None, None] * data[:, :, None] * data[:, None, :]
    return (outer + second / 2 + third[:, None, None] * np.eye(len(w))).mean(0)


def without_identity(w, data, activation):
    first, second, _ = right.parts(w, data, activation)
    return (first + second).mean(0)


def absolute(w, data, activation):
    values, vectors = np.linalg.eigh(right.hessian(w, data, activation))
    return (vectors * np.abs(values)) @ vectors.T


def other_activation(w, data, activation):
    return right.hessian(w, data, {"relu": "linear", "linear": "relu"}[activation])


WRONG = {
    "sum": (
        lambda w, data, activation: right.points(w, data, activation).sum(0),
        "a factor m: a sum over the points",
    ),
    "divided twice": (
        lambda w, data, activation: right.hessian(w, data, activation) / len(data),
        "1/m: ",
    ),
    "without the 1/2": (
        lambda w, data, activation: 2 * right.hessian(w, data, activation),
        "a factor 2",
    ),
    "sign": (lambda w, data, activation: -right.hessian(w, data, activation), "the sign"),
    "batch sums": (batch_sums, "means over batches of 2 are added up, not averaged"),
    "Gauss-Newton": (gauss_newton, "the Gauss-Newton matrix"),
    "identity": (without_identity, "the term phi^2 I is left out"),
    "absolute": (absolute, "absolute value"),
    "other": (other_activation, "the Hessian of the other activation"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_hessian_is_named_whatever_is_computed_from_it(name):
    matrix, text = WRONG[name]
    found = everything(matrix)
    for check in (
        "hessian",
        "hessian_vector_product",
        "hessian_trace",
        "top_eigenvalue",
        "spectrum",
    ):
        result = found[f"{check}.values"]
        assert result.verdict == "failed"
        if name == "absolute" and check.startswith("hessian") and check != "hessian_trace":
            continue  # no product of the entries: rounding hides it where they differ much in size
        if check == "top_eigenvalue" and name == "absolute":
            assert "largest absolute value" in result.diagnosis
            continue
        if check == "top_eigenvalue" and name == "sign":
            continue  # minus the smallest, not minus the largest
        assert text in result.diagnosis, (check, result.diagnosis)
        assert result.snippet
    if name in {"sum", "divided twice", "sign"}:
        for check in ("hessian", "hessian_vector_product", "hessian_trace", "spectrum"):
            assert text in found[f"{check}.kinks"].diagnosis, check


def test_an_asymmetric_matrix():
    def hessian(w, data, activation):
        c = data @ w
        phi = c if activation == "linear" else np.maximum(c, 0)
        first, _, third = right.parts(w, data, activation)
        return (first.sum(0) + 4 * np.outer(phi @ data, w) + (third.sum()) * np.eye(len(w))) / len(
            c
        )

    found = judged(hessian=hessian)
    assert "cross term is not symmetrised" in found["hessian.values"].diagnosis
    assert found["hessian.symmetry"].diagnosis.endswith("the matrix is not symmetric")


def test_the_diagonal_alone():
    found = judged(
        hessian=lambda w, data, activation: np.diag(np.diag(right.hessian(w, data, activation)))
    )
    assert "the diagonal alone" in found["hessian.values"].diagnosis
    assert found["hessian.symmetry"].verdict == "passed"


def product(change):
    def made(w, data, v, activation):
        return change(right.hessian(w, data, activation) @ v, v)

    return judged(hessian_vector_product=made, hessian=right.hessian)


def test_an_accumulator_that_starts_from_random_numbers():
    rng = np.random.default_rng(1)
    found = product(lambda p, v: p + rng.normal(size=len(v)))
    assert (
        "accumulator that does not start from zeros"
        in found["hessian_vector_product.repeat"].diagnosis
    )
    assert found["hessian_vector_product.values"].verdict == "failed"


def test_an_accumulator_that_starts_from_a_constant_or_from_v():
    found = product(lambda p, v: p + np.linspace(0.25, 1.0, len(v)))
    assert found["hessian_vector_product.repeat"].verdict == "passed"
    assert (
        "accumulator does not start from zeros" in found["hessian_vector_product.linear"].diagnosis
    )
    found = product(lambda p, v: p + v)
    for name in ("values", "matrix"):
        assert "starts from v" in found[f"hessian_vector_product.{name}"].diagnosis


def test_a_normalised_vector():
    found = product(lambda p, v: p / (np.linalg.norm(v) or 1.0))
    assert found["hessian_vector_product.values"].diagnosis == "v is normalised first"
    assert found["hessian_vector_product.linear"].verdict == "failed"


def test_product_and_matrix_with_different_kinks_are_told():
    found = judged(
        hessian=right.hessian,
        hessian_vector_product=lambda w, data, v, activation: (
            right.points(w, data, activation, 1.0).mean(0) @ v
        ),
    )
    result = found["hessian_vector_product.matrix"]
    assert result.verdict == "passed"
    assert any("different second derivatives" in n for n in result.notes)


def test_a_trace_that_is_not_the_diagonal_of_the_matrix():
    found = judged(
        hessian=right.hessian,
        hessian_trace=lambda w, data, activation: 2 * right.hessian_trace(w, data, activation),
    )
    assert "a factor 2" in found["hessian_trace.diagonal"].diagnosis
