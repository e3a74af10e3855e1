"""The noisy quadratic: SGD on ``x^T H x / 2`` with gradient noise of covariance ``Sigma/B``.

A step is ``x' = x - eta (H x + xi)``, the noises independent with mean 0. In the eigenbasis of H
the coordinates have curvatures h, g, ...; s is the entry of Sigma that belongs to the two of them.
H and Sigma need not commute: every entry of a covariance obeys an equation of its own.

The diffusion with the same mean and noise per unit of time ``tau = eta t`` is
``dX = -H X dtau + sqrt(eta/B) Sigma^(1/2) dW``.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping

import sympy as sp

from whichmin.symbolic.closed_form import ClosedForm
from whichmin.symbolic.derivation import Derivation
from whichmin.symbolic.symbols import eta

__all__ = ["B", "T", "g", "h", "quadratic_forms", "s", "t", "tau", "v", "x"]

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


@functools.cache
def step_mean() -> ClosedForm:
    """Mean after one step."""
    chain = Derivation.begin(
        "gradient of h x^2/2 and noise of mean 0", _step(x, h, _XI), (1 - eta * h) * x, {_XI: 0}
    )
    return _form("step_mean", "mean after one step from x, curvature h", chain)


@functools.cache
def step_covariance() -> ClosedForm:
    """Covariance of two coordinates after one step, from their covariance v."""
    chain = Derivation.begin(
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
    return _form(
        "step_covariance",
        "covariance after one step of coordinates of curvatures h and g and covariance v",
        chain,
    )


@functools.cache
def mean() -> ClosedForm:
    """Mean after t steps."""
    value = x * (1 - eta * h) ** t
    return _form("mean", "mean after t steps from x", _solves(value, x, step_mean().expression, x))


def _solves(
    value: sp.Expr,
    start: sp.Expr,
    step: sp.Expr,
    state: sp.Symbol,
    known: Mapping[sp.Symbol, sp.Expr] | None = None,
) -> Derivation:
    """A sequence that starts right and obeys the recursion is the solution.

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


@functools.cache
def stationary_covariance() -> ClosedForm:
    """Covariance that a step leaves as it is."""
    step = step_covariance().expression
    (rest,) = sp.solve(sp.Eq(step, v), v)
    chain = Derivation.begin(
        "a step leaves the only root of step = v as it is", step.subs(v, rest), rest
    ).then("that root", eta * s / (B * (h + g - eta * h * g)))
    return _form(
        "stationary_covariance",
        "stationary covariance of coordinates of curvatures h and g, noise covariance s/B",
        chain,
    )


@functools.cache
def stationary_variance() -> ClosedForm:
    """Stationary variance along an eigendirection."""
    chain = Derivation.begin(
        "one direction: g = h",
        stationary_covariance().expression,
        eta * s / (B * h * (2 - eta * h)),
        {g: h},
    )
    return _form("stationary_variance", "stationary variance along curvature h", chain)


@functools.cache
def stationary_loss() -> ClosedForm:
    """Mean stationary loss of an eigendirection."""
    chain = Derivation.begin(
        "loss h x^2/2, mean 0",
        h * stationary_variance().expression / 2,
        eta * s / (2 * B * (2 - eta * h)),
    )
    return _form("stationary_loss", "mean stationary loss along curvature h", chain)


@functools.cache
def variance() -> ClosedForm:
    """Variance after t steps."""
    value = _REST + (v - _REST) * (1 - eta * h) ** (2 * t)
    step = step_covariance().expression.subs(g, h)
    settled = {_REST: stationary_variance().expression}
    return _form(
        "variance",
        "variance after t steps from variance v, the stationary variance being rest",
        _solves(value, v, step, v, settled),
    )


@functools.cache
def critical_step() -> ClosedForm:
    """Step size at which a step stops to contract."""
    contraction = sp.diff(step_covariance().expression.subs(g, h), v)
    (root,) = sp.solve(sp.Eq(sp.expand(contraction - 1), 0), eta)  # eta is positive
    chain = Derivation.begin(
        "the only positive step size at which the variance is multiplied by 1",
        root,
        2 / h,
    )
    return _form("critical_step", "step size below which curvature h is stable", chain)


@functools.cache
def sde_rate() -> ClosedForm:
    """Rate of the covariance in the diffusion."""
    # s/B = s T/eta: T = eta/B is held fixed while eta tends to 0.
    step = step_covariance().expression.subs(B, eta / T)
    chain = (
        Derivation
        .begin(
            "change per unit of time tau = eta t, T = eta/B",
            (step - v) / eta,
            T * s - (h + g) * v + eta * h * g * v,
        )
        .then("eta to 0 at a fixed T", T * s - (h + g) * v, {eta: 0})
        .then("T = eta/B", eta * s / B - (h + g) * v, {T: eta / B})
    )
    return _form("sde_rate", "rate of the covariance v in the diffusion", chain)


