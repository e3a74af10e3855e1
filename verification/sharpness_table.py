"""The sharpness table: derived by SymPy, evaluated, and measured where training really ends."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy as sp

from whichmin.core.data import Data, make_data
from whichmin.core.frames import random_frame, standard_basis
from whichmin.core.sharpness import hessian, hessian_spectrum, plain_autograd_hessian
from whichmin.core.training import train
from whichmin.core.validation import check_integer, check_seed
from whichmin.errors import InputError, WhichminError
from whichmin.provenance import provenance
from whichmin.reporting import Cell, Document, Table
from whichmin.symbolic import closed_form
from whichmin.symbolic.printing import as_latex, as_text
from whichmin.symbolic.spectrum import spectrum_at_minimum
from whichmin.symbolic.symbols import k, kappa, m, n
from whichmin.words import Activation, Kink

__all__ = ["SCHEMA", "sharpness_table"]

SCHEMA = "whichmin.table.sharpness/1"
KAPPA_TEXT = {Kink.LEFT: "κ=0", Kink.MEAN: "κ=½", Kink.RIGHT: "κ=1"}

# Runs stop when gap and off-winner mass are below this: about 1e-10 from the limit, far above the
# rounding of a correlation and far below the correlations that stay.
TOLERANCE = 1e-20

FOOTNOTE = (
    "Plain autograd: training ends near a kink, not on it. On the way every correlation keeps its "
    "sign, so the k = |S+| points that started positive still count as active when their "
    "correlation is 1e-10, for SGD as for GD; autograd (κ = 0 at an exact kink) therefore returns "
    "(n + 4 - k)/m for both minima and sees no difference. The trace at the limit point is "
    "SGD's (k = 1) under the declared κ."
)
LEGEND = (
    "k = |S+| is the number of data points with positive correlation at the start; κ is the value "
    "given to the second derivative of relu(t)²/2 at t = 0 (left 0, mean ½, right 1). Every entry "
    "is derived from the loss for symbolic m, n, k."
)


@dataclass(frozen=True)
class Minimum:
    """A row of the table.

    Attributes:
        activation: Identity or ReLU.
        method: ``GD`` or ``SGD``.
        active: Number of active points, symbolic.
    """

    activation: Activation
    method: str
    active: sp.Expr

    def trace(self, kink: Kink) -> sp.Expr:
        """Trace of the Hessian."""
        form = closed_form("sharpness.trace_at_minimum").expression
        return _one_fraction(form.subs({k: self.active, kappa: sp.Rational(kink.value)}))

    def spectrum(self, kink: Kink | None = None) -> list[tuple[sp.Expr, sp.Expr]]:
        """Eigenvalues with multiplicities; families that are empty for every m are left out."""
        rules = {k: self.active} | ({} if kink is None else {kappa: sp.Rational(kink.value)})
        pairs = [
            (f.eigenvalue.expression.subs(rules), f.multiplicity.expression.subs(rules))
            for f in spectrum_at_minimum()
        ]
        return [(value, count) for value, count in pairs if count != 0]

    def autograd(self) -> sp.Expr:
        """Plain autograd's trace at an iterate: signs stay, so GD and SGD agree."""
        form = closed_form("sharpness.autograd_trace_at_iterate").expression
        started_active = m if self.activation is Activation.LINEAR else k
        return _one_fraction(form.subs(k, started_active))


# The linear autoencoder has no kinks: all m points are active at both minima. Of ReLU's minima,
# GD keeps the k points that started positive and SGD one of them.
MINIMA = (
    Minimum(Activation.LINEAR, "GD", m),
    Minimum(Activation.LINEAR, "SGD", m),
    Minimum(Activation.RELU, "GD", k),
    Minimum(Activation.RELU, "SGD", sp.Integer(1)),
)


