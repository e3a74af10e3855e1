"""The noise scale with the Hessian: right passes, negative ones too; wrong is named."""

import importlib.util
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from whichmin.verification.oracle import judge, references
from whichmin.verification.oracle.problems import problem

_spec = importlib.util.spec_from_file_location(
    "curvature_target", Path(__file__).with_name("curvature_target.py")
)
right = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(right)


def slopes(w, data, activation):
    c = data @ w
    phi = c * (c > 0) if activation == "relu" else c
    return (w @ w - 2) * phi[:, None] * data + (phi**2)[:, None] * w


def scale(change):
    """From the rows of gradients less their mean, G, H, m and n."""

    def hessian_noise_scale(w, data, activation):
        g = slopes(w, data, activation)
        mean, matrix = g.mean(axis=0), right.hessian(w, data, activation)
        with np.errstate(all="ignore"):
            return np.float64(change(g - mean, mean, matrix, *data.shape))

    return hessian_noise_scale


def judged(function, quick=True, **declared):
    target = SimpleNamespace(WHICHMIN=declared, hessian_noise_scale=function)
    found = judge(
        target, isolation="inline", quick=quick, only=lambda i: i.startswith("hessian_noise_scale")
    )
    return {r.check.partition(".")[2]: r for r in found.results}


def quotient(d, g, h, m, n):
    return np.einsum("ip,pq,iq->", d, h, d) / m / (g @ h @ g)


def sample(d, g, h, m, n):
    return quotient(d, g, h, m, n) * m / max(m - 1, 1)


def test_right_passes_by_both_declarations_and_precisions():
    found = judged(scale(quotient), quick=False)
    assert found["values"].verdict == found["undefined"].verdict == "passed"
    assert "5 of the scales expected are negative, since H is indefinite" in found["values"].notes
    assert found["undefined"].notes == ("at a minimum (0 / 0) it gives nan or inf: accepted",)
    assert judged(scale(sample), noise="sample")["values"].verdict == "passed"
    assert judged(scale(quotient), dtype="float32")["values"].verdict == "passed"
    assert judged(scale(quotient), loss_scale=2, hessian="sum")["values"].verdict == "passed"


def test_the_sample_covariance_can_be_declared():
    assert judged(scale(sample))["values"].declare == "'noise': 'sample'"
    assert judged(scale(quotient), noise="sample")["values"].declare == "'noise': 'population'"


def test_an_error_at_a_minimum_is_accepted():
    def raising(w, data, activation):
        if not slopes(w, data, activation).mean(axis=0).any():
            raise ZeroDivisionError("the gradient is 0")
        return scale(quotient)(w, data, activation)

    found = judged(raising)["undefined"]
    assert found.verdict == "passed"
    assert "an error" in found.notes[0]


def test_numerator_and_denominator_are_0_at_the_minima():
    for name in ("vertex", "dense", "dense square"):
        served = problem(name)
        for activation in ("linear", "relu"):
            rows = references.point_gradients(served.w, served.data, activation)
            assert any(map(any, rows)) or name == "vertex"
            for kappa in (Fraction(0), Fraction(1)) if activation == "relu" else (Fraction(0),):
                curved = [
                    references.hessian_vector_product(
                        served.w, served.data, row, activation, kappa
                    )
                    for row in rows
                ]  # fmt: skip
                assert not any(map(any, curved))


@pytest.mark.parametrize("clamp", [1e-8, 1e-30])
def test_a_clamp_at_a_minimum_is_named(clamp):
    def clamped(d, g, h, m, n):
        below = g @ h @ g
        return np.einsum("ip,pq,iq->", d, h, d) / m / (below if abs(below) > clamp else clamp)

    result = judged(scale(clamped))["undefined"]
    assert result.verdict == "failed"
    assert result.diagnosis == "a number at a minimum, where the scale is 0 / 0"
    assert "got = float(abs(got) < " in result.snippet


def test_misshapen_answers_at_a_minimum_are_not_accepted():
    result = judged(lambda w, data, activation: np.zeros(2))["undefined"]
    assert result.verdict == "failed"
    assert "returned shape" in result.message


def spread(d, m):
    return (d * d).sum() / m


WRONG = {
    "simple": (lambda d, g, h, m, n: spread(d, m) / (g @ g), "B_simple"),
    "numerator": (lambda d, g, h, m, n: spread(d, m) / (g @ h @ g), "missing in the numerator"),
    "denominator": (
        lambda d, g, h, m, n: np.einsum("ip,pq,iq->", d, h, d) / m / (g @ g),
        "missing in the denominator",
    ),
    "traces": (
        lambda d, g, h, m, n: np.trace(h) * spread(d, m) / (g @ h @ g), "product of the traces"
    ),
    "moment": (lambda d, g, h, m, n: quotient(d + g, g, h, m, n), "is not subtracted"),
    "inverse": (lambda *given: 1 / (quotient(*given) or np.inf), "the inverse"),
    "sum": (lambda d, g, h, m, n: quotient(d, g, h, m, n) * m, "factor m:"),
    "m": (lambda d, g, h, m, n: quotient(d, g, h, m, n) / m, "divided by m twice"),
    "diagonal": (
        lambda d, g, h, m, n: quotient(d, g, np.diag(np.diag(h)), m, n), "the diagonal of H"
    ),
    "squared": (lambda d, g, h, m, n: quotient(d, g, h @ h, m, n), "H twice"),
    "absolute": (lambda *given: abs(quotient(*given)), "absolute value"),
    "positive": (lambda *given: max(quotient(*given), 0.0), "0 where it is negative"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_wrong_ones_are_named(name):
    change, cause = WRONG[name]
    result = judged(scale(change))["values"]
    assert result.verdict == "failed"
    assert cause in result.diagnosis
    assert result.snippet


def test_the_gauss_newton_matrix_is_named():
    def hessian_noise_scale(w, data, activation):
        g = slopes(w, data, activation)
        mean, (m, n) = g.mean(axis=0), data.shape
        first, second, third = right.parts(w, data, activation)
        # N, not N - 2, on a a^T, and half of the cross term.
        share = (w @ w) / (w @ w - 2)
        matrix = (share * first + second / 2 + third[:, None, None] * np.eye(n)).mean(0)
        with np.errstate(all="ignore"):
            return quotient(g - mean, mean, matrix, m, n)

    assert "Gauss-Newton" in judged(hessian_noise_scale)["values"].diagnosis
