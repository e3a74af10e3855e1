"""Log-determinant over the directions of non-zero curvature, and relative flatness, at minima."""

from __future__ import annotations

import functools

import sympy as sp

from whichmin.symbolic.closed_form import ClosedForm
from whichmin.symbolic.derivation import Derivation
from whichmin.symbolic.hessian.spectrum import spectrum_at_minimum
from whichmin.symbolic.hessian.trace import AT_MINIMUM, trace, trace_at_minimum
from whichmin.symbolic.symbols import N, k, kappa, m, n

__all__ = [
    "flatness_forms",
    "log_determinant",
    "log_determinant_difference",
    "log_determinant_right",
    "relative",
]

SPECTRUM = "from the spectrum at a minimum"
PETZKA = "Petzka et al. 2021, definition 3, for the one neuron: |w|^2 times the Hessian trace"


def _logarithms(kink: bool) -> sp.Expr:
    """Sum of multiplicity times logarithm; families at 0 have none.

    Args:
        kink: Whether the eigenvalues at the kink are positive (kappa < 1) or 0 (kappa = 1).

    Returns:
        The sum, logarithms of products written as sums.
    """
    total = sp.Integer(0)
    for family in spectrum_at_minimum():
        eigenvalue, count = family.eigenvalue.expression, family.multiplicity.expression
        if eigenvalue == 0 or (not kink and eigenvalue.has(kappa)):
            continue
        numerator, denominator = sp.fraction(eigenvalue)
        total += count * (sp.log(numerator) - sp.log(denominator))
    return total


@functools.cache
def log_determinant() -> ClosedForm:
    """Sum of the logarithms of the non-zero eigenvalues, kappa < 1."""
    chain = Derivation.begin(
        "families 4/m, (1 - kappa)/m, 1/m with their multiplicities; k - 1 directions are flat",
        _logarithms(kink=True),
        sp.log(4) + (m - k) * sp.log(1 - kappa) - (n - k + 1) * sp.log(m),
    )
    statement = "sum of log eigenvalues over n - k + 1 directions of non-zero curvature, kappa < 1"
    return ClosedForm("flatness.log_determinant", statement, chain.result, chain, SPECTRUM)


@functools.cache
def log_determinant_right() -> ClosedForm:
    """The same for kappa = 1, where the directions at the kink are flat too."""
    chain = Derivation.begin(
        "families 4/m and 1/m; k - 1 directions and the m - k at the kink are flat",
        _logarithms(kink=False),
        sp.log(4) - (n - m + 1) * sp.log(m),
    )
    statement = "sum of log eigenvalues over n - m + 1 directions of non-zero curvature, kappa = 1"
    return ClosedForm("flatness.log_determinant_right", statement, chain.result, chain, SPECTRUM)


@functools.cache
def log_determinant_difference() -> ClosedForm:
    """How much larger the log-determinant is at SGD's minimum than at GD's, kappa < 1."""
    at = log_determinant().expression
    chain = Derivation.begin(
        "SGD's minimum has k = 1",
        at.subs(k, 1) - at,
        (k - 1) * (sp.log(1 - kappa) - sp.log(m)),
    )
    statement = "log-determinant at SGD's minimum minus GD's; negative: SGD has more directions < 1"
    return ClosedForm(
        "flatness.log_determinant_difference", statement, chain.result, chain, SPECTRUM
    )


@functools.cache
def relative() -> ClosedForm:
    """Relative flatness at a minimum: there the weights have length 1."""
    chain = Derivation.begin(
        "squared length of the neuron's weights times the trace, N = C = 1",
        N * trace().expression,
        (n + 4 - k - kappa * (m - k)) / m,
        AT_MINIMUM,
    ).then("equals the trace", trace_at_minimum().expression)
    return ClosedForm(
        "flatness.relative", "relative flatness at a minimum", chain.result, chain, PETZKA
    )


def flatness_forms() -> tuple[ClosedForm, ...]:
    """The closed forms of this module."""
    return (
        log_determinant(),
        log_determinant_right(),
        log_determinant_difference(),
        relative(),
    )
