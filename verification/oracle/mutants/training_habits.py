"""Trainers in which something usual is left on, or forgotten: what public reports tell of."""

from __future__ import annotations

from whichmin.verification.oracle.mutants.mutant import Mutant

__all__ = ["TRAINING_HABITS"]

_LOOP = "for chosen in batches:"
_UPDATE = "w = w - step_size * slope"
_START = "w = w0.copy()"
_MEAN = "/ len(rows)"
_PHI = "phi(rows @ w, activation)"
_SLOPE = "slope = ((norm - 2) * (f @ rows) + (f @ f) * w) / len(rows)"
_RETURN = "return w"


def _train(name: str, wrong: str, cause: str | None, *change: tuple[str, str]) -> Mutant:
    return Mutant(f"train.{name}", wrong, change, cause, ("train.values",))


def _state(name: str, wrong: str, cause: str, start: str, update: str) -> Mutant:
    """Something is kept from step to step; ``t`` counts them."""
    return _train(name, wrong, cause, (_START, f"{_START}\n    t, {start}"),
                  (_UPDATE, f"t += 1\n        {update}"))  # fmt: skip


def _sum(name: str, wrong: str, cause: str, total: str) -> Mutant:
    """The mean of a batch is formed in another way, from the rows' gradients ``each``."""
    each = "each = (norm - 2) * f[:, None] * rows + np.outer(f * f, w)"
    return _train(name, wrong, cause, (_SLOPE, f"{each}\n        b = len(rows)\n        {total}"))


def _rate(name: str, wrong: str, cause: str, rate: str) -> Mutant:
    """The step size is ``step_size`` times something of t, from 0."""
    return _train(name, wrong, cause, (_LOOP, "for t, chosen in enumerate(batches):"),
                  (_UPDATE, f"w = w - step_size * ({rate}) * slope"))  # fmt: skip


def _active(name: str, wrong: str, cause: str, value: str, derivative: str) -> Mutant:
    """Another activation, with its derivative, both of ``c``."""
    update = (
        f"c, d = rows @ w, np.ones(len(rows))\n        f = c\n"
        f'        if activation == "relu":\n            f, d = {value}, {derivative}'
    )
    gradient = "slope = ((norm * f * d - f - c * d) @ rows + (f @ f) * w) / len(rows)"
    return _train(name, wrong, cause, (f"f = {_PHI}", update), (_SLOPE, gradient))


def _sgd(direction: str, decay: str = "0.0", form: str = "") -> str:
    made = f"g = slope + {decay} * w\n        v = {form or 'g if t == 1 else 0.85 * v + g'}\n"
    return f"{made}        w = w - step_size * ({direction})"


