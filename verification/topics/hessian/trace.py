"""The Hessian, its trace and its spectrum: closed forms against automatic differentiation.

At the end, whose minimum is sharper: the traces where SGD and GD end, linear and ReLU.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import sympy as sp
import torch

from whichmin.core.data import make_data
from whichmin.core.frames import random_frame, standard_basis
from whichmin.core.hessian import hessian, hessian_trace, plain_autograd_hessian
from whichmin.core.training.trainer import train
from whichmin.symbolic import ClosedForm
from whichmin.verification.evidence.check import Margin, Settings, check, differs
from whichmin.verification.evidence.rounding import product_bound, spectrum_bound
from whichmin.verification.evidence.subject import Subject
from whichmin.verification.topics.landscape.minima import reduced_coordinates
from whichmin.verification.topics.sgd.rational_sgd import ROUNDING
from whichmin.verification.topics.strategies import PointCase, minimum_points, points
from whichmin.words import Activation, EvidenceKind, Kink

__all__: list[str] = []

GENERAL = ("upper", "lower", "active", "kink", "rest")
MINIMUM = ("top", "flat", "kink", "off_span")


def _autograd(case: PointCase) -> torch.Tensor:
    return hessian(case.weights, case.data, **case.conventions)


def _entry_bound(case: PointCase) -> float:
    """Bound the rounding of one entry of the Hessian: per sample |N-2| slope + 4 |c||w| + c^2."""
    N, C, _ = reduced_coordinates(case)
    inner = np.abs(case.data.points.numpy() @ case.weights)
    return product_bound(
        case.n + case.m, (N + 2), 4 * float(inner.sum()) * math.sqrt(N) / case.m, C / case.m
    )


def _expand_families(
    forms: Mapping[str, ClosedForm],
    prefix: str,
    names: tuple[str, ...],
    values: Mapping[str, float],
) -> np.ndarray:
    """List all eigenvalues that a table of families predicts.

    Args:
        forms: The forms under test.
        prefix: ``""`` for a general point, ``"minimum_"`` for a minimum.
        names: Names of the families.
        values: Values of all symbols.

    Returns:
        Eigenvalues with repetitions, ascending.
    """

    def at(name: str) -> float:
        form = forms[name]
        return float(form(**{a: values[a] for a in form.arguments}))

    eigenvalue, count = f"sharpness.{prefix}", f"sharpness.{prefix}count_"
    if not prefix:
        eigenvalue += "eigenvalue_"
    counts = {name: int(at(count + name)) for name in names}
    listed = np.concatenate([
        np.full(max(counts[name], 0), at(eigenvalue + name)) for name in names
    ])
    for name in names:
        # Where the weights have no part outside the active points, the plane of the two parts is
        # a line: its second eigenvalue equals that of the rest, whose multiplicity -1 cancels it.
        if counts[name] == -1:
            listed = np.delete(listed, np.abs(listed - at(eigenvalue + name)).argmin())
    return np.sort(listed)


@check(
    "sharpness.quadratic_form",
    EvidenceKind.PROPERTY,
    bound="rounding of the entries, from the sizes of their terms, times n",
    cases=points,
    examples=200,
    forms=("sharpness.second_derivative", "sharpness.trace"),
)
def quadratic_form(subject: Subject, case: PointCase) -> Iterator[Margin]:
    """The Hessian as a quadratic form and its trace equal automatic differentiation, under every
    kink convention.
    """
    forms = subject.forms
    matrix = _autograd(case).numpy()
    u, frame, slopes = case.direction, case.data.points.numpy(), case.slopes
    inner, on = frame @ case.weights, frame @ u
    N, C, _ = reduced_coordinates(case)
    predicted = forms["sharpness.second_derivative"](
        N=N,
        C=C,
        P=float(slopes @ on**2),
        X=float((slopes * inner) @ on),
        Y=float(case.weights @ u),
        U=float(u @ u),
        m=case.m,
    )
    allowed = case.n * _entry_bound(case)
    yield Margin("sharpness.second_derivative", abs(float(u @ matrix @ u) - predicted), allowed)
    k = case.active
    trace = forms["sharpness.trace"](
        N=N, C=C, k=k, z=case.kinks, kappa=float(case.kink.value), n=case.n, m=case.m
    )
    yield Margin("sharpness.trace", abs(float(np.trace(matrix)) - trace), allowed)


@check(
    "sharpness.sample_quadratic_form",
    EvidenceKind.PROPERTY,
    bound="rounding of the entries, from the sizes of their terms, times n",
    cases=points,
    examples=60,
    forms=("model.sample_second_derivative",),
)
def sample_quadratic_form(subject: Subject, case: PointCase) -> Iterator[Margin]:
    """The Hessian of one data point equals automatic differentiation, under every convention."""
    form = subject.forms["model.sample_second_derivative"]
    w, u = case.weights, case.direction
    N = float(w @ w)
    for row in range(case.m):
        a = case.data.points[row].numpy()
        c = float(a @ w)
        matrix = hessian(w, a[None], **case.conventions).numpy()
        predicted = form(
            N=N, c=c, sigma=float(case.slopes[row]), x=float(a @ u), Y=float(w @ u), U=float(u @ u)
        )
        allowed = product_bound(case.n, N + 2, 4 * abs(c) * math.sqrt(N), c * c)
        yield Margin(
            "model.sample_second_derivative",
            abs(float(u @ matrix @ u) - predicted),
            case.n * allowed,
        )


@check(
    "sharpness.spectrum",
    EvidenceKind.PROPERTY,
    bound="Weyl: norm of the entries' rounding, plus a backward stable eigenvalue solver's",
    cases=points,
    examples=200,
    forms=(
        *(f"sharpness.eigenvalue_{name}" for name in GENERAL),
        *(f"sharpness.count_{name}" for name in GENERAL),
    ),
)
def spectrum(subject: Subject, case: PointCase) -> Iterator[Margin]:
    """The spectrum with multiplicities at a general point equals that of the autograd Hessian."""
    matrix = _autograd(case)
    N, C, _ = reduced_coordinates(case)
    k = case.active
    values = {
        "N": N, "C": C, "k": k, "z": case.kinks, "kappa": float(case.kink.value),
        "n": case.n, "m": case.m,
    }  # fmt: skip
    yield _compare_spectra(
        "eigenvalues at a general point",
        torch.linalg.eigvalsh(matrix).numpy(),
        _expand_families(subject.forms, "", GENERAL, values),
        spectrum_bound(case.n, float(torch.linalg.matrix_norm(matrix, 2)), _entry_bound(case)),
    )


def _compare_spectra(
    what: str, measured: np.ndarray, predicted: np.ndarray, bound: float
) -> Margin:
    if len(measured) != len(predicted):
        return Margin(f"{what}: {len(predicted)} predicted, {len(measured)} found", math.inf, bound)
    return Margin(what, float(np.abs(measured - predicted).max()), bound)


@check(
    "sharpness.at_minimum",
    EvidenceKind.PROPERTY,
    bound="Weyl: norm of the entries' rounding, plus a backward stable eigenvalue solver's",
    cases=minimum_points,
    examples=200,
    forms=(
        *(f"sharpness.minimum_{name}" for name in MINIMUM),
        *(f"sharpness.minimum_count_{name}" for name in MINIMUM),
        "sharpness.trace_at_minimum",
        "sharpness.linear_trace_at_minimum",
        "sharpness.trace_difference",
    ),
)
def at_minimum(subject: Subject, case: PointCase) -> Iterator[Margin]:
    """Trace and spectrum at minima with k active points are those of the closed forms, linear and
    ReLU, under every kink convention.
    """
    forms = subject.forms
    matrix = _autograd(case)
    k = case.active
    kappa = float(case.kink.value)
    values = {"k": k, "kappa": kappa, "n": case.n, "m": case.m}
    entry = _entry_bound(case)
    yield _compare_spectra(
        "eigenvalues at a minimum",
        torch.linalg.eigvalsh(matrix).numpy(),
        _expand_families(forms, "minimum_", MINIMUM, values),
        spectrum_bound(case.n, 4 / case.m, entry),
    )
    trace = float(matrix.trace())
    yield Margin(
        "sharpness.trace_at_minimum",
        abs(trace - forms["sharpness.trace_at_minimum"](**values)),
        case.n * entry,
    )
    if case.activation is Activation.LINEAR:
        predicted = forms["sharpness.linear_trace_at_minimum"](n=case.n, m=case.m)
        yield Margin("sharpness.linear_trace_at_minimum", abs(trace - predicted), case.n * entry)
        return
    # SGD's minimum on the same data: the first point alone.
    vertex = hessian(case.data.points[0], case.data, **case.conventions).trace()
    predicted = forms["sharpness.trace_difference"](k=k, kappa=kappa, m=case.m)
    yield Margin(
        "sharpness.trace_difference", abs(float(vertex) - trace - predicted), 2 * case.n * entry
    )


@check(
    "sharpness.reached_by_training",
    EvidenceKind.PROPERTY,
    bound="distance of the iterate from its limit, from the run's tolerance",
    cases=minimum_points,
    examples=10,
    forms=("sharpness.trace_at_minimum", "sharpness.autograd_trace_at_iterate"),
)
def reached_by_training(subject: Subject, case: PointCase) -> Iterator[Margin]:
    """The traces at the points where GD and SGD runs end, and those that plain autograd returns
    there, are those of the closed forms.

    Train to GD's and SGD's minimum, then differentiate automatically where the runs ended.

    On the standard basis: there a correlation is a coordinate and keeps its sign at any size. In
    another frame, once it is below 1e-17, its sign and plain autograd's trace are rounding noise.

    Yields:
        Margins of the traces at both ends.
    """
    m, n, k = case.m, case.n, case.active
    data = make_data(standard_basis(m, n))
    rng = np.random.default_rng(case.seed)
    start = rng.uniform(0.3, 1.0, n)
    start[k:m] *= -1
    start *= 0.7 / np.linalg.norm(start)
    tolerance = 1e-16
    for batch_size, active in ((None, k), (1, 1)):
        run = train(
            data, start, batch_size=batch_size, step_size=0.2, seed=case.seed, tolerance=tolerance
        )
        yield Margin(
            f"run with batch size {batch_size}: {run.status[0]}",
            0.0 if run.converged else math.inf,
            1.0,
        )
        # With the gap and the off-winner mass below the tolerance, the iterate is within
        # sqrt(2 m tol) + sqrt(tol) of the limit; the trace's derivative there is at most
        # (2 k + 2 (n + 4)) / m, doubled for the curvature.
        distance = math.sqrt(2 * m * tolerance) + math.sqrt(tolerance)
        allowed = 4 * (m + n + 4) / m * distance
        weights = run.weights[0]
        for kink in Kink:
            measured = float(hessian(weights, data, kink=kink, kink_width=10 * distance).trace())
            predicted = subject.forms["sharpness.trace_at_minimum"](
                n=n, m=m, k=active, kappa=float(kink.value)
            )
            yield Margin(
                f"trace reached with batch size {batch_size}, {kink.name.lower()} convention",
                abs(measured - predicted),
                allowed,
            )
        plain = float(plain_autograd_hessian(weights, data).trace())
        predicted = subject.forms["sharpness.autograd_trace_at_iterate"](n=n, m=m, k=k)
        yield Margin(
            f"sharpness.autograd_trace_at_iterate, batch size {batch_size}",
            abs(plain - predicted),
            allowed,
        )


@check(
    "refuted.graded_sharpness",
    EvidenceKind.PROPERTY,
    bound="distance that the run's tolerance allows, times the trace's derivative",
)
def graded_sharpness(subject: Subject, settings: Settings) -> Iterator[Margin]:
    """With ReLU runs of every batch size below m end where the trace is the same; GD ends where it
    differs.

    Every b < m of m = 5: SGD's end is a single data point, and the trace there is one number.

    Yields:
        The distance of each trace from the closed form, and GD's trace apart from it.
    """
    m, n, tolerance = 5, 7, 1e-16
    data, start = random_frame(m, n, settings.seed), np.linspace(0.2, 0.4, m)
    form = subject.forms["sharpness.trace_at_minimum"]
    single, mixture = (form(n=n, m=m, k=k, kappa=0.5) for k in (1, m))
    # The trace's derivative at a minimum is at most 4 (m + n + 4)/m and the distance that the
    # tolerance leaves 2 sqrt(2 m tolerance) (as in sharpness.reached_by_training).
    allowed = 4 * (m + n + 4) / m * 2 * math.sqrt(2 * m * tolerance)
    for b in range(1, m + 1):
        run = train(
            data, start @ data, batch_size=b, step_size=0.2, seed=settings.seed,
            tolerance=tolerance, engine=subject.engines["compiled"],
        )  # fmt: skip
        trace = hessian_trace(run.weights[0], data, kink=Kink.MEAN, kink_width=run.kink_width)
        error = abs(float(trace) - (mixture if b == m else single))
        told = f"b = {b} of {m}: trace {float(trace):.6f}"
        yield Margin(told, error, allowed, found=told)
    yield differs("trace at GD's minimum, as SGD's", single, mixture, allowed)


def linear_trace(w: Sequence[sp.Expr], m: int) -> sp.Expr:
    """Differentiate the linear loss on the standard basis: the trace of its Hessian.

    Args:
        w: Weights.
        m: Number of data points, at most the dimension.

    Returns:
        The trace.
    """
    x = sp.symbols(f"x1:{len(w) + 1}", real=True)
    loss = sum(
        sum((sp.Integer(int(p == place)) - x[p] * x[place]) ** 2 for p in range(len(w))) / 2
        for place in range(m)
    ) / sp.Integer(m)
    trace = sum(sp.diff(loss, v, 2) for v in x)
    return sp.nsimplify(trace.subs(dict(zip(x, w, strict=True))))


@check(
    "refuted.sharper_linear",
    EvidenceKind.COUNTEREXAMPLE,
    bound="exact: a difference of SymPy numbers, against one rounding",
)
def sharper_linear() -> Iterator[Margin]:
    """With the linear neuron the Hessian's trace at a data point equals that at the even mixture.

    Yields:
        How much larger the trace is at SGD's minimum, where the claim needs more than nothing.
    """
    for n, m in ((2, 2), (4, 3), (5, 4)):
        zero = sp.Integer(0)
        single = [sp.Integer(1)] + [zero] * (n - 1)
        mixture = [1 / sp.sqrt(m)] * m + [zero] * (n - m)
        excess = float(linear_trace(single, m) - linear_trace(mixture, m))
        told = f"m = {m}, n = {n}: trace at a data point minus trace at the even mixture: {excess}"
        yield Margin(told, abs(excess), ROUNDING, found=told)
