"""pytest plugin: ``pytest --pyargs whichmin.verification.suite --whichmin-target=mypkg.adapter``.

Installed with the package, so pytest imports it at every start: it imports nothing but pytest until
a target is given.
"""

from __future__ import annotations

import functools
import json
import os
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from whichmin.verification.oracle.compliance import Compliance

__all__ = ["HOW", "PROPERTY", "Options", "options"]

#: Name of the property of a test report that carries a result; xdist sends it to the controller.
PROPERTY = "whichmin"
#: How a target is judged.
HOW = (
    "pytest --pyargs whichmin.verification.suite --whichmin-target=PKG.MOD[:OBJ], "
    "or whichmin_target in the ini file"
)


class Options:
    """The options of the plugin, as given to pytest.

    Attributes:
        targets: Dotted names.
        quick: Whether to run the short version.
        deep: Whether to run the long version.
        seed: Seed of the random choices.
        limit: Seconds allowed to a call; None for the profile's.
        json: File for the results.
        markdown: File for the table.
        badge: File for the line that can be cited.
        expected: File of expected failures.
        profile: ``quick``, ``full`` or ``deep``.
    """

    def __init__(self, config: pytest.Config) -> None:
        """Read the options; the ini option counts if no target is on the command line."""
        get = config.getoption
        self.targets: tuple[str, ...] = tuple(get("whichmin_target") or ()) or tuple(
            config.getini("whichmin_target")
        )
        self.quick: bool = get("whichmin_quick")
        self.deep: bool = get("whichmin_deep")
        self.seed: int = get("whichmin_seed")
        self.limit: float | None = get("whichmin_limit")
        self.json: str | None = get("whichmin_json")
        self.markdown: str | None = get("whichmin_markdown")
        self.badge: str | None = get("whichmin_badge")
        self.expected: str | None = get("whichmin_expected")
        self.profile = "quick" if self.quick else "deep" if self.deep else "full"

    @property
    def written(self) -> dict[str, str | None]:
        """The files of results, by the end of their options."""
        return {"json": self.json, "markdown": self.markdown, "badge": self.badge}


def options(config: pytest.Config) -> Options:
    """Read the plugin's options of a pytest run."""
    return Options(config)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the plugin's options to pytest."""
    group = parser.getgroup("whichmin", "whichmin: judge a trainer or a curvature tool")
    add = group.addoption
    add(
        "--whichmin-target",
        action="append",
        metavar="PKG.MOD[:OBJ]",
        default=[],
        help="module or object to judge by --pyargs whichmin.verification.suite; repeatable",
    )
    add("--whichmin-quick", action="store_true", help="short version, below 10 seconds")
    add("--whichmin-deep", action="store_true", help="long version of the stochastic checks")
    add("--whichmin-seed", type=int, default=0, metavar="N", help="seed of the random choices")
    add(
        "--whichmin-limit",
        type=float,
        metavar="SECONDS",
        help="time allowed to a call, three times as long for the first of a function (default: "
        "20, with --whichmin-quick 5)",
    )
    add("--whichmin-json", metavar="FILE", help="write the results as JSON")
    add("--whichmin-markdown", metavar="FILE", help="write a compliance table as Markdown")
    add("--whichmin-badge", metavar="FILE", help="write the verdict as one line for a README")
    add(
        "--whichmin-expected",
        metavar="FILE",
        help="TOML or JSON file: check id = reason why it is expected to fail, or such a table for "
        "each target",
    )
    parser.addini("whichmin_target", "modules or objects to judge, one a line", type="linelist")


def pytest_configure(config: pytest.Config) -> None:
    """Collect results if there is a target.

    Args:
        config: The configuration of the run.

    Raises:
        pytest.UsageError: An option cannot be followed; raised before the run.
    """
    chosen = options(config)
    files = {**chosen.written, "expected": chosen.expected}
    given = {name: file for name, file in files.items() if file is not None}
    for name, file in given.items():
        option = f"--whichmin-{name}={file}"
        if not chosen.targets:
            raise pytest.UsageError(f"{option}: needs a target; {HOW}")
        if name != "expected" and not hasattr(config, "workerinput"):
            _try_writing(option, file)
    if len({os.path.realpath(file) for file in given.values()}) < len(given):
        names = " and ".join(f"--whichmin-{name}" for name in given)
        raise pytest.UsageError(f"{names}: must be different files")
    if chosen.quick and chosen.deep:
        raise pytest.UsageError("--whichmin-quick and --whichmin-deep: one of the two")
    if not 0 <= chosen.seed < 2**31:
        raise pytest.UsageError(f"--whichmin-seed={chosen.seed}: must be from 0 to 2^31 - 1")
    if chosen.limit is not None and not 0 < chosen.limit <= 86400:
        raise pytest.UsageError(
            f"--whichmin-limit={chosen.limit:g}: must be seconds, above 0 and at most 86400"
        )
    for target in chosen.targets:
        if chosen.targets.count(target) > 1:
            raise pytest.UsageError(f"--whichmin-target={target}: must be given once")
    if chosen.targets:
        config.pluginmanager.register(_Collector(config), "whichmin-collector")


