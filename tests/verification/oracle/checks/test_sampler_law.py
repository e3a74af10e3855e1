"""Right samplers have the law, in run after run; wrong ones fail, with the right cause."""

from types import SimpleNamespace

import numpy as np
import pytest

from whichmin.verification.oracle import judge

NAMES = ("uniform", "points", "pairs", "consecutive", "starts")


def subsets(m, b, steps, seed):
    rng = np.random.default_rng(seed)
    if b == 1:  # an argsort of 49152 numbers in each step would take long
        return rng.integers(0, m, (steps, 1))
    return rng.random((steps, m)).argsort(axis=1)[:, :b]


def replaced(m, b, steps, seed):
    return np.random.default_rng(seed).integers(0, m, (steps, b))


def reshuffled(m, b, steps, seed):
    each = m // b
    order = np.random.default_rng(seed).random((-(-steps // each), m)).argsort(axis=1)
    return order[:, : each * b].reshape(-1, b)[:steps]


def cyclic(m, b, steps, seed):
    return np.arange(steps * b).reshape(steps, b) % m


RIGHT = {
    "without-replacement": subsets,
    "with-replacement": replaced,
    "reshuffled": reshuffled,
}


def results(sampler, sampling="without-replacement", names=NAMES, **settings):
    target = SimpleNamespace(sample_batches=sampler, WHICHMIN={"sampling": sampling})
    found = judge(
        target, isolation="inline", **settings,
        only=lambda name: name.removeprefix("sample_batches.") in names,
    )  # fmt: skip
    return {r.check.removeprefix("sample_batches."): r for r in found.results}


@pytest.mark.parametrize("sampling", RIGHT)
def test_right_passes(sampling):
    found = results(RIGHT[sampling], sampling)
    assert {n: str(r.verdict) for n, r in found.items()} == dict.fromkeys(NAMES, "passed")
    assert all(r.kind == "stochastic" and r.false_alarm <= 1e-7 for r in found.values())


def test_cyclic_batches_have_no_law():
    assert {r.verdict for r in results(cyclic, "cyclic").values()} == {"not applicable"}


def shuffled(lowest):
    """Entry i, from the last to the second, is swapped with one of 0 to lowest(i, m) - 1."""

    def sampler(m, b, steps, seed):
        rng = np.random.default_rng(seed)
        order = np.tile(np.arange(m), (steps, 1))
        rows = np.arange(steps)
        for i in range(m - 1, -1 if lowest(1, m) == m else 0, -1):
            j = rng.integers(0, lowest(i, m), steps)
            order[rows, i], order[rows, j] = order[rows, j], order[rows, i].copy()
        return order[:, :b]

    return lambda m, b, steps, seed: (
        sampler(m, b, steps, seed) if m < 50 else subsets(m, b, steps, seed)
    )


def test_fisher_yates_passes_by_the_same_code():
    found = results(shuffled(lambda i, m: i + 1), names=("uniform", "pairs", "starts"))
    assert {r.verdict for r in found.values()} == {"passed"}


def neighbours(m, b, steps, seed):
    return (np.random.default_rng(seed).integers(0, m, (steps, 1)) + np.arange(b)) % m


UNIFORM = {
    "replaced": (replaced, "drawn with replacement"),
    "naive": (shuffled(lambda i, m: m), "swapped with any other"),
    "Sattolo": (shuffled(lambda i, m: i), "Sattolo"),
    "first b": (lambda m, b, s, r: np.tile(np.arange(b), (s, 1)), "always the first b points"),
    "neighbours": (neighbours, "neighbours are drawn together"),
    "cyclic": (cyclic, "cyclic batches, without chance"),
}


@pytest.mark.parametrize("name", UNIFORM)
def test_wrong_laws_are_named(name):
    sampler, cause = UNIFORM[name]
    result = results(sampler, names=("uniform",))["uniform"]
    assert result.verdict == "failed"
    assert cause in result.diagnosis


def test_without_replacement_is_named_if_replacement_is_declared():
    found = results(subsets, "with-replacement")
    for name in ("uniform", "pairs", "starts"):
        assert found[name].verdict == "failed"
        assert found[name].diagnosis == "drawn without replacement"
        assert found[name].declare == "'sampling': 'without-replacement'"


def modulo(bits):
    return lambda m, b, s, r: np.random.default_rng(r).integers(0, 2**bits, (s, b)) % m


def rounded(m, b, steps, seed):
    return np.rint(np.random.default_rng(seed).random((steps, b)) * (m - 1)).astype(int)


POINTS = {
    "8 bits": (modulo(8), "modulo bias: 8 random bits"),
    "15 bits": (modulo(15), "modulo bias: 15 random bits"),
    "16 bits": (modulo(16), "modulo bias: 16 random bits"),
    "rounded": (rounded, "rounded, not cut"),
    "not last": (lambda m, b, s, r: subsets(m - 1, b, s, r), "last point is never drawn"),
}


@pytest.mark.parametrize("name", POINTS)
def test_wrong_points_are_named(name):
    sampler, cause = POINTS[name]
    result = results(sampler, names=("points",))["points"]
    assert result.verdict == "failed"
    assert cause in result.diagnosis


def again(m, b, steps, seed):
    return np.tile(subsets(m, b, 1, seed), (steps, 1))


def once(m, b, steps, seed):
    return np.tile(reshuffled(m, b, m // b, seed), (-(-steps // (m // b)), 1))[:steps]


def sticky(m, b, steps, seed):
    """Every batch comes twice."""
    return np.repeat(subsets(m, b, -(-steps // 2), seed), 2, axis=0)[:steps]


@pytest.mark.parametrize(
    ("sampler", "sampling", "cause"),
    [
        (reshuffled, "without-replacement", "reshuffled epochs"),
        (cyclic, "without-replacement", "cyclic batches"),
        (replaced, "without-replacement", "drawn with replacement"),
        (sticky, "without-replacement", "the same batch again"),
        (sticky, "with-replacement", ""),
        (once, "reshuffled", ""),
    ],
)
def test_dependence_is_named(sampler, sampling, cause):
    result = results(sampler, sampling, names=("consecutive",))["consecutive"]
    assert result.verdict == "failed"
    assert cause in result.diagnosis


def test_seeds_that_give_the_same_first_batch():
    result = results(lambda m, b, s, r: subsets(m, b, s, 0), names=("starts",))["starts"]
    assert result.verdict == "failed"


def said(sampler, seed):
    target = SimpleNamespace(sample_batches=sampler)
    found = judge(target, isolation="inline", quick=True, seed=seed)
    return {r.check.partition(".")[2]: r for r in found.failures}


@pytest.mark.parametrize("seed", range(3))
def test_one_batch_for_all_steps_is_called_that(seed):
    def once_drawn(m, b, steps, seed):
        return np.tile(np.random.default_rng(seed).permutation(m)[:b], (steps, 1))

    found = said(once_drawn, seed)
    for name in ("uniform", "points", "pairs", "consecutive"):
        assert found[name].diagnosis.startswith("the same batch in every step")
    assert "first b points" not in "".join(r.diagnosis for r in found.values())


def test_an_ignored_seed_is_not_called_the_last_points():
    def ignoring(m, b, steps, seed):
        rng = np.random.default_rng(42)
        return np.array([rng.permutation(m)[:b] for _ in range(steps)])

    found = said(ignoring, 0)
    assert found["starts"].diagnosis.startswith("the seed is ignored")
    assert found["seed"].diagnosis.startswith("the seed is ignored")


def test_random_blocks_are_not_called_cyclic():
    def blocks(m, b, steps, seed):
        first = np.random.default_rng(seed).integers(m, size=steps)
        return (first[:, None] + np.arange(b)) % m

    for result in said(blocks, 0).values():
        assert "cyclic" not in result.diagnosis + result.declare
        assert "neighbours are drawn together" in result.diagnosis


@pytest.mark.parametrize("kept", [lambda s: s % 256, lambda s: s & 0xFFFF, lambda s: s % 1000])
def test_a_seed_cut_to_a_few_bits_fails(kept):
    def cut(m, b, steps, seed):
        return subsets(m, b, steps, kept(seed))

    assert said(cut, 0)["seed"].diagnosis.startswith("only a part of the seed counts")


@pytest.mark.parametrize(("dtype", "bits"), [(np.int8, 8), (np.uint8, 8), (np.int16, 16)])
def test_entries_of_a_small_type_overflow(dtype, bits):
    def small(m, b, steps, seed):
        return subsets(m, b, steps, seed).astype(dtype)

    found = said(small, 0)["range"].diagnosis
    assert f"entries are kept in {bits} bits" in found
