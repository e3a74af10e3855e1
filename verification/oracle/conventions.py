"""What a target declares about itself: the mapping ``WHICHMIN`` of a module or an object."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from whichmin.errors import InputError
from whichmin.verification.oracle.protocol import ACTIVATIONS, FUNCTIONS

__all__ = ["DECLARATION", "SAMPLINGS", "Conventions", "Stochastic"]

DECLARATION = "WHICHMIN"
SAMPLINGS = ("without-replacement", "with-replacement", "reshuffled", "cyclic")
_CHOICES: dict[str, tuple[str, ...]] = {
    "arrays": ("numpy", "torch", "jax"),
    "dtype": ("float64", "float32"),
    "loss": ("mean", "sum"),
    "gradient": ("mean", "sum"),
    "hessian": ("mean", "sum"),
    "sampling": SAMPLINGS,
    "top_eigenvalue": ("largest", "largest magnitude"),
    "noise": ("population", "sample"),
}
_STOCHASTIC = tuple(n for n, f in FUNCTIONS.items() if "seed" in f.keywords)
METHODS = (
    "hutchinson",
    "hutchinson-gaussian",
    "hutch++",
    "samples",
    "two batch sizes",
    "power iteration",
    "search",
)


@dataclass(frozen=True)
class Stochastic:
    """How a function estimates.

    Attributes:
        method: One of ``METHODS``.
        samples: How many random vectors, batches or points it draws, independent of each other: a
            pair of opposite ones counts once.
    """

    method: str
    samples: int


@dataclass(frozen=True)
class Conventions:
    """What a target is judged by; every field can be declared, under its own name.

    Attributes:
        name: Name of the target, for reports.
        version: Its version.
        arrays: Array library of its arguments and results.
        dtype: Precision that it computes in; ``float32`` is judged by float32 rounding.
        activations: Which activations it knows; with one, its functions need not take the argument.
        kink: Second derivative of ``relu(t)**2 / 2`` at 0; None: any value from 0 to 1 passes.
        loss: Mean or sum over the points, in ``loss``.
        gradient: The same for ``gradient``, ``step`` and ``train``.
        hessian: The same for the Hessian, its products, trace and eigenvalues, and for
            ``relative_flatness``.
        loss_scale: Factor of the loss of a point relative to ``|a - f|^2 / 2``, in all functions.
        sampling: What ``sample_batches`` draws, and the batches of ``gradient_noise``.
        top_eigenvalue: The largest eigenvalue, or the one largest in absolute value.
        noise: Covariance of ``noise_scale`` and ``hessian_noise_scale``: divided by m (population)
            or m - 1 (sample).
        keskar_share: Part of the maximum that ``keskar_sharpness`` reaches at least. By default
            99 percent: near a minimum the rise is of second order, so that is reached within half a
            percent of the way to a corner of the box, and a search that clips to the box is there.
        sam_share: The same for ``sam_sharpness``; the rise falls with the square of the angle to
            the best direction, so 99 percent are reached within a tenth of a radian. One ascent
            step along the gradient (Foret et al., 2021) gives a lower bound, at a minimum 0:
            declared with 0, it is judged by never exceeding the maximum.
        noise_batches: The small and the large batch of a ``noise_scale`` that estimates from two
            batch sizes.
        stochastic: Functions that estimate: name to method and sample count.
        expected_failures: Check id to the reason why it fails.
    """

    name: str = ""
    version: str = ""
    arrays: str = "numpy"
    dtype: str = "float64"
    activations: tuple[str, ...] = ACTIVATIONS
    kink: Fraction | None = None
    loss: str = "mean"
    gradient: str = "mean"
    hessian: str = "mean"
    loss_scale: Fraction = Fraction(1)
    sampling: str = "without-replacement"
    top_eigenvalue: str = "largest"
    noise: str = "population"
    keskar_share: Fraction = Fraction(99, 100)
    sam_share: Fraction = Fraction(99, 100)
    noise_batches: tuple[int, int] = (1, 2)
    stochastic: Mapping[str, Stochastic] = field(default_factory=dict)
    expected_failures: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, declared: object) -> Conventions:
        """Read a declaration.

        Args:
            declared: What stands in ``WHICHMIN``; None for nothing.

        Returns:
            The conventions.

        Raises:
            InputError: It is no mapping, or has an unknown key or a value that is not allowed.
        """
        if declared is None:
            return cls()
        if not isinstance(declared, Mapping):
            raise InputError(DECLARATION, declared, "must be a mapping")
        known = [f.name for f in dataclasses.fields(cls)]
        unknown = [k for k in declared if k not in known]
        if unknown:
            raise InputError(
                f"{DECLARATION} key", unknown[0], f"must be one of: {', '.join(known)}"
            )
        return cls(**{k: _value(k, v) for k, v in declared.items()})

    def divisor(self, function: str, count: int) -> Fraction:
        """Number that a sum over ``count`` points is divided by, times nothing: count or 1.

        Args:
            function: Name of a function of the protocol.
            count: Rows of its data or batch.

        Returns:
            ``count`` for a mean, 1 for a sum.
        """
        if function == "loss":
            kind = self.loss
        elif function in {"gradient", "step", "train"}:
            kind = self.gradient
        else:
            kind = self.hessian
        return Fraction(count if kind == "mean" else 1)

    def factor(self, function: str, count: int) -> Fraction:
        """Factor of the plain sum over the points: ``loss_scale`` over :meth:`divisor`."""
        return self.loss_scale / self.divisor(function, count)

    def record(self) -> dict[str, Any]:
        """The declared conventions as plain data, defaults left out."""
        default = Conventions()
        plain: dict[str, Any] = {}
        for item in dataclasses.fields(self):
            value = getattr(self, item.name)
            if value == getattr(default, item.name) or item.name == "expected_failures":
                continue
            if item.name == "stochastic":
                value = {k: dataclasses.asdict(v) for k, v in value.items()}
            plain[item.name] = str(value) if isinstance(value, Fraction) else value
        return plain


def _value(key: str, value: Any) -> Any:
    argument = f"{DECLARATION}[{key!r}]"
    if key in {"name", "version"}:
        return str(value)
    if key in _CHOICES:
        if value not in _CHOICES[key]:
            raise InputError(argument, value, f"must be one of: {', '.join(_CHOICES[key])}")
        return value
    if key == "kink":
        return None if value is None else _number(argument, value, between=True)
    if key in {"keskar_share", "sam_share"}:
        return _number(argument, value, between=True)
    if key == "loss_scale":
        return _number(argument, value, between=False)
    if key == "activations":
        names = (value,) if isinstance(value, str) else tuple(value)
        if not names or any(n not in ACTIVATIONS for n in names):
            raise InputError(argument, value, f"must be some of: {', '.join(ACTIVATIONS)}")
        return names
    if key == "noise_batches":
        return _pair(argument, value)
    if not isinstance(value, Mapping):
        raise InputError(argument, value, "must be a mapping")
    if key == "expected_failures":
        for check, reason in value.items():
            if not isinstance(reason, str):
                raise InputError(f"{argument}[{check!r}]", reason, "must be a reason, a text")
        return {str(k): v for k, v in value.items()}
    return {name: _stochastic(name, item) for name, item in value.items()}


def _number(argument: str, value: Any, *, between: bool) -> Fraction:
    allowed = "must be a number from 0 to 1" if between else "must be a number above 0"
    try:
        number = Fraction(str(value))
    except (ValueError, ZeroDivisionError) as error:
        raise InputError(argument, value, allowed) from error
    if (between and not 0 <= number <= 1) or (not between and number <= 0):
        raise InputError(argument, value, allowed)
    return number


def _pair(argument: str, value: Any) -> tuple[int, int]:
    pair = tuple(value) if isinstance(value, (tuple, list)) else ()
    if len(pair) != 2 or any(type(x) is not int for x in pair) or not 1 <= pair[0] < pair[1]:
        raise InputError(argument, value, "must be two batch sizes (s, l) with 1 <= s < l")
    return pair[0], pair[1]


def _stochastic(name: str, item: Any) -> Stochastic:
    argument = f"{DECLARATION}['stochastic'][{name!r}]"
    if name not in _STOCHASTIC:
        raise InputError(
            f"{DECLARATION}['stochastic'] key", name, f"must be one of: {', '.join(_STOCHASTIC)}"
        )
    if (
        not isinstance(item, Mapping)
        or set(item) != {"method", "samples"}
        or item["method"] not in METHODS
        or not isinstance(item["samples"], int)
        or item["samples"] < 1
    ):
        raise InputError(
            argument, item,
            f"must be {{'method': M, 'samples': K}} with K >= 1 and M one of: {', '.join(METHODS)}",
        )  # fmt: skip
    return Stochastic(item["method"], item["samples"])
