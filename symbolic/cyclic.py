"""Derive what a reshuffled epoch does, and which point wins where points are left out.

An epoch is a random order of the data, cut into batches; ``q = m mod b`` points are left out. On
the unit sphere (N = C = 1, no off-span part) the shares ``p_i = c_i^2`` are all that matters.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import sympy as sp

from whichmin.symbolic.derivation import Derivation
from whichmin.symbolic.descent import active_factor
from whichmin.symbolic.operators import at
from whichmin.symbolic.selection.law import diffusion
from whichmin.symbolic.symbols import N, S, alpha, b, m, mu

__all__ = ["epoch_lemmas", "epochs", "leftover_lemmas", "log_ratio_change"]

# All m up to 4, where all orders are listed, and every b < m.
SIZES = tuple((points, size) for points in (2, 3, 4) for size in range(1, points))


def _truncated(polynomial: Any) -> Any:
    """Keep the terms up to alpha^2 of a polynomial in alpha, the first generator of its ring.

    Returns:
        The polynomial without the others.
    """
    ring = polynomial.ring
    return ring.from_dict({powers: value for powers, value in polynomial.terms() if powers[0] <= 2})


def epochs(points: int, size: int) -> Iterator[tuple[tuple[int, ...], ...]]:
    """List all ways to cut the points into the batches of an epoch; all are equally likely.

    Args:
        points: m.
        size: b.

    Yields:
        The batches in their order.
    """
    seen = set()
    for order in itertools.permutations(range(points)):
        cut = tuple(tuple(sorted(order[t * size : (t + 1) * size])) for t in range(points // size))
        if cut not in seen:
            seen.add(cut)
            yield cut


def log_ratio_change(
    batches: Sequence[Sequence[int]], points: int, factor: sp.Expr | None = None
) -> tuple[sp.Expr, sp.Expr]:
    """Expand the change of ``log|c_1/c_2|`` in an epoch to second order in alpha.

    Args:
        batches: The batches of the epoch.
        points: m; the shares are p1, ..., and what is left of 1 for the last point.
        factor: The factor of an active correlation; by default the one derived.

    Returns:
        Coefficients of alpha and of alpha^2.
    """
    factor = active_factor().expression if factor is None else factor
    ring, step, *free = sp.ring((alpha, *_shares(points)[:-1]), sp.QQ)
    at = sp.lambdify((alpha, N, S, mu), factor)
    energies, change = [*free, 1 - sum(free)], ring(0)
    for batch in batches:
        size, own = sum(energies), sum(energies[i] for i in batch)
        factors = [at(step, size, own, int(i in batch)) for i in range(points)]
        # log(1 + x) = x - x^2/2 + ..., and x is of order alpha.
        for sign, x in ((1, factors[0] - 1), (-1, factors[1] - 1)):
            change += sign * _truncated(x - x**2 / 2)
        energies = [_truncated(e * f**2) for e, f in zip(energies, factors, strict=True)]
    total = sp.expand(change.as_expr())
    return total.coeff(alpha, 1), total.coeff(alpha, 2)


def _shares(points: int) -> list[sp.Expr]:
    """Make shares p_i that add up to 1.

    Returns:
        One per point.
    """
    free = sp.symbols(f"p1:{points}", positive=True)
    return [*free, 1 - sum(free)]


def _unsummed(terms: Iterator[sp.Expr]) -> sp.Expr:
    """Write a sum of terms that the step adds up, not this function."""
    return sp.Add(*terms, evaluate=False)


def epoch_lemmas(factor: sp.Expr | None = None) -> dict[str, Derivation]:
    """Derive the moments of an epoch's move on the unit sphere.

    Where b divides m nothing moves at first order in alpha; the mean move per batch is ``D p``.

    Args:
        factor: See :func:`log_ratio_change`.

    Returns:
        Derivations by name.
    """
    lemmas = {}
    for points, size in SIZES:
        shares = _shares(points)
        moves = [log_ratio_change(cut, points, factor) for cut in epochs(points, size)]
        what = f"m = {points}, b = {size}"
        mean = sum(second for _, second in moves) / len(moves)
        one_step = at(diffusion().expression / alpha**2, {m: points, b: size})
        lemmas[f"mean, {what}"] = Derivation.begin(
            f"mean over all epochs of the alpha^2 term of log|c_1/c_2|, {what}: the sphere's "
            "D (p_1 - p_2) per batch",
            sp.Mul(
                sp.Rational(1, len(moves)), _unsummed(second for _, second in moves), evaluate=False
            ),
            (points // size) * one_step * (shares[0] - shares[1]),
        )
        if points % size == 0:
            lemmas[f"noise, {what}"] = Derivation.begin(
                f"no epoch moves log|c_1/c_2| at first order, {what}: sum of the squares",
                _unsummed(first**2 for first, _ in moves),
                sp.Integer(0),
            )
        if size == 1:
            lemmas[f"same for all, {what}"] = Derivation.begin(
                f"single points: every order moves log|c_1/c_2| alike at second order, {what}",
                _unsummed((second - mean) ** 2 for _, second in moves),
                sp.Integer(0),
            )
    return lemmas


def leftover_lemmas(power: Callable[[sp.Expr], sp.Expr] | None = None) -> dict[str, Derivation]:
    r"""Derive which of two points wins where an epoch leaves q points out.

    .. math:: P(a_1) = I_{p_1}\left(\frac{1}{2 r}, \frac{1}{2 r}\right), \quad r = \frac{q}{m - b}

    The noise has r times the variance of independent batches.

    I is the regularised incomplete Beta function: it is 0 and 1 at the ends, and the generator
    maps it to 0.

    Args:
        power: a; by default 1/(2 r).

    Returns:
        Derivations by name.
    """
    v = sp.Symbol("v", real=True)
    r, p, scale = sp.symbols("r p B", positive=True)
    a = 1 / (2 * r) if power is None else power(r)
    share = 1 / (1 + sp.exp(-2 * v))
    slope = sp.Symbol("p'", positive=True)  # dp/dv, so that functions of p use the chain rule
    density = (p * (1 - p)) ** (a - 1) / scale
    first = density * slope
    by_share = {slope: 2 * p * (1 - p)}
    second = sp.diff(first.subs(by_share), p) * slope
    return {
        "share": Derivation.begin(
            "p_1 = 1/(1 + exp(-2 v)), v = log(c_1/c_2), moves at dp/dv",
            sp.Derivative(share, v),
            2 * share * (1 - share),
        ),
        "lead": Derivation.begin(
            "p_1 - p_2 = 2 p - 1 is tanh v", 2 * share - 1, sp.tanh(v).rewrite(sp.exp)
        ),
        "harmonic": Derivation.begin(
            "r h'' + (2 p - 1) h' in v, for the density of the Beta(a, a) law",
            at(r * second + (2 * p - 1) * first, by_share),
            sp.Integer(0),
        ),
        "independent": Derivation.begin(
            "r = 1: p is the squared cosine of an angle that is uniform on (0, pi/2)",
            at(density, {r: 1, scale: sp.pi}),
            2 / sp.pi * sp.Derivative(sp.asin(sp.sqrt(p)), p),
        ),
    }
