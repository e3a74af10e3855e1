"""Check the trace of the Hessian, exact or estimated."""

from __future__ import annotations

import functools
import time
from collections.abc import Iterator
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from whichmin.verification.oracle import probes, references
from whichmin.verification.oracle import problems as served
from whichmin.verification.oracle.check import Call, Candidate, Finding, OracleCheck
from whichmin.verification.oracle.curvature import (
    DIAGONAL,
    SOURCE,
    Case,
    cases,
    damped,
    matrix_reason,
    mistakes,
    other_kinks,
    trace_bound,
)
from whichmin.verification.oracle.outcome import CallFailed, Inconclusive
from whichmin.verification.oracle.references import floats
from whichmin.verification.oracle.session import Answer, Session
from whichmin.verification.oracle.wrong_probes import Sample, causes, follows

__all__ = ["CHECKS", "estimates", "exact_trace"]

Floats = NDArray[np.float64]

_TRACE = "hessian_trace"
_FORMULA = "(1/m) sum_i [(N - 2) g''_i |a_i|^2 + 4 phi_i <w, a_i> + n phi_i^2]"
# Problems of the statistics: small, so that the law of random signs can be written down.
_SERVED = ("generic", "negative curvature")
# Orthogonal probes are exact if their number is a multiple of n: here n = 5 and 3.
_ORTHOGONAL = ("generic", "correlated")
# Products with the Hessian of all estimates of a case, and estimates: as many as that allows, so
# their number follows from what is declared. The fewest let the variance say something. With a
# product in a millisecond, slow for so few weights, the cases take 32 s, in the quick profile 5 s.
_PRODUCTS = {"quick": 2400, "plain": 8000, "deep": 40000}
_MOST = {"quick": 60, "plain": 200, "deep": 400}
_FEWEST = 40
# Seconds for the estimates of a case: several times as long as that, then the check gives up.
_SECONDS = {"quick": 10.0, "plain": 30.0, "deep": 600.0}
_SPREAD = "the probes are not random signs: with those the estimate has no spread here"
_ALARM = "chance of more: 1e-8"
_SIGNS, _GAUSSIAN, _SPHERE = "hutchinson", "hutchinson-gaussian", "hutchinson-sphere"


def exact_trace(case: Case, kappa: Fraction) -> Fraction:
    """Compute the exact trace for a value of kappa."""
    return case.factor * references.trace(case.w, case.data, case.activation, kappa)


def _reason(case: Case, session: Session) -> str:
    return matrix_reason(case, session.dtype)


def _mistakes(case: Case, kappas: tuple[Fraction, ...] = ()) -> Iterator[Candidate]:
    for k in kappas:
        yield Candidate(f"kappa = {k} at the kink", exact_trace(case, k), f"'kink': '{k}'")
    values = np.linalg.eigvalsh(floats(case.hessian(case.low)))
    for text, matrix in mistakes(case):
        # Where it is put does not change the trace of a term.
        if text != DIAGONAL and "symmetrised" not in text:
            yield Candidate(text, np.trace(matrix))
    yield Candidate("the sum of the eigenvalues in absolute value (the trace norm)",
                    np.abs(values).sum())  # fmt: skip
    yield Candidate("the sum of all entries, 1^T H 1: row sums (derivatives of the summed "
                    "gradient) in place of the diagonal",
                    floats(case.hessian(case.low)).sum())  # fmt: skip
    yield Candidate("the Frobenius norm", np.linalg.norm(values))
    yield Candidate("the sum of the squares of the eigenvalues", float(values @ values))
    yield Candidate("the largest eigenvalue", values[-1])


