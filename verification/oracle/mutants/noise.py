"""Faulty sharpness metrics, noise estimators and samplers."""

from __future__ import annotations

from whichmin.verification.oracle.mutants.mutant import Mutant

__all__ = ["NOISE"]

_DRAWN = "drawn = [rng.permutation(m)[:b] for _ in range(steps)]"
_SHARP = ("keskar_sharpness.values", "keskar_sharpness.grows")
_COVARIANCE = ("gradient_noise.values",)
_SCALE = ("noise_scale.values", "noise_scale.undefined")
_DRAWS = tuple(
    f"sample_batches.{c}"
    for c in ("range", "repeats", "seed", "uniform", "points", "pairs", "consecutive", "starts")
)
_BEST = "best = max(best, climb(loss, w, z, radius))"
_FACTOR = "sigma * (m - b) / (b * max(m - 1, 1))"
_RETURN = "return float(sigma / (mean @ mean))"
_RADIUS = "radius = eps * (np.abs(w) + 1)"
_RATIO = "100 * (best - base) / (1 + base)"


def _sharp(name: str, wrong: str, cause: str | None, *change: tuple[str, str]) -> Mutant:
    return Mutant(f"keskar_sharpness.{name}", wrong, change, cause, _SHARP)


def _noise(name: str, wrong: str, cause: str | None, *change: tuple[str, str]) -> Mutant:
    return Mutant(f"gradient_noise.{name}", wrong, change, cause, _COVARIANCE)


def _scale(name: str, wrong: str, cause: str | None, *change: tuple[str, str]) -> Mutant:
    return Mutant(f"noise_scale.{name}", wrong, change, cause, _SCALE)


def _draws(name: str, wrong: str, cause: str | None, *change: tuple[str, str]) -> Mutant:
    return Mutant(f"sample_batches.{name}", wrong, change, cause, _DRAWS)


def _drawn(name: str, wrong: str, cause: str | None, each: str) -> Mutant:
    return _draws(name, wrong, cause, (_DRAWN, f"drawn = [{each} for t in range(steps)]"))


