"""Derive SGD on the noisy quadratic ``x^T H x / 2``, with gradient noise of covariance ``Sigma/B``.

A step is ``x' = x - eta (H x + xi)``, the noises independent with mean 0. In the eigenbasis of H
the coordinates have curvatures h, g, ...; s is the entry of Sigma that belongs to the two of them.
H and Sigma need not commute: every entry of a covariance obeys an equation of its own.

The diffusion with the same mean and noise per unit of time ``tau = eta t`` is
``dX = -H X dtau + sqrt(eta/B) Sigma^(1/2) dW``.
"""

from __future__ import annotations

import sympy as sp

from whichmin.symbolic.derivation import Derivation
from whichmin.symbolic.operator_rules import Expectation, Follows, Induction, Law, Solved, given
from whichmin.symbolic.operators import Flow, Iterate, Mean, Root, at
from whichmin.symbolic.registry import derives, forms_of
from whichmin.symbolic.rules import define
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
_REST = sp.Symbol("rest", nonnegative=True)

# What defines the model: noise of mean 0 and covariance s/B, independent of the past.
_APART = given(0, "the noise is independent of the past and has mean 0")
_LAW = Law(
    "two coordinates and their noises",
    {
        _X * _Y: given(v, "v is the covariance of the coordinates"),
        _X * _XI_Y: _APART,
        _Y * _XI: _APART,
        _XI * _XI_Y: given(s / B, "covariance of the noises"),
    },
)


def _step(place: sp.Symbol, curvature: sp.Expr, noise: sp.Symbol) -> sp.Expr:
    return place - eta * (sp.Derivative(curvature * place**2 / 2, place) + noise)


@derives("quadratic.step_mean", SOURCE)
def step_mean() -> Derivation:
    r"""Derive the mean after one step from x, curvature h.

    .. math:: \mathbb{E}\,x' = (1 - \eta h) x
    """
    return Derivation.begin(
        "gradient of h x^2/2 and noise of mean 0",
        Mean(_step(x, h, _XI)),
        (1 - eta * h) * x,
        Expectation(Law("noise", {_XI: given(0, "the noise has mean 0")})),
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
        "mean of the product of two coordinates, deviations from their means",
        Mean(_step(_X, h, _XI) * _step(_Y, g, _XI_Y)),
        (1 - eta * h) * (1 - eta * g) * v + eta**2 * s / B,
        Expectation(_LAW),
    )


@derives("quadratic.mean", SOURCE)
def mean() -> Derivation:
    r"""Derive the mean after t steps from x.

    .. math:: \mathbb{E}\,x_t = x (1 - \eta h)^t
    """
    value = x * (1 - eta * h) ** t
    return Derivation.begin(
        "the start and the step determine every value",
        Iterate(step_mean().expression, x, x, t),
        value,
        Induction(value, t),
    )


@derives("quadratic.stationary_covariance", SOURCE, where="noise covariance s/B")
def stationary_covariance() -> Derivation:
    r"""Derive the stationary covariance of coordinates of curvatures h and g.

    .. math:: v_\infty = \frac{\eta s}{B (h + g - \eta h g)}
    """
    rest = eta * s / (B * (h + g - eta * h * g))
    return Derivation.begin(
        "the only root of step = v: what a step leaves as it is",
        Root(v, step_covariance().expression - v),
        rest,
        Solved({v: rest}),
    )


@derives("quadratic.stationary_variance", SOURCE)
def stationary_variance() -> Derivation:
    r"""Derive the stationary variance along curvature h.

    .. math:: v_\infty = \frac{\eta s}{B h (2 - \eta h)}
    """
    return Derivation.begin(
        "one direction: g = h",
        at(stationary_covariance().expression, {g: h}),
        eta * s / (B * h * (2 - eta * h)),
    )


@derives("quadratic.stationary_loss", SOURCE)
def stationary_loss() -> Derivation:
    r"""Derive the mean stationary loss along curvature h.

    .. math:: \frac{h v_\infty}{2} = \frac{\eta s}{2 B (2 - \eta h)}
    """
    return Derivation.begin(
        "loss h x^2/2, mean 0",
        Mean(h * _X**2 / 2),
        eta * s / (2 * B * (2 - eta * h)),
        Expectation(
            Law(
                "the stationary state",
                {_X**2: given(stationary_variance().expression, "its variance, the mean being 0")},
            )
        ),
    )


@derives("quadratic.variance", SOURCE, where="the stationary variance being rest")
def variance() -> Derivation:
    r"""Derive the variance after t steps from variance v.

    .. math:: v_t = v_\infty + (v - v_\infty) (1 - \eta h)^{2 t}
    """
    rest = stationary_variance().expression
    value = rest + (v - rest) * (1 - eta * h) ** (2 * t)
    return Derivation.begin(
        "the start and the step determine every value",
        Iterate(at(step_covariance().expression, {g: h}), v, v, t),
        _REST + (v - _REST) * (1 - eta * h) ** (2 * t),
        Induction(value, t),
        define({_REST: rest}),
    )


