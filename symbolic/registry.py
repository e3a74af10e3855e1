"""All closed forms by id."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from types import MappingProxyType

from whichmin.errors import InputError
from whichmin.symbolic.closed_form import ClosedForm
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

__all__ = ["closed_form", "closed_forms"]


# Topic: what derives its forms, in the order of a reader. Ids begin with the topic.
_TOPICS: dict[str, tuple[Callable[[], tuple[ClosedForm, ...]], ...]] = {
    "model": (per_sample,),
    "landscape": (landscape_forms,),
    "sharpness": (sharpness_forms, spectrum_forms),
    "keskar": (keskar_forms,),
    "sam": (sam_forms,),
    "flatness": (flatness_forms,),
    "dynamics": (dynamics_forms,),
    "selection": (selection_forms,),
    "quadratic": (quadratic_forms,),
    "scaling": (scaling_forms,),
    "critical": (critical_forms,),
    "stationary": (stationary_forms,),
    "reparameterisation": (reparameterisation_forms,),
    "layerwise": (layerwise_forms,),
    "posterior": (posterior_forms,),
    "noise": (noise_forms, sampling_forms, limit_forms),
}


@functools.cache
def _topic(topic: str) -> Mapping[str, ClosedForm]:
    """Derive the forms of a topic."""
    forms = [form for derive in _TOPICS[topic] for form in derive()]
    table = {form.id: form for form in forms}
    assert len(table) == len(forms), "two closed forms share an id"
    assert all(name.partition(".")[0] == topic for name in table), topic
    return table


@functools.cache
def closed_forms() -> Mapping[str, ClosedForm]:
    """Return every closed form by id; all are derived, which takes seconds the first time."""
    return MappingProxyType({k: v for topic in _TOPICS for k, v in _topic(topic).items()})


def closed_form(name: str) -> ClosedForm:
    """Return one closed form; only the forms of its topic are derived.

    Args:
        name: Its id, such as ``sharpness.trace_at_minimum``.

    Returns:
        The form.

    Raises:
        InputError: No form has this id.
    """
    topic = name.partition(".")[0]
    found = _topic(topic).get(name) if topic in _TOPICS else None
    if found is None:
        raise InputError("name", name, f"must be one of: {', '.join(closed_forms())}")
    return found
