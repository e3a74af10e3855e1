"""The laws behind the verdicts on stochastic traces."""

import numpy as np
import pytest

from whichmin.verification.oracle import probes

MATRIX = np.array([[2.0, -1.0, 0.5], [-1.0, 0.25, 3.0], [0.5, 3.0, -1.5]])


def draws(method, samples, total, seed=0):
    rng = np.random.default_rng(seed)
    shape = (total, samples, 3)
    z = rng.choice([-1.0, 1.0], shape) if method == "hutchinson" else rng.standard_normal(shape)
    if method == "hutchinson-sphere":
        z *= 3**0.5 / np.linalg.norm(z, axis=2, keepdims=True)
    if method == "hutchinson-orthogonal":
        blocks = [np.linalg.qr(z[:, i : i + 3].transpose(0, 2, 1))[0] for i in range(0, samples, 3)]
        z = 3**0.5 * np.concatenate(blocks, axis=2).transpose(0, 2, 1)
    return np.einsum("rki,ij,rkj->rk", z, MATRIX, z).mean(1) - np.trace(MATRIX)


@pytest.mark.parametrize("method", probes.VECTORS)
@pytest.mark.parametrize("samples", [1, 5])
def test_moments_are_those_of_a_large_sample(method, samples):
    law = probes.law(MATRIX, method, samples)
    x = draws(method, samples, 200_000)
    # Five standard errors: the fourth moment of a squared Gaussian form is about 100 V^4.
    assert x.var() == pytest.approx(law.variance, rel=0.05)
    if method == "hutchinson-orthogonal":  # a bound
        assert (x**4).mean() < law._fourth()
        return
    assert (x**4).mean() == pytest.approx(law._fourth(), rel=0.25)
    if method == "hutchinson-sphere":
        return
    for theta in (0.1 / law.variance, 3 / law.variance):
        assert np.exp(-theta * x * x).mean() == pytest.approx(law._damped(theta), abs=6e-3)


@pytest.mark.parametrize("method", probes.VECTORS)
@pytest.mark.parametrize("alarm", [0.5, 0.05, 1e-3])
def test_the_radius_is_exceeded_no_more_often_than_stated(method, alarm):
    law = probes.law(MATRIX, method, 8)
    radius = law.radius(law.samples, alarm)
    share = (np.abs(draws(method, law.samples, 20_000)) > radius).mean()
    assert share <= alarm + 4 * (alarm / 20_000) ** 0.5
    # Nor is it vacuous: far out, Chernoff loses less than a factor 2 in the deviation.
    if method in {"hutchinson", "hutchinson-gaussian"} and alarm < 0.5:
        assert radius < 2 * np.quantile(np.abs(draws(method, law.samples, 20_000)), 1 - alarm)


def test_the_range_of_the_variance_holds_and_narrows():
    widths = []
    for total in (60, 200, 1000):
        law = probes.law(MATRIX, "hutchinson", 10)
        low, high = law.variance_range(total)
        assert low < law.variance < high
        found = [draws("hutchinson", 10, total, seed).var() for seed in range(300)]
        assert low < min(found)
        assert max(found) < high
        widths.append((low / law.variance, high / law.variance))
    assert widths[0][0] < widths[1][0] < widths[2][0]
    assert widths[0][1] > widths[1][1] > widths[2][1]
    assert widths[1][0] > 0.2
    assert widths[1][1] < 3


def test_signs_have_no_spread_for_a_diagonal_matrix():
    law = probes.law(np.diag([1.0, -2.0, 3.0]), "hutchinson", 4)
    assert law.variance == 0
    assert law.mean_radius(10) == 0
    assert law.variance_range(10) == (0.0, 0.0)
    assert probes.law(np.diag([1.0, -2.0, 3.0]), "hutchinson-gaussian", 4).variance == 7.0


@pytest.mark.parametrize("method", ["hutchinson-sphere", "hutchinson-orthogonal"])
def test_the_range_of_the_variance_of_probes_of_one_length(method):
    law = probes.law(MATRIX, method, 10)
    low, high = law.variance_range(200)
    found = [draws(method, 10, 200, seed).var() for seed in range(100)]
    assert low < min(found)
    assert max(found) < high


def test_probes_of_one_length_have_no_spread_for_a_multiple_of_the_identity():
    for method in ("hutchinson-sphere", "hutchinson-orthogonal"):
        assert probes.law(0.3 * np.eye(4), method, 3).variance == 0
    assert probes.law(MATRIX, "hutchinson-orthogonal", 6).variance == 0
    assert probes.law(MATRIX, "hutchinson-sphere", 6).variance > 0
