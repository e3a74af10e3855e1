"""A change must fit, and does nothing but what it says."""

import numpy as np
import pytest

from whichmin.errors import InputError
from whichmin.verification.oracle.mutants.mutant import Mutant, build, correct

W, DATA = np.array([0.5, 0.25]), np.eye(2)


def mutant(*change, inside="", name="loss.x"):
    return Mutant(name, "", change, None, (), inside=inside)


def test_a_change_takes_effect_in_its_function_alone():
    target = build(mutant(("0.5 * ", "3.0 * ")))
    right = correct("reference", "loss")
    assert target.loss(W, DATA, "linear") == 6 * right.loss(W, DATA, "linear")
    assert not hasattr(target, "gradient")


def test_a_helper_can_be_changed():
    target = build(mutant(("np.maximum(c, 0.0)", "c"), inside="phi"))
    assert target.loss(-W, DATA, "relu") == target.loss(-W, DATA, "linear")


@pytest.mark.parametrize(("change", "inside"), [
    (("no such text", ""), ""), (("data", "x"), ""), (("", ""), "no_such_function"),
])  # fmt: skip
def test_what_does_not_fit_is_refused(change, inside):
    with pytest.raises(InputError, match=r"mutant = 'loss\.x'"):
        build(mutant(change, inside=inside))


def test_only_declared_estimates_of_the_function_remain():
    declared = correct("estimators", "hessian_trace").WHICHMIN["stochastic"]
    assert set(declared) == {"hessian_trace"}
