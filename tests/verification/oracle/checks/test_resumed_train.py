"""Resumed runs: right ones of PyTorch pass, wrong ones are named."""

from types import SimpleNamespace

import pytest
import torch

from whichmin.verification.oracle import judge

S = torch.optim.lr_scheduler
DECLARED = {
    "optimiser": {"name": "sgd", "momentum": 0.9},
    "schedule": {"name": "step", "every": 3, "factor": 0.5},
}


class Trainer:
    def __init__(self, w0, step_size):
        self.w = torch.nn.Parameter(w0.clone())
        self.optimiser = torch.optim.SGD([self.w], lr=step_size, momentum=0.9)
        self.scheduler = S.StepLR(self.optimiser, 3, 0.5)

    def run(self, data, batches, activation):
        for batch in batches:
            rows = data[batch]
            inner = rows @ self.w
            code = torch.relu(inner) if activation == "relu" else inner
            self.optimiser.zero_grad()
            (((rows - code[:, None] * self.w) ** 2).sum() / (2 * len(rows))).backward()
            self.optimiser.step()
            self.scheduler.step()


def resumed(kept, again=lambda batches, stop: batches[stop:]):
    def resumed_train(w0, data, batches, step_size, stop, activation):
        first = Trainer(w0, step_size)
        first.run(data, batches[:stop], activation)
        then = Trainer(first.w.detach() if "w" in kept else w0, step_size)
        if "buffers" in kept:
            state = first.optimiser.state_dict()
            if "rate" not in kept:
                state["param_groups"][0]["lr"] = step_size
            then.optimiser.load_state_dict(state)
        if "schedule" in kept:
            then.scheduler.load_state_dict(first.scheduler.state_dict())
        then.run(data, again(batches, stop), activation)
        return then.w.detach()

    return resumed_train


def verdict(function, **declared):
    target = SimpleNamespace(resumed_train=function, WHICHMIN={"arrays": "torch", **declared})
    only = "resumed_train.values"
    return judge(target, isolation="inline", only=lambda check: check == only).results[0]


ALL = {"w", "buffers", "rate", "schedule"}


def test_all_that_is_saved_passes():
    result = verdict(resumed(ALL), **DECLARED)
    assert result.verdict == "passed", result.message
    assert result.cases > 40


WRONG = [
    (resumed({"w"}), "buffers and schedule begin again"),
    (resumed({"w", "buffers"}), "the schedule begins again when it is resumed"),
    (resumed(ALL - {"w"}), "the weights are not loaded, the buffers are"),
    (resumed(ALL, lambda b, stop: b[: len(b) - stop]), "the batches begin again with the first"),
    (resumed(ALL, lambda b, stop: b[stop - 1 :]), "the last batch before it was saved is repeated"),
]


@pytest.mark.parametrize(("function", "cause"), WRONG, ids=[c for _, c in WRONG])
def test_what_is_lost_is_named(function, cause):
    result = verdict(function, **DECLARED)
    assert result.verdict == "failed"
    assert cause in result.diagnosis


def test_what_rounding_makes_of_it_is_inconclusive():
    declared = {"optimiser": {"name": "sgd", "weight_decay": 2**30}}
    result = verdict(resumed(ALL), **declared)
    assert result.verdict == "inconclusive"
    assert "12 steps" in result.message