_ADAM = (
    "m, s = 0.9 * m + 0.1 * g, 0.999 * s + 0.001 * g * g\n"
    "        w = w{decay} - step_size * (m / (1 - 0.9**t)) / (np.sqrt(s / (1 - 0.999**t)) + 1e-8)"
)
_OPTIMISERS = (
    _state("zero-grad", "zero_grad is forgotten", "zero_grad is forgotten", "v = 0, 0 * w",
           "v = v + slope\n        w = w - step_size * v"),
    _state("zero-grad-epoch", "zero_grad once an epoch", "zero_grad is called once an epoch",
           "v = 0, 0 * w", "epoch = -(-len(data) // len(rows))\n"
           "        v = slope if (t - 1) % epoch == 0 else v + slope\n"
           "        w = w - step_size * v"),
    _state("zero-grad-second", "zero_grad every second step", "before every 2th step",
           "v = 0, 0 * w",
           "v = slope if t % 2 == 1 else v + slope\n        w = w - step_size * v"),
    _state("every-third", "an update after every third batch", "after every 3 batches alone, by",
           "v = 0, 0 * w", "v = v + slope / 3\n        if t % 3 == 0:\n"
           "            w, v = w - step_size * v, 0 * v"),
    _state("every-second-sum", "an update after every second batch, by the sum",
           "after every 2 batches alone, by the sum", "v = 0, 0 * w",
           "v = v + slope\n        if t % 2 == 0 or t == len(batches):\n"
           "            w, v = w - step_size * v, 0 * v"),
    _state("momentum-85", "momentum 0.85", "momentum 0.85 is on", "v = 0, 0 * w", _sgd("v")),
    _state("nesterov", "Nesterov momentum 0.85", "Nesterov momentum 0.85 is on", "v = 0, 0 * w",
           _sgd("g + 0.85 * v")),
    _state("nesterov-ahead", "Nesterov's own form, 0.7", "Nesterov momentum 0.7 is on, the grad",
           "v = 0, 0 * w", "at = w + 0.7 * v\n        f = phi(rows @ at, activation)\n"
           "        g = ((at @ at - 2) * (f @ rows) + (f @ f) * at) / len(rows)\n"
           "        v = 0.7 * v - step_size * g\n        w = w + v"),
    _state("dampening", "dampening as in PyTorch", "momentum 0.9 with dampening 0.25 is on",
           "v = 0, 0 * w", _sgd("v", form="g if t == 1 else 0.9 * v + 0.75 * g")),
    _state("dampening-alike", "dampening as large as momentum", "as much dampening is on",
           "v = 0, 0 * w", _sgd("v", form="g if t == 1 else 0.9 * v + 0.1 * g")),
    _state("damped-70", "averaged gradients, 0.7", "damped momentum 0.7 is on", "v = 0, 0 * w",
           _sgd("v", form="0.7 * v + 0.3 * g")),
    _state("decay-and-momentum", "momentum and weight decay",
           "momentum 0.85 and weight decay 0.003 are on", "v = 0, 0 * w", _sgd("v", "0.003")),
    _state("sgdw", "momentum and decoupled decay",
           "momentum 0.85 and decoupled weight decay 0.02 are on", "v = 0, 0 * w",
           "v = 0.85 * v + slope\n        w = (1 - 0.02 * step_size) * w - step_size * v"),
    _state("adam", "Adam", "Adam is on (betas 0.9 and 0.999, eps 1e-08)", "m, s = 0, 0 * w, 0 * w",
           f"g = slope\n        {_ADAM.format(decay='')}"),
    _state("adam-l2", "Adam with an L2 penalty", "Adam with weight decay 0.05 is on",
           "m, s = 0, 0 * w, 0 * w", f"g = slope + 0.05 * w\n        {_ADAM.format(decay='')}"),
    _state("adamw", "AdamW", "AdamW with decoupled weight decay 0.01 is on",
           "m, s = 0, 0 * w, 0 * w",
           f"g = slope\n        {_ADAM.format(decay=' - step_size * 0.01 * w')}"),
    _state("rmsprop", "RMSprop", "RMSprop is on (share 0.99", "s = 0, 0 * w",
           "s = 0.99 * s + 0.01 * slope**2\n"
           "        w = w - step_size * slope / (np.sqrt(s) + 1e-8)"),
    _state("adagrad", "Adagrad", "Adagrad is on (eps 1e-10)", "s = 0, 0 * w",
           "s = s + slope**2\n        w = w - step_size * slope / (np.sqrt(s) + 1e-10)"),
    _state("ema", "a moving average of the weights is returned", "share 0.95 of the old, from the "
           "first step's on", "kept = 0, w",
           f"{_UPDATE}\n        kept = w if t == 1 else 0.95 * kept + 0.05 * w\n"
           "        if t == len(batches):\n            return kept"),
    _state("ema-start", "a moving average that begins at the start", "from the start on",
           "kept = 0, w", f"{_UPDATE}\n        kept = 0.8 * kept + 0.2 * w\n"
           "        if t == len(batches):\n            return kept"),
    _train("decay-30", "weight decay 0.3", "weight decay 0.3 is on",
           (_UPDATE, f"slope = slope + 0.3 * w\n        {_UPDATE}")),
    _train("decay-alone", "the weights shrink after the step", "weight decay 0.04 is on, applied",
           (_UPDATE, f"{_UPDATE}\n        w = (1 - 0.04 * step_size) * w")),
    _train("lasso", "an L1 penalty", "an L1 penalty 0.002 |w| is on",
           (_UPDATE, f"slope = slope + 0.002 * np.sign(w)\n        {_UPDATE}")),
    _train("clip-torch", "clip_grad_norm_(0.25)", "clipped to length 0.25 (over its length + 1e-6",
           (_UPDATE, f"slope = slope * min(1.0, 0.25 / (np.sqrt(slope @ slope) + 1e-6))\n"
            f"        {_UPDATE}")),
    _train("clip-37", "clipping at 0.37", "clipped to length 0.37",
           (_UPDATE, f"slope = slope * min(1.0, 0.37 / max(np.sqrt(slope @ slope), 1e-300))\n"
            f"        {_UPDATE}")),
    _train("clip-values", "entries clipped to 0.02", "entries clipped to 0.02",
           (_UPDATE, f"slope = np.clip(slope, -0.02, 0.02)\n        {_UPDATE}")),
    _train("weights-cut", "weights cut to [-0.4, 0.4]", "the weights are cut to [-c, c]",
           (_UPDATE, f"{_UPDATE}\n        w = np.clip(w, -0.4, 0.4)")),
    _train("max-norm", "weights kept at most 0.8 long", "weights longer than 0.8 are scaled back",
           (_UPDATE, f"{_UPDATE}\n        w = w * min(1.0, 0.8 / max(np.sqrt(w @ w), 1e-300))")),
    _train("signs", "the sign of the gradient", "the sign of the gradient is taken",
           (_UPDATE, "w = w - step_size * np.sign(slope)")),
)  # fmt: skip
_SCHEDULES = (
    _rate("exponential", "ExponentialLR 0.97", "multiplied by 0.97 after every step", "0.97**t"),
    _rate("halved-second", "StepLR every second step", "by 0.3 after every 2 steps",
          "0.3 ** (t // 2)"),
    _rate("inverse", "1/(1 + 0.1 t)", "decays as 1/(1 + 0.1 t)", "1 / (1 + 0.1 * t)"),
    _rate("root", "1/sqrt(t + 1)", "decays as (t + 1)^-0.5", "(t + 1) ** -0.5"),
    _rate("cosine", "a cosine over 12 steps", "a cosine down to 0 over 12 steps",
          "(1 + np.cos(np.pi * t / 12)) / 2"),
    _rate("cosine-long", "a cosine over 20,000 steps", "a cosine down to 0 over 20000 steps",
          "(1 + np.cos(np.pi * t / 20000)) / 2"),
    _rate("cosine-run", "a cosine over the run", "a cosine over the run, to 0 of itself",
          "(1 + np.cos(np.pi * t / len(batches))) / 2"),
    _rate("linear-decay", "linear decay over 30 steps", "falls linearly to 0 over 30 steps",
          "1 - t / 30"),
    _rate("warm-up", "a warm-up over 10 steps", "the step size is (t + 1)/10 of itself",
          "min((t + 1) / 10, 1)"),
    _rate("warm-up-0", "a warm-up from 0", "the step size is t/7 of itself", "min(t / 7, 1)"),
    _rate("warm-up-third", "LinearLR's default", "rises from 1/3 of itself",
          "1 / 3 + (1 - 1 / 3) * min(t / 5, 1)"),
    _rate("jagged", "a table of step sizes", "is multiplied by 1, 0.7, 1.3, 0.2",
          "[1, 0.7, 1.3, 0.2][t]"),
    _rate("third", "a third of the step size", "the step size is multiplied by 1/3", "1 / 3"),
)  # fmt: skip
_BATCHES = (
    _sum("micro-means", "the mean of the means of micro-batches of 2", "micro-batches (size 2): "
         "each counts", "slope = np.mean([each[k : k + 2].mean(0) for k in range(0, b, 2)], 0)"),
    _sum("micro-means-3", "the mean of the means of micro-batches of 3", "micro-batches (size 3): "
         "each counts", "slope = np.mean([each[k : k + 3].mean(0) for k in range(0, b, 3)], 0)"),
    _sum("micro-sums", "means of micro-batches are added up", "means of micro-batches (size 2) are "
         "added up", "slope = np.sum([each[k : k + 2].mean(0) for k in range(0, b, 2)], 0)"),
    _sum("micro-tail", "a short last micro-batch is dropped", "micro-batches of 2: a shorter last",
         "k = max(b // 2 * 2, 1)\n        slope = each[:k].mean(0)"),
    _sum("micro-constant", "each micro-batch is divided by 2", "each is divided by 2, a shorter",
         "slope = each.sum(0) / (2 * -(-b // 2))"),
    _sum("ranks-turn", "the mean of two ranks' means", "(2 ranks, rows dealt in turn): a short",
         "slope = np.mean([each[r::2].mean(0) for r in range(min(2, b))], 0)"),
    _sum("ranks-padded", "shards are padded", "shards are filled up with the batch's first rows (3",
         "slope = each[np.arange(-(-b // 3) * 3) % b].mean(0)"),
    _sum("rank-0", "rank 0 alone", "rank 0 alone counts (2 ranks, rows dealt in turn)",
         "slope = each[::2].mean(0)"),
    _sum("constant", "divided by 32", "multiplied by 1/32 b", "slope = each.sum(0) / 32"),
    _sum("root-b", "the step size is scaled with the root of b", "multiplied by 1 sqrt(b)",
         "slope = each.sum(0) / np.sqrt(b)"),
    _sum("root-256", "the root rule, relative to 256", "multiplied by 0.0625 sqrt(b)",
         "slope = each.mean(0) * np.sqrt(b / 256)"),
    _sum("mse", "torch.nn.MSELoss", "MSELoss: the mean over the coordinates too, without the 1/2",
         "slope = 2 * each.mean(0) / len(w)"),
    _sum("mse-half", "MSELoss halved", "the mean over the coordinates too (a factor 1/n)",
         "slope = each.mean(0) / len(w)"),
    _sum("mse-sum", "MSELoss, reduction sum", "without the 1/2 (a factor 2b)",
         "slope = 2 * each.sum(0)"),
    _train("sorted", "the batches are sorted", "the batches are sorted",
           (_LOOP, "for chosen in sorted(batches.tolist()):")),
    _train("shuffled", "the batches are shuffled", "in another order: shuffled",
           (_LOOP, "order = np.random.default_rng(len(data)).permutation(len(batches))\n"
            "    for chosen in batches[order]:")),
    _train("shuffled-anew", "the batches are shuffled, differently every time",
           "in another order: shuffled",
           (_LOOP, "for chosen in np.random.default_rng().permutation(batches):")),
    _train("dropout", "dropout is on", "gives other values when it is called again",
           (_SLOPE, f"f = f * (np.random.random(len(f)) > 0.1) / 0.9\n        {_SLOPE}")),
    _train("noise-anew", "noise of size 1e-9, anew every time", "spread by about",
           (_RETURN, "return w + 1e-9 * np.random.standard_normal(len(w))")),
    _train("data-scaled", "pixels divided by 255", "by 1/65025, or the points by its root",
           ("data[chosen]", "data[chosen] / 255")),
    _train("data-centred", "the data are centred", "the points are centred",
           ("data[chosen]", "data[chosen] - data.mean(axis=0)")),
)  # fmt: skip
_ACTIVATIONS = (
    _active("gelu", "GELU", "GELU (its tanh form) in place of relu",
            "0.5 * c * (1 + np.tanh(u := 0.7978845608028654 * (c + 0.044715 * c**3)))",
            "0.5 * (1 + np.tanh(u)) + 0.5 * c * (1 - np.tanh(u) ** 2) * 0.7978845608028654 "
            "* (1 + 0.134145 * c * c)"),
    _active("silu", "SiLU", "SiLU (swish) in place of relu", "c * (s := 1 / (1 + np.exp(-c)))",
            "s * (1 + c * (1 - s))"),
    _active("tanh", "tanh", "tanh in place of relu", "np.tanh(c)", "1 - np.tanh(c) ** 2"),
    _active("softplus", "softplus", "softplus in place of relu", "np.logaddexp(0, c)",
            "1 / (1 + np.exp(-c))"),
    _active("elu", "ELU", "ELU with alpha = 1 in place of relu",
            "np.where(c > 0, c, np.expm1(np.minimum(c, 0)))",
            "np.where(c > 0, 1, np.exp(np.minimum(c, 0)))"),
    _active("leaky-5", "leaky ReLU, slope 0.05", "a leaky relu with slope 0.05 in place",
            "np.where(c > 0, c, 0.05 * c)", "np.where(c > 0, 1, 0.05)"),
    _active("modulus", "the absolute value", "the absolute value for relu", "np.abs(c)",
            "np.sign(c)"),
)  # fmt: skip


