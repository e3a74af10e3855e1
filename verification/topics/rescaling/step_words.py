"""Say words of claims on step rules that know layers: LARS, LAMB, and SGD and Adam beside them."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from hypothesis import strategies as st

from whichmin.verification.evidence.statement import Undecided, domain, number, word
from whichmin.verification.topics.rescaling.words import (
    Net,
    Row,
    Rows,
    backward,
    inexact,
    layer,
    multiplied,
    net_output,
    randoms,
    relu_net,
    rescaled,
    square_length,
    width,
)
from whichmin.verification.topics.vocabulary import remembered, sqrt

__all__: list[str] = []

# Decay rates of Adam's two running means.
_MEAN, _SQUARE = Fraction(9, 10), Fraction(999, 1000)
# Rows of the samples that the steps of a run see, modulo the number of samples.
_BATCHES = ((0, 1), (2,), (1, 2), (0,))


@domain
def layers(most: int = 4) -> st.SearchStrategy[Row]:
    """Weights or gradients of a layer: vectors of up to 4 entries."""
    return randoms().map(lambda rng: _entries(rng, rng.randint(1, int(most))))


def _entries(rng: random.Random, size: int) -> Row:
    if rng.random() < 1 / 12:
        return (Fraction(0),) * size
    return tuple(Fraction(rng.choice([0, *range(-9, 10)]), rng.randint(1, 4)) for _ in range(size))


@domain
def gradients_for(w: Row) -> st.SearchStrategy[Row]:
    """Gradients for the weights of a layer."""
    return randoms().map(lambda rng: _entries(rng, len(w)))


@domain
def step_rules() -> st.SearchStrategy[str]:
    """The rules "LARS", "LAMB", "SGD" and "Adam"."""
    return st.sampled_from(["LARS", "LAMB", "LARS", "LAMB", "SGD", "Adam"])


@domain
def mostly(value: Any) -> st.SearchStrategy[Fraction]:
    """A number that is mostly this one, else one from 0 to 1."""
    other = st.fractions(0, 1, max_denominator=100)
    return st.one_of(st.just(Fraction(value)), st.just(Fraction(value)), other)


@word
def layer_of(*values: Any) -> Row:
    """The vector with these entries."""
    return tuple(Fraction(v) for v in values)


@word
def adam_direction(*gradients: Row) -> Row:
    """Adam's direction after these gradients, epsilon = 0: the corrected mean of the gradients over
    the root of that of their squares, 0 where both are 0; decay rates 9/10 and 999/1000.
    """
    mean: Row = multiplied(gradients[0], 0)
    square = mean
    for gradient in gradients:
        mean, square = _adam_next(mean, square, gradient)
    return _adam_direction(mean, square, len(gradients), 0)


def _adam_next(mean: Row, square: Row, gradient: Row) -> tuple[Row, Row]:
    powers = tuple(g * g for g in gradient)
    return (
        _plus(multiplied(mean, _MEAN), multiplied(gradient, 1 - _MEAN)),
        _plus(multiplied(square, _SQUARE), multiplied(powers, 1 - _SQUARE)),
    )


def _adam_direction(mean: Row, square: Row, steps: int, epsilon: Any) -> Row:
    found = []
    for p, q in zip(mean, square, strict=True):
        root = sqrt(q / (1 - _SQUARE**steps)) + epsilon
        found.append(p / (1 - _MEAN**steps) * (1 / root) if root else p * 0)
    return tuple(found)


@word
def trust_multiplier(w: Row, direction: Row, epsilon: Any = 0) -> Any:
    """The quotient |w|/(|d| + epsilon) of weights and a direction d; 1 if one of them is 0."""
    own, other = width(w), width(direction)
    return own * (1 / (other + epsilon)) if own != 0 and other != 0 else 1


@word
def lars_move(w: Row, gradient: Row, eta: Any, trust: Any) -> Row:
    """The step of LARS: eta trust |w|/|g| times the gradient g; no momentum, decay and epsilon."""
    return multiplied(gradient, eta * trust * trust_multiplier(w, gradient))


@word
def lamb_move(w: Row, direction: Row, eta: Any) -> Row:
    """The step of LAMB: eta |w|/|d| times Adam's direction d; no decay and epsilon."""
    return multiplied(direction, eta * trust_multiplier(w, direction))


@word
def layer_gradient(net: Net, which: Any) -> Row:
    """The gradient of the mean loss by the weights of layer 1 or 2, row by row."""
    return _mean_gradient(net, range(len(net.inputs)))[int(which) - 1]


def _mean_gradient(net: Net, rows: Sequence[int]) -> tuple[Row, Row]:
    each = [backward(net, net.inputs[j], net.targets[j]) for j in rows]
    flat = [tuple(tuple(v for row in part for v in row) for part in pair) for pair in each]
    first, second = (
        tuple(sum(entries) / len(rows) for entries in zip(*parts, strict=True))
        for parts in zip(*flat, strict=True)
    )
    return first, second


@word
def layer_noise_scale(net: Net, which: Any) -> Any:
    """The noise scale tr Sigma/|G|^2 of layer 1 or 2 alone, over the samples."""
    k = int(which) - 1
    each = [_mean_gradient(net, [j])[k] for j in range(len(net.inputs))]
    mean = layer_gradient(net, which)
    apart = (square_length(tuple(p - q for p, q in zip(one, mean, strict=True))) for one in each)
    signal = square_length(mean)
    if signal == 0:
        raise Undecided("the gradient is 0")
    return sum(apart) / len(each) / signal