@derives("quadratic.critical_step", SOURCE)
def critical_step() -> Derivation:
    r"""Derive the step size below which curvature h is stable.

    .. math:: \eta_{\max} = \frac{2}{h}
    """
    contraction = sp.Derivative(at(step_covariance().expression, {g: h}), v)
    return Derivation.begin(
        "the only positive step size at which the variance is multiplied by 1",
        Root(eta, contraction - 1),
        2 / h,
        Solved({eta: 2 / h}),
    )


@derives("quadratic.sde_rate", SOURCE)
def sde_rate() -> Derivation:
    r"""Derive the rate of the covariance v in the diffusion.

    .. math:: \frac{dv}{d\tau} = \frac{\eta s}{B} - (h + g) v
    """
    # s/B = s T/eta: T = eta/B is held fixed while eta tends to 0.
    change = at((step_covariance().expression - v) / eta, {B: eta / T})
    return Derivation.begin(
        "change per unit of time tau = eta t, eta to 0 at a fixed T = eta/B",
        at(sp.Limit(change, eta, 0), {T: eta / B}),
        eta * s / B - (h + g) * v,
    )


@derives("quadratic.sde_covariance", SOURCE, where="curvatures h and g, noise covariance s/B")
def sde_covariance() -> Derivation:
    r"""Derive the stationary covariance of the diffusion.

    .. math:: v_\infty = \frac{\eta s}{B (h + g)}
    """
    rest = eta * s / (B * (h + g))
    return Derivation.begin(
        "the only root of the rate", Root(v, sde_rate().expression), rest, Solved({v: rest})
    )


@derives("quadratic.sde_variance", SOURCE)
def sde_variance() -> Derivation:
    r"""Derive the stationary variance of the diffusion, curvature h.

    .. math:: v_\infty = \frac{\eta s}{2 B h}
    """
    return Derivation.begin(
        "one direction: g = h", at(sde_covariance().expression, {g: h}), eta * s / (2 * B * h)
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
    value = x * sp.exp(-h * tau)
    return Derivation.begin(
        "change per unit of time tau = eta t; the start and the equation determine it",
        Flow(sp.Derivative(step_mean().expression, eta), x, x, tau),
        value,
        Follows(value, tau),
    )


@derives("quadratic.sde_variance_at", SOURCE, where="its stationary one being rest")
def sde_variance_at() -> Derivation:
    r"""Derive the variance of the diffusion at time tau from variance v.

    .. math:: v_\tau = v_\infty + (v - v_\infty) e^{-2 h \tau}
    """
    rest = sde_variance().expression
    value = rest + (v - rest) * sp.exp(-2 * h * tau)
    return Derivation.begin(
        "the start and the differential equation determine it",
        Flow(at(sde_rate().expression, {g: h}), v, v, tau),
        _REST + (v - _REST) * sp.exp(-2 * h * tau),
        Follows(value, tau),
        define({_REST: rest}),
    )


@derives("quadratic.mean_gap", SOURCE, where="eta to 0")
def mean_gap() -> Derivation:
    r"""Derive the mean of SGD minus mean of the diffusion at time tau, over eta.

    .. math::
        \lim_{\eta \to 0} \frac{\mathbb{E}\,x_{\tau / \eta} - \mathbb{E}\,X_\tau}{\eta}
        = -\frac{x h^2 \tau e^{-h \tau}}{2}
    """
    after = at(mean().expression, {t: tau / eta})
    return Derivation.begin(
        "limit at t = tau/eta steps",
        sp.Limit((after - sde_mean().expression) / eta, eta, 0),
        -x * h**2 * tau * sp.exp(-h * tau) / 2,
    )


@derives("quadratic.variance_gap", SOURCE, where="eta to 0, T = eta/B")
def variance_gap() -> Derivation:
    r"""Derive the variance of SGD minus variance of the diffusion at time tau, over eta.

    .. math::
        \lim_{\eta \to 0} \frac{v_{\tau / \eta} - v_\tau}{\eta}
        = \frac{T s (1 - e^{-2 h \tau})}{4}
        + \left(\frac{T s}{2 h} - v\right) h^2 \tau e^{-2 h \tau}
    """
    after = at(variance().expression, {_REST: stationary_variance().expression, t: tau / eta})
    diffusion = at(sde_variance_at().expression, {_REST: sde_variance().expression})
    decay = sp.exp(-2 * h * tau)
    return Derivation.begin(
        "limit at a fixed T = eta/B, at t = tau/eta steps",
        sp.Limit(at(after - diffusion, {B: eta / T}) / eta, eta, 0),
        T * s * (1 - decay) / 4 + (T * s / (2 * h) - v) * h**2 * tau * decay,
    )


quadratic_forms = forms_of(__name__)
