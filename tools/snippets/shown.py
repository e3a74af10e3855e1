"""Print what expressions give, as JSON."""

import dataclasses
import enum
import json
import math

import numpy as np
import torch


def plain(thing):
    """Reduce a result to what JSON holds; what has no value of its own, to its type."""
    if isinstance(thing, enum.Enum):
        return thing.name
    if isinstance(thing, (torch.Tensor, np.ndarray, np.generic)):
        return plain(thing.tolist())
    if isinstance(thing, float):
        return thing if math.isfinite(thing) else repr(thing)
    if thing is None or isinstance(thing, (bool, int, str)):
        return thing
    if dataclasses.is_dataclass(thing) and not isinstance(thing, type):
        fields = (f.name for f in dataclasses.fields(thing))
        return {name: plain(getattr(thing, name)) for name in fields if name != "threads"}
    if isinstance(thing, dict):
        return {str(plain(key)): plain(value) for key, value in thing.items()}
    if isinstance(thing, (list, tuple)):
        return [plain(item) for item in thing]
    return type(thing).__name__


def show(expressions):
    """Evaluate and print; an error is a result too."""
    found = {}
    for name, expression in expressions.items():
        try:
            found[name] = plain(expression())
        except Exception as error:
            found[name] = f"{type(error).__name__}: {error}"
    print(json.dumps(found, ensure_ascii=False))
