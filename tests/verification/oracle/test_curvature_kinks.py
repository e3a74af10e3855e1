"""At kinks: a kappa for each point is accepted, and a wrong value there is not explained away."""

from types import SimpleNamespace

import numpy as np
import pytest

from whichmin.verification.oracle.judge import judge
from whichmin.verification.oracle.mutants import estimators, reference

NAMES = ("hessian", "hessian_vector_product", "hessian_trace", "spectrum")


def hessian(w, data, activation, kappas=(0.1, 0.5)):
    inner = data @ w
    on = np.ones(len(data)) if activation == "linear" else (inner > 0) * 1.0
    if activation == "relu":
        kinks = np.flatnonzero(inner == 0)
        on[kinks] = np.resize(kappas, len(kinks))
    h = inner * (on > 0)
    cross = 2 * np.outer(h @ data, w)
    return ((w @ w - 2) * data.T @ (on[:, None] * data) + cross + cross.T
            + h @ h * np.eye(len(w))) / len(data)  # fmt: skip


def run(change=lambda h: h, **more):
    target = SimpleNamespace(
        hessian=lambda w, data, activation: change(hessian(w, data, activation, **more)),
        hessian_vector_product=lambda w, data, v, activation: (
            change(hessian(w, data, activation, **more)) @ v
        ),
        hessian_trace=lambda w, data, activation: np.trace(
            change(hessian(w, data, activation, **more))
        ),
        spectrum=lambda w, data, activation: np.linalg.eigvalsh(
            change(hessian(w, data, activation, **more))
        ),
    )
    found = judge(target, isolation="inline")
    return {r.check: r for r in found.results if r.cases}


def test_every_point_may_have_a_kappa_of_its_own():
    found = run()
    assert {r.verdict for r in found.values()} == {"passed"}
    notes = [n for r in found.values() for n in r.notes]
    assert not any("agrees with" in n for n in notes)


@pytest.mark.parametrize("kappas", [(-0.1, 0.5), (0.5, 1.1)])
def test_a_kappa_outside_fails(kappas):
    found = run(kappas=kappas)
    for name in ("hessian", "hessian_vector_product", "spectrum"):
        assert found[f"{name}.kinks"].verdict == "failed"


def test_a_factor_is_not_read_off_intervals():
    found = run(lambda h: h * (1 + 1e-10), kappas=(0.0,))
    for name in NAMES:
        for part in ("kinks", "values"):
            result = found[f"{name}.{part}"]
            assert result.verdict == "failed"
            assert "covariance" not in result.diagnosis
            assert "1/" not in result.diagnosis
        assert found[f"{name}.values"].diagnosis == "off by the same factor 1 +1e-10 everywhere"


def test_a_wrong_hessian_agrees_with_no_kappa():
    found = run(lambda h: h / 2, kappas=(0.0,))
    for name in NAMES:
        result = found[f"{name}.kinks"]
        assert result.verdict == "failed"
        assert "factor 1/2" in result.diagnosis
        assert not any("agrees with kappa" in n for n in result.notes)


def test_an_undeclared_estimate_has_no_made_up_cause_at_kinks():
    target = SimpleNamespace(hessian_trace=estimators.hessian_trace)
    found = judge(target, isolation="inline", quick=True)
    for result in found.failures:
        assert result.diagnosis.startswith("hessian_trace gives other values for other seeds")


def test_another_kappa_than_declared_is_the_only_cause():
    target = SimpleNamespace(
        hessian_trace=lambda w, data, activation: np.trace(
            hessian(w, data, activation, kappas=(1.0,))
        ),
        WHICHMIN={"kink": 0},
    )
    (failed,) = judge(target, isolation="inline", quick=True).failures
    assert failed.diagnosis == "kappa = 1 at the kink"
    assert reference.WHICHMIN["kink"] == 0
