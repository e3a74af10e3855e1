"""Derive laws of a Gaussian start: shares of squares, the positive set, tails of the largest share.

Every law is reached by an identity of densities at each point, so that no integral is left to
trust: ``s g_a(su) g_d(s(1-u)) = g_{a+d}(s) beta_{a,d}(u)`` says at once that a sum of independent
Gamma variables is Gamma, that the share of one of them is Beta, and that the two are independent
(Lukacs, Ann. Math. Statist. 26, 1955). Each function returns derivations by name.
"""

from __future__ import annotations

import sympy as sp

from whichmin.symbolic.derivation import Derivation
from whichmin.symbolic.operators import at
from whichmin.symbolic.symbols import k, kappa, m, n

__all__ = ["beta_density", "gamma_density", "moments", "positive_set", "shares", "tails"]

a, d = sp.symbols("a d", positive=True)
s, t, u, x = sp.symbols("s t u x", positive=True)


def gamma_density(shape: sp.Expr, at: sp.Expr) -> sp.Expr:
    r"""Return the density of the Gamma law of scale 2: chi-squared, ``2 shape`` degrees of freedom.

    .. math:: g_s(t) = \frac{t^{s - 1} e^{-t / 2}}{2^s \Gamma(s)}
    """
    return at ** (shape - 1) * sp.exp(-at / 2) / (2**shape * sp.gamma(shape))


def beta_density(first: sp.Expr, second: sp.Expr, at: sp.Expr) -> sp.Expr:
    r"""Return the density of the Beta law.

    .. math::
        \beta_{a, d}(u)
        = \frac{\Gamma(a + d)}{\Gamma(a) \Gamma(d)} u^{a - 1} (1 - u)^{d - 1}
    """
    constant = sp.gamma(first + second) / (sp.gamma(first) * sp.gamma(second))
    return constant * at ** (first - 1) * (1 - at) ** (second - 1)


def shares() -> dict[str, Derivation]:
    """Derive the law of a share of the squared norm from normal coordinates.

    Returns:
        Derivations by name.
    """
    normal = sp.exp(-(x**2) / 2) / sp.sqrt(2 * sp.pi)
    square = at(normal, {x: sp.sqrt(x)}) * sp.Derivative(sp.sqrt(x), x)
    joint = s * gamma_density(a, s * u) * gamma_density(d, s * (1 - u))
    split = gamma_density(a + d, s) * beta_density(a, d, u)
    rest = sp.Dummy(positive=True)  # 1 - u
    exponents = sp.expand_log(sp.log((joint / split).subs(1 - u, rest))).subs(rest, 1 - u)
    return {
        "square of a normal coordinate": Derivation.begin(
            "z = +-sqrt(x), |dz/dx| = 1/(2 sqrt(x)): chi-squared with one degree of freedom",
            2 * square,
            gamma_density(sp.Rational(1, 2), x),
        ),
        "sum and share of two Gamma variables": Derivation.begin(
            "X = su, Y = s(1 - u), Jacobian s: the joint density over the product of a Gamma "
            "density at s and a Beta density at u has logarithm 0",
            exponents,
            sp.Integer(0),
        ),
    }


def _moment(power: int) -> sp.Expr:
    return sp.rf(a, power) / sp.rf(a + d, power)


def _beta_moment(power: int) -> Derivation:
    ratio = u**power * beta_density(a, d, u) / beta_density(a + power, d, u)
    return Derivation.begin(
        f"u^{power} times one Beta density is a multiple of another one, which integrates to 1",
        ratio,
        sp.expand_func(_moment(power)),
    )


def moments() -> dict[str, Derivation]:
    """Derive moments of the shares: weights of GD's limit, its cosine with the start.

    Returns:
        Derivations by name.
    """
    first, second = (sp.expand_func(_moment(p)) for p in (1, 2))
    weight = {a: sp.Rational(1, 2), d: (m - 1) / 2}
    span = {a: m / 2, d: (n - m) / 2}
    linear = at(first, span)
    variance = at(second - first**2, span)
    # |S+| = k of m fair signs: E k = m/2, E k^2 = m(m+1)/4 (positive_set)
    count, square = m / 2, m * (m + 1) / 4
    relu = count / n
    relu_second = (square + 2 * count) / (n * (n + 2))
    part = {a: k / 2, d: (n - k) / 2}
    return {
        "mean of a Beta variable": _beta_moment(1),
        "second moment of a Beta variable": _beta_moment(2),
        "mean of sum p_i^2": Derivation.begin(
            "m shares of law Beta(1/2, (m-1)/2)", m * at(second, weight), 3 / (m + 2)
        ),
        "mean of cos^2 with the start, linear": Derivation.begin(
            "share of m of n squares", linear, m / n
        ),
        "Chebyshev, linear": Derivation.begin(
            "2/m less the relative variance of cos^2",
            2 / m - variance / linear**2,
            2 * (m + 2) / (m * (n + 2)),
        ),
        "second moment given |S+| = k": Derivation.begin(
            "share of k of n squares", at(second, part), k * (k + 2) / (n * (n + 2))
        ),
        "Chebyshev, ReLU": Derivation.begin(
            "5/m less the relative variance of the share of S+",
            5 / m - (relu_second / relu**2 - 1),
            2 * (m + 5) / (m * (n + 2)),
        ),
    }


