import csv
import dataclasses
import io
import json

import pytest

from whichmin.bench import report
from whichmin.bench.measure import BenchResult
from whichmin.bench.report import bench_document
from whichmin.bench.workload import Workload

RESULTS = [
    BenchResult("published", "slow", 1, 1, 10, (3e5, 1e5, 2e5), (1.0, 1.0, 1.0), 1e-16, 1e-12),
    BenchResult("quick", "fast", 2, 64, 100, (20.0, 10.0, 40.0), (15e3, 1e4, 5e3), 2e-16, 1e-12),
]
ABSENT = BenchResult("gone", "not there", 1, obstacle="thing is missing: pip install thing")


def rendered(results, form):
    return bench_document(results, Workload()).render(form)


def test_ratios_and_times_of_a_table():
    lines = rendered(RESULTS, "table").splitlines()
    assert lines[0] == "whichmin bench: all that ran agree"
    (row,) = (line.split() for line in lines if line.startswith("quick"))
    assert row == ["quick", "2", "64", "20", "5000", "10000", "15000", "2.0e-16", "agrees"]


def test_json_has_every_round():
    content = json.loads(rendered([*RESULTS, ABSENT], "json"))
    assert content["schema"] == "whichmin.bench/1"
    assert content["holds"] is True
    assert content["workload"]["m"] == 8
    quick, gone = content["contenders"][1:]
    assert quick["ratios"] == [15e3, 1e4, 5e3]
    assert quick["nanoseconds_per_replica_step"] == [20.0, 10.0, 40.0]
    assert (quick["agrees"], gone["agrees"]) == (True, None)
    assert gone["not_measured"] == ABSENT.obstacle
    assert gone["deviation"] is None
    assert content["tables"][0]["rows"][1]["ratio median"] == 1e4


def test_a_deviation_is_in_the_title_and_in_its_row():
    wrong = dataclasses.replace(RESULTS[1], deviation=1e-3)
    text = rendered([RESULTS[0], wrong], "table")
    assert text.startswith("whichmin bench: DEVIATES: quick\n")
    assert next(line for line in text.splitlines() if line.startswith("quick")).endswith("DEVIATES")
    assert json.loads(rendered([RESULTS[0], wrong], "json"))["holds"] is False


def test_what_was_not_measured_is_never_silent():
    text = rendered([*RESULTS, ABSENT], "table")
    assert text.startswith("whichmin bench: all that ran agree; not measured: gone\n")
    assert f"gone: {ABSENT.obstacle}." in text
    *_, last = csv.DictReader(io.StringIO(rendered([*RESULTS, ABSENT], "csv")))
    assert (last["verdict"], last["ratio median"]) == (ABSENT.obstacle, "")


@pytest.mark.parametrize(("load", "said"), [(0.9, False), (3.2, True)])
def test_a_busy_machine_is_mentioned(monkeypatch, load, said):
    monkeypatch.setattr(report.os, "getloadavg", lambda: (load, 0.0, 0.0))
    assert ("The machine is busy (load 3.2" in rendered(RESULTS, "table")) == said
