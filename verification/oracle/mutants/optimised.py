"""Faulty trainers with a declared optimiser, and runs that are resumed wrongly."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from whichmin.verification.oracle.mutants.mutant import Mutant

__all__ = ["LAMB", "LARS", "NESTEROV", "OPTIMISED"]

Change = tuple[str, str]
_BUFFER = "velocity = g if t == 0 else 0.9 * velocity + 0.5 * g"
_DECAY = "g = g + 0.01 * w"
_MOVE = "w = w - rate * velocity"
_RATE = "rate = step_size * 0.5 ** (t // 3)"
_ADAM = "w = w - rate * first / (np.sqrt(second) + 0.01)"

#: Base and change of its text for Nesterov's step, and what it then declares.
NESTEROV: tuple[tuple[Change, ...], Mapping[str, Any]] = (
    ((_BUFFER, "velocity = g if t == 0 else 0.9 * velocity + g"),
     (_MOVE, "w = w - rate * (g + 0.9 * velocity)")),
    {"optimiser": {"name": "sgd", "momentum": 0.9, "nesterov": True, "weight_decay": 0.01}},
)  # fmt: skip
#: The same for LARS, whose buffer holds the step.
LARS: tuple[tuple[Change, ...], Mapping[str, Any]] = (
    ((_DECAY, "trust = 0.02 * np.sqrt(w @ w) / (np.sqrt(g @ g) + 0.01 * np.sqrt(w @ w) + 1e-3)"),
     (_BUFFER, "velocity = 0.9 * velocity + rate * trust * (g + 0.01 * w)"),
     (_MOVE, "w = w - velocity")),
    {"optimiser": {"name": "lars", "momentum": 0.9, "weight_decay": 0.01,
                   "trust_coefficient": 0.02, "eps": 1e-3}},
)  # fmt: skip
#: The same for LAMB, of the base with AdamW.
LAMB: tuple[tuple[Change, ...], Mapping[str, Any]] = (
    (("    w = w - rate * 0.1 * w\n", ""),
     (_ADAM, "move = first / (np.sqrt(second) + 0.01) + 0.1 * w\n"
      "    w = w - rate * np.sqrt(w @ w) / np.sqrt(move @ move) * move")),
    {"optimiser": {"name": "lamb", "weight_decay": 0.1, "eps": 0.01}},
)  # fmt: skip


def _trained(
    base: str, name: str, wrong: str, cause: str | None, *change: Change,
    declares: Mapping[str, Any] | None = None,
) -> Mutant:  # fmt: skip
    return Mutant(
        f"train.{name}", wrong, change, cause, ("train.values", "train.long_runs"), base=base,
        inside="advance", declares=declares or {},
    )  # fmt: skip


def _momentum(name: str, wrong: str, cause: str | None, *change: Change) -> Mutant:
    return _trained("base_momentum", f"sgd-{name}", wrong, cause, *change)


def _adam(name: str, wrong: str, cause: str | None, *change: Change) -> Mutant:
    return _trained("base_adaptive", f"adamw-{name}", wrong, cause, *change)


def _of(
    kind: tuple[tuple[Change, ...], Mapping[str, Any]], base: str, name: str, wrong: str,
    cause: str | None, *change: Change,
) -> Mutant:  # fmt: skip
    """A fault in the text after the change to another optimiser."""
    changes, declares = kind
    faulty = []
    for old, new in changes:
        for before, after in change:
            assert sum(before in text for _, text in changes) == 1, before
            new = new.replace(before, after)
        faulty.append((old, new))
    return _trained(base, name, wrong, cause, *faulty, declares=declares)


def _resumed(base: str, name: str, wrong: str, cause: str, *change: Change) -> Mutant:
    checks = ("resumed_train.values",)
    return Mutant(f"resumed_train.{name}", wrong, change, cause, checks, base=base)


_LOOP = "for chosen in batches[stop:]:"
_SAVED = "w, velocity, t = state\n"

OPTIMISED = (
    _momentum("no-momentum", "momentum is not applied", "momentum is not applied",
              (_BUFFER, "velocity = g")),
    _momentum("undamped", "dampening is not applied", "dampening is not applied",
              (_BUFFER, "velocity = 0.9 * velocity + g")),
    _momentum("first-damped", "the first step is damped too", "first step of momentum is damped",
              (_BUFFER, "velocity = 0.9 * velocity + 0.5 * g")),
    _momentum("average", "the buffer is an average of gradients",
              "the momentum buffer is an average of gradients",
              (_BUFFER, "velocity = 0.9 * velocity + 0.1 * g")),
    _momentum("stale-buffer", "the buffer of the step before is used",
              "the momentum buffer of the step before",
              (_MOVE, "w = w - rate * (velocity if t == 0 else state[1])")),
    _momentum("no-decay", "weight decay is not applied", "weight decay is not applied",
              (_DECAY, "g = g + 0.0 * w")),
    _momentum("decoupled", "weight decay is decoupled", "weight decay is decoupled",
              (_DECAY, "w = w - rate * 0.01 * w")),
    _momentum("late-schedule", "the schedule is a step late", "the schedule is one step late",
              (_RATE, "rate = step_size * 0.5 ** (max(t - 1, 0) // 3)")),
    _momentum("early-schedule", "the schedule is a step early", "the schedule is one step early",
              (_RATE, "rate = step_size * 0.5 ** ((t + 1) // 3)")),
    _momentum("no-schedule", "the schedule is forgotten", "the schedule is not applied",
              (_RATE, "rate = step_size")),
    _momentum("twice-scheduled", "the schedule is applied twice", "the schedule is applied twice",
              (_RATE, "rate = step_size * 0.25 ** (t // 3)")),
    _momentum("reset", "the buffer is emptied every ten steps", "buffers are lost every 10 steps",
              ("velocity = g if t == 0 else", "velocity = g if t % 10 == 0 else")),
    _of(NESTEROV, "base_momentum", "nesterov-plain", "momentum without Nesterov's step",
        "momentum without Nesterov's step", ("(g + 0.9 * velocity)", "velocity")),
    _of(NESTEROV, "base_momentum", "nesterov-stale", "Nesterov's step along the old buffer: "
        "plain momentum", "momentum without Nesterov's step",
        ("0.9 * velocity)", "0.9 * state[1])")),
    _trained("base_momentum", "nesterov-scheduled", "a schedule that is not declared",
             "step (every 3, factor 0.5)", *NESTEROV[0],
             declares={**NESTEROV[1], "schedule": {"name": "constant"}}),
    _of(NESTEROV, "base_momentum", "nesterov-normalised", "weights normalised every tenth step",
        "normalised to length 1 every 10 steps",
        ("w = w - rate * (g + 0.9 * velocity)",
         "w = w - rate * (g + 0.9 * velocity)\n    w = w / np.sqrt(w @ w) if t % 10 == 9 else w")),
    _of(LARS, "base_momentum", "lars-untrusted", "LARS without the trust ratio",
        "without the trust ratio", ("rate * trust", "rate")),
    _of(LARS, "base_momentum", "lars-gradient", "LARS's ratio without the decay below",
        "the trust ratio leaves out the weight decay", (" + 0.01 * np.sqrt(w @ w)", "")),
    _of(LARS, "base_momentum", "lars-undecayed", "LARS without weight decay",
        "weight decay is not applied", (" + 0.01 * np.sqrt(w @ w)", ""), ("(g + 0.01 * w)", "g")),
    _of(LAMB, "base_adaptive", "lamb-untrusted", "LAMB without the trust ratio",
        "without the trust ratio", (" * np.sqrt(w @ w) / np.sqrt(move @ move)", "")),
    _of(LAMB, "base_adaptive", "lamb-undecayed", "LAMB without weight decay",
        "weight decay is not applied", (" + 0.1 * w", "")),
    _adam("biased", "moments keep their biases", "not corrected for their biases",
          ("mean / (1 - 0.9**t)", "mean"), ("square / (1 - 0.999**t)", "square")),
    _adam("first-biased", "the first moment keeps its bias", "the first moment is not corrected",
          ("mean / (1 - 0.9**t)", "mean")),
    _adam("second-biased", "the second moment keeps its bias", "second moment is not corrected",
          ("square / (1 - 0.999**t)", "square")),
    _adam("eps-inside", "eps is inside the root", "eps is added inside the root",
          ("(np.sqrt(second) + 0.01)", "np.sqrt(second + 0.01)")),
    _adam("eps-early", "eps is added before the bias is taken out",
          "eps is added before the root is corrected",
          ("(np.sqrt(second) + 0.01)", "((np.sqrt(square) + 0.01) / np.sqrt(1 - 0.999**t))")),
    _adam("coupled", "weight decay is added to the gradient", "weight decay is coupled",
          ("w = w - rate * 0.1 * w", "g = g + 0.1 * w")),
    _adam("undecayed", "weight decay is forgotten", "weight decay is not applied",
          ("    w = w - rate * 0.1 * w\n", "")),
    _adam("decay-unscaled", "weight decay without the step size",
          "weight decay is not multiplied by the step size", ("w - rate * 0.1 * w", "w - 0.1 * w")),
    _adam("betas", "the betas are exchanged", "the two betas are exchanged",
          ("0.9 * mean + (1 - 0.9)", "0.999 * mean + (1 - 0.999)"),
          ("0.999 * square + (1 - 0.999)", "0.9 * square + (1 - 0.9)"),
          ("1 - 0.9**t", "1 - 0.999**t"), ("square / (1 - 0.999**t)", "square / (1 - 0.9**t)")),
    _adam("eps", "eps is PyTorch's default", "eps is 1e-08",
          ("(np.sqrt(second) + 0.01)", "(np.sqrt(second) + 1e-8)")),
    _resumed("base_momentum", "buffers", "the momentum buffer is not saved",
             "buffers are set to zero", (_SAVED, "w, velocity, t = state[0], 0 * w0, state[2]\n")),
    _resumed("base_momentum", "fresh", "a fresh optimiser and a fresh schedule go on",
             "buffers and schedule begin again",
             (_SAVED, "w, velocity, t = state[0], 0 * w0, 0\n")),
    _resumed("base_momentum", "batches", "the batches begin again", "batches begin again",
             (_LOOP, "for chosen in batches[: len(batches) - stop]:")),
    _resumed("base_momentum", "all-batches", "all batches are used again",
             "all batches are used again", (_LOOP, "for chosen in batches:")),
    _resumed("base_momentum", "repeated", "the last batch is repeated", "is repeated",
             (_LOOP, "for chosen in batches[stop - 1 :]:")),
    _resumed("base_momentum", "skipped", "the first batch is skipped",
             "the first batch after it was saved is skipped",
             (_LOOP, "for chosen in batches[stop + 1 :]:")),
    _resumed("base_momentum", "weights", "the weights are not loaded",
             "the weights are not loaded, the buffers are",
             (_SAVED, "w, velocity, t = w0, state[1], state[2]\n")),
    _resumed("base_momentum", "ends", "it does not go on", "the run ends where it was saved",
             (_LOOP, "for chosen in batches[:0]:")),
    _resumed("base_momentum", "single", "it is saved in float32", "saved in single precision",
             (_SAVED, "w, velocity = (x.astype(np.float32).astype(float) for x in state[:2])\n"
              "    t = state[2]\n")),
    _resumed("base_adaptive", "count", "the count of steps begins again",
             "count of steps begins again", ("square, t = state", "square, _ = state\n    t = 0")),
    _resumed("base_adaptive", "moments", "Adam's moments are lost with its count",
             "the optimiser's buffers are lost",
             ("w, mean, square, t = state", "w, mean, square, t = state[0], 0 * w0, 0 * w0, 0")),
)  # fmt: skip
