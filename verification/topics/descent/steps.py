"""One-step maps and rates: closed forms against steps of the autograd engine."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np
import torch
from hypothesis.strategies import SearchStrategy

from whichmin.core.batches import make_stream
from whichmin.core.data import make_data
from whichmin.core.descent import rates
from whichmin.core.engines import Problem
from whichmin.core.frames import standard_basis
from whichmin.verification.evidence.check import Margin, check
from whichmin.verification.evidence.rounding import EPS, product_bound
from whichmin.verification.evidence.subject import Subject
from whichmin.verification.topics.strategies import RunCase, runs
from whichmin.words import Activation, EvidenceKind

__all__: list[str] = []


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
    """One step multiplies every coordinate by the derived factor: all schedules, batch sizes,
    signs, with multiplicities.
    """
    forms, frame = subject.forms, case.data.points.numpy()
    before = case.weights
    engine = subject.engines["autograd"](
        Problem(case.data, case.activation, case.step_size), torch.from_numpy(before)
    )
    chosen = subject.sampler(case.stream, 0, 1, range(case.replicas))
    engine.step(None if chosen is None else torch.from_numpy(chosen[0]))
    after = engine.weights().numpy()
    inner = before @ frame.T
    multiplicity = np.ones_like(inner)
    size = case.m
    if chosen is not None:
        size = chosen.shape[2]
        multiplicity = np.stack([np.bincount(row, minlength=case.m) for row in chosen[0]])
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
    if chosen is None:
        C = (active * inner**2).sum(1)
        R = norm - C
        new = after @ frame.T
        new_active = np.where(active > 0, new, 0.0)
        new_C = (new_active**2).sum(1)
        eta = case.step_size
        for name, measured in (
            ("gd_active_energy", new_C),
            ("gd_rest_energy", (after**2).sum(1) - new_C),
        ):
            value = forms[f"dynamics.{name}"](C=C, R=R, eta=eta, m=case.m)
            yield Margin(
                f"dynamics.{name}", float(np.abs(measured - value).max()), allowed, case.replicas
            )


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
    engine = subject.engines["autograd"](
        Problem(data, case.activation, case.step_size), torch.from_numpy(start)
    )
    engine.step(None)
    end = engine.weights().numpy()
    radial = (np.linalg.norm(end[0, :m]) - 1) / d
    forms = subject.forms
    for name, measured in (("gd_radial_rate", radial), ("gd_off_span_rate", end[1, m] / d)):
        predicted = forms[f"dynamics.{name}"](eta=case.step_size, m=m)
        yield Margin(f"dynamics.{name}", abs(float(measured) - predicted), allowed)


def _proper_runs() -> SearchStrategy[RunCase]:
    return runs(largest=6, proper=True, replicas=1)


@check(
    "dynamics.sgd_rates",
    EvidenceKind.PROPERTY,
    bound="second-order terms of a deviation of 1e-7, and rounding divided by it",
    cases=_proper_runs,
    examples=50,
    forms=("dynamics.separation_rate", "dynamics.sgd_off_span_rate", "dynamics.sgd_radial_rate"),
)
def sgd_rates(subject: Subject, case: RunCase) -> Iterator[Margin]:
    """Logarithmic rates next to SGD's limit, averaged over all batches of size b."""
    m, b = case.m, case.batch_size
    n = m + 1
    data = make_data(standard_basis(m, n))
    batches = np.array(list(itertools.combinations(range(m), b)))
    d = 1e-7
    start = np.zeros((len(batches), n))
    start[:, 0] = 1.0
    start[:, 1] = start[:, m] = d
    problem = Problem(data, case.activation, case.step_size)
    engine = subject.engines["dense"](problem, torch.from_numpy(start))
    engine.step(torch.from_numpy(batches))
    end = engine.weights().numpy()
    alpha = case.alpha
    # S and N are off by at most d and 2 d^2 (m coordinates of size d), which changes a factor of
    # at least 4/5 by less than 16 d; rounding of a coordinate of size d against weights of size 1
    # is eps / d, some 64 times as the step has that many operations.
    allowed = 64 * EPS / d + 16 * d
    separation = np.log(np.abs(end[:, 1] / end[:, 0]) / d).mean()
    forms = subject.forms
    predicted = forms["dynamics.separation_rate"](alpha=alpha, b=b, m=m)
    yield Margin(
        "dynamics.separation_rate", abs(float(separation) - predicted), allowed, len(batches)
    )
    off = np.log(np.abs(end[:, m]) / d).mean()
    predicted = forms["dynamics.sgd_off_span_rate"](alpha=alpha, b=b, m=m)
    yield Margin("dynamics.sgd_off_span_rate", abs(float(off) - predicted), allowed, len(batches))
    stream = make_stream(m, b)
    core = rates(stream, case.step_size)
    yield Margin(
        "core's separation rate, from the law of multiplicities",
        abs(core.separation - forms["dynamics.separation_rate"](alpha=alpha, b=b, m=m)),
        product_bound(m, 1.0),
    )
    yield Margin(
        "core's off-span rate",
        abs(core.off_span - forms["dynamics.sgd_off_span_rate"](alpha=alpha, b=b, m=m)),
        product_bound(m, 1.0),
    )
    if abs(1 - 4 * alpha) < 0.05:
        return  # the logarithm of a factor near 0 magnifies any error
    start = np.zeros((len(batches), n))
    start[:, 0] = 1 + d
    engine = subject.engines["dense"](problem, torch.from_numpy(start))
    engine.step(torch.from_numpy(batches))
    radial = np.log(np.abs(engine.weights().numpy()[:, 0] - 1) / d).mean()
    predicted = forms["dynamics.sgd_radial_rate"](alpha=alpha, b=b, m=m)
    yield Margin(
        "dynamics.sgd_radial_rate",
        abs(float(radial) - predicted),
        (10 * d + 16 * EPS / d) / 0.05,
        len(batches),
    )
