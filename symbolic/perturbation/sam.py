"""Derive the rise of the loss in a ball: worst case (as in SAM, Foret et al. 2021) and average.

Worst case, ``|z| <= r``: with ``t = <w, z>`` the active energy of ``x = w + z`` is at least
``<w, x>^2 = (1+t)^2`` (Cauchy and Schwarz; ReLU too, since inactive points only lower ``<w, x>``)
and at most N, so ``1 + q (N-2)`` is at most ``(N-1)^2`` for ``N >= 2`` and
``1 - (1+t)^2 (2-N)`` below. Both are largest at ``z = r w``, in every frame and at every minimum.

Average over the sphere ``|z| = r``: ``1 + q (N-2)`` with ``N = 1 + 2t + r^2`` and
``q = 1 + 2t + p + h``: p the energy of z on the k active points, h that of the positive parts of z
on the other m - k. If ``r <= min c_i`` no active point crosses its kink, and odd moments vanish by
symmetry. A coordinate at the kink is positive half of the time: the average of the one-sided
Hessians, kappa = 1/2, is what remains for r to 0.
"""

from __future__ import annotations

import sympy as sp

from whichmin.symbolic.derivation import Derivation
from whichmin.symbolic.landscape.minima import gap
from whichmin.symbolic.registry import derives, forms_of
from whichmin.symbolic.symbols import C, N, R, c, k, m, n

__all__ = [
    "antiderivatives",
    "gaussian_coordinate",
    "gaussian_difference",
    "r",
    "sam_forms",
    "sphere",
    "sphere_difference",
    "worst",
]

SAM = "Foret et al. 2021, equation (1) with rho = r, on the minima of Ghosh et al. 2025"
AVERAGE = "from the definition of the loss; average of its rise over a sphere or a Gaussian"

# Radius; standard deviation of a coordinate; <w, z>; energies of z on the two kinds of points.
r, d = sp.symbols("r d", positive=True)
t, p, h, q = sp.symbols("t p h q", real=True)
# Standard normal distribution function and density at c/d.
F, G = sp.symbols("F G", nonnegative=True)


def _rise(energy: sp.Expr, norm: sp.Expr) -> sp.Expr:
    """Return the gap of the loss at a given active energy and squared norm."""
    return gap().expression.subs({C: energy, R: norm - energy}, simultaneous=True)


@derives("sam.worst", SAM)
def worst() -> Derivation:
    r"""Derive the largest rise within distance r.

    .. math:: \max_{\|z\| \le r} L(w + z) - L^* = \frac{(2 r + r^2)^2}{2 m}
    """
    return Derivation.begin(
        "z = r w: q = N = (1 + r)^2", _rise(q, N), (2 * r + r**2) ** 2 / (2 * m),
        {q: (1 + r) ** 2, N: (1 + r) ** 2},
    )  # fmt: skip


@derives("sam.sphere", AVERAGE)
def sphere() -> Derivation:
    r"""Derive the mean rise at distance r <= min c_i, k active points, the others at the kink.

    .. math::
        \mathbb{E}_{\|z\| = r} L(w + z) - L^*
        = \frac{r^2 (n + 4 - \frac{m + k}{2} + \frac{r^2 (m + k)}{2})}{2 m n}
    """
    norm = 1 + 2 * t + r**2
    expanded = sp.expand(2 * m * _rise(1 + 2 * t + p + h, norm))
    share = r**2 / n
    # E z_i^2 = r^2/n for every coordinate: their sum is r^2. w is a unit vector among the active
    # ones. Half of E z_i^2 falls on z_i > 0.
    means = {t**2: share, t * p: 0, t * h: 0, t: 0, p: k * share, h: (m - k) * share / 2}
    result = r**2 * (n + 4 - (m + k) / 2 + r**2 * (m + k) / 2) / (2 * m * n)
    averaged = expanded
    for monomial, mean in means.items():
        averaged = sp.expand(averaged).subs(monomial, mean)
    return Derivation.begin(
        "moments on the sphere: <w,z>^2, p and h have means r^2/n, k r^2/n, (m-k) r^2/(2n), "
        "odd ones 0",
        averaged / (2 * m),
        result,
    )


