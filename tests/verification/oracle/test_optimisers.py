"""Optimisers: PyTorch's to rounding, the others by hand; the same in every kind of number."""

from fractions import Fraction

import numpy as np
import pytest
import torch

from whichmin.errors import InputError
from whichmin.verification.oracle.arithmetic import DECIMALS, FLOATS, FRACTIONS, slope
from whichmin.verification.oracle.optimisers import Optimiser
from whichmin.verification.oracle.problems import problem
from whichmin.verification.oracle.references import floats, train

SERVED = problem("long")
ETA = Fraction(1, 64)
BATCHES = [(t % 3, (t * t + 1) % 3) for t in range(9)]
HALF = [Fraction(1, 2)] * len(BATCHES)


def mine(optimiser, activation="relu", numbers=FLOATS, batches=BATCHES):
    factors = HALF[: len(batches)]
    made = optimiser.path(SERVED.w, SERVED.data, batches, ETA, activation, factors, numbers)
    return floats(tuple(made[-1]))


def torchs(make, *, schedule=None, before=None, averaged=None):
    w = torch.nn.Parameter(torch.tensor(floats(SERVED.w)))
    data = torch.from_numpy(floats(SERVED.data))
    optimiser = make([w])
    scheduler = schedule(optimiser) if schedule else None
    module = torch.nn.ParameterList([w])
    mean = averaged(module) if averaged else None
    for batch in BATCHES:
        rows = data[list(batch)]
        optimiser.zero_grad()
        (((rows - torch.relu(rows @ w)[:, None] * w) ** 2).sum() / (2 * len(rows))).backward()
        if before:
            before(w)
        optimiser.step()
        if scheduler:
            scheduler.step()
        if mean:
            mean.update_parameters(module)
    return (mean.module[0] if mean else w).detach().numpy()


def sgd(**options):
    return lambda p: torch.optim.SGD(p, lr=float(ETA), **options)


# Some with dampening, whose first step is not damped.
SAME = [
    ({"name": "sgd"}, sgd()),
    ({"name": "sgd", "momentum": 0.9}, sgd(momentum=0.9)),
    ({"name": "sgd", "momentum": 0.9, "dampening": 0.3}, sgd(momentum=0.9, dampening=0.3)),
    ({"name": "sgd", "momentum": 0.8, "nesterov": True, "weight_decay": 1e-2},
     sgd(momentum=0.8, nesterov=True, weight_decay=1e-2)),
    ({"name": "adam", "weight_decay": 0.1},
     lambda p: torch.optim.Adam(p, lr=float(ETA), weight_decay=0.1)),
    ({"name": "adam", "amsgrad": True, "betas": [0.8, 0.6], "eps": 1e-3},
     lambda p: torch.optim.Adam(p, lr=float(ETA), amsgrad=True, betas=(0.8, 0.6), eps=1e-3)),
    ({"name": "adamw"}, lambda p: torch.optim.AdamW(p, lr=float(ETA))),
    ({"name": "adamw", "weight_decay": 0.5},
     lambda p: torch.optim.AdamW(p, lr=float(ETA), weight_decay=0.5)),
]  # fmt: skip


@pytest.mark.parametrize(("declared", "make"), SAME, ids=[str(d) for d, _ in SAME])
def test_those_of_torch(declared, make):
    found = mine(Optimiser.parse(declared))
    # Some hundred roundings a step, whose errors grow at most tenfold over the run.
    assert np.allclose(found, torchs(make), rtol=1e-11, atol=1e-13)
    assert not np.allclose(found, mine(Optimiser()), rtol=1e-6) or declared == {"name": "sgd"}


def test_clipping_of_torch():
    norm = lambda w: torch.nn.utils.clip_grad_norm_([w], 0.5)  # noqa: E731
    value = lambda w: torch.nn.utils.clip_grad_value_([w], 0.2)  # noqa: E731
    for key, bound, before in (("clip_norm", 0.5, norm), ("clip_value", 0.2, value)):
        found = mine(Optimiser.make("sgd", momentum=0.5, **{key: bound}))
        assert np.allclose(found, torchs(sgd(momentum=0.5), before=before), rtol=1e-11)


def test_averages_of_torch():
    swa = torch.optim.swa_utils
    ema = lambda m: swa.AveragedModel(m, multi_avg_fn=swa.get_ema_multi_avg_fn(0.9))  # noqa: E731
    assert np.allclose(mine(Optimiser.make(ema=0.9)), torchs(sgd(), averaged=ema), rtol=1e-11)
    found = torchs(sgd(), averaged=swa.AveragedModel)
    assert np.allclose(mine(Optimiser.make(average=True)), found, rtol=1e-11)


