"""Keskar's metric: known maxima, SciPy by hand on digits, and wrong versions told apart."""

import itertools

import numpy as np
import pytest
import torch
from scipy.optimize import minimize
from torch import nn

from whichmin.core.instruments import (
    closure_objective,
    keskar_sharpness,
    module_objective,
    random_subspace,
)
from whichmin.core.instruments.subspace import Subspace
from whichmin.core.perturbation import keskar_exact
from whichmin.core.philox import Purpose, generator
from whichmin.errors import InputError

A = np.array([[2.0, 1.0, 0.0], [1.0, 3.0, -1.0], [0.0, -1.0, 1.0]])
W = np.array([1.0, -2.0, 0.5])


def bowl(point=W):
    matrix = torch.from_numpy(A)
    return closure_objective(lambda w: w @ matrix @ w / 2, point)


def at_corners(matrix, point, epsilon, columns=None):
    """The exact maximum: a convex function has it at a corner of the box."""
    inner = point if columns is None else np.linalg.pinv(columns) @ point
    r = epsilon * (np.abs(inner) + 1)
    base = point @ matrix @ point / 2
    values = []
    for signs in itertools.product((-1, 1), repeat=len(r)):
        z = np.array(signs) * r
        moved = point + (z if columns is None else columns @ z)
        values.append(moved @ matrix @ moved / 2 - base)
    return 100 * max(values) / (1 + base), r


@pytest.mark.parametrize("epsilon", [1e-3, 0.1, 0.9])
def test_a_convex_quadratic(epsilon):
    exact, r = at_corners(A, W, epsilon)
    found = keskar_sharpness(bowl(), epsilon, certified=exact)
    # Away from the minimum the gradient points to the best corner: the search must find it.
    assert found.value == pytest.approx(exact, rel=1e-12)
    assert abs(found.gap) <= 1e-12 * exact
    np.testing.assert_allclose(found.half_widths, r, rtol=1e-15)
    np.testing.assert_allclose(found.move.abs(), r, rtol=1e-14)
    moved = W + found.move.numpy()
    assert found.rise == pytest.approx(moved @ A @ moved / 2 - found.loss, rel=1e-12)
    assert found.dimension is None
    assert found.iterations[0] <= 10


def test_a_subspace_through_the_pseudo_inverse():
    columns = random_subspace(3, 2, 5).numpy()
    exact, r = at_corners(A, W, 0.1, columns)
    found = keskar_sharpness(bowl(), 0.1, dimension=2, seed=5, starts=4, certified=exact)
    assert found.value == pytest.approx(exact, rel=1e-12)
    np.testing.assert_allclose(found.half_widths, r, rtol=1e-12)
    # The move lies in the subspace.
    inside = columns @ np.linalg.pinv(columns) @ found.move.numpy()
    np.testing.assert_allclose(inside, found.move, atol=1e-15)


def test_a_search_that_ended_too_soon_says_so():
    bumpy = closure_objective(lambda w: (w**2).sum() - (40 * w).cos().sum(), np.ones(50))
    short = keskar_sharpness(bumpy, 0.1, starts=1, max_iterations=1)
    assert not short.settled
    assert str(short).endswith(": not converged")
    full = keskar_sharpness(bumpy, 0.1)
    assert full.settled
    assert str(full).endswith(")")
    assert full.value >= short.value


def batch_norm(width=16, samples=40):
    """A network with batch statistics, trained on noise: many maxima, and slow walks pay."""
    torch.manual_seed(1)
    x, y = torch.randn(samples, 8).double(), torch.arange(samples) % 3
    layers = [nn.Linear(8, width), nn.BatchNorm1d(width), nn.ReLU(), nn.Linear(width, width),
              nn.BatchNorm1d(width), nn.ReLU(), nn.Linear(width, 3)]  # fmt: skip
    net = nn.Sequential(*layers).double()
    optimiser = torch.optim.Adam(net.parameters(), 1e-2)
    for _ in range(60):
        optimiser.zero_grad()
        nn.functional.cross_entropy(net(x), y).backward()
        optimiser.step()
    shapes = {k: p.shape for k, p in net.named_parameters()}
    point = torch.cat([p.detach().reshape(-1) for p in net.parameters()])

    def loss(w):
        parts = w.split([s.numel() for s in shapes.values()])
        state = {k: v.view(s) for (k, s), v in zip(shapes.items(), parts, strict=True)}
        state |= {k: b.clone() for k, b in net.named_buffers()}
        return nn.functional.cross_entropy(torch.func.functional_call(net, state, (x,)), y)

    return closure_objective(loss, point)


def test_batch_statistics_go_on_until_the_gain_stops():
    objective = batch_norm()
    found = [keskar_sharpness(objective, 1e-3, seed=seed) for seed in range(3)]
    assert all(search.settled for search in found)
    # Raw coordinates and 80 iterations, as anyone would call SciPy's search.
    long = keskar_sharpness(objective, 1e-3, corners=False, starts=1, max_iterations=80)
    values = [search.value for search in found]
    assert min(values) >= 0.99 * max(*values, long.value)


