"""Write expressions as text and LaTeX, with negative terms last: ``(n + 4 - k)/m``."""

from __future__ import annotations

from typing import Any

import sympy as sp
from sympy.printing.latex import LatexPrinter
from sympy.printing.str import StrPrinter

__all__ = ["as_latex", "as_text"]


def _negative_last(terms: list[sp.Expr]) -> list[sp.Expr]:
    """Sort symbols by name before numbers, positive terms before negative ones."""
    return sorted(
        terms, key=lambda t: (t.could_extract_minus_sign(), t.is_number, sp.default_sort_key(t))
    )


class _Text(StrPrinter):
    def _as_ordered_terms(self, expr: sp.Expr, order: Any = None) -> list[sp.Expr]:
        del order
        return _negative_last(list(expr.args))


class _Latex(LatexPrinter):
    def _as_ordered_terms(self, expr: sp.Expr, order: Any = None) -> list[sp.Expr]:
        del order
        return _negative_last(list(expr.args))


def as_text(expression: sp.Expr) -> str:
    """Write an expression in one line.

    Returns:
        Text with Greek letters.
    """
    return str(_Text().doprint(expression)).replace("kappa", "κ")


def as_latex(expression: sp.Expr) -> str:
    """Write an expression in LaTeX.

    Returns:
        LaTeX without dollar signs.
    """
    return str(_Latex().doprint(expression))
