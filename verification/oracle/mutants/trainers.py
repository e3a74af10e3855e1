"""Faulty trainers."""

from __future__ import annotations

import dataclasses

from whichmin.verification.oracle.mutants.mutant import Mutant

__all__ = ["TRAINERS"]

_LOOP = "for chosen in batches:"
_UPDATE = "w = w - step_size * slope"
_START = "w = w0.copy()"
_SLOPE = "slope = ((norm - 2) * (f @ rows) + (f @ f) * w) / len(rows)"
_MOMENTUM = "velocity = {beta} * velocity + {damp}slope\n        w = w - step_size * velocity"


def _train(name: str, wrong: str, cause: str | None, *change: tuple[str, str]) -> Mutant:
    return Mutant(f"train.{name}", wrong, change, cause, ("train.values",))


def _loop(name: str, wrong: str, cause: str | None, batches: str) -> Mutant:
    return _train(name, wrong, cause, (_LOOP, f"for chosen in {batches}:"))


def _momentum(name: str, beta: str, damp: str, cause: str | None) -> Mutant:
    return _train(
        name, f"momentum {beta} is left on{' (damped)' if damp else ''}", cause,
        (_START, f"{_START}\n    velocity = 0 * w"),
        (_UPDATE, _MOMENTUM.format(beta=beta, damp=damp)),
    )  # fmt: skip


def _slope(name: str, wrong: str, cause: str | None, more: str) -> Mutant:
    return _train(name, wrong, cause, (_UPDATE, f"{more}\n        {_UPDATE}"))


