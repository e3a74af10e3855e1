"""More refusals, each with its whole message: argument, value, what is allowed.

The cases of test_bad_input.py are not repeated here.
"""

import re

import numpy as np
import pytest
import torch

import whichmin
from whichmin.core import Data
from whichmin.errors import InputError, MissingDependency

E2 = np.eye(2)
W2 = [0.5, 0.4]
NAN, INF = float("nan"), float("inf")
POSITIVE = "must be a positive finite number"
REAL = "must hold real numbers (floating point or integer)"
CUSTOM = {"sampling": "custom"}


def train(data=E2, w0=W2, **options):
    return whichmin.train(data, w0, **options)


def fixed(function, *arguments):
    return lambda **options: function(*arguments, **options)


stream = fixed(whichmin.make_stream, 4, 2)
frame = fixed(whichmin.random_frame)
loss, gradient = fixed(whichmin.loss, W2, E2), fixed(whichmin.gradient, W2, E2)
hessian = fixed(whichmin.hessian, W2, E2)

# call, options, argument, value as shown, what is allowed
CASES = [
    (train, {"step_size": None}, "step_size", "None", POSITIVE),
    (train, {"step_size": 1j}, "step_size", "1j", POSITIVE),
    (train, {"step_size": -INF}, "step_size", "-inf", POSITIVE),
    (train, {"step_size": [0.1]}, "step_size", "[0.1]", POSITIVE),
    (train, {"tolerance": NAN}, "tolerance", "nan", f"{POSITIVE} below 0.01"),
    (train, {"tolerance": -1e-3}, "tolerance", "-0.001", f"{POSITIVE} below 0.01"),
    (train, {"tolerance": "1e-3"}, "tolerance", "'1e-3'", f"{POSITIVE} below 0.01"),
    (train, {"batch_size": True}, "batch_size", "True", "must be an integer >= 1 and <= 2"),
    (train, {"batch_size": "full"}, "batch_size", "'full'", "must be an integer >= 1 and <= 2"),
    (train, {"max_steps": 2.0}, "max_steps", "2.0", "must be an integer >= 0"),
    (train, {"max_steps": True}, "max_steps", "True", "must be an integer >= 0"),
    (train, {"check_every": 1.5}, "check_every", "1.5", "must be an integer >= 1"),
    (train, {"check_every": -3}, "check_every", "-3", "must be an integer >= 1"),
    (train, {"seed": 0.5}, "seed", "0.5", "must be an integer >= 0"),
    (train, {"seed": None}, "seed", "None", "must be an integer >= 0"),
    (train, {"w0": None, "replicas": 2.0}, "replicas", "2.0", "must be an integer >= 1"),
    (train, {"w0": [W2, W2], "replicas": 3}, "replicas", "3", "must match the 2 row(s) of w0"),
    (train, {"engine": None}, "engine", "None", "must be one of: auto, autograd, compiled, dense,"),
    (train, {"sampling": 1}, "sampling", "1", "must be one of: without-replacement, with-repl"),
    (train, {"activation": "ReLU"}, "activation", "'ReLU'", "must be one of: linear, relu"),
    (train, {"dtype": "double"}, "dtype", "'double'", "must be float64 or float32"),
    (train, {"device": None}, "device", "None", "must be cpu, cuda or cuda:INDEX"),
    (train, {"device": "cuda:-1"}, "device", "'cuda:-1'", "must be cpu, cuda or cuda:INDEX"),
    (train, {"w0": [[0.5], W2]}, "w0", "[[0.5], [0.5, 0.4]]", "must be a rectangular array"),
    (train, {"w0": 1.0}, "w0", "'array of shape ()'", "must have shape (2,) or (replicas, 2)"),
    (train, {"w0": np.ones((0, 2))}, "w0", "'array of shape (0, 2)'", "must have shape (2,) or"),
    (train, {"w0": [True, False]}, "w0", "an array of truth values", REAL),
    (train, {"data": [["1", "0"]]}, "data", "an array of text", REAL),
    (train, {"data": E2 * 1j}, "data", "an array of complex numbers", REAL),
    (train, {"data": None}, "data", "an array of Python objects", REAL),
    (train, {"data": [[INF, 0.0]]}, "data", "'1 NaN or infinite entries'", "must be finite every"),
    (train, {**CUSTOM, "batches": [0, 1]}, "batches", "'array of shape (2,)'", "must have shape"),
    (train, {**CUSTOM, "batches": [[]]}, "batches", "dtype('float64')", "must hold integers"),
    (train, {**CUSTOM, "batches": [[-1]]}, "batches", "'indices from -1 to -1'", "must lie in 0"),
    (train, {**CUSTOM, "batches": [[True]]}, "batches", "dtype('bool')", "must hold integers"),
    (stream, {"sampling": "shuffled"}, "sampling", "'shuffled'", "must be one of: without-repl"),
    (stream, {"seed": -1}, "seed", "-1", "must be an integer >= 0"),
    (stream, {"seed": 2**64}, "seed", f"{2**64}", "must be an integer >= 0 and <= 1844674407370"),
    (stream, {"sampling": "custom"}, "batches", "None", "must be given with sampling='custom'"),
    (stream, {"batches": [[0]]}, "batches", "'an array'", "must be given with sampling='custom'"),
    (fixed(whichmin.make_stream, 4, 5), {}, "batch_size", "5", "must be an integer >= 1 and <= 4"),
    (fixed(whichmin.make_stream, 4, 0), {"sampling": "with-replacement"}, "batch_size", "0",
     "must be an integer >= 1"),
    (fixed(whichmin.make_stream, 4, 9), {"sampling": "cyclic"}, "batch_size", "9", "must be an"),
    (fixed(whichmin.make_stream, 0, 1), {}, "m", "0", "must be an integer >= 1"),
    (fixed(whichmin.make_stream, 2**31 + 1, 1), {}, "m", "2147483649", "must be an integer >= 1"),
    (frame, {"m": 2, "n": 3, "seed": -1}, "seed", "-1", "must be an integer >= 0"),
    (frame, {"m": 2, "n": 3, "seed": 2**64}, "seed", f"{2**64}", "must be an integer >= 0"),
    (frame, {"m": 2.0, "n": 3}, "m", "2.0", "must be an integer >= 1"),
    (frame, {"m": 2, "n": True}, "n", "True", "must be an integer >= 2 (m orthonormal points need"),
    (fixed(whichmin.standard_basis, 3, 2), {}, "n", "2", "must be an integer >= 3 (m orthonormal"),
    (fixed(whichmin.random_start, 0), {}, "n", "0", "must be an integer >= 1"),
    (fixed(whichmin.random_start, 2), {"replicas": 0}, "replicas", "0", "must be an integer >= 1"),
    (fixed(whichmin.random_start, 2), {"norm": NAN}, "norm", "nan", POSITIVE),
    (fixed(whichmin.random_start, 2), {"seed": "0"}, "seed", "'0'", "must be an integer >= 0"),
    (fixed(whichmin.make_data, E2 * 1.5), {}, "data",
     "'2 points in 2 dimensions, deviation from orthonormality 1.25'",
     "the rows must be orthonormal to 7.1e-15"),
    (fixed(whichmin.make_data, np.ones((3, 2))), {"handling": "qr"}, "data",
     "'3 points in 2 dimensions'", "at most n points can be orthonormal in R^n"),
    (fixed(whichmin.orthonormalise, [[1.0, 2.0], [2.0, 4.0]]), {"method": "qr"}, "points",
     "'2 rows of rank 1'", "the rows must be linearly independent"),
    (fixed(whichmin.orthonormalise, [[0.0, 0.0]]), {}, "points", "'1 rows of rank 0'", "the rows"),
    (fixed(whichmin.orthonormalise, [[NAN, 0.0]]), {}, "points", "'1 NaN or infinite entries'",
     "must be finite everywhere"),
    (fixed(whichmin.loss, [NAN, 0.0], E2), {}, "w", "'1 NaN or infinite entries'", "be finite"),
    (fixed(whichmin.loss, W2, [[0.0, 0.0]]), {}, "data", "'row 0 is zero'", "every row"),
    (loss, {"activation": "tanh"}, "activation", "'tanh'", "must be one of: linear, relu"),
    (loss, {"dtype": torch.float16}, "dtype", "torch.float16", "must be float64 or float32"),
    (gradient, {"device": "gpu"}, "device", "'gpu'", "must be cpu, cuda or cuda:INDEX"),
    (fixed(whichmin.gradient, ["a", "b"], E2), {}, "w", "an array of text", REAL),
    (fixed(whichmin.hessian, [0.5], E2), {}, "w", "'array of shape (1,)'", "must have shape (2,)"),
    (hessian, {"kink": 0.5}, "kink", "0.5", "must be one of: left, mean, right"),
    (hessian, {"kink_width": -1.0}, "kink_width", "-1.0", "must be a finite number >= 0"),
]  # fmt: skip

