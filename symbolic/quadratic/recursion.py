"""Derive SGD on the noisy quadratic ``x^T H x / 2``, with gradient noise of covariance ``Sigma/B``.

A step is ``x' = x - eta (H x + xi)``, the noises independent with mean 0. In the eigenbasis of H
the coordinates have curvatures h, g, ...; s is the entry of Sigma that belongs to the two of them.
H and Sigma need not commute: every entry of a covariance obeys an equation of its own.

The diffusion with the same mean and noise per unit of time ``tau = eta t`` is
``dX = -H X dtau + sqrt(eta/B) Sigma^(1/2) dW``.
"""

from __future__ import annotations

from collections.abc import Mapping

import sympy as sp

from whichmin.symbolic.derivation import Derivation
from whichmin.symbolic.registry import derives, forms_of
from whichmin.symbolic.symbols import eta

__all__ = [
    "B",
    "T",
    "critical_step",
    "g",
    "h",
    "mean",
    "mean_gap",
    "quadratic_forms",
    "ratio",
    "s",
    "sde_covariance",
    "sde_mean",
    "sde_rate",
    "sde_variance",
    "sde_variance_at",
    "stationary_covariance",
    "stationary_loss",
    "stationary_variance",
    "step_covariance",
    "step_mean",
    "t",
    "tau",
    "v",
    "variance",
    "variance_gap",
    "x",
]

SOURCE = "Mandt, Hoffman, Blei 2017, section 3; here exact in discrete time"

h, g, B = sp.symbols("h g B", positive=True)
s, x, v = sp.symbols("s x v", real=True)
t = sp.Symbol("t", integer=True, nonnegative=True)
T = sp.Symbol("T", positive=True)
tau = sp.Symbol("tau", nonnegative=True)

_XI, _X, _Y = sp.symbols("xi X Y", real=True)
_XI_Y = sp.Symbol("xi_Y", real=True)
_FACTOR = sp.Symbol("q", real=True)
_REST = sp.Symbol("rest", nonnegative=True)
# Products whose expectation is taken have names of their own.
_XY, _X_NOISE, _Y_NOISE, _NOISES = sp.symbols("X*Y X*xi_Y Y*xi xi*xi_Y", real=True)


def _step(place: sp.Symbol, curvature: sp.Expr, noise: sp.Symbol) -> sp.Expr:
    return place - eta * (sp.Derivative(curvature * place**2 / 2, place) + noise)


@derives("quadratic.step_mean", SOURCE)
def step_mean() -> Derivation:
    r"""Derive the mean after one step from x, curvature h.

    .. math:: \mathbb{E}\,x' = (1 - \eta h) x
    """
    return Derivation.begin(
        "gradient of h x^2/2 and noise of mean 0", _step(x, h, _XI), (1 - eta * h) * x, {_XI: 0}
    )


@derives(
    "quadratic.step_covariance",
    SOURCE,
    where="from covariance v of coordinates of curvatures h and g",
)
def step_covariance() -> Derivation:
    r"""Derive the covariance after one step.

    .. math:: v' = (1 - \eta h) (1 - \eta g) v + \frac{\eta^2 s}{B}
    """
    return Derivation.begin(
        "product of two coordinates, deviations from their means",
        _step(_X, h, _XI) * _step(_Y, g, _XI_Y),
        (1 - eta * h) * (1 - eta * g) * _XY
        - eta * (1 - eta * h) * _X_NOISE
        - eta * (1 - eta * g) * _Y_NOISE
        + eta**2 * _NOISES,
        {_XY: _X * _Y, _X_NOISE: _X * _XI_Y, _Y_NOISE: _Y * _XI, _NOISES: _XI * _XI_Y},
    ).then(
        "expectations: the noise is independent of the past and has covariance s/B",
        (1 - eta * h) * (1 - eta * g) * v + eta**2 * s / B,
        {_XY: v, _X_NOISE: 0, _Y_NOISE: 0, _NOISES: s / B},
    )


@derives("quadratic.mean", SOURCE)
def mean() -> Derivation:
    r"""Derive the mean after t steps from x.

    .. math:: \mathbb{E}\,x_t = x (1 - \eta h)^t
    """
    value = x * (1 - eta * h) ** t
    return _solves(value, x, step_mean().expression, x)


