"""Claims on full-batch gradient descent: its limit, its invariances, its rates."""

from __future__ import annotations

from whichmin.verification.claim import Claim, Counterexample
from whichmin.words import Verdict

__all__ = ["CLAIMS"]

CLAIMS = (
    Claim(
        id="gd.limit",
        statement=(
            "Full-batch GD from |w0| < 1 with step size at most 1/5 converges to the projection of "
            "w0 on the span of the data, normalised; for the linear and the ReLU neuron alike."
        ),
        source=("000, What Full-Batch Gradient Descent Learns",),
        verdict=Verdict.REFUTED,
        hypotheses=("orthonormal data", "|w0| < 1", "step size <= 1/5"),
        evidence=("refuted.gd_limit",),
        counterexample=Counterexample(
            "ReLU, data = standard basis of the plane, w0 = (0.6, -0.3): the negative coordinate "
            "gets no gradient of its own and shrinks, so GD ends at (1, 0), not at "
            "(0.894, -0.447), where the loss is 0.3 and not 0.25.",
            "import numpy as np\n"
            "w = np.array([0.6, -0.3])\n"
            "for _ in range(2000):\n"
            "    c = np.maximum(w, 0)\n"
            "    w = w - 0.2 * ((w @ w - 2) * c + (c @ c) * w) / 2\n"
            "print(np.abs(w).round(6))\n",
            "[1. 0.]",
        ),
        corrected=("gd.limit_linear", "gd.limit_relu"),
        remark="Theorem 1 of the paper has the positive set for ReLU; the article drops it.",
    ),
    Claim(
        id="gd.limit_linear",
        statement=(
            "Linear neuron: from |w0| < 1 with a non-zero projection Pw0 and step size at most "
            "1/5, GD converges to Pw0/|Pw0|."
        ),
        source=("000, What Full-Batch Gradient Descent Learns", "Ghosh et al. 2025, Theorem 1"),
        verdict=Verdict.VERIFIED,
        hypotheses=("orthonormal data", "linear", "|w0| < 1", "Pw0 != 0", "step size <= 1/5"),
        evidence=("limits.gradient_descent",),
        lemmas=("derivations.dynamics",),
        formulas=("dynamics.gd_limit",),
    ),
)
