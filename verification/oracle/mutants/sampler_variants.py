"""Correct but unusual samplers: other generators and shuffles, other ends of epochs, other laws."""

from __future__ import annotations

from typing import Any

from whichmin.verification.oracle.mutants.variants import Variant

__all__ = ["SAMPLER_VARIANTS"]

_BASE = "base_samplers"
_SHUFFLE = "points = rng.permutation(m)"
_DRAWN = "drawn += batches_of(points, b)"
_INDEPENDENT = "drawn = [rng.permutation(m)[:b] for _ in range(steps)]"
_RETURN = ("np.array(drawn[:steps])", "drawn[:steps]")
_SIGNATURE = "steps: int, seed: int)"


def _order(name: str, unusual: str, points: str, *more: tuple[str, str]) -> Variant:
    """Another shuffle of an epoch."""
    return Variant(
        f"sample_batches.{name}", unusual, ((_SHUFFLE, points), *more), _BASE, inside="order"
    )


def _epochs(name: str, unusual: str, *change: tuple[str, str], **declares: Any) -> Variant:
    return Variant(f"sample_batches.{name}", unusual, change, _BASE, declares=declares)


def _draws(name: str, unusual: str, drawn: str, **declares: Any) -> Variant:
    """Another sampler of independent batches."""
    return Variant(f"sample_batches.{name}", unusual, ((_INDEPENDENT, drawn),), declares=declares)


def _weighted(name: str, unusual: str, drawn: str, sampling: str) -> Variant:
    return Variant(
        f"sample_batches.{name}", unusual, ((_SIGNATURE, "steps: int, seed: int, weights)"),
                                            (_INDEPENDENT, drawn)),
        declares={"sampling": sampling},
    )  # fmt: skip


_PADDED = "drawn += batches_of(np.concatenate([points, points[: -m % b]]), b)"
_SHORT = (_DRAWN, "drawn += [points[i : i + b] for i in range(0, m, b)]")
_CARRIED = (
    "points = order(m, seed, epoch)",
    "left = points[len(points) // b * b :] if epoch else []\n        "
    "points = np.concatenate([left, order(m, seed, epoch)]).astype(int)",
)

