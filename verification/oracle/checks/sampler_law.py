"""Check the law of the batches: uniform, and independent from step to step.

Every figure is a frequency among independent batches, with a bound of its binomial tails; in
reshuffled epochs the first batches of the epochs are those that are independent.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from whichmin.verification.oracle import draws
from whichmin.verification.oracle.chances import frequency_bounds
from whichmin.verification.oracle.check import Call, Candidate, Finding, OracleCheck
from whichmin.verification.oracle.checks.sampler import SAME, fixed_batches
from whichmin.verification.oracle.draws import Batch, Law
from whichmin.verification.oracle.epochs import length
from whichmin.verification.oracle.ragged import NONE
from whichmin.verification.oracle.sampler_causes import named
from whichmin.verification.oracle.sampler_runs import drawn, seeds
from whichmin.verification.oracle.session import Session

__all__ = ["CHECKS", "FALSE_ALARM", "frequencies"]

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
        runs: ``(steps, b)`` each, every row sorted; what a shorter batch lacks stands first.
        whole: The same with the batches between them.
        calls: The calls that gave them.
        text: The same as an expression of the array of all results, ``(runs, steps, b)``.
    """

    runs: tuple[Batches, ...]
    whole: tuple[Batches, ...]
    calls: tuple[Call, ...]
    text: str

    @property
    def rows(self) -> Batches:
        """All batches."""
        return stacked(self.runs)


def stacked(runs: Sequence[Batches]) -> Batches:
    """Put sorted batches under each other; what shorter ones lack stands first."""
    widest = max(run.shape[1] for run in runs)
    return np.concatenate([
        np.pad(run, ((0, 0), (widest - run.shape[1], 0)), constant_values=NONE) for run in runs
    ])  # fmt: skip


def _skip(session: Session, m: int, b: int) -> int:
    """Steps from one batch to the next one that is independent of it."""
    declared = session.conventions
    if declared.sampling != "reshuffled":
        return 1
    if declared.leftover == "carried":
        return m // math.gcd(m, b)  # there an epoch starts with a batch
    return length(m, b, declared.leftover)