def test_a_schedule_multiplies_the_step_size():
    steps = lambda o: torch.optim.lr_scheduler.StepLR(o, 2, 0.5)  # noqa: E731
    declared = {"name": "step", "every": 2, "factor": 0.5}
    found = mine(Optimiser.make("sgd", declared, momentum=0.9))
    assert np.allclose(found, torchs(sgd(momentum=0.9), schedule=steps), rtol=1e-11)


def test_plain_sgd_is_the_exact_reference():
    batches = BATCHES[:4]
    exact = train(SERVED.w, SERVED.data, batches, ETA, "linear", HALF[:4])
    for numbers in (FRACTIONS, DECIMALS, FLOATS):
        made = Optimiser().path(SERVED.w, SERVED.data, batches, ETA, "linear", HALF[:4], numbers)
        assert len(made) == 5
        error = max(abs(Fraction(p) - q) for p, q in zip(made[-1], exact[-1], strict=True))
        # Terms of size 100 lose two of the 60 and 16 digits.
        assert error <= {FRACTIONS: 0, DECIMALS: Fraction(1, 10**56), FLOATS: 1e-13}[numbers]


@pytest.mark.parametrize("declared", [
    {"name": "sgd", "momentum": 0.9, "clip_value": 0.5, "ema": 0.9},
    {"name": "adamw"}, {"name": "lars", "momentum": 0.9, "weight_decay": 0.01, "clip_norm": 1},
    {"name": "lamb", "weight_decay": 0.01}, {"name": "sgdw", "weight_decay": 0.1},
], ids=lambda d: d["name"])  # fmt: skip
def test_floats_and_decimals_agree(declared):
    optimiser = Optimiser.parse(declared)
    assert np.allclose(mine(optimiser), mine(optimiser, numbers=DECIMALS), rtol=1e-11)
    if optimiser.rational:
        short = BATCHES[:3]
        exact = mine(optimiser, numbers=FRACTIONS, batches=short)
        assert np.allclose(exact, mine(optimiser, numbers=DECIMALS, batches=short), rtol=1e-15)


def test_lars_lamb_and_decoupled_decay_by_hand():
    w, rows = floats(SERVED.w), floats(SERVED.data)[[0, 1]]
    g, eta = slope(w, rows, "linear", 0.5), float(ETA)
    norm = np.linalg.norm

    def first(name, **parameters):
        return mine(Optimiser.make(name, **parameters), "linear", batches=[(0, 1)])

    local = 0.02 * norm(w) / (norm(g) + 0.1 * norm(w))
    expected = w - eta * local * (g + 0.1 * w)
    found = first("lars", momentum=0.9, weight_decay=0.1, trust_coefficient=0.02)
    assert np.allclose(found, expected, rtol=1e-13)
    # After one step the moments without their biases are g and g^2.
    u = g / (np.abs(g) + 1e-6) + 0.1 * w
    expected = w - eta * norm(w) / norm(u) * u
    assert np.allclose(first("lamb", weight_decay=0.1), expected, rtol=1e-12)
    expected = (1 - eta * 0.1) * w - eta * g
    assert np.allclose(first("sgdw", weight_decay=0.1), expected, rtol=1e-13)


@pytest.mark.parametrize("declared", [
    5, {}, {"name": "rprop"}, {"name": "sgd", "betas": (0.9, 0.9)}, {"name": "sgd", "lr": 0.1},
    {"name": "sgd", "momentum": 1.5}, {"name": "sgd", "momentum": float("nan")},
    {"name": "sgd", "nesterov": True}, {"name": "sgd", "momentum": 0.9, "nesterov": 1},
    {"name": "sgd", "momentum": 0.9, "nesterov": True, "dampening": 0.1},
    {"name": "adam", "betas": 0.9}, {"name": "adam", "betas": (0.9, 1)},
    {"name": "sgd", "clip_norm": 0}, {"name": "sgd", "ema": 1},
    {"name": "sgd", "ema": 0.9, "average": True}, {"name": "adam", "eps": -1},
], ids=str)  # fmt: skip
def test_what_is_no_optimiser_is_refused(declared):
    with pytest.raises(InputError, match="optimiser"):
        Optimiser.parse(declared)


def test_records_are_what_was_declared():
    declared = {"name": "adam", "betas": [0.8, 0.9], "amsgrad": True}
    assert Optimiser.parse(declared).record() == declared
    assert str(Optimiser.make(momentum=0.9)) == "sgd (momentum 0.9)"
    told = str(Optimiser.make("adamw", {"name": "exponential", "factor": 0.5}))
    assert told == "adamw with the schedule exponential (factor 0.5)"
    assert Optimiser.parse(None).plain
    assert Optimiser().plain
    assert not Optimiser.make(momentum=0.9).plain
    assert not Optimiser.make(schedule=[1, 2]).plain
