"""Every refusal names the argument, its value and what is allowed."""

import math
import pickle

import numpy as np
import pytest
import torch

import whichmin
from whichmin.errors import InputError, MissingDependency

E2 = np.eye(2)
W2 = [0.5, 0.4]
NAN, INF = float("nan"), float("inf")


def train(data=E2, w0=W2, **options):
    return whichmin.train(data, w0, **options)


# call, options, pieces of the message: argument and value, what is allowed
CASES = {
    "step size zero": (train, {"step_size": 0}, "step_size = 0", "positive finite"),
    "step size negative": (train, {"step_size": -0.1}, "step_size = -0.1", "positive finite"),
    "step size nan": (train, {"step_size": NAN}, "step_size = nan", "positive finite"),
    "step size infinite": (train, {"step_size": INF}, "step_size = inf", "positive finite"),
    "step size text": (train, {"step_size": "0.1"}, "step_size = '0.1'", "positive finite"),
    "step size bool": (train, {"step_size": True}, "step_size = True", "positive finite"),
    "batch size zero": (train, {"batch_size": 0}, "batch_size = 0", ">= 1 and <= 2"),
    "batch size beyond m": (train, {"batch_size": 3}, "batch_size = 3", "without replacement"),
    "batch size fraction": (train, {"batch_size": 1.5}, "batch_size = 1.5", "an integer"),
    "activation": (train, {"activation": "tanh"}, "activation = 'tanh'", "linear, relu"),
    "engine": (train, {"engine": "warp"}, "engine = 'warp'", "auto, autograd, compiled, dense, reduced"),
    "sampling": (train, {"sampling": "random"}, "sampling = 'random'", "without-replacement"),
    "dtype": (train, {"dtype": "float16"}, "dtype = 'float16'", "float64 or float32"),
    "dtype int": (train, {"dtype": torch.int64}, "dtype = torch.int64", "float64 or float32"),
    "device": (train, {"device": "abacus"}, "device = 'abacus'", "cpu, cuda"),
    "device meta": (train, {"device": "meta"}, "device = 'meta'", "cpu, cuda"),
    "seed negative": (train, {"seed": -1}, "seed = -1", ">= 0"),
    "seed too large": (train, {"seed": 2**64}, f"seed = {2**64}", "<= 18446744073709551615"),
    "tolerance zero": (train, {"tolerance": 0.0}, "tolerance = 0.0", "below 0.01"),
    "tolerance one": (train, {"tolerance": 1.0}, "tolerance = 1.0", "below 0.01"),
    "replicas zero": (train, {"w0": None, "replicas": 0}, "replicas = 0", ">= 1"),
    "replicas against w0": (train, {"replicas": 3}, "replicas = 3", "1 row(s) of w0"),
    "max steps": (train, {"max_steps": -1}, "max_steps = -1", ">= 0"),
    "check every": (train, {"check_every": 0}, "check_every = 0", ">= 1"),
    "handling": (train, {"handling": "ignore"}, "handling = 'ignore'", "require, polar, qr, whiten, as-is"),
    "limit unreasonable": (train, {"step_size": 1e-9}, "max_steps = None", "must be given here"),
    "w0 length": (train, {"w0": [1.0, 0.0, 0.0]}, "w0 = 'array of shape (3,)'", "(2,)"),
    "w0 rank": (train, {"w0": np.ones((1, 1, 2))}, "w0 = 'array of shape (1, 1, 2)'", "(replicas"),
    "w0 nan": (train, {"w0": [NAN, 0.0]}, "w0 = '1 NaN or infinite entries'", "finite"),
    "w0 infinite": (train, {"w0": [INF, NAN]}, "w0 = '2 NaN or infinite entries'", "finite"),
    "w0 text": (train, {"w0": ["a", "b"]}, "w0 = an array of text", "real numbers"),
    "w0 complex": (train, {"w0": [1j, 0]}, "w0 = an array of complex numbers", "real numbers"),
    "data rank": (train, {"data": [1.0, 0.0]}, "data = 'array of shape (2,)'", "(m, n)"),
    "data empty": (train, {"data": np.ones((0, 2))}, "data = 'array of shape (0, 2)'", "m, n >= 1"),
    "data ragged": (train, {"data": [[1.0], [1.0, 0.0]]}, "data = [[1.0], [1.0, 0.0]]", "rectang"),
    "data nan": (train, {"data": [[NAN, 1.0]]}, "data = '1 NaN or infinite entries'", "finite"),
    "data complex tensor": (
        train, {"data": torch.eye(2, dtype=torch.complex128)}, "data = torch.complex128", "real"),
    "data not orthonormal": (
        train, {"data": [[1.0, 0.5], [0.0, 1.0]]}, "deviation from orthonormality 0.5",
        "give handling='polar' for"),
    "data too many": (
        train, {"data": np.ones((3, 2))}, "3 points in 2 dimensions", "more points than dimensions"),
    "data zero row": (
        train, {"data": [[1.0, 0.0], [0.0, 0.0]], "handling": "as-is"}, "data = 'row 1 is zero'",
        "non-zero"),
    "data dependent": (
        train, {"data": [[1.0, 1.0], [2.0, 2.0]], "handling": "polar"}, "2 rows of rank 1",
        "linearly independent"),
    "batches missing": (train, {"sampling": "custom"}, "batches = None", "sampling='custom'"),
    "batches unwanted": (train, {"batches": [[0]]}, "batches = 'an array'", "sampling='custom'"),
    "batches range": (
        train, {"sampling": "custom", "batches": [[0], [2]]}, "batches = 'indices from 0 to 2'",
        "0 .. 1"),
    "batches floats": (
        train, {"sampling": "custom", "batches": [[0.5]]}, "batches = dtype('float64')", "integers"),
    "batches ragged": (
        train, {"sampling": "custom", "batches": [[0], [0, 1]]}, "batches = [[0], [0, 1]]",
        "rectangular"),
    "batches too few": (
        train, {"sampling": "custom", "batches": [[0], [1]], "max_steps": 3}, "max_steps = 3",
        "2 steps only"),
    "frame n below m": (whichmin.random_frame, {"m": 3, "n": 2}, "n = 2", ">= 3"),
    "frame m zero": (whichmin.standard_basis, {"m": 0, "n": 2}, "m = 0", ">= 1"),
    "start norm": (whichmin.random_start, {"n": 2, "norm": -1.0}, "norm = -1.0", "positive finite"),
    "orthonormalise method": (
        whichmin.orthonormalise, {"points": E2, "method": "lu"}, "method = 'lu'", "polar, qr"),
    "orthonormalise shape": (
        whichmin.orthonormalise, {"points": np.ones((3, 2))}, "3 points in 2 dimensions", "at most n"),
    "hessian kink": (
        whichmin.hessian, {"w": W2, "data": E2, "kink": "half"}, "kink = 'half'",
        "left, mean, right"),
    "hessian kink width": (
        whichmin.hessian, {"w": W2, "data": E2, "kink_width": NAN}, "kink_width = nan", ">= 0"),
    "hessian many": (
        whichmin.hessian, {"w": [W2, W2], "data": E2}, "w = 'array of shape (2, 2)'", "(2,)"),
    "loss shape": (whichmin.loss, {"w": [1.0], "data": E2}, "w = 'array of shape (1,)'", "(2,)"),
    "gradient activation": (
        whichmin.gradient, {"w": W2, "data": E2, "activation": None}, "activation = None", "linear"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_refused(case):
    call, options, *pieces = case
    with pytest.raises(InputError) as caught:
        call(**options)
    for piece in pieces:
        assert piece in str(caught.value)


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")
def test_missing_gpu():
    with pytest.raises(
        MissingDependency, match=r"device = 'cuda'.*0 CUDA device.*use device='cpu'"
    ):
        train(device="cuda")


def test_long_values_are_shortened():
    with pytest.raises(InputError) as caught:
        train(activation="x" * 1000)
    assert len(str(caught.value)) < 250


def test_errors_survive_pickling():
    error = InputError("step_size", "x" * 500, "must be positive")
    copy = pickle.loads(pickle.dumps(error))
    assert str(copy) == str(error)
    assert (copy.argument, copy.allowed) == ("step_size", "must be positive")


@pytest.mark.parametrize("options", [{"max_steps": 5}, {"step_size": -1.0}])
def test_inputs_are_not_modified(options):
    data, w0 = np.eye(3, 4), np.array([[0.1, 0.2, 0.3, 0.4]])
    before = data.copy(), w0.copy()
    if math.copysign(1, options.get("step_size", 1)) < 0:
        with pytest.raises(InputError):
            train(data, w0, **options)
    else:
        train(data, w0, **options)
    assert np.array_equal(data, before[0])
    assert np.array_equal(w0, before[1])