def test_at_an_exact_minimum_the_first_start_moves():
    found = keskar_sharpness(bowl(np.zeros(3)), 0.1, starts=6)
    assert found.value == pytest.approx(at_corners(A, np.zeros(3), 0.1)[0], rel=1e-12)
    assert len(found.values) == len(found.iterations) == 7  # L-BFGS-B goes on from the best
    assert all(v > 0 for v in found.values)
    assert not found.settled  # six walks are too few to say
    assert keskar_sharpness(bowl(np.zeros(3)), 0.1).settled


def linear_neuron(w, m=8):
    data = torch.eye(m, len(w), dtype=torch.float64)
    return closure_objective(lambda v: (data - (data @ v)[:, None] * v).square().sum(1) / 2, w)


# What a trained network has: a gradient of rounding (1e-17), and one that is small (1e-9).
@pytest.mark.parametrize("off", [0.0, 1e-9])
def test_the_default_ranks_the_minima_of_the_neuron_rightly(off):
    """From the centre alone the mixture reached 6 % of its maximum."""
    mixture, vertex = np.zeros(1000), np.zeros(1000)
    mixture[:8], vertex[0] = (1 + off) / np.sqrt(8), 1 + off
    found = [keskar_sharpness(linear_neuron(w)) for w in (mixture, vertex)]
    exact = [keskar_exact(w, 8, 1e-3).percent for w in (mixture / (1 + off), vertex / (1 + off))]
    for search, known in zip(found, exact, strict=True):
        # Ten iterations reach 96 % at least with this seed; the offset's gradient adds 3e-8.
        assert 0.95 * known < search.value < (1 + 1e-6) * known
    assert found[0].value > found[1].value


def test_a_gradient_of_rounding_is_no_direction():
    w = np.zeros(1000)
    w[:8] = 1 / np.sqrt(8)
    objective = linear_neuron(w)
    slope = float(objective.gradient().abs().sum())
    assert 0 < slope < 1e-15
    # 0.00025 along it.
    assert keskar_sharpness(objective, starts=1, corners=False).value > 0.004
    assert keskar_sharpness(objective).value > 0.0041


def by_hand(digits, epsilon, dimension, seed):
    """The same search with the loss written out in NumPy."""
    w, loss = digits.w, lambda v: digits.losses(v).mean()
    columns = np.eye(len(w)) if dimension is None else random_subspace(len(w), dimension, seed)
    columns = np.asarray(columns)
    r = epsilon * (np.abs(np.linalg.pinv(columns) @ w) + 1)
    unit = np.abs(r * (columns.T @ digits.slope(w))).mean() / 8
    base = loss(w)

    def down(u):
        at = w + columns @ (r * u)
        return (base - loss(at)) / unit, -r * (columns.T @ digits.slope(at)) / unit

    found = minimize(
        down, np.zeros(len(r)), jac=True, method="L-BFGS-B", bounds=[(-1, 1)] * len(r),
        options={"maxiter": 10, "ftol": 0, "gtol": 0},
    )  # fmt: skip
    return -100 * found.fun * unit / (1 + base)


@pytest.mark.parametrize("dimension", [None, 20])
@pytest.mark.parametrize("epsilon", [1e-3, 1e-2])
def test_digits(digits, dimension, epsilon):
    """Same searches, rounded apart: their paths differ by amplified rounding, so 1e-6."""
    paper = {"starts": 1, "max_iterations": 10, "corners": False, "dimension": dimension, "seed": 3}
    found = keskar_sharpness(digits.objective, epsilon, **paper)
    assert found.value == pytest.approx(by_hand(digits, epsilon, dimension, 3), rel=1e-6)
    assert found.iterations[0] <= 10  # fewer if a corner of the box is reached
    assert found.value > 0
    other = keskar_sharpness(digits.closure, epsilon, **paper)
    assert other.value == pytest.approx(found.value, rel=1e-6)
    # The default goes on: it is never below the paper's search.
    assert keskar_sharpness(digits.objective, epsilon, dimension=dimension, seed=3).settled


def test_digits_within_a_certified_bound(digits):
    """``rise <= |g| . r + r^T |H| r / 2`` up to third order; ten iterations find a part of it."""
    epsilon = 1e-4
    found = keskar_sharpness(digits.objective, epsilon)
    r = found.half_widths.numpy()
    slope = np.abs(digits.slope(digits.w))
    upper = slope @ r + r @ np.abs(digits.hessian) @ r / 2
    assert 0.2 * upper < found.rise < 1.01 * upper  # the third order is 1e-4 of the second


class Ascents:
    """Wrong versions of the metric, each by its usual slip."""

    def __init__(self, monkeypatch):
        self.patch = monkeypatch

    def box_without_the_one(self):
        right = Subspace.inverse
        self.patch.setattr(Subspace, "inverse", lambda a, x: right(a, x).abs() - 1)

    def transpose_for_pseudo_inverse(self):
        self.patch.setattr(Subspace, "inverse", Subspace.pulled)


