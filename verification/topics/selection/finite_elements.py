"""The selection law of three active points, by finite elements.

The chance h that a point wins is harmonic for the selection process. In ``x = u_1 - u_3`` and
``y = u_2 - u_3``, ``u = log|c|``, that is ``div(W A grad h) = 0`` with the weight W below and
``A = [[2, 1], [1, 2]]`` (:mod:`whichmin.symbolic.selection.three_points`), x and y unbounded.

Why it is well posed: with ``k = sqrt(W) h`` the energy is ``|grad k|^2 + V k^2``, V = 5/3 minus
the sum of the squared shares, at least 2/3. So on any bounded domain with values given at its
boundary there is one solution. On the whole plane bounded solutions are expectations of their
values where the process ends, and it ends at a vertex.

In these coordinates nothing degenerates: vertices and edges of the simplex lie at infinity. Along
an edge (one coordinate 0, which it stays) the law is the one of two points, 1 - 2 theta/pi, and
the approach to it is like exp(-distance), smooth. In angles that would be a singularity.

Cut off where the larger of x and y in size is L, the chance lies between two solutions: ``U_i =
(2/pi) arcsin(c_i/|c|)`` never drifts up, so it bounds the chance from above, and ``1 - U_j -
U_k`` from below; their boundary values bracket the chance by the maximum principle, as far as the
mesh resolves them. On an edge both are the law of two points; on the boundary they differ by less
than exp(-L).
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["ThreePoints", "solve", "upper_bounds", "weight"]

Floats = NDArray[np.float64]
Weight = Callable[[Floats, Floats], Floats]

CUT = 13.0  # exp(-13) is 2e-6
# Cells are this wide next to the centre, where the law bends, and grow outwards.
_WIDTH, _CORE, _GROWTH = 0.25, 3.0, 1.05


def weight(x: Floats, y: Floats) -> Floats:
    """Compute the weight ``W = sum_i c_i^2 / (c_1 c_2 c_3)^(2/3)``.

    Args:
        x: ``log|c_1/c_3|``.
        y: ``log|c_2/c_3|``, same shape.

    Returns:
        The weight, same shape.
    """
    mean = (x + y) / 3
    return np.asarray(np.exp(2 * (x - mean)) + np.exp(2 * (y - mean)) + np.exp(-2 * mean))


def upper_bounds(x: Floats, y: Floats) -> Floats:
    """Compute ``(2/pi) arcsin(c_i/|c|)`` of the three points.

    Args:
        x: ``log|c_1/c_3|``, shape ``(k,)``.
        y: ``log|c_2/c_3|``, shape ``(k,)``.

    Returns:
        Shape ``(3, k)``.
    """
    u = np.stack([x, y, np.zeros_like(x)])
    c = np.exp(u - u.max(0))
    return np.asarray(2 / math.pi * np.arcsin(np.minimum(c / np.linalg.norm(c, axis=0), 1.0)))


@dataclass(frozen=True, eq=False)
class ThreePoints:
    """A solution of the boundary-value problem.

    Attributes:
        basis: Finite-element basis.
        above: Coefficients of the solutions with the upper bounds as boundary values, ``(3, k)``.
    """

    basis: Any
    above: Floats

    @property
    def unknowns(self) -> int:
        """Number of coefficients."""
        return int(self.above.shape[1])

    def bracket(self, x: Any, y: Any) -> tuple[Floats, Floats]:
        """Evaluate the lower and the upper solution at places.

        Args:
            x: ``log|c_1/c_3|``, shape ``(k,)``.
            y: ``log|c_2/c_3|``, shape ``(k,)``.

        Returns:
            Chances of the three points, shape ``(3, k)``, twice.
        """
        places = np.stack([np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)])
        high = (self.basis.probes(places) @ self.above.T).T
        # By linearity the lower solution of a point is 1 minus the upper ones of the others.
        return np.asarray(1 - (high.sum(0) - high)), np.asarray(high)

    def chances(self, x: Any, y: Any) -> Floats:
        """Evaluate the chances of the three points, the middles of the brackets.

        Args:
            x: ``log|c_1/c_3|``, shape ``(k,)``.
            y: ``log|c_2/c_3|``, shape ``(k,)``.

        Returns:
            Shape ``(3, k)``.
        """
        low, high = self.bracket(x, y)
        return (low + high) / 2


def _cuts(halvings: int) -> Floats:
    places, width = [0.0], _WIDTH
    while places[-1] < CUT:
        if places[-1] > _CORE:
            width *= _GROWTH
        places.append(places[-1] + width)
    right = np.array(places) * CUT / places[-1]
    cuts = np.concatenate([-right[:0:-1], right])
    if halvings < 0:
        cuts = cuts[:: 2**-halvings]
    for _ in range(halvings):
        cuts = np.sort(np.concatenate([cuts, (cuts[1:] + cuts[:-1]) / 2]))
    return cuts


@functools.lru_cache(maxsize=4)
def solve(halvings: int = 0, scale: Weight = weight) -> ThreePoints:
    """Solve on a square of rectangles with biquadratic elements.

    Args:
        halvings: How often all cells are halved (-1: doubled); the error falls about eightfold.
        scale: The weight.

    Returns:
        The solution.
    """
    from scipy.sparse.linalg import splu
    from skfem import Basis, BilinearForm, ElementQuad2, MeshQuad
    from skfem.helpers import grad

    def energy(u: Any, v: Any, w: Any) -> Any:
        g, k = grad(u), grad(v)
        paired = 2 * g[0] * k[0] + 2 * g[1] * k[1] + g[0] * k[1] + g[1] * k[0]
        return scale(w.x[0], w.x[1]) * paired

    cuts = _cuts(halvings)
    basis = Basis(MeshQuad.init_tensor(cuts, cuts), ElementQuad2(), intorder=6)
    matrix = BilinearForm(energy).assemble(basis).tocsr()
    above = upper_bounds(*basis.doflocs)
    fixed = basis.get_dofs().flatten()
    free = np.setdiff1d(np.arange(matrix.shape[0]), fixed)
    # Symmetric and positive definite: no pivoting, and an ordering for that.
    factors = splu(
        matrix[free][:, free].tocsc(), permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0,
        options={"SymmetricMode": True},
    )  # fmt: skip
    above[:, free] = factors.solve(-(matrix[free][:, fixed] @ above[:, fixed].T)).T
    return ThreePoints(basis, above)
