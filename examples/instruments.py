"""Sharpness and gradient noise of a small network, before and after training with small batches.

Needs scikit-learn, for its digits: ``pip install "whichmin[images]"``.
"""

import torch
from sklearn.datasets import load_digits
from torch import nn

from whichmin.noise import gradient_noise, two_batch_noise_scale
from whichmin.sharpness import (
    average_sharpness,
    estimate_trace,
    extreme_eigenvalues,
    keskar_sharpness,
    module_objective,
    worst_sharpness,
)


def describe(net, x, y):
    """Measure everything at the network's weights."""
    objective = module_objective(net, nn.CrossEntropyLoss(), (x, y))
    keskar, trace = keskar_sharpness(objective, 1e-3), estimate_trace(objective, target=0.05)
    scale = two_batch_noise_scale(objective, 16, 256, pairs=100)
    print(f"  loss                  {objective.value():.4f}")
    print(f"  Keskar's sharpness    {keskar.value:.3f} %")
    print(f"  worst rise in a ball  {worst_sharpness(objective, 0.05).value:.5f}")
    print(f"  mean rise             {average_sharpness(objective, radius=0.05).value:.7f}")
    print(f"  top eigenvalue        {extreme_eigenvalues(objective).values[0]:.3f}")
    print(f"  trace of the Hessian  {trace.value:.2f} +- {trace.standard_error:.2f}")
    print(f"  noise scale           {gradient_noise(objective).simple_scale:.1f}, estimated as "
          f"{scale.value:.1f} in [{scale.low:.1f}, {scale.high:.1f}]")  # fmt: skip


def main(samples=300, steps=1000):
    """Train, and measure before and after."""
    digits = load_digits()
    x = torch.from_numpy(digits.data[:samples] / 16)
    y = torch.from_numpy(digits.target[:samples]).long()
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(64, 16), nn.Tanh(), nn.Linear(16, 10)).double()
    print("at the start")
    describe(net, x, y)
    optimiser = torch.optim.SGD(net.parameters(), lr=0.1)
    for _ in range(steps):
        batch = torch.randperm(samples)[:16]
        optimiser.zero_grad()
        nn.functional.cross_entropy(net(x[batch]), y[batch]).backward()
        optimiser.step()
    print(f"after {steps} steps of batch size 16")
    describe(net, x, y)


if __name__ == "__main__":
    main()
