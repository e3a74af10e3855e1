"""Faulty accumulation over micro-batches, and faulty averages over ranks."""

from __future__ import annotations

from whichmin.verification.oracle.mutants.mutant import Mutant
from whichmin.verification.oracle.mutants.variants import Variant

__all__ = ["CORRECT_SHARES", "SHARES"]

_SHARE = "* len(rows) / len(data)"
_LOOP = "for size in sizes:"
_SUMS = "sums = [len(s) * gradient(w, data[s], activation) for s in shards if len(s)]"
_COUNT = "count = sum(len(shard) for shard in shards)"
_MEANS = "sums = [gradient(w, data[s], activation) for s in shards if len(s)]"
_OVER = "sum(sums) / count"


def _micro(name: str, wrong: str, cause: str | None, *change: tuple[str, str]) -> Mutant:
    checks = ("accumulated_gradient.values",)
    return Mutant(f"accumulated_gradient.{name}", wrong, change, cause, checks)


def _ranks(
    name: str, wrong: str, cause: str | None, *change: tuple[str, str], declared: str = "points"
) -> Mutant:
    return Mutant(
        f"ranked_gradient.{name}", wrong, change, cause, ("ranked_gradient.values",),
        declares={"ranks": declared},
    )  # fmt: skip


SHARES = (
    _micro("mean-of-means", "the mean of the micro-batches' means", "mean of the micro-batches'",
           (_SHARE, "/ len(sizes)")),
    _micro("sum-of-means", "the loss is not divided", "means are added up", (_SHARE, "")),
    _micro("sum", "a sum over the rows", "a sum over the points", (_SHARE, "* len(rows)")),
    _micro("mean-of-sums", "sums divided by the number of micro-batches",
           "sums are averaged over the micro-batches", (_SHARE, "* len(rows) / len(sizes)")),
    _micro("last-dropped", "the last micro-batch never arrives", "but its rows are counted",
           (_LOOP, "for size in sizes[: max(len(sizes) - 1, 1)]:")),
    _micro("constant", "divided by the nominal size of a micro-batch", "the size of the first",
           (_SHARE, "* len(rows) / (len(sizes) * sizes[0])")),
    _micro("zeroed", "zero_grad within the loop", "set to zero within the loop",
           ("total = total + ", "total = "), (_SHARE, "")),
    _micro("zeroed-share", "zero_grad within the loop, the loss divided",
           "divided by the number of micro-batches: what",
           ("total = total + ", "total = "), (_SHARE, "/ len(sizes)")),
    _micro("zeroed-rows", "zero_grad within the loop, the loss divided by all rows",
           "divided by all rows: what", ("total = total + ", "total = ")),
    _micro("first-only", "only the first micro-batch", "the first micro-batch alone",
           (_LOOP, "for size in sizes[:1]:"), (_SHARE, "")),
    _micro("running", "a running average", "averaged with the mean of those before",
           ("total = total + gradient(w, rows, activation) * len(rows) / len(data)",
            "new = gradient(w, rows, activation)\n"
            "        total = new if start == size else (total + new) / 2")),
    _micro("ragged-dropped", "micro-batches that are not full are dropped",
           "of another size than the first are left out",
           ("total = total + gradient(w, rows, activation) * len(rows) / len(data)",
            "full = (sizes == sizes[0]).sum() * sizes[0]\n"
            "        if size == sizes[0]:\n"
            "            total = total + gradient(w, rows, activation) * size / full")),
    _ranks("means", "the mean of the ranks' means", "each rank counts alike",
           (_SUMS, _MEANS), (_OVER, "sum(sums) / len(sums)")),
    _ranks("means-empty", "the mean of all ranks' means, 0 for an empty one",
           "each rank counts alike", (_SUMS, _MEANS), (_OVER, "sum(sums) / len(shards)")),
    _ranks("points", "the mean over the points, where the ranks' means are declared",
           "the mean over the points of all ranks", declared="means"),
    _ranks("sum", "all-reduce without a division", "means are added up",
           (_SUMS, _MEANS), (_OVER, "sum(sums)")),
    _ranks("first", "rank 0 alone", "rank 0 alone",
           (_OVER, "gradient(w, data[shards[0]], activation)")),
    _ranks("twice", "divided by the number of ranks once more", "by the number of ranks once too",
           (_OVER, "sum(sums) / count / len(shards)")),
    _ranks("world", "the sum is divided by the number of ranks", "by the number of ranks, not",
           (_OVER, "sum(sums) / len(shards)")),
    _ranks("once", "padded rows are removed", "count once",
           (_SUMS, "s = np.unique(np.concatenate([np.asarray(x, dtype=int) for x in shards]))"),
           (_OVER, "gradient(w, data[s], activation)")),
    _ranks("all", "the shards are ignored", "whatever the shards",
           (_OVER, "gradient(w, data, activation)")),
    _ranks("shortest", "ranks stop with the shortest shard", "the length of the shortest",
           (_COUNT, "k = min(len(s) for s in shards if len(s))\n"
            "    shards = [s[:k] for s in shards]\n    count = sum(map(len, shards))")),
    _ranks("pops", "the list of shards is emptied", "changed its argument shards",
           ("return np.asarray(sum(sums) / count)",
            "shards.pop()\n    return np.asarray(sum(sums) / count)")),
)  # fmt: skip

CORRECT_SHARES = (
    Variant("accumulated_gradient.cumulative", "sums first, one division at the end",
            ((_SHARE, "* len(rows)"), ("return total", "return total / len(data)"))),
    Variant("accumulated_gradient.running-mean", "a running mean over all rows so far",
            (("total = total + gradient(w, rows, activation) * len(rows) / len(data)",
              "total = total + (gradient(w, rows, activation) - total) * size / start"),)),
    Variant("accumulated_gradient.backwards", "the last micro-batch first",
            ((_LOOP, "data = data[::-1]\n    for size in sizes[::-1]:"),)),
    Variant("ranked_gradient.weighted", "ranks' means weighted by their share of the points",
            ((_SUMS, "sums = [gradient(w, data[s], activation) * (len(s) / count) for s in shards "
              "if len(s)]"), (_OVER, "sum(sums)"))),
    Variant("ranked_gradient.ddp", "DistributedDataParallel's mean of the ranks' means",
            ((_SUMS, _MEANS), (_OVER, "sum(sums) / len(sums)")), declares={"ranks": "means"}),
    Variant("ranked_gradient.scaled", "each rank's loss times the number of ranks over all points",
            ((_SUMS, "sums = [len(s) * gradient(w, data[s], activation) * len(shards) / count "
              "for s in shards if len(s)]"), (_OVER, "sum(sums) / len(shards)"))),
    Variant("train.unequal", "batches of unequal size, as DataLoader's last one is",
            declares={"batches": "unequal"}),
    Variant("train.unequal-sums", "batches of unequal size, each row's gradient by its share",
            (("/ len(rows)", ""),
             ("slope = ((norm - 2) * (f @ rows) + (f @ f) * w)",
              "share = 1 / len(chosen)\n        slope = (norm - 2) * ((share * f) @ rows) "
              "+ (share * f @ f) * w")), declares={"batches": "unequal"}),
)  # fmt: skip
