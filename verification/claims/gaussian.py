"""Claims on Gaussian starts: the asymptotic table, and the exact laws behind it."""

from __future__ import annotations

from whichmin.verification.claim import Claim, Counterexample
from whichmin.words import Verdict

__all__ = ["CLAIMS"]

TABLE = "000, What Mini-Batch SGD Learns (table of Corollary 3)"
DENSE = "000, What Full-Batch Gradient Descent Learns"
ABSTRACT = "002, abstract"
START = ("orthonormal data", "direction of w0 uniform (Gaussian start)")
LINEAR = (*START, "linear", "GD ends where convergence.gd_limit says")
RELU = (*START, "ReLU", "neuron not dead", "GD ends where convergence.gd_limit says")
BOTH = (*START, "GD ends where convergence.gd_limit says", "neuron not dead")

START_COSINE = (
    Claim(
        id="gaussian.start_cosine_linear",
        statement=(
            "Linear: the squared cosine of GD's limit with its start has the law "
            "Beta(m/2, (n-m)/2); for m = n it is 1."
        ),
        source=("whichmin",),
        verdict=Verdict.PROVED,
        hypotheses=LINEAR,
        evidence=("gaussian.shares", "gaussian.limits_law"),
        argument=(
            "The cosine of w0 and Pw0/|Pw0| squared is |Pw0|^2/|w0|^2, the share of m of n squared "
            "normal coordinates. Their squares are Gamma, sums of them Gamma, shares Beta, by "
            "identities of densities; Kolmogorov-Smirnov tests find the law in training."
        ),
    ),
    Claim(
        id="gaussian.start_cosine_relu",
        statement=(
            "ReLU: given |S+| = s, the squared cosine of GD's limit with its start has the law "
            "Beta(s/2, (n-s)/2)."
        ),
        source=("whichmin",),
        verdict=Verdict.PROVED,
        hypotheses=RELU,
        evidence=("gaussian.shares", "gaussian.limits_law"),
        argument=(
            "The limit is the normalised projection on the points of S+, so the squared cosine is "
            "the share of s squared coordinates; squares and signs of normal coordinates are "
            "independent."
        ),
    ),
    Claim(
        id="gaussian.start_cosine_root",
        statement=(
            "The cosine of GD's limit with its start is of the order of the root of m/n: its "
            "square is within a factor 1/2 to 3/2 of m/n with probability at least 1 - 8/m "
            "(linear), of m/(2n) with probability at least 1 - 20/m (ReLU)."
        ),
        source=("whichmin",),
        verdict=Verdict.PROVED,
        hypotheses=BOTH,
        evidence=("gaussian.moments", "gaussian.positive_set", "gaussian.shares"),
        lemmas=("gaussian.limits_law",),
        argument=(
            "Chebyshev's inequality with the relative variances of the laws, at most 2/m and 5/m: "
            "4 times that for a deviation of one half. Dead starts have share 0, so they are among "
            "the starts that deviate: leaving them out makes that no more probable."
        ),
        remark="For m much smaller than n GD's limit, too, is nearly orthogonal to its start.",
    ),
    Claim(
        id="gaussian.start_cosine_rate",
        brief="cos(GD, start) is of order m/n; it is of order sqrt(m/n)",
        statement="The cosine of full-batch GD's limit with its start is of the order of m/n.",
        source=(TABLE,),
        verdict=Verdict.REFUTED,
        hypotheses=(*START, "m and n large", "with high probability"),
        evidence=("gaussian.rate", "gaussian.moments", "gaussian.limits_law"),
        counterexample=Counterexample(
            "The squared cosine is the share of m of n squared normal coordinates, about m/n; so "
            "for m = 100 the cosine over m/n grows like sqrt(n)/10, without limit.",
            "import numpy as np\n"
            "rng = np.random.default_rng(0)\n"
            "m = 100\n"
            "for n in (10_000, 1_000_000):\n"
            "    w0 = rng.normal(size=n)\n"
            "    limit = w0[:m] / np.linalg.norm(w0[:m])  # linear GD\n"
            "    cosine = limit @ w0[:m] / np.linalg.norm(w0)\n"
            "    print(n, m / n, round(cosine, 3))\n",
            "10000 0.01 0.097\n1000000 0.0001 0.009",
        ),
        corrected=(
            "gaussian.start_cosine_root",
            "gaussian.start_cosine_linear",
            "gaussian.start_cosine_relu",
        ),
        remark="m/n (ReLU: m/(2n)) is the mean of the squared cosine.",
    ),
    Claim(
        id="gaussian.stays_close",
        brief="GD hardly moves for m of the order of n; 45 degrees for m = n/2 (ReLU: 60)",
        statement=(
            "For large n and m of the same order GD hardly moves away from the direction of its "
            "start."
        ),
        source=(TABLE, "000, What Mini-Batch SGD Learns"),
        verdict=Verdict.REFUTED,
        hypotheses=(*START, "n large", "m/n fixed"),
        evidence=("gaussian.turned", "gaussian.moments", "gaussian.limits_law"),
        counterexample=Counterexample(
            "With m = n/2 GD turns by about 45 degrees (linear) or 60 degrees (ReLU): the squared "
            "cosine is the share of the start's norm on the points, or on the positive ones.",
            "import numpy as np\n"
            "rng = np.random.default_rng(0)\n"
            "m, n = 50_000, 100_000\n"
            "w0 = rng.normal(size=n)\n"
            "for c in (w0[:m], np.maximum(w0[:m], 0)):  # linear, ReLU\n"
            "    cosine = np.linalg.norm(c) / np.linalg.norm(w0)\n"
            "    print(round(np.degrees(np.arccos(cosine))))\n",
            "45\n60",
        ),
        corrected=("gaussian.start_cosine_root", "gaussian.direction_kept"),
    ),
    Claim(
        id="gaussian.highly_aligned",
        brief="GD ends highly aligned with its start; not for m much smaller than n",
        statement="Full-batch training ends highly aligned with its initial direction.",
        source=(ABSTRACT, "002, AI Quick Summary", "000, Key Points"),
        verdict=Verdict.REFUTED,
        hypotheses=START,
        evidence=("gaussian.turned", "gaussian.rate", "gaussian.shares", "gaussian.limits_law"),
        counterexample=Counterexample(
            "Linear, m = 8, n = 32: the squared cosine has the law Beta(4, 12) of mean 1/4; the "
            "share of starts with a cosine above 0.9 is below 1 in 10,000.",
            "import numpy as np\n"
            "w0 = np.random.default_rng(0).normal(size=(10_000, 32))\n"
            "cosine = np.linalg.norm(w0[:, :8], axis=1) / np.linalg.norm(w0, axis=1)\n"
            "print(round(np.median(cosine), 2), (cosine > 0.9).sum())\n",
            "0.49 0",
        ),
        corrected=("gaussian.start_cosine_root", "gaussian.direction_kept"),
        remark="True where m is close to n and the neuron is linear.",
    ),
    Claim(
        id="gaussian.direction_kept",
        statement="Linear, m = n: GD keeps the direction of its start, from any start.",
        source=("whichmin",),
        verdict=Verdict.PROVED,
        hypotheses=("orthonormal data", "linear", "m = n"),
        evidence=("derivations.consistency", "gaussian.limits_law"),
        argument=(
            "A full batch keeps the ratios of all correlations, and for m = n they are all "
            "coordinates of w."
        ),
    ),
)

