"""Index streams, which say what data points make up the batch of each step, and their laws.

A stream is a pure function of (version, seed, replica, step): it does not depend on the engine,
the device, the thread count, or on which other replicas run beside it.

Stream format, version 1. A step consumes ``k`` words of its replica's Philox stream (see
``whichmin.core.philox``); step ``t`` owns words ``t k .. t k + k - 1``.

* without replacement: ``k = min(b, m - b)``. Floyd's algorithm picks a uniform k-subset: for
  ``j = m - k .. m - 1`` draw ``u`` in ``[0, j]`` and add ``u``, or ``j`` if ``u`` is in already.
  For ``b > m / 2`` the subset is the one left *out*.
* with replacement: ``k = b`` independent draws in ``[0, m)``.
* reshuffled: every epoch of ``m // b`` steps is one uniform permutation, made by Fisher-Yates
  from ``m - 1`` words of its own and cut into batches of ``b``; a remainder of ``m mod b``
  points sits out that epoch (what data loaders call ``drop_last``).
* cyclic: batch ``t`` is ``{t b, ..., t b + b - 1} mod m``; no randomness.
* custom: the user's array, one row per step.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from whichmin.core import philox
from whichmin.core.validation import check_batch_size, check_integer, check_seed
from whichmin.errors import InputError
from whichmin.words import Sampling, parse

__all__ = [
    "STREAM_VERSION",
    "BatchStream",
    "difference_law",
    "floyd_subset",
    "make_stream",
    "multiplicity_law",
    "sampling_factor",
]

#: Version of the index streams: within one, the same seed, replica and step give the same batch.
STREAM_VERSION = 1

Indices = NDArray[np.int64]


@dataclass(frozen=True)
class BatchStream:
    """Batches of every step and replica.

    Attributes:
        sampling: How batches are chosen.
        m: Number of data points.
        batch_size: Points per batch, counted with multiplicity.
        seed: Seed of the generator; unused by ``cyclic`` and ``custom``.
        rows: The user's batches, shape ``(steps, b)``, for ``custom``.
    """

    sampling: Sampling
    m: int
    batch_size: int
    seed: int = 0
    rows: Indices | None = field(default=None, repr=False)

    @property
    def is_full_batch(self) -> bool:
        """Whether every batch holds every point exactly once, which is gradient descent."""
        return self.batch_size == self.m and self.sampling not in (
            Sampling.WITH_REPLACEMENT,
            Sampling.CUSTOM,
        )

    @property
    def is_fixed(self) -> bool:
        """Whether the batches are a given sequence; it may leave some pairs of points together."""
        return self.sampling in {Sampling.CYCLIC, Sampling.CUSTOM}

    @property
    def steps_available(self) -> int | None:
        """Number of steps that the stream can serve; None if it has no end."""
        return None if self.rows is None else len(self.rows)

    def indices(self, first: int, last: int, replicas: Any = (0,)) -> Indices | None:
        """Compute the batches of steps ``first .. last - 1``.

        Args:
            first: First step, counted from 0.
            last: One past the last step.
            replicas: Replica numbers, length ``R``.

        Returns:
            Indices in ``[0, m)``, shape ``(steps, R, b)``; None for full batches.

        Raises:
            InputError: A custom stream has fewer than ``last`` steps.
        """
        if self.is_full_batch:
            return None
        lanes = np.asarray(replicas, dtype=np.uint64)
        if self.rows is not None:
            if last > len(self.rows):
                raise InputError("batches", f"{len(self.rows)} steps", f"need {last} steps")
            return np.repeat(self.rows[first:last, None, :], len(lanes), axis=1)
        if self.sampling is Sampling.CYCLIC:
            steps = np.arange(first, last, dtype=np.int64)[:, None, None]
            row = (steps * self.batch_size + np.arange(self.batch_size)) % self.m
            return np.repeat(row, len(lanes), axis=1)
        if self.sampling is Sampling.WITH_REPLACEMENT:
            return self._with_replacement(first, last, lanes)
        if self.sampling is Sampling.RESHUFFLED:
            return self._reshuffled(first, last, lanes)
        return self._without_replacement(first, last, lanes)

    def counts(self) -> NDArray[np.int64]:
        """Count every point in the batches of one period of a fixed sequence.

        Returns:
            Multiplicities, shape ``(steps, m)``.
        """
        rows = self.rows
        if rows is None:
            period = self.indices(0, self.m // int(np.gcd(self.m, self.batch_size)))
            assert period is not None
            rows = period[:, 0]
        counts = np.zeros((len(rows), self.m), dtype=np.int64)
        np.add.at(counts, (np.arange(len(rows))[:, None], rows), 1)
        return counts

    def separation(self) -> NDArray[np.float64]:
        r"""Compute how far a batch tells any two points apart.

        .. math:: E (\mu_i - \mu_j)^2, \qquad \mu \text{ the multiplicities in a batch.}

        With multiplicities 0 and 1 this is how often a batch holds exactly one of the two.

        Returns:
            Shape ``(m, m)``; zero off the diagonal marks a pair that this stream treats alike
            for ever, so that no run can choose between the two.
        """
        m, b = self.m, self.batch_size
        if self.is_full_batch:
            return np.zeros((m, m))
        if self.is_fixed:
            counts = self.counts().astype(np.float64)
            second = counts.T @ counts / len(counts)
            power = np.diag(second)
            return np.asarray(power[:, None] + power[None, :] - 2 * second)
        if self.sampling is Sampling.WITH_REPLACEMENT:
            rate = 2 * b / m  # Var(D) of a multinomial difference
        else:
            rate = 2 * b * (m - b) / (m * max(m - 1, 1))  # P(exactly one of the two is drawn)
        return rate * (1 - np.eye(m))

    def _with_replacement(self, first: int, last: int, lanes: NDArray[np.uint64]) -> Indices:
        b = self.batch_size
        bounds = np.full((last - first) * b, self.m, dtype=np.uint64)
        draws = philox.bounded(self.seed, lanes, first * b, last * b, bounds)
        return _step_major(draws, last - first)

    def _without_replacement(self, first: int, last: int, lanes: NDArray[np.uint64]) -> Indices:
        m, b, steps = self.m, self.batch_size, last - first
        k = min(b, m - b)
        bounds = np.tile(np.arange(m - k + 1, m + 1, dtype=np.uint64), steps)
        draws = philox.bounded(self.seed, lanes, first * k, last * k, bounds)
        draws = _step_major(draws, steps)
        subset = floyd_subset(draws, m) if k > 1 else draws
        if 2 * b <= m:
            return subset
        kept = np.ones((*subset.shape[:2], m), dtype=bool)
        np.put_along_axis(kept, subset, False, axis=2)
        return np.nonzero(kept)[2].reshape(*subset.shape[:2], b)

    def _reshuffled(self, first: int, last: int, lanes: NDArray[np.uint64]) -> Indices:
        m, b = self.m, self.batch_size
        per_epoch = m // b
        epochs = range(first // per_epoch, -(-last // per_epoch))
        bounds = np.tile(np.arange(m, 1, -1, dtype=np.uint64), len(epochs))
        draws = philox.bounded(
            self.seed, lanes, epochs.start * (m - 1), epochs.stop * (m - 1), bounds
        )
        order = _fisher_yates(_step_major(draws, len(epochs)), m)
        cut = order[:, :, : per_epoch * b].reshape(len(epochs), len(lanes), per_epoch, b)
        batches = cut.transpose(0, 2, 1, 3).reshape(-1, len(lanes), b)
        offset = epochs.start * per_epoch
        return np.ascontiguousarray(batches[first - offset : last - offset])


def make_stream(
    m: int,
    batch_size: int,
    *,
    sampling: Any = Sampling.WITHOUT_REPLACEMENT,
    seed: int = 0,
    batches: Any = None,
) -> BatchStream:
    """Build a validated index stream.

    Args:
        m: Number of data points.
        batch_size: Points per batch.
        sampling: How batches are chosen; see the module's text.
        seed: Seed in ``[0, 2**64)``.
        batches: Integer array of shape ``(steps, b)`` for ``custom`` sampling.

    Returns:
        The stream.

    Raises:
        InputError: An argument is out of range, or indices fall outside ``[0, m)``.

    Example:
        >>> make_stream(4, 2, sampling="cyclic").indices(0, 2).tolist()
        [[[0, 1]], [[2, 3]]]
    """
    m, seed = check_integer(m, "m", 1, 2**31), check_seed(seed)
    kind = parse(Sampling, sampling, "sampling")
    if (batches is None) == (kind is Sampling.CUSTOM):
        raise InputError(
            "batches",
            None if batches is None else "an array",
            "must be given with sampling='custom' and only then",
        )
    if batches is not None:
        rows = _check_rows(batches, m)
        return BatchStream(kind, m, rows.shape[1], rows=rows)
    b = check_batch_size(batch_size, m, kind is Sampling.WITH_REPLACEMENT)
    return BatchStream(kind, m, b, seed)


def sampling_factor(m: Any, batch_size: Any, sampling: Any = Sampling.WITHOUT_REPLACEMENT) -> float:
    r"""Compute the covariance of a batch's mean gradient over that of one sample's gradient.

    .. math:: \operatorname{Cov}\Bigl(\frac1b \sum_{i \in B} g_i\Bigr) = f\,\Sigma, \qquad
              f = \frac{m - b}{b (m - 1)} \text{ without replacement}, \quad
              f = \frac1b \text{ with it,}

    :math:`\Sigma` divided by m.

    Args:
        m: Number of data points.
        batch_size: Points per batch, b; at most m without replacement.
        sampling: ``without-replacement``, ``with-replacement``, or ``reshuffled``: a single batch
            of a reshuffled epoch is drawn without replacement, but the batches of one epoch are
            dependent.

    Returns:
        The factor; 0 for m = 1 without replacement.

    Raises:
        InputError: A number is out of range, or the batches are not random.

    Example:
        >>> [sampling_factor(4, b) for b in (1, 2, 4)]
        [1.0, 0.3333333333333333, 0.0]
    """
    mode = parse(Sampling, sampling, "sampling")
    if mode in (Sampling.CYCLIC, Sampling.CUSTOM):
        raise InputError("sampling", str(mode), "must have random batches")
    count = check_integer(m, "m", 1)
    size = check_batch_size(batch_size, count, mode is Sampling.WITH_REPLACEMENT)
    if mode is Sampling.WITH_REPLACEMENT:
        return 1 / size
    return (count - size) / (size * (count - 1)) if count > 1 else 0.0


def difference_law(stream: BatchStream) -> dict[int, float]:
    r"""Compute the law of the difference of two points' multiplicities in a batch.

    With D the difference, without replacement and within a reshuffled epoch,

    .. math:: P(|D| = 1) = \frac{2 b (m - b)}{m (m - 1)} ,

    the probability that a batch holds exactly one of the two. With replacement the two counts are
    multinomial. Fixed batches (cyclic, custom) are averaged over their rows, for the pair that is
    told apart least. Pairs that are never told apart (blocks of a cycle) are left out.

    Args:
        stream: The batches.

    Returns:
        ``P(|D| = d)`` by ``d >= 1``; empty when ``m = 1`` or nothing separates.
    """
    m, b = stream.m, stream.batch_size
    if m == 1 or stream.is_full_batch:
        return {}
    if stream.sampling is Sampling.WITH_REPLACEMENT:
        # D is a sum of b steps +1, -1 (chance 1/m each) or 0, so P(D = d) is an inverse Fourier
        # transform of (1 - (2/m)(1 - cos t))^b; 2b + 1 points hold its whole support.
        angles = 2 * np.pi * np.arange(2 * b + 1) / (2 * b + 1)
        law = np.fft.fft((1 - (2 / m) * (1 - np.cos(angles))) ** b).real / (2 * b + 1)
        # Below 1e-15 it is the transform's rounding, and changes no rate in double precision.
        return {d: 2 * float(law[d]) for d in range(1, b + 1) if law[d] > 1e-15}
    if stream.is_fixed:
        separation = stream.separation()
        if not (separation > 0).any():
            return {}
        told_apart = np.where(separation > 0, separation, np.inf)
        first, second = np.unravel_index(told_apart.argmin(), told_apart.shape)
        counts = stream.counts()
        difference = np.abs(counts[:, first] - counts[:, second])
        values, often = np.unique(difference[difference > 0], return_counts=True)
        return {int(d): float(k) / len(counts) for d, k in zip(values, often, strict=True)}
    return {1: 2 * b * (m - b) / (m * (m - 1))}


def multiplicity_law(stream: BatchStream) -> dict[int, float]:
    r"""Compute the law of one point's multiplicity in a batch.

    .. math:: P(\mu = 1) = \frac bm \text{ without replacement}, \qquad
              P(\mu = d) = \binom bd \frac{(m - 1)^{b - d}}{m^b} \text{ with it.}

    Fixed batches are averaged over their rows, for the point that occurs least often.

    Args:
        stream: The batches.

    Returns:
        ``P(multiplicity = d)`` by ``d >= 1``.
    """
    m, b = stream.m, stream.batch_size
    if stream.sampling is Sampling.WITH_REPLACEMENT:
        from scipy import stats  # loads for half a second, which other runs need not wait for

        chances = stats.binom.pmf(np.arange(b + 1), b, 1 / m)
        return {d: float(chances[d]) for d in range(1, b + 1) if chances[d] > 0}
    if stream.is_fixed and not stream.is_full_batch:
        counts = stream.counts()
        total = counts.sum(0)
        point = int(np.where(total > 0, total, total.max() + 1).argmin())
        values, often = np.unique(counts[:, point], return_counts=True)
        return {int(d): float(k) / len(counts) for d, k in zip(values, often, strict=True) if d > 0}
    return {1: b / m}


def _check_rows(batches: Any, m: int) -> Indices:
    raw = batches.detach().cpu().numpy() if isinstance(batches, torch.Tensor) else batches
    try:
        rows = np.asarray(raw)
    except ValueError as error:
        raise InputError("batches", raw, "must be a rectangular array of indices") from error
    if rows.dtype.kind not in "iu":
        raise InputError("batches", rows.dtype, "must hold integers")
    if rows.ndim != 2 or 0 in rows.shape:
        raise InputError(
            "batches", f"array of shape {rows.shape}", "must have shape (steps, batch size)"
        )
    if rows.min() < 0 or rows.max() >= m:
        raise InputError(
            "batches", f"indices from {rows.min()} to {rows.max()}", f"must lie in 0 .. {m - 1}"
        )
    return np.array(rows, dtype=np.int64, order="C")  # a copy: the caller may write to its own


def _step_major(draws: Indices, steps: int) -> Indices:
    """Turn ``(R, steps * k)`` into ``(steps, R, k)``."""
    replicas = draws.shape[0]
    return np.ascontiguousarray(draws.reshape(replicas, steps, -1).transpose(1, 0, 2))


def floyd_subset(draws: Indices, m: int) -> Indices:
    """Turn draws into subsets of k elements of ``range(m)``.

    Source: R. Floyd's algorithm (Bentley, Floyd, CACM 30(9), 1987). For i from 0 to k - 1 it takes
    draw i, or m - k + i if that element is in the subset already.

    Args:
        draws: ``draws[..., i]`` uniform in ``[0, m - k + i]``, shape ``(..., k)``.
        m: Size of the set.

    Returns:
        Distinct elements, same shape. If all draw tuples are equally likely, so are all subsets,
        because each subset has exactly ``k!`` preimages.
    """
    k = draws.shape[-1]
    taken = np.zeros((*draws.shape[:-1], m), dtype=bool)
    subset = np.empty_like(draws)
    for i in range(k):
        candidate = draws[..., i : i + 1]
        clash = np.take_along_axis(taken, candidate, axis=-1)
        chosen = np.where(clash, m - k + i, candidate)
        np.put_along_axis(taken, chosen, True, axis=-1)
        subset[..., i : i + 1] = chosen
    return subset


def _fisher_yates(draws: Indices, m: int) -> Indices:
    """Permute ``range(m)``, given ``draws[..., i]`` uniform in ``[0, m - i)``."""
    order = np.broadcast_to(np.arange(m), (*draws.shape[:-1], m)).copy()
    for i in range(draws.shape[-1]):
        pick = i + draws[..., i : i + 1]
        here = order[..., i : i + 1].copy()
        order[..., i : i + 1] = np.take_along_axis(order, pick, axis=-1)
        np.put_along_axis(order, pick, here, axis=-1)
    return order
