"""Show the counterexamples to claims on Gaussian starts, each as a script of its own."""

from __future__ import annotations

from whichmin.verification.evidence.claim import counterexample

__all__: list[str] = []  # whichmin claims show ID prints them


@counterexample("gaussian.start_cosine_rate")
def start_cosine_rate() -> None:
    import numpy as np

    rng = np.random.default_rng(0)
    m = 100
    for n in (10_000, 1_000_000):
        w0 = rng.normal(size=n)
        limit = w0[:m] / np.linalg.norm(w0[:m])  # linear GD
        cosine = limit @ w0[:m] / np.linalg.norm(w0)
        print(n, m / n, round(cosine, 3))


@counterexample("gaussian.stays_close")
def stays_close() -> None:
    import numpy as np

    rng = np.random.default_rng(0)
    m, n = 50_000, 100_000
    w0 = rng.normal(size=n)
    for c in (w0[:m], np.maximum(w0[:m], 0)):  # linear, ReLU
        cosine = np.linalg.norm(c) / np.linalg.norm(w0)
        print(round(np.degrees(np.arccos(cosine))))


@counterexample("gaussian.highly_aligned")
def highly_aligned() -> None:
    import numpy as np

    w0 = np.random.default_rng(0).normal(size=(10_000, 32))
    cosine = np.linalg.norm(w0[:, :8], axis=1) / np.linalg.norm(w0, axis=1)
    print(round(np.median(cosine), 2), (cosine > 0.9).sum())


@counterexample("gaussian.sgd_orthogonal")
def sgd_orthogonal() -> None:
    import numpy as np

    rng, w = np.random.default_rng(0), np.array([0.35, 0.35])
    for i in rng.integers(2, size=5000):
        g = (w @ w - 2) * w[i] * np.eye(2)[i] + w[i] ** 2 * w
        w = w - 0.2 * g
    print(w.round(3).max(), round(w.sum() / np.hypot(*w) / 2**0.5, 3))


@counterexample("gaussian.trace_half")
def trace_half() -> None:
    m, n = 1000, 2000
    for k in (m // 2, m):  # |S+|
        gd, sgd = (2 * n + 8 - m - k) / (2 * m), (2 * n + 7 - m) / (2 * m)
        print(k, round(sgd - gd, 4))


@counterexample("gaussian.equal_mixture")
def equal_mixture() -> None:
    import numpy as np

    c = np.abs(np.random.default_rng(0).normal(size=(100_000, 8)))
    ratio = c.max(1) / c.min(1)
    p = c**2 / (c**2).sum(1, keepdims=True)
    print((ratio < 2).mean().round(4), np.median(ratio).round(), end=" ")
    print((1 / (p**2).sum(1)).mean().round(1))


@counterexample("gaussian.every_direction")
def every_direction() -> None:
    import numpy as np

    w = np.array([0.5, -0.3])
    for _ in range(2000):
        c = np.maximum(w, 0)
        w = w - 0.2 * ((w @ w - 2) * c + (c @ c) * w) / 2
    print(np.abs(w).round(6))


@counterexample("script.runnable")
def runnable() -> None:
    for line in ("activation = \u2018relu\u2019", "residual = 2 \u2013 1"):
        try:
            exec(line)
        except SyntaxError as error:
            print(type(error).__name__)


@counterexample("script.gd_largest_expected")
def gd_largest_expected() -> None:
    import numpy as np

    c = np.maximum(np.random.default_rng(0).normal(size=(100_000, 8)), 0)
    c = c[c.sum(1) > 0]
    cosine = c.max(1) / np.linalg.norm(c, axis=1)  # of GD's limit
    print(cosine.min().round(2), np.median(cosine).round(2))


@counterexample("script.gd_start_expected")
def gd_start_expected() -> None:
    import numpy as np

    w0 = np.random.default_rng(0).normal(size=(50_000, 32))
    for c in (np.maximum(w0[:, :8], 0), w0[:, :8]):
        cosine = np.linalg.norm(c, axis=1) / np.linalg.norm(w0, axis=1)
        print(np.median(cosine).round(2), cosine.max().round(2))


@counterexample("script.sgd_largest_expected")
def sgd_largest_expected() -> None:
    import numpy as np

    rng, m, R = np.random.default_rng(1), 8, 1000
    w = rng.normal(size=(R, 32))
    w *= 2 / 3 / np.linalg.norm(w, axis=1, keepdims=True)
    rows, batches = np.arange(R), rng.integers(m, size=(8000, R))
    for i in batches:
        c = np.maximum(w[rows, i], 0)
        pull = 0.05 * c * (2 - (w * w).sum(1))
        w *= (1 - 0.05 * c * c)[:, None]
        w[rows, i] += pull
    cosine = w[:, :m].max(1) / np.linalg.norm(w, axis=1)
    print((cosine >= 0.995).mean().round(2), np.quantile(cosine, 0.25).round(2))


@counterexample("script.sgd_start_expected")
def sgd_start_expected() -> None:
    import numpy as np

    rng, m, R = np.random.default_rng(1), 8, 1000
    w = rng.normal(size=(R, 32))
    w *= 2 / 3 / np.linalg.norm(w, axis=1, keepdims=True)
    w0, rows, batches = w.copy(), np.arange(R), rng.integers(m, size=(8000, R))
    for i in batches:
        c = np.maximum(w[rows, i], 0)
        pull = 0.05 * c * (2 - (w * w).sum(1))
        w *= (1 - 0.05 * c * c)[:, None]
        w[rows, i] += pull
    cosine = np.abs((w * w0).sum(1)) / np.linalg.norm(w, axis=1) * 1.5
    print(np.median(cosine).round(2), (cosine < 0.055).mean().round(2))