SAMPLER_VARIANTS = (
    _order("epochs", "epochs of permutations", _SHUFFLE),
    _order("argsort", "an order by argsort of uniform numbers", "points = rng.random(m).argsort()"),
    _order("fisher-yates", "Fisher-Yates by hand, from the front",
           "points = np.arange(m)\n    picks = rng.integers(np.arange(m), m)\n"
           "    for i, j in enumerate(picks.tolist()):\n"
           "        points[i], points[j] = points[j], points[i]"),
    _order("inside-out", "the inside-out shuffle",
           "points = np.zeros(m, dtype=int)\n    picks = rng.integers(0, np.arange(1, m + 1))\n"
           "    for i, j in enumerate(picks.tolist()):\n"
           "        points[i] = points[j]\n        points[j] = i"),
    _order("philox", "a counter-based generator, keyed by seed and epoch", _SHUFFLE,
           ("np.random.default_rng([seed, epoch])",
            "np.random.Generator(np.random.Philox(key=[seed, epoch]))")),
    _order("legacy", "NumPy's old generator, seeded by array", _SHUFFLE,
           ("np.random.default_rng([seed, epoch])", "np.random.RandomState([seed, epoch])")),
    _order("choice-of-all", "choice without replacement of all points",
           "points = rng.choice(m, m, replace=False)"),
    _order("buffer-of-all", "a shuffle buffer that holds all points",
           "points, buffer = np.empty(m, dtype=int), np.arange(m)\n"
           "    for i, j in enumerate(rng.integers(0, np.arange(m, 0, -1)).tolist()):\n"
           "        points[i] = buffer[j]\n        buffer[j] = buffer[m - 1 - i]"),
    _epochs("sorted-batches", "each batch in ascending order",
            (_DRAWN, "drawn += [np.sort(x) for x in batches_of(points, b)]")),
    _epochs("one-generator", "one generator for the run",
            ("epoch = 0", "epoch, rng = 0, np.random.default_rng(seed)"),
            ("points = order(m, seed, epoch)", "points = rng.permutation(m)")),
    _epochs("short", "a shorter last batch", _SHORT, _RETURN, leftover="short"),
    _epochs("short-lists", "a shorter last batch, as lists of integers",
            (_DRAWN, "drawn += [points[i : i + b].tolist() for i in range(0, m, b)]"), _RETURN,
            leftover="short"),
    _epochs("carried", "leftovers carried over", _CARRIED, leftover="carried"),
    _epochs("padded", "the last batch padded with the epoch's first points", (_DRAWN, _PADDED),
            leftover="padded"),
    _epochs("distributed", "seeded with seed + epoch, padded, as PyTorch's DistributedSampler",
            ("points = order(m, seed, epoch)",
             "points = np.random.default_rng(seed + epoch).permutation(m)"), (_DRAWN, _PADDED),
            leftover="padded", epoch_seed="seed + epoch"),
    _epochs("epoch-sum", "seeded with seed + epoch, and said so",
            ("points = order(m, seed, epoch)",
             "points = np.random.default_rng(seed + epoch).permutation(m)"),
            epoch_seed="seed + epoch"),
    _epochs("ranks", "two ranks take every other point of one shuffle",
            (_DRAWN, "drawn += [np.concatenate([x[0::2], x[1::2]]) for x in batches_of(points, b)]"
             )),
    _draws("choice", "choice without replacement",
           "drawn = [rng.choice(m, b, replace=False) for _ in range(steps)]"),
    _draws("reservoir", "reservoir sampling for few points",
           "def reservoir():\n        if m > 20:\n            return rng.permutation(m)[:b]\n"
           "        kept = list(range(b))\n        for i in range(b, m):\n"
           "            j = int(rng.integers(i + 1))\n            if j < b:\n"
           "                kept[j] = i\n        return np.array(kept)\n\n"
           "    drawn = [reservoir() for _ in range(steps)]"),
    _draws("counter", "a stream by counter: step t from (seed, t)",
           "drawn = [np.random.Generator(np.random.Philox(key=[seed, t])).permutation(m)[:b]\n"
           "             for t in range(steps)]"),
    _draws("rejection", "drawn with replacement until all differ",
           "def distinct():\n        while True:\n            batch = rng.integers(0, m, b)\n"
           "            if len(set(batch.tolist())) == b:\n                return batch\n"
           "            if 2 * b > m:\n                return rng.permutation(m)[:b]\n\n"
           "    drawn = [distinct() for _ in range(steps)]"),
    _draws("replaced", "with replacement", "drawn = rng.integers(0, m, (steps, b))",
           sampling="with-replacement"),
    Variant("sample_batches.poisson", "Poisson sampling",
            ((_INDEPENDENT,
              "return [np.flatnonzero(rng.random(m) < b / m) for _ in range(steps)]"),),
            declares={"sampling": "poisson"}),
    Variant("sample_batches.poisson-lists", "Poisson sampling by a binomial size, as lists",
            ((_INDEPENDENT,
              "return [rng.permutation(m)[: rng.binomial(m, b / m)].tolist()\n"
              "            for _ in range(steps)]"),), declares={"sampling": "poisson"}),
    _weighted("weighted", "weighted, with replacement, by choice",
              "drawn = rng.choice(m, (steps, b), p=weights / weights.sum())", "weighted"),
    _weighted("weighted-inverse", "weighted, by inversion of the distribution function",
              "edges = np.cumsum(weights)\n    level = rng.random((steps, b)) * edges[-1]\n"
              "    drawn = np.searchsorted(edges, level, side='right')",
              "weighted"),
    _weighted("weighted-gumbel", "weighted without replacement, by the largest Gumbel keys",
              "with np.errstate(divide='ignore'):\n        logs = np.log(weights)\n"
              "    drawn = [np.argsort(-(logs + rng.gumbel(size=m)))[:b] for _ in range(steps)]",
              "weighted-without-replacement"),
    _weighted("weighted-exponential", "weighted without replacement, by exponential clocks",
              "with np.errstate(divide='ignore'):\n"
              "        drawn = [np.argsort(rng.exponential(size=m) / weights)[:b]\n"
              "                 for _ in range(steps)]", "weighted-without-replacement"),
    Variant("resumed_batches.saved", "the generator's state is saved and loaded"),
    Variant("resumed_batches.epochs", "the epoch and the place in it are saved", base=_BASE),
    Variant("resumed_batches.fast-forward", "the run is drawn again, and its start thrown away",
            (("return np.concatenate([before, np.array(drawn)[: steps - stop]])",
              "return np.concatenate([before, sample_batches(m, b, steps, seed)[stop:]])"),),
            _BASE),
)  # fmt: skip
