"""Rescaling of layers: the laws against dense Hessians of networks at the rescaled weights."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import optimize

from whichmin.core.rescaling.layers import (
    Curvature,
    curvature,
    gradients,
    rescale,
    untied_hessian,
)
from whichmin.verification.evidence.check import Margin, check
from whichmin.verification.evidence.rounding import EPS
from whichmin.verification.evidence.subject import Subject
from whichmin.verification.provers.smt import Lemma, Variant, lemmas, smt
from whichmin.verification.topics.strategies import seeds
from whichmin.words import Activation, EvidenceKind, Kink

__all__ = ["Small", "small_network"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Small:
    """A small random network with data.

    Attributes:
        first: Layer 1.
        second: Layer 2.
        inputs: Samples.
        targets: Their targets.
    """

    first: torch.Tensor
    second: torch.Tensor
    inputs: torch.Tensor
    targets: torch.Tensor

    def at(self, factor: float) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the layers after rescaling."""
        return rescale(self.first, self.second, factor)

    def curvature(self, factor: float) -> Curvature:
        """Compute the dense Hessian after rescaling."""
        return curvature(*self.at(factor), self.inputs, self.targets)


def small_network(rng: np.random.Generator) -> Small:
    """Draw 2 to 4 inputs, 3 or 4 hidden units, 2 or 3 outputs, 24 samples."""
    inputs, hidden, outputs = (int(rng.integers(*ends)) for ends in ((2, 5), (3, 5), (2, 4)))
    draws = [rng.standard_normal(s) for s in
             ((hidden, inputs), (outputs, hidden), (24, inputs), (24, outputs))]  # fmt: skip
    return Small(*(torch.from_numpy(d) for d in draws))


@check(
    "reparameterisation.chain_rule",
    EvidenceKind.PROPERTY,
    bound="rounding of means of 24 products, scaled by the largest entry",
    cases=seeds,
    examples=40,
    forms=tuple(
        f"reparameterisation.{name}"
        for name in (
            "gradient_scale",
            "first_block",
            "mixed_block",
            "second_block",
            "trace",
            "relative_flatness",
            "log_determinant",
            "box_growth",
        )
    ),
)
def chain_rule(subject: Subject, case: int) -> Iterator[Margin]:
    """Gradient, Hessian blocks, trace, log determinant, relative flatness and Keskar's box of a
    rescaled ReLU network follow the laws derived; the Hessian is that at the rescaled weights.
    """
    rng = np.random.default_rng(case)
    net = small_network(rng)
    r = float(rng.uniform(0.3, 3))
    forms, here, there = subject.forms, net.curvature(1.0), net.curvature(r)
    cut = here.first
    n = len(here.hessian)
    # Entries are means over 24 samples of products of at most five factors; both sides are
    # computed. The largest entry of either side sets the scale.
    scale = float(max(here.hessian.abs().max(), there.hessian.abs().max()))
    rounding = 64 * (24 + n) * EPS * scale * max(r, 1 / r) ** 2
    one = gradients(net.first, net.second, net.inputs, net.targets)[0].numpy()
    other = gradients(*net.at(r), net.inputs, net.targets)[0].numpy()
    told = forms["reparameterisation.gradient_scale"](slope=one, r=r)
    size = float(max(np.abs(one).max(), np.abs(other).max())) * max(r, 1 / r)
    yield Margin(
        "reparameterisation.gradient_scale", float(np.abs(told - other).max()), 64 * 48 * EPS * size
    )
    blocks = {
        "first_block": (slice(None, cut), slice(None, cut)),
        "mixed_block": (slice(None, cut), slice(cut, None)),
        "second_block": (slice(cut, None), slice(cut, None)),
    }
    for name, place in blocks.items():
        form = forms[f"reparameterisation.{name}"]
        values = {"second": here.hessian[place].numpy(), "r": r}
        told = form(**{a: values[a] for a in form.arguments})
        error = float(np.abs(told - there.hessian[place].numpy()).max())
        yield Margin(f"reparameterisation.{name}", error, rounding)
    T1, T2 = here.traces
    error = abs(forms["reparameterisation.trace"](T1=T1, T2=T2, r=r) - there.trace)
    yield Margin("reparameterisation.trace", error, n * rounding)
    error = abs(
        forms["reparameterisation.relative_flatness"](
            Q1=here.squared_lengths[0], Q2=here.squared_lengths[1], T1=T1, T2=T2
        )
        - there.relative_flatness
    )
    lengths = sum(there.squared_lengths)
    yield Margin("reparameterisation.relative_flatness", error, n * rounding * lengths)
    # log det moves by the trace of H^-1 dH: entry errors times n times the smallest |eigenvalue|.
    smallest = float(min(here.spectrum.abs().min(), there.spectrum.abs().min()))
    error = abs(
        forms["reparameterisation.log_determinant"](
            logdet=here.log_determinant, n1=cut, n2=n - cut, r=r
        )
        - there.log_determinant
    )
    yield Margin("reparameterisation.log_determinant", error, n**2 * rounding / smallest)
    # Half-widths of Keskar's box at the rescaled weights, divided by r to return.
    eps = 1e-3
    half = eps * (net.at(r)[0].abs() + 1).numpy() / r
    told = forms["reparameterisation.box_growth"](epsilon=eps, weight=net.first.abs().numpy(), r=r)
    yield Margin(
        "reparameterisation.box_growth", float(np.abs(half - told).max()), 8 * EPS * half.max()
    )


