"""Judge a target: run the checks on it and collect the results.

A user's own test file::

    from whichmin.verification.oracle import parametrize_with_checks

    @parametrize_with_checks("mypkg.adapter")
    def test_compliance(check):
        check()
"""

from __future__ import annotations

import dataclasses
import functools
import sys
import time
import unittest
import weakref
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any, Self

from whichmin.errors import CheckFailed, InputError, WhichminError
from whichmin.verification.oracle.check import Finding, OracleCheck
from whichmin.verification.oracle.checks import all_checks
from whichmin.verification.oracle.checks.repeated import REPEAT
from whichmin.verification.oracle.compliance import CheckVerdict, Compliance, Result
from whichmin.verification.oracle.diagnosis import KAPPA, SINGLE, SINGLE_TEXT, diagnose
from whichmin.verification.oracle.elsewhere import others_hold
from whichmin.verification.oracle.expected import check_provided, expected_failures
from whichmin.verification.oracle.hints import undeclared_estimate, unsteady
from whichmin.verification.oracle.kept import kept_answer
from whichmin.verification.oracle.lost_calls import compared, goes_on, without_value
from whichmin.verification.oracle.outcome import CallFailed, Inconclusive
from whichmin.verification.oracle.session import Session
from whichmin.verification.oracle.snippet import finding_snippet
from whichmin.verification.oracle.validation import JudgeSettings
from whichmin.verification.oracle.worker import Worker

__all__ = ["BoundCheck", "Judge", "checks", "judge", "parametrize_with_checks", "run_check"]


def run_check(check: OracleCheck, session: Session, target: object = "") -> Result:
    """Run one check on a target.

    Args:
        check: The check.
        session: The target.
        target: Its dotted name, or the object, for the snippet.

    Returns:
        The result; expected failures are not known here.
    """
    about: dict[str, Any] = {
        "check": check.id, "statement": check.statement, "kind": check.kind,
        "false_alarm": check.false_alarm,
    }  # fmt: skip
    lacking = [f for f in check.functions if f not in session.provided]
    if lacking:
        return Result(
            **about, verdict=CheckVerdict.NOT_PROVIDED, message=f"no {', '.join(lacking)}"
        )
    session.notes.clear()
    findings: list[Finding] = []
    failed: CallFailed | None = None
    lost: list[CallFailed] = []
    undecided = ""
    start = time.perf_counter()
    try:
        findings.extend(check.run(session))
    except CallFailed as error:
        failed = error
        findings, lost = goes_on(check, session, error, findings)
    except Inconclusive as error:
        undecided = str(error)
    if check.kind == "exact" and failed is None:
        session.seen[check.id] = tuple(findings)
    _note_kinks(session, findings)
    about |= {"seconds": time.perf_counter() - start, "notes": tuple(session.notes)}
    wrong = [f for f in findings if not f.holds]
    numbers = [f for f in findings if compared(f)]
    about |= {"cases": len(findings), "failures": len(wrong)}
    if numbers:
        worst = max(numbers, key=lambda f: f.ratio)
        about |= {"margin": worst.ratio, "where": worst.what}
    if failed is not None:
        off = any(not f.holds for f in numbers)
        more = _mismatch(check, session, numbers, target) if off else {}
        told = without_value(check, session, failed, lost, numbers, more, target)
        return Result(**about, verdict=CheckVerdict.FAILED, **told)
    if undecided and not wrong:
        return Result(**about, verdict=CheckVerdict.INCONCLUSIVE, message=undecided)
    if not findings:
        return Result(
            **about, verdict=CheckVerdict.NOT_APPLICABLE, message="no case for this target"
        )
    if not wrong:
        return Result(**about, verdict=CheckVerdict.PASSED)
    return Result(
        **about, verdict=CheckVerdict.FAILED, **_mismatch(check, session, findings, target)
    )


def _note_kinks(session: Session, findings: Sequence[Finding]) -> None:
    """Say that several values were accepted at kinks, and which ones the target has."""
    if not all(f.holds for f in findings):
        return  # a wrong value agrees with no kappa
    places = [p for f in findings if not f.interval for p in f.places]
    if places:
        session.note("at a kink any value between the one-sided ones was accepted")
        low, high = min(places), max(places)
        # Places are quotients of differences that carry the bound's error; 1e-3 only words it.
        if high - low < 1e-3:
            session.note(f"at kinks it agrees with kappa = {round(low, 3):g}")


def _rounded(check: OracleCheck, session: Session) -> str:
    """The precision whose rounding may be what is seen; a text for no precision."""
    if check.kind != "exact":
        return ""
    # An estimate that is nearly right has other reasons, such as too few iterations.
    estimated = session.stochastic(check.functions[0]) is not None
    known = session.conventions.differences.none and not estimated
    return session.dtype if known else "differences"


