"""Show the counterexamples to claims on SGD, each as a script of its own."""

from __future__ import annotations

from whichmin.verification.evidence.claim import counterexample

__all__: list[str] = []  # whichmin claims show ID prints them


@counterexample("sgd.limit_set")
def limit_set() -> None:
    import itertools

    import numpy as np

    largest = 0.0
    for batches in itertools.product((0, 1), repeat=12):
        w = np.array([0.6, -0.3])
        for k in batches:
            c = np.maximum(w, 0) * np.eye(2)[k]
            w = w - 0.2 * ((w @ w - 2) * c + (c @ c) * w)
        largest = max(largest, abs(w[1]))
    print(largest)


@counterexample("sgd.positive_only")
def positive_only() -> None:
    import numpy as np

    rng = np.random.default_rng(0)
    w = np.array([-0.5, -0.4])
    for k in rng.integers(2, size=20000):
        c = w * np.eye(2)[k]
        w = w - 0.2 * ((w @ w - 2) * c + (c @ c) * w)
    print(*sorted(w.round(6)))


@counterexample("sgd.correlated")
def correlated() -> None:
    import numpy as np

    w, a = np.array([1.0, 0.0]), np.array([0.6, 0.8])
    c = w @ a
    print(((w @ w - 2) * c * a + c**2 * w).round(6))


@counterexample("walk.constant")
def constant() -> None:
    import numpy as np

    w = np.array([0.6, -0.3])
    c = np.maximum(w, 0)
    v = w - 0.2 * ((w @ w - 2) * c + (c @ c) * w) / 2
    print([round(float(np.log(abs(u[0] / u[1]))), 3) for u in (w, v)])


@counterexample("walk.gain")
def gain() -> None:
    import numpy as np

    w = np.array([1, 1e-6, 1e-6])
    c = w * [1, 1, 0]
    v = w - 0.2 * ((w @ w - 2) * c + (c @ c) * w) / 2
    R = lambda u: np.log(u[0] / u[1:].sum())
    print((R(v) - R(w)).round(3), -np.log(0.8).round(3))


@counterexample("walk.decrease")
def decrease() -> None:
    import numpy as np

    for x in (1e-3, 1e-6):
        w = np.array([1, x])
        v = w - 0.2 * ((w @ w - 2) * np.array([0, x]) + x**2 * w)
        print(np.log(v[1] / v[0] / x).round(3))


@counterexample("walk.transience")
def transience() -> None:
    import numpy as np

    p = np.zeros(200)
    p[1] = 1
    for _ in range(150):
        new = np.zeros(200)
        new[0] = p[0] + p[1] / 3
        new[1:-1] += p[2:] / 3
        new[2:] += p[1:-1] * 2 / 3
        p = new
    print(p[0].round(4))


@counterexample("walk.drift_far_out")
def drift_far_out() -> None:
    import numpy as np

    R = lambda u: np.log(u[0] / u[1:].sum())
    for x in (1e-3, 1e-6):
        w = np.array([1, x, x]) / 100
        change = []
        for k in range(3):
            c = w * np.eye(3)[k]
            v = w - 0.2 * ((w @ w - 2) * c + (c @ c) * w)
            change.append(R(v) - R(w))
        print(np.mean(change).round(4))
