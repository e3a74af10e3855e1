import dataclasses

import pytest

from whichmin.symbolic import closed_forms
from whichmin.symbolic.landscape.reduction import confirm_full_batch, confirm_sample

FORMS = dict(closed_forms())


@pytest.mark.parametrize("dimension", [1, 2, 3])
def test_one_sample(dimension):
    residuals = list(confirm_sample(dimension, FORMS))
    assert len(residuals) == 1 + dimension + dimension * (dimension + 1) // 2
    assert all(value == 0 for _, value in residuals)


@pytest.mark.parametrize(("points", "dimension"), [(1, 1), (2, 2), (2, 3)])
def test_full_batch(points, dimension):
    residuals = list(confirm_full_batch(points, dimension, FORMS))
    assert len(residuals) > dimension**2 // 2
    assert all(value == 0 for _, value in residuals)


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("model.sample_loss", "sample loss, n=2"),
        ("model.sample_derivative", "sample gradient, n=2, entry 0"),
        ("model.sample_second_derivative", "sample Hessian, n=2, entry 0,0"),
        ("landscape.loss", "loss, m=2, n=2"),
        ("landscape.derivative", "gradient, m=2, n=2, entry 0"),
        ("sharpness.second_derivative", "Hessian, m=2, n=2, entry 0,0"),
        ("sharpness.trace", "trace, m=2, n=2, 0 active, 1 at the kink"),
    ],
)
def test_a_wrong_form_leaves_a_residual_with_its_place(name, label):
    form = FORMS[name]
    wrong = FORMS | {name: dataclasses.replace(form, expression=2 * form.expression)}
    residuals = dict([*confirm_sample(2, wrong), *confirm_full_batch(2, 2, wrong)])
    assert residuals[label] != 0
