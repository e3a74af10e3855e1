import dataclasses
import math

import pytest

from whichmin.bench import measure
from whichmin.bench.contenders import CONTENDERS
from whichmin.bench.cores import available
from whichmin.bench.measure import BenchResult, bench
from whichmin.bench.workload import Workload
from whichmin.errors import InputError, MissingDependency

FAST = {"rounds": 2, "seconds": 0.05}


def changed(monkeypatch, **contenders):
    monkeypatch.setattr(measure, "CONTENDERS", {**CONTENDERS, **contenders})


def test_contenders_on_one_core_and_on_all():
    told = []
    results = bench(Workload(), ["reduced"], progress=lambda *what: told.append(what), **FAST)
    wanted = [("published", 1), *(("reduced", cores) for cores in sorted({1, available()}))]
    assert [(r.name, r.threads) for r in results] == wanted
    for result in results:
        assert len(result.nanoseconds) == len(result.ratios) == 2
        assert min(result.nanoseconds) > 0
        assert result.deviation <= result.bound
        assert not result.deviates
        assert result.steps >= 1
        expected = [b / t for b, t in zip(results[0].nanoseconds, result.nanoseconds, strict=True)]
        assert result.ratios == pytest.approx(expected, rel=1e-14)
    assert results[0].ratios == (1.0, 1.0)
    assert all(0 <= done < total for done, total, _ in told)
    assert {what for _, _, what in told} >= {"reduced: correctness", "published: measuring"}


def test_replicas_are_those_asked_for():
    results = bench(Workload(), ["dense"], replicas=3, **FAST)
    assert {(r.name, r.replicas) for r in results} == {("published", 1), ("dense", 3)}


def test_a_mutated_contender_is_reported(monkeypatch):
    dense = CONTENDERS["dense"]

    def begin(workload, replicas, same_batches):
        other = dataclasses.replace(workload, step_size=workload.step_size * (1 + 1e-8))
        return dense.begin(other, replicas, same_batches)

    changed(monkeypatch, mutant=dataclasses.replace(dense, name="mutant", begin=begin))
    results = bench(Workload(), ["mutant", "reduced"], **FAST)
    assert {r.name for r in results if r.deviates} == {"mutant"}
    assert all(r.nanoseconds for r in results), "measured all the same"


def test_weights_that_are_not_numbers_deviate():
    right = BenchResult("x", "", 1, deviation=1e-14, bound=1e-12)
    assert not right.deviates
    assert dataclasses.replace(right, deviation=math.nan).deviates
    assert dataclasses.replace(right, deviation=2e-12).deviates
    assert not BenchResult("x", "", 1, obstacle="not installed").deviates


def test_what_cannot_run_is_said_and_the_others_run(monkeypatch):
    def begin(workload, replicas, same_batches):
        raise MissingDependency("thing", "it is needed", "pip install thing")

    absent = dataclasses.replace(CONTENDERS["dense"], name="absent", begin=begin)
    changed(monkeypatch, absent=absent)
    results = bench(Workload(), ["absent", "reduced"], **FAST)
    told = {r.name: r.obstacle for r in results}
    assert told == {
        "published": "",
        "absent": "thing is missing: it is needed; pip install thing",
        "reduced": "",
    }
    assert all(bool(r.nanoseconds) != bool(r.obstacle) for r in results)


def test_a_library_that_cannot_be_held_to_one_core_is_measured_on_all(monkeypatch):
    monkeypatch.setattr(measure, "can_pin", lambda: False)
    monkeypatch.setattr(measure, "available", lambda: 2)
    monkeypatch.setattr("whichmin.bench.cores.available", lambda: 2)
    alien = dataclasses.replace(CONTENDERS["dense"], name="alien", needs="torch")
    changed(monkeypatch, alien=alien)
    results = bench(Workload(), ["alien", "dense"], **FAST)
    obstacles = {(r.name, r.threads): r.obstacle for r in results}
    assert "one core" in obstacles.pop(("alien", 1))
    assert set(obstacles.values()) == {""}


@pytest.mark.parametrize(
    ("wrong", "argument"),
    [
        ({"rounds": 0}, "rounds"),
        ({"seconds": 0.0}, "seconds"),
        ({"seconds": math.inf}, "seconds"),
        ({"replicas": 0}, "replicas"),
        ({"names": ["none"]}, "contender"),
    ],
)
def test_bad_input(wrong, argument):
    with pytest.raises(InputError) as caught:
        bench(Workload(), **wrong)
    assert caught.value.argument == argument
