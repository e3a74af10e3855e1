"""List what may be left on in a trainer, as families whose parameters are found from its answers.

Besides optimisers and schedules: another step size, penalties, other memories of past steps.
"""

# ruff: noqa: ARG005 - a change of the gradient is given all that it may depend on

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from whichmin.verification.oracle import wrong_activations
from whichmin.verification.oracle.optimiser_families import (
    LENGTHS,
    SHARES,
    SIZES,
    optimiser_families,
)
from whichmin.verification.oracle.schedule_families import schedule_families
from whichmin.verification.oracle.solving import Families, Family, shown
from whichmin.verification.oracle.wrong_runs import Floats, WrongRuns

__all__ = ["families", "step_families"]


def _rates(runs: WrongRuns) -> Families:
    """The step size by the size of the batch, and by what is known of the problem."""

    def by(size: Callable[[int], float]) -> Callable[[float], Floats]:
        return lambda r: runs.run(divisor=lambda b: runs.share(b) / (r * size(len(b))))

    starts = ((1.0,), (1 / 32,), (1 / 256,))
    for key, text, size in (
        ("b", "the step size is scaled with the batch size: multiplied by {} b, as where a sum "
         "over the batch is divided by a constant", float),
        ("root b", "the step size is scaled with the root of the batch size: multiplied by "
         "{} sqrt(b)", math.sqrt),
        ("1/root b", "the step size is divided by the root of the batch size: multiplied by "
         "{} / sqrt(b)", lambda b: 1 / math.sqrt(b)),
        ("1/b", "divided by the batch size twice: multiplied by {} / b", lambda b: 1 / b),
    ):  # fmt: skip
        yield (
            f"rate {key}",
            Family(lambda r, t=text: t.format(shown(r)), by(size), starts, cost=len(runs.batches)),
        )
    n = len(runs.w)
    yield "rate n", Family(
        lambda r: f"the mean over the coordinates too: multiplied by {shown(r)} / n",
        by(lambda b: 1 / n), ((2.0,), (0.5,)), cost=len(runs.batches),
    )  # fmt: skip


def _penalties(runs: WrongRuns) -> Families:
    eta, run, cost = runs.step_size, runs.run, len(runs.batches)

    def family(text: str, value: Callable[..., Floats], starts: Any, **more: Any) -> Family:
        return Family(lambda *p: text.format(*map(shown, p)), value, starts, cost=cost, **more)

    yield "decay afterwards", family(
        "weight decay {} is on, applied after the step",
        lambda lam: run(update=lambda w, g, t: (1 - eta * lam) * (w - eta * g)), SIZES,
    )  # fmt: skip
    yield "decay alone", family(
        "the weights shrink by {} of themselves in every step, whatever the step size",
        lambda lam: run(update=lambda w, g, t: (1 - lam) * w - eta * g), SIZES,
    )  # fmt: skip
    yield "L1", family(
        "an L1 penalty {} |w| is on", lambda lam: run(change=lambda g, w, t: g + lam * np.sign(w)),
        SIZES,
    )  # fmt: skip
    yield "weights cut", family(
        "the weights are cut to [-c, c] after each step, c = {}",
        lambda c: run(after=lambda w: np.clip(w, -c, c)), LENGTHS,
    )  # fmt: skip
    yield "weights kept short", family(
        "weights longer than {} are scaled back to this length",
        lambda c: run(after=lambda w: w * min(1.0, c / max(float(np.sqrt(w @ w)), 1e-300))),
        LENGTHS,
    )  # fmt: skip
    yield "SAM", family(
        "sharpness-aware minimisation (SAM) is on: the gradient is taken at a distance {} along it",
        lambda rho: run(change=lambda g, w, t: _sam(runs, t, w, g, rho)), SIZES,
    )  # fmt: skip
    for name, phi in (("leaky", wrong_activations.leaky), ("elu", wrong_activations.elu)):
        title = "a leaky relu with slope" if name == "leaky" else "ELU with alpha ="
        if runs.activation == "relu":
            yield name, Family(
                lambda s, n=name, t=title: (
                    "training with the other activation: none in place of relu"
                    if (n, s) == ("leaky", 1) else f"{t} {shown(s)} in place of relu"
                ),
                lambda s, p=phi: run(slope=wrong_activations.slope_with(p(s))),
                ((0.01,), (0.2,), (1.0,)), cost=cost,
            )  # fmt: skip


def _formulas(runs: WrongRuns) -> Families:
    if runs.activation == "relu":
        yield "leaky formula", Family(
            lambda s: f"a leaky relu with slope {shown(s)}, in the formula for relu's gradient",
            lambda s: runs.run(
                slope=wrong_activations.formula_with(lambda c: np.where(c > 0, c, s * c))
            ), ((0.01,), (0.2,)), cost=len(runs.batches),
        )  # fmt: skip


