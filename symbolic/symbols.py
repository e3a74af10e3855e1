"""Name the symbols of the model, with the assumptions that derivations may use.

=======  =====================================================================================
m, n, b  number of data points, dimension, batch size
eta      step size; ``alpha = eta / b``
w, a     weights, a data point (unit length, orthogonal to the others)
c        correlation ``<w, a>``; ``c_i`` with data point i
sigma    slope of the activation's piece: 1 active, 0 inactive (so ``sigma**2 = sigma``)
kappa    value given to the second derivative of ``phi(t)**2 / 2`` at the kink
N        ``|w|^2``
C        ``sum phi(c_i)^2``, the active energy
R        ``N - C``: off-span energy plus that of inactive correlations
S        ``sum phi(c_i)^2`` over a batch, with multiplicity mu
k, z     number of active points, number of points at the kink
=======  =====================================================================================
"""

from __future__ import annotations

import sympy as sp

__all__ = [
    "C", "N", "R", "S", "alpha", "b", "c", "eta", "i", "j", "k", "kappa", "m", "mu", "n", "sigma",
    "z",
]  # fmt: skip

m, n, b = sp.symbols("m n b", integer=True, positive=True)
k, z = sp.symbols("k z", integer=True, nonnegative=True)
i, j = sp.symbols("i j", integer=True)
eta, alpha = sp.symbols("eta alpha", positive=True)
kappa = sp.Symbol("kappa", real=True)
N, C, R, S = sp.symbols("N C R S", nonnegative=True)
c = sp.Symbol("c", real=True)
sigma = sp.Symbol("sigma", real=True)
mu = sp.Symbol("mu", integer=True, nonnegative=True)
