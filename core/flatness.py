"""Log-determinant of the Hessian over directions of non-zero curvature, and relative flatness."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from whichmin.core.data import check_point
from whichmin.core.hessian import hessian_spectrum, hessian_trace
from whichmin.core.validation import check_positive

__all__ = ["LogDeterminant", "log_determinant", "relative_flatness"]


@dataclass(frozen=True)
class LogDeterminant:
    """Sum of the logarithms of the eigenvalues that are not zero.

    Attributes:
        value: The sum, natural logarithms; NaN if an eigenvalue is negative.
        directions: Number of eigenvalues in it.
        flat: Number of eigenvalues left out because they are zero.
    """

    value: float
    directions: int
    flat: int


def log_determinant(w: Any, data: Any, *, zero: float = 1e-6, **options: Any) -> LogDeterminant:
    """Log-determinant of the Hessian without its zero eigenvalues.

    The determinant itself is 0 wherever minima form a manifold.

    Args:
        w: Weights, shape ``(n,)``.
        data: Data points as rows, shape ``(m, n)``.
        zero: Eigenvalues up to this multiple of the largest size count as 0. The default lies
            between what a converged iterate leaves (1e-9) and the smallest of the model (1/8).
        **options: As for :func:`~whichmin.core.hessian.hessian`.

    Returns:
        The sum, with how many eigenvalues are in it and how many are not.

    Raises:
        InputError: An argument is out of range.
    """
    width = check_positive(zero, "zero", 1.0)
    spectrum = hessian_spectrum(w, data, **options).numpy()
    kept = spectrum[np.abs(spectrum) > width * np.abs(spectrum).max(initial=0.0)]
    value = float(np.log(kept).sum()) if (kept > 0).all() else float("nan")
    return LogDeterminant(value, len(kept), len(spectrum) - len(kept))


def relative_flatness(w: Any, data: Any, **options: Any) -> float:
    """Relative flatness of the neuron: squared length of its weights times the Hessian's trace.

    Source: Petzka et al. 2021, definition 3: the sum over pairs of neurons of ``<w_s, w_s'>`` times
    the trace of their block of the Hessian; here there is one neuron.

    Args:
        w: Weights, shape ``(n,)``.
        data: Data points as rows, shape ``(m, n)``.
        **options: As for :func:`~whichmin.core.hessian.hessian`.

    Returns:
        The number, in units of the loss.
    """
    weight, _ = check_point(w, data)
    return float(weight @ weight) * hessian_trace(w, data, **options)
