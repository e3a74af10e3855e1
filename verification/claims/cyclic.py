"""Claims on cyclic SGD: batch t is {t mod m}, counted from 0, so that a_0 comes first."""

from __future__ import annotations

from whichmin.verification.evidence.claim import Claim, Counterexample
from whichmin.words import Verdict

__all__ = ["CLAIMS"]

SECTION = "000, Does Randomness Actually Matter?"
FAQ = "000, FAQ: Can I predict which training vector SGD will converge to?"
BOUNDS = ("orthonormal data", "one point a step", "step size <= 1/5", "|w0| <= 1")
LEADER = ("cyclic.leader_lemma", "cyclic.one_step")

# The run that the counterexamples share; `w` and `eta` come before, a print after.
LOOP = """m = len(w)
for t in range({steps}):
    i = t % m
    c = w[i]
    grad = c * c * w
    grad[i] += (w @ w - 2) * c
    w = w - eta * grad
"""

CLAIMS = (
    Claim(
        id="cyclic.two_points",
        statement=(
            "Two data points in the plane, c_0 >= c_1 > 0 at the start: cyclic SGD converges to "
            "a_0."
        ),
        source=(SECTION, "Ghosh et al. 2025, Theorem 4"),
        verdict=Verdict.PROVED,
        hypotheses=("m = n = 2", *BOUNDS),
        evidence=LEADER,
        lemmas=("cyclic.limits",),
        argument=("The case m = 2 of cyclic.first_leader: a_0 leads at its own turn, at step 0."),
        remark=(
            "The article adds 'almost surely', but nothing is random: it holds for every start. "
            "It also holds for any n, any off-span part, and for ReLU."
        ),
    ),
    Claim(
        id="cyclic.first_leader",
        statement=(
            "Any number of data points in any dimension, linear or ReLU: if the point whose turn "
            "it is has the largest correlation in absolute value (ReLU: of the positive ones), "
            "ties allowed, then cyclic SGD converges to it, with the sign of its correlation. In "
            "particular a_0 is the limit if c_0 >= |c_j| for all j and c_0 > 0."
        ),
        source=("whichmin", SECTION + " (the conjecture for any m and n, a_0 leading)"),
        verdict=Verdict.PROVED,
        hypotheses=("any m and n", *BOUNDS),
        evidence=LEADER,
        lemmas=("cyclic.limits",),
        argument=(
            "In the cycle that starts with the leader i, ratio c_j/c_i changes twice: by 1 + h_j "
            "at j's turn and by 1/(1 + h_i) at i's, h = eta (2 - N)/(1 - eta c^2) with the values "
            "of that turn. The lemmas bound the fall of N until j's turn and c_j's shrinking by "
            "the same sum y, and give h_j < h_i with slack 2/5 eta y c_i^2, y >= eta c_i^2. So the "
            "lead never shrinks; c_i^2 >= C/m, and C stays away from 0 because a leader among "
            "small correlations grows. Hence all c_j/c_i fall geometrically. Off-span energy "
            "relative to c_i^2 falls by a factor at every turn of i, and N then contracts to 1."
        ),
        remark="This settles the conjecture in its reading with a_0 as the leader.",
    ),
    Claim(
        id="cyclic.margin",
        statement=(
            "Cyclic SGD converges to the point of largest correlation (in absolute value) if its "
            "correlation is at least 1 + 2 eta times those of the points that come before it in "
            "the order, and no smaller than those that come after it."
        ),
        source=("whichmin",),
        verdict=Verdict.PROVED,
        hypotheses=("any m and n", "ReLU: among the positive correlations", *BOUNDS),
        evidence=(*LEADER, "cyclic.margin_lemma"),
        lemmas=("cyclic.limits",),
        argument=(
            "Until its turn the point and all others shrink by common factors, and each point "
            "before it gains a factor 1 + h <= 1 + 2 eta once, since N is at least the sum of the "
            "two energies. So it leads when its turn comes, and cyclic.first_leader applies."
        ),
    ),
    Claim(
        id="cyclic.margin_sharp",
        statement="The 2 in the margin 1 + 2 eta cannot be replaced by 9/5.",
        source=("whichmin",),
        verdict=Verdict.PROVED,
        hypotheses=("all m", *BOUNDS),
        evidence=("cyclic.margin_sharp",),
        argument=(
            "m = 32, eta = 1/5: 31 correlations of 1/1000 and the last one 1 + 9/5 eta times as "
            "large; a_0 wins."
        ),
        remark=(
            "For small eta and |w0| the numbers approach 2 (m - 1)/m eta: half of it comes from "
            "the growth of N within the first cycles, half from the order within each cycle."
        ),
    ),
    Claim(
        id="cyclic.higher_of_two",
        brief="of two points the higher correlation wins; near ties the order does",
        statement=(
            "With two data points cyclic SGD converges to the one whose initial correlation is "
            "higher."
        ),
        source=(FAQ,),
        verdict=Verdict.REFUTED,
        hypotheses=("m = 2", "positive correlations", *BOUNDS),
        evidence=("cyclic.largest_loses_by_hand", *LEADER),
        counterexample=Counterexample(
            "eta = 1/5, w0 = (0.50, 0.52): a_1 has the higher correlation, a_0 comes first. After "
            "six steps a_0 leads at its own turn, and it is the limit.",
            "import numpy as np\nw, eta = np.array([0.50, 0.52]), 0.2\n"
            + LOOP.format(steps=4000)
            + "print(w.round(6))\n",
            "[1. 0.]",
        ),
        corrected=("cyclic.two_points_rule", "cyclic.margin"),
        remark="The theorem that the FAQ sums up has c_0 >= c_1 as its hypothesis.",
    ),
    Claim(
        id="cyclic.two_points_rule",
        statement=(
            "Two data points: the limit is the first one whose correlation, at its own turn, is at "
            "least the other's in absolute value. If there is no such turn the run converges to "
            "neither."
        ),
        source=("whichmin",),
        verdict=Verdict.PROVED,
        hypotheses=("m = 2", "not both correlations zero", *BOUNDS),
        evidence=LEADER,
        argument=(
            "The first part is cyclic.first_leader. A run that converges to a_i has |c_i| above "
            "the other's at all late turns of a_i."
        ),
    ),
    Claim(
        id="cyclic.largest_wins",
        brief="the largest correlation wins for any m; a margin is needed, 2 eta suffices",
        statement=(
            "For any m and n cyclic SGD converges to the data point of largest initial correlation."
        ),
        source=(SECTION, FAQ),
        verdict=Verdict.REFUTED,
        hypotheses=("positive correlations", *BOUNDS),
        evidence=("cyclic.largest_loses", *LEADER),
        counterexample=Counterexample(
            "For every m from 2 to 16 and eta = 1/20, 1/10, 1/5: all correlations 1/10 but the "
            "last, which is larger by the factor 1 + eta/2. The limit is a_0. Here m = 4, "
            "eta = 1/5.",
            "import numpy as np\nw, eta = np.array([0.10, 0.10, 0.10, 0.11]), 0.2\n"
            + LOOP.format(steps=8000)
            + "print(w.round(6))\n",
            "[1. 0. 0. 0.]",
        ),
        corrected=("cyclic.first_leader", "cyclic.margin", "cyclic.generic_point"),
    ),
    Claim(
        id="cyclic.largest_signed",
        brief="signs count in the comparison; sizes do",
        statement="Linear neuron: the higher of two correlations wins, signs taken into account.",
        source=(FAQ,),
        verdict=Verdict.REFUTED,
        hypotheses=("m = 2", "linear", *BOUNDS),
        evidence=("cyclic.largest_in_size", "cyclic.finality"),
        counterexample=Counterexample(
            "eta = 1/5, w0 = (0.3, -0.5): the higher correlation is that with a_0; the limit is "
            "minus a_1. The linear neuron cannot tell a_1 from its negative.",
            "import numpy as np\nw, eta = np.array([0.3, -0.5]), 0.2\n"
            + LOOP.format(steps=4000)
            + "print(w.round(6) + 0.0)\n",
            "[ 0. -1.]",
        ),
        corrected=("cyclic.margin",),
    ),
    Claim(
        id="cyclic.some_point",
        brief="every start ends at one point; on a thin set of starts neither wins",
        statement="From every start cyclic SGD converges to some data point or its negative.",
        source=(SECTION, "000, Key Points"),
        verdict=Verdict.REFUTED,
        hypotheses=("m = 2", "one point a step", "step size <= 1/5"),
        evidence=("cyclic.orbit",),
        counterexample=Counterexample(
            "eta = 4489/106032, w0 = (47/67, 48/67): each step swaps the two correlations, so the "
            "run never ends. Its squared norm is 4513/4489, just above 1 and below the 1.05 of the "
            "trap; inside the unit ball such starts exist too (cyclic.no_winner).",
            "from fractions import Fraction as F\n"
            "w, eta = [F(47, 67), F(48, 67)], F(4489, 106032)\n"
            "for t in range(4):\n"
            "    i, N = t % 2, w[0] ** 2 + w[1] ** 2\n"
            "    c = w[i]\n"
            "    grad = [c * c * v for v in w]\n"
            "    grad[i] += (N - 2) * c\n"
            "    w = [v - eta * d for v, d in zip(w, grad)]\n"
            "    print(*w)\n",
            "48/67 47/67\n47/67 48/67\n48/67 47/67\n47/67 48/67",
        ),
        corrected=("cyclic.generic_point", "cyclic.no_winner"),
        remark=(
            "Such starts are exceptional and unstable: in floating-point arithmetic the run leaves "
            "the orbit after some thousand steps."
        ),
    ),
    Claim(
        id="cyclic.no_winner",
        statement=(
            "Two data points: for every step size up to 1/5 and every norm below 1 there is a "
            "start of that norm from which cyclic SGD converges to neither, with "
            "1 < c_1/c_0 < 1 + 2 eta."
        ),
        source=("whichmin",),
        verdict=Verdict.PROVED,
        hypotheses=("m = 2", *BOUNDS),
        evidence=(*LEADER, "cyclic.margin_lemma", "cyclic.finality"),
        argument=(
            "On the arc of that norm, a_0 wins where c_1 = c_0 and a_1 wins where "
            "c_1 = (1 + 2 eta) c_0. Starts from which a given point wins form an open set: the run "
            "enters the inside of the basin after finitely many steps, and these depend on the "
            "start continuously. An arc is not the union of two disjoint open parts."
        ),
    ),
    Claim(
        id="cyclic.generic_point",
        statement=(
            "Cyclic SGD with one point a step converges to one data point or its negative, one "
            "that the neuron responds to, with the sign of its initial correlation: for starts "
            "drawn at random no exception was found."
        ),
        source=("000, Key Points", SECTION),
        verdict=Verdict.VERIFIED,
        hypotheses=("m from 2 to 16", "linear and ReLU", *BOUNDS),
        evidence=("cyclic.limits",),
        remark=(
            "Each case is certified: ball arithmetic until the basin lemma makes the limit final. "
            "That the exceptions (cyclic.some_point) have measure zero is not proved."
        ),
    ),
    Claim(
        id="cyclic.larger_steps",
        statement=(
            "Cyclic SGD with one point a step converges to one data point or its negative for step "
            "sizes up to 9/20 as well."
        ),
        source=("whichmin",),
        verdict=Verdict.VERIFIED,
        hypotheses=("orthonormal data", "m from 2 to 16", "|w0| < 1", "step size 1/4 to 9/20"),
        evidence=("cyclic.larger_steps",),
    ),
    Claim(
        id="cyclic.finality",
        statement=(
            "Let every epoch be a partition of the data into batches of b, in any order, and "
            "eta/b <= 1/5. Once, at the start of an epoch, one point (of those that the neuron "
            "responds to) holds 8/9 of the squared norm, which is 1 up to eta/(6 b), this stays so "
            "in all later epochs; every other point that is in another batch infinitely often "
            "vanishes. With b = 1 that point is the limit."
        ),
        source=("whichmin",),
        verdict=Verdict.PROVED,
        hypotheses=("orthonormal data", "any m and n", "linear or ReLU"),
        evidence=("cyclic.finality", "cyclic.one_step"),
        argument=(
            "Batches without the favourite move N by at most 2 (eta/b)^2 times their energy, which "
            "is at most 47/360 in an epoch; the favourite's batch more than makes up for it. A "
            "point visited in another batch multiplies its ratio to the favourite by "
            "(1 + h_j)/(1 + h_*) < 1, h_j <= (1 - a/10) h_*; one in the same batch keeps it. "
            "Within an epoch a ratio grows by (1 + h_j)^2 <= 3/2 in square at most."
        ),
        remark="Cyclic with b = 1 and reshuffled epochs (b dividing m) are such sequences.",
    ),
    Claim(
        id="cyclic.small_batch",
        brief="small batches, not randomness, make SGD sparse; cycles keep blocks of gcd(m, b)",
        statement=(
            "A small batch size, rather than randomness, makes SGD end at a single data point: a "
            "fixed cyclic order does the same for any batch size below m."
        ),
        source=("000, Key Points", SECTION),
        verdict=Verdict.REFUTED,
        hypotheses=("b < m", "step size <= 1/5", "|w0| < 1"),
        evidence=("cyclic.blocks", "cyclic.one_step", "cyclic.leader_lemma"),
        counterexample=Counterexample(
            "m = 4, b = 2, cyclic batches {0, 1}, {2, 3}, eta = 1/5, w0 = (0.3, 0.4, 0.1, 0.1): "
            "points of a batch keep their ratio, and the limit is (0.6, 0.8, 0, 0), a mixture. "
            "With random batches of 2 the limit is a data point.",
            "import numpy as np\n"
            "w = np.array([0.3, 0.4, 0.1, 0.1])\n"
            "for t in range(4000):\n"
            "    i = [0, 1] if t % 2 == 0 else [2, 3]\n"
            "    c = w[i]\n"
            "    grad = (c @ c) * w\n"
            "    grad[i] += (w @ w - 2) * c\n"
            "    w = w - 0.2 / 2 * grad\n"
            "print(w.round(6))\n",
            "[0.6 0.8 0.  0. ]",
        ),
        corrected=("cyclic.blocks", "cyclic.gcd_blocks", "cyclic.generic_point"),
        remark="True at one point a step; what matters is that the batches tell points apart.",
    ),
    Claim(
        id="cyclic.randomness",
        brief="the randomness of the batches makes SGD sparse; a fixed order does it too",
        statement=(
            "It is the randomness of stochastic gradients that leads SGD to a sparse minimum."
        ),
        source=("002, abstract",),
        verdict=Verdict.REFUTED,
        hypotheses=("b = 1 < m", "step size <= 1/5", "|w0| < 1"),
        evidence=LEADER,
        lemmas=("cyclic.limits",),
        counterexample=Counterexample(
            "m = 3, one point a step in the fixed order 0, 1, 2, eta = 1/5, w0 = (0.3, 0.2, 0.1): "
            "nothing is random and the limit is a_0.",
            "import numpy as np\n"
            "w = np.array([0.3, 0.2, 0.1])\n"
            "for t in range(9000):\n"
            "    c = w * (np.arange(3) == t % 3)\n"
            "    w = w - 0.2 * ((w @ w - 2) * c + (c @ c) * w)\n"
            "print(w.round(6))\n",
            "[1. 0. 0.]",
        ),
        corrected=("cyclic.first_leader", "cyclic.generic_point"),
        remark="The article says so too (000, Does Randomness Actually Matter?).",
    ),
    Claim(
        id="cyclic.blocks",
        statement=(
            "Cyclic SGD with b dividing m treats each block of b consecutive points as one point "
            "with step size eta/b: ratios within a block never change, and the block norms follow "
            "cyclic SGD on m/b points. Its limit is the normalised projection of w0 on a block if "
            "that block's norm is the largest when its turn comes."
        ),
        source=("whichmin",),
        verdict=Verdict.PROVED,
        hypotheses=("orthonormal data", "eta/b <= 1/5", "|w0| <= 1", "ReLU: positive parts"),
        evidence=("cyclic.one_step", "cyclic.leader_lemma", "cyclic.blocks"),
        argument=(
            "A step multiplies all correlations of the batch by s + g and all others by s, which "
            "depend on the block's energy and N only; then cyclic.first_leader."
        ),
    ),
    Claim(
        id="cyclic.gcd_blocks",
        statement=(
            "Cyclic SGD with batches of b < m keeps blocks of gcd(m, b) neighbours together, tells "
            "all other pairs apart, and ends at the normalised projection on one block; it is a "
            "single data point exactly if b and m are coprime (or the block has one active point)."
        ),
        source=("whichmin",),
        verdict=Verdict.VERIFIED,
        hypotheses=("orthonormal data", "eta = b/5", "|w0| < 1", "generic start"),
        evidence=("cyclic.fused", "cyclic.block_limits"),
        remark="The rule for blocks was enumerated up to m = 32, the limits run up to m = 6.",
    ),
    Claim(
        id="cyclic.intuition",
        brief="cyclic updates favour the leader; the one whose turn comes first may overtake",
        statement=(
            "Cyclic updates favour whichever data point has the highest correlation at the time."
        ),
        source=(SECTION,),
        verdict=Verdict.REFUTED,
        hypotheses=("m = 2", *BOUNDS),
        evidence=("cyclic.intuition",),
        counterexample=Counterexample(
            "eta = 1/5, w0 = (0.50, 0.52): a_1 is ahead by the factor 1.04, a_0's step reverses "
            "that, and after the whole cycle a_1 is ahead by less than before.",
            "import numpy as np\nw, eta = np.array([0.50, 0.52]), 0.2\n"
            "print(round(w[1] / w[0], 4))\n"
            + LOOP.format(steps=2)
            + "    print(round(w[1] / w[0], 4))\n",
            "1.04\n0.793\n1.0211",
        ),
        corrected=("cyclic.first_leader", "cyclic.margin"),
        remark=(
            "Every step favours the point of its own batch. Over a cycle the point that is ahead "
            "gains if it is ahead at its own turn, or by a factor of 1 + 2 eta."
        ),
    ),
)
