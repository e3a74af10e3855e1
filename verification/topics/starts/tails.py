"""Tails and limits of the laws of a Gaussian start: the inequalities, for all m and n."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import sympy as sp

from whichmin.symbolic import starts as symbolic
from whichmin.symbolic.symbols import m
from whichmin.verification.evidence.check import Margin
from whichmin.verification.evidence.exact import follows
from whichmin.verification.provers.certificates import Certificate, Term, certificate_margins
from whichmin.verification.provers.intervals import Inequality, enclosed, inequalities
from whichmin.verification.provers.signs import sign_lemma
from whichmin.verification.provers.smt import Lemma, Variant, lemmas, smt

__all__: list[str] = []

INTEGRAND = Certificate(
    # The ratio of the integrands is the root of (1 - q)/(1 - r q).
    "the integrand of the tail is at most that of the whole law times the bound",
    "q r",
    (("q", "q"), ("t", "1 - r")),
    "(1 - r*q) - (1 - q)",
    (Term("1", "q t"),),
)

BOUNDS = (
    Inequality(
        "1 - t is at most exp(-t)",
        "t",
        ("0 <= t < 1",),
        ("log(1 - t) <= -t",),
        variants=(
            Variant("at least", then=("log(1 - t) >= -t",)),
            Variant("exp(-t - t^2)", then=("log(1 - t) <= -t - t**2",)),
        ),
    ),
    Inequality(
        "a root is at most its tangent at 1",
        "t",
        ("0 <= t < 1",),
        ("sqrt(1 - t) <= 1 - t/2",),
        variants=(Variant("3 t/4 for t/2", then=("sqrt(1 - t) <= 1 - 3*t/4",)),),
    ),
)


@enclosed("gaussian.tails")
def tails(
    statements: Sequence[Inequality] = BOUNDS, certificate: Certificate = INTEGRAND
) -> Iterator[Margin]:
    """P(Beta(1/2, (m-1)/2) >= t) is at most (1-t)^((m-1)/2) for all m >= 2, as its integrand is at
    most that of the whole law times this, at each point; this is at most exp(-t (m-1)/2), and union
    bounds for GD and SGD follow.
    """
    for what, chain in symbolic.tails().items():
        yield follows(what, chain, len(chain.steps))
    yield from certificate_margins(certificate)
    yield from inequalities(statements)


def remainders() -> tuple[Lemma, ...]:
    """State that what Chebyshev's inequality leaves out is positive.

    Returns:
        The lemmas, for the linear neuron and for ReLU.
    """
    chains = symbolic.moments()
    wrong = Variant("for negative n too", ("n > 0",), ("n != -2",))
    return tuple(
        sign_lemma(name, chains[name].result, "> 0", ("m > 0", "n > 0"), wrong)
        for name in ("Chebyshev, linear", "Chebyshev, ReLU")
    )


@smt("gaussian.relative_variance")
def relative_variance(among: Callable[[], Sequence[Lemma]] = remainders) -> Iterator[Margin]:
    """The relative variance of the squared cosine of GD's limit with the start is below 2/m with
    the linear neuron, and that of the share of S+ below 5/m, for all m and n.
    """
    return lemmas(among())


POWER = Inequality(
    "a power of 2",
    "m",
    ("m >= 0",),
    ("exp(m*log(2)) >= 1 + m/2",),
    variants=(
        Variant("1 + m from 0 on", then=("exp(m*log(2)) >= 1 + m",)),
        Variant("from -1/2 on", ("m >= 0",), ("m >= -1/2",)),
    ),
)


def gaps() -> tuple[Lemma, ...]:
    """State where the trace gap lies; ``u = 2^m``.

    Returns:
        The lemmas.
    """
    chains, u = symbolic.positive_set(), sp.Symbol("u", positive=True)
    mean = chains["mean trace gap, start not dead"].result.subs(2**-m, 1 / u)
    quarter, given = sp.Rational(1, 4), ("m >= 1", "u >= 1 + m/2")
    slow = Variant("2^m may be smaller", (given[1],), ("u > 1",))
    most = chains["largest trace gap"].result
    single = chains["trace gap of the article's table"].steps[0].after
    return (
        sign_lemma("the mean is at most 1/4", mean - quarter, "<= 0", given, slow),
        sign_lemma("and above 1/4 - 1/(2m)", mean - quarter + 1 / (2 * m), "> 0", given,
                   Variant("2^m may be below 1", (given[1],), ("u > 0", "u != 1"))),
        sign_lemma("no gap is larger than that at k = m", most - single, ">= 0",
                   ("m >= 1", "1 <= k <= m"), Variant("k above m", ("1 <= k <= m",), ("k >= 1",))),
        sign_lemma("and none is negative", single, ">= 0", ("m >= 1", "1 <= k <= m"),
                   Variant("k = 0", ("1 <= k <= m",), ("0 <= k <= m",))),
    )  # fmt: skip


@enclosed("gaussian.gap_limit", needs=("flint", "z3"))
def gap_limit(
    among: Callable[[], Sequence[Lemma]] = gaps, statements: Sequence[Inequality] = (POWER,)
) -> Iterator[Margin]:
    """The mean trace gap 1/(4(1-2^-m)) - 1/(2m) lies between 1/4 - 1/(2m) and 1/4 for all m >= 1,
    so it tends to 1/4; no gap (k-1)/(2m) with 1 <= k <= m is negative or above 1/2 - 1/(2m).
    """
    yield from inequalities(statements)
    yield from lemmas(among())
