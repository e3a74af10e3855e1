"""Check what every run of a sampler must satisfy; ``sampler_law`` checks the law of the batches."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from whichmin.verification.oracle import draws
from whichmin.verification.oracle.check import Call, Candidate, Finding, OracleCheck
from whichmin.verification.oracle.checks.gradient_noise import INDICATOR
from whichmin.verification.oracle.epochs import cut, length
from whichmin.verification.oracle.ragged import NONE
from whichmin.verification.oracle.sampler_causes import named
from whichmin.verification.oracle.sampler_runs import drawn
from whichmin.verification.oracle.session import Answer, Session
from whichmin.verification.oracle.wrong_draws import few_bits
from whichmin.verification.oracle.wrong_seeds import (
    IGNORED,
    PART,
    follows,
    related_runs,
    shares,
)

__all__ = ["CHECKS", "SAME", "fixed_batches"]

Batches = NDArray[np.int64]

# Chance alone never does this: a run has hundreds of batches.
SAME = (
    "the same batch in every step of a run: drawn once, or the generator is seeded anew in every "
    "step"
)
_INDEPENDENT = "'sampling': 'without-replacement'"
_REPLACED = "'sampling': 'with-replacement'"


# Entries of a run, in snippets: where batches differ in size they are filled up with -1.
_ENTRIES = ("got", "got[got >= 0]")


def has_repeats(batches: Batches) -> NDArray[np.bool_]:
    """Tell which batches contain a point twice."""
    ordered = np.sort(batches, axis=1)
    return np.asarray(((ordered[:, 1:] == ordered[:, :-1]) & (ordered[:, 1:] != NONE)).any(axis=1))


def _indicator(
    what: str,
    wrong: bool,
    meaning: str,
    *causes: Candidate,
    call: Any = None,
    figure: str = "",
    calls: tuple[Call, ...] = (),
) -> Finding:
    """A finding that is 1 for a fault and 0 else; causes are looked at if it is there."""
    return Finding(
        what, float(wrong), 0.0, INDICATOR, f"1 if {meaning}, else 0", call=call,
        candidates=causes if wrong else (), figure=figure, calls=calls,
    )  # fmt: skip


def fixed_batches(batches: Batches, seen: Any, m: int) -> Iterator[Candidate]:
    """Find out whether batches were drawn without chance, and how.

    Args:
        batches: The batches of one run, ``(steps, b)``.
        seen: The figure that was found.
        m: Points.

    Yields:
        The causes that explain the batches.
    """
    steps, b = batches.shape
    rows = np.sort(batches, axis=1)
    same = bool((rows == rows[0]).all()) and steps > 1 and b < m
    cyclic = np.sort(np.arange(steps * b).reshape(steps, b) % m, axis=1)
    if np.array_equal(rows, cyclic) and b < m:
        yield Candidate("cyclic batches, without chance", seen, "'sampling': 'cyclic'")
    elif same and np.array_equal(rows[0], np.arange(b)):
        yield Candidate("always the first b points", seen)
    elif same and np.array_equal(rows[0], np.arange(m - b, m)):
        yield Candidate("always the last b points", seen)
    elif same:
        yield Candidate(SAME, seen)


def _range(session: Session) -> Iterator[Finding]:
    right, declared = True, session.conventions
    unequal = declared.sampling == "poisson" or declared.ends == "short"
    for m, b in ((5, 2), (7, 1), (6, 4)):
        # A point is missing in all 300 batches with a chance of at most m (6/7)^300 = 6e-20.
        answer = drawn(session, m, b, 300, session.seed)
        entries = answer.value[answer.value != NONE]
        ends = np.array([entries.min(initial=m), entries.max(initial=-1)], dtype=np.float64)
        right = right and ends.tolist() == [0, m - 1]
        yield Finding(
            f"m = {m}, b = {b}: smallest and largest entry", ends, np.array([0.0, m - 1.0]),
            INDICATOR, "all points occur, and nothing else; a chance of at most 6e-20 to miss one",
            call=answer.call, figure=f"np.array([{_ENTRIES[unequal]}.min(), got.max()])",
            candidates=(
                Candidate("entries run from 1 to m: off by one", (1, m)),
                Candidate("entries run from 0 to m: the upper end is not left out", (0, m)),
                Candidate("the last point is never drawn: the upper end is left out twice",
                          (0, m - 2)),
                Candidate("the first point is never drawn", (1, m - 1)),
                *fixed_batches(answer.value, ends, m),
            ),
        )  # fmt: skip
    for m in (300, 70_000) if right else ():
        # More points than 8 or 16 bits can tell: 65536 of 70000 are met alone with a
        # chance of (65536/70000)^600 = 7e-18.
        if session.conventions.sampling == "cyclic" and m > 600:
            continue
        answer = drawn(session, m, 1, 600, session.seed)
        entries = answer.value[answer.value != NONE]
        least, most = int(entries.min(initial=m)), int(entries.max(initial=-1))
        bits = next((k for k in (8, 16) if least >= -(2 ** (k - 1)) and most < 2**k < m), 0)
        text = ""
        if bits:  # three quarters as many points as the bits can tell
            size = 3 * 2 ** (bits - 2)
            text = few_bits(entries, bits, drawn(session, size, 1, 600, session.seed).value)
        wrong = least < 0 or most >= m or bits > 0
        yield _indicator(
            f"m = {m}: entries from {least} to {most}", wrong,
            "an entry is none of 0 to m - 1, or none exceeds 8 or 16 bits",
            *((Candidate(text, 1.0),) if text else ()),
            call=answer.call,
            figure=f"float({_ENTRIES[unequal]}.min() < 0 or got.max() >= {m} or got.max() < "
            f"{256 if m < 65_536 else 65_536})",
        )  # fmt: skip


def _repeats(session: Session) -> Iterator[Finding]:
    if session.conventions.drawing == "with-replacement":
        return
    for m, b in ((5, 2), (6, 6), (7, 3), (2, 2)):
        if session.conventions.ends == "carried" and m % b:
            continue  # the end of an epoch and the start of the next one may share points
        answer = drawn(session, m, b, 300, session.seed)
        found = has_repeats(answer.value)
        law = draws.declared_law(m, b, "with-replacement")
        chance = float(sum(p for batch, p in law.items() if len(set(batch)) < b))
        # Six standard deviations: the wording only, nothing passes or fails by it.
        far = abs(found.mean() - chance) > 6 * (chance * (1 - chance) / len(found)) ** 0.5
        text = "a point occurs twice in a batch" if far else "drawn with replacement"
        yield _indicator(
            f"m = {m}, b = {b}: {int(found.sum())} of {len(found)} batches have a point twice",
            bool(found.any()), "a batch has a point twice",
            Candidate(text, 1.0, "" if far else _REPLACED), call=answer.call,
            figure="float(any(len({x for x in row if x >= 0}) < sum(x >= 0 for x in row) "
            "for row in got.tolist()))",
        )  # fmt: skip


def _shift(first: Batches, second: Batches, m: int) -> str:
    """How one run follows from another; empty if it does not seem to."""
    if np.array_equal(first, second):
        return IGNORED
    if first.shape != second.shape:
        return ""
    for left, right in ((first, second), (second, first)):
        for a, b in ((left, right), (left.ravel(), right.ravel())):
            if any(np.array_equal(a[lag:], b[:-lag]) for lag in range(1, 11)):
                return "another seed gives the same sequence, shifted"
    if NONE not in first and NONE not in second and len(np.unique((second - first) % m)) == 1:
        return "another seed adds a constant to the same batches"
    return ""


def _follows(m: int) -> str:
    """:func:`_shift` as an expression of both runs: 1 if one follows from the other."""
    lagged = (
        "any(np.array_equal(x[lag:], y[:len(y) - lag]) for a, b in (got, got[::-1]) "
        "for x, y in ((a, b), (a.ravel(), b.ravel())) for lag in range(11))"
    )
    return f"float({lagged} or len(np.unique((got[1] - got[0]) % {m})) == 1)"


def _seed(session: Session) -> Iterator[Finding]:
    m, b, steps = 97, 3, 60
    rng = session.rng("sample_batches.seed")
    one = int(rng.integers(2**31 - 10))

    def run(seed: int, fresh: bool = False) -> Answer:
        return drawn(session, m, b, steps, seed, fresh=fresh)

    first, second = run(one), run(one + 1)
    again = run(one, fresh=True)
    yield _indicator(
        "the same seed twice", not np.array_equal(first.value, again.value), "the batches differ",
        Candidate("the same seed gives other batches: the generator is global, or not seeded", 1.0),
        calls=(first.call, again.call), figure="float((got[0] != got[1]).any())",
    )  # fmt: skip
    if session.conventions.sampling == "cyclic":
        return
    # Two runs of 60 batches of 97 points agree by chance with a probability below 97^-50.
    far = int(rng.integers(2**31))
    others = [("seeds s and s + 1", second), ("two seeds", run(far)),
              ("seeds s and s + 2", run(one + 2))]  # fmt: skip
    others += [(f"seeds s and s + 2^{k} mod 2^31", run((one + 2**k) % 2**31))
               for k in (8, 16, 24, 30)]  # fmt: skip
    causes = [_shift(first.value, other.value, m) for _, other in others]
    if IGNORED in causes and not all(c == IGNORED for c in causes):
        causes = [PART if c == IGNORED else c for c in causes]
    for (what, other), cause in zip(others, causes, strict=True):
        yield _indicator(
            what, bool(cause), "one run follows from the other",
            Candidate(cause, 1.0), calls=(first.call, other.call), figure=_follows(m),
        )  # fmt: skip
    if any(causes):
        return
    # 300 seeds: of up to 2^11 that are told apart, two agree but for a chance of 3e-10; by chance
    # of their 4 batches with a probability below 300^2 / C(97, 3)^4 = 2e-16.
    many = session.rng("sample_batches.seed.many").choice(2**31, 300, replace=False)
    answers = [drawn(session, m, b, 4, int(seed)) for seed in many]
    seen = {a.value.tobytes() for a in answers}
    yield _indicator(
        f"{len(answers)} seeds: {len(seen)} different runs", len(seen) < len(answers),
        "two seeds give the same batches", calls=tuple(a.call for a in answers),
        figure="float(len({x.tobytes() for x in got}) < len(got))",
    )  # fmt: skip
    if len(seen) == len(answers):
        yield _relation(session)


def _relation(session: Session) -> Finding:
    """What runs of seeds near each other, or multiples of each other, have in common."""
    declared, runs = session.conventions, related_runs(session)
    if declared.epoch_seed == "seed + epoch":
        whole = all(cut(r.batches, r.m, r.b, declared.leftover) is not None for r in runs)
        wrong = whole and not follows(runs, declared.leftover, lambda s, e: s + e)
        # Epoch 1 of a seed and epoch 0 of the next one, by batches.
        each = length(runs[0].m, runs[0].b, declared.leftover)
        return _indicator(
            f"{len(runs)} seeds: the order of epoch e is that of seed + e", wrong,
            "another epoch has it, or none", calls=(runs[0].call, runs[1].call),
            figure=f"float((np.sort(got[0][{each}:{2 * each}]) != np.sort(got[1][:{each}])).any())",
        )  # fmt: skip
    # Of 8 of 1000 points, 9000 batches have two alike with a chance of 9000^2 / C(1000, 8) = 4e-12;
    # of Poisson batches of 64 with one of 9000^2 exp(-2 * 64 * 0.93) = 2e-44.
    pair = shares(runs)
    one, two = pair or (0, 1)
    return _indicator(
        f"seeds {runs[one].seed} and {runs[two].seed} of {len(runs)}", pair is not None,
        "two seeds have a batch in common", calls=(runs[one].call, runs[two].call),
        figure="float(bool({tuple(sorted(r)) for r in got[0].tolist()} "
        "& {tuple(sorted(r)) for r in got[1].tolist()}))",
    )  # fmt: skip


def _cyclic(session: Session) -> Iterator[Finding]:
    if session.conventions.sampling != "cyclic":
        return
    for m, b in ((6, 2), (5, 2), (7, 3), (4, 4), (3, 1)):
        steps = 3 * m
        answer = drawn(session, m, b, steps, session.seed)
        longer = np.array(draws.cyclic(m, b, steps + 1))
        t, j = np.arange(steps)[:, None], np.arange(b)[None]
        dropped = (t % (m // b)) * b + j

        def ordered(batches: Batches) -> Batches:
            return np.sort(batches, axis=1)

        yield Finding(
            f"m = {m}, b = {b}, {steps} steps, each batch sorted",
            ordered(answer.value), ordered(longer[:steps]), 0.0, "integers",
            figure="np.sort(got, axis=1)", call=answer.call,
            candidates=(
                Candidate("off by one batch: the run starts with the second", ordered(longer[1:])),
                Candidate("off by one point: the cycle starts with the second",
                          ordered((longer[:steps] + 1) % m)),
                Candidate("off by one point: the cycle starts with the last",
                          ordered((longer[:steps] - 1) % m)),
                Candidate("the cycle moves on by one point in a step, not by b",
                          ordered((t + j) % m)),
                Candidate("the cycle starts over before the end: m mod b points are dropped",
                          ordered(dropped)),
                Candidate("the cycle has m - 1 points: off by one",
                          ordered((t * b + j) % max(m - 1, 1))),
                Candidate("the cycle has m + 1 points: off by one", ordered((t * b + j) % (m + 1))),
                Candidate("the cycle runs backwards", ordered((-t * b - j - 1) % m)),
                Candidate("always the first b points", ordered(j + 0 * t)),
                Candidate("entries run from 1 to m: off by one", ordered(longer[:steps] + 1)),
            ),
        )  # fmt: skip


def _epochs(session: Session) -> Iterator[Finding]:
    declared = session.conventions
    if declared.sampling != "reshuffled":
        return
    count = 40
    for m, b in ((6, 2), (6, 3), (7, 2), (7, 3), (5, 5), (12, 1)):
        each = length(m, b, declared.leftover)
        answer = drawn(session, m, b, each * count, session.seed)
        found = cut(answer.value, m, b, declared.leftover)
        if found is not None:
            causes: tuple[Candidate, ...] = ()
        elif has_repeats(answer.value).any() and declared.leftover != "carried":
            causes = (Candidate("a point occurs twice in a batch", 1.0),)
        else:
            causes = (Candidate("a point comes again before its epoch ends", 1.0),)
        yield _indicator(
            f"m = {m}, b = {b}, {count} epochs of {each} batches", found is None,
            _END[declared.leftover], *causes, call=answer.call,
            figure=_broken(m, b, each, declared.leftover if m % b else "dropped"),
        )  # fmt: skip
        if m == 12 and found is not None:
            # Two epochs have the same order with a chance of 1/12! = 2e-9, 39 of them never.
            epochs = answer.value.reshape(count, m)
            same = bool((epochs == epochs[0]).all())
            ordered = np.array_equal(epochs[0], np.arange(m))
            yield _indicator(
                f"m = {m}, b = {b}: all epochs in the same order", same, "they are",
                Candidate("not shuffled: the points in their order", 1.0, "'sampling': 'cyclic'")
                if ordered else Candidate("shuffled once: every epoch has the same order", 1.0),
                call=answer.call,
                figure=f"float((got.reshape(-1, {m}) == got.ravel()[:{m}]).all())",
            )  # fmt: skip


_END = {
    "dropped": "an epoch has a point twice",
    "short": "an epoch has a point twice or lacks one, or its last batch is not the rest",
    "carried": "a point comes again before all others have come as often",
    "padded": "an epoch has a point twice or lacks one, or its last batch is not filled up with "
    "points of its first one",
}


def _broken(m: int, b: int, each: int, leftover: str) -> str:
    """An expression that is 1 if a run has no such epochs."""
    if leftover == "carried":
        return (
            "float(any(np.ptp(np.bincount(got[:t].astype(int).ravel(), minlength="
            f"{m})) > 1 for t in range(1, len(got) + 1)))"
        )
    if leftover == "dropped":
        size = each * b
        return f"float(any(len(set(e)) < {size} for e in got.reshape(-1, {size}).tolist()))"
    whole = f"np.array_split(got, len(got) // {each})"
    if leftover == "short":
        return (
            f"float(any(sorted(x for x in e.ravel().tolist() if x >= 0) != list(range({m})) "
            f"for e in {whole}))"
        )
    return (
        f"float(any(len({{*e.ravel().tolist()}}) < {m} or len({{*e[-1].tolist()}} "
        f"& {{*e[0].tolist()}}) != {b - m % b} for e in {whole}))"
    )


CHECKS = (
    OracleCheck(
        id="sample_batches.range",
        functions=("sample_batches",),
        statement="entries are 0 to m - 1, and all of them occur",
        formula="min = 0, max = m - 1 over 300 batches",
        source="definition",
        run=named(_range),
    ),
    OracleCheck(
        id="sample_batches.repeats",
        functions=("sample_batches",),
        statement="no batch has a point twice, unless drawn with replacement",
        formula="b different entries in each row",
        source="definition of sampling without replacement",
        run=named(_repeats),
    ),
    OracleCheck(
        id="sample_batches.seed",
        functions=("sample_batches",),
        statement="the same seed gives the same batches, other seeds others, not the same sequence "
        "shifted",
        formula="sample_batches is a function of (m, b, steps, seed)",
        source="reproducibility",
        run=named(_seed),
    ),
    OracleCheck(
        id="sample_batches.cyclic",
        functions=("sample_batches",),
        statement="cyclic batches go through the points in order, without a gap and from the first",
        formula="batch t = {t b, ..., t b + b - 1} mod m",
        source="definition",
        run=named(_cyclic),
    ),
    OracleCheck(
        id="sample_batches.epochs",
        functions=("sample_batches",),
        statement="every epoch of floor(m/b) reshuffled batches has b floor(m/b) different points",
        formula="an epoch is a permutation cut into batches; m mod b points sit out (drop_last)",
        source="definition",
        run=named(_epochs),
    ),
)
