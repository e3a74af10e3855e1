"""SGD's drift towards one data point: lemmas, logarithms, and all batches listed in numbers.

Two active points i and j, ``x = c_i^2 >= y = c_j^2``. Batches that hold both or neither keep
``|c_i / c_j|``. The others come in pairs: the same rest of the batch, of energy P, with i or j.
With i the ratio is multiplied by ``k_i = 1 + g / s_i``, ``s_i = 1 - alpha (P + x)``, with j it is
divided by ``k_j``, and ``k_i >= k_j``. So the drift of ``log |c_i / c_j|`` is
``q E[log (k_i / k_j)]``, ``q = b (m - b) / (m (m - 1))``, and not negative anywhere in the trap
region. That is all the randomness that is needed; the claim ``convergence.sgd_single_point`` adds
it up.

``R = log(|c_*| / sum of the other |c_j|)``, c_* the largest active correlation. Where ``c_* = 1``
and the others are infinitely small, a batch with the leader and a share tau of the others changes
R by ``-log(1 - alpha (1 - tau))``, one without by ``-log(1 + alpha tau)``. The share averages
``(b-1)/(m-1)`` and ``b/(m-1)``, and both are convex in tau (Jensen):

    drift >= -(b/m) log(1 - alpha mu) - ((m-b)/m) log(1 + alpha b/(m-1)),  mu = (m-b)/(m-1).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence

import numpy as np
from hypothesis.strategies import SearchStrategy

from whichmin.core.data import make_data
from whichmin.core.engines import Problem
from whichmin.core.frames import standard_basis
from whichmin.verification.evidence.check import Margin, check
from whichmin.verification.evidence.rounding import EPS
from whichmin.verification.evidence.subject import Subject
from whichmin.verification.provers.smt import Lemma, Variant, lemmas, smt
from whichmin.verification.topics.descent.steps import FACTORS
from whichmin.verification.topics.sgd.trap import BATCH
from whichmin.verification.topics.strategies import RunCase, runs
from whichmin.words import Activation, EvidenceKind

__all__: list[str] = []

PAIR = (
    ("si", "1 - alpha*(P + x)"),
    ("sj", "1 - alpha*(P + y)"),
    ("g", "alpha*(2 - N)"),
)
TWO = ("0 <= y <= x", "P >= 0", "P + x + y <= N", "N <= 21/20", "0 < alpha <= 1/5")

DRIFT = (
    Lemma(
        # k_i / k_j - 1 = alpha g (x - y) / (s_i (s_j + g)), g >= 19 alpha / 20, s_j + g <= 7/5.
        "the larger of two correlations gains, without replacement",
        "N P x y alpha",
        TWO,
        (
            "(si + g)*sj >= si*(sj + g)*(1 + 19/28*alpha**2*(x - y))",
            "si > 0",
            "sj + g > 0",
        ),
        PAIR,
        (
            Variant("alpha^2 for 19/28 alpha^2",
                    then=("(si + g)*sj >= si*(sj + g)*(1 + alpha**2*(x - y))",)),
            Variant("y > x", ("0 <= y <= x",), ("0 <= x < y",)),
        ),
    ),
    # With replacement: mu and nu say how often the two are drawn, in one order and in the other.
    Lemma(
        "with replacement: gain of the ratio over both orders",
        "N P x y alpha mu nu",
        (),
        ("(sa + mu*g)*(sb + nu*g) - (sa + nu*g)*(sb + mu*g) == alpha*g*(mu - nu)**2*(x - y)",),
        (("sa", "1 - alpha*(P + mu*x + nu*y)"), ("sb", "1 - alpha*(P + nu*x + mu*y)"),
         ("g", "alpha*(2 - N)")),
        (Variant("the same S in both", where=(("sb", "1 - alpha*(P + mu*x + nu*y)"),)),),
    ),
    Lemma(
        "with replacement: factors",
        "N S alpha b mu",
        ("0 <= N <= 21/20", "0 <= S <= b*N", "0 <= mu <= b", "alpha > 0", "alpha*b <= 1/5"),
        ("79/100 <= s <= 1", "0 < s + mu*g <= 7/5", "g >= 19/20*alpha",
         "s + mu*g >= s*(1 + 19/20*alpha*mu)"),
        FACTORS,
        (Variant("alpha, not eta, up to 1/5", ("alpha*b <= 1/5",), ("alpha <= 1/5",)),),
    ),
    Lemma(
        # p: product of the two factors that divide; gain: difference of the two products.
        "with replacement: the larger of two correlations gains",
        "alpha g x y d p gain",
        ("gain == alpha*g*d**2*(x - y)", "d >= 1", "x >= y", "alpha > 0", "g >= 19/20*alpha",
         "0 < p <= 49/25"),
        ("gain >= 19/40*alpha**2*(x - y)*p",),
        variants=(Variant("drawn equally often", ("d >= 1",), ("d >= 0",)),),
    ),
    Lemma(
        "a step changes ratios by a bounded factor that is not 1",
        "N S alpha",
        BATCH,
        ("79/100 <= s <= 1", "s + g <= 7/5", "s + g >= s*(1 + 19/20*alpha)"),
        FACTORS,
        (Variant("1 + alpha for 1 + 19/20 alpha", then=("s + g >= s*(1 + alpha)",)),),
    ),
)  # fmt: skip

GROWTH = (
    Lemma(
        # beta = b/m, S <= C <= beta/4. Factors 1 + X of batches with a point, 1 - Y of the others.
        "while C <= b/(4m): factors of an active correlation",
        "N S alpha beta",
        (*BATCH, "0 < beta <= 1", "S <= beta/4"),
        ("s + g >= 1 + 7/10*alpha", "s >= 1 - alpha*beta/4"),
        FACTORS,
        (Variant("S up to beta", ("S <= beta/4",), ("S <= beta",)),),
    ),
    Lemma(
        # log(1 + X) >= X - X^2/2, log(1 - Y) >= -Y - Y^2 for Y <= 1/2: sgd_drift.logarithms.
        "while C <= b/(4m): log |c_i| grows by alpha b/(3m) a step on average",
        "alpha beta",
        ("0 < beta <= 1", BATCH[1]),
        ("beta*(X - X**2/2) - Y - Y**2 >= alpha*beta/3", "0 < X", "0 < Y <= 1/2"),
        (("X", "7/10*alpha"), ("Y", "alpha*beta/4")),
        (Variant("by alpha b/(2m)", then=("beta*(X - X**2/2) - Y - Y**2 >= alpha*beta/2",)),),
    ),
    Lemma(
        # t = alpha mu <= eta <= 1/5; the factor is at least s (1 + 19 t / 20), E t = eta / m.
        "with replacement, C <= 1/(4m): log |c_i| grows by eta/(2m) a step on average",
        "t eta beta",
        ("0 <= t <= 1/5", "0 < eta <= 1/5", "0 < beta <= 1"),
        ("z - z**2/2 >= 17/20*t", "17/20*eta*beta - Y - Y**2 >= eta*beta/2", "0 < Y <= 1/2"),
        (("z", "19/20*t"), ("Y", "eta*beta/4")),
        (Variant("by eta/m", then=("17/20*eta*beta - Y - Y**2 >= eta*beta",)),),
    ),
    Lemma(
        # The leader has x = c_*^2; the other active points have energy at most e x in all.
        "the leader alone: factors of its correlation",
        "N S x e alpha beta",
        (*BATCH, "0 < x <= N", "0 <= e <= beta <= 1"),
        (
            "not (x <= 1/4 and S <= x*(1 + e)) or s + g >= 1 + 9/20*alpha",
            "s + g >= 1 - alpha/10",
            "not S <= x*e or s >= 1 - alpha*e*x",
        ),
        FACTORS,
        (
            Variant(
                "x up to 1", then=("not (x <= 1 and S <= x*(1 + e)) or s + g >= 1 + 9/20*alpha",)
            ),
        ),
    ),
    Lemma(
        "the leader alone, x <= 1/4: log |c_*| grows by alpha b/(7m) a step on average",
        "alpha beta",
        ("0 < beta <= 1", BATCH[1]),
        ("beta*(X - X**2/2) - Y - Y**2 >= alpha*beta/7", "0 < X", "0 < Y <= 1/2"),
        (("X", "9/20*alpha"), ("Y", "alpha*beta/4")),
        (Variant("by alpha b/(5m)", then=("beta*(X - X**2/2) - Y - Y**2 >= alpha*beta/5",)),),
    ),
    Lemma(
        # mu times in the batch, o: alpha times the energy of the others in it.
        "the leader alone, with replacement: factors of its correlation",
        "N x alpha b mu o",
        ("0 < x <= N <= 21/20", "0 <= mu <= b", "alpha > 0", "alpha*b <= 1/5", "o >= 0"),
        (
            "not x <= 1/4 or f >= 1 + 7/10*alpha*mu - o",
            "f >= 1 - alpha*mu/10 - o",
        ),
        (("f", "1 - alpha*mu*x - o + mu*alpha*(2 - N)"),),
        (Variant("x up to 1", then=("not x <= 1 or f >= 1 + 7/10*alpha*mu - o",)),),
    ),
    Lemma(
        # c' = c (1 + 2 alpha (1 - c^2)), one point alone with N = c^2.
        "the last phase contracts",
        "c alpha",
        ("c > 0", "c**2 <= 21/20", "0 < alpha <= 1/5"),
        (
            "c*(1 + 2*alpha*(1 - c**2)) - 1 == (c - 1)*(1 - 2*alpha*c*(1 + c))",
            "-(1 - 2*alpha*c) <= 1 - 2*alpha*c*(1 + c) <= 1 - 2*alpha*c",
            "1 - 2*alpha*c > 0",
        ),
        variants=(Variant("alpha up to 3/5", ("0 < alpha <= 1/5",), ("0 < alpha <= 3/5",)),),
    ),
)


@smt("smt.sgd_drift")
def ratio_gains(statements: Sequence[Lemma] = DRIFT) -> Iterator[Margin]:
    """The log ratio of a larger to a smaller active correlation has a drift of at least q log(1 +
    (19/28) alpha^2 (x - y)), q = b (m - b)/(m (m - 1)), at every point of the trap region, and
    bounded steps.
    """
    return lemmas(statements)


@smt("smt.sgd_growth")
def growth(statements: Sequence[Lemma] = GROWTH) -> Iterator[Margin]:
    """Small active correlations grow on average, and one point that is left alone is reached."""
    return lemmas(statements)


def drift_bound(rate: float, size: int, count: int) -> float:
    """Lower bound of the drift of R next to a data point.

    Args:
        rate: Step size over batch size.
        size: Batch size.
        count: Number of data points, above the batch size.

    Returns:
        The bound.
    """
    mean = (count - size) / (count - 1)
    lost = math.log1p(rate * size / (count - 1))
    return -size / count * math.log1p(-rate * mean) - (count - size) / count * lost


def pair_bound(rate: float, size: int, count: int, gap: float) -> float:
    """Lower bound of the drift of the log ratio of two active correlations, anywhere.

    Args:
        rate: Step size over batch size.
        size: Batch size.
        count: Number of data points.
        gap: Difference of the squares of the two.

    Returns:
        The bound (``smt.sgd_drift``).
    """
    chance = size * (count - size) / (count * (count - 1))
    return chance * math.log1p(19 / 28 * rate**2 * gap)


def _after(subject: Subject, case: RunCase, start: np.ndarray) -> np.ndarray:
    """Take one step from one point of R^(m+1), for every batch of size b.

    Returns:
        The correlations, shape ``(batches, m)``.
    """
    batches = np.array(list(itertools.combinations(range(case.m), case.batch_size)))
    data = make_data(standard_basis(case.m, case.m + 1))
    problem = Problem(data, case.activation, case.step_size)
    engine = subject.stepped("dense", problem, np.tile(start, (len(batches), 1)), [batches])
    return np.asarray(engine.correlations().numpy())


def _mini_batches() -> SearchStrategy[RunCase]:
    return runs(largest=7, proper=True, replicas=1)


@check(
    "sgd_drift.all_batches",
    EvidenceKind.PROPERTY,
    bound="rounding of one step, divided by the smallest correlation",
    cases=_mini_batches,
    examples=150,
)
def all_batches(subject: Subject, case: RunCase, scale: float = 1.0) -> Iterator[Margin]:
    """Averaged over all batches of size b < m, the drift of the log ratios in core's steps is at
    least the proved bounds: of every active pair anywhere, of R next to a data point.
    """
    count, size, rate = case.m, case.batch_size, case.alpha
    # Anywhere: every pair of active correlations. Off-span energy fills the norm to at most 1.
    c = case.correlations[0]
    start = np.append(c, 0.5 * math.sqrt(1 - float(c @ c)))
    after = np.abs(_after(subject, case, start))
    logs = (np.log(after) - np.log(np.abs(c))).mean(0)
    active = np.flatnonzero(c > 0) if case.activation is Activation.RELU else np.arange(count)
    # One step is 16 roundings of numbers of size 1 at most, magnified where c is small.
    allowed = 32 * EPS / float(np.abs(c[active]).min())
    for i, j in itertools.permutations(active, 2):
        gap = float(c[i] ** 2 - c[j] ** 2)
        if gap < 0:
            continue
        bound = scale * pair_bound(rate, size, count, gap)
        short = max(0.0, bound - float(logs[i] - logs[j]))
        yield Margin("drift of a pair's log ratio below its bound", short, allowed, len(after))
    # Next to a data point, the others of size d; S and N are off by (m - 1) d^2 at most.
    d = 1e-7
    others = d * np.abs(c[1:]) / np.abs(c[1:]).max()
    after = np.abs(_after(subject, case, np.concatenate([[1.0], others, [0.0]])))
    ratios = np.log(after[:, 0] / after[:, 1:].sum(1)) + math.log(float(others.sum()))
    short = max(0.0, scale * drift_bound(rate, size, count) - float(ratios.mean()))
    yield Margin("drift of R below its bound", short, 32 * EPS / d + 16 * d**2, len(after))
