"""The one place that validates input to the numeric layer."""

from __future__ import annotations

import math
import numbers
from typing import Any

import numpy as np
import torch

from whichmin.errors import InputError, MissingDependency, Verbatim

__all__ = [
    "check_batch_size",
    "check_device",
    "check_dtype",
    "check_extent",
    "check_integer",
    "check_lanes",
    "check_matrix",
    "check_positive",
    "check_real",
    "check_seed",
    "check_tensor",
    "check_vector",
    "check_weights",
]

# Its square is 1e-301: 1e7 times the smallest normal number, room for a division by 2m.
_EXTENT = 2.0**-500
# What arrays hold that hold no numbers, by NumPy's letter.
_HELD = {
    "U": "text",
    "S": "text",
    "O": "Python objects",
    "b": "truth values",
    "c": "complex numbers",
}
_DTYPES = {"float64": torch.float64, "float32": torch.float32}


def check_positive(value: Any, argument: str, upper: float = math.inf) -> float:
    """Return ``value`` as a float in ``(0, upper)``.

    Raises:
        InputError: It is not a real number in that range.
    """
    allowed = "must be a positive finite number" + (f" below {upper}" if upper < math.inf else "")
    number = _real_number(value, argument, allowed)
    if not 0 < number < upper:
        raise InputError(argument, value, allowed)
    return number


def check_extent(value: Any, argument: str) -> float:
    """Return the size of a region as a float whose square has all its digits.

    Raises:
        InputError: It is not a positive number, or so small that its square is lost.
    """
    number = check_positive(value, argument)
    if number < _EXTENT:
        raise InputError(argument, value, f"must be at least {_EXTENT:.1e}: squares are lost below")
    return number


def check_real(
    value: Any, argument: str, minimum: float = -math.inf, upper: float = math.inf
) -> float:
    """Return ``value`` as a finite float in ``[minimum, upper)``.

    Raises:
        InputError: It is not a real number in that range.
    """
    bounds = [f">= {minimum:g}"] * (minimum > -math.inf) + [f"below {upper:g}"] * (upper < math.inf)
    allowed = " ".join(["must be a finite number", " and ".join(bounds)]).strip()
    number = _real_number(value, argument, allowed)
    if not minimum <= number < upper:
        raise InputError(argument, value, allowed)
    return number


def _real_number(value: Any, argument: str, allowed: str) -> float:
    """Return ``value`` as a finite float.

    Raises:
        InputError: It is no real number, or not finite as a float.
    """
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise InputError(argument, value, allowed)
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise InputError(argument, value, allowed)
    return number


def check_integer(
    value: Any, argument: str, minimum: int, maximum: int | None = None, reason: str = ""
) -> int:
    """Return ``value`` as an int in ``[minimum, maximum]``.

    Raises:
        InputError: It is not an integer in that range.
    """
    bounds = f"must be an integer >= {minimum}"
    if maximum is not None:
        bounds += f" and <= {maximum}"
    if reason:
        bounds += f" ({reason})"
    if isinstance(value, bool) or not isinstance(value, numbers.Integral):
        raise InputError(argument, value, bounds)
    number = int(value)
    if number < minimum or (maximum is not None and number > maximum):
        raise InputError(argument, value, bounds)
    return number


def check_seed(value: Any, argument: str = "seed") -> int:
    """Return a seed in ``[0, 2**64)``, the key space of the generator.

    Raises:
        InputError: It is not an integer in that range.
    """
    return check_integer(value, argument, 0, 2**64 - 1)


def check_batch_size(value: Any, m: int, replacement: bool, argument: str = "batch_size") -> int:
    """Return a batch size that fits ``m`` data points.

    Raises:
        InputError: It is not a positive integer, or exceeds ``m`` without replacement.
    """
    if replacement:
        return check_integer(value, argument, 1)
    return check_integer(value, argument, 1, m, "the number of data points, without replacement")


def check_lanes(value: Any, replicas: int, argument: str = "lanes") -> np.ndarray:
    """Return numbers of index streams: one per replica, below ``2**32``, the counter's range.

    Raises:
        InputError: They are no such integers.
    """
    lanes = np.asarray(value)
    if lanes.dtype.kind not in "iu" or lanes.shape != (replicas,):
        raise InputError(
            argument, f"{lanes.dtype} of shape {lanes.shape}", f"must be {replicas} integers"
        )
    if lanes.min(initial=0) < 0 or lanes.max(initial=0) >= 2**32:
        raise InputError(argument, f"{lanes.min()} to {lanes.max()}", "must lie in 0 .. 2^32 - 1")
    return lanes.astype(np.int64)


def check_dtype(value: Any, argument: str = "dtype") -> torch.dtype:
    """Return a supported floating dtype.

    Raises:
        InputError: It is neither float64 nor float32.
    """
    if isinstance(value, str) and value in _DTYPES:
        return _DTYPES[value]
    if isinstance(value, torch.dtype) and value in _DTYPES.values():
        return value
    raise InputError(argument, value, "must be float64 or float32")