def _solves(
    value: sp.Expr,
    start: sp.Expr,
    step: sp.Expr,
    state: sp.Symbol,
    known: Mapping[sp.Symbol, sp.Expr] | None = None,
) -> Derivation:
    """Show that a sequence starts right and obeys the recursion: it is the solution.

    Returns:
        A chain that ends in the value.
    """
    # In terms of the factor 1 - eta h: powers of a sum would not be joined.
    by_factor = {eta: (1 - _FACTOR) / h}
    rules = {name: what.subs(by_factor) for name, what in (known or {}).items()} | by_factor
    return (
        Derivation
        .begin("at t = 0 it is the start", start, value, {t: 0})
        .then("a step from its value at t - 1", step.subs(state, value.subs(t, t - 1)), rules)
        .then("gives it at t: the start and the step determine every value", value, rules)
    )


@derives("quadratic.stationary_covariance", SOURCE, where="noise covariance s/B")
def stationary_covariance() -> Derivation:
    r"""Derive the stationary covariance of coordinates of curvatures h and g.

    .. math:: v_\infty = \frac{\eta s}{B (h + g - \eta h g)}
    """
    step = step_covariance().expression
    (rest,) = sp.solve(sp.Eq(step, v), v)
    return Derivation.begin(
        "a step leaves the only root of step = v as it is", step.subs(v, rest), rest
    ).then("that root", eta * s / (B * (h + g - eta * h * g)))


@derives("quadratic.stationary_variance", SOURCE)
def stationary_variance() -> Derivation:
    r"""Derive the stationary variance along curvature h.

    .. math:: v_\infty = \frac{\eta s}{B h (2 - \eta h)}
    """
    return Derivation.begin(
        "one direction: g = h",
        stationary_covariance().expression,
        eta * s / (B * h * (2 - eta * h)),
        {g: h},
    )


@derives("quadratic.stationary_loss", SOURCE)
def stationary_loss() -> Derivation:
    r"""Derive the mean stationary loss along curvature h.

    .. math:: \frac{h v_\infty}{2} = \frac{\eta s}{2 B (2 - \eta h)}
    """
    return Derivation.begin(
        "loss h x^2/2, mean 0",
        h * stationary_variance().expression / 2,
        eta * s / (2 * B * (2 - eta * h)),
    )


@derives("quadratic.variance", SOURCE, where="the stationary variance being rest")
def variance() -> Derivation:
    r"""Derive the variance after t steps from variance v.

    .. math:: v_t = v_\infty + (v - v_\infty) (1 - \eta h)^{2 t}
    """
    value = _REST + (v - _REST) * (1 - eta * h) ** (2 * t)
    step = step_covariance().expression.subs(g, h)
    settled = {_REST: stationary_variance().expression}
    return _solves(value, v, step, v, settled)


@derives("quadratic.critical_step", SOURCE)
def critical_step() -> Derivation:
    r"""Derive the step size below which curvature h is stable.

    .. math:: \eta_{\max} = \frac{2}{h}
    """
    contraction = sp.diff(step_covariance().expression.subs(g, h), v)
    (root,) = sp.solve(sp.Eq(sp.expand(contraction - 1), 0), eta)  # eta is positive
    return Derivation.begin(
        "the only positive step size at which the variance is multiplied by 1",
        root,
        2 / h,
    )


@derives("quadratic.sde_rate", SOURCE)
def sde_rate() -> Derivation:
    r"""Derive the rate of the covariance v in the diffusion.

    .. math:: \frac{dv}{d\tau} = \frac{\eta s}{B} - (h + g) v
    """
    # s/B = s T/eta: T = eta/B is held fixed while eta tends to 0.
    step = step_covariance().expression.subs(B, eta / T)
    return (
        Derivation
        .begin(
            "change per unit of time tau = eta t, T = eta/B",
            (step - v) / eta,
            T * s - (h + g) * v + eta * h * g * v,
        )
        .then("eta to 0 at a fixed T", T * s - (h + g) * v, {eta: 0})
        .then("T = eta/B", eta * s / B - (h + g) * v, {T: eta / B})
    )


@derives("quadratic.sde_covariance", SOURCE, where="curvatures h and g, noise covariance s/B")
def sde_covariance() -> Derivation:
    r"""Derive the stationary covariance of the diffusion.

    .. math:: v_\infty = \frac{\eta s}{B (h + g)}
    """
    rate = sde_rate().expression
    (root,) = sp.solve(rate, v)
    return Derivation.begin(
        "the only root of the rate, which is 0 there",
        root + rate.subs(v, root),
        eta * s / (B * (h + g)),
    )


@derives("quadratic.sde_variance", SOURCE)
def sde_variance() -> Derivation:
    r"""Derive the stationary variance of the diffusion, curvature h.

    .. math:: v_\infty = \frac{\eta s}{2 B h}
    """
    return Derivation.begin(
        "one direction: g = h", sde_covariance().expression, eta * s / (2 * B * h), {g: h}
    )


