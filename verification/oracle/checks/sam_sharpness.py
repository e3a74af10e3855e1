"""Check SAM's sharpness: the largest rise of the loss in a ball."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from whichmin.verification.oracle import ball, bounds, references
from whichmin.verification.oracle.check import Candidate, Finding, OracleCheck
from whichmin.verification.oracle.checks.keskar import largest_loss
from whichmin.verification.oracle.conventions import Conventions
from whichmin.verification.oracle.references import Matrix, Vector, floats
from whichmin.verification.oracle.rises import basis, rise_bound, with_short
from whichmin.verification.oracle.session import Session
from whichmin.verification.oracle.target import LossOf

__all__ = ["CHECKS", "lengths"]

F = Fraction
# Number of points, weights: the data are the first vectors of the standard basis. At the two that
# are no minima, the lengths inside and outside of the span (ReLU: of the cone) are rational.
_PLACES: tuple[tuple[str, int, Vector], ...] = (
    ("SGD's minimum, w = a_1", 3, (F(1), F(0), F(0), F(0), F(0))),
    ("GD's minimum on 4 of 5 points", 5, (F(1, 2),) * 4 + (F(0),) * 2),
    ("short, of both signs", 3, (F(3, 8), F(1, 2), F(-15, 32), F(1, 4))),
    ("GD's minimum, m = n = 4", 4, (F(1, 2),) * 4),
    ("long, of both signs", 3, (F(3, 4), F(1), F(-15, 16), F(1, 2))),
)
_SIZES = (F(1, 1024), F(1, 4), F(1))
_SHORT = (
    "a value that occurs in the ball, but below the maximum: the search stops early, finds a local "
    "maximum, or returns the last value and not the largest"
)


def lengths(w: Vector, m: int, activation: str) -> tuple[Fraction, Fraction]:
    """Compute ``|Kw|`` and ``|Lw|`` (see the module ``ball``) for points of the standard basis.

    Args:
        w: Weights.
        m: Number of points.
        activation: ``linear`` or ``relu``.

    Returns:
        Both, as fractions; their squares must be squares of fractions.
    """
    inside = sum((x * x for x in w[:m] if activation == "linear" or x > 0), F(0))
    return _root(inside), _root(references.dot(w, w) - inside)


def _root(square: Fraction) -> Fraction:
    root = F(math.isqrt(square.numerator), math.isqrt(square.denominator))
    assert root * root == square, f"{square} has no rational root"
    return root


def _rise(inside: Fraction, outside: Fraction, radius: Fraction, m: int) -> Fraction:
    if inside == 1 and outside == 0:
        return ball.rise_at_minimum(radius, m)
    assert inside > 0
    assert outside > 0
    return ball.rise_in_ball(inside, outside, radius, m)


def _near(got: float, low: float, high: float) -> float:
    """The value nearest to what was found, of those that a search may give."""
    return min(max(got, low), high)


def _rise_of(
    w: Vector, move: NDArray[np.float64], data: Matrix, activation: str, own: float
) -> float:
    """The rise of the mean loss from w by a move."""
    there = tuple(F(x) for x in floats(w) + move)
    return float(references.loss(there, data, activation) / len(data)) - own


def _least(w: Vector, data: Matrix, radius: Fraction, activation: str) -> float:
    """Half of the rise of one ascent step: what a declared share of 0 reaches at least.

    Half, because a gradient by differences turns the step, and its rise may come from another
    point: a value that does not rise at all where the gradient does not vanish is no lower bound of
    use, but a constant.

    Args:
        w: Weights.
        data: Points.
        radius: Length of the step.
        activation: ``linear`` or ``relu``.

    Returns:
        The least value; 0 where the gradient is 0.
    """
    m = len(data)
    slope = floats(references.gradient(w, data, activation)) / m
    length = float(np.linalg.norm(slope))
    if length == 0:
        return 0.0
    own = float(references.loss(w, data, activation) / m)
    return max(_rise_of(w, float(radius) * slope / length, data, activation, own) / 2, 0.0)


def _steps(
    w: NDArray[np.float64], slope: NDArray[np.float64], r: float
) -> Iterator[tuple[str, NDArray[np.float64], str]]:
    """Names of single ascent steps, the steps, and what to declare."""

    def scaled(move: NDArray[np.float64], length: Any) -> NDArray[np.float64]:
        return np.asarray(r * move / (float(length) or 1.0))

    size, adapted = np.linalg.norm(slope), np.abs(w) * slope
    yield (
        "the rise of one ascent step along the gradient (0 where the gradient is 0), not the "
        "largest one", scaled(slope, size), "'sam_share': 0",
    )  # fmt: skip
    told = "one ascent step of adaptive SAM (ASAM), {}, in place of SAM's"
    yield (told.format("w^2 g / | |w| g |"),
           scaled(w * adapted * np.sign(w), np.linalg.norm(adapted)), "")  # fmt: skip
    wide = np.abs(w) + 0.01
    yield (told.format("T^2 g / |T g| with T = |w| + 0.01"),
           scaled(wide * wide * slope, np.linalg.norm(wide * slope)), "")  # fmt: skip
    yield told.format("|w| g / | |w| g |"), scaled(adapted, np.linalg.norm(adapted)), ""
    yield ("one ascent step with the signs of the gradient: the radius bounds the largest entry, "
           "not the length", r * np.sign(slope), "")  # fmt: skip
    yield ("one ascent step whose gradient is divided by its sum of absolute values, not by its "
           "length", scaled(slope, np.abs(slope).sum()), "")  # fmt: skip
    yield ("one ascent step whose gradient is divided by its largest entry, not by its length",
           scaled(slope, np.abs(slope).max()), "")  # fmt: skip
    yield ("one ascent step whose gradient is divided by its squared length",
           scaled(slope, size * size), "")  # fmt: skip
    yield "one step down the gradient, not up", -scaled(slope, size), ""


def _mistakes(
    w: Vector, m: int, radius: Fraction, activation: str, share: float, got: float
) -> Iterator[Candidate]:
    n, data, at = len(w), basis(m, len(w)), lengths(w, m, activation)
    own = float(references.loss(w, data, activation) / m)
    most = float(_rise(*at, radius, m))
    slope = floats(references.gradient(w, data, activation)) / m
    length, r = float(np.linalg.norm(slope)), float(radius)
    for text, move, declare in _steps(floats(w), slope, r):
        rise = _rise_of(w, move, data, activation, own)
        # A gradient by differences turns the step a little: a thousandth is allowed for that. Where
        # the gradient is 0, it points anywhere; only some of the steps are then no longer than r.
        ends = tuple(sorted((0.999 * rise, 1.001 * rise)))
        if not length:
            ends = (0.0, most) if declare else (-math.inf, math.inf)
        yield Candidate(text, _near(got, *ends), declare)
    top = np.linalg.eigvalsh(floats(references.hessian(w, data, activation, F(0))) / m)[-1]
    yield Candidate("first order alone: radius times the length of the gradient", r * length)
    yield Candidate("second order alone: radius^2 / 2 times the top eigenvalue of the Hessian",
                    r * r / 2 * float(top))  # fmt: skip
    box = largest_loss([x - radius for x in w], [x + radius for x in w], m, activation)
    norm = F(math.sqrt(references.dot(w, w)))
    found = [("the maximum over the box |z_i| <= radius, not over the ball", float(box) - own)]
    found += [(text, float(_rise(*at, other, m))) for text, other in (
        ("the ball has the square of the radius", radius * radius),
        ("the ball has |z|^2 <= radius: the root of the radius", F(math.sqrt(radius))),
        ("the radius is multiplied by |w|", radius * norm),
        ("the radius is multiplied by sqrt(n): the mean square of z is bounded, not its sum",
         radius * F(math.sqrt(n))),
        ("the radius is divided by sqrt(n)", radius / F(math.sqrt(n))),
        ("the ball has twice the radius", 2 * radius),
        ("the ball has half the radius", radius / 2),
    )]  # fmt: skip
    found += [
        ("relative to 1 + loss, which is Keskar's convention", most / (1 + own)),
        ("in percent of 1 + loss, which is Keskar's convention", 100 * most / (1 + own)),
        ("in percent", 100 * most),
        ("relative to the loss", most / own),
    ]
    free = _rise_of(w, r * slope, data, activation, own)
    yield Candidate("the rise of a step of radius times the gradient, which is not scaled to "
                    "length 1",
                    # Where the gradient is 0, differences give one of about 1e-7 in its place.
                    _near(got, *sorted((0.999 * free - 1e-12, 1.001 * free + 1e-12))))  # fmt: skip
    # A smaller share than that of a search leaves so much room that any mistake fits.
    share = max(share, float(Conventions().sam_share))
    for text, value in found:
        # What is searched for is met up to the share, as the right value is.
        yield Candidate(text, _near(got, share * value, value))
    yield Candidate("the largest loss itself, not its rise",
                    _near(got, own + share * most, own + most))  # fmt: skip


def _findings(session: Session) -> Iterator[Finding]:
    share = session.conventions.sam_share
    sizes = _SIZES[:2] if session.quick else _SIZES
    for name, m, weights in _PLACES[:3] if session.quick else _PLACES:
        data = basis(m, len(weights))
        w = session.received(weights)
        for radius, activation in itertools.product(sizes, session.activations):
            answer = session.call(
                "sam_sharpness", loss=LossOf(data, activation), w=weights, radius=radius,
                seed=session.seed,
            )  # fmt: skip
            true = _rise(*lengths(w, m, activation), radius, m)
            far = tuple(abs(x) + radius for x in w)
            least: Fraction | float = share * true
            if share == 0:
                least = _least(w, data, radius, activation)
            yield answer.against(
                f"{name}, radius = {radius}, {activation}", least,
                rise_bound(far, data, session.dtype),
                f"never above the maximum but for {bounds.reason(len(w), m, session.dtype)}, "
                f"twice, and at least {float(100 * share):g} percent of it"
                + (", nor below half the rise of an ascent step" if share == 0 else ""),
                upper=true, interval=True, group=activation, scalars={"m": m, "n": len(w)},
                candidates=functools.partial(_mistakes, w, m, radius, activation, float(share),
                                             float(answer.value)),
            )  # fmt: skip


def _largest(session: Session) -> Iterator[Finding]:
    yield from with_short(list(_findings(session)), _SHORT, session.dtype)


CHECKS = (
    OracleCheck(
        id="sam_sharpness.values", functions=("sam_sharpness",),
        source="Foret et al., ICLR 2021, section 2; exact maximum by a "
        "reduction to a circle and Sturm's theorem",
        formula="max [(1-p^2)^2 + p^2 u^2 - (1-p_0^2)^2 - p_0^2 u_0^2] / (2m) over "
        "(p-p_0)^2 + (u-u_0)^2 <= r^2, p the length of w + z in the active span, u that of the "
        "rest; (2r + r^2)^2 / (2m) at every minimum",
        statement="the value is the largest rise in the whole ball: never above, hardly below",
        run=_largest,
    ),
)  # fmt: skip
