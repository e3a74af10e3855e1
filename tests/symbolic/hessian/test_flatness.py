import math

import pytest
import sympy as sp

from whichmin.symbolic.hessian.flatness import (
    log_determinant,
    log_determinant_difference,
    log_determinant_right,
    relative,
)
from whichmin.symbolic.symbols import k, kappa, m


def test_by_hand():
    # m = 3, n = 4, k = 2, kappa = 1/2: eigenvalues 4/3, 0, 1/6, 1/3.
    found = log_determinant()(m=3, n=4, k=2, kappa=0.5)
    assert found == pytest.approx(math.log(4 / 3 / 6 / 3))
    assert log_determinant_right()(m=3, n=4) == pytest.approx(math.log(4 / 3 / 3))
    assert relative()(m=3, n=4, k=2, kappa=0.5) == pytest.approx(4 / 3 + 1 / 6 + 1 / 3)


def test_linear_has_no_kinks_whatever_kappa():
    assert sp.expand(log_determinant().expression.subs(k, m)
                     - log_determinant_right().expression) == 0  # fmt: skip


def test_the_ranking_turns_at_a_factor_of_m_over_one_minus_kappa():
    difference = log_determinant_difference().expression
    scaled = difference + (k - 1) * sp.log(m / (1 - kappa))
    at = {m: 8, k: 5, kappa: sp.Rational(1, 2)}
    assert sp.simplify(sp.expand_log(scaled.subs(at), force=True)) == 0
