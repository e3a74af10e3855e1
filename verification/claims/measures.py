"""Claims on which of the two minima is sharper, measure by measure."""

from __future__ import annotations

from whichmin.verification.evidence.claim import Claim, Counterexample
from whichmin.words import Verdict

__all__ = ["CLAIMS"]

FLAT = ("001, core claim", "001, abstract", "004, Understanding the Hypothesis")
SHARP = ("000, Key Points", "000, The Sharpness Reversal", "002, abstract")
DATA = "orthonormal data"
BASIS = "data points that are vectors of the standard basis"
# Claims that say what is true, measure by measure.
ANSWERS = (
    "sharpness.top_eigenvalue", "sharpness.gap", "measures.keskar_linear", "measures.keskar_relu",
    "measures.subspace", "measures.sam_worst", "measures.sam_mean", "measures.log_determinant",
    "measures.relative_flatness",
)  # fmt: skip

# A box search by all corners; where the data are the standard basis the maximum is at one of them,
# or, for ReLU, where some coordinates are 0 (never better here).
_METRIC = (
    "import numpy as np, itertools\n"
    "def loss(w, relu, A):\n"
    "    c = A @ w\n"
    "    c = np.maximum(c, 0) if relu else c\n"
    "    return 0.5 * np.sum((A - np.outer(c, w)) ** 2) / len(A)\n"
    "def keskar(w, relu=True, A=None, eps=1e-3):\n"
    "    A = np.eye(len(w)) if A is None else A\n"
    "    signs = itertools.product((-1, 1), repeat=len(w))\n"
    "    most = max(loss(w + eps * (abs(w) + 1) * s, relu, A) for s in map(np.array, signs))\n"
    "    return 100 * (most - loss(w, relu, A)) / (1 + loss(w, relu, A))\n"
)

