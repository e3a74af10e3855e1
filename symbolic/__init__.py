"""Derive closed forms from the per-sample loss with SymPy.

This layer never imports ``whichmin.core``: what the two agree on, they reached apart.

To add a closed form, decorate a function of its topic with
:func:`whichmin.symbolic.registry.derives`, and compare the form with numbers in a check.
"""

from whichmin.symbolic.closed_form import ClosedForm
from whichmin.symbolic.derivation import Derivation, DerivationError, Step
from whichmin.symbolic.registry import closed_form, closed_forms, derives

__all__ = [
    "ClosedForm",
    "Derivation",
    "DerivationError",
    "Step",
    "closed_form",
    "closed_forms",
    "derives",
]
