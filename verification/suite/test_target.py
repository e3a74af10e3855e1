"""One test per target and check.

``pytest --pyargs whichmin.verification.suite --whichmin-target=mypkg.adapter``
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from whichmin.errors import MissingDependency, WhichminError
from whichmin.pytest_plugin import HOW, PROPERTY, Options, options
from whichmin.verification.oracle.check import OracleCheck
from whichmin.verification.oracle.compliance import LOADS, CheckVerdict, Result, unloaded
from whichmin.verification.oracle.expected import read_expected
from whichmin.verification.oracle.judge import Judge

USAGE = f"no target given: {HOW}"
JUDGES = pytest.StashKey[dict[str, Judge]]()


def _judge(config: pytest.Config, target: str, chosen: Options) -> Judge:
    """Load a target, once in this process."""
    judges = config.stash.setdefault(JUDGES, {})
    if target not in judges:
        file, targets = chosen.expected, chosen.targets
        expected = None if file is None else read_expected(file, target, targets)
        judges[target] = Judge(
            target, quick=chosen.quick, deep=chosen.deep, seed=chosen.seed, limit=chosen.limit,
            expected=expected,
        )  # fmt: skip
        config.add_cleanup(judges[target].close)
    return judges[target]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make one case per target and check, or one if a target does not load or there is none."""
    chosen = options(metafunc.config)
    cases = []
    for target in chosen.targets:
        try:
            judged = _judge(metafunc.config, target, chosen)
        except WhichminError as error:
            cases.append(pytest.param(target, error, id=f"{target}-{LOADS}"))
            continue
        cases += [pytest.param(target, c, id=f"{target}-{c.id}") for c in judged.checks]
    metafunc.parametrize(("target", "check"), cases or [pytest.param("", None, id="no target")])


def test_target(
    target: str,
    check: OracleCheck | WhichminError | None,
    request: pytest.FixtureRequest,
    record_property: Callable[[str, Any], None],
) -> None:
    """The target passes the check."""
    if check is None:
        pytest.fail(USAGE, pytrace=False)
    chosen = options(request.config)
    if isinstance(check, WhichminError):
        absent = isinstance(check, MissingDependency)
        verdict = CheckVerdict.NOT_APPLICABLE if absent else CheckVerdict.FAILED
        result = Result(LOADS, verdict, str(check), statement="the target loads")
        head = unloaded(target, chosen).record()
    else:
        judged = _judge(request.config, target, chosen)
        result = judged.result(check)
        head = judged.compliance([]).record()
    record_property(PROPERTY, json.dumps({"head": head, "result": result.record()}))
    if result.verdict in {CheckVerdict.NOT_PROVIDED, CheckVerdict.NOT_APPLICABLE}:
        pytest.skip(f"{result.verdict}: {result.message}")
    if result.verdict is CheckVerdict.EXPECTED_FAILURE:
        pytest.xfail(result.message)
    if not result.good:
        pytest.fail(result.text(), pytrace=False)
