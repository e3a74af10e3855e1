"""Say words of claims on rescaled layers: two-layer ReLU networks in exact fractions.

Everything is computed from the definition, by the product rule at the rescaled weights themselves.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
from hypothesis import strategies as st

from whichmin.verification.evidence.statement import domain, number, word
from whichmin.verification.topics.vocabulary import remembered, sqrt

__all__ = ["Net", "backward", "inexact", "random_net", "randoms"]

Row = tuple[Any, ...]
Rows = tuple[Row, ...]


@dataclass(frozen=True)
class Net:
    """A two-layer ReLU network with data.

    Attributes:
        first: Weights of layer 1, one row per hidden unit.
        second: Weights of layer 2, one row per output.
        inputs: Samples.
        targets: Their targets.
        loss: a, b, c of the loss a |u|^2/2 + b |u|^4/4 + c sum(u) of residuals u.
    """

    first: Rows
    second: Rows
    inputs: Rows
    targets: Rows
    loss: Row = (Fraction(1), Fraction(0), Fraction(0))

    def __str__(self) -> str:
        parts = (self.first, self.second, self.inputs, self.targets, (self.loss,))
        texts = ["; ".join(" ".join(map(str, row)) for row in rows) for rows in parts]
        return 'relu_net("' + '", "'.join(texts) + '")'


def _dot(left: Iterable[Any], right: Iterable[Any]) -> Any:
    return sum((p * q for p, q in zip(left, right, strict=True)), Fraction(0))


def _flat(rows: Rows) -> Row:
    return tuple(v for row in rows for v in row)


def _outputs(net: Net, x: Row) -> tuple[Row, Row]:
    """Compute the hidden units and the outputs."""
    responses = (_dot(row, x) for row in net.first)
    hidden = tuple(z if z > 0 else z * 0 for z in responses)
    return hidden, tuple(_dot(row, hidden) for row in net.second)


def _slope(net: Net, u: Row) -> Row:
    """Compute the gradient of a sample's loss by the outputs, at residuals u."""
    a, b, c = net.loss
    pull = a + b * _dot(u, u)
    return tuple(pull * v + c for v in u)


def backward(net: Net, x: Row, y: Row) -> tuple[Rows, Rows]:
    """Compute the gradient of a sample's loss, layer by layer; at a kink ReLU has slope 0."""
    hidden, out = _outputs(net, x)
    slope = _slope(net, tuple(f - t for f, t in zip(out, y, strict=True)))
    back = [
        _dot(slope, (row[h] for row in net.second)) if hidden[h] > 0 else slope[0] * 0
        for h in range(len(net.first))
    ]
    return (
        tuple(tuple(g * v for v in x) for g in back),
        tuple(tuple(s * v for v in hidden) for s in slope),
    )


@remembered(64)
def _hessian(net: Net) -> list[list[Any]]:
    """Compute the Hessian of the mean loss, layer 1 first, row by row."""
    wide = len(net.inputs[0])
    cut = len(net.first) * wide
    size = cut + len(net.second) * len(net.first)
    total = [[Fraction(0)] * size for _ in range(size)]
    a, b, _ = net.loss
    for x, y in zip(net.inputs, net.targets, strict=True):
        hidden, out = _outputs(net, x)
        u = tuple(f - t for f, t in zip(out, y, strict=True))
        slope = _slope(net, u)
        # The outputs' derivatives by the weights.
        rows = []
        for o, row in enumerate(net.second):
            first = [row[h] * (hidden[h] > 0) * v for h in range(len(net.first)) for v in x]
            second = [
                hidden[h] if q == o else Fraction(0)
                for q in range(len(net.second))
                for h in range(len(net.first))
            ]
            rows.append(first + second)
        # The second derivative by the outputs is (a + b |u|^2) 1 + 2 b u u^T.
        pull = a + b * _dot(u, u)
        along = [_dot(u, (row[p] for row in rows)) for p in range(size)]
        for p in range(size):
            for q in range(p + 1):
                total[p][q] += (
                    pull * sum(row[p] * row[q] for row in rows) + 2 * b * along[p] * along[q]
                )
        # Each output is bilinear in the weights of the layers.
        for o in range(len(net.second)):
            for h, value in enumerate(hidden):
                if value > 0:
                    for i, v in enumerate(x):
                        total[cut + o * len(net.first) + h][h * wide + i] += slope[o] * v
    count = len(net.inputs)
    for p in range(size):
        for q in range(p + 1):
            total[p][q] = total[q][p] = total[p][q] / count
    return total


