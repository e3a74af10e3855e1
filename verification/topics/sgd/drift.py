"""SGD's drift towards one data point: its inequalities, all batches listed, exact counterexamples.

``R = log(|c_*| / sum of the other |c_j|)``, c_* the largest active correlation. Where ``c_* = 1``
and the others are infinitely small, a batch with the leader and a share tau of the others changes
R by ``-log(1 - alpha (1 - tau))``, one without by ``-log(1 + alpha tau)``. The share averages
``(b-1)/(m-1)`` and ``b/(m-1)``, and both are convex in tau (Jensen):

    drift >= -(b/m) log(1 - alpha mu) - ((m-b)/m) log(1 + alpha b/(m-1)),  mu = (m-b)/(m-1).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from fractions import Fraction

import numpy as np
import sympy as sp
import torch
from hypothesis.strategies import SearchStrategy

from whichmin.core.data import make_data
from whichmin.core.engines import Problem
from whichmin.core.frames import standard_basis
from whichmin.verification.evidence.check import Margin, check, differs
from whichmin.verification.evidence.rounding import EPS
from whichmin.verification.evidence.subject import Subject
from whichmin.verification.topics.sgd.rational_sgd import Vector, exact_step
from whichmin.verification.topics.strategies import RunCase, runs
from whichmin.words import Activation, EvidenceKind

__all__ = ["INEQUALITIES", "drift_bound", "pair_bound"]

x = sp.Symbol("x", positive=True)
alpha, m, b = sp.symbols("alpha m b", positive=True)

# f with f(0) = 0 and its derivative, written so that its sign is seen: f >= 0 for x > 0 (the last
# for x <= 1/2).
INEQUALITIES = (
    ("-log(1 - x) >= x + x^2/2", -sp.log(1 - x) - x - x**2 / 2, x**2 / (1 - x)),
    ("log(1 + x) <= x", x - sp.log(1 + x), x / (1 + x)),
    ("log(1 + x) >= x - x^2/2", sp.log(1 + x) - x + x**2 / 2, x**2 / (1 + x)),
    ("log(1 - x) >= -x - x^2", sp.log(1 - x) + x + x**2, x * (1 - 2 * x) / (1 - x)),
)


def _zero(what: str, expression: sp.Expr) -> Margin:
    # Any remainder at all is too much; 1 stands for it.
    rest = sp.simplify(sp.expand_log(expression, force=True))
    return Margin(f"{what}: remainder {rest}", float(rest != 0), 0.0)


@check(
    "sgd_drift.logarithms",
    EvidenceKind.IDENTITY,
    bound="exact: the difference must be identically zero",
    forms=("dynamics.active_factor", "dynamics.inactive_factor", "dynamics.separation_rate"),
)
def logarithms(subject: Subject) -> Iterator[Margin]:
    """The inequalities on logarithms that the drift bounds use, by their derivatives; the bound at
    b = 1 and b = m; the rate of separation.
    """
    for what, f, slope in INEQUALITIES:
        yield _zero(f"{what}: both sides agree at 0", f.subs(x, 0))
        yield _zero(f"{what}: derivative {slope} of the difference", sp.diff(f, x) - slope)
    mu, t = (m - b) / (m - 1), b / (m - 1)
    bound = -b / m * sp.log(1 - alpha * mu) - (m - b) / m * sp.log(1 + alpha * t)
    single = (-sp.log(1 - alpha) - alpha) / m
    slack = (m - 1) / m * (alpha / (m - 1) - sp.log(1 + alpha / (m - 1)))
    yield _zero("b = 1: the bound is [-log(1 - eta) - eta]/m and more", bound.subs(b, 1)
                - single - slack)  # fmt: skip
    yield _zero("b = m: the bound is 0", bound.subs(b, m))
    names = {s: sp.Symbol(s, positive=True) for s in ("N", "S", "mu", "alpha", "m", "b")}

    def form(name: str) -> sp.Expr:
        found = subject.forms[name].expression
        return found.subs({s: names[s.name] for s in found.free_symbols})

    vertex = {names["N"]: 1, names["S"]: 1, names["mu"]: 1}
    own = form("dynamics.active_factor").subs(vertex)
    rest = form("dynamics.inactive_factor").subs(vertex)
    yield _zero("b = 1 at a data point: R grows by log(1/(1 - eta)) when the leader is drawn",
                sp.log(own / rest) + sp.log(1 - alpha))  # fmt: skip
    k, d = sp.symbols("k d", positive=True)

    def factor(times: sp.Expr) -> sp.Expr:
        """At a data point that is drawn k times: factor of a point drawn so many times."""
        at = {names["N"]: 1, names["S"]: k, names["mu"]: times}
        return form("dynamics.active_factor").subs(at, simultaneous=True)

    yield _zero("with replacement, at a data point: factor of a ratio", factor(k - d) / factor(k)
                - (1 - alpha * d))  # fmt: skip
    rate = form("dynamics.separation_rate")
    pairs = sp.log(1 - alpha) + sp.log(1 + alpha)
    yield _zero("rate of separation, 1 - alpha^2 = (1 - alpha)(1 + alpha)",
                rate - b * (m - b) / (m * (m - 1)) * pairs)  # fmt: skip
    yield _zero("rate of separation at b = m", rate.subs(b, m))


def drift_bound(rate: float, size: int, count: int) -> float:
    """Lower bound of the drift of R next to a data point.

    Args:
        rate: Step size over batch size.
        size: Batch size.
        count: Number of data points, above the batch size.

    Returns:
        The bound.
    """
    mean = (count - size) / (count - 1)
    lost = math.log1p(rate * size / (count - 1))
    return -size / count * math.log1p(-rate * mean) - (count - size) / count * lost


def pair_bound(rate: float, size: int, count: int, gap: float) -> float:
    """Lower bound of the drift of the log ratio of two active correlations, anywhere.

    Args:
        rate: Step size over batch size.
        size: Batch size.
        count: Number of data points.
        gap: Difference of the squares of the two.

    Returns:
        The bound (``smt.sgd_drift``).
    """
    chance = size * (count - size) / (count * (count - 1))
    return chance * math.log1p(19 / 28 * rate**2 * gap)


def _after(subject: Subject, case: RunCase, start: np.ndarray) -> np.ndarray:
    """Correlations after one step from one point of R^(m+1), for every batch of size b.

    Returns:
        Shape ``(batches, m)``.
    """
    batches = np.array(list(itertools.combinations(range(case.m), case.batch_size)))
    data = make_data(standard_basis(case.m, case.m + 1))
    engine = subject.engines["dense"](
        Problem(data, case.activation, case.step_size),
        torch.from_numpy(np.tile(start, (len(batches), 1))),
    )
    engine.step(torch.from_numpy(batches))
    return np.asarray(engine.correlations().numpy())


def _mini_batches() -> SearchStrategy[RunCase]:
    return runs(largest=7, proper=True, replicas=1)


@check(
    "sgd_drift.all_batches",
    EvidenceKind.PROPERTY,
    bound="rounding of one step, divided by the smallest correlation",
    cases=_mini_batches,
    examples=150,
)
def all_batches(subject: Subject, case: RunCase, scale: float = 1.0) -> Iterator[Margin]:
    """Averaged over all batches of size b < m, the core's drift of the log ratios is at least the
    proved bounds: of every active pair anywhere, of R next to a data point.
    """
    count, size, rate = case.m, case.batch_size, case.alpha
    # Anywhere: every pair of active correlations. Off-span energy fills the norm to at most 1.
    c = case.correlations[0]
    start = np.append(c, 0.5 * math.sqrt(1 - float(c @ c)))
    after = np.abs(_after(subject, case, start))
    logs = (np.log(after) - np.log(np.abs(c))).mean(0)
    active = np.flatnonzero(c > 0) if case.activation is Activation.RELU else np.arange(count)
    # One step is 16 roundings of numbers of size 1 at most, magnified where c is small.
    allowed = 32 * EPS / float(np.abs(c[active]).min())
    for i, j in itertools.permutations(active, 2):
        gap = float(c[i] ** 2 - c[j] ** 2)
        if gap < 0:
            continue
        bound = scale * pair_bound(rate, size, count, gap)
        short = max(0.0, bound - float(logs[i] - logs[j]))
        yield Margin("drift of a pair's log ratio below its bound", short, allowed, len(after))
    # Next to a data point, the others of size d; S and N are off by (m - 1) d^2 at most.
    d = 1e-7
    others = d * np.abs(c[1:]) / np.abs(c[1:]).max()
    after = np.abs(_after(subject, case, np.concatenate([[1.0], others, [0.0]])))
    ratios = np.log(after[:, 0] / after[:, 1:].sum(1)) + math.log(float(others.sum()))
    short = max(0.0, scale * drift_bound(rate, size, count) - float(ratios.mean()))
    yield Margin("drift of R below its bound", short, 32 * EPS / d + 16 * d**2, len(after))


def _basis(count: int) -> tuple[Vector, ...]:
    return tuple(tuple(Fraction(int(i == j)) for j in range(count)) for i in range(count))


def _gains(w: Vector, eta: Fraction) -> list[Fraction]:
    """Factor of |c_1| / sum of the others in one step, for every single point."""
    basis = _basis(len(w))
    steps = [exact_step(w, [a], eta, Activation.LINEAR) for a in basis]
    return [v[0] / sum(v[1:]) / (w[0] / sum(w[1:])) for v in steps]


@check(
    "sgd_drift.small_norm",
    EvidenceKind.COUNTEREXAMPLE,
    bound="exact fractions; four roundings of the logarithm shown",
)
def small_norm(norm: str = "1/100") -> Iterator[Margin]:
    """For m = 3, b = 1, eta = 1/5: with |w| = 1/100 and R = log(500000) the drift of R is negative.

    R is as large as one likes, and its drift is negative because the norm is small.
    """
    top = Fraction(norm)
    w = (top, top / 10**6, top / 10**6)
    product = math.prod(_gains(w, Fraction(1, 5)))
    # log of an exact fraction, one rounding of it and one of the logarithm.
    yield Margin("three times the drift, as a factor of the ratio, from below 1",
                 max(0.0, float(product - 1)), 0.0)  # fmt: skip
    least = (-math.log(0.8) - 0.2) / 3
    yield differs("drift of R at R = log(500000)", least, math.log(product) / 3, 4 * EPS)


@check("sgd_drift.fixed_points", EvidenceKind.ENUMERATION, bound="exact: fractions")
def fixed_points(skip: int = 0) -> Iterator[Margin]:
    """For b < m <= 6 some batch holds one point and not the other; all batches fix the data points
    and some batch moves a minimum with two parts, which the full batch fixes.

    The step of the argument that counts batches, and its end points in exact arithmetic.
    """
    eta = Fraction(1, 5)
    pairs, kept, moved = 0, Fraction(0), []
    for count in range(2, 7):
        basis = _basis(count)
        dense = tuple(Fraction(v, 5) for v in (3, 4) + (0,) * (count - 2))
        for size in range(1, count + skip):
            batches = list(itertools.combinations(range(count), size))
            for i, j in itertools.permutations(range(count), 2):
                pairs += 1
                if not any(i in chosen and j not in chosen for chosen in batches):
                    what = f"no batch of {size} of {count} has one point and not the other"
                    yield Margin(what, math.inf, 0.0)
            steps = [[basis[i] for i in chosen] for chosen in batches]
            for sign, kind in (
                (1, Activation.LINEAR),
                (-1, Activation.LINEAR),
                (1, Activation.RELU),
            ):
                w = tuple(sign * v for v in basis[0])
                kept += sum(_moved(w, exact_step(w, s, eta * size, kind)) for s in steps)
            moved.append(max(
                _moved(dense, exact_step(dense, s, eta * size, Activation.LINEAR)) for s in steps
            ))  # fmt: skip
    yield Margin("some batch has one point and not the other, b < m <= 6", 0.0, 0.0, pairs)
    yield Margin("sum of the moves of data points", float(kept), 0.0, len(moved))
    least = min(moved)
    yield Margin("a minimum with two parts moves under some batch", 2.0**-52, float(least),
                 len(moved), f"(3/5, 4/5, 0, ...) moves by {least} or more")  # fmt: skip
    still = exact_step(dense, basis, eta, Activation.LINEAR)
    yield Margin("it does not move under the full batch", float(_moved(dense, still)), 0.0)


def _moved(before: Vector, after: Vector) -> Fraction:
    return sum((abs(p - q) for p, q in zip(before, after, strict=True)), Fraction(0))