@check(
    "reparameterisation.least_trace",
    EvidenceKind.PROPERTY,
    bound="the minimiser's tolerance of 1e-6 in log r, squared, 50 times",
    cases=seeds,
    examples=10,
    forms=("reparameterisation.least_trace",),
)
def least_trace(subject: Subject, case: int) -> Iterator[Margin]:
    """The smallest trace on an orbit is as derived; it is found by minimising the trace of
    automatic differentiation.
    """
    net = small_network(np.random.default_rng(case))
    T1, T2 = net.curvature(1.0).traces
    found = optimize.minimize_scalar(
        lambda t: net.curvature(math.exp(t)).trace, bracket=(-0.5, 0.5), tol=1e-6
    )
    told = subject.forms["reparameterisation.least_trace"](T1=T1, T2=T2)
    # Near its minimum the trace is told * cosh(2 (t - t*)): an error of 1e-6 in t is 2e-12 of it.
    yield Margin("reparameterisation.least_trace", abs(found.fun - told), 1e-10 * told)


@check(
    "reparameterisation.untied",
    EvidenceKind.PROPERTY,
    bound="rounding of sums of m terms",
    cases=seeds,
    examples=40,
    forms=("reparameterisation.untied_trace", "reparameterisation.untied_least_trace"),
)
def untied(subject: Subject, case: int) -> Iterator[Margin]:
    """The trace of the untied neuron along the orbit of a minimum is as derived: linear, and ReLU
    under every kink convention.

    The data are the standard basis, so that zeros are zeros.
    """
    rng = np.random.default_rng(case)
    m = int(rng.integers(1, 5))
    n = m + int(rng.integers(0, 4))
    k = int(rng.integers(1, m + 1))
    w = np.zeros(n)
    w[:k] = rng.uniform(0.3, 1, k)
    w /= np.linalg.norm(w)
    r = float(rng.uniform(0.4, 2.5))
    form = subject.forms["reparameterisation.untied_trace"]
    data = np.eye(n)[:m]
    # Entries are sums of m terms of size at most max(r, 1/r)^2.
    bound = 64 * (m + n) * n * EPS * max(r, 1 / r) ** 2
    for kink in Kink:
        measured = float(untied_hessian(w / r, r * w, data, kink=kink).trace())
        told = form(n=n, m=m, k=k, kappa=float(kink.value), r=r)
        yield Margin("reparameterisation.untied_trace, ReLU", abs(measured - told), bound)
    linear = w.copy()
    linear[:m] = rng.standard_normal(m)
    linear /= np.linalg.norm(linear)
    matrix = untied_hessian(linear / r, r * linear, data, activation=Activation.LINEAR)
    told = form(n=n, m=m, k=m, kappa=0.0, r=r)
    yield Margin(
        "reparameterisation.untied_trace, linear", abs(float(matrix.trace()) - told), bound
    )
    flattest = (k / n) ** 0.25
    measured = float(untied_hessian(w / flattest, flattest * w, data).trace())
    told = subject.forms["reparameterisation.untied_least_trace"](n=n, m=m, k=k)
    yield Margin("reparameterisation.untied_least_trace", abs(measured - told), bound)


@check(
    "reparameterisation.keskar",
    EvidenceKind.PROPERTY,
    bound="rounding of 1 - u v",
    cases=seeds,
    examples=60,
    forms=("reparameterisation.keskar_neuron",),
)
def keskar(subject: Subject, case: int) -> Iterator[Margin]:
    """Keskar's metric of the scalar untied neuron along the orbit equals the largest loss over a
    grid of the box with all its corners.
    """
    rng = np.random.default_rng(case)
    r, eps = float(rng.uniform(0.2, 5)), float(rng.choice([1e-3, 5e-4, 0.1]))
    told = subject.forms["reparameterisation.keskar_neuron"](epsilon=eps, total=r + 1 / r)
    u, v = 1 / r, r
    steps = np.linspace(-1, 1, 41)
    moved_u, moved_v = u + eps * (u + 1) * steps, v + eps * (v + 1) * steps
    found = 100 * float(((1 - np.outer(moved_u, moved_v)) ** 2).max()) / 2
    # 1 - u v loses digits: an error of 8 roundings of u v against a distance of eps (r + 1/r).
    yield Margin("reparameterisation.keskar_neuron", abs(found - told), 400 * EPS * math.sqrt(told))


# Real algebra behind the rescaling and the rigidity of the tied neuron.

