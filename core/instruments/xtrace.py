r"""XTrace: the trace from products alone, every test vector's remainder on all the others' range.

With test vectors :math:`\omega_i`, and :math:`Q_i` a basis of the images of all but the i-th,

.. math:: t_i = \operatorname{tr}(Q_i^\top H Q_i) +
                \omega_i^\top (1 - Q_i Q_i^\top)\,H\,(1 - Q_i Q_i^\top)\,\omega_i ,

each unbiased (Epperly, Tropp, Webber 2024, "XTrace: making the most of every sample in stochastic
trace estimation"). :math:`Q_i Q_i^\top = Q (1 - s_i s_i^\top) Q^\top`, :math:`s_i` the i-th column
of :math:`R^{-\top}` scaled to length 1, where :math:`H \Omega = Q R`; so all take the products
:math:`H \Omega` and :math:`H Q` only.

The terms share nearly all of their vectors: what their spread says of their mean's error is too
small. By how much was measured on spectra of five shapes, from flat to a few outliers: the error is
up to 1.4 times that. So the standard error here is half as large again as that of independent
terms; the suite has the intervals' coverage.
"""

from __future__ import annotations

import math

import torch

__all__ = ["SHARED", "xtrace_terms"]

SHARED = 1.5  # times the standard error of independent terms


def xtrace_terms(
    probes: torch.Tensor, images: torch.Tensor, q: torch.Tensor, of_q: torch.Tensor
) -> torch.Tensor | None:
    """Compute the terms.

    Args:
        probes: Test vectors, shape ``(n, k)``, as columns.
        images: Their products with H.
        q: Basis of the images, from a QR decomposition, ``(n, k)``.
        of_q: Its products with H.

    Returns:
        Shape ``(k,)``, float64; None where the images are dependent up to rounding.
    """
    small = q.T.double()
    r, inside = small @ images.double(), small @ probes.double()
    core = small @ of_q.double()
    core = (core + core.T) / 2
    diagonal = r.diagonal().abs()
    eps = torch.finfo(images.dtype).eps
    if float(diagonal.min()) <= math.sqrt(len(q)) * eps * float(r.abs().max()):
        return None
    one = torch.eye(len(r), dtype=r.dtype, device=r.device)
    s = torch.linalg.solve_triangular(r.triu(), one, upper=True).T
    s = s / torch.linalg.vector_norm(s, dim=0)
    x = inside - s * (s * inside).sum(0)
    rest = (probes.double() * images.double()).sum(0) - 2 * (x * r).sum(0) + (x * (core @ x)).sum(0)
    found: torch.Tensor = core.trace() - (s * (core @ s)).sum(0) + rest
    return found
