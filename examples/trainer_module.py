"""A module, an optimiser, a loader and a loop in PyTorch, and the adapter that has them judged.

pytest --pyargs whichmin.verification.suite --whichmin-target=trainer_module:target
"""

import torch
from torch.utils.data import DataLoader, TensorDataset

from whichmin.verification.oracle.adapters import from_module


class TiedAutoencoder(torch.nn.Module):
    def __init__(self, n, activation):
        super().__init__()
        self.encoder = torch.nn.Linear(n, 1, bias=False)
        self.phi = torch.nn.ReLU() if activation == "relu" else torch.nn.Identity()

    def forward(self, x):
        code = self.phi(self.encoder(x))
        return torch.nn.functional.linear(code, self.encoder.weight.T)


def train_loop(model, optimiser, loader, loss):
    for x, y in loader:
        optimiser.zero_grad()
        loss(model(x), y).backward()
        optimiser.step()


def make_loader(dataset, batch_size, seed):
    order = torch.Generator().manual_seed(seed)
    return DataLoader(dataset, batch_size, shuffle=True, drop_last=True, generator=order)


target = from_module(
    TiedAutoencoder, optimiser=torch.optim.SGD, loader=make_loader, train_loop=train_loop,
    dataset=lambda x: TensorDataset(x, x),
)  # fmt: skip
