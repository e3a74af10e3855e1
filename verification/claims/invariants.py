"""Claims on what every step keeps, and on the points where nothing moves."""

from __future__ import annotations

from whichmin.verification.evidence.claim import Claim
from whichmin.words import Verdict

__all__ = ["CLAIMS"]

DATA = "orthonormal data"
ONE_STEP = (
    "One step, whatever m and n: let S be the sum of c_i^2 over the active points of the batch "
    "(linear: all; ReLU: those with c_i > 0), s = 1 - alpha S and g = alpha (2 - N). The active "
    "correlations of the batch are multiplied by s + g, all other coordinates by s "
    "(derivations.chains), so N' = s^2 (N - S) + (s + g)^2 S, and all that is known of S is "
    "0 <= S <= N."
)

CLAIMS = (
    Claim(
        id="invariants.trap_region",
        statement=(
            "|w|^2 <= 21/20 is kept by every step of SGD on any batch of distinct points if "
            "alpha = eta/b is at most 1/5; in particular by full-batch GD with eta <= m/5."
        ),
        source=("whichmin", "000, How the SGD Convergence Proof Works"),
        verdict=Verdict.PROVED,
        hypotheses=(DATA, "linear or ReLU", "|w0|^2 <= 21/20", "alpha <= 1/5", "b distinct points"),
        evidence=("smt.trap_region", "certificates.trap_norm"),
        lemmas=("smt.notation", "derivations.chains", "dynamics.one_step"),
        formulas=("dynamics.active_factor", "dynamics.inactive_factor"),
        argument=ONE_STEP + " Three real variables are left, for which the solver proves "
        "N' <= 21/20; a certificate that is checked by multiplying out proves the same.",
        remark="The source asks for eta <= 1/5; that is alpha <= 1/5 for b = 1 and more than is "
        "needed for b > 1.",
    ),
    Claim(
        id="invariants.trap_sharp",
        statement=(
            "80/361 = 0.2216 is the largest alpha for which |w|^2 <= 21/20 is kept by every batch "
            "of distinct points; the larger ball |w|^2 <= 6/5 is kept up to alpha = 1/2."
        ),
        source=("whichmin",),
        verdict=Verdict.PROVED,
        hypotheses=(DATA, "linear or ReLU", "b distinct points", "b < m for the first part"),
        evidence=("smt.trap_region", "certificates.trap_norm"),
        lemmas=("dynamics.one_step",),
        argument=ONE_STEP + " N' - N = alpha S (B - alpha S (4 - 3N)) with "
        "B = 4(1 - N) + alpha (2 - N)^2, which at N = 21/20 is 361 alpha/400 - 1/5. Beyond "
        "alpha = 80/361 a batch whose active correlations are small but not 0 leaves the ball; the "
        "solver gives one a millionth beyond.",
    ),
    Claim(
        id="invariants.trap_with_replacement",
        statement=(
            "With replacement |w|^2 <= 21/20 and all signs of correlations are kept if eta "
            "itself is at most 1/5; alpha = eta/b <= 1/5 is not enough."
        ),
        source=("whichmin",),
        verdict=Verdict.PROVED,
        hypotheses=(DATA, "linear or ReLU", "|w0|^2 <= 21/20", "eta <= 1/5", "any b >= 1"),
        evidence=("smt.signs", "smt.trap_region"),
        lemmas=("smt.notation", "derivations.chains", "dynamics.one_step"),
        argument=(
            "A step on a batch is the mean of the b steps of size eta that its members would make "
            "alone from the same w. Each of those keeps |w|^2 <= 21/20 (smt.trap_region, b = 1), "
            "and a mean of vectors of a ball is in the ball: by induction over b from the lemma "
            "on a point between two others. Signs: S <= b N, so s = 1 - alpha S >= 1 - eta N > 0, "
            "and s + mu g > 0 for every multiplicity mu. If one point is drawn b times, S = b c^2: "
            "that step leaves the ball for eta = 1/2."
        ),
    ),
    Claim(
        id="invariants.signs",
        statement=(
            "No correlation changes its sign and none leaves 0: for each i the limit has "
            "<w, a_i> of the sign of <w0, a_i> or 0. Under ReLU the set of positive correlations "
            "stays as it was at the start."
        ),
        source=("000, What Mini-Batch SGD Learns",),
        verdict=Verdict.PROVED,
        hypotheses=(
            DATA, "linear or ReLU", "|w0|^2 <= 21/20",
            "alpha <= 1/5 for distinct points, eta <= 1/5 with replacement",
        ),
        evidence=("smt.signs", "smt.trap_region"),
        lemmas=("smt.notation", "derivations.chains", "engines.signs"),
        argument=ONE_STEP + " In the trap region, which is kept, s > 0 and s + g > 0 (with "
        "replacement s + mu g > 0), so every correlation is multiplied by a positive number.",
    ),
    Claim(
        id="invariants.critical_points",
        statement=(
            "Linear: the gradient of the loss vanishes just where no data point is represented "
            "(C = 0) and at the global minima. ReLU: just where no correlation is positive (the "
            "dead neuron) and at the global minima; there are no mixed saddles."
        ),
        source=("000, The Setup", "whichmin"),
        verdict=Verdict.PROVED,
        hypotheses=(DATA,),
        evidence=("smt.landscape",),
        lemmas=(
            "smt.notation", "derivations.chains", "derivations.critical_points",
            "landscape.critical_points",
        ),
        formulas=("landscape.gradient_energy", "landscape.gap"),
        argument=(
            "m^2 |grad L|^2 = C [(2 - 2C - R)^2 + C R] with R = N - C >= 0 (ReLU: C over the "
            "positive correlations, R with the squares of the others; the loss is continuously "
            "differentiable, since c phi(c) = phi(c)^2). For C > 0 it vanishes at C = 1, R = 0 "
            "only, which is where the loss gap [(1 - C)^2 + C R]/(2m) is 0. For C = 0 every term "
            "of the gradient has a factor phi(c_i) = 0."
        ),
    ),
    Claim(
        id="invariants.not_convex",
        statement="The loss is not convex, for either activation and any m and n.",
        source=("000, The Question Nobody Had Actually Answered", "002, abstract"),
        verdict=Verdict.PROVED,
        hypotheses=(DATA,),
        evidence=("certificates.not_convex",),
        formulas=("landscape.loss",),
        argument=(
            "The origin lies between a_1 and -a_1, and its loss 1/2 is above the mean of theirs, "
            "by 1/(2m) for the linear neuron and by 1/(4m) for ReLU."
        ),
    ),
    Claim(
        id="invariants.batch_fixed_points",
        statement=(
            "The points that a step on one batch of distinct points does not move are those with "
            "no active correlation in the batch, and the unit sphere of the batch's span (ReLU: "
            "its part without negative correlations). For b = m these are all critical points."
        ),
        source=("whichmin",),
        verdict=Verdict.PROVED,
        hypotheses=(DATA, "linear or ReLU", "any step size above 0"),
        evidence=("smt.sgd_fixed_points",),
        lemmas=("smt.notation", "derivations.chains",),
        argument=ONE_STEP + " If some active c_i in the batch is not 0, it is kept only if "
        "s + g = 1, and what has no active part in the batch only if it is 0, since S > 0; so "
        "N = S and N = 1. Without one, S = 0 and nothing moves.",
    ),
    Claim(
        id="invariants.common_fixed_points",
        statement=(
            "For b < m the points with some active correlation that no batch of b points moves are "
            "the data points and, for the linear neuron, their negatives. For b = m all global "
            "minima are such points."
        ),
        source=(
            "000, Frequently Asked Questions: Why does constant step-size SGD converge",
            "000, What Mini-Batch SGD Learns",
        ),
        verdict=Verdict.PROVED,
        hypotheses=(DATA, "linear or ReLU", "any step size above 0", "without replacement"),
        evidence=("smt.sgd_fixed_points",),
        lemmas=("smt.notation", "sgd_drift.fixed_points", "derivations.chains"),
        argument=(
            "Let i be active and j another point with c_j not 0. As b < m there is a batch with i "
            "and without j: the other b - 1 places are filled from the m - 2 points that are left. "
            "A point that this batch does not move has c_j = 0 (smt.sgd_fixed_points, y = c_j^2), "
            "a contradiction; so i is alone, and the same lemma gives N = S = c_i^2 = 1. "
            "Conversely, at a data point S is 1 or 0, and either way all factors that matter are "
            "1. With b = m there is no batch without j."
        ),
        remark="With replacement the batch that is one point b times gives the same for every "
        "b, b = m included.",
    ),
)  # fmt: skip
