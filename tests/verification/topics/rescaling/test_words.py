"""Words of claims on rescaled layers: against the product's own routes, and where each is false."""

import random
from fractions import Fraction

import numpy as np
import pytest
import torch

from whichmin.core.rescaling import layers as core
from whichmin.core.rescaling.layerwise import adam_step, lamb_step, lars_step, sgd_step
from whichmin.core.rescaling.posterior import gaussian_divergence
from whichmin.verification.topics.rescaling import neuron_words, step_words, words
from whichmin.verification.topics.vocabulary import start

RULES = {"LARS": lars_step, "LAMB": lamb_step, "SGD": sgd_step, "Adam": adam_step}


def numeric(rows):
    return torch.tensor([[float(v) for v in row] for row in rows], dtype=torch.float64)


def arrays(net):
    return [numeric(rows) for rows in (net.first, net.second, net.inputs, net.targets)]


def squared_nets(count=20):
    """Networks with the loss that the product has, off the kinks."""
    nets = (words.random_net(random.Random(seed)) for seed in range(200))
    return [net for net in nets if net.loss == (1, 0, 0) and words.off_kinks(net)][:count]


def test_loss_gradient_and_hessian_are_those_of_automatic_differentiation():
    for net in squared_nets():
        found = core.curvature(*arrays(net))
        assert float(words.net_loss(net)) == pytest.approx(core.network_loss(*arrays(net)))
        cut = len(words.layer(net, 1))
        for block, (rows, columns) in {
            (1, 1): (slice(None, cut), slice(None, cut)),
            (1, 2): (slice(None, cut), slice(cut, None)),
            (2, 2): (slice(cut, None), slice(cut, None)),
        }.items():
            exact = [float(v) for v in words.hessian_block(net, *block)]
            assert found.hessian[rows, columns].flatten().tolist() == pytest.approx(exact, abs=1e-9)
        assert float(words.net_trace(net)) == pytest.approx(found.trace, abs=1e-9)
        assert words.top_curvature(net) == pytest.approx(float(found.spectrum[-1]), abs=1e-9)
        determinant = float(torch.linalg.det(found.hessian))
        assert float(words.net_determinant(net)) == pytest.approx(determinant, rel=1e-6, abs=1e-6)
        for which, gradient in enumerate(core.gradients(*arrays(net)), 1):
            exact = [float(v) for v in step_words.layer_gradient(net, which)]
            assert gradient.flatten().tolist() == pytest.approx(exact, abs=1e-9)


def test_another_loss_has_the_hessian_of_finite_differences():
    net = words.relu_net("1 2; -1 3", "1 -2; 1/2 1", "1 1; 2 1", "1 0; 2 1", "2 -1 3")
    assert words.off_kinks(net)
    delta = Fraction(1, 10**6)
    for place in range(4):
        up, here, down = (words.net_loss(words.nudged(net, place, k * delta)) for k in (1, 0, -1))
        second = float((up - 2 * here + down) / delta**2)
        assert second == pytest.approx(float(words.hessian_block(net, 2, 2)[5 * place]), rel=1e-6)


def test_networks_print_as_terms_that_give_them_back():
    for net in squared_nets(5):
        arguments = [part.strip(' "') for part in str(net)[len("relu_net(") : -1].split(",")]
        assert words.relu_net(*arguments) == net


def test_a_network_is_at_its_kink_or_fitted_or_neither():
    assert not words.off_kinks(words.relu_net("1 -1", "1", "2 2", "0"))
    assert words.off_kinks(words.relu_net("1 -1", "1", "0 0", "0"))
    assert words.fitted(words.relu_net("2", "3", "1", "6"))
    assert not words.fitted(words.relu_net("2", "3", "1", "5"))
    assert not words.fitted(words.relu_net("2", "3", "1", "6", "1 1 0"))


