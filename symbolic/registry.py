"""All closed forms by id."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from types import MappingProxyType

from whichmin.errors import InputError
from whichmin.symbolic.closed_form import ClosedForm
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
from whichmin.symbolic.quadratic import quadratic_forms
from whichmin.symbolic.reparameterisation import reparameterisation_forms
from whichmin.symbolic.sam import sam_forms
from whichmin.symbolic.scaling import scaling_forms
from whichmin.symbolic.selection import selection_forms
from whichmin.symbolic.sharpness import sharpness_forms
from whichmin.symbolic.spectrum import spectrum_forms
from whichmin.symbolic.stationary import stationary_forms

__all__ = ["closed_form", "closed_forms"]


@functools.cache
def closed_forms() -> Mapping[str, ClosedForm]:
    """Return every closed form by id."""
    forms = (
        *per_sample(),
        *landscape_forms(),
        *sharpness_forms(),
        *spectrum_forms(),
        *keskar_forms(),
        *sam_forms(),
        *flatness_forms(),
        *dynamics_forms(),
        *selection_forms(),
        *quadratic_forms(),
        *scaling_forms(),
        *critical_forms(),
        *stationary_forms(),
        *reparameterisation_forms(),
        *layerwise_forms(),
        *noise_forms(),
        *sampling_forms(),
        *limit_forms(),
    )
    table = {form.id: form for form in forms}
    assert len(table) == len(forms), "two closed forms share an id"
    return MappingProxyType(table)


def closed_form(name: str) -> ClosedForm:
    """Return one closed form.

    Args:
        name: Its id, such as ``sharpness.trace_at_minimum``.

    Returns:
        The form.

    Raises:
        InputError: No form has this id.
    """
    forms = closed_forms()
    if name not in forms:
        raise InputError("name", name, f"must be one of: {', '.join(forms)}")
    return forms[name]