HOMOGENEOUS = (
    Lemma(
        "ReLU is positively homogeneous",
        "r z p q",
        ("r > 0", "p >= 0", "p >= z", "p == 0 or p == z",
         "q >= 0", "q >= r*z", "q == 0 or q == r*z"),
        ("q == r*p",),
        variants=(Variant("any factor", ("r > 0",), ("r >= -1",)),),
    ),
)  # fmt: skip
LEAST = (
    Lemma(
        "no scale has a smaller trace than 2 sqrt(T1 T2); g = sqrt(T1 T2), q = r^2",
        "A B g q",
        ("A > 0", "B > 0", "g > 0", "q > 0", "g*g == A*B"),
        ("A + q*q*B >= 2*g*q",),
        variants=(Variant("3 for 2", then=("A + q*q*B >= 3*g*q",)),),
    ),
)  # fmt: skip
TIED = (
    Lemma(
        "linear tied neuron: w w^T = v v^T, entry by entry, makes v = w or v = -w",
        "a b c d",
        ("a*a == c*c", "a*b == c*d", "b*b == d*d"),
        ("(a == c and b == d) or (a == -c and b == -d)",),
        variants=(Variant("without the mixed entry", ("a*b == c*d",)),),
    ),
    Lemma(
        "ReLU tied neuron: the same output on +-e_i, from weights w_i = a and v_i = c, makes "
        "them equal; p, q, s, t are the ReLU of a, -a, c, -c",
        "a c p q s t",
        ("p >= 0", "q >= 0", "p == 0 or q == 0", "p - q == a",
         "s >= 0", "t >= 0", "s == 0 or t == 0", "s - t == c",
         "a*p == c*s", "a*q == c*t"),
        ("a == c",),
        variants=(Variant("one input", ("a*q == c*t",)),),
    ),
)  # fmt: skip
CORNER = (
    Lemma(
        "Keskar's box about u v = 1: the upper corner is the farthest",
        "u v e d",
        ("u > 0", "v > 0", "u*v == 1", "e > 0", "d == e*(1 + e)*(u + v) + 2*e + 2*e*e"),
        (
            "(u + e*(u + 1))*(v + e*(v + 1)) - 1 == d",
            "1 - (u - e*(u + 1))*(v - e*(v + 1)) <= d",
            "1 - (u + e*(u + 1))*(v - e*(v + 1)) <= d",
            "(u + e*(u + 1))*(v - e*(v + 1)) - 1 <= d",
            "(u - e*(u + 1))*(v - e*(v + 1)) - 1 <= d",
        ),
        variants=(
            Variant("the lower corner",
                    then=("(u + e*(u + 1))*(v + e*(v + 1)) - 1 <= "
                          "1 - (u - e*(u + 1))*(v - e*(v + 1))",)),
        ),
    ),
    Lemma(
        "the largest 100 L on Keskar's box about a minimum (u, r) of L = (1 - u r)^2/2",
        "u r eps p q",
        ("r > 0", "u*r == 1", "eps > 0",
         "p <= u + eps*(u + 1)", "p >= u - eps*(u + 1)",
         "q <= r + eps*(r + 1)", "q >= r - eps*(r + 1)"),
        (
            "100*(1 - p*q)**2/2 <= 50*eps**2*(1 + eps)**2*(2 + r + u)**2",
            "100*(1 - (u + eps*(u + 1))*(r + eps*(r + 1)))**2/2 "
            "== 50*eps**2*(1 + eps)**2*(2 + r + u)**2",
            "50*eps**2*(1 + eps)**2*(2 + r + u)**2 > 50*eps**2*r**2",
        ),
        variants=(
            Variant("49 for 50",
                    then=("100*(1 - p*q)**2/2 <= 49*eps**2*(1 + eps)**2*(2 + r + u)**2",)),
            Variant("a point beside the box", ("p <= u + eps*(u + 1)",)),
        ),
    ),
)  # fmt: skip


@smt("reparameterisation.homogeneous")
def homogeneous(statements: Sequence[Lemma] = HOMOGENEOUS) -> Iterator[Margin]:
    """For r > 0, ReLU(r z) = r ReLU(z), so the rescaled network is the same function."""
    return lemmas(statements)


@smt("reparameterisation.least")
def least(statements: Sequence[Lemma] = LEAST) -> Iterator[Margin]:
    """T1/r^2 + r^2 T2 is nowhere below 2 sqrt(T1 T2)."""
    return lemmas(statements)


@smt("reparameterisation.tied")
def tied(statements: Sequence[Lemma] = TIED) -> Iterator[Margin]:
    """The function of a tied neuron determines its weights: for ReLU fully, for the linear neuron
    up to the sign.
    """
    return lemmas(statements)


@smt("reparameterisation.corner")
def corner(statements: Sequence[Lemma] = CORNER) -> Iterator[Margin]:
    """On Keskar's box about a minimum (1/r, r) of L = (1 - u v)^2/2 the largest 100 L is 50 eps^2
    (1 + eps)^2 (2 + r + 1/r)^2, at the upper corner.
    """
    return lemmas(statements)
