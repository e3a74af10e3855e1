"""Faulty sketches, power iterations, noise estimates and searches, and calls that are repeated."""

from __future__ import annotations

from typing import Any

from whichmin.verification.oracle.mutants.mutant import Mutant

__all__ = ["ESTIMATES"]

_BASE = "base_estimates"
_REST = "rest = np.sum(z * (matrix @ z)) / k"
_PROJECTED = "z = z - q @ (q.T @ z)"
_Z = "z = rng.choice((-1.0, 1.0), (n, k))"
_Q = "q = np.linalg.qr(matrix @ start)[0]"
_KNOWN = "known = np.sum(q * (matrix @ q))"
_LOOP = "for _ in range(ITERATIONS):"
_QUOTIENT = "return float(v @ matrix @ v / (v @ v))"
_MEANS = "a, c = small.mean(), large.mean()"
_RATIO = "return float((a - c) / (1 - 1 / LARGE) / ((LARGE * c - a) / (LARGE - 1)))"
_EACH = "ratios = (small - large) / (1 - 1 / LARGE) / ((LARGE * large - small) / (LARGE - 1))\n"
_MOVE = "move = radius * slope / size"
_FINITE = "ratios = np.where(np.isfinite(ratios), ratios, 0.0)\n"
_SOURCE = "published curvature code"
_MATRIX = (
    "curved = (w @ w - 2) * (data.T * active) @ data\n    cross = 2 * np.outer(h @ data, w)\n"
    "    return np.asarray((curved + cross + cross.T + (h @ h) * np.eye(len(w))) / len(data))"
)


def _hutch(name: str, wrong: str, cause: str | None, *change: tuple[str, str]) -> Mutant:
    checks = ("hessian_trace.sketches",)
    return Mutant(f"hessian_trace.sketch-{name}", wrong, change, cause, checks, base=_BASE,
                  source=_SOURCE)  # fmt: skip


def _power(name: str, wrong: str, cause: str | None, *change: tuple[str, str]) -> Mutant:
    checks = ("top_eigenvalue.iterations", "top_eigenvalue.values")
    return Mutant(f"top_eigenvalue.{name}", wrong, change, cause, checks, base=_BASE,
                  source=_SOURCE)  # fmt: skip


def _scale(name: str, wrong: str, cause: str | None, *change: tuple[str, str]) -> Mutant:
    checks = ("noise_scale.estimate", "noise_scale.repeat")
    return Mutant(f"noise_scale.{name}", wrong, change, cause, checks, base=_BASE,
                  source="published noise-scale code")  # fmt: skip


def _step(name: str, wrong: str, cause: str | None, move: str) -> Mutant:
    return Mutant(f"sam_sharpness.{name}", wrong, ((_MOVE, f"move = {move}"),), cause,
                  ("sam_sharpness.values",), base=_BASE, source=_SOURCE)  # fmt: skip


def _again(function: str, name: str, wrong: str, cause: str, *change: tuple[str, str],
           **more: Any) -> Mutant:  # fmt: skip
    checks = (f"{function}.repeat", f"{function}.values")
    return Mutant(f"{function}.{name}", wrong, change, cause, checks, **more)


_STALE = "saved = globals().setdefault('saved', {})\n    "
_CHANGED = "right at first, wrong when the same call is repeated"

