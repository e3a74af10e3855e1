"""The instruments for any loss, on a small network and on a function."""

import torch
from shown import show
from torch import nn

from whichmin import noise, sharpness

torch.manual_seed(0)
net = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 3)).double()
x, y = torch.randn(90, 4).double(), torch.arange(90) % 3
objective = sharpness.module_objective(net, nn.CrossEntropyLoss(), (x, y))
points = torch.eye(3, 5).double()
neuron = sharpness.closure_objective(
    lambda v: (points - (points @ v)[:, None] * v).square().sum(1) / 2, points[0] * 1.001
)
small, large = [1.0, 1.5, 1.25, 0.75] * 10, [0.5, 0.75, 0.5, 0.4] * 10
show({
    "size": lambda: (objective.size, objective.samples, objective.value()),
    "trace": lambda: sharpness.estimate_trace(objective, target=0.05),
    "trace, Hutchinson": lambda: sharpness.estimate_trace(
        objective, method="hutchinson", max_products=50
    ),
    "Hessian": lambda: sharpness.hessian_matrix(neuron),
    "eigenvalues": lambda: sharpness.extreme_eigenvalues(objective, 2).values,
    "smallest": lambda: sharpness.extreme_eigenvalues(objective, 1, which="smallest").values,
    "curvlinops": lambda: sharpness.extreme_eigenvalues(objective, engine="curvlinops").values,
    "spectrum": lambda: sharpness.full_spectrum(objective),
    "density": lambda: sharpness.spectral_density(objective, steps=10, probes=2),
    "Keskar": lambda: sharpness.keskar_sharpness(objective, 1e-3),
    "Keskar in a subspace": lambda: sharpness.keskar_sharpness(neuron, 1e-2, dimension=2),
    "subspace": lambda: sharpness.random_subspace(5, 2, 0),
    "ball": lambda: sharpness.worst_sharpness(neuron, 0.05),
    "step": lambda: sharpness.sam_step(objective, 0.05),
    "average": lambda: sharpness.average_sharpness(objective, radius=0.05, pairs=5),
    "noise": lambda: noise.gradient_noise(objective),
    "simple scale": lambda: noise.gradient_noise(objective).simple_scale,
    "curved": lambda: noise.curved_noise(objective),
    "two batches": lambda: noise.two_batch_noise_scale(objective, 5, 30, pairs=40),
    "squares": lambda: noise.noise_scale_from_squares(small, large, 1.0, 0.5),
    "factors": lambda: [
        noise.batch_factor(30, 90, s) for s in ("without-replacement", "with-replacement")
    ],
    "refused": lambda: noise.gradient_noise(sharpness.closure_objective(torch.sum, [1.0])),
    "refused radius": lambda: sharpness.worst_sharpness(objective, -1),
})
