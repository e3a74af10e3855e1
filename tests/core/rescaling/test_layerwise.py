"""Steps against hand-written ones, and against optax where it is installed."""

import warnings

import numpy as np
import pytest
import torch

from whichmin.core.rescaling import (
    AdamState,
    MomentumState,
    adam_step,
    lamb_step,
    lars_step,
    sgd_step,
    trust_ratio,
)
from whichmin.errors import InputError

NAN, ONE, PAIR = float("nan"), torch.ones(1), [1.0, 2.0]
RNG = np.random.default_rng(11)
LAYERS = [RNG.standard_normal((3, 4)), RNG.standard_normal((2, 3)), RNG.standard_normal(5)]
SLOPES = [[RNG.standard_normal(w.shape) for w in LAYERS] for _ in range(6)]


def run(step, **options):
    layers, state = LAYERS, None
    for slopes in SLOPES:
        layers, state = step(layers, slopes, state, **options)
    return [w.numpy() for w in layers]


def lars_by_hand(rate, trust, momentum, decay):
    layers = [w.copy() for w in LAYERS]
    moves = [0 * w for w in LAYERS]
    for slopes in SLOPES:
        for p, g in enumerate(slopes):
            d = g + decay * layers[p]
            ratio = trust * np.sqrt((layers[p] ** 2).sum()) / np.sqrt((d**2).sum())
            moves[p] = momentum * moves[p] + rate * ratio * d
            layers[p] = layers[p] - moves[p]
    return layers


def adam_by_hand(rate, decay, epsilon, lamb):
    layers = [w.copy() for w in LAYERS]
    one, two = [0 * w for w in LAYERS], [0 * w for w in LAYERS]
    for t, slopes in enumerate(SLOPES, 1):
        for p, g in enumerate(slopes):
            one[p] = 0.9 * one[p] + 0.1 * g
            two[p] = 0.999 * two[p] + 0.001 * g**2
            d = one[p] / (1 - 0.9**t) / (np.sqrt(two[p] / (1 - 0.999**t)) + epsilon)
            d = d + decay * layers[p]
            size = np.linalg.norm(layers[p]) / np.linalg.norm(d) if lamb else 1.0
            layers[p] = layers[p] - rate * size * d
    return layers


def close(found, expected, digits=1e-12):
    # 6 steps of some ten roundings on numbers below 10.
    return max(np.abs(a - b).max() for a, b in zip(found, expected, strict=True)) < digits


def test_against_steps_by_hand():
    options = {"step_size": 0.1, "momentum": 0.9, "weight_decay": 0.02}
    assert close(run(lars_step, trust=0.5, **options), lars_by_hand(0.1, 0.5, 0.9, 0.02))
    assert close(run(lamb_step, step_size=0.1, weight_decay=0.02, epsilon=1e-6),
                 adam_by_hand(0.1, 0.02, 1e-6, lamb=True))  # fmt: skip
    assert close(run(adam_step, step_size=0.1), adam_by_hand(0.1, 0.0, 0.0, lamb=False))
    # Another trust coefficient is noticed.
    assert not close(run(lars_step, trust=0.5001, **options), lars_by_hand(0.1, 0.5, 0.9, 0.02))


def test_sgd_and_adam_are_torchs():
    for step, kind, options, theirs in (
        (sgd_step, torch.optim.SGD, {"step_size": 0.1, "momentum": 0.9, "weight_decay": 0.02},
         {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.02}),
        (adam_step, torch.optim.Adam, {"step_size": 0.1, "epsilon": 1e-8},
         {"lr": 0.1, "eps": 1e-8}),
    ):  # fmt: skip
        layers = [torch.nn.Parameter(torch.from_numpy(w.copy())) for w in LAYERS]
        rule = kind(layers, **theirs)
        for slopes in SLOPES:
            for layer, g in zip(layers, slopes, strict=True):
                layer.grad = torch.from_numpy(g.copy())
            rule.step()
        assert close(run(step, **options), [w.detach().numpy() for w in layers])