@word
def relative_step(net: Net, which: Any, rule: str, eta: Any) -> Any:
    """The length of the first step of layer 1 or 2 over that of its weights, on the whole data."""
    weights = (layer(net, 1), layer(net, 2))
    gradients = _mean_gradient(net, range(len(net.inputs)))
    k = int(which) - 1
    return width(_Rule(rule, eta).step(weights, gradients)[k]) / width(weights[k])


@dataclass
class _Rule:
    """A step rule with what it remembers.

    Attributes:
        name: "LARS" (trust 1), "LAMB", "SGD" or "Adam".
        eta: Step size.
        momentum: Of LARS and SGD.
        decay: Weight decay, of all but Adam.
        epsilon: Added to the length of a gradient (LARS) or to the root mean square (LAMB, Adam).
        steps: Steps taken.
        means: Last update of LARS and SGD, mean of the gradients of LAMB and Adam, by layer.
        squares: Mean of the squares of the gradients, by layer.
    """

    name: str
    eta: Any
    momentum: Any = 0
    decay: Any = 0
    epsilon: Any = 0
    steps: int = 0
    means: tuple[Row, Row] | None = None
    squares: tuple[Row, Row] | None = None

    def step(self, weights: tuple[Row, Row], gradients: tuple[Row, Row]) -> tuple[Row, Row]:
        """Return what is subtracted from the weights."""
        nothing = (multiplied(weights[0], 0), multiplied(weights[1], 0))
        means, squares = self.means or nothing, self.squares or nothing
        self.steps += 1
        kept = [self._layer(*of) for of in zip(weights, gradients, means, squares, strict=True)]
        (_, one, square), (_, other, second) = kept
        self.means, self.squares = (one, other), (square, second)
        return kept[0][0], kept[1][0]

    def _layer(self, w: Row, g: Row, mean: Row, square: Row) -> tuple[Row, Row, Row]:
        if self.name in {"LARS", "SGD"}:
            d = _plus(g, multiplied(w, self.decay))
            ratio = trust_multiplier(w, d, self.epsilon) if self.name == "LARS" else 1
            move = _plus(multiplied(mean, self.momentum), multiplied(d, self.eta * ratio))
            return move, move, square
        mean, square = _adam_next(mean, square, g)
        d = _adam_direction(mean, square, self.steps, self.epsilon)
        if self.name == "LAMB":
            d = _plus(d, multiplied(w, self.decay))
            d = multiplied(d, trust_multiplier(w, d))
        return multiplied(d, self.eta), mean, square


def _plus(left: Row, right: Row) -> Row:
    return tuple(p + q for p, q in zip(left, right, strict=True))


@remembered(256)
def _visited(digits: bool, net: Net, *settings: Any) -> tuple[Net, ...]:
    """Take four steps on batches of one or two samples, in fractions as long as they can be."""
    del digits  # part of the key of what is remembered
    rule = _Rule(*settings)
    found = [net]
    for batch in _BATCHES:
        weights = (layer(net, 1), layer(net, 2))
        moves = rule.step(weights, _mean_gradient(net, [j % len(net.inputs) for j in batch]))
        moved = (
            _plus(
                multiplied(move, -1), w
            )  # a root minus a fraction, but not the reverse, is defined
            for w, move in zip(weights, moves, strict=True)
        )
        first, second = map(_shaped, moved, (len(net.inputs[0]), len(net.first)))
        net = replace(net, first=first, second=second)
        if not all(isinstance(v, (int, Fraction)) for k in (1, 2) for v in layer(net, k)):
            net = inexact(net)
        found.append(net)
    return tuple(found)


def _shaped(flat: Row, wide: int) -> Rows:
    return tuple(flat[p : p + wide] for p in range(0, len(flat), wide))


@word
def trained(
    net: Net, rule: str, eta: Any, momentum: Any = 0, decay: Any = 0, epsilon: Any = 0
) -> Net:
    """The network after four steps of a rule on batches of one or two of its samples."""
    return _visited(_floats(), net, rule, eta, momentum, decay, epsilon)[-1]


@word
def never_zero(net: Net, rule: str, eta: Any, momentum: Any, decay: Any, epsilon: Any) -> bool:
    """Whether no layer is 0 at the start of a step."""
    visited = _visited(_floats(), net, rule, eta, momentum, decay, epsilon)
    return all(any(abs(v) > 1e-9 for v in layer(at, k)) for at in visited for k in (1, 2))


def _floats() -> bool:
    return isinstance(number(0), float)


@word
def outputs_apart(rule: str, decay: Any, epsilon: Any) -> Any:
    """How far apart a fixed small network and its rescaled copy, r = 4, are in an output after four
    steps of size 1/10; 0 for a rule that does not notice the rescaling.
    """
    one = relu_net("1 -1; 1/2 1", "1 -1/2", "1 0; 0 1; 1 1", "1; -1; 1/2")
    x = (Fraction(1), Fraction(1, 2))
    ends = [
        net_output(trained(net, rule, Fraction(1, 10), 0, decay, epsilon), x)[0]
        for net in (one, rescaled(one, 4))
    ]
    return abs(ends[0] - ends[1])
