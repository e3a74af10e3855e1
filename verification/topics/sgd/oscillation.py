"""SGD with a constant step size that does not converge: two samples with different minima."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import sympy as sp

from whichmin.verification.evidence.check import Margin, check
from whichmin.verification.evidence.exact import vanishing
from whichmin.verification.provers.smt import Lemma, Variant, lemmas, smt
from whichmin.words import EvidenceKind

__all__: list[str] = []

MOVES = (
    Lemma(
        # Losses (w - y)^2/2 and (w - z)^2/2: a step moves w by eta (w - y) or eta (w - z).
        "one of two samples moves w by at least half of eta |y - z|",
        "w y z eta",
        ("eta > 0",),
        (
            "4*(eta*(w - y))**2 >= (eta*(y - z))**2 or 4*(eta*(w - z))**2 >= (eta*(y - z))**2",
        ),
        variants=(
            Variant(
                "by all of it",
                then=(
                    "(eta*(w - y))**2 >= (eta*(y - z))**2 or (eta*(w - z))**2 >= (eta*(y - z))**2",
                ),
            ),
        ),
    ),
)  # fmt: skip


@smt("smt.oscillation")
def moves(statements: Sequence[Lemma] = MOVES) -> Iterator[Margin]:
    """For two samples with losses (w - y)^2/2 and (w - z)^2/2, from every w one of the two moves w
    by at least eta |y - z|/2.
    """
    return lemmas(statements)


@check(
    "sgd.stationary_variance",
    EvidenceKind.IDENTITY,
    bound="exact: the difference must be identically zero",
)
def stationary_variance(part: int = 4) -> Iterator[Margin]:
    """With these two samples, drawn with equal chances, a mean squared distance from (y + z)/2 of
    eta/(2 - eta) (y - z)^2/4 stays, and any other one tends to it for 0 < eta < 2.

    The mean square after a step, from the definition; ``part`` is the 4.
    """
    w, y, z, eta, excess = sp.symbols("w y z eta excess", real=True)
    middle = (y + z) / 2
    moved = [w - eta * (w - target) - middle for target in (y, z)]
    after = sp.expand(sum(d**2 for d in moved) / 2)
    # Linear in the mean of (w - middle)^2, with no other moment of w.
    square = (y - z) ** 2 / part
    law = (1 - eta) ** 2 * (w - middle) ** 2 + eta**2 * square
    yield vanishing("mean square after a step", after - sp.expand(law))
    rest = eta / (2 - eta) * square
    yield vanishing("what stays", sp.together((1 - eta) ** 2 * rest + eta**2 * square - rest))
    step = (1 - eta) ** 2 * (rest + excess) + eta**2 * square - rest
    yield vanishing("an excess falls by (1 - eta)^2", sp.simplify(step - (1 - eta) ** 2 * excess))
