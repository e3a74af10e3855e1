"""The Hessian, its trace and its spectrum: closed forms against automatic differentiation."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import numpy as np
import torch

from whichmin.core.data import make_data
from whichmin.core.frames import standard_basis
from whichmin.core.hessian import hessian, plain_autograd_hessian
from whichmin.core.training.trainer import train
from whichmin.symbolic import ClosedForm
from whichmin.verification.evidence.check import Margin, check
from whichmin.verification.evidence.rounding import product_bound, spectrum_bound
from whichmin.verification.evidence.subject import Subject
from whichmin.verification.topics.landscape.minima import reduced_coordinates
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
