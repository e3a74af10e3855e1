"""Lay out the table of ``whichmin bench``."""

from __future__ import annotations

import os
from collections.abc import Sequence
from statistics import median
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from whichmin.bench.measure import BenchResult
    from whichmin.bench.workload import Workload
    from whichmin.reporting import Document

__all__ = ["SCHEMA", "bench_document"]

SCHEMA = "whichmin.bench/1"

_COLUMNS = (
    "contender", "threads", "replicas", "ns per replica-step", "ratio min", "ratio median",
    "ratio max", "deviation", "verdict",
)  # fmt: skip


def bench_document(results: Sequence[BenchResult], workload: Workload) -> Document:
    """Lay out measurements as a table.

    Args:
        results: What was measured; the first is the baseline.
        workload: The problem.

    Returns:
        The document.
    """
    from whichmin.provenance import provenance
    from whichmin.reporting import Document, Table

    wrong = list(dict.fromkeys(r.name for r in results if r.deviates))
    absent = list(dict.fromkeys(r.name for r in results if r.obstacle))
    verdict = f"DEVIATES: {', '.join(wrong)}" if wrong else "all that ran agree"
    if absent:
        verdict += f"; not measured: {', '.join(absent)}"
    notes = [
        f"{workload.described}.",
        f"Ratio: time of the contender '{results[0].name}' on one core over this one's, per "
        f"replica-step, {len(results[0].ratios)} rounds in turns.",
        f"Deviation: distance from the dense engine's weights after {workload.checked_steps} steps "
        f"on the same batches; rounding explains up to {results[0].bound:.1e}.",
        "JAX draws the timed batches with jax.random; all others draw theirs from the index "
        "streams of whichmin.",
        *_load(),
        *dict.fromkeys(f"{r.name}: {r.obstacle}." for r in results if r.obstacle),
    ]
    table = Table.build(f"whichmin bench: {verdict}", _COLUMNS, map(_row, results), notes)
    described = {
        "m": workload.m, "n": workload.n, "batch_size": workload.batch_size,
        "step_size": workload.step_size, "activation": str(workload.problem.activation),
    }  # fmt: skip
    return Document(
        SCHEMA,
        (table,),
        provenance(workload.seed, workload.dtype, "cpu"),
        extra={
            "holds": not wrong,
            "workload": described,
            "contenders": [_record(r) for r in results],
        },
    )


def _load() -> list[str]:
    """A warning if other programs keep the machine busy: waiting for one core delays all."""
    from whichmin.bench.cores import available

    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    # One core's worth is this command's own.
    if load < 1.5:
        return []
    return [
        f"The machine is busy (load {load:.1f} on {available()} cores): times on more than one "
        "core suffer most."
    ]


def _row(result: BenchResult) -> tuple[Any, ...]:
    from whichmin.reporting import Cell

    head = (result.name, result.threads)
    if result.obstacle:
        return (
            *head,
            *(Cell(None, "-") for _ in _COLUMNS[2:-1]),
            Cell(result.obstacle, "not measured"),
        )
    numbers = (min(result.ratios), median(result.ratios), max(result.ratios))
    return (
        *head,
        result.replicas,
        Cell(middle := median(result.nanoseconds), f"{middle:.3g}" if middle < 1e3
             else f"{middle:.0f}"),
        *(Cell(ratio, f"{ratio:.3g}" if ratio < 1e3 else f"{ratio:.0f}") for ratio in numbers),
        Cell(result.deviation, f"{result.deviation:.1e}"),
        "DEVIATES" if result.deviates else "agrees",
    )  # fmt: skip


def _record(result: BenchResult) -> dict[str, Any]:
    return {
        "contender": result.name,
        "description": result.description,
        "threads": result.threads,
        "replicas": result.replicas,
        "steps_per_round": result.steps,
        "nanoseconds_per_replica_step": list(result.nanoseconds),
        "ratios": list(result.ratios),
        "deviation": result.deviation,
        "bound": result.bound,
        "agrees": None if result.obstacle else not result.deviates,
        "not_measured": result.obstacle or None,
    }
