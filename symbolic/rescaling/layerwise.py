"""Derive which step rules commute with the rescaling ``(W1, W2) -> (r W1, W2 / r)``.

A step rule commutes with the rescaling if it moves layer 1 by r times what it did: then rescaled
networks stay rescaled copies, and the function they compute has one trajectory for all r. By the
chain rule layer 1's gradient is 1/r times what it was. Relative step: size of the step over that
of the weights; it has to be the same for all r. G is the length of layer 1's gradient, W that of
its weights, both at r = 1; eta is the step size, trust LARS's coefficient.
"""

from __future__ import annotations

import sympy as sp

from whichmin.symbolic.derivation import Derivation
from whichmin.symbolic.noise.sampling import sampling_with
from whichmin.symbolic.operator_rules import Expectation, Law, given
from whichmin.symbolic.operators import Mean, at
from whichmin.symbolic.registry import derives, forms_of
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

SOURCE = "You, Gitman, Ginsburg 2017; You et al. 2020; lesson2026, LARS and LAMB"

G, W, trust, decay = sp.symbols("G W trust decay", positive=True)
adam, dimension = sp.symbols("adam dimension", positive=True)
variance, norm_squared = sp.symbols("variance norm_squared", positive=True)


def _gradient(length: sp.Expr) -> sp.Expr:
    """Return the length of layer 1's gradient after rescaling."""
    return at(gradient_scale().expression, {slope: length})


@derives("layerwise.sgd_relative_step", SOURCE)
def sgd_relative_step() -> Derivation:
    r"""Derive the relative step ``|step| / |weights|`` of layer 1 under SGD after rescaling.

    .. math:: \frac{\|\Delta W_1\|}{\|W_1\|} = \frac{\eta G}{W r^2}
    """
    return Derivation.begin(
        "eta times the gradient, over the weights, both rescaled",
        eta * _gradient(G) / (r * W),
        eta * G / (W * r**2),
    )


@derives(
    "layerwise.adam_relative_step",
    SOURCE,
    where="epsilon = 0, adam = length of the normalised gradient",
)
def adam_relative_step() -> Derivation:
    r"""Derive the relative step ``|step| / |weights|`` of layer 1 under Adam after rescaling.

    .. math:: \frac{\|\Delta W_1\|}{\|W_1\|} = \frac{\eta a}{W r}
    """
    scale = sp.Symbol("scale", positive=True)
    moment = _gradient(scale)
    return Derivation.begin(
        "each entry is a mean gradient over a root mean square gradient: factors 1/r cancel",
        eta * (moment / sp.sqrt(moment**2)) * adam / (r * W),
        eta * adam / (W * r),
    )


@derives("layerwise.lars_relative_step", SOURCE, where="no momentum, no weight decay")
def lars_relative_step() -> Derivation:
    r"""Derive the relative step ``|step| / |weights|`` of a layer under LARS.

    .. math:: \frac{\|\Delta W_1\|}{\|W_1\|} = \eta \vartheta
    """
    return Derivation.begin(
        "the step is eta trust |w|/|g| g, w and g rescaled",
        sp.Mul(eta * trust * (r * W / _gradient(G)), _gradient(G) / (r * W), evaluate=False),
        eta * trust,
    )


@derives("layerwise.decayed_relative_step", SOURCE, where="gradient and weights orthogonal")
def decayed_relative_step() -> Derivation:
    r"""Derive the length of weight decay's part of LARS's step over that of the step.

    .. math::
        \frac{\|\delta w\|}{\|g + \delta w\|}
        = \frac{1}{\sqrt{1 + \left(\frac{G}{\delta W r^2}\right)^2}}
    """
    return Derivation.begin(
        "the direction is g + decay w, of length sqrt(|g|^2 + decay^2 |w|^2); share of decay w",
        decay * r * W / sp.sqrt(_gradient(G) ** 2 + (decay * r * W) ** 2),
        1 / sp.sqrt(1 + (G / (decay * W * r**2)) ** 2),
    )


@derives(
    "layerwise.noise_scale",
    "McCandlish et al. 2018, per layer",
    where="variance = tr Sigma at r = 1",
)
def noise_scale() -> Derivation:
    r"""Derive the noise scale ``tr Sigma / |G|^2`` of layer 1 alone, after rescaling.

    .. math:: \frac{\operatorname{tr} \Sigma_1}{\|G_1\|^2} = \frac{V}{G^2}
    """
    return Derivation.begin(
        "per-sample gradients of layer 1 are all divided by r: variance and squared length by r^2",
        variance * _gradient(1) ** 2 / _gradient(G) ** 2,
        variance / G**2,
    )


@derives("layerwise.noisy_norm", "McCandlish et al. 2018")
def noisy_norm() -> Derivation:
    r"""Derive the mean square length of the gradient of a batch drawn with replacement.

    .. math:: \mathbb{E}\,\|g_B\|^2 = G^2 + \frac{V}{b}
    """
    along, square = sp.symbols("along square", real=True)
    law = Law(
        "noise of a batch",
        {
            along: given(0, "the noise has mean 0, so its product with the mean gradient has"),
            square: given(sampling_with().expression * variance, "trace of its covariance"),
        },
    )
    return Derivation.begin(
        "batch gradient = G + noise: |G|^2, twice their product and |noise|^2, with replacement",
        Mean(G**2 + 2 * along + square),
        G**2 + variance / b,
        Expectation(law),
    )


layerwise_forms = forms_of(__name__)
