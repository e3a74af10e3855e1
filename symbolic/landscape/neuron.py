r"""Derive the per-sample loss and its derivatives as functions of two scalars.

Everything else in this layer starts from :func:`sample_loss`. The definition
``|a - w phi(<w, a>)|^2 / 2`` is a sum over n coordinates with symbolic n; it depends on the
weights only through ``c = <w, a>`` and ``N = |w|^2``. Linear and ReLU are one case: the activation
is ``phi(c) = sigma c`` with the slope ``sigma`` of the piece that c is on.

The chain rule then gives all derivatives: for ``F(c, N)`` and any direction u,

.. math::
    dF(u) &= F_c \langle a, u \rangle + 2 F_N \langle w, u \rangle \\
    d^2F(u, u) &= F_{cc} \langle a, u \rangle^2 + 4 F_{cN} \langle a, u \rangle \langle w, u \rangle
    + 4 F_{NN} \langle w, u \rangle^2 + 2 F_N \|u\|^2

:mod:`whichmin.symbolic.landscape.reduction` confirms this lemma by brute force in R^n.
"""

from __future__ import annotations

import sympy as sp

from whichmin.symbolic.derivation import Derivation
from whichmin.symbolic.registry import derives, forms_of
from whichmin.symbolic.rules import define, of_model
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


@derives("model.sample_loss", SOURCE)
def sample_loss() -> Derivation:
    r"""Derive the loss of one data point.

    .. math:: \ell = \frac{1}{2} + \frac{(N - 2) \sigma c^2}{2}
    """
    a_, w_ = sp.IndexedBase("a"), sp.IndexedBase("w")
    entry = sp.Symbol("l", integer=True)
    phi, aa = sp.symbols("phi aa", real=True)

    def total(term: sp.Expr) -> sp.Expr:
        return sp.Sum(term, (entry, 1, n))

    return (
        Derivation
        .begin(
            "expand the square over the n coordinates, by bilinearity",
            total((a_[entry] - phi * w_[entry]) ** 2) / 2,
            (aa - 2 * phi * c + phi**2 * N) / 2,
            define({
                aa: total(a_[entry] ** 2),
                c: total(a_[entry] * w_[entry]),
                N: total(w_[entry] ** 2),
            }),
        )
        .then(
            "the data point has unit length",
            (1 - 2 * phi * c + phi**2 * N) / 2,
            of_model({aa: 1}),
        )
        .then(
            "sigma is the slope phi/c",
            (1 - 2 * sigma * c**2 + sigma**2 * c**2 * N) / 2,
            define({sigma: phi / c}),
        )
        .then(
            "sigma is 0 or 1, so sigma^2 = sigma",
            sp.Rational(1, 2) + (N - 2) * sigma * c**2 / 2,
            of_model({sigma**2: sigma}),
        )
    )


@derives("model.sample_derivative", SOURCE, where="x = <a, u>, Y = <w, u>")
def sample_derivative() -> Derivation:
    r"""Derive the derivative of a sample's loss along u.

    .. math:: d\ell(u) = (N - 2) \sigma c x + \sigma c^2 Y
    """
    loss = sample_loss().expression
    return Derivation.begin(
        "chain rule in (c, N)",
        sp.Derivative(loss, c) * x + 2 * sp.Derivative(loss, N) * Y,
        (N - 2) * sigma * c * x + sigma * c**2 * Y,
    )


@derives("model.sample_second_derivative", SOURCE, where="x = <a, u>, Y = <w, u>, U = |u|^2")
def sample_second_derivative() -> Derivation:
    r"""Derive the second derivative of a sample's loss along u.

    .. math:: d^2\ell(u, u) = (N - 2) \sigma x^2 + 4 \sigma c x Y + \sigma c^2 U
    """
    loss = sample_loss().expression
    return Derivation.begin(
        "chain rule in (c, N), twice",
        sp.Derivative(loss, c, 2) * x**2
        + 4 * sp.Derivative(loss, c, N) * x * Y
        + 4 * sp.Derivative(loss, N, 2) * Y**2
        + 2 * sp.Derivative(loss, N) * U,
        (N - 2) * sigma * x**2 + 4 * sigma * c * x * Y + sigma * c**2 * U,
    )


per_sample = forms_of(__name__)
