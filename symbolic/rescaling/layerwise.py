"""Step sizes per layer against the rescaling ``(W1, W2) -> (r W1, W2 / r)``.

A step rule commutes with the rescaling if it moves layer 1 by r times what it did: then rescaled
networks stay rescaled copies, and the function they compute has one trajectory for all r. By the
chain rule layer 1's gradient is 1/r times what it was. Relative step: size of the step over that
of the weights; it has to be the same for all r. G is the length of layer 1's gradient, W that of
its weights, both at r = 1; eta is the step size, trust LARS's coefficient.
"""

from __future__ import annotations

import functools

import sympy as sp

from whichmin.symbolic.closed_form import ClosedForm
from whichmin.symbolic.derivation import Derivation
from whichmin.symbolic.rescaling.layers import gradient_scale, r, slope
from whichmin.symbolic.symbols import b, eta

__all__ = [
    "adam_relative_step",
    "decayed_relative_step",
    "lars_relative_step",
    "layerwise_forms",
    "noise_scale",
    "noisy_norm",
    "sgd_relative_step",
]

SOURCE = "You, Gitman, Ginsburg 2017; You et al. 2020; 003, LARS and LAMB"

G, W, trust, decay = sp.symbols("G W trust decay", positive=True)
adam, dimension = sp.symbols("adam dimension", positive=True)
variance, norm_squared = sp.symbols("variance norm_squared", positive=True)


def _gradient(length: sp.Expr) -> sp.Expr:
    """Length of layer 1's gradient after rescaling."""
    return gradient_scale().expression.subs(slope, length)


@functools.cache
def sgd_relative_step() -> ClosedForm:
    """Relative step of plain SGD: it falls as the layer is scaled up."""
    chain = Derivation.begin(
        "eta times the gradient, over the weights, both rescaled",
        eta * _gradient(G) / (r * W),
        eta * G / (W * r**2),
    )
    return ClosedForm(
        "layerwise.sgd_relative_step",
        "|step| / |weights| of layer 1 under SGD after rescaling",
        chain.result,
        chain,
        SOURCE,
    )


@functools.cache
def adam_relative_step() -> ClosedForm:
    """Relative step of Adam: its step does not see the gradient's scale, but not the weights'."""
    scale = sp.Symbol("scale", positive=True)
    moment = _gradient(scale)
    chain = Derivation.begin(
        "each entry is a mean gradient over a root mean square gradient: factors 1/r cancel",
        eta * (moment / sp.sqrt(moment**2)) * adam / (r * W),
        eta * adam / (W * r),
    )
    return ClosedForm(
        "layerwise.adam_relative_step",
        "|step| / |weights| of layer 1 under Adam (epsilon = 0) after rescaling; adam = length of "
        "the normalised gradient",
        chain.result,
        chain,
        SOURCE,
    )


@functools.cache
def lars_relative_step() -> ClosedForm:
    """Relative step of LARS, and of LAMB with trust = 1: the same for every scale and layer."""
    chain = Derivation.begin(
        "the step is eta trust |w|/|g| g, w and g rescaled",
        eta * trust * (r * W / _gradient(G)) * _gradient(G) / (r * W),
        eta * trust,
    )
    return ClosedForm(
        "layerwise.lars_relative_step",
        "|step| / |weights| of a layer under LARS without momentum and weight decay",
        chain.result,
        chain,
        SOURCE,
    )


@functools.cache
def decayed_relative_step() -> ClosedForm:
    """How much of LARS's step is weight decay, if gradient and weights are orthogonal."""
    chain = Derivation.begin(
        "the direction is g + decay w, of length sqrt(|g|^2 + decay^2 |w|^2); share of decay w",
        decay * r * W / sp.sqrt(_gradient(G) ** 2 + (decay * r * W) ** 2),
        1 / sp.sqrt(1 + (G / (decay * W * r**2)) ** 2),
    )
    return ClosedForm(
        "layerwise.decayed_relative_step",
        "length of the weight decay's part of LARS's step over that of the step, gradient and "
        "weights orthogonal",
        chain.result,
        chain,
        SOURCE,
    )


@functools.cache
def noise_scale() -> ClosedForm:
    """Noise scale of one layer: the rescaling cancels."""
    chain = Derivation.begin(
        "per-sample gradients of layer 1 are all divided by r: variance and squared length by r^2",
        variance * _gradient(1) ** 2 / _gradient(G) ** 2,
        variance / G**2,
    )
    return ClosedForm(
        "layerwise.noise_scale",
        "tr Sigma / |G|^2 of layer 1 alone, after rescaling; variance = tr Sigma at r = 1",
        chain.result,
        chain,
        "McCandlish et al. 2018, per layer",
    )


@functools.cache
def noisy_norm() -> ClosedForm:
    """Mean square length of a batch gradient, which is what LARS divides by."""
    mean, noise, product = sp.symbols("mean noise mean*noise", real=True)
    square = sp.expand((mean + noise) ** 2).subs(mean * noise, product)
    chain = Derivation.begin(
        "batch gradient = G + noise of mean zero and variance tr Sigma/b (with replacement)",
        square,
        G**2 + variance / b,
        {product: 0, mean**2: G**2, noise**2: variance / b},
    )
    return ClosedForm(
        "layerwise.noisy_norm",
        "mean square length of the gradient of a batch drawn with replacement",
        chain.result,
        chain,
        "McCandlish et al. 2018",
    )


def layerwise_forms() -> tuple[ClosedForm, ...]:
    """The closed forms of this module."""
    return (
        sgd_relative_step(),
        adam_relative_step(),
        lars_relative_step(),
        decayed_relative_step(),
        noise_scale(),
        noisy_norm(),
    )
