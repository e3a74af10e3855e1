"""The oracle, which judges anyone's trainer, Hessian tool, sharpness metric or noise estimator."""

from whichmin.verification.oracle.check import Call
from whichmin.verification.oracle.compliance import CheckVerdict, Compliance, Profile, Result
from whichmin.verification.oracle.conventions import Conventions, Stochastic
from whichmin.verification.oracle.judge import BoundCheck, checks, judge, parametrize_with_checks
from whichmin.verification.oracle.outcome import CallFailed, CallOutcome, Inconclusive, Kind
from whichmin.verification.oracle.problems import ServedProblem
from whichmin.verification.oracle.protocol import FUNCTIONS, Function, Shape
from whichmin.verification.oracle.target import Target, make_target
from whichmin.verification.oracle.validation import JudgeSettings

__all__ = [
    "FUNCTIONS",
    "BoundCheck",
    "Call",
    "CallFailed",
    "CallOutcome",
    "CheckVerdict",
    "Compliance",
    "Conventions",
    "Function",
    "Inconclusive",
    "JudgeSettings",
    "Kind",
    "Profile",
    "Result",
    "ServedProblem",
    "Shape",
    "Stochastic",
    "Target",
    "checks",
    "judge",
    "make_target",
    "parametrize_with_checks",
]
