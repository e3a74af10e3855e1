"""Prediction: what a run with given settings will do, and which theorem says so."""

from whichmin.lazy import attach_stub

__getattr__, __all__ = attach_stub(__name__, __file__)


def __dir__() -> list[str]:
    return __all__
