"""Confirm by brute force in R^n that the loss depends on a handful of scalars.

The other modules work with a handful of scalars (c, N, C, R, P, X, Y). Here the loss is written
out in coordinates, exactly as defined, differentiated by SymPy coordinate by coordinate, and
compared with what the reduced forms predict. Equality is identical in all coordinates.

* One sample: every data point a (symbolic, not even of unit length) and all weights, n <= 5.
* Full batch: orthonormal frame, all m <= n <= 5, symbolic slopes. The frame is the standard
  basis: the first item shows that a sample's loss depends on inner products only, so a rotation
  carries the result to every other frame.

Slopes are symbols with ``sigma^2 = sigma``. The Hessian is then affine in each of them, so that
putting kappa for the slope of a point at the kink is the mixture of its one-sided values.
"""

from __future__ import annotations

from collections.abc import Iterator

import sympy as sp

from whichmin.symbolic.closed_form import ClosedForm
from whichmin.symbolic.landscape.minima import P, X
from whichmin.symbolic.landscape.neuron import U, Y, x
from whichmin.symbolic.symbols import C, N, c, k, kappa, m, n, sigma, z

__all__ = ["LARGEST", "confirm_full_batch", "confirm_sample"]

LARGEST = 5

Residual = tuple[str, sp.Expr]
Forms = dict[str, ClosedForm]


def _idempotent(expression: sp.Expr, slopes: tuple[sp.Symbol, ...]) -> sp.Expr:
    """Expand and apply ``sigma^p = sigma`` for every slope."""
    return sp.expand(
        sp.expand(expression).replace(
            lambda e: e.is_Pow and e.base in slopes and e.exp.is_Integer, lambda e: e.base
        )
    )


def _defined_loss(weights: sp.Matrix, point: sp.Matrix, slope: sp.Expr) -> sp.Expr:
    """Write ``|a - w phi(<w, a>)|^2 / 2`` in coordinates, from the definition."""
    residual = point - weights * slope * weights.dot(point)
    return residual.dot(residual) / 2


def confirm_sample(dimension: int, forms: Forms) -> Iterator[Residual]:
    """Compare one sample's loss, gradient and Hessian with the reduced forms.

    Args:
        dimension: n.
        forms: The forms under test, by id.

    Yields:
        What was compared, and the difference, which must be 0.
    """
    a = sp.Matrix(sp.symbols(f"a1:{dimension + 1}", real=True))
    w = sp.Matrix(sp.symbols(f"w1:{dimension + 1}", real=True))
    where = {c: w.dot(a), N: w.dot(w)}
    brute = _defined_loss(w, a, sigma)
    reduced = forms["model.sample_loss"].expression.subs(where)
    # Unit length enters the loss only as the constant |a|^2 / 2.
    constant = (a.dot(a) - 1) / 2
    yield f"sample loss, n={dimension}", _idempotent(brute - reduced - constant, (sigma,))
    first = forms["model.sample_derivative"].expression
    second = forms["model.sample_second_derivative"].expression
    for p in range(dimension):
        along = first.subs({x: a[p], Y: w[p]}).subs(where)
        yield (
            f"sample gradient, n={dimension}, entry {p}",
            _idempotent(sp.diff(brute, w[p]) - along, (sigma,)),
        )
        for q in range(p, dimension):
            entry = _polarised(
                second,
                ({x: a[p], Y: w[p], U: 1}, {x: a[q], Y: w[q], U: 1}),
                same=p == q,
            ).subs(where)
            yield (
                f"sample Hessian, n={dimension}, entry {p},{q}",
                _idempotent(sp.diff(brute, w[p], w[q]) - entry, (sigma,)),
            )


def confirm_full_batch(points: int, dimension: int, forms: Forms) -> Iterator[Residual]:
    """Compare the full-batch loss, gradient, Hessian and trace with the reduced forms.

    Args:
        points: m.
        dimension: n >= m.
        forms: The forms under test, by id.

    Yields:
        What was compared, and the difference, which must be 0.
    """
    slopes = sp.symbols(f"s1:{points + 1}", real=True)
    w = sp.Matrix(sp.symbols(f"w1:{dimension + 1}", real=True))
    frame = sp.eye(dimension)
    brute = (
        sum((_defined_loss(w, frame.col(i), slopes[i]) for i in range(points)), sp.Integer(0))
        / points
    )
    brute = _idempotent(brute, slopes)
    energy = sum((slopes[i] * w[i] ** 2 for i in range(points)), sp.Integer(0))
    where = {N: w.dot(w), C: energy, m: points, n: dimension}
    label = f"m={points}, n={dimension}"
    reduced = forms["landscape.loss"].expression.subs(where)
    yield f"loss, {label}", _idempotent(brute - reduced, slopes)
    first = forms["landscape.derivative"].expression
    second = forms["sharpness.second_derivative"].expression
    hessian = sp.zeros(dimension, dimension)

    def slope(p: int) -> sp.Expr:
        return slopes[p] if p < points else sp.Integer(0)

    for p in range(dimension):
        along = first.subs({X: slope(p) * w[p], Y: w[p]}).subs(where)
        yield f"gradient, {label}, entry {p}", _idempotent(sp.diff(brute, w[p]) - along, slopes)
        for q in range(p, dimension):
            hessian[p, q] = sp.diff(brute, w[p], w[q])
            entry = _polarised(
                second,
                (
                    {P: slope(p), X: slope(p) * w[p], Y: w[p], U: 1},
                    {P: slope(q), X: slope(q) * w[q], Y: w[q], U: 1},
                ),
                same=p == q,
            ).subs(where)
            yield (
                f"Hessian, {label}, entry {p},{q}",
                _idempotent(hessian[p, q] - entry, slopes),
            )
    formula = forms["sharpness.trace"].expression
    for active in range(points + 1):
        for kinks in range(points - active + 1):
            pattern = {
                s: 1 if p < active else kappa if p < active + kinks else 0
                for p, s in enumerate(slopes)
            }
            at_kink = {w[p]: 0 for p in range(active, active + kinks)}
            trace = hessian.trace().subs(pattern).subs(at_kink)
            predicted = formula.subs(where).subs({k: active, z: kinks}).subs(pattern).subs(at_kink)
            yield (
                f"trace, {label}, {active} active, {kinks} at the kink",
                sp.expand(trace - predicted),
            )


def _polarised(
    form: sp.Expr, directions: tuple[dict[sp.Symbol, sp.Expr], dict[sp.Symbol, sp.Expr]], same: bool
) -> sp.Expr:
    """Evaluate a quadratic form's bilinear form on two orthonormal directions (or one, twice)."""
    first, second = directions
    if same:
        return form.subs(first, simultaneous=True)
    # P, U are quadratic and, on orthonormal directions, add; x, X, Y are linear.
    quadratic = {v: first[v] + second[v] for v in first if v in {P, U}}
    plus = {v: first[v] + second[v] for v in first if v not in {P, U}} | quadratic
    minus = {v: first[v] - second[v] for v in first if v not in {P, U}} | quadratic
    return (form.subs(plus, simultaneous=True) - form.subs(minus, simultaneous=True)) / 4
