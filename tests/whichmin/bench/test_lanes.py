import dataclasses
import time

import pytest

from whichmin.bench import lanes
from whichmin.bench.contenders import CONTENDERS
from whichmin.bench.lanes import Lane, interleaved, ratios
from whichmin.bench.workload import Workload


class Sleeping:
    """Takes a millisecond and more a chunk, and counts."""

    chunk = 4

    def __init__(self, taken):
        self.taken = taken
        taken.append(0)

    def advance(self, steps):
        assert steps % self.chunk == 0
        self.taken[-1] += steps
        time.sleep(0.001 * steps / self.chunk)


@pytest.fixture
def taken():
    """Steps taken since each beginning."""
    return []


@pytest.fixture
def lane(taken):
    contender = dataclasses.replace(
        CONTENDERS["dense"], begin=lambda workload, replicas, same_batches: Sleeping(taken)
    )
    return Lane(contender, Workload(), 1, 10)


def test_a_lane_takes_its_steps_and_tells_the_time_of_one(lane, taken):
    before = taken[-1]
    lane.steps = 20
    each = lane.seconds()
    assert taken[-1] == before + 20
    assert each >= 0.005 / (20 * 10), "five chunks of a millisecond, ten replicas"


def test_a_run_is_made_to_last(lane):
    lane.last(0.05)
    assert lane.steps % Sleeping.chunk == 0
    assert 4 <= lane.steps <= 4 * 50, "a millisecond a chunk, at least"
    lane.last(1e-9)
    assert lane.steps == Sleeping.chunk


def test_it_begins_anew_before_numbers_become_subnormal(lane, taken, monkeypatch):
    workload = Workload()
    most = lane._most
    # Off-span weights shrink by (1 - alpha) with probability b / m.
    assert (1 - workload.alpha) ** (most * workload.batch_size / workload.m) > 1e-300
    lane._most, lane.steps = 100, 40
    beginnings = len(taken)
    for _ in range(5):
        lane.seconds()
    assert len(taken) > beginnings
    assert max(taken[beginnings:]) <= 100


def test_lanes_run_in_turns():
    order = []

    class Counted:
        def __init__(self, name):
            self.name = name

        def seconds(self):
            order.append(self.name)
            return float(len(order))

    slow, fast = Counted("slow"), Counted("fast")
    told = []
    times = interleaved([slow, fast], 3, lambda lane: told.append(lane.name))
    assert order == told == ["slow", "fast"] * 3
    assert times == [(1.0, 3.0, 5.0), (2.0, 4.0, 6.0)]


def test_ratios_are_those_of_one_round(lane, monkeypatch):
    monkeypatch.setattr(
        lanes, "interleaved", lambda both, rounds: [(6.0, 8.0), (2.0, 4.0)] if rounds == 2 else None
    )
    assert ratios(lane, lane, 2, 1e-3) == (3.0, 2.0)