def _sam(runs: WrongRuns, t: int, w: Floats, g: Floats, rho: float) -> Floats:
    batch = runs.batches[t]
    size = max(float(np.sqrt(g @ g)), 1e-12)
    moved = w + rho * g / size
    return runs.scale * runs.slope(moved, runs.data[list(batch)]) / runs.share(batch)


def _memories(runs: WrongRuns) -> Families:
    cost = len(runs.batches)

    def damped(mu: float) -> Floats:
        velocity = [0 * runs.w]

        def change(g: Floats, w: Floats, t: int) -> Floats:
            del w, t
            velocity[0] = mu * velocity[0] + (1 - mu) * g
            return velocity[0]

        return runs.run(change=change)

    def ahead(mu: float) -> Floats:
        w, v = runs.w, 0 * runs.w
        for batch in runs.batches:
            at = w + mu * v
            g = runs.slope(at, runs.data[list(batch)]) / runs.share(batch)
            v = mu * v - runs.rate * g
            w = w + v
        return w

    def averaged(share: float) -> Floats:
        kept = [runs.w]

        def after(w: Floats) -> Floats:
            kept[0] = share * kept[0] + (1 - share) * w
            return w

        runs.run(after=after)
        return kept[0]

    def root(runs: WrongRuns, keep: float, enter: float, eps: float) -> Floats:
        square = [0 * runs.w]

        def change(g: Floats, w: Floats, t: int) -> Floats:
            del w, t
            square[0] = keep * square[0] + enter * g * g
            return np.asarray(g / np.maximum(np.sqrt(square[0]) + eps, 1e-300))

        return runs.run(change=change)

    def shaken(*parameters: float) -> Floats:
        """Several times what moves if every entry of the data is rounded the other way."""
        signs = np.resize([1.0, -1.0, 1.0], runs.data.shape)
        moved = runs.on(runs.data * (1 + 2.0**-52 * signs))
        return np.asarray(64 * np.abs(root(moved, *parameters) - root(runs, *parameters)))

    yield "damped", Family(
        lambda mu: f"averaged gradients: damped momentum {shown(mu)} is on, the first step damped "
        "too", damped, SHARES, 0.0, 1.0, cost=cost,
    )  # fmt: skip
    yield "ahead", Family(
        lambda mu: f"Nesterov momentum {shown(mu)} is on, the gradient taken at the weights ahead",
        ahead, SHARES, 0.0, 1.0, cost=cost,
    )  # fmt: skip
    yield "moving average from the start", Family(
        lambda share: f"a moving average of the weights is returned (share {shown(share)} of the "
        "old, from the start on)", averaged, SHARES, 0.0, 1.0, cost=cost,
    )  # fmt: skip
    for eps in (1e-8, 1e-7):
        yield f"RMSprop {eps}", Family(
            lambda rho, e=eps: f"RMSprop is on (share {shown(rho)} of the old square, eps "
            f"{e:g}), not SGD", lambda rho, e=eps: root(runs, rho, 1 - rho, e),
            ((0.99,), (0.9,), (0.5,)), 0.0, 1 - 1e-12, cost=cost,
            slack=lambda rho, e=eps: shaken(rho, 1 - rho, e),
        )  # fmt: skip
    yield "Adagrad", Family(
        lambda eps: f"Adagrad is on (eps {shown(eps)}), not SGD",
        lambda eps: root(runs, 1.0, 1.0, eps), ((1e-10,), (1e-8,)), cost=cost,
        slack=lambda eps: shaken(1.0, 1.0, eps),
    )  # fmt: skip


def families(runs: WrongRuns) -> Families:
    """List everything with a parameter that may be left on in a run.

    Args:
        runs: The runs of a case.

    Yields:
        Name and family.
    """
    yield from _rates(runs)
    yield from optimiser_families(runs)
    yield from schedule_families(runs)
    yield from _penalties(runs)
    yield from _formulas(runs)
    yield from _memories(runs)


def step_families(runs: WrongRuns) -> Families:
    """List those that show in a single step; what needs a second one does not.

    Args:
        runs: Runs of one step.

    Yields:
        Name and family.
    """
    shown_at_once = {
        "decay", "clipped 1e-06", "clipped 0.0", "entries", "adam with decay", "adamw with decay",
        "lamb with decay", "Adam's eps", "LARS",
    }  # fmt: skip
    yield from _rates(runs)
    yield from ((k, f) for k, f in optimiser_families(runs) if k in shown_at_once)
    yield from ((k, f) for k, f in schedule_families(runs) if k == "factor")
    yield from _penalties(runs)
    yield from _formulas(runs)
    yield from ((k, f) for k, f in _memories(runs) if k.startswith(("damped", "RMS", "Ada")))
