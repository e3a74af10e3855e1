"""Loading a target and calling it, in this process."""

import sys
from types import SimpleNamespace

import numpy as np
import pytest

from whichmin.errors import InputError, MissingDependency
from whichmin.verification.oracle.outcome import Kind
from whichmin.verification.oracle.target import LossOf, invoke, load, make_target

W = np.array([0.5, -0.25])
DATA = np.array([[1.0, 0.0], [0.0, 1.0]])
GIVEN = {"w": W, "data": DATA, "activation": "relu", "seed": 3}


def target(function, name="loss", **declared):
    return make_target(SimpleNamespace(**{name: function}, WHICHMIN=declared))


def call(function, name="loss", **declared):
    return invoke(target(function, name, **declared), name, GIVEN)


def test_load_by_name():
    import targets

    assert set(load("targets:good").functions) == {"loss", "gradient"}
    found = load("targets:declared").conventions
    assert (found.name, found.version, found.loss) == ("summed loss", "1.2", "sum")
    assert load("targets").functions["loss"] is targets.loss
    assert load("targets").conventions.name == "targets"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("", "must be 'package.module' or"),
        ("targets:", "must be 'package.module' or"),
        ("no_such_module", "No module named 'no_such_module'.*PYTHONPATH"),
        ("targets:missing", "has no attribute 'missing'"),
        ("targets:nothing", "must provide some of: loss, gradient, step"),
        ("targets:misspelt", "WHICHMIN key = 'kinks'"),
    ],
)
def test_what_cannot_be_loaded_is_named(name, message):
    with pytest.raises(InputError, match=message):
        load(name)


