"""Show the counterexamples to claims on perturbed weights, each as a script of its own."""

from __future__ import annotations

from whichmin.verification.evidence.claim import counterexample

__all__: list[str] = []  # whichmin claims show ID prints them


@counterexample("measures.keskar_every_mixture")
def keskar_every_mixture() -> None:
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

    for w in (np.array([1599, 80]) / 1601, np.eye(2)[0]):
        print(round(keskar(w), 9))


@counterexample("measures.keskar_invariant")
def keskar_invariant() -> None:
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

    A = np.array([[3, 4], [-4, 3]]) / 5
    for w in (A[0], np.array([1.0, 0.0])):
        print(np.round(A @ w, 9) + 0.0, round(keskar(w, False, A), 9))
