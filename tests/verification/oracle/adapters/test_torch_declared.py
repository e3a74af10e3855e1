"""Conventions are read off PyTorch's own objects, and only off those."""

import pytest
import torch
from torch.utils.data import DataLoader, RandomSampler, TensorDataset

from whichmin.errors import InputError
from whichmin.verification.oracle.adapters.torch_declared import (
    loader_declaration,
    loss_declaration,
    optimiser_declaration,
)


def sgd(**given):
    return lambda parameters, lr: torch.optim.SGD(parameters, lr=lr, **given)


@pytest.mark.parametrize(("optimiser", "declared"), [
    (torch.optim.SGD, {}),
    (sgd(momentum=0.0), {}),
    (sgd(momentum=0.9), {"name": "sgd", "momentum": 0.9}),
    (sgd(momentum=0.9, nesterov=True), {"name": "sgd", "momentum": 0.9, "nesterov": True}),
    (sgd(momentum=0.5, dampening=0.25, weight_decay=0.1),
     {"name": "sgd", "momentum": 0.5, "dampening": 0.25, "weight_decay": 0.1}),
    (torch.optim.Adam, {"name": "adam"}),
    (lambda p, lr: torch.optim.Adam(p, lr, betas=(0.5, 0.75), eps=1e-6, amsgrad=True),
     {"name": "adam", "betas": (0.5, 0.75), "eps": 1e-6, "amsgrad": True}),
    (torch.optim.AdamW, {"name": "adamw"}),
    (lambda p, lr: torch.optim.AdamW(p, lr, weight_decay=0.5),
     {"name": "adamw", "weight_decay": 0.5}),
    (lambda p, lr: torch.optim.Adam(p, lr, weight_decay=0.5, decoupled_weight_decay=True),
     {"name": "adamw", "weight_decay": 0.5}),
    (torch.optim.RMSprop, {}),
    (type("Mine", (torch.optim.SGD,), {}), {}),
])  # fmt: skip
def test_an_optimiser(optimiser, declared):
    assert optimiser_declaration(optimiser) == ({"optimiser": declared} if declared else {})


def test_a_loss():
    summed = loss_declaration(torch.nn.MSELoss(reduction="sum"))
    assert summed == {"loss": "sum", "gradient": "sum", "hessian": "sum", "loss_scale": 2}
    assert loss_declaration(lambda found, wanted: 0) == {}
    with pytest.raises(InputError, match="2/n times"):
        loss_declaration(torch.nn.MSELoss())


POINTS = TensorDataset(torch.arange(5.0)[:, None])


@pytest.mark.parametrize(("loader", "declared"), [
    (lambda: DataLoader(POINTS, 2), {"sampling": "cyclic"}),
    (lambda: DataLoader(POINTS, 2, shuffle=True),
     {"sampling": "reshuffled", "leftover": "short"}),
    (lambda: DataLoader(POINTS, 2, shuffle=True, drop_last=True), {"sampling": "reshuffled"}),
    (lambda: DataLoader(POINTS, 2, sampler=RandomSampler(POINTS, replacement=True)),
     {"sampling": "with-replacement"}),
    (lambda: DataLoader(POINTS, batch_sampler=[[0, 1]]), {}),
    (lambda: DataLoader(POINTS, 2, sampler=[1, 2, 3]), {}),
    (lambda: [[0, 1]], {}),
])  # fmt: skip
def test_a_loader(loader, declared):
    assert loader_declaration(loader) == declared
