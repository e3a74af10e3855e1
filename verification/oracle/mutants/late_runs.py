"""Trainers that go wrong late: after some steps, every so many steps, or near the end."""

from __future__ import annotations

from dataclasses import replace

from whichmin.verification.oracle.mutants.mutant import Mutant

__all__ = ["LATE_RUNS"]

_LOOP = "for chosen in batches:"
_COUNTED = "for t, chosen in enumerate(batches):"
_UPDATE = "w = w - step_size * slope"
_START = "w = w0.copy()"
_RATE = "step_size * slope"


def _late(name: str, wrong: str, cause: str | None, *change: tuple[str, str]) -> Mutant:
    changes = ((_LOOP, _COUNTED), *change)
    return Mutant(f"train.late-{name}", wrong, changes, cause, ("train.long_runs", "train.values"))


def _rate(name: str, wrong: str, cause: str, factor: str) -> Mutant:
    return _late(name, wrong, cause, (_RATE, f"step_size * ({factor}) * slope"))


def _after(name: str, wrong: str, cause: str | None, more: str) -> Mutant:
    return _late(name, wrong, cause, (_UPDATE, f"{_UPDATE}\n        {more}"))


def _before(name: str, wrong: str, cause: str | None, more: str) -> Mutant:
    return _late(name, wrong, cause, (_UPDATE, f"{more}\n        {_UPDATE}"))


def _loss(rows: str) -> str:
    return f"np.sum(({rows} - np.outer(phi({rows} @ w, activation), w)) ** 2) / len({rows}) / 2"


_UP = "0.04 + 0.96 * (1 - np.cos(np.pi * t / ({0}))) / 2"
_PLATEAU = """w = w0.copy()
    best, bad, now = np.inf, 0, 1.0"""
_SEEN = """w = w - step_size * now * slope
        if value < best * (1 - 1e-4):
            best, bad = value, 0
        else:
            bad += 1
        if bad > {patience}:
            bad, now = 0, now * {factor}"""

