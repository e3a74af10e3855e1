"""Faulty Hessians, products, traces and eigenvalues."""

from __future__ import annotations

from whichmin.verification.oracle.mutants.mutant import Mutant

__all__ = ["CURVATURE"]

_PUBLISHED = "published curvature code"
_HVP = "hessian_vector_product"
_ZEROS = "product = np.zeros(len(w))"
_TRACE = "return float(np.trace(hessian(w, data, activation)))"
_VALUES = "values = np.linalg.eigvalsh(hessian(w, data, activation))"
_TOP = "return float(values[-1])"
_ALL = "return np.asarray(np.linalg.eigvalsh(matrix))"
_MEAN = " / len(data))"
_SIGNS = "v = rng.choice((-1.0, 1.0), len(w))"
_MATRIX = (
    "curved = (w @ w - 2) * (data.T * active) @ data\n    cross = 2 * np.outer(h @ data, w)\n"
    "    return np.asarray((curved + cross + cross.T + (h @ h) * np.eye(len(w))) / len(data))"
)


def _made(
    name: str, wrong: str, cause: str | None, *change: tuple[str, str], more: tuple[str, ...] = (),
    published: bool = False,
) -> Mutant:  # fmt: skip
    function = name.partition(".")[0]
    checks = tuple(f"{function}.{c}" for c in ("values", "kinks", *more))
    source = _PUBLISHED if published else ""
    return Mutant(name, wrong, change, cause, checks, source=source)


def _estimated(name: str, wrong: str, cause: str | None, *change: tuple[str, str]) -> Mutant:
    checks = tuple(f"hessian_trace.{c}" for c in ("estimates", "signs", "seed"))
    return Mutant(
        f"hessian_trace.{name}", wrong, change, cause, checks, base="estimators", source=_PUBLISHED
    )


def _top(name: str, wrong: str, cause: str | None, *change: tuple[str, str]) -> Mutant:
    checks = ("top_eigenvalue.values", "top_eigenvalue.kinks")
    return Mutant(
        f"top_eigenvalue.{name}", wrong, change, cause, checks, base="estimators", source=_PUBLISHED
    )


