"""A right noise scale passes; wrong ones fail, with the right cause."""

from types import SimpleNamespace

import numpy as np
import pytest

from whichmin.errors import InputError
from whichmin.verification.oracle import judge


def point_gradients(w, data, activation):
    c = data @ w
    phi = c * (c > 0) if activation == "relu" else c
    return (w @ w - 2) * phi[:, None] * data + (phi**2)[:, None] * w


def scale(change):
    """A noise scale from tr Sigma, |G|^2, m and n."""

    def noise_scale(w, data, activation):
        g = point_gradients(w, data, activation)
        mean = g.mean(axis=0)
        with np.errstate(all="ignore"):
            return change(((g - mean) ** 2).sum() / len(g), mean @ mean, len(g), len(w))

    return noise_scale


def results(noise_scale, **declared):
    target = SimpleNamespace(noise_scale=noise_scale, WHICHMIN=declared)
    found = judge(target, isolation="inline", only=lambda name: "noise_scale" in name)
    return {r.check.removeprefix("noise_scale."): r for r in found.results}


def sample(t, q, m, n):
    return t / q * m / (m - 1) if m > 1 else t / q


def test_right_passes_by_both_declarations():
    found = results(scale(lambda t, q, m, n: t / q))
    assert found["values"].verdict == found["undefined"].verdict == "passed"
    assert found["undefined"].notes == ("at a minimum (G = 0) it gives nan or inf: accepted",)
    assert found["estimate"].verdict == "not applicable"
    assert results(scale(sample), noise="sample")["values"].verdict == "passed"
    assert results(scale(lambda t, q, m, n: t / q), dtype="float32")["values"].verdict == "passed"
    assert results(scale(lambda t, q, m, n: t / q), loss_scale=2)["values"].verdict == "passed"


def test_an_error_at_a_minimum_is_accepted():
    def noise_scale(w, data, activation):
        g = point_gradients(w, data, activation)
        mean = g.mean(axis=0)
        if not mean.any():
            raise ZeroDivisionError("the gradient is 0")
        return ((g - mean) ** 2).sum() / len(g) / (mean @ mean)

    found = results(noise_scale)
    assert found["undefined"].verdict == "passed"
    assert "an error" in found["undefined"].notes[0]


def test_rounding_in_the_gradient_is_no_clamp():
    # |G| of 1e-16 in place of 0, as after sums in another order.
    assert results(scale(lambda t, q, m, n: t / max(q, 1e-32)))["undefined"].verdict == "passed"


