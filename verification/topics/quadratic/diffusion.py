"""The diffusion that approximates SGD on the noisy quadratic: its moments, and what it misses."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction

import numpy as np
from scipy import linalg

from whichmin.core.quadratic.recursion import Moments
from whichmin.verification.evidence.check import Margin, check
from whichmin.verification.evidence.exact import EXACT, exactly, value
from whichmin.verification.evidence.rounding import EPS
from whichmin.verification.evidence.subject import Subject
from whichmin.verification.topics.quadratic.exact import QuadraticCase, cases, covariance_step
from whichmin.verification.topics.quadratic.recursion import given, names, numeric
from whichmin.words import EvidenceKind

__all__: list[str] = []

F = Fraction


@check(
    "quadratic.diffusion",
    EvidenceKind.PROPERTY,
    bound=f"{EXACT}; rounding of the matrix exponential, of the size of its entries",
    cases=cases,
    examples=25,
    forms=names(
        "sde_rate", "sde_mean", "sde_variance_at", "sde_covariance", "sde_variance", "ratio"
    ),
)
def diffusion(subject: Subject, case: QuadraticCase) -> Iterator[Margin]:
    """The diffusion is the limit of small steps at a fixed eta/B; its moments equal those of a
    matrix exponential, of a Lyapunov solver and of the numeric layer; the stationary variance of
    SGD is 1/(1 - eta h/2) times that of the diffusion.
    """
    forms = subject.forms
    known = given(case, case.sigma[0][1], case.g)
    # In proportion smaller step and batch sizes: the change of v per unit of time is linear in
    # eta, so two values of it give the limit exactly.
    changes = []
    for part in (F(1, 2), F(1, 4)):
        eta, size = case.eta * part, case.size * part
        scaled = tuple(tuple(e / size for e in row) for row in case.sigma)
        after = covariance_step(((F(0), case.v), (case.v, F(0))), case.eigen, scaled, eta)
        changes.append((after[0][1] - case.v) / eta)
    rate = value(forms["quadratic.sde_rate"], **known)
    yield exactly("quadratic.sde_rate", rate, 2 * changes[1] - changes[0])
    known |= {"v": value(forms["quadratic.sde_covariance"], **known)}
    rest = case.eta / case.size * case.sigma[0][1] - (case.h + case.g) * F(known["v"])
    yield exactly("quadratic.sde_covariance", rest, F(0))
    known = given(case, case.sigma[0][0], case.h)
    alone = value(forms["quadratic.sde_variance"], **known)
    balance = case.eta / case.size * case.sigma[0][0] - 2 * case.h * alone
    yield exactly("quadratic.sde_variance", balance, F(0))
    discrete = case.eta**2 * case.batch_sigma[0][0] / (1 - (1 - case.eta * case.h) ** 2)
    yield exactly("quadratic.ratio", value(forms["quadratic.ratio"], **known) * alone, discrete)
    yield from _flow(subject, case)


def _flow(subject: Subject, case: QuadraticCase) -> Iterator[Margin]:
    """Compare the diffusion's moments with a matrix exponential, a Lyapunov solver and the core."""
    forms, direction = subject.forms, np.array([3, 4]) / 5
    model, eta = numeric(case), float(case.eta)
    tau = float(case.eta * case.steps)
    known = {
        "h": float(case.h), "g": float(case.g), "eta": eta, "B": float(case.size), "tau": tau,
        "s": float(case.sigma[0][0]), "x": float(case.x[0]), "v": 0.0,
    }  # fmt: skip

    def at(name: str, **more: float) -> float:
        form = forms[f"quadratic.{name}"]
        return float(form(**{a: (known | more)[a] for a in form.arguments}))

    known["rest"] = at("sde_variance")
    # exp [[H, S], [0, -H]] tau = [[e^(H tau), ...], [0, e^(-H tau)]]: the corner times e^(-H tau)
    # is the integral of e^(-H u) S e^(-H u), S = eta Sigma/B (Van Loan 1978). The core takes the
    # eigenbasis of H instead.
    block = np.block([[model.curvature, eta / case.size * model.noise],
                      [np.zeros((2, 2)), -model.curvature]])  # fmt: skip
    exponential = linalg.expm(block * tau)
    decay = exponential[2:, 2:]
    place = float(case.x[0]) * direction
    found = Moments(decay @ place, decay @ exponential[:2, 2:])
    # The block's exponential has entries up to e^(h tau); scaling and squaring lose a modest
    # multiple of EPS times its size squared (Van Loan 1978, section III).
    growth = 64 * EPS * math.exp(2 * known["h"] * tau)
    size = max(abs(known["x"]), eta / case.size * float(np.abs(model.noise).max()) * (1 + tau))
    ours = model.diffused(place, eta, case.size, tau)
    away = np.abs(np.c_[ours.mean - found.mean, ours.covariance - found.covariance]).max()
    yield Margin("core against the matrix exponential", float(away), growth * size)
    # The core's eigenvalues are off by a few EPS h, so is an exponent e^-x (x e^-x < 1), and an
    # entry by h/g times that.
    close = 64 * EPS * known["h"] / known["g"] * size
    mean, variance = (float(direction @ v) for v in (ours.mean, ours.covariance @ direction))
    yield Margin("quadratic.sde_mean, core", abs(mean - at("sde_mean")), close)
    yield Margin("quadratic.sde_variance_at, core", abs(variance - at("sde_variance_at")), close)
    yield Margin(
        "quadratic.sde_mean", abs(float(direction @ found.mean) - at("sde_mean")), growth * size
    )
    variance = float(direction @ found.covariance @ direction)
    yield Margin("quadratic.sde_variance_at", abs(variance - at("sde_variance_at")), growth * size)
    # From another variance: v adds v e^(-2 h tau), the square of the mean's factor.
    decay = float(direction @ found.mean) / known["x"]
    start = float(case.v)
    added = at("sde_variance_at", v=start) - at("sde_variance_at")
    yield Margin(
        "quadratic.sde_variance_at from v", abs(added - start * decay**2),
        growth * (size + start / abs(known["x"])),
    )  # fmt: skip
    solved = linalg.solve_continuous_lyapunov(model.curvature, eta / case.size * model.noise)
    settled = model.stationary_diffusion(eta, case.size)
    scale = float(np.abs(solved).max()) * known["h"] / known["g"]
    for route, matrix in (("Lyapunov solver", solved), ("core", settled)):
        error = abs(float(direction @ matrix @ direction) - at("sde_variance"))
        yield Margin(f"quadratic.sde_variance, {route}", error, 256 * EPS * scale)
    away = float(np.abs(settled - solved).max())
    yield Margin("core against the Lyapunov solver", away, 256 * EPS * scale)


