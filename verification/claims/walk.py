"""Claims on ``R_t = log(|c_*| / sum of the other |c_j|)`` and the proof that uses it."""

from __future__ import annotations

from whichmin.verification.evidence.claim import Claim, Counterexample
from whichmin.words import Verdict

__all__ = ["CLAIMS"]

PROOF = "000, How the SGD Convergence Proof Works"
FAQ = "000, Frequently Asked Questions: What is non-homogeneous random walk theory"

CLAIMS = (
    Claim(
        id="walk.constant",
        brief="GD keeps R_t; with negative correlations not for ReLU",
        statement="Full-batch GD keeps R_t, taken over all points, exactly constant.",
        source=(PROOF,),
        verdict=Verdict.REFUTED,
        hypotheses=("orthonormal data",),
        evidence=("refuted.walk_constant_relu",),
        counterexample=Counterexample(
            "ReLU, c = (0.6, -0.3), step size 0.2: the active coordinate grows, the inactive one "
            "shrinks; R goes from log 2 = 0.693 to 0.842 in one step.",
            "import numpy as np\n"
            "w = np.array([0.6, -0.3])\n"
            "c = np.maximum(w, 0)\n"
            "v = w - 0.2 * ((w @ w - 2) * c + (c @ c) * w) / 2\n"
            "print([round(float(np.log(abs(u[0] / u[1]))), 3) for u in (w, v)])\n",
            "[0.693, 0.842]",
        ),
        corrected=("walk.constant_active",),
    ),
    Claim(
        id="walk.constant_active",
        statement=(
            "Full-batch GD keeps R_t constant if the sum runs over active points: all points for "
            "the linear neuron, those of positive correlation for ReLU."
        ),
        source=("whichmin",),
        verdict=Verdict.PROVED,
        hypotheses=("orthonormal data", "signs do not change"),
        evidence=("derivations.consistency", "derivations.chains"),
        formulas=("dynamics.active_factor",),
        argument="All active correlations have the same factor in a full-batch step.",
    ),
    Claim(
        id="walk.gain",
        brief="drawing the leader raises R_t by log(1/(1 - eta)); by less, down to 0, for b > 1",
        statement=(
            "Whenever the leading point is in the batch, R_t rises by about log(1/(1 - eta)), at "
            "every batch size."
        ),
        source=(PROOF,),
        verdict=Verdict.REFUTED,
        hypotheses=("orthonormal data", "R_t large"),
        evidence=("refuted.walk_gain",),
        counterexample=Counterexample(
            "Linear, m = 3, b = 2, step size 0.2, c = (1, 1e-6, 1e-6), batch {1, 2}: R rises by "
            "0.051, not by 0.223; the second point keeps pace with the leader.",
            "import numpy as np\n"
            "w = np.array([1, 1e-6, 1e-6])\n"
            "c = w * [1, 1, 0]\n"
            "v = w - 0.2 * ((w @ w - 2) * c + (c @ c) * w) / 2\n"
            "R = lambda u: np.log(u[0] / u[1:].sum())\n"
            "print((R(v) - R(w)).round(3), -np.log(0.8).round(3))\n",
            "0.051 0.223",
        ),
        corrected=("walk.increments",),
    ),
    Claim(
        id="walk.decrease",
        brief="R_t falls in proportion to the other correlations; it falls by up to log(1 + eta/b)",
        statement=(
            "When the leading point is not in the batch, R_t falls by an amount proportional to "
            "the other correlations, small when they are."
        ),
        source=(PROOF,),
        verdict=Verdict.REFUTED,
        hypotheses=("orthonormal data", "R_t large"),
        evidence=("refuted.walk_loss",),
        counterexample=Counterexample(
            "Linear, m = 2, b = 1, step size 0.2, the second point drawn: R falls by log 1.2 = "
            "0.182 at c_2 = 1e-3 and at c_2 = 1e-6 alike.",
            "import numpy as np\n"
            "for x in (1e-3, 1e-6):\n"
            "    w = np.array([1, x])\n"
            "    v = w - 0.2 * ((w @ w - 2) * np.array([0, x]) + x**2 * w)\n"
            "    print(np.log(v[1] / v[0] / x).round(3))\n",
            "0.182\n0.182",
        ),
        corrected=("walk.increments",),
    ),
    Claim(
        id="walk.increments",
        statement=(
            "Next to a data point R_t rises by -log(1 - alpha (1 - q)) when that point is drawn "
            "and falls by log(1 + alpha q) when it is not; q is the batch's share of the sum of "
            "the other |c_j|, alpha = eta/b."
        ),
        source=("whichmin",),
        verdict=Verdict.PROVED,
        hypotheses=("orthonormal data", "in the limit c_* = |w| = 1"),
        evidence=("walk.increments",),
        formulas=("dynamics.active_factor", "dynamics.inactive_factor"),
        argument="At b = 1 these are -log(1 - eta), as in the source, and log(1 + eta q).",
    ),
    Claim(
        id="walk.transience",
        brief="bounded steps and positive drift far out give escape; only if unbounded for sure",
        statement=(
            "A process on a half-line with bounded increments and a drift that is bounded below by "
            "a positive constant far out tends to infinity with probability 1."
        ),
        source=(PROOF, FAQ),
        verdict=Verdict.REFUTED,
        evidence=("refuted.transience",),
        counterexample=Counterexample(
            "From x > 0 up by 1 with probability 2/3, down by 1 with 1/3; stuck at 0. The drift is "
            "1/3 everywhere but at 0. From 1 it is stuck with probability 1/2.",
            "import numpy as np\n"
            "p = np.zeros(200)\n"
            "p[1] = 1\n"
            "for _ in range(150):\n"
            "    new = np.zeros(200)\n"
            "    new[0] = p[0] + p[1] / 3\n"
            "    new[1:-1] += p[2:] / 3\n"
            "    new[2:] += p[1:-1] * 2 / 3\n"
            "    p = new\n"
            "print(p[0].round(4))\n",
            "0.5",
        ),
        corrected=("walk.transience_unbounded",),
        remark="Menshikov and Wade's theorem assumes that the process is unbounded almost surely.",
    ),
    Claim(
        id="walk.transience_unbounded",
        statement=(
            "With bounded increments, drift at least e > 0 beyond some level, and the process "
            "unbounded with probability 1, it tends to infinity with probability 1."
        ),
        source=("Menshikov and Wade 2010; as used in Ghosh et al. 2025, Proposition 8",),
        verdict=Verdict.PROVED,
        evidence=("walk.supermartingale",),
        argument=(
            "Beyond the level x0, f(X) = exp(-d X) does not grow in the mean for d = (2/B) artanh "
            "(e/B): its convexity puts it below a chord, whose mean is 1 (the identity). So from "
            "x0 + h the chance of ever returning below x0 is at most exp(-d h). An unbounded "
            "process passes every x0 + h, so it returns below x0 for ever with probability 0; this "
            "holds for every x0 (the drift condition holds beyond all larger levels)."
        ),
    ),
)