WRONG = {
    "sample": (sample, "factor m/(m-1)"),
    "inverse": (lambda t, q, m, n: q / t if t else 0.0, "the inverse"),
    "norm": (lambda t, q, m, n: t / np.sqrt(q), "norm is not squared"),
    "root": (lambda t, q, m, n: np.sqrt(t / q), "square root"),
    "trace": (lambda t, q, m, n: t, "tr Sigma alone"),
    "moment": (lambda t, q, m, n: (t + q) / q, "second moment"),
    "m": (lambda t, q, m, n: t / q / m, "divided by m twice"),
    "m squared": (lambda t, q, m, n: t / q / m**2, "1/m^2 too much"),
    "times m": (lambda t, q, m, n: t / q * m, "factor m:"),
    "mean": (lambda t, q, m, n: t / q / n, "one coordinate"),
    "at least": (lambda t, q, m, n: t / max(q, 1e-8), "clamped: |G|^2 is at least 1e-08"),
    "clamped": (lambda t, q, m, n: t / (q + 1e-8), "1e-08 is added to |G|^2"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_ones_are_named(name):
    change, cause = WRONG[name]
    result = results(scale(change))["values"]
    assert result.verdict == "failed"
    assert cause in result.diagnosis


def test_the_sample_covariance_can_be_declared():
    assert results(scale(sample))["values"].declare == "'noise': 'sample'"
    result = results(scale(lambda t, q, m, n: t / q), noise="sample")["values"]
    assert result.declare == "'noise': 'population'"


def test_the_noise_scale_with_the_hessian_is_named():
    def noise_scale(w, data, activation):
        g = point_gradients(w, data, activation)
        c, (m, n) = data @ w, data.shape
        on = c > 0 if activation == "relu" else np.ones(m, dtype=bool)
        phi = c * on
        hessian = (
            (w @ w - 2) * data[on].T @ data[on]
            + 2 * (np.outer(phi @ data, w) + np.outer(w, phi @ data))
            + phi @ phi * np.eye(n)
        )
        mean = g.mean(axis=0)
        d = g - mean
        with np.errstate(all="ignore"):
            return np.trace(hessian @ d.T @ d) / m / (mean @ hessian @ mean)

    assert "B_noise where B_simple" in results(noise_scale)["values"].diagnosis


@pytest.mark.parametrize("clamp", [1e-8, 1e-12])
def test_a_clamp_at_a_minimum_is_named(clamp):
    result = results(scale(lambda t, q, m, n: t / max(q, clamp)))["undefined"]
    assert result.verdict == "failed"
    assert result.diagnosis == (f"clamped at a minimum, where G = 0: the denominator is {clamp:g}")
    assert "got = float(got < " in result.snippet


def test_zero_at_a_minimum_is_wrong():
    result = results(scale(lambda t, q, m, n: t / q if q > 0 else 0.0))["undefined"]
    assert result.diagnosis == "a finite number where G = 0 and the scale is infinite"


def two_batches(k, sizes=(1, 2), change=lambda t, q: t / q, *, replaced=True, nested=False):
    """The estimator from two batch sizes; nested: the small batch is part of the large one."""
    small, large = sizes

    def noise_scale(w, data, activation, seed):
        rng = np.random.default_rng(seed)
        g = point_gradients(w, data, activation)
        m = len(g)

        def squares(b):
            if replaced:
                rows = rng.integers(0, m, (k, b))
            else:
                rows = np.argsort(rng.random((k, m)), axis=1)[:, :b]
            return g[rows]

        big = squares(large)
        little = big[:, :small] if nested else squares(small)
        a, c = ((x.mean(axis=1) ** 2).sum(axis=1).mean() for x in (little, big))
        s, t = ((1 / b if replaced else (m - b) / (b * (m - 1))) for b in sizes)
        with np.errstate(all="ignore"):
            return change((a - c) / (s - t), (s * c - t * a) / (s - t))

    return noise_scale


def estimated(noise_scale, k=4000, method="two batch sizes", **declared):
    stochastic = {"noise_scale": {"method": method, "samples": k}}
    return results(
        noise_scale, stochastic=stochastic, **{"sampling": "with-replacement"} | declared
    )


@pytest.mark.parametrize("nested", [False, True])
def test_right_two_batch_estimates_pass(nested):
    found = estimated(two_batches(4000, nested=nested))
    assert found["estimate"].verdict == found["undefined"].verdict == "passed"
    assert found["estimate"].cases >= 10
    assert found["values"].verdict == "not applicable"


def test_right_two_batch_estimates_without_replacement_pass():
    target = two_batches(4000, (1, 3), replaced=False)
    found = estimated(target, sampling="without-replacement", noise_batches=(1, 3))
    assert found["estimate"].verdict == found["undefined"].verdict == "passed"


def test_few_samples_decide_nothing_and_it_is_said():
    found = estimated(two_batches(2), k=2)["estimate"]
    assert found.verdict == "passed"
    assert "no statement" in found.notes[0]
    found = estimated(two_batches(1), k=1, method="samples")["estimate"]
    assert found.verdict == "inconclusive"
    assert not found.good
    assert found.message.startswith("noise_scale is not judged: in none of")
    found = estimated(two_batches(9), k=9, sampling="cyclic")["estimate"]
    assert found.verdict == "inconclusive"
    assert "cyclic batches are not drawn at random" in found.message


ANYTHING = {
    "constant": lambda w, data, activation, seed: 42.0 + seed % 7,
    "uniform": lambda w, data, activation, seed: (seed % 1000) * 1e-3,
    "negative": lambda w, data, activation, seed: -5 + (seed % 7) * 0.01,
    "nan": lambda w, data, activation, seed: float("nan"),
}


@pytest.mark.parametrize("k", [9, 200])
@pytest.mark.parametrize("method", ["samples", "two batch sizes"])
@pytest.mark.parametrize("sampling", ["with-replacement", "without-replacement"])
def test_anything_else_fails_with_few_samples_too(method, k, sampling):
    for wrong in ANYTHING.values():
        found = estimated(wrong, k, method, sampling=sampling)["estimate"]
        assert found.verdict == "failed"
        assert found.diagnosis == ""
    replaced = sampling == "with-replacement"
    right = two_batches(k, replaced=replaced) if method != "samples" else sampled(k)
    assert estimated(right, k, method, sampling=sampling)["estimate"].verdict == "passed"


def sampled(k):
    def noise_scale(w, data, activation, seed):
        g = point_gradients(w, data, activation)
        g = g[np.random.default_rng(seed).integers(0, len(data), k)]
        mean = g.mean(axis=0)
        with np.errstate(all="ignore"):
            return ((g - mean) ** 2).sum() / k / (mean @ mean)

    return noise_scale


def test_a_clamped_estimate_is_named():
    # A negative estimate of |G|^2 becomes 1e-8, and the noise scale 1e7.
    clamped = two_batches(4000, change=lambda t, q: t / max(q, 1e-8))
    result = estimated(clamped)["undefined"]
    assert result.verdict == "failed"
    assert result.diagnosis.startswith("clamped: estimates of |G|^2 that are 0 or negative")


WRONG_ESTIMATES = {
    "inverse": (lambda t, q: q / t, "the inverse"),
    "b": (lambda t, q: 2 * t / q, ""),  # b = 2 in all cases: b, 2 and b/(b-1) are the same
    "norm": (lambda t, q: t / np.sqrt(abs(q)), "norm is not squared"),
    "samples": (lambda t, q: 10_000 * t / q, "factor samples"),
}


@pytest.mark.parametrize("name", WRONG_ESTIMATES)
def test_wrong_estimates_are_named(name):
    change, cause = WRONG_ESTIMATES[name]
    target = two_batches(10_000, change=change)
    result = estimated(target, k=10_000, activations=["linear"])["estimate"]
    assert result.verdict == "failed"
    assert cause in result.diagnosis


@pytest.mark.parametrize(
    "declared", [{}, {"sampling": "cyclic"}, {"sampling": "reshuffled", "noise_batches": (1, 9)}]
)
def test_sampled_points_pass_and_fail_whatever_is_declared_of_batches(declared):
    def noise_scale(w, data, activation, seed, power=1):
        rng = np.random.default_rng(seed)
        g = point_gradients(w, data, activation)[rng.integers(0, len(data), 4000)]
        mean = g.mean(axis=0)
        with np.errstate(all="ignore"):
            return np.power(((g - mean) ** 2).sum() / len(g) / (mean @ mean), power)

    def inverse(w, data, activation, seed):
        return noise_scale(w, data, activation, seed, power=-1)

    declared = {"activations": ["linear"], **declared}
    found = estimated(noise_scale, method="samples", **declared)["estimate"]
    assert found.verdict == "passed"
    assert found.cases >= 5
    result = estimated(inverse, method="samples", **declared)["estimate"]
    assert result.verdict == "failed"
    assert "the inverse" in result.diagnosis


@pytest.mark.parametrize("pair", [(2, 1), (1, 1), (0, 2), (1,), (1.0, 2), "12", None])
def test_batch_sizes_that_are_no_pair_are_refused(pair):
    with pytest.raises(InputError, match="noise_batches"):
        results(scale(lambda t, q, m, n: t / q), noise_batches=pair)


def test_a_large_batch_beyond_the_points_is_refused():
    with pytest.raises(InputError, match="must be at most 4 for 'sampling': 'without-replacement'"):
        estimated(two_batches(100), sampling="without-replacement", noise_batches=(1, 50))


def test_misshapen_answers_at_a_minimum_are_not_accepted():
    def noise_scale(w, data, activation):
        return np.zeros(2)

    result = results(noise_scale)["undefined"]
    assert result.verdict == "failed"
    assert "returned shape" in result.message
