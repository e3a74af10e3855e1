import re

import pytest

from whichmin.errors import InputError
from whichmin.symbolic import closed_form, closed_forms
from whichmin.symbolic.critical_batch import critical_forms
from whichmin.symbolic.dynamics import dynamics_forms
from whichmin.symbolic.flatness import flatness_forms
from whichmin.symbolic.keskar import keskar_forms
from whichmin.symbolic.landscape import landscape_forms
from whichmin.symbolic.layerwise import layerwise_forms
from whichmin.symbolic.model import per_sample
from whichmin.symbolic.noise import noise_forms
from whichmin.symbolic.noise_limits import limit_forms
from whichmin.symbolic.noise_sampling import sampling_forms
from whichmin.symbolic.posterior import posterior_forms
from whichmin.symbolic.quadratic import quadratic_forms
from whichmin.symbolic.reparameterisation import reparameterisation_forms
from whichmin.symbolic.sam import sam_forms
from whichmin.symbolic.scaling import scaling_forms
from whichmin.symbolic.selection import selection_forms
from whichmin.symbolic.sharpness import sharpness_forms
from whichmin.symbolic.spectrum import spectrum_forms
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
