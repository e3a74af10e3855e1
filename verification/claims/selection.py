"""Claims on which data point SGD selects and how fast: what the sources leave open, and more."""

from __future__ import annotations

from whichmin.verification.evidence.claim import Claim
from whichmin.words import Verdict

__all__ = ["CLAIMS"]

OWN = ("whichmin",)
ORTHONORMAL = "orthonormal data"
ACTIVE = "active: a positive correlation (ReLU), any (linear)"
SPHERE = "start on the unit sphere of the active points' span; growth towards it changes the law"
SMALL = "alpha = step size/batch size small: terms of first order are known, the rest is alpha^2/14"
INDEPENDENT = "independent batches of b < m points, or of any b with replacement"

CLAIMS = (
    Claim(
        id="rate.lambda",
        statement=(
            "Near the point a_* that SGD ends at, log|c_j/c_*| falls by b(m-b)/(m(m-1)) times "
            "-log(1 - (eta/b)^2) a step on average: that is how fast it becomes sparse."
        ),
        source=OWN,
        verdict=Verdict.SUPPORTED,
        hypotheses=(ORTHONORMAL, "independent batches without replacement", "eta/b < 1/2"),
        evidence=("rate.slope",),
        lemmas=("derivations.chains", "dynamics.sgd_rates"),
        formulas=("dynamics.separation_rate",),
        argument=(
            "At a_* a step multiplies c_j/c_* by 1 + alpha D, D = 1, -1 or 0 independently of all "
            "others, and the mean of log|1 + alpha D| is derived for symbolic m, b and step size. "
            "That a run close to a_* has this mean is measured."
        ),
        remark="As a limit with probability 1 it is proved for eta/b <= 1/5: convergence.sgd_rate.",
    ),
    Claim(
        id="rate.with_replacement",
        statement=(
            "With replacement the rate is the sum over d >= 1 of P(D = d) log|1 - (eta/b)^2 d^2|, "
            "D the difference of two multiplicities in a batch; it is not 0 at b = m."
        ),
        source=OWN,
        verdict=Verdict.SUPPORTED,
        hypotheses=(ORTHONORMAL, "batches with replacement", "step size small enough to settle"),
        evidence=("rate.slope_with_replacement",),
        lemmas=("rate.full_batch",),
        remark="Proved as a limit for eta <= 1/5: convergence.sgd_rate_with_replacement.",
    ),
    Claim(
        id="rate.time_to_commit",
        statement=(
            "At a fixed step size the mean number of steps until one of two active points has won "
            "is in proportion to 1/D = m(m-1) b/((m-b) eta^2): b(m-1)/(m-b) times that of b = 1."
        ),
        source=OWN,
        verdict=Verdict.SUPPORTED,
        hypotheses=(ORTHONORMAL, INDEPENDENT + ", here without", SPHERE, "up to a share alpha"),
        evidence=("rate.time",),
        lemmas=("derivations.chains", "derivations.consistency"),
        formulas=("selection.diffusion", "selection.two_point_time"),
        argument=(
            "The clock D and the time (log cosh V - log cosh v)/D of the diffusion limit are "
            "derived; that training takes this time is measured for every b < m."
        ),
    ),
    Claim(
        id="rate.full_batch",
        statement=(
            "A full batch without replacement never commits: the ratios of active correlations "
            "are constant and the rate is 0. A batch of m points with replacement does commit."
        ),
        source=OWN,
        verdict=Verdict.VERIFIED,
        hypotheses=(ORTHONORMAL, "active correlations"),
        evidence=("rate.full_batch",),
        lemmas=("derivations.consistency",),
        formulas=("dynamics.separation_rate",),
        argument="Constant ratios are a symbolic identity; that m repeated points commit is shown.",
    ),
    Claim(
        id="selection.random",
        statement=(
            "Which data point SGD ends at is random: the same start and recipe give other points "
            "for other seeds, every candidate among them."
        ),
        source=("000, What Mini-Batch SGD Learns",),
        verdict=Verdict.SUPPORTED,
        hypotheses=(ORTHONORMAL, "ReLU", INDEPENDENT),
        evidence=("selection_law.winner_varies",),
        remark="Reshuffled epochs are the exception: see selection.reshuffled.",
    ),
    Claim(
        id="selection.backward_equation",
        statement=(
            "To second order in alpha a step of SGD on the sphere moves log|c_1/c_2| by a mean "
            "D tanh(log|c_1/c_2|) and a variance 2 D, and 1 - 2 theta/pi solves the backward "
            "equation of the diffusion with these: 1 at a_1, 0 at a_2."
        ),
        source=OWN,
        verdict=Verdict.PROVED,
        hypotheses=(ORTHONORMAL, "two active points", "independent batches, no replacement"),
        evidence=("derivations.chains", "derivations.consistency"),
        lemmas=("selection.one_step",),
        formulas=(
            "selection.log_ratio_mean",
            "selection.log_ratio_variance",
            "selection.diffusion",
            "selection.two_point_probability",
        ),
        argument=(
            "derivations.chains: mean and variance of a step from the one-step map, for symbolic "
            "m and b. derivations.consistency: in theta the generator is sin(2 theta)^2/4 times "
            "the second derivative, so linear functions are harmonic; the ends fix the line. That "
            "training follows the diffusion as alpha -> 0 is not proved here."
        ),
    ),
    Claim(
        id="selection.two_points",
        statement=(
            "Of two active points SGD ends at a_1 with probability 1 - 2 theta/pi at small step "
            "size, theta the angle between the start's projection and a_1."
        ),
        source=OWN,
        verdict=Verdict.SUPPORTED,
        hypotheses=(ORTHONORMAL, ACTIVE, INDEPENDENT, SPHERE, SMALL),
        evidence=("selection_law.two_points",),
        lemmas=("derivations.chains", "derivations.consistency", "selection.process"),
        formulas=("selection.two_point_probability", "selection.two_point_drift"),
        argument=(
            "Proved: the law solves the backward equation of the diffusion limit "
            "(selection.backward_equation). Measured: training has it, in 10^5 runs a setting."
        ),
        remark=(
            "Starts on the sphere have a term of first order, alpha (m-b)/(m-1) sin(4 theta)/(32 "
            "pi) (with replacement, without the fraction), at most alpha/100."
        ),
    ),
    Claim(
        id="selection.first_order",
        statement=(
            "Starting on the sphere the chance of a_1 is 1 - 2 theta/pi + alpha (m-b)/(m-1) "
            "sin(4 theta)/(32 pi) up to second order in alpha (with replacement without the "
            "fraction): noise holds |w|^2 above 1 by alpha p_1 p_2 (m-b)/(2(m-1))."
        ),
        source=OWN,
        verdict=Verdict.SUPPORTED,
        hypotheses=(ORTHONORMAL, "two active points", INDEPENDENT, "start on the unit sphere"),
        evidence=("selection_law.first_order_seen",),
        lemmas=("selection_law.first_order",),
        formulas=("selection.two_point_drift",),
        argument=(
            "The expansion is a symbolic identity, but formal: the rest is not bounded. In 1.5 "
            "million runs at alpha = 0.4 the term is seen."
        ),
    ),
    Claim(
        id="selection.every_batch_size",
        statement=(
            "The law of the winner is the same for every batch size b < m at equal small step "
            "size over batch size; only the number of steps depends on b, as 1/D."
        ),
        source=OWN,
        verdict=Verdict.SUPPORTED,
        hypotheses=(ORTHONORMAL, ACTIVE, INDEPENDENT, SPHERE, SMALL, "tested: two active points"),
        evidence=("selection_law.every_batch_size",),
        lemmas=("derivations.chains",),
        formulas=("selection.diffusion",),
        argument="b enters mean and variance of a step through the common factor D only (derived).",
    ),
    Claim(
        id="selection.arcsine_bound",
        statement=(
            "With any number of active points SGD ends at a_i with probability at most (2/pi) "
            "arcsin(c_i/|c|) at small step size; for two it is equal, for three and more less."
        ),
        source=OWN,
        verdict=Verdict.SUPPORTED,
        hypotheses=(ORTHONORMAL, ACTIVE, INDEPENDENT, SPHERE, SMALL, "tested: 3 to 8 points"),
        evidence=("selection_law.bound",),
        lemmas=("derivations.chains", "derivations.consistency", "selection.one_step"),
        formulas=("selection.arcsine_bound", "selection.arcsine_drift"),
        argument=(
            "Derived: the drift of the bound is D x (Q - (1 - x^2)^2) over a positive number, and "
            "the sum Q of the squares of the other shares is at most the square of their sum, "
            "equal only if one of them is left. So it never drifts up in the diffusion limit, and "
            "it ends at 1 or 0. Its lemmas on the generator are by brute force for up to 4 points."
        ),
    ),
    Claim(
        id="selection.three_points_equation",
        statement=(
            "For three active points the chance to win is harmonic, div(W A grad h) = 0 in the "
            "two differences of log|c|, W = |c|^2 over its geometric mean square, and the problem "
            "is coercive with constant 2/3: on every bounded domain it has one solution."
        ),
        source=OWN,
        verdict=Verdict.PROVED,
        hypotheses=("the diffusion limit", "three active points"),
        evidence=("three_points.equation",),
        argument=(
            "The generator equals div(W A grad h)/(2 W) identically; with k = sqrt(W) h the energy "
            "is |grad k|^2 + V k^2 up to a divergence, V = 5/3 - sum p_i^2 >= 2/3, identically "
            "(Lax-Milgram)."
        ),
    ),
    Claim(
        id="selection.three_points",
        statement=(
            "For three active points the law of the winner at small step size is the solution of "
            "that problem; at log-correlations (0.5, 0, -0.7) it is (0.57236, 0.30032, 0.12732)."
        ),
        source=OWN,
        verdict=Verdict.SUPPORTED,
        hypotheses=(ORTHONORMAL, ACTIVE, INDEPENDENT, SPHERE, "alpha small"),
        evidence=("three_points.training",),
        lemmas=("three_points.equation", "three_points.solution", "derivations.chains"),
        argument=(
            "The numbers are those of finite elements, converged to 1e-5; that training selects "
            "so is measured."
        ),
        remark="No closed form is known.",
    ),
    Claim(
        id="selection.predictable",
        statement=(
            "The point cannot be named in advance, but its law is known at small step size: from "
            "the start's direction alone, in closed form for two active points."
        ),
        source=("000, Honest Limitations", "000, Frequently Asked Questions: Can I predict"),
        verdict=Verdict.SUPPORTED,
        hypotheses=(ORTHONORMAL, ACTIVE, INDEPENDENT, SPHERE, SMALL),
        evidence=("selection_law.two_points", "selection_law.winner_varies", "selection.law"),
        remark=(
            "The article says that the theory gives no distribution; that is right of the paper. "
            "whichmin predict prints it, with the growth from small starts."
        ),
    ),
    Claim(
        id="selection.reshuffled_flow",
        statement=(
            "On the sphere a reshuffled epoch whose batches use every point leaves log|c_i/c_j| "
            "unmoved at first order in alpha, in every order of the data, and moves it by D "
            "(p_i - p_j) a batch on average at second order: the limit is the flow u' = p."
        ),
        source=OWN,
        verdict=Verdict.PROVED,
        hypotheses=(ORTHONORMAL, "b divides m", "m = 2, 3, 4", "the expansion, not the limit"),
        evidence=("reshuffled.epochs",),
        lemmas=("derivations.chains", "selection.reshuffled"),
        formulas=("selection.reshuffled_noise", "selection.diffusion"),
        argument="All orders are listed and one epoch is expanded from the derived one-step map.",
    ),
    Claim(
        id="selection.reshuffled",
        statement=(
            "With reshuffled epochs, as shuffling data loaders make them, the most correlated "
            "point wins (in all but at most 1 of 5,000 runs), where independent batches follow "
            "the random law."
        ),
        source=OWN,
        verdict=Verdict.SUPPORTED,
        hypotheses=(
            ORTHONORMAL,
            ACTIVE,
            "b divides m",
            "start on the sphere",
            "it leads the next point by alpha = step size/batch size in log|c|",
            "alpha <= 0.4",
        ),
        evidence=("reshuffled.favourite",),
        lemmas=("reshuffled.epochs",),
        argument=(
            "The noise of first order cancels within an epoch (selection.reshuffled_flow), so what "
            "is left is a flow that moves away from ties, with fluctuations of order alpha in "
            "log|c| (alpha^2 at b = 1, where all orders agree to second order)."
        ),
    ),
    Claim(
        id="selection.reshuffled_ties",
        statement=(
            "That lead is needed: from leads of a tenth of alpha and less, reshuffled epochs "
            "select another point in one run of twenty and more."
        ),
        source=OWN,
        verdict=Verdict.SUPPORTED,
        hypotheses=(ORTHONORMAL, "b divides m", "the settings of the check"),
        evidence=("reshuffled.near_ties",),
    ),
    Claim(
        id="selection.reshuffled_leftover",
        statement=(
            "Where reshuffled epochs leave q = m mod b > 0 points out, the first of two active "
            "points wins with probability I_p(a, a), the regularised incomplete Beta function at "
            "p = cos(theta)^2, a = (m - b)/(2 q): from the law of independent batches at q = m - b "
            "to certainty as q/(m - b) -> 0."
        ),
        source=OWN,
        verdict=Verdict.SUPPORTED,
        hypotheses=(ORTHONORMAL, ACTIVE, "b does not divide m", SPHERE, "alpha small"),
        evidence=("reshuffled.leftover",),
        lemmas=("reshuffled.epochs", "derivations.chains", "selection.reshuffled"),
        formulas=("selection.reshuffled_noise",),
        argument=(
            "Derived: per step the mean of independent batches and q/(m - b) of their variance, "
            "for symbolic m and b; I_p(a, a) solves the backward equation. Measured: training."
        ),
    ),
)