@check(
    "quadratic.order",
    EvidenceKind.PROPERTY,
    bound="all further terms of the logarithm and the exponential, and rounding",
    cases=cases,
    examples=25,
    forms=names("mean_gap", "variance_gap"),
)
def order(subject: Subject, case: QuadraticCase) -> Iterator[Margin]:
    """At a fixed time and eta/B, the mean and the variance of SGD and of the diffusion differ at
    first order in eta h, with the coefficients derived.

    All further terms of the expansion are bounded: with ``y = eta h``,
    ``t log(1 - y) = -h tau (1 + y/2 + r)`` and ``0 <= r <= y^2/(3 (1 - y))``.

    Yields:
        Two margins for each of two step sizes.
    """
    forms, h, T = subject.forms, float(case.h), float(case.eta / case.size)
    s, v, x = float(case.sigma[0][0]), float(case.v), float(case.x[0])
    # A time of at most 2/h: later both means are gone.
    tau = (1 + case.steps % 5) / 3 / h
    known = {"h": h, "tau": tau, "x": x, "v": v, "s": s, "T": T}

    def at(name: str) -> float:
        form = forms[f"quadratic.{name}"]
        return float(form(**{a: known[a] for a in form.arguments}))

    for y in (2.0**-6, 2.0**-12):
        eta = y / h
        rest = y * y / (3 * (1 - y))
        exponent = tau / eta * math.log1p(-y)
        rounding = 16 * EPS * (1 + h * tau)
        gap = x * (math.exp(exponent) - math.exp(-h * tau))
        # |e^-a - 1 + a| <= a^2/2 at a = h tau (y/2 + r)
        a = h * tau * (y / 2 + rest)
        allowed = abs(x) * (a * a / 2 + h * tau * rest + rounding)
        yield Margin("quadratic.mean_gap", abs(gap - eta * at("mean_gap")), allowed)
        limit = T * s / (2 * h)
        rest_now = T * s / (h * (2 - y))
        now = rest_now + (v - rest_now) * math.exp(2 * exponent)
        then = limit + (v - limit) * math.exp(-2 * h * tau)
        # Relative terms of second order of 1/(1 - y/2) and of e^(2 exponent + 2 h tau).
        second = y * y / 4 / (1 - y / 2)
        twice = (2 * a) ** 2 / 2 + 2 * h * tau * rest
        mixed = (y / 2 + second) * (2 * a + twice)
        allowed = limit * (second + twice + mixed) + v * twice + rounding * (limit + v)
        yield Margin("quadratic.variance_gap", abs(now - then - eta * at("variance_gap")), allowed)
