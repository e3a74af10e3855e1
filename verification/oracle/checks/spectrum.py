"""Check the eigenvalues of the Hessian: all of them, and the largest."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from whichmin.verification.oracle import references
from whichmin.verification.oracle.check import Candidate, Finding, OracleCheck
from whichmin.verification.oracle.curvature import (
    SOURCE,
    Case,
    cases,
    damped,
    matrix_reason,
    mistakes,
    other_kinks,
    solver_bound,
)
from whichmin.verification.oracle.references import floats
from whichmin.verification.oracle.session import Session

__all__ = ["CHECKS", "iteration_error", "top"]

Floats = NDArray[np.float64]

# Chance that the start of a power iteration is so nearly orthogonal to the eigenvector that its
# error exceeds the bound; a run has about 50 cases, so 1e-7 for all of them.
MISSED_START = 2e-9
_ADDED = 1e-6
_MAGNITUDE = "largest magnitude"


def _eigenvalues(case: Case, kappa: Fraction) -> Floats:
    return np.asarray(np.linalg.eigvalsh(floats(case.hessian(kappa))))


def _reason(case: Case, session: Session) -> str:
    return (
        f"Weyl, {matrix_reason(case, session.dtype)}; and 16 n u |H| for a backward stable solver"
    )


def _kink_spectrum(case: Case, got: Floats, bound: float) -> tuple[tuple[float, ...], Floats]:
    """The accepted spectrum nearest to what was found at kinks.

    The points at a kink are eigenvectors, each of an eigenvalue linear in its own kappa (the data
    are orthonormal there); the others do not depend on it. A wrong factor would spoil that, so the
    eigenvalues are also read with the usual ones taken out; the diagnosis then finds the factor.

    Args:
        case: The case.
        got: The target's eigenvalues, ascending.
        bound: Largest deviation.

    Returns:
        The kappas, none if nothing fits or kappa has no influence; and the eigenvalues for them.
    """
    count = len(case.turns)
    square = float(references.dot(case.w, case.w)) - 2
    inner = floats(references.correlations(case.w, case.data))
    start = float(case.factor) * float((np.maximum(inner, 0) ** 2).sum())
    change = float(case.factor) * square
    fixed = list(np.linalg.eigvalsh(floats(case.hessian(Fraction(0)))))
    for _ in range(count):
        fixed.remove(min(fixed, key=lambda x: abs(x - start)))
    ends = sorted((start, start + change))
    found: list[Floats] = []
    for factor in (1.0, case.problem.m, 1 / case.problem.m, 2.0, 0.5, -1.0):
        own = np.sort(got / factor)
        error, free, expected = min(
            (_matched(own, fixed, ends, chosen) for chosen in
             itertools.combinations(range(len(own)), count)),
            key=lambda x: x[0],
        )  # fmt: skip
        if error <= bound:
            right = factor == 1 and change != 0
            return tuple(abs(free - start) / abs(change)) if right else (), expected
        found.append(expected)
    return (), found[0]


def _matched(
    own: Floats, fixed: Sequence[float], ends: Sequence[float], chosen: Sequence[int]
) -> tuple[float, Floats, Floats]:
    """Deviation if the eigenvalues at some places are those at the kinks; those, and all."""
    free = np.clip(own[list(chosen)], ends[0], ends[1])
    rest = np.delete(own, list(chosen))
    expected = np.sort(np.concatenate([free, fixed]))
    apart = np.abs(np.concatenate([own[list(chosen)] - free, rest - np.array(fixed)]))
    return float(apart.max(initial=0.0)), free, expected


def _candidates(case: Case, right: Floats, kappas: tuple[Fraction, ...]) -> Iterator[Candidate]:
    for k in kappas:
        yield Candidate(f"kappa = {k} at the kink", _eigenvalues(case, k), f"'kink': '{k}'")
    yield Candidate("the sign: minus the eigenvalues", np.sort(-right))
    yield Candidate("the eigenvalues in absolute value (singular values)", np.sort(np.abs(right)))
    yield Candidate("negative eigenvalues are set to 0", np.maximum(right, 0))
    yield Candidate("the largest eigenvalue in place of all", np.full(len(right), right[-1]))
    yield Candidate("the squares of the eigenvalues", np.sort(right * right))
    for text, matrix in mistakes(case):
        symmetric = np.array_equal(matrix, matrix.T)
        lower = np.tril(matrix) + np.tril(matrix, -1).T  # what symmetric solvers read
        yield Candidate(text, np.linalg.eigvalsh(matrix if symmetric else lower))


def _spectra(session: Session, kinks: bool) -> Iterator[Finding]:
    found: list[float] = []
    wrong = False
    for case in cases(session, "spectrum", kinks=kinks):
        answer = session.call("spectrum", **case.call)
        got = np.sort(answer.value)
        bound = solver_bound(case, session.dtype)
        if case.high is None:
            right = _eigenvalues(case, case.low)
        else:
            kappas, right = _kink_spectrum(case, got, bound)
            found.extend(kappas)
        finding = Finding(
            case.what, got, right, bound, _reason(case, session), call=answer.call,
            figure="np.sort(got)", group=case.activation, scalars=case.scalars,
            candidates=functools.partial(
                _candidates, case, right, other_kinks(session) if kinks else ()
            ),
            families=functools.partial(damped, right, np.ones(len(right))),
        )  # fmt: skip
        wrong = wrong or not finding.holds
        yield finding
    if found and not wrong:
        session.note("at a kink any value of kappa from 0 to 1 was accepted")
        # Kappa carries the bound's error; 1e-3 only words it.
        if max(found) - min(found) < 1e-3:
            session.note(f"at kinks it agrees with kappa = {round(found[0], 3):g}")


def _spectrum(session: Session) -> Iterator[Finding]:
    return _spectra(session, kinks=False)


def _spectrum_kinks(session: Session) -> Iterator[Finding]:
    return _spectra(session, kinks=True)


def top(values: Floats, convention: str) -> float:
    """The eigenvalue that a convention calls the top one; of two of one size, the positive one."""
    if convention == _MAGNITUDE and -values[0] > values[-1]:
        return float(values[0])
    return float(values[-1])


def iteration_error(values: Floats, samples: int, convention: str) -> float:
    r"""Bound the error of a power iteration that starts from a uniformly random direction.

    After k iterations the Rayleigh quotient falls short of the top eigenvalue by at most

    .. math:: \max_i |\lambda_1 - \lambda_i| \left(\frac{\mu_i}{\mu_1}\right)^{2k} \frac{1 - t}{t}

    with the sizes :math:`\mu_i` of the eigenvalues of the iterated matrix, and the share t of the
    start along the top eigenspace. The share has the law Beta(d/2, (n-d)/2) with the dimension d of
    the eigenspace; a lower bound of its quantile at ``MISSED_START`` is taken. A target that finds
    the largest eigenvalue, not the largest in absolute value, must shift the matrix; a shift by the
    Frobenius norm is assumed, which suffices.

    Args:
        values: The eigenvalues.
        samples: Number of iterations.
        convention: ``largest`` or ``largest magnitude``.

    Returns:
        The bound; at most the width of the spectrum.
    """
    best, n = top(values, convention), len(values)
    shift = 0.0 if convention == _MAGNITUDE else float(np.linalg.norm(values))
    away = np.abs(values - best)
    # Eigenvalues that rounding splits are one eigenspace: they err by as little as they differ.
    same: NDArray[np.bool_] = away <= 64 * n * 2.0**-53 * np.abs(values).max(initial=0.0)
    if same.all() or abs(best + shift) == 0:
        return float(away.max(initial=0.0))
    d = int(same.sum())
    # Lower bound of the quantile: up to t = 1/2 the density is at most sqrt(2) t^(d/2-1) / B.
    beta = math.exp(math.lgamma(d / 2) + math.lgamma((n - d) / 2) - math.lgamma(n / 2))
    share = min((MISSED_START * d / 2 * beta / math.sqrt(2)) ** (2 / d), 0.5)
    ratio = np.abs(values + shift) / abs(best + shift)
    error = float((away * ratio ** (2 * samples))[~same].max()) * (1 - share) / share
    return float(min(error, float(away.max())) + float(away[same].max()))


def _top_candidates(
    case: Case, right: Floats, convention: str, kappas: tuple[Fraction, ...], got: float
) -> Iterator[Candidate]:
    for k in kappas:
        value = top(_eigenvalues(case, k), convention)
        yield Candidate(f"kappa = {k} at the kink", value, f"'kink': '{k}'")
    best = top(right, convention)
    size = float(right[np.argmax(np.abs(right))])
    if convention == "largest":
        yield Candidate(
            "the eigenvalue largest in absolute value", top(right, _MAGNITUDE),
            f"'top_eigenvalue': '{_MAGNITUDE}'",
        )  # fmt: skip
    else:
        yield Candidate("the largest eigenvalue, not the largest in absolute value",
                        right[-1], "'top_eigenvalue': 'largest'")  # fmt: skip
    yield Candidate("the largest absolute value, without its sign (the spectral norm)", abs(size))
    yield Candidate("the smallest eigenvalue", right[0])
    yield Candidate("the square of the eigenvalue", best * best)
    yield Candidate("0 where it is negative", max(best, 0.0))
    # PyHessian's v <- Hv / (|Hv| + 1e-6): at its fixed point |v| = 1 - 1e-6 / |lambda|.
    for text, value in (("largest", best), ("largest in absolute value", size)):
        length = max(1 - _ADDED / abs(value), 0.0) if value else 0.0
        yield Candidate(f"vectors are divided by their norm + 1e-6, not by their norm ({text})",
                        value * length * length)  # fmt: skip
        # Twice in each iteration: at the fixed point |v| = u / (u + 1e-6) for such a length u.
        length = length / (length + _ADDED)
        yield Candidate(f"vectors are divided by their norm + 1e-6, twice each time ({text})",
                        value * length * length)  # fmt: skip
    # The same where it iterates H + |H| I, with the quotient of H.
    over = best + float(np.linalg.norm(right))
    length = max(1 - _ADDED / over, 0.0) if over > 0 else 0.0
    if over <= _ADDED**2:  # nothing is left of the shifted matrix: the length is that of the start
        length = min(max(got / best, 0.0), 1.0) ** 0.5 if best else 0.0
    yield Candidate("vectors are divided by their norm + 1e-6, not by their norm (with a shift "
                    "by the norm of H)", best * length * length)  # fmt: skip
    for text, matrix in mistakes(case):
        if "not symmetrised" not in text:
            values = np.asarray(np.linalg.eigvalsh(matrix), dtype=np.float64)
            yield Candidate(text, top(values, convention))


def _tops(session: Session, kinks: bool) -> Iterator[Finding]:
    convention = session.conventions.top_eigenvalue
    iterated = session.stochastic("top_eigenvalue")
    for case in cases(session, "top_eigenvalue", kinks=kinks):
        answer = session.call("top_eigenvalue", **case.call, seed=session.seed)
        kappas = [k for k in (case.low, case.high) if k is not None]
        spectra = [_eigenvalues(case, k) for k in kappas]
        tops = [top(values, convention) for values in spectra]
        bound, reason = solver_bound(case, session.dtype), _reason(case, session)
        if iterated is not None:
            short = max(iteration_error(s, iterated.samples, convention) for s in spectra)
            # A Rayleigh quotient is never above the largest eigenvalue.
            above = convention == "largest" and float(answer.value) > max(tops)
            bound += 0.0 if above else short
            reason += (
                f", and {iterated.samples} iterations from a random start (chance of more: "
                f"{MISSED_START:g})"
            )
        own = () if not kinks else other_kinks(session)
        more: dict[str, Any] = {"upper": tops[1]} if len(tops) > 1 else {}
        yield answer.against(
            case.what, tops[0], bound, reason, group=case.activation, scalars=case.scalars,
            candidates=functools.partial(
                _top_candidates, case, spectra[0], convention, own, float(answer.value)
            ),
            families=functools.partial(damped, tops[0], 1.0),
            **more,
        )  # fmt: skip


def _largest(session: Session) -> Iterator[Finding]:
    return _tops(session, kinks=False)


def _largest_kinks(session: Session) -> Iterator[Finding]:
    return _tops(session, kinks=True)


_FORMULA = "eigenvalues of H: C/m on directions orthogonal to w and the data, (N - 2 + C)/m on the "
_FORMULA += "active points' span orthogonal to w, two more in the plane of w's parts (orthonormal)"

CHECKS = (
    OracleCheck(
        id="spectrum.values", functions=("spectrum",), formula=_FORMULA, source=SOURCE,
        statement="all n eigenvalues, with multiplicity", run=_spectrum,
    ),
    OracleCheck(
        id="spectrum.kinks", functions=("spectrum",), source=SOURCE, run=_spectrum_kinks,
        formula=f"{_FORMULA}, (C + kappa (N - 2))/m on the points at a kink",
        statement="all n eigenvalues at kinks, for a kappa of each kink",
    ),
    OracleCheck(
        id="top_eigenvalue.values", functions=("top_eigenvalue",), source=SOURCE,
        formula=f"largest of: {_FORMULA}", run=_largest, false_alarm=1e-7,
        statement="the largest eigenvalue, where negative ones are larger in size too",
    ),
    OracleCheck(
        id="top_eigenvalue.kinks", functions=("top_eigenvalue",), source=SOURCE,
        formula=f"largest of: {_FORMULA}, (C + kappa (N - 2))/m on the points at a kink",
        statement="the largest eigenvalue at kinks lies between the one-sided ones",
        run=_largest_kinks, false_alarm=1e-7,
    ),
)  # fmt: skip
