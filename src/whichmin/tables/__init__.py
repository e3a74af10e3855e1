"""Tables: what ``whichmin table``, ``ensemble``, ``predict`` and ``verify`` print, as documents."""

from whichmin.lazy import attach_stub

__getattr__, __all__ = attach_stub(__name__, __file__)


def __dir__() -> list[str]:
    return __all__
