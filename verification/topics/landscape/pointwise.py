"""Beyond the loss of orthonormal data: gradients of single points, other data, least squares."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import sympy as sp

from whichmin.symbolic.derivation import Derivation
from whichmin.symbolic.landscape.neuron import Y, sample_derivative, sample_loss, x
from whichmin.symbolic.operators import at
from whichmin.symbolic.rules import where
from whichmin.symbolic.symbols import N, c, sigma
from whichmin.verification.evidence.check import Margin, check, differs
from whichmin.verification.evidence.exact import follows
from whichmin.verification.evidence.rounding import EPS
from whichmin.verification.topics.sgd.rational_sgd import ROUNDING, trajectory, vector
from whichmin.words import Activation, EvidenceKind

__all__: list[str] = []

r = sp.Symbol("r", positive=True)


def identities() -> dict[str, Derivation]:
    """Derive what the claims on single-sample gradients rest on.

    The derivative of a sample's loss along u is ``p x + q Y`` with x = <a, u> and Y = <w, u>, so
    the gradient is ``p a + q w`` and its squared norm ``p^2 + 2 p q c + q^2 N``.

    Returns:
        Derivations by name.
    """
    form = sample_derivative().expression.subs(sigma, 1)
    p, q = form.expand().coeff(x), form.expand().coeff(Y)
    square = p**2 + 2 * p * q * c + q**2 * N
    sign = sp.Symbol("s", real=True)  # w = s a, s^2 = 1
    own = at(form, {c: sign, N: 1, Y: sign * x})
    gram = sp.Symbol("k", real=True)  # <a_1, a_2>
    return {
        "own point": Derivation.begin(
            "w = s a, s = +-1: the gradient of a's own loss",
            own,
            sp.Integer(0),
            where({sign**2: 1}),
        ),
        "other point": Derivation.begin(
            "w = s a: a point orthogonal to a has c = 0", form, sp.Integer(0), where({c: 0})
        ),
        "mixture": Derivation.begin(
            "squared norm at |w| = 1", square, c**2 * (1 - c**2), where({N: 1})
        ),
        "correlated": Derivation.begin(
            "squared norm at w = a_1 of the gradient of a_2's loss, <a_1, a_2> = k",
            square,
            gram**2 * (1 - gram**2),
            where({N: 1, c: gram}),
        ),
        # |r a - w phi(<w, r a>)|^2 / 2 with phi(r t) = r phi(t): code r sigma c, so
        # r^2/2 - r^2 sigma c^2 + N r^2 sigma c^2 / 2.
        "equal lengths": Derivation.begin(
            "points r a: a homogeneous activation takes r out of the loss",
            r**2 / 2 - r**2 * sigma * c**2 + N * r**2 * sigma * c**2 / 2,
            r**2 * sample_loss().expression,
        ),
    }  # fmt: skip


@check(
    "pointwise.gradients",
    EvidenceKind.IDENTITY,
    bound="exact: residuals of derivations, none may be left",
)
def gradients() -> Iterator[Margin]:
    """Single-sample gradients vanish at data points and nowhere else on the manifold of minima;
    they do not at a data point that another one is correlated with; points of one length r rescale
    the loss.
    """
    for name, chain in identities().items():
        yield follows(name, chain)


def least_squares_ends(batch: int, steps: int = 4000) -> np.ndarray:
    """Run SGD on overparametrised least squares: five unknowns, three equations, one start.

    Args:
        batch: Equations per step, uniform without replacement.
        steps: Number of steps, at step size 1/5.

    Returns:
        Where it ends, shape ``(5,)``.
    """
    rng = np.random.default_rng(1)
    rows, w = np.linalg.qr(rng.normal(size=(5, 3)))[0].T, rng.normal(size=5)
    rows = np.array([[1, 0, 0], [0.6, 0.8, 0], [0, 0.6, 0.8]]) @ rows
    target = rng.normal(size=3)
    for _ in range(steps):
        chosen = rng.permutation(3)[:batch]
        w = w - 0.2 * rows[chosen].T @ (rows[chosen] @ w - target[chosen]) / batch
    return w


@check(
    "refuted.least_squares",
    EvidenceKind.ENUMERATION,
    bound="100 roundings: the last steps of a contraction",
)
def least_squares() -> Iterator[Margin]:
    """Least squares with more unknowns than equations: every batch size ends at one point.

    Every step adds a combination of rows, so all runs stay in w0 + row space.

    Of that affine space one point solves the equations (the rows are independent): the projection
    of w0 on the solutions, whatever the batches were.

    Yields:
        The distance of the ends of SGD and GD, and that the batches did differ.
    """
    ends = {batch: least_squares_ends(batch) for batch in (1, 2, 3)}
    for batch in (1, 2):
        # The error after 4,000 contracting steps is that of the last roundings, below 100 EPS.
        error = float(np.abs(ends[batch] - ends[3]).max())
        yield Margin(f"distance of the ends, batch size {batch} and 3", error, 100 * EPS)
    early = [least_squares_ends(batch, 20) for batch in (1, 3)]
    apart = float(np.abs(early[0] - early[1]).max())
    yield differs("distance of the two runs after 20 steps", 0.0, apart, 1e-6)


@check(
    "refuted.orthogonal_data",
    EvidenceKind.COUNTEREXAMPLE,
    bound="exact: the distance of two fractions against their rounding when shown",
)
def orthogonal_data() -> Iterator[Margin]:
    """On orthogonal data of lengths 2 and 1 linear GD leaves the direction of its start.

    With l_j the squared lengths, ``w_j <- w_j (1 + (eta/m)((2 - N) l_j - Q))``: while N < 2 the
    ratio w2/w1 falls in every step.

    Yields:
        The distance of the ratio from that of the claimed limit.
    """
    data = (vector(2, 0), vector(0, 1))
    end = trajectory(vector("1/4", "1/4"), [data] * 6, Activation.LINEAR)
    ratio = float(end[1] / end[0])
    yield differs("w2/w1 in the claimed dense limit, after 6 steps", 1.0, ratio, ROUNDING)
    yield Margin("excess of the ratio over the claimed limit", max(0.0, ratio - 1), ROUNDING)
