import pytest
import sympy as sp

from whichmin.symbolic import Derivation, DerivationError, Step
from whichmin.symbolic.derivation import vanishes

x, y = sp.symbols("x y", positive=True)
i = sp.Symbol("i", integer=True)
m = sp.Symbol("m", integer=True, positive=True)
c = sp.IndexedBase("c")


def test_a_chain_that_holds():
    chain = Derivation.begin("expand", (x + 1) ** 2, x**2 + 2 * x + 1).then(
        "set x = 2", sp.Integer(9), {x: 2}
    )
    chain.check()
    assert chain.failures() == []
    assert chain.result == 9


def test_a_wrong_step_is_reported_by_number_and_reason():
    chain = Derivation.begin("fine", (x + 1) ** 2, x**2 + 2 * x + 1).then("slip", x**2 + x + 1)
    (failure,) = chain.failures()
    assert failure.startswith("step 2 (slip)")
    assert "leaves x" in failure
    with pytest.raises(DerivationError, match="slip"):
        chain.check()


def test_a_broken_chain_is_reported():
    chain = Derivation((Step("one", x, x), Step("two", y, y)))
    assert chain.failures() == ["step 2 (two) does not start where the last ended"]


def test_rules_apply_to_both_sides():
    assert Step("s", x * y, y**2, {x: y}).holds()
    assert not Step("s", x * y, y**2).holds()


def test_sums_over_a_symbolic_number_of_terms():
    total = sp.Sum(c[i] ** 2, (i, 1, m))
    split = sp.Sum(3 * c[i] ** 2 + 2, (i, 1, m))
    assert vanishes(split - 3 * total - 2 * m)
    assert not vanishes(split - 3 * total - m)


def test_logarithms_and_radicals():
    assert vanishes(sp.log(x * y) - sp.log(x) - sp.log(y))
    assert vanishes((1 - sp.sqrt(x)) * (1 + sp.sqrt(x)) - 1 + x)
    assert not vanishes(sp.log(x + y) - sp.log(x))
