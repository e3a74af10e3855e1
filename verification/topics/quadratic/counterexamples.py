"""Show the counterexamples to claims on the noisy quadratic, each as a script of its own."""

from __future__ import annotations

from whichmin.verification.evidence.claim import counterexample

__all__: list[str] = []  # whichmin claims show ID prints them


@counterexample("scaling.preserves_dynamics")
def preserves_dynamics() -> None:
    def settled(eta, B, v=0.0):
        for _ in range(200):
            v = (1 - eta) ** 2 * v + eta**2 / B
        return round(v, 6)

    print(settled(0.5, 1), settled(1.0, 2))


@counterexample("scaling.any_factor")
def any_factor() -> None:
    fine, coarse = 1.0, 1.0
    for step in range(6):
        coarse -= 250 * 0.01 * coarse
        for part in range(250):
            fine -= 0.01 * fine
    print(f"{fine:.1e} {coarse:.2f}")


@counterexample("scaling.per_step")
def per_step() -> None:
    import numpy as np

    rng = np.random.default_rng(0)
    for eta, B in ((0.1, 1), (1.0, 10)):
        added = eta * rng.standard_normal((100000, B)).mean(1)
        print(round(eta / B, 3), round(float(added.var()), 2))


@counterexample("scaling.failure_measures_noise")
def failure_measures_noise() -> None:
    for s in (1.0, 1e4):
        ends = []
        for K in (10, 19, 21, 40):
            v, eta, B = 1.0, 0.1 * K, K
            for step in range(2000):
                v = min((1 - eta) ** 2 * v + eta**2 * s / B, 1e99)
            ends.append(v < 1e99)
        print(s, ends)


@counterexample("scaling.autoencoder")
def autoencoder() -> None:
    import numpy as np

    w, alpha = np.array([0.6, 0.8]), 0.1

    def step(batch):
        S = sum(w[i] ** 2 for i in batch)
        hit = np.isin([0, 1], batch)
        return alpha * ((2 - w @ w) * hit - S) * w

    for batches in ([[0], [1]], [[0, 1]]):
        print(round(float(np.var([step(b)[0] for b in batches])), 6))


@counterexample("scaling.warm_up_needed")
def warm_up_needed() -> None:
    x = y = 1.0
    for t in range(500):
        x -= 1.9 * x
    for t in range(20):
        y -= 0.105 * (t + 1) * y
    small = abs(y)
    for t in range(500):
        y -= 2.1 * y
    print(abs(x) < 1e-20, abs(y) / small > 1e20)


@counterexample("critical_batch.simple_scale")
def simple_scale() -> None:
    import numpy as np

    H, x = np.diag([1.0, 4.0]), np.ones(2)
    G = H @ x

    def best(B):
        bend = G @ H @ G + np.trace(H) / B
        return (G @ G) ** 2 / (2 * bend)

    for B in (2 / 17, 1 / 13):
        print(round(float(best(B) / best(np.inf)), 4))


@counterexample("critical_batch.steps_law")
def steps_law() -> None:
    def steps(B, v=1.0, count=0):
        eta = 1 / (1 + 8 / B)
        while v > 1e-6:
            v, count = (1 - eta) ** 2 * v + eta**2 * 8 * v / B, count + 1
        return count

    print([steps(B) for B in (1, 8, 64, 10**9)])


@counterexample("critical_batch.least_compute")
def least_compute() -> None:
    def samples(B, noise=64, least=100):
        return B * least * (1 + noise / B)

    print([round(samples(B)) for B in (1, 8, 64, 512)])


@counterexample("critical_batch.constant_variance")
def constant_variance() -> None:
    def samples(B):
        v, n = 1.0, 0
        while v > 1 / 65 * (1 + 1e-9):
            v, n = 1 / (1 / v + B), n + B
        return n

    print([samples(B) for B in (1, 2, 8, 64)])


@counterexample("critical_batch.early_reason")
def early_reason() -> None:
    v = 1.0
    print(round(1 / v))
    for step in range(10):
        v = 1 / (1 / v + 1)
    print(round(1 / v))
