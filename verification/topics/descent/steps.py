"""One step: its notation in a few scalars, its map, and the rates of gradient descent.

With ``S`` the energy of the active correlations of the batch, ``alpha = eta / b``, ``N = |w|^2``,
``s = 1 - alpha S`` and ``g = alpha (2 - N)``, a step multiplies those in the batch by ``s + g`` and
everything else by ``s``. Hence

    N' = s^2 (N - S) + (s + g)^2 S = N + alpha S (B - alpha S (4 - 3 N)),
    B = 4 (1 - N) + alpha (2 - N)^2,

whatever the dimension, and ``S <= N`` is all that is known of S. Full batch: ``a = eta / m``,
``S = C``, ``R = N - C``, ``u = 2 - N - C``. ReLU: sums over the positive correlations; R contains
the squares of the others.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import sympy as sp
from hypothesis.strategies import SearchStrategy

from whichmin.core.data import make_data
from whichmin.core.engines import Problem
from whichmin.core.frames import standard_basis
from whichmin.verification.evidence.check import Margin, check
from whichmin.verification.evidence.formula import Arithmetic, evaluate_all
from whichmin.verification.evidence.rounding import EPS, product_bound
from whichmin.verification.evidence.subject import Subject
from whichmin.verification.topics.strategies import RunCase, runs
from whichmin.words import Activation, EvidenceKind

__all__ = ["BATCH_STEP", "FACTORS", "FULL_STEP"]

# What lemmas and certificates on steps are written in: names and their terms.
FACTORS = (("s", "1 - alpha*S"), ("g", "alpha*(2 - N)"))
BATCH_STEP = (*FACTORS, ("nextN", "s**2*(N - S) + (s + g)**2*S"))
FULL_STEP = (
    ("u", "2 - 2*C - R"),
    ("M", "u**2 + R*C"),
    ("nextC", "(1 + a*u)**2*C"),
    ("nextR", "(1 - a*C)**2*R"),
)


@check(
    "smt.notation",
    EvidenceKind.IDENTITY,
    bound="exact: the difference must be the zero polynomial",
    forms=(
        "dynamics.gd_active_energy",
        "dynamics.gd_rest_energy",
        "landscape.gradient_energy",
        "landscape.loss",
        "dynamics.active_factor",
        "dynamics.inactive_factor",
    ),
)
def notation(subject: Subject) -> Iterator[Margin]:
    """The abbreviations in the lemmas are the closed forms derived from the loss."""
    C, R, N, S, a, alpha = sp.symbols("C R N S a alpha", nonnegative=True)
    algebra = Arithmetic(
        lambda q: sp.Rational(q.numerator, q.denominator), all, any, lambda x: not x
    )
    full = evaluate_all(
        ("nextC", "nextR", "C*M", "(C + R - 2)*C"), {"C": C, "R": R, "a": a}, FULL_STEP, algebra
    )
    batch = evaluate_all(("s + g", "s"), {"S": S, "N": N, "alpha": alpha}, FACTORS, algebra)
    m = sp.Symbol("m", positive=True)
    forms = (
        ("dynamics.gd_active_energy", full[0], 1),
        ("dynamics.gd_rest_energy", full[1], 1),
        ("landscape.gradient_energy", full[2], m**2),
        ("landscape.loss", m + full[3], 2 * m),
        ("dynamics.active_factor", batch[0], 1),
        ("dynamics.inactive_factor", batch[1], 1),
    )
    for name, text, scale in forms:
        expression = subject.forms[name].expression
        plain = {
            v: {"C": C, "R": R, "N": N if "factor" in name else C + R, "S": S, "mu": 1, "m": m,
                "eta": a * m, "alpha": alpha}[v.name]
            for v in expression.free_symbols
        }  # fmt: skip
        rest = sp.expand(sp.simplify(scale * expression.subs(plain, simultaneous=True) - text))
        size = sum(abs(float(c)) for c in sp.Poly(rest, C, R, N, S, a, alpha, m).coeffs())
        yield Margin(f"{name} in the notation of the lemmas", size, 0.0)


def _wide_runs() -> SearchStrategy[RunCase]:
    return runs(largest=6)


@check(
    "dynamics.one_step",
    EvidenceKind.PROPERTY,
    bound="rounding of one step, a sum of n + m products of size at most 4",
    cases=_wide_runs,
    examples=200,
    forms=(
        "dynamics.active_factor",
        "dynamics.inactive_factor",
        "dynamics.gd_active_energy",
        "dynamics.gd_rest_energy",
    ),
)
def one_step(subject: Subject, case: RunCase) -> Iterator[Margin]:
    """One step multiplies every coordinate by the derived factor, for all schedules, batch sizes
    and signs, repeated points counted.
    """
    forms, frame = subject.forms, case.data.points.numpy()
    before = case.weights
    (chosen,) = subject.batches(case.stream, 0, 1, range(case.replicas))
    problem = Problem(case.data, case.activation, case.step_size)
    after = subject.stepped("autograd", problem, before, [chosen]).weights().numpy()
    inner = before @ frame.T
    multiplicity = np.ones_like(inner)
    size = case.m
    if chosen is not None:
        size = chosen.shape[1]
        multiplicity = np.stack([np.bincount(row, minlength=case.m) for row in chosen])
    alpha = case.step_size / size
    active = np.ones_like(inner) if case.activation is Activation.LINEAR else (inner > 0) * 1.0
    energy = (multiplicity * active * inner**2).sum(1)
    norm = (before**2).sum(1)
    shrink = forms["dynamics.inactive_factor"](S=energy, alpha=alpha)
    factor = np.where(
        active > 0,
        forms["dynamics.active_factor"](
            S=energy[:, None], N=norm[:, None], alpha=alpha, mu=multiplicity
        ),
        shrink[:, None],
    )
    off = before - inner @ frame
    predicted = (factor * inner) @ frame + shrink[:, None] * off
    allowed = product_bound(case.n + case.m, 4.0)  # |w| <= 1 and every factor is below 2
    yield Margin(
        "dynamics.active_factor and dynamics.inactive_factor",
        float(np.abs(after - predicted).max()),
        allowed,
        case.replicas,
    )
    if chosen is not None:
        return
    C = (active * inner**2).sum(1)
    new_C = (np.where(active > 0, after @ frame.T, 0.0) ** 2).sum(1)
    for name, measured in (
        ("dynamics.gd_active_energy", new_C),
        ("dynamics.gd_rest_energy", (after**2).sum(1) - new_C),
    ):
        value = forms[name](C=C, R=norm - C, eta=case.step_size, m=case.m)
        yield Margin(name, float(np.abs(measured - value).max()), allowed, case.replicas)


@check(
    "dynamics.gd_rates",
    EvidenceKind.PROPERTY,
    bound="second-order terms of a deviation of 1e-7, and rounding divided by it",
    cases=_wide_runs,
    examples=50,
    forms=("dynamics.gd_radial_rate", "dynamics.gd_off_span_rate"),
)
def gd_rates(subject: Subject, case: RunCase) -> Iterator[Margin]:
    """Deviations from a minimum shrink by 1 - 4 eta/m (radial) and 1 - eta/m (off the span)."""
    m, n = case.m, case.m + 1
    data = make_data(standard_basis(m, n))
    c = np.abs(case.correlations[0])
    c /= np.linalg.norm(c)
    # A deviation d gives the factor up to d times half the second derivative of the map. Radially
    # r -> r (1 + 2 a (1 - r^2)) with a = eta/m <= 1/5 has second derivative -12 a, at most 2.4 in
    # size; 10 leaves room for the third order. Rounding of n products adds eps / d.
    d = 1e-7
    allowed = 10 * d + 16 * n * EPS / d
    start = np.zeros((2, n))
    start[0, :m] = (1 + d) * c
    start[1, :m] = c
    start[1, m] = d
    problem = Problem(data, case.activation, case.step_size)
    end = subject.stepped("autograd", problem, start).weights().numpy()
    radial = (np.linalg.norm(end[0, :m]) - 1) / d
    forms = subject.forms
    for name, measured in (("gd_radial_rate", radial), ("gd_off_span_rate", end[1, m] / d)):
        predicted = forms[f"dynamics.{name}"](eta=case.step_size, m=m)
        yield Margin(f"dynamics.{name}", abs(float(measured) - predicted), allowed)
