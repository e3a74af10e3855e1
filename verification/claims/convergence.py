"""Claims on convergence: of GD to a minimum, of SGD to one data point, with their proofs.

The solver proves inequalities in a few real variables; each ``argument`` adds them up. Notation as
in ``checks/smt.py``: C and R for full batches, ``X_j = log |c_*/c_j|`` for mini-batches, where
c_* is a correlation that stands out and ``x = c_*^2``. "Active" are the c_i other than 0 (linear)
or above 0 (ReLU) at the start; they stay so (``invariants.signs``), and the others stay inactive.
"""

from __future__ import annotations

from whichmin.verification.evidence.claim import Claim
from whichmin.words import Verdict

__all__ = ["CLAIMS"]

DATA = "orthonormal data"
BOTH = "linear or ReLU"
FULL = (DATA, BOTH, "|w0|^2 + C(0) <= 2, which |w0| <= 1 implies", "eta <= m/4")
START = ("|w0|^2 <= 21/20", "some active correlation", "batches drawn independently and uniformly")
MINI = (DATA, BOTH, "b < m", "without replacement", "alpha = eta/b <= 1/5", *START)
REPLACED = (DATA, BOTH, "m >= 2", "any b >= 1", "with replacement", "eta <= 1/5", *START)
SGD = "000, What Mini-Batch SGD Learns"
PIECES = ("smt.trap_region", "smt.signs", "smt.sgd_drift", "smt.sgd_growth")
PARTS = ("smt.notation", "sgd_drift.logarithms", "walk.supermartingale", "derivations.chains")

GD_STEP = (
    "With a = eta/m, C the energy of the active correlations, R = |w|^2 - C and u = 2 - 2C - R, "
    "a step makes C' = (1 + a u)^2 C and R' = (1 - a C)^2 R. "
)

MARTINGALE = (
    "(4) Choose the leader *, the largest |c|, at a time with C > d, and put Y_j = X_j + l log "
    "|c_*| with a small l > 0. Far out, where every other active c_j^2 is at most e x with a "
    "small e: if x > 1/4, X_j has a drift bounded below by (2), l log |c_*| loses at most a "
    "multiple of l; if x <= 1/4, X_j has a drift >= 0 and log |c_*| one bounded below by 'the "
    "leader alone' in smt.sgd_growth. So for small l and e every Y_j has a drift of at least some "
    "positive constant, and bounded steps: exp(-t Y_j) is a supermartingale for small t > 0 "
    "(walk.supermartingale). Starting with all Y_j large, the chance of ever leaving the far-out "
    "region is at most 1/2 (exit means that some X_j, hence Y_j, is below a fixed level). "
)
ENDING = (
    "(6) Once that never happens, Y_j/t has a positive lower limit (law of large numbers for "
    "bounded martingale differences), and so has X_j/t, since |c_*| is bounded: the energy of the "
    "other active points is at most e_t x with e_t falling exponentially, so sum e_t is finite. "
    "Batches without * multiply c_* by 1 - O(e_t), batches with * by at least 1 + a positive "
    "constant while x <= 1/4 and by at least 1 - eta/10 otherwise, up to O(e_t); * is drawn "
    "infinitely often; so x stays away from 0. Then R, which never grows, is multiplied infinitely "
    "often by a factor bounded below 1: R -> 0. A batch with * now makes |c_*| from |c_*| as in "
    "'the last phase contracts', up to O(e_t + R): |1 - |c_*|| is multiplied by at most "
    "1 - 2 alpha |c_*|, a factor bounded below 1 (smt.sgd_growth), and other batches move it by "
    "O(e_t); hence |c_*| -> 1. This is convergence to a_* times the sign of c_*. "
)
LEVY = (
    "(7) From every state with C > d the chance of convergence is thus at least some p > 0, which "
    "does not depend on the state; by (3) such a state comes after every time t, so the chance "
    "given the first t steps is at least p for all t. By Levy's 0-1 law it tends to 1 or 0 "
    "according to whether w converges: it converges with probability 1."
)

