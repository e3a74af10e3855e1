"""The process ``R_t = log(|c_*| / sum of the other |c_j|)``: what batches do to it."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator, Sequence
from fractions import Fraction

import sympy as sp

from whichmin.symbolic.derivation import Derivation
from whichmin.symbolic.descent import active_factor, inactive_factor
from whichmin.symbolic.operators import at
from whichmin.symbolic.rules import where
from whichmin.symbolic.symbols import N, S, alpha, mu
from whichmin.verification.evidence.check import Margin, check, differs
from whichmin.verification.evidence.exact import follows, vanishing
from whichmin.verification.evidence.rounding import EPS
from whichmin.verification.provers.certificates import Certificate, Term, certificate_margins
from whichmin.verification.provers.intervals import Inequality, enclosed, inequalities
from whichmin.verification.provers.smt import Lemma, Variant, lemmas, smt
from whichmin.verification.topics.sgd.logarithms import EXPONENTIAL
from whichmin.verification.topics.sgd.rational_sgd import (
    ETA,
    PLANE,
    ROUNDING,
    Vector,
    basis,
    exact_step,
    trajectory,
    vector,
)
from whichmin.words import Activation, EvidenceKind

__all__: list[str] = []

q = sp.Symbol("q", nonnegative=True)
# A logarithm of a fraction: two roundings of numbers below 8, and one of their difference.
LOG = 2.0**-48


def _walk(w: Vector) -> float:
    sizes = sorted((abs(v) for v in w), reverse=True)
    return math.log(sizes[0] / sum(sizes[1:], Fraction(0)))


def increments() -> tuple[Derivation, Derivation]:
    """Change of R_t next to a data point, where c_* = N = 1 and the other c_j are 0.

    ``q`` is the share of the batch in the sum of the other ``|c_j|``. With the winner in the batch
    S = 1, without it S = 0.

    Returns:
        The factor of the other correlations relative to the winner, with and without it.
    """
    active, inactive = active_factor().expression, inactive_factor().expression
    drawn = {N: 1, S: 1}
    with_winner = Derivation.begin(
        "winner in the batch: members of the batch keep pace, the rest shrinks",
        (q * active.subs(mu, 1) + (1 - q) * inactive) / active.subs(mu, 1),
        1 - alpha * (1 - q),
        where(drawn),
    )
    left = {N: 1, S: 0}
    without = Derivation.begin(
        "winner not in the batch: members of the batch grow, the rest stays",
        (q * active.subs(mu, 1) + (1 - q) * inactive) / inactive,
        1 + alpha * q,
        where(left),
    )
    return with_winner, without


@check(
    "walk.increments",
    EvidenceKind.IDENTITY,
    bound="exact: residuals of a derivation, none may be left",
)
def walk_increments() -> Iterator[Margin]:
    """Next to a data point R rises by -log(1 - alpha (1 - q)) when the winner is drawn and falls by
    log(1 + alpha q) when it is not, q the batch's share of the other correlations.
    """
    for chain in increments():
        yield follows(chain.steps[0].reason, chain)


def supermartingale() -> Derivation:
    """The step of exp(-d X) for increments in [-B, B] with mean at least e.

    exp(-d y) lies below its chord on [-B, B], so
    ``E exp(-d D) <= cosh(d B) - (e/B) sinh(d B)``. With t = e/B and d = (2/B) artanh t this is 1.

    Returns:
        The identity.
    """
    t = sp.Symbol("t", positive=True)
    z = sp.Symbol("z", positive=True)  # d B = log z
    return Derivation.begin(
        "bound at d = (2/B) artanh t: d B = log z with z = (1 + t)/(1 - t)",
        at((z + 1 / z) / 2 - t * (z - 1 / z) / 2, {z: (1 + t) / (1 - t)}),
        sp.Integer(1),
    )


def chord() -> Derivation:
    """The chord of exp(-d y) from -B to B, at ``y = (2 p - 1) B``.

    Returns:
        The identity; ``log z = d B``.
    """
    p = sp.Symbol("p", real=True)
    z = sp.Symbol("z", positive=True)
    return Derivation.begin(
        "shares p and 1 - p of the ends of a chord: cosh(d B) - (y/B) sinh(d B)",
        p / z + (1 - p) * z,
        (z + 1 / z) / 2 - (2 * p - 1) * (z - 1 / z) / 2,
    )


CHORDS = (
    Certificate(
        # f = exp(-s), E = exp(-S), F = exp(S), s = d y, S = d B; both above the tangent at -s.
        "what lies above all its tangents lies below its chords",
        "f E F p S",
        (
            ("p", "p"),
            ("q", "1 - p"),
            ("left", "E - f*(1 - S + s)"),
            ("right", "F - f*(1 + S + s)"),
        ),
        "p*E + (1 - p)*F - f",
        (Term("1", "p left"), Term("1", "q right")),
        (("s", "(2*p - 1)*S"),),
    ),
    Certificate(
        # z = (1 + t)/(1 - t), times its denominator squared; u is the mean increment over B.
        "the mean of the chord, cosh - u sinh, is at most 1 for a drift of u >= t",
        "t u",
        (("t", "t"), ("more", "u - t")),
        "2*up*down - up**2 - down**2 + u*(up**2 - down**2)",
        (Term("4", "t more"),),
        (("up", "1 + t"), ("down", "1 - t")),
    ),
)


@enclosed("walk.supermartingale")
def walk_supermartingale(
    certificates: Sequence[Certificate] = CHORDS, tangents: Sequence[Inequality] = (EXPONENTIAL,)
) -> Iterator[Margin]:
    """With increments in [-B, B] and drift at least e, 0 < e < B, exp(-d X) does not grow in the
    mean for d = (2/B) artanh(e/B): exp lies above its tangents, hence below its chords, and the
    mean of the chord is at most 1.

    With s = d y, S = d B the tangent at -s is ``exp(v) >= 1 + v`` for ``v = s - S`` and
    ``v = s + S``, times ``exp(-s)``.
    """
    yield from inequalities(tangents)
    for certificate in certificates:
        yield from certificate_margins(certificate)
    yield follows("the chord in cosh and sinh", chord())
    yield follows("cosh - t sinh is 1", supermartingale())


WALK = (
    Lemma(
        # mu = (m - b)/(m - 1), t = b/(m - 1): shares of a batch that are averaged over.
        "drift of the log ratio: the first orders cancel",
        "m b mu t",
        ("m > 1", "1 <= b < m", "mu*(m - 1) == m - b", "t*(m - 1) == b"),
        ("b*mu == (m - b)*t", "0 < mu <= 1", "t > 0"),
        variants=(
            Variant("mu = (m - b)/m", ("mu*(m - 1) == m - b",), ("mu*m == m - b",)),
            Variant("b = m", ("1 <= b < m",), ("1 <= b <= m",)),
        ),
    ),
    Lemma(
        # log A <= log A0 + (A - A0)/A0 (sgd_drift.logarithms), q0 the mean of q; B as A.
        "Jensen: what the tangent at the mean adds is in proportion to q - q0, whose mean is 0",
        "alpha q q0 A A0 B B0",
        ("0 < alpha < 1", "0 <= q <= 1", "0 <= q0 <= 1", "A == 1 - alpha*(1 - q)",
         "A0 == 1 - alpha*(1 - q0)", "B == 1 + alpha*q", "B0 == 1 + alpha*q0"),
        ("A - A0 == alpha*(q - q0)", "B - B0 == alpha*(q - q0)", "0 < A <= 1", "A0 > 0",
         "B >= 1", "B0 >= 1"),
        variants=(
            Variant("alpha up to 2", ("0 < alpha < 1",), ("0 < alpha < 2",)),
            Variant("another tangent", ("A0 == 1 - alpha*(1 - q0)",), ("A0 == 1 - alpha*q0",)),
        ),
    ),
    Lemma(
        # -log(1 - z) >= z + z^2/2 and log(1 + v) <= v for z = alpha mu, v = alpha t.
        "drift of the log ratio: at least (b/2m) (alpha mu)^2",
        "m b mu t alpha D",
        ("m > 1", "1 <= b < m", "b*mu == (m - b)*t", "0 < mu <= 1", "0 < alpha < 1",
         "m*D >= b*(alpha*mu + (alpha*mu)**2/2) - (m - b)*alpha*t"),
        ("m*D >= b*(alpha*mu)**2/2", "D > 0"),
        variants=(
            Variant("without the second order",
                    ("m*D >= b*(alpha*mu + (alpha*mu)**2/2) - (m - b)*alpha*t",),
                    ("m*D >= b*alpha*mu - (m - b)*alpha*t",)),
        ),
    ),
    Lemma(
        "rate of separation: its two factors",
        "m b alpha q",
        ("m > 1", "1 <= b < m", "0 < alpha < 1", "q*m*(m - 1) == b*(m - b)"),
        ("q > 0", "0 < 1 - alpha**2 < 1"),
        variants=(Variant("b = m", ("1 <= b < m",), ("1 <= b <= m",)),),
    ),
    Lemma(
        # d: how much more often one point is drawn than the other; at the vertex the log ratio
        # changes by log(1 - alpha d) or log(1 + alpha d), equally likely.
        "rate of separation, with replacement: its arguments, for every b",
        "alpha d b",
        ("0 < d <= b", "0 < alpha*b < 1"),
        ("0 < 1 - (alpha*d)**2 < 1",),
        variants=(Variant("d = 0", ("0 < d <= b",), ("0 <= d <= b",)),),
    ),
)  # fmt: skip


@smt("smt.walk")
def far_drift(statements: Sequence[Lemma] = WALK) -> Iterator[Margin]:
    """Near a data point the drift of the log ratio is positive for every b < m, its first orders
    cancel, and the rate of separation is negative.
    """
    return lemmas(statements)


BOUNDED = (
    Lemma(
        # Every active correlation is multiplied by s or by s + g, so R, the largest of
        # log(|c_i| / sum of the others), changes by at most log((s + g)/s).
        "a step changes ratios of active correlations by a factor of at most 1 + 2 alpha",
        "N S alpha",
        ("0 <= S <= N <= 21/20", "0 < alpha <= 1/5"),
        ("s > 0", "s + g >= s", "s + g <= (1 + 2*alpha)*s"),
        (("s", "1 - alpha*S"), ("g", "alpha*(2 - N)")),
        (
            Variant("1 + 19/10 alpha", then=("s + g <= (1 + 19/10*alpha)*s",)),
            Variant("alpha up to 1", ("0 < alpha <= 1/5",), ("0 < alpha <= 1",)),
        ),
    ),
    Lemma(
        # top: the largest |c_i|, rest: the sum of the other k - 1 active ones, k <= m.
        "R is at least -log(m - 1)",
        "top rest k m",
        ("top > 0", "k > 1", "k <= m", "0 < rest", "rest <= (k - 1)*top"),
        ("top*(m - 1) >= rest",),
        variants=(Variant("-log(m - 2)", then=("top*(m - 2) >= rest",)),),
    ),
)  # fmt: skip


@smt("smt.walk_bounded")
def bounded(statements: Sequence[Lemma] = BOUNDED) -> Iterator[Margin]:
    """In a step on any batch R changes by at most log(1 + 2 alpha), alpha <= 1/5 the step size over
    the batch size, and R is at least -log(m - 1).
    """
    return lemmas(statements)


counterexample = functools.partial(
    check,
    kind=EvidenceKind.COUNTEREXAMPLE,
    bound="the distance of logarithms of fractions against their rounding",
)


@counterexample("refuted.walk_constant_relu")
def walk_constant_relu() -> Iterator[Margin]:
    """ReLU with a negative correlation: one full-batch step changes R."""
    start = vector("3/5", "-3/10")
    after = trajectory(start, [PLANE], Activation.RELU)
    yield differs("R after one full-batch step", _walk(start), _walk(after), LOG)


@counterexample("refuted.walk_gain")
def walk_gain() -> Iterator[Margin]:
    """For b = 2 of m = 3: drawing the winner raises R by far less than log(1/(1 - eta)).

    The batch holds the winner and one of two equal others.

    Yields:
        The distance from log(1/(1 - eta)).
    """
    start = vector(1, "1/1000000", "1/1000000")
    after = trajectory(start, [basis(3)[:2]], Activation.LINEAR)
    claimed = -math.log(1 - float(ETA))
    yield differs("rise of R", claimed, _walk(after) - _walk(start), LOG)


@counterexample("refuted.walk_loss")
def walk_loss() -> Iterator[Margin]:
    """The fall of R when the winner is not drawn does not depend on how small the others are.

    Batches of 1 of 2: the other point drawn, at two distances from the data point.

    Yields:
        The ratio of the two falls, which proportionality to the correlation makes 1000.
    """
    falls = []
    for other in ("1/1000", "1/1000000"):
        start = vector(1, other)
        after = trajectory(start, [PLANE[1:]], Activation.LINEAR)
        falls.append(_walk(start) - _walk(after))
    # Each fall is above 0.1 and known to LOG.
    yield differs("fall of R at c_2 = 1e-3 over that at 1e-6", 1000.0, falls[0] / falls[1], 1e-9)
    yield differs("fall of R at c_2 = 1e-6", 0.0, falls[1], LOG)


@check(
    "refuted.transience",
    EvidenceKind.COUNTEREXAMPLE,
    bound="exact sums over all paths, against one rounding and what 40 steps leave undecided",
)
def transience() -> Iterator[Margin]:
    """A process on a half-line with bounded steps and drift 1/3 is stuck with probability 1/2.

    It goes up by 1 with 2/3, down by 1 with 1/3, and is stuck at 0: the drift is 1/3 at every
    x > 0. Starting at 1, all paths of 40 steps are summed in exact arithmetic: what is stuck stays.

    Yields:
        The chance of being stuck, against the claimed 0, and against the closed form.
    """
    up, down = Fraction(2, 3), Fraction(1, 3)
    chance = {0: Fraction(0), 1: Fraction(1)}
    for _ in range(40):
        following: dict[int, Fraction] = {0: chance.get(0, Fraction(0))}
        for place, weight in chance.items():
            if place == 0:
                continue
            following[place + 1] = following.get(place + 1, Fraction(0)) + up * weight
            following[place - 1] = following.get(place - 1, Fraction(0)) + down * weight
        chance = following
    stuck = float(chance[0])
    yield differs("chance of never escaping, from 1, within 40 steps", 0.0, stuck, ROUNDING)
    x = sp.Symbol("x", integer=True, positive=True)
    escape = 1 - sp.Rational(1, 2) ** x
    step = sp.Rational(2, 3) * escape.subs(x, x + 1) + sp.Rational(1, 3) * escape.subs(x, x - 1)
    yield vanishing("1 - 2^-x is the chance of escape", step - escape)
    # What has not been decided after 40 steps is at most the chance of being still below 15.
    undecided = float(sum(w for place, w in chance.items() if 0 < place < 15)) + 2.0**-15
    yield Margin("distance from 1/2", abs(stuck - 0.5), undecided)


def _gains(w: Vector, eta: Fraction) -> list[Fraction]:
    """List the factors of |c_1| / sum of the others in one step, for every single point."""
    steps = [exact_step(w, [a], eta, Activation.LINEAR) for a in basis(len(w))]
    return [v[0] / sum(v[1:]) / (w[0] / sum(w[1:])) for v in steps]


@check(
    "sgd_drift.small_norm",
    EvidenceKind.COUNTEREXAMPLE,
    bound="exact fractions; four roundings of the logarithm shown",
)
def small_norm(norm: str = "1/100") -> Iterator[Margin]:
    """For m = 3, b = 1, eta = 1/5: with |w| = 1/100 and R = log(500000) the drift of R is negative.

    R may be as large as one likes; its drift is negative because the norm is small.
    """
    top = Fraction(norm)
    w = (top, top / 10**6, top / 10**6)
    product = math.prod(_gains(w, ETA))
    # log of an exact fraction, one rounding of it and one of the logarithm.
    yield Margin("three times the drift, as a factor of the ratio, from below 1",
                 max(0.0, float(product - 1)), 0.0)  # fmt: skip
    least = (-math.log(0.8) - 0.2) / 3
    yield differs("drift of R at R = log(500000)", least, math.log(product) / 3, 4 * EPS)
