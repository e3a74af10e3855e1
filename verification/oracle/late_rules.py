"""Mistakes that set in during a run, each as a rule by which every run can be computed again."""

# ruff: noqa: ARG001, ARG005 - what changes a step is given all that it may depend on

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from whichmin.verification.oracle.arithmetic import FLOATS, slope
from whichmin.verification.oracle.references import floats
from whichmin.verification.oracle.runs import ServedRun, reference
from whichmin.verification.oracle.schedules import Schedule

__all__ = ["Rule", "follow", "loss_of", "plateau", "scheduled", "shaken", "whole_run"]

Floats = NDArray[np.float64]

# A run of 200 steps rounds some thousand times, at random: the root of that, and no more than what
# a mistake that is seen at all moves.
_SEVERAL, _MOST = 64.0, 1e-6


@dataclass(frozen=True)
class Rule:
    """A mistake.

    Attributes:
        text: What it is, for the diagnosis.
        result: What a run returns with it.
        declare: What a target may declare if it is meant.
        group: Of the rules of a group the first that explains all is told.
    """

    text: str
    result: Callable[[ServedRun], Floats]
    declare: str = ""
    group: str = ""


def shaken(run: ServedRun, result: Callable[[ServedRun], Floats], got: Floats) -> Floats:
    """Compute what rounding may make of a run with a mistake, which may amplify it.

    Args:
        run: The run.
        result: What a run returns with the mistake.
        got: What the target returned.

    Returns:
        Several times what moves if every entry of the data is rounded the other way, up to 1e-6;
        0 if the target is further away than that.
    """
    value = result(run)
    if not (np.abs(value - got) <= _MOST).all():
        return np.zeros_like(value)
    unit = Fraction(float(np.finfo(run.dtype).eps))
    signs = itertools.cycle((unit, -unit, unit))
    moved = replace(run, data=tuple(tuple(x * (1 + next(signs)) for x in a) for a in run.data))
    return np.minimum(_SEVERAL * np.abs(result(moved) - value), _MOST)


def loss_of(w: Floats, rows: Floats, activation: str) -> float:
    r"""Compute the mean loss of some rows.

    .. math:: \frac{1}{2 b} \sum_i |a_i - w \varphi(\langle w, a_i \rangle)|^2

    Returns:
        The loss.
    """
    c = rows @ w
    phi = np.maximum(c, 0) if activation == "relu" else c
    away = rows - phi[:, None] * w
    return float((away * away).sum() / (2 * len(rows)))


def follow(
    run: ServedRun,
    *,
    rate: Callable[[int, Floats, Floats], float] | None = None,
    change: Callable[[int, Floats, Floats], Floats] | None = None,
    after: Callable[[int, Floats], Floats] | None = None,
    batch: Callable[[int], int] | None = None,
    reset: Callable[[int], bool] | None = None,
) -> Floats:
    """Compute a run in float64 with one thing changed on the way.

    Args:
        run: The run.
        rate: Factor of the step size in step t, given the gradient and the weights.
        change: What becomes of the gradient of step t, given it and the weights.
        after: What becomes of the weights after step t.
        batch: Whose step's batch step t uses.
        reset: Whether the optimiser starts anew, without its buffers, at step t.

    Returns:
        What the run returns.
    """
    w, data, step_size = floats(run.received[0]), floats(run.received[1]), run.received[2]
    optimiser, since = run.optimiser, 0
    state = optimiser.start(w)
    with np.errstate(all="ignore"):
        for t in range(len(run.batches)):
            if reset and reset(t):
                state, since = optimiser.start(state["w"]), t
            chosen = batch(t) if batch else t
            rows = data[list(run.batches[chosen])]
            g = slope(state["w"], rows, run.activation, run.factors[chosen])
            g = change(t, g, state["w"]) if change else g
            size = float(step_size * optimiser.schedule.factor(t))
            size *= rate(t, g, state["w"]) if rate else 1.0
            state = optimiser.advance(state, g, t - since, size, FLOATS)
            if after:
                state = {**state, "w": after(t, state["w"])}
    return np.asarray(optimiser.result(state))


