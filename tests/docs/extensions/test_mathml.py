"""Formulas become MathML; what cannot be converted is an error, not a blank."""

import mathml
import pytest
import sympy as sp
from sphinx.errors import ExtensionError

from whichmin.symbolic import closed_forms


def test_a_fraction():
    assert "<mfrac><mn>1</mn><mn>2</mn></mfrac>" in mathml.mathml(r"\frac12")


def test_a_block_is_displayed():
    assert 'display="block"' in mathml.mathml("x", block=True)
    assert 'display="inline"' in mathml.mathml("x")


def test_bars_belong_to_what_they_enclose():
    """Without a pair of fences the exponent would hang on the bar."""
    text = mathml.mathml(r"\lvert w\rvert^2")
    assert 'form="prefix"' in text
    assert 'form="postfix"' in text
    assert text.index("<msup>") < text.index('form="prefix"')


def test_names_of_functions_are_no_operators():
    assert "<mi>relu</mi>" in mathml.mathml(r"\operatorname{relu}(t)")


def test_an_unknown_command_is_an_error():
    with pytest.raises(ExtensionError, match=r"\\nonsense"):
        mathml.mathml(r"\nonsense{x}")


def test_symbols_of_several_letters_stay_together():
    slope, eta = sp.symbols("slope eta")
    text = mathml.mathml(mathml.expression(slope / eta + sp.log(eta)))
    assert "<mi>slope</mi>" in text
    assert "<mi>log</mi>" in text
    assert "&#x003B7;" in text


@pytest.mark.parametrize("form", closed_forms().values(), ids=lambda form: form.id)
def test_every_closed_form_can_be_typeset(form):
    assert mathml.mathml(mathml.expression(form.expression)).startswith("<math")
