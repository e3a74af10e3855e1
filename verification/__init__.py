"""The layer that holds ``symbolic`` and ``core`` against each other and decides every check."""

from whichmin.verification.evidence import Evidence, Margin, Report
from whichmin.verification.prediction import Prediction, predict
from whichmin.verification.runner import verify
from whichmin.verification.sharpness_table import sharpness_table
from whichmin.verification.subject import Subject

__all__ = [
    "Evidence",
    "Margin",
    "Prediction",
    "Report",
    "Subject",
    "predict",
    "sharpness_table",
    "verify",
]
