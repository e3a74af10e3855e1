"""A loss in JAX with an optimiser of optax and a loop is judged as it stands."""

import sys

import pytest

from whichmin.errors import InputError, MissingDependency
from whichmin.verification.oracle import judge

try:
    import jax
    import jax.numpy as jnp
    import optax
except ImportError:
    pytest.skip("jax or optax is not installed", allow_module_level=True)

from whichmin.verification.oracle.adapters import from_jax


def loss(w, x, activation):
    c = x @ w
    code = jax.nn.relu(c) if activation == "relu" else c
    return jnp.square(x - jnp.outer(code, w)).sum() / (2 * len(x))


def linear(w, x):
    return loss(w, x, "linear")


LINEAR = {"activations": ["linear"]}


def failures(target, check=""):
    found = judge(target, quick=True, isolation="inline", only=lambda i: i.startswith(check))
    assert any(r.verdict in {"passed", "failed"} for r in found.results)
    return {r.check for r in found.failures}


def test_a_right_loss_passes_with_every_function_that_follows():
    found = judge(from_jax(linear, optimiser=optax.sgd, declare=LINEAR), quick=True,
                  isolation="inline")  # fmt: skip
    judged = {r.check.partition(".")[0] for r in found.results if r.verdict == "passed"}
    assert judged == {"loss", "gradient", "step", "train", "hessian", "hessian_vector_product"}
    assert not found.failures


def test_the_activation_is_passed_on():
    assert failures(from_jax(loss, optimiser=optax.sgd), "step") == set()


def test_the_users_loop_is_judged():
    def right(w, optimiser, batches, value):
        state = optimiser.init(w)
        for points in batches:
            updates, state = optimiser.update(jax.grad(value)(w, points), state, w)
            w = optax.apply_updates(w, updates)
        return w

    def first_only(w, optimiser, batches, value):
        return right(w, optimiser, batches[:1], value)

    for loop, failed in ((right, set()), (first_only, {"train.values"})):
        target = from_jax(linear, optimiser=optax.sgd, train_loop=loop, declare=LINEAR)
        assert failures(target, "train.values") == failed


def test_an_optimiser_that_is_not_declared_fails():
    target = from_jax(linear, optimiser=lambda lr: optax.sgd(2 * lr), declare=LINEAR)
    assert failures(target, "step") == {"step.values"}


def test_an_optimiser_that_is_declared_passes():
    declared = {**LINEAR, "optimiser": {"name": "sgd", "momentum": 0.5}}
    target = from_jax(linear, optimiser=lambda lr: optax.sgd(lr, 0.5), declare=declared)
    assert failures(target, "train.values") == set()


def test_a_convention_that_is_not_allowed_is_an_error():
    with pytest.raises(InputError, match="dtype"):
        from_jax(loss, optimiser=optax.sgd, declare={"dtype": "float16"})


def test_jax_missing_is_said(monkeypatch):
    name = "whichmin.verification.oracle.adapters.jax_function"
    monkeypatch.setitem(sys.modules, "jax", None)
    monkeypatch.delitem(sys.modules, name)
    with pytest.raises(MissingDependency, match="pip install"):
        __import__(name)
