"""Right samplers pass in every mode; wrong ones fail, with the right cause."""

from types import SimpleNamespace

import numpy as np
import pytest

from whichmin.verification.oracle import judge

MODES = ("without-replacement", "with-replacement", "reshuffled", "cyclic")


def subsets(m, b, steps, seed):
    order = np.random.default_rng(seed).random((steps, m)).argsort(axis=1)
    return order[:, :b]


def replaced(m, b, steps, seed):
    return np.random.default_rng(seed).integers(0, m, (steps, b))


def reshuffled(m, b, steps, seed):
    each = m // b
    order = np.random.default_rng(seed).random((-(-steps // each), m)).argsort(axis=1)
    return order[:, : each * b].reshape(-1, b)[:steps]


def cyclic(m, b, steps, seed):
    return np.arange(steps * b).reshape(steps, b) % m


RIGHT = dict(zip(MODES, (subsets, replaced, reshuffled, cyclic), strict=True))


def results(sampler, sampling="without-replacement", only=lambda name: True, seed=0):
    target = SimpleNamespace(sample_batches=sampler, WHICHMIN={"sampling": sampling})
    wanted = [n for n in ("range", "repeats", "seed", "cyclic", "epochs") if only(n)]
    found = judge(
        target, isolation="inline", seed=seed,
        only=lambda name: name.removeprefix("sample_batches.") in wanted,
    )  # fmt: skip
    return {r.check.removeprefix("sample_batches."): r for r in found.results}


@pytest.mark.parametrize("sampling", MODES)
def test_right_passes(sampling):
    found = results(RIGHT[sampling], sampling)
    assert {r.verdict for r in found.values()} <= {"passed", "not applicable"}
    applies = {"range", "seed"}
    if sampling != "with-replacement":
        applies.add("repeats")
    applies |= {"cyclic": {"cyclic"}, "reshuffled": {"epochs"}}.get(sampling, set())
    assert {name for name, r in found.items() if r.verdict == "passed"} == applies


RANGE = {
    "from 1": (lambda m, b, s, r: subsets(m, b, s, r) + 1, "run from 1 to m"),
    "to m": (lambda m, b, s, r: subsets(m + 1, b, s, r), "run from 0 to m"),
    "not last": (lambda m, b, s, r: subsets(m - 1, b, s, r), "last point is never drawn"),
    "not first": (lambda m, b, s, r: subsets(m - 1, b, s, r) + 1, "first point is never drawn"),
    "first b": (lambda m, b, s, r: np.tile(np.arange(b), (s, 1)), "always the first b points"),
}


@pytest.mark.parametrize("name", RANGE)
def test_wrong_ranges_are_named(name):
    sampler, cause = RANGE[name]
    result = results(sampler, only=lambda name: name == "range")["range"]
    assert result.verdict == "failed"
    assert cause in result.diagnosis


@pytest.mark.parametrize("sampling", ["without-replacement", "reshuffled"])
def test_replacement_is_named_and_can_be_declared(sampling):
    result = results(replaced, sampling)["repeats"]
    assert (result.verdict, result.diagnosis) == ("failed", "drawn with replacement")
    assert result.declare == "'sampling': 'with-replacement'"


def test_another_cause_of_repeats_is_not_called_replacement():
    def sampler(m, b, steps, seed):
        found = subsets(m, b, steps, seed)
        found[5, -1] = found[5, 0]
        return found

    result = results(sampler)["repeats"]
    assert (result.verdict, result.diagnosis) == ("failed", "a point occurs twice in a batch")


def shifting(m, b, steps, seed):
    return np.array([np.random.default_rng(seed + t).permutation(m)[:b] for t in range(steps)])


def unseeded():
    rng = np.random.default_rng(0)
    return lambda m, b, steps, seed: rng.random((steps, m)).argsort(axis=1)[:, :b]


SEED = {
    "ignored": (lambda m, b, s, r: subsets(m, b, s, 1), "the seed is ignored"),
    "unseeded": (unseeded(), "the generator is global, or not seeded"),
    "shifted": (lambda m, b, s, r: shifting(m, b, s, r), "shifted"),
    "added": (lambda m, b, s, r: (subsets(m, b, s, 1) + r) % m, "adds a constant"),
}


@pytest.mark.parametrize("name", SEED)
def test_wrong_seeds_are_named(name):
    sampler, cause = SEED[name]
    result = results(sampler)["seed"]
    assert result.verdict == "failed"
    assert cause in result.diagnosis


CYCLES = {
    "second": (lambda m, b, s, r: cyclic(m, b, s + 1, r)[1:], "starts with the second"),
    "point": (lambda m, b, s, r: (cyclic(m, b, s, r) + 1) % m, "cycle starts with the second"),
    "last": (lambda m, b, s, r: (cyclic(m, b, s, r) - 1) % m, "cycle starts with the last"),
    "by one": (
        lambda m, b, s, r: (np.arange(s)[:, None] + np.arange(b)) % m,
        "moves on by one point",
    ),
    "dropped": (
        lambda m, b, s, r: (np.arange(s) % (m // b) * b)[:, None] + np.arange(b),
        "m mod b points are dropped",
    ),
    "short": (lambda m, b, s, r: cyclic(max(m - 1, 1), b, s, r), "has m - 1 points"),
    "long": (lambda m, b, s, r: cyclic(m + 1, b, s, r), "has m + 1 points"),
    "backwards": (lambda m, b, s, r: m - 1 - cyclic(m, b, s, r), "runs backwards"),
    "first b": (lambda m, b, s, r: np.tile(np.arange(b), (s, 1)), "always the first b points"),
}


@pytest.mark.parametrize("name", CYCLES)
def test_wrong_cycles_are_named(name):
    sampler, cause = CYCLES[name]
    result = results(sampler, "cyclic")["cyclic"]
    assert result.verdict == "failed"
    assert cause in result.diagnosis


def carried(m, b, steps, seed):
    order = np.random.default_rng(seed).random((-(-steps * b // m), m)).argsort(axis=1)
    return order.ravel()[: steps * b].reshape(steps, b)


def once(m, b, steps, seed):
    return np.tile(reshuffled(m, b, m // b, seed), (-(-steps // (m // b)), 1))[:steps]


def unshuffled(m, b, steps, seed):
    return np.tile(np.arange(m // b * b).reshape(-1, b), (-(-steps // (m // b)), 1))[:steps]


EPOCHS = {
    "independent": (subsets, "independent batches"),
    "replaced": (replaced, "drawn with replacement"),
    "carried": (carried, "carried over"),
    "once": (once, "shuffled once"),
    "unshuffled": (unshuffled, "not shuffled"),
}


@pytest.mark.parametrize(
    ("sampler", "sampling", "check"),
    [
        (RANGE["from 1"][0], MODES[0], "range"),
        (replaced, MODES[0], "repeats"),
        (CYCLES["point"][0], "cyclic", "cyclic"),
        (subsets, "reshuffled", "epochs"),
        (once, "reshuffled", "epochs"),
        (unshuffled, "reshuffled", "epochs"),
    ],
)
def test_a_snippet_fails_for_the_wrong_sampler_only(sampler, sampling, check):
    lines = results(sampler, sampling)[check].snippet.splitlines()
    # Where the snippet can import the sampler it does; here it is given another one.
    source = "\n".join(x for x in lines if not x.startswith(("from ", "sample_batches =")))

    def run(found):
        target = SimpleNamespace(sample_batches=found)
        exec(source, {"target": target, "sample_batches": found})

    run(RIGHT[sampling])
    with pytest.raises(AssertionError):
        run(sampler)


@pytest.mark.parametrize("name", EPOCHS)
def test_wrong_epochs_are_named(name):
    sampler, cause = EPOCHS[name]
    result = results(sampler, "reshuffled")["epochs"]
    assert result.verdict == "failed"
    assert cause in result.diagnosis
