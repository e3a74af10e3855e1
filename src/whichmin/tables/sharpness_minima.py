"""The minima of the sharpness table, and cells that hold formulas."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import sympy as sp

from whichmin.moved import renamed
from whichmin.reporting import Cell
from whichmin.symbolic import closed_form
from whichmin.symbolic.hessian.spectrum import spectrum_at_minimum
from whichmin.symbolic.printing import as_latex, as_text
from whichmin.symbolic.symbols import k, kappa, m
from whichmin.words import Activation, Kink

__all__ = [
    "KAPPA_TEXT",
    "MINIMA",
    "Minimum",
    "formula",
    "number",
    "one_fraction",
    "spectrum_formula",
]

__getattr__ = renamed(__name__, trained="whichmin.tables.sharpness.trained")

KAPPA_TEXT = {Kink.LEFT: "κ=0", Kink.MEAN: "κ=½", Kink.RIGHT: "κ=1"}


@dataclass(frozen=True)
class Minimum:
    """A minimum that is a row of the table.

    Attributes:
        activation: Identity or ReLU.
        method: ``GD`` or ``SGD``.
        active: Number of active points, symbolic.
    """

    activation: Activation
    method: str
    active: sp.Expr

    def trace(self, kink: Kink) -> sp.Expr:
        """Return the trace of the Hessian as a closed form."""
        form = closed_form("sharpness.trace_at_minimum").expression
        return one_fraction(form.subs({k: self.active, kappa: sp.Rational(kink.value)}))

    def spectrum(self, kink: Kink | None = None) -> list[tuple[sp.Expr, sp.Expr]]:
        """List the Hessian's eigenvalues and multiplicities, without those that occur for no m."""
        rules = {k: self.active} | ({} if kink is None else {kappa: sp.Rational(kink.value)})
        pairs = [
            (f.eigenvalue.expression.subs(rules), f.multiplicity.expression.subs(rules))
            for f in spectrum_at_minimum()
        ]
        return [(value, count) for value, count in pairs if count != 0]

    def autograd(self) -> sp.Expr:
        """Return the trace of plain autograd at an iterate; signs stay, so GD and SGD agree."""
        form = closed_form("sharpness.autograd_trace_at_iterate").expression
        started_active = m if self.activation is Activation.LINEAR else k
        return one_fraction(form.subs(k, started_active))


# The linear autoencoder has no kinks: all m points are active at both minima. Of ReLU's minima,
# GD keeps the k points that started positive and SGD one of them.
MINIMA = (
    Minimum(Activation.LINEAR, "GD", m),
    Minimum(Activation.LINEAR, "SGD", m),
    Minimum(Activation.RELU, "GD", k),
    Minimum(Activation.RELU, "SGD", sp.Integer(1)),
)


def one_fraction(expression: sp.Expr) -> sp.Expr:
    """Write an expression as one fraction.

    Returns:
        The expression, its numerator expanded.
    """
    numerator, denominator = sp.fraction(sp.together(expression))
    if denominator.could_extract_minus_sign():
        numerator, denominator = -numerator, -denominator
    return sp.expand(numerator) / denominator


def formula(expression: sp.Expr) -> Cell:
    """Write an expression as a cell.

    Returns:
        Text, and LaTeX.
    """
    text = as_text(expression)
    return Cell(text, text, f"${as_latex(expression)}$")


def number(expression: sp.Expr, values: Mapping[sp.Symbol, float]) -> float:
    """Evaluate an expression exactly for the given numbers, and round the value once.

    In floating point terms of the size of 1 would cancel in the closed form of a small box or ball.

    Args:
        expression: The expression.
        values: Numbers by symbol; other symbols must not occur.

    Returns:
        The value.
    """
    exact = {symbol: sp.Rational(value) for symbol, value in values.items()}
    return float(sp.sympify(expression).subs(exact))


def spectrum_formula(pairs: list[tuple[sp.Expr, sp.Expr]]) -> Cell:
    """Write eigenvalues with multiplicities as a cell.

    Args:
        pairs: Eigenvalues and multiplicities.

    Returns:
        Text, and LaTeX.
    """
    text = ", ".join(f"{as_text(v)} ×{_bracketed(as_text(count))}" for v, count in pairs)
    latex = ", ".join(rf"${as_latex(v)}\,(\times {as_latex(count)})$" for v, count in pairs)
    return Cell(text, text, latex)


def _bracketed(text: str) -> str:
    return text if text.isalnum() else f"({text})"
