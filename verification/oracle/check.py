"""The checks of the oracle, and what they find."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from whichmin.verification.oracle.references import floats
from whichmin.verification.oracle.solving import Family

if TYPE_CHECKING:
    from whichmin.verification.oracle.session import Session

__all__ = ["Call", "Candidate", "Finding", "OracleCheck"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Call:
    """A call of the target, with arguments that can be written as text.

    Attributes:
        function: Name of the function.
        arguments: Arguments by name; vectors and matrices as nested tuples of fractions.
    """

    function: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True)
class Candidate:
    """A value that a known mistake or another convention would give.

    Attributes:
        text: The cause; goes into the sentence of the diagnosis, so it starts in lower case.
        value: The value, exact or float, or a function that computes it when it is asked for.
        declare: What a target declares to be judged by it, e.g. ``'gradient': 'sum'``; else empty.
        slack: What rounding may add to the value beyond the finding's bound, if that is more, such
            as where a quotient of two vanishing numbers is formed; None if it is not.
    """

    text: str
    value: Any
    declare: str = ""
    slack: Callable[[], Any] | None = None

    def made(self) -> Any:
        """Return the value; what leaves the range of float64 is no number."""
        if not callable(self.value):
            return self.value
        with np.errstate(all="ignore"):
            return self.value()


@dataclass(frozen=True)
class Finding:
    """A comparison of a value of the target with the expected one.

    Attributes:
        what: What was compared, and where: ``gradient, generic, relu``.
        got: What the target returned.
        expected: The exact value: a fraction, nested tuples of fractions, or floats.
        bound: Largest deviation allowed, entry by entry or for all.
        reason: The reason for the bound.
        call: The call; None if the value comes from several calls.
        calls: Those calls, alike but for one argument, such as the seed; ``got`` of the figure is
            then the array of their results.
        upper: Other end of the segment of accepted values, at a kink: ``expected`` is the value
            for kappa = 0 and this for kappa = 1; None if there is one value.
        group: Findings of one group are diagnosed together if those of the check are not alike.
        scalars: Names and values of what could be a wrong factor: m, b, n, eta ...
        origin: What a wrong factor multiplies the distance from: w for a step, else 0.
        candidates: Values of the mistakes that the check thinks of, or a function that makes them;
            it is called only if some finding of the check fails.
        families: A function that lists mistakes with parameters, by name; they are tried if no
            candidate is the cause.
        interval: Whether ``upper`` has nothing to do with a kink: an inexact maximum, say.
        coarse: Whether a deviation of the size of float32's rounding may be that, for all the check
            knows; one of a long run may have set in late.
        parts: Steps from ``expected``, orthogonal to each other, that add up to ``upper``: each may
            be taken by a share of its own from 0 to 1, as the points at a kink have kappas of their
            own. Empty if all are taken by the same share.
        figure: Python expression of ``got``, the call's result as a float64 array, that gives what
            is compared, for the snippet; empty if it is the result itself.
    """

    what: str
    got: Any
    expected: Any
    bound: Any
    reason: str
    call: Call | None = None
    upper: Any = None
    group: str = ""
    scalars: Mapping[str, Fraction | int | float] = field(default_factory=dict)
    origin: Any = 0
    candidates: tuple[Candidate, ...] | Callable[[], Iterable[Candidate]] = ()
    families: Callable[[], Iterable[tuple[str, Family]]] | None = None
    interval: bool = False
    figure: str = ""
    calls: tuple[Call, ...] = ()
    parts: tuple[Any, ...] = ()
    coarse: bool = True

    @property
    def place(self) -> float | None:
        """The place of the target's value on the segment of accepted values, from 0 to 1."""
        if self.upper is None:
            return None
        low = floats(self.expected)
        span = floats(self.upper) - low
        length = float((span * span).sum())
        if length == 0:
            return None
        along = float(((np.asarray(self.got) - low) * span).sum()) / length
        return min(max(along, 0.0), 1.0)

    @property
    def places(self) -> tuple[float, ...]:
        """The place of the target's value on each part; on the whole segment without parts."""
        if not self.parts:
            return () if self.place is None else (self.place,)
        away = np.asarray(self.got) - floats(self.expected)
        steps = [floats(part) for part in self.parts]
        along = [(float((away * x).sum()), float((x * x).sum())) for x in steps]
        return tuple(min(max(p / q, 0.0), 1.0) for p, q in along if q > 0)

    @property
    def nearest(self) -> Floats:
        """The accepted value nearest to what was found."""
        low, place = floats(self.expected), self.place
        if self.parts:
            taken = [x for x in map(floats, self.parts) if x.any()]
            return np.asarray(
                low + sum((k * x for k, x in zip(self.places, taken, strict=True)), 0 * low)
            )
        return low if place is None else np.asarray(low + place * (floats(self.upper) - low))

    @property
    def ratio(self) -> float:
        """Largest deviation in units of the bound; at most 1 passes."""
        return self.distance(self.nearest)

    @property
    def holds(self) -> bool:
        """Whether the target's value is accepted."""
        return self.ratio <= 1

    def distance(self, value: Any, scale: float = 1.0) -> float:
        """Compute the deviation of the target's value from another one, in units of the bound.

        Args:
            value: The value.
            scale: Factor of the bound: a value ten times as large has ten times its rounding.

        Returns:
            The largest ratio of an entry; NaN counts as infinite.
        """
        error = np.abs(np.asarray(self.got, dtype=np.float64) - floats(value))
        bound = np.broadcast_to(np.asarray(self.bound, dtype=np.float64) * scale, error.shape)
        with np.errstate(over="ignore"):  # infinite: further off than can be said
            ratio = np.divide(error, bound, out=np.full(error.shape, np.inf), where=bound > 0)
        ratio = np.where(error == 0, 0.0, np.where(np.isnan(ratio), np.inf, ratio))
        return float(ratio.max(initial=0.0))


@dataclass(frozen=True)
class OracleCheck:
    """A statement about a target that can be checked.

    Attributes:
        id: Stable name: ``function.what``.
        functions: Functions of the protocol that it needs.
        statement: What holds if it passes.
        formula: The formula of the expected value, in plain text.
        source: Where it comes from.
        run: Yields findings; called with the session.
        kind: ``exact`` or ``stochastic``.
        quick: Whether ``--whichmin-quick`` runs it.
        false_alarm: Upper bound of the chance that a correct target fails.
    """

    id: str
    functions: tuple[str, ...]
    statement: str
    formula: str
    source: str
    run: Callable[[Session], Iterator[Finding]]
    kind: str = "exact"
    quick: bool = True
    false_alarm: float = 0.0
