"""Claims on warm-up: when it is needed, when it cannot help, when it does."""

from __future__ import annotations

from whichmin.verification.claims.quadratic import MODEL
from whichmin.verification.evidence.claim import Claim, Counterexample
from whichmin.words import Verdict

__all__ = ["CLAIMS"]

CLAIMS = (
    Claim(
        id="scaling.warm_up_needed",
        brief="large step sizes need a warm-up; constant curvature never does",
        statement="With the linear scaling rule, large step sizes need a warm-up period.",
        source=("003, Linear Scaling Rule, failure mode", "003, Practical Implications, warm-up"),
        verdict=Verdict.REFUTED,
        hypotheses=("no word on the curvature along training",),
        evidence=("quadratic.stability",),
        counterexample=Counterexample(
            "x^2/2 from x = 1: step size 1.9 converges without a warm-up; step size 2.1 diverges "
            "after a warm-up of 20 steps from 0.105 to 2.1.",
            "x = y = 1.0\n"
            "for t in range(500):\n"
            "    x -= 1.9 * x\n"
            "for t in range(20):\n"
            "    y -= 0.105 * (t + 1) * y\n"
            "small = abs(y)\n"
            "for t in range(500):\n"
            "    y -= 2.1 * y\n"
            "print(abs(x) < 1e-20, abs(y) / small > 1e20)\n",
            "True True",
        ),
        corrected=("scaling.warm_up_constant_curvature", "scaling.warm_up_prevents"),
    ),
    Claim(
        id="scaling.warm_up_constant_curvature",
        statement=(
            "Where the curvature is constant a warm-up decides nothing: for a final eta h < 2 SGD "
            "settles without one, and from eta h = 2 on the variance grows in every step after it, "
            "whatever the steps before."
        ),
        source=("whichmin",),
        verdict=Verdict.PROVED,
        hypotheses=(MODEL, "noise that is not 0 along the largest curvature h"),
        evidence=("quadratic.stability",),
        lemmas=("quadratic.recursion",),
        argument=(
            "The lemmas hold from any variance, so also from the one that a warm-up leaves; beyond "
            "2 the growth is by a factor above 1."
        ),
    ),
    Claim(
        id="scaling.warm_up_prevents",
        statement=(
            "Where the curvature is high at the start a warm-up can prevent divergence: GD of the "
            "linear neuron, m = 2, from |w0| = 4 diverges with step size 1/5 and converges to "
            "w0/|w0| after ten steps that rise linearly from 1/50 to 1/5."
        ),
        source=("003, Practical Implications, warm-up",),
        verdict=Verdict.PROVED,
        hypotheses=("orthonormal data", "linear", "w0 in the span"),
        evidence=("scaling.warm_up", "step_size.growth", "step_size.radial"),
        argument=(
            "At |w|^2 = 16 > 1 + m/eta = 11 the energy grows for ever (growth lemma); after the "
            "warm-up |w|^2 is between 0 and 1 + m/(2 eta) = 6, from where step size 1/5 converges "
            "(radial lemmas). The curvature along w is (6 N - 2)/m at N = |w|^2."
        ),
    ),
)