def check_device(value: Any, argument: str = "device") -> torch.device:
    """Return a usable device.

    Raises:
        InputError: It names no known device.
        MissingDependency: It names a GPU that is not there.
    """
    try:
        device = torch.device(value)
    except (RuntimeError, TypeError) as error:
        raise InputError(argument, value, "must be cpu, cuda or cuda:INDEX") from error
    if device.type not in ("cpu", "cuda"):
        raise InputError(argument, value, "must be cpu, cuda or cuda:INDEX")
    if device.type == "cuda":
        count = torch.cuda.device_count() if torch.cuda.is_available() else 0
        if (device.index or 0) >= count:
            raise MissingDependency(
                f"{argument} = {value!r}",
                f"PyTorch {torch.__version__} sees {count} CUDA device(s)",
                "use device='cpu', or install a CUDA build of PyTorch on a machine with that GPU",
            )
    return device


def _real_array(value: Any, argument: str) -> torch.Tensor:
    """Convert to a finite real CPU or CUDA tensor without changing the numbers."""
    if isinstance(value, torch.Tensor):
        tensor = value.detach()
    else:
        try:
            array = np.asarray(value)
        except ValueError as error:
            raise InputError(argument, value, "must be a rectangular array of numbers") from error
        if array.dtype.kind not in "fiu":
            held = Verbatim(f"an array of {_HELD.get(array.dtype.kind, array.dtype)}")
            raise InputError(argument, held, "must hold real numbers (floating point or integer)")
        if array.dtype.kind in "iu" or array.dtype.itemsize > 8:
            array = array.astype(np.float64)
        native = array.dtype.newbyteorder("=")
        tensor = torch.from_numpy(np.array(array, dtype=native, order="C"))
    if tensor.is_complex() or tensor.dtype == torch.bool or tensor.layout != torch.strided:
        raise InputError(argument, tensor.dtype, "must be a dense array of real numbers")
    if not bool(torch.isfinite(tensor).all()):
        bad = (~torch.isfinite(tensor)).nonzero().tolist()
        allowed = f"must be finite everywhere (the first is at {bad[0]}, counted from 0)"
        raise InputError(argument, f"{len(bad)} NaN or infinite entries", allowed)
    return tensor


def check_matrix(
    value: Any, argument: str, dtype: torch.dtype, device: torch.device
) -> torch.Tensor:
    """Return a fresh matrix of finite numbers, rows as samples.

    Raises:
        InputError: Wrong rank, no rows or columns, not real, or not finite.
    """
    tensor = _real_array(value, argument)
    if tensor.ndim != 2 or 0 in tensor.shape:
        raise InputError(
            argument, f"array of shape {tuple(tensor.shape)}",
            "must have shape (m, n), m, n >= 1: a row per data point, an image flattened to a row",
        )  # fmt: skip
    return _converted(tensor, argument, dtype, device)


def check_weights(
    value: Any, n: int, argument: str, dtype: torch.dtype, device: torch.device
) -> torch.Tensor:
    """Return weights with a leading replica axis: shape ``(replicas, n)``.

    Raises:
        InputError: Wrong shape, not real, or not finite.
    """
    tensor = _real_array(value, argument)
    if tensor.ndim not in (1, 2) or tensor.shape[-1] != n or 0 in tensor.shape:
        raise InputError(
            argument,
            f"array of shape {tuple(tensor.shape)}",
            f"must have shape ({n},) or (replicas, {n}) to match the data's {n} columns",
        )
    return _converted(tensor.reshape(-1, n), argument, dtype, device)


def check_vector(
    value: Any, n: int | None, argument: str, dtype: torch.dtype, device: torch.device,
    squared: bool = True,
) -> torch.Tensor:  # fmt: skip
    """Return one vector, shape ``(n,)``, also from the only row of a matrix.

    Args:
        value: The numbers.
        n: Length; None for any of at least 1.
        argument: What the caller calls it.
        dtype: Of the result.
        device: Of the result.
        squared: Whether its squares must be finite too.

    Returns:
        A fresh tensor.

    Raises:
        InputError: Wrong shape, not real, or not finite.
    """
    tensor = _real_array(value, argument)
    one = tensor.ndim == 1 or (tensor.ndim == 2 and len(tensor) == 1)
    if not one or 0 in tensor.shape or (n is not None and tensor.shape[-1] != n):
        raise InputError(
            argument,
            f"array of shape {tuple(tensor.shape)}",
            "must have shape (n,)" if n is None else f"must have shape ({n},)",
        )
    return _converted(tensor.reshape(-1), argument, dtype, device, squared)


def check_tensor(
    value: Any, argument: str, dtype: torch.dtype, device: torch.device
) -> torch.Tensor:
    """Return a fresh tensor of finite numbers, any shape.

    Raises:
        InputError: Not real, or not finite.
    """
    return _converted(_real_array(value, argument), argument, dtype, device)


def _converted(
    tensor: torch.Tensor, argument: str, dtype: torch.dtype, device: torch.device,
    squared: bool = True,
) -> torch.Tensor:  # fmt: skip
    result = tensor.to(device=device, dtype=dtype, copy=True)
    # Squares are formed everywhere; a value whose square overflows is no use either.
    if not bool(torch.isfinite(result.square() if squared else result).all()):
        largest = float(tensor.double().abs().max())
        kind = str(dtype).removeprefix("torch.")
        allowed = f"must be finite{', squared,' if squared else ''} in {kind}"
        raise InputError(argument, f"entries up to {largest:.3g}", allowed)
    return result