def _try_writing(option: str, file: str) -> None:
    """Make sure that there is a place for results before they are computed."""
    from whichmin.errors import InputError
    from whichmin.files import check_writable

    try:
        check_writable(file)
    except InputError as error:
        raise pytest.UsageError(f"{option}: {error.allowed}") from error


class _Collector:
    """Gathers the results of all tests, in one process or from xdist's workers."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._chosen = options(config)
        self._heads: dict[str, dict[str, Any]] = {}
        # By target and check; None for a test that ran and left no result.
        self._results: dict[str, dict[str, dict[str, Any] | None]] = {}
        self._ends: dict[tuple[str, str], str] = {}
        self._lines: list[str] = []

    @functools.cached_property
    def _cases(self) -> dict[str, tuple[str, str]]:
        """Id of a test of the suite, as pytest writes it, to target and check."""
        from whichmin.verification.oracle.checks import all_checks
        from whichmin.verification.oracle.compliance import LOADS

        pairs = [
            (t, c) for t in self._chosen.targets for c in (LOADS, *(x.id for x in all_checks()))
        ]
        named = {f"{target}-{check}": (target, check) for target, check in pairs}
        escaped = {k.encode("unicode_escape").decode(): v for k, v in named.items()}
        return {**escaped, **named}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Read the result that a test of the suite attached to its report."""
        file, _, case = report.nodeid.partition("::test_target[")
        if not file.endswith("test_target.py") or case.removesuffix("]") not in self._cases:
            return
        target, check = self._cases[case.removesuffix("]")]
        found = self._results.setdefault(target, {})
        if report.when == "call":
            for name, value in report.user_properties:
                if name == PROPERTY:
                    content = json.loads(str(value))
                    self._heads[target] = content["head"]
                    found[check] = content["result"]
        # xdist reports a worker that died in a phase of its own.
        if report.when == "call" or report.failed:
            found.setdefault(check, None)
            self._ends.setdefault((target, check), report.longreprtext.strip().split("\n")[-1])

    def _compliances(self) -> list[Compliance]:
        from whichmin.verification.oracle.checks import all_checks
        from whichmin.verification.oracle.compliance import (
            CheckVerdict,
            Compliance,
            Result,
            unloaded,
        )

        # xdist's workers report in any order.
        order = {check.id: place for place, check in enumerate(all_checks())}
        verdicts = []
        for target, found in sorted(self._results.items()):
            records = []
            for check in sorted(found, key=lambda name: order.get(name, -1)):
                end = self._ends[target, check]
                none = Result(
                    check,
                    CheckVerdict.INCONCLUSIVE,
                    message=f"the test ended without a result: {end}",
                )
                records.append(found[check] or none.record())
            head = self._heads.get(target) or unloaded(target, self._chosen).record()
            verdicts.append(Compliance.gather(head, records))
        return verdicts

    def _lacks(self) -> bool:
        """Whether files are wanted and there is nothing to write."""
        config, wanted = self._config, any(self._chosen.written.values())
        away = hasattr(config, "workerinput") or config.option.collectonly
        return bool(wanted) and not self._results and not away

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write the files of results, and fail the run if that is not possible."""
        from whichmin.errors import InputError

        good = {pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED}
        if self._lacks():
            files = " and ".join(filter(None, self._chosen.written.values()))
            self._lines = [f"no target was judged, {files} not written: {HOW}"]
            if session.exitstatus in good:
                session.exitstatus = pytest.ExitCode.USAGE_ERROR
        if not self._results or hasattr(self._config, "workerinput"):
            return
        try:
            self._report()
        except InputError as error:
            self._lines.append(f"not written: {error}")
            if session.exitstatus in good:
                session.exitstatus = pytest.ExitCode.USAGE_ERROR

    def _report(self) -> None:
        """Say how each target fares, and write the files."""
        from whichmin.files import write_text
        from whichmin.reporting import plain_json

        chosen, verdicts = self._chosen, self._compliances()
        for verdict in verdicts:
            self._lines.append(verdict.summary())
            self._lines += [f"{verdict.target}: note: {note}" for note in verdict.printed]
        if chosen.json:
            records = [v.record() for v in verdicts]
            several = {"schema": records[0]["schema"], "targets": records}
            content = records[0] if len(chosen.targets) == 1 else several
            write_text(chosen.json, plain_json(content))
            self._lines.append(f"results: {chosen.json}")
        if chosen.markdown:
            write_text(chosen.markdown, "\n\n".join(v.markdown() for v in verdicts))
            self._lines.append(f"table: {chosen.markdown}")
        if chosen.badge:
            write_text(chosen.badge, "\n".join(v.citation() for v in verdicts))
            self._lines.append(f"line to cite: {chosen.badge}")

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Print the summary of each target."""
        if self._lines:
            terminalreporter.section("whichmin compliance")
        for line in self._lines:
            terminalreporter.write_line(line)