NOISE = (
    Mutant("keskar_sharpness.lower-bound", "the lower bound of the box is +eps",
           (("highest, rising = loss(w + z), True", "highest, rising = loss(w + radius), False"),),
           "lower bound is +eps", _SHARP, inside="climb", source="published sharpness code"),
    Mutant("keskar_sharpness.lower-zero", "the lower bound of the box is 0",
           (("grid = np.linspace(-1.0", "z = np.maximum(z, 0)\n    grid = np.linspace(0.0"),),
           "its lower bound is 0", _SHARP, inside="climb"),
    Mutant("keskar_sharpness.last", "the last value, not the largest",
           ((_BEST, "best = loss(w + 0.5 * z + 0.1 * radius)"),), "returns the last value", _SHARP,
           source="published sharpness code"),
    _sharp("no-one", "half-widths eps |w|", "without + 1", (_RADIUS, "radius = eps * np.abs(w)")),
    _sharp("no-weights", "half-widths eps", "without |w_i|",
           (_RADIUS, "radius = eps * np.ones(len(w))")),
    _sharp("no-absolute", "half-widths eps (w + 1)", "without the absolute value",
           (_RADIUS, "radius = eps * (w + 1)")),
    _sharp("fraction", "a fraction, not percent", "1/100", (_RATIO, "(best - base) / (1 + base)")),
    _sharp("relative", "relative to the loss", "relative to the loss",
           (_RATIO, "100 * (best - base) / base")),
    _sharp("absolute", "not divided by 1 + loss", "not divided by 1 + loss",
           (_RATIO, "100 * (best - base)")),
    _sharp("ball", "a ball in place of the box", "below the maximum",
           (_BEST, "best = max(best, loss(w + z * eps / max(np.sqrt(z @ z), 1e-300)))")),
    _sharp("fall", "the largest fall of the loss", None,
           (_BEST, "best = min(best, loss(w + z))")),
    _noise("replacement", "with replacement", "(m-b)/(m-1) is missing", (_FACTOR, "sigma / b")),
    _noise("no-size", "the batch size plays no part", "the batch size plays no part",
           (_FACTOR, "sigma")),
    _noise("correction", "(m-b)/m times the population covariance",
           "(m-b)/(b m)", (_FACTOR, "sigma * (m - b) / (b * m)")),
    _noise("sum", "of the sum over the batch", "of the sum over the batch",
           (_FACTOR, "sigma * b * (m - b) / max(m - 1, 1)")),
    _noise("moment", "the mean is not subtracted", "G G^T is not subtracted",
           ("each - each.mean(axis=0)", "each"), (_FACTOR, "sigma")),
    _noise("diagonal", "the diagonal alone", "only the diagonal",
           (_FACTOR, "np.diag(np.diag(sigma)) * (m - b) / (b * max(m - 1, 1))")),
    _noise("linear", "the activation is ignored", "other activation",
           ("point_gradients(w, data, activation)", 'point_gradients(w, data, "linear")')),
    _noise("transposed", "the points' covariance m x m where m = n, else right", None,
           (_FACTOR, "(away @ away.T / m if m == len(w) else sigma) * (m - b)"
            " / (b * max(m - 1, 1))")),
    _noise("sample", "the sample covariance", "m/(m-1)",
           (_FACTOR, "sigma * m * (m - b) / (b * max(m - 1, 1) ** 2)")),
    _scale("clamped", "|G|^2 is at least 1e-7: a noise scale of 1e7 at a minimum",
           "a finite number where G = 0",
           (_RETURN, "return float(sigma / max(mean @ mean - 1e-3, 1e-7))")),
    _scale("clamp-minimum", "|G|^2 is at least 1e-7", "a finite number where G = 0",
           (_RETURN, "return float(sigma / max(mean @ mean, 1e-7))")),
    _scale("sample", "divided by m - 1", "m/(m-1)",
           ("/ len(data)", "/ max(len(data) - 1, 1)")),
    _scale("root", "|G|, not squared", "the norm is not squared",
           (_RETURN, "return float(sigma / np.sqrt(mean @ mean))")),
    _scale("inverse", "upside down", "the inverse",
           (_RETURN, "return float(mean @ mean / sigma) if sigma else 0.0")),
    _scale("moment", "the mean is not subtracted", "|G|^2 is not subtracted",
           ("each - mean", "each")),
    _scale("coordinate", "the mean over the coordinates", "of one coordinate",
           ("np.sum(away * away) / len(data)", "np.mean(away * away)")),
    _scale("summed", "|G| of the summed gradient", "summed gradient",
           (_RETURN, "return float(sigma / (mean @ mean) / len(data) ** 2)")),
    _scale("added", "1e-8 is added to |G|^2", "1e-08 is added",
           (_RETURN, "return float(sigma / (mean @ mean + 1e-8))")),
    _drawn("replacement", "with replacement", "drawn with replacement", "rng.integers(0, m, b)"),
    _drawn("off-by-one", "the last point is never drawn", "the last point is never drawn",
           "rng.permutation(max(m - 1, b))[:b]"),
    _drawn("from-one", "points count from 1", "from 1 to m", "rng.permutation(m)[:b] + 1"),
    _drawn("first", "always the first points", "always the first b points", "np.arange(b)"),
    _drawn("cyclic", "points in order, not at random", "cyclic",
           "(t * b + np.arange(b)) % m"),
    _drawn("same", "the generator is seeded anew in every step", "seeded anew in every step",
           "np.random.default_rng(seed).permutation(m)[:b]"),
    _drawn("blocks", "neighbours are drawn together", "neighbours are drawn together",
           "(rng.integers(m) + np.arange(b)) % m"),
    _draws("seed-ignored", "the seed is ignored", "the seed is ignored",
           ("default_rng(seed)", "default_rng(0)")),
    _draws("seed-bits", "8 bits of the seed", "only a part of the seed counts",
           ("default_rng(seed)", "default_rng(seed % 256)")),
    _drawn("int8", "entries are kept in 8 bits", "kept in 8 bits",
           "rng.permutation(m)[:b].astype(np.int8)"),
    _draws("one-batch", "the same batch in every step", "the same batch in every step",
           (_DRAWN, "drawn = [rng.permutation(m)[:b]] * steps")),
    _draws("unseeded", "every call differs", "the same seed gives other batches",
           ("default_rng(seed)", "default_rng()")),
    _draws("seed-shift", "seed + 1 gives the same batches, one step on",
           "the same sequence, shifted",
           (_DRAWN, "drawn = [np.random.default_rng(seed + t).permutation(m)[:b]\n"
            "             for t in range(steps)]")),
    _draws("reshuffled", "reshuffled epochs, not declared", "reshuffled",
           (_DRAWN, "stream = np.concatenate([rng.permutation(m)[: m // b * b]\n"
            "                             for _ in range(steps // (m // b) + 1)])\n"
            "    drawn = list(stream[: steps * b].reshape(steps, b))")),
    _draws("sattolo", "a shuffle that never leaves a point in place", "Sattolo",
           (_DRAWN, "def shuffled():\n        if m > 100:\n            return rng.permutation(m)\n"
            "        order = np.arange(m)\n"
            "        for i in range(m - 1, 0, -1):\n            j = int(rng.integers(i))\n"
            "            order[i], order[j] = order[j], order[i]\n        return order\n\n"
            "    drawn = [shuffled()[:b] for _ in range(steps)]")),
    _drawn("modulo", "8 random bits modulo m (for b = 1)", "modulo",
           "rng.permutation(m)[:b] if b > 1 else rng.integers(0, 256, 1) % m"),
    _draws("dtype", "floats", "returned dtype", ("reshape(steps, b)", "reshape(steps, b) * 1.0")),
    _draws("transposed", "steps as columns", "returned shape",
           ("reshape(steps, b)", "reshape(steps, b).T")),
)  # fmt: skip