@pytest.mark.parametrize("slip", ["box_without_the_one", "transpose_for_pseudo_inverse"])
def test_a_wrong_box_is_told_apart(monkeypatch, slip):
    getattr(Ascents(monkeypatch), slip)()
    columns = random_subspace(3, 2, 5).numpy()
    exact, _ = at_corners(A, W, 0.1, columns)
    found = keskar_sharpness(bowl(), 0.1, dimension=2, seed=5, starts=4)
    assert abs(found.value / exact - 1) > 0.01


def test_starts_are_uniform_in_the_box():
    draws = generator(0, Purpose.SEARCH_STARTS).uniform(-1, 1, 3)
    found = keskar_sharpness(bowl(np.zeros(3)), 0.1, starts=1, max_iterations=1)
    assert found.evaluations >= 2
    assert np.all(np.sign(found.move.numpy()) == np.sign(A @ draws))


@pytest.mark.parametrize(("options", "message"), [
    ({"epsilon": 0}, "epsilon = 0"),
    ({"dimension": 4}, "dimension = 4, but must be an integer >= 1 and <= 3"),
    ({"starts": 0}, "starts = 0"),
    ({"max_iterations": 0}, "max_iterations = 0"),
    ({"certified": 1e-3}, "certified = 0.001, but must be at least"),
    ({"certified": float("nan")}, "certified = nan, but must be a finite number >= 0"),
    ({"certified": "x"}, "certified = 'x'"),
    ({"seed": -1}, "seed = -1"),
])  # fmt: skip
def test_refused(options, message):
    with pytest.raises(InputError, match=message):
        keskar_sharpness(bowl(), **{"epsilon": 0.1} | options)


def test_refused_losses():
    low = closure_objective(lambda w: w.sum(), [-2.0, 0.0])
    with pytest.raises(InputError, match="must be above -1"):
        keskar_sharpness(low)
    pole = closure_objective(lambda w: -torch.log(1 - w[0]) + 0 * w.sum(), [0.5, 0.0])
    with pytest.raises(InputError, match="must leave the loss finite in the box"):
        keskar_sharpness(pole, 0.9)


def network(kind, x, y):
    """A network of 10^4 weights or a small convolution, trained for a few steps."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        if kind == "mlp":
            net = nn.Sequential(nn.Linear(64, 96), nn.ReLU(), nn.Linear(96, 40), nn.ReLU())
            net.append(nn.Linear(40, 10))
        else:
            parts = nn.Unflatten(1, (1, 8, 8)), nn.Conv2d(1, 6, 3), nn.ReLU(), nn.Flatten()
            net = nn.Sequential(*parts, nn.Linear(216, 10))
    net = net.double()
    optimiser = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
    for _ in range(25):
        optimiser.zero_grad()
        nn.functional.cross_entropy(net(x), y).backward()
        optimiser.step()
    return module_objective(net, nn.CrossEntropyLoss(), (x, y))


@pytest.mark.parametrize("kind", ["mlp", "cnn"])
def test_no_less_than_searches_by_hand(digits, kind):
    """L-BFGS-B in raw coordinates from the centre and at random, corners, small steps."""
    objective = network(kind, digits.x, digits.y)
    point, base = objective.point, objective.value()
    r = 1e-3 * (point.abs() + 1)
    random = r * (2 * torch.from_numpy(np.random.default_rng(8).random(len(r))) - 1)
    reached = {}

    def climb(name, z):
        value, slope = objective.value_and_gradient(point + z)
        reached[name] = max(reached.get(name, 0), 100 * (value - base) / (1 + base))
        return value, slope

    for name, start in (("centre", 0 * r), ("random", random)):

        def down(z, name=name):
            value, slope = climb(name, torch.from_numpy(z))
            return -value, -slope.numpy()

        minimize(
            down, start.numpy(), jac=True, method="L-BFGS-B", options={"maxiter": 15},
            bounds=list(zip(-r.numpy(), r.numpy(), strict=True)),
        )  # fmt: skip
    for name, step in (("corners", 2.0), ("small steps", 0.1)):
        z = 0 * r
        for _ in range(20):
            z = torch.clamp(z + step * r * climb(name, z)[1].sign(), -r, r)
            if name == "corners":
                climb("first corner", z) if "first corner" not in reached else None
    found = keskar_sharpness(objective)
    assert found.value >= 0.99 * max(reached.values())
    assert found.value >= reached["first corner"]
    assert found.settled
    paper = keskar_sharpness(objective, starts=1, max_iterations=10, corners=False)
    assert found.value >= paper.value


def test_a_maximum_that_is_no_corner():
    """Concave along one weight, with its top in the middle of the box's side."""
    hill = closure_objective(lambda w: w[0] ** 2 - (w[1] - 0.03) ** 2 + 1, [0.0, 0.0])
    found = keskar_sharpness(hill, 0.1)
    assert found.rise == pytest.approx(0.01 + 0.03**2, rel=1e-8)
    assert found.move[1] == pytest.approx(0.03, abs=1e-5)


def test_a_search_without_steps_has_not_settled(digits):
    assert not keskar_sharpness(digits.objective, starts=1, max_iterations=1).settled
