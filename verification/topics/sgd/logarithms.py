"""What the bounds of SGD's drift say of logarithms: inequalities by interval arithmetic, and ends.

``log r <= r - 1`` is Jensen's inequality, too: with ``r = A/A_0``, ``A_0`` the mean of A, the right
side has the mean 0, so the mean of ``log A`` is at most ``log A_0``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import sympy as sp

from whichmin.verification.evidence.check import Margin, check
from whichmin.verification.evidence.exact import vanishing
from whichmin.verification.evidence.subject import Subject
from whichmin.verification.provers.intervals import Inequality, enclosed, inequalities
from whichmin.verification.provers.smt import Variant
from whichmin.words import EvidenceKind

__all__ = ["EXPONENTIAL", "TANGENT"]

TANGENT = Inequality(
    "a logarithm lies below its tangent at 1",
    "r",
    ("r > 0",),
    ("log(r) <= r - 1",),
    variants=(
        Variant("half the tangent", then=("log(r) <= (r - 1)/2",)),
        Variant("below it at 1, too", then=("log(r) < r - 1",)),
        Variant("a constant less", then=("log(r) <= r - 1 - 1/1000",)),
    ),
    split=("1",),
)

EXPONENTIAL = Inequality(
    "an exponential lies above its tangent at 0",
    "v",
    (),
    ("exp(v) >= 1 + v",),
    variants=(
        Variant("and a constant", then=("exp(v) >= 1 + v + 1/1000",)),
        Variant("and the next order, for v < 0 too", then=("exp(v) >= 1 + v + v**2/2",)),
    ),
    split=("0",),
)

LOGARITHMS = (
    Inequality(
        "a loss of z",
        "z",
        ("0 <= z < 1",),
        ("-log(1 - z) >= z + z**2/2",),
        variants=(
            Variant("z^2 for z^2/2", then=("-log(1 - z) >= z + z**2",)),
            Variant("for z < 0 too", ("0 <= z < 1",), ("-1 < z < 1",)),
        ),
    ),
    Inequality(
        "a gain of z is at most z",
        "z",
        ("z >= 0",),
        ("log(1 + z) <= z",),
        variants=(
            Variant("at least z", then=("log(1 + z) >= z",)),
            Variant("at most z - z^2/2", then=("log(1 + z) <= z - z**2/2",)),
        ),
    ),
    Inequality(
        "a gain of z",
        "z",
        ("z >= 0",),
        ("log(1 + z) >= z - z**2/2",),
        variants=(
            Variant("z^2/3 for z^2/2", then=("log(1 + z) >= z - z**2/3",)),
            Variant("for z < 0 too", ("z >= 0",), ("z > -1",)),
        ),
    ),
    Inequality(
        "a loss of z up to 1/2",
        "z",
        ("0 <= z <= 1/2",),
        ("log(1 - z) >= -z - z**2",),
        variants=(
            Variant("z up to 3/4", ("0 <= z <= 1/2",), ("0 <= z <= 3/4",)),
            Variant("z^2/2 for z^2", then=("log(1 - z) >= -z - z**2/2",)),
        ),
    ),
    TANGENT,
)


@enclosed("sgd_drift.logarithms")
def logarithms(statements: Sequence[Inequality] = LOGARITHMS) -> Iterator[Margin]:
    """The inequalities on logarithms that the drift bounds use: log(1 + z) lies between z - z^2/2
    and z for z >= 0, -log(1 - z) is at least z + z^2/2 for 0 <= z < 1 and at most z + z^2 for
    z <= 1/2, and log r is at most r - 1 for r > 0.
    """
    return inequalities(statements)


alpha, m, b = sp.symbols("alpha m b", positive=True)


@check(
    "sgd_drift.closed_forms",
    EvidenceKind.IDENTITY,
    bound="exact: the difference must be identically zero",
    forms=("dynamics.active_factor", "dynamics.inactive_factor", "dynamics.separation_rate"),
)
def closed_forms(subject: Subject) -> Iterator[Margin]:
    """The drift bound at b = 1 is that of the source and a slack of z - log(1 + z), at b = m it is
    0; the factors at a data point and the rate of separation are what the closed forms say.
    """
    mu, t = (m - b) / (m - 1), b / (m - 1)
    bound = -b / m * sp.log(1 - alpha * mu) - (m - b) / m * sp.log(1 + alpha * t)
    single = (-sp.log(1 - alpha) - alpha) / m
    slack = (m - 1) / m * (alpha / (m - 1) - sp.log(1 + alpha / (m - 1)))
    yield vanishing("b = 1: the bound is [-log(1 - eta) - eta]/m and more", bound.subs(b, 1)
                - single - slack)  # fmt: skip
    yield vanishing("b = m: the bound is 0", bound.subs(b, m))
    names = {s: sp.Symbol(s, positive=True) for s in ("N", "S", "mu", "alpha", "m", "b")}

    def form(name: str) -> sp.Expr:
        found = subject.forms[name].expression
        return found.subs({s: names[s.name] for s in found.free_symbols})

    vertex = {names["N"]: 1, names["S"]: 1, names["mu"]: 1}
    own = form("dynamics.active_factor").subs(vertex)
    rest = form("dynamics.inactive_factor").subs(vertex)
    yield vanishing("b = 1 at a data point: R grows by log(1/(1 - eta)) when the leader is drawn",
                sp.log(own / rest) + sp.log(1 - alpha), positive=(1 - alpha,))  # fmt: skip
    k, d = sp.symbols("k d", positive=True)

    def factor(times: sp.Expr) -> sp.Expr:
        """At a data point that is drawn k times: factor of a point drawn so many times."""
        at = {names["N"]: 1, names["S"]: k, names["mu"]: times}
        return form("dynamics.active_factor").subs(at, simultaneous=True)

    ratio = factor(k - d) / factor(k)
    yield vanishing("with replacement, at a data point: factor of a ratio", ratio - (1 - alpha * d))
    rate = form("dynamics.separation_rate")
    pairs = sp.log(1 - alpha) + sp.log(1 + alpha)
    yield vanishing("rate of separation, 1 - alpha^2 = (1 - alpha)(1 + alpha)",
                rate - b * (m - b) / (m * (m - 1)) * pairs, positive=(1 - alpha,))  # fmt: skip
    yield vanishing("rate of separation at b = m", rate.subs(b, m))
