"""The instruments and published tools, each as it is called, for ``peers.py``.

A tool has a method for each row that it can fill, and names in ``needs`` what must be installed.
"""

from __future__ import annotations

import copy
import time

import numpy as np
import torch
from torch import nn

from whichmin import noise, sharpness

__all__ = ["TOOLS", "Ours"]


class Ours:
    """whichmin."""

    def __init__(self, net, x, y, v):
        self.v = v
        began = time.process_time()
        self.objective = sharpness.module_objective(net, nn.CrossEntropyLoss(), (x, y))
        self.objective.confirm()
        noise.sample_gradient_norms(self.objective)
        self.preparation = time.process_time() - began

    def product(self):
        multiply = sharpness.hessian_operator(self.objective)
        multiply(self.v)  # keeps the graph
        return lambda: multiply(self.v)

    def top(self):
        return sharpness.extreme_eigenvalues(self.objective, tolerance=1e-3, doubt=None).values

    def top_with_limits(self):
        return sharpness.extreme_eigenvalues(self.objective, tolerance=1e-3).values

    def trace(self):
        return sharpness.estimate_trace(self.objective, target=0.02).value

    def ten(self):
        found = sharpness.extreme_eigenvalues(self.objective, 10, tolerance=1e-3, doubt=None)
        return found.values

    def norms(self):
        return noise.sample_gradient_norms(self.objective)

    def scale(self):
        return noise.gradient_noise(self.objective).simple_scale


class PyHessian:
    """Its graph is kept for one batch; its trace and power iteration stop at changes."""

    needs = "pyhessian"

    def __init__(self, net, x, y, v):
        from pyhessian import hessian

        self.make = lambda: hessian(net, nn.CrossEntropyLoss(), data=(x, y), cuda=False)
        self.v = v

    def product(self):
        from pyhessian.utils import hessian_vector_product

        tool = self.make()
        parts = self._parts(tool.params)
        return lambda: torch.cat([
            h.reshape(-1) for h in hessian_vector_product(tool.gradsH, tool.params, parts)
        ])

    def _parts(self, params):
        parts = self.v.split([p.numel() for p in params])
        return [part.view(p.shape) for part, p in zip(parts, params, strict=True)]

    def top(self):
        return self.make().eigenvalues(maxIter=100, tol=1e-3)[0]

    def trace(self):
        return float(np.mean(self.make().trace(maxIter=200, tol=2e-3)))

    def ten(self):
        return self.make().eigenvalues(maxIter=100, tol=1e-3, top_n=10)[0]


class Landscaper(PyHessian):
    """Its PyHessian with the graph kept (``try_cache``); its limits are those of the original."""

    needs = "landscaper"

    def __init__(self, net, x, y, v):
        from landscaper import PyHessian as Tool

        self.make = lambda: Tool(
            copy.deepcopy(net).eval(), nn.CrossEntropyLoss(), [(x, y)], "cpu", try_cache=True
        )
        self.v = v

    def product(self):
        tool = self.make()
        parts = self._parts(tool.params)
        return lambda: torch.cat([h.reshape(-1) for h in tool.hv_product(parts)[1]])


class Curvlinops:
    """Its operator, with SciPy's eigsh, and its XTrace with as many products as ours took."""

    needs = "curvlinops"

    def __init__(self, net, x, y, v):
        from curvlinops import HessianLinearOperator

        self.make = lambda: HessianLinearOperator(
            net, nn.CrossEntropyLoss(), list(net.parameters()), [(x, y)],
            check_deterministic=False,
        )  # fmt: skip
        self.v = v

    def product(self):
        tool = self.make()
        return lambda: tool @ self.v

    def _eigenvalues(self, k):
        from scipy.sparse.linalg import eigsh

        scipy = self.make().to_scipy()
        return eigsh(scipy, k, which="LA", tol=1e-3, return_eigenvectors=False)[::-1].copy()

    def top(self):
        return self._eigenvalues(1)

    def ten(self):
        return self._eigenvalues(10)

    def trace(self):
        from curvlinops import xtrace

        return float(xtrace(self.make(), 40))


class Eigenthings:
    """hessian-eigenthings: Lanczos and Hutchinson."""

    needs = "hessian_eigenthings"

    def __init__(self, net, x, y, v):
        from hessian_eigenthings import HessianOperator, supervised_loss

        loss = supervised_loss(nn.functional.cross_entropy)
        self.make, self.v = lambda: HessianOperator(net, [(x, y)], loss), v

    def product(self):
        tool = self.make()
        return lambda: tool.matvec(self.v)

    def _eigenvalues(self, k):
        from hessian_eigenthings import lanczos

        steps = 12 if k == 1 else 40
        return lanczos(
            self.make(), k=k, max_iter=steps, which="LA", reorthogonalize=True, seed=0
        ).eigenvalues

    def top(self):
        return self._eigenvalues(1)

    def ten(self):
        return self._eigenvalues(10)

    def trace(self):
        from hessian_eigenthings import hutchinson

        return float(hutchinson(self.make(), num_samples=100, seed=0).estimate)


class Backpack:
    """BatchL2Grad."""

    needs = "backpack"

    def __init__(self, net, x, y, _):
        self.given = net, x, y

    def norms(self):
        from backpack import backpack, extend
        from backpack.extensions import BatchL2Grad

        net, x, y = self.given
        model, loss = extend(copy.deepcopy(net)), extend(nn.CrossEntropyLoss())
        with backpack(BatchL2Grad()):
            loss(model(x), y).backward()
        squares = sum(p.batch_l2 for p in model.parameters())
        self.model = model
        return squares.sqrt() * len(x)  # of the mean's terms

    def scale(self):
        squares = self.norms().double().square()
        mean = sum(p.grad.double().square().sum() for p in self.model.parameters())
        return float(squares.mean() / mean - 1)


class Opacus:
    """GradSampleModule, whose gradients are formed."""

    needs = "opacus"

    def __init__(self, net, x, y, _):
        self.given = net, x, y

    def _gradients(self):
        from opacus import GradSampleModule

        net, x, y = self.given
        # It records activations in training mode only.
        model = GradSampleModule(copy.deepcopy(net).train(), loss_reduction="mean")
        nn.functional.cross_entropy(model(x), y).backward()
        return torch.cat([p.grad_sample.flatten(1) for p in model.parameters()], 1)

    def norms(self):
        return torch.linalg.vector_norm(self._gradients(), dim=1)

    def scale(self):
        each = self._gradients().double()
        mean = each.mean(0)
        return float((each - mean).square().sum() / len(each) / mean.square().sum())


TOOLS = {"whichmin": Ours, "PyHessian": PyHessian, "landscaper": Landscaper,
         "curvlinops": Curvlinops, "hessian-eigenthings": Eigenthings, "BackPACK": Backpack,
         "Opacus": Opacus}  # fmt: skip
