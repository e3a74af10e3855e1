"""Show the counterexamples to claims on the loss, each as a script of its own."""

from __future__ import annotations

from whichmin.verification.evidence.claim import counterexample

__all__: list[str] = []  # whichmin claims show ID prints them


@counterexample("landscape.orthogonal_data")
def orthogonal_data() -> None:
    import numpy as np

    data, w = np.diag([2.0, 1.0]), np.array([0.25, 0.25])
    for _ in range(2000):
        c = data @ w
        w = w - 0.2 * ((w @ w - 2) * c @ data + (c @ c) * w) / 2
    print(np.abs(w).round(6))


@counterexample("general.manifold")
def manifold() -> None:
    import numpy as np

    rng = np.random.default_rng(0)
    X, y, w0 = rng.normal(size=(3, 5)), rng.normal(size=3), rng.normal(size=5)
    ends = []
    for b in (1, 3):
        w = w0.copy()
        for _ in range(20000):
            k = rng.permutation(3)[:b]
            w = w - 0.1 * X[k].T @ (X[k] @ w - y[k]) / b
        ends.append(w)
    print(np.allclose(*ends, atol=1e-9), np.allclose(X @ ends[0], y, atol=1e-9))
