"""Moments of SGD on the noisy quadratic: closed forms, exact recursions, solvers and runs."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from fractions import Fraction

import numpy as np
from scipy import linalg, stats

from whichmin.core.quadratic.recursion import Quadratic, make_quadratic
from whichmin.verification.evidence.check import Margin, Settings, check
from whichmin.verification.evidence.exact import EXACT, exactly, value
from whichmin.verification.evidence.rounding import EPS
from whichmin.verification.evidence.statistics import FIGURE, same_law
from whichmin.verification.evidence.subject import Subject
from whichmin.verification.oracle.references import Matrix
from whichmin.verification.provers.smt import Lemma, Variant, lemmas, smt
from whichmin.verification.topics.quadratic.exact import (
    QuadraticCase,
    batch_means,
    cases,
    covariance_step,
    moments,
    turned,
)
from whichmin.words import EvidenceKind

__all__ = ["given", "names", "numeric", "spread"]

F = Fraction


def numeric(case: QuadraticCase) -> Quadratic:
    """Build the case in floating point, turned so that H is not diagonal."""
    H, C = (np.array(turned(m), dtype=np.float64) for m in (case.eigen, case.sigma))
    return make_quadratic((H + H.T) / 2, (C + C.T) / 2)


def given(case: QuadraticCase, sigma: Fraction, g: Fraction) -> dict[str, Fraction | int]:
    """Return the symbols' values for an entry sigma of the noise and curvatures h and g."""
    return {
        "h": case.h, "g": g, "eta": case.eta, "B": case.size, "s": sigma, "v": case.v,
        "x": case.x[0], "t": case.steps,
    }  # fmt: skip


def names(*quantities: str) -> tuple[str, ...]:
    """Return the ids of closed forms of this topic."""
    return tuple(f"quadratic.{quantity}" for quantity in quantities)


@check(
    "quadratic.one_step",
    EvidenceKind.PROPERTY,
    bound=EXACT,
    cases=cases,
    examples=25,
    forms=names("step_mean", "step_covariance"),
)
def one_step(subject: Subject, case: QuadraticCase) -> Iterator[Margin]:
    """The mean and covariance after one step equal those over all batches of 1 to 3 of 5 noises."""
    forms = subject.forms
    H, x, eta = case.eigen, case.x, case.eta
    # Starts v to both sides of x, equally likely: along h their variance is v^2.
    starts = [(x[0] + case.v, x[1]), (x[0] - case.v, x[1])]
    ends = [
        tuple(start[i] - eta * (H[i][i] * start[i] + noise[i]) for i in range(2))
        for start in starts
        for noise in batch_means(case.points, case.size, replacement=True)
    ]
    mean, covariance = moments(ends)
    known = given(case, case.sigma[0][1], case.g) | {"v": 0}
    yield exactly("quadratic.step_mean", value(forms["quadratic.step_mean"], **known), mean[0])
    form = forms["quadratic.step_covariance"]
    yield exactly("quadratic.step_covariance", value(form, **known), covariance[0][1])
    known |= {"v": case.v**2, "g": case.h, "s": case.sigma[0][0]}
    yield exactly("quadratic.step_covariance, h = g", value(form, **known), covariance[0][0])


