"""Claims on full-batch gradient descent: its limit, its invariances, its rates."""

from __future__ import annotations

from whichmin.verification.evidence.claim import Claim, Counterexample
from whichmin.words import Verdict

__all__ = ["CLAIMS"]

GD = "000, What Full-Batch Gradient Descent Learns"
TABLE = "000, What Mini-Batch SGD Learns, table"
USUAL = ("orthonormal data", "|w0| < 1", "step size <= 1/5")

CLAIMS = (
    Claim(
        id="gd.limit",
        brief="GD ends at the normalised projection of w0; for ReLU on the positive set only",
        statement=(
            "Full-batch GD from |w0| < 1 with step size at most 1/5 converges to the projection of "
            "w0 on the span of the data, normalised; for the linear and the ReLU neuron alike."
        ),
        source=(GD,),
        verdict=Verdict.REFUTED,
        hypotheses=USUAL,
        evidence=("refuted.gd_limit",),
        lemmas=("smt.gd_descent",),
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
        corrected=("convergence.gd_limit",),
        remark="Linear data without a component in the span, and dead ReLU starts, do not move.",
    ),
    Claim(
        id="gd.invariance",
        brief="GD sees only the span of the data; true for linear, false for ReLU",
        statement=(
            "GD does not change when the data are rotated within their span: only the span matters."
        ),
        source=(GD, TABLE),
        verdict=Verdict.REFUTED,
        hypotheses=USUAL,
        evidence=("refuted.gd_invariance", "equivariance.counterexamples"),
        counterexample=Counterexample(
            "ReLU, w0 = (0.6, 0.3). On the points e1, e2 GD ends at (2, 1)/sqrt 5; on the points "
            "e2, -e1, the same turned by a right angle, it ends at (0, 1).",
            "import numpy as np\n"
            "for data in (np.eye(2), np.array([[0.0, 1.0], [-1.0, 0.0]])):\n"
            "    w = np.array([0.6, 0.3])\n"
            "    for _ in range(2000):\n"
            "        c = np.maximum(data @ w, 0)\n"
            "        w = w - 0.2 * ((w @ w - 2) * c @ data + (c @ c) * w) / 2\n"
            "    print(np.abs(w).round(4))\n",
            "[0.8944 0.4472]\n[0. 1.]",
        ),
        corrected=("gd.invariance_linear", "gd.invariance_relu"),
    ),
    Claim(
        id="gd.invariance_linear",
        statement=(
            "Linear neuron: the loss depends on the data only through m and the projection on "
            "their span, so GD is the same for every orthonormal basis of the span."
        ),
        source=(GD, TABLE),
        verdict=Verdict.PROVED,
        hypotheses=("orthonormal data", "linear"),
        evidence=("derivations.reduction_lemma", "derivations.chains"),
        lemmas=("equivariance.symmetries",),
        formulas=("landscape.loss", "landscape.derivative"),
        argument=(
            "The loss is 1/2 + (N - 2) C / (2m) with N = |w|^2 and C = |Pw|^2, its derivative "
            "along u is ((N - 2) <Pw, u> + C <w, u>)/m: the points occur only in P and m."
        ),
    ),
    Claim(
        id="gd.invariance_relu",
        statement=(
            "ReLU: GD keeps its trajectory when the points are exchanged among themselves, and "
            "turns with data and weights; it does not survive turning the data alone."
        ),
        source=("whichmin",),
        verdict=Verdict.VERIFIED,
        hypotheses=("orthonormal data", "ReLU"),
        evidence=("equivariance.symmetries",),
        lemmas=("equivariance.counterexamples",),
    ),
    Claim(
        id="gd.rates",
        statement=(
            "Next to its limit GD shrinks the error in |w| by 1 - 4 eta/m and what is left "
            "off the span (ReLU: and along inactive points) by 1 - eta/m a step."
        ),
        source=("whichmin",),
        verdict=Verdict.PROVED,
        hypotheses=("orthonormal data",),
        evidence=("derivations.chains",),
        lemmas=("dynamics.gd_rates",),
        formulas=("dynamics.gd_radial_rate", "dynamics.gd_off_span_rate"),
        argument="The factors are derivatives of the one-step map at C = N = 1.",
    ),
    Claim(
        id="gd.ratios",
        statement=(
            "A full-batch step multiplies all active correlations by the same factor, so their "
            "ratios never change: GD's limit mirrors the direction of the start."
        ),
        source=(GD, "000, How the SGD Convergence Proof Works"),
        verdict=Verdict.PROVED,
        hypotheses=("orthonormal data",),
        evidence=("derivations.consistency", "derivations.chains"),
        formulas=("dynamics.active_factor",),
    ),
)