def sharpness_table(
    m: int | None = None,
    n: int | None = None,
    positive: int | None = None,
    *,
    seed: int = 0,
    frame: str = "standard",
) -> Document:
    """Build the sharpness table.

    Args:
        m: Number of data points.
        n: Dimension.
        positive: Number of points with positive correlation at the start, ``k = |S+|``. With all
            three numbers the closed forms are evaluated and compared with training runs.
        seed: Seed of the start, the frame and the batches.
        frame: ``standard`` (standard basis: a correlation is a coordinate and keeps its sign at
            any size) or ``random`` (below 1e-17 signs are rounding noise, and so is plain
            autograd's trace).

    Returns:
        One symbolic table and, with numbers, one that compares.

    Raises:
        InputError: Only some numbers are given, or they are out of range.

    Example:
        >>> print(sharpness_table().tables[0].records()[3]["trace κ=½"])
        (2*n + 7 - m)/(2*m)
    """
    seed = check_seed(seed)
    tables = [_symbolic_table()]
    if (m, n, positive) == (None, None, None):
        return Document(SCHEMA, tuple(tables), provenance())
    if m is None or n is None or positive is None:
        raise InputError(
            "m, n, positive", (m, n, positive), "must be given all together or not at all"
        )
    m = check_integer(m, "m", 1)
    n = check_integer(n, "n", m, reason="m orthonormal points need at least m dimensions")
    positive = check_integer(positive, "positive", 1, m, "some of the m points")
    if frame not in {"standard", "random"}:
        raise InputError("frame", frame, "must be one of: standard, random")
    points = standard_basis(m, n) if frame == "standard" else random_frame(m, n, seed)
    rows = [
        row for minimum in MINIMA for row in _measured(minimum, make_data(points), positive, seed)
    ]
    tables.append(
        Table.build(
            f"Derived and measured: m = {m}, n = {n}, k = {positive}, {frame} frame, seed {seed}",
            ("activation", "minimum", "quantity", "closed form", "evaluated", "measured",
             "relative difference", "margin"),
            rows,
            (
                "Margin: difference in units of what the run's distance from its limit and "
                "rounding allow; at most 1 holds.",
                FOOTNOTE,
            ),
        )
    )  # fmt: skip
    return Document(SCHEMA, tuple(tables), provenance(seed, "float64", "cpu"), primary=1)


def _one_fraction(expression: sp.Expr) -> sp.Expr:
    numerator, denominator = sp.fraction(sp.together(expression))
    if denominator.could_extract_minus_sign():
        numerator, denominator = -numerator, -denominator
    return sp.expand(numerator) / denominator


def _formula(expression: sp.Expr) -> Cell:
    text = as_text(expression)
    return Cell(text, text, f"${as_latex(expression)}$")


def _spectrum_formula(pairs: list[tuple[sp.Expr, sp.Expr]]) -> Cell:
    text = ", ".join(f"{as_text(v)} ×{_bracketed(as_text(count))}" for v, count in pairs)
    latex = ", ".join(rf"${as_latex(v)}\,(\times {as_latex(count)})$" for v, count in pairs)
    return Cell(text, text, latex)


def _bracketed(text: str) -> str:
    return text if text.isalnum() else f"({text})"


def _symbolic_table() -> Table:
    top = closed_form("sharpness.minimum_top").expression
    columns = (
        "activation", "minimum", *(f"trace {KAPPA_TEXT[kink]}" for kink in Kink),
        "top eigenvalue", "spectrum", "plain autograd at the iterate",
    )  # fmt: skip
    rows = [
        (
            str(row.activation),
            row.method,
            *(_formula(row.trace(kink)) for kink in Kink),
            _formula(top),
            _spectrum_formula(row.spectrum()),
            _formula(row.autograd()),
        )
        for row in MINIMA
    ]
    return Table.build(
        "Sharpness of the minima that GD and SGD find, in closed form",
        columns,
        rows,
        (LEGEND, FOOTNOTE),
    )


