"""The symbolic layer: everything derived from the per-sample loss with SymPy.

It never imports ``whichmin.core``: what the two agree on, they reached apart.
"""

from whichmin.symbolic.closed_form import ClosedForm
from whichmin.symbolic.derivation import Derivation, DerivationError, Step
from whichmin.symbolic.registry import closed_form, closed_forms

__all__ = [
    "ClosedForm",
    "Derivation",
    "DerivationError",
    "Step",
    "closed_form",
    "closed_forms",
]
