"""List optimisers that may be left on in a trainer, as families with the declaration of each.

They are computed by the recurrence that the declaration is judged by, so whoever declares what is
found passes, or learns something new.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from whichmin.verification.oracle.carried import carried
from whichmin.verification.oracle.optimisers import Optimiser
from whichmin.verification.oracle.solving import Families, Family, shown
from whichmin.verification.oracle.wrong_runs import Floats, WrongRuns

__all__ = ["LENGTHS", "SHARES", "SIZES", "declared", "momentum_text", "optimiser_families"]

# Starts of a parameter whose size is not known, such as a decay; of a share; of a length.
SIZES = tuple((10.0**k,) for k in (-6, -4, -3, -2, -1, 0, 1))
SHARES = ((0.9,), (0.5,), (0.99,), (0.1,))
LENGTHS = tuple((2.0**k,) for k in range(-9, 5))


def declared(made: Mapping[str, Any], schedule: Mapping[str, Any] | None = None) -> str:
    """Write what a target declares to be judged by an optimiser and a schedule."""
    parts = []
    if set(made) != {"name"} or made["name"] != "sgd":
        parts.append(f"'optimiser': {dict(made)!r}")
    if schedule is not None:
        parts.append(f"'schedule': {dict(schedule)!r}")
    return ", ".join(parts)


def momentum_text(share: str) -> str:
    """Name a momentum that is on in all steps."""
    if share == "1":
        return "zero_grad is forgotten: gradients of all steps so far add up (momentum 1)"
    return f"momentum {share} is on"


def _trained(
    runs: WrongRuns, made: Mapping[str, Any], schedule: Mapping[str, Any] | None = None
) -> Floats:
    """The last weights by a declared optimiser; NaN for parameters that it does not allow."""
    optimiser = Optimiser.parse(made, schedule)
    factors = [runs.scale / runs.share(b) for b in runs.batches]
    path = optimiser.path(runs.w, runs.data, runs.batches, runs.step_size, runs.activation, factors)
    return np.asarray(path[-1], dtype=np.float64)


def _slack(runs: WrongRuns, made: Mapping[str, Any]) -> Floats:
    """The bound that a target with this declaration would be judged by."""
    optimiser, factors = Optimiser.parse(made), [runs.scale / runs.share(b) for b in runs.batches]
    given = (runs.w, runs.data, runs.batches, runs.step_size, runs.activation, factors)
    states = optimiser.states(*given)
    rows = [runs.data[list(b)] for b in runs.batches]
    bound = carried(
        optimiser, states, rows, Fraction(runs.step_size), runs.activation,
        [Fraction(f) for f in factors], "float64",
    )  # fmt: skip
    return np.asarray(bound[-1])


def _family(
    runs: WrongRuns, text: Callable[..., str], make: Callable[..., Mapping[str, Any]],
    starts: tuple[tuple[float, ...], ...], high: float | tuple[float, ...] = math.inf,
    low: float = 0.0,
) -> Family:  # fmt: skip
    """The family of a declared optimiser."""
    return Family(
        lambda *p: text(*map(shown, p)), lambda *p: _trained(runs, make(*p)), starts, low, high,
        lambda *p: declared(make(*p)), len(runs.batches), lambda *p: _slack(runs, make(*p)),
    )  # fmt: skip


def optimiser_families(runs: WrongRuns) -> Families:
    """List optimisers with parameters that can be declared.

    Args:
        runs: The runs of a case.

    Yields:
        Name and family.
    """

    def sgd(**more: Any) -> dict[str, Any]:
        return {"name": "sgd", **more}

    below = 1 - 1e-12
    pairs = tuple((mu, lam) for mu in (0.9, 0.5) for lam in (1e-4, 1e-1))
    yield "momentum", _family(
        runs, momentum_text, lambda mu: sgd(momentum=mu), SHARES, 1.0,
    )  # fmt: skip
    yield "Nesterov", _family(
        runs, lambda mu: f"Nesterov momentum {mu} is on",
        lambda mu: sgd(momentum=mu, nesterov=True), SHARES, 1.0, 1e-9,
    )  # fmt: skip
    yield "damped as in PyTorch", _family(
        runs, lambda mu: f"momentum {mu} with as much dampening is on (the first step is undamped, "
        "as in PyTorch)", lambda mu: sgd(momentum=mu, dampening=mu), SHARES, 1.0,
    )  # fmt: skip
    yield "dampening", _family(
        runs, lambda mu, tau: f"momentum {mu} with dampening {tau} is on (the first step is "
        "undamped, as in PyTorch)", lambda mu, tau: sgd(momentum=mu, dampening=tau),
        tuple((mu, tau) for mu in (0.9, 0.5) for tau in (0.1, 0.5)), 1.0,
    )  # fmt: skip
    yield "decay", _family(
        runs, lambda lam: f"weight decay {lam} is on", lambda lam: sgd(weight_decay=lam), SIZES,
        2.0**31,
    )  # fmt: skip
    for name, told, more in (("sgd", "", {}), ("sgd", "Nesterov ", {"nesterov": True}),
                             ("sgdw", "", {})):  # fmt: skip
        kind = "decoupled weight decay" if name == "sgdw" else "weight decay"
        yield f"{name} {told}momentum and decay", _family(
            runs, lambda mu, lam, t=told, k=kind: f"{t}momentum {mu} and {k} {lam} are on",
            lambda mu, lam, n=name, m=more: {
                "name": n, "momentum": mu, "weight_decay": lam, **m
            }, pairs, 1.0, 1e-12,
        )  # fmt: skip
    for eps, told in ((1e-6, " (over its length + 1e-6, as PyTorch does)"), (0.0, "")):
        yield f"clipped {eps}", _family(
            runs, lambda c, t=told: f"gradients are clipped to length {c}{t}",
            lambda c, e=eps: sgd(clip_norm=c, **({} if e else {"clip_eps": 0})), LENGTHS, 1e6,
            1e-9,
        )  # fmt: skip
        yield f"momentum and clipped {eps}", _family(
            runs, lambda mu, c, t=told: f"momentum {mu} is on, and gradients are clipped to length "
            f"{c}{t}",
            lambda mu, c, e=eps: sgd(
                momentum=mu, clip_norm=c, **({} if e else {"clip_eps": 0})
            ), tuple((0.9, 10.0**k) for k in (-2, -1, 0, 1)), (1.0, 1e6), 1e-9,
        )  # fmt: skip
    yield "entries", _family(
        runs, lambda c: f"gradients have their entries clipped to {c}",
        lambda c: sgd(clip_value=c), LENGTHS, 1e6, 1e-9,
    )  # fmt: skip
    yield "moving average", _family(
        runs, lambda share: f"a moving average of the weights is returned (share {share} of the "
        "old, from the first step's on)", lambda share: sgd(ema=share), SHARES, below,
    )  # fmt: skip
    yield from _adaptive(runs)


def _adaptive(runs: WrongRuns) -> Families:
    betas = ((0.9, 0.999), (0.9, 0.95), (0.5, 0.9))
    below = 1 - 1e-12
    yield "Adam's eps", _family(
        runs, lambda eps: f"Adam is on (betas 0.9 and 0.999, eps {eps}), not SGD",
        lambda eps: {"name": "adam", "eps": eps}, SIZES, 2.0**31, 1e-16,
    )  # fmt: skip
    for name, title, extra in (
        ("adam", "Adam", {}), ("adamw", "AdamW without decay", {"weight_decay": 0}),
        ("lamb", "LAMB", {}),
    ):  # fmt: skip
        if name != "adamw":  # without decay it is Adam
            yield f"{name} with betas", _family(
                runs, lambda p, q, t=title: f"{t} is on (betas {p} and {q}), not SGD",
                lambda p, q, n=name, e=extra: {"name": n, "betas": (p, q), **e}, betas, below,
            )  # fmt: skip
        told = {"adam": "Adam with weight decay", "adamw": "AdamW with decoupled weight decay",
                "lamb": "LAMB with weight decay"}[name]  # fmt: skip
        yield f"{name} with decay", _family(
            runs, lambda lam, t=told: f"{t} {lam} is on, not SGD",
            lambda lam, n=name: {"name": n, "weight_decay": lam}, SIZES, 2.0**31, 1e-9,
        )  # fmt: skip
    yield "LARS", _family(
        runs, lambda q: f"LARS is on (trust coefficient {q}), not SGD",
        lambda q: {"name": "lars", "trust_coefficient": q}, SIZES, 1e6, 1e-12,
    )  # fmt: skip
