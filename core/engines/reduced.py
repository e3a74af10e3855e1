r"""The engine ``reduced`` in correlation coordinates, whose step costs O(m) whatever n.

With :math:`\alpha = \eta / b`, :math:`N = |w|^2` and the multiplicity :math:`\mu_i` of point i in
the batch, let :math:`S = \sum_i \mu_i\, \varphi(c_i)^2`, :math:`s = 1 - \alpha S` and
:math:`g = \alpha (2 - N)`. One step is

.. math:: w \leftarrow s\, w + g \sum_i \mu_i\, \varphi(c_i)\, a_i ,

so the weights stay in the span of the data and of the start, and the part of the start outside
the data's span is multiplied by s.
"""

from __future__ import annotations

import torch

from whichmin.core.engines.base import Engine, Problem
from whichmin.core.summation import pairwise_sum, project
from whichmin.words import Activation

__all__ = ["GramEngine", "ReducedEngine", "reduced_engine"]


class ReducedEngine(Engine):
    r"""The engine for orthonormal data, exact in the correlations.

    With s, g and the multiplicities :math:`\mu_j` of the module,

    .. math:: c_j \leftarrow s\, c_j + g\, \mu_j\, \varphi(c_j) .

    The bits of a replica depend on no other replica: all sums over the data have a fixed order.

    Attributes:
        c: Correlations, shape ``(m, replicas)``: replicas are contiguous, so that every kernel of
            a step runs along them.
        off: Factor of the start's off-span part, shape ``(replicas,)``.
        off_energy: Squared norm of the start's off-span part, shape ``(replicas,)``.
    """

    name = "reduced"
    state_names = ("c", "off", "off_energy", "off_span")
    threaded = True

    def __init__(self, problem: Problem, start: torch.Tensor) -> None:
        self.problem = problem
        self.c, self.off_span = project(start, problem.data.points)
        self.off_energy = pairwise_sum(self.off_span.T.square())
        self.off = torch.ones_like(self.off_energy)
        self._relu = problem.activation is Activation.RELU

    def squared_norm(self) -> torch.Tensor:
        """Return the squared norm N of the weights, shape ``(replicas,)``."""
        return pairwise_sum(self.c.square()) + self.off_span_energy()

    def step(self, batch: torch.Tensor | None) -> None:
        """Take one step (see :meth:`Engine.step`)."""
        norm = self.squared_norm()
        if batch is None:
            picked, size = self.c, self.problem.data.m
        else:
            picked, size = self.c.gather(0, batch.T), batch.shape[1]
        code = picked.clamp_min(0) if self._relu else picked
        alpha = self.problem.step_size / size
        shrink = 1 - alpha * pairwise_sum(code.square())
        gain = alpha * (2 - norm)
        added = code * gain
        self.c *= shrink
        if batch is None:
            self.c += added
        else:
            self.c.scatter_add_(0, batch.T, added)
        self.off *= shrink

    def weights(self) -> torch.Tensor:
        """Return the weights, shape ``(replicas, n)``."""
        total = self.off[:, None] * self.off_span
        for value, point in zip(self.c, self.problem.data.points, strict=True):
            total += value[:, None] * point
        return total

    def correlations(self) -> torch.Tensor:
        """Return the inner products with the data, shape ``(replicas, m)``."""
        return self.c.T.clone(memory_format=torch.contiguous_format)

    def off_span_energy(self) -> torch.Tensor:
        """Return the squared norm outside the data's span, shape ``(replicas,)``."""
        return self.off.square() * self.off_energy

    def keep(self, chosen: torch.Tensor) -> None:
        """Drop all replicas but the chosen ones."""
        self.c = self.c[:, chosen].contiguous()
        self.off, self.off_energy = self.off[chosen], self.off_energy[chosen]
        self.off_span = self.off_span[chosen]


class GramEngine(Engine):
    r"""The engine for correlated data, which uses their Gram matrix and O(b m) operations a step.

    With :math:`K = A A^\top`, s and g of the module, and :math:`f_i = \mu_i\, \varphi(c_i)`,

    .. math:: c \leftarrow s\, c + g\, K f, \qquad
              N \leftarrow s^2 N + 2 s g\, f^\top c + g^2 f^\top K f .

    The weights are ``w = off w_0 + beta A``, where ``off`` is multiplied by s in every step and
    ``beta`` becomes ``s beta + g f``.
    """

    name = "gram"
    state_names = ("start", "c", "norm", "off", "beta")

    def __init__(self, problem: Problem, start: torch.Tensor) -> None:
        self.problem = problem
        self.start = start.clone()
        self.c = start @ problem.data.points.T
        self.norm = start.square().sum(-1)
        self.off = torch.ones_like(self.norm)
        self.beta = torch.zeros_like(self.c)
        self._relu = problem.activation is Activation.RELU

    def step(self, batch: torch.Tensor | None) -> None:
        """Take one step (see :meth:`Engine.step`)."""
        code = self.c.clamp_min(0) if self._relu else self.c
        if batch is None:
            force, size = code, self.problem.data.m
        else:
            picked, size = code.gather(1, batch), batch.shape[1]
            force = torch.zeros_like(code).scatter_add_(1, batch, picked)
        alpha = self.problem.step_size / size
        shrink = 1 - alpha * (force * code).sum(-1)
        gain = alpha * (2 - self.norm)
        pushed = force @ self.problem.data.gram
        self.norm = (
            shrink.square() * self.norm
            + 2 * shrink * gain * (force * self.c).sum(-1)
            + gain.square() * (force * pushed).sum(-1)
        )
        self.c = shrink[:, None] * self.c + gain[:, None] * pushed
        self.beta = shrink[:, None] * self.beta + gain[:, None] * force
        self.off = shrink * self.off

    def squared_norm(self) -> torch.Tensor:
        """Return the squared norm N of the weights, shape ``(replicas,)``."""
        return self.norm.clone()

    def weights(self) -> torch.Tensor:
        """Return the weights, shape ``(replicas, n)``."""
        return self.off[:, None] * self.start + self.beta @ self.problem.data.points

    def correlations(self) -> torch.Tensor:
        """Return the inner products with the data, shape ``(replicas, m)``."""
        return self.c.clone()

    def off_span_energy(self) -> torch.Tensor:
        """Return the squared norm outside the data's span, shape ``(replicas,)``."""
        inverse = self.problem.data.gram_inverse
        first = self.start @ self.problem.data.points.T
        residual: torch.Tensor = self.start - (first @ inverse) @ self.problem.data.points
        return self.off.square() * residual.square().sum(-1)

    def keep(self, chosen: torch.Tensor) -> None:
        """Drop all replicas but the chosen ones."""
        for name in self.state_names:
            setattr(self, name, getattr(self, name)[chosen])


def reduced_engine(problem: Problem, start: torch.Tensor) -> Engine:
    """Return the cheapest exact engine in correlation coordinates for this data."""
    if problem.data.orthonormal:
        return ReducedEngine(problem, start)
    return GramEngine(problem, start)