def positive_set() -> dict[str, Derivation]:
    r"""Derive the law of the number k of positive correlations: m independent fair signs.

    .. math:: \mathbb{E}\,x^k = \left(\frac{1 + x}{2}\right)^m

    Returns:
        Derivations by name.
    """
    generating = ((1 + x) / 2) ** m
    slope = sp.Derivative(generating, x)
    mean, dead = at(slope, {x: 1}), at(generating, {x: 0})
    alive = 1 - dead
    # Article's table: traces (2n + 8 - m - k)/(2m) and (2n + 7 - m)/(2m)
    table = (2 * n + 7 - m) / (2 * m) - (2 * n + 8 - m - k) / (2 * m)
    gap = ((mean - alive) / (2 * m)) / alive
    tidy = 1 / (4 * (1 - sp.Integer(2) ** -m)) - 1 / (2 * m)
    return {
        "mean of |S+|": Derivation.begin("derivative at x = 1", mean, m / 2),
        "second moment of |S+|": Derivation.begin(
            "x d/dx twice, at x = 1", at(sp.Derivative(x * slope, x), {x: 1}), m * (m + 1) / 4
        ),
        "chance of a dead start": Derivation.begin("at x = 0", dead, sp.Integer(2) ** -m),
        "chance of a single positive correlation": Derivation.begin(
            "derivative at x = 0", at(slope, {x: 0}), m * sp.Integer(2) ** -m
        ),
        "trace gap of the article's table": Derivation.begin(
            "difference of its two traces", table, (k - 1) / (2 * m)
        ).then(
            "the gap of the closed form sharpness.trace_difference at kappa = 1/2",
            at((1 - kappa) * (k - 1) / m, {kappa: sp.Rational(1, 2)}),
        ),
        "mean trace gap, start not dead": Derivation.begin(
            "E[k - 1; k > 0] = m/2 - P(k > 0), over P(k > 0)", gap, tidy
        ),
        "largest trace gap": Derivation.begin(
            "k = m", at((k - 1) / (2 * m), {k: m}), sp.Rational(1, 2) - 1 / (2 * m)
        ),
    }


def tails() -> dict[str, Derivation]:
    r"""Derive a tail bound of the largest share for every m >= 2, and union bounds.

    .. math::
        P\left(\mathrm{Beta}\left(\tfrac{1}{2}, \tfrac{m - 1}{2}\right) \ge t\right)
        \le (1 - t)^{(m - 1) / 2}

    With ``r = 1 - t`` and ``1 - r q`` for the share, the tail is an integral over q from 0 to 1.
    Its integrand is that of the whole law at 1 - q, which integrates to 1, times the bound and
    ``sqrt((1 - q)/(1 - r q)) <= 1``.

    Returns:
        Derivations by name.
    """
    half = sp.Rational(1, 2)
    r, q = sp.symbols("r q", positive=True)
    tail = r * beta_density(half, (m - 1) / 2, 1 - r * q)
    bounded = r ** ((m - 1) / 2) * beta_density(half, (m - 1) / 2, 1 - q)
    union = sp.Derivative(((1 + x) / 2) ** m, x)
    rate = sp.log(m)
    return {
        "integrand of the tail": Derivation.begin(
            "density at 1 - r q times r, over the bound times the density at 1 - q",
            sp.powsimp(tail / bounded),
            sp.sqrt(1 - q) / sp.sqrt(1 - r * q),
        ),
        "union bound over S+": Derivation.begin(
            "sum of k x^(k-1) P(|S+| = k), x = sqrt(1 - t): derivative of ((1+x)/2)^m",
            union,
            m / 2 * ((1 + x) / 2) ** (m - 1),
        ),
        "linear, t = 4 log m/(m-1)": Derivation.begin(
            "m (1-t)^((m-1)/2) <= m exp(-t(m-1)/2)",
            at(m * sp.exp(-t * (m - 1) / 2), {t: 4 * rate / (m - 1)}), 1 / m,
        ),
        "ReLU, t = 8 log m/(m-1)": Derivation.begin(
            "m/2 ((1+x)/2)^(m-1) <= m/2 exp(-t(m-1)/4), since (1+x)/2 <= 1 - t/4",
            at(m / 2 * sp.exp(-t * (m - 1) / 4), {t: 8 * rate / (m - 1)}), 1 / (2 * m),
        ),
        "cosine of a data point with the start, t = 4 log m/(n-1)": Derivation.begin(
            "m (1-t)^((n-1)/2) <= m exp(-t(n-1)/2)",
            at(m * sp.exp(-t * (n - 1) / 2), {t: 4 * rate / (n - 1)}), 1 / m,
        ),
    }  # fmt: skip
