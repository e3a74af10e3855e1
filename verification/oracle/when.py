"""When something happens in a run: from some step on, every so many steps, or once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass

__all__ = ["When", "roundest", "whens"]


@dataclass(frozen=True)
class When:
    """A set of steps.

    Attributes:
        first: The first, counted from 0.
        period: Steps from one to the next; 0 if there is one alone.
    """

    first: int
    period: int

    def __contains__(self, t: int) -> bool:
        if self.period == 0:
            return t == self.first
        return t >= self.first and (t - self.first) % self.period == 0

    def __str__(self) -> str:
        if self.period == 0:
            return f"in step {self.first + 1} alone"
        if self.period == 1:
            return f"after step {self.first}" if self.first else "in every step"
        if self.first == self.period - 1:
            return f"every {self.period} steps"
        return f"every {self.period} steps from step {self.first + 1} on"


def roundest(low: int, high: int) -> int:
    """Choose the number from low to high that is a multiple of the largest of 100, 50, 10, 5."""
    for unit in (100, 50, 10, 5):
        multiple = high - high % unit
        if multiple >= max(low, 1):
            return multiple
    return high


def whens(found: Sequence[int], seen: Sequence[int], blank: Set[int]) -> Iterator[When]:
    """List the regular sets of steps that are those in which something was found.

    Args:
        found: The steps, in order, at least one.
        seen: Steps that were looked at, in order.
        blank: Those of them of which nothing can be said.

    Yields:
        The sets; the simplest first.
    """
    first, known = found[0], [t for t in seen if t not in blank]
    clear = [t for t in known if t < first]
    low = clear[-1] + 1 if clear else seen[0]

    def fits(when: When) -> bool:
        return all((t in when) == (t in set(found)) for t in known)

    since = When(roundest(low, first), 1)
    if fits(since):
        yield since
        if low == 0 and since.first:
            yield When(0, 1)
    for period in range(2, len(seen)):
        start = When(first, period)
        if len(found) > 1 and fits(start):
            # It began before the first step that was looked at.
            yield When(first % period, period) if first - period < seen[0] else start
            break
    if len(found) == 1 and len(known) > known.index(first) + 1:
        yield When(first, 0)
