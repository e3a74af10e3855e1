"""Show the counterexamples to claims on the Hessian, each as a script of its own."""

from __future__ import annotations

from whichmin.verification.evidence.claim import counterexample

__all__: list[str] = []  # whichmin claims show ID prints them


@counterexample("measures.small_batches_flat")
def small_batches_flat() -> None:
    import torch

    def loss(w):
        a = torch.eye(4, 6, dtype=torch.float64)
        return 0.5 * ((a - torch.relu(a @ w)[:, None] * w) ** 2).sum() / 4

    dense = torch.tensor([1, 1, 1, 0, 0, 0], dtype=torch.float64) / 3**0.5
    single = torch.eye(6, dtype=torch.float64)[0]
    for w in (dense, single):
        print(round(float(torch.autograd.functional.hessian(loss, w).trace()), 9))


@counterexample("measures.small_batches_sharp")
def small_batches_sharp() -> None:
    import itertools

    import numpy as np

    def loss(w, relu, A):
        c = A @ w
        c = np.maximum(c, 0) if relu else c
        return 0.5 * np.sum((A - np.outer(c, w)) ** 2) / len(A)

    def keskar(w, relu=True, A=None, eps=1e-3):
        A = np.eye(len(w)) if A is None else A
        signs = itertools.product((-1, 1), repeat=len(w))
        most = max(loss(w + eps * (abs(w) + 1) * s, relu, A) for s in map(np.array, signs))
        return 100 * (most - loss(w, relu, A)) / (1 + loss(w, relu, A))

    for w in (np.full(4, 0.5), np.eye(4)[0]):
        print(round(keskar(w), 9))


@counterexample("sharpness.small_batches_sharper")
def small_batches_sharper() -> None:
    import numpy as np

    def trace(w, h=1e-4):
        loss = lambda w: 0.5 + (w @ w - 2) * (w @ w) / 4
        step = h * np.eye(2)
        return sum((loss(w + e) - 2 * loss(w) + loss(w - e)) / h**2 for e in step)

    for w in (np.array([1.0, 0.0]), np.array([0.5, 0.5]) ** 0.5):
        print(round(float(trace(w)), 4))


@counterexample("sharpness.graded")
def graded() -> None:
    import numpy as np

    for b in (1, 2, 3):
        rng, w = np.random.default_rng(b), np.array([0.4, 0.3, 0.2, 0.1])
        for _ in range(100000):
            c = np.where(np.isin(range(4), rng.permutation(4)[:b]), np.maximum(w, 0), 0)
            w = w - 0.2 * ((w @ w - 2) * c + (c @ c) * w)
        print(np.sort(w).round(3) + 0.0)