CURVATURE = (
    _made("hessian.sum", "summed over the points", "a sum over the points", (_MEAN, ")")),
    _made("hessian.batches", "the means over batches of 2 are added up, not averaged",
          "means over batches of 2 are added up",
          (_MATRIX, "parts = [slice(i, i + 2) for i in range(0, len(data), 2)]\n"
           "    return sum(part(w, data[p], inner[p], active[p], h[p]) for p in parts)\n\n\n"
           "def part(w, data, inner, active, h):\n    " + _MATRIX), published=True),
    _made("hessian.gauss-newton", "the Gauss-Newton matrix", "Gauss-Newton",
          (_MATRIX, "jacobians = [c * np.eye(len(w)) + on * np.outer(w, a)\n"
           "                 for a, c, on in zip(data, h, active)]\n"
           "    return sum(j.T @ j for j in jacobians) / len(data)")),
    _made("hessian.cross-once", "the cross term is not symmetrised", "is not symmetrised",
          (" + cross.T", " + cross")),
    _made("hessian.cross-half", "the cross term counts once", "the cross term counts once",
          ("cross = 2 *", "cross =")),
    _made("hessian.no-identity", "the term phi^2 I is missing", "phi^2 I is left out",
          (" + (h @ h) * np.eye(len(w))", "")),
    _made("hessian.diagonal", "the diagonal alone", "the diagonal alone",
          ("(curved + cross", "np.eye(len(w)) * (curved + cross")),
    _made("hessian.miscompiled", "the off-diagonal of one corner is lost, as by a faulty compiler",
          None, ("    cross = 2", "    curved[0, -1] = curved[-1, 0] = 0\n    cross = 2"),
          more=("symmetry",), published=True),
    _made("hessian.kink", "documented: 0 at the kink; coded: 1", "kappa = 1",
          ("inner > 0", "inner >= 0"), published=True),
    _made("hessian.linear", "the activation is ignored", "other activation",
          ('activation == "relu"', "False"), ("phi(inner, activation)", "inner")),
    _made("hessian.single", "computed in float32", "float32",
          ("(curved + cross", "(curved.astype(np.float32) + cross")),
    _made("hessian.damped", "1e-6 is added to the diagonal", "1e-06 is added to the diagonal",
          (_MEAN, " / len(data) + 1e-6 * np.eye(len(w)))")),
    _made(f"{_HVP}.decay", "the decay of the weights is in the loss",
          "0.0005 is added to the diagonal",
          ("return np.asarray(product / len(data))", "return product / len(data) + 5e-4 * v")),
    _made("hessian_trace.damped", "1e-3 is taken from the diagonal",
          "-0.001 is added to the diagonal",
          (_TRACE, "return float(np.trace(hessian(w, data, activation) - 1e-3 * np.eye(len(w))))")),
    _made("spectrum.damped", "1e-4 is added to each eigenvalue", "0.0001 is added to the diagonal",
          (_ALL, "return np.linalg.eigvalsh(matrix) + 1e-4")),
    _made("top_eigenvalue.damped", "of H + 0.1 I", "0.1 is added to the diagonal",
          (_TOP, "return float(values[-1]) + 0.1")),
    _made(f"{_HVP}.random-start", "the accumulator starts from random numbers",
          "accumulator", (_ZEROS, "product = np.random.default_rng().standard_normal(len(w))"),
          more=("linear", "repeat"), published=True),
    _made(f"{_HVP}.left-over", "the accumulator keeps the last product", "left over",
          (_ZEROS, "product = globals().setdefault('kept', {}).get(len(w), np.zeros(len(w)))"),
          ("return np.asarray(product / len(data))",
           "kept[len(w)] = product\n    return product / len(data)"),
          more=("linear", "repeat"), published=True),
    _made(f"{_HVP}.starts-from-v", "the accumulator starts from v", "starts from v",
          ("return np.asarray(product / len(data))", "return v + product / len(data)"),
          more=("linear",), published=True),
    _made(f"{_HVP}.sum", "summed over the points", "a sum over the points", (_MEAN, ")")),
    _made(f"{_HVP}.normalised", "v is scaled to length 1", "v is normalised first",
          ("p, d = phi", "v = v / max(np.sqrt(v @ v), 1e-300)\n    p, d = phi"),
          more=("linear",)),
    _made(f"{_HVP}.transposed-term", "one half of the cross term twice", "not symmetrised",
          ("2 * p * (w @ v)) @ data", "0 * p) @ data"), ("2 * (p @ d) * w", "4 * (p @ d) * w")),
    _made(f"{_HVP}.detached", "the norm is held fixed: terms with its derivative are lost", None,
          (" + 2 * p * (w @ v)", ""), ("2 * (p @ d) * w + (p @ p) * v", "(p @ d) * w")),
    _made(f"{_HVP}.difference", "a difference of gradients with h = 1e-4", "central differences",
          (_ZEROS, "return np.asarray((gradient(w + 1e-4 * v, data, activation)\n"
           "        - gradient(w - 1e-4 * v, data, activation)) / 2e-4)"), more=("linear",)),
    _made(f"{_HVP}.in-place", "v is overwritten", "changed its argument v",
          ("p, d = phi", "v /= 2\n    v *= 2.5\n    p, d = phi"), more=("linear",)),
    _made("hessian_trace.sum", "summed over the points", "a sum over the points",
          (_TRACE, "return len(data) * float(np.trace(hessian(w, data, activation)))")),
    _made("hessian_trace.mean", "the mean of the diagonal", "mean over the coordinates",
          (_TRACE, "return float(np.mean(np.diag(hessian(w, data, activation))))")),
    _made("hessian_trace.absolute", "the trace norm", "trace norm",
          (_TRACE, "values = np.linalg.eigvalsh(hessian(w, data, activation))\n"
           "    return float(np.abs(values).sum())")),
    _made("hessian_trace.fisher", "the squared gradients are added up", "empirical Fisher",
          (_TRACE, "each = point_gradients(w, data, activation)\n"
           "    return float((each * each).sum() / len(data))")),
    _estimated("not-divided", "not divided by the number of samples", "the number of samples",
               ("total / SAMPLES", "total")),
    _estimated("stops-early", "a stopping rule without abs: it ends where the mean falls",
               "a stopping rule ends too early",
               ("    for _ in range(SAMPLES):", "    old = 0.0\n    for k in range(SAMPLES):"),
               ("    return float(total / SAMPLES)", "        mean = total / (k + 1)\n"
                "        if k and (mean - old) / (abs(old) + 1e-6) < 1e-3:\n"
                "            return mean\n        old = mean\n"
                "    return total / SAMPLES")),
    _estimated("same-probe", "the generator is seeded anew for every probe",
               "a probe is used again",
               (_SIGNS, "rng = np.random.default_rng(seed)\n        " + _SIGNS)),
    _estimated("seed-ignored", "the seed is ignored", "the seed has no influence",
               ("default_rng(seed)", "default_rng(0)")),
    _estimated("unseeded", "the seed is ignored: every call differs", "the seed does not decide",
               ("default_rng(seed)", "default_rng()")),
    _estimated("gaussian", "normal probes, declared as signs", "random signs",
               (_SIGNS, "v = rng.standard_normal(len(w))")),
    _estimated("zero-one", "probes of 0 and 1, not of -1 and 1", "not random signs",
               (_SIGNS, "v = rng.integers(0, 2, len(w)) * 1.0")),
    _estimated("normalised-probes", "probes of length 1", "mean over the coordinates",
               (_SIGNS, "v = rng.choice((-1.0, 1.0), len(w)) / np.sqrt(len(w))")),
    _estimated("uniform", "probes uniform from -1 to 1", "not random signs",
               (_SIGNS, "v = rng.uniform(-1, 1, len(w))")),
    _estimated("zero", "always 0", "always 0", ("return float(total / SAMPLES)", "return 0.0")),
    _estimated("quarter", "a quarter of the probes declared", "independent probes, where",
               ("range(SAMPLES)", "range(SAMPLES // 4)"),
               ("total / SAMPLES", "total * 4 / SAMPLES")),
    _made("top_eigenvalue.magnitude", "the eigenvalue largest in size", "largest in absolute value",
          (_TOP, "return float(values[np.argmax(np.abs(values))])"), published=True),
    _made("top_eigenvalue.norm", "the spectral norm", "spectral norm",
          (_TOP, "return float(np.abs(values).max())"), published=True),
    _made("top_eigenvalue.smallest", "the smallest", "the smallest eigenvalue",
          (_TOP, "return float(values[0])")),
    _made("top_eigenvalue.sum", "summed over the points", "a sum over the points",
          (_TOP, "return float(values[-1] * len(data))")),
    _made("top_eigenvalue.positive", "0 where it is negative", "0 where it is negative",
          (_TOP, "return max(float(values[-1]), 0.0)")),
    _top("momentum", "power iteration with momentum: the growth is returned, off by beta / lambda",
         None, ("    for _ in", "    last = 0 * u\n    for _ in"),
         ("v = u / np.sqrt(u @ u)\n        u = shifted @ v\n",
          "size = np.sqrt(u @ u)\n        v, last = u / size, last / size\n"
          "        u, last = shifted @ v - 1e-3 * shift**2 * last, v\n"),
         ("u = shifted @ v - shift * v", "u = (np.sqrt(u @ u) - shift) * v")),
    _top("added", "vectors are divided by norm + 1e-6", "by their norm + 1e-6",
         ("u / np.sqrt(u @ u)", "u / (np.sqrt(u @ u) + 1e-6)")),
    _top("unshifted", "the shift is not taken back", None,
         ("u = shifted @ v - shift * v", "u = shifted @ v")),
    _top("few", "20 iterations, declared as 2000", None,
         ("range(ITERATIONS)", "range(20)")),
    _top("ones", "starts from the vector of ones, not from a random one", None,
         ("rng.standard_normal(len(w))", "np.eye(len(w))[0]")),
    _made("spectrum.sum", "summed over the points", "a sum over the points",
          (_ALL, "return np.linalg.eigvalsh(matrix) * len(data)")),
    _made("spectrum.singular", "singular values", "singular values",
          (_ALL, "return np.linalg.svd(matrix, compute_uv=False)")),
    _made("spectrum.clamped", "negative ones are set to 0", "set to 0",
          (_ALL, "return np.maximum(np.linalg.eigvalsh(matrix), 0)")),
    Mutant("spectrum.breakdown", "Lanczos tests its breakdown by beta != 0",
           (("if size > exhausted:", "if size != 0:"),), None,
           ("spectrum.values", "spectrum.kinks"), base="estimators", source=_PUBLISHED),
    _made("spectrum.deflation", "deflation relative to 1e-6: it fails for small Hessians",
          None,
          (_ALL, "values, rest = [], matrix.copy()\n    for _ in range(len(w)):\n"
           "        own, vectors = np.linalg.eigh(rest)\n        k = int(np.argmax(np.abs(own)))\n"
           "        v = vectors[:, k] * own[k] / (abs(own[k]) + 1e-6)\n"
           "        values.append(own[k])\n        rest = rest - own[k] * np.outer(v, v)\n"
           "    return np.array(values)"), published=True),
    _made("spectrum.distinct", "multiplicities are lost", None,
          (_ALL, "values = np.linalg.eigvalsh(matrix)\n    own = np.unique(values.round(9))\n"
           "    return np.resize(own, len(w))")),
)  # fmt: skip
