"""Correct trainers that compute in another way: other sums, other forms of the same recurrence."""

from __future__ import annotations

from whichmin.verification.oracle.mutants.optimised import LAMB, LARS, NESTEROV
from whichmin.verification.oracle.mutants.variants import Variant

__all__ = ["UNUSUAL_RUNS"]

_SLOPE = "slope = ((norm - 2) * (f @ rows) + (f @ f) * w) / len(rows)"
_BUFFER = "velocity = g if t == 0 else 0.9 * velocity + 0.5 * g"
_RATE = "rate = step_size * 0.5 ** (t // 3)"
_ADAM = "w = w - rate * first / (np.sqrt(second) + 0.01)"


def _sgd(name: str, unusual: str, *change: tuple[str, str], **more: object) -> Variant:
    return Variant(f"train.{name}", unusual, change, **more)  # type: ignore[arg-type]


def _advance(name: str, unusual: str, base: str, *change: tuple[str, str]) -> Variant:
    return Variant(f"train.{name}", unusual, change, base=f"base_{base}", inside="advance")


UNUSUAL_RUNS = (
    _sgd("by-residuals", "the gradient by backpropagation through residuals",
         (_SLOPE, "away = np.outer(f, w) - rows\n"
          "        on = (f > 0) | (activation == 'linear')\n"
          "        slope = (f @ away + ((away @ w) * on) @ rows) / len(rows)")),
    _sgd("point-by-point", "gradients are added up point by point, the last one first",
         (_SLOPE, "slope = sum((norm - 2) * p * a + p * p * w for p, a in"
          " zip(f[::-1], rows[::-1])) / len(rows)")),
    _sgd("scaled-points", "each point is divided by the batch size before the sum",
         (_SLOPE, "slope = sum(((norm - 2) * p * a + p * p * w) / len(rows) for p, a in"
          " zip(f, rows))")),
    _sgd("rate-per-point", "the step size is divided by the batch size, not the gradient",
         ("/ len(rows)", ""), ("step_size * slope", "step_size / len(rows) * slope")),
    _sgd("long-double", "weights in extended precision",
         ("w = w0.copy()", "w = w0.astype(np.longdouble)"),
         ("return w", "return w.astype(np.float64)")),
    _sgd("in-place", "weights updated in place",
         ("w = w - step_size * slope", "w -= step_size * slope")),
    _sgd("single", "float32 throughout, declared",
         ("w = w0.copy()", "w = w0.copy()\n    step_size = np.float32(step_size)"),
         declares={"dtype": "float32"}),
    _sgd("momentum-0", "an optimiser with momentum 0 is declared",
         declares={"optimiser": {"name": "sgd", "momentum": 0.0}}),
    _sgd("schedule-of-ones", "a schedule that never changes is declared",
         declares={"schedule": {"name": "factors", "values": [1]}}),
    _sgd("clipped-high", "clipping that never sets in is declared",
         declares={"optimiser": {"name": "sgd", "clip_norm": 1e6}}),
    _advance("lerp", "the momentum buffer by another form of the same sum", "momentum",
             (_BUFFER, "velocity = g if t == 0 else velocity + (0.5 * g - 0.1 * velocity)")),
    _advance("negative-buffer", "the momentum buffer has the opposite sign", "momentum",
             (_BUFFER, "velocity = -g if t == 0 else 0.9 * velocity - 0.5 * g"),
             ("w = w - rate * velocity", "w = w + rate * velocity")),
    _advance("repeated-factor", "the schedule multiplies factor by factor", "momentum",
             (_RATE, "rate = step_size\n    for _ in range(t // 3):\n        rate = rate * 0.5")),
    Variant("train.nesterov-declared", "Nesterov momentum is declared", NESTEROV[0],
            base="base_momentum", inside="advance", declares=NESTEROV[1],
            source="torch.optim.SGD with nesterov=True"),
    Variant("train.lars-declared", "LARS is declared", LARS[0], base="base_momentum",
            inside="advance", declares=LARS[1]),
    Variant("train.lamb-declared", "LAMB is declared", LAMB[0], base="base_adaptive",
            inside="advance", declares=LAMB[1]),
    _advance("adam-lerp", "Adam's first moment by lerp, as in PyTorch", "adaptive",
             ("mean = 0.9 * mean + (1 - 0.9) * g", "mean = mean + (1 - 0.9) * (g - mean)")),
    _advance("adam-rates", "Adam's biases are taken into the step size", "adaptive",
             (_ADAM, "root = np.sqrt(1 - 0.999**t)\n    w = w - rate * root / (1 - 0.9**t) * mean"
              " / (np.sqrt(square) + 0.01 * root)")),
    _advance("adam-decay-factor", "decoupled decay as a factor of the weights", "adaptive",
             ("w = w - rate * 0.1 * w", "w = w * (1 - rate * 0.1)")),
    Variant("resumed_train.momentum", "momentum, decay and schedule go on where they were",
            base="base_momentum"),
    Variant("resumed_train.adam", "Adam's moments and count go on", base="base_adaptive"),
    Variant("step.momentum", "the first step of momentum is undamped", base="base_momentum"),
    Variant("step.adam", "the first step of AdamW", base="base_adaptive"),
)  # fmt: skip
