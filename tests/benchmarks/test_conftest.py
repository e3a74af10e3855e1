"""Rows of the benchmarks' tables compare: same workload, time per replica-step, fastest first."""

import os
import runpy
import subprocess
import sys
from pathlib import Path

CONFTEST = Path(__file__).parents[2] / "benchmarks" / "conftest.py"

# Two engines: the fast one advances more replicas, so that its round takes longer.
FAKE = """
import time
from types import SimpleNamespace as Named
import pytest

@pytest.mark.parametrize("name", ["fast", "slow"])
@pytest.mark.parametrize("m", [8, 64])
def test_engine(per_step, name, m):
    rounds, replicas = {"fast": (0.02, 10**6), "slow": (0.002, 1)}[name]
    def seconds():
        time.sleep(rounds)
        return rounds / replicas
    per_step(Named(workload=Named(described=f"m {m}"), contender=Named(name=name), cores=1,
                   replicas=replicas, seconds=seconds), rounds=3, more=m)

def test_other(benchmark):
    benchmark.pedantic(time.sleep, (0.01,), rounds=2)
"""


def info(name, workload, nanoseconds):
    return {"contender": name, "workload": workload, "cores": 1, "replicas": 7,
            "nanoseconds_per_replica_step": nanoseconds}  # fmt: skip


def test_the_fastest_stands_first_in_its_workload():
    comparison = runpy.run_path(str(CONFTEST))["comparison"]
    lines = comparison([
        info("loop", "m 8", 134000.0), {"ratio_min": 3}, info("engine", "m 64", 2.5),
        info("engine", "m 8", 2.0), info("loop", "m 64", 250000.0),
    ])  # fmt: skip
    words = [line.split() for line in lines if line]
    assert [w[0] for w in words] == ["m", "contender", "engine", "loop"] * 2
    assert [w[-1] for w in words if w[0] == "loop"] == ["6.7e+04", "1e+05"]
    assert [w[-1] for w in words if w[0] == "engine"] == ["1", "1"]
    assert comparison([{"ratio_min": 3}]) == []


def test_the_tables_of_a_run(tmp_path):
    (tmp_path / "conftest.py").write_text(CONFTEST.read_text())
    (tmp_path / "test_fake.py").write_text(FAKE)
    # In a worker of xdist pytest-benchmark would not measure.
    alone = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist",
         "--rootdir", str(tmp_path), str(tmp_path)],
        capture_output=True, text=True, cwd=tmp_path, timeout=600, env=alone,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    own = done.stdout.split("time per replica-step, by workload, fastest first")[1]
    own, _, tables = own.partition("\n\n---")
    order = [line.split()[0] for line in own.splitlines() if line.startswith("  ")]
    assert order == ["contender", "fast", "slow"] * 2
    # pytest-benchmark's own tables, one per workload, have the fast engine first too.
    for m in (8, 64):
        table = tables.split(f"benchmark 'm {m}'")[1].split("benchmark '")[0]
        assert table.index("fast") < table.index("slow")
        assert "test_other" not in table
