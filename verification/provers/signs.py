"""State the sign of a closed form, so that an SMT solver can decide it.

SymPy writes a rational function as one fraction; z3 decides the sign for all values allowed, and
that the denominator does not vanish. SymPy's own assumptions on symbols decide nothing: what is
assumed stands among the hypotheses.
"""

from __future__ import annotations

import ast

import sympy as sp

from whichmin.errors import InputError
from whichmin.verification.provers.smt import Lemma, Variant

__all__ = ["by_name", "sign_lemma"]


def by_name(expression: sp.Expr) -> sp.Expr:
    """Replace symbols by positive ones of the same names, which need not be imported.

    Args:
        expression: The expression.

    Returns:
        The same expression in ``sp.Symbol(name, positive=True)``.
    """
    plain = {v: sp.Symbol(v.name, positive=True) for v in expression.free_symbols}
    return expression.subs(plain, simultaneous=True)


def sign_lemma(
    name: str,
    expression: sp.Expr,
    sign: str,
    given: tuple[str, ...],
    *variants: Variant,
) -> Lemma:
    r"""State that a rational function is defined and has a sign.

    .. math:: \frac{p}{q} > 0 \iff p q > 0, \quad \frac{p}{q} \ge 0 \iff p q \ge 0 \land q \ne 0

    Args:
        name: What it says, in a few words.
        expression: A rational function with rational coefficients. Its symbols and the names in
            the hypotheses are the variables.
        sign: ``> 0``, ``>= 0``, ``< 0``, ``<= 0`` or ``== 0``.
        given: Hypotheses, as formulas in the names of the symbols.
        variants: Versions that go too far.

    Returns:
        The lemma.

    Raises:
        InputError: The expression is no rational function, or the sign is none of these.
    """
    if sign not in {"> 0", ">= 0", "< 0", "<= 0", "== 0"}:
        raise InputError("sign", sign, "must be > 0, >= 0, < 0, <= 0 or == 0")
    symbols = expression.free_symbols
    over, under = sp.fraction(sp.together(expression))
    if not all(part.is_polynomial(*symbols) for part in (over, under)):
        raise InputError("expression", expression, "must be a rational function")
    product, defined = f"({sp.expand(over)})", ""
    if under != 1:
        product = f"{product}*({sp.expand(under)})"
        defined = f"({sp.expand(under)}) != 0"
    conclusions = tuple(text for text in (f"{product} {sign}", defined) if text)
    names = {symbol.name for symbol in symbols} | {n for text in given for n in _names(text)}
    return Lemma(name, " ".join(sorted(names)), given, conclusions, (), variants)


def _names(text: str) -> set[str]:
    return {node.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)}
