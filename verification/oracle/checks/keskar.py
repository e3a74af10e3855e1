"""Check Keskar's sharpness: the largest rise of the loss in a box, in percent of 1 + loss."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from whichmin.verification.oracle import bounds, references
from whichmin.verification.oracle.check import Call, Candidate, Finding, OracleCheck
from whichmin.verification.oracle.references import Matrix, Vector, floats
from whichmin.verification.oracle.rises import basis, rise_bound, with_short
from whichmin.verification.oracle.session import Session
from whichmin.verification.oracle.target import LossOf

__all__ = ["CHECKS", "largest_loss"]

F = Fraction
# Number of points, weights: the data are the first vectors of the standard basis.
_PLACES: tuple[tuple[str, int, Vector], ...] = (
    ("SGD's minimum, w = a_1", 3, (F(1), F(0), F(0), F(0), F(0))),
    ("GD's minimum on 4 points", 4, (F(1, 2),) * 4 + (F(0),) * 2),
    ("GD's minimum on 4 of 5 points", 5, (F(1, 2),) * 4 + (F(0),) * 2),
    ("a minimum with unequal weights", 2, (F(3, 5), F(4, 5), F(0))),
    ("no minimum, of both signs", 3, (F(3, 4), F(-1, 2), F(1, 4), F(-1, 2))),
    ("m = n = 1", 1, (F(-3, 4),)),
)
_SIZES = (F(1, 1000), F(1, 10))
_SHORT = (
    "a value that occurs in the box, but below the maximum: the search stops early, finds a local "
    "maximum, or returns the last value and not the largest"
)


def largest_loss(
    low: Sequence[Fraction], high: Sequence[Fraction], m: int, activation: str
) -> Fraction:
    r"""Compute the largest mean loss in a box exactly, for points of the standard basis.

    .. math:: \max_w L(w), \qquad 2 m\, L(w) = m - 1 + (1 - q)^2 + q\, v

    with the energy q on active points and the energy v of all other coordinates; the points are the
    first m vectors of the standard basis. A coordinate adds its square to q or to v (ReLU: by its
    sign). As a function of one coordinate's energy, with the others fixed, the loss is convex if it
    belongs to q and linear if it belongs to v. So at the maximum every coordinate is at an end of
    the box, or at 0 if the box contains 0; all combinations are compared.

    Args:
        low: Lower corner.
        high: Upper corner.
        m: Number of points.
        activation: ``linear`` or ``relu``.

    Returns:
        The maximum.
    """
    choices: list[set[tuple[Fraction, Fraction]]] = []
    for place, (a, b) in enumerate(zip(low, high, strict=True)):
        ends = {a, b} | ({F(0)} if a <= 0 <= b else set())
        active = [place < m and (activation == "linear" or x > 0) for x in ends]
        choices.append({
            (x * x, F(0)) if on else (F(0), x * x) for x, on in zip(ends, active, strict=True)
        })  # fmt: skip
    # Off the span only v counts, and it only raises the loss.
    rest = sum((max(v for _, v in c) for c in choices[m:]), F(0))
    best = F(0)
    for chosen in itertools.product(*choices[:m]):
        q = sum((c[0] for c in chosen), F(0))
        v = sum((c[1] for c in chosen), F(0)) + rest
        best = max(best, (1 - q) ** 2 + q * v)
    return (m - 1 + best) / (2 * m)


_Radius = Callable[[Fraction, Fraction], Fraction]
_BOXES: tuple[tuple[str, _Radius], ...] = (
    ("the box has half-widths eps |w_i|, without + 1", lambda x, e: e * abs(x)),
    ("the box has half-widths eps, without |w_i|", lambda _, e: e),
    ("the box has half-widths eps (w_i + 1), without the absolute value", lambda x, e: e * (x + 1)),
    ("the box has twice the half-widths", lambda x, e: 2 * e * (abs(x) + 1)),
    ("the box has half the half-widths", lambda x, e: e * (abs(x) + 1) / 2),
)


def _mistakes(
    w: Vector, m: int, eps: Fraction, activation: str, own: Fraction, most: Fraction, got: float
) -> Iterator[Candidate]:
    def percent(value: Fraction) -> Fraction:
        return 100 * (value - own) / (1 + own)

    yield _centred(w, m, eps, activation, own, most, got)
    yield Candidate("relative to the loss, not to 1 + loss", 100 * (most - own) / own)
    yield Candidate("not divided by 1 + loss", 100 * (most - own))
    yield Candidate("divided by 1 + the largest loss", 100 * (most - own) / (1 + most))
    yield Candidate("the largest loss itself, not its rise", 100 * most / (1 + own))
    radii = [eps * (abs(x) + 1) for x in w]
    up = tuple(x + r for x, r in zip(w, radii, strict=True))
    down = tuple(x - r for x, r in zip(w, radii, strict=True))
    data = basis(m, len(w))
    for text, corner in (
        ("the box is a point: its lower bound is +eps (|w_i| + 1), not minus that", up),
        ("the lower corner of the box alone", down),
    ):
        there = percent(references.loss(corner, data, activation) / m)
        # The start may count as well, or not.
        yield Candidate(text, max(there, F(0)) if got == 0 else there)
    above = largest_loss(w, up, m, activation)
    yield Candidate("the upper half of the box alone: its lower bound is 0", percent(above))
    for text, radius in _BOXES:
        ends = [sorted((x - radius(x, eps), x + radius(x, eps))) for x in w]
        most_there = largest_loss([e[0] for e in ends], [e[1] for e in ends], m, activation)
        yield Candidate(text, percent(most_there))


def _from_centre(
    w: Vector, data: Matrix, radii: Sequence[Fraction], activation: str
) -> float | None:
    """Climb along the gradient from the centre of the box to a local maximum, by small steps.

    Args:
        w: The centre.
        data: Points.
        radii: Half-widths of the box.
        activation: ``linear`` or ``relu``.

    Returns:
        The summed loss there; None where the gradient at the centre is 0.
    """
    at, rows, half = (floats(x) for x in (w, data, tuple(radii)))

    def slope(z: Any) -> Any:
        c = rows @ z
        c = c if activation == "linear" else np.maximum(c, 0.0)
        return (z @ z - 2) * (c @ rows) + (c @ c) * z

    z = at
    if not any(references.gradient(w, data, activation)):
        return None
    for _ in range(400):
        g = slope(z)
        z = np.clip(z + half * g / (20 * (np.abs(g).max() or 1.0)), at - half, at + half)
    there = tuple(F(float(x)) for x in z)
    return float(references.loss(there, data, activation))


def _centred(
    w: Vector, m: int, eps: Fraction, activation: str, own: Fraction, most: Fraction, got: float
) -> Candidate:
    """A search that starts from the centre: it stays at a critical point."""
    text = (
        "the search starts from the centre of the box: it stays where the gradient is 0, and ends "
        "in a local maximum elsewhere"
    )
    data = basis(m, len(w))
    end = _from_centre(w, data, [eps * (abs(x) + 1) for x in w], activation)
    if end is None:
        return Candidate(text, 0.0)
    local = 100 * (end / m - float(own)) / (1 + float(own))
    largest = float(100 * (most - own) / (1 + own))
    # It is met to a hundredth, or the search happens to find the maximum.
    met = [x for x in (local, largest) if 0.99 * x <= got <= 1.01 * x]
    return Candidate(text, got if met or got == 0 == local else local)


def _percent(far: Vector, data: Matrix, own: Fraction, dtype: str) -> float:
    return float(100 / (1 + own)) * rise_bound(far, data, dtype)


def _findings(session: Session) -> Iterator[tuple[Finding, float]]:
    """The findings, each with the rise, below 0, at the corner that the gradient points from."""
    share = session.conventions.keskar_share
    # Two minima, where the gradient is 0, and a place where it is not.
    for name, m, weights in (*_PLACES[:2], _PLACES[4]) if session.quick else _PLACES:
        data = basis(m, len(weights))
        w = session.received(weights)
        for size, activation in itertools.product(_SIZES, session.activations):
            eps = session.received(size)
            answer = session.call(
                "keskar_sharpness", loss=LossOf(data, activation), w=weights, eps=size,
                seed=session.seed,
            )  # fmt: skip
            radii = [eps * (abs(x) + 1) for x in w]
            low = [x - r for x, r in zip(w, radii, strict=True)]
            high = [x + r for x, r in zip(w, radii, strict=True)]
            own = references.loss(w, data, activation) / m
            most = largest_loss(low, high, m, activation)
            true = 100 * (most - own) / (1 + own)
            far = tuple(max(abs(a), abs(b)) for a, b in zip(low, high, strict=True))
            slope = references.gradient(w, data, activation)
            away = [x - r if g > 0 else x + r for x, r, g in zip(w, radii, slope, strict=True)]
            fall = 100 * (references.loss(tuple(away), data, activation) / m - own) / (1 + own)
            finding = answer.against(
                f"{name}, eps = {size}, {activation}", share * true,
                _percent(far, data, own, session.dtype),
                f"never above the maximum but for {bounds.reason(len(w), m, session.dtype)}, and "
                f"at least {float(100 * share):g} percent of it",
                upper=true, interval=True, group=activation, scalars={"m": m, "n": len(w)},
                candidates=functools.partial(
                    _mistakes, w, m, eps, activation, own, most, float(answer.value)
                ),
            )  # fmt: skip
            yield finding, min(float(fall), 0.0)


def _largest(session: Session) -> Iterator[Finding]:
    findings, lowest = zip(*_findings(session), strict=True)
    yield from with_short(findings, _SHORT, session.dtype, lowest)


def _grows(session: Session) -> Iterator[Finding]:
    """A smaller box lies in a larger one, so the maximum does not fall as eps grows."""
    name, m, weights = _PLACES[1]
    data = basis(m, len(weights))
    share = float(session.conventions.keskar_share)
    for activation in session.activations:
        before = 0.0
        calls: tuple[Call, ...] = ()
        for size in (F(1, 10000), F(1, 100), F(1, 20), F(1, 2)):
            answer = session.call(
                "keskar_sharpness", loss=LossOf(data, activation), w=weights, eps=size,
                seed=session.seed,
            )  # fmt: skip
            far = tuple(x + size * (x + 1) for x in weights)
            own = references.loss(weights, data, activation) / m
            got = float(answer.value)
            fallen = max(share * before - got, 0.0)
            calls = (*calls, answer.call)
            yield Finding(
                f"fall from the next smaller eps to {size}, {name}, {activation}", fallen, 0.0,
                _percent(far, data, own, session.dtype),
                f"{bounds.reason(len(weights), m, session.dtype)}, below {share:g} of the former",
                group=activation, calls=calls,
                figure=f"max([0.0, *({share!r} * x - got[-1] for x in got[:-1])])",
                candidates=(Candidate("it falls as the box grows: local maxima", fallen),),
            )  # fmt: skip
            before = max(before, got)


_SOURCE = (
    "Keskar et al., ICLR 2017, metric 2.1, in full space; exact maximum over the box's corners"
)

CHECKS = (
    OracleCheck(
        id="keskar_sharpness.values", functions=("keskar_sharpness",), source=_SOURCE,
        formula="100 max [(1-q)^2 + q v - (1-q_0)^2 - q_0 v_0] / (2m (1 + L)) over |z_i| <= "
        "eps (|w_i| + 1); q the energy of w + z on active points, v the rest",
        statement="the value is the maximum over the whole box: never above, hardly below",
        run=_largest,
    ),
    OracleCheck(
        id="keskar_sharpness.grows", functions=("keskar_sharpness",), source=_SOURCE,
        formula="phi(w; eps) <= phi(w; eps') for eps <= eps'",
        statement="the value does not fall as the box grows", run=_grows,
    ),
)  # fmt: skip
