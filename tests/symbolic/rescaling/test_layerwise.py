"""Which relative steps see the scale of a layer."""

import sympy as sp

from whichmin.symbolic.rescaling.layerwise import (
    adam_relative_step,
    decayed_relative_step,
    lars_relative_step,
    layerwise_forms,
    noise_scale,
    noisy_norm,
    sgd_relative_step,
)

r = sp.Symbol("r", positive=True)


def test_only_lars_and_the_noise_scale_do_not_see_the_scale():
    blind = {f.id for f in layerwise_forms() if r not in f.expression.free_symbols}
    assert blind == {
        "layerwise.lars_relative_step",
        "layerwise.noise_scale",
        "layerwise.noisy_norm",
    }


def test_powers_of_the_scale():
    assert sgd_relative_step().exact(eta=1, G=2, W=4, r=3) == sp.Rational(1, 18)
    assert adam_relative_step().exact(eta=1, adam=2, W=4, r=3) == sp.Rational(1, 6)
    assert lars_relative_step().exact(eta=sp.Rational(1, 2), trust=3) == sp.Rational(3, 2)


def test_weight_decay_takes_over_as_the_layer_grows():
    form = decayed_relative_step()
    assert form.exact(G=3, decay=1, W=4, r=1) == sp.Rational(4, 5)
    assert sp.limit(form.exact(G=3, decay=1, W=4), r, sp.oo) == 1


def test_noise():
    assert noise_scale().exact(variance=12, G=2) == 3
    assert noisy_norm().exact(variance=12, G=2, b=3) == 8
