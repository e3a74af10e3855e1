"""A small network on scikit-learn's digits, and the same network written out in NumPy."""

import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits
from torch import nn

from whichmin.core.instruments import closure_objective, module_objective
from whichmin.core.threads import single_threaded

sys.path.insert(0, str(Path(__file__).parent))  # for neuron.py

INPUTS, HIDDEN, CLASSES, SAMPLES = 64, 5, 10, 150


def forward(w, x):
    """Hidden units and log-probabilities, by hand."""
    ends = np.cumsum([HIDDEN * INPUTS, HIDDEN, CLASSES * HIDDEN, CLASSES])
    w1, b1, w2, b2 = np.split(w, ends[:-1])
    w1, w2 = w1.reshape(HIDDEN, INPUTS), w2.reshape(CLASSES, HIDDEN)
    hidden = np.tanh(x @ w1.T + b1)
    scores = hidden @ w2.T + b2
    scores = scores - scores.max(1, keepdims=True)
    return hidden, scores - np.log(np.exp(scores).sum(1, keepdims=True)), w2


def losses(w, x, y):
    return -forward(w, x)[1][np.arange(len(y)), y]


def sample_gradients(w, x, y):
    """Backpropagation by hand, one row per sample."""
    hidden, logs, w2 = forward(w, x)
    away = np.exp(logs)
    away[np.arange(len(y)), y] -= 1
    back = (away @ w2) * (1 - hidden**2)
    parts = (back[:, :, None] * x[:, None], back, away[:, :, None] * hidden[:, None], away)
    return np.concatenate([p.reshape(len(y), -1) for p in parts], axis=1)


def written_out(x, y):
    """The same loss as one function of the flat vector, in PyTorch, without a module."""

    def loss(w):
        w1, b1, w2, b2 = w.split([HIDDEN * INPUTS, HIDDEN, CLASSES * HIDDEN, CLASSES])
        hidden = torch.tanh(x @ w1.view(HIDDEN, INPUTS).T + b1)
        scores = hidden @ w2.view(CLASSES, HIDDEN).T + b2
        return -torch.log_softmax(scores, 1)[torch.arange(len(y)), y].mean()

    return loss


@pytest.fixture(autouse=True, scope="session")
def _one_thread():
    """Threads only get in each other's way on matrices this small."""
    with single_threaded():
        yield


@pytest.fixture(scope="session")
def digits():
    """Network, data, objective, and references by other routes: NumPy and a dense Hessian."""
    bunch = load_digits()
    x = torch.from_numpy(bunch.data[:SAMPLES] / 16)
    y = torch.from_numpy(bunch.target[:SAMPLES].astype(np.int64))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(7)
        net = nn.Sequential(nn.Linear(INPUTS, HIDDEN), nn.Tanh(), nn.Linear(HIDDEN, CLASSES))
        net = net.double()
    optimiser = torch.optim.SGD(net.parameters(), lr=0.5)
    for _ in range(150):
        optimiser.zero_grad()
        nn.functional.cross_entropy(net(x), y).backward()
        optimiser.step()
    objective = module_objective(net, nn.CrossEntropyLoss(), (x, y))
    loss = written_out(x, y)
    dense = torch.autograd.functional.hessian(loss, objective.point, vectorize=True)
    w = objective.point.numpy()
    return SimpleNamespace(
        net=net, x=x, y=y, objective=objective, loss=loss, hessian=dense.numpy(), w=w,
        gradients=sample_gradients(w, x.numpy(), y.numpy()),
        losses=lambda v: losses(v, x.numpy(), y.numpy()),
        slope=lambda v: sample_gradients(v, x.numpy(), y.numpy()).mean(0),
        closure=closure_objective(loss, w),
    )  # fmt: skip
