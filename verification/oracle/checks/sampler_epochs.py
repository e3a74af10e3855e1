"""Check reshuffled epochs as a whole: their order, and that none follows from another one."""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from whichmin.verification.oracle import draws
from whichmin.verification.oracle.check import Call, Candidate, Finding, OracleCheck
from whichmin.verification.oracle.checks.gradient_noise import INDICATOR
from whichmin.verification.oracle.checks.sampler_law import FALSE_ALARM, frequencies
from whichmin.verification.oracle.epochs import arrangements, cut, length, table, table_law
from whichmin.verification.oracle.sampler_causes import named
from whichmin.verification.oracle.sampler_runs import drawn, long_run, seeds
from whichmin.verification.oracle.session import Session

__all__ = ["CHECKS"]

Batches = NDArray[np.int64]


@dataclass(frozen=True)
class _Epochs:
    """Whole epochs of several runs.

    Attributes:
        places: ``(runs, epochs, m)``: the group of each point.
        groups: Sizes of the groups, the same in all epochs.
        calls: The calls.
        text: ``places`` as an expression of the array of all results.
    """

    places: Batches
    groups: tuple[int, ...]
    calls: tuple[Call, ...]
    text: str


def _epochs(session: Session, name: str, m: int, b: int, count: int) -> _Epochs | None:
    """Draw about ``count`` epochs in four runs; None if a run has none: another check says so."""
    leftover = session.conventions.leftover
    each = length(m, b, leftover)
    answers = [drawn(session, m, b, count // 4 * each, s) for s in seeds(session, name, 4)]
    found = [cut(a.value, m, b, leftover) for a in answers]
    if any(f is None for f in found):
        return None
    whole = [f for f in found if f is not None]
    rows = f"got.reshape(-1, 1, {each} * got.shape[-1])"
    # In a snippet the rows of unequal batches are filled up to m entries.
    width = m if leftover == "short" else b
    hits = f"({rows} == np.arange({m})[:, None])"
    text = (
        f"np.where({hits}.any(axis=2), {hits}.argmax(axis=2) // {width}, {m // b})"
        f".reshape(4, -1, {m})"
    )
    return _Epochs(
        np.stack([f.places for f in whole]), whole[0].groups[0], tuple(a.call for a in answers),
        text,
    )  # fmt: skip


def _count(session: Session, full: int) -> int:
    return full // 4 if session.quick else 5 * full if session.deep else full


# Where b divides m, all epochs that are carried over have the same groups.
_EVEN = ((4, 1), (6, 2))
_UNEVEN = ((5, 2), (4, 3))


def _order(session: Session) -> Iterator[Finding]:
    declared = session.conventions
    if declared.sampling != "reshuffled":
        return
    sizes = _EVEN if declared.leftover == "carried" else (*_EVEN, *_UNEVEN)
    alarm = FALSE_ALARM / (len(sizes) + 3)
    for m, b in sizes:
        # Enough to tell a shuffle that swaps entries with any other from a fair one.
        found = _epochs(session, f"order {m} {b}", m, b, _count(session, 9600 if b == 1 else 3200))
        if found is None:
            continue
        cells = list(arrangements(found.groups))
        code = found.places.reshape(-1, m) @ len(found.groups) ** np.arange(m)
        values, counted = np.unique(code, return_counts=True)
        known = dict(zip(values.tolist(), counted.tolist(), strict=True))
        numbers = [sum(k * len(found.groups) ** i for i, k in enumerate(c)) for c in cells]
        yield frequencies(
            f"arrangements of the points in an epoch, m = {m}, b = {b}",
            [known.get(n, 0) for n in numbers], len(code),
            [Fraction(1, len(cells))] * len(cells), alarm, functools.partial(_biased, cells, b),
            found.calls,
            f"(lambda p: np.array([(p == c).all(axis=1).mean() for c in {[*map(list, cells)]}])"
            f")({found.text}.reshape(-1, {m}))",
        )  # fmt: skip
    yield from _ascents(session, alarm)
    yield from _blocks(session, alarm)


def _biased(cells: Sequence[tuple[int, ...]], b: int) -> Iterator[Candidate]:
    """What shuffles that are no Fisher-Yates give in place of equal chances."""
    last = max(map(max, cells))
    for lowest, text in draws.BIASED.items():
        law: dict[tuple[int, ...], Fraction] = defaultdict(Fraction)
        for order, chance in draws.shuffled_orders(len(cells[0]), lowest=lowest).items():
            place = dict(zip(order, (min(k // b, last) for k in range(len(order))), strict=True))
            law[tuple(place[i] for i in range(len(order)))] += chance
        yield Candidate(text, np.array([float(law[c]) for c in cells]))


def _ascents(session: Session, alarm: float) -> Iterator[Finding]:
    """Whether the least point of a batch is below that of the next one: half of the time."""
    # Pairs that do not overlap are independent of each other in this: whatever points both
    # batches of a pair have, each of the two is equally likely to have the least.
    m, b = 96, 4
    found = _epochs(session, "ascents", m, b, _count(session, 160))
    if found is None:
        return
    each = m // b
    least = np.stack([
        np.where(found.places == k, np.arange(m), m).min(axis=2) for k in range(each)
    ], axis=2).reshape(-1, each)  # fmt: skip
    counts = []
    for start in (0, 1):
        end = start + (each - start) // 2 * 2
        pairs = least[:, start:end].reshape(-1, 2)
        counts.append((int((pairs[:, 0] < pairs[:, 1]).sum()), len(pairs)))
    for start, (count, total) in enumerate(counts):
        end = start + (each - start) // 2 * 2
        yield frequencies(
            f"batches below the next one in an epoch, from number {start} on, m = {m}, b = {b}",
            [count], total, [Fraction(1, 2)], alarm / 2, (), found.calls,
            "np.array([(lambda p: (p[:, 0] < p[:, 1]).mean())(np.where(got < 0, np.inf, got)"
            f".min(axis=-1).reshape(-1, {each})[:, {start}:{end}].reshape(-1, 2))])",
        )  # fmt: skip


def _blocks(session: Session, alarm: float) -> Iterator[Finding]:
    """Which eighth of the points comes in which eighth of an epoch: each as often as any other."""
    sizes = ((96, 4), (1000, 8))
    for m, b in sizes:
        if m == 96:
            found = _epochs(session, "ascents", m, b, _count(session, 160))
            if found is None:
                continue
            places, calls = found.places.reshape(-1, m), found.calls
            text = f"{found.text}.reshape(-1, {m})"
        else:
            answer = long_run(session)
            made = cut(answer.value, m, b, session.conventions.leftover)
            if made is None:
                continue
            places, calls = made.places, (answer.call,)
            each = m // b
            rows = f"got.reshape(1, -1)[:, : {len(places) * m}].reshape(-1, {m})"
            text = f"{rows}.argsort(axis=1) // {b}"
            if session.conventions.leftover == "short":
                rows = f"got[0][: {len(places) * each}, :{b}].reshape(-1, {m})"
                text = f"{rows}.argsort(axis=1) // {b}"
        of = np.arange(m) * 8 // m
        when = places * 8 // (m // b)
        counts = [int((when[:, of == i] == j).sum()) for i in range(8) for j in range(8)]
        total = len(places) * (m // 8)
        chances = [Fraction(sum(k * 8 // (m // b) == j for k in range(m // b)) * b, m)
                   for j in range(8)] * 8  # fmt: skip
        yield frequencies(
            f"eighths of the points in eighths of an epoch, m = {m}, b = {b}", counts, total,
            chances, alarm / 2, (), calls,
            f"(lambda p: np.array([(p[:, np.arange({m}) * 8 // {m} == i] * 8 // {m // b} == j)"
            f".mean() for i in range(8) for j in range(8)]))({text})",
        )  # fmt: skip


def _lags(session: Session) -> Iterator[Finding]:
    declared = session.conventions
    if declared.sampling == "cyclic":
        return
    if declared.sampling != "reshuffled":
        yield from _batch_lags(session)
        return
    for m, b in _EVEN:
        found = _epochs(session, f"order {m} {b}", m, b, _count(session, 9600 if b == 1 else 3200))
        if found is None:
            continue
        law = table_law(found.groups)
        per_run = found.places.shape[1]
        lags = _chosen(session, f"lags {m}", 8, per_run // 2)
        # Beyond the lags of one run: the same epoch of two seeds.
        alarm = FALSE_ALARM / (len(_EVEN) * (len(lags) + 1))
        shape = (-1, m)
        for lag in (*lags, 0):
            first = found.places[:, :-lag] if lag else found.places[:-1]
            second = found.places[:, lag:] if lag else found.places[1:]
            what = f"epochs and those {lag} later" if lag else "epochs of one seed and of another"
            yield _tables(
                f"{what}, points by both places, m = {m}, b = {b}", found, law,
                (first.reshape(shape), second.reshape(shape)), alarm,
                f"p[:, :-{lag}], p[:, {lag}:]" if lag else "p[:-1], p[1:]",
            )  # fmt: skip


def _tables(
    what: str, found: _Epochs, law: Any, pairs: tuple[Batches, Batches], alarm: float, text: str
) -> Finding:
    """Whatever the first epoch is, the second is fair: all pairs are independent in this."""
    count = len(found.groups)
    tables = table(*pairs, count)
    values, counted = np.unique(tables, axis=0, return_counts=True)
    known = {tuple(v): int(c) for v, c in zip(values.tolist(), counted, strict=True)}
    cells = list(law)
    m = pairs[0].shape[1]
    return frequencies(
        what, [known.get(c, 0) for c in cells], len(tables), list(law.values()), alarm, (),
        found.calls,
        f"(lambda p: (lambda a, b: np.array([((a * {count} + b)[..., None] == np.arange("
        f"{count * count})).sum(axis=-2).reshape(-1, {count * count}).__eq__(c).all(axis=1).mean() "
        f"for c in {[list(c) for c in cells]}]))({text}))({found.text}.reshape(4, -1, {m}))",
    )  # fmt: skip


def _chosen(session: Session, name: str, near: int, most: int) -> list[int]:
    """The first lags, and as many random ones beyond them."""
    near = near // 2 if session.quick else near
    far = session.rng(name).choice(np.arange(near + 1, most), near // 2, replace=False)
    return [*range(1, near + 1), *sorted(int(x) for x in far)]


@functools.cache
def _overlaps(m: int, b: int, sampling: str) -> tuple[Fraction, ...]:
    """The law of the number of points that two independent batches have in common."""
    law = draws.declared_law(m, b, sampling)
    out = [Fraction(0)] * (m + 1)
    for x, p in law.items():
        for y, q in law.items():
            out[len(set(x) & set(y))] += p * q
    return tuple(out)


def _batch_lags(session: Session) -> Iterator[Finding]:
    """Points in common of batches some steps apart; pairs that share no batch are independent."""
    m, b = 6, 2
    law = _overlaps(m, b, session.conventions.drawing)
    most = next(k for k in range(m, -1, -1) if law[k])
    steps = _count(session, 8000) // 2
    answers = [drawn(session, m, b, steps, s) for s in seeds(session, "lags", 2)]
    has = [(a.value[:, :, None] == np.arange(m)).any(axis=1) for a in answers]
    lags = _chosen(session, "lags", 12, steps // 4)
    for lag in lags:
        for late in (0, 1):
            t = np.arange(steps - lag)
            t = t[t // lag % 2 == late]
            both = np.concatenate([(h[t] & h[t + lag]).sum(axis=1) for h in has])
            counts = [int((both == k).sum()) for k in range(most + 1)]
            chosen = f"(lambda t: t[t // {lag} % 2 == {late}])(np.arange({steps - lag}))"
            yield frequencies(
                f"points in common of batches {lag} steps apart, m = {m}, b = {b}", counts,
                len(both), law[: most + 1], FALSE_ALARM / (2 * len(lags)), (),
                tuple(a.call for a in answers),
                f"(lambda h, t: np.array([((h[:, t] & h[:, t + {lag}]).sum(axis=2) == k).mean() "
                f"for k in range({most + 1})]))((got[:, :, :, None] == np.arange({m}))"
                f".any(axis=2), {chosen})",
            )  # fmt: skip


def _period(session: Session) -> Iterator[Finding]:
    if session.conventions.sampling == "cyclic":
        return
    answer = long_run(session)
    rows = np.sort(answer.value, axis=1)
    first: dict[bytes, int] = {}
    again = next(
        ((first[k], t) for t, k in enumerate(x.tobytes() for x in rows)
         if first.setdefault(k, t) != t),
        None,
    )  # fmt: skip
    shown = f": step {again[1]} has the batch of step {again[0]}" if again else ""
    arguments = answer.call.arguments
    yield Finding(
        f"m = {arguments['m']}, b = {arguments['b']}, {len(rows)} steps{shown}",
        float(again is not None), 0.0, INDICATOR,
        # 24000^2 / 2 pairs of subsets of 8 of 1000; of Poisson batches exp(-2 * 64 * 0.93) a pair.
        "1 if a batch comes again, which chance does less than once in 8e10 runs, else 0",
        call=answer.call,
        figure="float(len({tuple(sorted(row)) for row in got.tolist()}) < len(got))",
    )  # fmt: skip


def _check(name: str, statement: str, formula: str, run: Any, alarm: float) -> OracleCheck:
    return OracleCheck(
        id=f"sample_batches.{name}", functions=("sample_batches",), statement=statement,
        formula=formula, source="enumeration; bounds of binomial tails", run=named(run),
        kind="stochastic", false_alarm=alarm,
    )  # fmt: skip


CHECKS = (
    _check("order", "all arrangements of the points in a reshuffled epoch are equally likely",
           "1 / (m! / (prod of the factorials of the batches' sizes))", _order, FALSE_ALARM),
    _check("lags", "batches (reshuffled: whole epochs) that are some steps apart are independent, "
           "at lags of one to several epochs and at random ones",
           "the law of the points in common, by enumeration", _lags, FALSE_ALARM),
    _check("period", "no batch of many points comes again in a long run", "m = 1000, b = 8",
           _period, 1e-10),
)  # fmt: skip