@derives("quadratic.ratio", SOURCE)
def ratio() -> Derivation:
    r"""Derive the stationary variance of SGD over that of the diffusion.

    .. math:: \frac{v_\infty^{\mathrm{SGD}}}{v_\infty^{\mathrm{SDE}}} = \frac{1}{1 - \eta h / 2}
    """
    return Derivation.begin(
        "quotient",
        stationary_variance().expression / sde_variance().expression,
        1 / (1 - eta * h / 2),
    )


@derives("quadratic.sde_mean", SOURCE)
def sde_mean() -> Derivation:
    r"""Derive the mean of the diffusion at time tau = eta t from x.

    .. math:: \mathbb{E}\,X_\tau = x e^{-h \tau}
    """
    drift = sp.diff(step_mean().expression, eta)
    value = x * sp.exp(-h * tau)
    return _flows(value, x, drift, x)


def _flows(
    value: sp.Expr,
    start: sp.Expr,
    rate: sp.Expr,
    state: sp.Symbol,
    known: Mapping[sp.Symbol, sp.Expr] | None = None,
) -> Derivation:
    """Solve a linear differential equation: its fixed point and one exponential.

    Returns:
        A chain that ends in the value.
    """
    (fixed,) = sp.solve(rate, state)
    constant = sp.Symbol("constant", real=True)
    general = fixed + constant * sp.exp(sp.diff(rate, state) * tau)
    (left,) = sp.solve(sp.Eq(general.subs(tau, 0), start), constant)
    return Derivation.begin(
        "it obeys the differential equation, whatever the constant",
        general + sp.diff(general, tau) - rate.subs(state, general),
        general,
    ).then("the start leaves one constant", value, {constant: left, **(known or {})})


@derives("quadratic.sde_variance_at", SOURCE, where="its stationary one being rest")
def sde_variance_at() -> Derivation:
    r"""Derive the variance of the diffusion at time tau from variance v.

    .. math:: v_\tau = v_\infty + (v - v_\infty) e^{-2 h \tau}
    """
    value = _REST + (v - _REST) * sp.exp(-2 * h * tau)
    settled = {_REST: sde_variance().expression}
    return _flows(value, v, sde_rate().expression.subs(g, h), v, settled)


@derives("quadratic.mean_gap", SOURCE, where="eta to 0")
def mean_gap() -> Derivation:
    r"""Derive the mean of SGD minus mean of the diffusion at time tau, over eta.

    .. math::
        \lim_{\eta \to 0} \frac{\mathbb{E}\,x_{\tau / \eta} - \mathbb{E}\,X_\tau}{\eta}
        = -\frac{x h^2 \tau e^{-h \tau}}{2}
    """
    # t = tau/eta steps; the expansion is that of the exponent.
    after = sp.exp(tau * _series(sp.log(1 - eta * h)))
    return Derivation.begin(
        "term of first order in eta of x exp((tau/eta) log(1 - eta h))",
        x * sp.diff(after, eta).subs(eta, 0),
        -x * h**2 * tau * sp.exp(-h * tau) / 2,
    )


def _series(exponent: sp.Expr) -> sp.Expr:
    """Expand an exponent over eta up to the first order.

    Returns:
        A polynomial in eta.
    """
    terms = (sp.diff(exponent, (eta, n)).subs(eta, 0) / sp.factorial(n) for n in (1, 2))
    return sum((term * eta**place for place, term in enumerate(terms)), sp.Integer(0))


@derives("quadratic.variance_gap", SOURCE, where="eta to 0, T = eta/B")
def variance_gap() -> Derivation:
    r"""Derive the variance of SGD minus variance of the diffusion at time tau, over eta.

    .. math::
        \lim_{\eta \to 0} \frac{v_{\tau / \eta} - v_\tau}{\eta}
        = \frac{T s (1 - e^{-2 h \tau})}{4}
        + \left(\frac{T s}{2 h} - v\right) h^2 \tau e^{-2 h \tau}
    """
    rest = stationary_variance().expression.subs(B, eta / T)
    after = rest + (v - rest) * sp.exp(2 * tau * _series(sp.log(1 - eta * h)))
    decay = sp.exp(-2 * h * tau)
    return Derivation.begin(
        "term of first order in eta at a fixed T = eta/B, t = tau/eta",
        sp.diff(after, eta).subs(eta, 0),
        T * s * (1 - decay) / 4 + (T * s / (2 * h) - v) * h**2 * tau * decay,
    )


quadratic_forms = forms_of(__name__)
