"""Correct but unusual estimators, derivatives and searches."""

from __future__ import annotations

from typing import Any

from whichmin.verification.oracle.mutants.variants import Variant

__all__ = ["CORRECT_ESTIMATES"]

_BASE = "base_estimates"
_SIGNS = "v = rng.choice((-1.0, 1.0), len(w))"
_TOTAL = "total += v @ hessian_vector_product(w, data, v, activation)"
_GAUSSIAN = "v = rng.standard_normal(len(w))"
_SPHERE = f"{_GAUSSIAN}\n        v = v * np.sqrt(len(w) / (v @ v))"
_MATRIX = (
    "curved = (w @ w - 2) * (data.T * active) @ data\n    cross = 2 * np.outer(h @ data, w)\n"
    "    return np.asarray((curved + cross + cross.T + (h @ h) * np.eye(len(w))) / len(data))"
)
_ROTATED = (
    "q = np.linalg.qr(np.random.default_rng(len(w)).standard_normal((len(w), len(w))))[0]\n"
    "    w, data = q @ w, data @ q.T\n"
    f"    {_MATRIX.replace('return np.asarray((', 'matrix = (').replace('len(data))', 'len(data)')}"
    "\n    matrix = q.T @ matrix @ q\n    return (matrix + matrix.T) / 2"
)
_PRODUCT = "product = np.zeros(len(w))"
_ZOLD = "z = rng.choice((-1.0, 1.0), (n, k))"
_START = "start = rng.choice((-1.0, 1.0), (n, k))"
_MEANS = "a, c = small.mean(), large.mean()"
_TOP = "v = np.random.default_rng(seed).standard_normal(len(w))"


def _trace(name: str, unusual: str, method: str, samples: int, *change: tuple[str, str],
           base: str = "estimators") -> Variant:  # fmt: skip
    declared = {"stochastic": {"hessian_trace": {"method": method, "samples": samples}}}
    return Variant(f"hessian_trace.{name}", unusual, change, base=base, declares=declared)


def _noise(name: str, unusual: str, samples: int, *change: tuple[str, str],
           **more: Any) -> Variant:  # fmt: skip
    estimate = {"method": "two batch sizes", "samples": samples, **more}
    return Variant(f"noise_scale.{name}", unusual, change, base=_BASE,
                   declares={"stochastic": {"noise_scale": estimate}})  # fmt: skip


def _differences(name: str, unusual: str, function: str, old: str, new: str, kind: str,
                 **more: Any) -> Variant:  # fmt: skip
    return Variant(f"{function}.{name}", unusual, ((old, new),),
                   declares={"derivatives": kind, **more})  # fmt: skip


_KEPT = (
    "_, r = np.linalg.qr(matrix @ start)\n"
    "    s = np.linalg.inv(r).T\n    s = s / np.linalg.norm(s, axis=0)\n"
)
_XTRACE = (
    f"q, {_KEPT[3:]}"
    "    own = q.T @ start\n    z = start - q @ (own - s * np.sum(s * own, axis=0))\n"
    "    inner = q.T @ matrix @ q\n"
    "    return float(np.trace(inner) + (np.sum(z * (matrix @ z))"
    " - np.sum(s * (inner @ s))) / k)\n"
)

