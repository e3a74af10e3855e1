"""Where in Keskar's box and in SAM's ball the loss is largest, and which minimum ranks first.

Notation: ``x = w + z``, q its active energy, ``N = |x|^2``, ``v = N - q``; the rise over the
minimum, times 2m, is ``(1-q)^2 + q v = 1 + q (N-2)``. Capital letters are upper ends. The lemmas
add up to the location of the maximum as :mod:`whichmin.symbolic.perturbation.keskar` argues it.
"""

from __future__ import annotations

from collections.abc import Iterator

from whichmin.verification.evidence.check import Margin
from whichmin.verification.provers.smt import Lemma, Variant, lemmas, smt

__all__ = ["BALL", "BOX", "FRAMES", "RANKING"]

BOX = (
    Lemma(
        "an active coordinate: squares of both ends, the lower one at least 0, add up to 2 c^2",
        "c r",
        ("0 <= c", "0 <= r"),
        ("(c + r)**2 + (c - r)**2 >= 2*c**2", "r <= c or (c + r)**2 >= 2*c**2"),
        variants=(
            Variant("to 3 c^2", then=("(c + r)**2 + (c - r)**2 >= 3*c**2",)),
        ),
    ),
    Lemma(
        "linear: the upper end of q wins if both ends add up to 2",
        "a q Q v V",
        ("0 <= a <= q <= Q", "0 <= v <= V", "a + Q >= 2"),
        ("(1 - q)**2 + q*v <= (1 - Q)**2 + Q*V",),
        variants=(Variant("to 1", ("a + Q >= 2",), ("a + Q >= 1",)),),
    ),
    Lemma(
        "large box: both factors are largest at the outer corner",
        "q Q N M",
        ("0 <= q <= Q", "0 <= N <= M", "M >= 2"),
        ("q*(N - 2) <= Q*(M - 2)",),
        variants=(Variant("norms from 1 on", ("M >= 2",), ("M >= 1",)),),
    ),
    Lemma(
        "small box, ReLU: inactive points at -eps, active ones at the outer end "
        "(h of the inactive energy on the active side, u on the other)",
        "a p P h u E",
        ("0 <= a <= p <= P", "a + P >= 2", "0 <= h", "0 <= u", "h + u <= E", "P + E <= 2"),
        ("(p + h)*(p + h + u - 2) <= P*(P + E - 2)",),
        variants=(
            Variant("whatever the ends of the active part", ("a + P >= 2",)),
            Variant("norms up to 3", ("P + E <= 2",), ("P + E <= 3",)),
        ),
    ),
    Lemma(
        "k equal correlations in a small box: k (c + r)^2 <= 2 = 2 k c^2 leaves all of them active",
        "c r",
        ("0 < c", "0 <= r", "(c + r)**2 <= 2*c**2"),
        ("r <= c",),
        variants=(
            Variant("norms up to 5", ("(c + r)**2 <= 2*c**2",), ("(c + r)**2 <= 5*c**2",)),
        ),
    ),
)  # fmt: skip

# a = 1 + sqrt k; both metrics divided by 100 eps^2/(3m - 1).
_DENSE = ("D", "(2*a + e*a**2)**2 + (1 + e*a)**2*(n - (a - 1)**2)")
_VERTEX = ("V", "16*(1 + e)**2 + (1 + 2*e)**2*(n - 1)")
RANKING = (
    Lemma(
        "linear: from q = 1 on the rise grows with q, hence with sum |c_i|",
        "q Q v",
        ("1 <= q < Q", "0 <= v"),
        ("(1 - q)**2 + q*v < (1 - Q)**2 + Q*v",),
        variants=(Variant("from q = 0 on", ("1 <= q < Q",), ("0 <= q < Q",)),),
    ),
    Lemma(
        "ReLU, both boxes small: k equal active points are sharper than one, for every eps and n",
        "a e n",
        ("a > 2", "e > 0", "n >= (a - 1)**2"),
        ("D > V",),
        (_DENSE, _VERTEX),
        (Variant("k = 1 included", ("a > 2",), ("a >= 2",)),),
    ),
    Lemma(
        "ReLU, the mixture's box large, the single point's small",
        "q Q N M",
        ("0 <= q", "0 <= Q", "N <= 2", "2 <= M"),
        ("1 + q*(N - 2) <= 1 <= 1 + Q*(M - 2)",),
        variants=(Variant("norms up to 3", ("N <= 2",), ("N <= 3",)),),
    ),
    Lemma(
        "ReLU, both boxes large: more energy and a larger norm",
        "q Q N M",
        ("0 < q < Q", "2 <= N < M"),
        ("q*(N - 2) < Q*(M - 2)",),
        variants=(Variant("norms from 1 on", ("2 <= N < M",), ("1 <= N < M",)),),
    ),
)

