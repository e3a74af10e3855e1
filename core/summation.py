"""Sums whose bits depend on nothing but their terms."""

from __future__ import annotations

import torch

__all__ = ["inner_products", "pairwise_sum", "project"]


def pairwise_sum(terms: torch.Tensor) -> torch.Tensor:
    """Sum over the first axis in a fixed binary tree.

    Library reductions choose their order by shape and thread count, so a replica's result would
    depend on how many others run beside it. The tree is made of elementwise additions, has error
    ``O(log m)`` instead of ``O(m)``, and costs ``log2(m)`` kernels.

    Args:
        terms: Shape ``(m, ...)``, m >= 1.

    Returns:
        Shape ``(...)``.
    """
    while (count := terms.shape[0]) > 1:
        half = count // 2
        paired = terms[:half] + terms[half : 2 * half]
        if count % 2:
            paired[0] += terms[-1]
        terms = paired
    return terms[0]


def inner_products(rows: torch.Tensor, points: torch.Tensor) -> torch.Tensor:
    """Inner products of vectors with data points.

    Args:
        rows: Vectors, shape ``(R, n)``.
        points: Data points, shape ``(m, n)``.

    Returns:
        Shape ``(m, R)``.
    """
    columns = rows.T.contiguous()
    return torch.stack([pairwise_sum(columns * point[:, None]) for point in points])


def project(rows: torch.Tensor, frame: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Split vectors into coordinates on an orthonormal frame and a rest.

    Args:
        rows: Vectors, shape ``(R, n)``.
        frame: Orthonormal rows, shape ``(m, n)``.

    Returns:
        Coordinates, shape ``(m, R)``, and the rest, shape ``(R, n)``, orthogonal to the frame to
        rounding: it is orthogonalised twice, which is enough (Kahan).
    """
    coordinates = inner_products(rows, frame)
    rest = rows.T.clone(memory_format=torch.contiguous_format)
    for point, value in zip(frame, coordinates, strict=True):
        rest -= point[:, None] * value
    for point in frame:
        rest -= point[:, None] * pairwise_sum(rest * point[:, None])
    return coordinates, rest.T.contiguous()