CLAIMS = (
    Claim(
        id="convergence.gd_descent",
        statement=(
            "Every step of full-batch GD lowers the loss by at least (eta/2) |grad L|^2 if "
            "eta <= m/4 and |w|^2 + C <= 2, or if eta <= m/5 and |w|^2 <= 21/20; both regions are "
            "kept."
        ),
        source=("whichmin",),
        verdict=Verdict.PROVED,
        hypotheses=(DATA, BOTH),
        evidence=(
            "certificates.gd_descent",
            "certificates.gd_region",
            "smt.gd_descent",
            "smt.trap_region",
        ),
        lemmas=(
            "smt.notation",
            "derivations.chains",
        ),
        formulas=(
            "landscape.loss",
            "landscape.gradient_energy",
            "dynamics.gd_active_energy",
            "dynamics.gd_rest_energy",
        ),
        argument=GD_STEP + "With M = u^2 + R C, m^2 |grad L|^2 = C M and "
        "2m (L - L') - a C M = a C (u^2 X + C R Y), where X = 1 - a(4C - u) - 4 a^2 u C - a^3 C M "
        "and Y = 1 - a(C - 4u) - 2 a^2 u C + 2 a^2 u^2 are not negative in either region. In the "
        "first the whole is also a sum of 26 products of constraints, checked by multiplying out.",
    ),
    Claim(
        id="convergence.gd_growth",
        statement=(
            "Under full-batch GD with eta <= m/4 the energy C of the active correlations never "
            "falls and |w|^2 + C <= 2 stays so; m/4 is the largest such step size."
        ),
        source=("whichmin",),
        verdict=Verdict.PROVED,
        hypotheses=(DATA, BOTH, "|w0|^2 + C(0) <= 2"),
        evidence=("certificates.gd_region", "smt.gd_growth"),
        lemmas=(
            "smt.notation",
            "derivations.chains",
        ),
        formulas=("dynamics.gd_active_energy", "dynamics.gd_rest_energy"),
        argument=GD_STEP + "u >= 0 is |w|^2 + C <= 2, and then C' >= C. It is kept since "
        "u' = u (1 - 4aC - 2 a^2 u C) + a C R (2 - a C), both terms being sums of products of "
        "constraints. A millionth beyond a = 1/4 the solver gives a point where u' < 0.",
        remark="Beyond it |w| overshoots; the minima attract as long as 4 eta/m < 2 (gd.rates).",
    ),
    Claim(
        id="convergence.gd_fixed_points",
        statement=(
            "In the ball |w|^2 <= 21/20 full-batch GD with eta <= m/5 has no fixed point with an "
            "active correlation but the global minima."
        ),
        source=("whichmin",),
        verdict=Verdict.PROVED,
        hypotheses=(DATA, BOTH),
        evidence=("smt.gd_growth",),
        lemmas=(
            "smt.notation",
            "derivations.chains",
        ),
        argument=GD_STEP + "C' = C > 0 and R' = R leave C = 1, R = 0 only.",
    ),
    Claim(
        id="convergence.gd_limit",
        statement=(
            "Full-batch GD with any step size up to m/4 converges to the part of w0 along the "
            "active points, normalised: linear Pw0/|Pw0|; ReLU over the points of positive "
            "correlation."
        ),
        source=(
            "000, What Full-Batch Gradient Descent Learns",
            "Ghosh et al. 2025, Theorem 1",
            "whichmin",
        ),
        verdict=Verdict.PROVED,
        hypotheses=(*FULL, "linear: Pw0 != 0; ReLU: some c_i(0) > 0"),
        evidence=("smt.gd_growth", "certificates.gd_region"),
        lemmas=(
            "derivations.consistency",
            "smt.notation",
            "derivations.chains",
            "limits.gradient_descent",
        ),
        formulas=("dynamics.gd_limit",),
        argument=GD_STEP + "By convergence.gd_growth u >= 0 for ever and C never falls; as "
        "2C <= |w|^2 + C <= 2 it has a limit, at least C(0) > 0. So C'/C = (1 + a u)^2 -> 1, that "
        "is u -> 0. And R' <= (1 - a C(0))^2 R with 0 < a C(0) <= 1/4, so R -> 0: all that is not "
        "along active points vanishes. Then u -> 0 says C -> 1. All active correlations have the "
        "same factor 1 + a u >= 1 in every step, the others 1 - a C >= 3/4, so the active set and "
        "the ratios of its correlations are those of the start (derivations.consistency), signs "
        "included: c_i -> c_i(0)/sqrt(C(0)).",
        remark="The source has eta <= 1/5 and |w0| < 1.",
    ),
    Claim(
        id="convergence.sgd_single_point",
        statement=(
            "With probability 1 mini-batch SGD with b < m converges to a single data point: linear "
            "to sign(c_i(0)) a_i for some i with c_i(0) != 0, ReLU to a_i for some i with "
            "c_i(0) > 0."
        ),
        source=(
            SGD,
            "000, Key Points",
            "000, Frequently Asked Questions",
            "002, abstract",
            "003, Why This Matters: another batch size, another solution",
            "Ghosh et al. 2025, Theorem 2",
        ),
        verdict=Verdict.PROVED,
        hypotheses=MINI,
        evidence=PIECES,
        lemmas=(*PARTS, "sgd_drift.all_batches", "limits.mini_batch"),
        formulas=("dynamics.active_factor", "dynamics.inactive_factor"),
        argument=(
            "(1) |w|^2 <= 21/20, signs and the active set are kept (smt.trap_region, smt.signs); "
            "factors are in [79/100, 7/5], so logarithms make bounded steps. (2) Let x = c_i^2 >= "
            "y = c_j^2. Pair each batch that has i and not j with the one that has j in its place: "
            "the drift of log |c_i/c_j| is q E log[k_i/k_j] >= q log(1 + (19/28) alpha^2 (x - y)) "
            ">= 0, q = b(m - b)/(m(m - 1)), at every point (smt.sgd_drift). (3) While C <= d = "
            "b/(4m), log |c_i| of any active i has a drift of at least alpha b/(3m), and it is "
            "bounded above by (log d)/2: C > d after a time of finite mean. "
            + MARTINGALE
            + "(5) From any state with C > d that start is reached in a fixed number of steps with "
            "a chance bounded below: x >= d/m; go round m - 1 batches with * of which each leaves "
            "out another j (b < m). Each time j is left out X_j grows by at least "
            "log(1 + 19 alpha/20), no other time does it fall, and log |c_*| loses at most "
            "-log(1 - alpha/10) a step, so all Y_j grow without bound for small l. " + ENDING + LEVY
        ),
        remark=(
            "No random walk on R_t is needed: log ratios of pairs have a drift of one sign "
            "everywhere, whereas that of R_t can be negative (walk.drift_far_out)."
        ),
    ),
    Claim(
        id="convergence.sgd_with_replacement",
        statement=(
            "The same with replacement: with probability 1 SGD converges to a single data point, "
            "with the sign of its first correlation, for every batch size, b = m and b > m "
            "included."
        ),
        source=("whichmin",),
        verdict=Verdict.PROVED,
        hypotheses=REPLACED,
        evidence=PIECES,
        lemmas=(*PARTS, "limits.mini_batch"),
        formulas=("dynamics.active_factor", "dynamics.inactive_factor"),
        argument=(
            "(1) |w|^2 <= 21/20 and the signs are kept (invariants.trap_with_replacement), factors "
            "are in [79/100, 7/5]. (2) Let i and j occur mu and nu times, mu > nu, and pair that "
            "batch with the one where they are exchanged: over both, the ratio |c_i/c_j| with "
            "x >= y gains at least the factor 1 + (19/40) alpha^2 (x - y) (smt.sgd_drift), so its "
            "logarithm has a drift of at least half the chance of mu != nu times the logarithm of "
            "that. (3) While C <= d = 1/(4m), S <= b d, and log |c_i| of any active i has a drift "
            "of at least eta/(2m) (smt.sgd_growth; the mean of alpha mu is eta/m). "
            + MARTINGALE
            + "With replacement the leader's factor is at least 1 + 7 alpha mu/10 while x <= 1/4, "
            "up to O(e), so its logarithm has a positive drift too. (5) The batch that is * b "
            "times has a positive chance, raises every X_j by at least log(1 + 19 eta/20) and lets "
            "log |c_*| lose at most -log(1 - eta/10): a fixed number of them reaches that start. "
            + ENDING
            + "In it alpha stands for alpha mu, mu the multiplicity of *. "
            + LEVY
        ),
        remark="Without replacement b = m is GD and keeps the mixture (convergence.gd_limit).",
    ),
    Claim(
        id="convergence.sgd_every_active_point",
        statement=(
            "Every data point with an active correlation at the start is the limit of mini-batch "
            "SGD (b < m) with positive probability, so the set of possible limits is exactly "
            "{sign(c_i(0)) a_i : i active}."
        ),
        source=(SGD,),
        verdict=Verdict.PROVED,
        hypotheses=MINI,
        evidence=PIECES,
        lemmas=(*PARTS, "limits.mini_batch"),
        argument=(
            "In the proof of convergence.sgd_single_point take any active point for * and any "
            "state for the start: c_* is not 0, so finitely many rounds of step (5) make all Y_j "
            "large with positive probability, and from there * is the limit with chance at least "
            "1/2 by (4) and (6). No other points are possible by convergence.sgd_single_point."
        ),
        remark="The chance may be tiny; for two points see the selection law.",
    ),
    Claim(
        id="convergence.sgd_rate",
        statement=(
            "With probability 1, (1/t) log |c_j(t)/c_*(t)| tends to lambda = "
            "[b(m - b)/(m(m - 1))] log(1 - alpha^2) < 0 for every other active j, where a_* is "
            "SGD's limit: the rate at which SGD becomes sparse, for every b < m; 0 at b = m."
        ),
        source=("whichmin",),
        verdict=Verdict.PROVED,
        hypotheses=MINI,
        evidence=("smt.walk", *PIECES),
        lemmas=(*PARTS, "dynamics.sgd_rates"),
        formulas=("dynamics.separation_rate",),
        argument=(
            "w converges to +-a_* with probability 1 (convergence.sgd_single_point). For each of "
            "the finitely many batches the change of log |c_j/c_*| is a continuous function of "
            "(S, N), so its mean given the past tends to the value at the limit, which is lambda "
            "(dynamics.separation_rate, derived). Its steps are bounded; by the law of large "
            "numbers for martingale differences the average change tends to lambda. For b < m the "
            "factor b(m - b) is positive and 0 < 1 - alpha^2 < 1. At b = m ratios never change."
        ),
    ),
    Claim(
        id="convergence.sgd_rate_with_replacement",
        statement=(
            "With replacement, with probability 1 (1/t) log |c_j(t)/c_*(t)| tends to the sum over "
            "d >= 1 of P(D = d) log(1 - alpha^2 d^2) for every other active j, D the difference of "
            "the two points' multiplicities in a batch: negative for every b, b = m included."
        ),
        source=("whichmin",),
        verdict=Verdict.PROVED,
        hypotheses=REPLACED,
        evidence=("smt.walk", "sgd_drift.logarithms", *PIECES),
        lemmas=("smt.notation", "walk.supermartingale", "derivations.chains", "dynamics.sgd_rates"),
        formulas=("dynamics.active_factor",),
        argument=(
            "As for convergence.sgd_rate. At the limit a batch with k_j and k_* copies multiplies "
            "|c_j/c_*| by 1 - alpha (k_* - k_j) (identity); D and -D are equally likely, and each "
            "pair makes log(1 - alpha^2 d^2), where 0 < alpha d <= eta <= 1/5. D is not 0 with "
            "positive probability for every b >= 1 and m >= 2."
        ),
    ),
    Claim(
        id="convergence.finds_minimum_active",
        statement=(
            "From |w0| <= 1 with some active correlation, SGD with eta/b <= 1/5 converges to a "
            "global minimum with probability 1 for every batch size from 1 to m."
        ),
        source=("whichmin",),
        verdict=Verdict.PROVED,
        hypotheses=(DATA, BOTH, "without replacement", "batches drawn independently and uniformly"),
        evidence=(*PIECES, "smt.gd_growth", "certificates.gd_region", "smt.landscape"),
        lemmas=(*PARTS, "derivations.consistency", "limits.mini_batch", "limits.gradient_descent"),
        argument=(
            "b < m: convergence.sgd_single_point, and +-a_i (ReLU: a_i) is a global minimum, since "
            "C = N = 1 there. b = m: convergence.gd_limit, as |w0| <= 1 implies |w0|^2 + C <= 2."
        ),
    ),
)
