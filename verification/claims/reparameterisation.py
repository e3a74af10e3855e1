"""Claims on rescaling layers: what sharpness says of a function."""

from __future__ import annotations

from whichmin.verification.evidence.claim import Claim, Counterexample
from whichmin.words import Verdict

__all__ = ["CLAIMS"]

FAILURE = "003, Sharp vs Flat Minima: failure mode"
CONFUSION = "003, Flat minima are not guaranteed to generalize better"
DINH = "Dinh et al. 2017"
LAYERS = "two-layer ReLU network W2 relu(W1 x) without biases, any loss of its outputs"

CLAIMS = (
    Claim(
        id="reparameterisation.same_function",
        statement=(
            "(r W1, W2/r) computes the same function for every r > 0, and the Hessian's blocks "
            "are multiplied by r^(-2) (layer 1), 1 (mixed) and r^2 (layer 2), at every point where "
            "the loss is smooth."
        ),
        source=(FAILURE, DINH),
        verdict=Verdict.PROVED,
        hypotheses=(LAYERS,),
        evidence=("reparameterisation.homogeneous", "derivations.chains"),
        lemmas=("reparameterisation.chain_rule", "reparameterisation.digits"),
        formulas=tuple(f"reparameterisation.{b}_block" for b in ("first", "mixed", "second")),
    ),
    Claim(
        id="reparameterisation.arbitrarily_sharp",
        statement=(
            "A minimum where a diagonal block has a positive trace can be made arbitrarily sharp "
            "without changing the function: the trace becomes T1/r^2 + r^2 T2, and the largest "
            "eigenvalue is at least r^2 T2/n2."
        ),
        source=(FAILURE, CONFUSION, DINH),
        verdict=Verdict.PROVED,
        hypotheses=(LAYERS, "T2 > 0 (or T1 > 0, with r falling)"),
        evidence=("reparameterisation.homogeneous", "derivations.chains"),
        lemmas=("reparameterisation.digits", "reparameterisation.chain_rule"),
        formulas=("reparameterisation.trace",),
        argument=(
            "The largest eigenvalue of a symmetric matrix is at least the mean of the diagonal of "
            "any diagonal block; that of layer 2 is r^2 T2/n2."
        ),
        remark=(
            "For T1, T2 > 0 this orbit has a least trace, 2 sqrt(T1 T2); rescaling single hidden "
            "neurons can go lower."
        ),
    ),
    Claim(
        id="reparameterisation.least_trace",
        statement=(
            "The smallest trace on an orbit is 2 sqrt(T1 T2), at r^4 = T1/T2; it is the same for "
            "all points of the orbit."
        ),
        source=("whichmin",),
        verdict=Verdict.PROVED,
        hypotheses=(LAYERS, "T1, T2 > 0"),
        evidence=("derivations.chains", "reparameterisation.least"),
        lemmas=("reparameterisation.least_trace",),
        formulas=("reparameterisation.least_trace",),
    ),
    Claim(
        id="reparameterisation.measures",
        statement=(
            "Along an orbit log |det H| moves by 2 (n2 - n1) log r where H is not singular, and "
            "Keskar's box, seen from the original weights, has half-widths eps (|w| + 1/r) and "
            "eps (|w| + r). The relative flatness, sum over layers of |W_l|^2 tr H_ll, does not "
            "move."
        ),
        source=("whichmin", DINH),
        verdict=Verdict.PROVED,
        hypotheses=(LAYERS,),
        evidence=("derivations.chains",),
        lemmas=("reparameterisation.chain_rule",),
        formulas=(
            "reparameterisation.log_determinant",
            "reparameterisation.box_growth",
            "reparameterisation.relative_flatness",
        ),
        remark=(
            "Where the layers have as many parameters (n1 = n2) the determinant stays. At a "
            "minimum it is 0: the orbit itself is flat there."
        ),
    ),
    Claim(
        id="reparameterisation.keskar",
        statement=(
            "Keskar's metric is not invariant either: for u v fitted to 1 it is "
            "50 eps^2 (1 + eps)^2 (2 + r + 1/r)^2 at (1/r, r), without bound in r."
        ),
        source=("whichmin", DINH),
        verdict=Verdict.PROVED,
        hypotheses=("L = (1 - u v)^2/2", "0 < eps < 1"),
        evidence=("derivations.chains", "reparameterisation.corner"),
        lemmas=("reparameterisation.keskar",),
        formulas=("reparameterisation.keskar_neuron",),
    ),
    Claim(
        id="reparameterisation.any_network",
        brief="the tied neuron has no other weights with the same function",
        statement=(
            "Whatever the network, its weights can be moved so that a minimum becomes arbitrarily "
            "sharp and the function stays."
        ),
        source=(f"{FAILURE} (read as a change of weights)",),
        verdict=Verdict.REFUTED,
        hypotheses=("the weights are moved; the coordinates are not changed",),
        evidence=("reparameterisation.tied",),
        counterexample=Counterexample(
            "The tied neuron w phi(<w, x>): its output on +-e_i tells w_i (linear: up to one "
            "sign), so no other weights give the function. Here they are read off 6 outputs.",
            "import numpy as np\n"
            "w = np.array([0.6, -0.8, 0.3])\n"
            "f = lambda x: w * max(w @ x, 0)\n"
            "read = []\n"
            "for e in np.eye(3):\n"
            "    up, down = f(e) @ e, f(-e) @ e\n"
            "    read.append(np.sqrt(up) if up > 0 else -np.sqrt(-down))\n"
            "print(np.round(read, 12))\n",
            "[ 0.6 -0.8  0.3]",
        ),
        corrected=("reparameterisation.arbitrarily_sharp", "reparameterisation.tied"),
        remark=(
            "Read as a change of coordinates the sentence is true: w = g(theta) turns any Hessian "
            "at a minimum into g'^T H g'. That is a property of coordinates, not of a network."
        ),
    ),
    Claim(
        id="reparameterisation.tied",
        statement=(
            "The tied neuron w phi(<w, x>) is determined by its function: for ReLU w itself, for "
            "the linear neuron w up to its sign. So its Hessian spectrum is a property of the "
            "function."
        ),
        source=("whichmin",),
        verdict=Verdict.PROVED,
        hypotheses=("equal outputs on all inputs",),
        evidence=("reparameterisation.tied",),
        argument=(
            "ReLU: the i-th output on +-e_i involves w_i alone. Linear: w w^T is known; a "
            "coordinate that is not 0 fixes the sign, and each pair of coordinates is a case of "
            "the lemma. The Hessian's spectrum is the same at w and -w."
        ),
    ),
    Claim(
        id="reparameterisation.untied",
        statement=(
            "The untied neuron u phi(<v, x>) has the symmetry. At (w/r, r w), w a minimum of the "
            "tied neuron with k active points, its trace is (n r^2 + (k + kappa (m - k))/r^2)/m; "
            "for kappa = 0 the least is 2 sqrt(k n)/m, at r^4 = k/n, so the balanced point r = 1 "
            "is the flattest only for k = n. With kappa < 1 SGD's minimum (k = 1) has the smaller "
            "trace at r = 1, the opposite of the tied neuron."
        ),
        source=("whichmin",),
        verdict=Verdict.PROVED,
        hypotheses=("orthonormal data",),
        evidence=("derivations.chains",),
        lemmas=("reparameterisation.untied",),
        formulas=("reparameterisation.untied_trace", "reparameterisation.untied_least_trace"),
        remark="SGD's minimum here is the tied neuron's; the untied dynamics are not studied.",
    ),
    Claim(
        id="reparameterisation.flat_generalises",
        brief="a rescaled network generalises the same at any sharpness",
        statement=(
            "Of two minima the one with the smaller Hessian, by trace or largest eigenvalue, "
            "generalises better."
        ),
        source=("003, Sharp vs Flat Minima: Why It Matters (as a law, which it says it is not)",),
        verdict=Verdict.REFUTED,
        hypotheses=("no word on the parametrisation",),
        evidence=("reparameterisation.digits",),
        counterexample=Counterexample(
            "A two-layer ReLU network at r = 1 and 8: the same output for each of 1,000 inputs, so "
            "the same error on any test set; the second layer's share of the trace grows 64-fold.",
            "import numpy as np\n"
            "rng = np.random.default_rng(0)\n"
            "W1, W2 = rng.standard_normal((5, 4)), rng.standard_normal((3, 5))\n"
            "x = rng.standard_normal((1000, 4))\n"
            "outputs, traces = [], []\n"
            "for r in (1.0, 8.0):\n"
            "    hidden = np.maximum(x @ (r * W1).T, 0)\n"
            "    outputs.append(hidden @ (W2 / r).T)\n"
            "    traces.append(3 * (hidden**2).sum(1).mean())\n"
            "print(np.abs(outputs[0] - outputs[1]).max(), traces[1] / traces[0])\n",
            "0.0 64.0",
        ),
        corrected=("reparameterisation.generalisation", "reparameterisation.measures"),
    ),
    Claim(
        id="reparameterisation.generalisation",
        statement=(
            "Flatness alone guarantees nothing about generalisation: all points of an orbit are "
            "one function, with one error on every test set, at any trace from 2 sqrt(T1 T2) "
            "upwards."
        ),
        source=(CONFUSION, FAILURE),
        verdict=Verdict.PROVED,
        hypotheses=(LAYERS, "T1, T2 > 0"),
        evidence=("reparameterisation.homogeneous", "derivations.chains"),
        lemmas=("reparameterisation.digits", "reparameterisation.least"),
        formulas=("reparameterisation.trace", "reparameterisation.least_trace"),
        remark=(
            "Says nothing of measures that are invariant, nor of whether flat minima that training "
            "finds generalise better on average: that is a question about data and networks."
        ),
    ),
)
