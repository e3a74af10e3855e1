"""Lemmas on SGD with b < m: its fixed points, its drift towards one point, its last phase.

Two active points i and j, ``x = c_i^2 >= y = c_j^2``. Batches that hold both or neither keep
``|c_i / c_j|``. The others come in pairs: the same rest of the batch, of energy P, with i or j.
With i the ratio is multiplied by ``k_i = 1 + g / s_i``, ``s_i = 1 - alpha (P + x)``, with j it is
divided by ``k_j``, and ``k_i >= k_j``. So the drift of ``log |c_i / c_j|`` is
``q E[log (k_i / k_j)]``, ``q = b (m - b) / (m (m - 1))``, and not negative anywhere in the trap
region. That is all the randomness that is needed;
the claim ``convergence.sgd_single_point`` adds it up.
"""

from __future__ import annotations

from collections.abc import Iterator

from whichmin.verification.evidence.check import Margin
from whichmin.verification.provers.smt import Lemma, Variant, lemmas, smt
from whichmin.verification.topics.descent.lemmas import BATCH, BATCH_STEP

__all__ = ["LEMMAS"]

FACTORS = BATCH_STEP[:2]

FIXED_POINTS = (
    Lemma(
        # x: an active correlation in the batch, squared; y: one outside; o: all that is left.
        "fixed points of the map of a batch with an active point",
        "N S x y o alpha",
        ("x > 0", "y >= 0", "o >= 0", "alpha > 0", "S >= x", "N == S + y + o",
         "(s + g - 1)*x == 0", "(s - 1)*y == 0", "(s - 1)*o == 0"),
        ("y == 0", "o == 0", "S == 1", "N == 1"),
        FACTORS,
        (
            Variant(
                "y in the batch too",
                ("S >= x", "N == S + y + o", "(s - 1)*y == 0"),
                ("S >= x + y", "N == S + o", "(s + g - 1)*y == 0"),
            ),
            Variant("x = 0 allowed", ("x > 0",), ("x >= 0",)),
        ),
    ),
    Lemma(
        "one point drawn b times, with replacement",
        "N x o alpha b",
        ("x > 0", "o >= 0", "alpha > 0", "b >= 1", "N == x + o",
         "(1 - alpha*b*x + b*alpha*(2 - N) - 1)*x == 0", "alpha*b*x*o == 0"),
        ("o == 0", "x == 1"),
        variants=(Variant("x = 0 allowed", ("x > 0",), ("x >= 0",)),),
    ),
    Lemma(
        "a data point is fixed under every batch",
        "N S x o alpha",
        ("N == 1", "x == 1", "N == x + o", "o >= 0", "S == 1 or S == 0"),
        ("o == 0", "S == 0 or s + g == 1", "not S == 0 or s == 1"),
        FACTORS,
        (Variant("N = 11/10", ("N == 1",), ("N == 11/10",)),),
    ),
)  # fmt: skip

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
        # log(1 + X) >= X - X^2/2, log(1 - Y) >= -Y - Y^2 for Y <= 1/2: see drift.logarithms.
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

WALK = (
    Lemma(
        # mu = (m - b)/(m - 1), t = b/(m - 1): shares of a batch that are averaged over.
        "drift of the log ratio: the first orders cancel",
        "m b mu t",
        ("m > 1", "1 <= b < m", "mu*(m - 1) == m - b", "t*(m - 1) == b"),
        ("b*mu == (m - b)*t", "0 < mu <= 1", "t > 0"),
        variants=(
            Variant("mu = (m - b)/m", ("mu*(m - 1) == m - b",), ("mu*m == m - b",)),
            Variant("b = m", ("1 <= b < m",), ("1 <= b <= m",)),
        ),
    ),
    Lemma(
        # -log(1 - z) >= z + z^2/2 and log(1 + v) <= v for z = alpha mu, v = alpha t.
        "drift of the log ratio: at least (b/2m) (alpha mu)^2",
        "m b mu t alpha D",
        ("m > 1", "1 <= b < m", "b*mu == (m - b)*t", "0 < mu <= 1", "0 < alpha < 1",
         "m*D >= b*(alpha*mu + (alpha*mu)**2/2) - (m - b)*alpha*t"),
        ("m*D >= b*(alpha*mu)**2/2", "D > 0"),
        variants=(
            Variant("without the second order",
                    ("m*D >= b*(alpha*mu + (alpha*mu)**2/2) - (m - b)*alpha*t",),
                    ("m*D >= b*alpha*mu - (m - b)*alpha*t",)),
        ),
    ),
    Lemma(
        "rate of separation: its two factors",
        "m b alpha q",
        ("m > 1", "1 <= b < m", "0 < alpha < 1", "q*m*(m - 1) == b*(m - b)"),
        ("q > 0", "0 < 1 - alpha**2 < 1"),
        variants=(Variant("b = m", ("1 <= b < m",), ("1 <= b <= m",)),),
    ),
    Lemma(
        # d: how much more often one point is drawn than the other; at the vertex the log ratio
        # changes by log(1 - alpha d) or log(1 + alpha d), equally likely.
        "rate of separation, with replacement: its arguments, for every b",
        "alpha d b",
        ("0 < d <= b", "0 < alpha*b < 1"),
        ("0 < 1 - (alpha*d)**2 < 1",),
        variants=(Variant("d = 0", ("0 < d <= b",), ("0 <= d <= b",)),),
    ),
)  # fmt: skip

LEMMAS = {
    "smt.sgd_fixed_points": FIXED_POINTS,
    "smt.sgd_drift": DRIFT,
    "smt.sgd_growth": GROWTH,
    "smt.walk": WALK,
}


@smt("smt.sgd_fixed_points")
def sgd_fixed_points() -> Iterator[Margin]:
    """A batch with an active point fixes just the unit sphere of its active directions, so what all
    batches of size b < m fix, beside dead points, are single data points.
    """
    return lemmas(LEMMAS["smt.sgd_fixed_points"])


@smt("smt.sgd_drift")
def sgd_drift() -> Iterator[Margin]:
    """The log ratio of a larger to a smaller active correlation has a drift of at least q log(1 +
    (19/28) alpha^2 (x - y)), q = b (m - b)/(m (m - 1)), at every point of the trap region, and
    bounded steps.
    """
    return lemmas(LEMMAS["smt.sgd_drift"])


@smt("smt.sgd_growth")
def sgd_growth() -> Iterator[Margin]:
    """Small active correlations grow on average, and one point that is left alone is reached."""
    return lemmas(LEMMAS["smt.sgd_growth"])


@smt("smt.walk")
def walk() -> Iterator[Margin]:
    """Near a data point the drift of the log ratio is positive for every b < m, its first orders
    cancel, and the rate of separation is negative.
    """
    return lemmas(LEMMAS["smt.walk"])
