import sympy as sp

from whichmin.symbolic.quadratic.scaling import scaling_forms

FORMS = {form.id: form for form in scaling_forms()}


def test_the_rule_with_factor_one_changes_nothing():
    assert FORMS["scaling.stationary_ratio"].exact(K=1) == 1
    assert FORMS["scaling.stationary_order"].exact(K=1) == 0
    assert FORMS["scaling.mean_order"].exact(K=1) == 0
    assert sp.simplify(FORMS["scaling.mean_ratio"].exact(K=1)) == 1


def test_full_batches_without_replacement_are_silent():
    m = sp.Symbol("m", integer=True, positive=True)
    assert FORMS["scaling.sampled_noise"].exact(b=m) == 0
    assert FORMS["scaling.sampled_noise"].exact(b=1) == FORMS["scaling.replaced_noise"].expression
    assert FORMS["scaling.halving"].exact(m=4, b=2) == 0


def test_the_variance_diverges_at_the_largest_factor():
    limit = FORMS["scaling.largest_factor"].exact(eta=sp.Rational(1, 10), h=4)
    assert limit == 5
    ratio = FORMS["scaling.stationary_ratio"]
    near = [ratio.exact(eta=sp.Rational(1, 10), h=4, K=5 - sp.Rational(1, k)) for k in (10, 1000)]
    assert near == [40, 4000]