def _draw(session: Session, name: str, m: int, b: int, steps: int) -> _Runs:
    """Four runs of independent batches; fewer of epochs, which are judged as a whole too."""
    skip = _skip(session, m, b)
    if session.conventions.sampling == "reshuffled":
        steps = steps * 3 // 10
    answers = [drawn(session, m, b, steps // 4 * skip, seed) for seed in seeds(session, name, 4)]
    whole = tuple(np.sort(a.value, axis=1) for a in answers)
    runs = tuple(run[::skip] for run in whole)
    return _Runs(runs, whole, tuple(a.call for a in answers), f"np.sort(got[:, ::{skip}], axis=2)")


def _shares(rows: str, cells: Sequence[Batch], width: int = 0) -> str:
    """Frequencies of the cells among the rows, as an expression; cells filled up with -1."""
    listed = ", ".join(str([*[-1] * (width - len(c)), *c]) for c in cells)
    return f"np.array([({rows} == c).all(axis=1).mean() for c in [{listed}]])"


def _counts(rows: Batches, cells: Sequence[Batch]) -> list[int]:
    values, counts = np.unique(rows, axis=0, return_counts=True)
    found = {
        tuple(x for x in v if x != NONE): int(c)
        for v, c in zip(values.tolist(), counts, strict=True)
    }
    return [found.get(cell, 0) for cell in cells]


def frequencies(
    what: str,
    counts: Sequence[int],
    total: int,
    chances: Sequence[Any],
    alarm: float,
    candidates: tuple[Candidate, ...] | Callable[[], Iterable[Candidate]],
    calls: tuple[Call, ...],
    figure: str,
) -> Finding:
    """Compare frequencies with chances.

    Args:
        what: What was counted.
        counts: How often each event occurred.
        total: Among how many independent trials, or draws without replacement.
        chances: The chances.
        alarm: False alarms of all figures here together.
        candidates: Chances under known mistakes.
        calls: The calls.
        figure: The frequencies as an expression of the array of their results.

    Returns:
        The finding: a bound for each figure, of its side.
    """
    return Finding(
        f"{what}, {total} draws", np.array(counts) / total, tuple(chances),
        frequency_bounds(counts, total, chances, alarm),
        f"Chernoff's bound of binomial tails, false alarm {alarm / len(counts):.1g} a figure",
        candidates=candidates, calls=calls, figure=figure,
    )  # fmt: skip


def _on(law: Law, cells: Sequence[Batch]) -> Floats:
    return np.array([float(law.get(cell, 0)) for cell in cells])


def _batch_candidates(m: int, b: int, cells: Sequence[Batch], sampling: str) -> Iterator[Candidate]:
    if sampling == "poisson":
        return
    replaced = sampling == "with-replacement"
    other = "without-replacement" if replaced else "with-replacement"
    yield Candidate(
        f"drawn {'without' if replaced else 'with'} replacement",
        _on(draws.declared_law(m, b, other), cells), f"'sampling': {other!r}",
    )  # fmt: skip
    biased = [(text, draws.shuffle_law(m, b, lowest=k)) for k, text in draws.BIASED.items()]
    for text, law in (*biased, ("neighbours are drawn together", draws.block_law(m, b))):
        # A shuffle has no point twice: with replacement that is what is wrong with it.
        if not (replaced and text.startswith("biased")):
            yield Candidate(text, _on(law, cells))


def _plain(drawn: _Runs, m: int, counts: Sequence[int], total: int) -> tuple[Candidate, ...]:
    """Runs without chance, if all are of one kind: that is seen, and not inferred from shares."""
    seen = np.array(counts) / total
    kinds = [list(fixed_batches(run, seen, m)) for run in drawn.whole]
    if any(not k for k in kinds):
        return ()
    texts = {k[0].text for k in kinds}
    if len(texts) == 1:
        return (kinds[0][0],)
    # Each run has a batch of its own; some of them may happen to be the first b points.
    if all(bool((run == run[0]).all()) for run in drawn.whole):
        return (Candidate(SAME, seen),)
    return ()


def _width(session: Session, m: int) -> int:
    """How many entries a row of a snippet has, where batches differ in size; else 0."""
    declared = session.conventions
    return m if declared.sampling == "poisson" or declared.ends == "short" else 0


def _uniform(session: Session) -> Iterator[Finding]:
    sampling = session.conventions.drawing
    if sampling == "cyclic":
        return
    # An epoch that starts within a batch has another law there.
    carried = session.conventions.ends == "carried"
    sizes = ((4, 2), (6, 2), (6, 3)) if carried else ((4, 2), (5, 2), (4, 3))
    for m, b in sizes:
        found = _draw(session, f"uniform {m} {b}", m, b, _steps(session, 20_000))
        rows, law = found.rows, draws.declared_law(m, b, sampling)
        counts = _counts(rows, list(law))
        plain = _plain(found, m, counts, len(rows))
        yield frequencies(
            f"batches, m = {m}, b = {b}", counts, len(rows), list(law.values()),
            FALSE_ALARM / len(sizes),
            plain or tuple(_batch_candidates(m, b, list(law), sampling)),
            found.calls, _shares(f"np.concatenate({found.text})", list(law), _width(session, m)),
        )  # fmt: skip


@functools.cache
def _point_candidates(m: int, parts: int) -> tuple[Candidate, ...]:
    return tuple(
        Candidate(text, np.array(law, dtype=np.float64).reshape(parts, -1).sum(axis=1))
        for text, law in draws.point_laws(m)
    )


def _never_drawn(session: Session) -> list[str]:
    """What larger batches show: a biased shuffle leaves out points as the first entry only."""
    entries = drawn(session, 12, 5, 300, session.seed).value
    return [text for text, point in zip(draws.NEVER, (11, 0), strict=True) if point not in entries]


def _points(session: Session) -> Iterator[Finding]:
    sampling = session.conventions.drawing
    if sampling == "cyclic":
        return
    # 192 = 3 * 2^6 and 49152 = 3 * 2^14: 8 and 16 random bits modulo m favour the first third.
    sizes: tuple[tuple[int, int, int], ...] = ((5, 5, 8000), (192, 3, 4000), (49_152, 3, 800))
    if sampling == "reshuffled":
        # The start of an epoch of many points: draws without replacement.
        sizes = ((5, 5, 6000), (70_000, 8, 600))
    for m, parts, steps in sizes:
        wanted = _steps(session, steps) if m < 1000 else steps
        if sampling == "reshuffled" and m > 1000:
            answer = drawn(session, m, 1, wanted, session.seed)
            found = _Runs((answer.value,), (answer.value,), (answer.call,), "got")
        else:
            found = _draw(session, f"points {m}", m, 1, wanted)
        rows = found.rows
        entries = rows[rows != NONE]
        part = entries * parts // m
        counts = [int((part == i).sum()) for i in range(parts)]
        total, chance, text = len(rows), Fraction(1, parts), "mean()"
        if sampling == "poisson":  # every point is drawn by itself, in every step
            total, chance = len(rows) * m // parts, Fraction(1, m)
            text = f"sum() / {total}"
        candidates = _plain(found, m, counts, len(rows))
        inside = entries.min(initial=0) >= 0 and entries.max(initial=0) < m
        if not candidates and inside and sampling not in {"poisson", "reshuffled"}:
            candidates = _point_candidates(m, parts)
            never = _never_drawn(session)
            candidates = tuple(c for c in candidates if "never" not in c.text or c.text in never)
        yield frequencies(
            f"points, m = {m}, in {parts} parts", counts, total, [chance] * parts,
            FALSE_ALARM / len(sizes), candidates, found.calls,
            f"np.array([(({found.text}.ravel() * {parts}) // {m} == i).{text} "
            f"for i in range({parts})])",
        )  # fmt: skip


def _pairs(session: Session) -> Iterator[Finding]:
    sampling, (m, b) = session.conventions.drawing, (12, 5)
    if sampling == "cyclic":
        return
    if session.conventions.ends == "carried":
        b = 4
    found = _draw(session, "pairs", m, b, _steps(session, 10_000))
    rows = found.rows
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
    yield frequencies(
        f"points and pairs of points in a batch, m = {m}, b = {b}", counts, len(rows),
        even(sampling), FALSE_ALARM,
        _plain(found, m, counts, len(rows)) or (
            Candidate(f"drawn {'without' if replaced else 'with'} replacement",
                      np.array(even(other), dtype=np.float64), f"'sampling': {other!r}"),
            Candidate("neighbours are drawn together", under(draws.block_law(m, b))),
        ),
        found.calls,
        f"(lambda has: np.array([*has.mean(axis=0), *((has[:, i] & has[:, j]).mean() "
        f"for i in range({m}) for j in range(i + 1, {m}))]))"
        f"((np.concatenate({found.text})[:, :, None] == np.arange({m})).any(axis=1))",
    )  # fmt: skip


def _consecutive(session: Session) -> Iterator[Finding]:
    sampling, (m, b) = session.conventions.drawing, (4, 2)
    if sampling == "cyclic":
        return
    found = _draw(session, "consecutive", m, b, _steps(session, 20_000))
    law = draws.declared_law(m, b, sampling)
    cells, chances = list(law), list(law.values())
    number = {cell: i for i, cell in enumerate(cells)}
    # Which cell each batch is in; pairs that do not overlap are independent of each other.
    runs = [
        np.array([number.get(tuple(x for x in row if x != NONE), -1) for row in run.tolist()])
        for run in found.runs
    ]
    shuffled, total = sampling == "reshuffled", len(cells)
    what = "first batches of consecutive epochs" if shuffled else "consecutive batches"
    listed = ", ".join(str([*[-1] * (_width(session, m) - len(c)), *c]) for c in cells)
    for start in (0, 1):
        pairs = np.concatenate([r[start : start + (len(r) - start) // 2 * 2].reshape(-1, 2)
                                for r in runs])  # fmt: skip
        codes = np.where((pairs < 0).any(axis=1), -1, pairs[:, 0] * total + pairs[:, 1])
        counts = [int((codes == i).sum()) for i in range(total * total)]
        end = start + (len(runs[0]) - start) // 2 * 2
        yield frequencies(
            f"{what}, from number {start} on, m = {m}, b = {b}", counts, len(pairs),
            [p * q for p in chances for q in chances], FALSE_ALARM / 2,
            _together(found, m, b, counts, len(pairs), sampling), found.calls,
            f"(lambda x: np.array([((x[:, 0] == c).all(axis=1) & (x[:, 1] == d).all(axis=1)).mean()"
            f" for c in [{listed}] for d in [{listed}]]))(np.concatenate([r[{start}:{end}]"
            f".reshape(-1, 2, r.shape[-1]) for r in {found.text}]))",
        )  # fmt: skip


def _together(
    found: _Runs, m: int, b: int, counts: Sequence[int], total: int, sampling: str
) -> tuple[Candidate, ...]:
    """What pairs of batches are, if each batch has another law."""
    cells = list(draws.declared_law(m, b, sampling))
    return _plain(found, m, counts, total) or tuple(
        Candidate(c.text, np.outer(c.value, c.value).ravel(), c.declare)
        for c in _batch_candidates(m, b, cells, sampling)
    )


def _starts(session: Session) -> Iterator[Finding]:
    sampling, (m, b) = session.conventions.drawing, (4, 2)
    if sampling == "cyclic":
        return
    count = 300 if session.quick else 1200
    start = int(session.rng("starts").integers(2**31 - count))
    answers = [drawn(session, m, b, 1, start + i) for i in range(count)]
    rows = stacked([np.sort(a.value, axis=1) for a in answers])
    law = draws.declared_law(m, b, sampling)
    counts = _counts(rows, list(law))
    # Whether the seed has no influence, or chance none at all, cannot be told from first batches.
    same = bool((rows == rows[0]).all())
    # So few points may be all that can come first; of more there is a choice.
    others = [drawn(session, 97, 3, 1, start + i).value for i in range(3 if same else 0)]
    same = same and all(np.array_equal(np.sort(o), np.sort(others[0])) for o in others)
    plain = (Candidate(_SAME_START, np.array(counts) / count),) if same else ()
    yield frequencies(
        f"first batches of consecutive seeds, m = {m}, b = {b}", counts, count,
        list(law.values()), FALSE_ALARM,
        plain or tuple(_batch_candidates(m, b, list(law), sampling)),
        tuple(a.call for a in answers),
        _shares("np.sort(got[:, 0], axis=1)", list(law), _width(session, m)),
    )  # fmt: skip


def _check(name: str, statement: str, formula: str, run: Any) -> OracleCheck:
    return OracleCheck(
        id=f"sample_batches.{name}", functions=("sample_batches",), statement=statement,
        formula=formula, source="enumeration of all batches; bounds of binomial tails",
        run=named(run), kind="stochastic", false_alarm=FALSE_ALARM,
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
