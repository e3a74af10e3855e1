"""Cut runs of reshuffled batches into epochs, and enumerate the laws of epochs.

The order within a batch plays no part. An epoch is told by its places: for each point the number
of the group, that is of the batch in the epoch, in which it comes; the points left out form the
last group. In a fair epoch all arrangements with these sizes of groups are equally likely, and
epochs are independent of each other.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from whichmin.verification.oracle.ragged import NONE, sizes

__all__ = ["Cut", "arrangements", "cut", "length", "table", "table_law"]

Batches = NDArray[np.int64]


@dataclass(frozen=True)
class Cut:
    """The whole epochs of a run.

    Attributes:
        places: ``(epochs, m)``: the group of each point.
        groups: The sizes of the groups of each epoch; left-out points are the last group.
    """

    places: Batches
    groups: tuple[tuple[int, ...], ...]


def length(m: int, b: int, leftover: str) -> int:
    """Count the batches of an epoch; of carried ones those that a whole epoch takes at most."""
    return m // b if leftover == "dropped" else -(-m // b)


def cut(run: Batches, m: int, b: int, leftover: str) -> Cut | None:
    """Cut a run into epochs.

    Args:
        run: Batches, ``(steps, b)``, shorter ones filled up with ``NONE``.
        m: Points.
        b: Batch size.
        leftover: What happens with the points that are left at the end of an epoch.

    Returns:
        The epochs; None if the run has no such epochs.
    """
    sound = (run >= 0) & (run < m) | (run == NONE)
    if run.shape[1] > b or not sound.all():
        return None
    if leftover == "carried" and m % b:
        return _carried(run, m, b)
    if m % b == 0:
        leftover = "dropped"
    each, rest = length(m, b, leftover), m % b
    own = np.arange(len(run)) % each
    wanted = np.where((own == each - 1) & (leftover == "short"), rest, b)
    if not np.array_equal(sizes(run), wanted):
        return None
    if leftover == "padded":
        fill = _padding(run, m, b, each)
        if fill is None:
            return None
        run = fill
    count = len(run) // each
    groups = (b,) * (m // b) + ((rest,) if rest else ())
    places = np.full((-(-len(run) // each), m), len(groups) - 1 if rest else 0, dtype=np.int64)
    seen = np.zeros(places.shape, dtype=np.int64)
    t, j = np.nonzero(run != NONE)
    np.add.at(seen, (t // each, run[t, j]), 1)
    if seen.max(initial=0) > 1:
        return None
    places[t // each, run[t, j]] = t % each
    return Cut(places[:count], (groups,) * count)


def _padding(run: Batches, m: int, b: int, each: int) -> Batches | None:
    """Take the padding off the last batches of epochs; None if it is not the first points."""
    out, rest = run.copy(), m % b
    for t in range(each - 1, len(run), each):
        before = run[t - each + 1 : t]
        seen = set(before.ravel().tolist())
        batch = run[t].tolist()
        new = [x for x in batch if x not in seen]
        again = set(batch) & set(before[0].tolist()) if each > 1 else set()
        if len(new) != rest or len(set(new)) < rest or len(again) != b - rest:
            return None
        out[t, rest:] = NONE
        out[t, :rest] = new
    return out


def _carried(run: Batches, m: int, b: int) -> Cut | None:
    """Follow a stream of epochs; which points of a batch belong to the old epoch is known."""
    if (run == NONE).any() or run.shape[1] != b:
        return None
    every, found, groups = frozenset(range(m)), [], []
    left, place, own, count = set(every), [0] * m, 0, []
    for row in run.tolist():
        if len(left) > b:
            new = set(row)
            if len(new) < b or not new <= left:
                return None
            left -= new
            for x in new:
                place[x] = own
            own += 1
            count.append(b)
            continue
        more = list(row)
        for x in left:
            if x not in more:
                return None
            more.remove(x)
            place[x] = own
        if len(set(more)) < len(more):
            return None
        found.append(place)
        groups.append((*count, len(left)))
        left, place, own, count = set(every - set(more)), [0] * m, int(bool(more)), []
        if more:
            count = [len(more)]
    return Cut(np.array(found, dtype=np.int64).reshape(-1, m), tuple(groups))


def arrangements(groups: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    """List all places of an epoch with groups of these sizes: all are equally likely."""
    if not any(groups):
        yield ()
        return
    for k, size in enumerate(groups):
        if size:
            rest = (*groups[:k], size - 1, *groups[k + 1 :])
            yield from ((k, *more) for more in arrangements(rest))


def table(first: Batches, second: Batches, count: int) -> Batches:
    """Count, for pairs of epochs, how many points go from one group to another.

    Args:
        first: Places ``(pairs, m)``.
        second: The same.
        count: Groups.

    Returns:
        ``(pairs, count^2)``.
    """
    code = first * count + second
    return np.asarray((code[:, :, None] == np.arange(count * count)).sum(axis=1))


def table_law(groups: tuple[int, ...]) -> Mapping[tuple[int, ...], Fraction]:
    """Compute the law of :func:`table` for two fair epochs: the same whatever the first one is."""
    first = tuple(itertools.chain.from_iterable([k] * size for k, size in enumerate(groups)))
    count, law = len(groups), Counter[tuple[int, ...]]()
    for second in arrangements(groups):
        cells = [0] * (count * count)
        for a, b in zip(first, second, strict=True):
            cells[a * count + b] += 1
        law[tuple(cells)] += 1
    total = math.factorial(sum(groups)) // math.prod(math.factorial(g) for g in groups)
    return {cell: Fraction(n, total) for cell, n in law.items()}
