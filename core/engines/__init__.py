"""Engines: several implementations of one training step behind one interface."""

from __future__ import annotations

from collections.abc import Callable

import torch

from whichmin.core.engines.autograd import AutogradEngine, TiedAutoencoder
from whichmin.core.engines.base import Engine, Problem
from whichmin.core.engines.compiled import CompiledEngine
from whichmin.core.engines.dense import DenseEngine
from whichmin.core.engines.reduced import GramEngine, ReducedEngine, reduced_engine
from whichmin.words import EngineName

__all__ = [
    "ENGINES",
    "AutogradEngine",
    "CompiledEngine",
    "DenseEngine",
    "Engine",
    "EngineFactory",
    "GramEngine",
    "Problem",
    "ReducedEngine",
    "TiedAutoencoder",
    "reduced_engine",
]

#: Makes an engine for a problem, from starting weights of shape ``(R, n)``.
EngineFactory = Callable[[Problem, torch.Tensor], Engine]

#: The engines by name; ``auto`` is chosen by the arguments.
ENGINES: dict[EngineName, EngineFactory] = {
    EngineName.AUTO: reduced_engine,
    EngineName.AUTOGRAD: AutogradEngine,
    EngineName.COMPILED: CompiledEngine,
    EngineName.DENSE: DenseEngine,
    EngineName.REDUCED: reduced_engine,
}
