r"""Bound binomial tails, with a proof for any number of trials and in NumPy alone.

For a mean X of n independent indicators of mean p, and any x above p (below alike),

.. math:: P(X \ge x) \le e^{-n\,D(x, p)}, \qquad
          D(x, p) = x \log\frac{x}{p} + (1 - x) \log\frac{1 - x}{1 - p}

(Chernoff). The same holds for draws without replacement: their number of hits is at most as spread
as a binomial one in convex order (Hoeffding, J. Amer. Statist. Assoc. 58 (1963), theorem 4), and so
is the sum of independent ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["frequency_bounds"]

Floats = NDArray[np.float64]


def _divergence(x: Floats, p: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        left = np.where(x > 0, x * np.log(x / p), 0.0)
        right = np.where(x < 1, (1 - x) * np.log((1 - x) / (1 - p)), 0.0)
    return np.asarray(left + right)


def frequency_bounds(
    counts: Any, totals: Any, chances: Sequence[Any] | Floats, alarm: float
) -> Any:
    """Compute how far frequencies may be from their chances, each on its side.

    Args:
        counts: How often each event occurred.
        totals: Among how many trials, a number or one for each event.
        chances: Their chances.
        alarm: False alarms of all events together.

    Returns:
        The largest deviation allowed, one for each event; 0 for chances of 0 and 1.
    """
    p = np.asarray([float(c) for c in chances])
    total = np.broadcast_to(np.asarray(totals, dtype=np.float64), p.shape)
    above = np.asarray(counts) >= p * total
    need = np.log(2 * len(p) / alarm) / total
    # The end where the frequency is judged; the divergence grows towards it.
    end = np.where(above, 1.0, 0.0)
    low, high = p.copy(), end.copy()
    for _ in range(60):
        middle = (low + high) / 2
        far = _divergence(middle, p) >= need
        low, high = np.where(far, low, middle), np.where(far, middle, high)
    # One part in 2^40 covers the rounding of the logarithms: 2^-52 relative to need n D, below 2^8.
    return np.where((p == 0) | (p == 1), 0.0, np.abs(high - p) * (1 + 2.0**-40))