WEIGHTS = (
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

SGD = (
    Claim(
        id="gaussian.sgd_data_cosine",
        statement="SGD with b < m ends with cosine 1 (up to sign) with exactly one data point.",
        source=(TABLE,),
        verdict=Verdict.VERIFIED,
        hypotheses=("orthonormal data", "neuron not dead", "step size / b <= 1/5", "|w0| < 1"),
        evidence=("limits.mini_batch", "gaussian.sgd_start"),
        remark="A statement on the limit: for how long it takes see script.sgd_arrival.",
    ),
    Claim(
        id="gaussian.sgd_start_cosine",
        statement=(
            "The cosine of SGD's limit with its start is O(sqrt(log m / n)): above "
            "sqrt(4 log m/(n-1)) with probability at most 1/m."
        ),
        source=(TABLE,),
        verdict=Verdict.PROVED,
        hypotheses=(*START, "SGD ends at plus or minus a data point", "neuron not dead"),
        evidence=("gaussian.tails", "gaussian.shares"),
        lemmas=("gaussian.sgd_start",),
        argument=(
            "Whichever point wins, the cosine is at most the largest |c_i|/|w0|; its square is the "
            "largest of m shares of law Beta(1/2, (n-1)/2), each above t with probability at most "
            "(1-t)^((n-1)/2). Signs, which decide who is dead, are independent of the squares."
        ),
    ),
    Claim(
        id="gaussian.sgd_orthogonal",
        brief="SGD ends nearly orthogonal to its start; only if n is large against log m",
        statement="SGD ends nearly orthogonal to its start.",
        source=("000, Key Points", "000, What Mini-Batch SGD Learns", ABSTRACT),
        verdict=Verdict.REFUTED,
        hypotheses=("orthonormal data", "b < m"),
        evidence=("gaussian.diagonal",),
        counterexample=Counterexample(
            "n = m = 2, w0 = (0.35, 0.35): both possible limits, (1, 0) and (0, 1), are 45 degrees "
            "away from the start.",
            "import numpy as np\n"
            "rng, w = np.random.default_rng(0), np.array([0.35, 0.35])\n"
            "for i in rng.integers(2, size=5000):\n"
            "    g = (w @ w - 2) * w[i] * np.eye(2)[i] + w[i] ** 2 * w\n"
            "    w = w - 0.2 * g\n"
            "print(w.round(3).max(), round(w.sum() / np.hypot(*w) / 2**0.5, 3))\n",
            "1.0 0.707",
        ),
        corrected=("gaussian.sgd_start_cosine",),
        remark="It takes n large against log m; m <= n, so a large n suffices.",
    ),
)

TRACE = (
    Claim(
        id="gaussian.trace_half",
        brief="the traces differ by 1/2; by 1/4 in the mean, for large m",
        statement=(
            "For Gaussian starts the Hessian trace at GD's minimum is about that at SGD's minimum "
            "minus 1/2."
        ),
        source=("000, The Sharpness Reversal",),
        verdict=Verdict.REFUTED,
        hypotheses=(*START, "ReLU", "kappa = 1/2", "b < m"),
        evidence=("gaussian.positive_set", "gaussian.gaps"),
        counterexample=Counterexample(
            "The article's own table gives (|S+| - 1)/(2m). With |S+| = m/2 that is 1/4 - 1/(2m), "
            "and even |S+| = m leaves it below 1/2.",
            "m, n = 1000, 2000\n"
            "for k in (m // 2, m):  # |S+|\n"
            "    gd, sgd = (2 * n + 8 - m - k) / (2 * m), (2 * n + 7 - m) / (2 * m)\n"
            "    print(k, round(sgd - gd, 4))\n",
            "500 0.2495\n1000 0.4995",
        ),
        corrected=("gaussian.trace_gap",),
    ),
    Claim(
        id="gaussian.trace_gap",
        statement=(
            "With kappa = 1/2 the trace at SGD's minimum exceeds that at GD's by (|S+|-1)/(2m): in "
            "the mean over starts that are not dead by 1/(4(1-2^-m)) - 1/(2m), which tends to 1/4; "
            "never by more than 1/2 - 1/(2m)."
        ),
        source=("whichmin",),
        verdict=Verdict.PROVED,
        hypotheses=(*START, "ReLU", "kappa = 1/2", "neuron not dead", "b < m"),
        evidence=("gaussian.positive_set", "gaussian.gaps"),
        formulas=("sharpness.trace_difference",),
        argument=(
            "The gap is a closed form in k = |S+|, which is Binomial(m, 1/2): mean m/2, and 0 with "
            "probability 2^-m. Traces of real runs agree with it."
        ),
    ),
)

CLAIMS = (*START_COSINE, *WEIGHTS, *SGD, *TRACE)
