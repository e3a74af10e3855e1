"""Hold the formulas in the proofs' statements against the closed forms that SymPy derives.

A statement says ``left = right``. Its text is parsed
(:mod:`whichmin.verification.provers.proof_terms`), the right side becomes an expression in the
symbols of :mod:`whichmin.symbolic.symbols`, and a :class:`Tie` says what the left side is in terms
of closed forms (:mod:`whichmin.verification.provers.tie_table` has them). Nothing is compiled for
that, and no formula is written twice: one side is the text that Coq compiles, the other is derived
from the definition of the loss.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import sympy as sp

from whichmin.errors import InputError
from whichmin.symbolic import ClosedForm
from whichmin.symbolic.symbols import C, N, R, S, b, c, eta, k, kappa, m, mu, n
from whichmin.verification.provers.proof_sources import (
    DEFINITIONS,
    STATEMENTS,
    Library,
    sentences,
)
from whichmin.verification.provers.proof_terms import Term, parse

__all__ = [
    "SYMBOLS",
    "Equation",
    "Forms",
    "Means",
    "Tie",
    "constants",
    "equations",
    "error",
    "factor",
    "off",
    "off_along",
    "phi",
    "residual",
    "steps",
    "t",
    "untied",
]

# What has no symbol in ``symbols``: Q is the sum of the fourth powers of phi(c_i), a direction u
# enters as x = <a, u>, Y = <w, u>, X = <w_A, u>, P and U; t is the unknown of a polynomial; d and
# steps are an error of a length on a ray, and a number of steps; off and off_u are |h|^2 and
# <h, u> for a vector h.
Q, X, Y, x = sp.symbols("Q X Y x", real=True)
P, U = sp.symbols("P U", nonnegative=True)
phi = sp.Symbol("phi", real=True)
factor = sp.Symbol("covariance", real=True)
t, off = sp.symbols("t off", positive=True)
error, off_along = sp.symbols("d off_u", real=True)
steps = sp.Symbol("steps", integer=True, positive=True)

#: What terms of the proofs are called here. ``c`` is one correlation, ``phi`` its activation.
SYMBOLS: Mapping[str, sp.Expr] = {
    "m%:R": m, "n%:R": n, "b%:R": b, "#|B|%:R": b, "eta": eta, "kappa": kappa, "'X": t,
    "(active_count kind a w)%:R": k, "(active_count kind a w0)%:R": k,
    "#|[set j | 0 < corr a w j]|%:R": k,
    "#|exact_set kind a W|%:R": k, "t%:R": steps, "d": error,
    "sqnorm h": off,
    "sqnorm w0": N, "vnorm w0": sp.sqrt(N), "energy kind a w0": C, "phi kind (corr a w0 i)": phi,
    "vnorm (active_part kind a w0)": sp.sqrt(C), "sqnorm w": N, "energy kind a w": C,
    "energy Linear a w": C, "energy w": C,
    "rest kind a w": R, "corr a w j": c, "corr a w i": c, "phi kind (corr a w j)": phi,
    "phi kind (corr a w i)": phi, "phi (corr w i)": phi,
    r"\sum_i phi kind (corr a w i) ^+ 4": Q,
    r"\sum_(i in B) phi kind (corr a w i) ^+ 2": S, r"\sum_(k <- s) phi kind (corr a w k) ^+ 2": S,
    "(multiplicity s j)%:R": mu, "covariance g": factor,
    # A vector v stands for <v, u>, a matrix H for u^T H u, with one direction u.
    "a i": x, "w": Y, "w0": Y, "w_min": Y, "h": off_along,
    "active_part kind a w": X, "1%:M": U, "projector": P,
    r"\sum_i theta i *: outer (a i) (a i)": P,
    **{f"outer w (active_part {kind} a w)": X * Y for kind in ("kind", "Linear")},
    **{f"outer (active_part {kind} a w) w": X * Y for kind in ("kind", "Linear")},
}  # fmt: skip


class Forms:
    """Closed forms as expressions in the shared symbols, with values for some.

    Args:
        forms: Closed forms by id.
    """

    def __init__(self, forms: Mapping[str, ClosedForm]) -> None:
        self.forms = forms

    def __call__(self, name: str, **values: Any) -> sp.Expr:
        """Return a closed form.

        Args:
            name: Its id.
            **values: Values of its arguments.

        Returns:
            The expression; a symbol is the one that has its name here.
        """
        expression = self.forms[name].exact(**values)
        named = {str(symbol): symbol for symbol in _OURS}
        known = {own: named.get(str(own), own) for own in expression.free_symbols}
        return sp.sympify(expression.subs(known, simultaneous=True))

    def defined(self, name: str, symbol: sp.Symbol) -> sp.Expr:
        """Return what a closed form defines a symbol as."""
        return self.forms[name].definitions[symbol]


_OURS = (Q, X, Y, x, P, U)
Means = Callable[[Forms], sp.Expr]


@dataclass(frozen=True)
class Tie:
    """One equation of a statement.

    Attributes:
        statement: The statement that holds it, or the definition.
        left: Its left side, as it is written; of a definition, its name.
        means: Makes of closed forms what that is; it is given ``form(id, symbol=value, ..)``.
        cases: Which conditions of ``if`` hold in this case.
        given: Values of symbols in this case.
        file: The file.
    """

    statement: str
    left: str
    means: Means
    cases: Mapping[str, bool] = field(default_factory=dict)
    given: Mapping[sp.Symbol, Any] = field(default_factory=dict)
    file: str = STATEMENTS

    @property
    def what(self) -> str:
        """What it is about, for a reader."""
        told = [f"{'' if holds else 'not '}{text}" for text, holds in self.cases.items()]
        told += [f"{symbol} = {value}" for symbol, value in self.given.items()]
        return f"{self.file}.{self.statement}{': ' if told else ''}{', '.join(told)}"


def _definition(proofs: Library, file: str, name: str) -> Term:
    """Parse what a definition defines, ``Definition NAME (x : T) .. : T := TERM.``, the term.

    Args:
        proofs: The files.
        file: Name of the file.
        name: Name of what it defines.

    Returns:
        The term.

    Raises:
        InputError: It is not there, or not in the notation that is known.
    """
    code, source = proofs.codes.get(file, ""), proofs.texts.get(file, "")
    for begin, end in sentences(code):
        if re.match(rf"Definition\s+{re.escape(name)}(?![\w'])", code[begin:end]):
            head, _, body = code[begin : end - 1].partition(":=")
            line = source.count("\n", 0, begin + len(head) + 2) + 1
            return parse(body, f"{file}.{name}", line)
    raise InputError(f"{file}.v", name, "must be defined there")


def constants(proofs: Library, names: Iterable[str]) -> dict[str, sp.Expr]:
    """Read constants out of the definitions, each written with those before it.

    Args:
        proofs: The files.
        names: Names of what is defined, in order.

    Returns:
        Expressions in m, b and eta, by name.

    Raises:
        InputError: One is not there, or not in the notation that is known.
    """
    terms: dict[str, Term] = {}
    for name in names:
        term = _definition(proofs, DEFINITIONS, name)
        for other, meant in terms.items():
            term = term.put(other, meant)
        while term.head == "let":
            term = term.parts[1].put(term.name, term.parts[0])
        terms[name] = term
    return {name: _Reading(f"{DEFINITIONS}.{name}", {}).value(t) for name, t in terms.items()}


@dataclass(frozen=True)
class Equation:
    """An equation that a statement claims.

    Attributes:
        left: Its left side; what ``let`` calls something stands there itself.
        right: Its right side.
        cases: The conditions of ``if`` under which it is claimed, and whether they hold.
    """

    left: Term
    right: Term
    cases: frozenset[tuple[Term, bool]] = frozenset()

    @property
    def is_formula(self) -> bool:
        """Whether the right side computes something."""
        return self.right.head in {"+", "-", "*", "/", "*:", "^+", "^-1"}

    @property
    def is_value(self) -> bool:
        """Whether the right side can be compared: it is more than what something is called."""
        return self.right.head not in {"name", "apply"}

    def tied_by(self, tie: Tie) -> bool:
        """Whether an entry is about this equation."""
        return self.left == parse(tie.left) and self.cases <= _conditions(tie.cases)


def equations(term: Term) -> Iterator[Equation]:
    """List the equations that a term claims, without those that it supposes.

    Args:
        term: The term.

    Returns:
        The equations; one for each value of an ``if``.
    """
    return _equations(term, frozenset())


def _equations(term: Term, cases: frozenset[tuple[Term, bool]]) -> Iterator[Equation]:
    if term.head == "=" and term.parts[1].head != "if":
        yield Equation(term.parts[0], term.parts[1], cases)
    elif term.head == "=":
        condition, *values = term.parts[1].parts
        for holds, value in zip((True, False), values, strict=True):
            branch = Term("=", (term.parts[0], value), "", term.text)
            yield from _equations(branch, cases | {(condition, holds)})
    elif term.head == "if":
        for holds, value in zip((True, False), term.parts[1:], strict=True):
            yield from _equations(value, cases | {(term.parts[0], holds)})
    elif term.head == "let":
        name, *arguments = term.name.split()
        body = _unfold(term.parts[1], name, arguments, term.parts[0])
        yield from _equations(body, cases)
    else:
        for part in term.parts[1:] if term.head == "->" else term.parts:
            yield from _equations(part, cases)


def _unfold(term: Term, name: str, arguments: Sequence[str], value: Term) -> Term:
    """Put a value in the place of a name, or of a function wherever it has all its arguments."""
    if not arguments:
        return term.put(name, value)
    parts = tuple(_unfold(part, name, arguments, value) for part in term.parts)
    called = term.head == "apply" and parts[0].name == name
    if not called or len(parts) != len(arguments) + 1:
        return replace(term, parts=parts)
    for argument, given in zip(arguments, parts[1:], strict=True):
        value = value.put(argument, given)
    return value


def _conditions(cases: Mapping[str, bool]) -> frozenset[tuple[Term, bool]]:
    # A condition such as ``kind is Relu`` is no term by itself.
    told = {text: parse(f"if {text} then 0 else 0").parts[0] for text in cases}
    return frozenset((told[text], holds) for text, holds in cases.items())


def untied(proofs: Library, ties: Iterable[Tie], free: Iterable[str]) -> list[str]:
    """List the formulas of the statements that are compared with nothing.

    Args:
        proofs: The files.
        ties: What is compared.
        free: Statements that need not be.

    Returns:
        One line per formula, and per statement that cannot be read.
    """
    own: dict[str, list[Tie]] = {}
    for tie in ties:
        own.setdefault(tie.statement, []).append(tie)
    found = []
    for name in (name for name in proofs.statements if name not in set(free)):
        try:
            claimed = list(equations(_definition(proofs, STATEMENTS, name)))
        except InputError as error:
            found.append(str(error))
            continue
        found += [
            f"{name}: {equation.left.text}"
            for equation in claimed
            if equation.is_formula and not any(map(equation.tied_by, own.get(name, ())))
        ]
    return found


class _Reading:
    """Makes an expression of a term.

    Args:
        where: What the statement is called in messages.
        cases: Which conditions of ``if`` hold.
    """

    def __init__(self, where: str, cases: Mapping[str, bool]) -> None:
        self.where = where
        self.cases = dict(_conditions(cases))

    def value(self, term: Term) -> sp.Expr:
        """Make the expression."""
        known = _known().get(term)
        if known is not None:
            return known
        parts = term.parts
        match term.head:
            case "number" if term.name in {"0", "1"}:
                return sp.Integer(term.name)
            case "%:R" if parts[0].head == "number":
                return sp.Integer(parts[0].name)
            case "%:P":  # a constant polynomial
                return self.value(parts[0])
            case "+":
                return self.value(parts[0]) + self.value(parts[1])
            case "-":
                return self.value(parts[0]) - self.value(parts[1])
            case "-_":
                return -self.value(parts[0])
            case "*" | "*:":
                return self.value(parts[0]) * self.value(parts[1])
            case "/":
                return self.value(parts[0]) / self.value(parts[1])
            case "^-1":
                return 1 / self.value(parts[0])
            case "^+":
                return self.value(parts[0]) ** self.natural(parts[1])
            case "apply" if parts[0].name == "Num.sqrt" and len(parts) == 2:
                return sp.sqrt(self.value(parts[1]))
            case "if" if parts[0] in self.cases:
                return self.value(parts[1] if self.cases[parts[0]] else parts[2])
        raise InputError(self.where, term.text, "must be made of terms that have a symbol")

    def natural(self, term: Term) -> sp.Expr:
        """Make the expression of an exponent, in which nothing larger may be subtracted."""
        if term.head == "number":
            return sp.Integer(term.name)
        if term.head == "-":
            return self.natural(term.parts[0]) - self.natural(term.parts[1])
        return self.value(Term("%:R", (term,), "", term.text))


@functools.cache
def _known() -> Mapping[Term, sp.Expr]:
    return {parse(text): symbol for text, symbol in SYMBOLS.items()}


def residual(tie: Tie, proofs: Library, forms: Mapping[str, ClosedForm]) -> sp.Expr:
    """Subtract what closed forms say from what a statement says in its equations for a left side.

    Args:
        tie: The equation.
        proofs: The files that hold the statement.
        forms: Closed forms by id.

    Returns:
        The first difference that is not 0; 0 if they agree.

    Raises:
        InputError: The statement, or the equation, is not there, or holds what is not known.
    """
    where = f"{tie.file}.{tie.statement}"
    term = _definition(proofs, tie.file, tie.statement)
    sides = [term]
    if tie.file == STATEMENTS:
        tied = [equation for equation in equations(term) if equation.tied_by(tie)]
        sides = [equation.right for equation in tied if equation.is_value]
    if not sides:
        raise InputError(where, tie.left, "must be the left side of an equation there")
    derived = tie.means(Forms(forms))
    apart = [
        sp.simplify((_Reading(where, tie.cases).value(side) - derived).subs(dict(tie.given)))
        for side in sides
    ]
    return next((rest for rest in apart if rest != 0), sp.Integer(0))
