"""The largest rise in a ball: the reduction against a search in all directions, and Sturm."""

from fractions import Fraction

import numpy as np
import pytest

from whichmin.verification.oracle import ball
from whichmin.verification.oracle.problems import frame
from whichmin.verification.oracle.references import floats

F = Fraction


def losses(points, data, activation):
    c = points @ data.T
    phi = np.maximum(c, 0) if activation == "relu" else c
    square = (points * points).sum(1)
    # |a - w phi|^2 = |a|^2 - 2 c phi + |w|^2 phi^2
    each = (data * data).sum(1) - 2 * c * phi + square[:, None] * phi * phi
    return each.sum(1) / (2 * len(data))


def searched(w, data, activation, radius, seed):
    """The largest rise met: random points of the sphere, then of ever smaller caps; and inside."""
    rng = np.random.default_rng(seed)
    own = losses(w[None], data, activation)[0]
    z = rng.standard_normal((100_000, len(w)))
    z /= np.linalg.norm(z, axis=1, keepdims=True)
    inner = z[:50_000] * rng.random((50_000, 1))
    most = losses(w + radius * inner, data, activation).max()
    for width in (0.1, 0.01, 0.001):
        values = losses(w + radius * z, data, activation)
        most = max(most, values.max())
        best = z[values.argmax()]
        z = best + width * rng.standard_normal((20_000, len(w)))
        z /= np.linalg.norm(z, axis=1, keepdims=True)
    return most - own


def split(w, data, activation):
    c = data @ w
    inside = np.sqrt((np.maximum(c, 0) ** 2).sum() if activation == "relu" else c @ c)
    return F(inside), F(np.sqrt(max(w @ w - float(inside) ** 2, 0.0)))


@pytest.mark.parametrize("activation", ["linear", "relu"])
def test_the_reduction_is_the_maximum_over_all_directions(activation):
    rng = np.random.default_rng(7)
    data = floats(frame((1, 2, 3, 1), 2))
    for radius in (F(1, 8), F(1, 2), F(3, 2)):
        for size in (0.3, 1.2):
            w = size * rng.standard_normal(4)
            if activation == "relu" and (data @ w).max() <= 0:
                w = -w
            exact = float(ball.rise_in_ball(*split(w, data, activation), radius, 2))
            found = searched(w, data, activation, float(radius), 3)
            # The last caps are 0.001 wide and hold 20,000 points: the angle's square is below 1e-6.
            assert (1 - 1e-6) * exact <= found <= exact * (1 + 1e-12)


@pytest.mark.parametrize("activation", ["linear", "relu"])
@pytest.mark.parametrize(("rows", "weights"), [
    (2, (1.0, 0.0)), (2, (0.6, 0.8)), (4, (0.5, 0.5, 0.5, 0.5)), (4, (1.0, 0.0, 0.0, 0.0)),
])  # fmt: skip
def test_the_closed_form_at_every_minimum(rows, weights, activation):
    data = floats(frame((1, 1, 1, 1), rows))
    w = np.array(weights) @ data
    for radius in (F(1, 8), F(3, 2)):
        exact = float(ball.rise_at_minimum(radius, rows))
        found = searched(w, data, activation, float(radius), 5)
        assert (1 - 1e-6) * exact <= found <= exact * (1 + 1e-12)


def test_the_circle_gives_the_closed_form_at_a_minimum():
    for radius in (F(1, 1024), F(1, 8), F(1), F(3)):
        circle = ball.circle_maximum(F(1), F(0), radius) / 6
        assert abs(circle / ball.rise_at_minimum(radius, 3) - 1) < F(1, 2**70)


def test_the_circle_against_a_dense_scan():
    rng = np.random.default_rng(1)
    angles = np.linspace(0, 2 * np.pi, 100_001)
    for _ in range(40):
        p, u, r = (F(int(x), 16) for x in rng.integers(0, 40, 3))
        across, up = float(p) + float(r) * np.cos(angles), float(u) + float(r) * np.sin(angles)
        scanned = ((1 - across**2) ** 2 + (across * up) ** 2).max()
        exact = float(ball.circle_maximum(p, u, r))
        # Half a step of the scan is 3.2e-5; the value is flat at its maximum.
        assert scanned <= exact * (1 + 1e-12)
        assert exact - scanned < 1e-6 * max(1.0, exact)


def test_all_roots_are_found_multiple_ones_too():
    def product(*roots):
        poly = [F(1)]
        for r in roots:
            poly = ball._times(poly, [-F(r), F(1)])
        return poly

    def close(poly, roots):
        found = sorted(ball._roots(poly))
        assert len(found) == len(roots)
        assert all(abs(a - b) <= ball.WIDTH for a, b in zip(found, roots, strict=True))

    close(product(F(1, 3), 2, -5, F(2001, 1000)), [-5, F(1, 3), 2, F(2001, 1000)])
    close(product(1, 1, -2, -2, -2, 7), [-2, 1, 7])
    close(product(0, 4), [0, 4])
    close([F(1), F(0), F(1)], [])
    close([F(3)], [])
