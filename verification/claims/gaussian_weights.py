"""Claims on Gaussian starts: which points GD's limit contains, and with which weights."""

from __future__ import annotations

from whichmin.verification.claims.gaussian import BOTH, DENSE, RELU, START, TABLE
from whichmin.verification.evidence.claim import Claim, Counterexample
from whichmin.words import Verdict

__all__ = ["CLAIMS"]

CLAIMS = (
    Claim(
        id="gaussian.largest_weight",
        statement=(
            "The largest cosine of GD's limit with a data point is O(sqrt(log m / m)): above "
            "sqrt(4 log m/(m-1)) with probability at most 1/m (linear), above "
            "sqrt(8 log m/(m-1)) with probability at most 1/m (ReLU)."
        ),
        source=(TABLE, DENSE),
        verdict=Verdict.PROVED,
        hypotheses=(*BOTH, "m >= 2"),
        evidence=("gaussian.tails", "gaussian.shares"),
        lemmas=("gaussian.bounds_hold",),
        argument=(
            "A squared weight has the law Beta(1/2, (m-1)/2), whose tail at t is at most "
            "(1-t)^((m-1)/2): the difference is 0 at 0 and 1, rises, then falls. There are m of "
            "them, or |S+|, over whose law the union bound sums to m/2 ((1+sqrt(1-t))/2)^(m-1): at "
            "most 1/(2m) over all starts, hence at most 1/m over those that are not dead, more "
            "than half."
        ),
        remark=(
            "ReLU has the larger constant because about half of the points are active. At m = 8 "
            "the rate says nothing yet: see script.gd_largest."
        ),
    ),
    Claim(
        id="gaussian.weights",
        statement=(
            "The squared weights of linear GD's limit are the shares of m squared normal numbers: "
            "each has the law Beta(1/2, (m-1)/2), and the sum of their squares has mean 3/(m+2), "
            "for large m three times that of equal weights. ReLU: the same given |S+|, which takes "
            "the place of m."
        ),
        source=("whichmin",),
        verdict=Verdict.PROVED,
        hypotheses=BOTH,
        evidence=("gaussian.shares", "gaussian.moments", "gaussian.weights_law"),
        argument=(
            "The limit keeps the ratios of the start's (positive) correlations. Signs and squares "
            "of normal numbers are independent, so the law holds given S+."
        ),
    ),
    Claim(
        id="gaussian.equal_mixture",
        brief="GD averages all points equally; the weights are as uneven as squared normals",
        statement="GD's limit is a nearly equal mixture of all training points, an average.",
        source=(DENSE, "000, Key Points", "000, Frequently Asked Questions"),
        verdict=Verdict.REFUTED,
        hypotheses=START,
        evidence=("gaussian.uneven", "gaussian.moments", "gaussian.weights_law"),
        counterexample=Counterexample(
            "The weights are proportional to normal numbers, with random signs. Of 8 of them the "
            "largest is typically far more than twice the smallest: all within a factor 2 has "
            "probability 0.0008. The mean of 1/sum p^2 below is an effective number of points.",
            "import numpy as np\n"
            "c = np.abs(np.random.default_rng(0).normal(size=(100_000, 8)))\n"
            "ratio = c.max(1) / c.min(1)\n"
            "p = c**2 / (c**2).sum(1, keepdims=True)\n"
            "print((ratio < 2).mean().round(4), np.median(ratio).round(), end=' ')\n"
            "print((1 / (p**2).sum(1)).mean().round(1))\n",
            "0.0007 16.0 3.7",
        ),
        corrected=("gaussian.weights", "gaussian.active_set"),
        remark="ReLU: about half of the weights are exactly 0 on top of that.",
    ),
    Claim(
        id="gaussian.every_direction",
        brief="GD mixes in every point; for ReLU about half of them",
        statement="GD's limit has a component along every training direction; all are mixed in.",
        source=(DENSE, TABLE),
        verdict=Verdict.REFUTED,
        hypotheses=(*START, "linear or ReLU"),
        evidence=("gaussian.missing", "gaussian.positive_set", "gaussian.weights_law"),
        counterexample=Counterexample(
            "ReLU, standard basis of the plane, w0 = (0.5, -0.3): the limit is (1, 0), without the "
            "second point.",
            "import numpy as np\n"
            "w = np.array([0.5, -0.3])\n"
            "for _ in range(2000):\n"
            "    c = np.maximum(w, 0)\n"
            "    w = w - 0.2 * ((w @ w - 2) * c + (c @ c) * w) / 2\n"
            "print(np.abs(w).round(6))\n",
            "[1. 0.]",
        ),
        corrected=("gaussian.active_set",),
        remark="True of the linear neuron, with probability 1.",
    ),
    Claim(
        id="gaussian.active_set",
        statement=(
            "The points in ReLU GD's limit are those of S+, and |S+| has the law Binomial(m, 1/2): "
            "mean m/2, variance m/4, at most m/20 away from m/2 with probability at least "
            "1 - 100/m. Linear GD's limit contains all m."
        ),
        source=("000, The Sharpness Reversal",),
        verdict=Verdict.PROVED,
        hypotheses=(*START, "GD ends where convergence.gd_limit says"),
        evidence=("gaussian.positive_set", "gaussian.weights_law"),
        argument=(
            "Signs of independent normal correlations are independent and fair. Mean and variance "
            "are derivatives of ((1+x)/2)^m; the last figure is Chebyshev's inequality. No normal "
            "number is exactly 0."
        ),
    ),
    Claim(
        id="gaussian.dead",
        statement="A ReLU neuron is dead at a Gaussian start with probability 2^-m.",
        source=("whichmin",),
        verdict=Verdict.PROVED,
        hypotheses=(*START, "ReLU"),
        evidence=("gaussian.positive_set", "gaussian.weights_law"),
        argument="It is dead if all m fair signs are negative.",
        remark="The article's theorems do not mention this case: GD and SGD then stay at w0.",
    ),
    Claim(
        id="gaussian.gd_single_point",
        statement=(
            "ReLU: with probability m 2^-m over all starts GD's limit, too, is a single data point."
        ),
        source=("whichmin",),
        verdict=Verdict.PROVED,
        hypotheses=RELU,
        evidence=("gaussian.positive_set", "gaussian.weights_law"),
        argument="That is the probability of |S+| = 1: the limit is the only point of S+.",
    ),
)
