"""Claims on stationary densities and on which minima noise keeps."""

from __future__ import annotations

from whichmin.verification.evidence.claim import Claim, Counterexample
from whichmin.words import Verdict

__all__ = ["CLAIMS"]

FLAT = "003, Small Batch SGD Favors Flat Minima"
ITO = "dx = -L'(x) dt + sqrt(2 D(x)) dB, Ito; SGD with step size eta: D = eta * variance / (2b)"

CLAIMS = (
    Claim(
        id="stationary.determinant",
        brief="no determinant factor at a point; it belongs to the mass of a basin",
        statement=(
            "SGD as a diffusion has a stationary density proportional at each point to exp(-L/T) "
            "times det(H)^(-1/2), H the Hessian there; in particular if the noise covariance is "
            "proportional to H."
        ),
        source=(f"{FLAT} (reconstructed: Gibbs density times a determinant factor)",),
        verdict=Verdict.REFUTED,
        hypotheses=(ITO, "constant noise, or noise proportional to the Hessian"),
        evidence=("stationary.no_determinant",),
        lemmas=("stationary.equal_depths",),
        counterexample=Counterexample(
            "L = x^2/2 + x^4/4, T = 1. Under a stationary density the mean of -L' f' + D f'' is 0 "
            "for every f; take f = x^4. For constant noise exp(-L) passes and the product with "
            "det(H)^(-1/2) does not; for D = H the product fails too.",
            "import numpy as np\n"
            "x = np.linspace(-8, 8, 20001)\n"
            "L, slope, H = x**2 / 2 + x**4 / 4, x + x**3, 1 + 3 * x**2\n"
            "def mean(p, D):\n"
            "    return round(float((p * (12 * x**2 * D - 4 * x**3 * slope)).sum() / p.sum()), 3)\n"
            "product = np.exp(-L) / np.sqrt(H)\n"
            "print(abs(mean(np.exp(-L), 1)), mean(product, 1), mean(product, H))\n",
            "0.0 0.878 12.357",
        ),
        corrected=("stationary.gibbs", "stationary.basins", "stationary.state_noise"),
        remark=(
            "Not even approximately: of two equally deep wells of curvatures 1 and 4 the sharp one "
            "holds a third of the mass at every temperature (stationary.equal_depths); the product "
            "would give it a fifth."
        ),
    ),
    Claim(
        id="stationary.gibbs",
        statement=(
            "Under noise that is the same at all points and in all directions the stationary "
            "density is exp(-L/T), with no factor of the curvature at any point."
        ),
        source=("whichmin", FLAT),
        verdict=Verdict.PROVED,
        hypotheses=(ITO, "D = T", "exp(-L/T) integrable"),
        evidence=("derivations.chains",),
        lemmas=("stationary.generator", "stationary.double_well"),
        formulas=("stationary.gibbs",),
        argument=(
            "The flux -grad(L) p - T grad(p) vanishes in every component exactly if log p falls by "
            "the loss over T along every coordinate; coordinate after coordinate that is the "
            "density. That there is no other one needs more: L smooth and the diffusion not "
            "exploding, a standard theorem that is not proved here."
        ),
    ),
    Claim(
        id="stationary.basins",
        statement=(
            "Under that noise the mass of a quadratic basin is exp(-L_min/T) (2 pi T)^(n/2) "
            "det(H)^(-1/2): of two equally deep basins the flatter holds more, by the root of the "
            "ratio of determinants. This is where the determinant has its place."
        ),
        source=("whichmin", FLAT),
        verdict=Verdict.PROVED,
        hypotheses=(ITO, "D = T", "quadratic basin, or T small beside its depth"),
        evidence=("derivations.chains",),
        lemmas=("stationary.basin_mass", "stationary.wells"),
        formulas=("stationary.log_basin_mass",),
        remark="T does not enter the ratio of determinants: small batches do not favour it more.",
    ),
    Claim(
        id="stationary.state_noise",
        statement=(
            "For noise that depends on the point, d log p/dx = -(L' + D')/D. Noise proportional to "
            "the loss, D = tau L, gives the power p = L^(-(1 + 1/tau)): it piles up at low loss, "
            "and cannot be normalised at a minimum of loss 0, where the noise vanishes and the "
            "iterate stays."
        ),
        source=("whichmin",),
        verdict=Verdict.PROVED,
        hypotheses=(ITO, "one dimension"),
        evidence=("derivations.chains",),
        lemmas=("stationary.generator", "stationary.double_well"),
        formulas=("stationary.score", "stationary.loss_noise"),
        remark="The autoencoder's data points are such minima for the noise that is left on the "
        "manifold of minima: tr Sigma vanishes exactly there.",
    ),
    Claim(
        id="stationary.hessian_noise",
        statement=(
            "Where noise is tau times the curvature of a well, the odds of two equally deep wells "
            "are exp(depth (1/h_1 - 1/h_2)/tau) h_2/h_1: the flatter wins, exponentially in "
            "1/tau. What decides is depth over noise, not a determinant."
        ),
        source=("whichmin", FLAT),
        verdict=Verdict.PROVED,
        hypotheses=(ITO, "two parabolas that meet in a top", "depth much larger than the noise"),
        evidence=("derivations.chains",),
        lemmas=("stationary.wells",),
        formulas=("stationary.well_odds", "stationary.hessian_noise_odds"),
        remark="The preference weakens as the temperature tau rises.",
    ),
    Claim(
        id="stationary.lyapunov",
        statement=(
            "Constant noise with any covariance: in the Hessian's eigenbasis the stationary "
            "covariance is 2 D_ij/(h_i + h_j). It is T H^(-1) only if D = T times the identity; "
            "for D = tau H it is tau times the identity."
        ),
        source=("whichmin", "Mandt, Hoffman, Blei 2017"),
        verdict=Verdict.PROVED,
        hypotheses=("quadratic loss, positive curvatures", ITO),
        evidence=("derivations.chains",),
        lemmas=("stationary.lyapunov",),
        formulas=("stationary.covariance",),
    ),
    Claim(
        id="stationary.runs",
        statement=(
            "Noisy gradient descent in a lopsided double well, started in one well, ends up with "
            "the closed-form density, for constant noise and for noise that grows with |x|."
        ),
        source=("whichmin",),
        verdict=Verdict.SUPPORTED,
        hypotheses=("T = 1/2, eta = 1/100, 3,000 steps, 10,000 runs",),
        evidence=("stationary.double_well",),
        formulas=("stationary.score",),
    ),
    Claim(
        id="stationary.high_temperature",
        brief="shares of equally deep wells do not depend on temperature",
        statement=(
            "At a high temperature of the noise only the flattest minima hold the iterate: the "
            "stationary density leaves the sharp ones as T grows."
        ),
        source=(f"{FLAT}, Intuition",),
        verdict=Verdict.REFUTED,
        hypotheses=(ITO, "D = T"),
        evidence=("stationary.equal_depths",),
        counterexample=Counterexample(
            "Two parabolas of depth 1 with curvatures 1 and 4, meeting at 0: the sharp one holds a "
            "third of the mass whatever the temperature.",
            "import numpy as np\n"
            "for T in (0.1, 1.0, 100.0):\n"
            "    mass = []\n"
            "    for h in (1.0, 4.0):\n"
            "        a = (2 / h) ** 0.5\n"
            "        x = np.linspace(0, a + 12 * (T / h) ** 0.5, 200001)\n"
            "        mass.append(np.exp(-h * (x - a) ** 2 / (2 * T)).sum() * (x[1] - x[0]))\n"
            "    print(round(float(mass[1] / sum(mass)), 4))\n",
            "0.3333\n0.3333\n0.3333",
        ),
        corrected=("stationary.mean_square", "stationary.hessian_noise"),
        remark="In the other sense, stability of discrete steps, a form of it is true.",
    ),
    Claim(
        id="stationary.escape",
        brief="depth decides: a deep sharp well holds longer than a shallow flat one",
        statement=(
            "Noise takes the iterate out of sharp minima and not out of flat ones: the wider the "
            "minimum, the longer it is kept."
        ),
        source=(f"{FLAT}, Intuition", "003, Mental Model"),
        verdict=Verdict.REFUTED,
        hypotheses=(ITO, "D = T"),
        evidence=("stationary.escape",),
        counterexample=Counterexample(
            "Mean time from the bottom to the top, T = 1/4: a flat well of curvature 1, depth 1/2 "
            "and half-width 1 is left sooner than a sharp one of curvature 8, depth 2 and "
            "half-width 0.71.",
            "import numpy as np\n"
            "T, times = 0.25, []\n"
            "for h, depth in ((1.0, 0.5), (8.0, 2.0)):\n"
            "    y = np.linspace(0, (2 * depth / h) ** 0.5, 200001)\n"
            "    up = np.exp(h * y**2 / (2 * T))\n"
            "    times.append((up * np.cumsum(1 / up)).sum() * y[1] ** 2 / T)\n"
            "print(np.round(times, 2))\n",
            "[  4.5  126.03]",
        ),
        corrected=("stationary.exit_time",),
    ),
    Claim(
        id="stationary.exit_time",
        statement=(
            "The mean time from the bottom of a parabolic well to its top is F(depth/T)/h: of "
            "equally deep wells the sharper is left sooner, in proportion to its curvature."
        ),
        source=("whichmin", f"{FLAT}, Intuition"),
        verdict=Verdict.PROVED,
        hypotheses=(ITO, "D = T"),
        evidence=("derivations.chains",),
        lemmas=("stationary.exit_scaling", "stationary.escape"),
        formulas=("stationary.exit_time",),
    ),
    Claim(
        id="stationary.mean_square",
        statement=(
            "A minimum that all data points share keeps SGD in mean square exactly if "
            "eta (h^2 + v) < 2 h, v the variance of the batch's curvature. With v = c^2 h^2/b that "
            "is h < 2/(eta (1 + c^2/b)): larger steps and smaller batches leave only flatter "
            "minima stable."
        ),
        source=("whichmin", f"{FLAT}, Intuition", "Wu, Ma, E 2018"),
        verdict=Verdict.PROVED,
        hypotheses=("one dimension", "per-sample losses with a common minimum", "with replacement"),
        evidence=("derivations.chains", "stationary.stable_steps"),
        lemmas=("stationary.mean_square",),
        formulas=("stationary.second_moment_factor",),
        remark=(
            "The limit depends on eta and on eta/b, not on the temperature eta/b alone; even "
            "full-batch GD has one, eta h < 2."
        ),
    ),
    Claim(
        id="stationary.favours_flat",
        brief="the autoencoder's own noise ends where the Hessian's trace is larger (ReLU)",
        statement=(
            "In the SDE approximation SGD's distribution concentrates, among minima of one loss, "
            "where the Hessian's eigenvalues are small."
        ),
        source=(FLAT, "003, Key Takeaways"),
        verdict=Verdict.REFUTED,
        hypotheses=("no word on the noise", "kappa < 1 in the counterexample"),
        evidence=(
            "stationary.diffusion_selects",
            "stationary.relu_autoencoder",
            "stationary.autoencoder",
        ),
        counterexample=Counterexample(
            "The diffusion of the ReLU autoencoder on two points, eta/b = 1/2: all runs end at "
            "data points, of trace 2.5 (kappa = 0); at the mixture of the same loss it is 2.",
            "import numpy as np\n"
            "rng = np.random.default_rng(0)\n"
            "w, e, dt = np.abs(rng.standard_normal((50, 2))) / 4, np.eye(2), 0.1\n"
            "for step in range(10000):\n"
            "    c, N = np.maximum(w, 0), (w * w).sum(1)[:, None, None]\n"
            "    g = (N - 2) * c[:, :, None] * e + c[:, :, None] ** 2 * w[:, None]\n"
            "    G = g.mean(1, keepdims=True)\n"
            "    dB = rng.standard_normal((50, 2, 1)) * (dt / 2 / 2) ** 0.5\n"
            "    w = w - dt * G[:, 0] + ((g - G) * dB).sum(1)\n"
            "def trace(w):\n"
            "    return sum(w @ w - 2 + (4 + 2) * c * c for c in w if c > 1e-9) / 2\n"
            "print(w.min() < 1e-9, *(round(trace(p), 6) for p in (w[0], np.ones(2) / 2**0.5)))\n",
            "True 2.5 2.0",
        ),
        corrected=("stationary.hessian_noise", "stationary.mean_square", "sharpness.gap"),
        remark=(
            "What selects is the noise's own geometry: it vanishes at the data points alone. For "
            "the linear neuron all minima have one spectrum, and SGD ends at data points too. By "
            "Keskar's metric SGD's minimum is the flatter one: measures.keskar_relu."
        ),
    ),
)
