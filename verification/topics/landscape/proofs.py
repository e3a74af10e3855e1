"""Tie the proofs for Coq to this program: the same formulas, the same loss, the same step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction

import sympy as sp

from whichmin.core.sgd import StepConstants
from whichmin.errors import InputError
from whichmin.symbolic import symbols
from whichmin.verification.evidence.check import Margin, check
from whichmin.verification.evidence.exact import EXACT, exactly, truth, value
from whichmin.verification.evidence.subject import Subject
from whichmin.verification.oracle import references
from whichmin.verification.provers.coq import require_coq
from whichmin.verification.provers.program_runs import Case, Outcome, cases, run_programs
from whichmin.verification.provers.proof_sources import Library, library
from whichmin.verification.provers.tie import Tie, constants, residual, untied
from whichmin.verification.provers.tie_table import FREE, TIES
from whichmin.verification.topics.sgd.rational_sgd import exact_step, squared_norm
from whichmin.words import Activation, EvidenceKind

__all__: list[str] = []

_FILES = "whichmin.verification.proofs"


@check(
    "proofs.closed_forms",
    EvidenceKind.IDENTITY,
    bound="exact: the difference must simplify to 0",
    reads=(f"{_FILES}/Statements.v", f"{_FILES}/Definitions.v"),
)
def formulas_agree(
    subject: Subject,
    proofs: Library | None = None,
    ties: tuple[Tie, ...] = TIES,
    free: Mapping[str, str] = FREE,
) -> Iterator[Margin]:
    """The formulas in the statements that Coq's kernel checks, and in the definitions that they are
    about, are the closed forms derived from the loss: loss, gap, minimum, gradient, one step,
    Hessian, traces, noise and sampling. No statement has a formula that is not compared.

    Args:
        subject: Supplies the closed forms.
        proofs: The files; None for those that come with the package.
        ties: The equations.
        free: Statements that have a formula but no closed form, with the reason.

    Yields:
        What is left of each difference, and the statements that nothing is compared with.
    """
    chosen = library() if proofs is None else proofs
    for tie in ties:
        try:
            rest = residual(tie, chosen, subject.forms)
        except InputError as error:
            yield truth(str(error), holds=False)
        else:
            yield truth(f"{tie.what}: remainder {rest}", rest == 0)
    left = untied(chosen, ties, free)
    yield truth(f"compared with no closed form: {'; '.join(left) or 'none'}", not left)


@check(
    "proofs.programs",
    EvidenceKind.ENUMERATION,
    bound=EXACT,
    needs=("coqc",),
    reads=(f"{_FILES}/Programs.v",),
)
def programs_agree(
    subject: Subject,
    proofs: Library | None = None,
    chosen: tuple[Case, ...] | None = None,
) -> Iterator[Margin]:
    """The programs that the kernel has checked to compute the loss and the step of the neuron give,
    run by Coq, the fractions that are computed here: the loss of every point, their mean, the
    gradient of every point, and the weights after a step on a batch.

    Args:
        subject: Supplies the closed forms.
        proofs: The files; None for those that come with the package.
        chosen: The cases; None for all.

    Yields:
        The differences of each case.
    """
    asked = cases() if chosen is None else chosen
    found = run_programs(asked, library() if proofs is None else proofs, require_coq(False))
    if isinstance(found, str):
        yield truth(f"Coq does not run the programs: {found}", holds=False)
        return
    for case, outcome in zip(asked, found, strict=True):
        yield from _compared(subject, case, outcome)


# Those of the settling time: what the proofs call it, and ``whichmin.core.sgd``.
_CONSTANTS = {
    "point_rate": "alpha", "in_batch": "in_batch", "split_pair": "split_pair",
    "wake_factor": "wake_factor", "drift_rate": "drift_rate", "settle_rate": "settle_rate",
    "omitted": "", "with_leader": "with_leader", "mean_growth": "mean_growth",
    "without_leader": "without_leader",
}  # fmt: skip


@check(
    "proofs.constants",
    EvidenceKind.ENUMERATION,
    bound=EXACT,
    reads=(f"{_FILES}/Definitions.v",),
)
def constants_agree(proofs: Library | None = None, points: int = 6) -> Iterator[Margin]:
    """The constants of the guaranteed settling time are those that the definitions of the theorem
    give, for all m up to 6 points, all batch sizes below m, and three step sizes.

    Args:
        proofs: The files; None for those that come with the package.
        points: Largest number of points.

    Yields:
        Whether each constant is the same.
    """
    try:
        read = constants(library() if proofs is None else proofs, _CONSTANTS)
    except InputError as error:
        yield truth(str(error), holds=False)
        return
    for m in range(2, points + 1):
        for b in range(1, m):
            for eta in (Fraction(b, 5), Fraction(b, 7), Fraction(1, 1000)):
                ours = StepConstants(m, b, eta)
                given = {symbols.m: m, symbols.b: b, symbols.eta: sp.Rational(eta)}
                for name, called in _CONSTANTS.items():
                    if called:
                        theirs = read[name].subs(given)
                        what = f"{name} for m = {m}, b = {b}, eta = {eta}"
                        yield truth(what, theirs == sp.Rational(getattr(ours, called)))


def _compared(subject: Subject, case: Case, outcome: Outcome) -> Iterator[Margin]:
    data, w, kind = case.data, case.w, case.activation
    samples = tuple(references.loss(w, (a,), kind) for a in data)
    yield exactly(f"losses of the points, {case}", outcome.samples, samples, len(data))
    mean = references.loss(w, data, kind) / len(data)
    yield exactly(f"loss, {case}", outcome.loss, mean)
    gradients = references.point_gradients(w, data, kind)
    yield exactly(f"gradients of the points, {case}", outcome.gradients, gradients, len(data))
    batch = [data[i] for i in case.batch]
    yield exactly(f"step, {case}", outcome.step, exact_step(w, batch, case.eta, kind))
    if case.orthonormal:
        yield from _derived(subject, case, outcome)


def _derived(subject: Subject, case: Case, outcome: Outcome) -> Iterator[Margin]:
    """Compare with the closed forms, which are about orthonormal data."""
    w, norm, energy = case.w, squared_norm(case.w), Fraction(0)
    for a, loss in zip(case.data, outcome.samples, strict=True):
        c = references.dot(w, a)
        sigma = int(case.activation is Activation.LINEAR or c > 0)
        energy += sigma * c * c
        told = value(subject.forms["model.sample_loss"], c=c, N=norm, sigma=sigma)
        yield exactly(f"model.sample_loss, {case}", loss, told)
    told = value(subject.forms["landscape.loss"], C=energy, N=norm, m=len(case.data))
    yield exactly(f"landscape.loss, {case}", outcome.loss, told)
