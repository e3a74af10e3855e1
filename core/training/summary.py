"""Summaries of many replicas: winners, ways to end, and the distributions of observables.

Summaries can be merged, and the summary of a union is the same to the last bit however it was
split: counts are integers, sums are exact (:mod:`whichmin.core.training.moments`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import ndtri

from whichmin.core.training.histogram import Counts, Histogram, check_edges, rank_of
from whichmin.core.training.moments import ExactMoments, Floats
from whichmin.errors import InputError
from whichmin.words import Status

if TYPE_CHECKING:
    from whichmin.core.training.result import TrainResult

__all__ = ["OBSERVABLES", "QUANTILES", "Observable", "Summary", "Tally", "check_observables",
           "wilson"]  # fmt: skip
Ints = NDArray[np.int64]

#: Which quantiles a summary has.
QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
_CONFIDENCE = 0.95
_STATUSES = tuple(Status)


@dataclass(frozen=True)
class Observable:
    """A quantity with one number per replica.

    Attributes:
        meaning: What it is.
        of: Function that reads it from a result, shape ``(R,)``.
        edges: Default edges of its histogram; None for the bins of integers.
    """

    meaning: str
    of: Callable[[TrainResult], torch.Tensor]
    edges: Floats | None


def _log_edges() -> Floats:
    return np.array([10.0 ** (k / 8) for k in range(-32 * 8, 8 * 8 + 1)])


#: What an ensemble keeps of every replica, by name.
#:
#: Linear bins are 1/512 wide; logarithmic ones are eight to a decade, from 1e-32 to 1e8.
OBSERVABLES: Mapping[str, Observable] = MappingProxyType({
    "steps": Observable("steps to the end", lambda r: r.steps, None),
    "cosine": Observable(
        "largest |cosine| with a data point", lambda r: r.cosine.abs(), np.arange(513) / 512
    ),
    "loss_gap": Observable("loss above the minimum", lambda r: r.loss_gap, _log_edges()),
    "off_winner_mass": Observable(
        "squared correlations with the other points", lambda r: r.off_winner_mass, _log_edges()
    ),
    "norm": Observable("norm of the weights", lambda r: r.norm, np.arange(1025) / 512),
    "cosine_with_start": Observable(
        "cosine with the start", lambda r: r.cosine_with_start, np.arange(-512, 513) / 512
    ),
})


@dataclass(frozen=True, eq=False)
class Summary:
    """The summary of one observable over many replicas.

    Attributes:
        moments: Counts, extremes, mean and variance.
        histogram: Counts over bins.
    """

    moments: ExactMoments
    histogram: Histogram

    @classmethod
    def of(cls, values: Floats, edges: Floats | None, integral: bool = False) -> Summary:
        """Summarise values.

        Args:
            values: Shape ``(k,)``.
            edges: Ascending; None for the bins of integers.
            integral: Whether all values are integers.

        Returns:
            Their summary.
        """
        finite = values[np.isfinite(values)]
        return cls(ExactMoments.of(values), Histogram.of(finite, edges, integral))

    def merge(self, other: Summary) -> Summary:
        """Compute the summary of both sets of values together.

        Args:
            other: The summary of the other set, over the same edges.

        Returns:
            The same bits in any order of merging.
        """
        return Summary(self.moments.merge(other.moments), self.histogram.merge(other.histogram))

    def quantile(self, q: float) -> tuple[float, float]:
        """Find two numbers between which the empirical q-quantile of the finite values lies.

        The quantile is the smallest value with at least ``q count`` values up to it (NumPy's
        ``inverted_cdf``). Both numbers are equal to it for integers below 65,536 in default bins.

        Args:
            q: Between 0 and 1.

        Returns:
            Lower and upper end, both included; NaN without values.

        Raises:
            InputError: ``q`` is out of range.
        """
        rank = rank_of(q, max(1, self.moments.count))
        if not self.moments.count:
            return float("nan"), float("nan")
        low, high = self.histogram.bracket(rank, self.moments.minimum, self.moments.maximum)
        return float(low), float(high)

    def plain(self) -> dict[str, Any]:
        """Return all of it as plain Python values."""
        moments, bins = self.moments, self.histogram
        known = moments.count > 0
        return {
            "count": moments.count,
            "nonfinite": moments.nonfinite,
            "minimum": moments.minimum if known else None,
            "maximum": moments.maximum if known else None,
            "mean": moments.mean,
            "variance": moments.variance,
            "quantiles": {str(q): list(self.quantile(q)) for q in QUANTILES},
            "histogram": {
                "below": bins.below, "above": bins.above, "bins": [list(b) for b in bins.bins()]
            },
        }  # fmt: skip


@dataclass(frozen=True, eq=False)
class Tally:
    """The summaries that are kept of replicas.

    Attributes:
        m: Number of data points.
        replicas: Number of replicas.
        closest: Counts of (status, sign, data point of largest absolute cosine), as one integer.
        won: The same for replicas that converged to a single data point.
        observables: Summaries by name.
    """

    m: int
    replicas: int
    closest: Counts
    won: Counts
    observables: Mapping[str, Summary] = field(repr=False)

    @classmethod
    def empty(cls, m: int, edges: Mapping[str, Floats | None]) -> Tally:
        """Make the tally of no replicas.

        Args:
            m: Number of data points.
            edges: Edges of the histograms by name of the observable.

        Returns:
            A tally to begin with.
        """
        return cls(m, 0, Counts(), Counts(), {name: _summary(name, e) for name, e in edges.items()})

    @classmethod
    def of(cls, result: TrainResult, edges: Mapping[str, Floats | None]) -> Tally:
        """Summarise the outcome of replicas.

        Args:
            result: The outcome.
            edges: Edges of the histograms by name of the observable.

        Returns:
            Their tally.
        """
        m, codes = result.data.m, {status: k for k, status in enumerate(_STATUSES)}
        status = np.array([codes[s] for s in result.status], dtype=np.int64)
        negative = (result.cosine < 0).cpu().numpy()
        place = (2 * status + negative) * m + result.winner.cpu().numpy()
        single = (result.active.sum(-1) == 1).cpu().numpy()
        won = single & (status == codes[Status.CONVERGED])
        observables = {
            name: _summary(name, e, OBSERVABLES[name].of(result).double().cpu().numpy())
            for name, e in edges.items()
        }
        return cls(m, len(status), Counts.of(place), Counts.of(place[won]), observables)

    def merge(self, other: Tally) -> Tally:
        """Compute the tally of both sets of replicas together.

        Args:
            other: The tally of the other set, with the same observables and edges.

        Returns:
            The same bits in any order of merging.
        """
        return Tally(
            self.m,
            self.replicas + other.replicas,
            self.closest.merge(other.closest),
            self.won.merge(other.won),
            {name: s.merge(other.observables[name]) for name, s in self.observables.items()},
        )

    @property
    def status(self) -> dict[Status, int]:
        """Number of replicas by status, zeros included."""
        return dict(zip(_STATUSES, self._table(self.closest).sum((1, 2)).tolist(), strict=True))

    @property
    def winners(self) -> Ints:
        """Replicas that converged to one data point, to ``+a_i`` (row 0) or ``-a_i``, ``(2, m)``.

        A replica at the step limit has no winner; see :meth:`leaders`.
        """
        return np.asarray(self._table(self.won)[_STATUSES.index(Status.CONVERGED)])

    @property
    def mixtures(self) -> int:
        """Number of replicas that converged to a mixture of several data points."""
        return self.status[Status.CONVERGED] - self.won.total

    def leaders(self, status: Status) -> Ints:
        """Count the data points of largest absolute cosine, of the replicas with one status.

        Args:
            status: The status.

        Returns:
            Counts for positive (row 0) and negative cosines, shape ``(2, m)``.
        """
        return np.asarray(self._table(self.closest)[_STATUSES.index(status)])

    def _table(self, counts: Counts) -> Ints:
        return counts.dense(len(_STATUSES) * 2 * self.m).reshape(len(_STATUSES), 2, self.m)

    def plain(self) -> dict[str, Any]:
        """Return all of it as plain Python values."""
        return {
            "replicas": self.replicas,
            "status": {str(s): count for s, count in self.status.items()},
            "winners": dict(zip(("positive", "negative"), self.winners.tolist(), strict=True)),
            "mixtures": self.mixtures,
            "leaders_at_step_limit": dict(
                zip(("positive", "negative"), self.leaders(Status.STEP_LIMIT).tolist(), strict=True)
            ),
            "observables": {name: summary.plain() for name, summary in self.observables.items()},
        }


def _summary(name: str, edges: Floats | None, values: Floats | None = None) -> Summary:
    return Summary.of(np.zeros(0) if values is None else values, edges, name == "steps")


def check_observables(names: Any, edges: Mapping[str, Any]) -> dict[str, Floats | None]:
    """Validate the names of observables and the edges of their histograms.

    Args:
        names: Names of ``OBSERVABLES``, at least one, each once.
        edges: Edges by name, for some of them.

    Returns:
        Edges of all of them; None for the bins of integers.

    Raises:
        InputError: A name is unknown or given twice, or edges are no edges.
    """
    known = ", ".join(OBSERVABLES)
    chosen = [names] if isinstance(names, str) else names
    if not isinstance(chosen, Sequence) or not chosen:
        raise InputError("observables", names, f"must be some of: {known}")
    for name in chosen:
        if not isinstance(name, str) or name not in OBSERVABLES:
            raise InputError("observables", name, f"must be some of: {known}")
    if len(set(chosen)) < len(chosen):
        raise InputError("observables", names, "must differ from each other")
    if not isinstance(edges, Mapping):
        raise InputError("edges", edges, "must be a mapping from observables to edges")
    for name in edges:
        if name not in chosen:
            raise InputError("edges", name, f"must name chosen observables: {', '.join(chosen)}")
    return {
        name: check_edges(edges[name], f"edges[{name!r}]")
        if name in edges
        else OBSERVABLES[name].edges
        for name in chosen
    }


def wilson(wins: Any, runs: Any) -> Floats:
    r"""Compute Wilson's interval for a probability, of 95 % confidence.

    For the frequency p in n runs and the normal quantile z = 1.96,

    .. math:: \frac{1}{1 + z^2/n} \left( p + \frac{z^2}{2n}
              \pm z \sqrt{\frac{p (1 - p)}{n} + \frac{z^2}{4 n^2}} \right)

    (Wilson, J. Amer. Statist. Assoc. 22, 1927).

    Args:
        wins: Number of runs with the event, shape ``(k,)``.
        runs: Number of runs, positive, shape ``(k,)``.

    Returns:
        Lower and upper ends, shape ``(2, k)``.
    """
    z = -float(ndtri((1 - _CONFIDENCE) / 2))
    share = np.asarray(wins, dtype=np.float64) / runs
    scale = 1 + z**2 / runs
    middle = (share + z**2 / (2 * runs)) / scale
    half = z * np.sqrt(share * (1 - share) / runs + (z / (2 * runs)) ** 2) / scale
    return np.stack([middle - half, middle + half])