@pytest.mark.parametrize("rule", RULES)
def test_a_run_is_that_of_the_numeric_rules(rule):
    net = words.relu_net("1 -1; 1/2 1", "1 -1/2", "1 0; 0 1; 1 1", "1; -1; 1/2")
    options = {} if rule == "Adam" else {"weight_decay": 0.1}
    if rule in {"LARS", "SGD"}:
        options["momentum"] = 0.5
    if rule != "SGD":
        options["epsilon"] = 0.01
    told = step_words.trained(
        net, rule, Fraction(1, 10), Fraction(1, 2), Fraction(1, 10), Fraction(1, 100)
    )
    *weights, inputs, targets = arrays(net)
    state = None
    for rows in ([0, 1], [2], [1, 2], [0]):
        slopes = core.gradients(*weights, inputs[rows], targets[rows])
        # The numeric LARS needs its coefficient, which is 1 in the words.
        more = {"trust": 1.0} if rule == "LARS" else {}
        weights, state = RULES[rule](weights, slopes, state, step_size=0.1, **options, **more)
    for which, tensor in enumerate(weights, 1):
        found = [float(v) for v in words.layer(told, which)]
        assert tensor.flatten().tolist() == pytest.approx(found, abs=1e-9)


def test_layers_that_become_zero_are_noticed():
    net = words.relu_net("1", "0", "1", "1")
    assert not step_words.never_zero(net, "LARS", Fraction(1, 10), 0, 0, 0)
    net = words.relu_net("1", "1", "1", "2")
    assert step_words.never_zero(net, "LARS", Fraction(1, 10), 0, 0, 0)


def test_the_noise_scale_of_a_layer():
    # Gradients of v are (u v x - y) u x with u = v = 1/2: -11/8, 0 and -15/8 or so, by hand.
    net = words.relu_net("1/2", "1/2", "1; 2; 3", "3; 1; 2")
    each = [(Fraction(x, 4) - y) * Fraction(x, 2) for x, y in ((1, 3), (2, 1), (3, 2))]
    mean = sum(each) / 3
    variance = sum((g - mean) ** 2 for g in each) / 3
    assert step_words.layer_noise_scale(net, 1) == variance / mean**2


def test_the_trace_of_the_untied_neuron_is_that_of_automatic_differentiation():
    w = start(3, Fraction(3, 5), 0, Fraction(4, 5), 0)
    told = float(neuron_words.untied_trace(w, Fraction(1, 2), Fraction(1, 2)))
    numbers = np.array([0.6, 0, 0.8, 0])
    data = np.eye(4)[:3]
    found = core.untied_hessian(2 * numbers, numbers / 2, data, kink="mean")
    assert told == pytest.approx(float(found.trace()))
    assert neuron_words.tied_minimum(w, "relu")
    assert not neuron_words.tied_minimum(start(2, Fraction(3, 5), Fraction(-4, 5)), "relu")
    assert neuron_words.tied_minimum(start(2, Fraction(3, 5), Fraction(-4, 5)), "linear")


def test_the_divergence_is_that_of_the_product():
    told = neuron_words.kl(Fraction(1, 2), 3, Fraction(2, 3))
    assert told == pytest.approx(gaussian_divergence([2 / 3], [0.5], 3.0))
    # Where the densities nearly agree the divergence is about (ratio - 1)^2/4.
    assert neuron_words.kl(1 + Fraction(1, 10**12), 1) == pytest.approx(2.5e-25)


def test_the_curvature_of_a_quartic_is_the_largest_of_a_grid():
    for a, b, g in ((1, 2, -3), (0, 1, 1), (-2, 0, 5), (1, -3, -1)):
        told = neuron_words.quartic_curvature(a, b, Fraction(g), 2)
        grid = np.linspace(-2, 2, 4001)
        assert told == pytest.approx(float((a + b * grid + g * grid**2 / 2).max()), abs=1e-5)
    assert neuron_words.quartic(0, 0, 24, Fraction(2)) == 16
