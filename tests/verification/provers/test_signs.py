import pytest
import sympy as sp

pytest.importorskip("z3")

from whichmin.errors import InputError
from whichmin.verification.provers.signs import sign_lemma
from whichmin.verification.provers.smt import Variant, decide_lemma, lemma_margins

x, y = sp.symbols("x y", real=True)


def verdict(expression, sign, *given):
    return decide_lemma(sign_lemma("one", expression, sign, given)).verdict


@pytest.mark.parametrize(
    ("expression", "sign", "given"),
    [
        (1 / (1 + x) - 1 + x, "> 0", ("x > 0",)),
        (x / (x - 1), "< 0", ("0 < x < 1",)),
        (x**2 - 2 * x * y + y**2, ">= 0", ()),
        (-1 / (1 + x**2), "<= 0", ()),
        ((x**2 - 1) / (x - 1) - x - 1, "== 0", ("x > 1",)),
        (x - y, "> 0", ("x > z", "z >= y")),  # a variable of the hypotheses alone
    ],
)
def test_signs_that_hold(expression, sign, given):
    assert verdict(expression, sign, *given) == "unsat"


@pytest.mark.parametrize(
    ("expression", "sign", "given"),
    [
        (1 / (1 + x) - 1 + x, "> 0", ("x > -1/2",)),
        (x / (x - 1), "< 0", ("x > 0",)),
        (x**2, "> 0", ()),
        # Not defined at x = 1, and 0 elsewhere.
        ((x**2 - 1) / (x - 1) - x - 1, "== 0", ()),
        (1 / x**2, ">= 0", ()),
    ],
)
def test_signs_that_do_not_hold(expression, sign, given):
    assert verdict(expression, sign, *given) == "sat"


def test_the_symbols_assumptions_prove_nothing():
    p = sp.Symbol("p", positive=True)
    assert verdict(p, "> 0") == "sat"


def test_a_sign_with_a_variant():
    lemma = sign_lemma("one", x * (1 - x), "> 0", ("0 < x < 1",),
                       Variant("up to 1", ("0 < x < 1",), ("0 < x <= 1",)))  # fmt: skip
    assert all(m.ratio <= 1 for m in lemma_margins(lemma))


@pytest.mark.parametrize("expression", [sp.log(x), sp.sqrt(x), x**y])
def test_other_functions_are_refused(expression):
    with pytest.raises(InputError, match="rational"):
        sign_lemma("one", expression, "> 0", ())


def test_other_signs_are_refused():
    with pytest.raises(InputError, match="sign"):
        sign_lemma("one", x, "> 1", ())
