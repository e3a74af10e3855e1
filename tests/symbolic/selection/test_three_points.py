import sympy as sp

from whichmin.symbolic.selection.three_points import equation_lemmas, pairing, weight, x, y


def test_every_step_holds():
    for name, chain in equation_lemmas().items():
        assert not chain.failures(), name


def test_the_weight_is_symmetric_in_the_points():
    # Names (1, 2, 3) to (3, 1, 2): x becomes -y, y becomes x - y.
    renamed = weight().subs({x: -y, y: x - y}, simultaneous=True)
    assert sp.simplify((renamed / weight()).rewrite(sp.exp)) == 1


def test_gradients_are_paired_as_in_u():
    u1, u2, u3 = sp.symbols("u1:4", real=True)
    for f, g in ((x, x), (x, y), (y, y)):
        in_u = [h.subs({x: u1 - u3, y: u2 - u3}) for h in (f, g)]
        product = sum(sp.diff(in_u[0], u) * sp.diff(in_u[1], u) for u in (u1, u2, u3))
        assert pairing(f, g) == product
