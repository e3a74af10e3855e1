"""Every layer and function gets a value that differences confirm, or a refusal that names it."""

import inspect

import pytest
import torch
from torch import nn

from whichmin.core.instruments import closure_objective
from whichmin.core.threads import single_threaded
from whichmin.errors import InputError
from whichmin.verification.second_derivatives import CASES, Case, judge
from whichmin.verification.second_derivatives.layers import LAYERS, LEFT_OUT


@pytest.fixture(autouse=True, scope="module")
def _one_thread():
    with single_threaded():
        yield


@pytest.mark.parametrize("case", CASES, ids=[f"{k}-{case.id}" for k, case in enumerate(CASES)])
def test_a_value_that_differences_confirm_or_a_refusal_by_name(case):
    outcome = judge(case)
    assert outcome.right
    if not outcome.value:
        blamed = outcome.told.partition(" but ")[2].partition(" must ")[0]
        assert case.name in blamed


def test_every_layer_has_a_case():
    layers = {
        name for name, part in vars(nn.modules).items()
        if inspect.isclass(part) and issubclass(part, nn.Module)
    }  # fmt: skip
    known = {case.name for case in LAYERS if case.known}
    assert not known & set(LEFT_OUT)
    missing = {name.removeprefix("Lazy") for name in layers} - known - set(LEFT_OUT)
    # A layer of a later PyTorch is no fault of this list.
    later = tuple(map(int, torch.__version__.split(".")[:2])) > (2, 13)
    assert not missing or later, missing


def test_there_are_150_cases_and_most_have_a_value():
    assert len({case.id for case in CASES}) >= 150


class Forgets(torch.autograd.Function):
    """A cube whose backward pass takes its input for a constant."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x**3

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g * 3 * x.detach() ** 2


def test_a_wrong_value_is_seen(monkeypatch):
    """Without the instruments' own check the judge says what is wrong."""
    case = Case(
        "here", "Forgets", lambda: closure_objective(lambda w: Forgets.apply(w).sum(), [2.0])
    )
    refused = judge(case)
    assert (refused.value, refused.right) == (False, True)
    assert "but Forgets must have the second derivative" in refused.told
    monkeypatch.setattr("whichmin.core.instruments.problem.confirm", lambda *_: None)
    taken = judge(case)
    assert (taken.value, taken.right) == (True, False)


def test_a_refusal_without_reason_is_seen(monkeypatch):
    case = Case("here", "cube", lambda: closure_objective(lambda w: (w**3).sum(), [2.0]))
    assert judge(case).right

    def no(*_):
        raise InputError("loss", "nothing", "must be something else")

    monkeypatch.setattr("whichmin.core.instruments.problem.confirm", no)
    outcome = judge(case)
    assert (outcome.value, outcome.right) == (False, False)
