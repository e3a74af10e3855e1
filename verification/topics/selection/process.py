"""The process that selects a point: moments of a step over all batches, simulation, training."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable, Iterator

import numpy as np
import torch
from numpy.typing import NDArray

from whichmin.core.data import make_data
from whichmin.core.engines import Problem
from whichmin.core.frames import standard_basis
from whichmin.core.selection import simulate_selection
from whichmin.core.training.trainer import train
from whichmin.prediction.prediction import predict
from whichmin.verification.evidence.check import Margin, Settings, check
from whichmin.verification.evidence.rounding import EPS
from whichmin.verification.evidence.subject import Subject
from whichmin.verification.topics.strategies import RunCase, runs
from whichmin.words import Activation, EvidenceKind

__all__: list[str] = []

Floats = NDArray[np.float64]
Function = Callable[[Floats], Floats]

# Two-sided normal quantile of 1e-7: a check of ten figures raises a false alarm once in a million.
Z = 5.33
ALPHA = 1e-3


def _after(subject: Subject, c: Floats, off: float, b: int, alpha: float) -> Floats:
    """Take one step from the same correlations with every batch of size b.

    Returns:
        Shape ``(batches, m)``.
    """
    m = len(c)
    batches = np.array(list(itertools.combinations(range(m), b)))
    start = np.tile(np.append(c, off), (len(batches), 1))
    data = make_data(standard_basis(m, m + 1))
    engine = subject.engines["dense"](
        Problem(data, Activation.LINEAR, alpha * b), torch.from_numpy(start)
    )
    engine.step(torch.from_numpy(batches))
    return np.asarray(engine.correlations().numpy())


def _drift(
    subject: Subject, f: Function, c: Floats, off: float, b: int, power: int = 1
) -> tuple[float, float]:
    """Compute the mean over all batches of ``(f after a step - f)^power``, to order alpha^2.

    The odd orders cancel between alpha and -alpha; what is left is of relative order alpha^2, and
    doubling alpha shows its size fourfold.

    Returns:
        The mean at ``ALPHA`` and a bound of its error.
    """
    now = f(c[None])
    values = []
    for alpha in (ALPHA, 2 * ALPHA):
        both = [((f(_after(subject, c, off, b, s * alpha)) - now) ** power).mean() for s in (1, -1)]
        values.append(float(np.mean(both)) * (ALPHA / alpha) ** 2)
    # f is known to a few hundred roundings of its size.
    return values[0], abs(values[1] - values[0]) + 500 * EPS * (1 + float(np.abs(now).max()))


@check(
    "selection.one_step",
    EvidenceKind.PROPERTY,
    bound="terms of order alpha^4 at alpha = 1e-3, as doubling alpha shows them, and rounding",
    cases=functools.partial(runs, largest=6, proper=True, replicas=1),
    examples=40,
    forms=(
        "selection.log_ratio_mean",
        "selection.log_ratio_variance",
        "selection.diffusion",
        "selection.spread_drift",
        "selection.arcsine_bound",
        "selection.arcsine_drift",
        "selection.two_point_probability",
        "selection.two_point_drift",
        "selection.two_point_time",
    ),
)
def one_step(subject: Subject, case: RunCase) -> Iterator[Margin]:
    """Moments of a step, and drifts of the functions that decide which point wins, over all batches
    of size b, are those of the closed forms; the arcsine bound never drifts up.
    """
    forms, m, b = subject.forms, case.m, case.batch_size
    c = np.abs(case.correlations[0])
    off = 0.4
    C = float((c**2).sum())
    N = C + off**2
    p = c**2 / C
    step = {"alpha": ALPHA, "b": b, "m": m}
    count = math.comb(m, b)

    def ratio(x: Floats) -> Floats:
        return np.asarray(np.log(np.abs(x[:, 0] / x[:, 1])))

    def compare(name: str, predicted: float, measured: tuple[float, float]) -> Margin:
        return Margin(f"selection.{name}", abs(measured[0] - predicted), measured[1], count)

    mean = forms["selection.log_ratio_mean"](C=C, N=N, p=p[0] - p[1], **step)
    yield compare("log_ratio_mean", mean, _drift(subject, ratio, c, off, b))
    spread = forms["selection.log_ratio_variance"](N=N, **step)
    yield compare("log_ratio_variance", spread, _drift(subject, ratio, c, off, b, 2))

    unit = c / np.linalg.norm(c)
    square, error = _drift(subject, ratio, unit, 0.0, b, 2)
    D = forms["selection.diffusion"](**step)
    yield compare("diffusion", D, (square / 2, error / 2))

    def size(x: Floats) -> Floats:
        energy = (x**2).sum(1)
        return np.asarray(m * np.log(energy) / 2 - np.log(np.abs(x)).sum(1))

    spread = forms["selection.spread_drift"](D=D, k=m)
    yield compare("spread_drift", spread, _drift(subject, size, unit, 0.0, b))

    def bound(x: Floats) -> Floats:
        cosine = np.abs(x[:, 0]) / np.linalg.norm(x, axis=1)
        return np.asarray(forms["selection.arcsine_bound"](cosine=np.minimum(cosine, 1.0)))

    rest = float((unit[1:] ** 4).sum())
    predicted = forms["selection.arcsine_drift"](D=D, Q=rest, cosine=unit[0])
    drift = compare("arcsine_drift", predicted, _drift(subject, bound, unit, 0.0, b))
    yield Margin(f"{drift.what} of selection.arcsine_bound", drift.error, drift.bound, count)
    yield Margin("selection.arcsine_drift is not positive", max(0.0, predicted), EPS)
    yield from _ends("selection.arcsine_bound", bound, np.array([[0.0, 1.0], [1.0, 0.0]]))
    yield from _two_points(subject, case, c, off)


def _two_points(subject: Subject, case: RunCase, c: Floats, off: float) -> Iterator[Margin]:
    """Compare functions of the angle between two active points; the other correlations are 0."""
    forms, m, b = subject.forms, case.m, case.batch_size
    count = math.comb(m, b)
    c = np.where(np.arange(m) < 2, c, 0.0)
    C, theta = float((c**2).sum()), math.atan2(c[1], c[0])
    D = forms["selection.diffusion"](alpha=ALPHA, b=b, m=m)

    def chance(x: Floats) -> Floats:
        angle = np.arctan2(np.abs(x[:, 1]), np.abs(x[:, 0]))
        return np.asarray(forms["selection.two_point_probability"](theta=angle))

    def time(x: Floats) -> Floats:
        v = np.log(np.abs(x[:, 0] / x[:, 1]))
        return np.asarray(forms["selection.two_point_time"](D=D, V=9.0, v=v))

    predicted = forms["selection.two_point_drift"](C=C, D=D, N=C + off**2, theta=theta)
    measured, allowed = _drift(subject, chance, c, off, b)
    yield Margin(
        "selection.two_point_drift of selection.two_point_probability",
        abs(measured - predicted), allowed, count,
    )  # fmt: skip
    yield from _ends("selection.two_point_probability", chance, np.array([[0.0, 1.0], [1.0, 0.0]]))
    measured, allowed = _drift(subject, time, c / math.sqrt(C), 0.0, b)
    yield Margin("selection.two_point_time falls by 1 a step", abs(measured + 1), allowed, count)
    end = float(time(np.array([[math.exp(9.0), 1.0]]))[0]) * D
    yield Margin("selection.two_point_time is 0 at the end", abs(end), 64 * EPS)


def _ends(name: str, f: Function, ends: Floats) -> Iterator[Margin]:
    wrong = float(np.abs(f(ends) - np.array([0.0, 1.0])).max())
    yield Margin(f"{name} at its two ends", wrong, 8 * EPS)


@check(
    "selection.reshuffled",
    EvidenceKind.PROPERTY,
    bound="terms of order alpha^4 at alpha = 1e-3, as doubling alpha shows them, and rounding",
    cases=functools.partial(runs, largest=5, proper=True, replicas=1),
    examples=20,
    forms=("selection.reshuffled_noise",),
)
def reshuffled(subject: Subject, case: RunCase) -> Iterator[Margin]:
    """A reshuffled epoch, over all orders of the data, has the mean of independent batches, and
    noise from the points that the epoch leaves out.
    """
    forms, m, b = subject.forms, case.m, case.batch_size
    epoch = m // b
    orders = np.array(list(itertools.permutations(range(m))))
    unit = np.abs(case.correlations[0])
    unit /= np.linalg.norm(unit)
    now = math.log(unit[0] / unit[1])
    means, squares = [], []
    for alpha in (ALPHA, -ALPHA, 2 * ALPHA, -2 * ALPHA):
        engine = subject.engines["dense"](
            Problem(make_data(standard_basis(m, m)), Activation.LINEAR, alpha * b),
            torch.from_numpy(np.tile(unit, (len(orders), 1))),
        )
        for t in range(epoch):
            engine.step(torch.from_numpy(np.ascontiguousarray(orders[:, t * b : (t + 1) * b])))
        c = np.abs(engine.correlations().numpy())
        change = np.log(c[:, 0] / c[:, 1]) - now
        means.append(float(change.mean()) / epoch)
        squares.append(float((change**2).mean()) / epoch)
    noise = 500 * EPS * (1 + abs(now))
    step = {"alpha": ALPHA, "b": b, "m": m, "N": 1.0}
    mean = forms["selection.log_ratio_mean"](C=1.0, p=unit[0] ** 2 - unit[1] ** 2, **step)
    spread = forms["selection.log_ratio_variance"](**step)
    spread *= forms["selection.reshuffled_noise"](b=b, m=m, q=m % b)
    for name, predicted, found in (
        ("selection.log_ratio_mean", mean, means),
        ("selection.reshuffled_noise", spread, squares),
    ):
        near, far = (found[0] + found[1]) / 2, (found[2] + found[3]) / 8
        yield Margin(
            f"{name}, epochs of {epoch} batches of {b} of {m}",
            abs(near - predicted), abs(far - near) + noise, len(orders),
        )  # fmt: skip


@check(
    "selection.process",
    EvidenceKind.STATISTICS,
    bound="5.33 standard errors: a false alarm of 1e-7 a figure",
    false_alarm=3e-6,  # fewer than 30 figures
)
def process(subject: Subject, settings: Settings) -> Iterator[Margin]:
    """The simulated selection process has the chances and times of the closed forms."""
    forms, paths = subject.forms, 20_000
    for place, theta in enumerate((0.15, 0.6, 1.2)):
        own = np.array([math.cos(theta), math.sin(theta)])
        found = simulate_selection(
            own, tolerance=1e-6, paths=paths, seed=settings.seed * 1000 + place
        )
        chance = forms["selection.two_point_probability"](theta=theta)
        yield Margin(
            f"selection.two_point_probability at angle {theta}",
            abs(found.frequencies[0] - chance),
            Z * math.sqrt(chance * (1 - chance) / paths),
            paths,
        )
        steps = forms["selection.two_point_time"](
            D=1.0, V=math.log(1e3), v=-math.log(math.tan(theta))
        )
        yield Margin(
            f"selection.two_point_time at angle {theta}",
            abs(found.time - steps), Z * found.time_error, paths,
        )  # fmt: skip


# (correlations, data points, batch size, step size, sampling): two and three active points
TRAINED = (
    ((0.40, 0.25), 2, 1, 0.1, "without-replacement"),
    ((0.10, 0.08), 5, 2, 0.2, "without-replacement"),
    ((0.30, 0.20, 0.15), 3, 2, 0.2, "with-replacement"),
    ((0.60, 0.50, 0.30), 6, 5, 0.5, "without-replacement"),
    ((0.60, 0.55), 5, 2, 0.2, "reshuffled"),
    ((0.60, 0.40), 6, 2, 0.2, "reshuffled"),
)


@check(
    "selection.law",
    EvidenceKind.STATISTICS,
    bound=(
        "5.33 standard errors (a false alarm of 1e-7 a figure), and the next order in alpha: "
        "alpha^2 of a chance, alpha of a time"
    ),
    false_alarm=3e-6,  # fewer than 30 figures
)
def law(subject: Subject, settings: Settings) -> Iterator[Margin]:
    """In training every candidate wins as often as predicted, after as many steps."""
    replicas = 4000
    for place, (active, m, b, eta, sampling) in enumerate(TRAINED):
        start = np.zeros(m)
        start[: len(active)] = active
        start[len(active) :] = -0.1
        seed = settings.seed * 1000 + place
        told = predict(
            start, np.eye(m), b, eta, sampling=sampling, tolerance=1e-8, check_every=20, seed=seed
        )
        result = train(
            np.eye(m), np.tile(start, (replicas, 1)), batch_size=b, step_size=eta, seed=seed,
            sampling=sampling, tolerance=1e-8, check_every=20, engine=subject.engines["compiled"],
        )  # fmt: skip
        often = np.bincount(result.winner.numpy(), minlength=m) / replicas
        if told.favourite is not None:
            # In 4,000 runs the favourite may lose 4: the law is that of alpha -> 0.
            lost = 1 - often[told.candidates[told.favourite][0]]
            yield Margin(f"the favourite loses, m = {m}, b = {b}", lost, 0.001, replicas)
            continue
        assert told.chances is not None
        assert told.chance_errors is not None
        assert told.steps is not None
        for point, chance, error in zip(
            told.candidates, told.chances, told.chance_errors, strict=True
        ):
            noise = math.hypot(math.sqrt(chance * (1 - chance) / replicas), error)
            # The law is of first order in alpha; what is left is of the size of alpha^2.
            yield Margin(
                f"point {point[0]} of {len(active)} active wins {often[point[0]]:.3f}, predicted "
                f"{chance:.3f}, m = {m}, b = {b}, {sampling}",
                abs(often[point[0]] - chance), Z * noise + (eta / b) ** 2, replicas,
            )  # fmt: skip
        taken = result.steps.double()
        mean, error = float(taken.mean()), float(taken.std()) / math.sqrt(replicas)
        yield Margin(
            f"mean number of steps {mean:.0f}, predicted {told.steps:.0f}, m = {m}, b = {b}",
            abs(mean - told.steps), Z * error + eta / b * told.steps, replicas,
        )  # fmt: skip
