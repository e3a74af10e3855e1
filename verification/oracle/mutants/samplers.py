"""Faulty samplers: their epochs, their order over time, seeds, shards, weights, and resuming."""

from __future__ import annotations

from typing import Any

from whichmin.verification.oracle.mutants.mutant import Mutant

__all__ = ["CHECKS", "SAMPLERS"]

CHECKS = tuple(
    f"sample_batches.{c}"
    for c in ("range", "repeats", "seed", "epochs", "order", "lags", "period", "uniform", "points",
              "pairs", "consecutive", "starts", "weights")
)  # fmt: skip
_BASE = "base_samplers"
_POINTS = "points = order(m, seed, epoch)"
_DRAWN = "drawn += batches_of(points, b)"
_SHUFFLE = "points = rng.permutation(m)"
_INDEPENDENT = "drawn = [rng.permutation(m)[:b] for _ in range(steps)]"


def _change(
    name: str, wrong: str, cause: str | None, old: str, new: str, inside: str = "",
    source: str = "", **declares: Any,
) -> Mutant:  # fmt: skip
    return Mutant(f"sample_batches.{name}", wrong, ((old, new),), cause, CHECKS, _BASE, inside,
                  declares=declares, source=source)  # fmt: skip


def _epoch(name: str, wrong: str, cause: str | None, points: str, source: str = "") -> Mutant:
    return _change(name, wrong, cause, _POINTS, points, source=source)


def _order(name: str, wrong: str, cause: str | None, points: str, **more: Any) -> Mutant:
    return _change(name, wrong, cause, _SHUFFLE, points, inside="order", **more)


def _seeded(name: str, wrong: str, cause: str | None, seed: str, source: str = "") -> Mutant:
    return _change(
        name, wrong, cause, "default_rng([seed, epoch])", f"default_rng({seed})", "order", source
    )


def _batches(name: str, wrong: str, cause: str | None, drawn: str, **more: Any) -> Mutant:
    return _change(name, wrong, cause, _DRAWN, drawn, **more)


def _draws(name: str, wrong: str, cause: str | None, each: str) -> Mutant:
    """A change of the sampler of independent batches."""
    return Mutant(f"sample_batches.{name}", wrong, ((_INDEPENDENT, each),), cause, CHECKS)


def _step(name: str, wrong: str, cause: str | None, each: str) -> Mutant:
    return _draws(name, wrong, cause, f"drawn = [{each} for t in range(steps)]")


_OF = "np.random.default_rng([seed, {}]).permutation(m)[:b]"