def _mismatch(
    check: OracleCheck, session: Session, findings: Sequence[Finding], target: object
) -> dict[str, Any]:
    wrong = [f for f in findings if not f.holds]
    cause = undeclared_estimate(session, findings) if check.kind == "exact" else None
    shaky = unsteady(session, findings) if check.kind == "exact" else None
    if cause is None:
        # What differs from call to call may still be named, such as a shuffle of the batches.
        known, steady = _rounded(check, session), shaky is None
        cause = diagnose(findings, known, steady=steady)
        if cause is not None and KAPPA in cause.text and not others_hold(check, session):
            # Another kappa shows at kinks alone.
            cause = diagnose(findings, known, steady=steady, kinks=False)
        if cause is not None and cause.text == SINGLE_TEXT:
            cause = cause if others_hold(check, session, SINGLE) else None
        cause = cause or kept_answer(findings) or shaky
    # The first failure: problems come simple ones first, so it has the shortest snippet.
    shown = wrong[0]
    message = (
        f"{len(wrong)} of {len(findings)} comparisons fail; first: {shown.what}: "
        f"deviates by {shown.ratio:.3g} times the bound ({shown.reason})"
    )
    return {
        "message": message,
        "diagnosis": cause.text if cause else "",
        "declare": cause.declare if cause else "",
        "snippet": finding_snippet(check, shown, session.conventions, target),
    }


class Judge:
    """A target with its session; use it in a ``with`` statement, or close it.

    Attributes:
        checks: The checks that apply to the profile.
        session: The session.
    """

    def __init__(self, target: object, **settings: Any) -> None:
        """Load the target.

        Args:
            target: Dotted name (``package.module``, ``package.module:object``), module or object.
            **settings: The fields of
                :class:`~whichmin.verification.oracle.validation.JudgeSettings`:
                ``quick``, ``deep``, ``seed``, ``expected``, ``isolation``, ``limit``.

        Raises:
            InputError: An argument is not allowed, the target does not load, or an expected
                failure matches no check, or one of a function that the target lacks.
        """
        chosen = JudgeSettings.read(settings)
        every = all_checks()
        ids = [c.id for c in every]
        # What is given is at fault before the target is loaded, what it declares afterwards.
        given = expected_failures([chosen.expected or {}], ids)
        self.checks = tuple(c for c in every if c.quick or not chosen.quick)
        self._worker = Worker(target, chosen.isolation, chosen.seconds)
        self._end = weakref.finalize(self, self._worker.close)
        self.session = Session(self._worker, quick=chosen.quick, deep=chosen.deep, seed=chosen.seed)
        declared = self.session.conventions.expected_failures
        try:
            self.expected = expected_failures([declared, given], ids)
            needs = {c.id: c.functions for c in every}
            check_provided(self.expected, needs, self.session.provided)
        except InputError:
            self.close()
            raise
        self._shown = target
        if isinstance(target, ModuleType) and sys.modules.get(target.__name__) is target:
            self._shown = target.__name__
        # By check, of those that ran: whether it had anything to say.
        self._said: dict[str, bool] = {}

    @property
    def name(self) -> str:
        """Name of the target."""
        return self.session.conventions.name

    def result(self, check: OracleCheck) -> Result:
        """Run a check, with expected failures taken into account.

        Args:
            check: One of the checks.

        Returns:
            The result.
        """
        result = self._unjudged(check, run_check(check, self.session, self._shown))
        self._said[check.id] = result.verdict is not CheckVerdict.NOT_APPLICABLE
        reason = self.expected.get(check.id)
        if reason is None or result.verdict not in {CheckVerdict.FAILED, CheckVerdict.PASSED}:
            return result
        if result.verdict is CheckVerdict.FAILED:
            told = f"{reason} ({result.message})"
            return dataclasses.replace(result, verdict=CheckVerdict.EXPECTED_FAILURE, message=told)
        told = f"expected to fail ({reason}), but it passed: remove the entry"
        return dataclasses.replace(result, verdict=CheckVerdict.UNEXPECTED_PASS, message=told)

    def _unjudged(self, check: OracleCheck, result: Result) -> Result:
        """A function of which no check can say anything must not look as if it had passed."""
        if result.verdict is not CheckVerdict.NOT_APPLICABLE:
            return result
        for name in check.functions:
            own = [
                c for c in self.checks  # that a value repeats says nothing of its being right
                if name in c.functions and set(c.functions) <= set(self.session.provided)
                and not c.id.endswith(REPEAT)
            ]  # fmt: skip
            if own and check is own[-1] and not any(self._judged(c) for c in own[:-1]):
                text = f"{name} is not judged: no check has a case for what it declares"
                return dataclasses.replace(result, verdict=CheckVerdict.INCONCLUSIVE, message=text)
        return result

    def _judged(self, check: OracleCheck) -> bool:
        """Whether a check compares anything, or comes to no result, which is told there."""
        if check.id not in self._said:
            found = run_check(check, self.session, self._shown)
            self._said[check.id] = found.verdict is not CheckVerdict.NOT_APPLICABLE
        return self._said[check.id]

    def compliance(self, results: Sequence[Result]) -> Compliance:
        """Collect results of checks.

        Args:
            results: Results of some or all checks.

        Returns:
            The verdict.
        """
        from whichmin.provenance import version

        session = self.session
        profile = "quick" if session.quick else "deep" if session.deep else "full"
        declared = session.conventions.record()
        named = {k: v for k, v in declared.items() if k not in {"name", "version"}}
        return Compliance(
            self.name, session.conventions.version, named, self._worker.where, tuple(results),
            session.seed, profile, {"whichmin": version()},
        )  # fmt: skip

    def close(self) -> None:
        """End the target's process."""
        self._end()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def judge(
    target: object, *, only: Callable[[str], bool] | None = None, **settings: Any
) -> Compliance:
    """Judge a target by all checks.

    Args:
        target: Dotted name, module or object with some functions of the protocol.
        only: Which check ids to run; None for all.
        **settings: ``quick``, ``deep``, ``seed``, ``expected``, ``isolation``, ``limit``, see
            :class:`~whichmin.verification.oracle.validation.JudgeSettings`.

    Returns:
        The verdict.

    Raises:
        InputError: A setting is not allowed, the target does not load, an expected failure matches
            no check or one of a function that the target lacks, or ``only`` chooses nothing.
    """
    if only is not None and not callable(only):
        raise InputError("only", only, "must be a function of a check's id, or None")
    with Judge(target, **settings) as judged:
        chosen = [c for c in judged.checks if only is None or only(c.id)]
        if not chosen:
            ids = ", ".join(c.id for c in judged.checks)
            raise InputError("only", only, f"must choose at least one of: {ids}")
        return judged.compliance([judged.result(c) for c in chosen])


