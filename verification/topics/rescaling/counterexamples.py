"""Show the counterexamples to claims on rescaled layers, each as a script of its own."""

from __future__ import annotations

from whichmin.verification.evidence.claim import counterexample

__all__: list[str] = []  # whichmin claims show ID prints them


@counterexample("reparameterisation.any_network")
def any_network() -> None:
    import numpy as np

    w = np.array([0.6, -0.8, 0.3])
    f = lambda x: w * max(w @ x, 0)
    read = []
    for e in np.eye(3):
        up, down = f(e) @ e, f(-e) @ e
        read.append(np.sqrt(up) if up > 0 else -np.sqrt(-down))
    print(np.round(read, 12))


@counterexample("reparameterisation.flat_generalises")
def flat_generalises() -> None:
    import numpy as np

    rng = np.random.default_rng(0)
    W1, W2 = rng.standard_normal((5, 4)), rng.standard_normal((3, 5))
    x = rng.standard_normal((1000, 4))
    outputs, traces = [], []
    for r in (1.0, 8.0):
        hidden = np.maximum(x @ (r * W1).T, 0)
        outputs.append(hidden @ (W2 / r).T)
        traces.append(3 * (hidden**2).sum(1).mean())
    print(np.abs(outputs[0] - outputs[1]).max(), traces[1] / traces[0])


@counterexample("layerwise.lamb_ratio")
def lamb_ratio() -> None:
    import numpy as np

    w, g = np.array([3.0, 4.0]), np.array([0.2, -0.1])
    for unit in (1.0, 10.0):
        mean, square = 0.1 * unit * g, 0.001 * (unit * g) ** 2
        adam = (mean / 0.1) / np.sqrt(square / 0.001)
        ratios = [np.linalg.norm(w) / np.linalg.norm(d) for d in (unit * g, adam)]
        print(*np.round(ratios, 4))


@counterexample("layerwise.compensates_noise")
def compensates_noise() -> None:
    import numpy as np

    x, y = np.array([1.0, 2.0, 3.0]), np.array([3.0, 1.0, 2.0])
    for r in (1.0, 4.0):
        u, v = 0.5 / r, 0.5 * r
        each = (u * v * x - y) * u * x
        g = each.mean()
        print(round(each.var() / g**2, 6), round(abs(v / g), 6))


@counterexample("posterior.wide_is_cheap")
def wide_is_cheap() -> None:
    import numpy as np

    x = np.linspace(-30, 30, 60001)

    def normal(s):
        return np.exp(-(x**2) / (2 * s * s)) / (s * np.sqrt(2 * np.pi))

    def log(s):
        return -(x**2) / (2 * s * s) - np.log(s)

    for s in (0.5, 1.0, 2.0):
        print(s, round(float((normal(s) * (log(s) - log(1.0))).sum() * 0.001), 3))