@pytest.mark.parametrize(
    ("name", "step", "ours", "theirs"),
    [
        ("lars", lars_step,
         {"step_size": 0.1, "trust": 0.5, "momentum": 0.9, "weight_decay": 0.02, "epsilon": 0.1},
         {"trust_coefficient": 0.5, "momentum": 0.9, "weight_decay": 0.02, "eps": 0.1}),
        ("lamb", lamb_step, {"step_size": 0.1, "weight_decay": 0.02, "epsilon": 1e-6},
         {"weight_decay": 0.02, "eps": 1e-6}),
    ],
)  # fmt: skip
def test_against_optax(name, step, ours, theirs):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of JAX's own imports
        jax = pytest.importorskip("jax", reason="optax is an optional extra: layerwise")
        optax = pytest.importorskip("optax", reason="optax is an optional extra: layerwise")
    # Double precision here only: other tests may use JAX too.
    with jax.enable_x64(True):
        layers = [jax.numpy.asarray(w) for w in LAYERS]
        rule = getattr(optax, name)(0.1, **theirs)
        state = rule.init(layers)
        for slopes in SLOPES:
            moves, state = rule.update([jax.numpy.asarray(g) for g in slopes], state, layers)
            layers = optax.apply_updates(layers, moves)
        assert close(run(step, **ours), [np.asarray(w) for w in layers])


def test_edges():
    assert trust_ratio(torch.zeros(2), torch.ones(2)) == 1.0
    assert trust_ratio(torch.ones(2), torch.zeros(2)) == 1.0
    # A layer without gradient stays; so does an entry that never had one, with epsilon = 0.
    (layer,), _ = lamb_step([[1.0, 2.0]], [[0.0, 0.0]], step_size=0.1)
    assert layer.tolist() == [1.0, 2.0]
    (layer,), _ = adam_step([[1.0, 2.0]], [[0.0, 5.0]], step_size=0.5)
    assert layer.tolist() == [1.0, 1.5]


@pytest.mark.parametrize("size", [1e-150, 1e-170, 1e-300])
def test_gradients_whose_squares_vanish_still_move(size):
    # The first step of these three does not depend on the length of the gradient.
    options = {"step_size": 0.1}
    assert adam_step([[1.0, 2.0]], [[size, -size]], **options)[0][0].tolist() == [0.9, 2.1]
    for step, more in ((lars_step, {"trust": 1.0}), (lamb_step, {})):
        ordinary = step([[1.0, 2.0]], [[1.0, -1.0]], **options, **more)[0][0]
        tiny = step([[1.0, 2.0]], [[size, -size]], **options, **more)[0][0]
        # the ratio of lengths and its product with the direction: three roundings
        assert torch.allclose(tiny, ordinary, rtol=1e-15, atol=0)
    lengths = torch.tensor([3e-200, 4e-200], dtype=torch.float64)
    assert trust_ratio(torch.ones(1), lengths) == pytest.approx(2e199, rel=1e-14)
    assert trust_ratio(lengths, torch.ones(1)) == pytest.approx(5e-200, rel=1e-14)


@pytest.mark.parametrize(
    ("argument", "call"),
    [
        ("step_size", lambda: sgd_step([[1.0]], [[1.0]], step_size=0)),
        ("momentum", lambda: sgd_step([[1.0]], [[1.0]], step_size=1, momentum=1.0)),
        ("weight_decay", lambda: lars_step([[1.0]], [[1.0]], step_size=1, weight_decay=-1)),
        ("trust", lambda: lars_step([[1.0]], [[1.0]], step_size=1, trust=0)),
        ("epsilon", lambda: lamb_step([[1.0]], [[1.0]], step_size=1, epsilon=float("nan"))),
        ("decays[1]", lambda: adam_step([[1.0]], [[1.0]], step_size=1, decays=(0.9, 1.0))),
        ("gradients", lambda: lamb_step([[1.0]], [[1.0, 2.0]], step_size=1)),
        ("step_size", lambda: adam_step([[1.0]], [[1.0]], step_size=True)),
        ("decays[0]", lambda: adam_step([[1.0]], [[1.0]], step_size=1, decays=("x", 0.9))),
        ("weights[0]", lambda: sgd_step([[NAN]], [[1.0]], step_size=1)),
        ("gradients[1]", lambda: sgd_step([[1.0], [2.0]], [[1.0], [NAN]], step_size=1)),
        ("state.buffers", lambda: lars_step([PAIR], [PAIR], MomentumState((ONE,)), step_size=1)),
        (
            "state.first",
            lambda: adam_step([PAIR], [PAIR], AdamState((ONE,), (ONE,), 1), step_size=1),
        ),
        (
            "state.second",
            lambda: lamb_step([[1.0]], [[1.0]], AdamState((ONE,), (), 1), step_size=1),
        ),
    ],
)
def test_refused(argument, call):
    with pytest.raises(InputError) as caught:
        call()
    assert caught.value.argument == argument