class BoundCheck:
    """A check of one target, to be called in a test.

    Attributes:
        id: Id of the check.
    """

    def __init__(self, id: str, run: Callable[[], Result]) -> None:  # noqa: A002 - its attribute
        self.id = id
        self._run = run

    def result(self) -> Result:
        """Run the check."""
        return self._run()

    def __call__(self) -> None:
        """Run it and raise if it counts against the target.

        Raises:
            unittest.SkipTest: The target does not provide what it needs, or did not load, which
                the first check called says.
            CheckFailed: It failed, came to no result, or passed against expectation.
        """
        result = self.result()
        if result.verdict is CheckVerdict.EXPECTED_FAILURE and "pytest" in sys.modules:
            sys.modules["pytest"].xfail(result.message)
        if result.verdict in {CheckVerdict.NOT_PROVIDED, CheckVerdict.NOT_APPLICABLE}:
            raise unittest.SkipTest(f"{result.verdict}: {result.message}")
        if not result.good:
            raise CheckFailed(result.text())

    def __repr__(self) -> str:
        return self.id


def checks(target: object, **settings: Any) -> tuple[BoundCheck, ...]:
    """List the checks of a target, each to be called; the target is loaded at the first call.

    Args:
        target: Dotted name, module or object.
        **settings: As for :func:`judge`, checked at once.

    Returns:
        One per check, also for functions that the target does not provide; those skip.

    Raises:
        InputError: A setting is not allowed, or an expected failure matches no check.
    """
    chosen, every = JudgeSettings.read(settings), all_checks()
    expected_failures([chosen.expected or {}], [c.id for c in every])
    made: list[Judge] = []
    failed: list[WhichminError] = []

    def judged() -> Judge:
        if failed:
            # One mistake is one failure, not one for each check.
            raise unittest.SkipTest(
                f"the target did not load; the first check says why: {failed[0]}"
            )
        if not made:
            try:
                made.append(Judge(target, **settings))
            except WhichminError as error:
                failed.append(error)
                raise
        return made[0]

    def run(check: OracleCheck) -> Result:
        return judged().result(check)

    chosen_checks = (c for c in every if c.quick or not chosen.quick)
    return tuple(BoundCheck(c.id, functools.partial(run, c)) for c in chosen_checks)


def parametrize_with_checks(target: object, **settings: Any) -> Any:
    """Make a decorator that turns a test into one test per check: it calls its argument ``check``.

    Args:
        target: Dotted name, module or object.
        **settings: As for :func:`judge`, checked at once.

    Returns:
        What ``pytest.mark.parametrize`` returns.
    """
    import pytest

    return pytest.mark.parametrize("check", checks(target, **settings), ids=lambda c: c.id)
