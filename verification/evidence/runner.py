"""Select checks, run them and collect their evidence."""

from __future__ import annotations

import fnmatch
import importlib.util
import multiprocessing
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import hypothesis
from hypothesis import HealthCheck, Phase

from whichmin.core.validation import check_integer, check_seed
from whichmin.errors import CheckFailed, InputError, nearest
from whichmin.verification.evidence import subject as subjects
from whichmin.verification.evidence.check import Check, Evidence, Margin, Report, Settings
from whichmin.verification.evidence.subject import Subject
from whichmin.verification.provers.coq import INSTALL, find_coq
from whichmin.verification.topics import TOPICS, all_checks

__all__ = ["remedy", "run_check", "select_checks", "verify", "verify_one"]

# Needs of checks that are no modules of Python.
_COQ = ("coqc", "mathcomp")


def select_checks(pattern: str | None = None, topic: str | None = None) -> tuple[Check, ...]:
    """Select checks by id and topic.

    Args:
        pattern: An id, a shell-style pattern (``sharpness.*``) or part of an id; None for all.
        topic: Name of a topic (``hessian``); None for all.

    Returns:
        The checks, in order.

    Raises:
        InputError: Nothing matches, or there is no such topic.
    """
    checks = all_checks()
    if topic is not None:
        if topic not in TOPICS:
            raise InputError("topic", topic, f"must be one of: {', '.join(TOPICS)}")
        checks = tuple(c for c in checks if c.topic == topic)
    if pattern is None:
        return checks
    chosen = tuple(c for c in checks if c.id == pattern) or tuple(
        c for c in checks if fnmatch.fnmatchcase(c.id, pattern) or pattern in c.id
    )
    if not chosen or not pattern:
        of = "" if topic is None else f" of topic {topic}"
        near = nearest(pattern, [c.id for c in checks])
        raise InputError("select", pattern, f"must match the id of a check{of}; {near}")
    return chosen


