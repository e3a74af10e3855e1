"""Load a target and call its functions, in the target's process, with NumPy alone."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from whichmin.errors import InputError, MissingDependency, WhichminError
from whichmin.verification.oracle.conventions import DECLARATION, Conventions
from whichmin.verification.oracle.outcome import CallOutcome, Kind
from whichmin.verification.oracle.protocol import FUNCTIONS, Shape
from whichmin.verification.oracle.ragged import padded

__all__ = ["LossOf", "Target", "expected_shape", "invoke", "load", "make_target", "said"]


@dataclass(frozen=True)
class LossOf:
    """The argument ``loss`` of the sharpness metrics, a function of w alone, as data.

    Attributes:
        data: Rows, shape ``(m, n)``.
        activation: Name of the activation.
    """

    data: Any
    activation: str

    def function(self, arrays: str) -> Callable[[Any], Any]:
        """Make the mean loss in a target's array library, so that it can be differentiated.

        Args:
            arrays: ``numpy``, ``torch`` or ``jax``.

        Returns:
            The function from weights ``(n,)`` to a number.
        """
        data = _to_library(np.array(self.data), arrays)
        relu = self.activation == "relu"

        def loss(w: Any) -> Any:
            # |a - w phi|^2 row by row: no expansion, so the value is exact at a = w phi.
            inner = data @ w
            phi = inner * (inner > 0) if relu else inner
            residual = data - phi[:, None] * w[None, :]
            total = (residual * residual).sum() / (2 * data.shape[0])
            return float(total) if arrays == "numpy" else total

        return loss


@dataclass(frozen=True)
class Target:
    """A target that has been loaded.

    Attributes:
        conventions: What it declares.
        functions: The functions of the protocol that it provides.
        keywords: Which of the keyword arguments each of them is given.
    """

    conventions: Conventions
    functions: Mapping[str, Callable[..., Any]]
    keywords: Mapping[str, tuple[str, ...]]


def load(name: str) -> Target:
    """Import a target by name.

    Args:
        name: ``package.module``, or ``package.module:object``.

    Returns:
        The target.

    Raises:
        InputError: There is no such module or object, or it fails when imported, or what it
            declares is not allowed.
        WhichminError: An error of this kind, such as MissingDependency, that the target raises.
    """
    module_name, colon, path = name.partition(":")
    if not module_name or (colon and not path):
        raise InputError("target", name, "must be 'package.module' or 'package.module:object'")
    try:
        found: Any = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        own = error.name is not None and f"{module_name}.".startswith(f"{error.name}.")
        hint = "is its folder on PYTHONPATH?" if own else "the target imports it: install it"
        raise InputError("target", name, f"must be importable ({error}); {hint}") from error
    except WhichminError:  # an adapter says what is missing
        raise
    except (Exception, SystemExit) as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{last.filename}, line {last.lineno}"
        raise InputError(
            "target", name, f"must be importable ({type(error).__name__}: {said(error)}; {where})"
        ) from error
    for part in path.split(".") if path else ():
        if not hasattr(found, part):
            raise InputError("target", name, f"module {module_name} has no attribute {path!r}")
        found = getattr(found, part)
    return make_target(found, name)


def make_target(found: Any, name: str = "") -> Target:
    """Read the functions and conventions of a module or an object.

    Args:
        found: The module or object.
        name: Its name for reports, unless it declares one.

    Returns:
        The target.

    Raises:
        InputError: It provides nothing, or declares what is not allowed.
    """
    conventions = Conventions.parse(getattr(found, DECLARATION, None))
    label = conventions.name or name or getattr(found, "__name__", "") or type(found).__name__
    version = conventions.version or str(getattr(found, "__version__", ""))
    conventions = dataclasses.replace(conventions, name=label, version=version)
    functions = {n: getattr(found, n) for n in FUNCTIONS if callable(getattr(found, n, None))}
    if not functions:
        raise InputError("target", label, f"must provide some of: {', '.join(FUNCTIONS)}")
    if isinstance(found, type):
        _refuse_methods(found, functions)
    for unprovided in conventions.stochastic:
        if unprovided not in functions:
            raise InputError(
                f"{DECLARATION}['stochastic'] key", unprovided, "must be a function it provides"
            )
    keywords = {n: _keywords(n, f, conventions) for n, f in functions.items()}
    return Target(conventions, functions, keywords)


def _refuse_methods(found: type, functions: Mapping[str, Callable[..., Any]]) -> None:
    """Refuse a class given for its instance; one that is a mere namespace of functions is fine."""
    for name, function in functions.items():
        try:
            signature = inspect.signature(function)
            first = next(iter(signature.parameters), "")
            signature.bind(*FUNCTIONS[name].arguments)
        except ValueError:  # written in C: nothing is known
            continue
        except TypeError:
            if first in FUNCTIONS[name].arguments:  # its arguments are wrong, which a call reports
                continue
            raise InputError(
                "target", found, f"must be an instance of the class, such as {found.__name__}(): "
                f"{name} takes {first!r} first",
            ) from None  # fmt: skip


def _keywords(name: str, found: Callable[..., Any], conventions: Conventions) -> tuple[str, ...]:
    """Keyword arguments that a function is given: those of the protocol that it takes."""
    wanted = FUNCTIONS[name].keywords
    try:
        parameters = inspect.signature(found).parameters
    except (TypeError, ValueError):  # written in C: nothing is known
        parameters = None
    if parameters is None or any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
        taken = tuple(k for k in wanted if k != "seed" or name in conventions.stochastic)
    else:
        taken = tuple(k for k in wanted if k in parameters)
    if "activation" in wanted and "activation" not in taken and len(conventions.activations) > 1:
        raise InputError(
            f"signature of {name}", str(inspect.signature(found)),
            "must take an argument 'activation', or the target must declare the one that it knows: "
            f"{DECLARATION} = {{'activations': ['relu']}}",
        )  # fmt: skip
    if conventions.sampling.startswith("weighted") and "weights" in set(wanted) - set(taken):
        raise InputError(
            f"signature of {name}", str(inspect.signature(found)),
            "must take an argument 'weights', because the target declares "
            f"'sampling': {conventions.sampling!r}",
        )  # fmt: skip
    if name in conventions.stochastic and "seed" not in taken:
        raise InputError(
            f"signature of {name}", str(inspect.signature(found)),
            "must take an argument 'seed', because the target declares it stochastic",
        )  # fmt: skip
    return taken


def _to_library(value: Any, arrays: str) -> Any:
    if isinstance(value, LossOf):
        return value.function(arrays)
    if isinstance(value, list):
        return [_to_library(part, arrays) for part in value]
    if not isinstance(value, np.ndarray) or arrays == "numpy":
        return value
    try:
        library = importlib.import_module("torch" if arrays == "torch" else "jax.numpy")
    except ImportError as error:
        raise MissingDependency(
            arrays, f"the target declares 'arrays': {arrays!r}", f"pip install {arrays}"
        ) from error
    if arrays == "torch":
        return library.from_numpy(value)
    if value.dtype == np.float64 and library.asarray(value).dtype != value.dtype:
        raise InputError(
            "jax_enable_x64", False,
            "must be on for float64: jax.config.update('jax_enable_x64', True) in the target, "
            "or declare 'dtype': 'float32'",
        )  # fmt: skip
    return library.asarray(value)


def _from_library(value: Any) -> Any:
    if hasattr(value, "detach"):
        value = value.detach().cpu().numpy()
    return value if isinstance(value, (bool, int, float)) else np.array(value)


def _no_numbers(raw: Any, value: Any, shape: Shape) -> str:
    """What is said of a result of which NumPy makes no array of numbers; empty if it does."""
    kind = type(raw).__name__
    if raw is None:
        return f"returned None, expected {shape}; is its return statement missing?"
    if isinstance(raw, (str, bytes)):
        return f"returned {_brief(raw)}, a {kind}, expected {shape}"
    # NumPy wraps what it does not know, such as a generator or a sparse matrix, into one object.
    if isinstance(value, np.ndarray) and value.dtype == object and value.shape == ():
        if not isinstance(raw, np.ndarray):
            return f"returned an object of class {kind}, expected {shape}"
        return _no_numbers(raw.item(), None, shape) or f"returned {_named(value)}, expected {shape}"
    return ""


def _brief(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def invoke(target: Target, name: str, arguments: Mapping[str, Any]) -> CallOutcome:
    """Call a function of a target, and return as data whatever happens, unless it hangs or crashes.

    Args:
        target: The target.
        name: Function of the protocol that it provides.
        arguments: All arguments of the protocol, by name; keywords that it does not take are left
            out.

    Returns:
        What happened.
    """
    spec, arrays = FUNCTIONS[name], target.conventions.arrays
    own = {k: _copied(v) for k, v in arguments.items()}
    start = time.perf_counter()
    try:
        given = {k: _to_library(v, arrays) for k, v in own.items()}
        handed = {k: list(v) for k, v in given.items() if isinstance(v, list)}
        positional = [given[k] for k in spec.arguments]
        named = {k: given[k] for k in target.keywords[name] if k in given}
        found = target.functions[name](*positional, **named)
    except (Exception, SystemExit) as error:
        detail = f"raised {type(error).__name__}: {said(error)}"
        trace = "".join(traceback.format_exception(error)[-6:])
        return CallOutcome(Kind.RAISED, detail=detail, trace=trace)
    seconds = time.perf_counter() - start
    for key, parts in handed.items():
        if [id(part) for part in given[key]] != [id(part) for part in parts]:
            detail = f"changed its argument {key} in place: the list has other parts"
            return CallOutcome(Kind.MUTATED, detail=detail, seconds=seconds)
    for key, before in arguments.items():
        # NumPy and torch share memory with what they were given; JAX arrays cannot change.
        if not _unchanged(before, own[key]):
            detail = f"changed its argument {key} in place: {_short(before)} became "
            return CallOutcome(Kind.MUTATED, detail=detail + _short(own[key]), seconds=seconds)
    try:
        unequal = padded(found) if spec.returns is Shape.BATCHES else None
        raw = _from_library(found) if unequal is None else unequal
    except Exception as error:  # a ragged list, or whatever the conversion of a class raises
        detail = f"returned an object of class {type(found).__name__} that makes no array "
        detail += f"({type(error).__name__}: {said(error)}), expected {spec.returns}"
        return CallOutcome(Kind.WRONG_DTYPE, detail=detail, seconds=seconds)
    detail = _no_numbers(found, raw, spec.returns)
    if detail:
        return CallOutcome(Kind.WRONG_DTYPE, detail=detail, seconds=seconds)
    return _checked(raw, spec.returns, arguments, target.conventions.dtype, seconds)


def _copied(value: Any) -> Any:
    if isinstance(value, list):
        return [_copied(part) for part in value]
    return np.array(value) if isinstance(value, np.ndarray) else value


def _unchanged(before: Any, after: Any) -> bool:
    if isinstance(before, list):
        return all(map(_unchanged, before, after))
    return not isinstance(before, np.ndarray) or np.array_equal(before, after, equal_nan=True)


def said(error: BaseException) -> str:
    """Read the message of an error, even if its class fails to give it."""
    try:
        # Half a surrogate pair could be written to no file.
        return str(error).encode(errors="backslashreplace").decode()
    except Exception:  # whatever a class of the target's raises
        return "(its message cannot be read)"


def _named(value: NDArray[Any]) -> str:
    """The dtype, and the class of what is no number."""
    if value.dtype != object or value.size == 0:
        return f"dtype {value.dtype}"
    return f"dtype {value.dtype} (of class {type(value.flat[0]).__name__})"


def _short(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_short, value))}]"
    return np.array2string(np.asarray(value), threshold=8, precision=6, separator=", ")


def _checked(
    raw: Any, shape: Shape, arguments: Mapping[str, Any], dtype: str, seconds: float
) -> CallOutcome:
    value = np.asarray(raw)
    wanted = expected_shape(shape, arguments)
    if shape is Shape.BATCHES and value.ndim == 2 and len(value) == wanted[0]:
        wanted = value.shape  # which sizes a batch may have depends on what is declared
    if value.shape != wanted:
        detail = f"returned shape {value.shape}, expected {wanted}: {shape}"
        return CallOutcome(Kind.WRONG_SHAPE, detail=detail, seconds=seconds)
    if shape is Shape.BATCHES:
        if value.dtype.kind not in "iu":
            detail = f"returned {_named(value)}, expected integers"
            return CallOutcome(Kind.WRONG_DTYPE, detail=detail, seconds=seconds)
        return CallOutcome(Kind.VALUE, value.astype(np.int64), seconds=seconds)
    allowed = {np.dtype(np.float64), np.dtype(dtype)}
    plain = isinstance(raw, (int, float)) and not isinstance(raw, bool)
    if not plain and value.dtype not in allowed:
        detail = f"returned {_named(value)}, expected {dtype}"
        if value.dtype == np.float32:
            detail += f"; if it is meant, declare {DECLARATION} = {{'dtype': 'float32'}}"
        return CallOutcome(Kind.WRONG_DTYPE, detail=detail, seconds=seconds)
    try:
        value = value.astype(np.float64)
    except OverflowError:
        detail = "returned an integer beyond the range of float64"
        return CallOutcome(Kind.NOT_FINITE, detail=detail, seconds=seconds)
    if not np.isfinite(value).all():
        detail = f"returned {_short(value)}, which is not finite"
        return CallOutcome(Kind.NOT_FINITE, detail=detail, seconds=seconds)
    return CallOutcome(Kind.VALUE, value, seconds=seconds)


def expected_shape(shape: Shape, arguments: Mapping[str, Any]) -> tuple[int, ...]:
    """Compute the shape that a function must return, from its arguments by name."""
    if shape is Shape.SCALAR:
        return ()
    if shape is Shape.BATCHES:
        return (arguments["steps"], arguments["b"])
    size = len(arguments["w0" if "w0" in arguments else "w"])
    return (size,) if shape is Shape.VECTOR else (size, size)
