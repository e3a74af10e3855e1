"""Show the counterexamples to claims on gradient noise, each as a script of its own."""

from __future__ import annotations

from whichmin.verification.evidence.claim import counterexample

__all__: list[str] = []  # whichmin claims show ID prints them


@counterexample("noise.small_at_first")
def small_at_first() -> None:
    import numpy as np

    rng = np.random.default_rng(0)
    for b in (2, 3):
        w = np.array([0.3, 0.28, 0.26, 1.32])
        for step in range(20000):
            c = w[:3, None]
            g = (w @ w - 2) * c * np.eye(4)[:3] + c**2 * w
            if step == 0:
                ratio = g.var(0).sum() / (g.mean(0) @ g.mean(0)) * (3 - b) / (b * 2)
            w = w - 0.3 * g[rng.permutation(3)[:b]].mean(0)
        print(round(ratio, 4), np.sort(w).round(4))


@counterexample("noise.halving")
def halving() -> None:
    import itertools

    import numpy as np

    g = np.array([1.0, 2.0, 6.0])
    for b in (1, 2, 3):
        means = [np.mean(batch) for batch in itertools.combinations(g, b)]
        print(b, round(np.var(means) / np.var(g), 6))


@counterexample("noise.crossover")
def crossover() -> None:
    import numpy as np

    w = np.array([0.6, 0.6])
    g = np.array([(w @ w - 2) * c * a + c * c * w for c, a in zip(w, np.eye(2))])
    G = g.mean(0)
    noise = ((g - G) ** 2).sum() / 2
    print("noise scale", round(noise / (G @ G), 3))
    print("noise over signal at b = 2:", ((g.mean(0) - G) ** 2).sum() / (G @ G))


@counterexample("noise.early_small")
def early_small() -> None:
    import numpy as np

    w = np.array([0.6, 0.5, 1.6])
    for step in range(31):
        a = np.eye(3)[:2]
        g = (w @ w - 2) * w[:2, None] * a + w[:2, None] ** 2 * w
        G = g.mean(0)
        if step % 5 == 0:
            print(round(((g - G) ** 2).sum() / 2 / (G @ G), 3), end=" ")
        w = w - 0.2 * G


@counterexample("noise.same_scales")
def same_scales() -> None:
    import numpy as np

    w = np.array([0.8, 0.4])
    g = np.array([(w @ w - 2) * c * a + c * c * w for c, a in zip(w, np.eye(2))])
    H = ((2 * (w @ w) - 2) * np.eye(2) + 4 * np.outer(w, w)) / 2
    G = g.mean(0)
    S = (g - G).T @ (g - G) / 2
    print(round(np.trace(S) / (G @ G), 4), round(np.trace(H @ S) / (G @ H @ G), 4))


@counterexample("noise.like_hessian")
def like_hessian() -> None:
    import numpy as np

    w = np.array([0.6, 0.8])
    g = np.array([-c * a + c * c * w for c, a in zip(w, np.eye(2))])
    S = g.T @ g / 2
    H = 2 * np.outer(w, w)
    print(round(np.trace(S), 4), round(np.trace(H), 4), bool(abs(H @ S).max() < 1e-15))


@counterexample("noise.two_batches_unbiased")
def two_batches_unbiased() -> None:
    import numpy as np

    w = np.array([0.6, 0.8])
    g = np.array([-c * a + c * c * w for c, a in zip(w, np.eye(2))])
    small, large = (g**2).sum(1).mean(), (g.mean(0) ** 2).sum()
    print("tr Sigma", round(small - large, 4))
    estimates = (small - large) / (1 - 1 / 2), 2 * large - small
    print("estimates", *(round(e, 4) for e in estimates))