def _start(data: Data, positive: int, seed: int) -> np.ndarray:
    """Weights of norm 0.7 with the first ``positive`` correlations positive, the rest negative."""
    rng = np.random.default_rng(seed)
    points = data.points.numpy()
    c = rng.uniform(0.3, 1.0, data.m) * np.where(np.arange(data.m) < positive, 1.0, -1.0)
    off = rng.normal(size=data.n)
    off -= (off @ points.T) @ points
    # A fifth of the energy goes off the span, where there is such a place.
    w = c / np.linalg.norm(c) @ points
    if data.n > data.m:
        w = w + 0.5 * off / np.linalg.norm(off)
    return np.asarray(0.7 * w / np.linalg.norm(w))


def _measured(minimum: Minimum, data: Data, positive: int, seed: int) -> Iterator[tuple[Any, ...]]:
    """Train, differentiate automatically where the run ended, compare."""
    size, dimension = data.m, data.n
    run = train(
        data,
        _start(data, positive, seed),
        activation=minimum.activation,
        batch_size=None if minimum.method == "GD" else 1,
        step_size=0.2,
        seed=seed,
        tolerance=TOLERANCE,
    )
    if not run.converged:
        raise WhichminError(f"the {minimum.method} run ended with: {run.status[0].advice}")
    numbers = {m: size, n: dimension, k: positive}
    options: dict[str, Any] = {"activation": minimum.activation}
    # Distance from the limit, and what it changes: see sharpness.reached_by_training.
    distance = math.sqrt(2 * size * TOLERANCE) + math.sqrt(TOLERANCE)
    rounding = 64 * dimension * np.finfo(float).eps
    allowed = (4 * (size + dimension + 4) / size) * (distance + rounding)
    weights = run.weights[0]

    def number(expression: sp.Expr) -> float:
        return float(expression.subs(numbers))

    def row(quantity: str, formula: sp.Expr, measured: float) -> tuple[Any, ...]:
        value = number(formula)
        difference = abs(measured - value)
        return (
            str(minimum.activation), minimum.method, quantity, _formula(formula), value, measured,
            Cell(difference / abs(value), f"{difference / abs(value):.1e}"),
            Cell(difference / allowed, f"{difference / allowed:.2g}"),
        )  # fmt: skip

    kinks = (Kink.LEFT,) if minimum.activation is Activation.LINEAR else tuple(Kink)
    for kink in kinks:
        label = "no kink" if len(kinks) == 1 else KAPPA_TEXT[kink]
        matrix = hessian(weights, data, kink=kink, kink_width=100 * distance, **options)
        yield row(f"trace, {label}", minimum.trace(kink), float(matrix.trace()))
    top = closed_form("sharpness.minimum_top").expression
    found = hessian_spectrum(weights, data, kink_width=100 * distance, **options)
    yield row("top eigenvalue", top, float(found[-1]))
    for kink in kinks:
        label = "no kink" if len(kinks) == 1 else KAPPA_TEXT[kink]
        found = hessian_spectrum(weights, data, kink=kink, kink_width=100 * distance, **options)
        pairs = minimum.spectrum(kink)
        expected = sorted(v for e, c in pairs for v in [number(e)] * round(number(c)))
        difference = float(np.abs(np.array(expected) - found.numpy()).max())
        yield (
            str(minimum.activation), minimum.method, f"spectrum, {label}",
            _spectrum_formula(pairs), _grouped(expected), _grouped(found.tolist()),
            Cell(difference / expected[-1], f"{difference / expected[-1]:.1e}"),
            Cell(difference / allowed, f"{difference / allowed:.2g}"),
        )  # fmt: skip
    plain = float(plain_autograd_hessian(weights, data, **options).trace())
    yield row("plain autograd at the iterate", minimum.autograd(), plain)


def _grouped(eigenvalues: list[float]) -> Cell:
    """Write eigenvalues with multiplicities, largest first; equal to 6 digits counts as equal."""
    groups: list[tuple[float, int]] = []
    for value in sorted(eigenvalues, reverse=True):
        shown = round(value, 6) + 0.0
        if groups and groups[-1][0] == shown:
            groups[-1] = (shown, groups[-1][1] + 1)
        else:
            groups.append((shown, 1))
    return Cell([float(v) for v in eigenvalues], ", ".join(f"{v:.6g} ×{c}" for v, c in groups))