@derives("sam.sphere_difference", AVERAGE)
def sphere_difference() -> Derivation:
    r"""Derive the mean rise at distance r, ReLU: SGD's minimum minus GD's.

    .. math:: \Delta = \frac{(k - 1) r^2 (1 - r^2)}{4 m n}
    """
    at = sphere().expression
    return Derivation.begin(
        "SGD's minimum has k = 1",
        at.subs(k, 1) - at,
        (k - 1) * r**2 * (1 - r**2) / (4 * m * n),
    )


def _gauss(at: sp.Expr) -> sp.Expr:
    return sp.exp(-(at**2) / 2) / sp.sqrt(2 * sp.pi)


def _normal(at: sp.Expr) -> sp.Expr:
    return (1 + sp.erf(at / sp.sqrt(2))) / 2


def antiderivatives() -> dict[int, sp.Expr]:
    """Return antiderivatives in t of ``(c + d t)^p`` times the normal density, p = 2 and 4.

    Returns:
        By power.
    """
    u = c + d * t
    return {
        2: (c**2 + d**2) * _normal(t) - d * (u + c) * _gauss(t),
        4: (c**4 + 6 * c**2 * d**2 + 3 * d**4) * _normal(t)
        - d * (u**3 + c * u**2 + (c**2 + 3 * d**2) * u + c**3 + 5 * c * d**2) * _gauss(t),
    }


def _moment(power: int) -> sp.Expr:
    """Integrate ``relu(c + d t)^power`` over a standard normal t, in terms of F and G."""
    whole = antiderivatives()[power]
    at_edge = sp.expand(
        whole.subs({sp.erf(t / sp.sqrt(2)): 1 - 2 * F, _gauss(t): G}).subs(t, -c / d)
    )
    at_infinity = whole.subs({sp.erf(t / sp.sqrt(2)): 1, _gauss(t): 0})
    return sp.expand(at_infinity - at_edge)


@derives("sam.gaussian_coordinate", AVERAGE, where="noise of deviation d, ReLU")
def gaussian_coordinate() -> Derivation:
    r"""Derive the part of a data coordinate in the mean of 2m (rise) - 1.

    .. math:: g(c) = (c^2 ((n + 4) d^2 - 1) + d^2 ((n + 2) d^2 - 1)) F + c d ((n + 4) d^2 - 1) G
    """
    second, fourth, plain = sp.symbols("M2 M4 x2", positive=True)
    return Derivation.begin(
        "E[relu(x_i)^2 (|x|^2 - 2)]; the other coordinates are independent of x_i and have mean "
        "squares that add up to 1 - c^2 + (n - 1) d^2",
        fourth + second * (plain - 2),
        fourth + second * (n * d**2 - d**2 - c**2 - 1),
        {plain: 1 - c**2 + (n - 1) * d**2},
    ).then(
        "moments of a half line, F and G the normal distribution function and density at c/d",
        (c**2 * ((n + 4) * d**2 - 1) + d**2 * ((n + 2) * d**2 - 1)) * F
        + c * d * ((n + 4) * d**2 - 1) * G,
        {second: _moment(2), fourth: _moment(4)},
    )


@derives("sam.gaussian_difference", AVERAGE, where="F = 1, G = 0")
def gaussian_difference() -> Derivation:
    r"""Derive the mean rise under noise of deviation d, ReLU: SGD's minimum minus GD's.

    .. math:: \Delta = \frac{(k - 1) d^2 (1 - (n + 2) d^2)}{4 m}
    """
    at = gaussian_coordinate().expression
    kinked = at.subs({c: 0, F: sp.Rational(1, 2)})
    smooth = at.subs({F: 1, G: 0})

    def total(active: sp.Expr) -> sp.Expr:
        # The squares of the active correlations add up to 1.
        share = smooth.subs(c, 1 / sp.sqrt(active))
        return (1 + active * share + (m - active) * kinked) / (2 * m)

    return Derivation.begin(
        "k equal active points against one, F = 1 and G = 0",
        total(sp.Integer(1)) - total(k),
        (k - 1) * d**2 * (1 - (n + 2) * d**2) / (4 * m),
    )


sam_forms = forms_of(__name__)
