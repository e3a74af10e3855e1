"""The streams of batches: known answers of the generator, exact uniformity, independence."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Iterator

import numpy as np
from scipy import stats

from whichmin.core.batches import floyd_subset, make_stream
from whichmin.core.philox import philox4x32
from whichmin.verification.evidence.check import Margin, Settings, check
from whichmin.verification.evidence.subject import Subject
from whichmin.verification.topics.strategies import RunCase, runs
from whichmin.words import EvidenceKind, Sampling

__all__: list[str] = []

# False-alarm rate of one statistical comparison. Fewer than 100 of them make up these checks, so
# a whole run raises a false alarm less often than once in 10^7.
FALSE_ALARM = 1e-9

# Random123's known-answer vectors for philox4x32-10 (Salmon et al. 2011, file kat_vectors).
KNOWN_ANSWERS = (
    ("00000000" * 4, "00000000" * 2, "6627e8d5e169c58dbc57ac4c9b00dbd8"),
    ("ffffffff" * 4, "ffffffff" * 2, "408f276d41c83b0ea20bc7c66d5451fd"),
    ("243f6a8885a308d313198a2e03707344", "a4093822299f31d0", "d16cfe0994fdcceb5001e42024126ea1"),
)


def _split(text: str) -> list[int]:
    return [int(text[p : p + 8], 16) for p in range(0, len(text), 8)]


@check("batches.known_answers", EvidenceKind.ENUMERATION, bound="exact: no word may differ")
def known_answers() -> Iterator[Margin]:
    """The generator reproduces the published vectors of Philox4x32-10."""
    for counter, key, answer in KNOWN_ANSWERS:
        first, second, third, fourth = (np.array([v], np.uint64) for v in _split(counter))
        k0, k1 = _split(key)
        words = philox4x32((first, second, third, fourth), (k0, k1))
        wrong = sum(
            int(w[0]) != expected for w, expected in zip(words, _split(answer), strict=True)
        )
        yield Margin(f"words of counter {counter}", float(wrong), 1e-9)


@check("batches.floyd", EvidenceKind.ENUMERATION, bound="exact: every subset k! times")
def floyd() -> Iterator[Margin]:
    """Floyd's algorithm makes all subsets equally likely if all draws are, every tuple of draws
    enumerated.
    """
    for m in range(2, 8):
        for k in range(1, m // 2 + 1):
            tuples = itertools.product(*(range(m - k + i + 1) for i in range(k)))
            subsets = np.sort(floyd_subset(np.array(list(tuples)), m), axis=1)
            counts = Counter(map(tuple, subsets.tolist()))
            expected = math.factorial(k)
            wrong = sum(count != expected for count in counts.values())
            wrong += math.comb(m, k) - len(counts)
            yield Margin(f"{k}-subsets of {m}, each {expected} times", float(wrong), 1e-9)


def _chi_square(what: str, observed: np.ndarray, expected: np.ndarray) -> Margin:
    statistic = float(((observed - expected) ** 2 / expected).sum())
    critical = float(stats.chi2.isf(FALSE_ALARM, observed.size - 1))
    return Margin(f"chi-square of {what}", statistic, critical, int(observed.sum()))


@check(
    "batches.uniform",
    EvidenceKind.STATISTICS,
    bound="chi-square critical value at a false-alarm rate of 1e-9 per comparison",
    false_alarm=1e-6,  # fewer than 1,000 comparisons
)
def uniform(subject: Subject, settings: Settings) -> Iterator[Margin]:
    """All batches of a size are equally likely, for every sampling scheme."""
    replicas, steps = 64, 256
    for m, b in ((2, 1), (5, 1), (5, 2), (6, 3), (5, 4), (7, 5)):
        for sampling in (Sampling.WITHOUT_REPLACEMENT, Sampling.RESHUFFLED):
            stream = make_stream(m, b, sampling=sampling, seed=settings.seed)
            drawn = subject.sampler(stream, 0, steps, range(replicas))
            assert drawn is not None
            if sampling is Sampling.RESHUFFLED:
                drawn = drawn[:: m // b]  # batches of one epoch are not independent
            rows = np.sort(drawn.reshape(-1, b), axis=1)
            counts = Counter(map(tuple, rows.tolist()))
            subsets = list(itertools.combinations(range(m), b))
            foreign = sum(c for s, c in counts.items() if s not in set(subsets))
            yield Margin(
                f"rows that are no {b}-subset of {m} ({sampling})", float(foreign), 1e-9, len(rows)
            )
            observed = np.array([counts[s] for s in subsets], dtype=float)
            yield _chi_square(
                f"all {b}-subsets of {m}, {sampling}",
                observed,
                np.full(len(subsets), len(rows) / len(subsets)),
            )
    for m, b in ((3, 2), (4, 3), (2, 5)):
        stream = make_stream(m, b, sampling="with-replacement", seed=settings.seed)
        drawn = subject.sampler(stream, 0, steps, range(replicas))
        assert drawn is not None
        codes = (drawn.reshape(-1, b) * m ** np.arange(b)).sum(1)
        observed = np.bincount(codes, minlength=m**b).astype(float)
        yield _chi_square(
            f"all {m}^{b} tuples, with replacement",
            observed,
            np.full(m**b, len(codes) / m**b),
        )


@check(
    "batches.independence",
    EvidenceKind.STATISTICS,
    bound="chi-square critical value at a false-alarm rate of 1e-9 per comparison",
    false_alarm=1e-6,  # fewer than 1,000 comparisons
)
def independence(subject: Subject, settings: Settings) -> Iterator[Margin]:
    """Replicas, seeds and steps are independent, also when one stream is shifted."""
    m, steps, replicas = 8, 512, 32
    here = make_stream(m, 1, seed=settings.seed)
    drawn = subject.sampler(here, 0, steps, range(replicas))
    other = subject.sampler(
        make_stream(m, 1, seed=(settings.seed + 1) % 2**64), 0, steps, range(replicas)
    )
    assert drawn is not None
    assert other is not None
    series, across = drawn[:, :, 0], other[:, :, 0]
    pairs = {
        "neighbouring replicas": (series[:, :-1], series[:, 1:]),
        "neighbouring seeds": (series, across),
        "one replica and itself": (series, series),
    }
    for what, (left, right) in pairs.items():
        for shift in (-8, -4, -2, -1, 0, 1, 2, 4, 8):
            if what == "one replica and itself" and shift <= 0:
                continue
            low, high = max(0, shift), steps + min(0, shift)
            joint = left[low:high] * m + right[low - shift : high - shift]
            observed = np.bincount(joint.ravel(), minlength=m * m).astype(float)
            yield _chi_square(
                f"pairs, {what}, shifted by {shift}",
                observed,
                np.full(m * m, observed.sum() / m**2),
            )


@check(
    "batches.random_access",
    EvidenceKind.PROPERTY,
    bound="exact: no index may differ",
    cases=runs,
    examples=100,
)
def random_access(subject: Subject, case: RunCase) -> Iterator[Margin]:
    """A batch depends on (seed, replica, step) alone; batches without replacement repeat nothing;
    epochs are permutations.

    So any slice of any replica equals that slice of the whole.
    """
    whole = subject.sampler(case.stream, 0, 40, range(4))
    if whole is None:
        yield Margin("full batches", 0.0, 1e-9)
        return
    rng = np.random.default_rng(case.seed)
    first = int(rng.integers(0, 40))
    last = int(rng.integers(first + 1, 41))
    replica = int(rng.integers(0, 4))
    part = subject.sampler(case.stream, first, last, [replica])
    assert part is not None
    different = (part[:, 0] != whole[first:last, replica]).sum()
    yield Margin(f"steps {first}..{last} of replica {replica}", float(different), 1e-9)
    distinct = case.sampling not in {Sampling.WITH_REPLACEMENT, Sampling.CUSTOM}
    if distinct:
        ordered = np.sort(whole, axis=2)
        repeats = (ordered[:, :, 1:] == ordered[:, :, :-1]).sum()
        yield Margin("repeated points in a batch", float(repeats), 1e-9)
    if case.sampling is Sampling.RESHUFFLED and case.m % case.batch_size == 0:
        per_epoch = case.m // case.batch_size
        epochs = whole[: 40 // per_epoch * per_epoch].transpose(1, 0, 2).reshape(4, -1, case.m)
        wrong = (np.sort(epochs, axis=2) != np.arange(case.m)).sum()
        yield Margin("epochs that are no permutation", float(wrong), 1e-9)
