"""Claims on the sharpness of the minima."""

from __future__ import annotations

from whichmin.verification.evidence.claim import Claim, Counterexample
from whichmin.words import Verdict

__all__ = ["CLAIMS"]

SHARP = "000, The Sharpness Reversal"

CLAIMS = (
    Claim(
        id="sharpness.top_eigenvalue",
        statement="The largest Hessian eigenvalue is 4/m at GD's and at SGD's minimum.",
        source=(f"{SHARP}, table",),
        verdict=Verdict.PROVED,
        hypotheses=("orthonormal data",),
        evidence=("derivations.chains",),
        lemmas=("sharpness.at_minimum", "sharpness.spectrum"),
        formulas=("sharpness.minimum_top",),
        remark="The other eigenvalues, 1/m, (1 - kappa)/m and 0, are smaller for kappa in [0, 1].",
    ),
    Claim(
        id="sharpness.traces",
        statement=(
            "ReLU, with the mean of the one-sided second derivatives at the kink: the trace is "
            "(2n + 8 - m - |S+|)/(2m) at GD's minimum and (2n + 7 - m)/(2m) at SGD's."
        ),
        source=(f"{SHARP}, table", "Ghosh et al. 2025, Theorem 13"),
        verdict=Verdict.PROVED,
        hypotheses=("orthonormal data", "ReLU", "kappa = 1/2"),
        evidence=("derivations.chains",),
        lemmas=("sharpness.at_minimum", "sharpness.reached_by_training"),
        formulas=("sharpness.trace_at_minimum",),
        argument="The closed form at kappa = 1/2, with k = |S+| and with k = 1.",
    ),
    Claim(
        id="sharpness.small_batches_sharper",
        brief="small batches are sharper by trace; equal for linear and for kappa = 1",
        statement=(
            "By the trace of the Hessian the minimum that small batches find is sharper than that "
            "of the full batch."
        ),
        source=(SHARP, "000, Key Points", "002, abstract"),
        verdict=Verdict.REFUTED,
        hypotheses=("orthonormal data", "no word on activation or convention"),
        evidence=("refuted.sharper_linear",),
        counterexample=Counterexample(
            "Linear neuron, two points in the plane: the Hessian at (1, 0) and at (1, 1)/sqrt 2 "
            "has trace 2 both times.",
            "import numpy as np\n"
            "def trace(w, h=1e-4):\n"
            "    loss = lambda w: 0.5 + (w @ w - 2) * (w @ w) / 4\n"
            "    step = h * np.eye(2)\n"
            "    return sum((loss(w + e) - 2 * loss(w) + loss(w - e)) / h**2 for e in step)\n"
            "for w in (np.array([1.0, 0.0]), np.array([0.5, 0.5]) ** 0.5):\n"
            "    print(round(float(trace(w)), 4))\n",
            "2.0\n2.0",
        ),
        corrected=("sharpness.gap",),
        remark="True for ReLU with kappa < 1 and at least two active points.",
    ),
    Claim(
        id="sharpness.gap",
        statement=(
            "The trace at SGD's minimum exceeds that at GD's by (1 - kappa)(|S+| - 1)/m for ReLU "
            "and by 0 for the linear neuron; kappa is the value given to the second derivative at "
            "the kink."
        ),
        source=("whichmin",),
        verdict=Verdict.PROVED,
        hypotheses=("orthonormal data",),
        evidence=("derivations.chains",),
        lemmas=("sharpness.at_minimum", "sharpness.reached_by_training"),
        formulas=("sharpness.trace_difference", "sharpness.linear_trace_at_minimum"),
    ),
    Claim(
        id="sharpness.graded",
        brief="the smaller the batch the sharper; all b < m are alike",
        statement="The smaller the batch, the sharper the minimum by the trace.",
        source=("000, Key Points", "000, Frequently Asked Questions: flat minima"),
        verdict=Verdict.REFUTED,
        hypotheses=("orthonormal data", "ReLU", "kappa = 1/2"),
        evidence=("refuted.graded_sharpness",),
        counterexample=Counterexample(
            "ReLU, m = 4: batches of 1, 2 and 3 all end at a single data point, where the trace is "
            "the same; only b = m differs.",
            "import numpy as np\n"
            "for b in (1, 2, 3):\n"
            "    rng, w = np.random.default_rng(b), np.array([0.4, 0.3, 0.2, 0.1])\n"
            "    for _ in range(100000):\n"
            "        c = np.where(np.isin(range(4), rng.permutation(4)[:b]), np.maximum(w, 0), 0)\n"
            "        w = w - 0.2 * ((w @ w - 2) * c + (c @ c) * w)\n"
            "    print(np.sort(w).round(3) + 0.0)\n",
            "[0. 0. 0. 1.]\n[0. 0. 0. 1.]\n[0. 0. 0. 1.]",
        ),
        corrected=("sharpness.two_levels",),
    ),
    Claim(
        id="sharpness.two_levels",
        statement=(
            "The trace takes two values only: one for b = m, one for every b < m, because all of "
            "them end at single data points."
        ),
        source=("whichmin",),
        verdict=Verdict.VERIFIED,
        hypotheses=("orthonormal data", "ReLU"),
        evidence=("refuted.graded_sharpness", "limits.mini_batch"),
        lemmas=("derivations.chains",),
        formulas=("sharpness.trace_at_minimum",),
    ),
    Claim(
        id="sharpness.autograd",
        statement=(
            "Automatic differentiation at a trained iterate sees no difference: it gives "
            "(n + 4 - |S+|)/m for GD and SGD, as long as small correlations keep their signs."
        ),
        source=("whichmin",),
        verdict=Verdict.VERIFIED,
        hypotheses=("orthonormal data", "ReLU", "standard basis, or correlations above rounding"),
        evidence=("sharpness.reached_by_training",),
        formulas=("sharpness.autograd_trace_at_iterate",),
    ),
)
