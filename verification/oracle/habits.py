"""List what may be left on in a trainer, as families whose parameters are found from its answers.

Optimisers, schedules, clipping, averages of the weights, decay, another step size: what has a
declaration is computed by the recurrence that the declaration is judged by, so whoever declares it
passes, or learns something new.
"""

# ruff: noqa: ARG005 - a change of the gradient is given all that it may depend on

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from whichmin.verification.oracle import wrong_activations
from whichmin.verification.oracle.carried import carried
from whichmin.verification.oracle.optimisers import Optimiser
from whichmin.verification.oracle.solving import Family, shown
from whichmin.verification.oracle.wrong_runs import Floats, WrongRuns

__all__ = ["families", "optimiser_families", "schedule_families", "step_families"]

Families = Iterator[tuple[str, Family]]
# Starts of parameters whose size is not known: a decay, a length.
_SIZES = tuple((10.0**k,) for k in (-6, -4, -3, -2, -1, 0, 1))
_SHARES = ((0.9,), (0.5,), (0.99,), (0.1,))
_LENGTHS = tuple((2.0**k,) for k in range(-9, 5))
# Steps of a warm-up or a decay; they count as real numbers while they are looked for.
_STEPS = ((2.0,), (5.0,), (10.0,), (100.0,), (1000.0,))
_ADAM = {"betas": (0.9, 0.999)}


def _text(value: Any) -> str:
    return repr(value)


def _declared(made: Mapping[str, Any], schedule: Mapping[str, Any] | None = None) -> str:
    parts = []
    if set(made) != {"name"} or made["name"] != "sgd":
        parts.append(f"'optimiser': {dict(made)!r}")
    if schedule is not None:
        parts.append(f"'schedule': {dict(schedule)!r}")
    return ", ".join(parts)


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
    starts: tuple[tuple[float, ...], ...], high: float = math.inf, low: float = 0.0,
) -> Family:  # fmt: skip
    """The family of a declared optimiser."""
    return Family(
        lambda *p: text(*map(shown, p)), lambda *p: _trained(runs, make(*p)), starts, low, high,
        lambda *p: _declared(make(*p)), len(runs.batches), lambda *p: _slack(runs, make(*p)),
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
        runs, lambda mu: "zero_grad is forgotten: gradients of all steps so far add up (momentum 1)"
        if mu == "1" else f"momentum {mu} is on", lambda mu: sgd(momentum=mu), _SHARES, 1.0,
    )  # fmt: skip
    yield "Nesterov", _family(
        runs, lambda mu: f"Nesterov momentum {mu} is on",
        lambda mu: sgd(momentum=mu, nesterov=True), _SHARES, 1.0, 1e-9,
    )  # fmt: skip
    yield "damped as in PyTorch", _family(
        runs, lambda mu: f"momentum {mu} with as much dampening is on (the first step is undamped, "
        "as in PyTorch)", lambda mu: sgd(momentum=mu, dampening=mu), _SHARES, 1.0,
    )  # fmt: skip
    yield "dampening", _family(
        runs, lambda mu, tau: f"momentum {mu} with dampening {tau} is on (the first step is "
        "undamped, as in PyTorch)", lambda mu, tau: sgd(momentum=mu, dampening=tau),
        tuple((mu, tau) for mu in (0.9, 0.5) for tau in (0.1, 0.5)), 1.0,
    )  # fmt: skip
    yield "decay", _family(
        runs, lambda lam: f"weight decay {lam} is on", lambda lam: sgd(weight_decay=lam), _SIZES,
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
            lambda c, e=eps: sgd(clip_norm=c, **({} if e else {"clip_eps": 0})), _LENGTHS, 1e6,
            1e-9,
        )  # fmt: skip
        yield f"momentum and clipped {eps}", _family(
            runs, lambda mu, c, t=told: f"momentum {mu} is on, and gradients are clipped to length "
            f"{c}{t}",
            lambda mu, c, e=eps: sgd(
                momentum=min(mu, 1.0), clip_norm=c, **({} if e else {"clip_eps": 0})
            ), tuple((0.9, 10.0**k) for k in (-2, -1, 0, 1)), 1e6, 1e-9,
        )  # fmt: skip
    yield "entries", _family(
        runs, lambda c: f"gradients have their entries clipped to {c}",
        lambda c: sgd(clip_value=c), _LENGTHS, 1e6, 1e-9,
    )  # fmt: skip
    yield "moving average", _family(
        runs, lambda share: f"a moving average of the weights is returned (share {share} of the "
        "old, from the first step's on)", lambda share: sgd(ema=share), _SHARES, below,
    )  # fmt: skip
    yield from _adaptive(runs)


