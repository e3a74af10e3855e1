"""Trainers with a declared optimiser: right ones of PyTorch pass, wrong ones are named."""

from types import SimpleNamespace

import pytest
import torch

from whichmin.verification.oracle import judge

S = torch.optim.lr_scheduler


def trainer(make, schedule=None, before=None, after=None):
    def train(w0, data, batches, step_size, activation):
        w = torch.nn.Parameter(w0.clone())
        optimiser = make([w], step_size)
        scheduler = schedule(optimiser) if schedule else None
        for batch in batches:
            rows = data[batch]
            inner = rows @ w
            code = torch.relu(inner) if activation == "relu" else inner
            optimiser.zero_grad()
            (((rows - code[:, None] * w) ** 2).sum() / (2 * len(rows))).backward()
            if before:
                before(w)
            optimiser.step()
            if scheduler:
                scheduler.step()
        return w.detach()

    return train


def verdict(train, only="train.values", **declared):
    def step(w, batch, step_size, activation):
        return train(w, batch, torch.arange(len(batch))[None], step_size, activation)

    target = SimpleNamespace(train=train, step=step, WHICHMIN={"arrays": "torch", **declared})
    found = judge(target, isolation="inline", only=lambda check: check == only)
    return found.results[0]


def sgd(**options):
    return lambda p, lr: torch.optim.SGD(p, lr=lr, **options)


def adam(kind=torch.optim.Adam, **options):
    return lambda p, lr: kind(p, lr=lr, **options)


ADAMW = {"name": "adamw", "weight_decay": 0.1, "eps": 1e-3}
RIGHT = [
    ({"name": "sgd", "momentum": 0.9, "nesterov": True},
     sgd(momentum=0.9, nesterov=True, foreach=True)),
    ({"name": "sgd", "momentum": 0.9, "dampening": 0.1, "weight_decay": 1e-2},
     sgd(momentum=0.9, dampening=0.1, weight_decay=1e-2)),
    ({"name": "adam"}, adam()),
    (ADAMW, adam(torch.optim.AdamW, weight_decay=0.1, eps=1e-3)),
]  # fmt: skip


@pytest.mark.parametrize("check", ["step.values", "train.values", "train.long_runs"])
@pytest.mark.parametrize(("declared", "make"), RIGHT, ids=[d["name"] for d, _ in RIGHT])
def test_a_declared_optimiser_passes(declared, make, check):
    result = verdict(trainer(make), check, optimiser=declared)
    assert result.verdict == "passed", result.message
    assert result.cases > 10
    assert result.margin < 0.2


MOMENTUM = {"name": "sgd", "momentum": 0.9}
WRONG = [
    (MOMENTUM, sgd(), "momentum is not applied"),
    (MOMENTUM, sgd(momentum=0.9, nesterov=True), "momentum with Nesterov's step"),
    ({**MOMENTUM, "dampening": 0.1}, sgd(momentum=0.9), "dampening is not applied"),
    ({**MOMENTUM, "weight_decay": 0.1}, sgd(momentum=0.9), "weight decay is not applied"),
    (ADAMW, adam(weight_decay=0.1, eps=1e-3), "weight decay is coupled, declared is decoupled"),
    ({"name": "adam"}, adam(amsgrad=True), "amsgrad is on"),
    ({"name": "adam"}, adam(eps=1e-4), "eps is 0.0001"),
    ({"name": "adam"}, sgd(), "plain SGD"),
    ({**MOMENTUM, "clip_norm": 0.1}, sgd(momentum=0.9), "not clipped by length"),
]  # fmt: skip


@pytest.mark.parametrize(("declared", "make", "cause"), WRONG, ids=[c for *_, c in WRONG])
def test_another_optimiser_is_named(declared, make, cause):
    result = verdict(trainer(make), optimiser=declared)
    assert result.verdict == "failed"
    assert cause in result.diagnosis


def test_schedules_and_clipping():
    cosine = lambda o: S.CosineAnnealingLR(o, 100)  # noqa: E731
    declared = {"schedule": {"name": "cosine", "steps": 100}, "optimiser": MOMENTUM}
    scheduled = trainer(sgd(momentum=0.9), cosine)
    for check in ("train.values", "train.long_runs"):
        assert verdict(scheduled, check, **declared).verdict == "passed"
    failed = verdict(scheduled, "train.long_runs", optimiser=MOMENTUM)
    assert failed.verdict == "failed"
    failed = verdict(trainer(sgd(momentum=0.9)), **declared)
    assert "the schedule is not applied" in failed.diagnosis
    clip = lambda w: torch.nn.utils.clip_grad_norm_([w], 0.1)  # noqa: E731
    declared = {"optimiser": {"name": "sgd", "clip_norm": 0.1}}
    for check in ("step.values", "train.values", "train.long_runs"):
        assert verdict(trainer(sgd(), before=clip), check, **declared).verdict == "passed"


@pytest.mark.parametrize("check", ["step.values", "train.values", "train.long_runs"])
def test_an_optimiser_of_which_nothing_can_be_said_is_inconclusive(check):
    """A decay of 2^30 throws the weights out by a factor 2^27 in a step."""
    result = verdict(trainer(sgd()), check, optimiser={"name": "sgd", "weight_decay": 2**30})
    assert result.verdict == "inconclusive"
    assert "rounding may make anything" in result.message
