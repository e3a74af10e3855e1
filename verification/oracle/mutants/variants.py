"""Correct but unusual implementations: no check may fail them.

A false alarm costs a user more than a missed fault, so what is rounded, summed, drawn or declared
in another way than the reference stands here, beside the mutants, and must pass.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from whichmin.errors import InputError

__all__ = ["Variant", "variants"]


@dataclass(frozen=True)
class Variant:
    """A correct implementation of one function, as a change of a correct one.

    Attributes:
        id: ``function.kind``.
        unusual: What is unusual about it, in a few words.
        change: Old text and new text within the function; each old text occurs in it once.
        base: Module of this package that is changed, or has the function as it stands.
        inside: Helper whose text is changed, if it is not the function itself.
        declares: Conventions that it declares, besides those of its base.
        isolation: Where it runs.
        source: Where such an implementation was seen, if it was.
    """

    id: str
    unusual: str
    change: tuple[tuple[str, str], ...] = ()
    base: str = "reference"
    inside: str = ""
    declares: Mapping[str, Any] = field(default_factory=dict)
    isolation: str = "inline"
    source: str = ""

    @property
    def function(self) -> str:
        """The function of the protocol that it implements."""
        return self.id.partition(".")[0]


_SUMMATION = (
    Variant("gradient.row-by-row", "added up point by point, the last point first",
            (("total = (w @ w - 2) * (c @ data) + (c @ c) * w",
              "total = sum((w @ w - 2) * p * a + p * p * w for p, a in zip(c[::-1], data[::-1]))"),
             )),
)  # fmt: skip


@functools.cache
def _all() -> tuple[Variant, ...]:
    # They use the class above.
    from whichmin.verification.oracle.mutants.shares import CORRECT_SHARES
    from whichmin.verification.oracle.mutants.unusual_runs import UNUSUAL_RUNS

    made = (*_SUMMATION, *CORRECT_SHARES, *UNUSUAL_RUNS)
    names = [v.id for v in made]
    assert len(set(names)) == len(names), "two variants have the same id"
    return made


def variants(select: str = "") -> tuple[Variant, ...]:
    """Select the variants whose id contains a text.

    Args:
        select: The text; empty for all.

    Returns:
        The variants.

    Raises:
        InputError: No id contains it.
    """
    chosen = tuple(v for v in _all() if select in v.id)
    if not chosen:
        raise InputError("select", select, "must be part of a variant's id, such as 'gradient.'")
    return chosen