def _exact(session: Session, kinks: bool) -> Iterator[Finding]:
    if session.stochastic(_TRACE) is not None:
        return
    for case in cases(session, _TRACE, kinks=kinks):
        kappas = () if not kinks else other_kinks(session)
        yield session.call(_TRACE, **case.call, seed=session.seed).against(
            case.what, exact_trace(case, case.low), trace_bound(case, session.dtype),
            _reason(case, session), group=case.activation, scalars=case.scalars,
            upper=None if case.high is None else exact_trace(case, case.high),
            candidates=functools.partial(_mistakes, case, kappas),
            families=functools.partial(damped, exact_trace(case, case.low), case.problem.n),
        )  # fmt: skip


def _values(session: Session) -> Iterator[Finding]:
    return _exact(session, kinks=False)


def _kinks(session: Session) -> Iterator[Finding]:
    return _exact(session, kinks=True)


def _diagonal(session: Session) -> Iterator[Finding]:
    if session.stochastic(_TRACE) is not None:
        return
    for case in cases(session, _TRACE, kinks=False):
        matrix = session.call("hessian", **case.call).value
        yield session.call(_TRACE, **case.call, seed=session.seed).against(
            f"sum of the diagonal, {case.what}", np.trace(matrix),
            2 * trace_bound(case, session.dtype), f"twice {_reason(case, session)}",
            group=case.activation, scalars=case.scalars,
        )  # fmt: skip


def _profile(session: Session) -> str:
    return "quick" if session.quick else "deep" if session.deep else "plain"