SAMPLERS = (
    # The order within an epoch.
    _epoch("rest-ascending", "all but the first batch of an epoch is sorted",
           "all but the first batch of an epoch comes in ascending order",
           f"{_POINTS}\n        points[b:] = np.sort(points[b:])"),
    _epoch("rest-descending", "the rest is popped from the end of a list",
           "all but the first batch of an epoch comes in descending order",
           f"{_POINTS}\n        points[b:] = -np.sort(-points[b:])"),
    _order("not-shuffled", "the points in their order", "not shuffled", "points = np.arange(m)"),
    _order("backwards", "the points in reverse order", "descending order",
           "points = np.arange(m)[::-1]"),
    _order("chunks", "shuffled within chunks of 64", "within chunks of 64",
           "points = np.concatenate([rng.permutation(np.arange(i, min(i + 64, m)))\n"
           "                             for i in range(0, m, 64)])"),
    _order("chunks-of-10", "shuffled within chunks of 10", "within chunks of 10",
           "points = np.concatenate([rng.permutation(np.arange(i, min(i + 10, m)))\n"
           "                             for i in range(0, m, 10)])"),
    _order("buffer", "a shuffle buffer of 100", "the buffer holds 100 points",
           "points, buffer = [], list(range(min(100, m)))\n"
           "    for i in range(m):\n        j = int(rng.integers(len(buffer)))\n"
           "        points.append(buffer[j])\n"
           "        if i + 100 < m:\n            buffer[j] = i + 100\n"
           "        else:\n            buffer.pop(j)\n"
           "    points = np.array(points)",
           source="tf.data's and WebDataset's shuffle with its default size"),
    _order("buffer-20000", "a shuffle buffer of 20000 (its first draws)", "local shuffling",
           "points = rng.permutation(m)\n    if m > 20000:\n"
           "        points = np.concatenate([rng.permutation(20000), np.arange(20000, m)])"),
    _order("blocks-of-b", "blocks of 4 points are shuffled, not points",
           "blocks of 4 consecutive points stay together",
           "points = np.concatenate([np.arange(i, min(i + 4, m))\n"
           "                             for i in 4 * rng.permutation(-(-m // 4))])[:m]"),
    _batches("batch-order", "consecutive points form a batch, only the batches are shuffled",
             "blocks of b consecutive points stay together",
             "rows = batches_of(np.arange(m), b)\n"
             "        drawn += [rows[i] for i in np.random.default_rng([seed, epoch])"
             ".permutation(len(rows))]"),
    _batches("fixed-batches", "batches are drawn once, their order changes",
             "the batches keep their points",
             "rows = batches_of(order(m, seed, 0), b)\n"
             "        drawn += [rows[i] for i in np.random.default_rng([seed, epoch, 1])"
             ".permutation(len(rows))]"),
    _epoch("first-batch-fixed", "the first batch of an epoch is always the same",
           "the first batch of an epoch has always the same points",
           f"{_POINTS}\n        points = np.concatenate([np.arange(b), points[points >= b]])"),
    _epoch("last-batch-fixed", "the last points always come last",
           "the last batch of an epoch has always the same points",
           f"{_POINTS}\n        k = m // b * b - b\n"
           "        points = np.concatenate([points[points < k], np.arange(k, k + b),\n"
           "                                 points[points >= k + b]])"),
    _order("first-never-last", "the first point is swapped away from the end",
           "the first point is never the last one of an epoch",
           "points = rng.permutation(m)\n    if points[-1] == 0:\n"
           "        points[[0, -1]] = points[[-1, 0]]"),
    _order("last-stays", "the last point is not shuffled", "the last point always comes last",
           "points = np.append(rng.permutation(m - 1), m - 1)"),
    _order("first-stays", "the first point is not shuffled", "the first point always comes first",
           "points = np.concatenate([[0], 1 + rng.permutation(m - 1)])"),
    _order("sattolo-epochs", "a shuffle that never leaves a point in place", "Sattolo",
           "points = np.arange(m)\n    for i in range(m - 1, 0, -1):\n"
           "        j = int(rng.integers(i))\n"
           "        points[i], points[j] = points[j], points[i]"),
    _order("naive", "entries are swapped with any other", "swapped with any other",
           "points = np.arange(m)\n    for i in range(m - 1, -1, -1):\n"
           "        j = int(rng.integers(m))\n"
           "        points[i], points[j] = points[j], points[i]"),
    _epoch("cut-before", "the rest is cut off before the shuffle",
           "the points left out are the same in every epoch",
           "points = order(m // b * b, seed, epoch)"),
    _order("strata", "one point of each of several blocks in turn", "the shards never change",
           "half = -(-m // 2)\n    points = np.empty(m, dtype=int)\n"
           "    points[0::2] = rng.permutation(half)\n"
           "    points[1::2] = half + rng.permutation(m - half)"),
    _order("shards-interleaved", "two ranks shuffle fixed shards", "the shards never change",
           "points = np.empty(m, dtype=int)\n"
           "    points[0::2] = 2 * rng.permutation(-(-m // 2))\n"
           "    points[1::2] = 1 + 2 * rng.permutation(m // 2)"),
    # Epochs that follow from each other.
    _epoch("epoch-late", "epochs 0 and 1 have the same order",
           "epochs 0 and 1 have the same order", "points = order(m, seed, max(epoch - 1, 0))",
           "PyTorch: set_epoch after the iterator was made"),
    _epoch("epoch-forgotten", "every epoch has the same order", "shuffled once",
           "points = order(m, seed, 0)", "PyTorch: set_epoch never called"),
    _epoch("epochs-in-pairs", "every order is used twice", "used for 2 epochs in a row",
           "points = order(m, seed, epoch // 2)"),
    _epoch("two-orders", "two orders alternate", "the order of epoch e mod 2",
           "points = order(m, seed, epoch % 2)"),
    _epoch("five-orders", "five orders come again and again", "the order of epoch e mod 5",
           "points = order(m, seed, epoch % 5)"),
    _epoch("every-other", "every other epoch has the first order",
           "every other epoch has the same order",
           "points = order(m, seed, epoch if epoch % 2 else 0)"),
    _epoch("frozen", "the order is kept from epoch 3 on",
           "from epoch 3 on every epoch has the same order",
           "points = order(m, seed, min(epoch, 3))"),
    _epoch("there-and-back", "every other epoch is the one before it backwards",
           "the order of the one before it, backwards",
           "points = order(m, seed, epoch // 2)[:: 1 - 2 * (epoch % 2)]"),
    _epoch("rotated", "an epoch is the one before it rotated", "rotated",
           "points = np.roll(order(m, seed, 0), epoch)"),
    _epoch("added", "an epoch is the one before it, 1 added", "a constant added",
           "points = (order(m, seed, 0) + epoch) % m"),
    _epoch("first-unshuffled", "the first epoch is not shuffled",
           "the first epoch is not shuffled",
           "points = order(m, seed, epoch) if epoch else np.arange(m)"),
    _epoch("every-other-unshuffled", "every other epoch is not shuffled",
           "every other epoch is not shuffled",
           "points = order(m, seed, epoch) if epoch % 2 else np.arange(m)"),
    # How the order depends on the seed.
    _seeded("epoch-sum", "the order of an epoch is seeded with seed + epoch", "seed + e",
            "seed + epoch", "PyTorch's DistributedSampler"),
    _seeded("epoch-product", "seeded with seed * epoch", "seed * e", "seed * epoch"),
    _seeded("epoch-product-from-one", "seeded with seed * (epoch + 1)", "seed * (e + 1)",
            "seed * (epoch + 1)"),
    _seeded("epoch-xor", "seeded with seed XOR epoch", "seed XOR e", "seed ^ epoch"),
    _seeded("epoch-hundred", "seeded with seed + 100 epoch", "seed + 100 e", "seed + 100 * epoch"),
    _seeded("epoch-only", "seeded with the epoch", "the seed is ignored", "epoch"),
    _seeded("seed-16-bits", "16 bits of the seed", "its last 16 bits", "[seed % 65536, epoch]"),
    _seeded("seed-halved", "the last bits of the seed are lost", "its last 3 bits are lost",
            "[seed // 8, epoch]"),
    _seeded("seed-thousand", "the seed modulo 1000", "the seed modulo 1000",
            "[seed % 1000, epoch]"),
    # Batches and epochs of several ranks or workers.
    _batches("ranks-overlap", "two ranks shuffle all points each", "overlapping shards",
             "other, h = order(m, seed + 2**33, epoch), -(-b // 2)\n"
             "        one, two = (points, other) if b > 1 else (points, points)\n"
             "        drawn += [np.concatenate([one[i * h : (i + 1) * h],\n"
             "                                  two[i * (b - h) : (i + 1) * (b - h)]])\n"
             "                  for i in range(m // b)]",
             source="seed + rank for the shuffle of a distributed sampler"),
    _batches("ranks-alike", "both ranks have the same points", "draw the same points",
             "drawn += [np.tile(x[: b // 2], 2) if b % 2 == 0 else x\n"
             "                  for x in batches_of(points, b)]"),
    _batches("workers-alike", "two workers yield the same batches", "each of 2 workers",
             "drawn += [x for x in batches_of(points, b) for _ in range(2)]",
             source="PyTorch: an IterableDataset that does not split by worker"),
    _batches("workers-apart", "two workers go through all points in orders of their own",
             "each of 2 workers",
             "other = batches_of(order(m, seed + 2**33, epoch), b)\n"
             "        drawn += [x for pair in zip(batches_of(points, b), other) for x in pair]"),
    # The ends of epochs.
    _batches("last-drawn-anew", "the last batch of an epoch is drawn among all points",
             "the last batch of an epoch is drawn anew",
             "rng = np.random.default_rng([seed, epoch, 1])\n"
             "        drawn += [*batches_of(points, b)[:-1], rng.permutation(m)[:b]]"),
    _batches("filled-anew", "the last batch is filled up with random points", "filled up",
             "rng = np.random.default_rng([seed, epoch, 1])\n"
             "        fill = points[rng.permutation(m - m % b)[: -m % b]]\n"
             "        drawn += batches_of(np.concatenate([points, fill]), b)",
             leftover="padded"),
    _batches("early-end", "an epoch ends one batch early", "epochs end one batch early",
             "drawn += batches_of(points, b)[: max(m // b - 1, 1)]"),
    _batches("padded", "padded epochs, not declared", "padded epochs",
             "drawn += batches_of(np.concatenate([points, points[: -m % b]]), b)",
             source="PyTorch's DistributedSampler with drop_last=False"),
    Mutant("sample_batches.not-padded", "declared as padded, but the rest is dropped",
           (("drawn[:steps]", "drawn[:steps], dtype=int"),), "are dropped", CHECKS, _BASE,
           declares={"leftover": "padded"}),
    Mutant("sample_batches.not-carried", "declared as carried over, but the rest is dropped",
           (("drawn[:steps]", "drawn[:steps], dtype=int"),), "are dropped", CHECKS, _BASE,
           declares={"leftover": "carried"}),
    Mutant("sample_batches.short", "a shorter last batch, not declared",
           ((_DRAWN, "drawn += [points[i : i + b] for i in range(0, m, b)]"),
            ("np.array(drawn[:steps])", "drawn[:steps]")),
           "a shorter last batch", CHECKS, _BASE, source="PyTorch's DataLoader by default"),
    Mutant("sample_batches.carried", "leftovers carried over, not declared",
           ((_POINTS, "left = points[len(points) // b * b :] if epoch else []\n        "
             "points = np.concatenate([left, order(m, seed, epoch)]).astype(int)"),),
           "carried over", CHECKS, _BASE, source="tf.data: shuffle, repeat, batch"),
    # Independent batches.
    _step("twice", "every batch comes twice", "each batch comes twice in a row",
          _OF.format("t // 2")),
    _step("twice-late", "every batch comes twice from step 1 on",
          "from step 1 on each batch comes twice", _OF.format("(t + 1) // 2")),
    _step("period-1000", "seeded anew every 1000 steps", "the batches repeat after 1000 steps",
          _OF.format("t % 1000")),
    _step("kept", "the first 50 batches are drawn, then the last of them is used",
          "from step 50 on always the same batch", _OF.format("min(t, 50)")),
    _draws("slides", "a window that moves on by one", "a window of b points moves on by one",
           "order = np.resize(rng.permutation(m), steps + b)\n"
           "    drawn = [order[t : t + b] for t in range(steps)]"),
    _draws("steps-added", "a batch is the one before it, 1 added", "a constant added",
           "first = rng.permutation(m)[:b]\n    drawn = [(first + t) % m for t in range(steps)]"),
    _draws("poisson", "Poisson sampling, not declared", "Poisson sampling",
           "return [np.flatnonzero(rng.random(m) < b / m) for _ in range(steps)]"),
    # Weighted batches.
    *(
        Mutant(f"sample_batches.weights-{name}", wrong,
               (("steps: int, seed: int)", "steps: int, seed: int, weights)"),
                (_INDEPENDENT, f"drawn = {drawn}")), cause, ("sample_batches.weights",),
               declares={"sampling": sampling})
        for name, wrong, cause, drawn, sampling in (
            ("ignored", "the weights are ignored", "the weights are ignored",
             "rng.integers(0, m, (steps, b))", "weighted"),
            ("squared", "the weights are squared", "the weights are squared",
             "rng.choice(m, (steps, b), p=weights**2 / (weights**2).sum())", "weighted"),
            ("softmax", "a softmax of the weights", "softmax",
             "rng.choice(m, (steps, b), p=np.exp(weights) / np.exp(weights).sum())", "weighted"),
            ("off-by-one", "the wrong side of the distribution function", "off by one",
             "(np.searchsorted(np.cumsum(weights), rng.random((steps, b)) * weights.sum(), "
             "side='right') + 1) % m", "weighted"),
            ("not-replaced", "declared with replacement, drawn without",
             "drawn without replacement",
             "[np.argsort(rng.exponential(size=m) / np.maximum(weights, 1e-300))[:b] "
             "for _ in range(steps)]", "weighted"),
            ("replaced", "declared without replacement, drawn with", "drawn with replacement",
             "rng.choice(m, (steps, b), p=weights / weights.sum())",
             "weighted-without-replacement"),
        )
    ),
    # Resuming.
    *(
        Mutant(f"resumed_batches.{name}", wrong, ((old, new),), cause, ("resumed_batches.same",),
               _BASE)
        for name, wrong, cause, old, new in (
            ("epoch-again", "the epoch starts again", "the epoch starts again",
             "[place:]", ""),
            ("next-epoch", "the next epoch is begun", "the next epoch is begun",
             "drawn = batches_of(order(m, seed, epoch), b)[place:]", "drawn = []"),
            ("skipped", "one batch is skipped", "a batch is skipped",
             "divmod(stop, m // b)", "divmod(stop + 1, m // b)"),
            ("twice", "the last batch comes again", "the last batch comes twice",
             "divmod(stop, m // b)", "divmod(stop - 1, m // b)"),
            ("from-the-start", "the generator is seeded anew", "the run starts again",
             "divmod(stop, m // b)", "divmod(0, m // b)"),
            ("not-restored", "the generator's state is lost", "is not restored",
             "drawn = batches_of(order(m, seed, epoch), b)[place:]",
             "seed += 2**33\n    drawn = batches_of(order(m, seed, epoch), b)[place:]"),
        )
    ),
)  # fmt: skip