def _adaptive(runs: WrongRuns) -> Families:
    betas = ((0.9, 0.999), (0.9, 0.95), (0.5, 0.9))
    below = 1 - 1e-12
    yield "Adam's eps", _family(
        runs, lambda eps: f"Adam is on (betas 0.9 and 0.999, eps {eps}), not SGD",
        lambda eps: {"name": "adam", "eps": eps}, _SIZES, 2.0**31, 1e-16,
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
            lambda lam, n=name: {"name": n, "weight_decay": lam}, _SIZES, 2.0**31, 1e-9,
        )  # fmt: skip
    yield "LARS", _family(
        runs, lambda q: f"LARS is on (trust coefficient {q}), not SGD",
        lambda q: {"name": "lars", "trust_coefficient": q}, _SIZES, 1e6, 1e-12,
    )  # fmt: skip


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
        return _declared({"name": "sgd"}, schedule)

    def cosine(t: int, steps: float, lowest: float = 0.0) -> float:
        return lowest + (1 - lowest) * (1 + math.cos(math.pi * min(t / steps, 1e9))) / 2

    yield "factor", _scheduled(
        runs, lambda r: f"the step size is multiplied by {r}, or the points by its root", lambda t, r: r,
        ((0.5,), (2.0,), (0.01,), (-1.0,)), low=-math.inf,
    )  # fmt: skip
    yield "exponential", _scheduled(
        runs, lambda r: f"the step size decays: it is multiplied by {r} after every step",
        lambda t, r: r**t, _SHARES, lambda r: named(name="exponential", factor=r),
    )  # fmt: skip
    yield "exponential from the first", _scheduled(
        runs, lambda r: f"the step size decays: it is multiplied by {r} with every step, the first "
        "one too", lambda t, r: r ** (t + 1), _SHARES,
    )  # fmt: skip
    for every in (2, 3, 4, 5, 10, 20, 25, 30, 50, 100):
        if every < len(runs.batches):
            yield f"every {every}", _scheduled(
                runs, lambda r, k=every: f"the step size is multiplied by {r} after every {k} "
                "steps (StepLR)", lambda t, r, k=every: r ** (t // k), _SHARES,
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
        lambda t, k: min((t + 1) / max(k, 1e-9), 1.0), ((2.5,), (5.0,), (10.0,), (100.0,)),
        lambda k: named(name="linear", start=f"1/{round(k)}", end=1, steps=round(k) - 1)
        if _whole(k) and round(k) > 1 else "", 1.0,
    )  # fmt: skip
    yield "warm-up from 0", _scheduled(
        runs, lambda k: f"a warm-up is on: the step size is t/{k} of itself for {k} steps, 0 in "
        "the first", lambda t, k: min(t / max(k, 1e-9), 1.0), ((2.5,), (5.0,), (10.0,), (100.0,)),
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
        lambda lam: run(update=lambda w, g, t: (1 - eta * lam) * (w - eta * g)), _SIZES,
    )  # fmt: skip
    yield "decay alone", family(
        "the weights shrink by {} of themselves in every step, whatever the step size",
        lambda lam: run(update=lambda w, g, t: (1 - lam) * w - eta * g), _SIZES,
    )  # fmt: skip
    yield "L1", family(
        "an L1 penalty {} |w| is on", lambda lam: run(change=lambda g, w, t: g + lam * np.sign(w)),
        _SIZES,
    )  # fmt: skip
    yield "weights cut", family(
        "the weights are cut to [-c, c] after each step, c = {}",
        lambda c: run(after=lambda w: np.clip(w, -c, c)), _LENGTHS,
    )  # fmt: skip
    yield "weights kept short", family(
        "the weights are cut to length {} after each step",
        lambda c: run(after=lambda w: w * min(1.0, c / max(float(np.sqrt(w @ w)), 1e-300))),
        _LENGTHS,
    )  # fmt: skip
    yield "SAM", family(
        "sharpness-aware minimisation (SAM) is on: the gradient is taken at a distance {} along it",
        lambda rho: run(change=lambda g, w, t: _sam(runs, t, w, g, rho)), _SIZES,
    )  # fmt: skip
    for name, phi in (("leaky", wrong_activations.leaky), ("elu", wrong_activations.elu)):
        title = "a leaky relu with slope" if name == "leaky" else "ELU with alpha ="
        if runs.activation == "relu":
            yield name, family(
                f"{title} {{}} in place of relu",
                lambda s, p=phi: run(slope=wrong_activations.slope_with(p(s))),
                ((0.01,), (0.2,), (1.0,)),
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
        "too", damped, _SHARES, 0.0, 1.0, cost=cost,
    )  # fmt: skip
    yield "ahead", Family(
        lambda mu: f"Nesterov momentum {shown(mu)} is on, the gradient taken at the weights ahead",
        ahead, _SHARES, 0.0, 1.0, cost=cost,
    )  # fmt: skip
    yield "moving average from the start", Family(
        lambda share: f"a moving average of the weights is returned (share {shown(share)} of the "
        "old, from the start on)", averaged, _SHARES, 0.0, 1.0, cost=cost,
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
