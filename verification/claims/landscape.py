"""Claims on the model, its loss and its minima."""

from __future__ import annotations

from whichmin.verification.evidence.claim import Claim, Counterexample
from whichmin.words import Verdict

__all__ = ["CLAIMS"]

SETUP = "000, The Setup"
ABSTRACT = "002, abstract"

CLAIMS = (
    Claim(
        id="landscape.loss",
        statement=(
            "The loss, a mean of squared reconstruction errors, is 1/2 + (N - 2) C / (2m): it "
            "depends on |w|^2 and the active energy alone."
        ),
        source=(SETUP,),
        verdict=Verdict.PROVED,
        hypotheses=("orthonormal data",),
        evidence=("derivations.reduction_lemma", "derivations.chains"),
        lemmas=("landscape.closed_forms",),
        formulas=("landscape.loss",),
    ),
    Claim(
        id="landscape.minima_linear",
        statement=(
            "Linear neuron: the global minima are the combinations of the points whose squared "
            "coefficients add up to 1, the unit sphere of the span."
        ),
        source=(SETUP,),
        verdict=Verdict.PROVED,
        hypotheses=("orthonormal data", "linear"),
        evidence=("derivations.certificate", "derivations.chains"),
        lemmas=("landscape.never_below_minimum",),
        formulas=("landscape.gap", "landscape.minimum"),
        argument=(
            "The gap is ((1 - C)^2 + C R)/(2m) with R = |w|^2 - C >= 0: it is 0 exactly where "
            "C = 1 and R = 0."
        ),
    ),
    Claim(
        id="landscape.minima_relu",
        statement=(
            "ReLU: the global minima are the combinations with non-negative coefficients whose "
            "squares add up to 1."
        ),
        source=(SETUP,),
        verdict=Verdict.PROVED,
        hypotheses=("orthonormal data", "ReLU"),
        evidence=("derivations.certificate", "derivations.chains"),
        lemmas=("landscape.never_below_minimum",),
        formulas=("landscape.gap",),
        argument=(
            "The same gap, C the energy of the positive correlations and R all other energy: R = 0 "
            "leaves no negative correlation and nothing off the span."
        ),
    ),
    Claim(
        id="landscape.equally_good",
        statement="All points of the manifold of minima have the same loss, 1/2 - 1/(2m).",
        source=(SETUP, "000, Key Points", "000, Frequently Asked Questions"),
        verdict=Verdict.PROVED,
        hypotheses=("orthonormal data",),
        evidence=("derivations.chains",),
        lemmas=("landscape.closed_forms",),
        formulas=("landscape.minimum",),
    ),
    Claim(
        id="landscape.any_frame",
        statement=(
            "The results do not need the standard basis: turning data and weights together turns "
            "every trajectory, for GD and SGD."
        ),
        source=(SETUP,),
        verdict=Verdict.VERIFIED,
        hypotheses=("orthonormal data",),
        evidence=("equivariance.symmetries",),
        lemmas=("derivations.reduction_lemma",),
    ),
    Claim(
        id="landscape.orthogonal_data",
        brief="orthogonal data suffice for a dense GD limit; the points need equal lengths",
        statement=(
            "Orthogonal data suffice for GD to end at a dense mixture in the direction of its "
            "start."
        ),
        source=(ABSTRACT,),
        verdict=Verdict.REFUTED,
        hypotheses=("orthogonal data", "linear"),
        evidence=("refuted.orthogonal_data",),
        counterexample=Counterexample(
            "Points (2, 0) and (0, 1), start (0.25, 0.25): the longer point gains in every step "
            "and GD ends at it, as sparse as SGD.",
            "import numpy as np\n"
            "data, w = np.diag([2.0, 1.0]), np.array([0.25, 0.25])\n"
            "for _ in range(2000):\n"
            "    c = data @ w\n"
            "    w = w - 0.2 * ((w @ w - 2) * c @ data + (c @ c) * w) / 2\n"
            "print(np.abs(w).round(6))\n",
            "[1. 0.]",
        ),
        corrected=("landscape.equal_lengths",),
        remark="The paper's theorems say orthonormal; its abstract says orthogonal.",
    ),
    Claim(
        id="landscape.equal_lengths",
        statement=(
            "Orthogonal points of one length r are as good as orthonormal ones: the loss is r^2 "
            "times the orthonormal one, so step size eta acts as r^2 eta."
        ),
        source=("whichmin",),
        verdict=Verdict.PROVED,
        hypotheses=("orthogonal data of equal length",),
        evidence=("pointwise.gradients",),
        argument="phi(r t) = r phi(t) for both activations; each sample's loss is r^2 times that "
        "of the point divided by r.",
    ),
    Claim(
        id="general.manifold",
        brief="batch size decides wherever minima form a manifold; not in least squares",
        statement=(
            "Whenever a model has a manifold of equally good minima, the batch size decides which "
            "of them training finds."
        ),
        source=("000, Implications for Practice",),
        verdict=Verdict.REFUTED,
        evidence=("refuted.least_squares",),
        counterexample=Counterexample(
            "Least squares with five unknowns and three equations has a plane of solutions; "
            "single-sample SGD and full-batch GD from one start end at the same one, the nearest.",
            "import numpy as np\n"
            "rng = np.random.default_rng(0)\n"
            "X, y, w0 = rng.normal(size=(3, 5)), rng.normal(size=3), rng.normal(size=5)\n"
            "ends = []\n"
            "for b in (1, 3):\n"
            "    w = w0.copy()\n"
            "    for _ in range(20000):\n"
            "        k = rng.permutation(3)[:b]\n"
            "        w = w - 0.1 * X[k].T @ (X[k] @ w - y[k]) / b\n"
            "    ends.append(w)\n"
            "print(np.allclose(*ends, atol=1e-9), np.allclose(X @ ends[0], y, atol=1e-9))\n",
            "True True",
        ),
        corrected=("general.least_squares",),
    ),
    Claim(
        id="general.least_squares",
        statement=(
            "Overparametrised least squares with independent rows: SGD of any batch size that "
            "converges to a solution converges to the projection of its start on the solutions."
        ),
        source=("whichmin",),
        verdict=Verdict.VERIFIED,
        hypotheses=("linear model", "rows independent", "SGD converges to zero loss"),
        evidence=("refuted.least_squares",),
        argument=(
            "Every update is a combination of rows, so w - w0 stays in the row space; with an "
            "invertible Gram matrix exactly one such point solves the equations, and it is the "
            "nearest to w0. The check shows both batch sizes reaching it."
        ),
    ),
    Claim(
        id="general.deeper",
        statement=(
            "Small batches lead to sparser solutions in deeper networks and on correlated data."
        ),
        source=("000, Frequently Asked Questions", "000, The Bigger Picture"),
        verdict=Verdict.OPEN,
        remark=(
            "Asked in the source, not claimed. For this neuron on correlated data see "
            "sgd.correlated; deeper networks are outside this project's exact results."
        ),
    ),
)
