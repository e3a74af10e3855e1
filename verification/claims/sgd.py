"""Claims on mini-batch SGD: where it ends, and why it stops there."""

from __future__ import annotations

from whichmin.verification.evidence.claim import Claim, Counterexample
from whichmin.words import Verdict

__all__ = ["CLAIMS"]

SGD = "000, What Mini-Batch SGD Learns"
FAQ = "000, Frequently Asked Questions"
USUAL = ("orthonormal data", "b < m", "|w0| < 1", "step size / b <= 1/5")

CLAIMS = (
    Claim(
        id="sgd.limit_set",
        brief="SGD can end at -a_j for negative correlations; for linear, never for ReLU",
        statement=(
            "Whatever the activation, the points that SGD can end at are a_i for correlations that "
            "start positive and -a_j for all others."
        ),
        source=(SGD,),
        verdict=Verdict.REFUTED,
        hypotheses=USUAL,
        evidence=("refuted.negative_points_relu",),
        lemmas=("smt.signs",),
        counterexample=Counterexample(
            "ReLU, w0 = (0.6, -0.3): the second correlation is inactive, no batch makes it larger "
            "than 0.3 in size, so -a_2 = (0, -1) is never approached.",
            "import itertools\n"
            "import numpy as np\n"
            "largest = 0.0\n"
            "for batches in itertools.product((0, 1), repeat=12):\n"
            "    w = np.array([0.6, -0.3])\n"
            "    for k in batches:\n"
            "        c = np.maximum(w, 0) * np.eye(2)[k]\n"
            "        w = w - 0.2 * ((w @ w - 2) * c + (c @ c) * w)\n"
            "    largest = max(largest, abs(w[1]))\n"
            "print(largest)\n",
            "0.3",
        ),
        corrected=("convergence.sgd_single_point", "convergence.sgd_every_active_point"),
    ),
    Claim(
        id="sgd.positive_only",
        brief="SGD ends at a point of positive correlation; for ReLU, not for linear",
        statement=(
            "Whatever the activation, the limit is one of the points with positive correlation at "
            "the start."
        ),
        source=(f"{FAQ}: Can I predict",),
        verdict=Verdict.REFUTED,
        hypotheses=USUAL,
        evidence=("refuted.positive_points_linear",),
        lemmas=("smt.signs",),
        counterexample=Counterexample(
            "Linear, w0 = (-0.5, -0.4): there is no such point. Signs never change, and SGD ends "
            "at (-1, 0) or (0, -1).",
            "import numpy as np\n"
            "rng = np.random.default_rng(0)\n"
            "w = np.array([-0.5, -0.4])\n"
            "for k in rng.integers(2, size=20000):\n"
            "    c = w * np.eye(2)[k]\n"
            "    w = w - 0.2 * ((w @ w - 2) * c + (c @ c) * w)\n"
            "print(sorted(w.round(6)))\n",
            "[np.float64(-1.0), np.float64(-0.0)]",
        ),
        corrected=("convergence.sgd_single_point", "convergence.sgd_every_active_point"),
    ),
    Claim(
        id="sgd.full_batch",
        statement="At b = m without replacement SGD is GD: there is one batch.",
        source=("000, Key Points",),
        verdict=Verdict.VERIFIED,
        hypotheses=("batches without replacement",),
        evidence=("batches.random_access", "limits.gradient_descent"),
    ),
    Claim(
        id="sgd.noise_vanishes",
        statement=(
            "At a data point (or its negative) the gradient of every single sample's loss is "
            "zero, so a constant step size can converge there."
        ),
        source=(f"{FAQ}: Why does constant step-size SGD converge",),
        verdict=Verdict.PROVED,
        hypotheses=("orthonormal data",),
        evidence=("pointwise.gradients",),
        formulas=("model.sample_derivative",),
    ),
    Claim(
        id="sgd.noise_elsewhere",
        statement=(
            "On the manifold of minima single-sample gradients vanish nowhere but at the data "
            "points: sample i has squared gradient c_i^2 (1 - c_i^2)."
        ),
        source=("whichmin",),
        verdict=Verdict.PROVED,
        hypotheses=("orthonormal data",),
        evidence=("pointwise.gradients",),
        formulas=("model.sample_derivative",),
        argument="All c_i^2 (1 - c_i^2) are 0 only if every c_i is 0 or +-1; their squares add up "
        "to 1.",
    ),
    Claim(
        id="sgd.correlated",
        brief="one-sparseness survives correlated data; there no data point is a fixed point",
        statement="On correlated data too, constant-step SGD converges to one data point.",
        source=("000, Limitations", f"{FAQ}: Does using a small batch size"),
        verdict=Verdict.REFUTED,
        hypotheses=("unit-length data, not orthogonal",),
        evidence=("pointwise.gradients",),
        counterexample=Counterexample(
            "Points (1, 0) and (0.6, 0.8), w = (1, 0): the second sample's gradient is not zero "
            "but (0, -0.48), so SGD leaves the data point whenever it draws the other one.",
            "import numpy as np\n"
            "w, a = np.array([1.0, 0.0]), np.array([0.6, 0.8])\n"
            "c = w @ a\n"
            "print(((w @ w - 2) * c * a + c**2 * w).round(6))\n",
            "[ 0.   -0.48]",
        ),
        corrected=("sgd.correlated_fixed_points",),
        remark="The source asks; it does not claim.",
    ),
    Claim(
        id="sgd.correlated_fixed_points",
        statement=(
            "Unit-length data: a data point is a fixed point of every batch only if each other "
            "point is orthogonal to it or equal to it up to sign."
        ),
        source=("whichmin",),
        verdict=Verdict.PROVED,
        hypotheses=("unit-length data",),
        evidence=("pointwise.gradients",),
        argument=(
            "At w = a_1 the gradient of a_2's loss has squared norm k^2 (1 - k^2), k = <a_1, a_2>: "
            "zero for k = 0 and k = +-1 only (ReLU: also for k < 0, where a_2 is inactive)."
        ),
    ),
    Claim(
        id="sgd.not_invariant",
        statement=(
            "SGD sees the points themselves: turning the data within their span changes where it "
            "can end."
        ),
        source=(f"{SGD}, table",),
        verdict=Verdict.PROVED,
        hypotheses=("orthonormal data",),
        evidence=("equivariance.counterexamples",),
        argument="An exact step on one point of each frame leads to different weights.",
    ),
)
