"""Check the law of the batches: uniform, and independent from step to step.

Every figure is a frequency among independent batches with an exact binomial tail; in reshuffled
epochs the first batches of the epochs are those that are independent.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from whichmin.verification.oracle import draws
from whichmin.verification.oracle.chances import frequency_limit
from whichmin.verification.oracle.check import Call, Candidate, Finding, OracleCheck
from whichmin.verification.oracle.checks.sampler import SAME, fixed_batches
from whichmin.verification.oracle.draws import Batch, Law
from whichmin.verification.oracle.session import Session

__all__ = ["CHECKS", "FALSE_ALARM"]

_AGAIN = "the same batch again: every other step, or more often"
_SAME_START = "every seed has the same first batch"
# Chance that one of the checks here fails a right sampler.
FALSE_ALARM = 1e-7
Batches = NDArray[np.int64]
Floats = NDArray[np.float64]


def _steps(session: Session, full: int) -> int:
    return full // 4 if session.quick else 5 * full if session.deep else full


@dataclass(frozen=True)
class _Runs:
    """Runs of independent batches.

    Attributes:
        runs: ``(steps, b)`` each, every row sorted.
        calls: The calls that gave them.
        text: The same as an expression of the array of all results, ``(runs, steps, b)``.
    """

    runs: tuple[Batches, ...]
    calls: tuple[Call, ...]
    text: str

    @property
    def rows(self) -> Batches:
        """All batches."""
        return np.concatenate(self.runs)


def _draw(session: Session, name: str, m: int, b: int, steps: int) -> _Runs:
    """Four runs of independent batches."""
    skip = m // b if session.conventions.sampling == "reshuffled" else 1
    answers = [
        session.call("sample_batches", m=m, b=b, steps=steps // 4 * skip, seed=int(seed))
        for seed in session.rng(name).integers(0, 2**31, 4)
    ]
    runs = tuple(np.sort(a.value[::skip], axis=1) for a in answers)
    return _Runs(runs, tuple(a.call for a in answers), f"np.sort(got[:, ::{skip}], axis=2)")


def _shares(rows: str, cells: Sequence[Batch]) -> str:
    """Frequencies of the cells among the rows, as an expression."""
    listed = ", ".join(str(list(c)) for c in cells)
    return f"np.array([({rows} == c).all(axis=1).mean() for c in [{listed}]])"


def _counts(rows: Batches, cells: Sequence[Batch]) -> list[int]:
    values, counts = np.unique(rows, axis=0, return_counts=True)
    found = {tuple(v): int(c) for v, c in zip(values.tolist(), counts, strict=True)}
    return [found.get(cell, 0) for cell in cells]


def _frequencies(
    what: str,
    counts: Sequence[int],
    total: int,
    chances: Sequence[Any],
    alarm: float,
    candidates: tuple[Candidate, ...],
    calls: tuple[Call, ...],
    figure: str,
) -> Finding:
    """Frequencies against chances.

    Args:
        what: What was counted.
        counts: How often each event occurred.
        total: Among how many independent trials.
        chances: The chances.
        alarm: False alarms of all figures here together.
        candidates: Chances under known mistakes.
        calls: The calls.
        figure: The frequencies as an expression of the array of their results.

    Returns:
        The finding: a bound for each figure, of its side.
    """
    each = alarm / len(counts)
    limits = [
        frequency_limit(count, total, float(chance), each)
        for count, chance in zip(counts, chances, strict=True)
    ]
    return Finding(
        f"{what}, {total} draws", np.array(counts) / total, tuple(chances), np.array(limits),
        f"exact binomial tails, false alarm {each:.1g} a figure", candidates=candidates,
        calls=calls, figure=figure,
    )  # fmt: skip


def _on(law: Law, cells: Sequence[Batch]) -> Floats:
    return np.array([float(law.get(cell, 0)) for cell in cells])


def _batch_candidates(m: int, b: int, cells: Sequence[Batch], sampling: str) -> Iterator[Candidate]:
    replaced = sampling == "with-replacement"
    other = "without-replacement" if replaced else "with-replacement"
    yield Candidate(
        f"drawn {'without' if replaced else 'with'} replacement",
        _on(draws.declared_law(m, b, other), cells), f"'sampling': {other!r}",
    )  # fmt: skip
    for text, law in (
        ("biased shuffle: entries are swapped with any other, not only with those not yet placed",
         draws.shuffle_law(m, b, lowest="any")),
        ("biased shuffle: an entry is never swapped with itself, off by one (Sattolo)",
         draws.shuffle_law(m, b, lowest="other")),
        ("neighbours are drawn together", draws.block_law(m, b)),
    ):  # fmt: skip
        # A shuffle has no point twice: with replacement that is what is wrong with it.
        if not (replaced and text.startswith("biased")):
            yield Candidate(text, _on(law, cells))


def _plain(drawn: _Runs, m: int, counts: Sequence[int], total: int) -> tuple[Candidate, ...]:
    """Runs without chance, if all are of one kind: that is seen, and not inferred from shares."""
    seen = np.array(counts) / total
    kinds = [list(fixed_batches(run, seen, m)) for run in drawn.runs]
    if any(not k for k in kinds):
        return ()
    texts = {k[0].text for k in kinds}
    if len(texts) == 1:
        return (kinds[0][0],)
    # Each run has a batch of its own; some of them may happen to be the first b points.
    if all(bool((run == run[0]).all()) for run in drawn.runs):
        return (Candidate(SAME, seen),)
    return ()


def _uniform(session: Session) -> Iterator[Finding]:
    sampling = session.conventions.sampling
    if sampling == "cyclic":
        return
    sizes = ((4, 2), (5, 2), (4, 3))
    for m, b in sizes:
        drawn = _draw(session, f"uniform {m} {b}", m, b, _steps(session, 20_000))
        rows, law = drawn.rows, draws.declared_law(m, b, sampling)
        counts = _counts(rows, list(law))
        plain = _plain(drawn, m, counts, len(rows))
        yield _frequencies(
            f"batches, m = {m}, b = {b}", counts, len(rows), list(law.values()),
            FALSE_ALARM / len(sizes),
            plain or tuple(_batch_candidates(m, b, list(law), sampling)),
            drawn.calls, _shares(f"{drawn.text}.reshape(-1, {b})", list(law)),
        )  # fmt: skip


@functools.cache
def _point_candidates(m: int, parts: int) -> tuple[Candidate, ...]:
    return tuple(
        Candidate(text, np.array(law, dtype=np.float64).reshape(parts, -1).sum(axis=1))
        for text, law in draws.point_laws(m)
    )


def _points(session: Session) -> Iterator[Finding]:
    if session.conventions.sampling == "cyclic":
        return
    # 192 = 3 * 2^6 and 49152 = 3 * 2^14: 8 and 16 random bits modulo m favour the first third.
    sizes: tuple[tuple[int, int, int], ...] = ((5, 5, 8000), (192, 3, 4000), (49_152, 3, 800))
    if session.conventions.sampling == "reshuffled":
        # An epoch has every point once, so that large m would take long runs and show nothing.
        sizes = sizes[:1]
    for m, parts, steps in sizes:
        drawn = _draw(session, f"points {m}", m, 1, _steps(session, steps) if m < 1000 else steps)
        rows = drawn.rows
        part = rows[:, 0] * parts // m
        counts = [int((part == i).sum()) for i in range(parts)]
        yield _frequencies(
            f"points, m = {m}, in {parts} parts", counts,
            len(rows), [1 / parts] * parts, FALSE_ALARM / len(sizes),
            _plain(drawn, m, counts, len(rows)) or _point_candidates(m, parts), drawn.calls,
            f"np.array([(({drawn.text}.ravel() * {parts}) // {m} == i).mean() "
            f"for i in range({parts})])",
        )  # fmt: skip


def _pairs(session: Session) -> Iterator[Finding]:
    sampling, (m, b) = session.conventions.sampling, (12, 5)
    if sampling == "cyclic":
        return
    drawn = _draw(session, "pairs", m, b, _steps(session, 10_000))
    rows = drawn.rows
    has = (rows[:, :, None] == np.arange(m)).any(axis=1)
    both = has.astype(np.int64).T @ has
    replaced = sampling == "with-replacement"
    other = "without-replacement" if replaced else "with-replacement"
    pairs = list(itertools.combinations(range(m), 2))

    def even(kind: str) -> list[Fraction]:
        single, double = draws.inclusion(m, b, kind)
        return [*[single] * m, *[double] * len(pairs)]

    def under(law: Law) -> Floats:
        return np.array([
            float(sum(p for batch, p in law.items() if {*chosen} <= {*batch}))
            for chosen in (*((i,) for i in range(m)), *pairs)
        ])  # fmt: skip

    counts = [*(int(x) for x in np.diag(both)), *(int(both[i, j]) for i, j in pairs)]
    yield _frequencies(
        f"points and pairs of points in a batch, m = {m}, b = {b}", counts, len(rows),
        even(sampling), FALSE_ALARM,
        _plain(drawn, m, counts, len(rows)) or (
            Candidate(f"drawn {'without' if replaced else 'with'} replacement",
                      np.array(even(other), dtype=np.float64), f"'sampling': {other!r}"),
            Candidate("neighbours are drawn together", under(draws.block_law(m, b))),
        ),
        drawn.calls,
        f"(lambda has: np.array([*has.mean(axis=0), *((has[:, i] & has[:, j]).mean() "
        f"for i in range({m}) for j in range(i + 1, {m}))]))"
        f"(({drawn.text}.reshape(-1, {b})[:, :, None] == np.arange({m})).any(axis=1))",
    )  # fmt: skip


def _consecutive(session: Session) -> Iterator[Finding]:
    sampling, (m, b) = session.conventions.sampling, (4, 2)
    if sampling == "cyclic":
        return
    drawn = _draw(session, "consecutive", m, b, _steps(session, 20_000))
    law = draws.declared_law(m, b, sampling)
    cells, chances = list(law), list(law.values())
    # Pairs that do not overlap are independent of each other; the last of an odd run is left over.
    pairs = np.concatenate([r[: len(r) // 2 * 2].reshape(-1, 2 * b) for r in drawn.runs])
    even = len(drawn.runs[0]) // 2 * 2
    joint = [(*x, *y) for x in cells for y in cells]
    alike = [p if x == y else 0 for x, p in zip(cells, chances, strict=True) for y in cells]
    shuffled = sampling == "reshuffled"
    counts = _counts(pairs, joint)
    candidates = list(_plain(drawn, m, counts, len(pairs)))
    if shuffled or not candidates:
        text = "the epochs have the same order: shuffled once" if shuffled else _AGAIN
        candidates = [Candidate(text, np.array(alike, dtype=np.float64))]
    if not shuffled and len(candidates) == 1 and candidates[0].text == _AGAIN:
        subsets = draws.declared_law(m, b, "without-replacement")
        rest: Law = {(*x, *(i for i in range(m) if i not in x)): p for x, p in subsets.items()}
        candidates += [
            Candidate("consecutive batches have no point in common: reshuffled epochs",
                      _on(rest, joint), "'sampling': 'reshuffled'"),
            *(
                Candidate(c.text, np.outer(c.value, c.value).ravel(), c.declare)
                for c in _batch_candidates(m, b, cells, sampling)
            ),
        ]  # fmt: skip
    yield _frequencies(
        f"{'first batches of consecutive epochs' if shuffled else 'consecutive batches'}, m = {m}, "
        f"b = {b}",
        counts, len(pairs), [p * q for p in chances for q in chances], FALSE_ALARM,
        tuple(candidates), drawn.calls,
        _shares(f"{drawn.text}[:, :{even}].reshape(-1, {2 * b})", joint),
    )  # fmt: skip


def _starts(session: Session) -> Iterator[Finding]:
    sampling, (m, b) = session.conventions.sampling, (4, 2)
    if sampling == "cyclic":
        return
    count = 300 if session.quick else 1200
    start = int(session.rng("starts").integers(2**31 - count))
    answers = [
        session.call("sample_batches", m=m, b=b, steps=1, seed=start + i) for i in range(count)
    ]
    rows = np.concatenate([np.sort(a.value, axis=1) for a in answers])
    law = draws.declared_law(m, b, sampling)
    counts = _counts(rows, list(law))
    # Whether the seed has no influence, or chance none at all, cannot be told from first batches.
    plain = (Candidate(_SAME_START, np.array(counts) / count),) if (rows == rows[0]).all() else ()
    yield _frequencies(
        f"first batches of consecutive seeds, m = {m}, b = {b}", counts, count,
        list(law.values()), FALSE_ALARM,
        plain or tuple(_batch_candidates(m, b, list(law), sampling)),
        tuple(a.call for a in answers), _shares("np.sort(got[:, 0], axis=1)", list(law)),
    )  # fmt: skip


def _check(name: str, statement: str, formula: str, run: Any) -> OracleCheck:
    return OracleCheck(
        id=f"sample_batches.{name}", functions=("sample_batches",), statement=statement,
        formula=formula, source="enumeration of all batches; exact binomial tails", run=run,
        kind="stochastic", false_alarm=FALSE_ALARM,
    )  # fmt: skip


CHECKS = (
    _check("uniform", "all batches of the declared sampling are equally likely (with replacement: "
           "as their orders)", "1 / C(m, b); with replacement b! / (prod k_i! m^b)", _uniform),
    _check("points", "all points are equally likely, for large m too", "1/m", _points),
    _check("pairs", "points, and pairs of points, are in a batch as often as they should",
           "b/m and b(b-1)/(m(m-1)); with replacement 1-(1-1/m)^b and 1-2(1-1/m)^b+(1-2/m)^b",
           _pairs),
    _check("consecutive", "consecutive batches (reshuffled: of consecutive epochs) are independent",
           "P(B_t = x, B_{t+1} = y) = P(x) P(y)", _consecutive),
    _check("starts", "the first batches of consecutive seeds have the law of a batch",
           "1 / C(m, b)", _starts),
)  # fmt: skip
