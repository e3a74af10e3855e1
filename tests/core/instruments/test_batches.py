"""Arrays, data sets, dictionaries and outputs of language models."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset, TensorDataset

from whichmin.core.instruments import (
    closure_objective,
    estimate_trace,
    extreme_eigenvalues,
    gradient_noise,
    hessian_operator,
    module_objective,
    two_batch_noise_scale,
)
from whichmin.core.instruments.batches import Fields, as_pair, entry, predicted, stack
from whichmin.core.instruments.data import Samples
from whichmin.errors import InputError

X = np.random.default_rng(0).standard_normal((12, 3))
Y = np.arange(12) % 2
TX, TY = torch.from_numpy(X), torch.from_numpy(Y)


class Rows(Dataset):
    """Samples as dictionaries."""

    def __len__(self):
        return len(X)

    def __getitem__(self, k):
        return {"a": X[k, :2], "b": X[k, 2:], "labels": Y[k]}


class Named(nn.Module):
    """Takes its inputs by name; computes its own loss if it gets labels."""

    def __init__(self, kind="object"):
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            self.inner = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2)).double()
        self.kind = kind

    def forward(self, a, b=None, labels=None):
        x = a if b is None else torch.cat([a, b], dim=1)
        out = {"logits": self.inner(x)}
        if labels is not None:
            out["loss"] = nn.functional.cross_entropy(out["logits"], labels)
        return out if self.kind == "mapping" else SimpleNamespace(**out)


@pytest.fixture
def plain():
    return module_objective(Named().inner, nn.CrossEntropyLoss(), (TX, TY))


def dictionary():
    return {"a": TX[:, :2], "b": TX[:, 2:], "labels": TY}


def same(found, expected):
    assert found.samples == expected.samples
    assert found.value() == pytest.approx(expected.value(), rel=1e-14)
    np.testing.assert_allclose(found.gradient(), expected.gradient(), rtol=1e-11, atol=1e-15)
    v = torch.eye(expected.size).double()[:, :3]
    np.testing.assert_allclose(
        found.hessian_product(v), expected.hessian_product(v), rtol=1e-10, atol=1e-14
    )
    ours, theirs = gradient_noise(found), gradient_noise(expected)
    assert ours.trace == pytest.approx(theirs.trace, rel=1e-12)
    ours, theirs = (two_batch_noise_scale(o, 1, 4, pairs=30) for o in (found, expected))
    assert ours.value == pytest.approx(theirs.value, rel=1e-10)


@pytest.mark.parametrize("data", [
    (X, Y), [X, Y], [(X[:5], Y[:5]), (X[5:], Y[5:])], TensorDataset(TX, TY),
    DataLoader(TensorDataset(TX, TY), 5),
])  # fmt: skip
def test_arrays_and_data_sets(plain, data):
    same(module_objective(Named().inner, nn.CrossEntropyLoss(), data), plain)


@pytest.mark.parametrize(("data", "loss", "kind"), [
    (dictionary(), None, "object"), (dictionary(), nn.CrossEntropyLoss(), "mapping"),
    ([dictionary()], None, "mapping"), (Rows(), nn.CrossEntropyLoss(), "object"),
    (DataLoader(Rows(), 5), None, "object"),
    ([({"a": TX[:, :2], "b": TX[:, 2:]}, TY)], nn.CrossEntropyLoss(), "object"),
])  # fmt: skip
def test_dictionaries_and_outputs_with_entries(plain, data, loss, kind):
    same(module_objective(Named(kind), loss, data, chunk_size=5), plain)


def test_a_pair_and_the_modules_own_loss(plain):
    same(module_objective(Named(), None, (X, Y)), plain)


def test_float32_and_other_instruments(plain):
    o = module_objective(Named(), None, dictionary(), dtype="float32")
    assert estimate_trace(o, method="exact").value == pytest.approx(
        estimate_trace(plain, method="exact").value, rel=1e-4
    )
    assert extreme_eigenvalues(o).values[0] == pytest.approx(
        extreme_eigenvalues(plain).values[0], rel=1e-4
    )


@pytest.mark.parametrize(("data", "message"), [
    ({"a": TX, "b": TX}, "'a batch with the entries a, b', but must be a pair"),
    ([{"a": TX, "labels": TY[:5]}], "must have the same number of samples"),
    ([{"a": "text", "labels": TY}], "must be a pair"),
    (("text", Y), "must be a pair"),
    ((X, Y, Y), "must be a pair"),
    (7, "must be a pair"),
])  # fmt: skip
def test_refused(data, message):
    with pytest.raises(InputError, match=f"data = .*{message}"):
        Samples(data)


def test_an_output_without_a_loss():
    with pytest.raises(InputError, match=r"loss_function = None, .* of type Tensor, has no loss"):
        module_objective(Silent(), None, (TX, TY))
    assert entry({"loss": 1}, "loss") == 1
    assert predicted("anything") == "anything"


class Silent(nn.Module):
    """Takes labels and gives a tensor."""

    def __init__(self):
        super().__init__()
        self.inner = nn.Linear(3, 2).double()

    def forward(self, x, labels):
        return self.inner(x)


def test_curvlinops_takes_no_dictionaries():
    pytest.importorskip("curvlinops", reason="the extra curvature is not installed")
    o = module_objective(Named(), nn.CrossEntropyLoss(), dictionary())
    with pytest.raises(InputError, match="must be torch for batches that are dictionaries"):
        hessian_operator(o, "curvlinops")


def test_fields_are_like_tensors():
    fields = Fields({"a": TX, "b": TY})
    assert len(fields) == 12
    assert fields[2:4].shape == (("a", (2, 3)), ("b", (2,)))
    assert fields[None].shape == (("a", (1, 12, 3)), ("b", (1, 12)))
    assert torch.equal(stack(list(fields)).values["a"], TX)
    assert [len(f) for f in fields.split(5)] == [5, 5, 2]
    assert torch.equal(fields.map(lambda t: 2 * t).values["b"], 2 * TY)
    assert fields.device == TX.device
    assert isinstance(as_pair({"a": X, "y": Y})[0], Fields)


def test_arrays_are_copied():
    x = X.copy()
    x.setflags(write=False)
    (given, _) = as_pair((x, Y))
    assert given.data_ptr() != x.ctypes.data
    with pytest.raises(InputError, match="point = "):
        closure_objective(lambda w: w.sum(), "x")