LATE_RUNS = (
    _rate("step", "StepLR is left on", "step (every 5, factor 0.1)", "0.1 ** (t // 5)"),
    _rate("step-30", "StepLR is left on, every 30 steps", "step (every 30, factor 0.5)",
          "0.5 ** (t // 30)"),
    _rate("milestones", "MultiStepLR is left on", "multistep (milestones [20, 50], factor 0.1)",
          "0.1 ** ((t >= 20) + (t >= 50))"),
    _rate("milestone-100", "the step size is doubled after 100 steps",
          "multistep (milestones [100], factor 2", "1 + (t >= 100)"),
    _rate("exponential", "ExponentialLR is left on", "exponential (factor 0.99)", "0.99 ** t"),
    _rate("cosine", "CosineAnnealingLR over 100 steps is left on", "cosine (steps 100",
          "(1 + np.cos(np.pi * t / 100)) / 2"),
    _rate("cosine-run", "cosine annealing over the whole run", "falls to 0 as a cosine",
          "(1 + np.cos(np.pi * t / len(batches))) / 2"),
    _rate("linear-run", "the step size falls to 0 over the run", "falls linearly to 0",
          "1 - t / len(batches)"),
    _rate("square-run", "polynomial decay over the run", "falls to 0 as the square of the steps",
          "(1 - t / len(batches)) ** 2"),
    _rate("warm-up-cosine-100", "warm-up over 10 steps, then a cosine until step 100",
          "up for 10 steps, down until step 100: from 0 to 1 of itself in a line, then to 0 in a",
          "t / 10 if t < 10 else (1 + np.cos(np.pi * min(t - 10, 90) / 90)) / 2"),
    _rate("warm-up-cosine-again", "warm-up over 10 steps, then a cosine that goes on after step 80",
          "up for 10 steps, down until step 80",
          "t / 10 if t < 10 else (1 + np.cos(np.pi * (t - 10) / 70)) / 2"),
    _late("every-fourth", "an update after every fourth batch",
          "after every 4 batches alone, by the mean", (_START, f"{_START}\n    v = 0 * w"),
          (_UPDATE, "v = v + slope / 4\n        if t % 4 == 3:\n"
           "            w, v = w - step_size * v, 0 * v")),
    _rate("warm-up", "warm-up over 20 steps", "linear (start 0.05, end 1",
          "min(1, (t + 1) / 20)"),
    _rate("warm-up-run", "warm-up over a tenth of the run", "rises over the first 10%",
          "min(1, (t + 1) / max(int(0.1 * len(batches)), 1))"),
    _rate("inverse-sqrt", "the step size decays as an inverse root after 16 steps",
          "inverse-sqrt (warmup 16)", "min((t + 1) / 16, np.sqrt(16 / (t + 1)))"),
    _rate("one-cycle", "OneCycleLR over the run, without momentum",
          "over the run, the first 30% up (as OneCycleLR does): from 0.04 to 1 of itself in a cos",
          f"{_UP.format('0.3 * n - 1')} if t < 0.3 * (n := len(batches)) - 1 else 4e-6 + (1 - 4e-6)"
          " * (1 + np.cos(np.pi * (t - 0.3 * n + 1) / (0.7 * n))) / 2"),
    _rate("one-cycle-40", "OneCycleLR over 40 steps, up to three times the step size, linear",
          "over 40 steps, the first 25% up (as OneCycleLR does): from 0.12 to 3 of itself in a lin",
          "0.12 + 2.88 * t / 9 if t < 9 else max(3 * (1 - (t - 9) / 30), 0)"),
    _late("one-cycle-torch", "OneCycleLR over 200 steps, with its default of a cycled momentum",
          "one cycle over 200 steps, up to 2 of itself, in a cosine, and momentum one between",
          (_START, f"{_START}\n    v = 0 * w"),
          (_UPDATE, "s = (1 - np.cos(np.pi * (t / 59 if t < 59 else 1 - (t - 59) / 140))) / 2\n"
           "        v = (0.95 - 0.1 * s if t else 0) * v + slope\n"
           "        low = 0.08 if t < 59 else 8e-6\n"
           "        w = w - step_size * (low + (2 - low) * s) * v")),
    _rate("cyclic", "CyclicLR, up and down in 8 steps each",
          "again and again: up for 8 steps, down for as many (as CyclicLR does): from 0.1 to 1",
          "0.1 + 0.9 * (1 - abs(t % 16 / 8 - 1))"),
    _rate("restarts-doubled", "a cosine with restarts after 10, 20, 40, ... steps",
          "a cosine with restarts, at first after 10 steps, then each time after twice as many",
          "(1 + np.cos(np.pi * (t - (k := 10 * (2 ** int(np.log2(t / 10 + 1)) - 1)) ) / (k + 10)))"
          " / 2"),
    _rate("triangle", "the step size rises for 10 steps and falls until step 45",
          "falls, up for 10 steps, down until step 45: from 0.1 to 1 of itself in a line, then to",
          "0.1 + 0.9 * t / 10 if t < 10 else max(1 - (t - 10) / 35, 0)"),
    _rate("warm-up-cosine", "warm-up over 5 steps, then a cosine until step 40",
          "up for 5 steps, down until step 40: from 0 to 1 of itself in a line, then to 0 in a cos",
          "t / 5 if t < 5 else (1 + np.cos(np.pi * min(t - 5, 35) / 35)) / 2"),
    _rate("warm-up-cosine-run", "warm-up over a tenth of the run, then a cosine to its end",
          "over the run, the first 10% up: from 0 to 1 of itself in a line, then to 0 in a cosine",
          "t / k if t < (k := int(0.1 * len(batches))) else "
          "(1 + np.cos(np.pi * (t - k) / (len(batches) - k))) / 2"),
    _rate("skipped", "every twelfth update is left out", "0: the update is left out every 12 steps",
          "t % 12 != 11"),
    _late("plateau", "ReduceLROnPlateau on the batch's loss",
          "multiplied by 0.1 when the loss of the batch has not improved for more than 10 steps",
          (_START, _PLATEAU),
          (_UPDATE, f"value = {_loss('rows')}\n        "
           f"{_SEEN.format(patience=10, factor=0.1)}")),
    _late("plateau-whole", "ReduceLROnPlateau on the loss of all points, patience 3",
          "multiplied by 0.5 when the loss of all points has not improved for more than 3 steps",
          (_START, _PLATEAU),
          (_UPDATE, f"{_SEEN.format(patience=3, factor=0.5)}".replace(
              "slope\n", f"slope\n        value = {_loss('data')}\n", 1))),
    _before("limit-50", "at most 50 steps", "the run ends after 50 steps",
            "if t >= 50:\n            break"),
    _before("limit-150", "at most 150 steps", "the run ends after 150 steps",
            "if t >= 150:\n            break"),
    _before("stops-gradient", "stops when the gradient is short",
            "the run stops where a step moves nothing",
            "if np.sqrt(slope @ slope) < 1e-5:\n            break"),
    _before("stops-loss", "stops when the loss of the batch is small", "stop",
            f"if {_loss('rows')} < 0.02:\n            break"),
    _after("stops-change", "stops when the loss changes little", "stop",
           f"now = {_loss('data')}\n        if t and abs(now - past) < 1e-7:\n            break\n"
           "        past = now"),
    _late("whole-20", "steps beyond a multiple of 20 are dropped", "runs stop early",
          (_UPDATE, f"if t >= max(len(batches) // 20 * 20, 20):\n            break\n"
           f"        {_UPDATE}")),
    _after("normalised-10", "weights normalised every tenth step",
           "normalised to length 1 every 10 steps",
           "w = w / np.sqrt(w @ w) if t % 10 == 9 else w"),
    _after("normalised-7", "weights normalised every seventh step, at first too",
           "normalised to length 1 every 7 steps", "w = w / np.sqrt(w @ w) if t % 7 == 0 else w"),
    _after("normalised-late", "weights normalised from step 31 on",
           "normalised to length 1 after step 30", "w = w / np.sqrt(w @ w) if t >= 30 else w"),
    _after("longest", "weights longer than 9/10 are scaled back",
           "weights longer than 0.9 are scaled back",
           "w = w * min(1.0, 0.9 / np.sqrt(w @ w))"),
    _after("shrunk", "weights are shrunk every 20 steps", "multiplied by 0.999 every 20 steps",
           "w = w * (0.999 if t % 20 == 19 else 1)"),
    _after("weights-clipped", "entries of the weights are clipped after 40 steps",
           "entries clipped to 0.5 after step 40", "w = np.clip(w, -0.5, 0.5) if t >= 40 else w"),
    _after("reloaded", "the start is loaded again after every 25 steps",
           "set back to those of the start every 25 steps", "w = w0.copy() if t % 25 == 24 else w"),
    _before("clipped", "gradients are clipped to 1/10 after 30 steps",
            "clipped to length 0.1 after step 30",
            "slope = slope / max(1, np.sqrt(slope @ slope) / 0.1) if t >= 30 else slope"),
    _before("entries-clipped", "entries of gradients are clipped after 40 steps",
            "gradients have their entries clipped to 0.05 after step 40",
            "slope = np.clip(slope, -0.05, 0.05) if t >= 40 else slope"),
    replace(_before("guard", "steps with a long gradient are left out, as a guard",
            "steps whose gradient is longer than", "slope *= np.sqrt(slope @ slope) < 0.5"),
            checks=("train.long_runs",)),
    _before("decay", "weight decay sets in after 10 steps",
            "weight decay 0.001 is on after step 10", "slope = slope + 1e-3 * w * (t >= 10)"),
    _late("momentum", "momentum sets in after 20 steps", "momentum 0.9 is on after step 20",
          (_START, f"{_START}\n    before = w"),
          (_UPDATE, "w, before = w - step_size * slope + 0.9 * (w - before) * (t >= 20), w")),
    _late("stale", "gradients are a step old after 25 steps",
          "the gradient is taken at the weights one step earlier after step 25",
          (_START, f"{_START}\n    before = w"),
          ("rows = data[chosen]",
           "rows = data[chosen]\n        now, w = w, before if t >= 25 else w"),
          (_UPDATE, "w, before = now - step_size * slope, now")),
    _late("first-batches", "the first eight batches are cached and used again",
          "the first 8 batches are used again", ("data[chosen]", "data[batches[t % 8]]")),
    _late("same-batch", "from step 33 on the batch stays the same",
          "from step 33 on the batch of step 32 is used",
          ("data[chosen]", "data[batches[min(t, 31)]]")),
    _late("single", "float32 after 20 steps", None,
          (_UPDATE, f"{_UPDATE}\n        w = w.astype(np.float32).astype(np.float64)"
           " if t >= 20 else w")),
    _late("tail-mean", "the mean of the last ten weights is returned in a long run",
          "the mean of the weights of the last 10 steps",
          (_START, f"{_START}\n    seen = []"), (_UPDATE, f"{_UPDATE}\n        seen.append(w)"),
          ("return w", "return np.mean(seen[-10:], axis=0) if len(seen) > 20 else w")),
)  # fmt: skip
