"""Faulty sharpness in a ball, mean sharpness, curved noise scales and relative flatness."""

from __future__ import annotations

from whichmin.verification.oracle.mutants.mutant import Mutant

__all__ = ["MEASURES"]

_SAM = ("sam_sharpness.values",)
_MEAN = tuple(f"average_sharpness.{c}" for c in ("estimates", "seed"))
_CURVED = ("hessian_noise_scale.values", "hessian_noise_scale.undefined")
_FLAT = ("relative_flatness.values", "relative_flatness.kinks")
_START = "base = loss(w)"
_RISE = "return float(best - base)"
_EACH = "best = max(best, ascend(loss, w, u, radius))"
_DRAWN = "z = sigma * rng.standard_normal(len(w))"
_ADDED = "total += loss(w + z)"
_AVERAGE = "return float(total / DRAWS - loss(w))"
_QUOTIENT = "return float(curved / (mean @ matrix @ mean))"
_ABOVE = "(away @ matrix) * away"
_FLATNESS = "return float(w @ w * np.trace(hessian(w, data, activation)))"


def _sam(name: str, wrong: str, cause: str | None, *change: tuple[str, str]) -> Mutant:
    return Mutant(f"sam_sharpness.{name}", wrong, change, cause, _SAM)


def _radius(name: str, wrong: str, cause: str, radius: str) -> Mutant:
    return _sam(name, wrong, cause, (_START, f"{_START}\n    radius = {radius}"))


def _mean(name: str, wrong: str, cause: str | None, *change: tuple[str, str]) -> Mutant:
    return Mutant(f"average_sharpness.{name}", wrong, change, cause, _MEAN)


def _drawn(name: str, wrong: str, cause: str | None, z: str) -> Mutant:
    return _mean(name, wrong, cause, (_DRAWN, f"z = {z}"))


def _curved(name: str, wrong: str, cause: str | None, *change: tuple[str, str]) -> Mutant:
    return Mutant(f"hessian_noise_scale.{name}", wrong, change, cause, _CURVED)


def _flat(name: str, wrong: str, cause: str | None, value: str) -> Mutant:
    change = ((_FLATNESS, f"matrix = hessian(w, data, activation)\n    return {value}"),)
    return Mutant(f"relative_flatness.{name}", wrong, change, cause, _FLAT)