def _total(session: Session, samples: int) -> int:
    """How many estimates of that many samples are judged."""
    profile = _profile(session)
    return min(_MOST[profile], max(_FEWEST, _PRODUCTS[profile] // samples))


def _diagonal_cases(session: Session) -> Iterator[Case]:
    """Cases with a diagonal Hessian: there signs have no spread, and Gaussian probes have."""
    linear = "linear" in session.activations
    for name in ("origin", "bad minimum", "local maximum") if linear else ("one dimension",):
        problem = served.problem(name)
        w, data = session.received(problem.w), session.received(problem.data)
        factor = session.conventions.factor(_TRACE, problem.m)
        yield Case(problem, "linear" if linear else "relu", w, data, factor, Fraction(0), None,
                   session.conventions.differences)  # fmt: skip


def estimates(session: Session, case: Case, samples: int) -> tuple[Floats, tuple[Call, ...]]:
    """Estimates of consecutive seeds.

    Args:
        session: The session.
        case: The case.
        samples: The declared number of samples of an estimate.

    Returns:
        The estimates and their calls.

    Raises:
        Inconclusive: They take too long; fewer would make the result depend on the machine.
    """
    total, limit = _total(session, samples), _SECONDS[_profile(session)]
    first = int(session.rng("hessian_trace.estimates").integers(2**30))
    start = time.perf_counter()
    found: list[Answer] = []
    for seed in range(first, first + total):
        if time.perf_counter() - start > limit:
            raise Inconclusive(
                f"{len(found)} of {total} estimates of {samples} samples took longer than "
                f"{limit:g} s ({case.what}), so nothing is said: let fewer samples do here, and "
                f"declare them, or take a longer profile: the full one waits for "
                f"{_SECONDS['plain']:g} s a case, the deep one for {_SECONDS['deep']:g} s"
            )
        found.append(session.call(_TRACE, **case.call, seed=seed))
    return floats(np.array([a.value for a in found])), tuple(a.call for a in found)


def _statistics(session: Session) -> Iterator[tuple[Case, probes.EstimateLaw]]:
    declared = session.stochastic(_TRACE)
    names = _SERVED[:1] if session.quick else _SERVED
    if declared is not None and declared.method == "hutchinson-orthogonal":
        names = _ORTHOGONAL
    if declared is None or declared.method not in probes.VECTORS:
        return
    chosen = [c for c in cases(session, _TRACE, kinks=False) if c.problem.id in names]
    if declared.method in {_GAUSSIAN, _SPHERE}:
        # The variance of signs may be that of Gaussian probes elsewhere; here it is 0, and that of
        # all probes of one length.
        chosen += [next(_diagonal_cases(session))]
    for case in chosen:
        matrix = floats(case.hessian(case.low))
        yield case, probes.law(matrix, declared.method, declared.samples)


def _sample(
    session: Session, case: Case, law: probes.EstimateLaw
) -> tuple[Sample, tuple[Call, ...]]:
    found, calls = estimates(session, case, law.samples)
    wrong = tuple(
        # Where it is put does not change the trace of a term.
        (text, matrix) for text, matrix in mistakes(case)
        if text != DIAGONAL and "symmetrised" not in text
    )  # fmt: skip
    exact, rounding = float(exact_trace(case, case.low)), trace_bound(case, session.dtype)
    return Sample(law, exact, rounding, found, case.scalars, wrong), calls


def _squares_one(session: Session, samples: int) -> bool:
    """Whether the probes have entries of square 1: then a diagonal Hessian gives no spread."""
    case = next(_diagonal_cases(session))
    found = [float(session.call(_TRACE, **case.call, seed=session.seed + i).value)
             for i in range(3)]  # fmt: skip
    return float(np.ptp(found)) <= 2 * trace_bound(case, session.dtype) * (1 + samples)


def _others(session: Session, samples: list[Sample]) -> tuple[str, ...]:
    """Other methods whose law the estimates follow, on a diagonal Hessian too."""
    law = samples[0].law
    found = [m for m in probes.VECTORS if m != law.method and follows(samples, m)]
    more: list[Sample] = []
    for case in list(_diagonal_cases(session))[:2] if found else ():
        own = probes.law(floats(case.hessian(case.low)), law.method, law.samples)
        more.append(_sample(session, case, own)[0])
    found = [m for m in found if follows(more, m)]
    return tuple(found) if len(found) == 1 else ()


def _estimated(session: Session) -> Iterator[Finding]:
    made: list[tuple[Case, Sample, tuple[Call, ...]]] = []
    late: Inconclusive | None = None
    try:
        for case, law in _statistics(session):
            made.append((case, *_sample(session, case, law)))
    except Inconclusive as error:
        late = error
    samples = [sample for _, sample, _ in made]
    plain = [f for case, sample, calls in made for f in _figures(case, sample, calls, (), ())]
    if all(f.holds for f in plain):
        yield from plain
    else:
        law, others = samples[0].law, () if late else _others(session, samples)
        signs = law.method != _SIGNS or late is not None or _squares_one(session, law.samples)
        for (case, sample, calls), (means, variances) in zip(
            made, causes(samples, signs, others), strict=True
        ):
            yield from _figures(case, sample, calls, means, variances)
    if late is not None:
        raise late


def _figures(
    case: Case, sample: Sample, calls: tuple[Call, ...], means: tuple[Candidate, ...],
    variances: tuple[Candidate, ...],
) -> tuple[Finding, Finding]:  # fmt: skip
    """The mean and the variance of the estimates of a case, with the causes known for each."""
    law, estimates, rounding = sample.law, sample.estimates, sample.rounding
    total = len(estimates)
    what = f"of {total} estimates, {case.what}"
    spread = float(estimates.var())
    low, high = law.variance_range(total)
    if sample.constant:
        # No value of one estimate has a chance above 1/2: all alike, 2^-39 for 40 of them.
        low = max(low, law.variance / 2)
    variance = law.variance
    room = high - variance if spread > variance else variance - low
    return (
        Finding(
            f"mean {what}", estimates.mean(), sample.trace, law.mean_radius(total) + rounding,
            f"Chernoff's bound from the law of the probes; {_ALARM}",
            calls=calls, figure="got.mean()", candidates=means,
        ),
        Finding(
            f"variance {what}", spread, variance, room + rounding * (rounding + 2 * variance**0.5),
            f"Chernoff's and Bernstein's bounds from the law of the probes; {_ALARM}",
            calls=calls, figure="got.var()", candidates=variances,
        ),
    )  # fmt: skip


def _no_signs(
    session: Session, case: Case, samples: int, spread: bool, got: float
) -> Iterator[Candidate]:
    """What may be wrong where random signs give the trace itself; declared is what would pass."""
    yield from _mistakes(case)
    declare = ""
    if spread:
        try:
            made = [_sample(session, own, law)[0] for own, law in _statistics(session)]
            others = _others(session, made)
        except (CallFailed, Inconclusive):
            others = ()  # what is not seen is not advised
        if others:
            declare = probes.declaration(others[0], samples)
    # A multiple of the identity gives no spread to other probes of one length either.
    right = abs(got - float(exact_trace(case, case.low))) <= trace_bound(case, session.dtype) * (
        1 + samples
    )
    yield Candidate(_SPREAD, got if spread or right else np.nan, declare)


def _without_spread(session: Session) -> Iterator[Finding]:
    """Random signs give the trace of a diagonal matrix exactly: every z_i^2 is 1."""
    declared = session.stochastic(_TRACE)
    if declared is None or declared.method != "hutchinson":
        return
    for case in _diagonal_cases(session):
        answers = [
            session.call(_TRACE, **case.call, seed=seed)
            for seed in range(session.seed, session.seed + 3)
        ]
        # Adding up the k samples rounds k more times.
        bound = trace_bound(case, session.dtype) * (1 + declared.samples)
        spread = float(np.ptp([a.value for a in answers])) > 2 * bound
        candidates = functools.partial(_no_signs, session, case, declared.samples, spread)
        for answer in answers:
            yield answer.against(
                f"seed {answer.call.arguments['seed']}, {case.what}",
                exact_trace(case, case.low), bound,
                f"{_reason(case, session)}, once for each sample",
                scalars={**case.scalars, "samples": declared.samples},
                candidates=functools.partial(candidates, float(answer.value)),
            )  # fmt: skip


def _seeded(session: Session) -> Iterator[Finding]:
    for case, _ in _statistics(session):
        first = session.call(_TRACE, **case.call, seed=session.seed).value
        again = session.call(_TRACE, **case.call, seed=session.seed)
        yield again.against(
            f"second call against the first, {case.what}", first,
            2 * trace_bound(case, session.dtype), f"twice {_reason(case, session)}",
            group=case.activation,
            candidates=(Candidate("the seed does not decide the estimate", again.value),),
        )  # fmt: skip


CHECKS = (
    OracleCheck(
        id="hessian_trace.values", functions=(_TRACE,), formula=_FORMULA, source=SOURCE,
        statement="the trace is that of the definition where there is one", run=_values,
    ),
    OracleCheck(
        id="hessian_trace.kinks", functions=(_TRACE,), source=SOURCE, run=_kinks,
        formula=f"{_FORMULA}, g'' = kappa at a kink",
        statement="at kinks the trace lies between the one-sided ones, or has the kappa declared",
    ),
    OracleCheck(
        id="hessian_trace.diagonal", functions=(_TRACE, "hessian"), formula="sum_i H_ii",
        source="definition", run=_diagonal,
        statement="the trace is the sum of the diagonal of the target's own Hessian",
    ),
    OracleCheck(
        id="hessian_trace.estimates", functions=(_TRACE,), source=probes.SOURCE, run=_estimated,
        formula=f"mean {_FORMULA}, variance {probes.FORMULA}", kind="stochastic",
        statement="the estimator is unbiased, and has the variance of its probes",
        false_alarm=10 * 2 * probes.ALARM,
    ),
    OracleCheck(
        id="hessian_trace.signs", functions=(_TRACE,), source=probes.SOURCE, run=_without_spread,
        formula="z^T H z = tr H for a diagonal H and signs z", kind="stochastic",
        statement="with random signs the estimate is exact for a diagonal Hessian",
    ),
    OracleCheck(
        id="hessian_trace.seed", functions=(_TRACE,), source="definition", run=_seeded,
        formula="the same seed, the same value", kind="stochastic",
        statement="the seed decides the estimate",
    ),
)  # fmt: skip
