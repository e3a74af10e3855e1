"""Show the counterexamples to claims on cyclic orders, each as a script of its own."""

from __future__ import annotations

from whichmin.verification.evidence.claim import counterexample

__all__: list[str] = []  # whichmin claims show ID prints them


@counterexample("cyclic.higher_of_two")
def higher_of_two() -> None:
    import numpy as np

    w, eta = np.array([0.50, 0.52]), 0.2
    m = len(w)
    for t in range(4000):
        i = t % m
        c = w[i]
        grad = c * c * w
        grad[i] += (w @ w - 2) * c
        w = w - eta * grad
    print(w.round(6))


@counterexample("cyclic.largest_wins")
def largest_wins() -> None:
    import numpy as np

    w, eta = np.array([0.10, 0.10, 0.10, 0.11]), 0.2
    m = len(w)
    for t in range(8000):
        i = t % m
        c = w[i]
        grad = c * c * w
        grad[i] += (w @ w - 2) * c
        w = w - eta * grad
    print(w.round(6))


@counterexample("cyclic.largest_signed")
def largest_signed() -> None:
    import numpy as np

    w, eta = np.array([0.3, -0.5]), 0.2
    m = len(w)
    for t in range(4000):
        i = t % m
        c = w[i]
        grad = c * c * w
        grad[i] += (w @ w - 2) * c
        w = w - eta * grad
    print(w.round(6) + 0.0)


@counterexample("cyclic.some_point")
def some_point() -> None:
    from fractions import Fraction as F

    w, eta = [F(47, 67), F(48, 67)], F(4489, 106032)
    for t in range(4):
        i, N = t % 2, w[0] ** 2 + w[1] ** 2
        c = w[i]
        grad = [c * c * v for v in w]
        grad[i] += (N - 2) * c
        w = [v - eta * d for v, d in zip(w, grad)]
        print(*w)


@counterexample("cyclic.small_batch")
def small_batch() -> None:
    import numpy as np

    w = np.array([0.3, 0.4, 0.1, 0.1])
    for t in range(4000):
        i = [0, 1] if t % 2 == 0 else [2, 3]
        c = w[i]
        grad = (c @ c) * w
        grad[i] += (w @ w - 2) * c
        w = w - 0.2 / 2 * grad
    print(w.round(6))


@counterexample("cyclic.randomness")
def randomness() -> None:
    import numpy as np

    w = np.array([0.3, 0.2, 0.1])
    for t in range(9000):
        c = w * (np.arange(3) == t % 3)
        w = w - 0.2 * ((w @ w - 2) * c + (c @ c) * w)
    print(w.round(6))


@counterexample("cyclic.intuition")
def intuition() -> None:
    import numpy as np

    w, eta = np.array([0.50, 0.52]), 0.2
    print(round(w[1] / w[0], 4))
    m = len(w)
    for t in range(2):
        i = t % m
        c = w[i]
        grad = c * c * w
        grad[i] += (w @ w - 2) * c
        w = w - eta * grad
        print(round(w[1] / w[0], 4))
