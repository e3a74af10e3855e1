"""The process ``R_t = log(|c_*| / sum of the other |c_j|)``: what batches do to it."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator
from fractions import Fraction

import sympy as sp

from whichmin.symbolic.derivation import Derivation
from whichmin.symbolic.descent import active_factor, inactive_factor
from whichmin.symbolic.symbols import N, S, alpha, mu
from whichmin.verification.evidence.check import Margin, check, differs
from whichmin.verification.topics.sgd.rational_sgd import Vector
from whichmin.verification.topics.sgd.refuted import ETA, PLANE, ROUNDING, trajectory, vector
from whichmin.words import Activation, EvidenceKind

__all__ = ["increments", "supermartingale"]

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
        drawn,
    )
    left = {N: 1, S: 0}
    without = Derivation.begin(
        "winner not in the batch: members of the batch grow, the rest stays",
        (q * active.subs(mu, 1) + (1 - q) * inactive) / inactive,
        1 + alpha * q,
        left,
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
        failures = chain.failures()
        yield Margin(f"{chain.steps[0].reason} {failures}", float(len(failures)), 1e-9)


@check(
    "walk.supermartingale",
    EvidenceKind.IDENTITY,
    bound="exact: residuals of a derivation, none may be left",
)
def walk_supermartingale() -> Iterator[Margin]:
    """With increments in [-B, B] and drift at least e, exp(-d X) does not grow in the mean for d =
    (2/B) artanh(e/B).
    """
    failures = supermartingale().failures()
    yield Margin(f"cosh - t sinh is 1 {failures}", float(len(failures)), 1e-9)


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

    Batches of 2 of 3 points: the winner and one of two equal others in the batch.

    Yields:
        The distance from log(1/(1 - eta)).
    """
    basis = tuple(vector(*(int(p == k) for p in range(3))) for k in range(3))
    start = vector(1, "1/1000000", "1/1000000")
    after = trajectory(start, [basis[:2]], Activation.LINEAR)
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

    Up by 1 with 2/3, down by 1 with 1/3, stuck at 0: the drift is 1/3 at every x > 0.

    Starting at 1, all paths of 40 steps are summed in exact arithmetic: what is stuck stays.

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
    left = sp.simplify(step - escape)
    yield Margin(f"1 - 2^-x is the chance of escape: residual {left}", float(left != 0), 1e-9)
    # What has not been decided after 40 steps is at most the chance of being still below 15.
    undecided = float(sum(w for place, w in chance.items() if 0 < place < 15)) + 2.0**-15
    yield Margin("distance from 1/2", abs(stuck - 0.5), undecided)


def supermartingale() -> Derivation:
    """The step of exp(-d X) for increments in [-B, B] with mean at least e.

    exp(-d y) is convex, so it lies below its chord on [-B, B] and
    ``E exp(-d D) <= cosh(d B) - (e/B) sinh(d B)``. With t = e/B and d = (2/B) artanh t this is 1.

    Returns:
        The identity.
    """
    t = sp.Symbol("t", positive=True)
    z = sp.Symbol("z", positive=True)  # d B = log z
    return Derivation.begin(
        "bound at d = (2/B) artanh t: d B = log z with z = (1 + t)/(1 - t)",
        (z + 1 / z) / 2 - t * (z - 1 / z) / 2,
        sp.Integer(1),
        {z: (1 + t) / (1 - t)},
    )
