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

from whichmin.symbolic.certificates import Antiderivative
from whichmin.symbolic.derivation import Derivation
from whichmin.symbolic.landscape.minima import gap
from whichmin.symbolic.landscape.neuron import c_, sigma_
from whichmin.symbolic.operator_rules import Expectation, Law, Solved, given, shown
from whichmin.symbolic.operators import Mean, Root, at
from whichmin.symbolic.registry import derives, forms_of, recall
from whichmin.symbolic.rules import Assumed, define, where
from whichmin.symbolic.symbols import C, R, c, i, k, m, n

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
t, p, h = sp.symbols("t p h", real=True)
# Standard normal distribution function and density at c/d.
F, G = sp.symbols("F G", nonnegative=True)


def _rise(energy: sp.Expr, norm: sp.Expr) -> sp.Expr:
    """Return the gap of the loss at a given active energy and squared norm."""
    return at(gap().expression, {C: energy, R: norm - energy})


@derives("sam.worst", SAM)
def worst() -> Derivation:
    r"""Derive the largest rise within distance r.

    .. math:: \max_{\|z\| \le r} L(w + z) - L^* = \frac{(2 r + r^2)^2}{2 m}
    """
    largest, outwards = sp.Symbol("largest", real=True), _rise((1 + r) ** 2, (1 + r) ** 2)
    return Derivation.begin(
        "z = r w: q = N = (1 + r)^2",
        largest,
        outwards,
        Assumed(
            "the rise is largest at z = r w, since q lies between <w, x>^2 and N (argued at the top"
            " of symbolic.perturbation.sam)",
            largest,
            outwards,
        ),
    ).then("there", (2 * r + r**2) ** 2 / (2 * m))


@derives("sam.sphere", AVERAGE)
def sphere() -> Derivation:
    r"""Derive the mean rise at distance r <= min c_i, k active points, the others at the kink.

    .. math::
        \mathbb{E}_{\|z\| = r} L(w + z) - L^*
        = \frac{r^2 (n + 4 - \frac{m + k}{2} + \frac{r^2 (m + k)}{2})}{2 m n}
    """
    return Derivation.begin(
        "moments on the sphere: <w,z>^2, p and h have means r^2/n, k r^2/n, (m-k) r^2/(2n), "
        "odd ones 0",
        Mean(_rise(1 + 2 * t + p + h, 1 + 2 * t + r**2)),
        r**2 * (n + 4 - (m + k) / 2 + r**2 * (m + k) / 2) / (2 * m * n),
        Expectation(_uniform()),
    )


def _uniform() -> Law:
    """Derive the moments of t, p and h for z uniform on the sphere of radius r.

    Returns:
        The law.
    """
    mean = sp.Symbol("M", real=True)
    share = Derivation.begin(
        "the n coordinates are alike and their squares add up to r^2",
        Root(mean, n * mean - r**2),
        r**2 / n,
        Solved({mean: r**2 / n}),
    )
    own = share.result
    active = sp.Sum(sigma_[i] * c_[i] ** 2 * own, (i, 1, m))
    along = Derivation.begin(
        "<w,z> with w among the active points; mixed products have mean 0 by symmetry",
        active,
        C * own,
        recall(gap(), C),
        uses=(share, gap()),
    ).then("w has length 1", own, where({C: 1}))
    points = Derivation.begin("k coordinates", sp.Sum(own, (i, 1, k)), k * own, uses=(share,))
    kinks = Derivation.begin(
        "half of the mean square of each of m - k coordinates falls on z_i > 0",
        sp.Sum(own / 2, (i, 1, m - k)),
        (m - k) * own / 2,
        uses=(share,),
    )
    odd = given(0, "z and -z are alike in each coordinate: odd moments vanish")
    return Law(
        "the sphere of radius r",
        {
            t: odd,
            t * p: odd,
            t * h: odd,
            t**2: shown(along),
            p: shown(points),
            h: shown(kinks),
        },
    )


@derives("sam.sphere_difference", AVERAGE)
def sphere_difference() -> Derivation:
    r"""Derive the mean rise at distance r, ReLU: SGD's minimum minus GD's.

    .. math:: \Delta = \frac{(k - 1) r^2 (1 - r^2)}{4 m n}
    """
    general = sphere().expression
    return Derivation.begin(
        "SGD's minimum has k = 1",
        at(general, {k: 1}) - general,
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


def _moment(power: int, result: sp.Expr) -> Derivation:
    """Integrate ``relu(c + d t)^power`` over a standard normal t, in terms of F and G.

    Returns:
        The chain.
    """
    return Derivation.begin(
        "half line c + d t > 0; F and G the distribution function and density at c/d",
        sp.Integral((c + d * t) ** power * _gauss(t), (t, -c / d, sp.oo)),
        result,
        Antiderivative(antiderivatives()[power], t),
        define({F: _normal(c / d), G: _gauss(c / d)}),
    )


@derives("sam.gaussian_coordinate", AVERAGE, where="noise of deviation d, ReLU")
def gaussian_coordinate() -> Derivation:
    r"""Derive the part of a data coordinate in the mean of 2m (rise) - 1.

    .. math:: g(c) = (c^2 ((n + 4) d^2 - 1) + d^2 ((n + 2) d^2 - 1)) F + c d ((n + 4) d^2 - 1) G
    """
    relu, others = sp.symbols("relu others", nonnegative=True)
    second = (c**2 + d**2) * F + c * d * G
    fourth = (c**4 + 6 * c**2 * d**2 + 3 * d**4) * F + (c**3 * d + 5 * c * d**3) * G
    own = Law(
        "relu(x_i), x_i normal of mean c and deviation d",
        {relu**2: shown(_moment(2, second)), relu**4: shown(_moment(4, fourth))},
    )
    rest = given(
        1 - c**2 + (n - 1) * d**2,
        "squares of the n - 1 means, which add up to 1 - c^2, and n - 1 variances",
    )
    return Derivation.begin(
        "E[relu(x_i)^2 (|x|^2 - 2)]; the other coordinates are independent of x_i",
        Mean(relu**2 * (relu**2 + others - 2)),
        (c**2 * ((n + 4) * d**2 - 1) + d**2 * ((n + 2) * d**2 - 1)) * F
        + c * d * ((n + 4) * d**2 - 1) * G,
        Expectation(own, Law("squares of the other coordinates", {others: rest})),
    )


@derives("sam.gaussian_difference", AVERAGE, where="F = 1, G = 0")
def gaussian_difference() -> Derivation:
    r"""Derive the mean rise under noise of deviation d, ReLU: SGD's minimum minus GD's.

    .. math:: \Delta = \frac{(k - 1) d^2 (1 - (n + 2) d^2)}{4 m}
    """
    coordinate = gaussian_coordinate().expression
    kinked = at(coordinate, {c: 0, F: sp.Rational(1, 2)})

    def total(active: sp.Expr) -> sp.Expr:
        # The squares of the active correlations add up to 1.
        share = at(coordinate, {c: 1 / sp.sqrt(active)})
        return (1 + active * share + (m - active) * kinked) / (2 * m)

    return Derivation.begin(
        "k equal active points against one, F = 1 and G = 0",
        total(sp.Integer(1)) - total(k),
        (k - 1) * d**2 * (1 - (n + 2) * d**2) / (4 * m),
        where({F: 1, G: 0}),
    )


sam_forms = forms_of(__name__)
