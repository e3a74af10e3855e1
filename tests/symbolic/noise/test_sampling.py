import sympy as sp

from whichmin.symbolic import closed_form


def form(name):
    return closed_form(f"noise.{name}")


def test_factors_at_the_ends():
    for m in (2, 7):
        assert form("sampling_without")(m=m, b=1) == 1
        assert form("sampling_without")(m=m, b=m) == 0
    assert form("sampling_with")(b=1) == 1


def test_many_points_make_the_modes_alike():
    m = sp.Symbol("m", integer=True, positive=True)
    factor = form("sampling_without").exact(b=3)
    assert sp.limit(factor, m, sp.oo) == sp.Rational(1, 3)


def test_the_balanced_batch_is_below_the_scale_and_below_m():
    for beta in (2, 5, 100):
        b = form("balanced_batch").exact(m=6, beta=beta)
        assert b < min(beta, 6)
        assert form("sampling_without").exact(m=6, b=b) * beta == 1


def test_the_two_batch_scale_blows_up_at_m_minus_1():
    # m B/(m - 1 - B): 6, then infinite, then negative for m = 4 and B = 2, 3, 6.
    values = [form("two_batch_scale").exact(m=4, beta=beta) for beta in (2, 3, 6)]
    assert values == [8, sp.zoo, -8]
