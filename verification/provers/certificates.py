"""Check certificates of inequalities, exactly, by multiplying out polynomials.

A polynomial is non-negative wherever some others are if it is a sum of products of those, each with
a non-negative coefficient and, where needed, a square. Finding such a sum takes a linear program
and patience; checking it takes the few lines of :func:`residual`, in exact fractions. Nothing that
helped to find it is used here: no SymPy, no z3, no floating point.

Sources: Handelman, *Pacific J. Math.* 132 (1988), for products of linear constraints; Stengle,
*Math. Ann.* 207 (1974), for the general form.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

from whichmin.verification.evidence.check import Margin, check
from whichmin.verification.evidence.formula import Arithmetic, evaluate_all
from whichmin.words import EvidenceKind

__all__ = [
    "Certificate",
    "Polynomial",
    "Term",
    "certificate_margins",
    "certified",
    "expand",
    "faults",
    "residual",
    "summands",
    "times",
]

# The decorator of a check that yields from ``certificate_margins``; it takes an id.
certified = functools.partial(
    check,
    kind=EvidenceKind.CERTIFICATE,
    bound="exact: target minus sum, multiplied out in fractions, must be the zero polynomial",
)

Monomial = tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Polynomial:
    """A polynomial with rational coefficients.

    Attributes:
        terms: Coefficients other than 0, by monomial: pairs of a variable and its power, sorted.
    """

    terms: Mapping[Monomial, Fraction]

    @classmethod
    def number(cls, value: Fraction) -> Polynomial:
        """Make a constant polynomial."""
        return cls({(): value} if value else {})

    @classmethod
    def variable(cls, name: str) -> Polynomial:
        """Make a variable as a polynomial."""
        return cls({((name, 1),): Fraction(1)})

    def __add__(self, other: Polynomial) -> Polynomial:
        """The sum."""
        total = dict(self.terms)
        for monomial, value in other.terms.items():
            total[monomial] = total.get(monomial, Fraction(0)) + value
        return Polynomial({m: v for m, v in total.items() if v})

    def __mul__(self, other: Polynomial) -> Polynomial:
        """The product."""
        total: dict[Monomial, Fraction] = {}
        for left, p in self.terms.items():
            for right, q in other.terms.items():
                powers = dict(left)
                for name, power in right:
                    powers[name] = powers.get(name, 0) + power
                monomial = tuple(sorted(powers.items()))
                total[monomial] = total.get(monomial, Fraction(0)) + p * q
        return Polynomial({m: v for m, v in total.items() if v})

    def __sub__(self, other: Polynomial) -> Polynomial:
        """The difference."""
        return self + Polynomial.number(Fraction(-1)) * other

    @property
    def size(self) -> Fraction:
        """Sum of the absolute coefficients; 0 for the zero polynomial only."""
        return sum((abs(v) for v in self.terms.values()), Fraction(0))


def _no_logic(*_: object) -> bool:
    raise TypeError("a polynomial is no formula")


POLYNOMIALS = Arithmetic(Polynomial.number, _no_logic, _no_logic, _no_logic)


@dataclass(frozen=True)
class Term:
    """A summand that cannot be negative where the constraints hold.

    Attributes:
        coefficient: A non-negative number, as a fraction in text.
        factors: Names of constraints, separated by blanks; repeated for powers.
        squared: Terms whose squares are further factors, separated by blanks.
    """

    coefficient: str
    factors: str = ""
    squared: str = ""


@dataclass(frozen=True)
class Certificate:
    """A proof that a polynomial is non-negative where its constraints are.

    Attributes:
        name: What it proves, in a few words.
        variables: Names, separated by blanks.
        constraints: What is assumed to be non-negative, by name.
        target: The polynomial.
        terms: Summands that add up to the target.
        where: Abbreviations with their terms, for all of the above.
    """

    name: str
    variables: str
    constraints: tuple[tuple[str, str], ...]
    target: str
    terms: tuple[Term, ...]
    where: tuple[tuple[str, str], ...] = ()

    @property
    def text(self) -> str:
        """The statement as formulas."""
        given = ", ".join(term if name == term else f"{term} =: {name}"
                          for name, term in self.constraints)  # fmt: skip
        short = "; ".join(f"{name} = {term}" for name, term in self.where)
        told = f"{self.target} >= 0 where these are: {given}"
        return f"{told} ({short})" if short else told


def summands(*texts: str) -> tuple[Term, ...]:
    """Read summands.

    Args:
        texts: For each a coefficient, then the names of the factors, separated by blanks.

    Returns:
        The summands.
    """
    return tuple(Term(*text.split(maxsplit=1)) for text in texts)


def times(terms: tuple[Term, ...], factors: str = "", squared: str = "") -> tuple[Term, ...]:
    """Multiply a sum by constraints and squares.

    Args:
        terms: The summands.
        factors: Names of constraints.
        squared: Terms to be squared.

    Returns:
        The summands of the product.
    """
    return tuple(
        Term(t.coefficient, f"{factors} {t.factors}".strip(), f"{squared} {t.squared}".strip())
        for t in terms
    )


def expand(text: str, certificate: Certificate) -> Polynomial:
    """Multiply out a term in the variables and abbreviations of a certificate.

    Args:
        text: The term.
        certificate: Supplies variables and abbreviations.

    Returns:
        The polynomial.
    """
    values = {name: Polynomial.variable(name) for name in certificate.variables.split()}
    (result,) = evaluate_all((text,), values, certificate.where, POLYNOMIALS)
    return result if isinstance(result, Polynomial) else Polynomial.number(result)


def faults(certificate: Certificate) -> tuple[str, ...]:
    """List summands that might be negative: a negative coefficient, or an unknown factor.

    Args:
        certificate: The certificate.

    Returns:
        The summands in words; empty if there are none.
    """
    known = {name for name, _ in certificate.constraints}
    return tuple(
        f"{t.coefficient} * {t.factors}"
        for t in certificate.terms
        if Fraction(t.coefficient) < 0 or not known.issuperset(t.factors.split())
    )


def residual(certificate: Certificate) -> Polynomial:
    r"""Compute the target minus the sum of the certificate, multiplied out.

    .. math:: p - \sum_k \lambda_k \prod_{i \in I_k} g_i \prod_{j \in J_k} q_j^2

    with the target p, coefficients :math:`\lambda_k`, constraints :math:`g_i` and squared terms
    :math:`q_j`. If it is 0 and :func:`faults` finds nothing, p is non-negative where all
    constraints are.

    Args:
        certificate: The certificate.

    Returns:
        A polynomial; zero if the certificate is right and without faults.
    """
    constraints = {name: expand(term, certificate) for name, term in certificate.constraints}
    total = expand(certificate.target, certificate)
    for term in certificate.terms:
        product = Polynomial.number(Fraction(term.coefficient))
        for name in term.factors.split():
            product *= constraints[name]
        for text in term.squared.split():
            root = expand(text, certificate)
            product *= root * root
        total -= product
    return total


def certificate_margins(certificate: Certificate) -> Iterator[Margin]:
    """Check a certificate.

    Args:
        certificate: The certificate.

    Yields:
        The sum of the coefficients' sizes of target minus sum; infinite if a summand may be
        negative.
    """
    wrong = faults(certificate)
    if wrong:
        yield Margin(f"{certificate.name}: may be negative: {'; '.join(wrong)}", math.inf, 1.0)
    rest = residual(certificate)
    found = (
        f"{certificate.name}: {certificate.text}: a sum of {len(certificate.terms)} products, "
        f"remainder {rest.size}"
    )
    # Exact: any remainder is too much.
    yield Margin(certificate.name, float(rest.size), 0.0, len(certificate.terms), found)
