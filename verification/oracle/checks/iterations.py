"""Check that a power iteration comes as near to the top eigenvalue as its iterations lead."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from whichmin.verification.oracle.chances import upper_quantile
from whichmin.verification.oracle.check import Call, Candidate, Finding, OracleCheck
from whichmin.verification.oracle.checks.spectrum import top
from whichmin.verification.oracle.curvature import Case, solver_bound
from whichmin.verification.oracle.outcome import Inconclusive
from whichmin.verification.oracle.problems import ServedProblem, frame
from whichmin.verification.oracle.references import floats
from whichmin.verification.oracle.session import Session

__all__ = ["CHECKS", "gap_problem", "shortfalls"]

F = Fraction
Floats = NDArray[np.float64]

_TOP = "top_eigenvalue"
# Estimates of a case.
_ESTIMATES = {"quick": 40, "plain": 60, "deep": 200}
# Share of right estimates that are further off than the quantile taken, and its excess for the
# error of a quantile of that many simulated starts: five standard errors.
_SHARE, _STARTS = 0.25, 20_000
_EXCESS = 5 * math.sqrt(_SHARE * (1 - _SHARE) / _STARTS)
ALARM = 1e-8
# What is left of a start along the second eigenvector, squared: so the number of iterations counts.
_LEFT = 1e-3
# The check has power if starts that are not iterated are further off in so many cases.
_POWER = 0.95
# Kolmogorov's distance of n values from their law exceeds 1.95 / sqrt(n) once in a thousand times.
_ALIKE = 1.95
_NONE = "it does not iterate: the Rayleigh quotient of its random start"


def gap_problem(second: Fraction, name: str) -> ServedProblem:
    r"""Make a problem with one large eigenvalue of the Hessian and two smaller ones.

    The weights, of squared norm near 4, are almost orthogonal to the points, so the Hessian is near
    :math:`\frac2m \sum_i a_i a_i^\top`.

    Args:
        second: Length of the second and the third point, relative to the first.
        name: What it is called.

    Returns:
        Three points in eight dimensions.
    """
    rows = frame((1, 2, 3, 1, 2, 1, 3, 2), 5)
    data = tuple(
        tuple(x * f for x in row)
        for row, f in zip(rows[:3], (F(4), 4 * second, 4 * second), strict=True)
    )
    parts = (F(1, 64), F(1, 96), F(1, 80), F(3, 2), F(4, 3))
    w = tuple(sum((q * row[p] for q, row in zip(parts, rows, strict=True)), F(0)) for p in range(8))
    return ServedProblem(name, data, w, frozenset({"quick"}), "a gap below the top eigenvalue")


def _second(samples: int) -> Fraction:
    r"""Compute the length so that iterations with a shift leave ``_LEFT`` of a second eigenvector.

    With eigenvalues 1, r, r the norm is :math:`\sqrt{1 + 2 r^2}`, so r solves
    :math:`\left(\frac{r + |H|}{1 + |H|}\right)^{2k} = l`; found by bisection.

    Args:
        samples: Number of iterations, k.

    Returns:
        The length relative to the first point's, :math:`\sqrt r`.
    """
    low, high = 0.0, 1.0
    for _ in range(60):
        r = (low + high) / 2
        norm = math.sqrt(1 + 2 * r * r)
        left = ((r + norm) / (1 + norm)) ** (2 * max(samples - 1, 1))
        low, high = (r, high) if left < _LEFT else (low, r)
    return F(round(math.sqrt(low) * 2**20), 2**20)


def shortfalls(
    values: Floats, goal: float, iterations: int, shift: float, rng: np.random.Generator
) -> Floats:
    """Draw how far Rayleigh quotients stay off after iterations from Gaussian starts.

    Args:
        values: The eigenvalues.
        goal: The top one.
        iterations: How many.
        shift: What is added to the eigenvalues while it iterates.
        rng: The generator.

    Returns:
        Distances, ``_STARTS`` of them.
    """
    size = np.abs(values + shift)
    with np.errstate(divide="ignore"):
        logs = 2 * iterations * np.log(size / size.max()) if iterations else 0 * size
    weights = rng.standard_normal((_STARTS, len(values))) ** 2 * np.exp(logs)
    return np.asarray(np.abs(weights @ values / weights.sum(1) - goal))


def _alike(found: Floats, drawn: Floats) -> float:
    """Kolmogorov's distance of a sample from the law of another, in units of chance."""
    places, own, other = np.concatenate([found, drawn]), np.sort(found), np.sort(drawn)
    apart = (
        np.searchsorted(own, places, side="right") / len(own)
        - np.searchsorted(other, places, side="right") / len(other)
    )  # fmt: skip
    return float(np.abs(apart).max()) * math.sqrt(len(found))