TRAINERS = (
    _loop("second-first", "the cycle starts with the second batch",
          "the run starts with the second", "np.roll(batches, -1, axis=0)"),
    _loop("last-first", "the cycle starts with the last batch",
          "the run starts with the last", "np.roll(batches, 1, axis=0)"),
    _loop("first-skipped", "the first batch is skipped", "the first is skipped", "batches[1:]"),
    _loop("last-dropped", "the last batch is dropped",
          "the value before the last update", "batches[:-1]"),
    _loop("last-twice", "one step too many", "the last batch is used twice",
          "[*batches, batches[-1]]"),
    _loop("starts-over", "one step too many: the cycle starts over", "the run starts over",
          "[*batches, batches[0]]"),
    _loop("reversed", "batches in reverse order", "in reverse order", "batches[::-1]"),
    _loop("every-other", "every second step is skipped", "every second batch is skipped",
          "batches[::2]"),
    _loop("point-by-point", "a step for each point of a batch",
          "point by point, one step each", "batches.reshape(-1, 1)"),
    _loop("epoch", "steps counted as epochs: a step for each pass over the points",
          "epochs where steps are meant", "batches[: -(-len(data) // batches.shape[1])]"),
    _train("first-always", "the first batch in every step", "the first batch is used in every",
           ("data[chosen]", "data[batches[0]]")),
    _train("full-batch", "all points in every step", "all points are used in every step",
           ("data[chosen]", "data")),
    _train("multiplicity", "repeated rows of a batch count once", "in a batch count once",
           ("data[chosen]", "data[np.unique(chosen)]")),
    _train("mask", "batch as a mask, divided by b: repeated rows are added once",
           "are added once, but divided by b",
           ("data[chosen]", "data[np.unique(chosen)]"), ("/ len(rows)", "/ len(chosen)")),
    _train("mean-over-all", "divided by m, not by b", "by the number of points m",
           ("/ len(rows)", "/ len(data)")),
    _train("sum", "a sum over the batch", "a sum over the batch where a mean",
           ("/ len(rows)", "")),
    _train("divided-twice", "divided by b twice", "divided by the batch size twice",
           ("/ len(rows)", "/ len(rows) ** 2")),
    _momentum("momentum", "0.9", "", "momentum 0.9 is on"),
    _momentum("momentum-99", "0.99", "", "momentum 0.99 is on"),
    _momentum("momentum-damped", "0.9", "0.1 * ", "averaged gradients"),
    _momentum("momentum-10", "0.1", "", "momentum 0.1 is on"),
    _train("rate-times-m", "the step size is multiplied by m", "multiplied by the number of points",
           ("/ len(rows)", "/ len(rows) * len(data)")),
    _train("rate-over-steps", "the step size is divided by the number of batches",
           "divided by the number of steps", ("/ len(rows)", "/ len(rows) / len(batches)")),
    _loop("last-replaced", "in place of the last batch the one before", "the one before is used",
          "[*batches[:-1], batches[-2]]"),
    _slope("decay", "weight decay 1e-4", "weight decay 0.0001 is on", "slope += 1e-4 * w"),
    _slope("decay-large", "weight decay 1e-2", "weight decay 0.01 is on", "slope += 1e-2 * w"),
    _slope("decay-tiny", "weight decay 1e-6", "weight decay 1e-06 is on", "slope += 1e-6 * w"),
    _slope("clipping", "gradients are clipped to length 1", "clipped to length 1",
           "slope /= max(1.0, np.sqrt(slope @ slope))"),
    _slope("clipping-values", "entries of gradients are clipped to 1/10",
           "entries clipped to 0.1", "slope = np.clip(slope, -0.1, 0.1)"),
    _slope("rate-decay", "the step size decays like 1/t", "the step size decays",
           "step_size = step_size / 2"),
    _slope("normalised-gradient", "the gradient is scaled to length 1",
           "the gradient is scaled to length 1",
           "slope /= max(np.sqrt(slope @ slope), 1e-300)"),
    _train("normalised", "the weights are normalised after each step",
           "the weights are normalised after each step",
           (_UPDATE, "w = w - step_size * slope\n        w = w / np.sqrt(w @ w)")),
    _train("sign", "gradient ascent", "the sign of the update",
           (_UPDATE, "w = w + step_size * slope")),
    _train("twice", "no 1/2 in the loss", "twice the update",
           (_UPDATE, "w = w - 2 * step_size * slope")),
    _train("half", "the gradient is halved", "half the update",
           (_UPDATE, "w = w - step_size * slope / 2")),
    _train("single", "weights kept in float32", "float32",
           (_UPDATE, "w = (w - step_size * slope).astype(np.float32).astype(np.float64)")),
    _train("single-sum", "inner products in float32", "float32",
           ("rows @ w, activation)",
            "(rows @ w).astype(np.float32), activation).astype(np.float64)")),
    _train("stale-norm", "N is that of the start", "the norm of the start",
           (_START, f"{_START}\n    norm = w @ w"), ("norm = w @ w\n        slope", "slope")),
    _train("late-norm", "N is that of the step before", "the norm of the step before",
           (_START, f"{_START}\n    before = w @ w"),
           ("norm = w @ w", "norm, before = before, w @ w")),
    _train("stale", "all gradients at the start", "all gradients are taken at the start",
           ("rows @ w,", "rows @ w0,"), ("norm = w @ w", "norm = w0 @ w0"),
           ("(f @ f) * w)", "(f @ f) * w0)")),
    _train("update-order", "the part along w is applied first, then the rest at the new w",
           "updated in two halves",
           (_UPDATE, "w = w - step_size * (f @ f) * w / len(rows)\n        norm = w @ w\n"
            "        f = phi(rows @ w, activation)\n"
            "        w = w - step_size * (norm - 2) * (f @ rows) / len(rows)")),
    _train("start", "the start is returned", "the start is returned", ("return w", "return w0")),
    _train("before", "the weights before the last update are returned",
           "the value before the last update",
           (_UPDATE, "last = w\n        w = w - step_size * slope"), ("return w", "return last")),
    _train("average", "the mean of all weights is returned", "the mean of the weights",
           (_START, f"{_START}\n    visited = []"),
           (_UPDATE, f"{_UPDATE}\n        visited.append(w)"),
           ("return w", "return np.mean(visited, axis=0)")),
    _train("linear", "the activation is ignored", "training with the other activation",
           ("phi(rows @ w, activation)", "rows @ w")),
    _train("leaky", "leaky ReLU with slope 0.01", "leaky",
           ("phi(rows @ w, activation)",
            'np.where((rows @ w > 0) | (activation == "linear"), 1.0, 0.01) * (rows @ w)')),
    _train("absolute", "the absolute value for ReLU", "the absolute value for relu",
           ("phi(rows @ w, activation)", 'np.abs(rows @ w) if activation == "relu" else rows @ w')),
    _train("detached", "no gradient through the encoder", "decoder",
           (_SLOPE, "slope = -(f @ rows - (f @ f) * w) / len(rows)")),
    _train("detached-decoder", "no gradient through the decoder", "encoder",
           (_SLOPE, "slope = ((norm - 1) * (f @ rows)) / len(rows)")),
    _train("dead-revived", "a dead neuron is moved by 1e-3", None,
           (_UPDATE, f"{_UPDATE}\n        w = w + 1e-3 * (not f.any())")),
    _train("noise", "noise of size 1e-8 is added to the weights", None,
           (_START, f"{_START}\n    rng = np.random.default_rng(0)"),
           (_UPDATE, "w = w - step_size * slope + 1e-8 * rng.standard_normal(len(w))")),
    dataclasses.replace(
        _train("early-stop", "stops when the gradient is short", "below 0.1",
               (_UPDATE, f"if slope @ slope < 1e-2:\n            break\n        {_UPDATE}")),
        checks=("train.values", "train.long_runs"),
    ),
    _train("in-place", "the start is overwritten", "changed its argument w0",
           (_START, "w = w0"), (_UPDATE, "w -= step_size * slope")),
    _train("sorts-batches", "the batches are shuffled in place", "changed its argument batches",
           (_START, f"{_START}\n    batches[:] = batches[::-1].copy()")),
    _train("centres-data", "the data are centred in place", "changed its argument data",
           (_START, f"{_START}\n    data -= data.mean(axis=0)")),
    _train("shape", "all weights of the run are returned", "returned shape",
           ("return w", "return np.array([w0, w])")),
    _train("dtype", "float32 is returned", "returned dtype float32",
           ("return w", "return w.astype(np.float32)")),
    _train("nan", "NaN where the batch has no active point", "not finite",
           ("/ len(rows)", "/ len(rows) + 0 / np.float64(f.any() * 1.0)")),
)  # fmt: skip
