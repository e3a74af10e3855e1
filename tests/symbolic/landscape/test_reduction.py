import dataclasses

import pytest
import sympy as sp

from whichmin.symbolic import closed_forms
from whichmin.symbolic.landscape.reduction import LARGEST, confirm_full_batch, confirm_sample

FORMS = dict(closed_forms())
UP_TO_3 = [(points, n) for n in (1, 2, 3) for points in range(1, n + 1)]


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


def symbol(form, name):
    (found,) = (s for s in form.expression.free_symbols if s.name == name)
    return found


def changed(name, extra):
    form = FORMS[name]
    return FORMS | {name: dataclasses.replace(form, expression=form.expression + extra(form))}


def nonzero(residuals):
    return [label for label, value in residuals if value != 0]


@pytest.mark.parametrize(("points", "dimension"), UP_TO_3)
def test_full_batch_up_to_three_dimensions(points, dimension):
    residuals = list(confirm_full_batch(points, dimension, FORMS))
    labels = [label for label, _ in residuals]
    assert len(labels) == len(set(labels))
    patterns = (points + 1) * (points + 2) // 2
    assert len(labels) == 1 + dimension + dimension * (dimension + 1) // 2 + patterns
    assert all(f"m={points}, n={dimension}" in label for label in labels)
    assert nonzero(residuals) == []


@pytest.mark.parametrize("dimension", [1, 2, 3])
def test_sample_labels(dimension):
    residuals = list(confirm_sample(dimension, FORMS))
    labels = [label for label, _ in residuals]
    assert len(labels) == len(set(labels))
    assert all(f"n={dimension}" in label for label in labels)
    assert nonzero(residuals) == []


def test_a_slip_along_the_weights_shows_in_every_entry_of_the_gradient_and_nowhere_else():
    wrong = changed("landscape.derivative", lambda form: symbol(form, "Y"))
    found = dict(confirm_full_batch(1, 3, wrong))
    assert nonzero(found.items()) == [f"gradient, m=1, n=3, entry {p}" for p in range(3)]
    assert found["gradient, m=1, n=3, entry 2"] == -sp.Symbol("w3", real=True)


def test_a_slip_on_the_data_shows_in_the_entries_of_the_data_only():
    wrong = changed("landscape.derivative", lambda form: symbol(form, "X"))
    found = nonzero(confirm_full_batch(1, 3, wrong))
    assert found == ["gradient, m=1, n=3, entry 0"]


def test_a_slip_in_the_identity_part_shows_on_the_diagonal():
    wrong = changed("sharpness.second_derivative", lambda form: symbol(form, "U"))
    found = nonzero(confirm_full_batch(2, 3, wrong))
    assert found == [f"Hessian, m=2, n=3, entry {p},{p}" for p in range(3)]


def test_a_slip_in_the_outer_products_shows_off_the_diagonal_too():
    wrong = changed(
        "model.sample_second_derivative", lambda form: symbol(form, "x") * symbol(form, "Y")
    )
    found = nonzero(confirm_sample(2, wrong))
    assert found == [f"sample Hessian, n=2, entry {e}" for e in ("0,0", "0,1", "1,1")]


def test_a_slip_at_the_kink_shows_where_points_are_at_the_kink():
    wrong = changed("sharpness.trace", lambda form: symbol(form, "z"))
    found = nonzero(confirm_full_batch(2, 2, wrong))
    assert found == [
        "trace, m=2, n=2, 0 active, 1 at the kink",
        "trace, m=2, n=2, 0 active, 2 at the kink",
        "trace, m=2, n=2, 1 active, 1 at the kink",
    ]


def test_a_constant_slip_of_the_loss_shows_in_the_loss_only():
    wrong = changed("landscape.loss", lambda form: sp.Rational(1, 7))
    found = dict(confirm_full_batch(2, 2, wrong))
    assert nonzero(found.items()) == ["loss, m=2, n=2"]
    assert found["loss, m=2, n=2"] == -sp.Rational(1, 7)


def test_the_documented_range():
    assert LARGEST == 5
