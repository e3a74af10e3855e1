"""Find out how batches depend on the seed: the rule that tells which seeds share which batches."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Hashable, Iterator, Sequence

import numpy as np

from whichmin.verification.oracle.diagnosis import Diagnosis
from whichmin.verification.oracle.epochs import cut
from whichmin.verification.oracle.sampler_runs import Run, any_run, drawn
from whichmin.verification.oracle.session import Session

__all__ = ["IGNORED", "PART", "related", "related_runs", "shares", "wrong_seeds"]

IGNORED = "the seed is ignored: other seeds give the same batches"
PART = (
    "only a part of the seed counts: seeds that differ elsewhere give the same batches (a seed cut "
    "to a few bits, or taken modulo a small number)"
)
Rule = Callable[[int, int], Hashable]


def related(session: Session) -> list[int]:
    """List seeds that known rules of seeding relate to each other."""
    s = 1000 + int(session.rng("related").integers(2**20))
    found = [s, s + 1, s + 2, s + 3, s - 1, s ^ 1, s ^ 2, s ^ 3, 2 * s, 3 * s, s // 2, s + 10,
             s + 100, s + 1000, s + 125, s % 256, s % 65_536, s + 2**8, s + 2**16,
             s + 2**24, s + 2**30, 7919 * s % 2**31]  # fmt: skip
    return list(dict.fromkeys(found))


def related_runs(session: Session) -> list[Run]:
    """Draw runs of related seeds: some epochs of many points, so that none are alike by chance."""
    b = 64 if session.conventions.sampling == "poisson" else 8
    return [any_run(session, 1000, b, 3 * 125, seed) for seed in related(session)]


def _units(run: Run, leftover: str) -> list[bytes] | None:
    """The epochs of a run, or its batches where it has none, as keys."""
    if leftover:
        found = cut(run.batches, run.m, run.b, leftover)
        return None if found is None else [p.tobytes() for p in found.places]
    return [x.tobytes() for x in np.sort(run.batches, axis=1)]


def shares(runs: Sequence[Run]) -> tuple[int, int] | None:
    """Find two runs that have a batch in common.

    Args:
        runs: Runs of different seeds, of so many points that chance alone gives none.

    Returns:
        Their numbers; None if there are none.
    """
    seen: dict[bytes, int] = {}
    for i, run in enumerate(runs):
        for key in _units(run, "") or ():
            if seen.setdefault(key, i) != i:
                return seen[key], i
    return None


def follows(runs: Sequence[Run], leftover: str, rule: Rule) -> bool:
    """Tell whether exactly those epochs, or batches, are the same of which a rule says so."""
    known: dict[bytes, Hashable] = {}
    back: dict[Hashable, bytes] = {}
    for run in runs:
        units = _units(run, leftover)
        if units is None:
            return False
        for e, unit in enumerate(units):
            key = rule(run.seed, e)
            if known.setdefault(unit, key) != key or back.setdefault(key, unit) != unit:
                return False
    return True


def _rules(unit: str) -> Iterator[tuple[str, Rule]]:
    """Known rules: the text, and the key of the epoch e (or step) of a seed s."""
    first = f"{unit} e"
    yield f"{first} is seeded with seed * e", lambda s, e: s * e
    yield f"{first} is seeded with seed * (e + 1)", lambda s, e: s * (e + 1)
    yield f"{first} is seeded with seed XOR e", lambda s, e: s ^ e
    yield f"{first} is seeded with seed - e", lambda s, e: s - e
    for k in (2, 3, 10, 100, 1000, 125):
        yield (f"{first} is seeded with seed + {k} e", functools.partial(
            lambda k, s, e: s + k * e, k))  # fmt: skip


def _parts(session: Session) -> Diagnosis | None:
    """Which bits of the seed have no influence, from pairs of seeds that differ in one bit."""
    start = 2**30

    def run(seed: int) -> bytes:
        return any_run(session, 97, 3, 60, seed).batches.tobytes()

    same = [run(start) == run(start + 2**k) for k in range(30)]
    if not any(same):
        return _modulus(session)
    if all(same):
        return Diagnosis(IGNORED) if run(start) == run(7) else Diagnosis(PART)
    lost = same.index(False)
    if lost and not any(same[lost:]):
        bits = "bit is" if lost == 1 else f"{lost} bits are"
        return Diagnosis(f"only a part of the seed counts: its last {bits} lost")
    kept = same.index(True)
    if all(same[kept:]):
        return Diagnosis(
            f"only a part of the seed counts: its last {kept} bits, so that seeds that differ by "
            f"2^{kept} give the same batches"
        )
    return Diagnosis(PART)


def _added(runs: Sequence[Run]) -> bool:
    """Whether runs of different seeds differ by constants, not all by 0."""
    first = runs[0].batches
    if any(r.batches.shape != first.shape or (r.batches < 0).any() for r in runs):
        return False
    away = [np.unique((r.batches - first) % r.m) for r in runs]
    return all(len(a) == 1 for a in away) and any(a[0] for a in away)


def _modulus(session: Session) -> Diagnosis | None:
    """The number modulo which seeds count, from 300 seeds; or seeds that give the same run."""
    rng = session.rng("sample_batches.seed.many")
    seeds = [int(s) for s in rng.choice(2**31, 300, replace=False)]
    keys = [any_run(session, 97, 3, 4, s).batches.tobytes() for s in seeds]
    first: dict[bytes, int] = {}
    gaps = [s - first[k] for s, k in zip(seeds, keys, strict=True) if first.setdefault(k, s) != s]
    if not gaps:
        return None
    i = next(i for i, k in enumerate(keys) if keys.index(k) != i)
    pair = [any_run(session, 97, 3, 60, s).batches for s in (seeds[keys.index(keys[i])], seeds[i])]
    if not np.array_equal(pair[0], pair[1]):
        return None  # only the first batches are the same
    g = functools.reduce(math.gcd, gaps)
    same = [[s % g for s in seeds].index(s % g) for s in seeds]
    if g > 1 and same == [keys.index(k) for k in keys]:
        return Diagnosis(f"only a part of the seed counts: the seed modulo {g}")
    return Diagnosis(PART)


def wrong_seeds(session: Session, leftover: str) -> Diagnosis | None:
    """Tell how batches depend on the seed, if the dependence is a known mistake.

    Args:
        session: The target.
        leftover: The end of its epochs; empty if it has none.

    Returns:
        The mistake; None if runs of other seeds share nothing, or not by a known rule.
    """
    runs = related_runs(session)
    one = runs[0]
    again = drawn(session, one.m, one.b, len(one.batches), one.seed, fresh=True).value
    if not np.array_equal(again, one.batches):
        return Diagnosis(
            "the same seed gives other batches: the generator is global, or not seeded"
        )
    if _added(runs):
        return Diagnosis("another seed adds a constant to the same batches")
    part = _parts(session)
    if part is not None:
        return part
    declared = session.conventions.epoch_seed
    if leftover:
        if follows(runs, leftover, lambda s, e: s + e):
            if declared == "seed + epoch":
                return None
            return Diagnosis(
                "the order of epoch e is seeded with seed + e, as PyTorch's DistributedSampler "
                "does: epoch 1 of seed s is epoch 0 of seed s + 1",
                "'epoch_seed': 'seed + epoch'",
            )
        if follows(runs, leftover, lambda s, e: (s, e)):
            if declared == "unrelated":
                return None
            return Diagnosis(
                "epochs of different seeds are unrelated, not those of seed + epoch",
                "'epoch_seed': 'unrelated'",
            )
    else:
        if follows(runs, "", lambda s, t: s + t):
            return Diagnosis(
                "another seed gives the same sequence, shifted: step t is seeded with seed + t"
            )
        if follows(runs, "", lambda s, t: (s, t)):
            return None
    unit = "the order of epoch" if leftover else "the batch of step"
    for text, rule in _rules(unit):
        if follows(runs, leftover, rule):
            return Diagnosis(text)
    return None