@functools.cache
def sde_covariance() -> ClosedForm:
    """Stationary covariance of the diffusion, from Lyapunov's equation."""
    rate = sde_rate().expression
    (root,) = sp.solve(rate, v)
    chain = Derivation.begin(
        "the only root of the rate, which is 0 there",
        root + rate.subs(v, root),
        eta * s / (B * (h + g)),
    )
    return _form(
        "sde_covariance",
        "stationary covariance of the diffusion, curvatures h and g, noise covariance s/B",
        chain,
    )


@functools.cache
def sde_variance() -> ClosedForm:
    """Stationary variance of the diffusion along an eigendirection."""
    chain = Derivation.begin(
        "one direction: g = h", sde_covariance().expression, eta * s / (2 * B * h), {g: h}
    )
    return _form("sde_variance", "stationary variance of the diffusion, curvature h", chain)


@functools.cache
def ratio() -> ClosedForm:
    """Stationary variance of SGD in units of that of the diffusion."""
    chain = Derivation.begin(
        "quotient",
        stationary_variance().expression / sde_variance().expression,
        1 / (1 - eta * h / 2),
    )
    return _form("ratio", "stationary variance of SGD over that of the diffusion", chain)


@functools.cache
def sde_mean() -> ClosedForm:
    """Mean of the diffusion at time tau."""
    drift = sp.diff(step_mean().expression, eta)
    value = x * sp.exp(-h * tau)
    chain = _flows(value, x, drift, x)
    return _form("sde_mean", "mean of the diffusion at time tau = eta t from x", chain)


def _flows(
    value: sp.Expr,
    start: sp.Expr,
    rate: sp.Expr,
    state: sp.Symbol,
    known: Mapping[sp.Symbol, sp.Expr] | None = None,
) -> Derivation:
    """The solution of a linear differential equation: its fixed point and one exponential.

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


@functools.cache
def sde_variance_at() -> ClosedForm:
    """Variance of the diffusion at time tau."""
    value = _REST + (v - _REST) * sp.exp(-2 * h * tau)
    settled = {_REST: sde_variance().expression}
    return _form(
        "sde_variance_at",
        "variance of the diffusion at time tau from variance v, its stationary one being rest",
        _flows(value, v, sde_rate().expression.subs(g, h), v, settled),
    )


@functools.cache
def mean_gap() -> ClosedForm:
    """First order in eta of the mean of SGD minus that of the diffusion."""
    # t = tau/eta steps; the expansion is that of the exponent.
    after = sp.exp(tau * _series(sp.log(1 - eta * h)))
    chain = Derivation.begin(
        "term of first order in eta of x exp((tau/eta) log(1 - eta h))",
        x * sp.diff(after, eta).subs(eta, 0),
        -x * h**2 * tau * sp.exp(-h * tau) / 2,
    )
    return _form(
        "mean_gap", "mean of SGD minus mean of the diffusion at time tau, over eta, eta to 0", chain
    )


def _series(exponent: sp.Expr) -> sp.Expr:
    """The exponent over eta up to the first order.

    Returns:
        A polynomial in eta.
    """
    terms = (sp.diff(exponent, (eta, n)).subs(eta, 0) / sp.factorial(n) for n in (1, 2))
    return sum((term * eta**place for place, term in enumerate(terms)), sp.Integer(0))


@functools.cache
def variance_gap() -> ClosedForm:
    """First order in eta, at a fixed T = eta/B, of the variance of SGD minus the diffusion's."""
    rest = stationary_variance().expression.subs(B, eta / T)
    after = rest + (v - rest) * sp.exp(2 * tau * _series(sp.log(1 - eta * h)))
    decay = sp.exp(-2 * h * tau)
    chain = Derivation.begin(
        "term of first order in eta at a fixed T = eta/B, t = tau/eta",
        sp.diff(after, eta).subs(eta, 0),
        T * s * (1 - decay) / 4 + (T * s / (2 * h) - v) * h**2 * tau * decay,
    )
    return _form(
        "variance_gap",
        "variance of SGD minus variance of the diffusion at time tau, over eta, eta to 0, "
        "T = eta/B",
        chain,
    )


def _form(name: str, statement: str, chain: Derivation) -> ClosedForm:
    return ClosedForm(f"quadratic.{name}", statement, chain.result, chain, SOURCE)


def quadratic_forms() -> tuple[ClosedForm, ...]:
    """The closed forms of this module."""
    return (
        step_mean(),
        step_covariance(),
        mean(),
        variance(),
        stationary_covariance(),
        stationary_variance(),
        stationary_loss(),
        critical_step(),
        sde_rate(),
        sde_mean(),
        sde_variance_at(),
        sde_covariance(),
        sde_variance(),
        ratio(),
        mean_gap(),
        variance_gap(),
    )
