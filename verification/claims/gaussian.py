"""Claims on Gaussian starts: cosines with the start, traces, and the exact laws behind them."""

from __future__ import annotations

from whichmin.verification.evidence.claim import Claim, Counterexample
from whichmin.words import Verdict

__all__ = ["BOTH", "CLAIMS", "DENSE", "RELU", "START", "TABLE"]

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

SGD = (
    Claim(
        id="gaussian.sgd_data_cosine",
        statement="SGD with b < m ends with cosine 1 (up to sign) with exactly one data point.",
        source=(TABLE,),
        verdict=Verdict.VERIFIED,
        hypotheses=("orthonormal data", "neuron not dead", "step size / b <= 1/5", "|w0| < 1"),
        evidence=("limits.mini_batch", "gaussian.sgd_start"),
        remark=(
            "Proved as convergence.sgd_single_point; for how long it takes see script.sgd_arrival."
        ),
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

CLAIMS = (*START_COSINE, *SGD, *TRACE)
