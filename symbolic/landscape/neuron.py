"""The per-sample loss, from its definition to a function of two scalars.

Everything else in this layer starts from :func:`sample_loss`. The definition
``|a - w phi(<w, a>)|^2 / 2`` is a sum over n coordinates with symbolic n; it depends on the
weights only through ``c = <w, a>`` and ``N = |w|^2``. Linear and ReLU are one case: the activation
is ``phi(c) = sigma c`` with the slope ``sigma`` of the piece that c is on.

The chain rule then gives all derivatives: for ``F(c, N)`` and any direction u,

    ``dF(u) = F_c <a, u> + 2 F_N <w, u>``
    ``d2F(u, u) = F_cc <a,u>^2 + 4 F_cN <a,u> <w,u> + 4 F_NN <w,u>^2 + 2 F_N |u|^2``.

:mod:`whichmin.symbolic.landscape.reduction` confirms this lemma by brute force in R^n.
"""

from __future__ import annotations

import functools

import sympy as sp

from whichmin.symbolic.closed_form import ClosedForm
from whichmin.symbolic.derivation import Derivation
from whichmin.symbolic.symbols import N, c, i, m, n, sigma

__all__ = [
    "U",
    "Y",
    "over_data",
    "per_sample",
    "sample_derivative",
    "sample_loss",
    "sample_second_derivative",
    "sum_over_data",
    "x",
]

SOURCE = "from the definition of the loss (Ghosh et al. 2025, section 2)"

# A direction u enters through <a, u>, <w, u> and |u|^2.
x, Y = sp.symbols("x Y", real=True)
U = sp.Symbol("U", nonnegative=True)

c_ = sp.IndexedBase("c")
sigma_ = sp.IndexedBase("sigma")
x_ = sp.IndexedBase("x")


def over_data(expression: sp.Expr) -> sp.Expr:
    """Write a per-sample expression for data point ``i``.

    Returns:
        The expression with ``c``, ``sigma`` and ``x`` indexed.
    """
    return expression.subs({c: c_[i], sigma: sigma_[i], x: x_[i]})


def sum_over_data(expression: sp.Expr) -> sp.Expr:
    """Sum a per-sample expression over all m data points, m symbolic.

    Returns:
        An unevaluated ``Sum``.
    """
    return sp.Sum(over_data(expression), (i, 1, m))


@functools.cache
def sample_loss() -> ClosedForm:
    """Per-sample loss as a function of ``c``, ``N`` and the slope ``sigma``."""
    a_, w_ = sp.IndexedBase("a"), sp.IndexedBase("w")
    entry = sp.Symbol("l", integer=True)
    phi, aa, aw = sp.symbols("phi aa aw", real=True)

    def total(term: sp.Expr) -> sp.Expr:
        return sp.Sum(term, (entry, 1, n))

    chain = (
        Derivation
        .begin(
            "expand the square over the n coordinates, by bilinearity",
            total((a_[entry] - phi * w_[entry]) ** 2) / 2,
            (aa - 2 * phi * aw + phi**2 * N) / 2,
            {
                aa: total(a_[entry] ** 2),
                aw: total(a_[entry] * w_[entry]),
                N: total(w_[entry] ** 2),
            },
        )
        .then(
            "the data point has unit length, and c = <w, a>",
            (1 - 2 * phi * c + phi**2 * N) / 2,
            {aa: 1, aw: c},
        )
        .then("phi = sigma c", (1 - 2 * sigma * c**2 + sigma**2 * c**2 * N) / 2, {phi: sigma * c})
        .then(
            "sigma is 0 or 1, so sigma^2 = sigma",
            sp.Rational(1, 2) + (N - 2) * sigma * c**2 / 2,
            {sigma**2: sigma},
        )
    )
    return ClosedForm("model.sample_loss", "loss of one data point", chain.result, chain, SOURCE)


@functools.cache
def sample_derivative() -> ClosedForm:
    """First derivative of the per-sample loss in a direction u."""
    loss = sample_loss().expression
    chain = Derivation.begin(
        "chain rule in (c, N)",
        sp.Derivative(loss, c) * x + 2 * sp.Derivative(loss, N) * Y,
        (N - 2) * sigma * c * x + sigma * c**2 * Y,
    )
    return ClosedForm(
        "model.sample_derivative",
        "derivative of a sample's loss along u, x = <a, u>, Y = <w, u>",
        chain.result,
        chain,
        SOURCE,
    )


@functools.cache
def sample_second_derivative() -> ClosedForm:
    """Second derivative of the per-sample loss in a direction u; sigma is kappa at the kink."""
    loss = sample_loss().expression
    chain = Derivation.begin(
        "chain rule in (c, N), twice",
        sp.Derivative(loss, c, 2) * x**2
        + 4 * sp.Derivative(loss, c, N) * x * Y
        + 4 * sp.Derivative(loss, N, 2) * Y**2
        + 2 * sp.Derivative(loss, N) * U,
        (N - 2) * sigma * x**2 + 4 * sigma * c * x * Y + sigma * c**2 * U,
    )
    return ClosedForm(
        "model.sample_second_derivative",
        "second derivative of a sample's loss along u, x = <a, u>, Y = <w, u>, U = |u|^2",
        chain.result,
        chain,
        SOURCE,
    )


def per_sample() -> tuple[ClosedForm, ...]:
    """The closed forms of this module."""
    return (sample_loss(), sample_derivative(), sample_second_derivative())