def random_net(rng: random.Random) -> Net:
    """Draw a network with up to 2 inputs, 3 hidden units, 2 outputs and 3 samples."""

    def matrix(rows: int, columns: int) -> Rows:
        return tuple(
            tuple(
                Fraction(0) if rng.random() < zeros else Fraction(rng.randint(-12, 12), 4)
                for _ in range(columns)
            )
            for _ in range(rows)
        )

    zeros = rng.choice([0, 0, 0.2, 0.5])
    inputs, hidden, outputs, samples = (rng.randint(1, most) for most in (2, 3, 2, 3))
    net = Net(
        matrix(hidden, inputs), matrix(outputs, hidden),
        matrix(samples, inputs), matrix(samples, outputs),
    )  # fmt: skip
    if rng.random() < 1 / 3:
        # A global minimum: every target is met.
        return replace(net, targets=tuple(_outputs(net, x)[1] for x in net.inputs))
    if rng.random() < 1 / 2:
        return replace(net, loss=tuple(Fraction(rng.randint(-2, 2)) for _ in range(3)))
    return net


def randoms() -> st.SearchStrategy[random.Random]:
    """Draw generators with a seed.

    Each case is then one choice of Hypothesis: it would spend its time on moving single weights of
    a network up and down, where a claim is an equation and its slack is rounding.
    """
    return st.integers(0, 2**32 - 1).map(random.Random)  # noqa: S311 - no secrets


@domain
def relu_nets() -> st.SearchStrategy[Net]:
    """Two-layer ReLU networks without biases, with data, at minima and elsewhere, with the loss
    |u|^2/2 of the residuals u or another smooth function of them.
    """
    return randoms().map(random_net)


@domain
def net_inputs(net: Net) -> st.SearchStrategy[Row]:
    """Inputs of the network."""
    wide = len(net.inputs[0])
    return randoms().map(
        lambda rng: tuple(Fraction(rng.randint(-20, 20), rng.randint(1, 9)) for _ in range(wide))
    )


@domain
def around(value: Any, half: Any) -> st.SearchStrategy[Fraction]:
    """Numbers mostly at most ``half`` from a value, the ends included."""
    share = st.one_of(st.sampled_from([1, -1, 1, -1, 2]), st.fractions(-1, 1, max_denominator=60))
    return share.map(lambda part: value + part * half)


@domain
def second_weights(net: Net) -> st.SearchStrategy[int]:
    """Numbers of the weights of layer 2, from 0, row by row."""
    return st.integers(0, len(net.second) * len(net.first) - 1)


def _read(text: str) -> Rows:
    return tuple(tuple(Fraction(v) for v in row.split()) for row in text.split(";"))


@word
def relu_net(first: str, second: str, inputs: str, targets: str, loss: str = "1 0 0") -> Net:
    """The network with these layers, inputs and targets, row by row; the loss of residuals u is
    a |u|^2/2 + b |u|^4/4 + c sum(u).
    """
    return Net(_read(first), _read(second), _read(inputs), _read(targets), _read(loss)[0])


def inexact(net: Net) -> Net:
    """Convert all fractions of a network to the numbers in force."""

    def converted(rows: Rows) -> Rows:
        return tuple(
            tuple(number(v) if isinstance(v, (int, Fraction)) else v for v in row) for row in rows
        )

    return Net(
        converted(net.first), converted(net.second), converted(net.inputs),
        converted(net.targets), converted((net.loss,))[0],
    )  # fmt: skip


@word
def rescaled(net: Net, r: Any) -> Net:
    """The network with the layers (r W1, W2/r)."""
    if not isinstance(r, (int, Fraction)):
        net = inexact(net)
    return replace(
        net,
        first=tuple(tuple(r * v for v in row) for row in net.first),
        second=tuple(tuple(v / r for v in row) for row in net.second),
    )


@word
def net_output(net: Net, x: Row) -> Row:
    """The outputs W2 relu(W1 x)."""
    return _outputs(net, x)[1]


@word
def net_loss(net: Net) -> Any:
    """The mean loss of the network over its data."""
    a, b, c = net.loss
    total = Fraction(0)
    for x, y in zip(net.inputs, net.targets, strict=True):
        u = tuple(f - t for f, t in zip(_outputs(net, x)[1], y, strict=True))
        square = _dot(u, u)
        total += a * square / 2 + b * square * square / 4 + c * sum(u)
    return total / len(net.inputs)