def verify(
    select: str | None = None,
    *,
    topic: str | None = None,
    examples: int | None = None,
    seed: int = 0,
    deep: bool = False,
    subject: Subject | None = None,
    progress: Callable[[Check, Evidence | None], None] | None = None,
    jobs: int = 1,
) -> Report:
    """Run checks and collect their evidence.

    Args:
        select: Shell-style pattern or part of an id; None for all checks.
        topic: Name of a topic; None for all.
        examples: Random cases per property check; None for each check's own number.
        seed: Seed of every random choice.
        deep: Whether to run the long versions: more replicas, wider searches; hours.
        subject: What to judge; the product itself by default.
        progress: Called before (with None) and after each check; after it only, with several jobs.
        jobs: Number of processes that share the checks, at least 1; few checks need one only.

    Returns:
        The evidence; the same for any number of processes, times apart.

    Raises:
        InputError: Nothing matches, there is no such topic, a number is out of range, or several
            jobs are to judge a subject of the caller's.

    Example:
        >>> verify("batches.known_answers").holds
        True
    """
    settings = Settings(
        check_seed(seed),
        None if examples is None else check_integer(examples, "examples", 1),
        deep,
    )
    chosen = select_checks(select, topic)
    if check_integer(jobs, "jobs", 1) > 1 and subject is not None:
        raise InputError("jobs", jobs, "must be 1 for a subject of yours")
    workers = min(jobs, len(chosen) // _CHECKS_A_WORKER)
    evidence = {}
    for check, found in (
        _run_in_turn(chosen, subject or subjects.default_subject(), settings, progress)
        if workers <= 1
        else _run_in_parallel(chosen, settings, workers)
    ):
        evidence[check.id] = found
        if progress is not None:
            progress(check, found)
    return Report(tuple(evidence[check.id] for check in chosen), settings.seed)


# Below this number the start of a process, some seconds, is not worth it.
_CHECKS_A_WORKER = 10


def _run_in_turn(
    checks: Sequence[Check],
    subject: Subject,
    settings: Settings,
    progress: Callable[[Check, Evidence | None], None] | None,
) -> Iterator[tuple[Check, Evidence]]:
    """Run checks in this process, the foundations first.

    Yields:
        Each check with its evidence.
    """
    for check in checks:
        if progress is not None:
            progress(check, None)
        yield check, run_check(check, subject, settings)


def _run_in_parallel(
    checks: Sequence[Check], settings: Settings, workers: int
) -> Iterator[tuple[Check, Evidence]]:
    """Run checks in several processes, those first that took longest when the record was made.

    Yields:
        Each check with its evidence, as they end.
    """
    from whichmin.verification.evidence.record import seconds_on_file

    by_id = {check.id: check for check in checks}
    took = seconds_on_file()
    longest_first = sorted(by_id, key=lambda name: -took.get(name, 0.0))
    # Spawned, not forked: the threads of the libraries do not survive a fork.
    with multiprocessing.get_context("spawn").Pool(workers) as pool:
        tasks = [(name, settings) for name in longest_first]
        for found in pool.imap_unordered(_run_by_id, tasks):
            yield by_id[found.check], found


def _run_by_id(task: tuple[str, Settings]) -> Evidence:
    """Run one check of the product, in a process of its own."""
    name, settings = task
    check = next(c for c in all_checks() if c.id == name)
    return run_check(check, subjects.default_subject(), settings)


def verify_one(name: str, *, seed: int = 0, deep: bool = False) -> Evidence:
    """Run one check of the product.

    Args:
        name: Its id.
        seed: Seed of every random choice.
        deep: Whether to run the long version.

    Returns:
        The evidence.

    Raises:
        InputError: There is no such check, or the seed is out of range.
    """
    check = next((c for c in all_checks() if c.id == name), None)
    if check is None:
        raise InputError("check", name, f"must be one of: {', '.join(c.id for c in all_checks())}")
    settings = Settings(check_seed(seed), None, deep)
    return run_check(check, subjects.default_subject(), settings)


def _involved(check: Check) -> str:
    if check.forms in {(), ("*",)}:
        return ""
    return f"\n  closed forms involved: {', '.join(check.forms)}"


# Findings kept for the reader.
_FOUND = 24


class _Tally:
    """Collects margins and stops at the first that exceeds its bound."""

    def __init__(self, check: Check) -> None:
        self.check = check
        self.cases = 0
        self.worst = 0.0
        self.where = ""
        self.found: list[str] = []

    def add(self, margins: Iterable[Margin], case: Any = None) -> None:
        for margin in margins:
            self.cases += margin.cases
            if margin.found and len(self.found) < _FOUND:
                self.found.append(margin.found)
            if margin.ratio >= self.worst:
                self.worst, self.where = margin.ratio, margin.what
            if not margin.ratio <= 1:
                recipe = "" if case is None else f"\n  case: {case!r}"
                recipe += _involved(self.check)
                raise CheckFailed(
                    f"{self.check.id}: {margin.what}: deviation {margin.error:.3g}, allowed "
                    f"{margin.bound:.3g} ({self.check.bound}){recipe}"
                )


def run_check(check: Check, subject: Subject, settings: Settings) -> Evidence:
    """Run one check on a subject.

    A check that raises an error fails, with the error as its message. A check that needs a module
    or a program that is not installed is not run, and its evidence says so.

    Args:
        check: The check.
        subject: What to judge.
        settings: Seed and number of cases.

    Returns:
        The evidence.
    """
    tally = _Tally(check)
    began = time.perf_counter()
    message = ""
    lacking = next((name for name in check.needs if not _installed(name)), "")
    try:
        if lacking:
            pass
        elif check.cases is None:
            tally.add(check.measure(subject, settings))
        else:
            _run_property(check, subject, settings, tally)
        if tally.cases == 0 and not lacking:
            message = f"{check.id}: compared nothing"
    except CheckFailed as error:
        message = str(error)
    except Exception as error:
        tally.worst, tally.where = float("inf"), type(error).__name__
        notes = "\n  ".join(getattr(error, "__notes__", []))
        message = f"{check.id}: {type(error).__name__}: {error}\n  {notes}".rstrip()
        message += _involved(check)
    return Evidence(
        check=check.id,
        statement=check.statement,
        kind=check.kind,
        bound=check.bound,
        holds=not message and not lacking,
        cases=tally.cases,
        worst=tally.worst,
        where=tally.where,
        seconds=time.perf_counter() - began,
        seed=settings.seed,
        message=message,
        found=tuple(tally.found),
        false_alarm=check.false_alarm,
        lacking=lacking,
        deep=settings.deep,
    )


def _installed(name: str) -> bool:
    """Whether a module can be found, which the check that needs it imports, or Coq and MathComp."""
    if name in _COQ:
        coq = find_coq()
        return coq is not None and (name == "coqc" or bool(coq.mathcomp))
    return importlib.util.find_spec(name) is not None


def remedy(lacking: Iterable[str]) -> str:
    """Say what installs what checks lack.

    Args:
        lacking: Names of what is missing, as checks need it.

    Returns:
        One or two commands.
    """
    names = set(lacking)
    commands = ["pip install 'whichmin[proofs]'"] if names - set(_COQ) else []
    return "; ".join([*commands, *([INSTALL] if names & set(_COQ) else [])])


def _run_property(check: Check, subject: Subject, settings: Settings, tally: _Tally) -> None:
    assert check.cases is not None

    # Without the shrinking phase the first failing case is reported: cases are small recipes
    # already, and shrinking whole trajectories would take minutes.
    @hypothesis.seed(settings.seed)
    @hypothesis.settings(
        max_examples=settings.examples or check.examples,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        print_blob=False,
        report_multiple_bugs=False,
    )
    @hypothesis.given(check.cases())
    def body(case: Any) -> None:
        tally.add(check.measure(subject, case), case)

    body()
