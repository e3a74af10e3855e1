"""Claims of the lesson's mental model: what small and large batches do."""

from __future__ import annotations

from whichmin.verification.evidence.claim import Claim, Counterexample
from whichmin.words import Verdict

__all__ = ["CLAIMS"]

MODEL = "003, Mental Model"
ORTHONORMAL = "orthonormal data"

CLAIMS = (
    Claim(
        id="gd.nearest",
        statement="Full-batch GD ends at the global minimum that is nearest to its start.",
        source=(MODEL, "whichmin"),
        verdict=Verdict.VERIFIED,
        hypotheses=(ORTHONORMAL, "|w0| < 1", "step size <= m/5", "some active correlation"),
        evidence=("gd.nearest",),
        lemmas=("limits.gradient_descent",),
        argument=(
            "Minima are the unit vectors of the span, with correlations c >= 0 for ReLU. The "
            "distance falls with <w0, u> = sum c_i <w0, a_i>, and by Cauchy-Schwarz that is "
            "largest where c is in proportion to the correlations of the start (ReLU: to their "
            "positive parts), which is GD's limit."
        ),
    ),
    Claim(
        id="gd.nearest_sharp",
        brief="large batches end at the nearest minimum, the flat one under ReLU",
        statement="Large batches get stuck in the nearest sharp minimum.",
        source=(MODEL,),
        verdict=Verdict.REFUTED,
        hypotheses=("sharp: by Hessian trace",),
        evidence=("gd.nearest_sharp",),
        lemmas=("gd.nearest",),
        counterexample=Counterexample(
            "ReLU, two points, w0 = (0.6, 0.3): GD ends at w0/|w0|, nearest of all minima, where "
            "the trace is 2 (kappa = 0). At the two data points, where smaller batches end, it is "
            "2.5.",
            "import numpy as np\n"
            "w0 = w = np.array([0.6, 0.3])\n"
            "for _ in range(2000):\n"
            "    c = np.maximum(w, 0)\n"
            "    w = w - 0.2 * ((w @ w - 2) * c + (c @ c) * w) / 2\n"
            "def trace(w):\n"
            "    return sum(w @ w - 2 + (4 + 2) * c * c for c in w if c > 1e-9) / 2\n"
            "for u in (w, *np.eye(2)):\n"
            "    print(np.round([np.linalg.norm(u - w0), trace(u)], 4))\n",
            "[0.3292 2.    ]\n[0.5 2.5]\n[0.922 2.5  ]",
        ),
        corrected=("gd.nearest", "sharpness.gap"),
        remark="By Keskar's metric GD's is the sharper (standard basis): measures.keskar_relu.",
    ),
    Claim(
        id="noise.small_at_first",
        brief="little noise beside the signal makes SGD like GD; noise wins near the minima",
        statement=(
            "The ratio of gradient noise to signal decides whether training behaves like SGD or "
            "like full-batch GD: where a batch is so large that the ratio is small, like GD."
        ),
        source=(MODEL,),
        verdict=Verdict.REFUTED,
        hypotheses=("the ratio as measured at the start",),
        evidence=("noise.small_at_first",),
        counterexample=Counterexample(
            "Three points, batches of two: noise is 0.4 percent of the signal at the start, and "
            "SGD ends at one point all the same, GD in the mixture.",
            "import numpy as np\n"
            "rng = np.random.default_rng(0)\n"
            "for b in (2, 3):\n"
            "    w = np.array([0.3, 0.28, 0.26, 1.32])\n"
            "    for step in range(20000):\n"
            "        c = w[:3, None]\n"
            "        g = (w @ w - 2) * c * np.eye(4)[:3] + c**2 * w\n"
            "        if step == 0:\n"
            "            ratio = g.var(0).sum() / (g.mean(0) @ g.mean(0)) * (3 - b) / (b * 2)\n"
            "        w = w - 0.3 * g[rng.permutation(3)[:b]].mean(0)\n"
            "    print(round(ratio, 4), np.sort(w).round(4))\n",
            "0.0039 [0. 0. 0. 1.]\n0.0 [0.     0.5352 0.5764 0.6175]",
        ),
        corrected=("convergence.sgd_single_point", "noise.late_gd", "critical_batch.progress"),
        remark=(
            "Of a single step the ratio does decide, with the curvature in it "
            "(critical_batch.progress). But it grows without bound towards every minimum "
            "(noise.late_gd, noise.late_sgd), so in the end all b < m behave like SGD."
        ),
    ),
)
