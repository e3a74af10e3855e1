import dataclasses
from fractions import Fraction

import numpy as np
import pytest
import sympy as sp
import torch

from whichmin.errors import InputError
from whichmin.symbolic import closed_form, closed_forms

LOSS = closed_form("landscape.loss")
TRACE = closed_form("sharpness.trace_at_minimum")
UPPER = closed_form("sharpness.eigenvalue_upper")
VALUES = {"n": 32, "m": 8, "k": 5, "kappa": 0.5}


def test_evaluates_on_numbers():
    assert TRACE(**VALUES) == 3.6875
    assert closed_form("sharpness.minimum_flat")() == 0


def test_evaluates_on_arrays_and_broadcasts():
    k = np.array([1, 5])
    values = TRACE(**{**VALUES, "k": k[:, None], "kappa": np.array([0.0, 0.5, 1.0])})
    assert values.shape == (2, 3)
    assert values.tolist() == [[4.375, 3.9375, 3.5], [3.875, 3.6875, 3.5]]


def test_evaluates_on_tensors():
    value = closed_form("sharpness.eigenvalue_upper")(
        N=torch.tensor([1.0, 1.5], dtype=torch.float64), C=1.0, m=8
    )
    assert isinstance(value, torch.Tensor)
    assert value.dtype == torch.float64
    assert value[0].item() == 0.5


def test_exact_keeps_fractions_and_symbols():
    assert TRACE.exact(n=32, m=8, k=5, kappa=Fraction(1, 2)) == sp.Rational(59, 16)
    assert TRACE.exact(kappa=1).free_symbols == TRACE.expression.free_symbols - {
        sp.Symbol("kappa", real=True),
        sp.Symbol("k", integer=True, nonnegative=True),
    }


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({**VALUES, "q": 1}, r"argument = 'q', but sharpness.trace_at_minimum takes: k, kappa, m"),
        ({"n": 32}, r"arguments = \['n'\], but sharpness.trace_at_minimum takes: k, kappa, m, n"),
    ],
)
def test_wrong_arguments(values, message):
    with pytest.raises(InputError, match=message):
        TRACE(**values)
    if "q" in values:
        with pytest.raises(InputError, match="argument = 'q'"):
            TRACE.exact(**values)


@pytest.mark.parametrize("name", closed_forms())
def test_follows_from_its_derivation(name):
    form = closed_form(name)
    assert form.failures() == []
    assert form.statement
    assert form.source


def test_a_changed_expression_is_reported_by_name():
    wrong = dataclasses.replace(TRACE, expression=TRACE.expression + 1)
    (failure,) = wrong.failures()
    assert failure.startswith("the derivation ends in ")


@pytest.mark.parametrize("value", ["__import__('os')", [1, "x"], None, 1j])
def test_what_is_no_number_is_refused(value):
    with pytest.raises(InputError, match=r"m = .* must be a real number"):
        TRACE(**{**VALUES, "m": value})


def test_text_is_never_evaluated():
    with pytest.raises(InputError, match=r"m = .*must be a number, a fraction or a SymPy"):
        TRACE.exact(m="__import__('os').getpid()")


@pytest.mark.parametrize(("name", "value"), [("m", 0), ("n", -1), ("k", np.array([1, -1]))])
def test_values_must_fit_the_symbols(name, value):
    with pytest.raises(InputError, match=f"{name} = "):
        TRACE(**{**VALUES, name: value})


@pytest.mark.parametrize("name", closed_forms())
def test_every_step_of_every_derivation_can_fail(name):
    form = closed_form(name)
    for place, step in enumerate(form.derivation.steps):
        wrong = dataclasses.replace(step, after=step.after + sp.Symbol("slip", positive=True))
        steps = (*form.derivation.steps[:place], wrong, *form.derivation.steps[place + 1 :])
        failures = dataclasses.replace(form.derivation, steps=steps).failures()
        assert any(f.startswith(f"step {place + 1} ({step.reason})") for f in failures)


@pytest.mark.parametrize("name", closed_forms())
def test_arguments_are_the_sorted_free_symbols(name):
    form = closed_form(name)
    assert list(form.arguments) == sorted(s.name for s in form.expression.free_symbols)


@pytest.mark.parametrize("name", [n for n in closed_forms() if closed_form(n).arguments])
def test_floats_arrays_tensors_and_fractions_agree(name):
    # at (alpha, b, m) = (1/5, 2, 4), off all singularities
    numbers = dict.fromkeys(closed_form(name).arguments, Fraction(3, 4)) | {
        key: value
        for key, value in {
            "m": 4, "n": 9, "b": 2, "k": 3, "z": 1, "mu": 2, "alpha": Fraction(1, 5), "steps": 2,
        }.items()
        if key in closed_form(name).arguments
    }  # fmt: skip
    form = closed_form(name)
    exact = float(form.exact(**numbers))
    floats = {key: float(value) for key, value in numbers.items()}
    # a dozen operations, no cancellation worse than tenfold
    near = pytest.approx(exact, rel=1e-13, abs=1e-14)
    assert form(**floats) == near
    array = form(**{key: np.array([value, value]) for key, value in floats.items()})
    assert isinstance(array, np.ndarray)
    assert array.tolist() == [near, near]
    tensor = form(**{
        key: torch.tensor([value], dtype=torch.float64) for key, value in floats.items()
    })
    assert isinstance(tensor, torch.Tensor)
    assert tensor.dtype == torch.float64
    assert tensor.item() == near