OPEN = [
    (hessian, {"kink_width": "0"}, "kink_width", "'0'", "must be a finite number >= 0"),
    (hessian, {"kink_width": None}, "kink_width", "None", "must be a finite number >= 0"),
    (train, {"step_size": 10**400}, "step_size", "10000", POSITIVE),
    (train, {"w0": [1e300, 0.0], "dtype": "float32"}, "w0", "", "finite"),
    (fixed(whichmin.make_data, [[1e300, 0.0]]), {"dtype": "float32", "handling": "as-is"}, "data",
     "", "finite"),
    (train, {**CUSTOM, "batches": [[0]], "seed": -1}, "seed", "-1", "must be an integer >= 0"),
    (train, {"step_size": 5e-324}, "max_steps", "None", "must be given here"),
    (fixed(whichmin.orthonormalise), {"points": np.ones((3, 2))}, "points", "'3 points", "at most"),
]  # fmt: skip


def check(call, options, argument, value, allowed):
    with pytest.raises(InputError) as caught:
        call(**options)
    assert caught.value.argument == argument
    assert re.match(re.escape(f"{argument} = {value}"), str(caught.value))
    assert allowed in caught.value.allowed
    assert str(caught.value) == f"{argument} = {caught.value.value}, but {caught.value.allowed}"


