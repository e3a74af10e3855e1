"""Real algebra behind the rescaling of layers and the rigidity of the tied neuron, by z3."""

from __future__ import annotations

from collections.abc import Iterator

from whichmin.verification.evidence.check import Margin
from whichmin.verification.provers.smt import Lemma, Variant, lemmas, smt

__all__ = ["LEMMAS"]

LEMMAS = {
    "reparameterisation.homogeneous": (
        Lemma(
            "ReLU is positively homogeneous",
            "r z p q",
            ("r > 0", "p >= 0", "p >= z", "p == 0 or p == z",
             "q >= 0", "q >= r*z", "q == 0 or q == r*z"),
            ("q == r*p",),
            variants=(Variant("any factor", ("r > 0",), ("r >= -1",)),),
        ),
    ),
    "reparameterisation.least": (
        Lemma(
            "no scale has a smaller trace than 2 sqrt(T1 T2); g = sqrt(T1 T2), q = r^2",
            "A B g q",
            ("A > 0", "B > 0", "g > 0", "q > 0", "g*g == A*B"),
            ("A + q*q*B >= 2*g*q",),
            variants=(Variant("3 for 2", then=("A + q*q*B >= 3*g*q",)),),
        ),
    ),
    "reparameterisation.tied": (
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
    ),
    "reparameterisation.corner": (
        Lemma(
            "Keskar's box about u v = 1: the upper corner is the farthest",
            "u v e d",
            ("u > 0", "v > 0", "u*v == 1", "0 < e < 1", "d == e*(1 + e)*(u + v) + 2*e + 2*e*e"),
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
    ),
}  # fmt: skip


@smt("reparameterisation.homogeneous")
def homogeneous() -> Iterator[Margin]:
    """ReLU(r z) = r ReLU(z) for r > 0, so the rescaled network is the same function."""
    return lemmas(LEMMAS["reparameterisation.homogeneous"])


@smt("reparameterisation.least")
def least() -> Iterator[Margin]:
    """T1/r^2 + r^2 T2 is nowhere below 2 sqrt(T1 T2)."""
    return lemmas(LEMMAS["reparameterisation.least"])


@smt("reparameterisation.tied")
def tied() -> Iterator[Margin]:
    """The tied neuron's function determines its weights: for ReLU, and up to the sign for the
    linear one.
    """
    return lemmas(LEMMAS["reparameterisation.tied"])


@smt("reparameterisation.corner")
def corner() -> Iterator[Margin]:
    """Of Keskar's box about u v = 1 the upper corner is the farthest from the minimum."""
    return lemmas(LEMMAS["reparameterisation.corner"])
