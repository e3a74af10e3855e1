"""Name what is wrong with a sampler: the one mistake that all its runs show.

First it is asked which structure the runs have: epochs, with which end, or a cycle. A structure
is an exact property of all batches, so that its declaration is advised for certain. Within it the
known mistakes are looked for that all runs show exactly. Where there is no structure, the sampler
is judged as if it declared another sampling: that one is named if every check then passes.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from whichmin.verification.oracle import ragged
from whichmin.verification.oracle.check import Candidate, Finding
from whichmin.verification.oracle.conventions import LEFTOVERS
from whichmin.verification.oracle.diagnosis import Diagnosis
from whichmin.verification.oracle.epochs import cut
from whichmin.verification.oracle.outcome import CallFailed, Inconclusive
from whichmin.verification.oracle.sampler_runs import Run, evidence, many
from whichmin.verification.oracle.session import Session
from whichmin.verification.oracle.wrong_draws import wrong_draws, wrong_shards
from whichmin.verification.oracle.wrong_epochs import EpochRun, wrong_order
from whichmin.verification.oracle.wrong_rates import wrong_rate
from whichmin.verification.oracle.wrong_seeds import wrong_seeds

__all__ = ["explain", "named", "undeclared"]

_ENDS = {
    "dropped": "reshuffled epochs: the m mod b points left at the end of one are dropped",
    "short": "reshuffled epochs with a shorter last batch of the m mod b points left at the end",
    "carried": "the m mod b points left at the end of an epoch are carried over to the next epoch",
    "padded": "padded epochs: the last batch of one is filled up with points of its first batch",
}
_LAWS = {
    "without-replacement": "independent batches: a point comes again before its epoch ends",
    "with-replacement": "drawn with replacement",
    "poisson": "Poisson sampling: each point is in a batch by its own chance, so that batches "
    "differ in size",
}

_WEIGHTED = {
    "with-replacement": "weighted", "without-replacement": "weighted-without-replacement",
}  # fmt: skip


def named(run: Callable[[Session], Iterator[Finding]]) -> Callable[[Session], Iterator[Finding]]:
    """Let a check name the mistake that explains all runs, before its own candidates."""

    @functools.wraps(run)
    def wrapped(session: Session) -> Iterator[Finding]:
        for finding in run(session):
            yield replace(finding, candidates=functools.partial(_candidates, session, finding))

    return wrapped


def _candidates(session: Session, finding: Finding) -> Iterable[Candidate]:
    found = explain(session)
    if found is not None:
        return (Candidate(found.text, finding.got, found.declare),)
    given = finding.candidates() if callable(finding.candidates) else finding.candidates
    if session.conventions.sampling.startswith("weighted"):
        # What they advise to declare has no weights.
        return [replace(c, declare="") for c in given]
    return given


def undeclared(session: Session, failed: CallFailed) -> Diagnosis | None:
    """Tell which sampling has batches of the sizes that a call returned.

    Args:
        session: The target.
        failed: A call without a usable value.

    Returns:
        What to declare; None if it was no call of the sampler, or nothing explains it.
    """
    if failed.call is None or failed.call.function != "sample_batches":
        return None
    return explain(session)


def explain(session: Session) -> Diagnosis | None:
    """Find the mistake, or the undeclared sampling, that explains all runs of a sampler.

    Args:
        session: The target.

    Returns:
        What it is; None if nothing known explains every run.
    """
    declared = session.conventions
    known = session.memory.setdefault("explained", {})
    key = (declared.sampling, declared.leftover, declared.epoch_seed)
    if key not in known:
        try:
            known[key] = _explain(session)
        except CallFailed:
            known[key] = None
    found: Diagnosis | None = known[key]
    return found


def _explain(session: Session) -> Diagnosis | None:
    runs = list(evidence(session))
    inside = all(((r.batches >= 0) & (r.batches < r.m) | (r.batches == ragged.NONE)).all()
                 for r in runs)  # fmt: skip
    if not inside:
        return None
    declared = session.conventions
    if declared.sampling == "cyclic" or all((r.batches == r.batches[0]).all() for r in runs):
        return None  # without chance: the checks themselves know what it may be
    if all(_is_cyclic(r) for r in runs):
        return Diagnosis("cyclic batches, without chance", "'sampling': 'cyclic'")
    # A stream that repeats after m points fits several ends; the declared one is tried first.
    fits = [k for k in LEFTOVERS if _epochs(runs, k)]
    if fits:
        runs += evidence(session, epochs=True)
        fits = [k for k in fits if _epochs(runs, k)]
    for leftover in sorted(fits, key=lambda k: k != declared.ends):
        found = _of_epochs(session, _epochs(runs, leftover), leftover)
        if found is not None:
            return found
    if fits:
        return None
    text = wrong_shards(runs) or wrong_draws(runs)
    if text:
        return Diagnosis(text)
    other = _other_law(session)
    if other is None and (rate := wrong_rate([*runs, *many(session)])):
        if declared.sampling == "poisson":
            return Diagnosis(rate)
        if declared.sampling in _LAWS:
            return Diagnosis(f"{_LAWS['poisson']}; besides, {rate}", "'sampling': 'poisson'")
    return other if other is not None else wrong_seeds(session, "")


def _is_cyclic(run: Run) -> bool:
    steps, b = run.batches.shape
    if b != run.b:
        return False
    wanted = np.arange(steps * b).reshape(steps, b) % run.m
    return np.array_equal(np.sort(run.batches, axis=1), np.sort(wanted, axis=1))


def _epochs(runs: Sequence[Run], leftover: str) -> list[EpochRun]:
    """The epochs of all runs; empty if one has none."""
    out = []
    for run in runs:
        found = cut(run.batches, run.m, run.b, leftover)
        if found is None:
            return []
        out.append(EpochRun(run, leftover, found))
    return out


def _of_epochs(session: Session, runs: list[EpochRun], leftover: str) -> Diagnosis | None:
    declared = session.conventions
    wrong = wrong_order(runs)
    if declared.sampling == "reshuffled" and declared.leftover == leftover:
        return Diagnosis(wrong) if wrong else wrong_seeds(session, leftover)
    keys = [] if declared.sampling == "reshuffled" else ["'sampling': 'reshuffled'"]
    if leftover != declared.leftover:
        keys.append(f"'leftover': '{leftover}'")
    text = _ENDS[leftover]
    if keys[0] == "'sampling': 'reshuffled'" and not text.startswith("reshuffled"):
        text = f"reshuffled epochs: {text}"
    text += ", not dropped" if leftover == "carried" and len(keys) == 1 else ""
    return Diagnosis(f"{text}; besides, {wrong}" if wrong else text, ", ".join(keys))


def _other_law(session: Session) -> Diagnosis | None:
    """The sampling as which all checks pass."""
    declared = session.conventions
    weighted = declared.sampling.startswith("weighted")
    for law, text in _LAWS.items():
        kind = _WEIGHTED.get(law, "") if weighted else law
        if law == declared.drawing or not kind:
            continue
        if passes(session.under(sampling=kind, leftover="dropped", epoch_seed="unrelated")):
            if law == "without-replacement" and declared.sampling != "reshuffled":
                text = "drawn without replacement"
            return Diagnosis(text, f"'sampling': {kind!r}")
    return None


def passes(session: Session) -> bool:
    """Tell whether all checks of the law of the batches pass, whatever the seeds do."""
    from whichmin.verification.oracle.checks import all_checks

    for check in all_checks():
        if check.functions != ("sample_batches",) or check.id == "sample_batches.seed":
            continue
        try:
            if not all(f.holds for f in check.run(session)):
                return False
        except (CallFailed, Inconclusive):
            return False
    return True