_MOVE = ("0 <= q <= N", "q >= (1 + t)**2", "t**2 <= s")
_NORM = ("N", "1 + 2*t + s")
BALL = (
    Lemma(
        "within distance p the rise is at most that of z = p w, norms from 2 on",
        "q t s p",
        (*_MOVE, "0 <= p", "s <= p**2", "t <= p", "N >= 2"),
        ("1 + q*(N - 2) <= (2*p + p**2)**2",),
        (_NORM,),
        (Variant("half of it", then=("1 + q*(N - 2) <= (2*p + p**2)**2 * 1/2",)),),
    ),
    Lemma(
        "within distance p the rise is at most that of z = p w, norms up to 2",
        "q t s p",
        (*_MOVE, "0 <= p", "s <= p**2", "-p <= t <= p", "N <= 2"),
        ("1 + q*(N - 2) <= (2*p + p**2)**2",),
        (_NORM,),
        (Variant("half of it", then=("1 + q*(N - 2) <= (2*p + p**2)**2 * 1/2",)),),
    ),
)

FRAMES = (
    Lemma(
        "Keskar's box in any frame: upper bound from the largest <w,z> and |z|^2, small box",
        "q t s T Z",
        (*_MOVE, "-T <= t <= T", "s <= Z", "2*T + Z <= 1"),
        ("1 + q*(N - 2) <= T**2*(3 + 2*T + Z) + Z*(1 + 2*T)",),
        (_NORM,),
        (Variant("without the term in Z", then=("1 + q*(N - 2) <= T**2*(3 + 2*T + Z)",)),),
    ),
    Lemma(
        "Keskar's box in any frame: upper bound, large box",
        "q t s T Z",
        (*_MOVE, "-T <= t <= T", "s <= Z", "2*T + Z >= 1"),
        ("1 + q*(N - 2) <= (2*T + Z)**2",),
        (_NORM,),
        (Variant("in a small box too", ("2*T + Z >= 1",)),),
    ),
)


@smt("measures.location")
def location() -> Iterator[Margin]:
    """Keskar's metric, standard basis: linear minima have the maximum at the outer corner, for
    every eps; ReLU minima with the inactive points at -eps while |x|^2 <= 2, else at +eps.
    """
    return lemmas(BOX)


@smt("measures.keskar_ranking")
def keskar_ranking() -> Iterator[Margin]:
    """Keskar's metric, standard basis: the linear metric grows with sum |c_i|; ReLU with k > 1
    equal active points is sharper than a single point; for every eps, m and n.
    """
    return lemmas(RANKING)


@smt("measures.ball")
def ball() -> Iterator[Margin]:
    """The largest rise within distance r is (2r + r^2)^2/(2m) at every minimum, any orthonormal
    frame, linear and ReLU.
    """
    return lemmas(BALL)


@smt("measures.frames_bound")
def frames_bound() -> Iterator[Margin]:
    """Keskar's metric at a minimum in any orthonormal frame is at most a function of eps, m, n and
    sum |w_j|.
    """
    return lemmas(FRAMES)