@pytest.mark.parametrize("case", CASES, ids=[f"{c[2]}-{c[3]}-{k}" for k, c in enumerate(CASES)])
def test_refused(case):
    check(*case)


@pytest.mark.parametrize("case", OPEN, ids=[f"{c[2]}-{k}" for k, c in enumerate(OPEN)])
def test_refused_open_fault(case):
    check(*case)


def test_a_gpu_of_a_number_that_is_not_there():
    with pytest.raises(MissingDependency, match=r"device = 'cuda:77' is missing: .*device='cpu'"):
        train(device="cuda:77")


def test_byte_order_of_the_file_does_not_matter():
    assert whichmin.make_data(E2.astype(">f8")).points.tolist() == E2.tolist()


@pytest.mark.parametrize("method", ["polar", "qr"])
def test_calls_leave_their_arrays_alone(method):
    rows = np.array([[1.0, 0.2, 0.0], [0.1, 1.0, 0.3]])
    tensor, before = torch.from_numpy(rows.copy()), rows.copy()
    weights = torch.tensor([0.5, 0.4, 0.3], dtype=torch.float64)
    batches = np.array([[0], [1]])
    for data in (rows, tensor):
        whichmin.orthonormalise(data, method)
        assert isinstance(whichmin.make_data(data, handling=method), Data)
        whichmin.train(data, weights, handling=method, sampling="custom", batches=batches)
        whichmin.gradient(weights, data)
        whichmin.hessian(weights, data)
        with pytest.raises(InputError, match="deviation from orthonormality"):
            whichmin.train(data, weights)
    assert np.array_equal(rows, before)
    assert np.array_equal(tensor.numpy(), before)
    assert weights.tolist() == [0.5, 0.4, 0.3]
    assert batches.tolist() == [[0], [1]]
    assert weights.grad is None
    assert not weights.requires_grad