MEASURES = (
    _radius("square", "the radius is squared", "the square of the radius", "radius**2"),
    _radius("root", "|z|^2 is at most the radius", "the root of the radius", "np.sqrt(radius)"),
    _radius("relative-radius", "the radius is relative to |w|", "multiplied by |w|",
            "radius * np.sqrt(w @ w)"),
    _radius("per-coordinate", "the root mean square of z is at most the radius",
            "multiplied by sqrt(n)", "radius * np.sqrt(len(w))"),
    _sam("box", "a box in place of the ball", "over the box",
         (_EACH, "radii = np.full(len(w), radius)\n        for z in starts(radii):\n"
          "            best = max(best, climb(loss, w, z, radii))\n        break")),
    _sam("one-step", "one ascent step along the gradient", "one ascent step",
         (_EACH, "g = np.array([loss(w + s) - loss(w - s) for s in 1e-5 * np.eye(len(w))]) / 2e-5\n"
          "        size = np.sqrt(g @ g)\n"
          "        best = loss(w + radius * g / size) if size > 1e-4 else base")),
    _sam("relative", "relative to 1 + loss", "relative to 1 + loss",
         (_RISE, "return float((best - base) / (1 + base))")),
    _sam("percent", "in percent of 1 + loss", "in percent of 1 + loss",
         (_RISE, "return float(100 * (best - base) / (1 + base))")),
    _sam("loss", "the largest loss, not its rise", "not its rise", (_RISE, "return float(best)")),
    _sam("random", "the best of random directions, no ascent", "below the maximum",
         (_EACH, "v = np.random.default_rng(0).standard_normal(len(w)) + 0.1 * u\n"
          "        best = max(best, loss(w + radius * v / np.sqrt(v @ v)))")),
    _drawn("square", "sigma^2 in place of sigma", "the standard deviation sigma^2",
           "sigma**2 * rng.standard_normal(len(w))"),
    _drawn("root", "sigma is taken as the variance", "the variance sigma",
           "np.sqrt(sigma) * rng.standard_normal(len(w))"),
    _drawn("length", "noise of length sigma, in a random direction", "the length sigma in all",
           "rng.standard_normal(len(w))\n        z = z * sigma / np.sqrt(z @ z)"),
    _drawn("uniform", "uniform noise", "is uniform from -sigma to sigma",
           "rng.uniform(-sigma, sigma, len(w))"),
    _drawn("weights", "noise in proportion to the weights", "multiplied by the weights",
           "sigma * np.abs(w) * rng.standard_normal(len(w))"),
    _mean("last", "the last draw alone, not the mean", "a draw is used again",
          (_ADDED, "total = DRAWS * loss(w + z)")),
    _mean("loss", "loss(w) is not subtracted", "is not subtracted",
          (_AVERAGE, "return float(total / DRAWS)")),
    _mean("relative", "relative to 1 + loss", "relative to 1 + loss",
          (_AVERAGE, "return float((total / DRAWS - loss(w)) / (1 + loss(w)))")),
    _mean("worst", "the largest rise met, not the mean", None,
          (_ADDED, "total = max(total, DRAWS * loss(w + z))")),
    _mean("sum", "a sum over the draws", "not divided by the number of samples",
          (_AVERAGE, "return float(total - DRAWS * loss(w))")),
    _mean("seed-ignored", "the seed is ignored", "the seed has no influence",
          ("default_rng(seed)", "default_rng(0)")),
    _mean("unseeded", "every call differs", "the seed does not decide",
          ("default_rng(seed)", "default_rng()")),
    _curved("simple", "the noise scale without the Hessian", "B_simple",
            (_QUOTIENT, "return float(np.sum(away * away) / len(data) / (mean @ mean))")),
    _curved("numerator", "the Hessian only below", "missing in the numerator",
            (_ABOVE, "away * away")),
    _curved("denominator", "the Hessian only above", "missing in the denominator",
            (_QUOTIENT, "return float(curved / (mean @ mean))")),
    _curved("traces", "the product of the traces", "the product of the traces",
            (_ABOVE, "away * away * np.trace(matrix)")),
    _curved("moment", "the mean is not subtracted", "G G^T is not subtracted",
            ("each - mean", "each")),
    _curved("sample", "divided by m - 1", "m/(m-1)",
            ("/ len(data)", "/ max(len(data) - 1, 1)")),
    _curved("absolute", "the size of what is expected", "absolute value",
            (_QUOTIENT, "return abs(float(curved / (mean @ matrix @ mean)))")),
    _curved("positive", "negative eigenvalues are set to 0", "are set to 0",
            ("away = each - mean", "away = each - mean\n    own, vectors = np.linalg.eigh(matrix)\n"
             "    matrix = (vectors * np.maximum(own, 0)) @ vectors.T")),
    _curved("clamped", "the denominator is at least 1e-30 in size", "at a minimum",
            (_QUOTIENT, "below = mean @ matrix @ mean\n"
             "    return float(curved / (below if abs(below) > 1e-30 else 1e-30))")),
    _curved("diagonal", "the diagonal of the Hessian", "only the diagonal",
            ("away = each - mean", "matrix, away = np.diag(np.diag(matrix)), each - mean")),
    _flat("trace", "the trace alone", "not multiplied by |w|^2", "float(np.trace(matrix))"),
    _flat("norm", "|w|, not squared", "the norm is not squared",
          "float(np.sqrt(w @ w) * np.trace(matrix))"),
    _flat("eigenvalue", "the largest eigenvalue", "the largest eigenvalue",
          "float(w @ w * np.linalg.eigvalsh(matrix)[-1])"),
    _flat("by-weight", "sum of w_i^2 H_ii", "weight by weight",
          "float((w * w) @ np.diag(matrix))"),
    _flat("along", "the curvature along w", "<w, H w>", "float(w @ matrix @ w)"),
    _flat("sum", "summed over the points", "a sum over the points",
          "float(len(data) * (w @ w) * np.trace(matrix))"),
    _flat("mean", "the mean of the diagonal", "mean over the coordinates",
          "float(w @ w * np.mean(np.diag(matrix)))"),
    _flat("kink", "documented: 0 at the kink; coded: 1", "kappa = 1",
          'hessian_trace_right(w, data, activation)\n\n\n'
          "def hessian_trace_right(w, data, activation):\n"
          "    inner = data @ w\n"
          '    on = inner >= 0 if activation == "relu" else np.ones(len(data), dtype=bool)\n'
          "    h, square = phi(inner, activation), w @ w\n"
          "    sizes = (data * data).sum(axis=1) @ on\n"
          "    total = (square - 2) * sizes + 4 * (h @ inner) + len(w) * (h @ h)\n"
          "    return float(square * total / len(data))"),
)  # fmt: skip
