"""Write the fact sheet: the results of our engines and of other people's tools, by version."""

from __future__ import annotations

import importlib
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from whichmin.errors import InputError, MissingDependency
from whichmin.reporting import Table
from whichmin.verification.oracle.compliance import CheckVerdict, Compliance
from whichmin.verification.oracle.judge import judge

__all__ = ["ADAPTERS", "Judged", "fact_sheet", "judge_adapters", "overview"]

_PACKAGE = "whichmin.verification.oracle.adapters"
_ENGINES = tuple(f"whichmin_engines:{e}" for e in ("autograd", "compiled", "dense", "reduced"))
_OPTAX = tuple(f"optax_target:{name}" for name in ("sgd", "adamw", "lamb", "lars"))
_TRACEAX = tuple(f"traceax_target:{name}" for name in ("hutchinson", "hutch_plus_plus", "xtrace"))
ADAPTERS = (
    *_ENGINES, "whichmin_instruments", "torch_sgd", "jax_target", *_OPTAX, "curvlinops_target",
    "eigenthings_target", "pyhessian_target", "landscaper_target", "asdl_target", "backpack_target",
    "matfree_target:hutchinson", "matfree_target:xtrace", *_TRACEAX, "sam_target", "gns_target",
)  # fmt: skip
_HEAD = """# Compliance

How our engines and published tools fare on the oracle's checks: exact values of a model with kinks
and negative curvature, and the laws of estimators. Each is judged by the conventions that it
declares; the adapters are in `verification/oracle/adapters`. A failure says that a value differs
from the definition by more than rounding or chance explains, not that a tool is bad: some tools
promise no more than a tolerance.
"""


@dataclass(frozen=True)
class Judged:
    """The result of one adapter.

    Attributes:
        adapter: Name within the package of adapters.
        compliance: The verdict; None if its library is absent.
        missing: The library that is absent.
        seconds: Duration.
    """

    adapter: str
    compliance: Compliance | None
    missing: str = ""
    seconds: float = 0.0


def judge_adapters(
    adapters: Sequence[str] = ADAPTERS,
    *,
    quick: bool = False,
    seed: int = 0,
    told: Callable[[str], None] | None = None,
) -> tuple[Judged, ...]:
    """Judge adapters, each in its own process.

    Args:
        adapters: Some of ``ADAPTERS``.
        quick: The short version.
        seed: Seed of the random choices.
        told: Called with the name of each before it is judged.

    Returns:
        One result per adapter.

    Raises:
        InputError: An unknown adapter.
    """
    unknown = [a for a in adapters if a not in ADAPTERS]
    if unknown:
        raise InputError("adapters", unknown[0], f"must be one of: {', '.join(ADAPTERS)}")
    found = []
    for name in adapters:
        if told is not None:
            told(name)
        start = time.perf_counter()
        try:
            with warnings.catch_warnings():  # curvlinops' dependencies use what torch deprecates
                warnings.simplefilter("ignore")
                importlib.import_module(f"{_PACKAGE}.{name.partition(':')[0]}")
        except MissingDependency as error:
            found.append(Judged(name, None, str(error)))
            continue
        compliance = judge(f"{_PACKAGE}.{name}", quick=quick, seed=seed)
        found.append(Judged(name, compliance, seconds=time.perf_counter() - start))
    return tuple(found)


def overview(judged: Sequence[Judged]) -> str:
    """Count verdicts by tool.

    Args:
        judged: Results.

    Returns:
        A table in Markdown, one row per tool.
    """
    rows = []
    for one in judged:
        c = one.compliance
        if c is None:
            continue
        counts = c.counts()
        failed = ", ".join(
            f"{r.check} (inconclusive)" if r.verdict is CheckVerdict.INCONCLUSIVE else r.check
            for r in c.failures
        )
        rows.append((
            c.target,
            c.version,
            counts.get(str(CheckVerdict.PASSED), 0),
            failed or "none",
        ))
    columns = ("tool", "version", "passed", "failed")
    table = Table.build("", columns, rows).markdown()
    return "\n".join(line for line in table.splitlines() if line.startswith("|"))


def _section(compliance: Compliance) -> str:
    parts = [f"## {compliance.target} {compliance.version}", compliance.markdown()]
    for r in compliance.failures:
        parts.append(f"**{r.check}**: {r.statement}. {r.message}.")
        if r.diagnosis:
            parts.append(f"Diagnosis: {r.diagnosis}.")
    return "\n\n".join(parts)


def fact_sheet(judged: Sequence[Judged] | None = None) -> str:
    """Write all verdicts of all tools as Markdown.

    Args:
        judged: Results; None judges all adapters that are installed.

    Returns:
        The text.
    """
    results = judge_adapters() if judged is None else judged
    absent = [f"- {j.adapter}: {j.missing}" for j in results if j.compliance is None]
    sections = [_section(j.compliance) for j in results if j.compliance is not None]
    tail = ["## Not installed", "\n".join(absent)] if absent else []
    return "\n\n".join([_HEAD.rstrip(), overview(results), *sections, *tail]) + "\n"
