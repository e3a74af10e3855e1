"""Claims on step sizes and starts: what lies beyond the published conditions."""

from __future__ import annotations

from whichmin.verification.evidence.claim import Claim, Counterexample
from whichmin.words import Verdict

__all__ = ["CLAIMS"]

BOUNDS = "000, What Full-Batch Gradient Descent Learns (its conditions)"

CLAIMS = (
    Claim(
        id="step_size.thresholds",
        statement=(
            "Linear neuron: a step multiplies small radial deviations from a minimum in the span "
            "of the batch by 1 - 4 eta/b and off-span ones by 1 - eta/b. So GD is stable at its "
            "minimum, along the directions that contract, exactly for eta < m/2 to first order, "
            "and SGD at a data point for eta < b/2. The condition eta <= 1/5 is below both."
        ),
        source=("whichmin", BOUNDS),
        verdict=Verdict.PROVED,
        hypotheses=("orthonormal data", "linear"),
        evidence=("step_size.rates",),
        argument=(
            "|1 - 4 a| < 1 exactly for 0 < a < 1/2; GD has a = eta/m, and by rotation its minimum "
            "is a data point. Tangential directions are neutral for GD; for SGD they contract on "
            "average (claims on the rate of sparsity)."
        ),
    ),
    Claim(
        id="step_size.period_two",
        statement=(
            "Linear GD in the span with eta/m > 1/2 has a period-two orbit: squared norms are the "
            "two roots of z^2 - (1 + 1/b) z + 1/b^2, b = 2 eta/m. For b = 49/40 the norms are 5/7 "
            "and 8/7. Along the radius and off the span it attracts for 1 < b < sqrt 5 - 1, its "
            "multipliers being 9 - 2 (1 + b)^2 and (3 - 2 b)/4. SGD on the line of a data point "
            "does the same with eta/(batch size) in place of eta/m."
        ),
        source=("whichmin",),
        verdict=Verdict.PROVED,
        hypotheses=("orthonormal data", "linear"),
        evidence=(
            "step_size.period_two",
            "step_size.period_two_attracts",
            "step_size.orbit",
            "step_size.orbit_sgd",
        ),
        argument=(
            "The map of the norm is r -> r (1 + b - b r^2). Adding and subtracting the two "
            "equations of an orbit of positive x != y gives x y = 1/b and x^2 + y^2 = 1 + 1/b, "
            "with discriminant (1 - 1/b)(1 + 3/b) > 0 exactly for b > 1."
        ),
    ),
    Claim(
        id="step_size.start_range",
        statement=(
            "Linear GD from w0 in the span, eta <= m/4: it converges to w0/|w0| for "
            "0 < |w0|^2 < 1 + m/(2 eta); between that and 1 + m/eta the first step changes the "
            "sign, and the limit can be -w0/|w0|; beyond 1 + m/eta it diverges."
        ),
        source=("whichmin", BOUNDS),
        verdict=Verdict.PROVED,
        hypotheses=("orthonormal data", "linear", "w0 in the span"),
        evidence=("step_size.radial", "step_size.growth", "step_size.ray"),
        argument=(
            "The squared norm is monotone: up to 1 from below, down while above 1; its limit is a "
            "fixed point, and between 0 and 1 + m/(2 eta) only 1 is one. With m = 2, eta = 1/5: "
            "|w0| = 2 ends at w0/|w0|, 3 at its negative, 4 diverges."
        ),
        remark="So |w0| < 1 is sufficient and far from necessary in the span; off it see below.",
    ),
    Claim(
        id="step_size.divergence",
        statement=(
            "Linear GD: once the energy C in the span exceeds 1 + m/eta it grows for ever, by a "
            "factor that grows too. For eta <= m and w0 in the span with |w0|^2 <= 1 + m/eta the "
            "norm stays bounded; for larger steps it need not: eta = 3, m = 2, |w0| = 1/2 diverges."
        ),
        source=("whichmin",),
        verdict=Verdict.PROVED,
        hypotheses=("orthonormal data", "linear", "any off-span part for the first sentence"),
        evidence=("step_size.growth", "step_size.radial", "step_size.ray"),
        argument=(
            "With eta/m C = eta/m + 1 + (eta/m) d one step multiplies C by at least "
            "(1 + 2 (eta/m) d)^2, so d grows."
        ),
    ),
    Claim(
        id="step_size.relu_dies",
        statement=(
            "With too long steps a ReLU neuron can die from a start inside the unit ball with "
            "positive correlations, where the linear neuron's GD would stay bounded."
        ),
        source=("whichmin",),
        verdict=Verdict.PROVED,
        hypotheses=("orthonormal data", "GD", "m = 2", "eta = 2"),
        evidence=("step_size.relu_dies", "step_size.radial"),
        argument="From (0.3, 0.4) two steps lead to (-3/32, -1/8), where every gradient is zero.",
    ),
    Claim(
        id="step_size.any_start",
        brief="SGD finds a global minimum from random starts; not from dead or long ones",
        statement=(
            "SGD with a constant step size, started at random, finds a global minimum for any "
            "batch size."
        ),
        source=("002, abstract", "000, Key Points"),
        verdict=Verdict.REFUTED,
        hypotheses=("orthonormal data", "any random start", "linear or ReLU"),
        evidence=(
            "step_size.bad_region",
            "step_size.bad_minimum",
            "step_size.dead_starts",
        ),
        counterexample=Counterexample(
            "m = 2, n = 3, eta = 1/5, GD from (0.2, 0.1, 2): the correlations vanish and the loss "
            "ends at 1/2, not at the minimum 1/4. So do all starts near it, hence a Gaussian start "
            "with positive probability; ReLU moreover never moves if no correlation is positive, "
            "with probability 2^-m.",
            "import numpy as np\n"
            "w = np.array([0.2, 0.1, 2.0])\n"
            "for t in range(4000):\n"
            "    c = np.append(w[:2], 0.0)\n"
            "    w = w - 0.2 / 2 * ((w @ w - 2) * c + (c @ c) * w)\n"
            "C, N = w[:2] @ w[:2], w @ w\n"
            "print(round(0.5 + (N - 2) * C / 4, 6), round(C, 6), N > 3)\n",
            "0.5 0.0 True",
        ),
        corrected=("convergence.finds_minimum_active", "step_size.bad_minimum", "step_size.dead"),
        remark=(
            "The paper's theorems ask for |w0| < 1, and for ReLU a positive correlation; the "
            "abstract drops both."
        ),
    ),
    Claim(
        id="step_size.bad_minimum",
        statement=(
            "Starts whose off-span energy q is at most 4 and at least 3 + 6 C (C the energy in the "
            "span) lose all correlations with points that are visited infinitely often: for GD and "
            "for SGD of any batch size and order, linear or ReLU, eta/b <= 1/5. The loss tends to "
            "1/2, the norm to at least sqrt 3."
        ),
        source=("whichmin",),
        verdict=Verdict.PROVED,
        hypotheses=("orthonormal data", "n > m", "ReLU: q counts negative correlations too"),
        evidence=("step_size.bad_region", "cyclic.one_step", "step_size.bad_minimum"),
        argument=(
            "q - 6 C does not fall below 3 and q does not grow, so the region is kept. In it each "
            "visit multiplies a correlation by a factor in (0, 1 - eta/b], and between visits by "
            "one of at most 1."
        ),
        remark="It has an interior, so a Gaussian start lies in it with positive probability.",
    ),
    Claim(
        id="step_size.dead",
        statement=(
            "A ReLU neuron without a positive correlation has zero gradient for every batch and "
            "stays at loss 1/2; one with a positive correlation moves. A Gaussian start is dead "
            "with probability 2^-m."
        ),
        source=("whichmin",),
        verdict=Verdict.VERIFIED,
        hypotheses=("orthonormal data", "|w0| < 1 for the second part"),
        evidence=("step_size.dead_starts",),
        argument=(
            "One of 2^m sign patterns; under a Gaussian with independent coordinates of equal "
            "variance all patterns of the correlations are equally likely."
        ),
    ),
)
