import re

import pytest

from whichmin.errors import InputError
from whichmin.symbolic import closed_form, closed_forms
from whichmin.symbolic.descent import dynamics_forms
from whichmin.symbolic.hessian.flatness import flatness_forms
from whichmin.symbolic.hessian.spectrum import spectrum_forms
from whichmin.symbolic.hessian.trace import sharpness_forms
from whichmin.symbolic.landscape.minima import landscape_forms
from whichmin.symbolic.landscape.neuron import per_sample
from whichmin.symbolic.noise.covariance import noise_forms
from whichmin.symbolic.noise.limits import limit_forms
from whichmin.symbolic.noise.sampling import sampling_forms
from whichmin.symbolic.perturbation.keskar import keskar_forms
from whichmin.symbolic.perturbation.sam import sam_forms
from whichmin.symbolic.quadratic.critical_batch import critical_forms
from whichmin.symbolic.quadratic.recursion import quadratic_forms
from whichmin.symbolic.quadratic.scaling import scaling_forms
from whichmin.symbolic.rescaling.layers import reparameterisation_forms
from whichmin.symbolic.rescaling.layerwise import layerwise_forms
from whichmin.symbolic.rescaling.posterior import posterior_forms
from whichmin.symbolic.selection.law import selection_forms
from whichmin.symbolic.stationary import stationary_forms


def test_unknown_name_lists_every_known_one():
    with pytest.raises(InputError) as caught:
        closed_form("landscape.los")
    assert caught.value.argument == "name"
    assert caught.value.value == "'landscape.los'"
    listed = caught.value.allowed.removeprefix("must be one of: ").split(", ")
    assert listed == list(closed_forms())


def test_the_registry_is_the_union_of_the_modules():
    modules = (
        per_sample,
        landscape_forms,
        sharpness_forms,
        spectrum_forms,
        keskar_forms,
        sam_forms,
        flatness_forms,
        dynamics_forms,
        selection_forms,
        quadratic_forms,
        scaling_forms,
        critical_forms,
        stationary_forms,
        reparameterisation_forms,
        layerwise_forms,
        posterior_forms,
        noise_forms,
        sampling_forms,
        limit_forms,
    )
    forms = [form for module in modules for form in module()]
    assert [form.id for form in forms] == list(closed_forms())
    assert all(closed_form(form.id) is form for form in forms)


def test_the_registry_cannot_be_written_to():
    with pytest.raises(TypeError):
        closed_forms()["landscape.loss"] = closed_form("landscape.gap")
    assert closed_form("landscape.loss").id == "landscape.loss"


@pytest.mark.parametrize("name", closed_forms())
def test_names_are_plain_words(name):
    assert re.fullmatch(r"[a-z]+\.[a-z]+(_[a-z]+)*", name)
    statement = closed_form(name).statement
    assert "\n" not in statement
    assert not statement.endswith(".")