def test_integers_give_what_floats_give():
    value = TRACE(n=32, m=8, k=5, kappa=0)
    assert value == 31 / 8
    assert value == TRACE(n=32.0, m=8.0, k=5.0, kappa=0.0)
    assert TRACE(n=np.int64(32), m=np.int32(8), k=5, kappa=0) == value


def test_arrays_of_different_shapes_broadcast():
    C, m = np.array([0.5, 1.0, 2.0]), np.array([[1], [4]])
    found = LOSS(N=1.5, C=C, m=m)
    assert found.shape == (2, 3)
    by_hand = [[0.5 + (1.5 - 2) * e / (2 * p) for e in (0.5, 1.0, 2.0)] for p in (1, 4)]
    assert found.tolist() == by_hand


def test_tensors_broadcast_and_carry_gradients():
    N = torch.tensor([1.0, 1.5], dtype=torch.float64, requires_grad=True)
    C = torch.tensor([[1.0], [2.0], [3.0]], dtype=torch.float64)
    value = LOSS(N=N, C=C, m=torch.tensor(4))
    assert value.shape == (3, 2)
    value.sum().backward()
    assert N.grad.tolist() == [0.75, 0.75]  # sum of C / (2m)


def test_a_python_float_beside_a_tensor_keeps_its_precision():
    N = torch.tensor([1.3], dtype=torch.float64)
    assert LOSS(N=N, C=0.1, m=3).item() == pytest.approx(LOSS(N=1.3, C=0.1, m=3), rel=1e-15)


@pytest.mark.parametrize("value", ["0.5", None, 1j])
def test_what_is_no_number_is_refused_beside_a_tensor(value):
    with pytest.raises(InputError, match=r"C = .* must be a real number"):
        LOSS(N=torch.tensor([1.3], dtype=torch.float64), C=value, m=3)


def test_exact_stays_exact():
    value = LOSS.exact(N=Fraction(4, 3), C=Fraction(1, 7), m=3)
    assert value == sp.Rational(1, 2) - sp.Rational(2, 3) * sp.Rational(1, 7) / 6
    assert value.is_Rational
    root = UPPER.exact(N=1, C=Fraction(1, 2), m=1)
    assert root == (2 + sp.sqrt(5)) / 2


def test_exact_substitutes_part_of_the_arguments():
    partial = LOSS.exact(m=3, N=1)
    assert {s.name for s in partial.free_symbols} == {"C"}
    assert LOSS.exact() == LOSS.expression
    (energy,) = partial.free_symbols
    assert partial.subs(energy, 1) == LOSS.exact(m=3, N=1, C=1) == sp.Rational(1, 3)


def test_exact_takes_expressions():
    t = sp.Symbol("t", positive=True)
    assert LOSS.exact(N=2 + t, C=1, m=1) == sp.Rational(1, 2) + t / 2


def test_errors_carry_argument_value_and_what_is_allowed():
    with pytest.raises(InputError) as unknown:
        LOSS(N=1.0, C=1.0, m=2, eta=0.1)
    assert (unknown.value.argument, unknown.value.value) == ("argument", "'eta'")
    assert unknown.value.allowed == "landscape.loss takes: C, N, m"
    with pytest.raises(InputError) as missing:
        LOSS(m=2, N=1.0)
    assert missing.value.value == "['N', 'm']"
    assert missing.value.allowed == "landscape.loss takes: C, N, m"
    with pytest.raises(InputError, match=r"sharpness.minimum_flat takes: \(none\)"):
        closed_form("sharpness.minimum_flat")(m=3)
    with pytest.raises(InputError, match="argument = 'eta'"):
        LOSS.exact(eta=1)


@pytest.mark.parametrize("name", closed_forms())
def test_a_changed_expression_is_reported_under_its_id(name):
    form = closed_form(name)
    slip = sp.Symbol("slip", positive=True)
    for wrong in (form.expression + slip, form.expression * 2 + 1, -form.expression - 3):
        (line,) = dataclasses.replace(form, expression=wrong).failures()
        assert line.startswith("the derivation ends in ")
        assert line.endswith(f"the closed form states {wrong}")


def test_a_wrong_derivation_is_reported_under_its_id():
    form = dataclasses.replace(LOSS, derivation=TRACE.derivation)
    (line,) = form.failures()
    assert line.startswith("the derivation ends in ")
