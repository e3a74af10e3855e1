import dataclasses
from fractions import Fraction

import numpy as np
import pytest
import sympy as sp
import torch

from whichmin.errors import InputError
from whichmin.symbolic import closed_form, closed_forms

TRACE = closed_form("sharpness.trace_at_minimum")
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
    assert failure.startswith("sharpness.trace_at_minimum: the derivation ends in")


def test_unknown_name():
    with pytest.raises(InputError, match=r"name = 'nothing', but must be one of: model.sample_"):
        closed_form("nothing")


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
