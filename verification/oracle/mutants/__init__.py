"""The bank of mutants: faulty targets that the oracle must detect, with their causes."""

from __future__ import annotations

from whichmin.verification.oracle.mutants.bank import mutants
from whichmin.verification.oracle.mutants.matrix import Kill, KillMatrix, kill_matrix
from whichmin.verification.oracle.mutants.mutant import Mutant, build

__all__ = ["Kill", "KillMatrix", "Mutant", "build", "kill_matrix", "mutants"]
