"""pytest plugin: ``pytest --pyargs whichmin.verification.suite --whichmin-target=mypkg.adapter``.

Installed with the package, so pytest imports it at every start: it imports nothing but pytest until
a target is given.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from whichmin.verification.oracle.compliance import Compliance

__all__ = ["PROPERTY", "Options", "options"]

# Name of the property of a test report that carries a result; xdist sends it to the controller.
PROPERTY = "whichmin"


class Options:
    """What the command line says.

    Attributes:
        targets: Dotted names.
        quick: Short version.
        deep: Long version.
        seed: Seed of the random choices.
        json: File for the results.
        markdown: File for the table.
        expected: File of expected failures.
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
        self.json: str | None = get("whichmin_json")
        self.markdown: str | None = get("whichmin_markdown")
        self.expected: str | None = get("whichmin_expected")


def options(config: pytest.Config) -> Options:
    """The options of a pytest run."""
    return Options(config)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options."""
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
    add("--whichmin-json", metavar="FILE", help="write the results as JSON")
    add("--whichmin-markdown", metavar="FILE", help="write a compliance table as Markdown")
    add(
        "--whichmin-expected",
        metavar="FILE",
        help="TOML or JSON file: check id = reason why it is expected to fail",
    )
    parser.addini("whichmin_target", "modules or objects to judge, one a line", type="linelist")


def pytest_configure(config: pytest.Config) -> None:
    """Collect results if there is a target.

    Args:
        config: The configuration of the run.

    Raises:
        pytest.UsageError: A file of results cannot be written; said before the run.
    """
    chosen = options(config)
    for name, file in (("json", chosen.json), ("markdown", chosen.markdown)):
        if file is not None and (not file or os.path.isdir(file) or not _folder(file)):
            raise pytest.UsageError(f"--whichmin-{name}={file}: must be a file in a folder that is")
    if chosen.quick and chosen.deep:
        raise pytest.UsageError("--whichmin-quick and --whichmin-deep: one of the two")
    if chosen.seed < 0:
        raise pytest.UsageError(f"--whichmin-seed={chosen.seed}: must be at least 0")
    if chosen.targets:
        config.pluginmanager.register(_Collector(config), "whichmin-collector")


def _folder(file: str) -> bool:
    return os.path.isdir(os.path.dirname(os.path.abspath(file)))


class _Collector:
    """Gathers the results of all tests, in one process or from xdist's workers."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._heads: dict[str, dict[str, Any]] = {}
        self._results: dict[str, list[dict[str, Any]]] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Read the result that a test of the suite attached to its report."""
        if report.when != "call":
            return
        for name, value in report.user_properties:
            if name == PROPERTY:
                content = json.loads(str(value))
                label = content["label"]
                self._heads[label] = content["head"]
                self._results.setdefault(label, []).append(content["result"])

    def _compliances(self) -> list[Compliance]:
        from whichmin.verification.oracle.checks import all_checks
        from whichmin.verification.oracle.compliance import Compliance

        # xdist's workers report in any order.
        order = {check.id: place for place, check in enumerate(all_checks())}
        return [
            Compliance.gather(self._heads[k], sorted(v, key=lambda r: order[r["check"]]))
            for k, v in sorted(self._results.items())
        ]

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Say how each target fares, and write the files."""
        if not self._results or hasattr(self._config, "workerinput"):
            return
        from whichmin.reporting import plain_json, write_text

        verdicts, chosen = self._compliances(), options(self._config)
        terminalreporter.section("whichmin compliance")
        for verdict in verdicts:
            terminalreporter.write_line(verdict.summary())
        if chosen.json:
            records = [v.record() for v in verdicts]
            several = {"schema": records[0]["schema"], "targets": records}
            content = records[0] if len(chosen.targets) == 1 else several
            write_text(chosen.json, plain_json(content))
            terminalreporter.write_line(f"results: {chosen.json}")
        if chosen.markdown:
            write_text(chosen.markdown, "\n\n".join(v.markdown() for v in verdicts))
            terminalreporter.write_line(f"table: {chosen.markdown}")
