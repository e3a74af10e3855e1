r"""The model with other activations, for the diagnosis.

With an activation :math:`\varphi` and :math:`c = \langle w, a \rangle` the loss of a point is
:math:`|a|^2/2 - c\,\varphi(c) + N \varphi(c)^2/2`, and its gradient

.. math:: \bigl(N \varphi \varphi' - \varphi - c\,\varphi'\bigr)\, a + \varphi^2\, w .
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

__all__ = ["Phi", "elu", "formula_with", "leaky", "named", "slope_with"]

Floats = NDArray[np.float64]
# Inner products to the activation and its derivative.
Phi = Callable[[Floats], tuple[Floats, Floats]]

_erf = np.vectorize(math.erf, otypes=[np.float64])


def slope_with(phi: Phi) -> Callable[[Floats, Floats], Floats]:
    """Make the summed gradient of the model with an activation.

    Args:
        phi: The activation and its derivative.

    Returns:
        Function of the weights and the rows.
    """

    def slope(w: Floats, rows: Floats) -> Floats:
        c = rows @ w
        f, d = phi(c)
        return np.asarray(((w @ w) * f * d - f - c * d) @ rows + (f @ f) * w)

    return slope


def formula_with(phi: Callable[[Floats], Floats]) -> Callable[[Floats, Floats], Floats]:
    """Make ``(N - 2) phi a + phi^2 w``, which is the gradient for relu and the identity alone.

    Args:
        phi: The activation that is put into it.

    Returns:
        Function of the weights and the rows.
    """

    def slope(w: Floats, rows: Floats) -> Floats:
        f = phi(rows @ w)
        return np.asarray((w @ w - 2) * (f @ rows) + (f @ f) * w)

    return slope


def leaky(share: float) -> Phi:
    """Return the leaky relu with a slope for negative values."""
    return lambda c: (np.where(c > 0, c, share * c), np.where(c > 0, 1.0, share))


def elu(alpha: float) -> Phi:
    """Return ``alpha (exp(c) - 1)`` for negative values, else c."""

    def phi(c: Floats) -> tuple[Floats, Floats]:
        low = np.minimum(c, 0)
        return np.where(c > 0, c, alpha * np.expm1(low)), np.where(c > 0, 1.0, alpha * np.exp(low))

    return phi


def _gelu(c: Floats) -> tuple[Floats, Floats]:
    below = (1 + _erf(c / math.sqrt(2))) / 2
    return c * below, below + c * np.exp(-c * c / 2) / math.sqrt(2 * math.pi)


def _gelu_tanh(c: Floats) -> tuple[Floats, Floats]:
    k = math.sqrt(2 / math.pi)
    t = np.tanh(k * (c + 0.044715 * c**3))
    return c * (1 + t) / 2, (1 + t) / 2 + c * (1 - t * t) * k * (1 + 3 * 0.044715 * c * c) / 2


def _silu(c: Floats) -> tuple[Floats, Floats]:
    s = 1 / (1 + np.exp(-c))
    return c * s, s * (1 + c * (1 - s))


def _sigmoid(c: Floats) -> tuple[Floats, Floats]:
    s = 1 / (1 + np.exp(-c))
    return s, s * (1 - s)


def _tanh(c: Floats) -> tuple[Floats, Floats]:
    t = np.tanh(c)
    return t, 1 - t * t


def _softplus(c: Floats) -> tuple[Floats, Floats]:
    return np.logaddexp(0, c), 1 / (1 + np.exp(-c))


def _selu(c: Floats) -> tuple[Floats, Floats]:
    scale, alpha = 1.0507009873554804934193349852946, 1.6732632423543772848170429916717
    f, d = elu(alpha)(c)
    return scale * f, scale * d


def _square(c: Floats) -> tuple[Floats, Floats]:
    r = np.maximum(c, 0)
    return r * r, 2 * r


def _mish(c: Floats) -> tuple[Floats, Floats]:
    s, d = _softplus(c)
    t = np.tanh(s)
    return c * t, t + c * (1 - t * t) * d


def _hard_swish(c: Floats) -> tuple[Floats, Floats]:
    inner = np.clip(c + 3, 0, 6) / 6
    return c * inner, inner + np.where((c > -3) & (c < 3), c / 6, 0)


def named(activation: str) -> Iterator[tuple[str, Phi]]:
    """List activations that may stand where another is meant.

    Args:
        activation: The one that is meant, ``linear`` or ``relu``.

    Yields:
        Cause and activation.
    """
    yield from (
        (f"GELU in place of {activation}", _gelu),
        (f"GELU (its tanh form) in place of {activation}", _gelu_tanh),
        (f"SiLU (swish) in place of {activation}", _silu),
        (f"tanh in place of {activation}", _tanh),
        (f"the sigmoid in place of {activation}", _sigmoid),
        (f"softplus in place of {activation}", _softplus),
        (f"SELU in place of {activation}", _selu),
        (f"Mish in place of {activation}", _mish),
        (f"hard swish in place of {activation}", _hard_swish),
        (f"the square of relu in place of {activation}", _square),
    )
    if activation == "relu":
        yield "the absolute value for relu", lambda c: (np.abs(c), np.sign(c))
        yield ("relu6: the activation is cut at 6",
               lambda c: (np.clip(c, 0, 6), np.where((c > 0) & (c < 6), 1.0, 0.0)))  # fmt: skip
