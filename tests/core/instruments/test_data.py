"""Samples come once a pass, whole, and by index; unsteady data are refused."""

import numpy as np
import pytest
import torch
from torch.utils.data import (
    BatchSampler,
    DataLoader,
    IterableDataset,
    SequentialSampler,
    TensorDataset,
)
from torch.utils.data.distributed import DistributedSampler

from whichmin.core.instruments.data import Samples
from whichmin.errors import InputError

X, Y = torch.arange(14.0).reshape(7, 2), torch.arange(7)
LIST = [(X[:3], Y[:3]), (X[3:6], Y[3:6]), (X[6:], Y[6:])]


class Once:
    """Yields batches without being a sequence."""

    def __iter__(self):
        return iter(LIST)


class Stream(IterableDataset):
    """Samples in turn, without numbers."""

    def __iter__(self):
        return zip(X, Y, strict=True)


class Many(TensorDataset):
    """A data set that fetches many samples at once, and only so."""

    def __getitems__(self, indices):
        return [(self.tensors[0][i] + 100, self.tensors[1][i]) for i in indices]


DROPPING = DataLoader(TensorDataset(X, Y), batch_sampler=BatchSampler(range(7), 3, True))
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
    (DROPPING, "leaves out 1 samples"),
    (DataLoader(Stream(), batch_size=3, drop_last=True), "may leave out some samples"),
    ([], "must hold at least one sample"),
    ((X[:0], Y[:0]), "at least one sample"),
    ((X, Y[:3]), "same number of samples"),
    ([X, Y, X], r"must be a pair \(x, y\) of tensors"),
    (3, "must be a pair"),
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


@pytest.mark.parametrize("loader", [
    DataLoader(TensorDataset(X, Y), batch_size=2, sampler=[0, 0, 1, 1]),
    DataLoader(TensorDataset(X, Y), batch_size=2, sampler=[6, 5, 4, 3, 2, 1, 0]),
    DataLoader(TensorDataset(X, Y), batch_sampler=[[6, 5], [4, 3, 2], [1, 0]]),
    DataLoader(LIST, batch_size=None),
    DataLoader([(X[i : i + 1], Y[i : i + 1]) for i in range(7)], batch_size=None),
    DataLoader(Stream(), batch_size=3),
])  # fmt: skip
def test_a_loader_with_an_order_of_its_own_is_read_in_passes_only(loader):
    """By their numbers in the data set they would be other samples: another loss."""
    samples = Samples(loader)
    passed = [torch.cat(part) for part in zip(*samples.chunks(100), strict=True)]
    with pytest.raises(InputError, match="takes a data set in turn"):
        samples.take([0])
    x, y = Samples(list(loader)).take(np.arange(samples.count))  # the remedy
    assert torch.equal(x, passed[0])
    assert torch.equal(y, passed[1])


def test_samples_are_fetched_as_the_loader_does():
    samples = Samples(DataLoader(Many(X, Y), batch_size=3))
    assert torch.equal(next(samples.chunks(1))[0], X[:1] + 100)
    assert torch.equal(samples.take([4, 1])[0], X[[4, 1]] + 100)


def test_the_sequence_of_random_numbers_is_left_alone():
    """A loader draws a seed for every pass: training would go on with other batches."""
    before = torch.get_rng_state()
    samples = Samples(DataLoader(TensorDataset(X, Y), batch_size=3))
    list(samples.chunks(2))
    samples.take([1])
    assert torch.equal(before, torch.get_rng_state())


def test_batches_of_other_shapes_are_not_mixed():
    samples = Samples([(torch.ones(2, 3), Y[:2]), (torch.ones(2, 4), Y[:2])])
    assert len(list(samples.chunks(9))) == 2
    assert samples.take([0, 1])[0].shape == (2, 3)
    with pytest.raises(InputError, match="must have samples of one shape"):
        samples.take([0, 2])


def test_the_sampler_of_a_plain_loader_is_known():
    assert type(SOURCES["loader"].sampler) is SequentialSampler


def test_one_process_share_is_not_the_data():
    dataset = TensorDataset(torch.arange(8.0), torch.arange(8))
    for replicas in (1, 2):
        sampler = DistributedSampler(dataset, replicas, 0, shuffle=False)
        loader = DataLoader(dataset, 2, sampler=sampler)
        if replicas == 1:
            assert Samples(loader).count == 8
            continue
        batches = DataLoader(dataset, batch_sampler=BatchSampler(sampler, 2, drop_last=False))
        for given in (loader, batches):
            with pytest.raises(InputError, match="data = \"a DistributedSampler's share, 1 of 2"):
                Samples(given)


def test_several_workers_repeat_an_iterable():
    assert Samples(DataLoader(Stream(), 2)).count == 7
    with pytest.raises(InputError, match="data = 'an IterableDataset read by 2 workers'"):
        Samples(DataLoader(Stream(), 2, num_workers=2))
