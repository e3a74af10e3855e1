"""The list of all mutants."""

from __future__ import annotations

import functools

from whichmin.errors import InputError
from whichmin.verification.oracle.mutants.conduct import CONDUCT
from whichmin.verification.oracle.mutants.curvature import CURVATURE
from whichmin.verification.oracle.mutants.estimates import ESTIMATES
from whichmin.verification.oracle.mutants.first_order import FIRST_ORDER
from whichmin.verification.oracle.mutants.late_runs import LATE_RUNS
from whichmin.verification.oracle.mutants.measures import MEASURES
from whichmin.verification.oracle.mutants.mutant import Mutant
from whichmin.verification.oracle.mutants.noise import NOISE
from whichmin.verification.oracle.mutants.optimised import OPTIMISED
from whichmin.verification.oracle.mutants.sampler_parts import SAMPLER_PARTS
from whichmin.verification.oracle.mutants.samplers import SAMPLERS
from whichmin.verification.oracle.mutants.shares import SHARES
from whichmin.verification.oracle.mutants.trainers import TRAINERS
from whichmin.verification.oracle.mutants.training_habits import TRAINING_HABITS

__all__ = ["mutants"]


@functools.cache
def _all() -> tuple[Mutant, ...]:
    made = (
        *FIRST_ORDER,
        *TRAINERS,
        *CONDUCT,
        *CURVATURE,
        *NOISE,
        *MEASURES,
        *ESTIMATES,
        *SHARES,
        *TRAINING_HABITS,
        *LATE_RUNS,
        *SAMPLERS,
        *SAMPLER_PARTS,
        *OPTIMISED,
    )
    names = [m.id for m in made]
    assert len(set(names)) == len(names), "two mutants have the same id"
    return made


def mutants(select: str = "") -> tuple[Mutant, ...]:
    """Select the mutants whose id contains a text.

    Args:
        select: The text; empty for all.

    Returns:
        The mutants.

    Raises:
        InputError: No id contains it.
    """
    chosen = tuple(m for m in _all() if select in m.id)
    if not chosen:
        raise InputError("select", select, "must be part of a mutant's id, such as 'train.'")
    return chosen