def scheduled(schedule: Schedule, text: str = "") -> Rule:
    """Make the rule that a schedule of the step size is on.

    Args:
        schedule: The schedule.
        text: What it is called; empty for its name and parameters.

    Returns:
        The rule, with the declaration of the schedule.
    """
    told = text or f"a schedule of the step size is on: {schedule}"
    return Rule(
        told, lambda run: follow(run, rate=lambda t, g, w: float(schedule.factor(t))),
        f"'schedule': {schedule.record()}",
    )  # fmt: skip


def whole_run() -> tuple[Rule, ...]:
    """List mistakes that depend on the run's length or its end."""

    def rule(text: str, factor: Callable[[int, int], float]) -> Rule:
        def result(run: ServedRun) -> Floats:
            steps = len(run.batches)
            return follow(run, rate=lambda t, g, w: factor(t, steps))

        return Rule(f"a schedule over the whole run: the step size {text}", result)

    made = [
        rule("falls to 0 as a cosine", lambda t, n: (1 + np.cos(np.pi * t / n)) / 2),
        rule("falls to 0 as a cosine that ends with the last step",
             lambda t, n: (1 + np.cos(np.pi * t / max(n - 1, 1))) / 2),
        rule("falls linearly to 0", lambda t, n: 1 - t / n),
        rule("falls linearly to 0 at the last step", lambda t, n: 1 - t / max(n - 1, 1)),
        rule("falls to 0 as the square of the steps left", lambda t, n: (1 - t / n) ** 2),
        rule("falls to 0 as the steps left to the power 0.9", lambda t, n: (1 - t / n) ** 0.9),
    ]  # fmt: skip
    for share in (0.05, 0.1, 0.2, 0.5):
        made += [
            rule(f"rises over the first {share:.0%} of the steps",
                 lambda t, n, s=share: min(1.0, (t + 1) / max(int(s * n), 1))),  # type: ignore[misc]
            rule(f"rises from 0 over the first {share:.0%} of the steps",
                 lambda t, n, s=share: min(1.0, t / max(int(s * n), 1))),  # type: ignore[misc]
        ]  # fmt: skip
    for at, factor in ((0.5, 0.1), (0.75, 0.1), (0.8, 0.1), (0.9, 0.1), (0.5, 0.5)):
        made.append(
            rule(f"is multiplied by {factor:g} after {at:.0%} of the steps",
                 lambda t, n, a=at, f=factor: f if t >= int(a * n) else 1.0)  # type: ignore[misc]
        )  # fmt: skip
    return (*made, *map(_tail, (2, 3, 4, 5, 10, 20, 25, 50)))


def _tail(count: int) -> Rule:
    """The mean of the weights after the last steps."""

    def result(run: ServedRun) -> Floats:
        path = [floats(w) for w in reference(run)[0][1:]]
        return np.asarray(np.mean(path[-count:], axis=0))

    return Rule(f"the mean of the weights of the last {count} steps is returned", result)


def plateau(factor: float, patience: int, *, whole: bool, least: float = 1e-8) -> Rule:
    """Make the rule of ``torch.optim.lr_scheduler.ReduceLROnPlateau``, else as by default.

    It lowers the step size when the loss has not been below 0.9999 times its best value for more
    than ``patience`` steps.

    Args:
        factor: Factor of the step size.
        patience: Steps without progress.
        least: Changes of the step size up to this are left out.
        whole: Whether it sees the loss of all points after the step, or of the batch before it.

    Returns:
        The rule.
    """

    def result(run: ServedRun) -> Floats:
        data, size = floats(run.received[1]), float(run.received[2])
        best, bad, now = np.inf, 0, 1.0

        def seen(value: float) -> None:
            nonlocal best, bad, now
            if value < best * (1 - 1e-4):
                best, bad = value, 0
            else:
                bad += 1
            if bad > patience:
                bad = 0
                now = now * factor if size * now * (1 - factor) > least else now

        before: list[float] = []

        def rate(t: int, g: Floats, w: Floats) -> float:
            before[:] = [loss_of(w, data[list(run.batches[t])], run.activation)]
            return now

        def after(t: int, w: Floats) -> Floats:
            seen(loss_of(w, data, run.activation) if whole else before[0])
            return w

        return follow(run, rate=rate, after=after)

    what = "of all points" if whole else "of the batch"
    return Rule(
        f"a schedule is on: the step size is multiplied by {factor:g} when the loss {what} has not "
        f"improved for more than {patience} steps{' (ReduceLROnPlateau)' if least else ''}", result,
        group="plateau",
    )  # fmt: skip
