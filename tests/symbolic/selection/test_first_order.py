import sympy as sp

from whichmin.symbolic.selection.first_order import first_order_lemmas, first_order_term


def test_every_step_holds():
    for name, chain in first_order_lemmas().items():
        assert not chain.failures(), name


def test_it_favours_the_favourite():
    term = first_order_term()
    names = {s.name: s for s in term.free_symbols}
    near = term.subs({names["alpha"]: 1, names["m"]: 2, names["b"]: 1, names["theta"]: sp.pi / 8})
    assert near == 1 / (32 * sp.pi)


def test_a_term_with_another_angle_fails():
    term = first_order_term()
    theta = next(s for s in term.free_symbols if s.name == "theta")
    wrong = term.subs(theta, theta / 2)
    assert first_order_lemmas(wrong)["correction"].failures()
    assert first_order_lemmas(term + theta)["ends"].failures()
