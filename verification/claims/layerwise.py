"""Claims on layer-wise step sizes."""

from __future__ import annotations

from whichmin.verification.evidence.claim import Claim, Counterexample
from whichmin.words import Verdict

__all__ = ["CLAIMS"]

LARS = "003, LARS and LAMB"
RESCALED = "two-layer ReLU network, started at (r W1, W2/r)"

CLAIMS = (
    Claim(
        id="layerwise.ratio",
        statement=(
            "LARS gives each layer the step eta trust |w|/|g| g, whose length is eta trust times "
            "that of the weights. LAMB does the same with Adam's direction in place of the "
            "gradient."
        ),
        source=(LARS, "You et al. 2017 and 2020"),
        verdict=Verdict.PROVED,
        hypotheses=("no weight decay", "epsilon = 0", "no momentum (LARS)"),
        evidence=("derivations.chains",),
        lemmas=("layerwise.relative_steps",),
        formulas=("layerwise.lars_relative_step",),
    ),
    Claim(
        id="layerwise.lamb_ratio",
        brief="LAMB's ratio is that of the weights to Adam's update, not to the gradient",
        statement=(
            "LAMB, like LARS, adjusts a layer's step size by the ratio of its parameter norm to "
            "its gradient norm."
        ),
        source=(LARS,),
        verdict=Verdict.REFUTED,
        hypotheses=("no weight decay", "epsilon = 0"),
        evidence=("layerwise.lamb_ratio",),
        counterexample=Counterexample(
            "The first step with a gradient and with ten times it, as another unit of the loss "
            "would give: |w|/|g| falls tenfold, LAMB's multiplier of its direction stays.",
            "import numpy as np\n"
            "w, g = np.array([3.0, 4.0]), np.array([0.2, -0.1])\n"
            "for unit in (1.0, 10.0):\n"
            "    mean, square = 0.1 * unit * g, 0.001 * (unit * g) ** 2\n"
            "    adam = (mean / 0.1) / np.sqrt(square / 0.001)\n"
            "    ratios = [np.linalg.norm(w) / np.linalg.norm(d) for d in (unit * g, adam)]\n"
            "    print(*np.round(ratios, 4))\n",
            "22.3607 3.5355\n2.2361 3.5355",
        ),
        corrected=("layerwise.ratio",),
    ),
    Claim(
        id="layerwise.equivariant",
        statement=(
            "LARS and LAMB do not notice a rescaling of the layers: from (r W1, W2/r) the weights "
            "stay (r W1(t), W2(t)/r), and the network computes the same function at every step, "
            "for every r, batches and momentum included."
        ),
        source=("whichmin",),
        verdict=Verdict.PROVED,
        hypotheses=(RESCALED, "no weight decay", "epsilon = 0", "LAMB's phi is the identity"),
        evidence=("derivations.chains",),
        lemmas=("layerwise.equivariant", "layerwise.relative_steps"),
        formulas=("reparameterisation.gradient_scale", "layerwise.lars_relative_step"),
        argument=(
            "By induction over the steps: at rescaled weights layer 1's gradient is 1/r times what "
            "it was, so its direction is the same (Adam's too, entry by entry), and the step's "
            "length is a fixed multiple of the weights', r times what it was. A buffer of updates "
            "is r times what it was as well. Layer 2 likewise with 1/r."
        ),
    ),
    Claim(
        id="layerwise.others",
        statement=(
            "SGD and Adam notice it: relative steps of layer 1 fall by 1/r^2 and 1/r, and the "
            "function takes another path. LARS and LAMB notice it too with weight decay or epsilon "
            "above 0 (seen at 1/1000 and 1/10)."
        ),
        source=("whichmin",),
        verdict=Verdict.PROVED,
        hypotheses=(RESCALED,),
        evidence=("layerwise.not_equivariant",),
        lemmas=("layerwise.relative_steps", "derivations.chains"),
        formulas=(
            "layerwise.sgd_relative_step",
            "layerwise.adam_relative_step",
            "layerwise.decayed_relative_step",
        ),
    ),
    Claim(
        id="layerwise.compensates_noise",
        brief="the multiplier moves by r^2 while the layer's noise scale stands still",
        statement=(
            "The ratio of parameter norm to gradient norm in LARS compensates for layers having "
            "different gradient noise scales."
        ),
        source=(LARS,),
        verdict=Verdict.REFUTED,
        hypotheses=("noise scale of a layer: tr Sigma/|G|^2 of its part of the gradient",),
        evidence=("layerwise.noise",),
        counterexample=Counterexample(
            "f = u v x, three samples: the noise scale of v is the same before and after scaling v "
            "by 4 and u by 1/4, LARS's multiplier |v|/|g| is 16 times larger.",
            "import numpy as np\n"
            "x, y = np.array([1.0, 2.0, 3.0]), np.array([3.0, 1.0, 2.0])\n"
            "for r in (1.0, 4.0):\n"
            "    u, v = 0.5 / r, 0.5 * r\n"
            "    each = (u * v * x - y) * u * x\n"
            "    g = each.mean()\n"
            "    print(round(each.var() / g**2, 6), round(abs(v / g), 6))\n",
            "0.206667 0.4\n0.206667 6.4",
        ),
        corrected=("layerwise.compensates_scale",),
    ),
    Claim(
        id="layerwise.compensates_scale",
        statement=(
            "What LARS and LAMB compensate is the scale of a layer's parametrisation: relative "
            "steps are eta trust in every layer, whatever its noise scale, which the rescaling "
            "does not change."
        ),
        source=("whichmin", LARS),
        verdict=Verdict.PROVED,
        hypotheses=("no weight decay", "epsilon = 0", "no momentum (LARS)"),
        evidence=("derivations.chains",),
        lemmas=("layerwise.noise", "layerwise.relative_steps"),
        formulas=("layerwise.noise_scale", "layerwise.lars_relative_step", "layerwise.noisy_norm"),
        remark=(
            "Noise enters through the length of the batch gradient, whose mean square is "
            "|G|^2 (1 + B_l/b), B_l the layer's noise scale: of a step of given length the "
            "part along the mean gradient is about 1/sqrt(1 + B_l/b) of it. That shortens the "
            "useful part of noisy layers' steps; it does not make them equal."
        ),
    ),
)