def test_a_module_that_fails_when_imported(tmp_path, monkeypatch):
    (tmp_path / "broken_target.py").write_text("x = 1\ny = 1 / 0\n")
    (tmp_path / "lacking_target.py").write_text(
        "from whichmin.errors import MissingDependency\n"
        "raise MissingDependency('tool', 'the adapter wraps it', 'pip install tool')\n"
    )
    (tmp_path / "leaving_target.py").write_text("raise SystemExit(0)\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(InputError, match=r"target = 'leaving_target'.*SystemExit: 0.*line 1"):
        load("leaving_target")
    with pytest.raises(InputError, match=r"ZeroDivisionError.*broken_target\.py, line 2"):
        load("broken_target")
    (tmp_path / "importing_target.py").write_text("import no_such_tool\n")
    with pytest.raises(InputError, match=r"'no_such_tool'.*the target imports it: install it"):
        load("importing_target")
    with pytest.raises(MissingDependency, match="tool is missing"):
        load("lacking_target")


def test_the_activation_is_an_argument_unless_there_is_one():
    def alone(w, data):
        return 1.0

    with pytest.raises(InputError, match=r"must take an argument 'activation'"):
        target(alone)
    assert call(alone, activations=["relu"]).value == 1


def test_keywords_that_a_function_does_not_take_are_left_out():
    seen = {}

    def anything(w, data, **more):
        seen.update(more)
        return 0.0

    call(anything, "hessian_trace")
    assert seen == {"activation": "relu"}
    stochastic = {"hessian_trace": {"method": "hutchinson", "samples": 5}}
    call(anything, "hessian_trace", stochastic=stochastic)
    assert seen == {"activation": "relu", "seed": 3}


def test_a_stochastic_function_takes_a_seed():
    with pytest.raises(InputError, match="must take an argument 'seed'"):
        target(
            lambda w, data, activation: 0.0, "hessian_trace",
            stochastic={"hessian_trace": {"method": "hutchinson", "samples": 5}},
        )  # fmt: skip
    with pytest.raises(InputError, match="must be a function it provides"):
        target(
            lambda w, data, activation: 0.0,
            stochastic={"hessian_trace": {"method": "hutchinson", "samples": 5}},
        )


def test_a_function_without_a_signature_gets_everything():
    class Opaque:
        __signature__ = "none"

        def __call__(self, w, data, activation):
            return 2.0

    assert call(Opaque()).value == 2


@pytest.mark.parametrize(
    ("returned", "name", "kind", "detail"),
    [
        (np.zeros(3), "gradient", Kind.WRONG_SHAPE, r"\(3,\), expected \(2,\)"),
        (np.zeros((1, 2)), "gradient", Kind.WRONG_SHAPE, r"\(1, 2\), expected \(2,\)"),
        (np.zeros(1), "loss", Kind.WRONG_SHAPE, r"\(1,\), expected \(\): a number"),
        (None, "loss", Kind.WRONG_DTYPE, "None, expected a number; is its return statement mis"),
        (None, "gradient", Kind.WRONG_DTYPE, "returned None, expected an array of shape"),
        ("text", "loss", Kind.WRONG_DTYPE, "returned 'text', a str, expected a number"),
        ("text", "gradient", Kind.WRONG_DTYPE, "returned 'text', a str, expected an array"),
        ((x for x in "ab"), "gradient", Kind.WRONG_DTYPE, "object of class generator, expected an"),
        (np.array(None), "loss", Kind.WRONG_DTYPE, "returned None"),
        ([1.0, [2.0, 3.0]], "gradient", Kind.WRONG_DTYPE, r"class list that makes no array \(Val"),
        (True, "loss", Kind.WRONG_DTYPE, "bool"),
        (1j, "loss", Kind.WRONG_DTYPE, "complex128"),
        (np.float32(1), "loss", Kind.WRONG_DTYPE, "declare WHICHMIN = {'dtype': 'float32'}"),
        (np.zeros(2, dtype=int), "gradient", Kind.WRONG_DTYPE, "int64, expected float64"),
        (float("nan"), "loss", Kind.NOT_FINITE, "nan"),
        (np.array([np.inf, 0]), "gradient", Kind.NOT_FINITE, "inf"),
        (1, "loss", Kind.VALUE, ""),
        (np.float64(1), "loss", Kind.VALUE, ""),
        (np.zeros((2, 2)), "hessian", Kind.VALUE, ""),
    ],
)
def test_results_are_inspected(returned, name, kind, detail):
    import re

    outcome = call(lambda w, data, activation: returned, name)
    assert outcome.kind is kind
    assert re.search(detail, outcome.detail)
    assert (outcome.value is not None) == (kind is Kind.VALUE), "anything else may not pickle"


def test_a_sparse_matrix_is_named():
    import scipy.sparse

    outcome = call(lambda w, data, activation: scipy.sparse.csr_matrix(np.eye(2)), "hessian")
    assert (
        outcome.detail
        == "returned an object of class csr_matrix, expected an array of shape (n, n)"
    )


class Methods:
    def loss(self, w, data, activation):
        return 1.0


class Namespace:
    def loss(w, data, activation):  # noqa: N805 - no method
        return 1.0

    @staticmethod
    def gradient(w, data, activation):
        return w


def test_a_class_for_its_instance_is_refused():
    with pytest.raises(InputError, match=r"must be an instance of the class, such as Methods\(\)"):
        make_target(Methods)
    assert set(make_target(Methods()).functions) == {"loss"}
    assert set(make_target(Namespace).functions) == {"loss", "gradient"}


def test_messages_can_be_written_to_a_file():
    def raising(w, data, activation):
        raise ValueError("half a pair: \ud800")

    assert call(raising).detail == r"raised ValueError: half a pair: \ud800"


def test_float32_is_accepted_once_declared():
    outcome = call(lambda w, data, activation: np.float32(0.5), dtype="float32")
    assert outcome.kind is Kind.VALUE
    assert outcome.value.dtype == np.float64


@pytest.mark.parametrize(
    ("batches", "kind"),
    [
        (np.zeros((4, 2), dtype=np.int32), Kind.VALUE),
        ([[0, 1]] * 4, Kind.VALUE),
        (np.zeros((4, 2)), Kind.WRONG_DTYPE),
        (np.zeros((2, 4), dtype=int), Kind.WRONG_SHAPE),
    ],
)
def test_batches_are_integers(batches, kind):
    sampler = make_target(SimpleNamespace(sample_batches=lambda m, b, steps, seed: batches))
    assert invoke(sampler, "sample_batches", {"m": 3, "b": 2, "steps": 4, "seed": 0}).kind is kind


def test_an_argument_changed_in_place_is_reported():
    import targets

    before = W.copy()
    outcome = call(targets.changed, "gradient")
    assert outcome.kind is Kind.MUTATED
    assert outcome.detail.startswith("changed its argument w in place: [ 0.5 , -0.25] became")
    assert (before == W).all()


def test_what_a_target_raises_is_data():
    def raising(w, data, activation):
        raise KeyError("weights")

    outcome = call(raising)
    assert outcome.kind is Kind.RAISED
    assert outcome.detail == "raised KeyError: 'weights'"
    assert "in raising" in outcome.trace

    def exiting(w, data, activation):
        sys.exit(2)

    assert call(exiting).detail == "raised SystemExit: 2"


def test_torch_tensors_go_in_and_out():
    import torch

    def gradient(w, data, activation):
        assert isinstance(w, torch.Tensor)
        assert w.dtype == torch.float64
        return (w * 2).requires_grad_()

    assert (call(gradient, "gradient", arrays="torch").value == 2 * W).all()

    def mutating(w, data, activation):
        return w.add_(1)

    assert call(mutating, "gradient", arrays="torch").kind is Kind.MUTATED


def test_an_absent_library_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "jax", None)
    monkeypatch.setitem(sys.modules, "jax.numpy", None)
    outcome = call(lambda w, data, activation: 1.0, arrays="jax")
    assert "MissingDependency: jax is missing: the target declares 'arrays': 'jax'" in (
        outcome.detail
    )


def test_jax_without_float64_is_told_what_to_do(monkeypatch):
    import types

    module = types.ModuleType("jax.numpy")
    module.asarray = lambda value: value.astype(np.float32)
    monkeypatch.setitem(sys.modules, "jax.numpy", module)
    outcome = call(lambda w, data, activation: 1.0, arrays="jax")
    assert "jax_enable_x64" in outcome.detail


@pytest.mark.parametrize("activation", ["linear", "relu"])
@pytest.mark.parametrize("arrays", ["numpy", "torch"])
def test_the_loss_given_to_a_sharpness_metric(activation, arrays):
    import targets

    w = W
    if arrays == "torch":
        import torch

        w = torch.from_numpy(W).requires_grad_()
    found = LossOf(DATA, activation).function(arrays)(w)
    if arrays == "torch":
        found.backward()
        right = targets.gradient(W, DATA, activation)
        assert np.abs(w.grad.numpy() - right).max() < 1e-15  # a few roundings near 1
        found = found.detach()
    assert abs(float(found) - targets.loss(W, DATA, activation)) < 1e-15
