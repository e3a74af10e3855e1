"""Schedules: PyTorch's to rounding, by hand where it has none."""

from fractions import Fraction

import pytest
import torch

from whichmin.errors import InputError
from whichmin.verification.oracle.schedules import CONSTANT, Schedule

S = torch.optim.lr_scheduler
STEPS = 14
SAME = [
    ({"name": "step", "every": 3, "factor": 0.1}, lambda o: S.StepLR(o, 3, 0.1)),
    ({"name": "multistep", "milestones": [2, 7], "factor": 0.3},
     lambda o: S.MultiStepLR(o, [2, 7], 0.3)),
    ({"name": "exponential", "factor": 0.9}, lambda o: S.ExponentialLR(o, 0.9)),
    ({"name": "cosine", "steps": 5, "lowest": 0.25},
     lambda o: S.CosineAnnealingLR(o, 5, eta_min=0.25)),
    ({"name": "linear"}, S.LinearLR),
    ({"name": "linear", "start": 0.5, "end": 0.125, "steps": 4},
     lambda o: S.LinearLR(o, 0.5, 0.125, 4)),
    ({"name": "polynomial", "steps": 9, "power": 0.5}, lambda o: S.PolynomialLR(o, 9, 0.5)),
    ({"name": "sequence", "milestones": [4],
      "of": [{"name": "linear"}, {"name": "cosine", "steps": 10}]},
     lambda o: S.SequentialLR(o, [S.LinearLR(o), S.CosineAnnealingLR(o, 10)], [4])),
    ({"name": "product", "of": [{"name": "linear"}, {"name": "step", "every": 2}]},
     lambda o: S.ChainedScheduler([S.LinearLR(o), S.StepLR(o, 2)])),
]  # fmt: skip


@pytest.mark.parametrize(("declared", "make"), SAME, ids=[d["name"] for d, _ in SAME])
def test_those_of_torch(declared, make):
    optimiser = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    scheduler = make(optimiser)
    rates = []
    for _ in range(STEPS):
        rates.append(optimiser.param_groups[0]["lr"])
        optimiser.step()
        scheduler.step()
    schedule = Schedule.parse(declared)
    # PyTorch multiplies from step to step: a few roundings each.
    assert [float(schedule.factor(t)) for t in range(STEPS)] == pytest.approx(rates, abs=1e-14)


def test_those_without_a_counterpart():
    half = Schedule.make("inverse-sqrt", warmup=4)
    assert [half.factor(t) for t in (0, 3, 15)] == [Fraction(1, 4), 1, Fraction(1, 2)]
    listed = Schedule.parse([1, 0.5])
    assert [listed.factor(t) for t in range(3)] == [1, Fraction(1, 2), Fraction(1, 2)]
    assert CONSTANT.factor(7) == 1


def test_exact_where_it_can_be():
    assert Schedule.make("step", every=5).factor(10) == Fraction(0.1) ** 2
    assert Schedule.make("linear", steps=3, start=0).factor(1) == Fraction(1, 3)
    assert Schedule.make("polynomial", steps=3, power=2).factor(1) == Fraction(4, 9)


@pytest.mark.parametrize("declared", [
    5, {}, [], {"name": "plateau"}, {"name": "step"}, {"name": "step", "every": 0},
    {"name": "step", "every": 2, "gamma": 0.1}, {"name": "multistep", "milestones": [3, 3]},
    {"name": "exponential", "factor": -1}, {"name": "factors", "values": 3},
    {"name": "sequence", "of": [[1], [2]], "milestones": [2, 3]},
    {"name": "product", "of": [{"name": "nothing"}]},
], ids=str)  # fmt: skip
def test_what_is_no_schedule_is_refused(declared):
    with pytest.raises(InputError, match="schedule"):
        Schedule.parse(declared)


def test_records_and_words():
    declared = {"name": "product", "of": [{"name": "step", "every": 2, "factor": 0.1}]}
    assert Schedule.parse(declared).record() == declared
    assert str(Schedule.make("step", every=5)) == "step (every 5, factor 0.1)"
    assert str(CONSTANT) == "constant"
