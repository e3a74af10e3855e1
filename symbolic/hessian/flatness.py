"""Derive the log-determinant over curved directions, and relative flatness, at minima."""

from __future__ import annotations

import sympy as sp

from whichmin.symbolic.derivation import Derivation
from whichmin.symbolic.hessian.spectrum import spectrum_at_minimum
from whichmin.symbolic.hessian.trace import at_minimum, trace_at_point
from whichmin.symbolic.operators import at
from whichmin.symbolic.registry import derives, forms_of
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
    """Sum multiplicity times logarithm over the positive eigenvalues.

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


@derives("flatness.log_determinant", SPECTRUM, where="kappa < 1")
def log_determinant() -> Derivation:
    r"""Derive the sum of log eigenvalues over n - k + 1 directions of non-zero curvature.

    .. math::
        \sum_{\lambda_i > 0} \log \lambda_i = \log 4 + (m - k) \log(1 - \kappa) - (n - k + 1) \log m
    """
    return Derivation.begin(
        "families 4/m, (1 - kappa)/m, 1/m with their multiplicities; k - 1 directions are flat",
        _logarithms(kink=True),
        sp.log(4) + (m - k) * sp.log(1 - kappa) - (n - k + 1) * sp.log(m),
    )


@derives("flatness.log_determinant_right", SPECTRUM, where="kappa = 1")
def log_determinant_right() -> Derivation:
    r"""Derive the sum of log eigenvalues over n - m + 1 directions of non-zero curvature.

    .. math:: \sum_{\lambda_i > 0} \log \lambda_i = \log 4 - (n - m + 1) \log m
    """
    return Derivation.begin(
        "families 4/m and 1/m; k - 1 directions and the m - k at the kink are flat",
        _logarithms(kink=False),
        sp.log(4) - (n - m + 1) * sp.log(m),
    )


@derives(
    "flatness.log_determinant_difference", SPECTRUM, where="negative: SGD has more directions < 1"
)
def log_determinant_difference() -> Derivation:
    r"""Derive the log-determinant at SGD's minimum minus GD's.

    .. math:: \Delta = (k - 1) (\log(1 - \kappa) - \log m)
    """
    general = log_determinant().expression
    return Derivation.begin(
        "SGD's minimum has k = 1",
        at(general, {k: 1}) - general,
        (k - 1) * (sp.log(1 - kappa) - sp.log(m)),
    )


@derives("flatness.relative", PETZKA)
def relative() -> Derivation:
    r"""Derive the relative flatness at a minimum.

    .. math:: \|w\|^2 \operatorname{Tr} H = \frac{n + 4 - k - \kappa (m - k)}{m}
    """
    return Derivation.begin(
        "squared length of the neuron's weights times the trace, N = C = 1",
        N * trace_at_point().expression,
        (n + 4 - k - kappa * (m - k)) / m,
        at_minimum(trace_at_point().expression),
    )


flatness_forms = forms_of(__name__)