@word
def off_kinks(net: Net) -> bool:
    """Whether no hidden unit gets exactly 0 from a sample that is not 0."""
    return all(_dot(row, x) != 0 for row in net.first for x in net.inputs if any(x))


@word
def fitted(net: Net) -> bool:
    """Whether every target is met under the loss |u|^2/2, so that the loss is 0: a minimum."""
    met = all(_outputs(net, x)[1] == y for x, y in zip(net.inputs, net.targets, strict=True))
    return met and net.loss == (1, 0, 0)


@word
def layer(net: Net, which: Any) -> Row:
    """The weights of layer 1 or 2, row by row."""
    return _flat(net.first if which == 1 else net.second)


@word
def hessian_block(net: Net, row: Any, column: Any) -> Row:
    """The entries of the Hessian between the weights of two layers, row by row."""
    cut, matrix = len(layer(net, 1)), _hessian(net)
    place = {1: slice(None, cut), 2: slice(cut, None)}
    return tuple(v for entries in matrix[place[int(row)]] for v in entries[place[int(column)]])


@word
def multiplied(entries: Row, factor: Any) -> Row:
    """The entries times a factor."""
    return tuple(v * factor for v in entries)


@word
def block_trace(net: Net, which: Any) -> Any:
    """The trace T1 or T2 of the Hessian's diagonal block of layer 1 or 2."""
    cut, matrix = len(layer(net, 1)), _hessian(net)
    diagonal = [matrix[p][p] for p in range(len(matrix))]
    return sum(diagonal[:cut] if which == 1 else diagonal[cut:], Fraction(0))


@word
def net_trace(net: Net) -> Any:
    """The trace of the Hessian."""
    return block_trace(net, 1) + block_trace(net, 2)


@word
def top_curvature(net: Net) -> Any:
    """The largest eigenvalue of the Hessian."""
    matrix = _hessian(net)
    if isinstance(number(0), float):
        return float(np.linalg.eigvalsh(np.array(matrix, dtype=float))[-1])
    rows = [[number(v) if isinstance(v, Fraction) else v for v in row] for row in matrix]
    return max(mpmath.eigsy(mpmath.matrix(rows), eigvals_only=True))


@word
def net_determinant(net: Net) -> Any:
    """The determinant of the Hessian, by elimination."""
    rows = [list(row) for row in _hessian(net)]
    found = Fraction(1)
    for p in range(len(rows)):
        pivot = next((q for q in range(p, len(rows)) if rows[q][p] != 0), None)
        if pivot is None:
            return Fraction(0)
        if pivot != p:
            rows[p], rows[pivot] = rows[pivot], rows[p]
            found = -found
        found *= rows[p][p]
        for q in range(p + 1, len(rows)):
            share = rows[q][p] / rows[p][p]
            if share:
                rows[q] = [v - share * w for v, w in zip(rows[q], rows[p], strict=True)]
    return found


@word
def square_length(entries: Row) -> Any:
    """The sum of the squares of the entries."""
    return _dot(entries, entries)


@word
def net_relative_flatness(net: Net) -> Any:
    """The sum over the layers of |W_l|^2 times the trace of the layer's block of the Hessian."""
    return sum(square_length(layer(net, k)) * block_trace(net, k) for k in (1, 2))


@word
def half_widths(weights: Row, epsilon: Any) -> Row:
    """The half-widths epsilon (|w| + 1) of Keskar's box about weights w."""
    return tuple(epsilon * (abs(v) + 1) for v in weights)


@word
def unseen_loss(net: Net, x: Row, y: Any) -> Any:
    """Half the squared distance of the outputs at x from targets that are all y."""
    return sum((f - y) ** 2 for f in net_output(net, x)) / Fraction(2)


@word
def nudged(net: Net, place: Any, delta: Any) -> Net:
    """The network with delta added to one weight of layer 2, counted row by row from 0."""
    row, column = divmod(int(place), len(net.first))
    second = [list(weights) for weights in net.second]
    second[row][column] += delta
    return replace(net, second=tuple(map(tuple, second)))


@word
def width(entries: Row) -> Any:
    """The length of a vector."""
    return sqrt(square_length(entries))
