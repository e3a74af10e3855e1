"""Inequalities proved by certificates, found by linear programming and checked by multiplying out.

Notation of ``theory``: full batch, ``a = eta / m``, ``C`` the active energy, ``R = N - C``,
``u = 2 - N - C``; one batch, ``S`` its energy, ``alpha = eta / b``.

How the descent was found. With ``M = m^2 |grad L|^2 / C = u^2 + R C`` and primes for the next step,

    2m (L - L') - a C M = a C (u^2 X + C R Y),
    X = 1 - a (4 C - u) - 4 a^2 u C - a^3 C M,
    Y = 1 - a (C - 4 u) - 2 a^2 u C + 2 a^2 u^2,

and X and Y are non-negative where ``C, R, u >= 0`` and ``a <= 1/4``: each is a sum of products of
these constraints. That region is invariant because

    u' = u (1 - 4 a C - 2 a^2 u C) + a C R (2 - a C).
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator

import sympy as sp

from whichmin.verification.evidence.check import Margin, check
from whichmin.verification.evidence.subject import Subject
from whichmin.verification.provers.certificates import Certificate, Term, faults, residual, times
from whichmin.words import EvidenceKind

__all__ = ["DESCENT", "INVARIANT", "TRAP", "certificate_margins"]

EXACT = "exact: target minus sum, multiplied out in fractions, must be the zero polynomial"

GD_STEP = (
    ("u", "2 - 2*C - R"),
    ("M", "u**2 + R*C"),
    ("nextC", "(1 + a*u)**2*C"),
    ("nextR", "(1 - a*C)**2*R"),
)
REGION = (("a", "a"), ("r", "1/4 - a"), ("C", "C"), ("R", "R"), ("u", "2 - 2*C - R"))


def _terms(*pairs: str) -> tuple[Term, ...]:
    """Read summands: a coefficient, then the factors."""
    return tuple(Term(p.split()[0], " ".join(p.split()[1:])) for p in pairs)


X = _terms(
    "1/2 u", "31/64 R", "1/128 R u", "1/128 R R", "1/128 C R u", "1/128 C R R", "4 r C",
    "1/16 r C C R", "7/16 a u u", "1/32 a u u u", "1/2 a R u", "1/32 a R u u", "4 a r C u",
    "1/4 a r C u u", "1/4 a r C C R", "1 a a r C u u", "1 a a r C C R",
)  # fmt: skip
Y = _terms(
    "3/4", "1/8 u", "1/8 R", "1 r C", "7/2 a u", "1/4 a u u", "1/4 a R u", "2 a r C u", "2 a a u u"
)

DESCENT = Certificate(
    name="GD: the loss falls by at least (eta/2) |grad L|^2",
    variables="a C R",
    constraints=REGION,
    # 2m (L - L') - a C M with L = 1/2 + (N - 2) C / (2m), |grad L|^2 = C M / m^2.
    target="(C + R - 2)*C - (nextC + nextR - 2)*nextC - a*C*M",
    terms=times(X, "a C", "u") + times(Y, "a C C R"),
    where=GD_STEP,
)

INVARIANT = Certificate(
    name="GD: N + C stays at most 2",
    variables="a C R",
    constraints=REGION,
    target="2 - 2*nextC - nextR",
    terms=times(
        _terms("3/8 u", "3/8 R", "1 r", "3 r C", "1/4 a u u", "1/2 a R", "1/4 a R u", "2 a r C u"),
        "u",
    )
    + times(_terms("7/4", "1/8 u", "1/8 R", "1 r C"), "a C R"),
    where=GD_STEP,
)

TRAP = Certificate(
    name="any batch: N stays at most 21/20, for alpha <= 80/361",
    variables="alpha S N",
    constraints=(
        ("a", "alpha"),
        ("r", "80/361 - alpha"),
        ("S", "S"),
        ("o", "N - S"),
        ("d", "21/20 - N"),
    ),
    target="21/20 - s**2*(N - S) - (s + g)**2*S",
    terms=_terms(
        "2390440/2736741 d d", "4319600/57471561 d d d", "133240/144039 o d",
        "5816800/57471561 o d d", "78800/3024819 o o d", "361/84 r S d", "53995/159201 r S d d",
        "985/8379 r S o d", "361/400 a r S", "1805/1344 a r S d", "10799/7056 a r S d d",
        "3743/7056 a r S o d", "17/20 a a S S", "17425/7056 a a S S d",
    ),
    where=(("s", "1 - alpha*S"), ("g", "alpha*(2 - N)")),
)  # fmt: skip


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


certified = functools.partial(check, kind=EvidenceKind.CERTIFICATE, bound=EXACT)


@certified("certificates.gd_descent")
def gd_descent() -> Iterator[Margin]:
    """Gradient descent with eta <= m/4 from N + C <= 2: each step lowers the loss by at least
    (eta/2) |grad L|^2, for all m and n, linear and ReLU.
    """
    return certificate_margins(DESCENT)


@certified("certificates.gd_region")
def gd_region() -> Iterator[Margin]:
    """Gradient descent with eta <= m/4: N + C <= 2 is kept, for all m and n, linear and ReLU."""
    return certificate_margins(INVARIANT)


@certified("certificates.trap_norm")
def trap_norm() -> Iterator[Margin]:
    """Any batch without repetition with alpha <= 80/361: N <= 21/20 is kept, for all m, n and b,
    linear and ReLU.
    """
    return certificate_margins(TRAP)


@check(
    "certificates.not_convex",
    EvidenceKind.IDENTITY,
    bound="exact: the difference must be identically zero",
    forms=("landscape.loss",),
)
def not_convex(subject: Subject, share: str = "1") -> Iterator[Margin]:
    """The loss at 0 is above the mean of the losses at a_1 and -a_1, by 1/(2m) (linear) and 1/(4m)
    (ReLU), for all m and n.
    """
    form = subject.forms["landscape.loss"]
    m = sp.Symbol("m", positive=True)

    def loss(norm: int, active: int) -> sp.Expr:
        plain = {"N": norm, "C": active, "m": m}
        return form.expression.subs({v: plain[v.name] for v in form.expression.free_symbols})

    for name, energy, excess in (("linear", 1, 1 / (2 * m)), ("ReLU", 0, 1 / (4 * m))):
        above = loss(0, 0) - (loss(1, 1) + loss(1, energy)) / 2
        rest = sp.simplify(above - sp.Rational(share) * excess)
        found = f"{name}: L(0) - [L(a_1) + L(-a_1)]/2 = {sp.simplify(above)}"
        # Any remainder at all is too much; 1 stands for it.
        yield Margin(f"{found}: remainder {rest}", float(rest != 0), 0.0, 1, found)
