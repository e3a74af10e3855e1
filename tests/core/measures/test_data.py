"""Samples come once a pass, whole, and by index; unsteady data are refused."""

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, TensorDataset

from whichmin.core.measures.data import Samples
from whichmin.errors import InputError

X, Y = torch.arange(14.0).reshape(7, 2), torch.arange(7)
LIST = [(X[:3], Y[:3]), (X[3:6], Y[3:6]), (X[6:], Y[6:])]


class Once:
    """Yields batches without being a sequence."""

    def __iter__(self):
        return iter(LIST)


SOURCES = {
    "tensors": (X, Y),
    "list": LIST,
    "loader": DataLoader(TensorDataset(X, Y), batch_size=3),
    "iterable": Once(),
}


@pytest.mark.parametrize("name", SOURCES)
@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_every_sample_comes_once(name, size):
    samples = Samples(SOURCES[name])
    assert samples.count == 7
    for _ in range(2):
        chunks = list(samples.chunks(size))
        assert max(len(x) for x, _ in chunks) <= size
        assert torch.equal(torch.cat([x for x, _ in chunks]), X)
        assert torch.equal(torch.cat([y for _, y in chunks]), Y)


@pytest.mark.parametrize("name", ["tensors", "list", "loader"])
def test_samples_by_index(name):
    indices = np.array([6, 0, 3, 3, 2])
    x, y = Samples(SOURCES[name]).take(indices)
    assert torch.equal(x, X[indices])
    assert torch.equal(y, Y[indices])


def test_the_cast_is_applied_everywhere():
    samples = Samples(LIST, lambda t: t.double())
    assert {t.dtype for chunk in samples.chunks(2) for t in chunk} == {torch.float64}
    assert samples.take([1])[0].dtype == torch.float64


def augmented():
    class Set(TensorDataset):
        def __getitem__(self, i):
            x, y = super().__getitem__(i)
            return x + torch.rand(2), y

    return DataLoader(Set(X, Y), batch_size=3)


@pytest.mark.parametrize(("data", "message"), [
    (DataLoader(TensorDataset(X, Y), batch_size=3, shuffle=True), "second pass differs"),
    (augmented(), "second pass differs from its first"),
    (iter(LIST), "second pass differs"),
    (DataLoader(TensorDataset(X, Y), batch_size=3, drop_last=True), "leaves out 1 samples"),
    ([], "must hold at least one sample"),
    ((X[:0], Y[:0]), "at least one sample"),
    ((X, Y[:3]), "same number of samples"),
    ([X, Y, X], r"must be a pair of tensors \(x, y\)"),
    (3, "must be a pair of tensors"),
])  # fmt: skip
def test_refused(data, message):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        with pytest.raises(InputError, match=message) as caught:
            Samples(data)
    assert str(caught.value).startswith("data = ")


def test_an_iterable_without_index_is_refused_for_batches():
    with pytest.raises(InputError, match="random batches need samples by index"):
        Samples(Once()).take([0])
