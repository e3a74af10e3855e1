"""Symbolic evidence: every step of every derivation, the reduction lemma, the certificate."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator

import sympy as sp

from whichmin.symbolic import descent as dynamics
from whichmin.symbolic.hessian import spectrum
from whichmin.symbolic.landscape import minima as landscape
from whichmin.symbolic.landscape import reduction
from whichmin.symbolic.selection import law as selection
from whichmin.verification.evidence.check import Margin, check
from whichmin.verification.evidence.subject import Subject
from whichmin.words import EvidenceKind

__all__ = ["certificate_holds"]

EXACT = "exact: the difference must be identically zero"


def _verdict(what: str, holds: bool, cases: int = 1) -> Margin:
    return Margin(what, 0.0 if holds else math.inf, 1.0, cases)


identity = functools.partial(check, kind=EvidenceKind.IDENTITY, bound=EXACT)


@identity(
    "derivations.reduction_lemma",
    forms=(
        "model.sample_loss",
        "model.sample_derivative",
        "model.sample_second_derivative",
        "landscape.loss",
        "landscape.derivative",
        "sharpness.second_derivative",
        "sharpness.trace",
    ),
)
def reduction_lemma(subject: Subject) -> Iterator[Margin]:
    """Written out in R^n, loss, gradient, Hessian and trace equal the reduced forms, identically,
    for all m <= n <= 5 and every activation pattern.
    """
    forms = dict(subject.forms)
    sizes = range(1, reduction.LARGEST + 1)
    for n in sizes:
        for what, residual in reduction.confirm_sample(n, forms):
            yield _verdict(f"{what}: residual {residual}", residual == 0)
        for m in range(1, n + 1):
            for what, residual in reduction.confirm_full_batch(m, n, forms):
                yield _verdict(f"{what}: residual {residual}", residual == 0)


@identity("derivations.chains", forms=("*",))
def chains(subject: Subject) -> Iterator[Margin]:
    """Every closed form follows from the definition of the loss, step by step, for symbolic m, n, b
    and step size.
    """
    for form in subject.forms.values():
        failures = form.failures()
        yield _verdict(
            "; ".join(failures) or f"closed form {form.id}",
            not failures,
            len(form.derivation.steps),
        )


def certificate_holds(
    polynomial: sp.Expr, terms: tuple[sp.Expr, ...], variables: tuple[sp.Symbol, ...]
) -> bool:
    """Check a sum-of-squares certificate in exact rational arithmetic.

    Returns:
        Whether ``polynomial`` equals the sum of the squares of ``terms``.
    """
    total = sum(
        (sp.Poly(t, *variables, domain="QQ") ** 2 for t in terms),
        sp.Poly(0, *variables, domain="QQ"),
    )
    return bool(total == sp.Poly(polynomial, *variables, domain="QQ"))


@identity("derivations.certificate")
def certificate() -> Iterator[Margin]:
    """The loss gap is a sum of squares, so no point lies below the minimum 1/2 - 1/(2m)."""
    for n in range(1, reduction.LARGEST + 1):
        for k in range(1, n + 1):
            polynomial, terms, variables = landscape.squares(k, n - k)
            yield _verdict(
                f"loss gap as a sum of {len(terms)} squares, {k} active of {n} coordinates",
                certificate_holds(polynomial, terms, variables),
            )


@identity("derivations.critical_points", forms=("landscape.gradient_energy",))
def critical_points(subject: Subject) -> Iterator[Margin]:
    """The gradient vanishes exactly at the minima and where C = 0; kinds below, at and above |w|^2
    = 2, and the dead neuron.
    """
    C, R = sp.symbols("C R", nonnegative=True)
    energy = subject.forms["landscape.gradient_energy"].expression
    found = landscape.critical_solutions()
    families = {(s.get(C), s.get(R)) for s in found}
    yield _verdict(
        f"gradient = 0 has the solutions {found}",
        (0, None) in families and families <= {(0, None), (0, 0), (1, 0)} and (1, 0) in families,
    )
    for solution in found:
        at = energy.subs(sp.Symbol("N", nonnegative=True), C + R).subs(solution)
        yield _verdict(f"gradient energy at {solution}", sp.simplify(at) == 0)
    for critical in landscape.critical_points():
        for fact in critical.facts:
            yield _verdict(f"{critical.name}: {fact.reason}", fact.holds())


@identity("derivations.consistency")
def consistency() -> Iterator[Margin]:
    """Eigenvalues add up to the trace, multiplicities to n; the full-batch step is minus eta times
    the gradient and keeps the ratios of active correlations; lemmas on the generator of the
    selection process, for 2, 3 and 4 points.
    """
    chains = (
        *spectrum.spectrum_consistency(),
        dynamics.gradient_matches_step(),
        *dynamics.ratios_are_kept(),
        *selection.generator_lemmas().values(),
    )
    for chain in chains:
        failures = chain.failures()
        yield _verdict("; ".join(failures) or chain.steps[0].reason, not failures)
