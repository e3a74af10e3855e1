"""Print the public names of the front door and the layers, with kinds and parameters."""

import importlib
import inspect

from shown import show

MODULES = (
    "whichmin",
    "whichmin.core",
    "whichmin.symbolic",
    "whichmin.verification",
    "whichmin.verification.oracle",
    "whichmin.sharpness",
    "whichmin.noise",
    "whichmin.errors",
    "whichmin.words",
    "whichmin.files",
    "whichmin.datasets",
    "whichmin.reporting",
    "whichmin.plots",
    "whichmin.core.engines",
    "whichmin.core.measures",
)


def described(thing):
    """Kind, and names of parameters or members."""
    if inspect.isclass(thing):
        members = [name for name in dir(thing) if not name.startswith("_")]
        return ["class", *members]
    if inspect.isfunction(thing):
        return ["function", *inspect.signature(thing).parameters]
    return [type(thing).__name__]


def names(module):
    """What a star would import."""
    found = importlib.import_module(module)
    return {name: described(getattr(found, name)) for name in found.__all__}


def starred():
    """What it does import."""
    space = {}
    exec("from whichmin import *", space)  # noqa: S102
    return sorted(space.keys() - {"__builtins__"})


show({"star": starred, **{m: lambda m=m: names(m) for m in MODULES}})
