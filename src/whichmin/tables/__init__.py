"""Tables: what ``whichmin table``, ``ensemble``, ``predict`` and ``verify`` print, as documents."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
