"""Build the noise table: derived by SymPy, evaluated, and measured during and after training."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from whichmin.core.batches import sampling_factor
from whichmin.core.data import Data, make_data
from whichmin.core.frames import random_frame, standard_basis
from whichmin.core.noise.covariance import covariance_spectrum, noise_along, noise_scales
from whichmin.core.training.result import TrainResult
from whichmin.core.validation import check_integer, check_seed
from whichmin.provenance import provenance
from whichmin.reporting import Cell, Document, Table, margin_cell, residual_cell
from whichmin.symbolic import closed_form
from whichmin.tables.ends import (
    NORM,
    TOLERANCE,
    limit_distance,
    run_to_minimum,
    starting_weights,
)
from whichmin.tables.sharpness_minima import formula
from whichmin.tables.sizes import check_sizes
from whichmin.words import Activation, Sampling

__all__ = ["SCHEMA", "noise_table"]

SCHEMA = "whichmin.table.noise/1"
# Runs that are looked at on the way stop where |G|^2 still has half of its digits.
WAY = 1e-10

LEGEND = (
    "Sigma is the covariance of the m data points' gradients, divided by m (not m - 1); G the "
    "gradient, H the Hessian, N = |w|²; C, Q and sixth_powers are sums of second, fourth and "
    "sixth powers of the active correlations. In the first row c is the correlation of that one "
    "point and sigma the slope of its activation, 1 if it is active and 0 if not (no part of "
    "Sigma). eta is the step size, b the batch size, β a value of B_simple. B_simple = "
    "tr Sigma / |G|², B_noise = tr(H Sigma) / (G' H G). Every entry is derived from the loss for "
    "symbolic m, n and b."
)
LIMITS = (
    "Limits of B_noise: GD from a start with a part outside the span, several points active; SGD "
    "with b = 1 and several points active. B_simple goes to infinity in both. With one active "
    "point both scales are m - 1 everywhere."
)

# (quantity, where, closed form)
ROWS = (
    ("squared gradient of one point", "anywhere", "sample_energy"),
    ("tr Sigma", "anywhere", "trace"),
    ("tr Sigma", "at a minimum", "trace_on_manifold"),
    ("tr Sigma", "GD's minimum, k equal correlations", "trace_equal"),
    ("eigenvalue of Sigma, k - 1 times", "GD's minimum, k equal correlations", "eigenvalue_equal"),
    ("|Sigma|²", "at a minimum", "square_on_manifold"),
    ("tr(H Sigma)", "anywhere", "curvature"),
    ("tr(H Sigma)", "at a minimum", "curvature_on_manifold"),
    ("G' H G", "anywhere", "gradient_curvature"),
    ("B_simple", "anywhere", "simple_scale"),
    ("B_noise", "limit along GD", "gd_curved"),
    ("B_noise", "limit along SGD, b = 1", "sgd_curved"),
    ("B_noise", "limit at a data point, straight", "vertex_curved"),
    ("covariance of a batch over Sigma", "without replacement", "sampling_without"),
    ("covariance of a batch over Sigma", "with replacement", "sampling_with"),
    ("batch with noise equal to signal", "without replacement, B_simple = β", "balanced_batch"),
)


@dataclass(frozen=True)
class Setting:
    """The problem and the start that the table is measured on.

    Attributes:
        data: Orthonormal data.
        positive: Number of points with positive correlation at the start.
        batch_size: Points per batch of SGD.
        seed: Seed of start and batches.
    """

    data: Data
    positive: int
    batch_size: int
    seed: int

    def start(self) -> NDArray[np.float64]:
        """Make the starting weights, shape ``(n,)``; see :func:`starting_weights`."""
        return starting_weights(self.data, self.positive, self.seed)

    def run(self, activation: Activation, method: str, tolerance: float) -> TrainResult:
        """Train, and record at steps on a logarithmic grid.

        Args:
            activation: Identity or ReLU.
            method: ``GD`` or ``SGD``.
            tolerance: Where the run stops.

        Returns:
            The run.
        """
        grid = np.unique(np.rint(np.geomspace(1, 10**7, 29)).astype(int))
        return run_to_minimum(
            self.data,
            self.start(),
            activation,
            None if method == "GD" else self.batch_size,
            self.seed,
            tolerance=tolerance,
            record_at=[0, *grid.tolist()],
        )

    def limit(self, activation: Activation, run: TrainResult, method: str) -> NDArray[np.float64]:
        """Compute the correlations of the minimum, from the start (GD) or the winner (SGD).

        Args:
            activation: Identity or ReLU.
            run: The run.
            method: ``GD`` or ``SGD``.

        Returns:
            Shape ``(m,)``.
        """
        inner = self.data.points.numpy() @ self.start()
        c = inner if activation is Activation.LINEAR else np.maximum(inner, 0)
        if method == "SGD" and self.batch_size < self.data.m:
            c = np.where(np.arange(self.data.m) == int(run.winner[0]), np.sign(c), 0.0)
        return np.asarray(c / np.linalg.norm(c))


def noise_table(
    m: int | None = None,
    n: int | None = None,
    positive: int | None = None,
    *,
    batch_size: int | None = None,
    seed: int | None = None,
    frame: str | None = None,
) -> Document:
    """Build the noise table.

    Args:
        m: Number of data points.
        n: Dimension.
        positive: Number of points with positive correlation at the start. With all three numbers
            the closed forms are evaluated and compared with training runs, and noise and signal
            are followed along a GD and an SGD run.
        batch_size: Points per batch of the SGD runs and of noise over signal, 1 to m; by default
            1. This and what follows needs the three numbers.
        seed: Seed of the start, the frame and the batches; by default 0.
        frame: ``standard`` (standard basis, the default) or ``random``.

    Returns:
        One symbolic table and, with numbers, one that compares and one along the runs.

    Raises:
        InputError: Only some numbers are given, or they are out of range, or an option has no
            effect without them.

    Example:
        >>> noise_table().tables[0].records()[2]["closed form"]
        '(1 - Q)/m'
    """
    options = {"batch_size": batch_size, "seed": seed, "frame": frame}
    seed = check_seed(0 if seed is None else seed)
    batch_size = check_integer(1 if batch_size is None else batch_size, "batch_size", 1)
    tables = [_symbolic_table()]
    numbers = check_sizes(m, n, positive, options)
    if numbers is None:
        return Document(SCHEMA, tuple(tables), provenance())
    m, n, positive = numbers
    batch_size = check_integer(batch_size, "batch_size", 1, m, "the number of data points")
    frame = frame or "standard"
    points = standard_basis(m, n) if frame == "standard" else random_frame(m, n, seed)
    setting = Setting(make_data(points), positive, batch_size, seed)
    label = f"m = {m}, n = {n}, {positive} positive, b = {batch_size}, {frame} frame, seed {seed}"
    pairs = [(activation, method) for activation in Activation for method in ("GD", "SGD")]
    tables.append(
        Table.build(
            f"Derived and measured: {label}",
            ("activation", "run", "quantity", "closed form", "evaluated", "measured",
             "difference", "margin"),
            (row for pair in pairs for row in _measured(setting, *pair)),
            (
                "At the minimum the closed forms get the limit that theory predicts from the "
                "start (GD) or the data point that won (SGD). Margin: difference in units of what "
                "the run's distance from its limit and rounding allow; at most 1 holds.",
            ),
        )
    )  # fmt: skip
    tables.append(
        Table.build(
            f"Along the runs: {label}",
            ("activation", "run", "step", "tr Sigma", "|G|²", "B_simple", "B_noise", "alignment",
             "noise/signal without", "noise/signal with"),
            (row for pair in pairs for row in _along(setting, *pair)),
            (
                "Alignment: tr(H Sigma) over |H| |Sigma|, 1 if Sigma is a multiple of H; κ = 0. "
                f"Noise/signal: of a batch of {batch_size} without and with replacement.",
                LIMITS,
            ),
        )
    )  # fmt: skip
    return Document(SCHEMA, tuple(tables), provenance(seed, "float64", "cpu"), primary=1)


def _symbolic_table() -> Table:
    rows = [
        (quantity, where, formula(closed_form(f"noise.{form}").expression))
        for quantity, where, form in ROWS
    ]
    return Table.build(
        "Noise of the gradient, in closed form",
        ("quantity", "where", "closed form"),
        rows,
        (LEGEND, LIMITS),
    )


def _measured(setting: Setting, activation: Activation, method: str) -> Iterator[tuple[Any, ...]]:
    """Compare closed forms with a run's start and its end."""
    run = setting.run(activation, method, TOLERANCE)
    data, m, n = setting.data, setting.data.m, setting.data.n
    # Within d of the limit a gradient, of norm at most 1 there, moves by at most 9 d (its Hessian
    # is at most 9 in size), Sigma by 4 times that, and products with H, of size 4/m or less which
    # moves by 24 d/m, by less than 100 d in all.
    distance = limit_distance(m, TOLERANCE)
    allowed = 100 * (distance + 64 * n * float(np.finfo(float).eps))

    def row(
        quantity: str, form: sp.Expr | str, value: float, measured: float, bound: float
    ) -> tuple[Any, ...]:
        shown = form if isinstance(form, str) else formula(form)
        difference = abs(measured - value)
        return (
            str(activation), method, quantity, shown, value,
            residual_cell(measured) if value == 0 else measured,
            residual_cell(difference), margin_cell(difference / bound),
        )  # fmt: skip

    forms = {name: closed_form(f"noise.{name}") for name in (
        "simple_scale", "curvature", "gradient_curvature", "trace_on_manifold",
        "curvature_on_manifold", "square_on_manifold",
    )}  # fmt: skip
    inner = data.points.numpy() @ setting.start()
    code = inner if activation is Activation.LINEAR else np.maximum(inner, 0)
    at = {"N": NORM**2, "C": float(code @ code), "Q": float((code**4).sum()), "m": m}
    found = noise_scales(setting.start(), data, activation=activation)
    # At such a start both figures of a ratio have at least 1/m of their digits.
    rounding = 1000 * m * n * float(np.finfo(float).eps) * (1 + abs(found.simple))
    value = forms["simple_scale"](**at)
    yield row(
        "B_simple at the start", forms["simple_scale"].expression, value, found.simple, rounding
    )
    above, below = (
        form(**{a: at[a] for a in form.arguments})
        for form in (forms["curvature"], forms["gradient_curvature"])
    )
    yield row(
        "B_noise at the start", "tr(H Sigma) / (G' H G)", above / below, found.curved, rounding
    )
    c = setting.limit(activation, run, method)
    given = {"Q": float((c**4).sum()), "sixth_powers": float((c**6).sum()), "m": m}
    end = noise_scales(run.weights[0], data, activation=activation, kink_width=100 * distance)
    spectrum = covariance_spectrum(run.weights[0], data, activation=activation).numpy()
    for quantity, name, measured in (
        ("tr Sigma at the minimum", "trace_on_manifold", end.trace),
        ("|Sigma|² at the minimum", "square_on_manifold", float((spectrum**2).sum())),
        ("tr(H Sigma) at the minimum", "curvature_on_manifold", end.curvature),
    ):
        value = float(forms[name](**{a: given[a] for a in forms[name].arguments}))
        yield row(quantity, forms[name].expression, value, measured, allowed)
    along = np.eye(m) - np.outer(c, c)
    expected = np.zeros(n)
    expected[:m] = np.linalg.eigvalsh(along @ np.diag(c**2) @ along) / m
    expected = np.sort(expected)
    difference = float(np.abs(expected - spectrum).max())
    yield (
        str(activation), method, "spectrum of Sigma at the minimum",
        "roots of Σ c²/(c² - m λ), and 0", _listed(expected), _listed(spectrum),
        residual_cell(difference), margin_cell(difference / allowed),
    )  # fmt: skip


def _listed(eigenvalues: NDArray[np.float64]) -> Cell:
    """Eigenvalues, largest first; zeros are counted."""
    values = sorted((float(v) for v in eigenvalues), reverse=True)
    shown = [f"{v:.5g}" for v in values if round(v, 9) > 0]
    zeros = len(values) - len(shown)
    return Cell(values, ", ".join([*shown, *([f"0 ×{zeros}"] if zeros else [])]))


def _along(setting: Setting, activation: Activation, method: str) -> Iterator[tuple[Any, ...]]:
    """Noise and signal at recorded steps."""
    run = setting.run(activation, method, WAY)
    figures = noise_along(run)
    m, b = setting.data.m, setting.batch_size
    factors = [
        sampling_factor(m, b, mode)
        for mode in (Sampling.WITHOUT_REPLACEMENT, Sampling.WITH_REPLACEMENT)
    ]
    for t, step in enumerate(figures.steps):
        simple = float(figures.simple[t, 0])
        yield (
            str(activation), method, int(step),
            *(float(v[t, 0]) for v in (figures.trace, figures.gradient_energy)),
            simple, float(figures.curved[t, 0]), float(figures.alignment[t, 0]),
            *(factor * simple for factor in factors),
        )  # fmt: skip
