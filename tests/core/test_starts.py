"""Starts are functions of (seed, replica), uniform on the sphere, and validated."""

import math

import numpy as np
import pytest
import torch
from scipy import stats

from whichmin.core import philox, starts
from whichmin.core.starts import Starts, replica_starts
from whichmin.errors import InputError

CPU = torch.device("cpu")


def parse(w0, replicas=3, n=2):
    return Starts.parse(w0, n, replicas, 0, torch.float64, CPU)


@pytest.mark.parametrize("n", [1, 2, 3, 32, 257])
def test_a_replica_has_the_same_start_in_any_company(n):
    lanes = np.array([0, 1, 5, 2**32 - 1])
    together = replica_starts(n, lanes, seed=2**63 + 5)
    for row, lane in enumerate(lanes):
        assert torch.equal(replica_starts(n, lanes[row : row + 1], 2**63 + 5)[0], together[row])
        assert lane or torch.equal(replica_starts(n, np.arange(1000), 2**63 + 5)[0], together[0])
    # The norm is rounded n times at most.
    assert (together.norm(dim=1) - 0.5).abs().max() < n * 2**-52


def test_directions_are_uniform():
    # cos^2 with an axis is Beta(1/2, (n - 1)/2); Kolmogorov-Smirnov, false alarm below 1e-6 each.
    n, count = 5, 20_000
    rows = replica_starts(n, np.arange(count), seed=1).numpy() / 0.5
    axes = [*np.eye(n), np.full(n, n**-0.5)]
    for axis in axes:
        found = rows @ axis
        p = stats.kstest(found**2, stats.beta(0.5, (n - 1) / 2).cdf).pvalue
        assert p > 1e-6
        assert abs((found > 0).mean() - 0.5) < 5 * 0.5 / math.sqrt(count)
    # Neighbours, and replicas one word apart, have nothing to do with each other.
    for shift in (1, 2, 100):
        products = (rows[shift:] * rows[:-shift]).sum(1)
        assert abs(products.mean()) < 5 / math.sqrt(n * len(products))


def test_no_batch_shares_their_words():
    lanes = np.arange(4, dtype=np.uint64)
    own = philox.words(7, lanes, 0, 64, starts._START)
    for attempt in (0, 1, 2):
        assert not np.isin(own, philox.words(7, lanes, 0, 64, attempt)).any()
    assert not torch.equal(replica_starts(3, np.arange(2), 0), replica_starts(3, np.arange(2), 1))


def test_the_three_kinds():
    lanes = np.array([2, 0])
    assert torch.equal(parse(None).rows(lanes), replica_starts(2, lanes, 0))
    for common in ([0.5, 0.1], [[0.5, 0.1]], torch.tensor([0.5, 0.1], dtype=torch.float64)):
        found = parse(common)
        assert found.kind == "common"
        assert found.rows(lanes).tolist() == [[0.5, 0.1]] * 2
    own = np.arange(6.0).reshape(3, 2)
    found = parse(own)
    assert found.rows(lanes).tolist() == [[4, 5], [0, 1]]
    assert np.shares_memory(found.own, own), "not copied"
    assert found.kind == "given, one per replica"
    assert parse(None).kind == "random directions of norm 1/2"


def test_refused(monkeypatch):
    monkeypatch.setattr(starts, "_ROWS", 2)
    late = np.ones((3, 2))
    late[2, 1] = math.nan
    cases = [
        (np.ones((4, 2)), "w0 = '4 rows', but must be one row, or one for each of the 3"),
        (np.ones((3, 3)), "w0 = .*must have shape"),
        (np.ones((3, 2, 1)), "w0 = .*must have shape"),
        (late, "w0 = '1 NaN or infinite entries'"),
        ([[1.0, 2.0], [3.0]], "w0 = .*rectangular"),
        ("ab", "w0 = .*real numbers"),
        ([0.5, math.inf], "w0 = '1 NaN"),
    ]
    for w0, message in cases:
        with pytest.raises(InputError, match=message):
            parse(w0)
