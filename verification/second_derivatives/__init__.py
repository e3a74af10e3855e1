"""What the instruments do with every layer and function of PyTorch: a value, or a refusal.

The cases are data (:mod:`~whichmin.verification.second_derivatives.layers`,
:mod:`~whichmin.verification.second_derivatives.functions`); each is judged against differences that
share no code with the instruments (:mod:`~whichmin.verification.second_derivatives.judge`).
"""

from whichmin.verification.second_derivatives.functions import FUNCTIONS, LINEAR_ALGEBRA
from whichmin.verification.second_derivatives.judge import Case, Outcome, judge
from whichmin.verification.second_derivatives.layers import LAYERS

__all__ = ["CASES", "Case", "Outcome", "judge"]

# Those that this PyTorch has.
CASES = tuple(case for case in (*LAYERS, *FUNCTIONS, *LINEAR_ALGEBRA) if case.known)
