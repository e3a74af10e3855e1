import sympy as sp

from whichmin.symbolic.cyclic import epochs, leftover_lemmas, log_ratio_change


def test_epochs_are_counted():
    # m! over the orders within the batches and of what is left out
    assert [len(list(epochs(m, b))) for m, b in ((3, 1), (4, 2), (4, 3), (3, 2))] == [6, 6, 4, 3]


def test_an_epoch_that_leaves_a_point_out_moves_at_first_order():
    first, _ = log_ratio_change(((0, 2),), 3)
    assert first == 1
    assert log_ratio_change(((0, 1),), 3)[0] == 0


def test_the_beta_law_needs_its_power():
    assert not any(chain.failures() for chain in leftover_lemmas().values())
    assert leftover_lemmas(lambda r: sp.Rational(1, 3) / r)["harmonic"].failures()
