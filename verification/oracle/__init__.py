"""The oracle, which judges anyone's trainer, Hessian tool, sharpness metric or noise estimator."""

from whichmin.verification.oracle.judge import checks, judge, parametrize_with_checks

__all__ = ["checks", "judge", "parametrize_with_checks"]