_Made = tuple[Case, Floats, float, Floats, tuple[Call, ...], float, float]


def _cause(session: Session, made: list[_Made], samples: int) -> str:
    """The number of iterations, if one explains the distances in all cases."""
    counts = {0, 1, 2, 3, 5, 10, 20, samples // 10, samples // 4, samples // 2}
    best = (_ALIKE, "")
    for count in sorted(c for c in counts if c < samples - 1):
        for shifted in (False, True):
            worst = 0.0
            for case, values, goal, found, _, _, bound in made:
                shift = float(np.linalg.norm(values)) if shifted else 0.0
                rng = session.rng(f"{_TOP}.{count}.{case.what}")
                drawn = shortfalls(values, goal, count, shift, rng)
                # Smaller distances are rounding.
                worst = max(worst, _alike(np.maximum(found, bound), np.maximum(drawn, bound)))
            text = _NONE if count == 0 else (
                f"as far off as after {count} iterations {'with' if shifted else 'without'} a "
                f"shift, where {samples} are declared"
            )  # fmt: skip
            best = min(best, (worst, text))
    return best[1]


def _iterated(session: Session) -> Iterator[Finding]:
    declared = session.stochastic(_TOP)
    if declared is None or declared.method != "power iteration":
        return
    samples, convention = declared.samples, session.conventions.top_eigenvalue
    profile = "quick" if session.quick else "deep" if session.deep else "plain"
    total = _ESTIMATES[profile]
    most = upper_quantile(ALARM, total, _SHARE + _EXCESS)
    made: list[_Made] = []
    powerful = False
    for name, second in (("one large eigenvalue", F(1, 64)),
                         ("a gap for so many iterations", _second(samples))):  # fmt: skip
        problem = gap_problem(second, name)
        w, data = session.received(problem.w), session.received(problem.data)
        factor = session.conventions.factor(_TOP, problem.m)
        # Both activations are alike here: the inner products are small and positive.
        case = Case(problem, session.activations[0], w, data, factor, F(0), None,
                   session.conventions.differences)  # fmt: skip
        values = np.asarray(np.linalg.eigvalsh(floats(case.hessian(F(0)))))
        goal, bound = top(values, convention), solver_bound(case, session.dtype)
        # The last product may serve the quotient, so an iteration less is right too.
        drawn = [
            shortfalls(values, goal, samples - 1, shift, session.rng(f"{_TOP}.{case.what}"))
            for shift in (0.0, float(np.linalg.norm(values)))
        ]
        far = max(float(np.quantile(d, 1 - _SHARE)) for d in drawn) + bound
        raw = shortfalls(values, goal, 0, 0.0, session.rng(f"{_TOP}.raw"))
        powerful = powerful or float((raw > far).mean()) >= _POWER
        first = int(session.rng(f"{_TOP}.{name}").integers(2**30))
        answers = [
            session.call(_TOP, **case.call, seed=seed) for seed in range(first, first + total)
        ]
        away = np.abs(np.array([float(a.value) for a in answers]) - goal)
        made.append((case, values, goal, away, tuple(a.call for a in answers), far, bound))
    wrong = any((away > far).sum() > most for _, _, _, away, _, far, _ in made)
    cause = functools.cache(lambda: _cause(session, made, samples))

    def candidates(outside: float) -> Iterator[Candidate]:
        if cause():
            yield Candidate(cause(), outside)

    for case, _, goal, away, calls, far, _ in made:
        outside = float((away > far).sum())
        yield Finding(
            f"how many of {total} estimates are off by more than {far:.3g}, {case.what}",
            outside, 0.0, float(most),
            f"after {samples - 1} iterations from a Gaussian start a quarter of them are, with a "
            f"shift by |H| or without; chance of more: {ALARM:g}",
            calls=calls, figure=f"float((np.abs(got - {goal!r}) > {far!r}).sum())",
            candidates=functools.partial(candidates, outside),
        )  # fmt: skip
    if not powerful and not wrong:
        raise Inconclusive(
            f"{_TOP} is not judged: {samples} iterations from a random start need not come nearer "
            "to the eigenvalue than none; let it do more, and declare that, or return the "
            "eigenvalue to rounding, undeclared"
        )


CHECKS = (
    OracleCheck(
        id="top_eigenvalue.iterations", functions=(_TOP,), kind="stochastic", run=_iterated,
        formula="sum_i x_i mu_i^(2k) g_i^2 / sum_i mu_i^(2k) g_i^2, x the eigenvalues, mu those of "
        "the matrix iterated, g Gaussian",
        source="quantile of simulated starts; exact binomial tail",
        statement="estimates come as near to the top eigenvalue as the declared iterations lead",
        false_alarm=2 * ALARM,
    ),
)  # fmt: skip
