"""A call without a value does not hide what the others show, and what was forgotten is found."""

from types import SimpleNamespace

import numpy as np
import pytest

from whichmin.verification.oracle.judge import judge
from whichmin.verification.oracle.mutants import estimators, reference


def judged(only, **provided):
    functions = {k: v for k, v in provided.items() if k != "WHICHMIN"}
    declared = {"kink": 0, **provided.get("WHICHMIN", {})}
    target = SimpleNamespace(**functions, WHICHMIN=declared)
    found = judge(target, isolation="inline", quick=True, only=lambda i: i.startswith(only))
    return {r.check: r for r in found.results if r.verdict != "not provided"}


def test_an_exception_does_not_hide_wrong_numbers():
    def top_eigenvalue(w, data, activation):
        value = reference.top_eigenvalue(w, data, activation)
        if not (data @ w > 0).any() and activation == "relu":
            raise ZeroDivisionError("division by zero")
        return 2 * value

    result = judged("top_eigenvalue.values", top_eigenvalue=top_eigenvalue)["top_eigenvalue.values"]
    assert result.verdict == "failed"
    assert "raised ZeroDivisionError" in result.message
    assert "comparisons fail" in result.message
    assert result.failures > 10
    assert result.diagnosis.startswith("where there is a value: off by exactly a factor 2")
    assert np.isfinite(result.margin)
    assert "assert np.all" in result.snippet


def test_nan_does_not_hide_wrong_numbers():
    def step(w, batch, step_size, activation):
        new = reference.step(w, batch, step_size, activation)
        return new * 2 if new.any() and (batch @ w > 0).any() else new * np.nan

    result = judged("step", step=step)["step.values"]
    assert "not finite" in result.message
    assert "calls in all give no value; where there is a value" in result.message


def test_a_function_that_never_gives_a_value_says_so_once():
    result = judged("loss", loss=lambda w, data, activation: np.zeros(3))["loss.values"]
    assert "returned shape (3,)" in result.message
    assert result.diagnosis == ""


@pytest.mark.parametrize("name", ["hessian_trace"])
def test_an_undeclared_estimate_is_found(name):
    found = judged(name, **{name: getattr(estimators, name)})
    (failed,) = {r.diagnosis for r in found.values() if r.verdict == "failed"}
    assert failed.startswith(f"{name} gives other values for other seeds")
    declare = {r.declare for r in found.values() if r.verdict == "failed"}
    assert declare == {f"'stochastic': {{'{name}': {{'method': M, 'samples': K}}}}"}


def test_an_unseeded_estimate_is_found_too():
    rng = np.random.default_rng(3)

    def gradient_noise(w, data, b, activation):
        return reference.gradient_noise(w, data, b, activation) + rng.standard_normal()

    result = judged("gradient_noise.values", gradient_noise=gradient_noise)
    assert "or from call to call" in result["gradient_noise.values"].diagnosis


@pytest.mark.parametrize(
    ("error", "declare"),
    [
        (TypeError("matmul(): argument 'input' must be Tensor, not numpy.ndarray"), "torch"),
        (AttributeError("'numpy.ndarray' object has no attribute 'detach'"), "torch"),
        (TypeError("unsupported operand type(s) for +: 'int' and 'str'"), ""),
        (AttributeError("'numpy.ndarray' object has no attribute 'foo'"), ""),
    ],
)
def test_arrays_of_another_library_are_found(error, declare):
    def loss(w, data, activation):
        raise error

    result = judged("loss", loss=loss)["loss.values"]
    assert result.declare == (f"'arrays': '{declare}'" if declare else "")


def full_batches_only(w0, data, batches, step_size, activation):
    if any(sorted(b) != list(range(len(data))) for b in batches.tolist()):
        raise NotImplementedError("full batches alone")
    return reference.train(w0, data, batches, step_size, activation)


def test_a_trainer_of_full_batches_is_told_what_to_declare_and_passes_then():
    result = judged("train", train=full_batches_only)["train.values"]
    assert (result.verdict, result.declare) == ("failed", "'batches': 'full'")
    declared = {"WHICHMIN": {"batches": "full"}}
    assert judged("train", train=full_batches_only, **declared)["train.values"].verdict == "passed"

    def wrong(w0, *rest, **named):
        return full_batches_only(w0 / 2, *rest, **named)

    assert judged("train", train=wrong, **declared)["train.values"].verdict == "failed"


def test_a_function_without_any_comparison_is_not_green():
    declared = {"sampling": "cyclic"}
    found = judged("gradient_noise", gradient_noise=reference.gradient_noise, WHICHMIN=declared)
    assert {r.verdict for r in found.values()} >= {"inconclusive"}
    message = found["gradient_noise.estimate"].message
    assert message.startswith("gradient_noise is not judged")


def test_a_single_check_looks_at_the_others_of_its_function():
    declared = {"sampling": "cyclic"}
    only = "gradient_noise.estimate"
    found = judged(only, gradient_noise=reference.gradient_noise, WHICHMIN=declared)
    assert found[only].verdict == "inconclusive"
