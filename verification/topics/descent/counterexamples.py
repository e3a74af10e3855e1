"""Show the counterexamples to claims on gradient descent, each as a script of its own."""

from __future__ import annotations

from whichmin.verification.evidence.claim import counterexample

__all__: list[str] = []  # whichmin claims show ID prints them


@counterexample("gd.limit")
def limit() -> None:
    import numpy as np

    w = np.array([0.6, -0.3])
    for _ in range(2000):
        c = np.maximum(w, 0)
        w = w - 0.2 * ((w @ w - 2) * c + (c @ c) * w) / 2
    print(np.abs(w).round(6))


@counterexample("gd.invariance")
def invariance() -> None:
    import numpy as np

    for data in (np.eye(2), np.array([[0.0, 1.0], [-1.0, 0.0]])):
        w = np.array([0.6, 0.3])
        for _ in range(2000):
            c = np.maximum(data @ w, 0)
            w = w - 0.2 * ((w @ w - 2) * c @ data + (c @ c) * w) / 2
        print(np.abs(w).round(4))


@counterexample("step_size.any_start")
def any_start() -> None:
    import numpy as np

    w = np.array([0.2, 0.1, 2.0])
    for t in range(4000):
        c = np.append(w[:2], 0.0)
        w = w - 0.2 / 2 * ((w @ w - 2) * c + (c @ c) * w)
    C, N = w[:2] @ w[:2], w @ w
    print(round(0.5 + (N - 2) * C / 4, 6), round(C, 6), N > 3)


@counterexample("gd.nearest_sharp")
def nearest_sharp() -> None:
    import numpy as np

    w0 = w = np.array([0.6, 0.3])
    for _ in range(2000):
        c = np.maximum(w, 0)
        w = w - 0.2 * ((w @ w - 2) * c + (c @ c) * w) / 2

    def trace(w):
        return sum(w @ w - 2 + (4 + 2) * c * c for c in w if c > 1e-9) / 2

    for u in (w, *np.eye(2)):
        print(np.round([np.linalg.norm(u - w0), trace(u)], 4))