def _unequal(name: str, wrong: str, cause: str | None, *change: tuple[str, str]) -> Mutant:
    return Mutant(
        f"train.{name}", wrong, change, cause, ("train.values",), declares={"batches": "unequal"}
    )


_UNEQUAL = (
    _unequal("nominal", "divided by the nominal batch size", "by the size of the first, not by",
             (_MEAN, "/ len(batches[0])")),
    _unequal("largest", "divided by the largest batch size", "by the size of the largest, not",
             (_MEAN, "/ max(map(len, batches))")),
    _unequal("short-dropped", "short batches are dropped", "shorter than the first are dropped",
             (_LOOP, "for chosen in [b for b in batches if len(b) >= len(batches[0])]:")),
    _unequal("short-cut", "batches are cut to the shortest", "cut to the size of the shortest",
             ("data[chosen]", "data[chosen[: min(map(len, batches))]]")),
    _unequal("short-padded", "short batches are filled up with the first points",
             "the size of the first with the first points",
             ("data[chosen]", "data[[*chosen, *(i % len(data) for i in "
              "range(len(batches[0]) - len(chosen)))]]")),
    _unequal("kept", "a buffer keeps the batch before", "with what the batch before left behind",
             (_START, f"{_START}\n    kept = []"),
             ("data[chosen]", "data[(kept := [*chosen, *kept[len(chosen) : max(map(len, "
              "batches))]])]")),
    _unequal("unequal-order", "the longest batch first", "reverse order",
             (_LOOP, "for chosen in batches[::-1]:")),
)  # fmt: skip