@check(
    "quadratic.recursion",
    EvidenceKind.PROPERTY,
    bound=f"{EXACT}; roundings of the recursion in floating point",
    cases=cases,
    examples=25,
    forms=names("mean", "variance", "critical_step"),
)
def recursion(subject: Subject, case: QuadraticCase) -> Iterator[Margin]:
    """The mean and variance after t steps equal those of the recursion of matrices, with H turned
    against the axes; so do those of the numeric layer.
    """
    forms = subject.forms
    H, noise, zero = turned(case.eigen), turned(case.batch_sigma), F(0)
    start: Matrix = turned(((case.v, zero), (zero, zero)))
    found, x = start, case.x[0]
    for _ in range(case.steps):
        found = covariance_step(found, H, noise, case.eta)
        x -= case.eta * case.h * x
    known = given(case, case.sigma[0][0], case.h)
    yield exactly("quadratic.mean", value(forms["quadratic.mean"], **known), x)
    rest = value(forms["quadratic.stationary_variance"], **known)
    variance = value(forms["quadratic.variance"], **known, rest=rest)
    yield exactly("quadratic.variance", variance, turned(found, back=True)[0][0])
    step = value(forms["quadratic.critical_step"], **known)
    yield exactly("quadratic.critical_step", abs(1 - step * case.h), F(1))
    model = numeric(case)
    at = model.moments(
        np.array(turned(((case.x[0], zero), (zero, zero))), dtype=float)[:, 0],
        float(case.eta), case.size, case.steps,
    )  # fmt: skip
    # core starts from a point: v of this start is 0. Each step makes 8 roundings per entry of
    # numbers no larger than the noise of all steps; |1 - eta H| < 1 does not amplify them.
    grown = value(forms["quadratic.variance"], **known | {"v": 0, "rest": rest})
    direction = np.array([3, 4]) / 5
    size = (case.steps + 1) * case.eta**2 * sum(case.batch_sigma[i][i] for i in range(2))
    bound = 32 * EPS * (case.steps + 2) * float(size)
    error = abs(float(direction @ at.covariance @ direction) - float(grown))
    yield Margin("quadratic.variance, core", error, bound)


@check(
    "quadratic.stationary",
    EvidenceKind.PROPERTY,
    bound=f"{EXACT}; backward error of the solver over the distance from the limit of stability",
    cases=cases,
    examples=25,
    forms=names("stationary_covariance", "stationary_variance", "stationary_loss"),
)
def stationary(subject: Subject, case: QuadraticCase) -> Iterator[Margin]:
    """The stationary covariance is a fixed point of the recursion of matrices, also where H and
    Sigma do not commute, and equals the solution of a Lyapunov solver and of the numeric layer.
    """
    forms = subject.forms
    pairs = ((case.h, case.h, 0, 0), (case.h, case.g, 0, 1), (case.g, case.g, 1, 1))
    entries = {}
    for h, g, i, j in pairs:
        known = given(case, case.sigma[i][j], g) | {"h": h}
        entries[i, j] = value(forms["quadratic.stationary_covariance"], **known)
        if i == j:
            alone = value(forms["quadratic.stationary_variance"], **known)
            yield exactly("quadratic.stationary_variance", alone, entries[i, j])
            half = value(forms["quadratic.stationary_loss"], **known)
            yield exactly("quadratic.stationary_loss", half, h * entries[i, j] / 2)
    rest = turned(((entries[0, 0], entries[0, 1]), (entries[0, 1], entries[1, 1])))
    after = covariance_step(rest, turned(case.eigen), turned(case.batch_sigma), case.eta)
    for i, j in ((0, 0), (0, 1), (1, 1)):
        yield exactly("quadratic.stationary_covariance", after[i][j], rest[i][j])
    model, eta = numeric(case), float(case.eta)
    factor = np.eye(2) - eta * model.curvature
    solved = linalg.solve_discrete_lyapunov(factor, eta**2 / case.size * model.noise)
    found = model.stationary(eta, case.size)
    for route, matrix in (("Lyapunov solver", solved), ("core", found)):
        error = float(np.abs(matrix - np.array(rest, dtype=float)).max())
        yield Margin(f"quadratic.stationary_covariance, {route}", error, _solver(case, rest))


def _solver(case: QuadraticCase, rest: Matrix) -> float:
    """Bound the error of an entry: a backward stable solver in 4 unknowns, or an
    eigendecomposition; the slowest direction contracts by 1 - gap.
    """
    factors = [abs(1 - case.eta * h) for h in (case.h, case.g)]
    gap = float(1 - max(factors) ** 2)
    return 64 * EPS / gap * max(abs(float(e)) for row in rest for e in row) * 4