CLAIMS = (
    Claim(
        id="measures.small_batches_flat",
        brief="small batches are flatter; by Hessian trace (ReLU, kappa < 1) they are sharper",
        statement="The minimum that small batches find is flatter than that of the full batch.",
        source=FLAT,
        verdict=Verdict.REFUTED,
        hypotheses=(DATA, "no word on the measure"),
        evidence=("measures.determinant_units",),
        lemmas=("derivations.chains",),
        counterexample=Counterexample(
            "ReLU, four points in six dimensions, three of them active at GD's minimum: the trace "
            "of the Hessian (as automatic differentiation gives it) is 7/4 there and 9/4 at SGD's.",
            "import torch\n"
            "def loss(w):\n"
            "    a = torch.eye(4, 6, dtype=torch.float64)\n"
            "    return 0.5 * ((a - torch.relu(a @ w)[:, None] * w) ** 2).sum() / 4\n"
            "dense = torch.tensor([1, 1, 1, 0, 0, 0], dtype=torch.float64) / 3**0.5\n"
            "single = torch.eye(6, dtype=torch.float64)[0]\n"
            "for w in (dense, single):\n"
            "    print(round(float(torch.autograd.functional.hessian(loss, w).trace()), 9))\n",
            "1.75\n2.25",
        ),
        corrected=ANSWERS,
        remark=(
            "True by Keskar's own metric on the standard basis, with equal correlations; the "
            "source speaks of deep networks, where this model decides nothing."
        ),
    ),
    Claim(
        id="measures.small_batches_sharp",
        brief="small batches are sharper; by Keskar's metric (standard basis) they are flatter",
        statement="The minimum that small batches find is sharper than that of the full batch.",
        source=SHARP,
        verdict=Verdict.REFUTED,
        hypotheses=(DATA, "no word on the measure"),
        evidence=("measures.keskar_mixtures",),
        counterexample=Counterexample(
            "ReLU, four points of the standard basis: Keskar's metric with eps = 1/1000, the one "
            "behind the opposite statement, is 0.000328 % at the equal mixture and 0.000173 % at a "
            "single point.",
            _METRIC + "for w in (np.full(4, 0.5), np.eye(4)[0]):\n    print(round(keskar(w), 9))\n",
            "0.000328255\n0.000173128",
        ),
        corrected=ANSWERS,
        remark="002 names its measure, the trace, for which see sharpness.gap.",
    ),
    Claim(
        id="measures.keskar_linear",
        statement=(
            "Keskar's metric, linear neuron: a minimum with at least two non-zero correlations is "
            "sharper than a single data point, for every eps, m and n; the metric is "
            "100 [(q-1)^2 + q (n-m) eps^2]/(3m-1), q = (1+eps)^2 + 2 eps (1+eps) s + m eps^2, "
            "s = sum |c_i|."
        ),
        source=("whichmin", "decides 001 and 004 for this measure"),
        verdict=Verdict.PROVED,
        hypotheses=(BASIS, "linear"),
        evidence=("measures.location", "measures.keskar_ranking", "derivations.chains"),
        lemmas=("measures.keskar_corners", "measures.keskar_small_box"),
        formulas=("keskar.percent", "keskar.active_energy", "keskar.largest_norm"),
        argument=(
            "The maximum is at the outer corner (location); there the metric grows with s "
            "(ranking); s is 1 at a single point and above 1 elsewhere on the unit sphere."
        ),
    ),
    Claim(
        id="measures.keskar_relu",
        statement=(
            "Keskar's metric, ReLU: a mixture of k >= 2 equal points is sharper than a single data "
            "point, for every eps, m and n."
        ),
        source=("whichmin", "decides 001 and 004 for this measure"),
        verdict=Verdict.PROVED,
        hypotheses=(BASIS, "ReLU", "GD's minimum has k equal correlations"),
        evidence=("measures.location", "measures.keskar_ranking", "derivations.chains"),
        lemmas=("measures.keskar_corners", "measures.keskar_small_box"),
        formulas=("keskar.percent", "keskar.active_energy", "keskar.largest_norm"),
        argument=(
            "With equal correlations a small box reaches no kink of an active point, so the "
            "location of the maximum is known in every box; the ranking is decided for both boxes "
            "small, one large, both large."
        ),
    ),
    Claim(
        id="measures.keskar_every_mixture",
        brief="mixtures are sharper by Keskar's metric; ReLU with a dominant point is flatter",
        statement="By Keskar's metric every mixture of points is sharper than a single data point.",
        source=("001, core claim, read for this model",),
        verdict=Verdict.REFUTED,
        hypotheses=(BASIS, "ReLU"),
        evidence=("measures.keskar_mixtures",),
        counterexample=Counterexample(
            "Two points, correlations (1599, 80)/1601: 0.000336616 % at the mixture and "
            "0.00034072 % at a single point.",
            _METRIC + "for w in (np.array([1599, 80]) / 1601, np.eye(2)[0]):\n"
            "    print(round(keskar(w), 9))\n",
            "0.000336616\n0.00034072",
        ),
        corrected=("measures.keskar_relu_small", "measures.keskar_relu"),
    ),
    Claim(
        id="measures.keskar_relu_small",
        statement=(
            "ReLU, eps to 0: by Keskar's metric GD's minimum, with k active points and s = sum "
            "c_i, is sharper than SGD's exactly if 4 (s-1)(s+3) > k - 1."
        ),
        source=("whichmin",),
        verdict=Verdict.PROVED,
        hypotheses=(BASIS, "ReLU", "no active point within reach of its kink"),
        evidence=("measures.location", "derivations.chains"),
        lemmas=("measures.keskar_small_box", "measures.keskar_mixtures"),
        formulas=("keskar.small", "keskar.small_difference"),
        argument="The location of the maximum gives the metric; its Taylor coefficient the sign.",
    ),
    Claim(
        id="measures.keskar_invariant",
        brief="Keskar's metric is a property of the minimum; turning the data turns the ranking",
        statement=(
            "Keskar's metric ranks the two minima the same way in every orthonormal basis of the "
            "weights."
        ),
        source=("004, Defining Sharpness, read for this model",),
        verdict=Verdict.REFUTED,
        hypotheses=(DATA, "linear"),
        evidence=("measures.keskar_rotation",),
        counterexample=Counterexample(
            "Linear, data (3, 4)/5 and (-4, 3)/5: 0.000461914 % at the data point (3, 4)/5, "
            "0.000320801 % at the mixture (1, 0). On the standard basis the same two weights have "
            "the same metrics in opposite roles.",
            _METRIC + "A = np.array([[3, 4], [-4, 3]]) / 5\n"
            "for w in (A[0], np.array([1.0, 0.0])):\n"
            "    print(np.round(A @ w, 9) + 0.0, round(keskar(w, False, A), 9))\n",
            "[1. 0.] 0.000461914\n[ 0.6 -0.8] 0.000320801",
        ),
        corrected=("measures.keskar_frames",),
    ),
    Claim(
        id="measures.keskar_frames",
        statement=(
            "In an orthonormal frame of uniform law, linear neuron, Keskar's metric has the same "
            "law at GD's and at SGD's minimum: neither is the sharper one more often."
        ),
        source=("whichmin",),
        verdict=Verdict.SUPPORTED,
        hypotheses=("frame of uniform law, independent of the correlations", "linear"),
        evidence=("measures.random_frames",),
        lemmas=("measures.frames_bound", "measures.frames_gap", "measures.keskar_bound"),
        formulas=("keskar.bound",),
        argument=(
            "A rotation of the span takes one minimum to the other and keeps the law of the frame. "
            "The metric is bounded by a function of |w|_1, reached up to a few percent."
        ),
    ),
    Claim(
        id="measures.subspace",
        statement=(
            "Keskar's metric in random subspaces of 2 of 8 dimensions, Gaussian A: linear, either "
            "minimum is the sharper one with probability 1/2; ReLU with four active points, SGD's "
            "minimum is sharper at least as often."
        ),
        source=("whichmin", "decides 004, Defining Sharpness, for this measure"),
        verdict=Verdict.SUPPORTED,
        hypotheses=(DATA, "m = 4, n = 8, eps = 1/1000", "maximum over the corners of the box"),
        evidence=("measures.subspace",),
        remark="The law of A is rotation invariant, so the metric's is: the basis has no say here.",
    ),
    Claim(
        id="measures.sam_worst",
        statement=(
            "The largest rise of the loss within distance r is (2r + r^2)^2/(2m) at every minimum, "
            "linear and ReLU: worst-case SAM sharpness is equal at GD's and SGD's."
        ),
        source=("whichmin", "decides 001, 004 and 000, 002 for this measure"),
        verdict=Verdict.PROVED,
        hypotheses=(DATA,),
        evidence=("measures.ball", "derivations.chains"),
        lemmas=("measures.sam_worst",),
        formulas=("sam.worst",),
        argument="No move does better than r w (ball), which the closed form evaluates.",
    ),
    Claim(
        id="measures.sam_mean",
        statement=(
            "The mean rise of the loss on the sphere of radius r is larger at SGD's minimum than "
            "at GD's by (k-1) r^2 (1-r^2)/(4mn) for ReLU and r <= min c_i, and by 0 for linear."
        ),
        source=("whichmin", "decides 001, 004 and 000, 002 for this measure"),
        verdict=Verdict.PROVED,
        hypotheses=(DATA, "r at most the smallest active correlation (ReLU)"),
        evidence=("derivations.chains",),
        lemmas=(
            "measures.mean_rise",
            "measures.mean_rise_sampled",
            "measures.noise_across_kinks",
        ),
        formulas=("sam.sphere", "sam.sphere_difference", "sam.gaussian_difference"),
        remark=(
            "A coordinate at the kink moves to the active side half of the time, hence kappa = "
            "1/2: for small r the mean rise is r^2/(2n) times that trace. Under Gaussian noise of "
            "deviation d the sign turns at d^2 = 1/(n+2), as long as no active point crosses its "
            "kink."
        ),
    ),
    Claim(
        id="measures.log_determinant",
        statement=(
            "Over the directions of non-zero curvature the log-determinant is lower at SGD's "
            "minimum by (k-1)(log m - log(1-kappa)) for ReLU, kappa < 1, though SGD's has k - 1 "
            "more of them; it is equal for linear and for kappa = 1."
        ),
        source=("whichmin", "decides 001, 004 and 000, 002 for this measure"),
        verdict=Verdict.PROVED,
        hypotheses=(DATA, "loss divided by m"),
        evidence=("derivations.chains",),
        lemmas=("measures.log_determinant", "measures.determinant_units"),
        formulas=(
            "flatness.log_determinant",
            "flatness.log_determinant_right",
            "flatness.log_determinant_difference",
        ),
        remark=(
            "The two sums have different numbers of terms, so the unit of the loss matters: times "
            "more than m/(1-kappa) and SGD's is the larger. The determinant itself is 0 at GD's "
            "minimum (k >= 2)."
        ),
    ),
    Claim(
        id="measures.relative_flatness",
        statement=(
            "Relative flatness, |w|^2 times the Hessian's trace, equals the trace at every "
            "minimum, so it ranks the two as the trace does."
        ),
        source=("whichmin", "Petzka et al. 2021, definition 3, for one neuron"),
        verdict=Verdict.PROVED,
        hypotheses=(DATA,),
        evidence=("derivations.chains",),
        lemmas=("measures.log_determinant",),
        formulas=("flatness.relative",),
    ),
)