def _step(name: str, wrong: str, cause: str | None, update: str) -> Mutant:
    """``g`` is the mean gradient, ``each`` the rows' gradients."""
    old = "return np.asarray(w - step_size * slope / len(batch))"
    given = (
        "each = (w @ w - 2) * f[:, None] * batch + np.outer(f * f, w)\n"
        "    g, b = slope / len(batch), len(batch)\n    "
    )
    return Mutant(f"step.{name}", wrong, ((old, given + update),), cause, ("step.values",))


_STEPS = (
    _step("decay", "weight decay 0.02", "weight decay 0.02 is on",
          "return w - step_size * (g + 0.02 * w)"),
    _step("shrink", "the weights shrink by 0.02", "shrink by 0.02 of themselves",
          "return 0.98 * w - step_size * g"),
    _step("clip-torch", "clip_grad_norm_(0.3)", "clipped to length 0.3 (over its length + 1e-6",
          "return w - step_size * g * min(1.0, 0.3 / (np.sqrt(g @ g) + 1e-6))"),
    _step("adam", "Adam", "Adam is on (betas 0.9 and 0.999, eps 1e-08)",
          "return w - step_size * g / (np.abs(g) + 1e-8)"),
    _step("micro", "the mean of the means of micro-batches of 2", "micro-batches (size 2): each",
          "return w - step_size * np.mean([each[k : k + 2].mean(0) for k in range(0, b, 2)], 0)"),
    _step("root-b", "scaled with the root of b", "multiplied by 1 sqrt(b)",
          "return w - step_size * g * np.sqrt(b)"),
    _step("constant", "divided by 64", "multiplied by 1/64 b",
          "return w - step_size * each.sum(0) / 64"),
    _step("noise", "noise, anew every time", "gives other values when it is called again",
          "return w - step_size * (g + 0.01 * np.random.standard_normal(len(w)))"),
)  # fmt: skip

TRAINING_HABITS = (
    *_OPTIMISERS, *_SCHEDULES, *_BATCHES, *_ACTIVATIONS, *_UNEQUAL, *_STEPS
)  # fmt: skip