ESTIMATES = (
    _hutch("left-out", "the random part is left out", "is left out",
           (_REST, "rest = 0.0")),
    _hutch("sign", "the random part is subtracted", "is subtracted",
           (_REST, f"{_REST.replace('= ', '= -', 1)}")),
    _hutch("not-divided", "the random part is not divided", "a sum over its vectors",
           (_REST, "rest = np.sum(z * (matrix @ z))")),
    _hutch("one-more", "the random part is divided by k + 1", "one more than its vectors",
           (_REST, "rest = np.sum(z * (matrix @ z)) / (k + 1)")),
    _hutch("not-projected", "the random vectors are not projected", "not made orthogonal",
           (_PROJECTED, "")),
    _hutch("no-qr", "the sketch is not orthonormalised", "is not orthonormalised",
           (_Q, "q = matrix @ start")),
    _hutch("same-vectors", "the sketch's vectors are used again", "vectors of the sketch again",
           (_Z, "z = start")),
    _hutch("zero-one", "vectors of 0 and 1", "are 0 and 1",
           (_Z, "z = rng.integers(0, 2, (n, k)) * 1.0")),
    _hutch("uniform", "vectors uniform from -1 to 1", "uniform from -1 to 1",
           (_Z, "z = rng.uniform(-1, 1, (n, k))")),
    _hutch("random-alone", "the trace over the sketch is left out", "the random part alone",
           (_KNOWN, "known = 0.0")),
    _hutch("seed-ignored", "the seed is ignored", "the seed has no influence",
           ("default_rng(seed)", "default_rng(0)")),
    _power("not-iterated", "it does not iterate", "it does not iterate",
           (_LOOP, "for _ in range(0):")),
    _power("half", "half the iterations", "after 6 iterations with a shift",
           (_LOOP, "for _ in range(ITERATIONS // 2):")),
    _power("one", "one iteration", "after 1 iterations with a shift",
           (_LOOP, "for _ in range(1):")),
    _power("restarted", "every iteration starts from the first vector", "after 1 iterations",
           (_LOOP, f"first = v\n    {_LOOP}"),
           ("u = matrix @ v + shift * v", "u = matrix @ first + shift * first")),
    _power("not-normalised", "the quotient is not divided by the squared length", None,
           (_QUOTIENT, "return float(v @ matrix @ v)"),
           ("v = u / size if size > 0 else v", "v = u / size**0.5 if size > 0 else v")),
    _scale("mean-of-ratios", "the mean of the ratios", "the mean of the ratios",
           (_MEANS, f"{_EACH}    {_FINITE}    return float(ratios.mean())\n    {_MEANS}")),
    _scale("clipped-ratios", "the mean of the ratios, those below 0 as 0",
           "the mean of the ratios",
           (_MEANS,
            f"{_EACH}    {_FINITE}    return float(np.maximum(ratios, 0).mean())\n    {_MEANS}")),
    _scale("ratio-inverse", "|G|^2 over tr Sigma", "the inverse",
           (_RATIO, f"{_RATIO.replace('return float(', 'return 1 / float(')}")),
    _scale("ratio-points", "the small batch counts as the large one", None,
           (_MEANS, "a, c = large.mean(), small.mean()")),
    _step("asam", "adaptive SAM's step", "w^2 g / | |w| g |",
          "radius * w * w * slope / np.sqrt(np.sum((w * slope) ** 2))"),
    _step("asam-eta", "adaptive SAM's step with eta = 0.01", "T = |w| + 0.01",
          "radius * (np.abs(w) + 0.01) ** 2 * slope\n"
          "    move = move / np.sqrt(np.sum(((np.abs(w) + 0.01) * slope) ** 2))"),
    _step("signs", "the radius bounds the largest entry", "signs of the gradient",
          "radius * np.sign(slope)"),
    _step("free", "the gradient is not normalised", "not scaled to length 1",
          "radius * slope"),
    _step("sum-norm", "divided by the sum of absolute values", "sum of absolute values",
          "radius * slope / np.abs(slope).sum()"),
    _step("squared-norm", "divided by the squared length", "squared length",
          "radius * slope / size**2"),
    _step("down", "a step down the gradient", "down the gradient", "-radius * slope / size"),
    Mutant("keskar_sharpness.centre", "gradient ascent from the centre",
           (("best = max(loss(w + z) for z in ends * radius)",
             "z, best = 0 * w, base\n"
             "    for _ in range(300):\n"
             "        g = np.array([loss(w + z + s) - loss(w + z - s)"
             " for s in 1e-5 * np.eye(len(w))])\n"
             "        z = np.clip(z + radius * g / (20 * np.abs(g).max()), -radius, radius)"
             " if np.abs(g).max() > 1e-9 else z\n"
             "        best = max(best, loss(w + z))"),),
           "starts from the centre", ("keskar_sharpness.values",), base=_BASE, source=_SOURCE),
    Mutant("hessian_trace.row-sums", "row sums for the diagonal, 1^T H 1",
           (("return float(np.trace(hessian(w, data, activation)))",
             "return float(hessian(w, data, activation).sum())"),),
           "1^T H 1", ("hessian_trace.values",), source=_SOURCE),
    _again("hessian", "changed-when-repeated", "right at the first call with the same arguments",
           _CHANGED,
           (_MATRIX, f"{_STALE}key = (w.tobytes(), data.tobytes(), activation)\n"
            "    saved[key] = 1.5 * saved.get(key, 2 / 3)\n    h = h * min(saved[key], 1.5)\n    "
            + _MATRIX), source=_SOURCE),
    _again("spectrum", "grows", "a shift that grows with the calls", _CHANGED,
           ("return np.asarray(np.linalg.eigvalsh(matrix))",
            f"{_STALE}saved['calls'] = saved.get('calls', 0) + 1\n"
            "    return np.linalg.eigvalsh(matrix) + 0.1 * max(saved['calls'] - 44, 0)")),
    _again("gradient", "kept-by-weights", "kept by the weights: other data, the same answer",
           "the same weights, though the data differ",
           ("return np.asarray(total / len(data))",
            f"{_STALE}key = (w.tobytes(), activation)\n"
            "    return saved.setdefault(key, total / len(data)).copy()")),
    _again("loss", "kept-by-shape", "kept by the shape of the data", "the same shapes",
           ("return float(0.5 * np.sum(residual * residual) / len(data))",
            f"{_STALE}key = (data.shape, activation)\n"
            "    return saved.setdefault(key, float(0.5 * np.sum(residual * residual) "
            "/ len(data)))")),
    _again("noise_scale", "drifts", "a moving average over the calls", "another value",
           (_RATIO, f"{_STALE}old = saved.get((w.tobytes(), data.tobytes(), activation), (a, c))\n"
            "    a, c = 0.9 * old[0] + 0.1 * a, 0.9 * old[1] + 0.2 * c - 0.1 * old[1]\n"
            f"    saved[(w.tobytes(), data.tobytes(), activation)] = a, c\n    {_RATIO}"),
           base=_BASE),
)  # fmt: skip
