import numpy as np
import pytest
import torch

from whichmin.core.rescaling import (
    curvature,
    gradients,
    network,
    network_loss,
    rescale,
    untied_hessian,
)
from whichmin.errors import InputError

RNG = np.random.default_rng(5)
W1, W2 = RNG.standard_normal((3, 4)), RNG.standard_normal((2, 3))
X, Y = RNG.standard_normal((30, 4)), RNG.standard_normal((30, 2))


def by_hand(w1, w2):
    """Loss in NumPy, sample by sample."""
    total = 0.0
    for x, y in zip(X, Y, strict=True):
        total += ((w2 @ np.maximum(w1 @ x, 0) - y) ** 2).sum() / 2
    return total / len(X)


def test_loss_is_that_of_the_definition():
    assert network_loss(W1, W2, X, Y) == pytest.approx(by_hand(W1, W2), rel=1e-14)
    outputs = network(W1, W2, X)
    assert outputs.shape == (30, 2)
    assert np.allclose(outputs.numpy(), np.maximum(X @ W1.T, 0) @ W2.T, rtol=0, atol=1e-14)


def flat(w):
    return w[:12].reshape(3, 4), w[12:].reshape(2, 3)


def test_gradient_and_hessian_are_those_of_differences():
    w, h = np.concatenate([W1.ravel(), W2.ravel()]), 1e-4
    slopes = torch.cat([g.flatten() for g in gradients(W1, W2, X, Y)]).numpy()
    found = curvature(W1, W2, X, Y)
    step = h * np.eye(18)
    first = [(by_hand(*flat(w + e)) - by_hand(*flat(w - e))) / (2 * h) for e in step]
    # Piecewise a polynomial of degree 4: the central difference is off by h^2/6 of its third
    # derivative, below 1e-6 here.
    assert np.abs(slopes - first).max() < 1e-6
    second = np.array([
        [(by_hand(*flat(w + e + f)) - by_hand(*flat(w + e - f)) - by_hand(*flat(w - e + f))
          + by_hand(*flat(w - e - f))) / (4 * h * h) for e in step] for f in step
    ])  # fmt: skip
    # Rounding of a loss of about 5, over h^2: 4e-8 a term.
    assert np.abs(found.hessian.numpy() - second).max() < 1e-6
    assert found.first == 12
    assert found.trace == pytest.approx(float(np.trace(second)), abs=2e-5)
    values = np.linalg.eigvalsh(second)
    assert np.abs(found.spectrum.numpy() - values).max() < 2e-5
    q1, q2 = (W1**2).sum(), (W2**2).sum()
    t1, t2 = np.trace(second[:12, :12]), np.trace(second[12:, 12:])
    assert found.squared_lengths == pytest.approx((q1, q2))
    # a trace of 12 and of 6 entries, each right to 1e-6 as above
    assert found.relative_flatness == pytest.approx(
        q1 * t1 + q2 * t2, abs=(12 * q1 + 6 * q2) * 1e-6
    )
    told = np.log(np.abs(np.linalg.eigvalsh(found.hessian.numpy()))).sum()
    assert found.log_determinant == pytest.approx(told, abs=1e-9)


def test_a_power_of_two_changes_no_bit_of_the_outputs():
    for factor in (2, 0.25, 1024):
        layers = rescale(W1, W2, factor)
        assert bool((network(*layers, X) == network(W1, W2, X)).all())


def test_untied_neuron_at_a_point_that_is_no_minimum():
    u, v, points = RNG.standard_normal(3), RNG.standard_normal(3), RNG.standard_normal((4, 3))

    def loss(flat):
        code = np.maximum(points @ flat[:3], 0)
        return ((points - code[:, None] * flat[3:]) ** 2).sum() / 8

    w, h = np.concatenate([v, u]), 1e-4
    step = h * np.eye(6)
    second = np.array([
        [(loss(w + e + f) - loss(w + e - f) - loss(w - e + f) + loss(w - e - f)) / (4 * h * h)
         for e in step] for f in step
    ])  # fmt: skip
    found = untied_hessian(u, v, points).numpy()
    # Rounding of a loss of about 5, over h^2.
    assert np.abs(found - second).max() < 1e-6


def test_conventions_at_the_kink():
    traces = [
        float(untied_hessian([1.0, 0.0], [1.0, 0.0], np.eye(2), kink=kink).trace())
        for kink in ("left", "mean", "right")
    ]
    assert traces == [1.5, 1.75, 2.0]
    linear = untied_hessian([1.0, 0.0], [1.0, 0.0], np.eye(2), activation="linear")
    assert float(linear.trace()) == 2.0


@pytest.mark.parametrize(
    ("argument", "call"),
    [
        ("factor", lambda: rescale(W1, W2, 0)),
        ("factor", lambda: rescale(W1, W2, -1.0)),
        ("factor", lambda: rescale(W1, W2, float("inf"))),
        ("factor", lambda: rescale(W1, W2, True)),
        ("factor", lambda: rescale(W1, W2, 1e308)),
        ("factor", lambda: rescale([[1e3]], [[1.0]], 1e306)),
        ("factor", lambda: rescale([[1e-10]], [[1.0]], 1e-320)),
        ("second", lambda: rescale(W1, W1, 2.0)),
        ("inputs", lambda: network(W1, W2, Y)),
        ("targets", lambda: network_loss(W1, W2, X, X)),
        ("first", lambda: network([[np.nan]], [[1.0]], [[1.0]])),
        ("encoder", lambda: untied_hessian([1.0, 0.0], [1.0], np.eye(2))),
        ("decoder", lambda: untied_hessian(np.ones((2, 2)), [1.0, 0.0], np.eye(2))),
        ("encoder", lambda: untied_hessian([1.0, 0.0], np.ones((3, 2)), np.eye(2))),
        ("kink", lambda: untied_hessian([1.0], [1.0], [[1.0]], kink="top")),
    ],
)
def test_refused(argument, call):
    with pytest.raises(InputError) as caught:
        call()
    assert caught.value.argument == argument
