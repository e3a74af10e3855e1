"""What every batch keeps: the trap region ``|w|^2 <= 21/20`` and the signs of the correlations.

Statements for all m, n and batches, as real algebra in the scalars of a step
(``descent.steps.BATCH_STEP``): ``S`` is the energy of the batch's active correlations,
``alpha = eta / b``, ``N = |w|^2``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from whichmin.verification.evidence.check import Margin
from whichmin.verification.provers.certificates import (
    Certificate,
    certificate_margins,
    certified,
    summands,
)
from whichmin.verification.provers.smt import Lemma, Variant, lemmas, smt
from whichmin.verification.topics.descent.steps import BATCH_STEP, FACTORS

__all__ = ["BATCH"]

BATCH = ("0 <= S <= N <= 21/20", "0 < alpha <= 1/5")

TRAP = (
    Lemma(
        "trap region",
        "N S alpha",
        BATCH,
        ("nextN <= 21/20", "s > 0", "s + g > s"),
        BATCH_STEP,
        (
            Variant("alpha up to 2/9", BATCH[1:], ("0 < alpha <= 2/9",)),
            Variant("another sign in g", where=(("g", "alpha*(2 + N)"),)),
        ),
    ),
    Lemma(
        "trap region, largest alpha",
        "N S alpha",
        (BATCH[0], "0 < alpha <= 80/361"),
        ("nextN <= 21/20", "s > 0", "s + g > s"),
        BATCH_STEP,
        (
            Variant(
                "a millionth beyond",
                ("0 < alpha <= 80/361",),
                ("80/361 < alpha <= 80/361 + 1/1000000",),
            ),
        ),
    ),
    Lemma(
        "wider trap region",
        "N S alpha",
        ("0 <= S <= N <= 6/5", "0 < alpha <= 1/2"),
        ("nextN <= 6/5", "s > 0", "s + g > s"),
        BATCH_STEP,
        (Variant("alpha up to 13/25", ("0 < alpha <= 1/2",), ("0 < alpha <= 13/25",)),),
    ),
    Lemma(
        "N' in the form that shows its sign",
        "N S alpha",
        (),
        ("nextN == N + alpha*S*(4*(1 - N) + alpha*(2 - N)**2 - alpha*S*(4 - 3*N))",),
        BATCH_STEP,
        (
            Variant(
                "4 - 2 N for 4 - 3 N",
                then=("nextN == N + alpha*S*(4*(1 - N) + alpha*(2 - N)**2 - alpha*S*(4 - 2*N))",),
            ),
        ),
    ),
)

SIGNS = (
    Lemma(
        "signs, without replacement",
        "N S alpha c",
        BATCH,
        (
            "not c > 0 or (s*c > 0 and (s + g)*c > 0)",
            "not c < 0 or (s*c < 0 and (s + g)*c < 0)",
            "not c == 0 or (s*c == 0 and (s + g)*c == 0)",
        ),
        FACTORS,
        (Variant("alpha up to 1", BATCH[1:], ("0 < alpha <= 1",)),),
    ),
    Lemma(
        "signs, with replacement",
        "N S alpha b mu",
        ("0 <= N <= 21/20", "0 <= S <= b*N", "b >= 1", "alpha > 0", "alpha*b <= 1/5", "mu >= 0"),
        ("s > 0", "s + mu*g > 0"),
        FACTORS,
        (Variant("alpha, not eta, up to 1/5", ("alpha*b <= 1/5",), ("alpha <= 1/5",)),),
    ),
    Lemma(
        # X = |x|^2, Y = |y|^2, P = <x, y>; |x - y|^2 = X - 2 P + Y.
        "a point between two others is no longer than the longer one",
        "X Y P t r",
        ("0 <= t <= 1", "X <= r", "Y <= r", "X - 2*P + Y >= 0"),
        ("t**2*X + 2*t*(1 - t)*P + (1 - t)**2*Y <= r",),
        variants=(Variant("no inner product behind P", ("X - 2*P + Y >= 0",)),),
    ),
    Lemma(
        # Two points, drawn b times: mu = b of the same, S = b N, a step of size eta on one point.
        "norm, with replacement, all draws equal",
        "N eta",
        ("0 <= N <= 21/20", "0 < eta <= 1/5"),
        ("(1 + 2*eta*(1 - N))**2*N <= 21/20",),
        variants=(Variant("eta up to 1", ("0 < eta <= 1/5",), ("0 < eta <= 1",)),),
    ),
)


@smt("smt.trap_region")
def region(statements: Sequence[Lemma] = TRAP) -> Iterator[Margin]:
    """One step on any batch without repetition, alpha <= 1/5: |w|^2 <= 21/20 is kept and all
    factors are positive, for all m, n and b, linear and ReLU; true up to alpha = 80/361, and for
    6/5 up to alpha = 1/2.
    """
    return lemmas(statements)


@smt("smt.signs")
def signs(statements: Sequence[Lemma] = SIGNS) -> Iterator[Margin]:
    """Correlations keep their signs and zeros, without replacement for alpha <= 1/5, with
    replacement for eta <= 1/5, where the norm is bounded by convexity.
    """
    return lemmas(statements)


CERTIFICATE = Certificate(
    name="any batch: N stays at most 21/20, for alpha <= 80/361",
    variables="alpha S N",
    constraints=(
        ("a", "alpha"),
        ("r", "80/361 - alpha"),
        ("S", "S"),
        ("o", "N - S"),
        ("d", "21/20 - N"),
    ),
    target="21/20 - s**2*(N - S) - (s + g)**2*S",
    terms=summands(
        "2390440/2736741 d d", "4319600/57471561 d d d", "133240/144039 o d",
        "5816800/57471561 o d d", "78800/3024819 o o d", "361/84 r S d", "53995/159201 r S d d",
        "985/8379 r S o d", "361/400 a r S", "1805/1344 a r S d", "10799/7056 a r S d d",
        "3743/7056 a r S o d", "17/20 a a S S", "17425/7056 a a S S d",
    ),
    where=FACTORS,
)  # fmt: skip


@certified("certificates.trap_norm")
def norm(certificate: Certificate = CERTIFICATE) -> Iterator[Margin]:
    """Any batch without repetition with alpha <= 80/361: N <= 21/20 is kept, for all m, n and b,
    linear and ReLU.
    """
    return certificate_margins(certificate)
