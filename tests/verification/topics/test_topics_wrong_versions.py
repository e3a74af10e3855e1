"""Checks fail for a false version of what they say: another number in the statement."""

from fractions import Fraction

import pytest

from whichmin.verification.evidence.check import Settings
from whichmin.verification.evidence.runner import run_check
from whichmin.verification.evidence.subject import Subject
from whichmin.verification.topics import all_checks
from whichmin.verification.topics.cyclic.orders import almost_tied
from whichmin.verification.topics.landscape.definition import SHOWN
from whichmin.verification.topics.perturbation import rankings
from whichmin.verification.topics.quadratic.scaling import GOYAL
from whichmin.words import Activation, Kink

CHECKS = {c.id: c for c in all_checks()}
F = Fraction


def tied(lead):
    """The second of two is ahead by this much, and wins if that is more than a step size."""
    return ((F(1, 10), F(1, 10) * (1 + lead)), F(1, 5), 0)


# Other values of parameters, and a part of the message.
WRONG = {
    "certificates.not_convex": [({"share": "2"}, "L(0)")],
    "landscape.from_definition": [
        ({"sentences": (SHOWN[0].replace("(N(w) - 2)", "(N(w) - 1)"),)}, "remainder"),
        ({"sentences": (SHOWN[1].replace("N(w) == 1", "N(w) == 2"),)}, "remainder"),
    ],
    # Nearer than all others by half: too much.
    "gd.nearest": [({"share": 0.5}, "no minimum is nearer")],
    # With kappa = 1 all three have one trace.
    "gd.nearest_sharp": [({"kink": Kink.RIGHT}, "trace")],
    "noise.small_at_first": [
        # Full batches end where GD ends.
        ({"batch_size": 3}, "mass beside the winner"),
        # From an ordinary start noise is no small part of the signal.
        ({"start": (0.3, 0.28, 0.26, 0.1)}, "noise over signal"),
    ],
    "step_size.rates": [({"radial": 2}, "one step on")],
    "step_size.period_two": [({"product": 2}, "is a root")],
    "step_size.orbit": [({"low": Fraction(4, 7)}, "squared norm")],
    "step_size.orbit_sgd": [({"low": Fraction(6, 7)}, "squared norm")],
    "step_size.ray": [({"cases": [(Fraction(3), Fraction(1, 5), "w0/|w0|")]}, "-w0/|w0|")],
    "step_size.bad_minimum": [({"off": Fraction(3, 2)}, "lies in the region")],
    "step_size.relu_dies": [({"step_size": Fraction(3, 2)}, "is at (-3/32, -1/8)")],
    "step_size.dead_starts": [({"activation": Activation.LINEAR}, "sign patterns are dead")],
    "sgd_drift.all_batches": [({"scale": 1.5}, "below its bound")],
    # At norm 1 the drift is positive.
    "sgd_drift.small_norm": [({"norm": "999/1000"}, "from below 1")],
    "sgd_drift.fixed_points": [({"skip": 1}, "has one point and not the other")],
    "cyclic.one_step": [({"slope": 3}, "squared norm")],
    "cyclic.largest_loses_by_hand": [
        ({"starts": [((F(1, 2), F(13, 25)), F(1, 5), 1)]}, "limit +1 a_0")
    ],
    "cyclic.largest_loses": [({"starts": [tied(F(2, 5))]}, "limit +1 a_1")],
    "cyclic.margin_sharp": [
        ({"starts": [almost_tied(16, F(1, 5), F(19, 10), F(1, 100))]}, "limit +1 a_15")
    ],
    "cyclic.largest_in_size": [({"start": (F(3, 10), F(-1, 5))}, "limit +1 a_0")],
    "cyclic.orbit": [({"step_size": F(1, 20)}, "the correlations are swapped")],
    "cyclic.blocks": [({"rate": F(1, 9)}, "block energies")],
    "cyclic.fused": [({"block": lambda m, b: b, "limit": 6}, "pairs not as the rule says")],
    "cyclic.intuition": [({"start": (F(1, 2), F(3, 4))}, "its lead falls")],
    # What is true is not refuted.
    "gaussian.turned": [({"expected": 0.5**0.5}, "cosine of limit and start")],
    "gaussian.rate": [({"factor": 100.0}, "chance of a cosine")],
    "gaussian.uneven": [({"factor": 4.0}, "times another")],
    "gaussian.missing": [({"w0": (0.5, 0.3)}, "weight of the second point")],
    "gaussian.diagonal": [({"claimed": 0.5**0.5}, "cosine of SGD's limit")],
    # The opposite ranking; rows that are not turned; a unit below the turning point; a mixture that
    # is too long; less room than there is.
    "measures.keskar_mixtures": [({"cases": ((rankings.UNEQUAL, "relu", 1),)}, "Keskar's metric")],
    "measures.keskar_rotation": [
        ({"rows": (rankings.TURNED[0][::-1], rankings.TURNED[1])}, "only |w|_1 matters")
    ],
    "measures.determinant_units": [({"scales": (1.0, 3.9, 8.0)}, "loss times 3.9")],
    "measures.random_frames": [({"length": 1.01}, "data point sharper")],
    "measures.frames_gap": [({"share": 0.1}, "search below the bound")],
    "scaling.transient": [({"share": 0.8}, "largest difference of the means")],
    "scaling.transient_relative": [({"factor": 1}, "in the transient")],
    "scaling.variance_changes": [({"factor": 1}, "the variance stays")],
    "scaling.diverges": [({"factor": 100}, "shrink the mean")],
    "scaling.kink": [({"share": F(1, 3)}, "mean loss on the cycle")],
    "scaling.per_step": [({"second": 1}, "variance added in a step")],
    "scaling.failure_and_noise": [({"eta": F(1, 9)}, "the limit")],
    "scaling.published_arithmetic": [({"told": GOYAL | {"each": 31}}, "256 GPUs")],
    # Too short, twice, and one that does not end at the step size.
    "scaling.warm_up": [
        ({"sizes": [F(1, 5)] * 3}, "after 3 steps"),
        ({"sizes": [F(1, 100), F(1, 5)]}, "after 2 steps"),
        ({"sizes": [F(1, 50)] * 10}, "the last step size"),
    ],
    "critical_batch.no_trade_off": [({"noise": 2.0}, "B = 1: 128 steps")],
    # To this part of the loss one step suffices at B_noise: the law's two are not far enough off.
    "critical_batch.steps_law": [({"target": 0.3}, "steps at B = B_noise")],
    "critical_batch.constant_scale": [({"power": 2}, "B = 1: 118 steps")],
    # With equal curvatures the two noise scales agree.
    "critical_batch.simple_scale": [({"bend": 1}, "tr Sigma/|G|^2, B_noise")],
    "critical_batch.exercise": [({"global_batch": 4096}, "16 GPUs")],
    # The true density cannot be refuted, nor does another pass for stationary.
    "stationary.no_determinant": [
        ({"power": 0.0}, "det(H)^(-1/2)"),
        ({"rate": 1.001}, "exp(-L/T) under constant"),
    ],
    # Other depths: now the temperature counts.
    "stationary.equal_depths": [({"depths": (1.0, 1.1)}, "sharp well's share")],
    # A deep well that is flat as well.
    "stationary.escape": [({"sharp": (4.0, 0.5)}, "the flat one is kept longer")],
    # Full batches end at mixtures, and without noise they stay.
    "stationary.autoencoder": [({"batch_size": None}, "beside the winner's")],
    "stationary.relu_autoencoder": [({"batch_size": None}, "beside the winner's")],
    "stationary.diffusion_selects": [({"noisy": False}, "beside the winner's")],
    "reparameterisation.digits": [({"second_power": 2.0}, "outputs on held-out digits")],
    "layerwise.lamb_ratio": [({"unit": 1.0}, "by weights over gradient")],
    "posterior.wider": [({"deviation": 1.0}, "claimed as low as at 1")],
}


@pytest.mark.parametrize(
    ("name", "changes", "says"), [(n, *case) for n, cases in WRONG.items() for case in cases]
)
def test_a_false_version_fails(name, changes, says):
    for module in CHECKS[name].needs:
        pytest.importorskip(module)
    evidence = run_check(CHECKS[name].changed(**changes), Subject(), Settings())
    assert not evidence.holds
    assert evidence.message.startswith(name)
    assert "Error" not in evidence.message.split("\n")[0], "it crashed instead of deciding"
    assert says in evidence.message