CORRECT_ESTIMATES = (
    Variant("hessian.rotated-basis", "computed in a rotated basis: stable in norm, not by entry",
            ((_MATRIX, _ROTATED),)),
    Variant("hessian_trace.rotated-basis", "the trace of a matrix from a rotated basis",
            ((_MATRIX, _ROTATED),), inside="hessian"),
    Variant("spectrum.rotated-basis", "eigenvalues of a matrix from a rotated basis",
            ((_MATRIX, _ROTATED),), inside="hessian"),
    Variant("relative_flatness.rotated-basis", "with a trace from a rotated basis",
            ((_MATRIX, _ROTATED),), inside="hessian"),
    _trace("sphere", "probes uniform on the sphere", "hutchinson-sphere", 40, (_SIGNS, _SPHERE)),
    _trace("orthogonal", "probes orthogonal to each other, in blocks", "hutchinson-orthogonal", 40,
           ("rng = np.random.default_rng(seed)",
            "rng, n = np.random.default_rng(seed), len(w)\n"
            "    frame = np.concatenate([np.linalg.qr(rng.standard_normal((n, n)))[0]"
            " for _ in range(-(-SAMPLES // n))])"),
           ("for _ in range(SAMPLES)", "for k in range(SAMPLES)"),
           (_SIGNS, "v = np.sqrt(n) * frame[k]")),
    _trace("antithetic", "pairs of opposite Gaussian probes, which count once",
           "hutchinson-gaussian", 40,
           (_SIGNS, _GAUSSIAN), (_TOTAL, f"{_TOTAL} / 2\n        v = -v\n        {_TOTAL} / 2")),
    _trace("x-trace", "XTrace", "xtrace", 20,
           ("q = np.linalg.qr(matrix @ start)[0]", _XTRACE), base=_BASE),
    _trace("x-trace-gaussian", "XTrace with Gaussian vectors", "xtrace", 20,
           (_START, "start = rng.standard_normal((n, k))"),
           ("q = np.linalg.qr(matrix @ start)[0]", _XTRACE), base=_BASE),
    Variant("hessian_trace.hutch-plus-plus", "Hutch++ as it stands", base=_BASE),
    _trace("hutch-plus-plus-small", "Hutch++ with a sketch of two vectors", "hutch++", 6,
           ("PRODUCTS // 3", "2"), base=_BASE),
    _trace("hutch-plus-plus-large", "Hutch++ with a sketch of 25 vectors", "hutch++", 75,
           ("PRODUCTS // 3", "25"), base=_BASE),
    _trace("hutch-plus-plus-gaussian", "Hutch++ with Gaussian vectors", "hutch++", 30,
           (_ZOLD, "z = rng.standard_normal((n, k))"), base=_BASE),
    _differences("complex-step", "differences with an imaginary step", "hessian_vector_product",
                 _PRODUCT, "z = w + 1e-30j * v\n    on_c = data @ z * on\n"
                 "    slope = (z @ z - 2) * (on_c @ data) + (on_c @ on_c) * z\n"
                 "    return slope.imag / 1e-30 / len(data)", "complex step"),
    _differences("central-differences", "central differences of the gradient, h = 1e-5",
                 "hessian_vector_product", _PRODUCT,
                 "return (gradient(w + 1e-5 * v, data, activation)\n"
                 "            - gradient(w - 1e-5 * v, data, activation)) / 2e-5",
                 "central differences"),
    _differences("central-differences", "central differences of the loss, h = 1e-4", "gradient",
                 "return np.asarray(total / len(data))",
                 "return np.array([(loss(w + s, data, activation) - loss(w - s, data, activation))"
                 " / 2e-4\n                     for s in 1e-4 * np.eye(len(w))])",
                 "central differences", difference_step=1e-4),
    _differences("forward-differences", "forward differences of the gradient, h = 1e-6",
                 "hessian_vector_product", _PRODUCT,
                 "return (gradient(w + 1e-6 * v, data, activation)\n"
                 "            - gradient(w, data, activation)) / 1e-6",
                 "forward differences", difference_step=1e-6),
    _differences("forward-differences", "forward differences of the gradient, h = 1e-8",
                 "hessian",
                 "return np.asarray((curved + cross + cross.T + (h @ h) * np.eye(len(w))) "
                 "/ len(data))",
                 "base = gradient(w, data, activation)\n"
                 "    found = np.array([(gradient(w + s, data, activation) - base) / 1e-8\n"
                 "                      for s in 1e-8 * np.eye(len(w))])\n"
                 "    return (found + found.T) / 2",
                 "forward differences"),
    _differences("forward-differences", "forward differences of the loss, h = 1e-8", "gradient",
                 "return np.asarray(total / len(data))",
                 "return np.array([(loss(w + s, data, activation) - loss(w, data, activation))"
                 " / 1e-8\n                     for s in 1e-8 * np.eye(len(w))])",
                 "forward differences"),
    _differences("second-differences", "second differences of the loss, h = 1e-4", "hessian_trace",
                 "return float(np.trace(hessian(w, data, activation)))",
                 "return sum(loss(w + s, data, activation) - 2 * loss(w, data, activation)\n"
                 "               + loss(w - s, data, activation)"
                 " for s in 1e-4 * np.eye(len(w))) / 1e-8",
                 "second differences"),
    Variant("noise_scale.two-batches", "two batch sizes, small batches from the large one",
            base=_BASE),
    _noise("ema", "moving averages of both means, started from 0", 600,
           ("(PAIRS, LARGE)", "(600, LARGE)"),
           (_MEANS, "weights = 0.98 ** np.arange(len(small))[::-1] * 0.02\n"
            "    a, c = weights @ small, weights @ large"), ema=0.98),
    _noise("ema-started", "moving averages of both means, started from the first values", 600,
           ("(PAIRS, LARGE)", "(600, LARGE)"),
           (_MEANS, "a, c = small[0], large[0]\n    for x, y in zip(small[1:], large[1:]):\n"
            "        a, c = 0.98 * a + 0.02 * x, 0.98 * c + 0.02 * y"), ema=0.98),
    _noise("jackknife", "the ratio with its bias taken out by a jackknife", 300,
           (_MEANS, "def ratio(a, c):\n"
            "        return (a - c) / (1 - 1 / LARGE) / ((LARGE * c - a) / (LARGE - 1))\n\n"
            "    k, s, t = len(small), small.sum(), large.sum()\n"
            "    left = ratio((s - small) / (k - 1), (t - large) / (k - 1))\n"
            "    return float(k * ratio(s / k, t / k) - (k - 1) * left.mean())\n"
            "    a, c = small.mean(), large.mean()")),
    Variant("top_eigenvalue.few-iterations", "twelve iterations with a shift", base=_BASE),
    Variant("top_eigenvalue.lanczos", "Lanczos with full reorthogonalisation, to rounding",
            (("values = np.linalg.eigvalsh(hessian(w, data, activation))",
              "from whichmin.verification.oracle.mutants.estimators import spectrum as lanczos\n"
              "    values = lanczos(w, data, activation)"),)),
    Variant("top_eigenvalue.signs", "twelve iterations from a start of random signs",
            ((_TOP, "v = np.random.default_rng(seed).choice((-1.0, 1.0), len(w))"),), base=_BASE),
    Variant("keskar_sharpness.corners", "all corners of the box", base=_BASE),
    Variant("sam_sharpness.one-step", "one ascent step, declared", base=_BASE),
    Variant("sam_sharpness.restarts", "ascent from 40 random directions",
            (("rows = np.vstack([np.eye(len(w)), w / max(np.sqrt(w @ w), 1e-300)])",
              "rows = np.random.default_rng(0).standard_normal((40, len(w)))\n"
              "    rows = rows / np.sqrt(np.sum(rows * rows, axis=1, keepdims=True))"),),
            inside="directions"),
)  # fmt: skip
