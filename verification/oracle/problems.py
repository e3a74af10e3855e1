r"""The problems that targets are judged on: rational data and weights, chosen to reveal mistakes.

Frames are rows of Householder reflections :math:`I - 2 v v^\top / |v|^2` with integer v. If
:math:`|v|^2` is a power of two, their entries are dyadic, and with dyadic weights every product and
sum of few terms is exact in float32 and float64 in any order. So an inner product that is zero is
computed as zero, and weights are exactly at a kink.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from whichmin.moved import renamed
from whichmin.verification.oracle.references import Matrix, Vector, dot

__all__ = ["TAGS", "ServedProblem", "frame", "problem", "problems"]

__getattr__ = renamed(__name__, Problem="ServedProblem")

TAGS = {
    "quick": "served with --whichmin-quick too",
    "generic": "no kink, no critical point",
    "kink": "some inner product is exactly 0",
    "minimum": "a global minimum (for both activations)",
    "critical": "the gradient is 0 (for both activations)",
    "general": "the points are not orthonormal",
    "scaled": "Hessian far from size 1",
    "wide": "many more dimensions than points",
}


@dataclass(frozen=True)
class ServedProblem:
    """A problem for targets: data and weights, for both activations.

    Attributes:
        id: Stable name.
        data: Points, ``(m, n)``.
        w: Weights, ``(n,)``.
        tags: Some of ``TAGS``.
        note: What is special about it.
    """

    id: str
    data: Matrix
    w: Vector
    tags: frozenset[str]
    note: str

    @property
    def m(self) -> int:
        """Number of points."""
        return len(self.data)

    @property
    def n(self) -> int:
        """Dimension."""
        return len(self.w)


def frame(v: Sequence[int], rows: int) -> Matrix:
    r"""Compute the first rows of the reflection in the hyperplane orthogonal to an integer vector.

    .. math:: I - \frac{2\, v v^\top}{|v|^2}

    Args:
        v: The vector, not zero.
        rows: How many rows.

    Returns:
        Orthonormal rows, ``(rows, len(v))``.
    """
    square = sum(x * x for x in v)
    return tuple(
        tuple(Fraction(int(i == j)) - Fraction(2 * v[i] * v[j], square) for j in range(len(v)))
        for i in range(rows)
    )


def _mix(data: Matrix, *coefficients: Fraction | int) -> Vector:
    return tuple(
        sum((Fraction(c) * a[p] for c, a in zip(coefficients, data, strict=False)), Fraction(0))
        for p in range(len(data[0]))
    )


def _add(left: Vector, right: Vector) -> Vector:
    return tuple(p + q for p, q in zip(left, right, strict=True))


def _scaled(data: Matrix, *factors: Fraction) -> Matrix:
    return tuple(tuple(f * x for x in a) for f, a in zip(factors, data, strict=True))


def _basis(m: int, n: int) -> Matrix:
    return tuple(tuple(Fraction(int(i == p)) for p in range(n)) for i in range(m))


def _vector(*values: Fraction | int | str) -> Vector:
    return tuple(Fraction(v) for v in values)


DYADIC4 = (1, 1, 1, 1)  # |v|^2 = 4: entries 1/2 and -1/2
DYADIC7 = (1, 1, 1, 1, 2, 2, 2)  # |v|^2 = 16


# Short, for the list below.
F = Fraction


@functools.cache
def problems() -> tuple[ServedProblem, ...]:
    """Return all problems, in the order in which they are served."""
    made: list[ServedProblem] = []

    def add(name: str, data: Matrix, w: Vector, tags: str, note: str) -> None:
        made.append(ServedProblem(name, data, w, frozenset(tags.split()), note))

    odd = frame((1, 2, 3, 1, 2), 3)
    add(
        "generic",
        odd,
        _vector("1/2", "-1/3", "2/7", "3/5", "1/11"),
        "generic quick",
        "m = 3, n = 5, correlations of both signs",
    )
    add(
        "generic square",
        frame((2, 1, 1, 3), 4),
        _vector("3/5", "1/7", "-2/9", "1/3"),
        "generic quick",
        "m = n = 4",
    )
    add("one point", frame((1, 2, 2), 1), _vector("2/3", "-1/5", "1/4"), "generic quick", "m = 1")
    add("one dimension", ((F(1),),), _vector("3/7"), "generic", "m = n = 1")
    add(
        "wide",
        frame([1 + i % 3 for i in range(40)], 2),
        tuple(F((7 * i) % 11 - 4, 23) for i in range(40)),
        "generic wide",
        "m = 2, n = 40",
    )
    add(
        "correlated",
        (
            (F(1), F(1, 2), F(-1, 3)),
            (F(2, 5), F(1), F(1, 7)),
            (F(-1, 2), F(3, 4), F(1)),
            (F(1, 9), F(-1, 5), F(2, 3)),
        ),
        _vector("1/3", "-2/5", "1/2"),
        "generic general quick",
        "m = 4 points in n = 3 dimensions",
    )
    add(
        "steep",
        _scaled(odd, *[F(1024)] * 3),
        _vector("1/2", "-1/3", "2/7", "3/5", "1/11"),
        "generic general scaled",
        "points of length 1024: a Hessian of size 1e6",
    )
    add(
        "long",
        _scaled(odd, *[F(4)] * 3),
        _vector("1/2", "-1/3", "2/7", "3/5", "1/11"),
        "generic general quick",
        "points of length 4: gradients longer than 1, as where clipping sets in",
    )
    add(
        "flat",
        _scaled(odd, *[F(1, 1024)] * 3),
        _vector("1/2", "-1/3", "2/7", "3/5", "1/11"),
        "generic general scaled quick",
        "points of length 1/1024: a Hessian of size 1e-6",
    )
    add(
        "mixed scales",
        _scaled(odd, F(512), F(1), F(1, 512)),
        _vector("1/2", "-1/3", "2/7", "3/5", "1/11"),
        "generic general scaled",
        "points of length 512, 1 and 1/512",
    )

    seven, four = frame(DYADIC7, 5), frame(DYADIC4, 4)
    add(
        "vertex",
        frame(DYADIC7, 4),
        frame(DYADIC7, 4)[0],
        "minimum critical kink quick",
        "SGD's minimum: w = a_1, the other points at a kink",
    )
    add(
        "dense",
        seven,
        _mix(seven, *[F(1, 2)] * 4),
        "minimum critical kink",
        "GD's minimum on 4 of 5 points: w = (a_1 + ... + a_4) / 2, the fifth at a kink",
    )
    add(
        "dense square",
        four,
        _mix(four, *[F(1, 2)] * 4),
        "minimum critical",
        "m = n = 4, all points active: no kink",
    )
    add(
        "kink",
        _basis(3, 4),
        _vector("3/4", 0, "1/4", "1/2"),
        "kink quick",
        "w orthogonal to a_2, not at a minimum",
    )
    tiny = F(1, 2**60)
    add(
        "above the kink",
        _basis(3, 4),
        _vector("3/4", tiny, "1/4", "1/2"),
        "generic quick",
        "<w, a_2> = 2^-60",
    )
    add(
        "below the kink",
        _basis(3, 4),
        _vector("3/4", -tiny, "1/4", "1/2"),
        "generic quick",
        "<w, a_2> = -2^-60",
    )
    add(
        "saddle",
        _basis(2, 4),
        _vector(0, 0, 1, 1),
        "kink critical",
        "C = 0 and N = 2: the degenerate saddle; its Hessian is 0",
    )
    add(
        "bad minimum",
        _basis(2, 4),
        _vector(0, 0, 2, 0),
        "kink critical",
        "C = 0 and N = 4: a local minimum of loss 1/2",
    )
    add(
        "origin",
        four,
        _vector(0, 0, 0, 0),
        "kink critical",
        "w = 0: every eigenvalue is -2/m (linear)",
    )
    add(
        "local maximum",
        _basis(2, 4),
        _vector(0, 0, "1/2", "1/2"),
        "kink critical",
        "C = 0 and N = 1/2",
    )
    add(
        "dead neuron",
        _basis(3, 4),
        _vector("-1/2", "-1/4", "-1/8", "3/4"),
        "generic quick",
        "no positive correlation: ReLU's gradient and Hessian are 0",
    )
    add(
        "negative curvature",
        frame((1, 2, 3, 1, 2), 4),
        _vector("1/9", "1/8", "-1/7", 0, "1/10"),
        "generic quick",
        "N is small: the eigenvalue largest in size is negative",
    )
    assert all(t in TAGS for p in made for t in p.tags)
    assert all(
        dot(a, b) == int(a is b) for p in made if "general" not in p.tags
        for a in p.data for b in p.data
    )  # fmt: skip
    return tuple(made)


def problem(name: str) -> ServedProblem:
    """Look up a problem by its id."""
    return next(p for p in problems() if p.id == name)
