"""List schedules of the step size that may be left on in a trainer, as families."""

# ruff: noqa: ARG005 - a change of the gradient is given all that it may depend on

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from whichmin.verification.oracle.optimiser_families import SHARES, declared
from whichmin.verification.oracle.solving import Families, Family, shown
from whichmin.verification.oracle.wrong_runs import Floats, WrongRuns

__all__ = ["schedule_families"]

# Steps of a decay, and of a warm-up; they count as real numbers while they are looked for.
_STEPS = ((2.0,), (5.0,), (10.0,), (100.0,), (1000.0,))
_RISING = ((2.5,), (5.0,), (10.0,), (100.0,))
# Every so many steps.
_PERIODS = (2, 3, 4, 5, 10, 20, 25, 30, 50, 100)


def _scheduled(
    runs: WrongRuns, text: Callable[..., str], rate: Callable[..., float],
    starts: tuple[tuple[float, ...], ...], declare: Callable[..., str] = lambda *_: "",
    low: float = 0.0, high: float = math.inf,
) -> Family:  # fmt: skip
    """The family of a schedule: ``rate(t, *parameters)`` multiplies the step size."""

    def value(*p: float) -> Floats:
        return runs.run(change=lambda g, w, t: rate(t, *p) * g)

    return Family(
        lambda *p: text(*map(shown, p)), value, starts, low, high, declare, len(runs.batches)
    )


def _whole(number: float) -> bool:
    return abs(number - round(number)) < 1e-9


def schedule_families(runs: WrongRuns) -> Families:
    """List schedules of the step size.

    Args:
        runs: The runs of a case.

    Yields:
        Name and family.
    """

    def named(**schedule: Any) -> str:
        return declared({"name": "sgd"}, schedule)

    def cosine(t: int, steps: float, lowest: float = 0.0) -> float:
        return lowest + (1 - lowest) * (1 + math.cos(math.pi * min(t / steps, 1e9))) / 2

    yield "factor", _scheduled(
        runs, lambda r: f"the step size is multiplied by {r}, or the points by its root",
        lambda t, r: r,
        ((0.5,), (2.0,), (0.01,), (-1.0,)), low=-math.inf,
    )  # fmt: skip
    yield "exponential", _scheduled(
        runs, lambda r: f"the step size decays: it is multiplied by {r} after every step",
        lambda t, r: r**t, SHARES, lambda r: named(name="exponential", factor=r),
    )  # fmt: skip
    yield "exponential from the first", _scheduled(
        runs, lambda r: f"the step size decays: it is multiplied by {r} with every step, the first "
        "one too", lambda t, r: r ** (t + 1), SHARES,
    )  # fmt: skip
    for every in _PERIODS:
        if every < len(runs.batches):
            yield f"every {every}", _scheduled(
                runs, lambda r, k=every: f"the step size is multiplied by {r} after every {k} "
                "steps (StepLR)", lambda t, r, k=every: r ** (t // k), SHARES,
                lambda r, k=every: named(name="step", every=k, factor=r),
            )  # fmt: skip
    yield "inverse", _scheduled(
        runs, lambda k: f"the step size decays as 1/(1 + {k} t)", lambda t, k: 1 / (1 + k * t),
        ((1.0,), (0.1,), (0.01,)),
    )  # fmt: skip
    yield "power", _scheduled(
        runs, lambda q: f"the step size decays as (t + 1)^-{q}", lambda t, q: (t + 1.0) ** -q,
        ((0.5,), (1.0,), (0.1,)),
    )  # fmt: skip
    yield "cosine", _scheduled(
        runs, lambda k: f"the step size follows a cosine down to 0 over {k} steps", cosine, _STEPS,
        lambda k: named(name="cosine", steps=round(k)) if _whole(k) else "", 1.0,
    )  # fmt: skip
    yield "cosine to a floor", _scheduled(
        runs, lambda k, low: f"the step size follows a cosine over {k} steps, down to {low} of "
        "itself", cosine, ((10.0, 0.1), (5.0, 0.01), (100.0, 0.1)),
        lambda k, low: named(name="cosine", steps=round(k), lowest=low) if _whole(k) else "",
    )  # fmt: skip
    yield "linear decay", _scheduled(
        runs, lambda k: f"the step size falls linearly to 0 over {k} steps",
        lambda t, k: max(1 - t / max(k, 1e-9), 0.0), _STEPS,
        lambda k: named(name="polynomial", steps=round(k), power=1) if _whole(k) else "", 1.0,
    )  # fmt: skip
    yield "warm-up", _scheduled(
        runs, lambda k: f"a warm-up is on: the step size is (t + 1)/{k} of itself for {k} steps",
        lambda t, k: min((t + 1) / max(k, 1e-9), 1.0), _RISING,
        lambda k: named(name="linear", start=f"1/{round(k)}", end=1, steps=round(k) - 1)
        if _whole(k) and round(k) > 1 else "", 1.0,
    )  # fmt: skip
    yield "warm-up from 0", _scheduled(
        runs, lambda k: f"a warm-up is on: the step size is t/{k} of itself for {k} steps, 0 in "
        "the first", lambda t, k: min(t / max(k, 1e-9), 1.0), _RISING,
        lambda k: named(name="linear", start=0, end=1, steps=round(k)) if _whole(k) else "", 1.0,
    )  # fmt: skip
    yield "warm-up from a share", _scheduled(
        runs, lambda s, k: f"a warm-up is on: the step size rises from {s} of itself to the whole "
        f"within {k} steps", lambda t, s, k: s + (1 - s) * min(t / max(k, 1e-9), 1.0),
        ((0.33, 5.0), (0.1, 10.0), (0.1, 100.0), (0.5, 2.5)),
        lambda s, k: named(name="linear", start=s, end=1, steps=round(k)) if _whole(k) else "",
    )  # fmt: skip
    length = len(runs.batches)
    for steps, told in ((length, "the run"), (length - 1, "all steps but one")):
        if steps > 0:
            yield f"linear over {told}", _scheduled(
                runs, lambda r, t=told: f"the step size changes linearly over {t}, to {r} of "
                "itself", lambda t, r, k=steps: 1 + (r - 1) * t / k, ((0.01,), (0.5,)),
            )  # fmt: skip
            yield f"cosine over {told}", _scheduled(
                runs, lambda r, t=told: f"the step size follows a cosine over {t}, to {r} of "
                "itself", lambda t, r, k=steps: cosine(t, k, r), ((0.01,), (0.5,)),
            )  # fmt: skip
    longest = 4
    if len(runs.batches) <= longest:
        yield "any", _scheduled(
            runs, lambda *r: "the step size changes from step to step: it is multiplied by "
            f"{', '.join(r)}", lambda t, *r: r[t], ((1.0,) * longest, (0.5,) * longest),
            lambda *r: named(name="factors", values=list(r)), high=2.0**31,
        )  # fmt: skip
