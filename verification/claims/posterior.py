"""Claims on PAC-Bayes: what a flat minimum saves."""

from __future__ import annotations

from whichmin.verification.evidence.claim import Claim, Counterexample
from whichmin.words import Verdict

__all__ = ["CLAIMS"]

CONFUSION = "003, Flat minima are not guaranteed to generalize better"
SETTING = "quadratic loss around the minimum; Gaussian prior N(0, sigma^2) and posterior"

CLAIMS = (
    Claim(
        id="posterior.flat_is_wide",
        statement=(
            "Along a direction of curvature h the posterior of least mean loss plus T times its "
            "divergence from the prior has variance 1/(1/sigma^2 + h/T), and its width costs "
            "(log(1 + y) - y/(1 + y))/2, y = sigma^2 h/T, which rises with h: flat directions have "
            "wide posteriors of low divergence, and none is wider than the prior."
        ),
        source=(f"{CONFUSION} (PAC-Bayes)",),
        verdict=Verdict.PROVED,
        hypotheses=(SETTING,),
        evidence=("derivations.chains",),
        lemmas=("posterior.gaussian",),
        formulas=(
            "posterior.divergence",
            "posterior.variance",
            "posterior.penalty",
            "posterior.penalty_slope",
        ),
        remark=(
            "The divergence also has |w|^2/(2 sigma^2), which knows nothing of curvature, and the "
            "prior is tied to the coordinates: a rescaled network (reparameterisation.*) has "
            "another penalty and the same function."
        ),
    ),
    Claim(
        id="posterior.wide_is_cheap",
        brief="the wider the posterior the lower the divergence; up to the prior's width only",
        statement="A wide posterior has a low KL penalty.",
        source=(f"{CONFUSION} (PAC-Bayes, read without the prior)",),
        verdict=Verdict.REFUTED,
        hypotheses=("no word on the prior's width",),
        evidence=("posterior.wider",),
        counterexample=Counterexample(
            "Divergence of N(0, v) from N(0, 1), by summing over a grid: 0.318 at a standard "
            "deviation of 1/2, 0 at 1, 0.807 at 2.",
            "import numpy as np\n"
            "x = np.linspace(-30, 30, 60001)\n"
            "def normal(s):\n"
            "    return np.exp(-(x**2) / (2 * s * s)) / (s * np.sqrt(2 * np.pi))\n"
            "def log(s):\n"
            "    return -(x**2) / (2 * s * s) - np.log(s)\n"
            "for s in (0.5, 1.0, 2.0):\n"
            "    print(s, round(float((normal(s) * (log(s) - log(1.0))).sum() * 0.001), 3))\n",
            "0.5 0.318\n1.0 0.0\n2.0 0.807",
        ),
        corrected=("posterior.flat_is_wide",),
    ),
)