def spread(what: str, sample: np.ndarray, variance: float, mean: float = 0.0) -> Margin:
    """Test that independent normal numbers have a variance, by exact chi-square tails.

    Args:
        what: What was sampled.
        sample: Shape ``(total,)``.
        variance: The variance.
        mean: The mean.

    Returns:
        The relative deviation against the largest one allowed on its side.
    """
    total = len(sample)
    ratio = float(np.mean((sample - mean) ** 2)) / variance
    tail = stats.chi2.isf if ratio >= 1 else stats.chi2.ppf
    edge = float(tail(FIGURE / 2, total)) / total
    told = f"{what}: variance {ratio:.5f} of the law's, allowed {edge:.5f}"
    return Margin(told, abs(ratio - 1), abs(edge - 1), total, told)


# (eta h of the steepest direction, B, steps): short and long runs, also near the limit of 2.
RUNS = ((0.2, 1, 40), (1.0, 4, 3), (1.0, 4, 60), (1.9, 2, 200))


@check(
    "quadratic.runs",
    EvidenceKind.STATISTICS,
    bound="Dvoretzky-Kiefer-Wolfowitz-Massart and exact chi-square tails, 1e-7 a figure",
    forms=names("mean", "variance"),
    false_alarm=4 * len(RUNS) * FIGURE,
)
def runs(subject: Subject, settings: Settings) -> Iterator[Margin]:
    """Runs with normal noise end with the law derived: short runs, long runs and runs near the
    limit of stability, with H and Sigma that do not commute.
    """
    forms = subject.forms
    turn = np.array([[0.8, -0.6], [0.6, 0.8]])
    H = turn @ np.diag([2.0, 0.5]) @ turn.T
    # The symmetric part: the product is symmetric up to rounding only.
    model = make_quadratic((H + H.T) / 2, [[1.0, 0.4], [0.4, 0.7]])
    noise = turn.T @ model.noise @ turn
    start = np.array([1.5, -1.0])
    replicas = 1_000_000 if settings.deep else 40_000
    for place, (y, size, steps) in enumerate(RUNS):
        eta = y / 2
        seed = settings.seed * 1000 + 500 + place
        ends = model.simulate(turn @ start, eta, size, steps, replicas=replicas, seed=seed) @ turn
        for k, h in enumerate((2.0, 0.5)):
            drawn = {
                "x": start[k], "h": h, "eta": eta, "t": steps, "B": float(size), "s": noise[k, k],
                "v": 0.0,
            }  # fmt: skip
            for name in ("stationary_variance", "mean", "variance"):
                form = forms[f"quadratic.{name}"]
                found = float(form(**{a: drawn[a] for a in form.arguments}))
                drawn |= {"rest" if name == "stationary_variance" else name: found}
            mean, variance = drawn["mean"], drawn["variance"]
            told = f"eta h = {eta * h:g}, B = {size}, {steps} steps"
            law = stats.norm(mean, math.sqrt(variance))
            yield same_law(f"normal law, {told}", ends[:, k], law.cdf)
            yield spread(f"quadratic.variance, {told}", ends[:, k], variance, mean)


STABLE = (
    Lemma(
        "below eta h = 2 a step contracts means and variances",
        "y",
        ("0 < y < 2",),
        ("(1 - y)**2 < 1",),
        variants=(Variant("up to 21/10", ("0 < y < 2",), ("0 < y < 21/10",)),),
    ),
    Lemma(
        "from 2 on every step adds to the variance, whatever steps were taken before",
        "y v a",
        ("y >= 2", "v >= 0", "a > 0"),
        ("(1 - y)**2*v + a > v", "(1 - y)**2 >= 1"),
        variants=(Variant("from 19/10 on", ("y >= 2",), ("y >= 19/10",)),),
    ),
    Lemma(
        "beyond 2 deviations grow by the factor (1 + 2 d)^2 and more, y = 2 + d",
        "y v a d",
        ("y >= 2 + d", "d > 0", "v >= 0", "a >= 0"),
        ("(1 - y)**2*v + a >= (1 + 2*d)*v",),
        variants=(Variant("from 2 on", ("y >= 2 + d",), ("y >= 2",)),),
    ),
)


@smt("quadratic.stability")
def stability(statements: Sequence[Lemma] = STABLE) -> Iterator[Margin]:
    """A stationary state exists exactly for eta h < 2; from there on no earlier steps, however
    short, keep the variance from growing.
    """
    return lemmas(statements)
