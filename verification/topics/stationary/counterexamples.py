"""Show the counterexamples to claims on stationary densities, each as a script of its own."""

from __future__ import annotations

from whichmin.verification.evidence.claim import counterexample

__all__: list[str] = []  # whichmin claims show ID prints them


@counterexample("stationary.determinant")
def determinant() -> None:
    import numpy as np

    x = np.linspace(-8, 8, 20001)
    L, slope, H = x**2 / 2 + x**4 / 4, x + x**3, 1 + 3 * x**2

    def mean(p, D):
        return round(float((p * (12 * x**2 * D - 4 * x**3 * slope)).sum() / p.sum()), 3)

    product = np.exp(-L) / np.sqrt(H)
    print(abs(mean(np.exp(-L), 1)), mean(product, 1), mean(product, H))


@counterexample("stationary.high_temperature")
def high_temperature() -> None:
    import numpy as np

    for T in (0.1, 1.0, 100.0):
        mass = []
        for h in (1.0, 4.0):
            a = (2 / h) ** 0.5
            x = np.linspace(0, a + 12 * (T / h) ** 0.5, 200001)
            mass.append(np.exp(-h * (x - a) ** 2 / (2 * T)).sum() * (x[1] - x[0]))
        print(round(float(mass[1] / sum(mass)), 4))


@counterexample("stationary.escape")
def escape() -> None:
    import numpy as np

    T, times = 0.25, []
    for h, depth in ((1.0, 0.5), (8.0, 2.0)):
        y = np.linspace(0, (2 * depth / h) ** 0.5, 200001)
        up = np.exp(h * y**2 / (2 * T))
        times.append((up * np.cumsum(1 / up)).sum() * y[1] ** 2 / T)
    print(np.round(times, 2))


@counterexample("stationary.favours_flat")
def favours_flat() -> None:
    import numpy as np

    rng = np.random.default_rng(0)
    w, e, dt = np.abs(rng.standard_normal((50, 2))) / 4, np.eye(2), 0.1
    for step in range(10000):
        c, N = np.maximum(w, 0), (w * w).sum(1)[:, None, None]
        g = (N - 2) * c[:, :, None] * e + c[:, :, None] ** 2 * w[:, None]
        G = g.mean(1, keepdims=True)
        dB = rng.standard_normal((50, 2, 1)) * (dt / 2 / 2) ** 0.5
        w = w - dt * G[:, 0] + ((g - G) * dB).sum(1)

    def trace(w):
        return sum(w @ w - 2 + (4 + 2) * c * c for c in w if c > 1e-9) / 2

    print(w.min() < 1e-9, *(round(trace(p), 6) for p in (w[0], np.ones(2) / 2**0.5)))
